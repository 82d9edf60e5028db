"""Collections that the bank has: contributions are declared and owed, debits are in files that were sent, the journal says both.

The rows are those that the service makes on that way, by its own writers where there are few of them or where they are quick;
notices, and the bytes of the files, are left out: nothing of reconciliation looks at them.
"""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from benchmarks.collect_data import BATCHED_AT, CREDITOR_IDENTIFIER, DUE_ON, seed
from benchmarks.databases import settle
from benchmarks.fund import FUND, PLANNED_AT, service_on
from benchmarks.reconcile_files import BLOCK_SIZE, block_id, end_to_end_id, path_of
from debit_service.banks import service as bank_store
from debit_service.collections.models import (
    Approval,
    Batch,
    BatchTransition,
    Collection,
    PaymentInformation,
    Submission,
)
from debit_service.collections.rules import BATCH_MACHINE
from debit_service.contributions.models import Contribution
from debit_service.core import events
from debit_service.core.bulk import insert_rows
from debit_service.core.clock import SetClock
from debit_service.core.state import move
from debit_service.core.work import SERVICE, Work
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import Account, account
from debit_service.ledger.service import Posting
from debit_service.mandates.models import Mandate
from debit_service.reconcile.service import import_file
from debit_service.wiring import Service

#: When the bank's answers are read.
ANSWERED_AT = datetime(2026, 10, 1, 6, tzinfo=UTC)
BANK_NAME = "mock-bank-folder"
_MAKER, _APPROVER = SERVICE.name, "approver"
_COLLECTION = (
    "id",
    "contribution_id",
    "attempt",
    "fund_id",
    "mandate_id",
    "end_to_end_id",
    "amount_minor",
    "currency",
    "collection_date",
    "date_reason",
    "days_late_by_service",
    "sequence_type",
    "planned_at",
    "payment_information_id",
    "mandate_version_sent",
    "account_index_sent",
    "mandate_reference_sent",
    "creditor_identifier_sent",
    "scheme_sent",
    "live",
)


class _Owed(NamedTuple):
    """A contribution, with the mandate under which it is collected."""

    id: str
    reference: str
    amount_minor: int
    import_id: str
    mandate_id: str
    mandate_version: int
    mandate_reference: str
    account_index: str


def send_all(home: Path, url: str, size: int) -> None:
    """Make `size` collections that were sent, in blocks of BLOCK_SIZE, in an empty database."""
    seed(home, url, size)
    with service_on(home, url, SetClock(BATCHED_AT)) as service:
        after = ""
        for first in range(0, size, BLOCK_SIZE):
            with service.desk.work(SERVICE) as work:
                owed = _owed(work, after)
                _declare(work, owed)
                _send(work, first, owed)
            after = owed[-1].id
        settle(service.desk.database.engine)


def credit_all(home: Path, url: str, folder: Path) -> None:
    """Let the service read the file of credits in `folder`."""
    with service_on(home, url, SetClock(ANSWERED_AT)) as service:
        import_file(service.desk, SERVICE, service.funds, stored(service, path_of(folder, "credits")))
        settle(service.desk.database.engine)


def stored(service: Service, path: Path) -> str:
    """Store a file of the bank; returns its id."""
    with service.desk.work(SERVICE) as work, path.open("rb") as stream:
        return bank_store.store(work, "in", BANK_NAME, path.name, stream).file_id


def _owed(work: Work, after: str) -> list[_Owed]:
    """The next contributions: their ids follow their numbers."""
    query = (
        select(
            Contribution.id,
            Contribution.reference,
            Contribution.amount_minor,
            Contribution.import_id,
            Mandate.id,
            Mandate.version,
            Mandate.reference,
            Mandate.account_index,
        )
        .join(Mandate, Mandate.employer_id == Contribution.employer_id)
        .where(Contribution.id > after)
        .order_by(Contribution.id)
        .limit(BLOCK_SIZE)
    )
    return [_Owed._make(row) for row in work.session.execute(query)]


def _declare(work: Work, owed: list[_Owed]) -> None:
    receivable, declared = account(Account.RECEIVABLE, FUND), account(Account.DECLARED, FUND)
    ledger.post_all(
        work,
        (
            Posting(
                subject=one.id,
                lines={receivable: one.amount_minor, declared: -one.amount_minor},
                currency="EUR",
                business_date=PLANNED_AT.date(),
                cause="contribution.declared",
                evidence={"import": one.import_id, "reference": one.reference},
            )
            for one in owed
        ),
    )
    told = [(one.id, {"fund": FUND, "amount_minor": one.amount_minor}) for one in owed]
    events.publish_all(work, "contribution.declared", told)


def _send(work: Work, first: int, owed: list[_Owed]) -> None:
    """A batch of one block of all that is owed, and what sending it leaves behind."""
    batch_id = _batch(work, first, sum(one.amount_minor for one in owed), len(owed))
    ids = work.new_ids(len(owed))
    rows = (
        (new_id, one.id, 1, FUND, one.mandate_id, end_to_end_id(number), one.amount_minor, "EUR", DUE_ON, "due date", 0,
         "RCUR", PLANNED_AT, block_id(first), one.mandate_version, one.account_index, one.mandate_reference,
         CREDITOR_IDENTIFIER, "CORE", True)
        for number, (new_id, one) in enumerate(zip(ids, owed, strict=True), start=first)
    )  # fmt: skip
    insert_rows(work.session, Collection, _COLLECTION, rows)
    in_transit, receivable = account(Account.IN_TRANSIT, FUND), account(Account.RECEIVABLE, FUND)
    ledger.post_all(
        work,
        (
            Posting(
                subject=new_id,
                lines={in_transit: one.amount_minor, receivable: -one.amount_minor},
                currency="EUR",
                business_date=BATCHED_AT.date(),
                cause="collection.sent",
                evidence={"batch": batch_id, "end_to_end_id": end_to_end_id(number)},
            )
            for number, (new_id, one) in enumerate(zip(ids, owed, strict=True), start=first)
        ),
    )


def _batch(work: Work, first: int, sum_minor: int, count: int) -> str:
    """A batch that was sent, with its only block; returns its id."""
    batch_id = work.new_id()
    content = f"the file {batch_id}".encode()
    digest = sha256(content).hexdigest()
    file = bank_store.store(work, "out", BANK_NAME, f"{batch_id}.xml", content)
    now = work.now()
    work.session.add(
        Batch(
            id=batch_id,
            fund_id=FUND,
            bank_id=BANK_NAME,
            scheme="CORE",
            file_id=file.file_id,
            sha256=digest,
            count=count,
            control_sum_minor=sum_minor,
            currency="EUR",
            made_by=_MAKER,
            made_at=now,
        )
    )
    work.session.flush()
    work.session.add_all(
        [
            PaymentInformation(
                id=block_id(first),
                batch_id=batch_id,
                sequence_type="RCUR",
                collection_date=DUE_ON,
                count=count,
                control_sum_minor=sum_minor,
            ),
            Approval(batch_id=batch_id, sha256=digest, made_by=_MAKER, approved_by=_APPROVER, approved_at=now),
            Submission(
                id=work.new_id(),
                batch_id=batch_id,
                number=1,
                sha256=digest,
                intended_at=now,
                outcome="sent",
                outcome_at=now,
            ),
        ]
    )
    work.session.flush()
    for state in ("made", "approved", "sending", "sent"):
        move(work, BatchTransition, BATCH_MACHINE, batch_id, state, "seeded")
    events.publish(work, "batch.sent", batch_id, fund=FUND)
    return batch_id
