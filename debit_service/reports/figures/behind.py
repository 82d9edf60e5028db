"""Behind a number: the bank entries, or the collections, that it is made of; page by page, or as a stream.

What a list holds is described by a few named values (`Link.about`), which stand in addresses too, so they hold no names and no
account numbers. The numbers of the figures and these lists are asked with the same conditions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Subquery, func, select, true

from debit_service.collections.models import Batch, Collection, PaymentInformation
from debit_service.contributions.models import Contribution
from debit_service.core.work import Role, Work
from debit_service.reconcile import days
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import Allocation, BankDocument, BankEntry, Disposition
from debit_service.reconcile.queue import waiting
from debit_service.reports.figures import asking, sql, words
from debit_service.reports.figures.asking import ANY_CODE, NOT_NOTED, CollectionsAsked, EntriesAsked
from debit_service.reports.figures.sheet import N_, Column, Kind, Link, Row, Said, Sheet, Table, facts

STAFF: Final = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
#: A page holds what a person reads; a download holds what a spreadsheet bears. Beyond that, a command writes the file.
ROWS_SHOWN_MAX: Final = 200
_FETCHED: Final = 2_000


#: What was made of entries, where that is not one kind of disposition.
_MADE: Final = {
    "none": Disposition.id.is_(None),
    "once": func.coalesce(Disposition.kind, "") != "folded",
    "waits": decisions.WAITS,
}


def entries_where(asked: EntriesAsked) -> list[ColumnElement[bool]]:
    """The conditions on `sql.entries`."""
    told = days.told_on()
    fund = BankEntry.fund_id.is_(None) if asked.fund == waiting.NONE else sql.accounts_of(asked.fund)
    made = _MADE.get(asked.made, Disposition.kind == asked.made)
    wanted = [
        (asked.fund, fund),
        (asked.day, days.is_of(asking.day(asked.day), fund if asked.fund else true())),
        (asked.since, told >= _since(asked.since)),
        (asked.until, told <= _until(asked.until)),
        (asked.undated, told.is_(None)),
        (asked.made, made),
        (asked.reason, Disposition.reason == asked.reason),
        (asked.direction, BankEntry.direction == _given(asked.direction)),
        (asked.currency, BankEntry.currency == _given(asked.currency)),
        (asked.booked, waiting.is_booked()),
        (asked.collection, BankEntry.id.in_(_about(asked.collection))),
        (asked.document, BankEntry.document_id.in_(asked.document.split(","))),
    ]
    return [condition for given, condition in wanted if given]


def _given(word: str) -> str | None:
    """What a bank gave; None where entries are asked for of which it gave nothing."""
    return None if word == waiting.NONE else word


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


def due_since(day: date) -> Select[str]:
    """The ids of the contributions that were due on this day or later."""
    return select(Contribution.id).where(Contribution.due_date >= day)


def came_in(since: date, until: date) -> Select[*tuple[Any, ...]]:
    """The ids of the collections that money came in for in this range of days."""
    told = days.told_on()
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
        (asked.day, Collection.collection_date == asking.day(asked.day)),
        (asked.since, Collection.collection_date >= _since(asked.since)),
        (asked.until, Collection.collection_date <= _until(asked.until)),
        (asked.block, Collection.payment_information_id == asked.block),
        (asked.scheme, Collection.scheme_sent == asked.scheme),
        (asked.bank, Collection.payment_information_id.in_(given_to(asked.bank))),
        (asked.due_since, Collection.contribution_id.in_(due_since(_since(asked.due_since)))),
        (asked.debtor_bank, Collection.debtor_bank_sent == debtor_bank),
        (asked.failure, Collection.id.in_(failed_for(asked.failure, asked.code))),
        (asked.settled_since or asked.settled_until, Collection.id.in_(came_in(*settled))),
    ]
    stands = sql.standings(*(condition for given, condition in wanted if given))
    states = asked.state.split(",")
    later = [
        (asked.state, stands.c.state.in_(states)),
        (asked.sent, stands.c.batch_state.in_(sql.AT_THE_BANK)),
        (asked.reached, stands.c.batch_state == "sent"),
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
    Column("bank_reference", N_("Bank's reference"), Kind.CODE),
    Column("reason_code", N_("Reason code"), Kind.CODE),
    Column("charges", N_("Charges"), Kind.MONEY),
    Column("value_date", N_("Value date"), Kind.DATE),
    Column("fund", N_("Fund"), Kind.CODE),
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
    asked.check(work)
    where = entries_where(asked)
    query = sql.entries(func.count(BankEntry.id), BankEntry.currency, sql.total(sql.signed(_amount(asked))))
    sums = list(work.session.execute(query.where(*where).group_by(BankEntry.currency).order_by(BankEntry.currency)))
    found = list(_entry_rows(work, asked, after, ROWS_SHOWN_MAX))
    totals = [
        Row((Said(N_("Money in less money out")), None, None, minor, *(None,) * 9), currency)
        for _, currency, minor in sums
        if currency
    ]
    shown = Table("entries", Said(N_("Bank entries")), _entry_columns(asked), [row for _, row in found], totals)
    return _part("entries", shown, asked, sum(one[0] for one in sums), [key for key, _ in found])


def all_entries(work: Work, asked: EntriesAsked) -> Sheet:
    """Every one of the bank entries, as a stream."""
    work.actor.require(*STAFF)
    asked.check(work)
    rows = (row for _, row in _entry_rows(work, asked, "", None))
    return _sheet("entries", Table("entries", Said(N_("Bank entries")), _entry_columns(asked), rows), asked)


def _amount(asked: EntriesAsked) -> SQLColumnExpression[int | None]:
    """What of an entry is counted: its amount, or of what waits that about which nobody has decided."""
    return waiting.left_minor() if asked.made == "waits" else BankEntry.amount_minor


def _entry_columns(asked: EntriesAsked) -> Sequence[Column]:
    left = Column("amount", N_("Not decided about yet"), Kind.MONEY)
    return [left if asked.made == "waits" and one.key == "amount" else one for one in _ENTRY_COLUMNS]


def _entry_rows(work: Work, asked: EntriesAsked, after: str, limit: int | None) -> Iterator[tuple[str, Row]]:
    entry = BankEntry
    query = (
        sql.entries(
            *(entry.id, entry.booking_date, entry.message, entry.direction, entry.currency),
            *(
                _amount(asked).label("amount_minor"),
                entry.end_to_end_id,
                entry.account_servicer_reference,
                entry.charges_minor,
                entry.value_date,
                entry.fund_id,
                sql.reason_of().label("code"),
                Disposition.kind,
                Disposition.reason,
            ),
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
            one.account_servicer_reference,
            one.code,
            one.charges_minor if one.currency else None,
            one.value_date,
            one.fund_id,
            words.called(words.DISPOSITIONS, one.kind or "none"),
            words.called(words.REASONS, one.reason) if one.reason in words.REASONS else None,
            one.id,
        )
        yield one.id, Row(cells, one.currency, dict.fromkeys(("entry", "amount"), Link("entry", {"entry_id": one.id})))


def collections(work: Work, asked: CollectionsAsked, *, after: str = "") -> Part:
    """A page of the collections, in the order in which they were planned."""
    work.actor.require(*STAFF)
    asked.check(work)
    stands, where = standings_of(asked)
    sums = (func.count(stands.c.id), sql.total(stands.c.amount_minor), sql.total(stands.c.came_minor))
    more = (sql.total(stands.c.went_minor), sql.total(stands.c.charges_minor), stands.c.currency)
    query = select(*sums, *more).where(*where).group_by(stands.c.currency).order_by(stands.c.currency)
    added = list(work.session.execute(query))
    found = list(_collection_rows(work, asked, after, ROWS_SHOWN_MAX))
    totals = [
        Row((Said(N_("Sum")), None, None, None, *one[1:5], None, None), one.currency) for one in added if one.currency
    ]
    table = Table("collections", Said(N_("Collections")), _COLLECTION_COLUMNS, [row for _, row in found], totals)
    return _part("collections", table, asked, sum(one[0] for one in added), [key for key, _ in found])


def all_collections(work: Work, asked: CollectionsAsked) -> Sheet:
    """Every one of the collections, as a stream."""
    work.actor.require(*STAFF)
    asked.check(work)
    rows = (row for _, row in _collection_rows(work, asked, "", None))
    return _sheet("collections", Table("collections", Said(N_("Collections")), _COLLECTION_COLUMNS, rows), asked)


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
            one.came_minor,
            one.went_minor,
            one.charges_minor,
            words.called(words.STATES, one.state),
            one.settled_on,
        )
        leads = {
            "contribution": Link("contribution", {"contribution_id": one.contribution_id}),
            "end_to_end_id": EntriesAsked(collection=one.id).link(),
        }
        yield one.id, Row(cells, one.currency, leads)


def _part(key: str, table: Table, asked: asking.Asked, count: int, keys: Sequence[str]) -> Part:
    return Part(_sheet(key, table, asked), count, keys[-1] if len(keys) == ROWS_SHOWN_MAX else None)


def _sheet(key: str, table: Table, asked: asking.Asked) -> Sheet:
    return Sheet(key, table.title, [table], about=facts(asked.about()), rows_only=True)


def _since(text: str) -> date:
    return asking.day(text) or date.min


def _until(text: str) -> date:
    return asking.day(text) or date.max
