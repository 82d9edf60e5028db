"""Another version of the rule takes over a contribution: what was granted on the former penalty counts for the new one."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from debit_service.core import audit
from debit_service.core.work import Work
from debit_service.penalties import relief_queries as reliefs
from debit_service.penalties.models import PenaltyRelief
from debit_service.penalties.service.settle import settle

_CARRIED_OVER: Final = (
    *("amnesty_id", "ground", "authority", "decided_on", "document", "why", "basis_points", "amount_minor"),
    *("alone_up_to_minor", "four_eyes", "granted_at", "granted_by", "approved_at", "approved_by"),
)


def carry_over(work: Work, former_ids: Sequence[str], penalty_id: str, on: date) -> None:
    """Let what was granted on former penalties of the same contribution count for the one that takes their place, once each.

    The same share or amount, on the same ground, by the same people; a relief that waits goes on waiting. `on` is the fund's
    business date.
    """
    mine = {_same(one) for one in reliefs.of_penalty(work, penalty_id)}
    granted = {
        _same(one): one for each in former_ids for one in reliefs.of_penalty(work, each) if one.undone_at is None
    }
    new = [one for key, one in granted.items() if key not in mine]
    if not new:
        return
    for one in new:
        kept = {name: getattr(one, name) for name in _CARRIED_OVER}
        work.session.add(PenaltyRelief(id=work.new_id(), penalty_id=penalty_id, **kept))
    work.session.flush()
    audit.record(work, "penalty.reliefs_carried_over", penalty_id, former=list(former_ids), count=len(new))
    why = "what was granted on the penalty that it takes the place of counts for it"
    settle(work, [penalty_id], on, "penalty.relieved", why, {"former": list(former_ids)})


def _same(relief: PenaltyRelief) -> tuple[object, ...]:
    """What tells one grant from another, whichever penalty of the contribution it is on."""
    return (relief.amnesty_id, relief.ground, relief.document, relief.granted_at, relief.granted_by)
