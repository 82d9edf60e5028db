"""The life of a mandate that is in use: suspend, resume, amend, the last debit; and whom nobody may debit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.errors import DebitError, InvalidInput, Refused
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates import amend, blocks, life, queries
from debit_service.mandates import service as mandates
from debit_service.mandates.models import DebitBlock, Mandate
from debit_service.web import forms, words
from debit_service.web.access import allowed
from debit_service.web.desk import CARDS_SHOWN_MAX, actor, reading, service, working
from debit_service.web.languages import language

blueprint = Blueprint("mandate_life", __name__, url_prefix="/mandate-desk")

STAFF = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
REFERENCE_LENGTH_MAX, ACCOUNT_LENGTH_MAX = 35, 50
_BANKS = {"": None, "same": False, "another": True}


class MoveForm(forms.BankStepForm):
    """What is done with a mandate, what proves that it was asked for, when that arrived, and why."""

    received_at = DateField(lazy_gettext("Day on which the request arrived"), [Optional()])

    def offer_moves(self, moves: list[str]) -> None:
        """Offer these moves."""
        self.offer((), ())
        self.what.choices = [(move, words.mandate_move(move)) for move in moves]


class AmendForm(forms.WhyForm):
    """What the employer asked to change; an empty field stays as it is."""

    account_scheme = SelectField(lazy_gettext("Kind of account number"))
    account = StringField(lazy_gettext("New account number"), [Length(max=ACCOUNT_LENGTH_MAX)])
    new_bank = RadioField(lazy_gettext("Does another bank keep the account?"), default="")
    debtor_name = StringField(lazy_gettext("New account holder"), [Length(max=forms.NAME_LENGTH_MAX)])
    reference = StringField(lazy_gettext("New mandate reference"), [Length(max=REFERENCE_LENGTH_MAX)])
    new_creditor_identifier = BooleanField(lazy_gettext("Take over the creditor identifier that the fund has now"))
    received_at = DateField(
        lazy_gettext("Day on which the request arrived"), [InputRequired(lazy_gettext("Enter the day."))]
    )
    evidence = StringField(
        lazy_gettext("Document that proves it"),
        [InputRequired(lazy_gettext("Name the document.")), Length(max=forms.EVIDENCE_LENGTH_MAX)],
    )

    def offer(self, fund: Fund) -> None:
        """Offer the kinds of account that the fund debits."""
        self.account_scheme.choices = [(one.value, words.account_scheme(one)) for one in fund.debtor_account_schemes]
        self.new_bank.choices = [
            ("", gettext("The numbers tell.")),
            ("same", gettext("No, the same bank.")),
            ("another", gettext("Yes, another bank.")),
        ]

    def change(self) -> amend.Change:
        """The change as typed. Raises InvalidInput `account.*`."""
        account = self.account.data.strip()
        return amend.Change(
            account=_account(account, self.account_scheme.data) if account else None,
            new_bank=_BANKS[self.new_bank.data],
            debtor_name=self.debtor_name.data.strip() or None,
            reference=self.reference.data.strip() or None,
            new_creditor_identifier=self.new_creditor_identifier.data,
        )


class BlockForm(forms.WhyForm):
    """Whom nobody may debit, and where."""

    employer = StringField(lazy_gettext("The employer's own number"), [Length(max=ACCOUNT_LENGTH_MAX)])
    account_scheme = SelectField(lazy_gettext("Kind of account number"))
    account = StringField(lazy_gettext("Or an account number"), [Length(max=ACCOUNT_LENGTH_MAX)])
    fund = SelectField(lazy_gettext("Fund"))

    def __init__(self) -> None:
        super().__init__()
        self.account_scheme.choices = [(one.value, words.account_scheme(one)) for one in AccountScheme]
        funds = [(fund.id, fund.names.best(language())) for fund in service().funds]
        self.fund.choices = [("", gettext("All funds")), *funds]


@dataclass(frozen=True, slots=True)
class Blocked:
    """One block as a card: who, or which account's last characters."""

    block: DebitBlock
    employer: str | None
    account: str | None
    form: forms.WhyForm


@blueprint.route("/<mandate_id>/life", methods=["GET", "POST"])
@allowed(*STAFF)
def show(mandate_id: str) -> ResponseReturnValue:
    """Everything that happened to a mandate, and what this person may do with it."""
    form = MoveForm()
    with reading() as work:
        mandate = mandates.get(work, mandate_id)
        moves = _moves(work, mandate)
        form.offer_moves(moves)
        if not form.validate_on_submit():
            return _page(work, mandate, form), 422 if form.errors else 200
    try:
        with working() as work:
            _move(work, mandates.get(work, mandate_id), form)
    except InvalidInput as error:
        forms.show(form, error)
        with reading() as work:
            return _page(work, mandates.get(work, mandate_id), form), 422
    flash(gettext("Recorded. The employer sees it on its page."))
    return redirect(url_for("mandate_life.show", mandate_id=mandate_id))


def _moves(work: Work, mandate: Mandate) -> list[str]:
    """What may be done with the mandate as it stands, by whoever asks."""
    state, roles = queries.state(work, mandate.id), actor().roles
    found = []
    if Role.FINANCE_CLERK in roles:
        found += ["suspend"] if state == "active" else []
        found += ["revoked_by_bank"] if state in ("active", "suspended") else []
        last_is_open = mandate.recurrence == "recurrent" and mandate.final_asked_on is None
        found += ["last"] if mandate.live and last_is_open else []
    if Role.FINANCE_APPROVER in roles and state == "suspended":
        found.append("resume")
    return found


