"""The context rules: what a reason code means once the file of evidence is opened.

A rule is an ordered tuple of guards (`guards.py`). The engine in `fault.py` asks each of them, takes the *mildest* verdict (the
first of equals), and holds the case when a needed piece is missing. So evidence in the employer's favour can only lower
an answer, and an accusation needs every piece.

The rules are reasoned from the meaning that ISO 20022 and the EPC's guidance EPC173-14 give to each code; no official table
of fault exists.
"""

from collections.abc import Mapping
from types import MappingProxyType

from debit_service.penalties import guards as g
from debit_service.penalties.guards import Guard
from debit_service.penalties.values import ContextRule

_ACCOUNT = Guard(
    "account", "Was the account sent the one that was signed?", ("account_sent", "account_on_form"), g.account_as_signed
)
_NAME = Guard(
    "name",
    "Was the name sent the one that was signed?",
    ("name_sent", "name_on_form"),
    g.name_as_signed,
    g.about_the_name,
)
_AMENDMENT = Guard(
    "amendment",
    "Was every amendment applied that came before the cut-off?",
    ("amendments", "cut_off_at"),
    g.amendment_applied,
)
_REVOCATION = Guard(
    "revocation",
    "Was the mandate revoked, and when did we know?",
    ("revocation_received_at", "cut_off_at"),
    g.revocation_respected,
)
_REFERENCES = Guard(
    "references",
    "Were mandate reference and creditor identifier sent as signed?",
    ("umr_sent", "umr_on_form", "creditor_id_sent", "creditor_id_on_form"),
    g.references_as_signed,
)
_DISPUTE = Guard("dispute", "Does the employer contest the debit?", ("open_dispute",), g.no_dispute)

_ACC = (
    _ACCOUNT,
    _NAME,
    _AMENDMENT,
    _REVOCATION,
    Guard("closed", "Does the bank keep to its reason?", ("failure",), g.account_closed, g.about_a_closed_account),
    Guard(
        "history",
        "Did this account work before?",
        ("past_successes",),
        g.account_worked_before,
        g.about_an_unknown_account,
    ),
)

_NOTICE = (
    Guard(
        "notice",
        "Did a notice announce this amount and date?",
        ("notice", "amount_sent_minor", "collection_date_sent"),
        g.notice_matches,
    ),
    Guard(
        "notice-days",
        "Did the notice go out in the agreed time?",
        ("notice", "notice_days_agreed"),
        g.notice_in_time,
        g.some_notice,
    ),
    Guard("open-day", "Was the announced day open?", ("day_closed_since",), g.day_still_open),
    Guard("file-time", "Was our file in time?", ("file_sent_at", "cut_off_at"), g.file_in_time),
    Guard(
        "second-debit",
        "Is another collection of this contribution in flight?",
        ("other_live_collections",),
        g.no_second_collection,
    ),
    Guard("conclusion", "Does the bank keep to its reason?", ("failure",), g.announced_and_unpaid),
)

_MANDATE = (
    Guard("proof", "Can the mandate be proven after all?", ("failure",), g.mandate_not_proven, g.refunded),
    _REFERENCES,
    _REVOCATION,
    _AMENDMENT,
    Guard(
        "dormant",
        "Was the mandate still alive?",
        ("last_presented_on", "mandate_signed_on", "collection_date_sent"),
        g.mandate_alive,
    ),
    Guard("core", "Why did the bank see no mandate?", ("scheme_sent",), g.core_bank_saw_no_mandate, g.core_or_unknown),
    Guard(
        "registered",
        "Had the employer's bank accepted the mandate?",
        ("scheme_sent", "bank_acceptance", "told_to_lodge"),
        g.registered_at_bank,
        g.b2b,
    ),
)

_REFUND = (
    Guard(
        "owed",
        "Was no more debited than declared and announced?",
        ("amount_sent_minor", "amount_declared_minor", "notice"),
        g.refund_of_what_was_owed,
    ),
)

_REFUSE = (
    _DISPUTE,
    Guard(
        "amount",
        "Was the declared amount debited?",
        ("amount_sent_minor", "amount_declared_minor"),
        g.amount_as_declared,
    ),
    Guard("notice", "Did a notice go out?", ("notice",), g.notice_sent),
    Guard("conclusion", "Why did the employer refuse?", ("failure",), g.refused_what_was_owed),
)

_SCHEME = (
    Guard(
        "scheme",
        "Was the scheme sent that of the mandate?",
        ("scheme_sent", "scheme_on_mandate"),
        g.scheme_as_signed,
    ),
    Guard("account-type", "Does the account take such debits?", ("scheme_sent",), g.account_fits_scheme),
)

_LIMIT = (
    Guard(
        "agreed",
        "Were amount and number of debits as announced?",
        ("notice", "amount_sent_minor", "other_live_collections"),
        g.within_what_was_agreed,
    ),
    Guard(
        "limit",
        "Whose limit refused the debit?",
        ("mandate_limit_minor", "amount_sent_minor", "told_to_lodge"),
        g.employer_limit,
    ),
)

CONTEXT_RULES: Mapping[ContextRule, tuple[Guard, ...]] = MappingProxyType(
    {
        ContextRule.ACC: _ACC,
        ContextRule.NOTICE: _NOTICE,
        ContextRule.MANDATE: _MANDATE,
        ContextRule.REFUND: _REFUND,
        ContextRule.REFUSE: _REFUSE,
        ContextRule.BLOCK: (
            Guard("block", "Who had the account or amount blocked?", ("block_origin",), g.who_blocked),
        ),
        ContextRule.SCHEME: _SCHEME,
        ContextRule.LIMIT: _LIMIT,
        ContextRule.BIC: (Guard("bic", "Who gave the BIC?", ("debtor_bic_origin",), g.bic_origin),),
    }
)

# What every penalty demands, whatever the code. The dispute guard goes beyond the code: a contested debit is not penalised.
GENERAL_GUARDS: tuple[Guard, ...] = (
    Guard("bank-file", "Is the bank's own file on record?", ("bank_file",), g.bank_file_kept),
    Guard(
        "presentation",
        "Did we present in time?",
        ("legal_due_date", "first_presented_on", "collection_date_sent"),
        g.presented_in_time,
    ),
    _DISPUTE,
)
