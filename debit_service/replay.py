"""Replay: every stored bank file again, into an empty database, must end in the same state, to the cent.

What people and the declaration system put in is copied; everything that was derived from bank files is left out and derived anew.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, inspect, select

from debit_service import schema
from debit_service.banks.models import BankFile
from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.core.database import Base, Database
from debit_service.core.errors import DebitError, NotFound
from debit_service.core.models import AuditEntry
from debit_service.core.state import move
from debit_service.core.work import SERVICE, Desk, Work
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import (
    Allocation,
    BankEntry,
    Disposition,
    Resolution,
    ResolutionPart,
    ResolutionTransition,
)
from debit_service.reconcile.queue.exceptions import MACHINE
from debit_service.reconcile.service import import_file
from debit_service.reconcile.service.post import post_refund_owed
from debit_service.reconcile.service.settle import settle
from debit_service.wiring import Service

#: Derived from bank files, or about the installation itself: not copied.
_DERIVED = frozenset(
    {
        "file_readings",
        "bank_documents",
        "bank_entries",
        "dispositions",
        "allocations",
        "resolutions",
        "resolution_transitions",
        "resolution_parts",
        # It names documents, which are others here, and moves nothing.
        "statement_replacements",
        "fault_decisions",
        "penalties",
        "penalty_steps",
        "penalty_fees",
        "penalty_payments",
        "penalty_notices",
        "penalty_departures",
        "penalty_transitions",
        "penalty_reliefs",
        "amnesty_cases",
        "audit_entries",
        "events",
        "job_runs",
        "key_checks",
        "web_sessions",
        "sign_in_attempts",
        "journal_entries",
        "journal_lines",
    }
)
#: Postings that do not come from bank files.
_COPIED_CAUSES = ("contribution.declared", "collection.sent", "payment.recorded", "payment.undone")
#: What the audit log calls the reading of a file and the decision about an entry.
_ORDERED = ("bank_file.read", "bank_file.not_read", "bank_file.unreadable", "entry.resolved")
_ROWS_AT_ONCE = 500


def differences(service: Service) -> Iterator[str]:
    """What a replay ends with that the live database does not say, or the other way round."""
    with tempfile.TemporaryDirectory(prefix="debit-replay-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'replay.sqlite3'}")
        try:
            schema.migrate(database, "head")
            desk = Desk(database, service.desk.clock, service.desk.keys)
            with service.desk.database.reading() as source, database.engine.begin() as target:
                _copy(source.connection(), target)
            yield from _do_again(service, desk)
            with service.desk.reading(SERVICE) as live, desk.reading(SERVICE) as again:
                yield from _compare(dict(_state(live)), dict(_state(again)))
        finally:
            database.dispose()


def _copy(source: Connection, target: Connection) -> None:
    for table in schema.METADATA.sorted_tables:
        if table.name in _DERIVED:
            continue
        _copy_rows(source, target, table)
    entries, lines = JournalEntry.__table__, JournalLine.__table__
    chosen = select(JournalEntry.id).where(JournalEntry.cause.in_(_COPIED_CAUSES))
    _copy_rows(source, target, schema.METADATA.tables[entries.key], entries.c.id.in_(chosen))  # type: ignore[attr-defined]
    _copy_rows(source, target, schema.METADATA.tables[lines.key], lines.c.entry_id.in_(chosen))  # type: ignore[attr-defined]


def _copy_rows(source: Connection, target: Connection, table: Table, condition: Any = None) -> None:
    query = select(table) if condition is None else select(table).where(condition)
    result = source.execute(query.order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS_AT_ONCE))
    for rows in result.mappings().partitions():
        values = [dict(row) for row in rows]
        if table.name == "collections":
            values = [_as_sent(source, row) for row in values]
        target.execute(insert(table), values)


def _as_sent(source: Connection, row: dict[str, Any]) -> dict[str, Any]:
    """A collection as it was before the bank said anything; of several attempts only the newest can hold the contribution."""
    newest = source.scalar(
        select(func.max(Collection.attempt)).where(
            Collection.contribution_id == row["contribution_id"], Collection.cancelled_why.is_(None)
        )
    )
    live = row["cancelled_why"] is None and row["attempt"] == newest
    return row | {"live": live, "failure_code": None, "failed_on": None}


def _do_again(service: Service, desk: Desk) -> Iterator[str]:
    """Read every stored file and decide what people decided, in the order in which it happened; names what is now refused."""
    with desk.work(SERVICE) as work:
        for contribution in contributions.with_other_payments(work):
            post_refund_owed(work, service.funds.get(contribution.fund_id), contribution, {"replay": contribution.id})
    for step in sorted(_what_happened(service), key=lambda step: step.moment):
        try:
            if step.decision is None:
                import_file(desk, SERVICE, service.funds, step.file_id)
                continue
            with desk.work(SERVICE) as work:
                _decide_again(work, service, step)
        except DebitError as error:
            yield f"file {step.file_id} cannot be read or decided again: {error}"


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a person decided: the columns of its rows. `position` is that of its entry in the file, if it concerns one."""

    position: int | None
    columns: dict[str, Any]
    parts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Step:
    """A file that was read (no decision), or a decision that was carried out, about an entry of the file or about a refund."""

    moment: tuple[float, str]
    file_id: str
    decision: _Decision | None = None


