"""What is known of a fund and of its bank, and how surely.

Whatever comes from the outside world is a `Fact`: a value, its certainty and its source. A fact that is only remembered,
contradicted, exemplary or not found is shown but never applied by itself: `Fact.require()` refuses it until somebody
of the fund has confirmed it in a confirmations file. What this project chose itself is "decided" and needs no confirmation.
"""

from collections.abc import Iterator
from datetime import date, time
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from debit_service.core.accounts import AccountScheme
from debit_service.core.errors import Refused
from debit_service.iso20022.kinds import Dialect
from debit_service.iso20022.pain008 import BicRule, Encoding, Limits, Style, Version
from debit_service.iso20022.read import Repair
from debit_service.iso20022.records import Kind

T = TypeVar("T")

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Certainty = Literal["seen", "computed", "memory", "not_found", "conflict", "example", "decided"]
Scheme = Literal["CORE", "B2B"]
ClosedDay = Literal["none", "next", "previous"]
APPLIED_AS_IT_IS: frozenset[str] = frozenset({"seen", "computed", "decided"})


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Confirmation(_Strict):
    """Which role or desk of the fund confirmed a fact, when, and on what ground."""

    by: Text
    on: date
    why: Text


class Fact(_Strict, Generic[T]):
    """A value from the outside world. `place` (fund id and field) and `confirmation` are filled in by the loader."""

    value: T
    certainty: Certainty
    source: Text
    place: str = ""
    confirmation: Confirmation | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the value may be applied: known well enough, or confirmed by the fund."""
        return self.certainty in APPLIED_AS_IT_IS or self.confirmation is not None

    def require(self) -> T:
        """The value, if it is confirmed. Raises Refused `fact.unconfirmed`, which names the fund and the field."""
        if not self.confirmed:
            raise Refused(
                "fact.unconfirmed",
                f"This fact is not confirmed (certainty: {self.certainty}), so nothing is done with it.",
                place=self.place,
                remedy=f'Have the fund confirm "{self.place}" in config/confirmations.toml.',
            )
        return self.value


class GivenDueDate(_Strict):
    """The declaration states the due date."""

    kind: Literal["given"]


class _Computed(_Strict):
    """`closed_day`: where the due date goes when the calendar is closed on it ("none": it stays)."""

    closed_day: ClosedDay = "none"


class DayOfNextMonth(_Computed):
    """A day of the month after the period's end, clamped to the month's length."""

    kind: Literal["day_of_next_month"]
    day: int = Field(ge=1, le=31)


class DaysAfterPeriodEnd(_Computed):
    """A number of calendar days after the period's last day."""

    kind: Literal["days_after_period_end"]
    days: Count


class FixedDate(_Computed):
    """A month and day of the year in which the period ends, or of the `years_after`-th year after it."""

    kind: Literal["fixed_date"]
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    years_after: Count = 0


class OpenDaysBeforeMonthEnd(_Computed):
    """The `n`-th last open day of the period's last month: 1 is the last, 3 the third-last."""

    kind: Literal["open_days_before_month_end"]
    n: int = Field(ge=1, le=15)


DueDateRule = Annotated[
    GivenDueDate | DayOfNextMonth | DaysAfterPeriodEnd | FixedDate | OpenDaysBeforeMonthEnd, Field(discriminator="kind")
]


class Names(_Strict):
    """How screens name the fund. What files carry is `Creditor.name`."""

    fr: Text | None = None
    ar: Text | None = None
    en: Text | None = None
    de: Text | None = None

    def best(self, *languages: str) -> str:
        """The name in the first of `languages` that has one, else in any language."""
        known: dict[str, str] = self.model_dump(exclude_none=True)
        return next((known[language] for language in languages if language in known), next(iter(known.values())))

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if all(name is None for _, name in self):
            raise ValueError("a fund has a name in at least one language")
        return self


class Creditor(_Strict):
    """The fund as a bank file names it."""

    name: Fact[Text]
    identifier: Fact[Text]
    account_scheme: AccountScheme
    account: Fact[Text]
    agent_bic: Fact[Text | None]


class Bounds(_Strict):
    """What one run may ask of a bank without a person: how many debits, how much in all (minor units), and how much of each
    debtor, in percent of the most that it was asked in one of the last three months (300: three times as much).
    """

    max_collections: Fact[Annotated[int, Field(ge=1)]]
    max_sum_minor: Fact[Annotated[int, Field(ge=1)]]
    max_percent_of_usual: Fact[Annotated[int, Field(ge=100)]]


