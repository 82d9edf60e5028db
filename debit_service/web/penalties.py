"""Penalties: every one with its argument; an approver charges a proposal, or withdraws a penalty, with a reason."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.contributions import queries as contributions
from debit_service.core.work import Role, Work
from debit_service.penalties import queries
from debit_service.penalties.models import Penalty
from debit_service.penalties.service import adopt as adopt_penalty
from debit_service.penalties.service import withdraw as withdraw_penalty
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import reading, working

blueprint = Blueprint("penalties", __name__, url_prefix="/penalties")


@blueprint.get("")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def listed() -> ResponseReturnValue:
    """Every penalty, with its argument; proposals first."""
    return _penalties_page(forms.WhyForm()), 200


@blueprint.post("/<penalty_id>/adopt")
@allowed(Role.FINANCE_APPROVER)
def adopt(penalty_id: str) -> ResponseReturnValue:
    """Charge a proposed penalty."""
    return _decide(penalty_id, adopt_penalty, gettext("The penalty is charged."))


@blueprint.post("/<penalty_id>/withdraw")
@allowed(Role.FINANCE_APPROVER)
def withdraw(penalty_id: str) -> ResponseReturnValue:
    """Take a penalty back."""
    return _decide(penalty_id, withdraw_penalty, gettext("The penalty is withdrawn."))


def _decide(penalty_id: str, decide: Callable[[Work, str, str], Penalty], done: str) -> ResponseReturnValue:
    form = forms.WhyForm()
    if not form.validate():
        return _penalties_page(form, asked=penalty_id), 422
    with working() as work:
        decide(work, penalty_id, form.why.data)
    flash(done)
    return redirect(url_for("penalties.listed"))


def _penalties_page(form: forms.WhyForm, asked: str | None = None) -> str:
    with reading() as work:
        shown = []
        for penalty in queries.listed(work):
            decisions = queries.history_of(work, penalty.contribution_id)
            shown.append(
                {
                    "penalty": penalty,
                    "state": queries.state_of(work, penalty.id),
                    "amount_minor": queries.amount_of(work, penalty.id),
                    "steps": queries.steps_of(work, penalty.id),
                    "contribution": contributions.get(work, penalty.contribution_id),
                    "decision": next(one for one in decisions if one.id == penalty.decision_id),
                }
            )
        shown.sort(key=lambda one: one["state"] != "proposed")
        return render_template("penalties.html", penalties=shown, form=form, asked=asked)
