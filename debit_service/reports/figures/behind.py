"""Behind a number: the bank entries, or the collections, that it is made of; page by page, or as a stream.

What a list holds is described by a few named values (`Link.about`), which stand in addresses too, so they hold no names and no
account numbers. The numbers of the figures and these lists are asked with the same conditions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Select, Subquery, func, select, true

from debit_service.collections.models import Batch, Collection, PaymentInformation
from debit_service.contributions.models import Contribution
from debit_service.core.errors import InvalidInput
from debit_service.core.work import Role, Work
from debit_service.reconcile import decisions
from debit_service.reconcile.models import Allocation, BankDocument, BankEntry, Disposition
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.sheet import N_, Column, Kind, Link, Row, Said, Sheet, Table

STAFF: Final = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
#: A page holds what a person reads; a download holds what a spreadsheet bears. Beyond that, a command writes the file.
ROWS_SHOWN_MAX: Final = 200
_FETCHED: Final = 2_000
#: The fund of an entry on an account that no fund owns.
NO_FUND: Final = "-"
#: The bank of the debtor of a debit of which it was not noted; and a failure for whatever reason.
NOT_NOTED: Final = "-"
ANY_CODE: Final = "*"


class _Asked:
    """What is asked for, as the words of an address. Empty: not asked for."""

    __slots__ = ()

    @classmethod
    def of(cls, about: Mapping[str, str]) -> Self:
        """From the words of an address. Raises InvalidInput `report.asked` for a day that is none."""
        known = {one.name for one in fields(cls)}  # type: ignore[arg-type]
        asked = cls(**{name: value for name, value in about.items() if name in known})
        for name in ("day", "since", "until", "settled_since", "settled_until"):
            _day(getattr(asked, name, ""), name)
        return asked

    def about(self) -> dict[str, str]:
        """As the words of an address."""
        return {name: value for name, value in asdict(self).items() if value}  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class EntriesAsked(_Asked):
    """Which bank entries: of a fund, a booking day or a range of days, what was made of them, and why; or those about one debit.

    `made` is the kind of the disposition, `none`, or `waits` for all that waits for a person, parts too; `booked` leaves out what
    is no money; `undated` asks for those without a day.
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

    def link(self) -> Link:
        """To these entries."""
        return Link("entries", self.about())


