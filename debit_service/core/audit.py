"""The audit log: one entry a decision, refusals of money included, chained by hash.

A changed, removed or reordered entry breaks the chain. Cutting the tail off, or rewriting the whole chain, does not: so the
newest hash is written outside the database after each piece of work (`anchor`), and `debit verify` holds the log against it.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from debit_service.core.database import in_turn
from debit_service.core.models import AuditEntry
from debit_service.core.work import Work

_FIRST = "0" * 64
#: On record from the first anchor on, so that taking the anchors away is noticed too.
ANCHORING_BEGAN = "audit.anchoring_began"
#: Audit log and event feed are numbered without holes; one turn for both, so that two writers cannot wait for each other.
LOG = "log"


def record(work: Work, action: str, subject: str, **details: Any) -> None:
    """Append one entry in this transaction. `details` are JSON values; no account number, no name."""
    in_turn(work.session, LOG)
    newest = work.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one_or_none()
    entry = AuditEntry(
        sequence=newest.sequence + 1 if newest else 1,
        at=work.now(),
        who=work.actor.name,
        action=action,
        subject=subject,
        details=details,
        previous_hash=newest.hash if newest else _FIRST,
        hash="",
    )
    entry.hash = entry_hash(entry)
    work.session.add(entry)
    work.session.flush()


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over every field but the hash itself, as JSON with sorted keys: the order matters when hashing."""
    fields = [
        entry.sequence,
        entry.at.isoformat(),
        entry.who,
        entry.action,
        entry.subject,
        entry.details,
        entry.previous_hash,
    ]
    return sha256(json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def anchor(session: Session, path: Path) -> None:
    """Append `sequence hash` of the newest entry to the file at `path`, unless it is its last line already."""
    newest = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one_or_none()
    if newest is None:
        return
    line = f"{newest.sequence} {newest.hash}\n"
    if path.exists() and path.read_text().endswith(line):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(line)


def broken(session: Session, anchors: Path | None) -> list[str]:
    """What is wrong with the log: breaks in the chain, and anchors that the log no longer contains."""
    faults: list[str] = []
    previous, hashes, began = _FIRST, {}, False
    for number, entry in enumerate(session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)), start=1):
        if entry.sequence != number or entry.previous_hash != previous or entry.hash != entry_hash(entry):
            faults.append(f"audit entry {entry.sequence} does not follow from the entry before it")
        previous = hashes[entry.sequence] = entry.hash
        began = began or entry.action == ANCHORING_BEGAN
    if began and not (anchors and anchors.exists()):
        faults.append("the anchors outside the database are gone: nothing shows that the log's end was not cut off")
    elif anchors and anchors.exists():
        for line in anchors.read_text().splitlines():
            sequence, _, anchored = line.partition(" ")
            if hashes.get(int(sequence)) != anchored:
                faults.append(f"audit entry {sequence} was anchored outside with another hash, or is gone")
    return faults
