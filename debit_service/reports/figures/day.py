"""A day's reconciliation of a fund: what was asked for that day and what became of it; what the bank booked on that day and what
was made of it; and block by block, because banks book each PmtInf by itself (FRST and RCUR apart).

Every entry is accounted for exactly once (invariant 3): what is left over is shown, and is 0.
"""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select

from debit_service.collections.models import Batch, BatchTransition, Collection, PaymentInformation
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.reconcile import days
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reconcile.queue import waiting
from debit_service.reconcile.rules import NET_TOTALS, STATED_COST, TOTALS, Effect, State
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.asking import CollectionsAsked, EntriesAsked
from debit_service.reports.figures.behind import STAFF
from debit_service.reports.figures.sheet import N_, Column, Kind, Link, Row, Said, Sheet, Table, summed

_ASKED: Final = (
    Column("standing", N_("Standing"), Kind.TEXT),
    Column("count", N_("Number of debits"), Kind.COUNT),
    Column("asked", N_("Asked"), Kind.MONEY),
    Column("settled", N_("Came in"), Kind.MONEY),
    Column("returned", N_("Went back"), Kind.MONEY),
    Column("charges", N_("Charges"), Kind.MONEY),
)
_BOOKED: Final = (
    Column("made", N_("What was made of it"), Kind.TEXT),
    Column("count", N_("Entries"), Kind.COUNT),
    Column("credit", N_("Money in"), Kind.MONEY),
    Column("debit", N_("Money out"), Kind.MONEY),
    Column("net", N_("Money in less money out"), Kind.MONEY),
)
_BLOCKS: Final = (
    Column("block", N_("PmtInf block"), Kind.CODE),
    Column("sequence_type", N_("Sequence"), Kind.CODE),
    Column("count", N_("Number of debits"), Kind.COUNT),
    Column("expected_gross", N_("Expected, gross"), Kind.MONEY),
    Column("rejected", N_("Rejected before settlement"), Kind.MONEY),
    Column("expected_net", N_("Expected, without rejects"), Kind.MONEY),
    Column("booked_gross", N_("Booked, gross"), Kind.MONEY),
    Column("returned", N_("Went back"), Kind.MONEY),
    Column("charges", N_("Charges"), Kind.MONEY),
    Column("booked_net", N_("Booked, net"), Kind.MONEY),
    Column("missing", N_("Not booked yet"), Kind.MONEY),
    Column("batch", N_("Batch"), Kind.CODE),
)


def day(work: Work, fund: Fund, on: date) -> Sheet:
    """The reconciliation of `fund` for the day `on`."""
    work.actor.require(*STAFF)
    return Sheet(
        "day",
        Said(N_("Reconciliation of %(fund)s, %(day)s"), {"fund": fund.id, "day": on}),
        [_asked(work, fund, on), _booked(work, fund, on), _blocks(work, fund, on)],
        [
            Said(
                N_(
                    "What was asked for this day may be booked on another day, and what was booked may be of another day."
                )
            ),
            Said(N_("A return is counted where it belongs, with the debit that it takes back.")),
        ],
    )


def _asked(work: Work, fund: Fund, on: date) -> Table:
    """The debits with this collection day that the bank has, by where they stand now."""
    stands = sql.standings(Collection.fund_id == fund.id, Collection.collection_date == on)
    sums = [sql.total(stands.c[name]) for name in ("amount_minor", "came_minor", "went_minor", "charges_minor")]
    query = (
        select(stands.c.state, stands.c.currency, func.count(), *sums)
        .where(stands.c.batch_state.in_(sql.AT_THE_BANK))
        .group_by(stands.c.state, stands.c.currency)
    )
    found = sorted(work.session.execute(query), key=lambda one: words.place(words.STATES, one[0]))
    rows = []
    for state, currency, *numbers in found:
        behind = CollectionsAsked(fund=fund.id, day=on.isoformat(), state=state, sent="1").link()
        leads = dict.fromkeys(("count", "asked", "settled", "returned", "charges"), behind)
        rows.append(Row((words.called(words.STATES, state), *numbers), currency, leads))
    title = Said(N_("Asked for this day"))
    return Table("asked", title, _ASKED, rows, summed(_ASKED, rows, Said(N_("Sum"))))


def _booked(work: Work, fund: Fund, on: date) -> Table:
    """The money that the bank booked on this day, each booking once, by what was made of it; and what is left over."""
    amount, kind = func.coalesce(BankEntry.amount_minor, 0), func.coalesce(Disposition.kind, "none")
    credit = sql.total(case((BankEntry.direction == "credit", amount), else_=0))
    debit = sql.total(case((BankEntry.direction == "debit", amount), else_=0))
    query = sql.entries(kind, BankEntry.currency, func.count(), credit, debit, sql.total(sql.signed()))
    grouped = query.where(*_of_day(fund, on)).group_by(kind, BankEntry.currency)
    found = sorted(
        work.session.execute(grouped), key=lambda one: (one[1] or "", words.place(words.DISPOSITIONS, one[0]))
    )
    rows: list[Row] = []
    again: list[Row] = []
    for made, currency, *numbers in found:
        row = Row((words.called(words.DISPOSITIONS, made), *numbers), currency, _leads(fund, on, made, currency))
        (again if made == "folded" else rows).append(row)
    return Table(
        "booked", Said(N_("Booked by the bank on this day")), _BOOKED, rows, _in_all(work, fund, on, rows, again)
    )


