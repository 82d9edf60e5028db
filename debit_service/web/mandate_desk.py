"""The desk of mandates: of those that wait for the employer's bank, a clerk or a proximity office records what it did.

Each record has the document that proves it, attached or named, and a reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.mandates import queries
from debit_service.mandates import service as mandates
from debit_service.mandates.documents import DocumentKind
from debit_service.mandates.models import Mandate
from debit_service.web import formats, forms, words
from debit_service.web.access import allowed
from debit_service.web.desk import CARDS_SHOWN_MAX, reading, service, working

DESK = (Role.FINANCE_CLERK, Role.MANDATE_AGENT)

blueprint = Blueprint("mandate_desk", __name__, url_prefix="/mandate-desk")

#: What a clerk may record of a mandate in this state. Not every move of the mandate's life: a CORE mandate needs no bank, and
#: what was never lodged cannot have been accepted.
STEPS: Final[Mapping[str, tuple[str, ...]]] = {"signed": ("lodged",), "lodged_at_bank": ("accepted", "refused")}
_RECORD: Final[Mapping[str, Callable[[Work, Mandate, str, str], None]]] = {
    "lodged": mandates.lodge,
    "accepted": mandates.accept,
    "refused": mandates.refuse,
}


@dataclass(frozen=True, slots=True)
class Card:
    """One mandate that waits, with the form to record what became of it."""

    mandate: Mandate
    state: str
    fund: Fund
    employer: str
    registration_number: str
    form: forms.BankStepForm


@blueprint.get("")
@allowed(*DESK)
def listed() -> ResponseReturnValue:
    """Every mandate that waits, the oldest first."""
    with reading() as work:
        found = queries.waiting(work)
        cards = [_card(work, mandate, state, forms.BankStepForm()) for mandate, state in found[:CARDS_SHOWN_MAX]]
        return render_template("mandate_desk.html", cards=cards, count=len(found), asked=None)


@blueprint.get("/find")
@allowed(*DESK)
def find() -> ResponseReturnValue:
    """From a reference to its mandate, whatever its state."""
    reference = request.args.get("reference", "").strip()
    if not reference:
        return redirect(url_for("mandate_desk.listed"))
    with reading() as work:
        return redirect(url_for("documents.listed", mandate_id=mandates.get(work, reference).id))


@blueprint.route("/<mandate_id>", methods=["GET", "POST"])
@allowed(*DESK)
def record(mandate_id: str) -> ResponseReturnValue:
    """Record what the bank did with one mandate. Refused when the mandate no longer waits."""
    form = forms.BankStepForm()
    with reading() as work:
        mandate = mandates.get(work, mandate_id)
        card = _card(work, mandate, queries.state(work, mandate.id), form)
        if not form.validate_on_submit():
            page = render_template("mandate_desk.html", cards=[card], count=1, asked=form)
            return page, 422 if form.errors else 200
    with working() as work:
        _RECORD[form.what.data](work, mandates.get(work, mandate_id), form.why.data, form.proof)
    flash(gettext("Recorded. The employer sees it on its page."))
    return redirect(url_for("mandate_desk.listed"))


def _card(work: Work, mandate: Mandate, state: str, form: forms.BankStepForm) -> Card:
    if state not in STEPS:
        raise Refused("mandate.not_waiting", "This mandate does not wait for the bank.", place=mandate.reference)
    form.offer(STEPS[state], _attached(work, mandate))
    forms.tell_apart(form, mandate.id)
    registered = employers.registrations(work, mandate.employer_id)
    return Card(
        mandate=mandate,
        state=state,
        fund=service().funds.get(mandate.fund_id),
        employer=employers.name(work, employers.get(work, mandate.employer_id)),
        registration_number=next(one.number for one in registered if one.fund_id == mandate.fund_id),
        form=form,
    )


def _attached(work: Work, mandate: Mandate) -> list[tuple[str, str]]:
    """The scans that may prove what a bank did, by number and name, the bank's own and the newest first."""
    found = sorted(
        queries.documents(work, mandate),
        key=lambda one: (one.kind != DocumentKind.BANK_VALIDATION, -one.attached_at.timestamp()),
    )
    zone = service().funds.get(mandate.fund_id).time_zone
    return [
        (one.id, f"{words.document_kind(one.kind)} – {formats.moment(one.attached_at, zone).striptags()}")
        for one in found
    ]
