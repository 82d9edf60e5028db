"""The one clock. Everything that needs the time is handed one of these; nothing else may ask the machine."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Says what time it is, as an aware UTC datetime."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is set: for tests, and for following a bank's own clock."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move to `at`, an aware datetime; it never runs backwards."""
        self._at = max(self._at, at.astimezone(UTC))


def business_date(clock: Clock, time_zone: str) -> date:
    """The calendar day in `time_zone` (an IANA name) at this moment: the day that due dates and cut-offs are about."""
    return clock.now().astimezone(ZoneInfo(time_zone)).date()
