"""Replace: a person says that a statement which the bank wrote anew counts instead of the one before, with a reason.

Only where another statement that counts tells of everything that the replaced one tells: so it moves no money, and nothing waits
because of it.
"""

from debit_service.core import audit
from debit_service.core.database import RECONCILE, in_turn
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Role, Work
from debit_service.reconcile.models import StatementReplacement
from debit_service.reconcile.queries import check_not_being_read
from debit_service.reconcile.tie_out import replaced
from debit_service.reconcile.tie_out.replacing import check


def replace_statement(work: Work, replaced_id: str, replacing_id: str, why: str) -> str:
    """Let a statement count instead of another one of its account and days, which alone tells of nothing. Returns its id.

    Raises NotFound, InvalidInput or Refused; nothing is changed then.
    """
    _may(work, why)
    (one, its_days), (other, other_days) = (replaced.statement(work, each) for each in (replaced_id, replacing_id))
    check(its_days, other_days)
    check_not_being_read(work, one.file_id, one.account_index, place=one.id)
    if alone := replaced.told_by_it_alone(work, one.id):
        raise Refused(
            "statement.tells_more",
            f"This statement tells of bookings that no other statement which counts tells of, or not alike: {len(alone)}.",
            place=alone[0],
            remedy="Ask the bank whether it took them back; see the entries of the statement.",
        )
    said = StatementReplacement(
        id=work.new_id(), replaced_id=one.id, replacing_id=other.id, why=why, who=work.actor.name, at=work.now()
    )
    work.session.add(said)
    audit.record(work, "statement.replaced", said.id, replaced=one.id, replacing=other.id, why=why)
    return said.id


def undo_replacement(work: Work, replacement_id: str, why: str) -> None:
    """Let the replaced statement count again. Raises NotFound, InvalidInput or Refused; nothing is changed then."""
    _may(work, why)
    said = replaced.get(work, replacement_id)
    if said.undone_at is not None:
        raise Refused(
            "resolution.not_standing",
            "Only a decision that stands can be undone.",
            place=replacement_id,
            remedy="See the statements of these days.",
        )
    one, _ = replaced.statement(work, said.replaced_id)
    check_not_being_read(work, one.file_id, one.account_index, place=one.id)
    said.undone_by, said.undone_at, said.undone_why = work.actor.name, work.now(), why
    audit.record(
        work,
        "statement.replacement_undone",
        said.id,
        replaced=said.replaced_id,
        replacing=said.replacing_id,
        undone_why=why,
    )


def _may(work: Work, why: str) -> None:
    """A clerk with a reason, in turn with the reading of files and with other decisions."""
    work.actor.require(Role.FINANCE_CLERK)
    if not why.strip():
        raise InvalidInput("entry.why", "Say why.", place="why")
    in_turn(work.session, RECONCILE)
