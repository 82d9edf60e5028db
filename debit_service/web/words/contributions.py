"""What becomes of a contribution: its debits, its payments, what its bank said and what was booked."""

from collections.abc import Mapping
from typing import Final

from debit_service.contributions.payments import Means
from debit_service.reports.figures import words as figures
from debit_service.reports.rules import Standing
from debit_service.web.words.lookup import N_, named

STANDINGS: Final[Mapping[str, str]] = {
    Standing.PAID: N_("Paid"),
    Standing.PAID_OTHERWISE: N_("Paid by other means"),
    Standing.PARTLY_PAID: N_("Paid in part"),
    Standing.UNDER_WAY: N_("Debit under way"),
    Standing.FAILED: N_("Debit failed"),
    Standing.NOT_COLLECTED: N_("Not debited"),
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
#: What banks say, for people; by ISO 20022 external reason code. Any other code is shown with its ISO name.
REASONS: Final[Mapping[str, str]] = {
    "AM04": N_("There was not enough money in the account."),
    "AC01": N_("The account number is not right."),
    "AC04": N_("The account is closed."),
    "AC05": N_("The account is closed."),
    "AC06": N_("The account is blocked."),
    "AC13": N_("This kind of account takes no such debit."),
    "AG01": N_("This account takes no direct debits."),
    "AG02": N_("The bank did not take the kind of operation."),
    "AM05": N_("The bank took it for a duplicate."),
    "BE05": N_("The bank does not know the creditor."),
    "MD01": N_("The bank found no mandate."),
    "MD06": N_("The account holder asked for the money back."),
    "MD07": N_("The account holder has died."),
    "MS02": N_("The account holder refused; no reason was given."),
    "MS03": N_("The bank refused; no reason was given."),
    "SL01": N_("A limit or a block set at the bank refused the debit."),
    "RR04": N_("The bank refused for a regulatory reason."),
    "ED05": N_("Settlement between the banks failed."),
    "DS28": N_("The bank had a technical failure."),
    "FF10": N_("The bank had a technical failure."),
    "FF01": N_("The bank could not read the file."),
}


def standing(value: str) -> str:
    """How a contribution stands."""
    return named(STANDINGS, value)


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
    return named(REASONS, code or "", name or code or "")
