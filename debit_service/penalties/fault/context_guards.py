"""The questions that one context rule asks alone; which guards make which rule is the table in `rules.py`."""

from datetime import date

from debit_service.penalties.fault.guards import Answer, employer, known, nothing_follows, ours, person
from debit_service.penalties.fault.values import CaseFile, Certainty, Effect, Party, Phase, ReasonCode

# EPC rulebooks: after 36 months without a presented collection the creditor must cancel the mandate.
DORMANT_AFTER_MONTHS = 36
CLOSED_ACCOUNT = frozenset({"AC04", "AC05"})
NAME_CODES = frozenset({"BE01", "BE06"})

# --- C-ACC: AC01 AC02 AC04 AC05 BE01 BE06 -----------------------------------------------------------------------------

ACCOUNT_CLOSED = employer(
    "The account that the employer signed is closed, and no change was announced.", Effect.PENALISE
)
# Held, not dropped: the account is closed whoever was told; but the employer was not given the agreed days to name another one.
NOT_TOLD_IN_TIME = person("The employer was not told of this debit in the agreed time.", Party.SERVICE)
WORKED_BEFORE = person("The account worked before: a merger or renumbering at the employer's bank is likely.")
NEVER_WORKED = employer("The account was sent as signed and never worked; a person confirms before it counts.")


def about_the_name(_: CaseFile, reason: ReasonCode) -> bool:
    """Names matter only to the codes that speak of the end customer; for the others they would be a needless demand."""
    return reason.code in NAME_CODES


def about_a_closed_account(_: CaseFile, reason: ReasonCode) -> bool:
    """AC04 and AC05 say that the account is closed, whatever its history."""
    return reason.code in CLOSED_ACCOUNT


def about_an_unknown_account(_: CaseFile, reason: ReasonCode) -> bool:
    """The other account codes do not say why the account was not found."""
    return reason.code not in CLOSED_ACCOUNT


def told_in_time(case: CaseFile, reason: ReasonCode) -> Answer:
    """C-ACC, closed account: a notice of this debit and its days."""
    answers = (notice_matches(case, reason), notice_in_time(case, reason))
    doubt = next((each for each in answers if not isinstance(each, str)), None)
    return NOT_TOLD_IN_TIME if doubt else "A notice of this debit went out in the agreed time."


def account_closed(_: CaseFile, __: ReasonCode) -> Answer:
    """C-ACC 4 and 5, closed account."""
    return ACCOUNT_CLOSED


def account_worked_before(case: CaseFile, _: ReasonCode) -> Answer:
    """C-ACC 4 and 5, account not found."""
    return WORKED_BEFORE if known(case.past_successes) > 0 else NEVER_WORKED


# --- C-NOTICE: AM04 SL12 ----------------------------------------------------------------------------------------------

NO_NOTICE = ours("No notice of this debit went out.")
MORE_THAN_ANNOUNCED = ours("More was debited than a notice announced.")
EARLIER_THAN_ANNOUNCED = ours("The debit came earlier than the notice announced.")
SHORT_NOTICE = ours("The notice went out later than agreed.")
# Held, not dropped: the declaration itself may have come late. The override keeps our delay out of any penalty.
FILE_LATE = person("Our file reached the bank after the cut-off for the day needed.", Party.SERVICE)
SECOND_DEBIT = person("Another collection of the same contribution is in flight; it may have used up the money.")
BLACKLISTED = employer("The employer blacklisted the creditor at its bank.", Effect.PENALISE)
NOT_FUNDED = employer(
    "The debit was announced and presented as agreed, and the account was not funded.", Effect.PENALISE, Certainty.HIGH
)


def notice_matches(case: CaseFile, _: ReasonCode) -> Answer:
    """Amount and date against the notice."""
    notice = known(case.notice)
    if notice is None:
        return NO_NOTICE
    amount, day = known(case.amount_sent_minor), known(case.collection_date_sent)
    if amount > notice.amount_minor:
        return MORE_THAN_ANNOUNCED
    if day < notice.collection_date:
        return EARLIER_THAN_ANNOUNCED
    if (amount, day) == (notice.amount_minor, notice.collection_date):
        return "A notice announced this amount and this date."
    return "A notice announced no smaller amount and no later day."


