"""Read disputes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.errors import NotFound
from debit_service.core.work import Work
from debit_service.disputes import reference as references
from debit_service.disputes.models import Dispute, DisputeDocument, DisputeMessage, DisputeReminder, DisputeTransition
from debit_service.disputes.rules import Answer, SubjectKind, Terms

Stretch = tuple[date, date | None]
#: By when the fund, or the higher body, must have answered what is open.
_due_by = func.coalesce(Dispute.decide_by, Dispute.answer_by)
_about_debit = Dispute.subject_kind == SubjectKind.DEBIT.value


def get(work: Work, dispute_id: str) -> Dispute:
    """A dispute by its id or its reference. Raises NotFound; an employer reaches its own only."""
    wanted = references.read(dispute_id)
    query = select(Dispute).where(Dispute.reference == wanted if wanted else Dispute.id == dispute_id)
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("dispute.unknown", f"There is no dispute {dispute_id}.", place=dispute_id)
    work.actor.require_employer(work.session.get_one(Contribution, found.contribution_id).employer_id)
    return found


def state(work: Work, dispute_id: str) -> str:
    """The state of a dispute now."""
    query = select(DisputeTransition.to_state).where(
        DisputeTransition.subject_id == dispute_id, DisputeTransition.most_recent
    )
    return work.session.scalars(query).one()


def history(work: Work, dispute_id: str) -> Sequence[DisputeTransition]:
    """The life of a dispute, oldest first."""
    query = select(DisputeTransition).where(DisputeTransition.subject_id == dispute_id)
    return work.session.scalars(query.order_by(DisputeTransition.sort_key)).all()


def due(dispute: Dispute) -> date:
    """By when an answer, or on appeal a decision, is owed."""
    return dispute.decide_by or dispute.answer_by


# What disputes mean for debits and penalties.


def stretches(work: Work, contribution_id: str) -> list[Stretch]:
    """The days in dispute of a contribution, whatever of it is contested: (first day, day on which it ended, None while open).

    An appeal is a stretch of its own. Sorted by their first days; they may overlap.
    """
    return stretches_of(work, [contribution_id]).get(contribution_id, [])


def stretches_of(
    work: Work, contribution_ids: Iterable[str], *, without_rejected: bool = False
) -> dict[str, list[Stretch]]:
    """`stretches` of many contributions; those that were never contested are not in it.

    `without_rejected` leaves out the disputes in which the fund's answer stands that the employer was wrong.
    """
    query = select(
        Dispute.contribution_id,
        Dispute.opened_on,
        Dispute.answered_on,
        Dispute.appealed_on,
        Dispute.decided_on,
        Dispute.withdrawn_on,
    ).where(among(work.session, Dispute.contribution_id, contribution_ids))
    if without_rejected:
        query = query.where(Dispute.answer.is_(None) | (Dispute.answer != Answer.REJECTED.value))
    found: dict[str, list[Stretch]] = {}
    for contribution_id, opened_on, answered_on, appealed_on, decided_on, withdrawn_on in work.session.execute(query):
        mine = found.setdefault(contribution_id, [])
        mine.append((opened_on, answered_on or withdrawn_on))
        if appealed_on:
            mine.append((appealed_on, decided_on or withdrawn_on))
    for mine in found.values():
        mine.sort(key=lambda stretch: (stretch[0], stretch[1] or date.max))
    return found


def contested(work: Work, contribution_ids: Iterable[str]) -> set[str]:
    """Those of these contributions about which a dispute, or an appeal, waits for its answer."""
    found = stretches_of(work, contribution_ids)
    return {name for name, days in found.items() if any(last is None for _, last in days)}


def open_for(work: Work, contribution_id: str) -> Dispute | None:
    """The oldest open dispute about a contribution, whatever of it is contested."""
    query = select(Dispute).where(Dispute.contribution_id == contribution_id, Dispute.answer.is_(None))
    return work.session.scalars(query.order_by(Dispute.id).limit(1)).one_or_none()


def open_about(work: Work, kind: SubjectKind, subject_id: str) -> Dispute | None:
    """The open dispute about one debit, reading or penalty."""
    query = select(Dispute).where(
        Dispute.subject_kind == kind.value, Dispute.subject_id == subject_id, Dispute.answer.is_(None)
    )
    return work.session.scalars(query).one_or_none()


def open_among(work: Work, contribution_ids: Iterable[str]) -> set[str]:
    """Those of these contributions about which a dispute is open."""
    mine = among(work.session, Dispute.contribution_id, contribution_ids)
    return set(work.session.scalars(select(Dispute.contribution_id).where(mine, Dispute.answer.is_(None))))


def against_debit(work: Work, contribution_id: str) -> str | None:
    """Why a dispute keeps a contribution from being debited: it is open, or the fund upheld it; None when nothing does.

    Only a dispute about the debit does: whoever contests a penalty, or who is at fault, does not contest what is owed.
    """
    return against_debits(work, [contribution_id]).get(contribution_id)


def against_debits(work: Work, contribution_ids: Iterable[str]) -> dict[str, str]:
    """`against_debit` of many contributions: those that a dispute keeps from being debited, each with the reason."""
    query = select(Dispute.contribution_id, Dispute.answer).where(
        _about_debit,
        Dispute.answer.is_(None) | (Dispute.answer == "upheld"),
        among(work.session, Dispute.contribution_id, contribution_ids),
    )
    answers: dict[str, list[str | None]] = {}
    for contribution_id, answer in work.session.execute(query):
        answers.setdefault(contribution_id, []).append(answer)
    return {one: reason for one, given in answers.items() if (reason := _reason(given))}


def _reason(answers: Sequence[str | None]) -> str | None:
    if None in answers:
        return "the employer contests it: a dispute is open"
    return "a dispute about it was upheld" if "upheld" in answers else None


def of_contribution(work: Work, contribution_id: str) -> Sequence[Dispute]:
    """Every dispute about a contribution, oldest first."""
    query = select(Dispute).where(Dispute.contribution_id == contribution_id).order_by(Dispute.id)
    return work.session.scalars(query).all()


def answer_in_favour(penalty_id: InstrumentedAttribute[str]) -> ScalarSelect[str | None]:
    """The newest answer (its transition) by which the employer was right about a penalty, at least in part; None without one."""
    query = select(func.max(DisputeTransition.id)).join(Dispute, Dispute.id == DisputeTransition.subject_id)
    return (
        query.where(
            Dispute.subject_kind == SubjectKind.PENALTY.value,
            Dispute.subject_id == penalty_id,
            Dispute.answer == "upheld",
            DisputeTransition.to_state.in_(("answered", "decided")),
        )
        .correlate(penalty_id.class_)
        .scalar_subquery()
    )


def upheld_about_penalty(work: Work, penalty_ids: Iterable[str]) -> dict[str, str]:
    """Penalties about which the employer was right, in whole or in part: penalty id -> dispute id. A person acts on it."""
    query = select(Dispute.subject_id, Dispute.id).where(
        Dispute.subject_kind == SubjectKind.PENALTY.value,
        Dispute.answer == "upheld",
        among(work.session, Dispute.subject_id, penalty_ids),
    )
    return {row[0]: row[1] for row in work.session.execute(query.order_by(Dispute.id))}


# The desk.


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which disputes a list shows: `which` is `open`, `late`, `asked`, `appealed` or `all`."""

    which: str = "open"
    fund_id: str | None = None
    assigned_to: str | None = None


