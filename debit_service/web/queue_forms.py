"""Forms of the work queue: what a person types about an entry. Whether it fits, the room decides."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, PasswordField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from debit_service.core.errors import DebitError
from debit_service.core.money import parse_minor
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.web import queue_words, words
from debit_service.web.forms import PaidForm, WhyForm, trimmed

_SHARES_LENGTH_MAX = 4000
#: Words of a line that names a debit, how much of it, and the bank's charge for it.
_REFERENCE_AMOUNT_CHARGE = 3


def _needed(message: Any, longest: int | None = None) -> list[Any]:
    limit = [Length(max=longest, message=lazy_gettext("At most %(max)d characters."))] if longest else []
    return [DataRequired(message), *limit]


class MatchForm(WhyForm):
    """To which debits an entry belongs and, of money that left, how much of each, and what in it is a charge that the bank did
    not state: for each alike, or behind the debit's amount."""

    end_to_end_id = TextAreaField(
        lazy_gettext("End-to-end reference of the debit, or of each, one a line"),
        _needed(lazy_gettext("Enter the reference."), _SHARES_LENGTH_MAX),
    )
    charge = StringField(
        lazy_gettext("If the bank kept a charge without stating it: how much for each debit"),
        [Length(max=22, message=lazy_gettext("At most %(max)d characters."))],
        filters=[trimmed],
    )

    def validate_end_to_end_id(self, field: TextAreaField) -> None:
        """On a line a reference, and at most two amounts behind it."""
        if any(len(line.split()) > _REFERENCE_AMOUNT_CHARGE for line in (field.data or "").splitlines()):
            raise ValidationError(lazy_gettext("Write one debit a line: its reference, the amount, the charge."))

    def _lines(self) -> list[list[str]]:
        return [line.split() for line in (self.end_to_end_id.data or "").splitlines() if line.strip()]

    def debits(self) -> tuple[str, ...]:
        """The references of the debits that are meant whole, in their order."""
        return tuple(line[0] for line in self._lines() if len(line) == 1)

    def parts(self, currency: str) -> tuple[tuple[str, int], ...]:
        """(debit, minor units) of those with an amount behind them. Raises InvalidInput for an amount that is none."""
        return tuple((line[0], parse_minor(line[1], currency)) for line in self._lines() if len(line) > 1)

    def charges(self, currency: str) -> tuple[tuple[str, int], ...]:
        """(debit, minor units) of those with a charge of their own. Raises InvalidInput for an amount that is none."""
        return tuple(
            (line[0], parse_minor(line[2], currency)) for line in self._lines() if len(line) == _REFERENCE_AMOUNT_CHARGE
        )

    def charge_minor(self, currency: str) -> int | None:
        """The charge in minor units, None where none is named. Raises InvalidInput for an amount that is none."""
        return parse_minor(self.charge.data, currency) if self.charge.data else None


class AllocateForm(WhyForm):
    """Which contributions an entry pays: each with its amount, or all of one employer in the fund's order."""

    shares = TextAreaField(
        lazy_gettext("Contributions and amounts"),
        [Length(max=_SHARES_LENGTH_MAX, message=lazy_gettext("At most %(max)d characters."))],
    )
    registration_number = StringField(lazy_gettext("Or the employer's registration number"), filters=[trimmed])
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
    """That an entry, or as much of it as is named, is to be given back, is a charge, or is none of the fund's.

    Of a charge that the bank gives back, the debit that it had charged for.
    """

    decision = RadioField(lazy_gettext("What it is"), _needed(lazy_gettext("Say what it is.")))
    end_to_end_id = StringField(
        lazy_gettext("If the bank gives a charge back: end-to-end reference of the debit"), filters=[trimmed]
    )

    amount = StringField(
        lazy_gettext("How much, if not all of it"),
        [Length(max=22, message=lazy_gettext("At most %(max)d characters."))],
        filters=[trimmed],
    )

    def amount_minor(self, currency: str) -> int | None:
        """How much in minor units, None for all that waits. Raises InvalidInput for an amount that is none."""
        return parse_minor(self.amount.data, currency) if self.amount.data else None

    def validate_end_to_end_id(self, field: StringField) -> None:
        """Nothing else is told apart by debits."""
        if field.data and self.decision.data != Decision.BANK_CHARGE:
            raise ValidationError(lazy_gettext("Only a charge of the bank belongs to a debit here."))

    def offer(self, decisions: Iterable[str]) -> None:
        """Offer these."""
        self.decision.choices = [(one, queue_words.decision(one)) for one in decisions]


class RecogniseForm(WhyForm):
    """Which payment, or refund paid out, was recorded by hand before the bank's booking came."""

    recorded = RadioField(lazy_gettext("What was recorded"), _needed(lazy_gettext("Choose what was recorded.")))

    def offer(self, recorded: Sequence[tuple[str, str]]) -> None:
        """Offer these, by id and name."""
        self.recorded.choices = list(recorded)


class ToldBeforeForm(WhyForm):
    """Of which booking an entry is another report."""

    booking = RadioField(lazy_gettext("The booking that was told before"), _needed(lazy_gettext("Choose the booking.")))

    def offer(self, bookings: Sequence[tuple[str, str]]) -> None:
        """Offer these, by id and name."""
        self.booking.choices = list(bookings)


class HoldForm(WhyForm):
    """Until when an entry is held."""

    follow_up = DateField(
        lazy_gettext("Look at it again on"), _needed(lazy_gettext("Enter the day on which it is looked at again."))
    )


class ConfirmForm(FlaskForm):
    """The approver's password again."""

    password = PasswordField(lazy_gettext("Your password again"), _needed(lazy_gettext("Enter your password."), 200))


class PayOutForm(PaidForm, WhyForm):
    """That money owed back was given back."""


def show(form: FlaskForm, error: DebitError, field: str) -> None:
    """Put an error of the room, whose place is often a reference, to the field that it comes from; it names the place."""
    place = f" ({error.place})" if error.place and error.place not in form._fields else ""
    form[field].errors = [*form[field].errors, f"{words.error(error)}{place}"]
