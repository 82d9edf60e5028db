"""A person decides: adopt a proposal, or withdraw a penalty, with a reason."""

from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.penalties import queries
from debit_service.penalties.models import Penalty
from debit_service.penalties.service import lifecycle


def adopt(work: Work, penalty_id: str, why: str) -> Penalty:
    """Charge a proposed penalty. Needs an approver, a reason that is kept, and a decision that still says it is the employer."""
    return _decide(work, penalty_id, "charged", why)


def withdraw(work: Work, penalty_id: str, why: str) -> Penalty:
    """Take a penalty back. Needs an approver, and a reason that is kept."""
    return _decide(work, penalty_id, "withdrawn", why)


def _decide(work: Work, penalty_id: str, to_state: str, why: str) -> Penalty:
    work.actor.require(Role.FINANCE_APPROVER)
    penalty = work.session.get(Penalty, penalty_id, with_for_update=True)
    if penalty is None:
        raise NotFound("penalty.unknown", f"There is no penalty {penalty_id}.", remedy="See `debit penalties list`.")
    if not why.strip():
        raise InvalidInput("penalty.why", "Say why.", place="why")
    if to_state == "charged" and disputes.open_for(work, penalty.contribution_id):
        raise Refused("penalty.disputed", "The employer contests it; answer the dispute first.", place=penalty_id)
    if to_state == "charged" and not queries.grounds_of(work, penalty.contribution_id):
        raise Refused(
            "penalty.no_ground",
            "No decision that stands attributes the failure to the employer.",
            place=penalty_id,
            remedy="See `debit penalties explain`.",
        )
    lifecycle.change(work, penalty, to_state, why, {lifecycle.PERSON: work.actor.name})
    return penalty
