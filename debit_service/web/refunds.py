"""Refunds: money that is owed back, and a clerk's word that it was paid out. What is owed back of a penalty is recorded there."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from debit_service.core.errors import DebitError
from debit_service.core.money import parse_minor
from debit_service.core.work import Role
from debit_service.penalties import queries as penalties
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.service import PaidOut, pay_out
from debit_service.reports.figures import asking
from debit_service.reports.figures.behind import ROWS_SHOWN_MAX
from debit_service.web import queue_forms
from debit_service.web.access import allowed
from debit_service.web.asked import words_asked
from debit_service.web.batches import FINANCE
from debit_service.web.desk import reading, service, working
from debit_service.web.suspense import tell

blueprint = Blueprint("refunds", __name__, url_prefix="/refunds")


@blueprint.get("")
@allowed(*FINANCE)
def listed() -> ResponseReturnValue:
    """What is owed back, and what is paid out in full too where asked; with the form for the one that is chosen."""
    return _page(request.args.get("pay"), queue_forms.PayOutForm(formdata=None))


@blueprint.post("/<subject_id>/paid")
@allowed(Role.FINANCE_CLERK)
def paid(subject_id: str) -> ResponseReturnValue:
    """Record that what is owed back for a contribution or an entry was paid out, or a part of it."""
    form = queue_forms.PayOutForm()
    if not form.validate():
        return _page(subject_id, form), 422
    try:
        with working() as work:
            currency = decisions.refund_owed(work, subject_id).currency
            said = PaidOut(
                amount_minor=parse_minor(form.amount.data, currency),
                paid_on=form.paid_on.data,
                reference=form.reference.data,
                evidence=form.evidence.data,
            )
            decided = pay_out(work, service().funds, subject_id, said, form.why.data)
    except DebitError as error:
        queue_forms.show(form, error, error.place if error.place and error.place in form._fields else "amount")
        return _page(subject_id, form), 422
    tell(decided)
    return redirect(url_for("refunds.listed"))


def _page(chosen: str | None, form: queue_forms.PayOutForm) -> str:
    asked, funds = words_asked(("fund", "pay", "all")), [one.id for one in service().funds]
    asking.one_of("fund", asked["fund"], funds)
    asking.one_of("all", asked["all"], ("1",))
    with reading() as work:
        found = decisions.refunds_owed(work, asked["fund"] or None)
        beyond = [one for one in penalties.owed_back(work) if asked["fund"] in ("", one.penalty.fund_id)]
        owed = [one for one in found if asked["all"] or one.left_minor]
        return render_template(
            "refunds.html",
            owed=owed[:ROWS_SHOWN_MAX],
            of_penalties=beyond[:ROWS_SHOWN_MAX],
            count=len(owed) + len(beyond),
            chosen=next((one for one in found if chosen and chosen in (one.contribution_id, one.entry_id)), None),
            form=form,
            asked=asked,
            funds=funds,
        )
