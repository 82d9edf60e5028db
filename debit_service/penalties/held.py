"""The queue of held failures as a clerk sees it: what waits for a finding, the oldest first; page by page, in a few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal_column, select, tuple_

from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core.errors import NotFound
from debit_service.core.work import Role, Work
from debit_service.penalties.fault.asking import Askable, whom_to_ask
from debit_service.penalties.fault.values import Party
from debit_service.penalties.models import FaultDecision, FaultFinding

#: Failures that a page shows; the others come up as these are done.
SHOWN_MAX: Final = 50
#: The words of the partial index, so that SQLite finds the few by it.
_HELD = FaultDecision.most_recent & (FaultDecision.effect == literal_column("'HOLD'"))
_STANDS = (FaultFinding.collection_id == FaultDecision.collection_id) & FaultFinding.withdrawn_at.is_(None)


@dataclass(frozen=True, slots=True)
class Held:
    """One failure that waits for a person, or was decided since. `finding` is the one that stands: it may wait for approval."""

    decision: FaultDecision
    collection: Collection
    reference: str
    finding: FaultFinding | None

    @property
    def ask(self) -> tuple[Askable, ...]:
        """Who may know more."""
        argument = self.decision.argument
        return whom_to_ask(Party(self.decision.party), argument["missing"], code_known=argument.get("row") is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show: one fund's, one code's, only what waits for approval; after this collection."""

    fund_id: str | None = None
    code: str | None = None
    waiting: bool = False
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The failures shown, how many the filter lets through from here on, after which the next page begins (None: the last)."""

    shown: tuple[Held, ...]
    count: int
    next: str | None


class Count(NamedTuple):
    """How many failures of a fund with one code are held; `code` is None where the bank gave none."""

    fund_id: str
    code: str | None
    failures: int


def page(work: Work, wanted: Filter, *, at_most: int = SHOWN_MAX) -> Page:
    """The oldest held failures."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    query = _query(_HELD).where(*_conditions(work, wanted))
    count = work.session.scalar(select(func.count()).select_from(query.with_only_columns(FaultDecision.id).subquery()))
    rows = work.session.execute(query.order_by(Collection.failed_on, Collection.id).limit(at_most)).all()
    shown = tuple(Held(*row) for row in rows)
    return Page(shown, count or 0, shown[-1].collection.id if (count or 0) > len(shown) else None)


def decided(work: Work, collection_id: str) -> Held | None:
    """The decision that stands about one failure, whether it is held or was decided since; None where none stands."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    stands = (FaultDecision.collection_id == collection_id) & FaultDecision.most_recent
    row = work.session.execute(_query(stands)).one_or_none()
    return Held(*row) if row else None


def counts(work: Work) -> Sequence[Count]:
    """How much waits, by fund and code."""
    query = (
        select(Collection.fund_id, FaultDecision.reason_code, func.count())
        .join(Collection, Collection.id == FaultDecision.collection_id)
        .where(_HELD)
        .group_by(Collection.fund_id, FaultDecision.reason_code)
        .order_by(Collection.fund_id, func.count().desc(), FaultDecision.reason_code)
    )
    return [Count(*row) for row in work.session.execute(query)]


def findings_about(work: Work, collection_id: str) -> Sequence[FaultFinding]:
    """Everything that persons found about a failure, oldest first, also what was withdrawn."""
    query = select(FaultFinding).where(FaultFinding.collection_id == collection_id)
    return work.session.scalars(query.order_by(FaultFinding.id)).all()


def finding(work: Work, finding_id: str) -> FaultFinding:
    """One finding. Raises NotFound `finding.unknown`."""
    found = work.session.get(FaultFinding, finding_id)
    if found is None:
        raise NotFound("finding.unknown", f"There is no finding {finding_id}.", remedy="See `debit faults list`.")
    return found


def fund_of(work: Work, collection_id: str) -> str:
    """The fund of a collection. Raises NotFound `collection.unknown`."""
    fund_id = work.session.scalar(select(Collection.fund_id).where(Collection.id == collection_id))
    if fund_id is None:
        raise NotFound(
            "collection.unknown", f"There is no collection {collection_id}.", remedy="See `debit faults list`."
        )
    return fund_id


def _query(which: ColumnElement[bool]) -> Select[FaultDecision, Collection, str, FaultFinding]:
    return (
        select(FaultDecision, Collection, Contribution.reference, FaultFinding)
        .join(Collection, Collection.id == FaultDecision.collection_id)
        .join(Contribution, Contribution.id == FaultDecision.contribution_id)
        .outerjoin(FaultFinding, _STANDS)
        .where(which)
    )


def _conditions(work: Work, wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.fund_id:
        found.append(Collection.fund_id == wanted.fund_id)
    if wanted.code:
        found.append(FaultDecision.reason_code == wanted.code)
    if wanted.waiting:
        found.append((FaultFinding.party == Party.EMPLOYER.value) & FaultFinding.approved_at.is_(None))
    last = work.session.get(Collection, wanted.after) if wanted.after else None
    if last is not None and last.failed_on is not None:
        after: tuple[date, str] = last.failed_on, last.id
        found.append(tuple_(Collection.failed_on, Collection.id) > tuple_(*after))
    return found
