"""Penalties: what waits for a person, and each with its argument, its money and its history.

An approver confirms a penalty or takes it back; a clerk records what was paid, an approver undoes that, or gives money back.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service import operations
from debit_service.contributions.payments import Means, Paid
from debit_service.core.errors import DebitError
from debit_service.core.money import parse_minor
from debit_service.core.work import Role, Work
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.life import MACHINE
from debit_service.penalties.models import PenaltyPayment
from debit_service.penalties.service import pay as payments
from debit_service.penalties.service import reverse as reverse_penalty
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service, working

blueprint = Blueprint("penalties", __name__, url_prefix="/penalties")

PAGE_SIZE = 50
#: What may be asked for, in the order in which a penalty lives.
WHICH = (queries.TO_CONFIRM, *(one for one in MACHINE.transitions if one != "proposed"))


@blueprint.get("")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def listed() -> ResponseReturnValue:
    """The penalties that are asked for, by when they were made; what waits for a person unless told otherwise."""
    which, fund_id = request.args.get("which", queries.TO_CONFIRM), request.args.get("fund") or None
    with reading() as work:
        rows = queries.listed(
            work,
            fund_id=fund_id,
            state=which if which in WHICH else None,
            after=request.args.get("after", ""),
            limit=PAGE_SIZE + 1,
        )
        return render_template(
            "penalties.html",
            rows=rows[:PAGE_SIZE],
            more=rows[PAGE_SIZE - 1].penalty.id if len(rows) > PAGE_SIZE else None,
            which=which,
            every=WHICH,
            fund_id=fund_id,
            funds=service().funds,
        )


@blueprint.get("/<penalty_id>")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def show(penalty_id: str) -> ResponseReturnValue:
    """One penalty: its argument, steps, payments, notices and history, and what may be done now; the form of `record` open."""
    return _page(penalty_id, asked=request.args.get("record", "")), 200


@blueprint.post("/<penalty_id>/confirm")
@allowed(Role.FINANCE_APPROVER)
def confirm(penalty_id: str) -> ResponseReturnValue:
    """Ask the employer for it, or for what was added; above the fund's amount another approver must agree as well."""

    form = forms.WhyForm()
    if not form.validate():
        return _page(penalty_id, form, "decide"), 422
    seen_minor = request.form.get("seen_minor", -1, type=int)
    operations.confirm_penalty(service(), actor(), penalty_id, form.why.data, seen_minor)
    with reading() as work:
        waits = queries.get(work, penalty_id).agreed_by
    flash(gettext("Another approver must agree.") if waits else gettext("The penalty is confirmed."))
    return redirect(url_for("penalties.show", penalty_id=penalty_id))


@blueprint.post("/<penalty_id>/reverse")
@allowed(Role.FINANCE_APPROVER)
def reverse(penalty_id: str) -> ResponseReturnValue:
    """Take a penalty back."""

    def act(work: Work, why: str) -> str:
        fund = service().funds.get(queries.get(work, penalty_id).fund_id)
        waits = reverse_penalty(work, fund, penalty_id, why).agreed_by
        done: str = gettext("Another approver must agree.") if waits else gettext("The penalty is reversed.")
        return done

    return _decide(penalty_id, act)


@blueprint.post("/<penalty_id>/payments")
@allowed(Role.FINANCE_CLERK)
def pay(penalty_id: str) -> ResponseReturnValue:
    """Record that it, or a part of it, was paid."""
    return _record(penalty_id, "pay", payments.pay, gettext("The payment is recorded."))


@blueprint.post("/<penalty_id>/give-back")
@allowed(Role.FINANCE_APPROVER)
def give_back(penalty_id: str) -> ResponseReturnValue:
    """Record that what was paid beyond it was given back."""
    return _record(penalty_id, "give_back", payments.give_back, gettext("It is recorded as given back."))


@blueprint.post("/<penalty_id>/payments/<payment_id>/undo")
@allowed(Role.FINANCE_APPROVER)
def undo_payment(penalty_id: str, payment_id: str) -> ResponseReturnValue:
    """Take a payment back that was recorded wrongly, or whose cheque bounced."""

    def act(work: Work, why: str) -> str:
        payments.undo(work, service().funds, payment_id, why)
        done: str = gettext("The payment is undone.")
        return done

    return _decide(penalty_id, act, asked=payment_id)


def _decide(penalty_id: str, act: Callable[[Work, str], str], asked: str = "decide") -> ResponseReturnValue:
    form = forms.WhyForm()
    if not form.validate():
        return _page(penalty_id, form, asked), 422
    with working() as work:
        done = act(work, form.why.data)
    flash(done)
    return redirect(url_for("penalties.show", penalty_id=penalty_id))


def _record(penalty_id: str, asked: str, act: Callable[..., PenaltyPayment], done: str) -> ResponseReturnValue:
    form = forms.PaymentForm()
    if not form.validate():
        return _page(penalty_id, form, asked), 422
    try:
        with working() as work:
            currency = queries.get(work, penalty_id).currency
            paid = Paid(
                amount_minor=parse_minor(form.amount.data, currency),
                currency=currency,
                paid_on=form.paid_on.data,
                means=Means(form.means.data),
                reference=form.reference.data,
                evidence=form.evidence.data,
            )
            act(work, service().funds, penalty_id, paid)
    except DebitError as error:
        forms.show(form, error)
        return _page(penalty_id, form, asked), 422
    flash(done)
    return redirect(url_for("penalties.show", penalty_id=penalty_id))


def _page(penalty_id: str, form: forms.WhyForm | forms.PaymentForm | None = None, asked: str = "") -> str:
    with reading() as work:
        one = queries.shown(work, penalty_id)
        return render_template(
            "penalty.html",
            one=one,
            fund=service().funds.get(one.penalty.fund_id),
            steps=queries.steps_of(work, penalty_id),
            fees=queries.fees_of(work, penalty_id),
            decision=queries.decisions_by_id(work, [one.penalty.decision_id])[one.penalty.decision_id],
            payments=queries.payments_of(work, penalty_id),
            notices=notice_queries.notices_of(work, penalty_id),
            unheeded=bool(queries.unheeded(work, [penalty_id])),
            history=queries.life_of(work, penalty_id),
            form=form,
            asked=asked,
            why_form=form if isinstance(form, forms.WhyForm) else forms.WhyForm(formdata=None),
            pay_form=_of(form, asked, "pay"),
            back_form=_of(form, asked, "give_back"),
        )


def _of(form: forms.WhyForm | forms.PaymentForm | None, asked: str, which: str) -> forms.PaymentForm:
    """The form of one of two places where money is recorded, with fields of its own; what was entered in it stays."""
    mine = form if asked == which and isinstance(form, forms.PaymentForm) else forms.PaymentForm()
    forms.tell_apart(mine, which)
    return mine
