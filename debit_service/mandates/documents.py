"""Scans of mandates: taken in as they are, sealed and hashed; given out byte for byte, and every time on record."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import select

from debit_service.core import audit
from debit_service.core.errors import NotFound
from debit_service.core.work import Role, Work
from debit_service.mandates.models import Mandate, MandateDocument, MandateForm
from debit_service.mandates.scans import ScanType, scan_type


class DocumentKind(StrEnum):
    """What a scan shows."""

    SIGNED_FORM = "signed_form"
    BANK_VALIDATION = "bank_validation"
    AMENDMENT = "amendment"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Attached:
    """A scan in the store; `new` is False when the same bytes were there already as the same kind of document."""

    id: str
    sha256: str
    media_type: ScanType
    new: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A scan as it came, and a name for it that says what it is and holds nothing personal."""

    name: str
    media_type: str
    content: bytes


def attach(work: Work, mandate: Mandate, kind: DocumentKind, content: bytes) -> Attached:
    """Keep a scan with a mandate; the scan of what was signed is kept with the form, for all its creditors.

    The same bytes again change nothing. Raises InvalidInput `scan.*` for what is no scan.
    """
    work.actor.require(Role.FINANCE_CLERK, Role.MANDATE_AGENT)
    media_type, digest = scan_type(content), sha256(content).hexdigest()
    mandate_id = None if kind is DocumentKind.SIGNED_FORM else mandate.id
    query = select(MandateDocument.id).where(
        MandateDocument.form_id == mandate.form_id,
        MandateDocument.mandate_id.is_not_distinct_from(mandate_id),
        MandateDocument.kind == kind.value,
        MandateDocument.sha256 == digest,
    )
    if known := work.session.scalars(query).one_or_none():
        return Attached(known, digest, media_type, new=False)
    document_id = work.new_id()
    document = MandateDocument(
        id=document_id,
        form_id=mandate.form_id,
        mandate_id=mandate_id,
        kind=kind.value,
        media_type=media_type.value,
        sha256=digest,
        size_bytes=len(content),
        attached_at=work.now(),
        attached_by=work.actor.name,
        content_sealed=work.keys.seal(content, f"mandate_documents.content:{document_id}"),
    )
    work.session.add(document)
    work.session.flush()
    audit.record(work, "mandate.document_attached", mandate.id, document=document_id, kind=kind.value, sha256=digest)
    return Attached(document_id, digest, media_type, new=True)


def fetch(work: Work, document_id: str) -> Document:
    """A scan, byte for byte. An employer gets its own only; who took it is on record. Raises NotFound."""
    work.actor.require(Role.EMPLOYER, Role.MANDATE_AGENT, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    document = work.session.get(MandateDocument, document_id)
    if document is None:
        raise NotFound("mandate.document_unknown", "There is no such document.")
    work.actor.require_employer(work.session.get_one(MandateForm, document.form_id).employer_id)
    content = work.keys.open_bytes(document.content_sealed, f"mandate_documents.content:{document.id}")
    audit.record(work, "mandate.document_read", document.mandate_id or document.form_id, document=document.id)
    kind = DocumentKind(document.kind).replace("_", "-")
    name = f"{kind}-{document.id}.{ScanType(document.media_type).extension}"
    return Document(name, document.media_type, content)
