"""Forms: what a person types, and whether it is there at all. What it means, and whether it is right, the rooms decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, Self

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from debit_service.contributions.payments import REFERENCE_LENGTH_MAX, Means
from debit_service.contributions.rules import SOURCE_LENGTH_MAX, Circumstances
from debit_service.core.errors import DebitError
from debit_service.core.money import MINOR_UNITS_MAX
from debit_service.funds.profile import Fund
from debit_service.mandates.authority import Authority, Capacity
from debit_service.mandates.documents import DocumentKind
from debit_service.web import words

# What pain.008 gives a debtor's name (Max140Text under the EPC guidelines: 70).
NAME_LENGTH_MAX = 70
# What still fits on the printed form beside the longest of all other answers.
PROOF_LENGTH_MAX = 40
WHY_LENGTH_MAX = 500
# Of an amount in minor units, as everywhere: `core.money`.
MINOR_DIGITS_MAX = len(str(MINOR_UNITS_MAX))
EVIDENCE_LENGTH_MAX = 200


def trimmed(value: str | None) -> str | None:
    """What was typed, without the blanks around it."""
    return value.strip() if value else value


def _required(message: Any) -> DataRequired:
    return DataRequired(message)


def _at_most(characters: int) -> Length:
    return Length(max=characters, message=lazy_gettext("At most %(max)d characters."))


def _why(characters: int = WHY_LENGTH_MAX) -> TextAreaField:
    return TextAreaField(
        lazy_gettext("Reason"), [_required(lazy_gettext("Say why.")), _at_most(characters)], filters=[trimmed]
    )


def _scan() -> FileField:
    return FileField(lazy_gettext("Scan"), [FileRequired(lazy_gettext("Choose the file of the scan."))])


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
        filters=[trimmed],
    )
    debtor_name = StringField(
        lazy_gettext("Account holder"),
        [_required(lazy_gettext("Enter the name of the account holder.")), _at_most(NAME_LENGTH_MAX)],
        filters=[trimmed],
    )
    signer_name = StringField(
        lazy_gettext("Your name"),
        [_required(lazy_gettext("Enter your name.")), _at_most(NAME_LENGTH_MAX)],
        filters=[trimmed],
    )
    capacity = RadioField(
        lazy_gettext("In what capacity you sign"), [_required(lazy_gettext("Say in what capacity you sign."))]
    )
    signer_capacity = StringField(
        lazy_gettext("Another capacity, in words"), [_at_most(NAME_LENGTH_MAX)], filters=[trimmed]
    )
    proxy_document = StringField(
        lazy_gettext("Power of attorney of a proxy holder"), [_at_most(PROOF_LENGTH_MAX)], filters=[trimmed]
    )
    amount_limit = StringField(
        lazy_gettext("Most that one debit may take (optional)"), [_at_most(22)], filters=[trimmed]
    )
    one_off = BooleanField(lazy_gettext("For one debit only"))
    draft = HiddenField()

    def validate_capacity(self, field: RadioField) -> None:
        """A capacity that the list does not have is said in words."""
        if field.data == Capacity.OTHER and not self.signer_capacity.data:
            raise ValidationError(lazy_gettext("Say in words in what capacity."))

    def offer(self, funds: Iterable[Fund], language: str) -> None:
        """Offer these funds, and every kind of account number that one of them debits."""
        schemes = dict.fromkeys(scheme for fund in funds for scheme in fund.debtor_account_schemes)
        self.funds.choices = [(fund.id, fund.names.best(language)) for fund in funds]
        self.account_scheme.choices = [(scheme.value, words.account_scheme(scheme.value)) for scheme in schemes]
        self.capacity.choices = [(capacity.value, words.capacity(capacity)) for capacity in Capacity]

    @property
    def authority(self) -> Authority:
        """By what right the signer signs."""
        kind = Capacity(self.capacity.data)
        return Authority(kind, (self.proxy_document.data or None) if kind is Capacity.PROXY_HOLDER else None)


class DeskForm(MandateForm):
    """A mandate form of an employer, as a clerk or a proximity office prepares it."""

    registration_number = StringField(
        lazy_gettext("Registration number"),
        [_required(lazy_gettext("Enter the registration number.")), _at_most(50)],
        filters=[trimmed],
    )
    signer_name = StringField(
        lazy_gettext("Name of the signer"),
        [_required(lazy_gettext("Enter the name of the signer.")), _at_most(NAME_LENGTH_MAX)],
        filters=[trimmed],
    )
    capacity = RadioField(
        lazy_gettext("In what capacity the signer signs"),
        [_required(lazy_gettext("Say in what capacity the signer signs."))],
    )


class PaperForm(DeskForm):
    """A mandate form that was signed on paper, with its scan."""

    signed_on = DateField(
        lazy_gettext("Date of the signature"), [_required(lazy_gettext("Enter the date of the signature."))]
    )
    scan = _scan()


class DraftNumberForm(FlaskForm):
    """The number on a printed draft. It changes nothing, so it needs no token."""

    class Meta:
        """Sent in the address."""

        csrf = False

    number = StringField(lazy_gettext("Number of the draft"), [_at_most(20)], filters=[trimmed])


class ConsentForm(FlaskForm):
    """The signature itself, on the page that shows all answers."""

    consent = BooleanField(lazy_gettext("I sign this mandate."), [_required(lazy_gettext("Tick the box to sign."))])


class WhyForm(FlaskForm):
    """A decision's reason, which is kept."""

    why = _why()