def _move(work: Work, mandate: Mandate, form: MoveForm) -> None:
    why, proof = form.why.data, form.proof
    received = _arrived(form.received_at.data, service().funds.get(mandate.fund_id))
    match form.what.data:
        case "suspend":
            life.suspend(work, mandate, why, proof, received)
        case "resume":
            life.resume(work, mandate, why, proof)
        case "revoked_by_bank":
            life.revoke_by_bank(work, mandate, why, proof, received)
        case "last":
            life.ask_last(work, service().funds.get(mandate.fund_id), mandate, why, proof)


def _arrived(day: date | None, fund: Fund) -> datetime | None:
    """The beginning of a day in the fund's time: what came on it counts as there all day."""
    return datetime.combine(day, time(), ZoneInfo(fund.time_zone)) if day else None


def _page(work: Work, mandate: Mandate, form: MoveForm) -> str:
    return render_template(
        "mandate_life.html",
        mandate=mandate,
        state=queries.state(work, mandate.id),
        account=queries.account(work, mandate).masked,
        fund=service().funds.get(mandate.fund_id),
        employer=employers.name(work, employers.get(work, mandate.employer_id)),
        blocked=queries.blocked(work, mandate.fund_id, mandate.employer_id, mandate.account_index),
        amendments=queries.amendments(work, mandate.id),
        history=queries.history(work, mandate.id),
        form=form,
    )


@blueprint.route("/<mandate_id>/amend", methods=["GET", "POST"])
@allowed(Role.FINANCE_CLERK)
def change(mandate_id: str) -> ResponseReturnValue:
    """Change what a mandate says, as the employer asked."""
    form = AmendForm()
    with reading() as work:
        fund = service().funds.get(mandates.get(work, mandate_id).fund_id)
    form.offer(fund)
    if form.validate_on_submit():
        try:
            with working() as work:
                amend.amend(
                    work,
                    fund,
                    mandates.get(work, mandate_id),
                    form.change(),
                    received_at=_arrived(form.received_at.data, fund) or work.now(),
                    why=form.why.data,
                    evidence=form.evidence.data,
                )
        except DebitError as error:
            forms.show(form, error)
        else:
            flash(gettext("The mandate is changed; the bank is told with the next debit."))
            return redirect(url_for("mandate_life.show", mandate_id=mandate_id))
    with reading() as work:
        mandate = mandates.get(work, mandate_id)
        page = render_template("mandate_amend.html", mandate=mandate, fund=fund, form=form)
    return page, 422 if form.errors else 200


@blueprint.route("/stopped", methods=["GET", "POST"])
@allowed(*STAFF)
def stopped() -> ResponseReturnValue:
    """Suspended mandates, and the block list; a clerk adds to it."""
    form = BlockForm()
    if form.validate_on_submit():
        try:
            _place(form)
        except DebitError as error:
            forms.show(form, error)
        else:
            flash(gettext("Blocked: nothing is debited any more."))
            return redirect(url_for("mandate_life.stopped"))
    with reading() as work:
        cards = list(_cards(work))
        suspended = queries.in_state(work, "suspended", CARDS_SHOWN_MAX)
        page = render_template("mandate_stopped.html", cards=cards, suspended=suspended, form=form)
    return page, 422 if form.errors else 200


@blueprint.post("/blocks/<block_id>")
@allowed(Role.FINANCE_APPROVER)
def lift(block_id: str) -> ResponseReturnValue:
    """Take a block away."""
    form = forms.WhyForm()
    if not form.validate():
        raise Refused("block.why", gettext("Say why."), place="why")
    with working() as work:
        blocks.lift(work, block_id, form.why.data)
    flash(gettext("The block is lifted."))
    return redirect(url_for("mandate_life.stopped"))


def _cards(work: Work) -> Iterator[Blocked]:
    for block in queries.blocks(work)[:CARDS_SHOWN_MAX]:
        number, form = queries.blocked_account(work, block), forms.WhyForm(formdata=None)
        forms.tell_apart(form, block.id)
        yield Blocked(
            block=block,
            employer=employers.name(work, employers.get(work, block.employer_id)) if block.employer_id else None,
            account=f"••••{number[-4:]}" if number else None,
            form=form,
        )


def _place(form: BlockForm) -> None:
    fund = service().funds.get(form.fund.data) if form.fund.data else None
    with working() as work:
        blocks.place(work, _subject(work, form), fund, form.why.data)


def _subject(work: Work, form: BlockForm) -> Employer | AccountNumber:
    employer, account = form.employer.data.strip(), form.account.data.strip()
    if bool(employer) == bool(account):
        raise InvalidInput("block.subject", "Name an employer, or an account.", place="employer")
    if account:
        return _account(account, form.account_scheme.data)
    found = employers.by_reference(work, employer)
    if found is None:
        raise InvalidInput("employer.unknown", "No employer has this number.", place="employer")
    return found


def _account(number: str, scheme: str) -> AccountNumber:
    return parse_account(number, AccountScheme(scheme))
