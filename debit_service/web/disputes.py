"""Disputes that wait for the fund's answer: a clerk upholds or rejects each, and tells the employer why."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service import operations
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.errors import NotFound
from debit_service.core.work import Role, Work
from debit_service.disputes import queries
from debit_service.disputes import service as disputes
from debit_service.disputes.models import Dispute
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import CARDS_SHOWN_MAX, reading, service, working

blueprint = Blueprint("disputes", __name__, url_prefix="/disputes")


@dataclass(frozen=True, slots=True)
class Card:
    """One dispute that waits, with the form to answer it. `overdue` by the fund's business date."""

    dispute: Dispute
    text: str
    contribution: Contribution
    employer: str
    fund: Fund
    overdue: bool
    form: forms.AnswerForm


@blueprint.get("")
@allowed(Role.FINANCE_CLERK)
def listed() -> ResponseReturnValue:
    """Every dispute without an answer, the most urgent first."""
    with reading() as work:
        found = queries.waiting(work)
        cards = [_card(work, dispute, forms.AnswerForm()) for dispute in found[:CARDS_SHOWN_MAX]]
        return render_template("disputes.html", cards=cards, count=len(found), asked=None)


@blueprint.route("/<dispute_id>", methods=["GET", "POST"])
@allowed(Role.FINANCE_CLERK)
def answer(dispute_id: str) -> ResponseReturnValue:
    """Answer one dispute."""
    form = forms.AnswerForm()
    if form.validate_on_submit():
        with working() as work:
            disputes.answer(work, dispute_id, form.answer.data, form.text.data)
        flash(gettext("Answered. The employer reads it on the contribution's page."))
        return redirect(url_for("disputes.listed"))
    with reading() as work:
        card = _card(work, _waiting(work, dispute_id), form)
        return render_template("disputes.html", cards=[card], count=1, asked=form), 422 if form.errors else 200


def answer_text(work: Work, dispute: Dispute) -> str:
    """What the fund answered; empty while it has not."""
    if dispute.answer_text_sealed is None:
        return ""
    return work.keys.open(dispute.answer_text_sealed, f"disputes.answer_text:{dispute.id}")


def _waiting(work: Work, dispute_id: str) -> Dispute:
    for dispute in queries.waiting(work):
        if dispute.id == dispute_id:
            return dispute
    raise NotFound("dispute.not_waiting", "No such dispute waits for an answer.")


def _card(work: Work, dispute: Dispute, form: forms.AnswerForm) -> Card:
    contribution = contributions.get(work, dispute.contribution_id)
    fund = service().funds.get(contribution.fund_id)
    forms.tell_apart(form, dispute.id)
    return Card(
        dispute=dispute,
        text=queries.text(work, dispute),
        contribution=contribution,
        employer=employers.name(work, employers.get(work, contribution.employer_id)),
        fund=fund,
        overdue=dispute.answer_by < operations.today(service(), fund),
        form=form,
    )
