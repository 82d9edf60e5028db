"""Forms: what a person types, and whether it is there at all. What it means, and whether it is right, the rooms decide."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from debit_service.core.accounts import AccountScheme
from debit_service.core.errors import DebitError
from debit_service.disputes.service import TEXT_LENGTH_MAX
from debit_service.web import words

# What pain.008 gives a debtor's name (Max140Text under the EPC guidelines: 70).
NAME_LENGTH_MAX = 70
WHY_LENGTH_MAX = 500
EVIDENCE_LENGTH_MAX = 200


def _trimmed(value: str | None) -> str | None:
    return value.strip() if value else value


def _required(message: Any) -> DataRequired:
    return DataRequired(message)


def _at_most(characters: int) -> Length:
    return Length(max=characters, message=lazy_gettext("At most %(max)d characters."))


def _why(characters: int = WHY_LENGTH_MAX) -> TextAreaField:
    return TextAreaField(
        lazy_gettext("Reason"), [_required(lazy_gettext("Say why.")), _at_most(characters)], filters=[_trimmed]
    )


class SignInForm(FlaskForm):
    """Login and password."""

    login = StringField(lazy_gettext("Login"), [_required(lazy_gettext("Enter your login.")), _at_most(200)])
    password = PasswordField(lazy_gettext("Password"), [_required(lazy_gettext("Enter your password.")), _at_most(200)])


class MandateForm(FlaskForm):
    """The mandate form. One signature may authorise several funds."""

    funds = SelectMultipleField(
        lazy_gettext("Funds that may debit your account"),
        [_required(lazy_gettext("Choose at least one fund."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    account_scheme = RadioField(
        lazy_gettext("Kind of account number"),
        [_required(lazy_gettext("Choose the kind of account number."))],
    )
    account = StringField(
        lazy_gettext("Account number"),
        [_required(lazy_gettext("Enter the account number.")), _at_most(50)],
        filters=[_trimmed],
    )
    debtor_name = StringField(
        lazy_gettext("Account holder"),
        [_required(lazy_gettext("Enter the name of the account holder.")), _at_most(NAME_LENGTH_MAX)],
        filters=[_trimmed],
    )
    signer_name = StringField(
        lazy_gettext("Your name"),
        [_required(lazy_gettext("Enter your name.")), _at_most(NAME_LENGTH_MAX)],
        filters=[_trimmed],
    )
    signer_capacity = StringField(
        lazy_gettext("In what capacity you sign"),
        [_required(lazy_gettext("Say in what capacity you sign.")), _at_most(NAME_LENGTH_MAX)],
        filters=[_trimmed],
    )
    amount_limit = StringField(
        lazy_gettext("Most that one debit may take (optional)"), [_at_most(22)], filters=[_trimmed]
    )

    def offer(self, funds: Sequence[tuple[str, str]], schemes: Iterable[AccountScheme]) -> None:
        """Offer these funds, by id and name, and these kinds of account number."""
        self.funds.choices = list(funds)
        self.account_scheme.choices = [(scheme.value, words.account_scheme(scheme.value)) for scheme in schemes]


class ConsentForm(FlaskForm):
    """The signature itself, on the page that shows all answers."""

    consent = BooleanField(lazy_gettext("I sign this mandate."), [_required(lazy_gettext("Tick the box to sign."))])


class WhyForm(FlaskForm):
    """A decision's reason, which is kept."""

    why = _why()


class DisputeForm(FlaskForm):
    """What the employer contests."""

    text = TextAreaField(
        lazy_gettext("What is wrong?"),
        [_required(lazy_gettext("Say what is wrong.")), _at_most(TEXT_LENGTH_MAX)],
        filters=[_trimmed],
    )


class BankStepForm(FlaskForm):
    """What the employer's bank did with a mandate, the document that proves it, and the reason."""

    what = RadioField(lazy_gettext("What happened"), [_required(lazy_gettext("Say what happened."))])
    evidence = StringField(
        lazy_gettext("Document that proves it"),
        [_required(lazy_gettext("Name the document.")), _at_most(EVIDENCE_LENGTH_MAX)],
        filters=[_trimmed],
    )
    why = _why()

    def offer(self, steps: Sequence[str]) -> None:
        """Offer these steps; where there is only one, it is chosen already."""
        self.what.choices = [(step, words.bank_step(step)) for step in steps]
        if not self.is_submitted() and len(steps) == 1:
            self.what.data = steps[0]


class AnswerForm(FlaskForm):
    """The fund's answer to a dispute, and what the employer is told."""

    answer = RadioField(lazy_gettext("Your answer"), [_required(lazy_gettext("Uphold or reject."))])
    text = _why(TEXT_LENGTH_MAX)

    def __init__(self) -> None:
        super().__init__()
        self.answer.choices = [(answer, words.dispute_answer(answer)) for answer in words.DISPUTE_ANSWERS]


class ApproveForm(FlaskForm):
    """The approver's password again, and the hash of the bytes that the page showed."""

    sha256 = StringField(validators=[_required(lazy_gettext("The page lost the file's hash. Load it again."))])
    password = PasswordField(
        lazy_gettext("Your password again"), [_required(lazy_gettext("Enter your password.")), _at_most(200)]
    )


class ResolveForm(WhyForm):
    """To which collection a bank entry belongs."""

    end_to_end_id = StringField(
        lazy_gettext("End-to-end reference of the collection"),
        [_required(lazy_gettext("Enter the reference.")), _at_most(35)],
        filters=[_trimmed],
    )


def tell_apart(form: FlaskForm, key: str) -> None:
    """Give the fields ids of their own, for a page that has this form several times; their names stay."""
    for field in form:
        field.id = f"{field.name}-{key}"


def show(form: FlaskForm, error: DebitError) -> None:
    """Put an error of a room to the field that it names, or else to the whole form."""
    field = form._fields.get(error.place or "")
    if field is not None:
        field.errors = [*field.errors, words.error(error)]
    else:
        form.form_errors.append(words.error(error))
