"""What a guard is, and the questions that several rules ask of the file of evidence, each a small function.

A guard names the pieces it needs, asks one question, and answers with a verdict, or with a sentence that says why it lets the
next guard speak. Which guards make a rule, and in which order, is the table in `rules.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from debit_service.penalties.fault.values import (
    CaseFile,
    Certainty,
    Effect,
    Party,
    Phase,
    Piece,
    ReasonCode,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A guard's answer that may decide the case."""

    party: Party
    effect: Effect
    because: str
    certainty: Certainty = Certainty.HIGH

    def told(self, detail: str) -> Self:
        """The same verdict with what is particular to the case."""
        return replace(self, because=f"{self.because.removesuffix('.')}: {detail}.")

    def within(self, row: ReasonCode) -> Self:
        """Only codes whose row says PENALISE penalise by themselves; for the others a person confirms."""
        held = self.effect is Effect.PENALISE and row.effect is not Effect.PENALISE
        return replace(self, effect=Effect.HOLD) if held else self


Answer = Verdict | str


def always(_: CaseFile, __: ReasonCode) -> bool:
    """The question arises in every case."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One question of a rule, and the pieces needed to answer it.

    `verdicts`: the answers that may decide, all others let the next guard speak. `milder`, `harsher`: the evidence, in words,
    that would lower or raise the answer; `{piece}` stands for the value of a piece. `arises`: when the question is asked at all;
    `asked_when`: the same in words.
    """

    key: str
    question: str
    needs: tuple[str, ...]
    test: Callable[[CaseFile, ReasonCode], Answer]
    verdicts: tuple[Verdict, ...]
    milder: str
    harsher: str
    arises: Callable[[CaseFile, ReasonCode], bool] = always
    asked_when: str = "always"


def known(piece: Piece[T] | None) -> T:
    """The value of a piece that the guard's `needs` promise."""
    if piece is None:
        raise LookupError("a guard read a piece that it does not name in `needs`")
    return piece.value


def ours(because: str) -> Verdict:
    """This service is at fault, and nothing follows."""
    return Verdict(Party.SERVICE, Effect.NONE, because)


def employer(because: str, effect: Effect = Effect.HOLD, certainty: Certainty = Certainty.MEDIUM) -> Verdict:
    """The evidence points to the employer; unless said otherwise, a person confirms."""
    return Verdict(Party.EMPLOYER, effect, because, certainty)


def person(because: str, party: Party = Party.UNKNOWN) -> Verdict:
    """A person finds out."""
    return Verdict(party, Effect.HOLD, because, Certainty.LOW)


def nothing_follows(party: Party, because: str) -> Verdict:
    """Another one than this service is at fault, and nothing follows for the employer."""
    return Verdict(party, Effect.NONE, because)


# --- was the debit the one that the employer had allowed? -------------------------------------------------------------

OTHER_ACCOUNT = ours("The account sent is not the one on the signed form or the last accepted amendment.")
OTHER_NAME = ours("The name sent is not the one on the signed form.")
OTHER_REFERENCES = ours("The mandate reference or the creditor identifier sent is not the one on the form.")
AMENDMENT_FORGOTTEN = ours("The employer's amendment was received before the cut-off and was not applied.")
AMENDMENT_CROSSED = person("An amendment was received after the cut-off; it crossed with the file.")
REVOKED = ours("The revocation was received before the cut-off; the debit should not have been sent.")
REVOCATION_CROSSED = person("The revocation was received after the cut-off; it crossed with the file.")


def account_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """The account sent against the form."""
    if known(case.account_sent) != known(case.account_on_form):
        return OTHER_ACCOUNT
    return "The account sent is the one on the signed form or the last accepted amendment."


def name_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """The name sent against the form."""
    if known(case.name_sent) != known(case.name_on_form):
        return OTHER_NAME
    return "The name sent is the one on the signed form."


def references_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """UMR and creditor identifier against the form."""
    same_umr = _same_reference(known(case.umr_sent), known(case.umr_on_form))
    if not same_umr or not _same_reference(known(case.creditor_id_sent), known(case.creditor_id_on_form)):
        return OTHER_REFERENCES
    return "Mandate reference and creditor identifier were sent as the form or the last accepted amendment has them."


