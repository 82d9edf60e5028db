"""Mandates: their states, what may be done with them, their documents and account numbers."""

from collections.abc import Mapping
from typing import Final

from debit_service.web.words.lookup import N_, named

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


def mandate_state(value: str) -> str:
    """The state of a mandate."""
    return named(MANDATE_STATES, value)


def mandate_step(value: str) -> str:
    """What to do next about a mandate."""
    return named(MANDATE_STEPS, value)


def mandate_wait(value: str) -> str:
    """What a mandate waits for, to a clerk."""
    return named(MANDATE_WAITS, value)


def mandate_move(value: str) -> str:
    """What is done with a mandate that is in use."""
    return named(MANDATE_MOVES, value)


def mandate_field(value: str) -> str:
    """What an amendment changed."""
    return named(MANDATE_FIELDS, value)


def bank_step(value: str) -> str:
    """What a bank did with a mandate."""
    return named(BANK_STEPS, value)


def document_kind(value: str) -> str:
    """What a scan shows."""
    return named(DOCUMENT_KINDS, value)


def capacity(value: str) -> str:
    """In what capacity somebody signs."""
    return named(CAPACITIES, value)


def account_scheme(value: str) -> str:
    """A kind of account number."""
    return named(ACCOUNT_SCHEMES, value)


def account_help(value: str) -> str:
    """What an account number of this kind looks like."""
    return named(ACCOUNT_HELP, value)
