"""Contributions: the employer's own, one in every detail, and how to contest it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.contributions import queries
from debit_service.core.errors import DebitError
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.disputes.service import open_dispute
from debit_service.employers import queries as employers
from debit_service.mandates import queries as mandates
from debit_service.penalties import queries as penalties
from debit_service.reports.rules import Line
from debit_service.reports.service import contribution_line, report
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service, working
from debit_service.web.disputes import answer_text

blueprint = Blueprint("contributions", __name__, url_prefix="/contributions")


@blueprint.get("")
@allowed(Role.EMPLOYER)
def own() -> ResponseReturnValue:
    """An employer's contributions, the newest due date first, and the funds at which it has no mandate."""
    house = service()
    with reading() as work:
        made = report(work, house.funds, house.debit_calendars, house.codes)
        without = _without_mandate(work)
    lines = sorted(made.lines, key=lambda line: line.due_date, reverse=True)
    return render_template("contributions.html", lines=lines, without=without, funds=house.funds)


def _without_mandate(work: Work) -> list[str]:
    employer_id = work.actor.employer_id or ""
    registered = [one.fund_id for one in employers.registrations(work, employer_id)]
    return [fund_id for fund_id in registered if mandates.live(work, fund_id, employer_id) is None]


@blueprint.get("/<contribution_id>")
@allowed(Role.EMPLOYER, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def detail(contribution_id: str) -> ResponseReturnValue:
    """One contribution: attempts, what the bank said, who is held at fault and why, the penalty, the objections."""
    return page(contribution_id), 200


def page(
    contribution_id: str,
    *,
    payment_form: forms.PaymentForm | None = None,
    undo_form: forms.WhyForm | None = None,
    asked: str | None = None,
) -> str:
    """The page of one contribution. A form that was not accepted is shown as it was filled in; `asked` is the payment to undo."""
    with reading() as work:
        line = _line(work, contribution_id)
        objections = [
            (one, disputes.text(work, one), answer_text(work, one))
            for one in disputes.of_contribution(work, line.contribution_id)
        ]
        is_staff = Role.EMPLOYER not in actor().roles
        decisions = penalties.decisions_of(work, line.contribution_id) if is_staff else []
        return render_template(
            "contribution.html",
            line=line,
            fund=service().funds.get(line.fund_id),
            decisions=decisions,
            objections=objections,
            contested=disputes.open_for(work, line.contribution_id),
            payments=queries.other_payments(work, line.contribution_id),
            payment_form=payment_form or forms.PaymentForm(),
            undo_form=undo_form or forms.WhyForm(),
            asked=asked,
        )


@blueprint.route("/<contribution_id>/dispute", methods=["GET", "POST"])
@allowed(Role.EMPLOYER)
def dispute(contribution_id: str) -> ResponseReturnValue:
    """Contest a contribution."""
    form = forms.DisputeForm()
    with reading() as work:
        line = _line(work, contribution_id)
    fund = service().funds.get(line.fund_id)
    if form.validate_on_submit():
        try:
            with working() as work:
                open_dispute(work, fund, line.contribution_id, form.text.data)
        except DebitError as error:
            forms.show(form, error)
        else:
            flash(gettext("The fund has your objection. Nothing is penalised until it is answered."))
            return redirect(url_for("contributions.detail", contribution_id=line.contribution_id))
    return render_template("dispute.html", form=form, line=line, fund=fund), 422 if form.errors else 200


def _line(work: Work, contribution_id: str) -> Line:
    house = service()
    contribution = queries.get(work, contribution_id)
    fund = house.funds.get(contribution.fund_id)
    return contribution_line(work, fund, house.debit_calendars, house.codes, contribution)
