"""Business calendars: which days a clearing or a country is open, and the next or preceding open day.

Holidays come from the `holidays` library, weekends and corrections from `config/calendars/NAME.toml`: lunar holidays are
announced late, so staff add dated overrides, each with its reason and source. What the library marks "(estimated)" keeps
that mark, because a date computed from it may move.

A calendar refuses every day outside its stated horizon instead of guessing that the day is open.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


class Calendar(ABC):
    """Open and closed days, and the way from one open day to another."""

    __slots__ = ()

    @abstractmethod
    def is_open(self, day: date) -> bool:
        """Whether business is done on `day`."""

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
    closures: Mapping[date, str]
    opened: frozenset[date]
    first_day: date
    last_day: date

    def is_open(self, day: date) -> bool:
        """Whether business is done on `day`."""
        return self.why_closed(day) is None

    def why_closed(self, day: date) -> str | None:
        """The name of what closes `day`, such as "Eid al-Fitr (estimated)" or "weekend (Friday)"; None when it is open."""
        self._check_horizon(day)
        if day in self.opened:
            return None
        if day in self.closures:
            return self.closures[day]
        weekday = _WEEK[day.weekday()]
        return f"weekend ({weekday})" if weekday in self.weekend else None

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

    def is_open(self, day: date) -> bool:
        """Whether every one of the calendars is open on `day`."""
        return all(calendar.is_open(day) for calendar in self.calendars)


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
        closures = _library_holidays(file)
    except NotImplementedError:
        raise InvalidInput(
            "calendar.unknown_code", f"The library knows no {file.library} calendar {file.code!r}.", place=str(path)
        ) from None
    opened = frozenset(each.on for each in file.override if each.becomes == "open")
    closures |= {each.on: each.why for each in file.override if each.becomes == "closed"}
    return BusinessCalendar(
        name=name,
        weekend=file.weekend,
        closures=MappingProxyType(closures),
        opened=opened,
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
