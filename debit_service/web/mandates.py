"""Mandates of an employer: the form, the page that shows all answers before they are signed, the list, the revocation.

Answers travel from page to page in the posted form and nowhere else: an account number stands in no cookie and no address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.money import format_minor, parse_minor
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.mandates import drafts, queries, wording
from debit_service.mandates import service as mandates
from debit_service.mandates.authority import Capacity, authority_of
from debit_service.mandates.drafts import FormData
from debit_service.mandates.models import MandateDraft
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import own_employer, reading, service, working
from debit_service.web.languages import language

blueprint = Blueprint("mandates", __name__, url_prefix="/mandates")

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the form says, read."""

    funds: list[Fund]
    data: FormData

    @property
    def currency(self) -> str:
        """In which money the account is debited."""
        return self.funds[0].currency


@blueprint.get("")
@allowed(Role.EMPLOYER)
def own() -> ResponseReturnValue:
    """An employer's mandates, each with its state and what to do next."""
    with reading() as work:
        found = [
            (
                mandate,
                state,
                service().funds.get(mandate.fund_id),
                queries.account(work, mandate).masked,
                authority_of(work, mandate),
            )
            for mandate, state in queries.of_employer(work, own_employer(work).id)
        ]
        prepared = drafts.open_of(work, own_employer(work).id)
        return render_template("mandates.html", mandates=found, drafts=prepared, may_sign=bool(_offered(work)))


@blueprint.route("/new", methods=["GET", "POST"])
@allowed(Role.EMPLOYER)
def new() -> ResponseReturnValue:
    """The form; then all answers to check; then the signature, or a draft to print and to sign by hand."""
    with reading() as work:
        offered = _offered(work)
        name = employers.name(work, own_employer(work))
        started = {"debtor_name": name, "account_scheme": _usual_scheme(offered)}
        if number := request.args.get("draft"):
            started = filled(work, drafts.get(work, number))
    form = forms.MandateForm(data=started)
    form.offer(offered, language())
    consent = forms.ConsentForm()
    step = request.form.get("step", "edit")
    if step == "edit" or not form.validate():
        return render_template("mandate_form.html", form=form, offered=offered), 422 if form.errors else 200
    try:
        answers = read(form)
        if step == "print":
            return redirect(url_for("drafts.detail", number=_keep(form, answers)))
        if step == "sign" and consent.validate():
            _sign(form, answers)
            flash(gettext("You have signed. See below what to do next."))
            return redirect(url_for("mandates.own"))
    except DebitError as error:
        forms.show(form, error)
        return render_template("mandate_form.html", form=form, offered=offered), 422
    page = render_template("mandate_check.html", form=form, consent=consent, answers=answers, clauses=clauses)
    return page, 422 if step == "sign" else 200


@blueprint.route("/<mandate_id>/revoke", methods=["GET", "POST"])
@allowed(Role.EMPLOYER)
def revoke(mandate_id: str) -> ResponseReturnValue:
    """Withdraw a mandate, with a reason."""
    form = forms.WhyForm()
    if not form.validate_on_submit():
        with reading() as work:
            mandate = mandates.get(work, mandate_id)
            fund = service().funds.get(mandate.fund_id)
            page = render_template("mandate_revoke.html", form=form, mandate=mandate, fund=fund)
        return page, 422 if form.errors else 200
    with working() as work:
        mandates.revoke(work, mandates.get(work, mandate_id), form.why.data)
    flash(gettext("The mandate is revoked. What was not sent yet will not be debited."))
    return redirect(url_for("mandates.own"))


def _offered(work: Work) -> list[Fund]:
    """The funds that know this employer and at which it has no live mandate."""
    employer = own_employer(work)
    registered = {one.fund_id for one in employers.registrations(work, employer.id)}
    funds = [fund for fund in service().funds if fund.id in registered]
    return [fund for fund in funds if queries.live(work, fund.id, employer.id) is None]


def _usual_scheme(funds: list[Fund]) -> str | None:
    return funds[0].debtor_account_schemes[0].value if funds else None


def filled(work: Work, draft: MandateDraft) -> dict[str, Any]:
    """The form's fields as a draft says them."""
    drafts.check_open(draft)
    data, currency = drafts.read(work, draft), service().funds.get(draft.fund_ids[0]).currency
    limit = data.amount_limit_minor
    return {
        "funds": draft.fund_ids,
        "account_scheme": data.account.scheme.value,
        "account": data.account.value,
        "debtor_name": data.debtor_name,
        "signer_name": data.signer_name,
        "capacity": data.authority.kind.value,
        "signer_capacity": data.signer_capacity,
        "proxy_document": data.authority.document,
        "amount_limit": None if limit is None else format_minor(limit, currency),
        "one_off": data.recurrence == "one_off",
        "draft": draft.number,
    }


def read(form: forms.MandateForm) -> Answers:
    """Read the answers. Raises InvalidInput with the field as its place."""
    funds = [service().funds.get(fund_id) for fund_id in form.funds.data]
    if len({fund.currency for fund in funds}) > 1:
        raise InvalidInput(
            "web.currencies", gettext("Choose funds of one currency: one account pays them."), place="funds"
        )
    account = _at("account", lambda: parse_account(form.account.data, AccountScheme(form.account_scheme.data)))
    limit = form.amount_limit.data
    minor = _at("amount_limit", lambda: parse_minor(limit, funds[0].currency)) if limit else None
    authority = form.authority
    data = FormData(
        account=account,
        debtor_name=form.debtor_name.data,
        signer_name=form.signer_name.data,
        signer_capacity=form.signer_capacity.data if authority.kind is Capacity.OTHER else "",
        authority=authority,
        amount_limit_minor=minor,
        recurrence="one_off" if form.one_off.data else "recurrent",
    )
    return Answers(funds, data)


def draft_of(work: Work, form: forms.MandateForm) -> MandateDraft | None:
    """The draft that the form goes on from."""
    return drafts.get(work, form.draft.data) if form.draft.data else None


def _keep(form: forms.MandateForm, answers: Answers) -> str:
    with working() as work:
        before = draft_of(work, form)
        return drafts.prepare(work, own_employer(work), answers.funds, answers.data, before).number


def _at(place: str, read: Callable[[], Read]) -> Read:
    """What `read` gives; what it refuses, at the field `place`."""
    try:
        return read()
    except InvalidInput as error:
        raise InvalidInput(error.code, error.message, place=place, remedy=error.remedy) from None


def clauses(fund: Fund, recurrence: str) -> list[str]:
    """What the signer accepts, in the language of the page."""
    return wording.clauses(fund, fund.scheme.value, language(), recurrence)


def _sign(form: forms.MandateForm, answers: Answers) -> None:
    with working() as work:
        signed = answers.data.signed(
            own_employer(work),
            business_date(work.clock, answers.funds[0].time_zone),
            "web",
            consent="\n".join(text for fund in answers.funds for text in clauses(fund, answers.data.recurrence)),
            language=language(),
        )
        drafts.sign_draft(work, signed, answers.funds, draft_of(work, form))
