"""The rules that one transaction is held against: a pure function from its leaves to what is wrong with it."""

from collections.abc import Iterator
from datetime import date

from debit_service.core.accounts import AccountScheme
from debit_service.core.errors import InvalidInput
from debit_service.core.money import parse_minor
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.flat import Flat, text
from debit_service.iso20022.pain008.rules import rulebook as rules
from debit_service.iso20022.pain008.rules.block import (
    IDENTIFIER,
    Block,
    account,
    agent,
    characters,
    day_of,
    has_bic,
    identifier,
    is_account,
    name,
    party,
    reference,
)

AMOUNT_MAX_MINOR = 99_999_999_999
MANDATE = "DrctDbtTx/MndtRltdInf"
AMENDED = f"{MANDATE}/AmdmntInfDtls"
# Countries of the European Economic Area: for their accounts no bank asks for a BIC.
EEA = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
_SMNDA = "SMNDA"


def transaction_findings(flat: Flat, block: Block) -> Iterator[Finding]:
    """What is wrong with one transaction of `block`, whose `place` is that of the transaction."""
    place = block.place
    yield from reference(flat, "PmtId/InstrId", place, optional=True)
    yield from reference(flat, "PmtId/EndToEndId", place)
    yield from _amount(flat, block)
    yield from _type(flat, block)
    yield from _mandate(flat, block)
    if flat.get(f"{MANDATE}/AmdmntInd") is not None or f"{AMENDED}/" in flat:
        yield from _amendment(flat, block)
    yield from _creditor_identifier(flat, block)
    yield from agent(flat, "DbtrAgt", block)
    yield from party(flat, "Dbtr", block, rules.DEBTOR_NAME)
    yield from name(flat, "UltmtCdtr/Nm", place)
    yield from name(flat, "UltmtDbtr/Nm", place)
    yield from account(flat, "DbtrAcct", block)
    yield from _agent_abroad(flat, block)
    yield from _remittance(flat, block)


def minor_units(flat: Flat) -> tuple[int, str] | None:
    """The amount in minor units and its currency; None where there is none that can be read."""
    value, currency = flat.get("InstdAmt"), flat.get("InstdAmt/@Ccy")
    if value is None or currency is None:
        return None
    # xs:decimal allows a missing digit beside the point (`.16`, `10.`).
    whole = ("0" + value if value.startswith(".") else value).removesuffix(".")
    try:
        return parse_minor(whole, currency), currency
    except InvalidInput:
        return None


def _amount(flat: Flat, block: Block) -> Iterator[Finding]:
    place = f"{block.place}/InstdAmt"
    read = minor_units(flat)
    if read is None:
        yield rules.AMOUNT.at(place)
        return
    minor, currency = read
    if minor == 0:
        yield rules.AMOUNT_ZERO.at(place)
    if not block.is_sepa:
        return
    if currency != "EUR":
        yield rules.AMOUNT_CURRENCY.at(place)
    if minor > AMOUNT_MAX_MINOR:
        yield rules.AMOUNT_LARGE.at(place)
    if len(flat["InstdAmt"].partition(".")[2]) > 2:
        yield rules.AMOUNT_DECIMALS.at(place)


def _type(flat: Flat, block: Block) -> Iterator[Finding]:
    if block.is_sepa and "PmtTpInf/" in flat:
        yield rules.TYPE_LEVEL.at(f"{block.place}/PmtTpInf")
    if text(flat, "ChrgBr") not in {None, "SLEV"}:
        yield rules.CHARGE_BEARER.at(f"{block.place}/ChrgBr")


def _mandate(flat: Flat, block: Block) -> Iterator[Finding]:
    yield from reference(flat, f"{MANDATE}/MndtId", block.place)
    place = f"{block.place}/{MANDATE}/DtOfSgntr"
    said = text(flat, f"{MANDATE}/DtOfSgntr")
    signed = day_of(said)
    if said is None:
        yield rules.MANDATE.at(place)
    elif signed is None:
        yield rules.DATE.at(place)
    elif is_late(signed, block):
        yield rules.SIGNED_LATE.at(place)


def is_late(signed: date, block: Block) -> bool:
    """Whether this day is after the one on which a mandate of this block can have been signed."""
    return block.signed_by is not None and signed > block.signed_by