WHICH = ("open", "late", "asked", "appealed", "all")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the desk's list."""

    dispute: Dispute
    state: str
    contribution: Contribution


def listed(work: Work, wanted: Wanted, today: Mapping[str, date], *, after: str = "", at_most: int) -> list[Listed]:
    """A page of disputes with their states, the most urgent first, after the dispute with the id `after`.

    `today` is the business date of each fund.
    """
    query = (
        select(Dispute, DisputeTransition.to_state, Contribution)
        .join(Contribution, Contribution.id == Dispute.contribution_id)
        .join(DisputeTransition, and_(DisputeTransition.subject_id == Dispute.id, DisputeTransition.most_recent))
        .where(*_conditions(wanted, today))
        .order_by(_due_by, Dispute.id)
    )
    if (last := work.session.get(Dispute, after)) is not None:
        query = query.where(or_(_due_by > due(last), and_(_due_by == due(last), Dispute.id > last.id)))
    return [Listed(*row) for row in work.session.execute(query.limit(at_most))]


def count(work: Work, wanted: Wanted, today: Mapping[str, date]) -> int:
    """How many disputes `listed` has in all its pages."""
    query = (
        select(func.count())
        .select_from(Dispute)
        .join(DisputeTransition, and_(DisputeTransition.subject_id == Dispute.id, DisputeTransition.most_recent))
        .where(*_conditions(wanted, today))
    )
    return work.session.scalar(query) or 0


