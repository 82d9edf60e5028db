"""The rules of the SEPA direct debit schemes for a pain.008, one line each: what is held, how a finding is worded, and why.

From the customer-to-bank guidelines (EPC130-08 Core, EPC131-08 B2B) and the ISO reasons with which banks answer. What banks
only advise, or repair by themselves, is a warning. A payment outside SEPA (no service level SEPA) is not held against
what only SEPA asks for. How each is checked stands in `block.py`, `transaction.py` and `rules.py`.
"""

from debit_service.iso20022.findings import Rule, Severity

_GUIDE = "EPC130-08 / EPC131-08"


def _rule(code: str, message: str, remedy: str, source: str = _GUIDE, severity: Severity = "error") -> Rule:
    return Rule(f"iso.pain008.{code}", severity, message, remedy, source)


# The file as a whole.
COUNT = _rule("count", "NbOfTxs is missing or not {count}.", "Count the transactions.", "AM18")
SUM = _rule(
    "sum", "CtrlSum is missing, malformed or not {sum}, to which the amounts add up.", "Add the amounts up.", "AM10"
)
SCHEMES = _rule("schemes", "CORE and B2B stand in one message.", "Write two files.", "CH22")
CURRENCIES = _rule(
    "currencies", "The file holds amounts in several currencies: its control sum means nothing.", "Write one file each."
)
DUPLICATE_BLOCK = _rule("duplicate_block", "This PmtInfId stands in the file before.", "Make it unique.", "DU02")
DUPLICATE = _rule("duplicate", "This EndToEndId stands in the file before.", "Give each attempt its own.", "DU04")
MANDATE_USED_UP = _rule(
    "mandate_used_up",
    "A collection under this mandate stands in the file before as its only or last one (OOFF, FNAL).",
    "Collect once, or as RCUR.",
    f"{_GUIDE}: sequence type",
)

# What a block says of its transactions.
PAYMENT_METHOD = _rule("payment_method", "The payment method is not DD.", "Set PmtMtd to DD.")
SEQUENCE_TYPE = _rule(
    "sequence_type", "The sequence type is not FRST, RCUR, FNAL or OOFF (RPRE is not used in SEPA).", "Set SeqTp."
)
SCHEME = _rule("scheme", "The scheme is not CORE or B2B.", "Set LclInstrm/Cd.")
SERVICE_LEVEL = _rule(
    "service_level",
    "These are amounts in euro without the service level SEPA: what SEPA asks for was not checked.",
    "Set SvcLvl/Cd to SEPA, unless the bank collects outside SEPA.",
    "pain 12",
    "warning",
)
TYPE_LEVEL = _rule("type_level", "A transaction has payment type information of its own.", "Give it in the block only.")
CHARGE_BEARER = _rule("charge_bearer", "The charge bearer is not SLEV.", "Set ChrgBr to SLEV.")
CREDITOR_NAME = _rule("creditor_name", "There is no name of the creditor.", "Give Cdtr/Nm.")

# Dates.
DATE = _rule("date", "A date is missing or none.", "Write it like 2026-10-05.", "DT01")
DATE_CLOSED = _rule(
    "date_closed",
    "On the collection date TARGET is closed: the bank would debit later.",
    "Take the open day before it.",
    "CH19; EPC016-06",
)
DATE_PAST = _rule(
    "date_past",
    "The collection date lies before the day on which the file was made: banks refuse it, or debit later.",
    "Set it.",
    "DT01",
    "warning",
)
DATE_NEAR = _rule(
    "date_near",
    "The file was made on the collection date; banks want it at least one TARGET day before.",
    "Make it earlier, or ask the bank for its cut-off.",
    "EPC016-06",
    "warning",
)
DATE_FAR = _rule(
    "date_far",
    "The collection date is more than 14 calendar days after the file was made; some banks refuse that.",
    "Send the file later, unless the bank stores it.",
    "EPC016-06",
    "warning",
)
SIGNED_LATE = _rule(
    "signed_late",
    "The mandate was signed after the file was made, or after the collection date.",
    "Compare the date with the form.",
    "MD02",
)

