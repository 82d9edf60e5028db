"""The values that fault and penalty are decided from, and what a decision says.

A `CaseFile` is the file of evidence of one failed debit. Each piece carries the id of the record that proves it. A piece that
is None was *not looked up or not found*; a piece whose value is None, zero or empty was looked up and says that there is
nothing (no revocation, no dispute). The difference matters: only the second can support an accusation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")


class Party(StrEnum):
    """Who caused the failure. INFO: nothing failed; UNKNOWN: a person must find out."""

    EMPLOYER = "EMPLOYER"
    FUND = "FUND"
    SERVICE = "SERVICE"
    CREDITOR_BANK = "CREDITOR_BANK"
    DEBTOR_BANK = "DEBTOR_BANK"
    BANK = "BANK"
    INFRASTRUCTURE = "INFRASTRUCTURE"
    NOBODY = "NOBODY"
    INFO = "INFO"
    UNKNOWN = "UNKNOWN"


class Effect(StrEnum):
    """What follows for the employer, from the mildest to the harshest: nothing, a person decides, a late penalty."""

    NONE = "NONE"
    HOLD = "HOLD"
    PENALISE = "PENALISE"

    @property
    def severity(self) -> int:
        """0 for the mildest."""
        return tuple(Effect).index(self)


class Certainty(StrEnum):
    """How surely the party is known."""

    HIGH = "high"
    MEDIUM = "med"
    LOW = "low"


class Phase(StrEnum):
    """A reject comes before settlement, a return after it, a refund is a return that the debtor asked for; a reversal is ours."""

    REJECT = "reject"
    RETURN = "return"
    REFUND = "refund"
    REVERSAL = "reversal"


class ContextRule(StrEnum):
    """The rules that look beyond the reason code."""

    ACC = "C-ACC"
    NOTICE = "C-NOTICE"
    MANDATE = "C-MANDATE"
    REFUND = "C-REFUND"
    REFUSE = "C-REFUSE"
    BLOCK = "C-BLOCK"
    SCHEME = "C-SCHEME"
    LIMIT = "C-LIMIT"
    BIC = "C-BIC"
    TWIN = "C-TWIN"
    CUT_OFF = "C-CUTOFF"


CodeSet = Literal["B", "R", "S"]


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """One row of the table of reason codes. `code_set`: B both lists, R ExternalReturnReason1, S ExternalStatusReason1.

    `phases`: where the EPC's guidance lets the code occur; empty where it does not say. `said_as`: the bank's own code that this
    row was found for, if any; `proven`: whether it is certain that this is what the bank means. `origins`: which overrides and
    maps made the row what it is, and on whose word.
    """

    code: str
    code_set: CodeSet
    name: str
    parties: tuple[Party, ...]
    effect: Effect
    certainty: Certainty
    action: str
    context_rule: ContextRule | None
    phases: frozenset[Phase] = frozenset()
    said_as: str | None = None
    proven: bool = True
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """A fact of the case, and the id of the stored record that proves it."""

    value: T
    evidence_id: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What the bank said. `code` is an ISO code; a bank's own code stands in `proprietary` until it is mapped."""

    code: str | None
    code_set: Literal["S", "R"]
    phase: Phase
    date: date
    amount_minor: int
    proprietary: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change that the employer asked for, and whether the file that failed carried it."""

    received_at: datetime
    applied_before_file: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """The pre-notification that went out to the employer."""

    amount_minor: int
    collection_date: date
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What a person found out about a held failure. `about`: `argument.digest` of the held decision that was judged.

    That decision is the one without a finding. When other evidence makes another one, the finding no longer speaks of it and the
    case is held again.
    """

    party: Party
    because: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """The evidence of one failed debit. Accounts and names are keyed fingerprints, never the data themselves.

    `our_outage`: what outage of ours overlapped planning, notice or sending. `paid_before`: minor units paid by other means with
    a value date not later than the collection date, as far as the amount sent was not lowered by them. `twin`: another debit of
    ours that this one repeats. `bank_ack_at`: when our bank acknowledged the file. `amendment_block_sent`: whether the file told
    what had changed in the mandate; None where nothing had. What guards count in days (notice, amendments, revocation) has its
    time in the fund's own zone: its date is read off as it stands. `finding` is the only piece that is an opinion.
    """

    failure: Piece[Failure]
    bank_file: Piece[str] | None = None
    scheme_sent: Piece[Literal["CORE", "B2B"]] | None = None
    scheme_on_mandate: Piece[Literal["CORE", "B2B"]] | None = None
    account_on_form: Piece[str] | None = None
    account_sent: Piece[str] | None = None
    name_on_form: Piece[str] | None = None
    name_sent: Piece[str] | None = None
    amendments: Piece[tuple[Amendment, ...]] | None = None
    revocation_received_at: Piece[datetime | None] | None = None
    mandate_signed_on: Piece[date] | None = None
    umr_on_form: Piece[str] | None = None
    umr_sent: Piece[str] | None = None
    creditor_id_on_form: Piece[str] | None = None
    creditor_id_sent: Piece[str] | None = None
    bank_acceptance: Piece[date | None] | None = None
    told_to_lodge: Piece[date | None] | None = None
    last_presented_on: Piece[date | None] | None = None
    notice: Piece[Notice | None] | None = None
    notice_days_agreed: Piece[int] | None = None
    amount_sent_minor: Piece[int] | None = None
    amount_declared_minor: Piece[int] | None = None
    collection_date_sent: Piece[date] | None = None
    day_closed_since: Piece[str | None] | None = None
    legal_due_date: Piece[date] | None = None
    file_sent_at: Piece[datetime] | None = None
    cut_off_at: Piece[datetime] | None = None
    first_presented_on: Piece[date] | None = None
    other_live_collections: Piece[int] | None = None
    past_successes: Piece[int] | None = None
    open_dispute: Piece[str | None] | None = None
    debtor_bic_origin: Piece[Literal["form", "derived"]] | None = None
    mandate_limit_minor: Piece[int | None] | None = None
    block_origin: Piece[Literal["fund", "court", "debtor"]] | None = None
    our_outage: Piece[str | None] | None = None
    paid_before: Piece[int] | None = None
    twin: Piece[str | None] | None = None
    bank_ack_at: Piece[datetime | None] | None = None
    amendment_block_sent: Piece[bool | None] | None = None
    finding: Piece[Finding | None] | None = None

    def piece(self, name: str) -> Piece[Any] | None:
        """The piece called `name`."""
        found: Piece[Any] | None = getattr(self, name)
        return found


