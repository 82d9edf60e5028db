"""Mandates that wait for the employer's bank: a clerk records what it did, with the document that proves it and a reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.errors import Refused
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.mandates import queries
from debit_service.mandates import service as mandates
from debit_service.mandates.models import Mandate
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import CARDS_SHOWN_MAX, reading, service, working

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
@allowed(Role.FINANCE_CLERK)
def listed() -> ResponseReturnValue:
    """Every mandate that waits, the oldest first."""
    with reading() as work:
        found = queries.waiting(work)
        cards = [_card(work, mandate, state, forms.BankStepForm()) for mandate, state in found[:CARDS_SHOWN_MAX]]
        return render_template("mandate_desk.html", cards=cards, count=len(found), asked=None)


@blueprint.route("/<mandate_id>", methods=["GET", "POST"])
@allowed(Role.FINANCE_CLERK)
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
        _RECORD[form.what.data](work, mandates.get(work, mandate_id), form.why.data, form.evidence.data)
    flash(gettext("Recorded. The employer sees it on its page."))
    return redirect(url_for("mandate_desk.listed"))


def _card(work: Work, mandate: Mandate, state: str, form: forms.BankStepForm) -> Card:
    if state not in STEPS:
        raise Refused("mandate.not_waiting", "This mandate does not wait for the bank.", place=mandate.reference)
    form.offer(STEPS[state])
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