# References and identifiers. Their characters are held by `charset.check_reference`: iso.reference.*.
REFERENCE = _rule("reference", "There is no reference.", "Give one: answers are matched by it.", _GUIDE)
MANDATE = _rule("mandate", "There is no date of signature.", "Give it.", "MD02")
CREDITOR_IDENTIFIER = _rule(
    "creditor_identifier",
    "The check digits of the creditor identifier do not fit.",
    "Compare it with the letter that assigned it.",
    "CH11; EPC262-08",
)
CREDITOR_IDENTIFIER_SCHEME = _rule(
    "creditor_identifier_scheme",
    "The creditor identifier is not named as one of SEPA.",
    "Set SchmeNm/Prtry beside it to SEPA.",
)
CREDITOR_IDENTIFIER_PLACE = _rule(
    "creditor_identifier_place",
    "The creditor identifier stands in the block or in each transaction, once.",
    "Give it in the block.",
    "RC12, CH12",
)
ACCOUNT = _rule("account", "This is no valid account number of its scheme.", "Compare it with the form.", "AC01")
ACCOUNT_SCHEME = _rule("account_scheme", "SEPA debits and credits an IBAN only.", "Give the IBAN.", "AC01")
ACCOUNT_CURRENCY = _rule("account_currency", "SEPA accounts here are in euro.", "Leave Ccy out.", "AM03", "warning")
AGENT = _rule(
    "agent",
    "The bank has neither a BIC nor the word for none.",
    "Give the BIC, or Othr/Id NOTPROVIDED, unless the bank wants nothing there.",
    "RC01; pain 7",
    "warning",
)
AGENT_ABROAD = _rule(
    "agent_abroad",
    "The account is outside the European Economic Area, and its bank has no BIC.",
    "Give the BIC of the bank.",
    "RC01",
    "warning",
)

# Amounts.
AMOUNT = _rule("amount", "There is no amount, or none that can be read.", "Write it like 1234.56.", _GUIDE)
AMOUNT_CURRENCY = _rule("amount_currency", "SEPA collects in euro only.", "Correct the currency.", "AM03")
AMOUNT_ZERO = _rule("amount_zero", "The amount is zero.", "Leave the transaction out.", "AM01")
AMOUNT_LARGE = _rule("amount_large", "SEPA collects at most 999999999.99.", "Collect it in parts.", "AM02")
AMOUNT_DECIMALS = _rule("amount_decimals", "SEPA amounts have at most two decimals.", "Write it like 1234.56.", _GUIDE)

# Amendments of a mandate.
AMENDMENT = _rule("amendment", "AmdmntInd true and AmdmntInfDtls come together.", "Give both or none.", "CH10")
AMENDMENT_EMPTY = _rule(
    "amendment_empty",
    "The amendment names nothing that may change: mandate, creditor, account or bank.",
    "Give the old value of what has changed.",
    "CH10",
)
AMENDMENT_SAME = _rule(
    "amendment_same",
    "What the amendment gives as old is what the transaction gives as new.",
    "Give the old value, or drop the amendment.",
    "CH09",
    "warning",
)
SMNDA_PLACE = _rule(
    "smnda_place",
    "SMNDA stands at the old bank; since November 2016 it stands at the old account.",
    "Move it to OrgnlDbtrAcct/Id/Othr/Id.",
    f"{_GUIDE}: amendment",
)
SMNDA_AGENT = _rule("smnda_agent", "Beside SMNDA there is an old bank.", "Leave OrgnlDbtrAgt out.", "CH14")
SMNDA_ONLY = _rule(
    "smnda_only",
    "The old account is neither an IBAN nor SMNDA.",
    "Give the old IBAN, or SMNDA in OrgnlDbtrAcct/Id/Othr/Id.",
    "CH13",
)

# Names, addresses, texts.
DEBTOR_NAME = _rule("debtor_name", "There is no name of the debtor.", "Give Dbtr/Nm.", "BE08")
NAME_LENGTH = _rule("name_length", "The name is longer than 70 characters.", "Shorten it.")
CHARACTERS = _rule(
    "characters",
    "The text holds characters that SEPA banks need not accept.",
    "Transliterate it.",
    "RR10; EPC217-08",
    "warning",
)
ADDRESS = _rule(
    "address",
    "An address is structured, or hybrid: town and country, with at most two lines (since 15 November 2026).",
    "Give TwnNm and Ctry.",
    "EPC016-06 v1.1",
)
REMITTANCE = _rule(
    "remittance",
    "The remittance information is not one text (Ustrd) or one structure (Strd).",
    "Give one of them, once.",
)

# Every rule of this page.
RULES: tuple[Rule, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
