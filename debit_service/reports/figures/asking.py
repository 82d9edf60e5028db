"""What may be asked of figures and lists. What names nothing that there is would be answered with everything, or with nothing at
all, and pass for the answer: it is refused, with the name of the field and what may stand there.

Errors with a code `asked.…` are about the question alone: a command that is asked like this ends with 2.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, ClassVar, Final, Self

from sqlalchemy import SQLColumnExpression, select

from debit_service.collections.models import Batch, Collection, PaymentInformation
from debit_service.core.errors import InvalidInput
from debit_service.core.money import exponent
from debit_service.core.work import Work
from debit_service.reconcile.models import BankDocument, Disposition
from debit_service.reconcile.queue import waiting
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.sheet import Link

#: The bank of the debtor of a debit of which it was not noted; and a failure for whatever reason.
NOT_NOTED: Final = "-"
ANY_CODE: Final = "*"
#: What ISO 20022 calls a reason: four letters or digits.
_ISO_CODE: Final = re.compile(r"[A-Z0-9]{4}\Z")


def names(given: Iterable[str], known: Iterable[str]) -> None:
    """Raises InvalidInput `asked.name` for a name among `given` that is not one of `known`."""
    here = list(known)
    if strange := sorted(set(given) - set(here)):
        raise InvalidInput(
            "asked.name",
            "There is no such field here.",
            place=strange[0],
            remedy=f"Use one of these fields: {', '.join(here)}.",
        )


def one_of(place: str, value: str, known: Sequence[str]) -> None:
    """Raises InvalidInput `asked.value` where `value` is given and is not one of `known`."""
    if value and value not in known:
        raise unknown(place, ", ".join(known))


def unknown(place: str, known: str | None = None) -> InvalidInput:
    """The error for a value that names nothing that there is; `known`: what may stand there."""
    remedy = f"Use one of these, or leave it out: {known}." if known else "Leave it out, or ask for one that there is."
    return InvalidInput("asked.value", "Nothing here has this value.", place=place, remedy=remedy)


def a_currency(place: str, value: str) -> None:
    """Raises InvalidInput `asked.value` for what is no currency of ISO 4217."""
    try:
        if value:
            exponent(value)
    except InvalidInput:
        raise unknown(place, "DZD, MAD, TND, EUR, …") from None


def is_iso_code(code: str) -> bool:
    """Whether it is written like a reason of ISO 20022, which a bank may give tomorrow although none has so far."""
    return bool(_ISO_CODE.match(code))


def in_order(since: date | None, until: date | None, place: str = "until") -> None:
    """Raises InvalidInput `asked.days` where the first day is after the last; `place` names the last."""
    if since and until and since > until:
        raise InvalidInput(
            "asked.days",
            "The days run backwards: the last one is before the first.",
            place=place,
            remedy=f"Write {since.isoformat()}, or a later day.",
        )


def day(text: str, place: str = "") -> date | None:
    """The day, None where there is none. Raises InvalidInput."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("report.asked", "A day is written 2026-10-31.", place=place) from None