def some_notice(case: CaseFile, _: ReasonCode) -> bool:
    """Unless it is on record that no notice went out."""
    return case.notice is None or case.notice.value is not None


def notice_in_time(case: CaseFile, _: ReasonCode) -> Answer:
    """The agreed days of notice."""
    notice = known(case.notice)
    days = (notice.collection_date - notice.sent_at.date()).days if notice else 0
    agreed = known(case.notice_days_agreed)
    if days < agreed:
        return SHORT_NOTICE.told(f"{days} days ahead, {agreed} were agreed")
    return f"The notice went out {days} days ahead; {agreed} were agreed."


def file_in_time(case: CaseFile, _: ReasonCode) -> Answer:
    """Our own punctuality."""
    if known(case.file_sent_at) > known(case.cut_off_at):
        return FILE_LATE
    return "Our file was handed to the bank by the cut-off."


def no_second_collection(case: CaseFile, _: ReasonCode) -> Answer:
    """A second debit of the same contribution."""
    if known(case.other_live_collections) > 0:
        return SECOND_DEBIT
    return "No earlier collection of this contribution is still in flight."


def announced_and_unpaid(_: CaseFile, reason: ReasonCode) -> Answer:
    """The conclusion of C-NOTICE."""
    return BLACKLISTED if reason.code == "SL12" else NOT_FUNDED


# --- C-MANDATE: MD01 CN01 ---------------------------------------------------------------------------------------------

NOT_PROVEN = nothing_follows(Party.FUND, "The refund stands because the creditor side did not prove the mandate.")
BLOCK_MISSING = ours("What had changed in the mandate was not told in the file.")
DORMANT = ours(f"The mandate was unused for {DORMANT_AFTER_MONTHS} months and had lapsed.")
CORE_UNSEEN = person("CORE: why the bank saw no mandate is not known; ask the employer and its bank.")
ACCEPTED_BEFORE = nothing_follows(
    Party.DEBTOR_BANK, "The employer's bank had accepted this very mandate and did not find it."
)
NOT_LODGED = employer("The mandate was not lodged at the employer's bank although the employer was told to lodge it.")
NEVER_TOLD = person(
    "The employer's bank had not accepted the mandate; nobody told the employer to lodge it.", Party.SERVICE
)


def refunded(case: CaseFile, _: ReasonCode) -> bool:
    """An unauthorised refund: the debtor contested the mandate itself."""
    return case.failure.value.phase is Phase.REFUND


def mandate_not_proven(_: CaseFile, __: ReasonCode) -> Answer:
    """The debtor bank refunds (8 weeks to 13 months) when the creditor does not produce the mandate."""
    return NOT_PROVEN


def amendment_told(case: CaseFile, _: ReasonCode) -> Answer:
    """A change of account, bank, reference or creditor is told in the file (AmdmntInd), or the bank does not know the mandate."""
    told = known(case.amendment_block_sent)
    if told is None:
        return "Nothing had changed in the mandate that the bank was still to be told."
    return "The file told what had changed in the mandate." if told else BLOCK_MISSING


def mandate_alive(case: CaseFile, _: ReasonCode) -> Answer:
    """EPC rulebooks: 36 months without a presented collection end a mandate."""
    signed, presented = known(case.mandate_signed_on), known(case.last_presented_on)
    if _whole_months(max(signed, presented or signed), known(case.collection_date_sent)) >= DORMANT_AFTER_MONTHS:
        return DORMANT
    return f"The mandate was used or signed within {DORMANT_AFTER_MONTHS} months."


def _whole_months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def core_or_unknown(case: CaseFile, _: ReasonCode) -> bool:
    """Whether the debtor's bank keeps no register of mandates, as far as is known."""
    return case.scheme_sent is None or case.scheme_sent.value == "CORE"