class DebitPolicy(_Strict):
    """When a due contribution is debited, announced and, after a failure, presented again.

    `retry_day`: presented again a fixed number of open days later, or on the day that the employer's own history speaks for.
    `retry_fee_budget_minor`: what the bank may charge for the failures of one contribution before presenting it stops.
    """

    collection_day: Fact[Literal["on_due_date_or_preceding_open_day"]]
    lead_open_days: Fact[Count]
    notice_days_ahead: Fact[Count]
    max_attempts: Fact[Annotated[int, Field(ge=1)]]
    retry_codes: Fact[tuple[Text, ...]]
    retry_after_open_days: Fact[Count]
    retry_day: Fact[Literal["fixed", "history"]]
    retry_fee_budget_minor: Fact[Count]
    bounds: Bounds


class MandatePath(_Strict):
    """Whether a mandate must be lodged with, and accepted by, the employer's bank before it may be used; and after how many days
    of waiting for that bank the employer is reminded, and reminded again.
    """

    needs_bank_acceptance: Fact[bool]
    remind_after_days: Fact[Annotated[int, Field(ge=1)]]


class AllocationOrder(_Strict):
    """Which debts a payment settles first, from `valid_from` on: what the first key leaves equal, the next one settles."""

    valid_from: date
    keys: tuple[Literal["principal_first", "surcharge_first", "oldest_first"], ...] = Field(min_length=1)


class ReconciliationPolicy(_Strict):
    """How staff decide about bank entries: above which amount (minor units) another person confirms, and what a payment that
    no debit brought in settles first.
    """

    four_eyes_above_minor: Fact[Count]
    allocation_orders: Fact[Annotated[tuple[AllocationOrder, ...], Field(min_length=1)]]


class PenaltyPolicy(_Strict):
    """What becomes of a late penalty without a person, and what needs two of them. Amounts in minor units.

    Under a rule that is confirmed, a penalty of up to `automatic_up_to_minor` is confirmed by itself, at most
    `automatic_per_day_max` a day; 0 means never. Above `four_eyes_above_minor` another person agrees. `rebill_bank_fee`: what
    the bank charged for a failure that was the employer's is claimed with the penalty. The employer pays within `pay_days` of its
    notice.
    """

    automatic_up_to_minor: Fact[Count]
    automatic_per_day_max: Fact[Count]
    four_eyes_above_minor: Fact[Count]
    rebill_bank_fee: Fact[bool]
    pay_days: Fact[Annotated[int, Field(ge=1)]]


class DisputePolicy(_Strict):
    """By when a dispute is answered, and what else follows from one.

    `counted_in` says how its days are counted; a time that would end on a closed day ends on the next open one. The fund answers
    within `answer_days`, its staff are told `reminder_days_before` and, escalated, `escalate_days_before` the deadline. The
    employer may contest `contest_days` after the notice of a penalty (later, a person decides whether it is heard), replies to a
    question within `reply_days` and appeals within `appeal_days`. From `national_from_minor` on (minor units) the higher body
    answers; None: there is one body only. `days_count_when_rejected`: a rejected dispute's days count for a late penalty.
    """

    answer_days: Fact[Annotated[int, Field(ge=1)]]
    counted_in: Fact[Literal["calendar_days", "open_days"]]
    contest_days: Fact[Annotated[int, Field(ge=1)]]
    reply_days: Fact[Annotated[int, Field(ge=1)]]
    appeal_days: Fact[Annotated[int, Field(ge=1)]]
    reminder_days_before: Fact[Count]
    escalate_days_before: Fact[Count]
    national_from_minor: Fact[Count | None]
    days_count_when_rejected: Fact[bool]


class _OfCodes(_Strict):
    """What is said of a reason code from `valid_from` to `valid_to`, on whose word. Only what was seen, or confirmed in writing,
    may lead to a penalty.
    """

    code_set: Literal["B", "R", "S"]
    valid_from: date
    valid_to: date | None = None
    certainty: Certainty | Literal["confirmed"]
    source: Text

    @property
    def proven(self) -> bool:
        """Whether somebody read it or was told it by the bank or the fund."""
        return self.certainty in ("seen", "confirmed")

    def in_force(self, on: date | None) -> bool:
        """Whether it holds `on` that day; without a day, whether it has no end."""
        if on is None:
            return self.valid_to is None
        return self.valid_from <= on <= (self.valid_to or date.max)


class LocalCode(_OfCodes):
    """The ISO code that a bank or a clearing means by a `code` of its own, in returns (R), status reports (S) or both."""

    code: Text
    iso_code: Text


class CodeOverride(_OfCodes):
    """What differs, for one fund or bank, from the shipped row of an ISO `code`; what is not named stays as it is."""

    code: Text
    parties: tuple[Text, ...] | None = None
    effect: Text | None = None
    context_rule: Text | None = None
    action: Text | None = None


