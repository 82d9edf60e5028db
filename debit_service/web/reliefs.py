"""Reliefs of single penalties, and amnesties: prepared with totals, approved by another person, carried out by the worker."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.errors import DebitError
from debit_service.core.work import Role, Work
from debit_service.penalties import queries, relief_queries
from debit_service.penalties.service import amnesty as amnesties
from debit_service.penalties.service import relieve
from debit_service.penalties.service.amnesty import Terms, Total
from debit_service.penalties.tariff.relief import Ground, most_minor, percent_text
from debit_service.web import forms, relief_words
from debit_service.web.access import allowed
from debit_service.web.desk import CARDS_SHOWN_MAX, reading, service, working
from debit_service.web.relief_forms import AmnestyForm, ApproveForm, ReliefForm

blueprint = Blueprint("reliefs", __name__, url_prefix="/reliefs")

_STAFF = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)


@blueprint.get("")
@allowed(*_STAFF)
def listed() -> ResponseReturnValue:
    """The reliefs that people granted; those that wait for an approval first."""
    with reading() as work:
        waiting = relief_queries.granted(work, waiting=True, limit=CARDS_SHOWN_MAX)
        every = relief_queries.granted(work, limit=CARDS_SHOWN_MAX)
        known = {one.id for one, _, _ in waiting}
        rows = [*waiting, *(row for row in every if row[0].id not in known)]
        return render_template("reliefs.html", rows=rows, percent_text=percent_text, relief_words=relief_words)


@blueprint.route("/penalties/<penalty_id>", methods=["GET", "POST"])
@allowed(*_STAFF)
def penalty(penalty_id: str) -> ResponseReturnValue:
    """One penalty with its reliefs; grant another one."""
    form = ReliefForm()
    with reading() as work:
        form.offer(_grounds(work, penalty_id))
    if form.validate_on_submit():
        try:
            stands = _grant(penalty_id, form)
        except DebitError as error:
            forms.show(form, error)
        else:
            flash(
                gettext("The relief stands.") if stands else gettext("The relief waits for another person's approval.")
            )
            return redirect(url_for("reliefs.penalty", penalty_id=penalty_id))
    return _penalty_page(penalty_id, form), 422 if form.errors else 200


@blueprint.post("/<relief_id>/approve")
@allowed(Role.FINANCE_APPROVER)
def approve(relief_id: str) -> ResponseReturnValue:
    """Let a relief stand that another person granted."""
    with working() as work:
        fund = service().funds.get(relief_queries.penalty_of(work, relief_id).fund_id)
        penalty_id = relieve.approve(work, fund, service().penalty_rules, relief_id).penalty_id
    flash(gettext("The relief stands."))
    return redirect(url_for("reliefs.penalty", penalty_id=penalty_id))


@blueprint.post("/<relief_id>/undo")
@allowed(*_STAFF)
def undo(relief_id: str) -> ResponseReturnValue:
    """Take a relief back."""
    form = forms.WhyForm()
    with working() as work:
        fund = service().funds.get(relief_queries.penalty_of(work, relief_id).fund_id)
        penalty_id = relieve.undo(work, fund, relief_id, form.why.data or "").penalty_id
    flash(gettext("The relief is undone."))
    return redirect(url_for("reliefs.penalty", penalty_id=penalty_id))


@blueprint.get("/amnesties")
@allowed(*_STAFF)
def amnesty_list() -> ResponseReturnValue:
    """Every amnesty, and the form to draw up another one."""
    return _amnesties_page(_amnesty_form()), 200


@blueprint.post("/amnesties")
@allowed(*_STAFF)
def prepare() -> ResponseReturnValue:
    """Say what an amnesty would come to, or (once that was seen) freeze its list for another person's approval."""
    form = _amnesty_form()
    if not form.validate():
        return _amnesties_page(form), 422
    fund = service().funds.get(form.fund.data)
    try:
        terms = form.terms(fund.currency)
        if "prepare" not in request.form:
            return _amnesties_page(form, terms), 200
        with working() as work:
            amnesty_id = amnesties.prepare(work, fund, terms).id
    except DebitError as error:
        forms.show(form, error)
        return _amnesties_page(form), 422
    flash(gettext("The list is frozen; another person approves it."))
    return redirect(url_for("reliefs.amnesty", amnesty_id=amnesty_id))


