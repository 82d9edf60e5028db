"""What becomes of a contribution: its debits, its payments, what its bank said and what was booked."""

from collections.abc import Mapping
from typing import Final

from debit_service.contributions.payments import Means
from debit_service.reports.figures import words as figures
from debit_service.reports.rules import Counted, Standing
from debit_service.web.words.lookup import N_, named

STANDINGS: Final[Mapping[str, str]] = {
    Standing.PAID: N_("Paid"),
    Standing.PAID_OTHERWISE: N_("Paid by other means"),
    Standing.PARTLY_PAID: N_("Paid in part"),
    Standing.UNDER_WAY: N_("Debit under way"),
    Standing.FAILED: N_("Debit failed"),
    Standing.NOT_COLLECTED: N_("Not debited"),
}
#: The totals of the first page, in their order.
TOTALS: Final[Mapping[str, str]] = {
    Counted.DUE: N_("Due"),
    "debited": N_("Debited"),
    Counted.PAID: N_("Paid"),
    Counted.PAID_OTHERWISE: N_("Paid by other means"),
    Counted.REFUNDS_OWED: N_("To be refunded"),
    "rejected": N_("Rejected"),
    "returned": N_("Returned"),
    Counted.NOT_COLLECTED: N_("Not debited"),
    Counted.CHARGED: N_("Penalties charged"),
    Counted.PROPOSED: N_("Penalties proposed"),
    Counted.HELD: N_("Held for a person"),
    Counted.NOT_PENALISED: N_("Failed, not penalised"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    "planned": N_("Planned"),
    "sent": N_("Sent to the bank"),
    "accepted": N_("Accepted by the bank, not booked yet"),
    "rejected": N_("Rejected by the bank before settlement"),
    "settled": N_("Booked"),
    "returned": N_("Returned by the bank after settlement"),
    "partly settled": N_("Booked in part"),
}
#: How an employer may pay when it is not debited.
MEANS: Final[Mapping[str, str]] = {
    Means.TRANSFER: N_("Bank transfer"),
    Means.CHEQUE: N_("Cheque"),
    Means.CASH: N_("Cash, at a counter"),
    Means.CARD: N_("Card"),
    Means.OTHER: N_("In another way"),
}
#: What the rule of a penalty may ask of a contribution.
CIRCUMSTANCES: Final[Mapping[str, str]] = {
    "heads": N_("Number of employees"),
    "demanded_separately": N_("Demanded by a letter that demands nothing else"),
    "formal_notice_on": N_("Day of the formal notice"),
    "declared_in_time": N_("Declared in time"),
    "claim_term_ends_on": N_("Last day to pay the fund's claim"),
}
#: What is known of such a thing.
KNOWN: Final[Mapping[str, str]] = {"": N_("Not known"), "yes": N_("Yes"), "no": N_("No")}


def standing(value: str) -> str:
    """How a contribution stands."""
    return named(STANDINGS, value)


def total(name: str) -> str:
    """One of the totals of the first page."""
    return named(TOTALS, name)


def outcome(value: str) -> str:
    """What became of an attempt."""
    return named(OUTCOMES, value)


def means(value: str) -> str:
    """How a payment was made."""
    return named(MEANS, value)


def circumstance(value: str) -> str:
    """What a rule asks of a contribution."""
    return named(CIRCUMSTANCES, value)


def known(value: str) -> str:
    """Yes, no, or not known."""
    return named(KNOWN, value)


def direction(value: str) -> str:
    """Money in, or money out."""
    return named(figures.DIRECTIONS, value)


def disposition(value: str) -> str:
    """What was made of a bank entry."""
    return named(figures.DISPOSITIONS, value)


def reason(code: str | None, name: str | None) -> str:
    """What the bank said, for people."""
    return named(figures.BANK_REASONS, code or "", name or code or "")
