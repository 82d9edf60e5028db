"""Relieve a penalty: grant, approve, undo. The rule says on which grounds and how much; above an amount two persons decide."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.money import format_minor
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.penalties import queries
from debit_service.penalties import relief_queries as reliefs
from debit_service.penalties.life import STANDING, needs_another
from debit_service.penalties.models import Penalty, PenaltyRelief
from debit_service.penalties.service.confirm import locked
from debit_service.penalties.service.settle import settle
from debit_service.penalties.tariff.catalogue import PenaltyRules
from debit_service.penalties.tariff.relief import WHOLE, Ground, Off, entry_for, most_minor, relieved_minor, taken_minor

TEXT_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What is granted: hundredths of a percent of the penalty, or minor units (both: the share, at most the amount); on which
    ground, by which authority's decision of which day, in which document, and why."""

    ground: Ground
    basis_points: int | None = None
    amount_minor: int | None = None
    authority: str
    decided_on: date
    document: str
    why: str


def grant(work: Work, fund: Fund, rules: PenaltyRules, penalty_id: str, granted: Granted) -> PenaltyRelief:
    """Relieve a penalty of `fund`. An approver's relief stands at once, up to the fund's amount for four eyes; another one waits.

    Raises InvalidInput for what cannot be right, Refused `relief.ground` and `relief.too_much` for what the rule does not allow.
    """
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    _check(granted, business_date(work.clock, fund.time_zone))
    penalty = locked(work, penalty_id)
    together = _allowed(work, rules, penalty, granted)
    alone = Role.FINANCE_APPROVER in work.actor.roles and not needs_another(fund.penalties, together)
    now, by = work.now(), work.actor.name
    relief = PenaltyRelief(
        id=work.new_id(),
        penalty_id=penalty.id,
        ground=granted.ground.value,
        authority=granted.authority.strip(),
        decided_on=granted.decided_on,
        document=granted.document.strip(),
        why=granted.why.strip(),
        basis_points=granted.basis_points,
        amount_minor=granted.amount_minor,
        alone_up_to_minor=fund.penalties.four_eyes_above_minor.require() if alone else None,
        four_eyes=not alone,
        granted_at=now,
        granted_by=by,
        approved_at=now if alone else None,
        approved_by=by if alone else None,
    )
    work.session.add(relief)
    work.session.flush()
    _record(work, "penalty.relief_granted", relief, together_minor=together)
    if alone:
        _settle(work, fund, relief)
    return relief


def approve(work: Work, fund: Fund, rules: PenaltyRules, relief_id: str) -> PenaltyRelief:
    """Let a relief that waits stand. Needs an approver who did not grant it; what the rule allows is asked again."""
    work.actor.require(Role.FINANCE_APPROVER)
    penalty, relief = _locked(work, relief_id)
    if relief.approved_at or relief.undone_at:
        raise Refused("relief.decided", "This relief does not wait for an approval.", place=relief_id)
    if relief.granted_by == work.actor.name:
        raise Refused("relief.four_eyes", "Who granted a relief cannot approve it.", remedy="Ask another approver.")
    granted = Granted(
        ground=Ground(relief.ground),
        basis_points=relief.basis_points,
        amount_minor=relief.amount_minor,
        authority=relief.authority,
        decided_on=relief.decided_on,
        document=relief.document,
        why=relief.why,
    )
    _check(granted, business_date(work.clock, fund.time_zone))
    together = _allowed(work, rules, penalty, granted, besides=relief.id)
    relief.approved_at, relief.approved_by = work.now(), work.actor.name
    work.session.flush()
    _record(work, "penalty.relief_approved", relief, together_minor=together)
    _settle(work, fund, relief)
    return relief


