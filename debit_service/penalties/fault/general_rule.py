"""What every penalty demands, whatever the reason code, and the guards that several rules share."""

from dataclasses import dataclass

from debit_service.penalties.fault import context_guards as c
from debit_service.penalties.fault import guards as g
from debit_service.penalties.fault.guards import Guard


@dataclass(frozen=True, slots=True)
class Rule:
    """What a context rule is about, on whose word, and the questions that it asks, in order."""

    about: str
    source: str
    guards: tuple[Guard, ...]


ACCOUNT = Guard(
    key="account",
    question="Was the account sent the one that was signed?",
    needs=("account_sent", "account_on_form"),
    test=g.account_as_signed,
    verdicts=(g.OTHER_ACCOUNT,),
    milder="a signed form or accepted amendment that names another account than the one sent",
    harsher="a signed form or accepted amendment that names the account that was sent",
)
NAME = Guard(
    key="name",
    question="Was the name sent the one that was signed?",
    needs=("name_sent", "name_on_form"),
    test=g.name_as_signed,
    verdicts=(g.OTHER_NAME,),
    milder="a signed form that gives the debtor another name than the file",
    harsher="a signed form that gives the debtor the name that was sent",
    arises=c.about_the_name,
    asked_when="the code speaks of the name",
)
REFERENCES = Guard(
    key="references",
    question="Were mandate reference and creditor identifier sent as signed?",
    needs=("umr_sent", "umr_on_form", "creditor_id_sent", "creditor_id_on_form"),
    test=g.references_as_signed,
    verdicts=(g.OTHER_REFERENCES,),
    milder="a form with another mandate reference or creditor identifier than the file",
    harsher="a form with the mandate reference and creditor identifier that were sent",
)
AMENDMENT = Guard(
    key="amendment",
    question="Was every amendment applied that came before the cut-off?",
    needs=("amendments", "cut_off_at"),
    test=g.amendment_applied,
    verdicts=(g.AMENDMENT_FORGOTTEN, g.AMENDMENT_CROSSED),
    milder="an amendment received by {cut_off_at} (or before the debit failed) that the file did not carry",
    harsher="a register in which no amendment was waiting when the debit failed",
)
REVOCATION = Guard(
    key="revocation",
    question="Was the mandate revoked, and when did we know?",
    needs=("revocation_received_at", "cut_off_at"),
    test=g.revocation_respected,
    verdicts=(g.REVOKED, g.REVOCATION_CROSSED),
    milder="a revocation received by {cut_off_at}, or before the debit failed",
    harsher="a register in which the mandate was not revoked before the debit failed",
)
OPEN_DAY = Guard(
    key="open-day",
    question="Was the announced day open?",
    needs=("day_closed_since",),
    test=g.day_still_open,
    verdicts=(g.CLOSED_DAY,),
    milder="a calendar in which the collection date was closed",
    harsher="a calendar in which the collection date was open",
)
DISPUTE = Guard(
    key="dispute",
    question="Does the employer contest the debit?",
    needs=("open_dispute",),
    test=g.no_dispute,
    verdicts=(g.CONTESTED,),
    milder="a dispute of this debit that is open or was upheld",
    harsher="a dispute that was answered and rejected, or none",
)
NOTICE = Guard(
    key="notice",
    question="Did a notice announce this amount and date?",
    needs=("notice", "amount_sent_minor", "collection_date_sent"),
    test=c.notice_matches,
    verdicts=(c.NO_NOTICE, c.MORE_THAN_ANNOUNCED, c.EARLIER_THAN_ANNOUNCED),
    milder="no notice on record, or one of a smaller amount or a later day than the debit",
    harsher="a notice on record of at least the amount sent, for {collection_date_sent} or an earlier day",
)
NOTICE_DAYS = Guard(
    key="notice-days",
    question="Did the notice go out in the agreed time?",
    needs=("notice", "notice_days_agreed"),
    test=c.notice_in_time,
    verdicts=(c.SHORT_NOTICE,),
    milder="a notice of fewer days than agreed (agreed: {notice_days_agreed})",
    harsher="a notice of at least the days agreed (agreed: {notice_days_agreed})",
    arises=c.some_notice,
    asked_when="unless it is on record that no notice went out",
)
FILE_TIME = Guard(
    key="file-time",
    question="Was our file in time?",
    needs=("file_sent_at", "cut_off_at"),
    test=c.file_in_time,
    verdicts=(c.FILE_LATE,),
    milder="a file that reached the bank after {cut_off_at}",
    harsher="proof that the file reached the bank by {cut_off_at}",
)
SECOND_DEBIT = Guard(
    key="second-debit",
    question="Is another collection of this contribution in flight?",
    needs=("other_live_collections",),
    test=c.no_second_collection,
    verdicts=(c.SECOND_DEBIT,),
    milder="another live collection of the same contribution",
    harsher="no other live collection of the same contribution",
)

# What every penalty demands, whatever the code. These guards go beyond the code: a debit that the employer had not allowed, that
# we made late or wrong, or that is contested, is not the ground of a penalty.
GENERAL = Rule(
    "What every penalty demands",
    "SGB IV s.24(3): only for reasons attributable to the payer; BeitrVV s.3: on time when debited on time; EPC173-14 (phases)",
    (
        Guard(
            key="bank-file",
            question="Is the bank's own file on record?",
            needs=("bank_file",),
            test=g.bank_file_kept,
            verdicts=(),
            milder="a store of bank files from which this one is missing",
            harsher="the bank's own file, as it came",
        ),
        Guard(
            key="phase",
            question="Does this reason occur in what the bank did?",
            needs=("failure",),
            test=g.reason_of_this_phase,
            verdicts=(g.WRONG_PHASE,),
            milder="the bank's word that this was a refund",
            harsher="the bank's word that this was a reject or a return",
        ),
        ACCOUNT,
        REFERENCES,
        AMENDMENT,
        REVOCATION,
        OPEN_DAY,
        Guard(
            key="outage",
            question="Was it an outage of ours?",
            needs=("our_outage",),
            test=g.no_outage,
            verdicts=(g.OUTAGE,),
            milder="a recorded outage of ours that overlapped planning, notice or sending",
            harsher="a register in which no outage of ours overlapped planning, notice or sending",
        ),
        Guard(
            key="paid-before",
            question="Had it been paid by other means before the debit?",
            needs=("paid_before", "amount_sent_minor"),
            test=g.unpaid_before,
            verdicts=(g.PAID_BEFORE, g.PARTLY_PAID_BEFORE),
            milder="a payment by other means with a value date of {collection_date_sent} or earlier",
            harsher="a register without a payment by other means up to {collection_date_sent}",
        ),
        Guard(
            key="presentation",
            question="Did we present in time?",
            needs=("legal_due_date", "first_presented_on", "collection_date_sent"),
            test=g.presented_in_time,
            verdicts=(),
            milder="a first presentation after {legal_due_date}: the days until then are not counted",
            harsher="a first presentation by {legal_due_date}",
        ),
        DISPUTE,
    ),
)
# A person's finding against the employer stands in for the code, so it demands what a code that accuses by itself demands.
ANNOUNCED = Rule(
    "What a person's finding against the employer demands besides",
    "EPC016-06 and EPC222-07 (pre-notification, 14 days unless otherwise agreed); that a finding demands it is reasoned",
    (NOTICE, NOTICE_DAYS, FILE_TIME, SECOND_DEBIT),
)
