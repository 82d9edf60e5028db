"""The questions that the context rules ask of the file of evidence, each a small function.

A guard names the pieces it needs, asks one question, and answers with a verdict, or with a sentence that says why it lets the
next guard speak. Which guards make a rule, and in which order, is the table in `rules.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from debit_service.penalties.values import (
    Amendment,
    CaseFile,
    Certainty,
    Effect,
    Party,
    Phase,
    Piece,
    ReasonCode,
)

T = TypeVar("T")

# EPC rulebooks: after 36 months without a presented collection the creditor must cancel the mandate.
DORMANT_AFTER_MONTHS = 36
CLOSED_ACCOUNT = frozenset({"AC04", "AC05"})
NAME_CODES = frozenset({"BE01", "BE06"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A guard's answer that may decide the case."""

    party: Party
    effect: Effect
    because: str
    certainty: Certainty = Certainty.HIGH


Answer = Verdict | str


def always(_: CaseFile, __: ReasonCode) -> bool:
    """The question arises in every case."""
    return True


@dataclass(frozen=True, slots=True)
class Guard:
    """One question of a rule, the pieces needed to answer it, the test, and when the question arises at all."""

    key: str
    question: str
    needs: tuple[str, ...]
    test: Callable[[CaseFile, ReasonCode], Answer]
    arises: Callable[[CaseFile, ReasonCode], bool] = always


def known(piece: Piece[T] | None) -> T:
    """The value of a piece that the guard's `needs` promise."""
    if piece is None:
        raise LookupError("a guard read a piece that it does not name in `needs`")
    return piece.value


def _ours(because: str) -> Verdict:
    return Verdict(Party.SERVICE, Effect.NONE, because)


def _employer(because: str, effect: Effect = Effect.HOLD, certainty: Certainty = Certainty.MEDIUM) -> Verdict:
    return Verdict(Party.EMPLOYER, effect, because, certainty)


def _person(because: str, party: Party = Party.UNKNOWN) -> Verdict:
    return Verdict(party, Effect.HOLD, because, Certainty.LOW)


def _same_reference(one: str, other: str) -> bool:
    """References and creditor identifiers are compared without case and blanks (EPC262-08)."""
    return one.replace(" ", "").upper() == other.replace(" ", "").upper()


# --- questions that several rules ask ---------------------------------------------------------------------------------


def account_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """The account sent against the form."""
    if known(case.account_sent) != known(case.account_on_form):
        return _ours("The account sent is not the one on the signed form or the last accepted amendment.")
    return "The account sent is the one that the employer signed."


def name_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """The name sent against the form."""
    if known(case.name_sent) != known(case.name_on_form):
        return _ours("The name sent is not the one on the signed form.")
    return "The name sent is the one that the employer signed."


def amendment_applied(case: CaseFile, _: ReasonCode) -> Answer:
    """Amendments known before the cut-off. What was asked for after the debit had failed is its remedy, not its cause."""
    failed_on = known(case.failure).date
    waiting: list[Amendment] = [
        each for each in known(case.amendments) if not each.applied_before_file and each.received_at.date() <= failed_on
    ]
    if any(each.received_at <= known(case.cut_off_at) for each in waiting):
        return _ours("The employer's amendment was received before the cut-off and was not applied.")
    if waiting:
        return _person("An amendment was received after the cut-off; it crossed with the file.")
    return "No amendment was waiting to be applied."


def revocation_respected(case: CaseFile, _: ReasonCode) -> Answer:
    """A revocation known before the cut-off."""
    received = known(case.revocation_received_at)
    if received is None:
        return "No revocation was received."
    if received <= known(case.cut_off_at):
        return _ours("The revocation was received before the cut-off; the debit should not have been sent.")
    return _person("The revocation was received after the cut-off; it crossed with the file.")


def references_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """UMR and creditor identifier against the form."""
    same_umr = _same_reference(known(case.umr_sent), known(case.umr_on_form))
    if not same_umr or not _same_reference(known(case.creditor_id_sent), known(case.creditor_id_on_form)):
        return _ours("The mandate reference or the creditor identifier sent is not the one on the form.")
    return "Mandate reference and creditor identifier were sent as signed."


def file_in_time(case: CaseFile, _: ReasonCode) -> Answer:
    """Our own punctuality."""
    if known(case.file_sent_at) > known(case.cut_off_at):
        # Held, not dropped: the declaration itself may have come late. The override keeps our delay out of any penalty.
        return _person("Our file reached the bank after the cut-off for the day needed.", Party.SERVICE)
    return "Our file reached the bank before the cut-off."


# --- C-ACC: AC01 AC02 AC04 AC05 BE01 BE06 -----------------------------------------------------------------------------


def about_the_name(_: CaseFile, reason: ReasonCode) -> bool:
    """Names matter only to the codes that speak of the end customer; for the others they would be a needless demand."""
    return reason.code in NAME_CODES


def about_a_closed_account(_: CaseFile, reason: ReasonCode) -> bool:
    """AC04 and AC05 say that the account is closed, whatever its history."""
    return reason.code in CLOSED_ACCOUNT