def undo(work: Work, fund: Fund, relief_id: str, why: str) -> PenaltyRelief:
    """Take a relief of a penalty of `fund` back; the journal gets what it took. Needs a reason.

    Who granted one that still waits may do it too."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    _, relief = _locked(work, relief_id)
    if not why.strip():
        raise InvalidInput("relief.why", "Say why.", place="why")
    if relief.undone_at:
        raise Refused("relief.decided", "This relief is undone already.", place=relief_id)
    if relief.amnesty_id:
        raise Refused(
            "relief.of_an_amnesty",
            "This relief is part of an amnesty.",
            place=relief_id,
            remedy=f"Undo the amnesty {relief.amnesty_id} as a whole.",
        )
    if relief.approved_at or relief.granted_by != work.actor.name:
        work.actor.require(Role.FINANCE_APPROVER)
    relief.undone_at, relief.undone_by, relief.undone_why = work.now(), work.actor.name, why.strip()
    work.session.flush()
    _record(work, "penalty.relief_undone", relief)
    if relief.approved_at:
        _settle(work, fund, relief)
    return relief


def _check(granted: Granted, today: date) -> None:
    for name in ("authority", "document", "why"):
        text = getattr(granted, name).strip()
        if not text or len(text) > TEXT_LENGTH_MAX:
            raise InvalidInput(f"relief.{name}", f"Needed, at most {TEXT_LENGTH_MAX} characters.", place=name)
    if granted.basis_points is None and granted.amount_minor is None:
        raise InvalidInput("relief.how_much", "Say how much: a percentage, an amount, or both.", place="percent")
    if granted.basis_points is not None and not 1 <= granted.basis_points <= WHOLE:
        raise InvalidInput("relief.percent", "Between 0.01 and 100 percent.", place="percent")
    if granted.amount_minor is not None and granted.amount_minor < 1:
        raise InvalidInput("relief.amount", "An amount above zero.", place="amount")
    if granted.decided_on > today:
        raise InvalidInput("relief.decided_on", "A decision cannot be of a day to come.", place="decided_on")


def _allowed(work: Work, rules: PenaltyRules, penalty: Penalty, granted: Granted, besides: str | None = None) -> int:
    """What everything that is granted, or waits, relieves of the penalty together with this; minor units. Refuses too much."""
    state, amount = queries.state_of(work, penalty.id), queries.amount_of(work, penalty.id)
    if state not in STANDING or not amount:
        raise Refused("relief.state", f"Nothing can be relieved of a penalty that is {state}.", place=penalty.id)
    rule = rules.get(penalty.rule_id, penalty.rule_version)
    if granted.ground is Ground.COMMISSION and entry_for(rule, granted.ground) is None:
        # Nothing but the commission's word stands for it.
        work.actor.require(Role.FINANCE_APPROVER)
    most = most_minor(rule, granted.ground, amount)
    if most is None:
        raise Refused(
            "relief.ground",
            f"The rule {rule.id} {rule.version} knows no relief on this ground.",
            place="ground",
            remedy="See docs/penalty-rules.md; what a law grants to all is an amnesty.",
        )
    others = [one for one in reliefs.of_penalty(work, penalty.id) if one.undone_at is None and one.id != besides]
    this = Off(granted.basis_points, granted.amount_minor)
    same = sum(taken_minor(amount, one) for one in others if one.ground == granted.ground.value)
    if same + taken_minor(amount, this) > most:
        raise Refused(
            "relief.too_much",
            f"On this ground the rule lets {format_minor(most, penalty.currency)} be relieved at most, "
            f"and {format_minor(same, penalty.currency)} of it are granted.",
            place="percent",
        )
    return relieved_minor(amount, [*others, this])


def _locked(work: Work, relief_id: str) -> tuple[Penalty, PenaltyRelief]:
    """A relief and its penalty, locked: the penalty first, as everybody does. Raises NotFound `relief.unknown`."""
    penalty = locked(work, reliefs.penalty_of(work, relief_id).id)
    relief = work.session.get_one(PenaltyRelief, relief_id)
    work.session.refresh(relief, with_for_update=True)
    return penalty, relief


def _record(work: Work, action: str, relief: PenaltyRelief, **more: object) -> None:
    audit.record(
        work,
        action,
        relief.penalty_id,
        relief=relief.id,
        ground=relief.ground,
        basis_points=relief.basis_points,
        amount_minor=relief.amount_minor,
        **more,
    )
    events.publish(work, action, relief.penalty_id, relief=relief.id, ground=relief.ground)


def _settle(work: Work, fund: Fund, relief: PenaltyRelief) -> None:
    today, evidence = business_date(work.clock, fund.time_zone), {"relief": relief.id, "document": relief.document}
    settle(work, [relief.penalty_id], today, "penalty.relieved", relief.why, evidence)
