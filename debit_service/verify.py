"""`debit verify`: the invariants of the house, checked on a live database; every difference is named.

Nothing is taken on trust: projections are derived again from the facts, facts from the stored files, files from their hashes.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from debit_service import replay, schema
from debit_service.banks import queries as bank_files
from debit_service.banks.models import BankFile
from debit_service.collections import queries as collections
from debit_service.collections.models import Approval, BatchTransition, Submission
from debit_service.collections.rules import BATCH_MACHINE
from debit_service.core import audit
from debit_service.core.errors import DebitError
from debit_service.core.machine import Machine
from debit_service.core.money import format_minor
from debit_service.core.state import Transition, undeclared
from debit_service.core.work import SERVICE, Work
from debit_service.disputes.models import DisputeTransition
from debit_service.disputes.rules import MACHINE as DISPUTE_MACHINE
from debit_service.iso20022.pain008 import reread
from debit_service.ledger import closing
from debit_service.ledger import queries as ledger
from debit_service.ledger.models import JournalEntry, JournalLine
from debit_service.ledger.rules import out_of_balance, strange_names
from debit_service.mandates import proof as mandate_proof
from debit_service.mandates.models import Mandate, MandateTransition
from debit_service.mandates.rules import LIVE_STATES
from debit_service.mandates.rules import MACHINE as MANDATE_MACHINE
from debit_service.penalties import proof
from debit_service.penalties.life import MACHINE as PENALTY_MACHINE
from debit_service.penalties.models import PenaltyTransition
from debit_service.reconcile import money_proof
from debit_service.reconcile import proof as reconcile_proof
from debit_service.reconcile.models import FileReading, ResolutionTransition
from debit_service.reconcile.queue.exceptions import MACHINE as DECISION_MACHINE
from debit_service.reconcile.tie_out import control
from debit_service.wiring import Service


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its number in docs/how-it-works.md, what it says, and what looks for its breaches."""

    number: int
    says: str
    breaches: Callable[[Service, Work], Iterator[str]]


def verify(service: Service) -> Iterator[tuple[Check, list[str]]]:
    """Each invariant with its breaches (none, in a sound database)."""
    for check in CHECKS:
        yield check, _breaches(check, service)


def _breaches(check: Check, service: Service) -> list[str]:
    """The breaches of one invariant. Damage that stops one check must not hide what the others find."""
    found: list[str] = []
    try:
        with service.desk.reading(SERVICE) as work:
            found.extend(check.breaches(service, work))
    except DebitError as error:
        found.append(f"not checked to the end: {error}")
    except (SQLAlchemyError, LookupError, ValueError) as error:
        found.append(
            f"not checked to the end: something that belongs here is gone or malformed ({type(error).__name__})"
        )
    return found


def _one_live_and_no_more_than_owed(_: Service, work: Work) -> Iterator[str]:
    yield from money_proof.overcollected(work)


def _files_sent_once_as_approved(_: Service, work: Work) -> Iterator[str]:
    seen: set[str] = set()
    for batch, state in collections.batches(work):
        content = bank_files.content(work, batch.file_id)
        if sha256(content).hexdigest() != batch.sha256:
            yield f"batch {batch.id}: its stored bytes are not the ones it was made of"
            continue
        yield from _written_as_recorded(work, batch.id, batch.file_id, state)
        approval = work.session.get(Approval, batch.id)
        if state in ("approved", "sending", "sent") and (approval is None or approval.sha256 != batch.sha256):
            yield f"batch {batch.id} is {state} without an approval of its bytes"
        for sent in work.session.scalars(select(Submission).where(Submission.batch_id == batch.id)):
            if sent.sha256 != batch.sha256:
                yield f"batch {batch.id}: submission {sent.number} names other bytes"
        if batch.sha256 in seen:
            yield f"batch {batch.id}: the same bytes under another MsgId"
        seen.add(batch.sha256)


def _written_as_recorded(work: Work, batch_id: str, file_id: str, state: str) -> Iterator[str]:
    summary = reread(io.BytesIO(bank_files.content(work, file_id)))
    written = dict(summary.amounts)
    recorded = {one.end_to_end_id: one.amount_minor for one in collections.of_batch(work, batch_id)}
    if summary.message_id != batch_id:
        yield f"batch {batch_id}: its file carries the MsgId {summary.message_id}"
    if state != "cancelled" and written != recorded:
        yield f"batch {batch_id}: the file and the database disagree about references or amounts"


def _every_entry_once(_: Service, work: Work) -> Iterator[str]:
    yield from money_proof.unaccounted(work)
    yield from reconcile_proof.groundless(work)


