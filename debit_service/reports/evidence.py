"""One bank entry with all that shows what it is: its facts, what was made of it and when, for which debits, and where the bank
wrote it. What names people is not in it; the bank's own bytes, which do, are given by themselves, and that is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import func, select

from debit_service.banks import queries as bank_files
from debit_service.banks.models import BankFile
from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.errors import NotFound
from debit_service.core.work import Role, Work
from debit_service.reconcile.models import Allocation, BankDocument, BankEntry, Disposition
from debit_service.reports.fragment import Place, fragment

READERS: Final = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
#: A booked sum may be of a million debits; a page shows the first, and the list behind the block has all.
SHARES_SHOWN_MAX: Final = 200
_UTF8_BYTES_MAX: Final = 4


class Share(NamedTuple):
    """The part of an entry that concerned one debit, by one disposition."""

    disposition_id: str
    collection_id: str
    end_to_end_id: str
    contribution_id: str
    reference: str
    effect: str
    amount_minor: int
    charges_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A bank entry: `history` is what was made of it, oldest first; `same` are entries that tell the same booking again."""

    entry: BankEntry
    document: BankDocument
    file: BankFile
    history: Sequence[Disposition]
    shares: Sequence[Share]
    same: Sequence[str]

    @property
    def waits(self) -> bool:
        """Whether a person is asked about it, or about a part of it."""
        newest = self.history[-1] if self.history else None
        return newest is not None and (
            newest.kind == "suspense" or (newest.kind, newest.reason) == ("resolved", "rest")
        )


@dataclass(frozen=True, slots=True)
class Written:
    """What the bank wrote of an entry: the file, and the bytes as text (None where they could not be found in it).

    `around` is what stands in the entry before a detail of it; `member` counts the files of an archive.
    """

    file_name: str
    sha256: str
    offset: int | None
    member: int | None
    text: str | None
    around: str
    is_cut: bool


def evidence(work: Work, entry_id: str) -> Evidence:
    """Everything about an entry but what names people. Raises NotFound."""
    work.actor.require(*READERS)
    entry = _entry(work, entry_id)
    history = select(Disposition).where(Disposition.entry_id == entry_id).order_by(Disposition.sort_key)
    same = select(Disposition.entry_id).where(Disposition.folded_into == entry_id, Disposition.most_recent)
    return Evidence(
        entry=entry,
        document=work.session.get_one(BankDocument, entry.document_id),
        file=bank_files.get(work, entry.file_id),
        history=work.session.scalars(history).all(),
        shares=_shares(work, entry_id),
        same=work.session.scalars(same.order_by(Disposition.entry_id)).all(),
    )


def written(work: Work, entry_id: str) -> Written:
    """What the bank wrote of an entry, byte by byte. It names people: that somebody looked is on record. Raises NotFound."""
    work.actor.require(*READERS)
    entry = _entry(work, entry_id)
    file = bank_files.get(work, entry.file_id)
    found = fragment(bank_files.opened(work, file.id), place(work, entry))
    audit.record(work, "bank_entry.looked_at", entry.id, file=file.id)
    name = bank_files.name(work, file)
    if found is None:
        return Written(name, file.sha256, None, None, None, "", False)
    text, around = _text(found.content), _text(found.around)
    return Written(name, file.sha256, found.offset, found.member, text, around, found.is_cut)


def _entry(work: Work, entry_id: str) -> BankEntry:
    entry = work.session.get(BankEntry, entry_id)
    if entry is None:
        raise NotFound("entry.unknown", f"There is no bank entry {entry_id}.", remedy="See `debit reports entries`.")
    return entry


def _shares(work: Work, entry_id: str) -> list[Share]:
    query = (
        select(
            Allocation.disposition_id,
            Allocation.collection_id,
            Collection.end_to_end_id,
            Contribution.id,
            Contribution.reference,
            Allocation.effect,
            Allocation.amount_minor,
            Allocation.charges_minor,
            Collection.currency,
        )
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(Collection, Collection.id == Allocation.collection_id)
        .join(Contribution, Contribution.id == Collection.contribution_id)
        .where(Disposition.entry_id == entry_id)
        .order_by(Disposition.sort_key, Collection.id)
        .limit(SHARES_SHOWN_MAX)
    )
    return [Share(*row) for row in work.session.execute(query)]


def place(work: Work, entry: BankEntry) -> Place:
    """Where in its file the entry stands: its container, the entry in it, and which detail of that."""
    container = work.session.get_one(BankDocument, entry.document_id).position
    if entry.level != "transaction":
        return Place(container, entry.entry_index, None)
    before = select(func.count()).where(
        BankEntry.document_id == entry.document_id,
        BankEntry.file_id == entry.file_id,
        BankEntry.level == "transaction",
        BankEntry.entry_index.is_not_distinct_from(entry.entry_index),
        BankEntry.position < entry.position,
    )
    return Place(container, entry.entry_index, work.session.scalars(before).one())


def _text(content: bytes) -> str:
    """As text to be shown: banks write UTF-8, or a Latin encoding in which every byte is a character."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(content) - _UTF8_BYTES_MAX:
            # Cut in the middle of a character.
            return content[: error.start].decode()
        return content.decode("windows-1252", "replace")
