"""Where contributions stand, as SQL: for totals and for filters, however many there are.

The standing is that of `reports.rules.standing`, as SQL; a test holds one against the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, Subquery, and_, case, func, or_, select

from debit_service.collections.models import Batch, BatchTransition, Collection, PaymentInformation
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.work import Work
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import Allocation, Disposition, Resolution
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import Effect, State
from debit_service.reports.figures import sql
from debit_service.reports.rules import Standing

#: Fund -> name of the total -> count and minor units.
Totals = dict[str, dict[str, tuple[int, int]]]


def standings(*which: ColumnElement[bool]) -> Subquery:
    """Where the contributions that fulfil `which` stand: a row each, with what debits and other means brought in.

    What was asked, rejected and returned counts attempts that the bank has: a contribution may have several.
    """
    tried = _tried(*which)
    otherwise = contributions.paid_otherwise()
    refunded = decisions.paid_out()
    debited, paid = func.coalesce(tried.c.debited_minor, 0), func.coalesce(otherwise.c.paid_minor, 0)
    is_covered, is_settled = debited + paid >= Contribution.amount_minor, tried.c.is_settled == 1
    standing = case(
        (and_(is_covered, is_settled), Standing.PAID.value),
        (is_covered, Standing.PAID_OTHERWISE.value),
        (is_settled, Standing.PARTLY_PAID.value),
        (tried.c.is_live == 1, Standing.UNDER_WAY.value),
        (tried.c.is_live.is_not(None), Standing.FAILED.value),
        (paid > 0, Standing.PARTLY_PAID.value),
        else_=Standing.NOT_COLLECTED.value,
    )
    excess = debited + paid - Contribution.amount_minor - func.coalesce(refunded.c.paid_out_minor, 0)
    owed = (Contribution.id, Contribution.fund_id, Contribution.currency, Contribution.amount_minor)
    counted = [func.coalesce(tried.c[name], 0).label(name) for name in _COUNTED]
    query = (
        select(
            *owed,
            standing.label("standing"),
            debited.label("debited_minor"),
            paid.label("otherwise_minor"),
            case((excess > 0, excess), else_=0).label("refund_minor"),
            *counted,
        )
        .outerjoin(tried, tried.c.contribution_id == Contribution.id)
        .outerjoin(otherwise, otherwise.c.contribution_id == Contribution.id)
        .outerjoin(refunded, refunded.c.contribution_id == Contribution.id)
        .where(*which)
    )
    return query.subquery()


_COUNTED: Final = tuple(f"{what}_{unit}" for what in ("sent", "rejected", "returned") for unit in ("count", "minor"))


def _tried(*which: ColumnElement[bool]) -> Subquery:
    """What the attempts at each contribution come to; a contribution without one has no row."""
    mine = (Collection.contribution_id.in_(select(Contribution.id).where(*which)),) if which else ()
    each = sql.standings(*mine)
    net = each.c.settled_minor - each.c.returned_minor

    def any_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.max(case((condition, 1), else_=0))

    is_sent = each.c.batch_state == "sent"
    kinds = {"sent": is_sent} | {
        state.value: and_(is_sent, each.c.state == state.value) for state in (State.REJECTED, State.RETURNED)
    }
    counted = [
        column
        for name, condition in kinds.items()
        for column in (
            _when(condition, 1).label(f"{name}_count"),
            _when(condition, each.c.amount_minor).label(f"{name}_minor"),
        )
    ]
    query = select(
        each.c.contribution_id,
        _when(net > 0, net).label("debited_minor"),
        any_of(each.c.state.in_((State.SETTLED.value, State.PARTLY_SETTLED.value))).label("is_settled"),
        any_of(each.c.live).label("is_live"),
        *counted,
    )
    return query.group_by(each.c.contribution_id).subquery()


def _when(condition: ColumnElement[bool], value: SQLColumnExpression[Any] | int) -> ColumnElement[int]:
    return sql.total(case((condition, value), else_=0))


def money_totals(work: Work, *which: ColumnElement[bool]) -> Totals:
    """What the contributions that fulfil `which` come to, fund by fund, in one query. A sum of nothing counts nothing."""
    one = standings(*which)
    numbers = {name: (_when(amount > 0, 1), sql.total(amount)) for name, amount in _amounts(one).items()}
    for total, name in (("debited", "sent"), ("rejected", "rejected"), ("returned", "returned")):
        numbers[total] = (sql.total(one.c[f"{name}_count"]), sql.total(one.c[f"{name}_minor"]))
    columns = [column.label(f"{name}_{place}") for name, pair in numbers.items() for place, column in enumerate(pair)]
    rows = work.session.execute(select(one.c.fund_id, *columns).group_by(one.c.fund_id).order_by(one.c.fund_id))
    return {
        row["fund_id"]: {name: (int(row[f"{name}_0"]), int(row[f"{name}_1"])) for name in numbers}
        for row in rows.mappings()
    }


def _amounts(one: Subquery) -> Mapping[str, ColumnElement[int]]:
    """Total -> what of a contribution counts in it; nothing where it does not."""
    is_paid = one.c.standing.in_((Standing.PAID.value, Standing.PARTLY_PAID.value))
    return {
        "due": one.c.amount_minor,
        "paid": case((is_paid, one.c.debited_minor), else_=0),
        "paid_otherwise": one.c.otherwise_minor,
        "refunds_owed": one.c.refund_minor,
        "not_collected": case((one.c.standing == Standing.NOT_COLLECTED.value, one.c.amount_minor), else_=0),
    }


def counted_in(total: str, *which: ColumnElement[bool]) -> Select[str]:
    """The ids of the contributions that fulfil `which` and count in one of the totals of money."""
    one = standings(*which)
    return select(one.c.id).where(_amounts(one)[total] > 0)


def overcollected(work: Work) -> Iterator[tuple[str, str, str, int]]:
    """(id, reference, currency, minor units) of the contributions of which debits keep more than is owed."""
    came_in = case((Allocation.effect == Effect.SETTLED.value, Allocation.amount_minor), else_=-Allocation.amount_minor)
    kept = sql.total(came_in)
    query = (
        select(Contribution.id, Contribution.reference, Contribution.currency, kept - Contribution.amount_minor)
        .join(Collection, Collection.contribution_id == Contribution.id)
        .join(Allocation, Allocation.collection_id == Collection.id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .where(Disposition.most_recent, Allocation.effect.in_((Effect.SETTLED.value, Effect.RETURNED.value)))
        .group_by(Contribution.id)
        .having(kept > Contribution.amount_minor)
        .order_by(Contribution.id)
    )
    for contribution_id, reference, currency, surplus in work.session.execute(query):
        yield contribution_id, reference, currency, int(surplus)


def maybe_contradicted(work: Work) -> Sequence[Row[Collection, str]]:
    """The debits that a bank both rejected and booked, or of which a person matched a return, with the reference of
    their contribution."""

    def told(effect: Effect) -> Select[str]:
        return (
            select(Allocation.collection_id)
            .join(Disposition, Disposition.id == Allocation.disposition_id)
            .where(Disposition.most_recent, Allocation.effect == effect.value)
        )

    matched = (
        select(Allocation.collection_id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(Resolution, Resolution.entry_id == Allocation.entry_id)
        .where(Disposition.most_recent, Resolution.stands, Resolution.decision == Decision.MATCHED.value)
    )
    query = (
        select(Collection, Contribution.reference)
        .join(Contribution, Contribution.id == Collection.contribution_id)
        .where(
            or_(
                and_(Collection.id.in_(told(Effect.REJECTED)), Collection.id.in_(told(Effect.SETTLED))),
                Collection.id.in_(matched.where(Allocation.effect == Effect.RETURNED.value)),
            )
        )
        .order_by(Collection.id)
    )
    return work.session.execute(query).all()


def unanswered(work: Work) -> Sequence[Row[Batch, date, int]]:
    """(batch, collection day, count) of the debits that a bank has, and neither booked nor refused."""
    answered = (
        select(Allocation.id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .where(Allocation.collection_id == Collection.id)
        .where(Disposition.most_recent, Allocation.effect != Effect.ACCEPTED.value)
        .exists()
    )
    counted = (
        select(PaymentInformation.batch_id, Collection.collection_date, func.count().label("count"))
        .join(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .join(BatchTransition, BatchTransition.subject_id == PaymentInformation.batch_id)
        .where(BatchTransition.most_recent, BatchTransition.to_state == "sent", ~answered)
        .group_by(PaymentInformation.batch_id, Collection.collection_date)
        .subquery()
    )
    query = select(Batch, counted.c.collection_date, counted.c.count).join(counted, counted.c.batch_id == Batch.id)
    return work.session.execute(query.order_by(Batch.id, counted.c.collection_date)).all()
