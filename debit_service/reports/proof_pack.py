"""Proof pack: everything behind the outcome of a contribution, as files that somebody without this service can check.

The manifest names each file with its SHA-256. The signed form is the very bytes that came in; of files that name other employers
too, the pack holds the one transaction and the hash of the whole, which the fund or the bank can produce.
"""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from debit_service.banks import queries as bank_files
from debit_service.collections import queries as collections
from debit_service.collections.models import Batch
from debit_service.core import audit
from debit_service.core.files import write_atomically
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.iso20022.pain008 import read_pain008
from debit_service.mandates import queries as mandates
from debit_service.mandates.models import Mandate
from debit_service.penalties.catalogue import ReasonCodes
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry
from debit_service.reports.explain import explanation, find, lines

_INTERNAL = frozenset({"personal_sealed", "account_index"})


def proof_pack(work: Work, funds: Funds, codes: ReasonCodes, identifier: str) -> dict[str, bytes]:
    """File name -> content. Holds personal data: the caller hands it to nobody but those who may see it."""
    contribution = find(work, identifier)
    told = explanation(work, funds, codes, contribution.id)
    pack = {
        "explanation.json": _json(told),
        "explanation.txt": "\n".join([*lines(told), ""]).encode(),
    }
    for attempt in collections.attempts(work, contribution.id):
        mandate = work.session.get_one(Mandate, attempt.mandate_id)
        form, content = mandates.form(work, mandate.form_id)
        pack[f"form-{form.id}.json"] = content
        notice = collections.notice_sent(work, attempt)
        if notice:
            pack[f"notice-{notice[0].id}.json"] = _opened(work, notice[1])
        if batch := collections.batch_of(work, attempt):
            pack[f"sent-{attempt.end_to_end_id}.json"] = _sent_line(work, batch, attempt.end_to_end_id)
        for fact in reconcile.facts_of(work, attempt.id):
            pack[f"bank-{fact.entry_id}.json"] = _bank_entry(work, fact.entry_id)
    for told_payment in told["paid_by_other_means"]:
        pack[f"payment-{told_payment['payment']}.json"] = _json(told_payment)
    # Personal data leaves the database: that is on record, with what was in it.
    audit.record(work, "proof_pack.exported", contribution.id, files=sorted(pack))
    pack["manifest.json"] = _manifest(pack, contribution.reference)
    return pack


def _opened(work: Work, message: OutboxMessage) -> bytes:
    return work.keys.open_bytes(message.body_sealed, f"outbox.body:{message.id}")


def _sent_line(work: Work, batch: Batch, end_to_end_id: str) -> bytes:
    """The one transaction of the file as the bank got it, and the hash of the whole file, which names other employers too."""
    lines_of_file = read_pain008(bank_files.opened(work, batch.file_id), file=batch.id)
    line = next(one for one in lines_of_file if one.end_to_end_id == end_to_end_id)
    return _json({"message_id": batch.id, "file_sha256": batch.sha256, "transaction": asdict(line)})


def _bank_entry(work: Work, entry_id: str) -> bytes:
    """What the bank said in this entry, and the hash of the file that it stands in."""
    entry = work.session.get_one(BankEntry, entry_id)
    file = bank_files.get(work, entry.file_id)
    said = {
        column.name: getattr(entry, column.name)
        for column in BankEntry.__table__.columns
        if column.name not in _INTERNAL
    }
    return _json(
        {
            "file": bank_files.name(work, file),
            "file_sha256": file.sha256,
            "entry": said,
            "personal": reconcile.personal(work, entry),
        }
    )


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=1, default=str).encode()


def _manifest(pack: dict[str, bytes], reference: str) -> bytes:
    files = [
        {"name": name, "sha256": sha256(pack[name]).hexdigest(), "bytes": len(pack[name])} for name in sorted(pack)
    ]
    return json.dumps({"contribution": reference, "files": files}, indent=1).encode()


def write(pack: dict[str, bytes], folder: Path) -> None:
    """Write the files of a pack, readable by their owner only."""
    for name, content in pack.items():
        write_atomically(folder / Path(name).name, content, mode=0o600)
