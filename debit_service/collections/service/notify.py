"""Notify: before a debit the employer is told its amount and date. No notice that went out, no collection.

The notice is owed to the outbox in the transaction that records it, and goes out by e-mail where the employer gave an address and
the service has a mail host; else it is a letter, a file for the fund's post room.
"""

import json
import re
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select

from debit_service.collections.models import Collection, Notice
from debit_service.contributions import queries as contribution_queries
from debit_service.core import audit, events
from debit_service.core.database import in_turn
from debit_service.core.errors import InvalidInput, Unavailable
from debit_service.core.files import write_atomically
from debit_service.core.models import OutboxMessage
from debit_service.core.money import format_minor
from debit_service.core.settings import Settings
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employer_queries
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates.models import Mandate

OUTBOX_KIND = "notice"
_SMTP_SECONDS_MAX = 20
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)

_SUBJECTS = {
    "fr": "Avis de prélèvement — {fund}",
    "ar": "إشعار بالاقتطاع — {fund}",
    "en": "Notice of direct debit — {fund}",
}
_TEXTS = {
    "fr": (
        "{name},\n\nVotre cotisation {reference} (période {period}) sera prélevée le {day} :\n{amount} {currency}, sur le compte"
        " {account}, au titre du mandat {mandate}.\n\nVeuillez approvisionner ce compte. Si ce montant n'est pas dû,"
        " contestez-le avant cette date auprès de {fund}.\n"
    ),
    "ar": (
        "{name}،\n\nسيتم اقتطاع اشتراككم {reference} (الفترة {period}) يوم {day}:\n{amount} {currency} من الحساب {account}"
        " بموجب التفويض {mandate}.\n\nيرجى توفير المبلغ في هذا الحساب. إذا كان هذا المبلغ غير مستحق فيمكنكم الاعتراض عليه"
        " قبل هذا التاريخ لدى {fund}.\n"
    ),
    "en": (
        "{name},\n\nYour contribution {reference} (period {period}) will be debited on {day}:\n{amount} {currency}, from the"
        " account {account}, under the mandate {mandate}.\n\nPlease have the amount on this account. If it is not owed,"
        " contest it before that date with {fund}.\n"
    ),
}


def notify(work: Work, fund: Fund) -> int:
    """Owe a notice for each planned collection of `fund` that has none of this amount and date; returns how many."""
    work.actor.require(Role.FINANCE_CLERK)
    in_turn(work.session, f"collections/{fund.id}")
    announced = select(Notice.collection_id).where(
        Notice.collection_id == Collection.id,
        Notice.amount_minor == Collection.amount_minor,
        Notice.collection_date == Collection.collection_date,
    )
    query = select(Collection).where(
        Collection.fund_id == fund.id,
        Collection.live,
        Collection.payment_information_id.is_(None),
        ~announced.exists(),
    )
    waiting = list(work.session.scalars(query.order_by(Collection.id)))
    for collection in waiting:
        _owe_notice(work, fund, collection)
    if waiting:
        audit.record(work, "notices.made", fund.id, count=len(waiting))
    return len(waiting)


def _owe_notice(work: Work, fund: Fund, collection: Collection) -> None:
    mandate = work.session.get_one(Mandate, collection.mandate_id)
    employer = work.session.get_one(Employer, mandate.employer_id)
    language = employer.language if employer.language in _TEXTS else "fr"
    contribution = contribution_queries.get(work, collection.contribution_id)
    fund_name = fund.names.best(language)
    text = _TEXTS[language].format(
        name=employer_queries.name(work, employer),
        reference=contribution.reference,
        period=contribution.period,
        day=collection.collection_date.isoformat(),
        amount=format_minor(collection.amount_minor, collection.currency),
        currency=collection.currency,
        account=mandate_queries.account(work, mandate).masked,
        mandate=mandate.reference,
        fund=fund_name,
    )
    body = {
        "to": employer_queries.email(work, employer),
        "subject": _SUBJECTS[language].format(fund=fund_name),
        "text": text,
    }
    outbox_id = events.owe(work, OUTBOX_KIND, collection.id, json.dumps(body, ensure_ascii=False))
    work.session.flush()
    work.session.add(
        Notice(
            id=work.new_id(),
            collection_id=collection.id,
            amount_minor=collection.amount_minor,
            collection_date=collection.collection_date,
            language=language,
            outbox_id=outbox_id,
            made_at=work.now(),
        )
    )
    work.session.flush()


def carrier(settings: Settings) -> Callable[[OutboxMessage, str], None]:
    """How notices leave: see the module. Repeating one after a crash sends the same text again under the same id."""

    def carry_out(message: OutboxMessage, body: str) -> None:
        notice = json.loads(body)
        if notice["to"] and settings.smtp_host:
            _mail(settings, message.id, notice)
        else:
            _letter(settings.home / "letters", message.id, notice)

    return carry_out


def _mail(settings: Settings, message_id: str, notice: dict[str, str]) -> None:
    # Checked here, because the header parser of the standard library fails on some addresses with errors of any kind.
    if not _ADDRESS.fullmatch(notice["to"]):
        raise InvalidInput("mail.address", "The employer's address cannot stand in an e-mail.", remedy="Correct it.")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.mail_from, notice["to"], notice["subject"]
    mail["Message-ID"] = f"<{message_id}@{settings.mail_from.rpartition('@')[2]}>"
    mail.set_content(notice["text"])
    try:
        with smtplib.SMTP(settings.smtp_host or "", settings.smtp_port, timeout=_SMTP_SECONDS_MAX) as host:
            host.send_message(mail)
    except smtplib.SMTPException as error:
        raise Unavailable("mail.refused", f"The mail host did not take the message ({type(error).__name__}).") from None


def _letter(folder: Path, message_id: str, notice: dict[str, str]) -> None:
    content = f"{notice['subject']}\n\n{notice['text']}"
    write_atomically(folder / f"{message_id}.txt", content.encode(), mode=0o600)
