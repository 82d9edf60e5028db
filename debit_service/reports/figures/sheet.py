"""What a report is before it has a format: a title, tables with typed columns, notes, and for each number where it leads.

Texts are English templates; whoever writes a sheet down translates them (`Language`). Pure values: no database, no clock.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "a text that is translated where it is used"
    """Mark `text` for the catalogues."""
    return text


@dataclass(frozen=True, slots=True)
class Said:
    """A text that is translated: a template (`%(day)s`) and what is put into it, which may be such a text itself."""

    text: str
    values: Mapping[str, "str | int | date | Said"] = field(default_factory=dict)


Values: TypeAlias = dict[str, str | int | date | Said]


class Kind(StrEnum):
    """What stands in a column: MONEY is minor units of the row's currency, RATE a share of one, CODE never translated."""

    TEXT = "text"
    CODE = "code"
    MONEY = "money"
    COUNT = "count"
    RATE = "rate"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `key` names it for machines, `title` for people."""

    key: str
    title: str
    kind: Kind


#: What a cell holds; None where there is nothing to say.
Value = str | int | date | Decimal | Said | None


@dataclass(frozen=True, slots=True)
class Link:
    """Where a value leads: to the list that `about` describes, to one thing (`entry` shows what is known of a bank entry,
    `suspense` what may be decided about it), or to a page of its own.
    """

    to: Literal[
        "entries",
        "collections",
        "account",
        "entry",
        "suspense",
        "contribution",
        "batch",
        "booking",
        "penalty",
        "decision",
        "dispute",
        "held_run",
        "calendar",
        "queue",
        "refunds",
        "penalties",
        "jobs",
        "tie_out",
    ]
    about: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row in the order of the columns, the currency of its amounts, and links by the key of their column."""

    cells: Sequence[Value]
    currency: str | None = None
    links: Mapping[str, Link] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `rows` may be a stream, to be read once; `totals` are no rows: whoever adds the rows up finds them."""

    key: str
    title: Said
    columns: Sequence[Column]
    rows: Iterable[Row]
    totals: Sequence[Row] = ()

    @property
    def has_money(self) -> bool:
        """Whether a currency must stand beside the amounts."""
        return any(column.kind is Kind.MONEY for column in self.columns)


@dataclass(frozen=True, slots=True)
class Fact:
    """What a sheet is about: `key` names it for machines, `title` for people."""

    key: str
    title: str
    value: Value


#: What facts are called; another one is called by its key.
_FACTS: Mapping[str, str] = {
    "fund": N_("Fund"),
    "account": N_("Account"),
    "number": N_("Employer's number at the fund"),
    "exception": N_("Exception"),
    "age": N_("Age"),
    "held": N_("Held ones"),
    "settled": N_("Paid out in full"),
    "day": N_("Day"),
    "since": N_("From"),
    "until": N_("Until"),
    "made_at": N_("Made at"),
}


def facts(about: Mapping[str, Value]) -> list[Fact]:
    """What a sheet is about, by the keys of the facts; what is not known is left out."""
    return [Fact(key, _FACTS.get(key, key), value) for key, value in about.items() if value not in (None, "")]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report: its tables, the notes without which its numbers would be misread, and what it is about, which its files say.

    `rows_only`: a list that programs read, so a CSV of it holds nothing but rows.
    """

    key: str
    title: Said
    tables: Sequence[Table]
    notes: Sequence[Said] = ()
    about: Sequence[Fact] = ()
    rows_only: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """In which language a sheet is written down; `translate` gives the text for an English one, `day` writes a day."""

    code: str = "en"
    translate: Callable[[str], str] = str
    day: Callable[[date], str] = date.isoformat

    @property
    def right_to_left(self) -> bool:
        """Whether it runs from right to left."""
        return self.code == "ar"

    def say(self, said: Said) -> str:
        """The text in this language, with its values; among Arabic words each value keeps the direction that it has by itself."""
        text = self.translate(said.text)
        if not said.values:
            return text
        first, last = ("\u2068", "\u2069") if self.right_to_left else ("", "")
        return text % {name: f"{first}{self.cell(one)}{last}" for name, one in said.values.items()}

    def cell(self, value: Value) -> str:
        """A text, code, count or day as it is read."""
        match value:
            case None:
                return ""
            case Said():
                return self.say(value)
            case date():
                return self.day(value)
            case _:
                return str(value)


ENGLISH = Language()


def summed(columns: Sequence[Column], rows: Sequence[Row], label: Said) -> list[Row]:
    """A row of totals for each currency: counts and amounts added up, `label` in the first column."""
    adds = [column.kind in (Kind.MONEY, Kind.COUNT) for column in columns]
    found: dict[str | None, list[int]] = {}
    for row in rows:
        sums = found.setdefault(row.currency, [0] * len(columns))
        for at, (value, add) in enumerate(zip(row.cells, adds, strict=True)):
            if add and isinstance(value, int):
                sums[at] += value
    return [
        Row((label, *(one if add else None for one, add in zip(sums[1:], adds[1:], strict=True))), currency)
        for currency, sums in sorted(found.items(), key=lambda item: item[0] or "")
    ]
