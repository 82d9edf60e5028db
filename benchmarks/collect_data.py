"""A fund with as many contributions due as are asked for, each of an employer with a mandate; everything is invented.

Names, accounts and amounts are those of `benchmarks.data`, and sealed as the service seals them. The fund is the one of euro
and CORE; its facts are confirmed, and its safety bounds lie beyond any run, because no person is here to release one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.collect_databases import settle
from benchmarks.data import amount_minor, debtor_name, iban
from debit_service import schema
from debit_service.collections.service.plan import plan
from debit_service.contributions.models import Contribution, ContributionImport
from debit_service.core.bulk import CHUNK_ROWS, insert_rows
from debit_service.core.clock import SetClock
from debit_service.core.settings import Settings
from debit_service.core.work import SERVICE, Work
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates.models import Mandate, MandateForm, MandateTransition
from debit_service.wiring import Service, open_service

FUND = "EINZUGSSTELLE"
PLANNED_AT, BATCHED_AT = datetime(2026, 9, 1, 6, tzinfo=UTC), datetime(2026, 9, 25, 6, tzinfo=UTC)
DUE_ON, PERIOD, SIGNED_ON = date(2026, 9, 28), "2026-08", date(2026, 6, 15)
_CREDITOR_IDENTIFIER = "DE98ZZZ09999999999"
_EXAMPLES = ("creditor.name", "creditor.identifier", "creditor.account", "scheme", "debit_policy.max_attempts")
_COLLECTIONS_MAX, _SUM_MAX_MINOR = 10**9, 10**15

_EMPLOYER = ("id", "reference", "name_sealed", "email_sealed", "language", "created_at")
_FORM = ("id", "employer_id", "how", "signed_on", "content_sealed", "sha256", "received_at", "entered_by")
_MANDATE = (
    "id",
    "form_id",
    "fund_id",
    "employer_id",
    "reference",
    "creditor_identifier",
    "scheme",
    "signed_on",
    "account_scheme",
    "account_sealed",
    "account_index",
    "debtor_name_sealed",
    "version",
    "recurrence",
    "live",
    "created_at",
)
_TRANSITION = ("id", "subject_id", "sort_key", "from_state", "to_state", "most_recent", "who", "why", "evidence", "at")
_CONTRIBUTION = (
    "id",
    "fund_id",
    "employer_id",
    "reference",
    "period",
    "due_date",
    "due_date_source",
    "amount_minor",
    "currency",
    "received_at",
    "import_id",
)


@contextmanager
def service_on(home: Path, url: str, clock: SetClock) -> Iterator[Service]:
    """The service on a database, with the key ring and the confirmations in `home`, until the context ends."""
    service = open_service(_settings(home, url), clock)
    try:
        yield service
    finally:
        service.desk.database.dispose()


def fund_of(service: Service) -> Fund:
    """The fund that collects, without a bound at which a run would stop."""
    fund = service.funds.get(FUND)
    policy = fund.debit_policy
    count = policy.bounds.max_collections.model_copy(update={"value": _COLLECTIONS_MAX})
    sum_minor = policy.bounds.max_sum_minor.model_copy(update={"value": _SUM_MAX_MINOR})
    bounds = policy.bounds.model_copy(update={"max_collections": count, "max_sum_minor": sum_minor})
    return fund.model_copy(update={"debit_policy": policy.model_copy(update={"bounds": bounds})})


def seed(home: Path, url: str, size: int) -> None:
    """Make the schema in an empty database and `size` contributions, all due on one day."""
    home.mkdir(parents=True, exist_ok=True)
    confirmed = (
        f'"{FUND}.{fact}" = {{ by = "benchmark", on = 2026-08-31, why = "an example" }}\n' for fact in _EXAMPLES
    )
    (home / "confirmations.toml").write_text("".join(confirmed), encoding="utf-8")
    schema.upgrade(_settings(home, url))
    with service_on(home, url, SetClock(PLANNED_AT)) as service:
        with service.desk.work(SERVICE) as work:
            import_id = work.new_id()
            work.session.add(
                ContributionImport(
                    id=import_id,
                    file_name="benchmark.csv",
                    sha256="of nothing",
                    taken=size,
                    unchanged=0,
                    bad=0,
                    imported_by="benchmark",
                    imported_at=work.now(),
                )
            )
            for start in range(0, size, CHUNK_ROWS):
                _owe(work, import_id, range(start, min(start + CHUNK_ROWS, size)))
        settle(service.desk.database.engine)


def plan_all(home: Path, url: str) -> None:
    """Plan a collection for everything that is due."""
    with service_on(home, url, SetClock(PLANNED_AT)) as service:
        fund = fund_of(service)
        plan(service.desk, SERVICE, fund, service.bank_of(fund), service.debit_calendar(fund), PLANNED_AT.date())
        settle(service.desk.database.engine)


def _settings(home: Path, url: str) -> Settings:
    return Settings(home=home, database_url=url)


def _owe(work: Work, import_id: str, numbers: range) -> None:
    """An employer, its form, its active mandate and a contribution for each of `numbers`."""
    employers = work.new_ids(len(numbers))
    insert_rows(work.session, Employer, _EMPLOYER, _employers(work, employers, numbers))
    _sign(work, employers, numbers)
    contributions = (
        (new_id, FUND, employer_id, f"C-{PERIOD}-{number:09d}", PERIOD, DUE_ON, "stated", amount_minor(number), "EUR",
         work.now(), import_id)
        for new_id, employer_id, number in zip(work.new_ids(len(numbers)), employers, numbers, strict=True)
    )  # fmt: skip
    insert_rows(work.session, Contribution, _CONTRIBUTION, contributions)


def _employers(work: Work, ids: list[str], numbers: range) -> Iterator[tuple[object, ...]]:
    seal, now = work.keys.seal, work.now()
    for employer_id, number in zip(ids, numbers, strict=True):
        name = seal(debtor_name(number), f"employers.name:{employer_id}")
        email = seal(f"employer-{number}@example.org", f"employers.email:{employer_id}")
        yield (employer_id, f"E-{number:09d}", name, email, "fr", now)


def _sign(work: Work, employers: list[str], numbers: range) -> None:
    now, count = work.now(), len(numbers)
    forms, mandates = work.new_ids(count), work.new_ids(count)
    signed = ((form_id, employer_id, "import", SIGNED_ON, b"a form", "of nothing", now, "benchmark")
              for form_id, employer_id in zip(forms, employers, strict=True))  # fmt: skip
    insert_rows(work.session, MandateForm, _FORM, signed)
    insert_rows(work.session, Mandate, _MANDATE, _mandates(work, mandates, forms, employers, numbers))
    active: Iterator[tuple[object, ...]] = ((new_id, mandate_id, 1, "signed", "active", True, "benchmark", "seeded", {}, now)
              for new_id, mandate_id in zip(work.new_ids(count), mandates, strict=True))  # fmt: skip
    insert_rows(work.session, MandateTransition, _TRANSITION, active)


def _mandates(
    work: Work, ids: list[str], forms: list[str], employers: list[str], numbers: range
) -> Iterator[tuple[object, ...]]:
    keys, now = work.keys, work.now()
    for mandate_id, form_id, employer_id, number in zip(ids, forms, employers, numbers, strict=True):
        account = iban(number)
        yield (
            mandate_id, form_id, FUND, employer_id, f"M-{number:09d}", _CREDITOR_IDENTIFIER, "CORE", SIGNED_ON, "IBAN",
            keys.seal(account, f"mandates.account:{mandate_id}"), keys.index(account, "account"),
            keys.seal(debtor_name(number), f"mandates.debtor_name:{mandate_id}"), 1, "recurrent", True, now,
        )  # fmt: skip
