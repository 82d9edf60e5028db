"""Which contributions a report is asked for, as the words of an address, and as conditions of a query."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Final, Self

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.employers.models import Registration
from debit_service.penalties.fault.values import Effect
from debit_service.penalties.models import FaultDecision, Penalty, PenaltyTransition
from debit_service.reports.figures import asking
from debit_service.reports.rules import CHARGED, Counted, PenaltyStanding, Standing
from debit_service.reports.standings import counted_in, standings


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. Empty: not asked for. `search` is a whole reference, or an employer's whole number at a fund; `since`
    the first due day; `counted` the total of the first page in which it counts.
    """

    fund: str = ""
    standing: str = ""
    penalty: str = ""
    search: str = ""
    since: str = ""
    counted: str = ""

    @classmethod
    def of(cls, about: Mapping[str, str]) -> Self:
        """From the words of an address. Raises InvalidInput `asked.value` for a standing or a total that there is not, and
        `report.asked` for a day that is none.
        """
        asked = cls(**{one.name: about.get(one.name, "").strip() for one in fields(cls)})
        asking.one_of("standing", asked.standing, [one.value for one in Standing])
        asking.one_of("penalty", asked.penalty, [one.value for one in PenaltyStanding])
        asking.one_of("counted", asked.counted, [one.value for one in Counted])
        asking.day(asked.since, "since")
        return asked

    def about(self) -> dict[str, str]:
        """As the words of an address."""
        return {name: value for name, value in asdict(self).items() if value}

    def is_countable(self) -> bool:
        """Whether an index tells how many there are; where money or a penalty stands, only looking at each does."""
        return not (self.standing or self.penalty or self.counted)


EVERYTHING: Final = Asked()
#: How the penalty stands of what counts in a total of failures.
_PENALTIES_COUNTED: Final[Mapping[str, Iterable[PenaltyStanding]]] = {
    Counted.CHARGED: CHARGED,
    Counted.PROPOSED: (PenaltyStanding.PROPOSED,),
    Counted.HELD: (PenaltyStanding.HELD,),
    Counted.NOT_PENALISED: (PenaltyStanding.NONE,),
}


def conditions(asked: Asked, fund_ids: Iterable[str], employer_id: str | None = None) -> list[ColumnElement[bool]]:
    """The conditions on `Contribution`; with `employer_id` only that employer's. `fund_ids`: the funds that there are."""
    wanted = [
        (asked.fund, Contribution.fund_id == asked.fund),
        (employer_id, Contribution.employer_id == employer_id),
        (asked.search, Contribution.id.in_(_found(asked.search, list(fund_ids)))),
        (asked.since, Contribution.due_date >= (asking.day(asked.since) or date.min)),
    ]
    plain = [condition for given, condition in wanted if given]
    if asked.penalty:
        plain.append(_penalty_is(PenaltyStanding(asked.penalty)))
    if asked.counted in _PENALTIES_COUNTED:
        plain.append(or_(*map(_penalty_is, _PENALTIES_COUNTED[asked.counted])))
        if asked.counted == Counted.NOT_PENALISED:
            plain.append(Contribution.id.in_(_decided()))
    elif asked.counted:
        plain.append(Contribution.id.in_(counted_in(asked.counted, *plain)))
    if asked.standing:
        one = standings(*plain)
        plain.append(Contribution.id.in_(select(one.c.id).where(one.c.standing == asked.standing)))
    return plain


def _decided() -> Select[str]:
    """The ids of contributions about a failure of which a decision stands."""
    query = select(FaultDecision.contribution_id).join(Collection, Collection.id == FaultDecision.collection_id)
    return query.where(FaultDecision.most_recent, Collection.cancelled_why.is_(None))


def _found(text: str, fund_ids: list[str]) -> CompoundSelect[str]:
    # Each by an index of its own, which begins with the fund; one condition for both would use neither.
    here = Contribution.fund_id.in_(fund_ids)
    referred = select(Contribution.id).where(here, Contribution.reference == text)
    registered = (
        select(Contribution.id)
        .join(
            Registration,
            (Registration.employer_id == Contribution.employer_id) & (Registration.fund_id == Contribution.fund_id),
        )
        .where(Registration.fund_id.in_(fund_ids), Registration.number == text)
    )
    return union_all(referred, registered)


def _penalty_is(wanted: PenaltyStanding) -> ColumnElement[bool]:
    """Whether the penalty of a contribution stands like this: `reports.rules.penalised`, as SQL."""
    charged = _state(PenaltyTransition.to_state.in_([one.value for one in CHARGED])).order_by(Penalty.id).limit(1)
    proposed = _state(PenaltyTransition.to_state == PenaltyStanding.PROPOSED.value).limit(1)
    last = _state().order_by(Penalty.id.desc()).limit(1)
    is_held = exists().where(
        FaultDecision.contribution_id == Contribution.id,
        FaultDecision.most_recent,
        FaultDecision.effect == Effect.HOLD.value,
        Collection.id == FaultDecision.collection_id,
        Collection.cancelled_why.is_(None),
    )
    held = case((is_held, PenaltyStanding.HELD.value))
    stands = func.coalesce(_value(charged), held, _value(proposed), _value(last), literal(PenaltyStanding.NONE.value))
    if wanted is PenaltyStanding.NONE:
        return stands == wanted.value
    # Most contributions never had a decision: only those that had are looked at.
    return Contribution.id.in_(select(FaultDecision.contribution_id)) & (stands == wanted.value)


def _state(*which: ColumnElement[bool]) -> Select[str]:
    return (
        select(PenaltyTransition.to_state)
        .join(Penalty, Penalty.id == PenaltyTransition.subject_id)
        .where(Penalty.contribution_id == Contribution.id, PenaltyTransition.most_recent, *which)
    )


def _value(query: Select[str]) -> ScalarSelect[str]:
    return query.correlate(Contribution).scalar_subquery()
