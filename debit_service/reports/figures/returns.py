"""How many debits fail, and why: by fund, month and reason; rejects (before settlement) and returns (after it) never mixed.

Rates are of the debits that a bank was given for days of that month. A debit that went back, was collected again and went back
for another reason counts under both. The bank of the debtor is not told: account and bank stand sealed with each mandate, and a
report opens no seal.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Select, extract, func, select

from debit_service.collections.models import BatchTransition, Collection, PaymentInformation
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.rules import clamped_day
from debit_service.penalties.tariff.catalogue import ReasonCodes
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.behind import STAFF, CollectionsAsked
from debit_service.reports.figures.sheet import N_, Column, Kind, Row, Said, Sheet, Table

_COLUMNS: Final = (
    Column("fund", N_("Fund"), Kind.CODE),
    Column("month", N_("Month"), Kind.CODE),
    Column("failure", N_("What happened"), Kind.TEXT),
    Column("code", N_("Reason code"), Kind.CODE),
    Column("reason", N_("Reason"), Kind.TEXT),
    Column("count", N_("Number of debits"), Kind.COUNT),
    Column("amount", N_("Amount"), Kind.MONEY),
    Column("sent", N_("Sent in the month"), Kind.COUNT),
    Column("rate", N_("Share of the debits sent"), Kind.RATE),
)


def return_rates(work: Work, codes: ReasonCodes, since: date, until: date, fund: Fund | None = None) -> Sheet:
    """The failures of the debits with a collection day from `since` to `until`, of one fund or all."""
    work.actor.require(*STAFF)
    sent = _sent(work, since, until, fund)
    failed = _failed(work, since, until, fund)
    rows = [_row(codes, one, sent[one.fund_id, _month(one)], since, until) for one in failed]
    table = Table("failures", Said(N_("Rejects and returns by reason")), _COLUMNS, rows)
    return Sheet(
        "returns",
        Said(N_("Rejects and returns, %(since)s to %(until)s"), {"since": since, "until": until}),
        [table],
        [
            Said(N_("A reject comes before settlement, a return after it. Each month is that of the collection day.")),
            Said(N_("By the employer's bank nothing can be said: which bank it is stands sealed with each mandate.")),
        ],
    )


_YEAR, _MONTH = extract("year", Collection.collection_date), extract("month", Collection.collection_date)


def _chosen(query: Select[*tuple[Any, ...]], since: date, until: date, fund: Fund | None) -> Select[*tuple[Any, ...]]:
    """Of the debits that a bank has, those of these days, and of this fund."""
    query = (
        query.join(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .join(
            BatchTransition,
            (BatchTransition.subject_id == PaymentInformation.batch_id) & BatchTransition.most_recent,
        )
        .where(
            BatchTransition.to_state.in_(sql.AT_THE_BANK),
            Collection.cancelled_why.is_(None),
            Collection.collection_date.between(since, until),
        )
    )
    return query.where(Collection.fund_id == fund.id) if fund else query


def _sent(work: Work, since: date, until: date, fund: Fund | None) -> dict[tuple[str, str], int]:
    """(fund, month) -> how many debits a bank was given."""
    query = select(Collection.fund_id, _YEAR.label("year"), _MONTH.label("month"), func.count().label("sent"))
    grouped = _chosen(query.select_from(Collection), since, until, fund).group_by(Collection.fund_id, _YEAR, _MONTH)
    return {(one.fund_id, _month(one)): one.sent for one in work.session.execute(grouped)}


def _failed(work: Work, since: date, until: date, fund: Fund | None) -> list[Any]:
    """A row for each fund, month, way of failing and reason; each debit once in each."""
    code = sql.reason_of()
    what = (Collection.id, Collection.fund_id, Collection.currency, Collection.amount_minor)
    month = (_YEAR.label("year"), _MONTH.label("month"))
    query = (
        select(
            *what, *month, Allocation.effect, code.label("code"), func.max(BankEntry.reason_code_set).label("code_set")
        )
        .select_from(Collection)
        .join(Allocation, Allocation.collection_id == Collection.id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .where(Disposition.most_recent, Allocation.effect.in_(tuple(words.FAILURES)))
    )
    each = _chosen(query, since, until, fund).group_by(*what, _YEAR, _MONTH, Allocation.effect, code).subquery()
    key = (each.c.fund_id, each.c.year, each.c.month, each.c.effect, each.c.code, each.c.currency)
    sums = (
        func.count().label("failed"),
        sql.total(each.c.amount_minor).label("amount_minor"),
        func.max(each.c.code_set).label("code_set"),
    )
    return list(work.session.execute(select(*key, *sums).group_by(*key).order_by(*key)))


def _month(one: Any) -> str:
    return f"{int(one.year):04}-{int(one.month):02}"


def _row(codes: ReasonCodes, one: Any, sent: int, since: date, until: date) -> Row:
    month = _month(one)
    known = codes.find(one.code, "S" if one.code_set == "S" else "R") if one.code else None
    first = date(int(one.year), int(one.month), 1)
    asked = CollectionsAsked(
        fund=one.fund_id,
        since=max(first, since).isoformat(),
        until=min(clamped_day(first.year, first.month, 31), until).isoformat(),
        failure=one.effect,
        code=one.code,
        sent="1",
    )
    cells = (
        one.fund_id,
        month,
        words.called(words.FAILURES, one.effect),
        one.code or Said(N_("none given")),
        known.name if known else None,
        one.failed,
        one.amount_minor,
        sent,
        Decimal(one.failed) / sent,
    )
    return Row(cells, one.currency, {"count": asked.link(), "amount": asked.link()})