def about_an_unknown_account(_: CaseFile, reason: ReasonCode) -> bool:
    """The other account codes do not say why the account was not found."""
    return reason.code not in CLOSED_ACCOUNT


def account_closed(_: CaseFile, __: ReasonCode) -> Answer:
    """C-ACC 4 and 5, closed account."""
    return _employer("The account that the employer signed is closed, and no change was announced.", Effect.PENALISE)


def account_worked_before(case: CaseFile, _: ReasonCode) -> Answer:
    """C-ACC 4 and 5, account not found."""
    if known(case.past_successes) > 0:
        return _person("The account worked before: a merger or renumbering at the employer's bank is likely.")
    return _employer("The account was sent as signed and never worked; a person confirms before it counts.")


# --- C-NOTICE: AM04 SL12 ----------------------------------------------------------------------------------------------


def notice_matches(case: CaseFile, _: ReasonCode) -> Answer:
    """Amount and date against the notice."""
    notice = known(case.notice)
    if notice is None:
        return _ours("No notice of this debit went out.")
    if known(case.amount_sent_minor) > notice.amount_minor:
        return _ours("More was debited than the notice announced.")
    if known(case.collection_date_sent) < notice.collection_date:
        return _ours("The debit came earlier than the notice announced.")
    return "A notice announced this amount and this date."


def some_notice(case: CaseFile, _: ReasonCode) -> bool:
    """Unless it is on record that no notice went out."""
    return case.notice is None or case.notice.value is not None


def notice_in_time(case: CaseFile, _: ReasonCode) -> Answer:
    """The agreed days of notice."""
    notice = known(case.notice)
    days = (notice.collection_date - notice.sent_at.date()).days if notice else 0
    agreed = known(case.notice_days_agreed)
    if days < agreed:
        return _ours(f"The notice went out {days} days ahead; {agreed} were agreed.")
    return f"The notice went out {days} days ahead; {agreed} were agreed."


def day_still_open(case: CaseFile, _: ReasonCode) -> Answer:
    """A holiday that was announced after the notice, and the bank's own day instead of the announced one."""
    if closed := known(case.day_closed_since):
        because = f"The announced day was closed ({closed}): the debit came on another day than the employer was told."
        return Verdict(Party.NOBODY, Effect.NONE, because)
    return "The announced day was open."


def no_second_collection(case: CaseFile, _: ReasonCode) -> Answer:
    """A second debit of the same contribution."""
    if known(case.other_live_collections) > 0:
        return _person("Another collection of the same contribution is in flight; it may have used up the money.")
    return "No other collection of this contribution is in flight."


def announced_and_unpaid(_: CaseFile, reason: ReasonCode) -> Answer:
    """The conclusion of C-NOTICE."""
    if reason.code == "SL12":
        return _employer("The employer blacklisted the creditor at its bank.", Effect.PENALISE)
    return _employer(
        "The debit was announced and presented as agreed, and the account was not funded.",
        Effect.PENALISE,
        Certainty.HIGH,
    )


# --- C-MANDATE: MD01 CN01 ---------------------------------------------------------------------------------------------


def mandate_alive(case: CaseFile, _: ReasonCode) -> Answer:
    """EPC rulebooks: 36 months without a presented collection end a mandate."""
    signed, presented = known(case.mandate_signed_on), known(case.last_presented_on)
    if _whole_months(max(signed, presented or signed), known(case.collection_date_sent)) >= DORMANT_AFTER_MONTHS:
        return _ours(f"The mandate was unused for {DORMANT_AFTER_MONTHS} months and had lapsed.")
    return f"The mandate was used or signed within {DORMANT_AFTER_MONTHS} months."


def _whole_months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def refunded(case: CaseFile, _: ReasonCode) -> bool:
    """An unauthorised refund: the debtor contested the mandate itself."""
    return case.failure.value.phase is Phase.REFUND


def mandate_not_proven(_: CaseFile, __: ReasonCode) -> Answer:
    """The debtor bank refunds (8 weeks to 13 months) when the creditor does not produce the mandate."""
    return Verdict(Party.FUND, Effect.NONE, "The refund stands because the creditor side did not prove the mandate.")


def core_or_unknown(case: CaseFile, _: ReasonCode) -> bool:
    """Whether the debtor's bank keeps no register of mandates, as far as is known."""
    return case.scheme_sent is None or case.scheme_sent.value == "CORE"


def b2b(case: CaseFile, _: ReasonCode) -> bool:
    """Whether the debtor's bank must have registered the mandate."""
    return case.scheme_sent is not None and case.scheme_sent.value == "B2B"


def core_bank_saw_no_mandate(_: CaseFile, __: ReasonCode) -> Answer:
    """CORE: the bank's reason cannot be checked from here."""
    return _person("CORE: why the bank saw no mandate is not known; ask the employer and its bank.")


