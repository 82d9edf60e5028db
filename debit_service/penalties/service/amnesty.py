"""Amnesties: a law relieves the penalties of a fund for a range of periods.

One person draws up the list, which says what it comes to before anything is done (`draw`), and freezes it (`prepare`); another
approves its hash; then it is carried out by chunks, each a transaction of its own, and taken back the same way when undone. A
process that dies in between loses nothing: what is done is known by its relief, of which a penalty has at most one an amnesty.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Select, false, select, update

from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.bulk import among, insert_rows
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.funds.profile import Fund
from debit_service.penalties import queries
from debit_service.penalties import relief_queries as reliefs
from debit_service.penalties.life import STANDING
from debit_service.penalties.models import Amnesty, AmnestyCase, Penalty, PenaltyRelief, PenaltyTransition
from debit_service.penalties.service.relieve import TEXT_LENGTH_MAX
from debit_service.penalties.service.settle import locked_each, settle
from debit_service.penalties.tariff.relief import WHOLE, Ground, Off, relieved_minor

#: Penalties that are relieved in one transaction.
CHUNK: Final = 5_000
_TURN: Final = "amnesty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an amnesty says: the periods, the states that it covers, how much of each penalty (at most so much), under which law
    of which day, and whether penalties that arise later for these periods are covered too."""

    first_period: str
    last_period: str
    states: tuple[str, ...]
    basis_points: int
    at_most_minor: int | None = None
    covers_later: bool
    law: str
    decided_on: date
    why: str


@dataclass(frozen=True, slots=True)
class Case:
    """A penalty on the list: what it is, and what the amnesty takes off it, minor units."""

    penalty_id: str
    reference: str
    period: str
    state: str
    amount_minor: int
    relieved_minor: int


@dataclass(frozen=True, slots=True)
class Total:
    """What the list comes to, for a period and a state; minor units."""

    period: str
    state: str
    count: int
    amount_minor: int
    relieved_minor: int


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What carrying out did: penalties relieved, left alone because they no longer stand, and reliefs taken back."""

    relieved: int = 0
    left_alone: int = 0
    taken_back: int = 0


def draw(work: Work, fund: Fund, terms: Terms) -> Iterator[Case]:
    """The list as it is now, by penalty: every one that fits the terms and of which something would be relieved. Changes nothing.

    Raises InvalidInput for terms that cannot be right.
    """
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    _check(terms, business_date(work.clock, fund.time_zone))
    return _cases(work, _fitting(fund.id, terms), Off(terms.basis_points, terms.at_most_minor))


def totals(cases: Iterable[Case]) -> list[Total]:
    """What a list comes to, by period and state."""
    sums: dict[tuple[str, str], list[int]] = {}
    for one in cases:
        row = sums.setdefault((one.period, one.state), [0, 0, 0])
        for place, more in enumerate((1, one.amount_minor, one.relieved_minor)):
            row[place] += more
    return [Total(period, state, *row) for (period, state), row in sorted(sums.items())]


def prepare(work: Work, fund: Fund, terms: Terms) -> Amnesty:
    """Freeze the list; another person approves it. Raises Refused `amnesty.empty` when nothing is on it, now or later."""
    cases = list(draw(work, fund, terms))
    if not cases and not terms.covers_later:
        raise Refused("amnesty.empty", "No penalty fits these terms.", remedy="Check periods and states.")
    summed = [asdict(one) for one in totals(cases)]
    amnesty = Amnesty(
        id=work.new_id(),
        fund_id=fund.id,
        currency=fund.currency,
        **asdict(terms) | {"states": list(terms.states), "law": terms.law.strip(), "why": terms.why.strip()},
        totals=summed,
        sha256="",
        prepared_at=work.now(),
        prepared_by=work.actor.name,
    )
    frozen = [(one.penalty_id, one.state, one.amount_minor, one.relieved_minor) for one in cases]
    amnesty.sha256 = _hash(amnesty, frozen)
    work.session.add(amnesty)
    work.session.flush()
    columns = ("amnesty_id", "penalty_id", "state", "amount_minor", "relieved_minor")
    insert_rows(work.session, AmnestyCase, columns, ((amnesty.id, *row) for row in frozen))
    audit.record(work, "amnesty.prepared", amnesty.id, **_told(amnesty))
    return amnesty


def approve(work: Work, amnesty_id: str, digest: str) -> Amnesty:
    """Approve the list that the approver was shown, named by its hash. Needs an approver who did not prepare it."""
    work.actor.require(Role.FINANCE_APPROVER)
    amnesty = get(work, amnesty_id, lock=True)
    if amnesty.approved_at or amnesty.undone_at:
        raise Refused("amnesty.decided", "This amnesty does not wait for an approval.", place=amnesty_id)
    if amnesty.prepared_by == work.actor.name:
        raise Refused("amnesty.four_eyes", "Who prepared it cannot approve it.", remedy="Ask another approver.")
    rows = select(AmnestyCase.penalty_id, AmnestyCase.state, AmnestyCase.amount_minor, AmnestyCase.relieved_minor)
    frozen = work.session.execute(
        rows.where(AmnestyCase.amnesty_id == amnesty_id)
        .order_by(AmnestyCase.penalty_id)
        .execution_options(yield_per=CHUNK)
    )
    if digest != amnesty.sha256 or _hash(amnesty, map(tuple, frozen)) != amnesty.sha256:
        raise Refused(
            "amnesty.changed",
            "This is not the list that was prepared.",
            place=amnesty_id,
            remedy="Look at the list again; if it is not what you were shown, undo it and prepare another.",
        )
    amnesty.approved_at, amnesty.approved_by = work.now(), work.actor.name
    work.session.flush()
    audit.record(work, "amnesty.approved", amnesty.id, **_told(amnesty))
    events.publish(work, "amnesty.approved", amnesty.id, fund=amnesty.fund_id)
    return amnesty


def undo(work: Work, amnesty_id: str, why: str) -> Amnesty:
    """Take an amnesty back; who prepared one that still waits may do it too. `carry_out` then takes back what was relieved."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    amnesty = get(work, amnesty_id, lock=True)
    if not why.strip():
        raise InvalidInput("amnesty.why", "Say why.", place="why")
    if amnesty.undone_at:
        raise Refused("amnesty.decided", "This amnesty is undone already.", place=amnesty_id)
    if amnesty.approved_at or amnesty.prepared_by != work.actor.name:
        work.actor.require(Role.FINANCE_APPROVER)
    amnesty.undone_at, amnesty.undone_by, amnesty.undone_why = work.now(), work.actor.name, why.strip()
    work.session.flush()
    audit.record(work, "amnesty.undone", amnesty.id)
    events.publish(work, "amnesty.undone", amnesty.id, fund=amnesty.fund_id)
    return amnesty


