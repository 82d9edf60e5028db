"""Held failures: each with its argument and who can be asked; a clerk says what was found, an approver confirms it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from debit_service import operations
from debit_service.core.errors import DebitError, NotFound
from debit_service.core.work import Role
from debit_service.penalties import held
from debit_service.penalties.fault.values import Party
from debit_service.penalties.service.findings import PARTIES, waits
from debit_service.web import fault_words, forms, words
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service

blueprint = Blueprint("faults", __name__, url_prefix="/faults")

FINANCE = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)


class FindingForm(FlaskForm):
    """Who caused a failure, what was found out, and what proves it; `seen` is the decision that the page showed."""

    party = RadioField(lazy_gettext("Who caused it"), [DataRequired(lazy_gettext("Say who caused it."))])
    because = TextAreaField(
        lazy_gettext("What you found out"),
        [
            DataRequired(lazy_gettext("Say what you found out.")),
            Length(max=forms.WHY_LENGTH_MAX, message=lazy_gettext("At most %(max)d characters.")),
        ],
    )
    evidence = StringField(
        lazy_gettext("Document that proves it"),
        [
            DataRequired(lazy_gettext("Name the document.")),
            Length(max=forms.EVIDENCE_LENGTH_MAX, message=lazy_gettext("At most %(max)d characters.")),
        ],
    )
    seen = HiddenField()

    def __init__(self, seen: str | None = None) -> None:
        super().__init__(seen=seen)
        self.party.choices = [(one.value, words.party(one)) for one in PARTIES]


@blueprint.get("")
@allowed(*FINANCE)
def listed() -> ResponseReturnValue:
    """What is held for a person, the oldest first; by fund and code where asked, or only what waits for an approver."""
    asked = request.args
    wanted = held.Filter(
        fund_id=asked.get("fund") or None,
        code=asked.get("code") or None,
        waiting="waiting" in asked,
        after=asked.get("after") or None,
    )
    with reading() as work:
        counts = held.counts(work)
        return render_template(
            "faults.html",
            page=held.page(work, wanted),
            counts=counts,
            codes=sorted({one.code for one in counts if one.code}),
            wanted=wanted,
            funds=service().funds,
            waits=waits,
            fault_words=fault_words,
        )


@blueprint.get("/<collection_id>")
@allowed(*FINANCE)
def show(collection_id: str) -> ResponseReturnValue:
    """One failure: the argument, what would change it, who can be asked, what persons found; held or decided by now."""
    return _page(collection_id), 200


@blueprint.post("/<collection_id>")
@allowed(Role.FINANCE_CLERK)
def find(collection_id: str) -> ResponseReturnValue:
    """Say what was found out."""
    form = FindingForm()
    if not form.validate():
        return _page(collection_id, form), 422
    said = (Party(form.party.data), form.because.data, form.evidence.data)
    try:
        finding = operations.find_fault(service(), actor(), collection_id, *said, seen=form.seen.data or None)
    except DebitError as error:
        forms.show(form, error)
        return _page(collection_id, form), 422
    flash(
        gettext("Kept. Another person approves it; the failure is held until then.")
        if waits(finding)
        else gettext("Kept. It counts from now on.")
    )
    return redirect(url_for("faults.show", collection_id=collection_id))


@blueprint.post("/findings/<finding_id>/approve")
@allowed(Role.FINANCE_APPROVER)
def approve(finding_id: str) -> ResponseReturnValue:
    """Confirm, as another person, that it was the employer."""
    finding = operations.approve_finding(service(), actor(), finding_id)
    flash(gettext("Approved. It counts from now on."))
    return redirect(url_for("faults.show", collection_id=finding.collection_id))


@blueprint.post("/findings/<finding_id>/withdraw")
@allowed(*FINANCE)
def withdraw(finding_id: str) -> ResponseReturnValue:
    """Take a finding back."""
    form = forms.WhyForm()
    with reading() as work:
        collection_id = held.finding(work, finding_id).collection_id
    if not form.validate():
        flash(gettext("Say why."))
    else:
        operations.withdraw_finding(service(), actor(), finding_id, form.why.data)
        flash(gettext("Withdrawn. It stays on record."))
    return redirect(url_for("faults.show", collection_id=collection_id))


def _page(collection_id: str, form: FindingForm | None = None) -> str:
    with reading() as work:
        failure = held.decided(work, collection_id)
        if failure is None:
            raise NotFound("fault.not_held", "No decision stands about such a failure.")
        is_held = failure.decision.effect == "HOLD"
        return render_template(
            "fault.html",
            failure=failure,
            is_held=is_held,
            form=form or FindingForm(seen=failure.decision.id),
            asked=form is not None,
            may_find=is_held and failure.finding is None and Role.FINANCE_CLERK in actor().roles,
            findings=held.findings_about(work, collection_id),
            waits=waits,
            withdrawal=forms.WhyForm(formdata=None),
            time_zone=service().funds.get(failure.collection.fund_id).time_zone,
            fault_words=fault_words,
        )