@dataclass(frozen=True, slots=True)
class CollectionsAsked(_Asked):
    """Which collections: of a fund, a collection day or range of days, a block, a scheme, a state, a bank of the fund or of the
    debtor; that failed for a reason; or whose money came in within a range of days. `code` counts with `failure` only; empty, it
    stands for none given.
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
    bank: str = ""
    debtor_bank: str = ""

    def link(self) -> Link:
        """To these collections."""
        return Link("collections", self.about())


def entries_where(asked: EntriesAsked) -> list[ColumnElement[bool]]:
    """The conditions on `sql.entries`."""
    told = sql.told_on()
    fund = BankEntry.fund_id.is_(None) if asked.fund == NO_FUND else sql.accounts_of(asked.fund)
    made = {"none": Disposition.id.is_(None), "waits": decisions.WAITS}.get(asked.made, Disposition.kind == asked.made)
    wanted = [
        (asked.fund, fund),
        (asked.day, BankEntry.booking_date == _day(asked.day)),
        (asked.since, told >= _since(asked.since)),
        (asked.until, told <= _until(asked.until)),
        (asked.undated, told.is_(None)),
        (asked.made, made),
        (asked.reason, Disposition.reason == asked.reason),
        (asked.direction, BankEntry.direction == asked.direction),
        (asked.currency, BankEntry.currency == asked.currency),
        (asked.booked, sql.is_booked()),
        (asked.collection, BankEntry.id.in_(_about(asked.collection))),
    ]
    return [condition for given, condition in wanted if given]


def _about(collection_id: str) -> Select[*tuple[Any, ...]]:
    """The ids of the entries that are about a debit, by what stands of them now."""
    return (
        select(Allocation.entry_id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .where(Disposition.most_recent, Allocation.collection_id == collection_id)
    )


def failed_for(failure: str, code: str) -> Select[*tuple[Any, ...]]:
    """The ids of the collections that an entry that stands has failed in this way, for this reason (ANY_CODE: whatever it is)."""
    reason = true() if code == ANY_CODE else sql.reason_of() == code
    return (
        select(Allocation.collection_id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .where(Disposition.most_recent, Allocation.effect == failure, reason)
    )


def given_to(bank_id: str) -> Select[*tuple[Any, ...]]:
    """The ids of the blocks in files for this bank of the fund."""
    return (
        select(PaymentInformation.id)
        .join(Batch, Batch.id == PaymentInformation.batch_id)
        .where(Batch.bank_id == bank_id)
    )


def came_in(since: date, until: date) -> Select[*tuple[Any, ...]]:
    """The ids of the collections that money came in for in this range of days."""
    told = sql.told_on()
    return (
        select(Allocation.collection_id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .where(Disposition.most_recent, Allocation.effect == "settled", told.between(since, until))
    )


def standings_of(asked: CollectionsAsked) -> tuple[Subquery, list[ColumnElement[bool]]]:
    """The standings of what is asked for, and the conditions that only a standing can answer."""
    settled = (_since(asked.settled_since), _until(asked.settled_until))
    debtor_bank = None if asked.debtor_bank == NOT_NOTED else asked.debtor_bank
    wanted = [
        (asked.fund, Collection.fund_id == asked.fund),
        (asked.day, Collection.collection_date == _day(asked.day)),
        (asked.since, Collection.collection_date >= _since(asked.since)),
        (asked.until, Collection.collection_date <= _until(asked.until)),
        (asked.block, Collection.payment_information_id == asked.block),
        (asked.scheme, Collection.scheme_sent == asked.scheme),
        (asked.bank, Collection.payment_information_id.in_(given_to(asked.bank))),
        (asked.debtor_bank, Collection.debtor_bank_sent == debtor_bank),
        (asked.failure, Collection.id.in_(failed_for(asked.failure, asked.code))),
        (asked.settled_since or asked.settled_until, Collection.id.in_(came_in(*settled))),
    ]
    stands = sql.standings(*(condition for given, condition in wanted if given))
    states = asked.state.split(",")
    later = [
        (asked.state, stands.c.state.in_(states)),
        (asked.sent, stands.c.batch_state.in_(sql.AT_THE_BANK)),
        (asked.settled_since, stands.c.settled_on >= settled[0]),
        (asked.settled_until, stands.c.settled_on <= settled[1]),
    ]
    return stands, [condition for given, condition in later if given]


_ENTRY_COLUMNS = (
    Column("booking_date", N_("Booked on"), Kind.DATE),
    Column("message", N_("Message"), Kind.CODE),
    Column("direction", N_("Direction"), Kind.TEXT),
    Column("amount", N_("Amount"), Kind.MONEY),
    Column("end_to_end_id", N_("End-to-end reference"), Kind.CODE),
    Column("reason_code", N_("Reason code"), Kind.CODE),
    Column("made", N_("What was made of it"), Kind.TEXT),
    Column("reason", N_("Why"), Kind.TEXT),
    Column("entry", N_("Entry"), Kind.CODE),
)
_COLLECTION_COLUMNS = (
    Column("collection_date", N_("Collection day"), Kind.DATE),
    Column("fund", N_("Fund"), Kind.CODE),
    Column("contribution", N_("Contribution"), Kind.CODE),
    Column("end_to_end_id", N_("End-to-end reference"), Kind.CODE),
    Column("amount", N_("Asked"), Kind.MONEY),
    Column("settled", N_("Came in"), Kind.MONEY),
    Column("returned", N_("Went back"), Kind.MONEY),
    Column("charges", N_("Charges"), Kind.MONEY),
    Column("state", N_("Standing"), Kind.TEXT),
    Column("settled_on", N_("Booked on"), Kind.DATE),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list: the sheet, how many rows there are in all, and after which id the next part begins (None: no more)."""

    sheet: Sheet
    count: int
    next_after: str | None


def entries(work: Work, asked: EntriesAsked, *, after: str = "") -> Part:
    """A page of the bank entries, in the order in which they were read."""
    work.actor.require(*STAFF)
    where = entries_where(asked)
    query = sql.entries(func.count(BankEntry.id), BankEntry.currency, sql.total(sql.signed()))
    sums = list(work.session.execute(query.where(*where).group_by(BankEntry.currency).order_by(BankEntry.currency)))
    found = list(_entry_rows(work, asked, after, ROWS_SHOWN_MAX))
    totals = [
        Row((Said(N_("Money in less money out")), None, None, minor, *(None,) * 5), currency)
        for _, currency, minor in sums
        if currency
    ]
    shown = Table("entries", Said(N_("Bank entries")), _ENTRY_COLUMNS, [row for _, row in found], totals)
    return _part("entries", shown, sum(one[0] for one in sums), [key for key, _ in found])