def _amendment(flat: Flat, block: Block) -> Iterator[Finding]:
    place = f"{block.place}/{AMENDED}"
    said = text(flat, f"{MANDATE}/AmdmntInd") in {"true", "1"}
    if said != (f"{AMENDED}/" in flat):
        yield rules.AMENDMENT.at(f"{block.place}/{MANDATE}")
        return
    if not said:
        return
    named = ("OrgnlMndtId", "OrgnlCdtrSchmeId/", "OrgnlDbtrAcct/", "OrgnlDbtrAgt/", "OrgnlDbtr/")
    if not any(f"{AMENDED}/{each}" in flat for each in named):
        yield rules.AMENDMENT_EMPTY.at(place)
    yield from reference(flat, f"{AMENDED}/OrgnlMndtId", block.place, optional=True)
    yield from identifier(flat, f"{AMENDED}/OrgnlCdtrSchmeId", block)
    yield from name(flat, f"{AMENDED}/OrgnlCdtrSchmeId/Nm", block.place)
    yield from _same(flat, block)
    yield from _original_account(flat, place)


def _same(flat: Flat, block: Block) -> Iterator[Finding]:
    """An amendment that changes nothing is answered with a reject by some banks."""
    now = (
        ("OrgnlMndtId", text(flat, f"{MANDATE}/MndtId")),
        ("OrgnlDbtrAcct/Id/IBAN", text(flat, "DbtrAcct/Id/IBAN")),
        (
            f"OrgnlCdtrSchmeId/{IDENTIFIER}/Id",
            text(flat, f"DrctDbtTx/CdtrSchmeId/{IDENTIFIER}/Id") or block.identifier,
        ),
    )
    for path, new in now:
        # Where the creditor's name has changed, its identifier is given although it is the same.
        named = path.startswith("OrgnlCdtr") and text(flat, f"{AMENDED}/OrgnlCdtrSchmeId/Nm") is not None
        if new is not None and text(flat, f"{AMENDED}/{path}") == new and not named:
            yield rules.AMENDMENT_SAME.at(f"{block.place}/{AMENDED}/{path}")


def _original_account(flat: Flat, place: str) -> Iterator[Finding]:
    iban = text(flat, f"{AMENDED}/OrgnlDbtrAcct/Id/IBAN")
    other = text(flat, f"{AMENDED}/OrgnlDbtrAcct/Id/Othr/Id")
    if iban is not None and not is_account(iban, AccountScheme.IBAN):
        yield rules.ACCOUNT.at(f"{place}/OrgnlDbtrAcct/Id/IBAN")
    scheme = text(flat, f"{AMENDED}/OrgnlDbtrAcct/Id/Othr/SchmeNm/Prtry")
    if other not in {None, _SMNDA} and scheme not in AccountScheme.__members__:
        yield rules.SMNDA_ONLY.at(f"{place}/OrgnlDbtrAcct/Id/Othr/Id")
    if text(flat, f"{AMENDED}/OrgnlDbtrAgt/FinInstnId/Othr/Id") == _SMNDA:
        yield rules.SMNDA_PLACE.at(f"{place}/OrgnlDbtrAgt/FinInstnId/Othr/Id")
    elif other == _SMNDA and f"{AMENDED}/OrgnlDbtrAgt/" in flat:
        yield rules.SMNDA_AGENT.at(f"{place}/OrgnlDbtrAgt")


def _creditor_identifier(flat: Flat, block: Block) -> Iterator[Finding]:
    path = "DrctDbtTx/CdtrSchmeId"
    own = text(flat, f"{path}/{IDENTIFIER}/Id")
    if (block.identifier is None) == (own is None):
        yield rules.CREDITOR_IDENTIFIER_PLACE.at(f"{block.place}/{path}")
    yield from identifier(flat, path, block)


def _agent_abroad(flat: Flat, block: Block) -> Iterator[Finding]:
    iban = text(flat, "DbtrAcct/Id/IBAN")
    if block.is_sepa and iban is not None and iban[:2] not in EEA and not has_bic(flat, "DbtrAgt"):
        yield rules.AGENT_ABROAD.at(f"{block.place}/DbtrAgt")


def _remittance(flat: Flat, block: Block) -> Iterator[Finding]:
    structured = "RmtInf/Strd/" in flat
    if "RmtInf/Ustrd[1]" in flat or "RmtInf/Strd[1]/" in flat or (structured and "RmtInf/Ustrd" in flat):
        yield rules.REMITTANCE.at(f"{block.place}/RmtInf")
    value = text(flat, "RmtInf/Ustrd")
    if value is not None:
        yield from characters(value, f"{block.place}/RmtInf/Ustrd")
