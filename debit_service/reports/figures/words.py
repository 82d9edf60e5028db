"""What codes of the rooms are called on a sheet, in English; the catalogues have each in the other languages."""

from collections.abc import Mapping
from typing import Final

from debit_service.reconcile.queue.exceptions import Exceptional
from debit_service.reconcile.rules import State
from debit_service.reports.figures.sheet import N_, Said

#: What was made of a bank entry.
DISPOSITIONS: Final[Mapping[str, str]] = {
    "matched": N_("matched with collections"),
    "folded": N_("told by another message already, counted once"),
    "suspense": N_("waits in the queue"),
    "resolved": N_("decided by a person"),
    "informational": N_("told, and no money"),
    "none": N_("nothing was made of it"),
}
#: Where a collection stands.
STATES: Final[Mapping[str, str]] = {
    "planned": N_("planned, not sent"),
    State.SENT: N_("sent, not answered"),
    State.ACCEPTED: N_("accepted, not booked"),
    State.REJECTED: N_("rejected before settlement"),
    State.SETTLED: N_("booked"),
    State.RETURNED: N_("returned after settlement"),
    State.PARTLY_SETTLED: N_("booked in part"),
}
#: Why an entry waits: the reason of its disposition.
REASONS: Final[Mapping[str, str]] = {
    "charge_alone": N_("a charge of the bank that names no collection"),
    "unknown_reference": N_("a reference that is none of ours"),
    "no_reference": N_("no reference of ours"),
    "other_account": N_("our collection, but another account or currency"),
    "direction": N_("money came in, though it is called a return"),
    "amount": N_("the amount is not the collection's"),
    "exceeds": N_("more than can be right"),
    "batch_differs": N_("count or sum is not that of the block"),
    "details_differ": N_("left of a booking whose details do not add up to it"),
    "unlinked": N_("a return that names only a reference of the bank's"),
    "rest": N_("a person decided about a part of it; the rest waits"),
    "doubted": N_("a person doubts what was made of it"),
}
#: What a clerk calls the trouble with an entry (`reconcile.exceptions`).
EXCEPTIONS: Final[Mapping[str, str]] = {
    Exceptional.NO_EXPECTATION: N_("Nothing was expected"),
    Exceptional.SEVERAL: N_("Several debits fit"),
    Exceptional.AMOUNT: N_("Another amount"),
    Exceptional.DIRECTION: N_("Wrong direction"),
    Exceptional.CURRENCY: N_("Other account or currency"),
    Exceptional.SPLIT: N_("Only a part is explained"),
    Exceptional.DUPLICATE: N_("Booked once more"),
    Exceptional.MISSING_REFERENCE: N_("No reference"),
    Exceptional.DOUBTED: N_("Doubted"),
}
DIRECTIONS: Final[Mapping[str, str]] = {"credit": N_("in"), "debit": N_("out")}
#: Before settlement, or after it: never one for the other.
FAILURES: Final[Mapping[str, str]] = {
    "rejected": N_("reject (before settlement)"),
    "returned": N_("return (after settlement)"),
}
#: What banks say, for people; by ISO 20022 external reason code. Any other code is shown with its ISO name.
BANK_REASONS: Final[Mapping[str, str]] = {
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
    "RC01": N_("The bank identifier is wrong."),
    "SL01": N_("A limit or a block set at the bank refused the debit."),
    "RR04": N_("The bank refused for a regulatory reason."),
    "ED05": N_("Settlement between the banks failed."),
    "DS28": N_("The bank had a technical failure."),
    "FF10": N_("The bank had a technical failure."),
    "FF01": N_("The bank could not read the file."),
}


def called(words: Mapping[str, str], value: str | None) -> Said | str:
    """The words for a code; the code itself where there are none yet."""
    known = words.get(value or "")
    return Said(known) if known else value or ""


def place(words: Mapping[str, str], value: str | None) -> int:
    """Where a code stands in its list, for sorting; an unknown one stands last."""
    return list(words).index(value) if value is not None and value in words else len(words)