def carry_out(desk: Desk, actor: Actor, fund: Fund, amnesty_id: str, chunk: int = CHUNK) -> CarriedOut:
    """Relieve what is on an approved list of `fund`, or take back what an undone amnesty relieved: as far as it is not done yet.

    Where the amnesty covers what arises later, that too. Safe to repeat, also after a crash. Raises Refused
    `amnesty.not_approved`.
    """
    done, today = CarriedOut(), business_date(desk.clock, fund.time_zone)
    with desk.database.alone(_TURN):
        with desk.work(actor) as work:
            work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
            amnesty = get(work, amnesty_id)
            if not amnesty.approved_at:
                raise Refused("amnesty.not_approved", "Nobody has approved this amnesty.", place=amnesty_id)
            undone = amnesty.undone_at is not None
            waiting = _to_take_back(work, amnesty) if undone else _to_relieve(work, amnesty)
        for start in range(0, len(waiting), chunk):
            ids = waiting[start : start + chunk]
            with desk.work(actor) as work:
                amnesty = get(work, amnesty_id, lock=True)
                if undone:
                    done = CarriedOut(taken_back=done.taken_back + _take_back(work, amnesty, ids, today))
                    continue
                if amnesty.undone_at:
                    break
                relieved = _relieve(work, amnesty, ids, today)
                done = CarriedOut(done.relieved + relieved, done.left_alone + len(ids) - relieved)
        with desk.work(actor) as work:
            _end(work, get(work, amnesty_id, lock=True), done, undone=undone)
    return done


def unfinished(work: Work, fund_id: str, *, later: bool) -> list[str]:
    """The amnesties of a fund that `carry_out` may have something to do for: approved and not ended, undone and not taken back.

    With `later` also those that cover what arises later.
    """
    open_ended = Amnesty.covers_later if later else false()
    begun = Amnesty.undone_at.is_(None) & (Amnesty.carried_out_at.is_(None) | open_ended)
    ending = Amnesty.undone_at.is_not(None) & Amnesty.taken_back_at.is_(None)
    query = select(Amnesty.id).where(Amnesty.fund_id == fund_id, Amnesty.approved_at.is_not(None), begun | ending)
    return list(work.session.scalars(query.order_by(Amnesty.id)))


