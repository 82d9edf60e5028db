"""Decisions about bank entries and refunds: what was decided, confirmed or refused by another person, and undone."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.collections import queries as collections
from debit_service.contributions import queries as contributions
from debit_service.core.work import Role
from debit_service.penalties.at_the_bank import penalty_of
from debit_service.penalties.service.from_entries import confirm as confirm_decision
from debit_service.penalties.service.from_entries import undo as undo_decision
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.service import refuse as refuse_decision
from debit_service.web import forms, queue_forms, queue_words
from debit_service.web.access import allowed
from debit_service.web.batches import DONE, FINANCE, trouble_with_password
from debit_service.web.desk import actor, reading, service, working
from debit_service.web.suspense import tell

blueprint = Blueprint("decisions", __name__, url_prefix="/decisions")


@blueprint.get("/<resolution_id>")
@allowed(*FINANCE)
def detail(resolution_id: str) -> ResponseReturnValue:
    """One decision: who decided what and why, where the money goes, and what may be done about it."""
    return _page(resolution_id)


@blueprint.post("/<resolution_id>/confirm")
@allowed(Role.FINANCE_APPROVER)
def confirm(resolution_id: str) -> ResponseReturnValue:
    """Let a proposal take effect, with the password again."""
    form = queue_forms.ConfirmForm()
    status = trouble_with_password(form)
    if status != DONE:
        return _page(resolution_id, confirm_form=form), status
    with working() as work:
        decided = confirm_decision(work, service().funds, resolution_id)
    if decided.state == "overtaken":
        flash(gettext("It was not carried out: a later file has explained the entry meanwhile."))
    else:
        tell(decided)
    return redirect(url_for("decisions.detail", resolution_id=resolution_id))


@blueprint.post("/<resolution_id>/refuse")
@allowed(*FINANCE)
def refuse(resolution_id: str) -> ResponseReturnValue:
    """End a proposal without any effect."""
    form = forms.WhyForm()
    if not form.validate():
        return _page(resolution_id, refuse_form=form), 422
    with working() as work:
        refuse_decision(work, service().funds, resolution_id, form.why.data)
    flash(gettext("Refused. Nothing was changed."))
    return redirect(url_for("suspense.listed"))


@blueprint.post("/<resolution_id>/undo")
@allowed(Role.FINANCE_CLERK)
def undo(resolution_id: str) -> ResponseReturnValue:
    """Take back what was carried out."""
    form = forms.WhyForm()
    if not form.validate():
        return _page(resolution_id, undo_form=form), 422
    with working() as work:
        decided = undo_decision(work, service().funds, resolution_id, form.why.data)
    tell(decided)
    return redirect(url_for("decisions.detail", resolution_id=decided.id))


def _page(
    resolution_id: str,
    *,
    confirm_form: queue_forms.ConfirmForm | None = None,
    refuse_form: forms.WhyForm | None = None,
    undo_form: forms.WhyForm | None = None,
) -> str:
    with reading() as work:
        found = decisions.get(work, resolution_id)
        state = decisions.state(work, resolution_id)
        approver, proposed = Role.FINANCE_APPROVER in actor().roles, state == "proposed"
        undoable = state == "carried_out" and found.decision != "undone"
        parts = decisions.parts(work, found.undoes or found.id)
        return render_template(
            "decision.html",
            decision=found,
            state=state,
            steps=decisions.steps(work, resolution_id),
            said_since=contradictions(work, [found.entry_id]) if found.entry_id else (),
            parts=[
                (part, contributions.get(work, part.contribution_id) if part.contribution_id else None)
                for part in parts
            ],
            paid_of={one.number: penalty_of(work, one.claim_payment_id) for one in parts if one.claim_payment_id},
            debits={
                one.id: one.end_to_end_id
                for one in collections.asked_by_id(work, [each.collection_id for each in parts if each.collection_id])
            },
            fund=service().funds.get(found.fund_id) if found.fund_id else None,
            confirm_form=confirm_form or queue_forms.ConfirmForm(formdata=None),
            refuse_form=refuse_form or forms.WhyForm(formdata=None),
            undo_form=undo_form or forms.WhyForm(formdata=None),
            may_confirm=proposed and approver and found.who != actor().name,
            may_refuse=proposed,
            may_undo=undoable and Role.FINANCE_CLERK in actor().roles,
            queue_words=queue_words,
        )
