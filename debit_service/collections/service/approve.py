"""Approve: another person than the maker sees count and control sum, and approves exactly these bytes."""

from debit_service.banks import queries as bank_files
from debit_service.collections import queries, rules
from debit_service.collections.models import Approval, Batch, BatchTransition
from debit_service.core import audit
from debit_service.core.errors import Refused
from debit_service.core.state import move
from debit_service.core.work import Role, Work


def approve(work: Work, batch_id: str, sha256: str) -> Batch:
    """Approve the batch whose file has the hash `sha256`: the one that the approver was shown.

    Raises Refused when the maker tries to approve, when the hash is another, or when the batch is not waiting for approval.
    """
    work.actor.require(Role.FINANCE_APPROVER)
    batch = queries.batch(work, batch_id)
    if batch.made_by == work.actor.name:
        raise Refused("batch.four_eyes", "The maker of a batch cannot approve it.", remedy="Ask another approver.")
    if sha256 != batch.sha256 or bank_files.get(work, batch.file_id).sha256 != batch.sha256:
        raise Refused(
            "batch.other_bytes", "The approval names other bytes than the batch has.", remedy="Look at the batch again."
        )
    move(
        work,
        BatchTransition,
        rules.BATCH_MACHINE,
        batch.id,
        "approved",
        "count and control sum confirmed",
        {"sha256": sha256},
    )
    work.session.add(
        Approval(
            batch_id=batch.id,
            sha256=sha256,
            made_by=batch.made_by,
            approved_by=work.actor.name,
            approved_at=work.now(),
        )
    )
    work.session.flush()
    audit.record(
        work, "batch.approved", batch.id, sha256=sha256, count=batch.count, control_sum_minor=batch.control_sum_minor
    )
    return batch