def _conditions(wanted: Wanted, today: Mapping[str, date]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.which in ("open", "late"):
        conditions.append(Dispute.answer.is_(None))
    if wanted.which == "late":
        conditions.append(_late(today))
    if wanted.which in ("asked", "appealed"):
        conditions.append(DisputeTransition.to_state == wanted.which)
    if wanted.fund_id:
        conditions.append(Dispute.fund_id == wanted.fund_id)
    if wanted.assigned_to:
        conditions.append(Dispute.assigned_to == wanted.assigned_to)
    return conditions


def _late(today: Mapping[str, date]) -> ColumnElement[bool]:
    """Open, its time running, and past its day by the business date of its fund."""
    past = [and_(Dispute.fund_id == fund_id, _due_by < day) for fund_id, day in today.items()]
    return and_(Dispute.stopped_on.is_(None), or_(*past))


def waiting(work: Work) -> Sequence[Dispute]:
    """Disputes that wait for the fund's answer (not for the employer's reply), the most urgent first."""
    query = select(Dispute).where(Dispute.answer.is_(None), Dispute.stopped_on.is_(None))
    return work.session.scalars(query.order_by(_due_by, Dispute.id)).all()


@dataclass(frozen=True, slots=True)
class Pressing:
    """How many open disputes of a fund people were told of: near their deadline, escalated, past it."""

    near: int
    escalated: int
    late: int


def pressing(work: Work) -> dict[str, Pressing]:
    """By fund, what presses: the highest level that each open dispute has reached under the deadline that it has now."""
    query = (
        select(Dispute.fund_id, Dispute.id, DisputeReminder.kind)
        .join(DisputeReminder, and_(DisputeReminder.dispute_id == Dispute.id, DisputeReminder.due == _due_by))
        .where(Dispute.answer.is_(None), Dispute.stopped_on.is_(None))
    )
    reached: dict[str, dict[str, set[str]]] = {}
    for fund_id, dispute_id, kind in work.session.execute(query):
        reached.setdefault(fund_id, {}).setdefault(dispute_id, set()).add(kind)
    return {fund_id: _pressing(kinds.values()) for fund_id, kinds in reached.items()}


def _pressing(reached: Iterable[set[str]]) -> Pressing:
    levels = [next(kind for kind in ("late", "escalated", "near") if kind in kinds) for kinds in reached]
    return Pressing(levels.count("near"), levels.count("escalated"), levels.count("late"))


# What people wrote.


@dataclass(frozen=True, slots=True)
class Message:
    """A question of the fund, or a reply of the employer, opened."""

    row: DisputeMessage
    text: str


def text(work: Work, dispute: Dispute) -> str:
    """What the employer wrote."""
    return work.keys.open(dispute.text_sealed, f"disputes.text:{dispute.id}")


def answer_text(work: Work, dispute: Dispute) -> str:
    """What the fund answered; empty while it has not."""
    sealed = dispute.answer_text_sealed
    return work.keys.open(sealed, f"disputes.answer_text:{dispute.id}") if sealed else ""


def appeal_text(work: Work, dispute: Dispute) -> str:
    """Why the employer appealed; empty where it did not."""
    sealed = dispute.appeal_text_sealed
    return work.keys.open(sealed, f"disputes.appeal_text:{dispute.id}") if sealed else ""


def decision_text(work: Work, dispute: Dispute) -> str:
    """What was decided on appeal; empty while nothing was."""
    sealed = dispute.decision_text_sealed
    return work.keys.open(sealed, f"disputes.decision_text:{dispute.id}") if sealed else ""


def messages(work: Work, dispute_id: str) -> list[Message]:
    """Questions and replies, oldest first."""
    query = select(DisputeMessage).where(DisputeMessage.dispute_id == dispute_id).order_by(DisputeMessage.number)
    return [
        Message(one, work.keys.open(one.text_sealed, f"dispute_messages.text:{one.id}"))
        for one in work.session.scalars(query)
    ]


def documents(work: Work, dispute_id: str) -> Sequence[DisputeDocument]:
    """The documents of a dispute, oldest first, without their content."""
    query = select(DisputeDocument).where(DisputeDocument.dispute_id == dispute_id).order_by(DisputeDocument.id)
    return work.session.scalars(query).all()


def may_appeal(dispute: Dispute, terms: Terms, today: date) -> bool:
    """Whether the employer may still appeal: something was rejected, and the time has not passed."""
    rejected = dispute.first_answer in (Answer.REJECTED.value, Answer.PARTLY_UPHELD.value)
    in_time = dispute.appeal_by is not None and not terms.is_over(dispute.appeal_by, today)
    return rejected and in_time and dispute.appealed_on is None and dispute.withdrawn_on is None
