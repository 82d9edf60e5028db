"""Drafts of mandate forms: prepared, shown, printed, discarded; and the paper that comes back signed, by its number."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.errors import DebitError
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.mandates import drafts, paper
from debit_service.mandates.form_pdf import draft_pdf
from debit_service.mandates.models import MandateDraft
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import reading, service, working
from debit_service.web.languages import language
from debit_service.web.mandates import draft_of, filled, read
from debit_service.web.uploads import download, takes_scan

blueprint = Blueprint("drafts", __name__)

DESK = (Role.FINANCE_CLERK, Role.MANDATE_AGENT)


@blueprint.get("/drafts/<number>")
@allowed(Role.EMPLOYER, *DESK)
def detail(number: str) -> ResponseReturnValue:
    """A draft: its number to read aloud, what it says, and what to do with it."""
    with reading() as work:
        draft = drafts.get(work, number)
        return render_template(
            "draft.html",
            draft=draft,
            data=drafts.read(work, draft),
            funds=[service().funds.get(fund_id) for fund_id in draft.fund_ids],
        )


@blueprint.get("/drafts/<number>/form.pdf")
@allowed(Role.EMPLOYER, *DESK)
def printed(number: str) -> ResponseReturnValue:
    """The form to sign by hand. That somebody took it is on record."""
    with working() as work:
        draft = drafts.get(work, number)
        content = draft_pdf(work, service().funds, draft)
    return download(content, "application/pdf", f"{draft.number}.pdf")


@blueprint.post("/drafts/<number>/discard")
@allowed(Role.EMPLOYER, *DESK)
def discard(number: str) -> ResponseReturnValue:
    """Close a draft that nobody will sign."""
    with working() as work:
        drafts.discard(work, drafts.get(work, number))
        desk = work.actor.employer_id is None
    flash(gettext("The draft is discarded."))
    return redirect(url_for("mandate_desk.listed" if desk else "mandates.own"))


@blueprint.route("/mandate-desk/prepare", methods=["GET", "POST"])
@allowed(*DESK)
def prepare() -> ResponseReturnValue:
    """Prepare a form for an employer, to print and to sign by hand."""
    form = forms.DeskForm()
    form.offer(list(service().funds), language())
    if form.validate_on_submit():
        try:
            answers = read(form)
            with working() as work:
                employer = paper.employer_known_as(work, answers.funds, form.registration_number.data)
                number = drafts.prepare(work, employer, answers.funds, answers.data).number
        except DebitError as error:
            forms.show(form, error)
        else:
            return redirect(url_for("drafts.detail", number=number))
    return render_template("draft_prepare.html", form=form), 422 if form.errors else 200


@blueprint.route("/mandate-desk/new", methods=["GET", "POST"])
@allowed(*DESK)
@takes_scan
def enter() -> ResponseReturnValue:
    """Enter a form that was signed on paper, with its scan; by the number of its draft, or whole."""
    asked = forms.DraftNumberForm(request.args)
    form = forms.PaperForm(data=_printed(asked))
    form.offer(list(service().funds), language())
    if form.validate_on_submit():
        try:
            _enter(form)
        except DebitError as error:
            forms.show(form, error)
        else:
            flash(gettext("The mandate is kept, with its scan."))
            return redirect(url_for("mandate_desk.listed"))
    return render_template("mandate_paper.html", form=form, asked=asked), 422 if form.errors or asked.errors else 200


def _printed(asked: forms.DraftNumberForm) -> dict[str, Any]:
    """What was printed under the number that was typed, if one was."""
    if not asked.number.data or not asked.validate():
        return {}
    try:
        with reading() as work:
            draft = drafts.get(work, asked.number.data)
            return filled(work, draft) | {"registration_number": _registration_number(work, draft)}
    except DebitError as error:
        forms.show(asked, error)
        return {}


def _registration_number(work: Work, draft: MandateDraft) -> str:
    registered = employers.registrations(work, draft.employer_id)
    return next(one.number for one in registered if one.fund_id == draft.fund_ids[0])


def _enter(form: forms.PaperForm) -> None:
    answers = read(form)
    with working() as work:
        employer = paper.employer_known_as(work, answers.funds, form.registration_number.data)
        signed = answers.data.signed(employer, form.signed_on.data, "paper")
        paper.enter(work, signed, answers.funds, form.scan.data.read(), draft_of(work, form))
