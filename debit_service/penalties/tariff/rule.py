"""A late-penalty rule as dated data: what is charged on what, from when to when it holds, how surely it is known, and from where.

Rates are decimal texts and amounts plain decimals of the rule's currency: no binary float can enter.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Confidence = Literal["high", "medium", "low"]
Text = Annotated[str, Field(min_length=1)]
#: What may be said otherwise of a version that is in use, because nothing is computed by it: for whom, how sure, and words.
MAY_CHANGE: Final = (
    "enabled",
    "valid_to",
    "confidence",
    "needs_confirmation",
    "base",
    "source",
    "relief",
    "related",
    "fault_rule",
    "payment_day_rule",
    "notes",
    "texts",
)
_WORDS: Final = ("confidence", "source", "note", "per")


def _decimal_text(value: Any) -> Any:
    if not isinstance(value, str | Decimal):
        raise ValueError('write numbers of a penalty rule as text, such as "0.05"')  # noqa: TRY004 - pydantic reports a ValueError with its field
    return value


Rate = Annotated[Decimal, BeforeValidator(_decimal_text), Field(ge=0, le=1)]
Amount = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Once(_Strict):
    """Charged as soon as the payment is late."""

    rate: Rate
    confidence: Confidence


class Periodic(_Strict):
    """Charged for each month or day of lateness, from the `applies_from_n`-th on.

    A month counts when it has "started", when it is "complete", or by "calendar" months with a late day in them. Months are
    counted from the clock's start, or from the end of the month in which it started. A day counts when it has started.
    """

    rate: Rate
    unit: Literal["month", "day"]
    count: Literal["started", "complete", "calendar"]
    counted_from: Literal["clock_start", "month_end"] = "clock_start"
    applies_from_n: int = Field(ge=1)
    confidence: Confidence

    @model_validator(mode="after")
    def _days_start(self) -> Self:
        if self.unit == "day" and self.count != "started":
            raise ValueError("days are counted when they have started")
        return self


class ReducedRate(_Strict):
    """The periodic rate that holds instead when payment follows a formal notice within so many days."""

    rate: Rate
    days_after_formal_notice: int = Field(ge=1)
    source: Text


class Interest(_Strict):
    """Interest of a yearly rate, for each day of lateness; never on interest."""

    rate_per_year: Rate
    day_basis: Literal[360, 365]
    confidence: Confidence


class FlatPerHead(_Strict):
    """A fixed amount for each employee, up to a cap."""

    amount: Amount
    cap: Amount
    per: Text


class Tier(_Strict):
    """The whole rate reached from the `from_month`-th calendar month after the month of the due date."""

    from_month: int = Field(ge=1)
    rate: Rate


class UndeclaredTiers(_Strict):
    """The whole rates for what was not declared in time: up to the end of the claim's payment term, and after it."""

    within_claim_term: Rate
    after_claim_term: Rate


class Floor(_Strict):
    """The base is rounded down to a multiple of `step`."""

    mode: Literal["floor"]
    step: Amount


class ResultRounding(_Strict):
    """How each charge is rounded: half up, down or up to a multiple of `step`; without a step, to the currency's minor unit."""

    mode: Literal["half_up", "down", "up"]
    step: Amount | None = None


class Threshold(_Strict):
    """Nothing is charged on less than `min_overdue`; `only_if_demanded_separately`: unless another letter carries it.

    `certain_from`: from where on every reading of the law charges; on what lies between, a person decides.
    """

    min_overdue: Amount
    certain_from: Amount | None = None
    only_if_demanded_separately: bool
    note: Text


class Related(_Strict):
    """A neighbouring charge of the same law, for reading only: nothing here computes it."""

    name: Text
    rate: Rate
    source: Text


class Relief(_Strict):
    """A reduction that an authority may grant on a ground: at most `rate_off` of the penalty, or without a maximum."""

    ground: Literal["commission", "force_majeure", "justified_file", "goodwill"]
    rate_off: Rate | None = None
    authority: Text | None = None
    when: Text


class RuleText(_Strict):
    """What employers read of a rule, in one language: its legal text, empty where none is known, and what it charges."""

    language: str = Field(pattern="^[a-z]{2}$")
    citation: str = ""
    sentence: Text


class PenaltyRule(_Strict):
    """One rule. `enabled` false: shown, never used. `needs_confirmation`: what it computes is a proposal for a person.

    `clock_start`: a penalty runs from the failed attempt, or from the legal due date (never from before our first
    presentation). `payment_date`: what counts as the day of a payment: booking date, value date, or, of a debit, the day it was
    asked for: that too where the law is silent, because a bank that books late must not cost a month. `transition`: what the
    rule is to older debts. "by_due_date": nothing; "by_period": it charges the months and days that begin while it is in force,
    instead of the rule of the due date. `source`, `confidence` and `notes` are for staff, `texts` for employers.
    """

    id: Text
    version: Text
    fund: Text
    country: str = Field(pattern="^[A-Z]{2}$")
    currency: str = Field(pattern="^[A-Z]{3}$")
    base: Text
    source: Text
    confidence: Confidence
    needs_confirmation: bool
    enabled: bool
    valid_from: date | None = None
    valid_to: date | None = None
    grace_days: int = Field(default=0, ge=0)
    base_rounding: Floor | None = None
    threshold: Threshold | None = None
    once: Once | None = None
    periodic: Periodic | None = None
    reduced: ReducedRate | None = None
    interest: Interest | None = None
    flat: FlatPerHead | None = None
    tiers: tuple[Tier, ...] = ()
    undeclared: UndeclaredTiers | None = None
    cap: Rate | None = None
    result_rounding: ResultRounding = ResultRounding(mode="half_up")
    clock_start: Literal["failed_attempt", "due_date"] = "failed_attempt"
    payment_date: Literal["booking", "value", "due_date"] = "due_date"
    transition: Literal["by_due_date", "by_period"] = "by_due_date"
    relief: tuple[Relief, ...] = ()
    related: tuple[Related, ...] = ()
    fault_rule: Text | None = None
    payment_day_rule: Text | None = None
    notes: Text | None = None
    texts: tuple[RuleText, ...] = ()

    def in_force(self, on: date) -> bool:
        """Whether the rule holds for a due date `on`; both ends are included, and an end that is not stated is open."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def text_in(self, language: str) -> RuleText | None:
        """What employers read of it in that language; None where nothing is written."""
        return next((one for one in self.texts if one.language == language), None)

    def figures(self) -> dict[str, Any]:
        """What of the rule enters a computation, as plain data: for one version it is the same for ever."""
        return {
            name: {key: one for key, one in value.items() if key not in _WORDS} if isinstance(value, dict) else value
            for name, value in self.model_dump(mode="json", exclude=set(MAY_CHANGE)).items()
        }

    @model_validator(mode="after")
    def _charges_something(self) -> Self:
        if not (self.once or self.periodic or self.interest or self.flat or self.tiers):
            raise ValueError("a rule charges once, periodically, by interest, per head or by tiers")
        months = [each.from_month for each in self.tiers]
        if months != sorted(set(months)) or [each.rate for each in self.tiers] != sorted(
            each.rate for each in self.tiers
        ):
            raise ValueError("tiers rise in month and rate")
        if self.confidence == "low" and not self.needs_confirmation:
            raise ValueError("a rule of low confidence needs confirmation")
        if self.interest and self.periodic and self.periodic.unit == "day":
            raise ValueError("a rule charges by the day once: a rate a day, or interest")
        if self.transition == "by_period" and self.valid_from is None:
            raise ValueError("a rule that takes over older debts by period says from when")
        return self
