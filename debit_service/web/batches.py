"""Batches: what waits, what it adds up to, approval by another person than the maker, and sending; runs that ask a person."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm

from debit_service.access import service as access
from debit_service.collections import queries
from debit_service.collections.service import bounds
from debit_service.collections.service.approve import approve as approve_batch
from debit_service.collections.service.batch import cancel_alone
from debit_service.collections.service.submit import submit
from debit_service.core.work import Role
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import NOBODY, actor, reading, service, working
from debit_service.web.words import N_

blueprint = Blueprint("batches", __name__, url_prefix="/batches")

FINANCE = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
DONE = 200
_SENDING = {
    "sent": N_("The bank has the file."),
    "not_sent": N_("The bank did not take the file; nothing was sent. Try again later."),
    "unknown": N_("It is not known whether the bank has the file. Press the button again: the bank is asked first."),
}


@blueprint.get("")
@allowed(*FINANCE)
def listed() -> ResponseReturnValue:
    """Every batch, the newest first, and above them the runs that stopped at a safety bound."""
    with reading() as work:
        found = list(reversed(queries.batches(work)))
        held = bounds.waiting(work)
        return render_template("batches.html", batches=found, held=held, funds=service().funds)


@blueprint.get("/held/<hold_id>")
@allowed(*FINANCE)
def held(hold_id: str) -> ResponseReturnValue:
    """A run that stopped at a safety bound, and why."""
    return _held_page(hold_id, forms.ReleaseForm())


@blueprint.post("/held/<hold_id>/release")
@allowed(Role.FINANCE_APPROVER)
def release(hold_id: str) -> ResponseReturnValue:
    """Let exactly that run through, with the password again."""
    form = forms.ReleaseForm()
    status = trouble_with_password(form)
    if status != DONE:
        return _held_page(hold_id, form), status
    with working() as work:
        bounds.release(work, hold_id, form.why.data)
    flash(gettext("Released. The next run batches exactly this, and nothing else."))
    return redirect(url_for("batches.listed"))


@blueprint.get("/<batch_id>")
@allowed(*FINANCE)
def detail(batch_id: str) -> ResponseReturnValue:
    """One batch: what is to be approved, and what became of it."""
    return _page(batch_id, forms.ApproveForm()), 200


@blueprint.route("/<batch_id>/cancel", methods=["GET", "POST"])
@allowed(*FINANCE)
def cancel(batch_id: str) -> ResponseReturnValue:
    """Throw away a batch that was not sent; what it held is planned again."""
    form = forms.WhyForm()
    if form.validate_on_submit():
        with reading() as work:
            bank_id = queries.batch(work, batch_id).bank_id
        cancel_alone(service().desk, actor(), batch_id, form.why.data, lambda: service().channel(bank_id))
        flash(gettext("Cancelled. Nothing was sent, and what may still be debited is planned again."))
        return redirect(url_for("batches.detail", batch_id=batch_id))
    with reading() as work:
        batch = queries.batch(work, batch_id)
        return render_template("batch_cancel.html", form=form, batch=batch), 422 if form.errors else 200


@blueprint.post("/<batch_id>/approve")
@allowed(Role.FINANCE_APPROVER)
def approve(batch_id: str) -> ResponseReturnValue:
    """Approve exactly the bytes whose hash the page showed, with the password again."""
    form = forms.ApproveForm()
    status = trouble_with_password(form)
    if status != DONE:
        return _page(batch_id, form), status
    with working() as work:
        approve_batch(work, batch_id, form.sha256.data)
    flash(gettext("Approved. It may be sent now."))
    return redirect(url_for("batches.detail", batch_id=batch_id))


@blueprint.post("/<batch_id>/send")
@allowed(*FINANCE)
def send(batch_id: str) -> ResponseReturnValue:
    """Hand an approved batch to its bank."""
    house = service()
    with reading() as work:
        fund = house.funds.get(queries.batch(work, batch_id).fund_id)
    outcome = submit(house.desk, actor(), fund, batch_id, house.channel(fund.bank))
    flash(gettext(_SENDING[outcome]))
    return redirect(url_for("batches.detail", batch_id=batch_id))


def trouble_with_password(form: FlaskForm) -> int:
    """Ask for the password again: DONE when form and password are right, else the status of the page that says what is wrong."""
    if not form.validate():
        return 422
    with service().desk.work(NOBODY) as work:
        # In a transaction of its own: a wrong password is counted, whatever becomes of the decision.
        answer = access.sign_in(work, actor().name, form.password.data, request.remote_addr or "")
    if answer.person is not None:
        return DONE
    throttled = gettext("Too many attempts. Wait a quarter of an hour, then try again.")
    form.password.errors = [throttled if answer.throttled else gettext("The password is wrong.")]
    return 429 if answer.throttled else 422


def _held_page(hold_id: str, form: forms.ReleaseForm) -> str:
    with reading() as work:
        hold = bounds.get(work, hold_id)
        return render_template(
            "held_run.html",
            form=form,
            hold=hold,
            fund=service().funds.get(hold.fund_id),
            may_release=Role.FINANCE_APPROVER in actor().roles and hold.made_by != actor().name,
        )


def _page(batch_id: str, form: forms.ApproveForm) -> str:
    with reading() as work:
        batch = queries.batch(work, batch_id)
        return render_template(
            "batch.html",
            form=form,
            batch=batch,
            fund=service().funds.get(batch.fund_id),
            state=queries.batch_state(work, batch_id),
            approval=queries.approval(work, batch_id),
            submissions=queries.submissions(work, batch_id),
            may_approve=Role.FINANCE_APPROVER in actor().roles and batch.made_by != actor().name,
        )
