"""Many penalties at once: what waits at a fund, narrowed down, with its totals; an approver ticks, says why, and confirms."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from debit_service import operations
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.money import parse_minor
from debit_service.core.work import Role
from debit_service.funds.profile import Fund
from debit_service.penalties import waiting
from debit_service.penalties.service import ConfirmedMany
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service

_FILTER = ("fund", "period", "rule", "up_to", "question")

blueprint = Blueprint("confirming", __name__, url_prefix="/penalties/many")


@blueprint.get("")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def listed() -> ResponseReturnValue:
    """What waits at a fund: how many, how much, the largest, and the first of them to tick."""
    form = forms.PickForm(formdata=None)
    return _page(form)


@blueprint.post("")
@allowed(Role.FINANCE_APPROVER)
def confirm() -> ResponseReturnValue:
    """Confirm what is ticked, each at the amount that was shown, and tell what became of it."""
    form = forms.PickForm()
    if not form.validate():
        return _page(form)
    done = operations.confirm_penalties(service(), actor(), _fund(), form.picked(), form.why.data)
    return _page(forms.PickForm(formdata=None), done)


def _fund() -> Fund:
    """The fund that is asked for; where none is, the first one at which anything waits."""
    asked = request.args.get("fund")
    if not asked:
        with reading() as work:
            asked = waiting.first_fund(work)
    return service().funds.get(asked) if asked else next(iter(service().funds))


def _page(form: forms.PickForm, done: ConfirmedMany | None = None) -> ResponseReturnValue:
    fund, asked = _fund(), request.args
    wrong: DebitError | None = None
    try:
        up_to_minor = parse_minor(asked["up_to"].strip(), fund.currency) if asked.get("up_to", "").strip() else None
    except InvalidInput as error:
        up_to_minor, wrong = None, error
    wanted = waiting.Wanted(
        fund_id=fund.id,
        period=asked.get("period") or None,
        rule_id=asked.get("rule") or None,
        up_to_minor=up_to_minor,
        question="question" in asked,
    )
    with reading() as work:
        found = waiting.find(work, wanted)
        periods, rules = waiting.periods_and_rules(work, fund.id)
    page = render_template(
        "penalties_many.html",
        found=found,
        shown=found.lines[: waiting.SHOWN_MAX] if not wrong else [],
        wanted=wanted,
        up_to=asked.get("up_to", ""),
        wrong=wrong,
        all_ticked="tick" in asked and done is None,
        address={name: asked[name] for name in _FILTER if name in asked} | {"fund": fund.id},
        picked=form.picked() if form.errors else {},
        fund=fund,
        funds=service().funds,
        periods=periods,
        rules=rules,
        form=form,
        done=done,
    )
    return page, 422 if form.errors or wrong else 200