class Fund(_Strict):
    """A fund that collects contributions. `local_codes` and `reason_codes` are read by the table of reason codes."""

    id: Text
    names: Names
    country: str = Field(pattern="^[A-Z]{2}$")
    currency: str = Field(pattern="^[A-Z]{3}$")
    time_zone: Text
    languages: tuple[Text, ...] = Field(min_length=1)
    calendar: Text
    bank: Text
    creditor: Creditor
    scheme: Fact[Scheme]
    debtor_account_schemes: tuple[AccountScheme, ...] = Field(min_length=1)
    due_date: Fact[DueDateRule]
    debit_policy: DebitPolicy
    return_window_open_days: Fact[Count]
    refund_window_days: Fact[Count]
    mandate_path: MandatePath
    reconciliation: ReconciliationPolicy
    penalties: PenaltyPolicy
    penalty_rules: tuple[Text, ...] = ()
    disputes: DisputePolicy
    local_codes: tuple[LocalCode, ...] = ()
    reason_codes: tuple[CodeOverride, ...] = ()

    def facts(self) -> Iterator[Fact[Any]]:
        """Every fact of the fund, in the order of the fields."""
        return _facts_in(self)

    def unconfirmed(self) -> list[tuple[str, Fact[Any]]]:
        """The facts that are not applied until the fund confirms them, each with its place."""
        return [(fact.place, fact) for fact in self.facts() if not fact.confirmed]


def _facts_in(model: BaseModel) -> Iterator[Fact[Any]]:
    for _, value in model:
        if isinstance(value, Fact):
            yield value
        elif isinstance(value, BaseModel):
            yield from _facts_in(value)


def _word_for_nothing(value: Any) -> Any:
    """TOML has no null: "unset" (batch booking), "unlimited" (maxima) and "unknown" (fees) are written out instead."""
    return None if value in ("unset", "unlimited", "unknown") else value


Maximum = Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_word_for_nothing)]


class BankProfile(_Strict):
    """What differs from bank to bank. `evidence` says of each rule why it is believed; a rule without it is refused.

    `first_collection` is the sequence type of the first debit under a mandate; `return_fee_minor` what the bank takes for a
    failed debit, in the account's currency. `cut_off` is local to `time_zone`; `batch_booking` None leaves the element out; a
    maximum of None sets no limit. `statement_after_open_days` is how many open days after a booking its statement (camt.053) is
    missed: five where nobody has asked the bank. `statement_numbers` is which of its numbers counts the statements of an account,
    if any does: `electronic` (`ElctrncSeqNb`, where it states none `LglSeqNb`), `legal` or `none`.
    `proprietary_codes` says what the bank means by its own transaction codes, by pattern (`"NTRF+109*" = "return"`); `repairs`
    names what may be repaired in its files. `local_codes` and `reason_codes` carry their own source.
    """

    id: Text
    name: Text
    time_zone: Text
    calendar: Text
    cut_off: time
    pain008_version: Version
    bic_rule: BicRule
    batch_booking: Annotated[bool | None, BeforeValidator(_word_for_nothing)]
    max_pmtinf_per_file: Maximum
    max_transactions_per_file: Maximum
    max_bytes_per_file: Maximum
    max_amount_minor_per_file: Maximum = None
    file_encoding: Encoding
    first_collection: Literal["FRST", "RCUR"]
    return_fee_minor: Annotated[int | None, Field(ge=0), BeforeValidator(_word_for_nothing)]
    channel: Literal["folder", "http", "sftp", "ebics"]
    keeps_read_files: bool
    silence_after_open_days: int = Field(ge=1)
    statement_after_open_days: int = Field(default=5, ge=1)
    statement_numbers: Literal["electronic", "legal", "none"] = "electronic"
    charset_notes: str
    proprietary_codes: dict[Text, Kind] = {}
    repairs: frozenset[Repair] = frozenset()
    local_codes: tuple[LocalCode, ...] = ()
    reason_codes: tuple[CodeOverride, ...] = ()
    evidence: dict[str, Text]

    @property
    def dialect(self) -> Dialect:
        """The bank's own codes, for whoever reads its files."""
        return Dialect(self.proprietary_codes)

    @property
    def style(self) -> Style:
        """How the bank wants its files written."""
        return Style(self.pain008_version, self.bic_rule, self.file_encoding)

    @property
    def limits(self) -> Limits:
        """What the bank takes in one file."""
        return Limits(
            transactions=self.max_transactions_per_file,
            blocks=self.max_pmtinf_per_file,
            bytes=self.max_bytes_per_file,
            amount_minor=self.max_amount_minor_per_file,
        )

    @model_validator(mode="after")
    def _each_rule_has_evidence(self) -> Self:
        rules = self.model_fields_set - {"id", "name", "evidence", "local_codes", "reason_codes"}
        if rules != set(self.evidence):
            raise ValueError(
                f"evidence must name exactly the rules; missing or surplus: {sorted(rules ^ set(self.evidence))}"
            )
        return self
