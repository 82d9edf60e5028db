"""The signer's right to sign for the employer: which right it is, and for a proxy, what proves it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from debit_service.core.errors import Refused
from debit_service.core.work import Work
from debit_service.mandates import queries
from debit_service.mandates.models import Mandate, MandateDocument


class Capacity(StrEnum):
    """In what capacity somebody signs for an employer; `OTHER` is said in the signer's own words."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    OWNER = "owner"
    PROXY_HOLDER = "proxy_holder"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Authority:
    """The capacity in which somebody signs; `document` names what proves it: the power of attorney of a proxy holder."""

    kind: Capacity = Capacity.OTHER
    document: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """As it stands in the signed form."""
        return {"kind": self.kind.value, "document": self.document}


#: What older forms say, and papers of other houses: the capacity in the signer's words, and no document.
IN_WORDS = Authority()


def authority_of(work: Work, mandate: Mandate) -> Authority:
    """By what right the form of a mandate was signed."""
    _, content = queries.form(work, mandate.form_id)
    return stated_in(json.loads(content))


def stated_in(form: Mapping[str, Any]) -> Authority:
    """The authority that a form's content states. Forms of older versions state it in words only."""
    stated = form.get("authority")
    return Authority(Capacity(stated["kind"]), stated["document"]) if stated else IN_WORDS


def check_proxy(work: Work, mandate: Mandate) -> None:
    """Refuse a proxy holder's signature that nothing proves: no document is named in the form, and no scan of one is kept.

    A scan of a power of attorney is kept as `other`, with any mandate of the form.
    """
    authority = authority_of(work, mandate)
    if authority.kind is not Capacity.PROXY_HOLDER or authority.document:
        return
    kept = select(MandateDocument.id).where(MandateDocument.form_id == mandate.form_id, MandateDocument.kind == "other")
    if work.session.scalars(kept.limit(1)).first() is None:
        raise Refused(
            "mandate.proxy_not_proven",
            "A proxy holder signed, and no document proves the power of attorney.",
            place=mandate.reference,
            remedy="Attach the power of attorney to the mandate, as something else (other).",
        )
