"""What a notice says, in the employer's language. A run makes a million of them, so each is a template with places, made once.

The outbox keeps a message as JSON: `to` (an e-mail address or null), `subject` and `text`, which any kind of message has, and for
a notice the `language` and the `fields` that a letter sets as a table.
"""

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from debit_service.core.money import format_minor

_DEFAULT_LANGUAGE: Final = "fr"
_SUBJECTS: Final = {
    "fr": "Avis de prélèvement — {fund}",
    "ar": "إشعار بالاقتطاع — {fund}",
    "en": "Notice of direct debit — {fund}",
}
_TEXTS: Final = {
    "fr": (
        "{name},\n\nVotre cotisation {reference} (période {period}) sera prélevée le {day} :\n{amount} {currency}, sur le compte"
        " {account}, au titre du mandat {mandate} (identifiant du créancier : {creditor_identifier}).\n\nVeuillez approvisionner"
        " ce compte. Si ce montant n'est pas dû, contestez-le avant cette date auprès de {fund}.\n"
    ),
    "ar": (
        "{name}،\n\nسيتم اقتطاع اشتراككم {reference} (الفترة {period}) يوم {day}:\n{amount} {currency} من الحساب {account}"
        " بموجب التفويض {mandate} (معرّف الدائن: {creditor_identifier}).\n\nيرجى توفير المبلغ في هذا الحساب. إذا كان هذا المبلغ"
        " غير مستحق فيمكنكم الاعتراض عليه قبل هذا التاريخ لدى {fund}.\n"
    ),
    "en": (
        "{name},\n\nYour contribution {reference} (period {period}) will be debited on {day}:\n{amount} {currency}, from the"
        " account {account}, under the mandate {mandate} (creditor identifier: {creditor_identifier}).\n\nPlease have the amount"
        " on this account. If it is not owed, contest it before that date with {fund}.\n"
    ),
}
#: What differs from notice to notice of a fund.
_PLACES: Final = ("name", "reference", "period", "day", "amount", "account", "mandate")


def language_of(language: str) -> str:
    """The language in which an employer that prefers `language` is written to."""
    return language if language in _TEXTS else _DEFAULT_LANGUAGE


def notice_body(
    language: str,
    *,
    fund_name: str,
    creditor_identifier: str,
    employer_name: str,
    reference: str,
    period: str,
    collection_date: date,
    amount_minor: int,
    currency: str,
    account_masked: str,
    mandate_reference: str,
    email: str | None,
) -> str:
    """The notice of one debit, as JSON (see the module). `email` none or empty: it will be a letter."""
    return _template(language_of(language), fund_name, creditor_identifier, currency) % {
        "to": encode_basestring(email) if email else "null",
        "name": _escaped(employer_name),
        "reference": _escaped(reference),
        "period": _escaped(period),
        "day": collection_date.isoformat(),
        "amount": format_minor(amount_minor, currency),
        "account": _escaped(account_masked),
        "mandate": _escaped(mandate_reference),
    }


@lru_cache(maxsize=64)
def _template(language: str, fund_name: str, creditor_identifier: str, currency: str) -> str:
    """The JSON of every notice of one fund in one language, with `%(...)s` where notices differ."""
    given = {"fund": fund_name, "creditor_identifier": creditor_identifier, "currency": currency}
    given = {name: value.replace("%", "%%") for name, value in given.items()}
    fields: Mapping[str, str] = given | {place: f"%({place})s" for place in _PLACES}
    body = {
        "to": "%(to)s",
        "subject": _SUBJECTS[language].format_map(fields),
        "text": _TEXTS[language].format_map(fields),
        "language": language,
        "fields": fields,
    }
    return json.dumps(body, ensure_ascii=False).replace('"%(to)s"', "%(to)s", 1)


def _escaped(text: str) -> str:
    """`text` as it stands within the quotes of a JSON string."""
    return encode_basestring(text)[1:-1]
