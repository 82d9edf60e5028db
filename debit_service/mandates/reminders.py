"""Reminders: a mandate that waits for the employer's bank too long is told to the employer again, a few times and no more."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from debit_service.core import audit, events
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates.models import Mandate, MandateTransition

OUTBOX_KIND: Final = "mandate_reminder"
REMINDERS_MAX: Final = 3

_SUBJECTS: Final = {
    "fr": "Votre autorisation de prélèvement attend — {fund}",
    "ar": "تفويضكم بالاقتطاع في الانتظار — {fund}",
    "en": "Your direct debit mandate is waiting — {fund}",
}
_TEXTS: Final = {
    ("fr", "signed"): (
        "{name},\n\nVotre mandat {reference}, signé le {signed_on}, n'a pas encore été déposé à votre banque. Tant qu'elle ne l'a"
        " pas validé, vos cotisations ne sont pas prélevées et restent à payer par vos propres moyens.\n\nVeuillez imprimer le"
        " formulaire, le signer et le faire valider par votre banque.\n"
    ),
    ("fr", "lodged_at_bank"): (
        "{name},\n\nVotre mandat {reference}, signé le {signed_on}, a été déposé à votre banque, qui n'a pas encore répondu. Tant"
        " qu'elle ne l'a pas validé, vos cotisations ne sont pas prélevées et restent à payer par vos propres moyens.\n\nVeuillez"
        " demander à votre banque de confirmer qu'elle l'a enregistré.\n"
    ),
    ("ar", "signed"): (
        "{name}،\n\nلم يودع تفويضكم {reference} الموقع يوم {signed_on} لدى بنككم بعد. وما دام البنك لم يصادق عليه فلن تقتطع"
        " اشتراكاتكم، ويبقى عليكم دفعها بوسيلة أخرى.\n\nيرجى طباعة الاستمارة وتوقيعها ومصادقة بنككم عليها.\n"
    ),
    ("ar", "lodged_at_bank"): (
        "{name}،\n\nأودع تفويضكم {reference} الموقع يوم {signed_on} لدى بنككم ولم يجب بعد. وما دام البنك لم يصادق عليه فلن تقتطع"
        " اشتراكاتكم، ويبقى عليكم دفعها بوسيلة أخرى.\n\nيرجى مطالبة بنككم بتأكيد تسجيله.\n"
    ),
    ("en", "signed"): (
        "{name},\n\nYour mandate {reference}, signed on {signed_on}, has not been lodged at your bank yet. Until the bank has"
        " accepted it, your contributions are not debited, and you have to pay them by other means.\n\nPlease print the form,"
        " sign it, and have your bank stamp it.\n"
    ),
    ("en", "lodged_at_bank"): (
        "{name},\n\nYour mandate {reference}, signed on {signed_on}, was lodged at your bank, which has not answered yet. Until"
        " the bank has accepted it, your contributions are not debited, and you have to pay them by other means.\n\nPlease ask"
        " your bank to confirm that it has registered the mandate.\n"
    ),
}


@dataclass(frozen=True, slots=True)
class _Reminded:
    """How often the employer was reminded of a mandate, and when last."""

    times: int
    last: datetime | None


def remind(work: Work, fund: Fund, today: date) -> int:
    """Owe a reminder for each mandate of `fund` that waits for its bank since, or after the last reminder for,
    `mandate_path.remind_after_days`; at most `REMINDERS_MAX` of one mandate. Returns how many. Safe to repeat.
    """
    work.actor.require(Role.FINANCE_CLERK)
    patience = fund.mandate_path.remind_after_days.require()
    zone = ZoneInfo(fund.time_zone)
    reminded = _reminded(work, fund)
    made = 0
    for mandate, waits in _waiting(work, fund):
        before = reminded.get(mandate.id, _Reminded(0, None))
        since = max(waits.at, before.last or waits.at).astimezone(zone).date()
        if before.times < REMINDERS_MAX and (today - since).days >= patience:
            _owe(work, fund, mandate, waits.to_state)
            made += 1
    if made:
        audit.record(work, "mandates.reminded", fund.id, count=made)
    return made


def _waiting(work: Work, fund: Fund) -> list[tuple[Mandate, MandateTransition]]:
    query = (
        select(Mandate, MandateTransition)
        .join(MandateTransition, MandateTransition.subject_id == Mandate.id)
        .where(Mandate.fund_id == fund.id, MandateTransition.most_recent)
        .where(MandateTransition.to_state.in_(("signed", "lodged_at_bank")))
        .order_by(Mandate.id)
    )
    return [(mandate, waits) for mandate, waits in work.session.execute(query)]


def _reminded(work: Work, fund: Fund) -> dict[str, _Reminded]:
    query = (
        select(OutboxMessage.subject, func.count(), func.max(OutboxMessage.created_at))
        .join(Mandate, Mandate.id == OutboxMessage.subject)
        .where(OutboxMessage.kind == OUTBOX_KIND, Mandate.fund_id == fund.id)
        .group_by(OutboxMessage.subject)
    )
    return {mandate_id: _Reminded(times, last) for mandate_id, times, last in work.session.execute(query)}


def _owe(work: Work, fund: Fund, mandate: Mandate, state: str) -> None:
    employer = work.session.get_one(Employer, mandate.employer_id)
    language = employer.language
    body = {
        "to": employers.email(work, employer),
        "subject": _SUBJECTS[language].format(fund=fund.names.best(language)),
        "text": _TEXTS[language, state].format(
            name=employers.name(work, employer), reference=mandate.reference, signed_on=mandate.signed_on.isoformat()
        ),
        "language": language,
    }
    events.owe(work, OUTBOX_KIND, mandate.id, json.dumps(body, ensure_ascii=False))