def _what_happened(service: Service) -> Iterator[_Step]:
    """Everything that is to be done again. What was only proposed never happened; what was undone did, and so did its undoing.

    The audit log numbers what happened; identifiers order it only to the millisecond. What is not in the log comes last.
    """
    with service.desk.reading(SERVICE) as live:
        query = select(AuditEntry.subject, AuditEntry.details, AuditEntry.sequence)
        moments: dict[str, float] = {
            # A release before this one told of the entry only, about which there was no other decision.
            str(details.get("resolution", subject)): float(sequence)
            for subject, details, sequence in live.session.execute(query.where(AuditEntry.action.in_(_ORDERED)))
        }
        for file_id in live.session.scalars(select(BankFile.id).where(BankFile.direction == "in")):
            yield _Step((moments.get(file_id, inf), file_id), file_id)
        parts: dict[str, list[dict[str, Any]]] = {}
        for part in live.session.scalars(select(ResolutionPart).order_by(ResolutionPart.number)):
            parts.setdefault(part.resolution_id, []).append(_columns(part))
        decided = (
            select(Resolution, BankEntry.file_id, BankEntry.position)
            .outerjoin(BankEntry, BankEntry.id == Resolution.entry_id)
            .join(ResolutionTransition, ResolutionTransition.subject_id == Resolution.id)
            .where(ResolutionTransition.to_state == "carried_out")
        )
        for one, file_id, position in live.session.execute(decided):
            moment = moments.get(one.id, moments.get(one.entry_id or "", inf))
            decision = _Decision(position, _columns(one), parts.get(one.id, []))
            yield _Step((moment, one.id), file_id or "", decision)


def _columns(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}


def _decide_again(work: Work, service: Service, step: _Step) -> None:
    """What a person decided, about the same entry (found by file and position) as it stands now."""
    if step.decision is None:
        return
    entry_id = None
    if step.decision.position is not None:
        here = (BankEntry.file_id == step.file_id) & (BankEntry.position == step.decision.position)
        entry_id = work.session.scalars(select(BankEntry.id).where(here)).one_or_none()
        if entry_id is None:
            raise NotFound("entry.unknown", "The entry that a person decided about is not in its file.")
    now = reconcile.disposition(work, entry_id) if entry_id else None
    about_it = step.decision.columns["disposition_id"] is not None and now is not None
    changed = {"entry_id": entry_id, "disposition_id": now.id if now and about_it else None, "stands": True}
    resolution = Resolution(**step.decision.columns | changed)
    work.session.add(resolution)
    work.session.flush()
    work.session.add_all(ResolutionPart(**part | {"stands": False}) for part in step.decision.parts)
    move(work, ResolutionTransition, MACHINE, resolution.id, "proposed", resolution.why)
    settle(work, service.funds, resolution)
    move(work, ResolutionTransition, MACHINE, resolution.id, "carried_out", resolution.why)


def _state(work: Work) -> Iterator[tuple[str, object]]:
    """Everything that is derived, under names that do not depend on identifiers made on the way."""
    for collection in work.session.scalars(select(Collection).order_by(Collection.id)):
        result = reconcile.outcome_of(work, collection.id, collection.amount_minor)
        money = (result.state.value, result.settled_minor, result.returned_minor, result.charges_minor)
        yield f"collection {collection.id}", (*money, collection.live, collection.failure_code, collection.failed_on)
    disposed = (
        select(BankFile.sha256, BankEntry.position, Disposition.kind, Disposition.reason, func.count(Allocation.id))
        .join(BankEntry, BankEntry.file_id == BankFile.id)
        .outerjoin(Disposition, (Disposition.entry_id == BankEntry.id) & Disposition.most_recent)
        .outerjoin(Allocation, Allocation.disposition_id == Disposition.id)
        .group_by(BankFile.sha256, BankEntry.position, Disposition.kind, Disposition.reason)
    )
    for sha256, position, kind, reason, shares in work.session.execute(disposed):
        yield f"entry {position} of file {sha256[:16]}", (kind, reason, shares)
    balances = (
        select(JournalLine.account, JournalEntry.currency, func.sum(JournalLine.amount_minor))
        .join(JournalEntry)
        # Penalties are decided by people and by rules of their own: check 6 holds them against the journal.
        .where(JournalEntry.cause.not_like("penalty.%"))
        .group_by(JournalLine.account, JournalEntry.currency)
    )
    for name, currency, minor in work.session.execute(balances):
        if minor:
            yield f"balance of {name} in {currency}", int(minor)


def _compare(live: dict[str, object], again: dict[str, object]) -> Iterator[str]:
    for name in sorted({*live, *again}):
        if live.get(name) != again.get(name):
            yield f"{name}: the database says {live.get(name)}, the stored files say {again.get(name)}"
