"""Refunds: money that is owed back, and a clerk's word that it was paid out. What is owed back of a penalty is recorded there."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from debit_service.core.errors import DebitError
from debit_service.core.money import parse_minor
from debit_service.core.work import Role
from debit_service.ledger.rules import UNKNOWN_FUND
from debit_service.penalties import queries as penalties
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue.waiting import NONE
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

#: What the page and its file are asked with.
NAMES: Final = ("fund", "all")


class Wanted(NamedTuple):
    """Which refunds: of all funds, of one, or of none (UNKNOWN_FUND); and whether those that are paid out in full too."""

    fund_id: str | None
    settled: bool


def wanted(asked: Mapping[str, str]) -> Wanted:
    """What an address asks for. Raises InvalidInput `asked.value` for a fund that there is not."""
    asking.one_of("fund", asked["fund"], [*(one.id for one in service().funds), NONE])
    asking.one_of("all", asked["all"], ("1",))
    return Wanted(UNKNOWN_FUND if asked["fund"] == NONE else asked["fund"] or None, bool(asked["all"]))


@blueprint.get("")
@allowed(*FINANCE)
def listed() -> ResponseReturnValue:
    """What is owed back, and what is paid out in full too where asked; with the form for the one that is chosen."""
    return _page(request.args.get("pay"), queue_forms.PayOutForm(formdata=None))


@blueprint.post("/<subject_id>/paid")
@allowed(Role.FINANCE_CLERK)
def paid(subject_id: str) -> ResponseReturnValue:
    """Record that what is owed back for a contribution or an entry was paid out, or a part of it."""
    form, asked = queue_forms.PayOutForm(), words_asked(NAMES)
    wanted(asked)
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
    return redirect(url_for("refunds.listed", **_kept(asked)))


def _kept(asked: Mapping[str, str]) -> dict[str, Any]:
    """What the page was asked with, for its links."""
    return {name: asked[name] for name in NAMES if asked[name]}


def _page(chosen: str | None, form: queue_forms.PayOutForm) -> str:
    asked = words_asked((*NAMES, "pay"))
    fund_id, settled = wanted(asked)
    with reading() as work:
        found = decisions.refunds_owed(work, fund_id)
        beyond = [one for one in penalties.owed_back(work) if fund_id in (None, one.penalty.fund_id)]
        owed = [one for one in found if settled or one.left_minor]
        return render_template(
            "refunds.html",
            owed=owed[:ROWS_SHOWN_MAX],
            of_penalties=beyond[:ROWS_SHOWN_MAX],
            count=len(owed) + len(beyond),
            chosen=next((one for one in found if chosen and chosen in (one.contribution_id, one.entry_id)), None),
            form=form,
            asked=_kept(asked),
            funds=[one.id for one in service().funds],
            no_fund=NONE,
        )
