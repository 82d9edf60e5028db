"""Business calendars: which days a clearing or a country is open, and the next or preceding open day.

Holidays come from the `holidays` library, weekends and corrections from `config/calendars/NAME.toml`: lunar holidays are
announced late, so staff add dated corrections, each with its reason and source, to the file or (at once) to the database; what
staff say replaces what file and library say. What the library marks "(estimated)" keeps that mark, because a date computed from
it may move.

A calendar refuses every day outside its stated horizon instead of guessing that the day is open.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

import holidays
from pydantic import BaseModel, ConfigDict, Field, model_validator

from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.toml import as_model, read_toml

_ONE_DAY = timedelta(days=1)


class Weekday(StrEnum):
    """The days of the week in the order of `date.weekday()`."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


_WEEK = tuple(Weekday)
#: How the library marks a lunar holiday that nobody has announced yet.
_ESTIMATED = "(estimated)"


class Origin(StrEnum):
    """Who says that a day is open or closed."""

    LIBRARY = "library"
    ESTIMATED = "estimated"
    FILE = "file"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Correction:
    """One day that is open or closed whatever library and weekend say, and why."""

    on: date
    becomes: Literal["open", "closed"]
    why: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that is not what its weekday makes it: a holiday, or a day that was corrected."""

    on: date
    becomes: Literal["open", "closed"]
    why: str
    origin: Origin


class Calendar(ABC):
    """Open and closed days, and the way from one open day to another."""

    __slots__ = ()

    @property
    @abstractmethod
    def parts(self) -> tuple["BusinessCalendar", ...]:
        """The calendars of which this one is made; a plain one is its own only part."""

    @abstractmethod
    def why_closed(self, day: date) -> str | None:
        """The name of what closes `day`, such as "Eid al-Fitr (estimated)" or "weekend (Friday)"; None when it is open."""

    def is_open(self, day: date) -> bool:
        """Whether business is done on `day`."""
        return self.why_closed(day) is None

    def preceding_open(self, day: date) -> date:
        """`day` itself if it is open, else the last open day before it."""
        return self._step(day, -_ONE_DAY)

    def following_open(self, day: date) -> date:
        """`day` itself if it is open, else the first open day after it."""
        return self._step(day, _ONE_DAY)

    def add_open_days(self, day: date, n: int) -> date:
        """The `n`-th open day after `day` (before it, for a negative `n`); with 0, `day` or the first open day after it."""
        if n == 0:
            return self.following_open(day)
        step = _ONE_DAY if n > 0 else -_ONE_DAY
        for _ in range(abs(n)):
            day = self._step(day + step, step)
        return day

    def _step(self, day: date, step: timedelta) -> date:
        while not self.is_open(day):
            day += step
        return day


@dataclass(frozen=True, slots=True, eq=False)
class BusinessCalendar(Calendar):
    """Open and closed days between `first_day` and `last_day`, both included."""

    name: str
    weekend: frozenset[Weekday]
    holidays: Mapping[date, str]
    corrections: Mapping[date, Correction]
    first_day: date
    last_day: date

    @property
    def parts(self) -> tuple["BusinessCalendar", ...]:
        """Itself."""
        return (self,)

    def corrected(self, corrections: Iterable[Correction]) -> Self:
        """This calendar with `corrections`; they replace those of the same days."""
        return replace(self, corrections=MappingProxyType({**self.corrections, **{one.on: one for one in corrections}}))

    def why_closed(self, day: date) -> str | None:
        """The name of what closes `day`, such as "Eid al-Fitr (estimated)" or "weekend (Friday)"; None when it is open."""
        self._check_horizon(day)
        if day in self.corrections:
            correction = self.corrections[day]
            return correction.why if correction.becomes == "closed" else None
        if day in self.holidays:
            return self.holidays[day]
        weekday = _WEEK[day.weekday()]
        return f"weekend ({weekday})" if weekday in self.weekend else None

    def estimated(self, day: date) -> bool:
        """Whether `day` is closed for a holiday that nobody has announced or corrected yet."""
        return day not in self.corrections and _ESTIMATED in self.holidays.get(day, "")

    def special_days(self, first: date, last: date) -> list[SpecialDay]:
        """The holidays and corrected days from `first` to `last`, both included, in their order."""
        days = sorted(day for day in {*self.holidays, *self.corrections} if first <= day <= last)
        return [self._special(day) for day in days]

    def _special(self, day: date) -> SpecialDay:
        if day in self.corrections:
            found = self.corrections[day]
            return SpecialDay(day, found.becomes, found.why, found.origin)
        origin = Origin.ESTIMATED if self.estimated(day) else Origin.LIBRARY
        return SpecialDay(day, "closed", self.holidays[day], origin)

    def _check_horizon(self, day: date) -> None:
        if not self.first_day <= day <= self.last_day:
            raise Refused(
                "calendar.horizon",
                f"The calendar {self.name} is known from {self.first_day} to {self.last_day}; {day} is outside.",
                place=f"config/calendars/{self.name}.toml",
                remedy="Check the holidays of the missing years, then move `first_day` or `last_day`.",
            )


@dataclass(frozen=True, slots=True, eq=False)
class JointCalendar(Calendar):
    """Open where all of `calendars` are: a debit needs the fund's country and the bank's clearing on the same day."""

    calendars: tuple[BusinessCalendar, ...]

    @property
    def parts(self) -> tuple[BusinessCalendar, ...]:
        """Those that must all be open."""
        return self.calendars

    def why_closed(self, day: date) -> str | None:
        """What closes `day` in the first calendar that is closed; None when all are open."""
        return next((why for part in self.calendars if (why := part.why_closed(day))), None)

    def part(self, name: str) -> BusinessCalendar:
        """The calendar `name`, which must be one of the parts."""
        return next(part for part in self.calendars if part.name == name)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Override(_Strict):
    on: date
    becomes: Literal["open", "closed"] = Field(alias="is")
    why: str = Field(min_length=1)
    source: str = Field(min_length=1)


class _CalendarFile(_Strict):
    library: Literal["country", "financial"]
    code: str
    weekend: frozenset[Weekday]
    first_day: date
    last_day: date
    source: str = Field(min_length=1)
    override: tuple[_Override, ...] = ()

    @model_validator(mode="after")
    def _overrides_are_clear(self) -> Self:
        days = [each.on for each in self.override]
        if len(days) != len(set(days)):
            raise ValueError("two overrides name the same day")
        if any(not self.first_day <= day <= self.last_day for day in days):
            raise ValueError("an override lies outside first_day..last_day")
        return self


def load_calendar(name: str, config_dir: Path) -> BusinessCalendar:
    """The calendar described by `config/calendars/NAME.toml`.

    Raises NotFound `config.missing`, or InvalidInput `config.toml`, `config.invalid`, `calendar.unknown_code`.
    """
    path = config_dir / "calendars" / f"{name}.toml"
    file = as_model(_CalendarFile, read_toml(path), path)
    try:
        found = _library_holidays(file)
    except NotImplementedError:
        raise InvalidInput(
            "calendar.unknown_code", f"The library knows no {file.library} calendar {file.code!r}.", place=str(path)
        ) from None
    corrections = {each.on: Correction(each.on, each.becomes, each.why, Origin.FILE) for each in file.override}
    return BusinessCalendar(
        name=name,
        weekend=file.weekend,
        holidays=MappingProxyType(found),
        corrections=MappingProxyType(corrections),
        first_day=file.first_day,
        last_day=file.last_day,
    )


def _library_holidays(file: _CalendarFile) -> dict[date, str]:
    """What the library knows within the horizon, in English so that a log reads the same on every machine."""
    years: Iterable[int] = range(file.first_day.year, file.last_day.year + 1)
    with warnings.catch_warnings():
        # The library warns of renamed calendars; what it gives for a code is pinned by this project's tests.
        warnings.simplefilter("ignore")
        if file.library == "financial":
            found = holidays.financial_holidays(file.code, years=years, expand=False)
        else:
            found = holidays.country_holidays(file.code, years=years, expand=False, language="en_US")
    return {day: str(names) for day, names in found.items()}
