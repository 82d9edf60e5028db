"""An employer's statement of account: what it owes, what was debited, went back, was paid otherwise, is to be refunded.

Every row is a booking of the journal, and every balance is the journal's: receivable, in transit, surcharges and refunds owed of
this employer's contributions, debits and penalties. What a bank was asked for stays owed until the bank has booked it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, case, select, union_all

from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.ledger.rules import Account, account
from debit_service.penalties.models import Penalty
from debit_service.reconcile.by_persons.whose import owed_back_to
from debit_service.reconcile.models import Resolution
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reports.figures import asking, sql, words
from debit_service.reports.figures.sheet import N_, Column, Kind, Link, Row, Said, Sheet, Table, facts

#: The accounts that say what an employer owes: their sum is the balance of its statement.
OWED: Final = (Account.RECEIVABLE, Account.IN_TRANSIT, Account.SURCHARGE_RECEIVABLE, Account.REFUNDS_OWED)
#: What was booked, by the cause of the booking.
CAUSES: Final[Mapping[str, str]] = {
    "contribution.declared": N_("Contribution declared"),
    "collection.sent": N_("Debit asked from the bank"),
    "collection.settled": N_("Debit booked by the bank"),
    "collection.partly_settled": N_("Debit booked in part"),
    "collection.returned": N_("Debit returned by the bank"),
    "collection.rejected": N_("Debit rejected by the bank"),
    "collection.accepted": N_("Debit accepted by the bank"),
    "payment.recorded": N_("Payment by other means"),
    "payment.undone": N_("Payment by other means taken back"),
    "contribution.refund_owed": N_("Paid beyond what is owed"),
    "entry.resolved": N_("Paid beyond what is owed"),
    "entry.suspended": N_("Paid beyond what is owed, taken back"),
    "refund.paid_out": N_("Refund paid out"),
    "refund.payout_undone": N_("Refund paid out, taken back"),
    "penalty.confirmed": N_("Surcharge for late payment"),
    "penalty.recomputed": N_("Surcharge changed"),
    "penalty.waived": N_("Surcharge waived"),
    "penalty.reversed": N_("Surcharge taken back"),
    "penalty.payment": N_("Surcharge paid"),
    "penalty.payment_undone": N_("Payment of a surcharge taken back"),
    "penalty.given_back": N_("Surcharge given back"),
    # As the first release said it: what stands in the journal stays.
    "penalty.charged": N_("Surcharge for late payment"),
    "penalty.withdrawn": N_("Surcharge taken back"),
}
_COLUMNS: Final = (
    Column("day", N_("Day"), Kind.DATE),
    Column("what", N_("What was booked"), Kind.TEXT),
    Column("contribution", N_("Contribution"), Kind.CODE),
    Column("period", N_("Period"), Kind.CODE),
    Column("owed", N_("Owed"), Kind.MONEY),
    Column("paid", N_("Paid"), Kind.MONEY),
    Column("balance", N_("Balance owed"), Kind.MONEY),
    Column("in_transit", N_("Of it asked from the bank"), Kind.MONEY),
)
_PARTS: Final = (
    Column("part", N_("The balance is made of"), Kind.TEXT),
    Column("amount", N_("Amount"), Kind.MONEY),
)
_NAMES: Final[Mapping[Account, str]] = {
    Account.RECEIVABLE: N_("Contributions owed, and not asked from the bank"),
    Account.IN_TRANSIT: N_("Asked from the bank, not booked yet"),
    Account.SURCHARGE_RECEIVABLE: N_("Surcharges owed"),
    Account.REFUNDS_OWED: N_("To be refunded to the employer"),
}


_PAID_MEANWHILE: Final = N_(
    "Paid by other means of what is asked from the bank: it will be too much when the bank books it"
)


@dataclass(frozen=True, slots=True)
class _Booking:
    """One booking, as it changes what the employer owes (minor units)."""

    day: date
    cause: str
    contribution_id: str
    reference: str
    period: str
    owed_minor: int
    in_transit_minor: int


def statement(work: Work, employer_id: str, fund: Fund, since: date | None = None, until: date | None = None) -> Sheet:
    """The account of an employer at `fund`, from `since` to `until` (both included; all of it where they are not given).

    For staff, and for the employer itself. Raises Refused to another employer, InvalidInput for days that run backwards.
    """
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    asking.in_order(since, until)
    employer = employers.get(work, employer_id)
    subjects = _subjects(employer_id, fund.id)
    before = _balances(work, subjects, fund, JournalEntry.business_date < since) if since else dict.fromkeys(OWED, 0)
    now = _balances(work, subjects, fund, JournalEntry.business_date <= (until or date.max))
    rows = list(_rows(_bookings(work, subjects, fund, since or date.min, until or date.max), before, fund, since))
    title = Said(
        N_("Account of %(employer)s at %(fund)s"), {"employer": employers.name(work, employer), "fund": fund.id}
    )
    balance = Row((Said(N_("Balance owed")), sum(now.values())), fund.currency)
    parts = [Row((Said(_called(one, now[one])), now[one]), fund.currency) for one in OWED]
    return Sheet(
        "statement",
        title,
        [
            Table("bookings", Said(N_("Bookings")), _COLUMNS, rows),
            Table("balance", Said(N_("Balance")), _PARTS, parts, [balance]),
        ],
        [
            Said(N_("A debit that the bank has booked may still go back for as long as the scheme lets it.")),
            Said(N_("A balance below zero is owed to the employer.")),
        ],
        facts({"fund": fund.id, "number": _number(work, employer_id, fund), "since": since, "until": until}),
    )


def _number(work: Work, employer_id: str, fund: Fund) -> str:
    """The employer's number at the fund; several, where it has more."""
    known = employers.registrations(work, employer_id)
    return ", ".join(one.number for one in known if one.fund_id == fund.id)


