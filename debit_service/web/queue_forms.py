"""Forms of the work queue: what a person types about an entry. Whether it fits, the room decides."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, PasswordField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from debit_service.contributions.payments import EVIDENCE_LENGTH_MAX, REFERENCE_LENGTH_MAX
from debit_service.core.errors import DebitError
from debit_service.core.money import parse_minor
from debit_service.web import queue_words, words
from debit_service.web.forms import WhyForm

_SHARES_LENGTH_MAX = 4000


def _trimmed(value: str | None) -> str | None:
    return value.strip() if value else value


def _needed(message: Any, longest: int | None = None) -> list[Any]:
    limit = [Length(max=longest, message=lazy_gettext("At most %(max)d characters."))] if longest else []
    return [DataRequired(message), *limit]


class AllocateForm(WhyForm):
    """Which contributions an entry pays: each with its amount, or all of one employer in the fund's order."""

    shares = TextAreaField(
        lazy_gettext("Contributions and amounts"),
        [Length(max=_SHARES_LENGTH_MAX, message=lazy_gettext("At most %(max)d characters."))],
    )
    registration_number = StringField(lazy_gettext("Or the employer's registration number"), filters=[_trimmed])
    refund_rest = BooleanField(lazy_gettext("What is left over is to be given back; otherwise it goes on waiting."))

    def validate_shares(self, field: TextAreaField) -> None:
        """One of the two ways, and each line with a reference and an amount."""
        if bool((field.data or "").strip()) == bool(self.registration_number.data):
            raise ValidationError(
                lazy_gettext("Enter either contributions with their amounts or one employer's number.")
            )
        if any(len(line.split()) < 2 for line in self._lines()):
            raise ValidationError(lazy_gettext("Write one contribution a line: its reference, a blank, the amount."))

    def _lines(self) -> list[str]:
        return [line for line in (self.shares.data or "").splitlines() if line.strip()]

    def asked(self, currency: str) -> tuple[tuple[str, int], ...]:
        """(contribution, minor units) of each line. Raises InvalidInput for an amount that is none."""
        pairs = (line.rsplit(maxsplit=1) for line in self._lines())
        return tuple((name.strip(), parse_minor(amount, currency)) for name, amount in pairs)


class SetAsideForm(WhyForm):
    """That a whole entry is to be given back, is a charge, or is none of the fund's."""

    decision = RadioField(lazy_gettext("What it is"), _needed(lazy_gettext("Say what it is.")))

    def offer(self, decisions: Iterable[str]) -> None:
        """Offer these."""
        self.decision.choices = [(one, queue_words.decision(one)) for one in decisions]


class RecogniseForm(WhyForm):
    """Which payment, or refund paid out, was recorded by hand before the bank's booking came."""

    recorded = RadioField(lazy_gettext("What was recorded"), _needed(lazy_gettext("Choose what was recorded.")))

    def offer(self, recorded: Sequence[tuple[str, str]]) -> None:
        """Offer these, by id and name."""
        self.recorded.choices = list(recorded)


class HoldForm(WhyForm):
    """Until when an entry is held."""

    follow_up = DateField(
        lazy_gettext("Look at it again on"), _needed(lazy_gettext("Enter the day on which it is looked at again."))
    )


class ConfirmForm(FlaskForm):
    """The approver's password again."""

    password = PasswordField(lazy_gettext("Your password again"), _needed(lazy_gettext("Enter your password."), 200))


class PayOutForm(WhyForm):
    """That money owed back was given back."""

    amount = StringField(lazy_gettext("Amount"), _needed(lazy_gettext("Enter the amount."), 22), filters=[_trimmed])
    paid_on = DateField(lazy_gettext("Paid on"), _needed(lazy_gettext("Enter the day of the payment.")))
    reference = StringField(
        lazy_gettext("Reference in the fund's books"),
        _needed(lazy_gettext("Enter the reference."), REFERENCE_LENGTH_MAX),
        filters=[_trimmed],
    )
    evidence = StringField(
        lazy_gettext("Document that proves it"),
        _needed(lazy_gettext("Name the document."), EVIDENCE_LENGTH_MAX),
        filters=[_trimmed],
    )


def show(form: FlaskForm, error: DebitError, field: str) -> None:
    """Put an error of the room, whose place is often a reference, to the field that it comes from; it names the place."""
    place = f" ({error.place})" if error.place and error.place not in form._fields else ""
    form[field].errors = [*form[field].errors, f"{words.error(error)}{place}"]
