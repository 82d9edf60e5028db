"""The block list: employers and accounts that may not be debited, at one fund or at all. A clerk blocks, an approver lifts."""

from sqlalchemy import select

from debit_service.core import audit, events
from debit_service.core.accounts import AccountNumber
from debit_service.core.errors import NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates.models import DebitBlock


def place(work: Work, subject: Employer | AccountNumber, fund: Fund | None, why: str) -> DebitBlock:
    """Block `subject` at `fund`, or at every fund (None). Nothing is sent any more; mandates stay as they are."""
    work.actor.require(Role.FINANCE_CLERK)
    block_id = work.new_id()
    block = DebitBlock(id=block_id, fund_id=fund.id if fund else None, why=why, placed_at=work.now())
    block.placed_by = work.actor.name
    if isinstance(subject, Employer):
        block.employer_id = subject.id
    else:
        block.account_index = work.keys.index(subject.value, "account")
        block.account_sealed = work.keys.seal(subject.value, f"debit_blocks.account:{block_id}")
    _refuse_twice(work, block)
    work.session.add(block)
    work.session.flush()
    _tell(work, block, "placed", why)
    return block


def lift(work: Work, block_id: str, why: str) -> DebitBlock:
    """Take a block away; it stays on record."""
    work.actor.require(Role.FINANCE_APPROVER)
    block = work.session.get(DebitBlock, block_id, with_for_update=True)
    if block is None:
        raise NotFound("block.unknown", f"There is no block {block_id}.", remedy="See `debit mandates blocks`.")
    if block.lifted_at is not None:
        raise Refused("block.lifted", "This block was lifted already.", place=block_id)
    block.lifted_at, block.lifted_by, block.lifted_why = work.now(), work.actor.name, why
    work.session.flush()
    _tell(work, block, "lifted", why)
    return block


def _refuse_twice(work: Work, block: DebitBlock) -> None:
    query = select(DebitBlock.id).where(
        DebitBlock.lifted_at.is_(None),
        DebitBlock.fund_id.is_not_distinct_from(block.fund_id),
        DebitBlock.employer_id.is_not_distinct_from(block.employer_id),
        DebitBlock.account_index.is_not_distinct_from(block.account_index),
    )
    if standing := work.session.scalars(query.limit(1)).first():
        raise Refused("block.stands", "This is blocked already.", place=standing)


def _tell(work: Work, block: DebitBlock, what: str, why: str) -> None:
    audit.record(work, f"block.{what}", block.id, fund=block.fund_id, employer=block.employer_id, why=why)
    events.publish(work, f"block.{what}", block.id, fund=block.fund_id, employer=block.employer_id)
