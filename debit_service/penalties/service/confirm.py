"""A person decides: confirm a penalty, or what was added to it, or many together; or take one back. Each with a reason."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from sqlalchemy import select

from debit_service.core import audit, events
from debit_service.core.bulk import among
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError, InvalidInput, NotFound, Refused
from debit_service.core.money import format_minor
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.funds.profile import Fund
from debit_service.penalties import queries, waiting
from debit_service.penalties.life import ASKED, STANDING, needs_another
from debit_service.penalties.models import Penalty
from debit_service.penalties.service import lifecycle
from debit_service.penalties.service.assess import bring_about
from debit_service.penalties.service.decide import Bench


def confirm(work: Work, bench: Bench, penalty_id: str, why: str, *, seen_minor: int) -> str:
    """Ask the employer for a penalty that is proposed or reversed, for what was added to it, or still for it although the
    employer was right about it in a dispute; returns its state.

    Its failures are judged anew first, by what is known now. Needs an approver, a reason, and a decision that still says it is
    the employer. `seen_minor` is what the approver saw that it comes to (`Money.whole_minor`). Above the fund's
    `penalties.four_eyes_above_minor` a first approver's agreement only waits for another one's; it is void for another amount.

    Raises InvalidInput for no reason; Refused `penalty.disputed`, `penalty.no_ground`, `penalty.nothing_to_confirm`,
    `penalty.changed` for another amount than was seen, `penalty.four_eyes`.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    bring_about(work, bench, [queries.get(work, penalty_id).contribution_id])
    penalty = _decidable(work, penalty_id, why)
    _check(work, bench.fund, penalty, seen_minor)
    _carry_out(work, bench, penalty, seen_minor, why)
    return str(queries.state_of(work, penalty.id))


#: Penalties that are confirmed in one transaction: others wait for the log meanwhile.
CONFIRMED_AT_A_TIME: Final = 100


@dataclass(frozen=True, slots=True)
class ConfirmedMany:
    """What became of penalties that were to be confirmed together, by id. `agreed`: another approver must agree as well."""

    confirmed: list[str] = field(default_factory=list)
    agreed: list[str] = field(default_factory=list)
    refused: dict[str, DebitError] = field(default_factory=dict)

    def __add__(self, other: Self) -> "ConfirmedMany":
        return ConfirmedMany(self.confirmed + other.confirmed, self.agreed + other.agreed, self.refused | other.refused)


