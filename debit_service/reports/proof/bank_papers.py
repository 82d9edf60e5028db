"""What was sent to the bank, and what the bank said: its own bytes, each with the hash of the file that it stands in."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Select, select

from debit_service.banks import queries as bank_files
from debit_service.collections import queries as collections
from debit_service.collections.models import Batch, Collection
from debit_service.core.work import Work
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reports.evidence import place
from debit_service.reports.fragment import fragment
from debit_service.reports.proof.papers import Paper, as_json, opened_row, row_of
from debit_service.reports.proof.pieces import own_part, place_of, sent_pieces

_WHAT = {
    "head": "the beginning of the file that was sent, up to its first block",
    "block": "the head of the block in the file that was sent",
    "line": "the line of this debit in the file that was sent",
}


def sent_papers(work: Work, attempts: Iterable[Collection]) -> Iterator[Paper]:
    """Of each attempt that was sent: its line, byte for byte, where it stands, and who made, approved and sent the file."""
    for attempt in attempts:
        batch = collections.batch_of(work, attempt)
        if batch is None:
            continue
        folder = f"sent/{attempt.end_to_end_id}"
        found = sent_pieces(bank_files.opened(work, batch.file_id), attempt.end_to_end_id)
        for name, (_, content) in found.items():
            yield Paper(f"{folder}/{name}.xml", content, _WHAT[name])
        told = _sent(work, batch) | {"pieces": {name: place_of(*one) for name, one in found.items()}}
        yield Paper(f"{folder}/sent.json", as_json(told), "the file that was sent: its hash, its hands, its sending")


def _sent(work: Work, batch: Batch) -> dict[str, Any]:
    file, approval = bank_files.get(work, batch.file_id), collections.approval(work, batch.id)
    return {
        "message_id": batch.id,
        "file": {"name": bank_files.name(work, file), "sha256": file.sha256, "bytes": file.size_bytes},
        "made_by": batch.made_by,
        "made_at": batch.made_at,
        "approval": row_of(approval) if approval else None,
        "submissions": [opened_row(work, one, "detail") for one in collections.submissions(work, batch.id)],
    }


def bank_papers(work: Work, attempts: Iterable[Collection]) -> Iterator[Paper]:
    """Every entry of the bank that concerns an attempt now, and what the bank reported of the files themselves.

    An entry that was once taken for one of an attempt's, and is no more, may be another employer's: see `taken_back_papers`.
    """
    debits = list(attempts)
    of_debits = _entries_of(debits).where(Disposition.most_recent)
    entries = select(BankEntry).where(BankEntry.id.in_(of_debits)).order_by(BankEntry.id)
    for entry in work.session.scalars(entries).all():
        yield from _entry(work, entry, "entry", "what the bank said of this debit")
    batches = [one.id for debit in debits if (one := collections.batch_of(work, debit))]
    answers = select(BankEntry).where(
        BankEntry.original_message_id.in_(batches), BankEntry.level == "group", BankEntry.id.not_in(of_debits)
    )
    for entry in work.session.scalars(answers.order_by(BankEntry.id)).all():
        yield from _entry(work, entry, "answer", "the bank's answer to the whole file")


def taken_back_papers(work: Work, attempts: Iterable[Collection]) -> Iterator[Paper]:
    """For the fund alone: which entries were once taken for an attempt's and are no more. Nothing that stands in them."""
    once = _entries_of(list(attempts))
    query = (
        select(Disposition.entry_id, Disposition.kind, Disposition.at)
        .where(Disposition.most_recent, Disposition.entry_id.in_(once.where(~Disposition.most_recent)))
        .where(Disposition.entry_id.not_in(once.where(Disposition.most_recent)))
        .order_by(Disposition.entry_id)
    )
    told = [{"entry": entry, "is_now": kind, "since": since} for entry, kind, since in work.session.execute(query)]
    if told:
        what = "entries of the bank that were once taken for this contribution's; that was taken back"
        yield Paper("bank/taken-back.json", as_json(told), what)


def _entries_of(debits: Iterable[Collection]) -> Select[str]:
    """The entries that some disposition, standing or replaced, gave to one of these debits."""
    return (
        select(Allocation.entry_id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .where(Allocation.collection_id.in_([one.id for one in debits]))
    )


def _entry(work: Work, entry: BankEntry, kind: str, what: str) -> Iterator[Paper]:
    file = bank_files.get(work, entry.file_id)
    found = fragment(bank_files.opened(work, file.id), place(work, entry))
    told: dict[str, Any] = {
        "file": {"name": bank_files.name(work, file), "sha256": file.sha256, "bytes": file.size_bytes},
        "stored_at": file.stored_at,
        "entry": row_of(entry),
        "personal": reconcile.personal(work, entry),
        "bytes": None,
    }
    if found:
        own = own_part(found.content) if entry.level != "transaction" else found.content
        cut = (
            " (its beginning: what follows names others, or is too long)"
            if found.is_cut or own != found.content
            else ""
        )
        yield Paper(f"bank/{kind}-{entry.id}.xml", own, f"{what}, byte for byte{cut}")
        told["bytes"] = place_of(found.offset, own, found.member)
        if found.around:
            yield Paper(f"bank/{kind}-{entry.id}-head.xml", found.around, "what stands before it in the same booking")
    yield Paper(
        f"bank/{kind}-{entry.id}.json", as_json(told), f"{what}, as it was read, and where it stands in which file"
    )
