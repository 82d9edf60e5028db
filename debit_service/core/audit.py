"""The audit log: one entry a decision, refusals of money included, chained by hash.

A changed, removed or reordered entry breaks the chain. Cutting the tail off, or rewriting the whole chain, does not: so the
newest hash is written outside the database after each piece of work (`anchor`), and `debit verify` holds the log against it.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from debit_service.core.bulk import insert_rows
from debit_service.core.database import in_turn
from debit_service.core.models import AuditEntry
from debit_service.core.work import Work

_FIRST = "0" * 64
_COLUMNS = ("sequence", "at", "who", "action", "subject", "details", "previous_hash", "hash")
#: On record from the first anchor on, so that taking the anchors away is noticed too.
ANCHORING_BEGAN = "audit.anchoring_began"
#: Audit log and event feed are numbered without holes; one turn for both, so that two writers cannot wait for each other.
LOG = "log"


def record(work: Work, action: str, subject: str, **details: Any) -> None:
    """Append one entry in this transaction. `details` are JSON values; no account number, no name."""
    record_all(work, action, [(subject, details)])


def record_all(work: Work, action: str, subjects: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """`record` the same action of many subjects, each with its details: one entry each."""
    done = list(subjects)
    if not done:
        return
    in_turn(work.session, LOG)
    work.session.flush()
    newest = work.session.execute(
        select(AuditEntry.sequence, AuditEntry.hash).order_by(AuditEntry.sequence.desc()).limit(1)
    ).one_or_none()
    sequence, previous = newest or (0, _FIRST)
    at, who = work.now(), work.actor.name
    entries: list[tuple[Any, ...]] = []
    for number, (subject, details) in enumerate(done, start=sequence + 1):
        entry = (number, at, who, action, subject, details, previous)
        previous = _hash(*entry)
        entries.append((*entry, previous))
    insert_rows(work.session, AuditEntry, _COLUMNS, entries)


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over every field but the hash itself, as JSON with sorted keys: the order matters when hashing."""
    return _hash(entry.sequence, entry.at, entry.who, entry.action, entry.subject, entry.details, entry.previous_hash)


def _hash(
    sequence: int, at: datetime, who: str, action: str, subject: str, details: dict[str, Any], previous: str
) -> str:
    fields = [sequence, at.isoformat(), who, action, subject, details, previous]
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