def confirm_many(work: Work, bench: Bench, seen: Mapping[str, int], why: str) -> ConfirmedMany:
    """Confirm these penalties of the bench's fund (penalty -> what it was seen to come to) for one reason, as `confirm` does.

    One that `confirm` would refuse is left as it is and named, the others go through; so is one about which something is open
    (`waiting.questions`): that is looked at by itself. Raises InvalidInput for no reason.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    _check_why(why)
    mine = select(Penalty).where(among(work.session, Penalty.id, seen), Penalty.fund_id == bench.fund.id)
    found = {one.id: one for one in work.session.scalars(mine.order_by(Penalty.id))}
    done = ConfirmedMany(refused={one: _unknown(one) for one in seen if one not in found})
    contribution_of = {one.id: one.contribution_id for one in found.values()}
    bring_about(work, bench, list(dict.fromkeys(contribution_of.values())))
    open_about = waiting.questions(work, contribution_of)
    for penalty in found.values():
        try:
            _check_no_question(penalty, open_about)
            _check(work, bench.fund, penalty, seen[penalty.id])
        except Refused as error:
            done.refused[penalty.id] = error
            continue
        carried_out = _carry_out(work, bench, penalty, seen[penalty.id], why)
        (done.confirmed if carried_out else done.agreed).append(penalty.id)
    return done


def reverse(work: Work, fund: Fund, penalty_id: str, why: str) -> Penalty:
    """Take a penalty of the fund back. Needs an approver, and a reason that is kept; what was paid for it is then owed back.

    Above `penalties.four_eyes_above_minor` the first approver's agreement only waits for another one's, as to confirm it does.
    """
    penalty = _decidable(work, penalty_id, why)
    if queries.state_of(work, penalty.id) not in (*STANDING, "waived"):
        raise Refused("penalty.reversed", "This penalty is taken back already.", place=penalty.id)
    if by := _people(work, fund, penalty, queries.money_of(work, penalty.id).whole_minor, "reverse", why):
        _heed(work, penalty)
        today = business_date(work.clock, fund.time_zone)
        lifecycle.change(work, penalty, "reversed", why, today, {lifecycle.PERSON: by})
    return penalty


def locked(work: Work, penalty_id: str) -> Penalty:
    """One penalty; its row is locked until the transaction ends (PostgreSQL). Raises NotFound."""
    penalty = work.session.get(Penalty, penalty_id, with_for_update=True)
    if penalty is None:
        raise _unknown(penalty_id)
    return penalty


def _unknown(penalty_id: str) -> NotFound:
    return NotFound("penalty.unknown", f"There is no penalty {penalty_id}.", remedy="See `debit penalties list`.")


def _decidable(work: Work, penalty_id: str, why: str) -> Penalty:
    work.actor.require(Role.FINANCE_APPROVER)
    penalty = locked(work, penalty_id)
    _check_why(why)
    return penalty


def _check_why(why: str) -> None:
    if not why.strip():
        raise InvalidInput("penalty.why", "Say why.", place="why")


def _check_no_question(penalty: Penalty, open_about: Mapping[str, str]) -> None:
    if penalty.id in open_about:
        raise Refused(
            "penalty.question",
            f"Something is open about it: {waiting.QUESTIONS[open_about[penalty.id]]}.",
            place=penalty.id,
            remedy="Look at it by itself.",
        )


def _check(work: Work, fund: Fund, penalty: Penalty, seen_minor: int) -> None:
    """Refuse, before anything is written, what this person cannot confirm now."""
    _check_confirmable(work, penalty)
    _check_seen(penalty, queries.money_of(work, penalty.id).whole_minor, seen_minor)
    if needs_another(fund.penalties, seen_minor):
        _check_another(work, penalty, seen_minor, "confirm")


def _carry_out(work: Work, bench: Bench, penalty: Penalty, asked_minor: int, why: str) -> bool:
    """Confirm what was checked; False when that was the first of two agreements."""
    if not (by := _people(work, bench.fund, penalty, asked_minor, "confirm", why)):
        return False
    _heed(work, penalty)
    if queries.state_of(work, penalty.id) in ASKED:
        lifecycle.grow(work, penalty, why, bench.today, by)
    else:
        lifecycle.change(work, penalty, "confirmed", why, bench.today, {lifecycle.PERSON: by})
    return True


def _check_confirmable(work: Work, penalty: Penalty) -> None:
    if any(ended_on is None for _, ended_on in disputes.stretches(work, penalty.contribution_id)):
        raise Refused("penalty.disputed", "The employer contests it; answer the dispute first.", place=penalty.id)
    if not queries.grounds_of(work, penalty.contribution_id):
        raise Refused(
            "penalty.no_ground",
            "No decision that stands attributes the failure to the employer.",
            place=penalty.id,
            remedy="See `debit penalties explain`.",
        )
    state, money = queries.state_of(work, penalty.id), queries.money_of(work, penalty.id)
    # Judged anew a moment ago: what has fallen by itself and were due again would be proposed.
    fell = lifecycle.newest(work, penalty.id, "reversed") if state == "reversed" else None
    fallen = fell is not None and not lifecycle.reversed_by_a_person(fell)
    waits = money.waiting_minor or queries.unheeded(work, [penalty.id])
    if state == "waived" or fallen or not waits:
        raise Refused("penalty.nothing_to_confirm", "Nothing of this penalty waits for a person.", place=penalty.id)


def _check_seen(penalty: Penalty, asked_minor: int, seen_minor: int) -> None:
    if asked_minor != seen_minor:
        raise Refused(
            "penalty.changed",
            f"It now comes to {format_minor(asked_minor, penalty.currency)} {penalty.currency}, not to what was seen.",
            place=penalty.id,
            remedy="Look at it again, and confirm this amount.",
        )


def _heed(work: Work, penalty: Penalty) -> None:
    """Keep that an approver decided about the penalty after the newest answer in the employer's favour."""
    answer = disputes.answer_in_favour(Penalty.id)
    penalty.heeded = work.session.scalar(select(answer).select_from(Penalty).where(Penalty.id == penalty.id))


def _people(work: Work, fund: Fund, penalty: Penalty, asked_minor: int, to: str, why: str) -> str | None:
    """Who decides to confirm or to reverse it; None while another one must agree as well."""
    if needs_another(fund.penalties, asked_minor) and not _agreed(work, penalty, asked_minor, to, why):
        return None
    first = penalty.agreed_by if penalty.agreed_to == to else None
    penalty.agreed_by = penalty.agreed_minor = penalty.agreed_to = None
    return ", ".join(one for one in (first, work.actor.name) if one)


def _agreed(work: Work, penalty: Penalty, asked_minor: int, to: str, why: str) -> bool:
    """Whether another person has agreed to this, for this amount; if not, this one does now."""
    _check_another(work, penalty, asked_minor, to)
    if _agreement(penalty) == (to, asked_minor):
        return True
    penalty.agreed_by, penalty.agreed_minor, penalty.agreed_to = work.actor.name, asked_minor, to
    told = {"contribution": penalty.contribution_id, "amount_minor": asked_minor, "to": to}
    # The reason stands in no row of its own, and what people write may name somebody: the log is never rewritten.
    sealed = b64encode(work.keys.seal(why, f"audit_entries.why:{penalty.id}")).decode()
    audit.record(work, "penalty.agreed", penalty.id, **told, why_sealed=sealed)
    events.publish(work, "penalty.agreed", penalty.id, **told)
    return False


def _check_another(work: Work, penalty: Penalty, asked_minor: int, to: str) -> None:
    if _agreement(penalty) == (to, asked_minor) and penalty.agreed_by == work.actor.name:
        raise Refused(
            "penalty.four_eyes",
            "Who agreed to a penalty cannot be the second one to agree.",
            place=penalty.id,
            remedy="Have another approver look at it.",
        )


def _agreement(penalty: Penalty) -> tuple[str | None, int | None]:
    return penalty.agreed_to, penalty.agreed_minor
