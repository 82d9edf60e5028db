"""Documents of a dispute: taken in as they are, sealed and hashed; given out byte for byte, and every time on record."""

from hashlib import sha256
from typing import Final

from sqlalchemy import func, select

from debit_service.core import audit
from debit_service.core.errors import NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.disputes.models import DisputeDocument
from debit_service.disputes.service.steps import locked
from debit_service.mandates.documents import Document
from debit_service.mandates.scans import ScanType, scan_type

#: Statements, receipts and letters of one case; more is put together into one file.
DOCUMENTS_MAX: Final = 10


def attach(work: Work, dispute_id: str, content: bytes) -> str:
    """Keep a document with an open dispute; returns its id. The same bytes again change nothing.

    Raises InvalidInput `scan.*` for what is no PDF, JPEG or PNG; Refused when the dispute is over or has enough of them.
    """
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK)
    dispute = locked(work, dispute_id)
    if dispute.answer is not None:
        raise Refused("dispute.over", "This dispute is over.", place="scan", remedy="Appeal, or contest anew.")
    media_type, digest = scan_type(content), sha256(content).hexdigest()
    mine = DisputeDocument.dispute_id == dispute_id
    known = work.session.scalar(select(DisputeDocument.id).where(mine, DisputeDocument.sha256 == digest))
    if known:
        return known
    if (work.session.scalar(select(func.count()).where(mine)) or 0) >= DOCUMENTS_MAX:
        raise Refused("dispute.documents", f"At most {DOCUMENTS_MAX} documents.", place="scan")
    document_id = work.new_id()
    work.session.add(
        DisputeDocument(
            id=document_id,
            dispute_id=dispute_id,
            media_type=media_type.value,
            sha256=digest,
            size_bytes=len(content),
            attached_at=work.now(),
            attached_by=work.actor.name,
            content_sealed=work.keys.seal(content, f"dispute_documents.content:{document_id}"),
        )
    )
    work.session.flush()
    audit.record(work, "dispute.document_attached", dispute_id, document=document_id, sha256=digest)
    return document_id


def fetch(work: Work, document_id: str) -> Document:
    """A document, byte for byte. An employer gets its own only; who took it is on record. Raises NotFound."""
    work.actor.require(Role.EMPLOYER, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    document = work.session.get(DisputeDocument, document_id)
    if document is None:
        raise NotFound("dispute.document_unknown", "There is no such document.")
    dispute = locked(work, document.dispute_id)
    content = work.keys.open_bytes(document.content_sealed, f"dispute_documents.content:{document.id}")
    audit.record(work, "dispute.document_read", dispute.id, document=document.id)
    name = f"{dispute.reference}-{document.id}.{ScanType(document.media_type).extension}"
    return Document(name, document.media_type, content)
