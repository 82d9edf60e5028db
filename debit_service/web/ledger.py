"""The journal against the bank's statements, month by month; and closing a fund's journal, which takes two people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError
from debit_service.core.work import Role
from debit_service.ledger import queries
from debit_service.reconcile.tie_out import close as tie_out_close
from debit_service.reconcile.tie_out import queries as tie_out
from debit_service.reconcile.tie_out.rules import Row
from debit_service.reports.figures import asking, books, desk
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.asked import Month, month_asked, words_asked
from debit_service.web.batches import DONE, trouble_with_password
from debit_service.web.desk import actor, reading, service, working

blueprint = Blueprint("ledger", __name__, url_prefix="/ledger")

FINANCE: Final = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
_ONE_DAY: Final = timedelta(days=1)


class PrepareForm(FlaskForm):
    """Which fund's journal is closed through which day, why, and despite which findings."""

    fund = SelectField(lazy_gettext("Fund"))
    through = DateField(lazy_gettext("Through this day"), [DataRequired(lazy_gettext("Enter the day."))])
    why = TextAreaField(
        lazy_gettext("Reason"),
        [DataRequired(lazy_gettext("Say why.")), Length(max=forms.WHY_LENGTH_MAX)],
    )
    despite = TextAreaField(
        lazy_gettext("If the tie-out has findings: why it is closed all the same"),
        [Length(max=forms.WHY_LENGTH_MAX)],
    )

    def __init__(self) -> None:
        super().__init__()
        self.fund.choices = [(one.id, one.id) for one in service().funds]


@dataclass(frozen=True, slots=True)
class _Told:
    """A row of the tie-out, and from which day on its entries are: the one after the row before it, if that is known."""

    row: Row
    since: date


@blueprint.get("/tie-out")
@allowed(*FINANCE)
def tied_out() -> ResponseReturnValue:
    """Each account in a month: what it opened with, its entries, its closing; and what does not tie."""
    house = service()
    funds = [one.id for one in house.funds]
    fund_id = words_asked(("fund", "month"))["fund"] or None
    asking.one_of("fund", fund_id or "", funds)
    fund = house.funds.get(fund_id) if fund_id else next(iter(house.funds))
    yesterday = business_date(house.desk.clock, fund.time_zone) - _ONE_DAY
    month = month_asked("month", Month.of(yesterday))
    # Of today no bank has written a statement yet.
    last = min(month.last, yesterday) if month.first <= yesterday else month.last
    with reading() as work:
        rows = tie_out.rows(work, funds=house.funds, fund_id=fund_id, first=month.first, last=last)
    return render_template(
        "tie_out.html",
        accounts=[(key, list(_told(list(some), month))) for key, some in groupby(rows, _account)],
        kinds=desk.APART,
        may_miss=desk.MAY_MISS,
        may_miss_first=desk.MAY_MISS_FIRST,
        counts_not=desk.COUNTS_NOT,
        zone=zone,
        last=last,
        funds=funds,
        fund=fund_id or "",
        month=month,
    )


def _account(row: Row) -> tuple[str | None, str | None, str]:
    return row.fund_id, row.account, row.currency


def _told(rows: Sequence[Row], month: Month) -> Iterator[_Told]:
    since = month.first
    for row in rows:
        yield _Told(row, min(since, row.day))
        since = row.day + _ONE_DAY


@blueprint.get("/closing")
@allowed(*FINANCE)
def closes() -> ResponseReturnValue:
    """The periods that are closed or wait for a second person, and the form to prepare the next one."""
    return _closes(PrepareForm()), 200


@blueprint.post("/closing")
@allowed(*FINANCE)
def prepare() -> ResponseReturnValue:
    """Prepare a close; another person approves it."""
    form = PrepareForm()
    if not form.validate():
        return _closes(form), 422
    fund = service().funds.get(form.fund.data)
    try:
        with working() as work:
            period_id = tie_out_close.prepare(
                work, fund, form.through.data, form.why.data, despite=form.despite.data or None
            ).id
    except DebitError as error:
        forms.show(form, error)
        return _closes(form), 422
    flash(gettext("Prepared. Another person, with the role of approver, approves it."))
    return redirect(url_for("ledger.close", period_id=period_id))


@blueprint.get("/closing/<period_id>")
@allowed(*FINANCE)
def close(period_id: str) -> ResponseReturnValue:
    """One close: the totals that are approved, and what the tie-out found."""
    return _close(period_id, forms.ApproveForm()), 200


@blueprint.post("/closing/<period_id>/approve")
@allowed(Role.FINANCE_APPROVER)
def approve(period_id: str) -> ResponseReturnValue:
    """Close: approve exactly the totals whose hash the page showed, with the password again."""
    form = forms.ApproveForm()
    status = trouble_with_password(form)
    if status != DONE:
        return _close(period_id, form), status
    with working() as work:
        tie_out_close.approve(work, period_id, form.sha256.data)
    flash(gettext("Closed. From now on these days take nothing any more."))
    return redirect(url_for("ledger.close", period_id=period_id))


def _closes(form: PrepareForm) -> str:
    with reading() as work:
        found = list(reversed(queries.closes(work.session)))
        return render_template("closes.html", closes=found, form=form, zone=zone)


def _close(period_id: str, form: forms.ApproveForm) -> str:
    with reading() as work:
        period = queries.close(work.session, period_id)
        return render_template(
            "close.html",
            period=period,
            stands_for=books.ACCOUNTS,
            form=form,
            zone=zone(period.fund_id),
            may_approve=Role.FINANCE_APPROVER in actor().roles and period.made_by != actor().name,
        )


def zone(fund_id: str | None) -> str:
    """The time zone of a fund; for an account of no fund that of the first one."""
    funds = service().funds
    return (funds.get(fund_id) if fund_id else next(iter(funds))).time_zone