class PickForm(WhyForm):
    """Which of the lines that were shown are decided together, each with the amount that was shown; and why."""

    pick = SelectMultipleField(
        lazy_gettext("Penalties"), [_required(lazy_gettext("Tick at least one."))], choices=[], validate_choice=False
    )

    def validate_pick(self, field: SelectMultipleField) -> None:
        """Each as the page sent it."""
        if len(self.picked()) != len(field.data):
            raise ValidationError(lazy_gettext("Tick at least one."))

    def picked(self) -> dict[str, int]:
        """What is ticked -> the minor units that were shown; what is malformed is left out."""
        pairs = (one.partition(":") for one in self.pick.data or ())
        return {name: int(minor) for name, _, minor in pairs if minor.isdecimal() and len(minor) <= MINOR_DIGITS_MAX}


class BankStepForm(FlaskForm):
    """What the employer's bank did with a mandate, the document that proves it, and the reason."""

    what = RadioField(lazy_gettext("What happened"), [_required(lazy_gettext("Say what happened."))])
    document = SelectField(lazy_gettext("Attached document"))
    evidence = StringField(lazy_gettext("Document that proves it"), [_at_most(EVIDENCE_LENGTH_MAX)], filters=[trimmed])
    why = _why()

    def validate_evidence(self, _field: StringField) -> None:
        """A document is attached and chosen, or it has a name."""
        if not self.proof:
            raise ValidationError(lazy_gettext("Name the document."))

    @property
    def proof(self) -> str:
        """The number of the attached document, and what else was said of it."""
        chosen = self.document.data if self.document else None
        return " · ".join(part for part in (chosen, self.evidence.data) if part)

    def offer(self, steps: Sequence[str], documents: Sequence[tuple[str, str]]) -> None:
        """Offer these steps, and these attached documents by number and name; a step that is the only one is chosen already."""
        if documents:
            self.document.choices = [("", gettext("Another one, named below")), *documents]
        else:
            del self.document
        self.what.choices = [(step, words.bank_step(step)) for step in steps]
        if not self.is_submitted() and len(steps) == 1:
            self.what.data = steps[0]


class DocumentForm(FlaskForm):
    """A scan to keep with a mandate, and what it shows."""

    kind = RadioField(lazy_gettext("What it shows"), [_required(lazy_gettext("Say what the document shows."))])
    scan = _scan()

    def __init__(self) -> None:
        super().__init__()
        self.kind.choices = [(kind.value, words.document_kind(kind)) for kind in DocumentKind]