#: Fields that hold a day; and values that stand for something else than themselves.
_DAYS: Final = ("day", "since", "until", "settled_since", "settled_until", "due_since")
_STANDS_FOR: Final[Mapping[str, Container[str]]] = {
    "reason": words.REASONS,
    "debtor_bank": (NOT_NOTED,),
    "code": (ANY_CODE,),
}
_YES: Final = ("1",)
#: Fields that hold several values, with commas, besides those that can be listed.
_SEVERAL: Final = ("document",)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as the words of an address. Empty: not asked for."""

    #: What may stand in a field, where that can be listed; and where else a value of it must be found.
    VALUES: ClassVar[Mapping[str, Sequence[str]]] = {}
    FOUND_IN: ClassVar[Mapping[str, SQLColumnExpression[Any]]] = {}
    #: What a fund may be besides the funds that there are.
    FUNDS_TOO: ClassVar[Sequence[str]] = ()

    @classmethod
    def names(cls) -> list[str]:
        """The fields that may be asked with."""
        return [one.name for one in fields(cls)]

    @classmethod
    def of(cls, about: Mapping[str, str], fund_ids: Sequence[str] | None = None) -> Self:
        """From the words of an address; `fund_ids` are the funds that there are.

        Raises InvalidInput: `report.asked` for a day that is none, `asked.…` for a field or a value that there is not, and for
        days that run backwards.
        """
        names(about, cls.names())
        asked = cls(**about)
        days = {name: day(getattr(asked, name, ""), name) for name in _DAYS}
        in_order(days["since"], days["until"])
        in_order(days["settled_since"], days["settled_until"], "settled_until")
        for name, values in cls.VALUES.items():
            for value in getattr(asked, name).split(","):
                one_of(name, value, values)
        if getattr(asked, "currency", "") != waiting.NONE:
            a_currency("currency", getattr(asked, "currency", ""))
        if fund_ids is not None:
            one_of("fund", getattr(asked, "fund", ""), [*fund_ids, *cls.FUNDS_TOO])
        return asked

    def check(self, work: Work) -> None:
        """Raises InvalidInput `asked.value` for a reference or a code that nothing has: no list would be the answer."""
        for name, column in self.FOUND_IN.items():
            given = getattr(self, name)
            for value in given.split(",") if name in _SEVERAL else [given]:
                if not value or value in _STANDS_FOR.get(name, ()) or (name == "code" and is_iso_code(value)):
                    continue
                if work.session.execute(select(column).where(column == value).limit(1)).first() is None:
                    raise unknown(name)

    def about(self) -> dict[str, str]:
        """As the words of an address."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class EntriesAsked(Asked):
    """Which bank entries: of a fund, a booking day or a range of days, what was made of them, and why; or those about one debit.

    `made` is the kind of the disposition, `none`, `once` for all but other reports of the same booking, or `waits` for all that
    waits for a person, parts too; `document` asks for what these statements tell (ids, with commas); `booked` leaves out what
    is no money; `undated` asks for those without a day. A fund, direction or currency of `waiting.NONE` asks for those without
    one. Of what waits the amounts are those that nobody has decided about.
    """

    fund: str = ""
    day: str = ""
    since: str = ""
    until: str = ""
    undated: str = ""
    made: str = ""
    reason: str = ""
    direction: str = ""
    currency: str = ""
    booked: str = ""
    collection: str = ""
    document: str = ""

    VALUES: ClassVar[Mapping[str, Sequence[str]]] = {
        "made": (*words.DISPOSITIONS, "once", "waits"),
        "direction": (*words.DIRECTIONS, waiting.NONE),
        "undated": _YES,
        "booked": _YES,
    }
    FOUND_IN: ClassVar[Mapping[str, SQLColumnExpression[Any]]] = {
        "reason": Disposition.reason,
        "collection": Collection.id,
        "document": BankDocument.id,
    }
    FUNDS_TOO: ClassVar[Sequence[str]] = (waiting.NONE,)

    def link(self) -> Link:
        """To these entries."""
        return Link("entries", self.about())


@dataclass(frozen=True, slots=True)
class CollectionsAsked(Asked):
    """Which collections: of a fund, a collection day or range of days, a block, a scheme, a state, a bank of the fund or of the
    debtor; that failed for a reason; whose money came in within a range of days; of contributions due since a day. `sent`: that a
    bank has or may have; `reached`: that it has. `code` counts with `failure` only; empty, it stands for none given.
    """

    fund: str = ""
    day: str = ""
    since: str = ""
    until: str = ""
    block: str = ""
    scheme: str = ""
    state: str = ""
    failure: str = ""
    code: str = ""
    settled_since: str = ""
    settled_until: str = ""
    sent: str = ""
    reached: str = ""
    due_since: str = ""
    bank: str = ""
    debtor_bank: str = ""

    VALUES: ClassVar[Mapping[str, Sequence[str]]] = {
        "state": tuple(words.STATES),
        "failure": tuple(words.FAILURES),
        "sent": _YES,
        "reached": _YES,
    }
    FOUND_IN: ClassVar[Mapping[str, SQLColumnExpression[Any]]] = {
        "block": PaymentInformation.id,
        "scheme": Collection.scheme_sent,
        "bank": Batch.bank_id,
        "debtor_bank": Collection.debtor_bank_sent,
        "code": sql.reason_of(),
    }

    def check(self, work: Work) -> None:
        """Besides: a code is one of a failure."""
        if self.code and not self.failure:
            raise unknown("failure", ", ".join(words.FAILURES))
        Asked.check(self, work)

    def link(self) -> Link:
        """To these collections."""
        return Link("collections", self.about())
