"""As many contributions due as are asked for, each of an employer with a mandate; everything is invented.

Names, accounts and amounts are those of `benchmarks.data`, and sealed as the service seals them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.data import amount_minor, debtor_name, iban
from benchmarks.databases import settle
from benchmarks.fund import FUND, PLANNED_AT, fund_of, install, service_on
from debit_service.collections.service.plan import plan
from debit_service.contributions.models import Contribution, ContributionImport
from debit_service.core.bulk import CHUNK_ROWS, insert_rows
from debit_service.core.clock import SetClock
from debit_service.core.work import SERVICE, Work
from debit_service.employers.models import Employer
from debit_service.mandates.models import Mandate, MandateForm, MandateTransition

BATCHED_AT = datetime(2026, 9, 25, 6, tzinfo=UTC)
DUE_ON, PERIOD, SIGNED_ON = date(2026, 9, 28), "2026-08", date(2026, 6, 15)
CREDITOR_IDENTIFIER = "DE98ZZZ09999999999"

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


def seed(home: Path, url: str, size: int) -> None:
    """Make the schema in an empty database and `size` contributions, all due on one day."""
    install(home, url)
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
    signed = (
        (form_id, employer_id, "import", SIGNED_ON, work.keys.seal("a form", f"mandate_forms.content:{form_id}"),
         "of nothing", now, "benchmark")
        for form_id, employer_id in zip(forms, employers, strict=True)
    )  # fmt: skip
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
            mandate_id, form_id, FUND, employer_id, f"M-{number:09d}", CREDITOR_IDENTIFIER, "CORE", SIGNED_ON, "IBAN",
            keys.seal(account, f"mandates.account:{mandate_id}"), keys.index(account, "account"),
            keys.seal(debtor_name(number), f"mandates.debtor_name:{mandate_id}"), 1, "recurrent", True, now,
        )  # fmt: skip
