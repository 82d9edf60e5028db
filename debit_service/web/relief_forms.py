"""Forms of reliefs and amnesties: what a person types. Whether rule and law allow it, the room decides."""

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from debit_service.core.money import parse_minor
from debit_service.funds.profile import Fund
from debit_service.penalties.life import STANDING
from debit_service.penalties.service.amnesty import Terms
from debit_service.penalties.service.relieve import TEXT_LENGTH_MAX, Granted
from debit_service.penalties.tariff.relief import Ground, in_basis_points
from debit_service.web import relief_words, words
from debit_service.web.forms import WhyForm, trimmed


def _text(label: Any, missing: Any | None = None, longest: int = TEXT_LENGTH_MAX) -> StringField:
    needed = [DataRequired(missing)] if missing else []
    limit = Length(max=longest, message=lazy_gettext("At most %(max)d characters."))
    return StringField(label, [*needed, limit], filters=[trimmed])


class ReliefForm(WhyForm):
    """A relief of one penalty: how much, on which ground, by whose decision."""

    ground = RadioField(lazy_gettext("Ground"), [DataRequired(lazy_gettext("Choose the ground."))])
    percent = _text(lazy_gettext("Percent of the penalty"), longest=7)
    amount = _text(lazy_gettext("Or an amount (with a percentage: at most so much)"), longest=22)
    authority = _text(lazy_gettext("Who decided"), lazy_gettext("Say who decided."))
    decided_on = DateField(
        lazy_gettext("Day of the decision"), [DataRequired(lazy_gettext("Enter the day of the decision."))]
    )
    document = _text(lazy_gettext("Document of the decision"), lazy_gettext("Name the document."))

    def offer(self, grounds: list[Ground]) -> None:
        """Offer these grounds."""
        self.ground.choices = [(one.value, relief_words.ground(one.value)) for one in grounds]

    def granted(self, currency: str) -> Granted:
        """What the form says. Raises InvalidInput for figures that are none."""
        return Granted(
            ground=Ground(self.ground.data),
            basis_points=in_basis_points(self.percent.data) if self.percent.data else None,
            amount_minor=parse_minor(self.amount.data, currency) if self.amount.data else None,
            authority=self.authority.data,
            decided_on=self.decided_on.data,
            document=self.document.data,
            why=self.why.data,
        )


class AmnestyForm(WhyForm):
    """The terms of an amnesty."""

    fund = SelectField(lazy_gettext("Fund"))
    first_period = _text(lazy_gettext("First period"), lazy_gettext("Enter the first period."), longest=10)
    last_period = _text(lazy_gettext("Last period"), lazy_gettext("Enter the last period."), longest=10)
    states = SelectMultipleField(
        lazy_gettext("Penalties that are covered"),
        [DataRequired(lazy_gettext("Choose which penalties are covered."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    percent = _text(lazy_gettext("Percent of the penalty"), lazy_gettext("Enter the percentage."), longest=7)
    at_most = _text(lazy_gettext("At most so much of each penalty (optional)"), longest=22)
    covers_later = BooleanField(lazy_gettext("Penalties that arise later for these periods are covered too."))
    law = _text(lazy_gettext("Law"), lazy_gettext("Name the law."))
    decided_on = DateField(lazy_gettext("Day of the law"), [DataRequired(lazy_gettext("Enter the day of the law."))])

    def offer(self, funds: list[Fund]) -> None:
        """Offer these funds."""
        self.fund.choices = [(fund.id, fund.id) for fund in funds]
        self.states.choices = [(one, words.penalty(one)) for one in STANDING]

    def terms(self, currency: str) -> Terms:
        """What the form says. Raises InvalidInput for figures that are none."""
        return Terms(
            first_period=self.first_period.data,
            last_period=self.last_period.data,
            states=tuple(self.states.data),
            basis_points=in_basis_points(self.percent.data),
            at_most_minor=parse_minor(self.at_most.data, currency) if self.at_most.data else None,
            covers_later=self.covers_later.data,
            law=self.law.data,
            decided_on=self.decided_on.data,
            why=self.why.data,
        )


class ApproveForm(FlaskForm):
    """The hash of the list that the approver was shown."""

    sha256 = HiddenField(validators=[DataRequired()])
