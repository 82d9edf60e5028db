"""What the employer signed, and what it was told: form, scans, life of the mandate, notices with the proof of their sending."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from debit_service.collections.models import Collection, Notice
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Work
from debit_service.mandates import documents, queries
from debit_service.mandates.models import Mandate
from debit_service.penalties.models import Penalty, PenaltyNotice
from debit_service.reports.proof.papers import Paper, as_json, row_of


def mandate_papers(work: Work, attempts: Iterable[Collection]) -> Iterator[Paper]:
    """Of each mandate that was debited: the bytes that were signed, and every transition and amendment."""
    forms: set[str] = set()
    for mandate_id in dict.fromkeys(one.mandate_id for one in attempts):
        mandate = work.session.get_one(Mandate, mandate_id)
        form, content = queries.form(work, mandate.form_id)
        if form.id not in forms:
            forms.add(form.id)
            what = f"the form as it was signed on {form.signed_on}, byte for byte; its hash was kept when it was signed"
            yield Paper(f"form/form-{form.id}.json", content, what)
        told = {
            "mandate": row_of(mandate),
            "history": [row_of(one) for one in queries.history(work, mandate.id)],
            "amendments": [row_of(one) for one in queries.amendments(work, mandate.id)],
        }
        yield Paper(
            f"form/mandate-{mandate.reference}.json", as_json(told), "the life of the mandate, and its amendments"
        )


def scan_papers(work: Work, attempts: Iterable[Collection]) -> Iterator[Paper]:
    """The scans that belong to those mandates. That they were read is on record, so they come last."""
    read: set[str] = set()
    for mandate_id in dict.fromkeys(one.mandate_id for one in attempts):
        for known in queries.documents(work, work.session.get_one(Mandate, mandate_id)):
            if known.id in read:
                continue
            read.add(known.id)
            scan = documents.fetch(work, known.id)
            yield Paper(
                f"form/{scan.name}", scan.content, f"a scan as it came on {known.attached_at:%Y-%m-%d}: {known.kind}"
            )


def notice_papers(work: Work, attempts: Iterable[Collection], penalties: Iterable[Penalty]) -> Iterator[Paper]:
    """Every notice as it was sent, and the record of its sending."""
    debits = (
        select(Notice, OutboxMessage)
        .join(OutboxMessage, OutboxMessage.id == Notice.outbox_id)
        .where(Notice.collection_id.in_([one.id for one in attempts]))
        .order_by(Notice.id)
    )
    for notice, message in work.session.execute(debits):
        yield from _notice(work, notice, message, "the notice of a debit")
    told = (
        select(PenaltyNotice, OutboxMessage)
        .join(OutboxMessage, OutboxMessage.id == PenaltyNotice.outbox_id)
        .where(PenaltyNotice.penalty_id.in_([one.id for one in penalties]))
        .order_by(PenaltyNotice.id)
    )
    for penalty_notice, message in work.session.execute(told):
        yield from _notice(work, penalty_notice, message, "the notice of a penalty")


def _notice(work: Work, notice: Notice | PenaltyNotice, message: OutboxMessage, what: str) -> Iterator[Paper]:
    content = work.keys.open_bytes(message.body_sealed, f"outbox.body:{message.id}")
    if message.withdrawn_at:
        what = f"{what} (withdrawn before it left)"
    yield Paper(f"notices/{notice.id}.json", content, f"{what}, as it was handed over to be sent")
    yield Paper(f"notices/{notice.id}-text.txt", str(json.loads(content)["text"]).encode(), f"{what}, as it reads")
    sending: dict[str, Any] = {
        "notice": row_of(notice),
        "message": row_of(message),
        "by": ("letter" if message.print_run else "e-mail") if message.done_at else None,
    }
    yield Paper(
        f"notices/{notice.id}-sending.json",
        as_json(sending),
        f"{what}: when it was made, and whether, when and how it left",
    )