def b2b(case: CaseFile, _: ReasonCode) -> bool:
    """Whether the debtor's bank must have registered the mandate."""
    return case.scheme_sent is not None and case.scheme_sent.value == "B2B"


def core_bank_saw_no_mandate(_: CaseFile, __: ReasonCode) -> Answer:
    """CORE: the bank's reason cannot be checked from here."""
    return CORE_UNSEEN


def registered_at_bank(case: CaseFile, _: ReasonCode) -> Answer:
    """B2B: the evidence of acceptance decides."""
    if known(case.bank_acceptance) is not None:
        return ACCEPTED_BEFORE
    return NOT_LODGED if known(case.told_to_lodge) is not None else NEVER_TOLD


# --- C-REFUND: MD06 · C-REFUSE: MS02 CUST SP01 SP02 UPAY AM09 ---------------------------------------------------------

NO_SUCH_REFUND = person("B2B gives no right to the refund of an authorised debit; ask the bank.", Party.DEBTOR_BANK)
MORE_THAN_OWED = nothing_follows(Party.FUND, "More was debited than was declared and announced.")
REFUNDED_WHAT_WAS_OWED = employer(
    "What was declared and announced was debited, and the employer took it back; a person confirms."
)
NOT_WHAT_WAS_DECLARED = person("The amount debited is not the amount declared.", Party.FUND)
REFUSED_UNANNOUNCED = person("No notice of this debit went out.", Party.FUND)
REFUSED_WHAT_WAS_OWED = employer(
    "The employer refused a debit that was declared, announced and not contested; a person confirms."
)


def refund_exists(case: CaseFile, _: ReasonCode) -> Answer:
    """EPC222-07: the B2B scheme knows no refund of an authorised debit."""
    return NO_SUCH_REFUND if known(case.scheme_sent) == "B2B" else "CORE gives a right to a refund within eight weeks."


def refund_of_what_was_owed(case: CaseFile, _: ReasonCode) -> Answer:
    """The refund against declaration and notice."""
    sent, notice = known(case.amount_sent_minor), known(case.notice)
    if sent > known(case.amount_declared_minor) or notice is None or sent > notice.amount_minor:
        return MORE_THAN_OWED
    return REFUNDED_WHAT_WAS_OWED


def amount_as_declared(case: CaseFile, _: ReasonCode) -> Answer:
    """The amount against the declaration."""
    if known(case.amount_sent_minor) != known(case.amount_declared_minor):
        return NOT_WHAT_WAS_DECLARED
    return "The amount debited is the amount declared, less what was known to be paid when the debit was planned."


def notice_sent(case: CaseFile, _: ReasonCode) -> Answer:
    """Any notice at all."""
    return REFUSED_UNANNOUNCED if known(case.notice) is None else "A notice of this debit went out."


def refused_what_was_owed(_: CaseFile, __: ReasonCode) -> Answer:
    """The conclusion of C-REFUSE."""
    return REFUSED_WHAT_WAS_OWED


# --- C-BLOCK, C-SCHEME, C-LIMIT, C-BIC, C-TWIN, C-CUTOFF --------------------------------------------------------------

# Algeria, law 08-08 arts. 57-59: the fund itself can have a debtor's account frozen.
FROZEN_BY_FUND = person("The fund itself had the account frozen.", Party.FUND)
BLOCKED_BY_COURT = person("A court or an insolvency blocked the account.", Party.NOBODY)
BLOCKED_BY_EMPLOYER = employer("The employer had direct debits blocked; a person confirms.")
OTHER_SCHEME = ours("The scheme sent is not the scheme of the mandate.")
CONSUMER_ACCOUNT = employer("The employer gave a consumer account for a B2B mandate; a person confirms.")
ACCOUNT_REFUSES = person("Why the account takes no such debit is not known; ask the employer.")
MORE_DEBITS = ours("More collections were sent than agreed.")
LIMIT_TOO_LOW = employer(
    "The employer was told what to allow at its bank, and its limit or list still refused the debit; a person confirms."
)
LIMIT_UNKNOWN = person("Whose limit refused the debit is not known; ask the employer and the bank.")
BIC_DERIVED = ours("We derived the BIC; the employer did not give it.")
BIC_GIVEN = person("The employer gave the BIC; compare it with the account.")
SENT_TWICE = ours("Our own files hold this debit twice.")
DOUBLED_BY_BANK = nothing_follows(Party.CREDITOR_BANK, "Our files hold this debit once; a bank doubled it.")
TWIN_UNSEARCHED = ours("A duplicate is never the employer's; our files were not searched for the twin.")
ACKNOWLEDGED_IN_TIME = nothing_follows(
    Party.CREDITOR_BANK, "Our bank had acknowledged the file before its cut-off and passed it on late."
)
SENT_LATE = ours("Nothing proves that our bank had the file before its cut-off.")


