"""Calendars: a year's closed days with who says so, corrections by staff, and what a correction moved."""

from datetime import date
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from debit_service import operations
from debit_service.core.errors import DebitError, NotFound
from debit_service.core.work import Role
from debit_service.funds import queries
from debit_service.funds.service import TEXT_LENGTH_MAX
from debit_service.web import forms, words
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service

blueprint = Blueprint("calendars", __name__, url_prefix="/calendars")

_TEXT: Final = Length(max=TEXT_LENGTH_MAX, message=lazy_gettext("At most %(max)d characters."))


class CorrectionForm(FlaskForm):
    """One day of a calendar, what it becomes, why, and who announced it."""

    day = DateField(lazy_gettext("Day"), [DataRequired(lazy_gettext("Enter the day."))])
    becomes = RadioField(lazy_gettext("The day becomes"), [DataRequired(lazy_gettext("Open or closed?"))])
    why = TextAreaField(lazy_gettext("Reason"), [DataRequired(lazy_gettext("Say why.")), _TEXT])
    source = StringField(
        lazy_gettext("Who announced it, and when"), [DataRequired(lazy_gettext("Name the source.")), _TEXT]
    )

    def __init__(self) -> None:
        super().__init__()
        self.becomes.choices = [(kind, words.day_kind(kind)) for kind in words.DAY_KINDS]


@blueprint.get("")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def listed() -> ResponseReturnValue:
    """Straight to the first calendar; its page leads to the others."""
    return redirect(url_for("calendars.show", calendar=next(iter(service().calendars))))


@blueprint.get("/<calendar>")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def show(calendar: str) -> ResponseReturnValue:
    """One calendar in one year."""
    return _page(calendar, CorrectionForm()), 200


@blueprint.post("/<calendar>")
@allowed(Role.FINANCE_CLERK)
def correct(calendar: str) -> ResponseReturnValue:
    """Correct one day."""
    form = CorrectionForm()
    if not form.validate():
        return _page(calendar, form), 422
    try:
        done = operations.correct_calendar_day(
            service(), actor(), calendar, form.day.data, form.becomes.data, form.why.data, form.source.data
        )
    except DebitError as error:
        forms.show(form, error)
        return _page(calendar, form), 422
    return _done(done)


@blueprint.post("/<calendar>/<override_id>/withdraw")
@allowed(Role.FINANCE_CLERK)
def withdraw(calendar: str, override_id: str) -> ResponseReturnValue:
    """Take a correction back."""
    form = forms.WhyForm()
    if not form.validate():
        flash(gettext("Say why."))
        return redirect(url_for("calendars.show", calendar=calendar))
    return _done(operations.withdraw_calendar_day(service(), actor(), override_id, form.why.data))


def _done(done: operations.Corrected) -> ResponseReturnValue:
    """Tell what moved, and show the year of the day."""
    flash(gettext("Saved. It counts from now on."))
    for fund_id, redated in done.redated.items():
        flash(
            gettext(
                "%(fund)s: debits re-dated %(debits)s, batches cancelled %(batches)s, due dates moved %(dates)s.",
                fund=fund_id,
                debits=redated.collections,
                batches=redated.batches,
                dates=done.due_dates.get(fund_id, 0),
            )
        )
    for fund_id in done.refused:
        flash(gettext("%(fund)s: not re-dated yet; the worker does it.", fund=fund_id))
    return redirect(url_for("calendars.show", calendar=done.calendar, year=done.day.year))


def _page(name: str, form: CorrectionForm) -> str:
    calendars = service().calendars
    if name not in calendars:
        raise NotFound("calendar.unknown", f"There is no calendar {name!r}.")
    calendar = calendars[name]
    year = request.args.get("year", service().desk.clock.now().year, type=int)
    year = min(max(year, calendar.first_day.year), calendar.last_day.year)
    with reading() as work:
        return render_template(
            "calendar.html",
            calendar=calendar,
            names=list(calendars),
            year=year,
            days=calendar.special_days(date(year, 1, 1), date(year, 12, 31)),
            overrides=[one for one in queries.overrides(work, name) if one.day.year == year],
            form=form,
            withdrawal=forms.WhyForm(),
        )