def registered_at_bank(case: CaseFile, _: ReasonCode) -> Answer:
    """B2B: the evidence of acceptance decides."""
    if known(case.bank_acceptance) is not None:
        return Verdict(
            Party.DEBTOR_BANK, Effect.NONE, "The employer's bank had accepted this very mandate and did not find it."
        )
    if known(case.told_to_lodge) is not None:
        return _employer(
            "The mandate was not lodged at the employer's bank although the employer was told to lodge it."
        )
    return _person(
        "The employer's bank had not accepted the mandate; nobody told the employer to lodge it.", Party.SERVICE
    )


# --- C-REFUND: MD06 · C-REFUSE: MS02 CUST SP01 SP02 UPAY AM09 ---------------------------------------------------------


def refund_of_what_was_owed(case: CaseFile, _: ReasonCode) -> Answer:
    """The refund against declaration and notice."""
    sent, notice = known(case.amount_sent_minor), known(case.notice)
    if sent > known(case.amount_declared_minor) or notice is None or sent > notice.amount_minor:
        return Verdict(Party.FUND, Effect.NONE, "More was debited than was declared and announced.")
    return _employer("What was declared and announced was debited, and the employer took it back; a person confirms.")


def no_dispute(case: CaseFile, _: ReasonCode) -> Answer:
    """An open dispute."""
    if known(case.open_dispute) is not None:
        return _person("The employer contests this debit.")
    return "The employer does not contest this debit."


def amount_as_declared(case: CaseFile, _: ReasonCode) -> Answer:
    """The amount against the declaration."""
    if known(case.amount_sent_minor) != known(case.amount_declared_minor):
        return _person("The amount debited is not the amount declared.", Party.FUND)
    return "The amount debited is the amount declared."


def notice_sent(case: CaseFile, _: ReasonCode) -> Answer:
    """Any notice at all."""
    if known(case.notice) is None:
        return _person("No notice of this debit went out.", Party.FUND)
    return "A notice of this debit went out."


def refused_what_was_owed(_: CaseFile, __: ReasonCode) -> Answer:
    """The conclusion of C-REFUSE."""
    return _employer("The employer refused a debit that was declared, announced and not contested; a person confirms.")


# --- C-BLOCK, C-SCHEME, C-LIMIT, C-BIC --------------------------------------------------------------------------------


def who_blocked(case: CaseFile, _: ReasonCode) -> Answer:
    """Always a person: nobody is penalised for a blocked account unheard."""
    match known(case.block_origin):
        case "fund":  # Algeria, law 08-08 arts. 57-59: the fund itself can have a debtor's account frozen.
            return _person("The fund itself had the account frozen.", Party.FUND)
        case "court":
            return _person("A court or an insolvency blocked the account.", Party.NOBODY)
        case "debtor":
            return _employer("The employer had direct debits blocked; a person confirms.")


def scheme_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """The scheme against the mandate."""
    if known(case.scheme_sent) != known(case.scheme_on_mandate):
        return _ours("The scheme sent is not the scheme of the mandate.")
    return "The scheme sent is that of the mandate."


def account_fits_scheme(case: CaseFile, reason: ReasonCode) -> Answer:
    """AC13 in B2B says: a consumer account."""
    if reason.code == "AC13" and known(case.scheme_sent) == "B2B":
        return _employer("The employer gave a consumer account for a B2B mandate; a person confirms.")
    return _person("Why the account takes no such debit is not known; ask the employer.")


def within_what_was_agreed(case: CaseFile, _: ReasonCode) -> Answer:
    """Amount and count against what was announced."""
    notice = known(case.notice)
    if notice is None or known(case.amount_sent_minor) > notice.amount_minor:
        return _ours("More was debited than a notice announced.")
    if known(case.other_live_collections) > 0:
        return _ours("More collections were sent than agreed.")
    return "Amount and number of debits are those announced."


def employer_limit(case: CaseFile, reason: ReasonCode) -> Answer:
    """The employer's own limit or white list."""
    limit = known(case.mandate_limit_minor)
    too_low = limit is not None and limit < known(case.amount_sent_minor)
    if known(case.told_to_lodge) is not None and (too_low or reason.code == "SL11"):
        return _employer(
            "The employer was told what to allow at its bank, and its limit or list still refused the debit."
        )
    return _person("Whose limit refused the debit is not known; ask the employer and the bank.")


def bic_origin(case: CaseFile, _: ReasonCode) -> Answer:
    """A BIC that we derived is ours to answer for."""
    if known(case.debtor_bic_origin) == "derived":
        return _ours("We derived the BIC; the employer did not give it.")
    return _person("The employer gave the BIC; compare it with the account.")


# --- what every penalty demands, whatever the code --------------------------------------------------------------------


def bank_file_kept(_: CaseFile, __: ReasonCode) -> Answer:
    """Without the bank's own bytes nobody can check the reason."""
    return "The bank's own file is stored as it came."


def presented_in_time(case: CaseFile, _: ReasonCode) -> Answer:
    """The override: the days until our first presentation are never the employer's."""
    first = known(case.first_presented_on)
    if first <= known(case.legal_due_date):
        return "The first presentation was not later than the legal due date."
    return f"We first presented on {first}, after the legal due date; the days until then are not counted."