def _called(one: Account, minor: int) -> str:
    """What a part of the balance is called. A receivable below zero is no debt: what was paid otherwise while more was asked."""
    return _PAID_MEANWHILE if one is Account.RECEIVABLE and minor < 0 else _NAMES[one]


def _subjects(employer_id: str, fund_id: str) -> Subquery:
    """(subject, contribution) of all that the journal has booked for an employer: contributions, their debits and penalties,
    refunds paid out, and the bank entries of which a rest is owed back to it.
    """
    own = select(Contribution.id).where(Contribution.employer_id == employer_id, Contribution.fund_id == fund_id)
    contribution = select(Contribution.id.label("subject"), Contribution.id.label("contribution_id"))
    parts: list[Select[*tuple[Any, ...]]] = [contribution.where(Contribution.id.in_(own))]
    parts += [
        select(table.id, table.contribution_id).where(table.contribution_id.in_(own))
        for table in (Collection, Penalty, Resolution)
    ]
    back = owed_back_to()
    its = (back.c.employer_id == employer_id, back.c.fund_id == fund_id)
    parts.append(select(back.c.entry_id, back.c.contribution_id).where(*its))
    paid_out = select(Resolution.id, back.c.contribution_id).join(back, back.c.entry_id == Resolution.entry_id)
    parts.append(paid_out.where(Resolution.decision == Decision.PAID_OUT.value, *its))
    return union_all(*parts).subquery()


def _accounts(fund: Fund) -> dict[Account, str]:
    return {one: account(one, fund.id) for one in OWED}


def _balances(work: Work, subjects: Subquery, fund: Fund, when: ColumnElement[bool]) -> dict[Account, int]:
    """What the journal says of each account, of the bookings that fulfil `when`."""
    query = (
        select(JournalLine.account, sql.total(JournalLine.amount_minor).label("minor"))
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .join(subjects, subjects.c.subject == JournalLine.subject)
        .where(JournalLine.account.in_(_accounts(fund).values()), when)
        .group_by(JournalLine.account)
    )
    found = {one.account: one.minor for one in work.session.execute(query)}
    return {one: found.get(name, 0) for one, name in _accounts(fund).items()}


def _bookings(work: Work, subjects: Subquery, fund: Fund, since: date, until: date) -> Iterator[_Booking]:
    accounts = _accounts(fund)
    amount = JournalLine.amount_minor
    in_transit = case((JournalLine.account == accounts[Account.IN_TRANSIT], amount), else_=0)
    booking = (JournalEntry.business_date, JournalEntry.cause)
    of = (Contribution.id, Contribution.reference, Contribution.period)
    query = (
        select(*booking, *of, sql.total(amount), sql.total(in_transit))
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .join(subjects, subjects.c.subject == JournalLine.subject)
        .join(Contribution, Contribution.id == subjects.c.contribution_id)
        .where(JournalLine.account.in_(accounts.values()), JournalEntry.business_date.between(since, until))
        .group_by(JournalEntry.id, *booking, *of)
        .order_by(JournalEntry.business_date, JournalEntry.id)
    )
    for one in work.session.execute(query):
        yield _Booking(*one)


def _rows(bookings: Iterator[_Booking], before: Mapping[Account, int], fund: Fund, since: date | None) -> Iterator[Row]:
    balance, in_transit = sum(before.values()), before[Account.IN_TRANSIT]
    if since:
        cells = (since, Said(N_("Brought forward")), None, None, None, None, balance, in_transit)
        yield Row(cells, fund.currency)
    for one in bookings:
        balance, in_transit = balance + one.owed_minor, in_transit + one.in_transit_minor
        cells_of: Sequence[Any] = (
            one.day,
            words.called(CAUSES, one.cause),
            one.reference,
            one.period,
            max(one.owed_minor, 0) or None,
            max(-one.owed_minor, 0) or None,
            balance,
            in_transit,
        )
        link = Link("contribution", {"contribution_id": one.contribution_id})
        yield Row(cells_of, fund.currency, {"contribution": link})
