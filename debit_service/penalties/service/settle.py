"""Settle many penalties at once after their reliefs or what was told of them changed: state and journal as all of it says.

What `lifecycle.post` does for one penalty, in a fixed number of queries for any number of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import select, update

from debit_service.core import audit, events
from debit_service.core.bulk import among, insert_rows
from debit_service.core.work import Work
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import account
from debit_service.ledger.service import Posting
from debit_service.penalties import notice_queries, queries
from debit_service.penalties import relief_queries as reliefs
from debit_service.penalties.life import ASKED, MACHINE, STANDING, Money, is_untold, positions, state_by_money
from debit_service.penalties.models import Penalty, PenaltyTransition
from debit_service.penalties.tariff.relief import relieved_minor

_COLUMNS: Final = (
    *("id", "subject_id", "sort_key", "from_state", "to_state", "most_recent", "who", "why", "evidence", "at"),
)


class _Standing(NamedTuple):
    """Where a penalty stands: its newest transition."""

    transition_id: str
    sort_key: int
    came_from: str | None
    state: str


def settle(work: Work, penalty_ids: Iterable[str], on: date, cause: str, why: str, evidence: dict[str, Any]) -> int:
    """Settle these penalties, of which something has changed for the reason `why`; returns how many moved to another state.

    `on` is the fund's business date.

    What is relieved of everything, and claims no fee of the bank, is waived; what is not any more goes back to what it was.
    """
    penalties = locked_each(work, penalty_ids)
    ids = list(penalties)
    money, standing = queries.money_of_each(work, ids), _standing_of_each(work, ids)
    granted, said = reliefs.standing_of_each(work, ids), notice_queries.said_of_each(work, ids)
    ledger.bring_each(
        work,
        [
            Posting(
                one.id,
                {account(kind, one.fund_id): minor for kind, minor in positions(money[one.id]).items()},
                one.currency,
                on,
                cause,
                evidence,
            )
            for one in penalties.values()
        ],
    )
    moved = {}
    for one in ids:
        computed = money[one].computed_minor
        left = computed - relieved_minor(computed, granted.get(one, ()))
        path = list(_path(standing[one], money[one], left, said[one].told_minor))
        if path:
            moved[one] = path
        known = said[one].asked_anew() if "proposed" in path else said[one]
        penalties[one].untold = is_untold(path[-1] if path else standing[one].state, money[one], known)
    _move(work, moved, standing, why, evidence)
    _tell(work, penalties, moved, money)
    return len(moved)


def locked_each(work: Work, penalty_ids: Iterable[str]) -> dict[str, Penalty]:
    """Penalties by id, their rows locked until the transaction ends (PostgreSQL); an id of something else is left out.

    Whoever changes penalties locks them first, in the order of their ids, and only then writes to audit log and feed, where
    everybody waits for everybody: two who do so cannot wait for each other.
    """
    mine = among(work.session, Penalty.id, penalty_ids)
    query = select(Penalty).where(mine).order_by(Penalty.id).with_for_update()
    return {one.id: one for one in work.session.scalars(query)}


def _standing_of_each(work: Work, ids: Sequence[str]) -> dict[str, _Standing]:
    newest = PenaltyTransition
    query = select(newest.subject_id, newest.id, newest.sort_key, newest.from_state, newest.to_state)
    rows = work.session.execute(query.where(among(work.session, newest.subject_id, ids), newest.most_recent))
    return {row.subject_id: _Standing(row.id, row.sort_key, row.from_state, row.to_state) for row in rows}


def _path(standing: _Standing, money: Money, left_minor: int, told_minor: int | None) -> Iterator[str]:
    """The states through which a penalty goes from where it stands; `left_minor` is what reliefs leave of it."""
    state = standing.state
    if state in STANDING and money.computed_minor and not left_minor and not money.fees_computed_minor:
        yield "waived"
        return
    if state == "waived" and left_minor:
        yield "proposed"
        state = "proposed"
        if standing.came_from in ASKED:
            yield "confirmed"
            # Asked for again, it is told again.
            state, told_minor = "confirmed", None
    becomes = state_by_money(state, money, told_minor)
    if becomes != state:
        yield becomes


def _move(
    work: Work, paths: dict[str, list[str]], standing: dict[str, _Standing], why: str, evidence: dict[str, Any]
) -> None:
    replaced = [standing[one].transition_id for one in paths]
    work.session.execute(
        update(PenaltyTransition)
        .where(among(work.session, PenaltyTransition.id, replaced))
        .values(most_recent=False)
        .execution_options(synchronize_session="fetch")
    )
    rows: list[tuple[Any, ...]] = []
    ids = iter(work.new_ids(sum(map(len, paths.values()))))
    for one, path in paths.items():
        state, at = standing[one].state, standing[one].sort_key
        for number, to_state in enumerate(path, start=1):
            MACHINE.check(state, to_state, one)
            newest = number == len(path)
            rows.append(
                (next(ids), one, at + number, state, to_state, newest, work.actor.name, why, evidence, work.now())
            )
            state = to_state
    insert_rows(work.session, PenaltyTransition, _COLUMNS, rows)


def _tell(work: Work, penalties: dict[str, Penalty], moved: dict[str, list[str]], money: dict[str, Money]) -> None:
    by_state = sorted(moved, key=lambda one: (moved[one][-1], one))
    for state, those in groupby(by_state, key=lambda one: moved[one][-1]):
        told = [
            (one, {"contribution": penalties[one].contribution_id, "amount_minor": money[one].owed_minor})
            for one in those
        ]
        audit.record_all(work, f"penalty.{state}", told)
        events.publish_all(work, f"penalty.{state}", told)