def _journal_balances(_: Service, work: Work) -> Iterator[str]:
    for entry_id in ledger.unbalanced(work.session):
        yield f"journal entry {entry_id} does not sum to zero"
    headless = select(JournalLine.subject).outerjoin(JournalEntry).where(JournalEntry.id.is_(None)).distinct()
    for subject in work.session.scalars(headless):
        yield f"{subject} has lines in the journal whose entry is gone"
    balances = ledger.trial_balance(work.session)
    for name in sorted(strange_names(balances)):
        yield f"the journal has lines on {name!r}, which is no account of a fund"
    for (fund_id, currency), minor in out_of_balance(balances).items():
        yield f"the journal of {fund_id} is out of balance by {format_minor(minor, currency)} {currency}"
    yield from money_proof.misposted(work)
    yield from reconcile_proof.misplaced(work)


def _statements_add_up(_: Service, work: Work) -> Iterator[str]:
    yield from control.findings(work)


def _penalties_have_ground(service: Service, work: Work) -> Iterator[str]:
    yield from proof.ungrounded(work, service.penalty_rules, service.funds)


def _only_declared_transitions(_: Service, work: Work) -> Iterator[str]:
    tables: tuple[tuple[type[Transition], Machine], ...] = (
        (MandateTransition, MANDATE_MACHINE),
        (BatchTransition, BATCH_MACHINE),
        (PenaltyTransition, PENALTY_MACHINE),
        (ResolutionTransition, DECISION_MACHINE),
        (DisputeTransition, DISPUTE_MACHINE),
    )
    for table, machine in tables:
        rows = list(work.session.scalars(select(table).order_by(table.subject_id, table.sort_key)))
        for row_id in undeclared(rows, machine):
            yield f"{machine.name}: transition {row_id} is not declared"
        newest = {row.subject_id: row for row in rows}
        for row in rows:
            if row.most_recent != (newest[row.subject_id] is row):
                yield f"{machine.name} {row.subject_id}: transition {row.sort_key} wrongly says whether it is the newest"
    states = select(Mandate, MandateTransition.to_state).join(
        MandateTransition, (MandateTransition.subject_id == Mandate.id) & MandateTransition.most_recent
    )
    for mandate, state in work.session.execute(states):
        if mandate.live != (state in LIVE_STATES):
            yield f"mandate {mandate.reference}: live is {mandate.live}, its state is {state}"


def _replay_gives_the_same(service: Service, work: Work) -> Iterator[str]:
    unread = select(func.count()).select_from(BankFile).outerjoin(FileReading, FileReading.file_id == BankFile.id)
    waiting = work.session.scalar(unread.where(BankFile.direction == "in", FileReading.file_id.is_(None)))
    if waiting:
        yield f"{waiting} stored files are not read yet: run `debit bank fetch`"
        return
    yield from replay.differences(service)


def _sealed_values_open(_: Service, work: Work) -> Iterator[str]:
    for table in schema.METADATA.sorted_tables:
        for column in (one for one in table.columns if one.name.endswith("_sealed")):
            keys = list(table.primary_key.columns)
            # A scan may have megabytes: only some are held at a time.
            query = select(*keys, column).where(column.is_not(None)).execution_options(yield_per=10)
            for row in work.session.execute(query):
                place = f"{table.name}.{column.name.removesuffix('_sealed')}:{'/'.join(str(part) for part in row[:-1])}"
                try:
                    work.keys.open_bytes(row[-1], place)
                except DebitError as error:
                    yield str(error)


def _audit_log_is_whole(service: Service, work: Work) -> Iterator[str]:
    yield from audit.broken(work.session, service.settings.home / "audit-anchors.txt")


def _mandates_hold_together(_: Service, work: Work) -> Iterator[str]:
    yield from mandate_proof.breaks(work)


def _closed_periods_hold(_: Service, work: Work) -> Iterator[str]:
    yield from closing.broken(work.session)


CHECKS = (
    Check(1, "one live collection a contribution; never more kept than is owed", _one_live_and_no_more_than_owed),
    Check(2, "every file to a bank is the approved bytes, once, under one MsgId", _files_sent_once_as_approved),
    Check(3, "every bank entry is accounted for exactly once", _every_entry_once),
    Check(4, "the journal balances and says what the facts say", _journal_balances),
    Check(5, "statements add up and follow one another", _statements_add_up),
    Check(6, "a penalty has an attribution, a rule in force and stored evidence", _penalties_have_ground),
    Check(7, "states changed only as declared", _only_declared_transitions),
    Check(8, "replaying every stored file gives the same state", _replay_gives_the_same),
    Check(9, "every sealed value opens where it belongs", _sealed_values_open),
    Check(10, "the audit log is whole, and holds what was anchored outside", _audit_log_is_whole),
    Check(11, "one live mandate an employer and fund; every version of it is accounted for", _mandates_hold_together),
    Check(12, "closed periods of the journal are as they were closed", _closed_periods_hold),
)
