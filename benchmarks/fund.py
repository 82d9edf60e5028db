"""The fund that collects, and the service on a database of it; everything is invented.

It is the one of euro and CORE. Its facts are confirmed, and its safety bounds lie beyond any run, because no person is here to
release one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from debit_service import schema
from debit_service.core.clock import SetClock
from debit_service.core.settings import Settings
from debit_service.funds.profile import Fund
from debit_service.wiring import Service, open_service

FUND = "EINZUGSSTELLE"
#: When everything begins: contributions are there, and nothing is planned.
PLANNED_AT = datetime(2026, 9, 1, 6, tzinfo=UTC)
_EXAMPLES = ("creditor.name", "creditor.identifier", "creditor.account", "scheme", "debit_policy.max_attempts")
_COLLECTIONS_MAX, _SUM_MAX_MINOR = 10**9, 10**15


def install(home: Path, url: str) -> None:
    """Make the schema in an empty database, and a home with a key ring and the confirmations."""
    home.mkdir(parents=True, exist_ok=True)
    confirmed = (
        f'"{FUND}.{fact}" = {{ by = "benchmark", on = 2026-08-31, why = "an example" }}\n' for fact in _EXAMPLES
    )
    (home / "confirmations.toml").write_text("".join(confirmed), encoding="utf-8")
    schema.upgrade(settings(home, url))


@contextmanager
def service_on(home: Path, url: str, clock: SetClock) -> Iterator[Service]:
    """The service on a database, with the key ring and the confirmations in `home`, until the context ends."""
    service = open_service(settings(home, url), clock)
    try:
        yield service
    finally:
        service.desk.database.dispose()


def settings(home: Path, url: str) -> Settings:
    """What is in force for that service."""
    return Settings(home=home, database_url=url)


def fund_of(service: Service) -> Fund:
    """The fund that collects, without a bound at which a run would stop."""
    fund = service.funds.get(FUND)
    policy = fund.debit_policy
    count = policy.bounds.max_collections.model_copy(update={"value": _COLLECTIONS_MAX})
    sum_minor = policy.bounds.max_sum_minor.model_copy(update={"value": _SUM_MAX_MINOR})
    bounds = policy.bounds.model_copy(update={"max_collections": count, "max_sum_minor": sum_minor})
    return fund.model_copy(update={"debit_policy": policy.model_copy(update={"bounds": bounds})})
