"""Pure: the days from an employer's failure to the money on which something else than the employer kept the money away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from debit_service.penalties.tariff.counting import Stretch


@dataclass(frozen=True, slots=True)
class Later:
    """A debit, from the one by which the employer failed first on, that has not brought the money.

    `meant_for` is the day for which it was first planned; `employer_from` the day from which its failure counts against the
    employer, None where it is somebody else's, is held for a person, or is not answered yet.
    """

    meant_for: date
    employer_from: date | None


def not_the_employers(debits: Iterable[Later]) -> list[Stretch]:
    """The days that do not count, from debits in their order: from each that failed otherwise to the employer's next failure.

    What was debited and then taken back by the employer was paid in between. That a debit was not sent in time is ours.
    """
    found: list[Stretch] = []
    since: date | None = None
    for one in debits:
        since = since or one.meant_for
        if one.employer_from is not None:
            if since < one.employer_from:
                found.append((since, one.employer_from))
            since = None
    return [*found, (since, None)] if since else found


def of_outages(outages: Iterable[tuple[datetime, datetime]], time_zone: str) -> list[Stretch]:
    """The days, where the fund is, that outages of ours touched."""
    zone = ZoneInfo(time_zone)
    return [(began_at.astimezone(zone).date(), ended_at.astimezone(zone).date()) for began_at, ended_at in outages]


def between(stretches: Iterable[Stretch], start: date, until: date) -> list[Stretch]:
    """Those that have a day after `start` and not after `until`."""
    return [(first, last) for first, last in stretches if first <= until and (last is None or last > start)]