def all_entries(work: Work, asked: EntriesAsked) -> Sheet:
    """Every one of the bank entries, as a stream."""
    work.actor.require(*STAFF)
    rows = (row for _, row in _entry_rows(work, asked, "", None))
    return _sheet("entries", Table("entries", Said(N_("Bank entries")), _ENTRY_COLUMNS, rows))


def _entry_rows(work: Work, asked: EntriesAsked, after: str, limit: int | None) -> Iterator[tuple[str, Row]]:
    entry = BankEntry
    query = (
        sql.entries(
            *(entry.id, entry.booking_date, entry.message, entry.direction, entry.amount_minor, entry.currency),
            *(entry.end_to_end_id, sql.reason_of().label("code"), Disposition.kind, Disposition.reason),
        )
        .where(*entries_where(asked), entry.id > after)
        .order_by(entry.id)
        .limit(limit)
    )
    for one in work.session.execute(query.execution_options(yield_per=_FETCHED)):
        cells = (
            one.booking_date,
            one.message,
            words.called(words.DIRECTIONS, one.direction),
            one.amount_minor if one.currency else None,
            one.end_to_end_id,
            one.code,
            words.called(words.DISPOSITIONS, one.kind or "none"),
            words.called(words.REASONS, one.reason) if one.reason in words.REASONS else None,
            one.id,
        )
        yield one.id, Row(cells, one.currency, {"entry": Link("entry", {"entry_id": one.id})})


def collections(work: Work, asked: CollectionsAsked, *, after: str = "") -> Part:
    """A page of the collections, in the order in which they were planned."""
    work.actor.require(*STAFF)
    stands, where = standings_of(asked)
    sums = (func.count(stands.c.id), sql.total(stands.c.amount_minor), sql.total(stands.c.settled_minor))
    more = (sql.total(stands.c.returned_minor), sql.total(stands.c.charges_minor), stands.c.currency)
    query = select(*sums, *more).where(*where).group_by(stands.c.currency).order_by(stands.c.currency)
    added = list(work.session.execute(query))
    found = list(_collection_rows(work, asked, after, ROWS_SHOWN_MAX))
    totals = [
        Row((Said(N_("Sum")), None, None, None, *one[1:5], None, None), one.currency) for one in added if one.currency
    ]
    table = Table("collections", Said(N_("Collections")), _COLLECTION_COLUMNS, [row for _, row in found], totals)
    return _part("collections", table, sum(one[0] for one in added), [key for key, _ in found])


def all_collections(work: Work, asked: CollectionsAsked) -> Sheet:
    """Every one of the collections, as a stream."""
    work.actor.require(*STAFF)
    rows = (row for _, row in _collection_rows(work, asked, "", None))
    return _sheet("collections", Table("collections", Said(N_("Collections")), _COLLECTION_COLUMNS, rows))


def _collection_rows(work: Work, asked: CollectionsAsked, after: str, limit: int | None) -> Iterator[tuple[str, Row]]:
    stands, where = standings_of(asked)
    query = (
        select(stands, Contribution.reference)
        .join(Contribution, Contribution.id == stands.c.contribution_id)
        .where(*where, stands.c.id > after)
        .order_by(stands.c.id)
        .limit(limit)
    )
    for one in work.session.execute(query.execution_options(yield_per=_FETCHED)):
        cells = (
            one.collection_date,
            one.fund_id,
            one.reference,
            one.end_to_end_id,
            one.amount_minor,
            one.settled_minor,
            one.returned_minor,
            one.charges_minor,
            words.called(words.STATES, one.state),
            one.settled_on,
        )
        leads = {
            "contribution": Link("contribution", {"contribution_id": one.contribution_id}),
            "end_to_end_id": EntriesAsked(collection=one.id).link(),
        }
        yield one.id, Row(cells, one.currency, leads)


def _part(key: str, table: Table, count: int, keys: Sequence[str]) -> Part:
    return Part(_sheet(key, table), count, keys[-1] if len(keys) == ROWS_SHOWN_MAX else None)


def _sheet(key: str, table: Table) -> Sheet:
    return Sheet(key, table.title, [table])


def _since(text: str) -> date:
    return _day(text) or date.min


def _until(text: str) -> date:
    return _day(text) or date.max


def _day(text: str, place: str = "") -> date | None:
    """The day, None where there is none. Raises InvalidInput."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("report.asked", "A day is written 2026-10-31.", place=place) from None
