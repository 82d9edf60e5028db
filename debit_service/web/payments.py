"""Payments by other means than a debit: recorded by a clerk and undone by an approver, on the page of the contribution."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.collections.service.other_means import Stop
from debit_service.contributions import queries
from debit_service.contributions.payments import Means, Paid
from debit_service.core.errors import DebitError
from debit_service.core.money import parse_minor
from debit_service.core.work import Role
from debit_service.reconcile.service import other_means
from debit_service.web import contributions, forms
from debit_service.web.access import allowed
from debit_service.web.desk import service, working

blueprint = Blueprint("payments", __name__)


@blueprint.post("/contributions/<contribution_id>/payments")
@allowed(Role.FINANCE_CLERK)
def record(contribution_id: str) -> ResponseReturnValue:
    """Record that a contribution, or a part of it, was paid by other means."""
    form = forms.PaymentForm()
    if not form.validate():
        return contributions.page(contribution_id, payment_form=form), 422
    try:
        _tell(_record(contribution_id, form), gettext("The payment is recorded."))
    except DebitError as error:
        forms.show(form, error)
        return contributions.page(contribution_id, payment_form=form), 422
    return redirect(url_for("contributions.detail", contribution_id=contribution_id))


@blueprint.post("/contributions/<contribution_id>/payments/<payment_id>/undo")
@allowed(Role.FINANCE_APPROVER)
def undo(contribution_id: str, payment_id: str) -> ResponseReturnValue:
    """Take a payment back that was recorded wrongly, or whose cheque bounced."""
    form = forms.WhyForm()
    if not form.validate():
        return contributions.page(contribution_id, undo_form=form, asked=payment_id), 422
    with working() as work:
        undone = other_means.undo(work, service().funds, payment_id, form.why.data)
    _tell(undone, gettext("The payment is undone."))
    return redirect(url_for("contributions.detail", contribution_id=contribution_id))


def _record(contribution_id: str, form: forms.PaymentForm) -> other_means.Recorded:
    with working() as work:
        contribution = queries.get(work, contribution_id)
        said = Paid(
            amount_minor=parse_minor(form.amount.data, contribution.currency),
            currency=contribution.currency,
            paid_on=form.paid_on.data,
            means=Means(form.means.data),
            reference=form.reference.data,
            evidence=form.evidence.data,
        )
        return other_means.record(work, service().funds.get(contribution.fund_id), contribution, said)


def _tell(recorded: other_means.Recorded, done: str) -> None:
    """What was done. What a debit at the bank or a surplus asks of people, the page itself says for as long as it stands."""
    flash(done)
    if recorded.stopped.what is Stop.CANCELLED:
        flash(gettext("The debit is cancelled; what is still open is planned anew."))
