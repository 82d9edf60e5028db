"""The register of our own outages: finance staff read it, an administrator records."""

from datetime import UTC
from typing import Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, StringField
from wtforms.validators import DataRequired, Length

from debit_service.core.errors import DebitError
from debit_service.core.work import Role
from debit_service.penalties.service import outages
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import reading, working

blueprint = Blueprint("outages", __name__, url_prefix="/outages")

#: A page shows no more outages than a person reads.
OUTAGES_SHOWN_MAX: Final = 100
_TEXT: Final = Length(max=forms.EVIDENCE_LENGTH_MAX, message=lazy_gettext("At most %(max)d characters."))


class OutageForm(FlaskForm):
    """From when to when, what did not work, and what shows it."""

    began_at = DateTimeLocalField(lazy_gettext("Begun (UTC)"), [DataRequired(lazy_gettext("Enter day and time."))])
    ended_at = DateTimeLocalField(lazy_gettext("Over (UTC)"), [DataRequired(lazy_gettext("Enter day and time."))])
    what = StringField(lazy_gettext("What did not work"), [DataRequired(lazy_gettext("Say what did not work.")), _TEXT])
    evidence = StringField(
        lazy_gettext("What shows it"), [DataRequired(lazy_gettext("Name an incident, a log or a document.")), _TEXT]
    )


@blueprint.get("")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER, Role.ADMINISTRATOR)
def listed() -> ResponseReturnValue:
    """The register, the newest outage first."""
    return _page(OutageForm()), 200


@blueprint.post("")
@allowed(Role.ADMINISTRATOR)
def record() -> ResponseReturnValue:
    """Record an outage."""
    form = OutageForm()
    if not form.validate():
        return _page(form), 422
    began_at, ended_at = form.began_at.data.replace(tzinfo=UTC), form.ended_at.data.replace(tzinfo=UTC)
    try:
        with working() as work:
            outages.record(work, began_at, ended_at, form.what.data, form.evidence.data)
    except DebitError as error:
        forms.show(form, error)
        return _page(form), 422
    flash(gettext("Recorded. Failures that it touched are decided anew at the next assessment."))
    return redirect(url_for("outages.listed"))


@blueprint.post("/<outage_id>/withdraw")
@allowed(Role.ADMINISTRATOR)
def withdraw(outage_id: str) -> ResponseReturnValue:
    """Take an outage back that was none."""
    form = forms.WhyForm()
    if not form.validate():
        flash(gettext("Say why."))
        return redirect(url_for("outages.listed"))
    with working() as work:
        outages.withdraw(work, outage_id, form.why.data)
    flash(gettext("Withdrawn. It stays on record."))
    return redirect(url_for("outages.listed"))


def _page(form: OutageForm) -> str:
    with reading() as work:
        return render_template(
            "outages.html",
            outages=outages.listed(work, at_most=OUTAGES_SHOWN_MAX),
            form=form,
            withdrawal=forms.WhyForm(formdata=None),
        )