@blueprint.get("/amnesties/<amnesty_id>")
@allowed(*_STAFF)
def amnesty(amnesty_id: str) -> ResponseReturnValue:
    """One amnesty: its terms, what its list comes to, and how far it is carried out."""
    with reading() as work:
        found = amnesties.get(work, amnesty_id)
        relieved, taken_back = relief_queries.progress(work, amnesty_id)
        return render_template(
            "amnesty.html",
            amnesty=found,
            state=amnesties.state_of(found),
            totals=[Total(**one) for one in found.totals],
            relieved=relieved,
            taken_back=taken_back,
            percent=percent_text(found.basis_points),
            relief_words=relief_words,
            why=forms.WhyForm(),
        )


@blueprint.post("/amnesties/<amnesty_id>/approve")
@allowed(Role.FINANCE_APPROVER)
def approve_amnesty(amnesty_id: str) -> ResponseReturnValue:
    """Approve the very list that was shown."""
    form = ApproveForm()
    with working() as work:
        amnesties.approve(work, amnesty_id, form.sha256.data or "")
    flash(gettext("The amnesty is approved. It is carried out in the background."))
    return redirect(url_for("reliefs.amnesty", amnesty_id=amnesty_id))


@blueprint.post("/amnesties/<amnesty_id>/undo")
@allowed(*_STAFF)
def undo_amnesty(amnesty_id: str) -> ResponseReturnValue:
    """Take an amnesty back, or drop one that waits."""
    form = forms.WhyForm()
    with working() as work:
        amnesties.undo(work, amnesty_id, form.why.data or "")
    flash(gettext("The amnesty is undone. What it relieved is taken back in the background."))
    return redirect(url_for("reliefs.amnesty", amnesty_id=amnesty_id))


def _grounds(work: Work, penalty_id: str) -> list[Ground]:
    """The grounds that the penalty's rule knows."""
    found = queries.get(work, penalty_id)
    rule = service().penalty_rules.get(found.rule_id, found.rule_version)
    return [one for one in Ground if most_minor(rule, one, 1) is not None]


def _grant(penalty_id: str, form: ReliefForm) -> bool:
    with working() as work:
        fund = service().funds.get(queries.get(work, penalty_id).fund_id)
        relief = relieve.grant(work, fund, service().penalty_rules, penalty_id, form.granted(fund.currency))
        return relief.approved_at is not None


def _penalty_page(penalty_id: str, form: ReliefForm) -> str:
    with reading() as work:
        found = queries.get(work, penalty_id)
        return render_template(
            "relief.html",
            penalty=found,
            state=queries.state_of(work, penalty_id),
            amount_minor=queries.amount_of(work, penalty_id),
            due_minor=queries.due_minor(work, penalty_id),
            reliefs=relief_queries.of_penalty(work, penalty_id),
            form=form,
            why=forms.WhyForm(),
            percent_text=percent_text,
            relief_words=relief_words,
        )


def _amnesty_form() -> AmnestyForm:
    form = AmnestyForm()
    form.offer(list(service().funds))
    if request.method == "GET":
        form.states.data = ["proposed", "confirmed", "notified"]
    return form


def _amnesties_page(form: AmnestyForm, terms: Terms | None = None) -> str:
    fund = service().funds.get(form.fund.data) if terms else None
    with reading() as work:
        totals = amnesties.totals(amnesties.draw(work, fund, terms)) if fund and terms else None
        return render_template(
            "amnesties.html",
            amnesties=[(one, amnesties.state_of(one)) for one in relief_queries.amnesties(work)],
            form=form,
            totals=totals,
            currency=fund.currency if fund else None,
            percent_text=percent_text,
            relief_words=relief_words,
        )
