"""The context rules: what a reason code means once the file of evidence is opened.

A rule is an ordered tuple of guards (`guards.py`, `context_guards.py`). The engine in `fault.py` asks each of them, takes the
*mildest* verdict (the first of equals), and holds the case when a needed piece is missing. So evidence in the employer's favour
can only lower an answer, and an accusation needs every piece.

The rules are reasoned from the meaning that ISO 20022 and the EPC's guidance EPC173-14 give to each code; no official table
of fault exists. docs/decision-table.md is made from what stands here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from debit_service.penalties.fault import context_guards as c
from debit_service.penalties.fault import general_rule as general
from debit_service.penalties.fault.general_rule import Rule
from debit_service.penalties.fault.guards import Guard
from debit_service.penalties.fault.values import ContextRule

_ANOTHER_CODE = "another reason code from the bank"
_REASON = "Does the bank keep to its reason?"

_ACC = (
    general.ACCOUNT,
    general.NAME,
    general.AMENDMENT,
    general.REVOCATION,
    Guard(
        key="told",
        question="Was the employer told of this debit in time to give another account?",
        needs=("notice", "notice_days_agreed", "amount_sent_minor", "collection_date_sent"),
        test=c.told_in_time,
        verdicts=(c.NOT_TOLD_IN_TIME,),
        milder="no notice of this debit on record, or one of fewer days than agreed (agreed: {notice_days_agreed})",
        harsher="a notice of this debit on record of at least the days agreed (agreed: {notice_days_agreed})",
        arises=c.about_a_closed_account,
        asked_when="the code says that the account is closed",
    ),
    Guard(
        key="closed",
        question=_REASON,
        needs=("failure",),
        test=c.account_closed,
        verdicts=(c.ACCOUNT_CLOSED,),
        milder=_ANOTHER_CODE,
        harsher=_ANOTHER_CODE,
        arises=c.about_a_closed_account,
        asked_when="the code says that the account is closed",
    ),
    Guard(
        key="history",
        question="Did this account work before?",
        needs=("past_successes",),
        test=c.account_worked_before,
        verdicts=(c.WORKED_BEFORE, c.NEVER_WORKED),
        milder="an earlier debit of this account that succeeded",
        harsher="a person's finding that the employer gave a wrong account",
        arises=c.about_an_unknown_account,
        asked_when="the code does not say that the account is closed",
    ),
)

_NOTICE = (
    general.NOTICE,
    general.NOTICE_DAYS,
    general.OPEN_DAY,
    general.FILE_TIME,
    general.SECOND_DEBIT,
    Guard(
        key="conclusion",
        question=_REASON,
        needs=("failure",),
        test=c.announced_and_unpaid,
        verdicts=(c.NOT_FUNDED, c.BLACKLISTED),
        milder=_ANOTHER_CODE,
        harsher=_ANOTHER_CODE,
    ),
)

_MANDATE = (
    Guard(
        key="proof",
        question="Can the mandate be proven after all?",
        needs=("failure",),
        test=c.mandate_not_proven,
        verdicts=(c.NOT_PROVEN,),
        milder=_ANOTHER_CODE,
        harsher="the debtor bank's withdrawal of the refund, the mandate having been proven",
        arises=c.refunded,
        asked_when="the debtor asked for its money back (a refund)",
    ),
    general.REFERENCES,
    general.ACCOUNT,
    general.REVOCATION,
    general.AMENDMENT,
    Guard(
        key="amendment-told",
        question="Did the file tell what had changed in the mandate?",
        needs=("amendment_block_sent",),
        test=c.amendment_told,
        verdicts=(c.BLOCK_MISSING,),
        milder="a file without the amendment details of a mandate that had changed",
        harsher="a file with the amendment details, or a mandate in which nothing had changed",
    ),
    Guard(
        key="dormant",
        question="Was the mandate still alive?",
        needs=("last_presented_on", "mandate_signed_on", "collection_date_sent"),
        test=c.mandate_alive,
        verdicts=(c.DORMANT,),
        milder=f"no collection presented and no signature in the {c.DORMANT_AFTER_MONTHS} months before",
        harsher=f"a collection presented, or a signature, in the {c.DORMANT_AFTER_MONTHS} months before",
    ),
    Guard(
        key="core",
        question="Why did the bank see no mandate?",
        needs=("scheme_sent",),
        test=c.core_bank_saw_no_mandate,
        verdicts=(c.CORE_UNSEEN,),
        milder="the bank's word that it erred",
        harsher="a person's finding that the employer had its bank refuse the mandate",
        arises=c.core_or_unknown,
        asked_when="the scheme sent is CORE, or not known",
    ),
    Guard(
        key="registered",
        question="Had the employer's bank accepted the mandate?",
        needs=("scheme_sent", "bank_acceptance", "told_to_lodge"),
        test=c.registered_at_bank,
        verdicts=(c.ACCEPTED_BEFORE, c.NOT_LODGED, c.NEVER_TOLD),
        milder="the bank's acceptance of this mandate, dated before the file",
        harsher="no acceptance by the bank, and a notice on record that told the employer to lodge the mandate",
        arises=c.b2b,
        asked_when="the scheme sent is B2B",
    ),
)

_REFUND = (
    Guard(
        key="right",
        question="Does the scheme know such a refund?",
        needs=("scheme_sent",),
        test=c.refund_exists,
        verdicts=(c.NO_SUCH_REFUND,),
        milder="a debit under the B2B scheme",
        harsher="a debit under the CORE scheme",
    ),
    Guard(
        key="owed",
        question="Was no more debited than declared and announced?",
        needs=("amount_sent_minor", "amount_declared_minor", "notice"),
        test=c.refund_of_what_was_owed,
        verdicts=(c.MORE_THAN_OWED, c.REFUNDED_WHAT_WAS_OWED),
        milder="a declaration or a notice of a smaller amount than was sent, or no notice",
        harsher="a declaration and a notice of at least the amount sent",
    ),
)

_REFUSE = (
    general.DISPUTE,
    Guard(
        key="amount",
        question="Was the declared amount debited?",
        needs=("amount_sent_minor", "amount_declared_minor"),
        test=c.amount_as_declared,
        verdicts=(c.NOT_WHAT_WAS_DECLARED,),
        milder="a declaration of another amount than was sent",
        harsher="a declaration of the amount that was sent",
    ),
    Guard(
        key="notice",
        question="Did a notice go out?",
        needs=("notice",),
        test=c.notice_sent,
        verdicts=(c.REFUSED_UNANNOUNCED,),
        milder="no notice on record",
        harsher="a notice on record",
    ),
    Guard(
        key="conclusion",
        question="Why did the employer refuse?",
        needs=("failure",),
        test=c.refused_what_was_owed,
        verdicts=(c.REFUSED_WHAT_WAS_OWED,),
        milder="a reason of the employer's that the fund accepts",
        harsher="a person's finding that the employer refused what it owed",
    ),
)

_BLOCK = (
    Guard(
        key="block",
        question="Who had the account or amount blocked?",
        needs=("block_origin",),
        test=c.who_blocked,
        verdicts=(c.FROZEN_BY_FUND, c.BLOCKED_BY_COURT, c.BLOCKED_BY_EMPLOYER),
        milder="the fund's own opposition, or a court's or liquidator's order",
        harsher="the bank's word that the employer had direct debits blocked, and a person's finding",
    ),
)

_SCHEME = (
    Guard(
        key="scheme",
        question="Was the scheme sent that of the mandate?",
        needs=("scheme_sent", "scheme_on_mandate"),
        test=c.scheme_as_signed,
        verdicts=(c.OTHER_SCHEME,),
        milder="a mandate of another scheme than the file",
        harsher="a mandate of the scheme that was sent",
    ),
    Guard(
        key="account-type",
        question="Does the account take such debits?",
        needs=("scheme_sent",),
        test=c.account_fits_scheme,
        verdicts=(c.CONSUMER_ACCOUNT, c.ACCOUNT_REFUSES),
        milder="the bank's word that the account takes such debits",
        harsher="a person's finding that the employer gave an account that takes no such debits",
    ),
)

_LIMIT = (
    Guard(
        key="agreed",
        question="Were amount and number of debits as announced?",
        needs=("notice", "amount_sent_minor", "other_live_collections"),
        test=c.within_what_was_agreed,
        verdicts=(c.MORE_THAN_ANNOUNCED, c.MORE_DEBITS),
        milder="no notice, a notice of a smaller amount, or another live collection of the contribution",
        harsher="a notice of at least the amount sent, and no other live collection",
    ),
    Guard(
        key="limit",
        question="Whose limit refused the debit?",
        needs=("mandate_limit_minor", "amount_sent_minor", "told_to_lodge"),
        test=c.employer_limit,
        verdicts=(c.LIMIT_TOO_LOW, c.LIMIT_UNKNOWN),
        milder="the bank's word that the limit is its own",
        harsher="a limit of the employer's below the amount, set although it had been told what to allow",
    ),
)

_BIC = (
    Guard(
        key="bic",
        question="Who gave the BIC?",
        needs=("debtor_bic_origin",),
        test=c.bic_origin,
        verdicts=(c.BIC_DERIVED, c.BIC_GIVEN),
        milder="a file without a BIC from the form",
        harsher="a form on which the employer gave the BIC",
    ),
)

_TWIN = (
    Guard(
        key="twin",
        question="Do our own files hold the twin?",
        needs=("twin",),
        test=c.twin_is_ours,
        verdicts=(c.SENT_TWICE, c.DOUBLED_BY_BANK),
        milder=_ANOTHER_CODE,
        harsher=_ANOTHER_CODE,
        arises=c.twin_searched,
        asked_when="our files were searched for the twin",
    ),
    Guard(
        key="table",
        question="Were our files searched for the twin?",
        needs=("failure",),
        test=c.twin_unsearched,
        verdicts=(c.TWIN_UNSEARCHED,),
        milder=_ANOTHER_CODE,
        harsher=_ANOTHER_CODE,
    ),
)

_CUT_OFF = (
    Guard(
        key="acknowledged",
        question="Had our bank acknowledged the file before its cut-off?",
        needs=("bank_ack_at", "cut_off_at"),
        test=c.acknowledged_in_time,
        verdicts=(c.ACKNOWLEDGED_IN_TIME, c.SENT_LATE),
        milder=_ANOTHER_CODE,
        harsher=_ANOTHER_CODE,
        arises=c.acknowledged,
        asked_when="an acknowledgement of our bank, and its cut-off, are on file",
    ),
    Guard(
        key="table",
        question="Is an acknowledgement of our bank on file?",
        needs=("failure",),
        test=c.not_acknowledged,
        verdicts=(c.SENT_LATE,),
        milder=_ANOTHER_CODE,
        harsher=_ANOTHER_CODE,
    ),
)

_EPC173 = "EPC173-14 v8.0 (meaning of the code); the attribution is reasoned"
CONTEXT_RULES: Mapping[ContextRule, Rule] = MappingProxyType(
    {
        ContextRule.ACC: Rule(
            "The account is wrong, closed or not the debtor's",
            f"{_EPC173}; reasoned: without a notice in time (EPC016-06, EPC222-07) the employer could not name another account",
            _ACC,
        ),
        ContextRule.NOTICE: Rule(
            "No funds, or the creditor is blacklisted",
            f"{_EPC173}; EPC016-06 and EPC222-07 (pre-notification, 14 days unless otherwise agreed)",
            _NOTICE,
        ),
        ContextRule.MANDATE: Rule(
            "The bank sees no mandate",
            f"{_EPC173}; EPC016-06 (36 months; refund of an unauthorised debit); EPC222-07 (the debtor bank registers)",
            _MANDATE,
        ),
        ContextRule.REFUND: Rule(
            "The debtor asked for its money back", "EPC016-06 (refund within eight weeks, CORE only)", _REFUND
        ),
        ContextRule.REFUSE: Rule("The debtor refused or stopped the debit", _EPC173, _REFUSE),
        ContextRule.BLOCK: Rule(
            "The account or amount is blocked",
            f"{_EPC173}; Algeria, law 08-08 arts. 57-59 (opposition by the fund itself)",
            _BLOCK,
        ),
        ContextRule.SCHEME: Rule("The account takes no such debit", _EPC173, _SCHEME),
        ContextRule.LIMIT: Rule("A limit or a list at the debtor's bank refused it", _EPC173, _LIMIT),
        ContextRule.BIC: Rule("The bank identifier is wrong", _EPC173, _BIC),
        ContextRule.TWIN: Rule("The bank sees a duplicate", _EPC173, _TWIN),
        ContextRule.CUT_OFF: Rule("The bank says that the file came late", _EPC173, _CUT_OFF),
    }
)