def state_of(amnesty: Amnesty) -> str:
    """Where an amnesty stands: prepared, dropped, approved, carried_out, undone, taken_back."""
    if amnesty.undone_at:
        if not amnesty.approved_at:
            return "dropped"
        return "taken_back" if amnesty.taken_back_at else "undone"
    if amnesty.carried_out_at:
        return "carried_out"
    return "approved" if amnesty.approved_at else "prepared"


def get(work: Work, amnesty_id: str, *, lock: bool = False) -> Amnesty:
    """An amnesty. Raises NotFound `amnesty.unknown`."""
    # Reliefs may name it meanwhile: whoever carries them over to another penalty does not wait.
    found = work.session.get(Amnesty, amnesty_id, with_for_update={"key_share": True} if lock else None)
    if found is None:
        raise NotFound("amnesty.unknown", "There is no such amnesty.", remedy="See `debit penalties amnesty list`.")
    return found


def _check(terms: Terms, today: date) -> None:
    if not terms.first_period.strip() or terms.first_period > terms.last_period:
        raise InvalidInput("amnesty.periods", "The first period comes after the last.", place="first_period")
    if not terms.states or not set(terms.states) <= set(STANDING):
        raise InvalidInput("amnesty.states", f"Choose among {', '.join(STANDING)}.", place="states")
    if not 1 <= terms.basis_points <= WHOLE:
        raise InvalidInput("amnesty.percent", "Between 0.01 and 100 percent.", place="percent")
    if terms.at_most_minor is not None and terms.at_most_minor < 1:
        raise InvalidInput("amnesty.at_most", "An amount above zero.", place="at_most")
    for name in ("law", "why"):
        text = getattr(terms, name).strip()
        if not text or len(text) > TEXT_LENGTH_MAX:
            raise InvalidInput(f"amnesty.{name}", f"Needed, at most {TEXT_LENGTH_MAX} characters.", place=name)
    if terms.decided_on > today:
        raise InvalidInput("amnesty.decided_on", "A law cannot be of a day to come.", place="decided_on")


def _fitting(fund_id: str, terms: Terms | Amnesty) -> Select[str, str, str, str]:
    """The penalties that fit the terms: id, reference of the contribution, period, state."""
    return _standing(fund_id, terms).where(PenaltyTransition.to_state.in_(terms.states))


def _standing(fund_id: str, terms: Terms | Amnesty) -> Select[str, str, str, str]:
    """The penalties of the periods that stand, in whatever state."""
    return (
        select(Penalty.id, Contribution.reference, Contribution.period, PenaltyTransition.to_state)
        .join(Contribution, Contribution.id == Penalty.contribution_id)
        .join(PenaltyTransition, (PenaltyTransition.subject_id == Penalty.id) & PenaltyTransition.most_recent)
        .where(
            Penalty.fund_id == fund_id,
            Contribution.period.between(terms.first_period, terms.last_period),
            PenaltyTransition.to_state.in_(STANDING),
        )
        .order_by(Penalty.id)
    )


def _cases(work: Work, query: Select[str, str, str, str], off: Off) -> Iterator[Case]:
    rows = work.session.execute(query.execution_options(yield_per=CHUNK))
    for part in rows.partitions():
        ids = [row[0] for row in part]
        money, granted = queries.money_of_each(work, ids), reliefs.standing_of_each(work, ids)
        for row in part:
            amount = money[row[0]].computed_minor
            before = granted.get(row[0], [])
            more = relieved_minor(amount, [*before, off]) - relieved_minor(amount, before)
            if more:
                yield Case(*row, amount, more)


def _hash(amnesty: Amnesty, frozen: Iterable[tuple[Any, ...]]) -> str:
    """SHA-256 over the terms and totals, then a line for each penalty: its id, state, amount, and what is relieved of it."""
    digest = sha256(json.dumps(_terms(amnesty), sort_keys=True).encode())
    for row in frozen:
        digest.update(("\n" + ",".join(map(str, row))).encode())
    return digest.hexdigest()


def _terms(amnesty: Amnesty) -> dict[str, Any]:
    return {
        "fund": amnesty.fund_id,
        "periods": [amnesty.first_period, amnesty.last_period],
        "states": amnesty.states,
        "basis_points": amnesty.basis_points,
        "at_most_minor": amnesty.at_most_minor,
        "covers_later": amnesty.covers_later,
        "law": amnesty.law,
        "decided_on": amnesty.decided_on.isoformat(),
        "totals": amnesty.totals,
    }


