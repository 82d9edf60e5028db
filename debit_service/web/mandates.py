"""Mandates of an employer: the form, the page that shows all answers before they are signed, the list, the revocation.

Answers travel from page to page in the posted form and nowhere else: an account number stands in no cookie and no address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.money import parse_minor
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.mandates import queries, wording
from debit_service.mandates import service as mandates
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
    account: AccountNumber
    amount_limit_minor: int | None

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
            (mandate, state, service().funds.get(mandate.fund_id), queries.account(work, mandate).masked)
            for mandate, state in queries.of_employer(work, own_employer(work).id)
        ]
        return render_template("mandates.html", mandates=found, may_sign=bool(_offered(work)))


@blueprint.route("/new", methods=["GET", "POST"])
@allowed(Role.EMPLOYER)
def new() -> ResponseReturnValue:
    """The form; then all answers to check; then the signature."""
    with reading() as work:
        offered = _offered(work)
        name = employers.name(work, own_employer(work))
    form = forms.MandateForm(data={"debtor_name": name, "account_scheme": _usual_scheme(offered)})
    form.offer(offered, language())
    consent = forms.ConsentForm()
    step = request.form.get("step", "edit")
    if step == "edit" or not form.validate():
        return render_template("mandate_form.html", form=form, offered=offered), 422 if form.errors else 200
    try:
        answers = read(form)
        if step == "sign" and consent.validate():
            _sign(form, answers)
            flash(gettext("You have signed. See below what to do next."))
            return redirect(url_for("mandates.own"))
    except DebitError as error:
        forms.show(form, error)
        return render_template("mandate_form.html", form=form, offered=offered), 422
    page = render_template("mandate_check.html", form=form, consent=consent, answers=answers, clauses=_clauses)
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
    return Answers(funds, account, minor)


def _at(place: str, read: Callable[[], Read]) -> Read:
    """What `read` gives; what it refuses, at the field `place`."""
    try:
        return read()
    except InvalidInput as error:
        raise InvalidInput(error.code, error.message, place=place, remedy=error.remedy) from None


def _clauses(fund: Fund) -> list[str]:
    """What the signer accepts, in the language of the page."""
    return wording.clauses(fund, fund.scheme.value, language())


def _sign(form: forms.MandateForm, answers: Answers) -> None:
    with working() as work:
        signed = mandates.SignedForm(
            employer=own_employer(work),
            account=answers.account,
            debtor_name=form.debtor_name.data,
            signer_name=form.signer_name.data,
            signer_capacity=form.signer_capacity.data,
            signed_on=business_date(work.clock, answers.funds[0].time_zone),
            how="web",
            amount_limit_minor=answers.amount_limit_minor,
            consent="\n".join(clause for fund in answers.funds for clause in _clauses(fund)),
            language=language(),
        )
        mandates.sign(work, signed, answers.funds)