def _same_reference(one: str, other: str) -> bool:
    """References and creditor identifiers are compared without case and blanks (EPC262-08)."""
    return one.replace(" ", "").upper() == other.replace(" ", "").upper()


def amendment_applied(case: CaseFile, _: ReasonCode) -> Answer:
    """Amendments known before the cut-off. What was asked for after the debit had failed is its remedy, not its cause."""
    failed_on = known(case.failure).date
    waiting = [
        each for each in known(case.amendments) if not each.applied_before_file and each.received_at.date() <= failed_on
    ]
    if any(each.received_at <= known(case.cut_off_at) for each in waiting):
        return AMENDMENT_FORGOTTEN
    return AMENDMENT_CROSSED if waiting else "No amendment was waiting to be applied when the debit failed."


def revocation_respected(case: CaseFile, _: ReasonCode) -> Answer:
    """A revocation known before the cut-off. One that came after the debit had failed did not fail it."""
    received = known(case.revocation_received_at)
    if received is None or received.date() > known(case.failure).date:
        return "No revocation of the mandate had been received when the debit failed."
    return REVOKED if received <= known(case.cut_off_at) else REVOCATION_CROSSED


# --- what every penalty demands, whatever the code --------------------------------------------------------------------

WRONG_PHASE = person("A refund is asked for by the debtor; this code tells of something else. Ask the bank.")
OUTAGE = ours("An outage of ours overlapped the planning, the notice or the sending of this debit.")
PAID_BEFORE = nothing_follows(Party.NOBODY, "It had been paid by other means before the debit.")
PARTLY_PAID_BEFORE = person("A part had been paid by other means before the debit, so it asked for more than was open.")
CLOSED_DAY = nothing_follows(
    Party.NOBODY, "The announced day was closed, so the debit came on another day than the employer was told."
)
CONTESTED = person("The employer contests this debit.")


def bank_file_kept(_: CaseFile, __: ReasonCode) -> Answer:
    """Without the bank's own bytes nobody can check the reason."""
    return "The bank's own file is stored as it came."


def reason_of_this_phase(case: CaseFile, reason: ReasonCode) -> Answer:
    """EPC173-14: which reasons occur in a refund. A reject or a return with any other code is read as it stands."""
    if known(case.failure).phase is not Phase.REFUND:
        return "This was no refund, so the bank's reason is read as it stands."
    return "This reason occurs in refunds." if Phase.REFUND in reason.phases else WRONG_PHASE


def no_outage(case: CaseFile, _: ReasonCode) -> Answer:
    """Our own outages."""
    if what := known(case.our_outage):
        return OUTAGE.told(what)
    return "No outage of ours that overlapped planning, notice or sending is on record."


def unpaid_before(case: CaseFile, _: ReasonCode) -> Answer:
    """Payments by other means that the amount sent did not take off."""
    paid = known(case.paid_before)
    if paid >= known(case.amount_sent_minor):
        return PAID_BEFORE
    if paid > 0:
        return PARTLY_PAID_BEFORE
    return "Nothing had been paid by other means before the debit, or it had been taken off the amount."


def presented_in_time(case: CaseFile, _: ReasonCode) -> Answer:
    """The override: the days until our first presentation are never the employer's."""
    first = known(case.first_presented_on)
    if first <= known(case.legal_due_date):
        return "The first presentation was not later than the legal due date."
    return f"We first presented on {first}, after the legal due date; the days until then are not counted."


def day_still_open(case: CaseFile, _: ReasonCode) -> Answer:
    """A holiday that was announced after the notice, and the bank's own day instead of the announced one."""
    if closed := known(case.day_closed_since):
        return CLOSED_DAY.told(closed)
    return "The day of the debit was open, by the calendar as it is now."


def no_dispute(case: CaseFile, _: ReasonCode) -> Answer:
    """An open dispute."""
    if known(case.open_dispute) is not None:
        return CONTESTED
    return "No objection to this debit stands: none was made, or what was made was rejected or withdrawn."