class ApproveForm(FlaskForm):
    """The approver's password again, and the hash of the bytes that the page showed."""

    sha256 = StringField(validators=[_required(lazy_gettext("The page lost the file's hash. Load it again."))])
    password = PasswordField(
        lazy_gettext("Your password again"), [_required(lazy_gettext("Enter your password.")), _at_most(200)]
    )


class ReleaseForm(FlaskForm):
    """Let a run through that stopped at a safety bound: why, and the password again."""

    why = _why()
    password = PasswordField(
        lazy_gettext("Your password again"), [_required(lazy_gettext("Enter your password.")), _at_most(200)]
    )


class PaidForm(FlaskForm):
    """Money that was paid: how much, when, what the books call it, and what proves it."""

    amount = StringField(
        lazy_gettext("Amount"), [_required(lazy_gettext("Enter the amount.")), _at_most(22)], filters=[trimmed]
    )
    paid_on = DateField(lazy_gettext("Paid on"), [_required(lazy_gettext("Enter the day of the payment."))])
    reference = StringField(
        lazy_gettext("Reference in the fund's books"),
        [_required(lazy_gettext("Enter the reference.")), _at_most(REFERENCE_LENGTH_MAX)],
        filters=[trimmed],
    )
    evidence = StringField(
        lazy_gettext("Document that proves it"),
        [_required(lazy_gettext("Name the document.")), _at_most(EVIDENCE_LENGTH_MAX)],
        filters=[trimmed],
    )


class PaymentForm(PaidForm):
    """A payment by other means than a debit."""

    means = RadioField(lazy_gettext("How it was paid"), [_required(lazy_gettext("Say how it was paid."))])

    def __init__(self) -> None:
        super().__init__()
        self.means.choices = [(means.value, words.means(means.value)) for means in Means]


def _asked(name: str) -> Any:
    """The label of what a rule asks."""
    return lazy_gettext(words.CIRCUMSTANCES[name])


class CircumstancesForm(FlaskForm):
    """What a document of the fund says of the circumstances of a contribution. What is left empty is not known."""

    heads = StringField(
        _asked("heads"),
        [
            Optional(),
            Regexp(r"[0-9]{1,10}\Z", message=lazy_gettext("A number of employees is a whole number, 0 or more.")),
        ],
        filters=[trimmed],
    )
    demanded_separately = RadioField(_asked("demanded_separately"), default="")
    formal_notice_on = DateField(_asked("formal_notice_on"), [Optional()])
    declared_in_time = RadioField(_asked("declared_in_time"), default="")
    claim_term_ends_on = DateField(_asked("claim_term_ends_on"), [Optional()])
    source = StringField(
        lazy_gettext("Document that proves it"),
        [_required(lazy_gettext("Name the document.")), _at_most(SOURCE_LENGTH_MAX)],
        filters=[trimmed],
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        for field in (self.demanded_separately, self.declared_in_time):
            field.choices = [(value, words.known(value)) for value in words.KNOWN]

    @classmethod
    def showing(cls, known: Circumstances) -> Self:
        """The form filled in with what is known, whatever else was sent to the page."""
        said = {name: _KNOWN_AS.get(value, value) for name, value in asdict(known).items() if name != "heads"}
        return cls(formdata=None, data=said | {"heads": "" if known.heads is None else str(known.heads)})

    @property
    def circumstances(self) -> Circumstances:
        """What it says."""
        return Circumstances(
            heads=int(self.heads.data) if self.heads.data else None,
            demanded_separately=_SAID[self.demanded_separately.data],
            formal_notice_on=self.formal_notice_on.data,
            declared_in_time=_SAID[self.declared_in_time.data],
            claim_term_ends_on=self.claim_term_ends_on.data,
        )


_SAID: Final[Mapping[str, bool | None]] = {"": None, "yes": True, "no": False}
_KNOWN_AS: Final = {said: name for name, said in _SAID.items()}


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