def _told(amnesty: Amnesty) -> dict[str, Any]:
    count, relieved = (sum(one[key] for one in amnesty.totals) for key in ("count", "relieved_minor"))
    told = {key: value for key, value in _terms(amnesty).items() if key != "totals"}
    return told | {"sha256": amnesty.sha256, "count": count, "relieved_minor": relieved}


def _to_relieve(work: Work, amnesty: Amnesty) -> list[str]:
    """The penalties of the list that this amnesty has not relieved yet, and where it covers them, those that came since."""
    relieved = select(PenaltyRelief.penalty_id).where(PenaltyRelief.amnesty_id == amnesty.id)
    listed = select(AmnestyCase.penalty_id).where(AmnestyCase.amnesty_id == amnesty.id)
    wanted = [] if amnesty.carried_out_at else list(work.session.scalars(listed.except_(relieved)))
    if amnesty.covers_later:
        fitting = _fitting(amnesty.fund_id, amnesty).with_only_columns(Penalty.id).order_by(None)
        wanted += work.session.scalars(fitting.where(Penalty.id.not_in(relieved)))
    return sorted(set(wanted))


def _relieve(work: Work, amnesty: Amnesty, ids: Sequence[str], today: date) -> int:
    """Relieve those of `ids` that still stand: what is listed in whatever state it is now, what came later by the terms."""
    locked_each(work, ids)
    listed = select(AmnestyCase.penalty_id).where(AmnestyCase.amnesty_id == amnesty.id)
    covered = Penalty.id.in_(listed) | PenaltyTransition.to_state.in_(amnesty.states)
    fitting = _standing(amnesty.fund_id, amnesty).where(covered, among(work.session, Penalty.id, ids))
    cases = list(_cases(work, fitting, Off(amnesty.basis_points, amnesty.at_most_minor)))
    if not cases:
        return 0
    columns = (
        *("id", "penalty_id", "amnesty_id", "ground", "authority", "decided_on", "document", "why", "basis_points"),
        *("amount_minor", "four_eyes", "granted_at", "granted_by", "approved_at", "approved_by"),
    )
    law = (amnesty.law, amnesty.decided_on, amnesty.law, amnesty.why, amnesty.basis_points, amnesty.at_most_minor)
    people = (True, work.now(), amnesty.prepared_by, amnesty.approved_at, amnesty.approved_by)
    relief_ids = work.new_ids(len(cases))
    insert_rows(
        work.session,
        PenaltyRelief,
        columns,
        (
            (relief_id, one.penalty_id, amnesty.id, Ground.AMNESTY.value, *law, *people)
            for relief_id, one in zip(relief_ids, cases, strict=True)
        ),
    )
    told = [(one.penalty_id, {"amnesty": amnesty.id, "relieved_minor": one.relieved_minor}) for one in cases]
    audit.record_all(work, "penalty.relieved", told)
    relieved = [one.penalty_id for one in cases]
    settle(work, relieved, today, "penalty.relieved", amnesty.law, {"amnesty": amnesty.id})
    return len(cases)


def _to_take_back(work: Work, amnesty: Amnesty) -> list[str]:
    mine = (PenaltyRelief.amnesty_id == amnesty.id) & PenaltyRelief.undone_at.is_(None)
    return list(work.session.scalars(select(PenaltyRelief.penalty_id).where(mine).order_by(PenaltyRelief.penalty_id)))


def _take_back(work: Work, amnesty: Amnesty, penalties: Sequence[str], today: date) -> int:
    locked_each(work, penalties)
    mine = (PenaltyRelief.amnesty_id == amnesty.id) & PenaltyRelief.undone_at.is_(None)
    work.session.execute(
        update(PenaltyRelief)
        .where(mine, among(work.session, PenaltyRelief.penalty_id, penalties))
        .values(undone_at=amnesty.undone_at, undone_by=amnesty.undone_by, undone_why=amnesty.undone_why)
        .execution_options(synchronize_session=False)
    )
    audit.record_all(work, "penalty.relief_undone", [(one, {"amnesty": amnesty.id}) for one in penalties])
    settle(work, penalties, today, "penalty.relief_undone", amnesty.undone_why or "", {"amnesty": amnesty.id})
    return len(penalties)


def _end(work: Work, amnesty: Amnesty, done: CarriedOut, *, undone: bool) -> None:
    """Write down that all of it is done, once."""
    if undone:
        amnesty.taken_back_at = work.now()
    elif amnesty.undone_at or amnesty.carried_out_at:
        return
    else:
        amnesty.carried_out_at = work.now()
    audit.record(work, "amnesty.taken_back" if undone else "amnesty.carried_out", amnesty.id, **asdict(done))