# What a finance clerk calls each piece.
PIECE_LABELS: dict[str, str] = {
    "failure": "the bank entry of the failure",
    "bank_file": "the stored bank file (sha256)",
    "scheme_sent": "the scheme in the file sent",
    "scheme_on_mandate": "the scheme on the mandate",
    "account_on_form": "the account on the signed form or the last accepted amendment",
    "account_sent": "the account in the file sent",
    "name_on_form": "the debtor's name on the signed form",
    "name_sent": "the debtor's name in the file sent",
    "amendments": "the register of amendments",
    "revocation_received_at": "the register of revocations",
    "mandate_signed_on": "the date of signature",
    "umr_on_form": "the mandate reference on the form",
    "umr_sent": "the mandate reference in the file sent",
    "creditor_id_on_form": "the creditor identifier on the form",
    "creditor_id_sent": "the creditor identifier in the file sent",
    "bank_acceptance": "the employer's bank's acceptance of the mandate",
    "told_to_lodge": "the notice to register mandate and creditor at the bank",
    "last_presented_on": "the day of the last collection presented before",
    "notice": "the pre-notification",
    "notice_days_agreed": "the notice days agreed on the form",
    "amount_sent_minor": "the amount in the file sent",
    "amount_declared_minor": "the amount declared",
    "collection_date_sent": "the collection date in the file sent",
    "day_closed_since": "what closes that date in the calendars, as they are now",
    "legal_due_date": "the legal due date",
    "file_sent_at": "when the file was handed to the bank",
    "cut_off_at": "the bank's cut-off for the day needed",
    "first_presented_on": "the day of the first presentation",
    "other_live_collections": "the count of other live collections of this contribution",
    "past_successes": "the count of earlier successful debits of this account",
    "open_dispute": "the register of disputes",
    "debtor_bic_origin": "where the debtor's BIC came from",
    "mandate_limit_minor": "the employer's limit for this creditor",
    "block_origin": "who had the account or amount blocked",
    "our_outage": "the register of our own outages",
    "paid_before": "the register of payments by other means",
    "twin": "the search of our files for the same debit",
    "bank_ack_at": "our bank's acknowledgement of the file",
    "amendment_block_sent": "the amendment details in the file sent",
    "finding": "what a person found",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was tried: what came out, why, in words for a finance clerk, and on which evidence."""

    rule: str
    outcome: str
    because: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Who caused the failure and what follows.

    `would_change` names, in words, the evidence that would change it. `facts`: the value of each piece that was used; `row`: the
    row of the table that was applied; both in plain values, so that the decision can be made again years later.
    """

    party: Party
    effect: Effect
    certainty: Certainty
    steps: tuple[Step, ...]
    missing: tuple[str, ...]
    would_change: tuple[str, ...]
    facts: Mapping[str, Any]
    row: Mapping[str, Any] | None

    @property
    def evidence(self) -> tuple[str, ...]:
        """Every evidence id that the steps used, each once, in order of use."""
        return tuple(dict.fromkeys(each for step in self.steps for each in step.evidence))