def who_blocked(case: CaseFile, _: ReasonCode) -> Answer:
    """Always a person: nobody is penalised for a blocked account unheard."""
    return {"fund": FROZEN_BY_FUND, "court": BLOCKED_BY_COURT, "debtor": BLOCKED_BY_EMPLOYER}[known(case.block_origin)]


def scheme_as_signed(case: CaseFile, _: ReasonCode) -> Answer:
    """The scheme against the mandate."""
    if known(case.scheme_sent) != known(case.scheme_on_mandate):
        return OTHER_SCHEME
    return "The scheme sent is that of the mandate."


def account_fits_scheme(case: CaseFile, reason: ReasonCode) -> Answer:
    """AC13 in B2B says: a consumer account."""
    return CONSUMER_ACCOUNT if reason.code == "AC13" and known(case.scheme_sent) == "B2B" else ACCOUNT_REFUSES


def within_what_was_agreed(case: CaseFile, _: ReasonCode) -> Answer:
    """Amount and count against what was announced."""
    notice = known(case.notice)
    if notice is None or known(case.amount_sent_minor) > notice.amount_minor:
        return MORE_THAN_ANNOUNCED
    if known(case.other_live_collections) > 0:
        return MORE_DEBITS
    return "No more was debited than a notice announced, and no earlier debit of the contribution is still in flight."


def employer_limit(case: CaseFile, reason: ReasonCode) -> Answer:
    """The employer's own limit or white list."""
    limit = known(case.mandate_limit_minor)
    too_low = limit is not None and limit < known(case.amount_sent_minor)
    told = known(case.told_to_lodge) is not None
    return LIMIT_TOO_LOW if told and (too_low or reason.code == "SL11") else LIMIT_UNKNOWN


def bic_origin(case: CaseFile, _: ReasonCode) -> Answer:
    """A BIC that we derived is ours to answer for."""
    return BIC_DERIVED if known(case.debtor_bic_origin) == "derived" else BIC_GIVEN


def twin_searched(case: CaseFile, _: ReasonCode) -> bool:
    """Whether our files were searched for the twin; the answer only tells which of two parties, never the employer."""
    return case.twin is not None


def twin_is_ours(case: CaseFile, _: ReasonCode) -> Answer:
    """AM05, DUPL: find the twin first."""
    return SENT_TWICE if known(case.twin) is not None else DOUBLED_BY_BANK


def twin_unsearched(_: CaseFile, __: ReasonCode) -> Answer:
    """The party that the table names first."""
    return TWIN_UNSEARCHED


def acknowledged(case: CaseFile, _: ReasonCode) -> bool:
    """Whether an acknowledgement of our bank is on file, and the cut-off to hold it against."""
    return case.bank_ack_at is not None and case.bank_ack_at.value is not None and case.cut_off_at is not None


def acknowledged_in_time(case: CaseFile, _: ReasonCode) -> Answer:
    """TM01: the bank's own acknowledgement against its cut-off."""
    at = known(case.bank_ack_at)
    return ACKNOWLEDGED_IN_TIME if at is not None and at <= known(case.cut_off_at) else SENT_LATE


def not_acknowledged(_: CaseFile, __: ReasonCode) -> Answer:
    """The party that the table names first."""
    return SENT_LATE
