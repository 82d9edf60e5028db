"""What the work queue's exceptions, decisions and points are called on a page, in the reader's language."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext

from debit_service.reports.figures import words as figures
from debit_service.web.words import N_, queue, said

#: As on the figures' sheets.
EXCEPTIONS: Final = figures.EXCEPTIONS
DECISIONS: Final = queue.DECISIONS
STATES: Final[Mapping[str, str]] = {
    "proposed": N_("Waits for another person"),
    "carried_out": N_("Carried out"),
    "refused": N_("Refused"),
    "overtaken": N_("Overtaken by a later file"),
    "undone": N_("Undone"),
}
PURPOSES: Final[Mapping[str, str]] = {
    "contribution": N_("for a contribution"),
    "surcharge": N_("for a penalty"),
    "recorded": N_("recorded by hand before"),
    "refund": N_("to be given back"),
    "charge": N_("charge of the bank"),
    "not_ours": N_("does not concern the fund"),
}
#: What an exception means, why something is suggested, and what was made of an entry: sentences of the room.
SENTENCES: Final[frozenset[str]] = frozenset(
    {
        N_("Nothing of ours was expected under this reference."),
        N_("The bank booked a charge by itself, without naming a debit."),
        N_("It names nothing by which we know a debit."),
        N_("It names a debit of ours, but stands on another account or is in another currency."),
        N_("It is called a return, yet money came in; or the other way round."),
        N_("It names a debit of ours, but the amount is another one, and no stated charge explains it."),
        N_("What it names is paid, or returned, already."),
        N_("It is a sum of several debits, and count or sum are not those of our block."),
        N_("The details of a booking do not add up to it: this is what is left, and no stated charge explains it."),
        N_("It is a return that names only the bank's own reference of a credit, and no one credit fits."),
        N_("A person decided about a part of it; the rest waits."),
        N_("a person decided about a part of it; the rest waits"),
        N_("A person doubts what was made of it."),
        N_("It names this contribution or this debit."),
        N_("It names the mandate."),
        N_("The other account is the one of the employer's mandate."),
        N_("The amount is exactly this one."),
        N_("The amount is exactly what is still open."),
        N_("The amount is this one but for the charge that the bank states."),
        N_("The amount is this one but for what may be a charge."),
        N_("It was booked on the day of the debit."),
        N_("It was booked within five days of the debit."),
        N_("The debit waits for this."),
        N_("Another attempt at the same contribution is newer."),
        N_("It is settled already."),
        N_("It names what the fund's books call the payment."),
        N_("It names what was paid, or given back of."),
        N_("It was booked on the day that was recorded."),
        N_("It was booked within five days of the day that was recorded."),
        N_("by its end-to-end reference: settled"),
        N_("by its end-to-end reference: returned"),
        N_("by its end-to-end reference: accepted"),
        N_("by its end-to-end reference: rejected"),
        N_("by the bank's own reference of the credit that it takes back: returned"),
        N_("the same booking as reported in another message"),
        N_("other messages tell the debits that it is the sum of, each by itself"),
        N_("it is in a sum about which a person has decided"),
        N_(
            "it names a debit of ours with another amount, and another message tells the sum of its entry, which is right"
        ),
        N_("it names nothing of ours, and another message tells the sum of its entry, which has it in it"),
        N_("the charges and the interest that the bank states of an entry, beside its details"),
        N_("a return that names only the bank's own reference: no one credit that fits"),
        N_("the credit that it takes back by the bank's own reference has gone back already"),
        N_("the transactions in the same report tell which were rejected"),
        N_("the bank has this file already; what it said of the first one stands"),
        N_("what is left of a booking whose details do not add up to it, and no stated charge explains it"),
    }
)


def exception(value: str) -> str:
    """How an entry departs from what was expected."""
    return str(gettext(EXCEPTIONS[value]))


def decision(value: str) -> str:
    """What a person decided."""
    return str(gettext(DECISIONS[value]))


def state(value: str) -> str:
    """Where a decision is in its life."""
    return str(gettext(STATES[value]))


def purpose(value: str) -> str:
    """Where a part of an entry's money goes."""
    return str(gettext(PURPOSES[value]))


def sentence(text: str) -> str:
    """A sentence of the room; one that a person wrote stays as it is."""
    return gettext(text) if text in SENTENCES else said(text)


def made(kind: str, explanation: str) -> str:
    """Why an entry became what it is: a sentence of the room, or as a person wrote it who decided about the entry."""
    return sentence(explanation) if kind != "resolved" or explanation in SENTENCES else explanation
