"""What the house's codes and sentences are called on a page, in the reader's language.

Rooms speak English sentences and codes. Here stands which of them people read, so that the catalogues can be complete; a sentence
that is not here is shown in English rather than not at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from debit_service.contributions.payments import Means
from debit_service.core.errors import DebitError
from debit_service.penalties.fault import wording
from debit_service.penalties.fault.values import Effect, Party
from debit_service.reports.figures import words as figures
from debit_service.reports.rules import PenaltyStanding, Standing
from debit_service.web.languages import language


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "a text that is translated where it is used"
    """Mark `text` for the catalogues."""
    return text


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
PENALTIES: Final[Mapping[str, str]] = {
    PenaltyStanding.NONE: N_("No penalty"),
    PenaltyStanding.PROPOSED: N_("Penalty proposed, not confirmed"),
    PenaltyStanding.CONFIRMED: N_("Penalty confirmed"),
    PenaltyStanding.NOTIFIED: N_("Penalty notified"),
    PenaltyStanding.PAID: N_("Penalty paid"),
    PenaltyStanding.WAIVED: N_("Penalty waived"),
    PenaltyStanding.HELD: N_("A person decides; no penalty until then"),
    PenaltyStanding.REVERSED: N_("Penalty reversed"),
}
PARTIES: Final[Mapping[str, str]] = {
    Party.EMPLOYER: N_("the employer"),
    Party.FUND: N_("the fund"),
    Party.SERVICE: N_("this service"),
    Party.CREDITOR_BANK: N_("the fund's bank"),
    Party.DEBTOR_BANK: N_("the employer's bank"),
    Party.BANK: N_("a bank"),
    Party.INFRASTRUCTURE: N_("the clearing system"),
    Party.NOBODY: N_("nobody"),
    Party.INFO: N_("nobody: nothing failed"),
    Party.UNKNOWN: N_("not known yet"),
}
EFFECTS: Final[Mapping[str, str]] = {
    Effect.NONE: N_("Nothing follows for the employer."),
    Effect.HOLD: N_("A person looks at it first; nothing follows until then."),
    Effect.PENALISE: N_("A late penalty follows where a rule is in force."),
}
MANDATE_STATES: Final[Mapping[str, str]] = {
    "signed": N_("Signed"),
    "lodged_at_bank": N_("Lodged at your bank"),
    "active": N_("Active"),
    "suspended": N_("Suspended"),
    "revoked": N_("Revoked"),
    "refused_by_bank": N_("Refused by your bank"),
    "expired": N_("Expired"),
    "revoked_by_bank": N_("Revoked by your bank"),
    "transferred": N_("Transferred to another fund"),
    "completed": N_("Used up"),
}
#: What a clerk or an approver may do with a mandate that is in use.
MANDATE_MOVES: Final[Mapping[str, str]] = {
    "suspend": N_("Suspend it: nothing is debited until it is resumed."),
    "resume": N_("Resume it: it may be debited again."),
    "revoked_by_bank": N_("The employer's bank has revoked it."),
    "last": N_("The next debit is the last one."),
}
#: What an amendment changed in a mandate.
MANDATE_FIELDS: Final[Mapping[str, str]] = {
    "account": N_("Account number"),
    "bank": N_("Bank"),
    "reference": N_("Mandate reference"),
    "creditor_identifier": N_("Creditor identifier"),
    "debtor_name": N_("Account holder"),
}
#: What a clerk sees of a mandate that waits for the employer's bank.
MANDATE_WAITS: Final[Mapping[str, str]] = {
    "signed": N_("Signed, not lodged at the bank yet"),
    "lodged_at_bank": N_("Lodged; the bank has not answered"),
}
#: What the employer's bank may have done with a mandate.
BANK_STEPS: Final[Mapping[str, str]] = {
    "lodged": N_("It was lodged at the employer's bank."),
    "accepted": N_("The employer's bank accepted it."),
    "refused": N_("The employer's bank refused it."),
}
#: What a scan that is kept with a mandate shows.
DOCUMENT_KINDS: Final[Mapping[str, str]] = {
    "signed_form": N_("The form as it was signed"),
    "bank_validation": N_("The bank's validation: the form with its stamp, or its message"),
    "amendment": N_("A change of the mandate"),
    "other": N_("Something else"),
}
#: In what capacity somebody signs a mandate.
CAPACITIES: Final[Mapping[str, str]] = {
    "legal_representative": N_("Legal representative (manager, director)"),
    "owner": N_("Owner"),
    "proxy_holder": N_("Proxy holder, with a power of attorney"),
    "other": N_("Another capacity"),
}
#: How an employer may pay when it is not debited.
MEANS: Final[Mapping[str, str]] = {
    Means.TRANSFER: N_("Bank transfer"),
    Means.CHEQUE: N_("Cheque"),
    Means.CASH: N_("Cash, at a counter"),
    Means.CARD: N_("Card"),
    Means.OTHER: N_("In another way"),
}
#: What the employer should do next about a mandate.
MANDATE_STEPS: Final[Mapping[str, str]] = {
    "signed": N_("Lodge it at your bank: download the form, print and sign it, and have your bank stamp it."),
    "lodged_at_bank": N_("Ask your bank to confirm that it has registered the mandate."),
    "active": N_("Nothing: your contributions are debited on time."),
    "suspended": N_("Ask the fund why; no debit is made meanwhile."),
    "revoked": N_("Pay by other means, or sign a new mandate."),
    "refused_by_bank": N_("Ask your bank why, then sign a new mandate."),
    "expired": N_("Sign a new mandate."),
    "revoked_by_bank": N_("Ask your bank why, then sign a new mandate."),
    "transferred": N_("Nothing: your mandate goes on at the other fund."),
    "completed": N_("Sign a new mandate if you want further debits."),
}
BATCH_STATES: Final[Mapping[str, str]] = {
    "made": N_("Waits for approval"),
    "approved": N_("Approved, not sent"),
    "sending": N_("Handed over, outcome not known"),
    "sent": N_("Sent"),
    "cancelled": N_("Cancelled"),
}
#: What became of a run of a job.
RUN_OUTCOMES: Final[Mapping[str, str]] = {"running": N_("Running"), "done": N_("Done"), "failed": N_("Failed")}
#: What a day of a calendar is, and who says so.
DAY_KINDS: Final[Mapping[str, str]] = {"open": N_("Open"), "closed": N_("Closed")}
DAY_ORIGINS: Final[Mapping[str, str]] = {
    "library": N_("the list of public holidays"),
    "estimated": N_("estimated, not announced yet"),
    "file": N_("the calendar's file"),
    "staff": N_("staff"),
}
CERTAINTIES: Final[Mapping[str, str]] = {
    "seen": N_("seen in a source"),
    "computed": N_("computed"),
    "decided": N_("decided by this project"),
    "memory": N_("remembered, not seen"),
    "not_found": N_("not found"),
    "conflict": N_("sources contradict each other"),
    "example": N_("an example"),
}
ACCOUNT_SCHEMES: Final[Mapping[str, str]] = {
    "DZ_RIB": N_("Algerian RIB"),
    "MA_RIB": N_("Moroccan RIB"),
    "IBAN": N_("IBAN"),
}
ACCOUNT_HELP: Final[Mapping[str, str]] = {
    "DZ_RIB": N_("20 digits: bank 3, agency 5, account 10, key 2."),
    "MA_RIB": N_("24 digits: bank 3, city 3, account 16, key 2."),
    "IBAN": N_("Two letters, two check digits, then the account, as on your account statement."),
}
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
#: Sentences of the rooms: why nothing was debited, why somebody is held at fault, why an entry waits in suspense.
SENTENCES: Final[frozenset[str]] = frozenset(
    {
        N_("no mandate"),
        N_("not planned yet"),
        N_("the mandate is signed"),
        N_("the mandate is lodged at bank"),
        N_("the mandate is suspended"),
        N_("the mandate is revoked"),
        N_("the mandate is expired"),
        N_("the mandate is refused by bank"),
        N_("the mandate is revoked by bank"),
        N_("the mandate is transferred"),
        N_("the mandate is completed"),
        N_("debits of this employer are blocked"),
        N_("debits of this account are blocked"),
        N_("the rule is not confirmed: a person decides"),
        N_("it is above the amount up to which the fund lets penalties be confirmed by themselves"),
        N_("as many penalties as the fund lets be confirmed by themselves in a day were confirmed today"),
        N_("the employer contests it, or was right about it: a person decides"),
        N_("the rule is confirmed, the fault decided, the amount within the fund's limit"),
        N_("the failure is no longer attributed to the employer"),
        N_("another version of the rule holds for this due date"),
        N_("nothing is late by what is known now"),
        N_("what is owed of it is paid"),
        N_("the employer was told what is owed of it"),
        N_("another amount is owed than the employer was told"),
        N_("it is not paid in full any more"),
        N_("the employer contests it: a dispute is open"),
        N_("a dispute about it was upheld"),
        N_("the employer's failure, but nothing is late yet or no rule is in force"),
        N_("the bank's answers no longer say that it failed"),
        N_("The evidence is incomplete, so a person decides."),
        N_("The account sent is not the one on the signed form or the last accepted amendment."),
        N_("The name sent is not the one on the signed form."),
        N_("The employer's amendment was received before the cut-off and was not applied."),
        N_("An amendment was received after the cut-off; it crossed with the file."),
        N_("The revocation was received before the cut-off; the debit should not have been sent."),
        N_("The revocation was received after the cut-off; it crossed with the file."),
        N_("The mandate reference or the creditor identifier sent is not the one on the form."),
        N_("Our file reached the bank after the cut-off for the day needed."),
        N_("The account that the employer signed is closed, and no change was announced."),
        N_("The account worked before: a merger or renumbering at the employer's bank is likely."),
        N_("The account was sent as signed and never worked; a person confirms before it counts."),
        N_("No notice of this debit went out."),
        N_("More was debited than the notice announced."),
        N_("The debit came earlier than the notice announced."),
        N_("Another collection of the same contribution is in flight; it may have used up the money."),
        N_("The employer blacklisted the creditor at its bank."),
        N_("The debit was announced and presented as agreed, and the account was not funded."),
        N_("The mandate was unused for 36 months and had lapsed."),
        N_("The refund stands because the creditor side did not prove the mandate."),
        N_("CORE: why the bank saw no mandate is not known; ask the employer and its bank."),
        N_("The employer's bank had accepted this very mandate and did not find it."),
        N_("The mandate was not lodged at the employer's bank although the employer was told to lodge it."),
        N_("The employer's bank had not accepted the mandate; nobody told the employer to lodge it."),
        N_("More was debited than was declared and announced."),
        N_("What was declared and announced was debited, and the employer took it back; a person confirms."),
        N_("The employer contests this debit."),
        N_("The amount debited is not the amount declared."),
        N_("The employer refused a debit that was declared, announced and not contested; a person confirms."),
        N_("The fund itself had the account frozen."),
        N_("A court or an insolvency blocked the account."),
        N_("The employer had direct debits blocked; a person confirms."),
        N_("The scheme sent is not the scheme of the mandate."),
        N_("The employer gave a consumer account for a B2B mandate; a person confirms."),
        N_("Why the account takes no such debit is not known; ask the employer."),
        N_("Whose limit refused the debit is not known; ask the employer and the bank."),
        N_("A notice announced this amount and this date."),
        N_("Our file reached the bank before the cut-off."),
        N_("No other collection of this contribution is in flight."),
        N_("The bank's own file is stored as it came."),
        N_("The first presentation was not later than the legal due date."),
        N_("The employer does not contest this debit."),
        N_("The account sent is the one that the employer signed."),
        N_("The name sent is the one that the employer signed."),
        N_("No amendment was waiting to be applied."),
        N_("No revocation was received."),
        N_("Mandate reference and creditor identifier were sent as signed."),
        N_("The mandate was used or signed within 36 months."),
        N_("The amount debited is the amount declared."),
        N_("A notice of this debit went out."),
        N_("The scheme sent is that of the mandate."),
        N_("Amount and number of debits are those announced."),
        N_("a charge of the bank that names no collection"),
        N_("its end-to-end reference is none of ours: changed on the way, or not ours"),
        N_("it carries no reference of ours"),
        N_("it names our collection, but on another account or in another currency"),
        N_("a status for a reference that is none of ours"),
        N_("a rejection of a file or block that is none of ours"),
        N_("paid by other means"),
        N_("a part is still owed"),
        N_("a payment by other means was recorded or undone: another amount is open now"),
    }
)
ERRORS: Final[Mapping[str, str]] = {
    "account.DZ_RIB.characters": N_("Write the account number with digits only."),
    "account.MA_RIB.characters": N_("Write the account number with digits only."),
    "account.DZ_RIB.length": N_("An Algerian RIB has 20 digits."),
    "account.MA_RIB.length": N_("A Moroccan RIB has 24 digits."),
    "account.IBAN.length": N_("This is no IBAN: country, length or structure are wrong."),
    "account.DZ_RIB.key": N_("The last two digits (the key) do not fit the rest: a digit is wrong."),
    "account.MA_RIB.key": N_("The last two digits (the key) do not fit the rest: a digit is wrong."),
    "account.IBAN.key": N_("The check digits do not fit the rest: a character is wrong."),
    "amount.malformed": N_("Write the amount with digits and one point, like 250000.00."),
    "amount.too_precise": N_("The amount has too many decimals."),
    "amount.too_large": N_("The amount has too many digits."),
    "mandate.account_scheme": N_("One of the funds that you chose does not debit this kind of account."),
    "mandate.live_already": N_("You have a mandate at one of these funds already. Revoke it first."),
    "access.role": N_("Your role does not allow this."),
    "access.employer": N_("This belongs to another employer."),
    "contribution.unknown": N_("There is no such contribution."),
    "mandate.unknown": N_("There is no such mandate."),
    "mandate.not_waiting": N_("This mandate does not wait for the bank any more."),
    "dispute.unknown": N_("There is no such dispute."),
    "dispute.answered": N_("This dispute was answered already."),
    "finding.not_held": N_("No decision holds this failure for a person."),
    "finding.stands": N_("A finding about this failure stands already. Withdraw it first."),
    "finding.overtaken": N_("The evidence is another one by now. Look at the case again."),
    "finding.four_eyes": N_("Who found it cannot approve it."),
    "finding.not_waiting": N_("This finding does not wait for anybody."),
    "finding.withdrawn": N_("This finding does not stand any more."),
    "finding.unknown": N_("There is no such finding."),
    "fault.not_held": N_("No decision stands about such a failure."),
    "collection.unknown": N_("There is no such debit."),
    "outage.times": N_("An outage begins before it ends, and is over when it is recorded."),
    "outage.unknown": N_("There is no such outage."),
    "outage.withdrawn": N_("This outage was withdrawn already."),
    "penalty.disputed": N_("The employer contests it: answer the dispute first."),
    "penalty.four_eyes": N_(
        "Who agreed to a penalty cannot be the second one to agree. Have another approver look at it."
    ),
    "penalty.changed": N_("It comes to another amount now. Look at it again, and confirm that amount."),
    "penalty.reversed": N_("This penalty is taken back already."),
    "penalty.nothing_to_confirm": N_("Nothing of this penalty waits for a person."),
    "penalty.not_asked": N_("Nothing is asked for under this penalty. Have it confirmed first."),
    "relief.how_much": N_("Say how much: a percentage, an amount, or both."),
    "relief.percent": N_("A percentage like 50 or 33.33, at least 0.01 and at most 100."),
    "relief.amount": N_("An amount above zero."),
    "relief.decided_on": N_("A decision cannot be of a day to come."),
    "relief.state": N_("Nothing can be relieved of a penalty in this state."),
    "relief.ground": N_("The rule knows no relief on this ground."),
    "relief.too_much": N_("On this ground the rule does not let so much be relieved."),
    "relief.why": N_("Say why."),
    "relief.four_eyes": N_("Who granted a relief cannot approve it."),
    "relief.decided": N_("This relief was decided already."),
    "amnesty.periods": N_("The first period comes after the last."),
    "amnesty.percent": N_("A percentage like 50 or 33.33, at least 0.01 and at most 100."),
    "amnesty.at_most": N_("An amount above zero."),
    "amnesty.decided_on": N_("A law cannot be of a day to come."),
    "amnesty.empty": N_("No penalty fits these terms."),
    "amnesty.why": N_("Say why."),
    "amnesty.four_eyes": N_("Who prepared an amnesty cannot approve it."),
    "amnesty.decided": N_("This amnesty was decided already."),
    "amnesty.changed": N_("This is not the list that was prepared."),
    "penalty.more_than_open": N_("This is more than is open of the penalty."),
    "dispute.text": N_("Say what is wrong, in at most 4,000 characters."),
    "dispute.open_already": N_("You contest this already; the fund owes you an answer."),
    "dispute.over": N_("This dispute is over."),
    "dispute.asked": N_("A question to the employer is open: wait for the reply, or answer."),
    "dispute.not_asked": N_("No question is open about this dispute."),
    "dispute.no_appeal": N_("There is nothing to appeal against, or the time to appeal has passed."),
    "dispute.not_appealed": N_("No appeal waits for a decision."),
    "dispute.own_work": N_("You opened this dispute, or it contests your own work. Another person answers."),
    "dispute.needs_an_approver": N_("More hangs on this answer than one clerk may give up. An approver answers."),
    "dispute.same_person": N_("Who answered does not decide the appeal. Another approver decides."),
    "dispute.documents": N_("A dispute has at most 10 documents. Put pages together into one file."),
    "dispute.document_unknown": N_("There is no such document."),
    "dispute.period": N_("The period ends before it begins."),
    "mandate.document_unknown": N_("There is no such document."),
    "mandate.not_registered": N_("This employer has no number at one of these funds. Enrol it there first."),
    "mandate.signed_in_future": N_("The date of signature lies in the future."),
    "mandate.blocked": N_("This employer or this account is blocked. An approver may lift the block."),
    "mandate.not_live": N_("This mandate is no longer in force."),
    "mandate.not_suspended": N_("This mandate is not suspended."),
    "mandate.last_already": N_("The next debit under this mandate is its last one already."),
    "mandate.nothing_changes": N_("All of this stands in the mandate already."),
    "mandate.received_in_future": N_("This day lies in the future."),
    "mandate.suspended": N_("This mandate is suspended: have it resumed before its account changes."),
    "mandate.bank_unknown": N_("The account numbers do not tell whether another bank keeps the account: say it."),
    "mandate.reference_taken": N_("The fund has, or had, another mandate with this reference."),
    "block.subject": N_("Name an employer, or an account with its kind."),
    "block.stands": N_("This is blocked already."),
    "block.lifted": N_("This block was lifted already."),
    "block.unknown": N_("There is no such block."),
    "mandate.proxy_not_proven": N_("A proxy holder signed: attach the power of attorney first, as something else."),
    "draft.number": N_("This is no draft's number: a character is wrong or missing. Compare it with the printed form."),
    "draft.unknown": N_("There is no such draft."),
    "draft.closed": N_("This draft is closed: it was signed or discarded, or is too old."),
    "draft.other_employer": N_("This draft was prepared for another employer. Compare both numbers with the paper."),
    "employer.unknown": N_("No fund on this form knows an employer with this number."),
    "employer.several": N_("This number belongs to different employers at these funds. Enter the funds one by one."),
    "scan.empty": N_("The file is empty. Scan the paper again."),
    "scan.too_large": N_(
        "The file is larger than 8 MB. Scan in grey at 200 dots an inch, or attach the pages one by one."
    ),
    "scan.kind": N_(
        "This is neither a PDF nor a JPEG nor a PNG, whatever its name says. Print it to PDF, or scan the paper."
    ),
    "scan.not_whole": N_(
        "The file is damaged, or something is hung onto its end. Scan the paper again, or print the file to PDF."
    ),
    "scan.archive_inside": N_(
        "The file is an archive at the same time. Scan the paper again, or print the file to PDF."
    ),
    "scan.active": N_(
        "This PDF is locked, or holds a script, another file or a command. Print it to PDF again, or scan the paper."
    ),
    "payment.currency": N_("This contribution is owed in another currency."),
    "payment.amount": N_("A payment is more than nothing."),
    "payment.paid_on": N_("This day lies in the future."),
    "payment.changed": N_("This reference counts already, with other content."),
    "payment.undone": N_("This payment was undone already."),
    "payment.unknown": N_("There is no such payment."),
    "entry.not_waiting": N_("This entry does not wait for anybody."),
    "entry.not_possible": N_("This cannot be decided about this entry."),
    "entry.proposed": N_("A decision about this entry waits for another person. Have it confirmed or refused first."),
    "entry.file_being_read": N_("Its file is being read and may explain this entry. Try again in a few minutes."),
    "entry.no_fund": N_("It stands on an account of no fund that is known here."),
    "entry.follow_up": N_("Choose a day after today."),
    "entry.more_than_open": N_("A share is more than nothing, and not more than is open of the contribution."),
    "entry.more_than_there": N_("The shares are more than what of this entry waits."),
    "entry.twice": N_("A contribution is named twice."),
    "entry.nothing_recorded": N_("Nothing like this was recorded that no bank entry shows yet."),
    "resolution.four_eyes": N_("Who proposed a decision cannot confirm it."),
    "resolution.not_proposed": N_("This decision does not wait for anybody."),
    "resolution.not_standing": N_("Only a decision that stands can be undone."),
    "resolution.built_upon": N_("Something was built upon this decision: undo that first."),
    "resolution.unknown": N_("There is no such decision."),
    "refund.amount": N_("What is paid out is more than nothing, and not more than is owed back."),
    "refund.unknown": N_("Nothing is owed back under this name."),
    "refund.paid_on": N_("This day lies in the future."),
    "allocation.no_order": N_("No order of allocation was in force on this day. Say which contribution gets what."),
    "allocation.nothing_open": N_("This employer owes nothing now."),
    "payment.on_entry": N_("A bank entry shows this payment: undo what was decided about that entry first."),
    "state.transition": N_("This is no longer possible: its state has changed."),
    "batch.four_eyes": N_("The maker of a batch cannot approve it."),
    "batch.other_bytes": N_("The batch has changed since you looked at it. Look again."),
    "ledger.close.backwards": N_("This is closed already. A close goes forward, and none is opened again."),
    "ledger.close.booking": N_("Something is being booked at this moment. Try again in a few minutes."),
    "ledger.close.changed": N_("Totals or findings have changed since. Have the close prepared again."),
    "ledger.close.done": N_("This period is closed already."),
    "ledger.close.findings": N_(
        "The tie-out has findings in these days. Look at it, or say why it is closed all the same."
    ),
    "ledger.close.four_eyes": N_("Who prepared a close cannot approve it."),
    "ledger.close.not_over": N_("This day is not over yet."),
    "ledger.close.unbalanced": N_("The accounts do not sum to zero: have somebody look at the checks."),
    "ledger.close.unknown": N_("There is no such close."),
    "web.form": N_("This form is too old, or was not opened here. Go back, load the page again and send it once more."),
    "web.413": N_(
        "That is too much to send at once. A scan has at most 8 MB: scan in grey at 200 dots an inch, or page by page."
    ),
    "calendar.past": N_("This day is over; what was done on it stays."),
    "calendar.overridden": N_("This day was corrected already. Withdraw that correction first."),
    "calendar.no_change": N_("The calendar says so already."),
    "calendar.horizon": N_("The calendar does not reach to this day."),
    "calendar.unknown": N_("There is no such calendar."),
    "calendar.override_unknown": N_("There is no such correction."),
    "calendar.withdrawn": N_("This correction was withdrawn already."),
    "web.404": N_("There is no such page."),
    "web.unexpected": N_("Something went wrong here; nothing was changed."),
    "web.not_signed": N_("Tick the box to sign."),
}


def standing(value: str) -> str:
    """How a contribution stands."""
    return _of(STANDINGS, value)


def outcome(value: str) -> str:
    """What became of an attempt."""
    return _of(OUTCOMES, value)


def penalty(value: str) -> str:
    """What became of the question of a penalty."""
    return _of(PENALTIES, value)


def party(value: str) -> str:
    """Who is meant."""
    return _of(PARTIES, value)


def effect(value: str) -> str:
    """What follows."""
    return _of(EFFECTS, value)


def mandate_state(value: str) -> str:
    """The state of a mandate."""
    return _of(MANDATE_STATES, value)


def mandate_step(value: str) -> str:
    """What to do next about a mandate."""
    return _of(MANDATE_STEPS, value)


def mandate_wait(value: str) -> str:
    """What a mandate waits for, to a clerk."""
    return _of(MANDATE_WAITS, value)


def mandate_move(value: str) -> str:
    """What is done with a mandate that is in use."""
    return _of(MANDATE_MOVES, value)


def mandate_field(value: str) -> str:
    """What an amendment changed."""
    return _of(MANDATE_FIELDS, value)


def bank_step(value: str) -> str:
    """What a bank did with a mandate."""
    return _of(BANK_STEPS, value)


def document_kind(value: str) -> str:
    """What a scan shows."""
    return _of(DOCUMENT_KINDS, value)


def capacity(value: str) -> str:
    """In what capacity somebody signs."""
    return _of(CAPACITIES, value)


def means(value: str) -> str:
    """How a payment was made."""
    return _of(MEANS, value)


def batch_state(value: str) -> str:
    """The state of a batch."""
    return _of(BATCH_STATES, value)


def run_outcome(value: str) -> str:
    """What became of a run."""
    return _of(RUN_OUTCOMES, value)


def day_kind(value: str) -> str:
    """Open or closed."""
    return _of(DAY_KINDS, value)


def day_origin(value: str) -> str:
    """Who says what a day is."""
    return _of(DAY_ORIGINS, value)


def certainty(value: str) -> str:
    """How sure a fact is."""
    return _of(CERTAINTIES, value)


def account_scheme(value: str) -> str:
    """A kind of account number."""
    return _of(ACCOUNT_SCHEMES, value)


def account_help(value: str) -> str:
    """What an account number of this kind looks like."""
    return _of(ACCOUNT_HELP, value)


def direction(value: str) -> str:
    """Money in, or money out."""
    return _of(figures.DIRECTIONS, value)


def disposition(value: str) -> str:
    """What was made of a bank entry."""
    return _of(figures.DISPOSITIONS, value)


def reason(code: str | None, name: str | None) -> str:
    """What the bank said, for people."""
    return _of(REASONS, code or "", name or code or "")


def said(text: str) -> str:
    """A sentence of a room. Why a party is held at fault begins with the party's code, which the page names already."""
    head, colon, tail = text.partition(": ")
    sentence = tail if colon and head in PARTIES else text
    return gettext(sentence) if sentence else ""


def step(one: Mapping[str, Any]) -> str:
    """A step of a stored argument."""
    return wording.step_said(language(), one)


def pieces(names: Sequence[str]) -> str:
    """Pieces of evidence."""
    return wording.pieces_said(language(), names)


def error(problem: DebitError) -> str:
    """What is wrong, for people."""
    return _of(ERRORS, problem.code, problem.message)


def _of(words: Mapping[str, str], value: str, otherwise: str | None = None) -> str:
    known = words.get(value)
    return gettext(known) if known else otherwise if otherwise is not None else value