def _in_all(work: Work, fund: Fund, on: date, rows: list[Row], again: list[Row]) -> list[Row]:
    """What the bank booked in all, what the account moved by, what was told once more, and what is not accounted for."""
    told_before, left = _beyond_shares(work, fund, on)
    totals = []
    for seen in summed(_BOOKED, rows, Said(N_("Seen in all"))):
        currency = seen.currency
        net = seen.cells[-1]
        moved = (net if isinstance(net, int) else 0) - told_before.get(currency, 0)
        totals += [
            Row(seen.cells, currency, _leads(fund, on, "once", currency)),
            Row((Said(N_("Received less paid out, as statements say it")), None, None, None, moved), currency),
            Row((Said(N_("Not accounted for")), None, None, None, left.get(currency, 0)), currency),
        ]
    return [*totals, *again]


def _leads(fund: Fund, on: date, made: str, currency: str | None) -> dict[str, Link]:
    asked = EntriesAsked(fund=fund.id, day=on.isoformat(), made=made, currency=currency or waiting.NONE, booked="1")
    one_way = {way: replace(asked, direction=way).link() for way in words.DIRECTIONS}
    return {"count": asked.link(), "net": asked.link(), **one_way}


def _of_day(fund: Fund, on: date) -> tuple[ColumnElement[bool], ...]:
    account = sql.accounts_of(fund.id)
    return account, days.is_of(on, account), waiting.is_booked()


#: Minor units by currency.
_Sums = dict[str | None, int]


def _beyond_shares(work: Work, fund: Fund, on: date) -> tuple[_Sums, _Sums]:
    """What matched entries of the day were booked with beyond their allocations: sums without details, whose rest was told by
    their details before; and all others, with that of which nothing was made: there it should be nothing.
    """
    cost = Allocation.charges_minor + Allocation.interest_minor
    share = case(
        (Allocation.effect == Effect.SETTLED.value, Allocation.amount_minor - cost),
        (Allocation.effect == Effect.RETURNED.value, -Allocation.amount_minor - cost),
        else_=0,
    )
    shared = select(sql.total(share)).where(Allocation.disposition_id == Disposition.id).scalar_subquery()
    matched, reason = Disposition.kind == "matched", Disposition.reason
    costs = func.coalesce(BankEntry.charges_minor, 0), func.coalesce(BankEntry.interest_minor, 0)
    stated = [
        (reason == name, costs[0] * int(charges) + costs[1] * int(interest))
        for name, (charges, interest) in NET_TOTALS.items()
    ]
    before = case((and_(matched, reason.in_(TOTALS)), sql.signed() - shared + case(*stated, else_=0)), else_=0)
    is_whole = and_(matched, reason.not_in((*TOTALS, STATED_COST)))
    left = case((Disposition.id.is_(None), sql.signed()), (is_whole, sql.signed() - shared), else_=0)
    query = sql.entries(BankEntry.currency, sql.total(before), sql.total(left)).where(*_of_day(fund, on))
    found = work.session.execute(query.group_by(BankEntry.currency)).all()
    return {row[0]: row[1] for row in found}, {row[0]: row[2] for row in found}


def _blocks(work: Work, fund: Fund, on: date) -> Table:
    """Block by block: what the bank was to book, gross and without what it rejected, and what it has booked."""
    of_fund = select(PaymentInformation.id).join(Batch).where(Batch.fund_id == fund.id)
    blocks = of_fund.where(PaymentInformation.collection_date == on)
    stands = sql.standings(Collection.payment_information_id.in_(blocks))
    rejected = case((stands.c.state == State.REJECTED.value, stands.c.amount_minor), else_=0)
    sums = [sql.total(stands.c[name]) for name in ("came_minor", "went_minor", "charges_minor")]
    came = select(stands.c.payment_information_id.label("block"), sql.total(rejected).label("rejected"), *sums)
    told = came.group_by(stands.c.payment_information_id).subquery()
    query = (
        select(PaymentInformation, Batch.currency, *(column for column in told.c if column.name != "block"))
        .join(Batch, Batch.id == PaymentInformation.batch_id)
        .join(BatchTransition, (BatchTransition.subject_id == Batch.id) & BatchTransition.most_recent)
        .join(told, told.c.block == PaymentInformation.id)
        .where(BatchTransition.to_state.in_(sql.AT_THE_BANK))
        .order_by(PaymentInformation.id)
    )
    rows = [_block_row(*one) for one in work.session.execute(query)]
    title = Said(N_("Block by block, as the bank books them"))
    return Table("blocks", title, _BLOCKS, rows, summed(_BLOCKS, rows, Said(N_("Sum"))))


def _block_row(block: Any, currency: str, rejected: int, settled: int, returned: int, charges: int) -> Row:
    asked = block.control_sum_minor
    cells = (
        block.id,
        block.sequence_type,
        block.count,
        asked,
        rejected,
        asked - rejected,
        settled,
        returned,
        charges,
        settled - returned - charges,
        asked - rejected - settled,
        block.batch_id,
    )
    behind = CollectionsAsked(block=block.id).link()
    of_block = ("block", "count", "expected_gross", "booked_gross", "returned", "charges")
    failed = CollectionsAsked(block=block.id, state=State.REJECTED).link()
    leads = dict.fromkeys(of_block, behind) | {"rejected": failed}
    return Row(cells, currency, leads | {"batch": Link("batch", {"batch_id": block.batch_id})})
