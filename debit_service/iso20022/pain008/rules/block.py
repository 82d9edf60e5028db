"""The rules that a block (PmtInf) is held against by itself, and what of it its transactions are held against."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from stdnum.eu import at_02

from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.errors import InvalidInput
from debit_service.iso20022.charset import check_reference, is_bank_text
from debit_service.iso20022.findings import Finding, Rule
from debit_service.iso20022.flat import Flat, repeats, text
from debit_service.iso20022.pain008.rules import rulebook as rules

IsOpen = Callable[[date], bool]

REFERENCE_MAX, NAME_MAX = 35, 70
IDENTIFIER = "Id/PrvtId/Othr"
_EARLIEST_DAYS = 14
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Block:
    """What of a block its transactions are held against. `signed_by` is the last day on which a mandate can have been signed."""

    place: str
    is_sepa: bool = False
    scheme: str | None = None
    sequence_type: str | None = None
    identifier: str | None = None
    signed_by: date | None = None


def read_block(flat: Flat, place: str, created: date | None) -> Block:
    """The facts of a block, for its transactions."""
    days = [day for day in (created, day_of(text(flat, "ReqdColltnDt"))) if day is not None]
    return Block(
        place=place,
        is_sepa=text(flat, "PmtTpInf/SvcLvl/Cd") == "SEPA",
        scheme=text(flat, "PmtTpInf/LclInstrm/Cd"),
        sequence_type=text(flat, "PmtTpInf/SeqTp"),
        identifier=text(flat, f"CdtrSchmeId/{IDENTIFIER}/Id"),
        signed_by=min(days, default=None),
    )


def block_findings(flat: Flat, block: Block, created: date | None, is_open: IsOpen) -> Iterator[Finding]:
    """What is wrong with a block before any of its transactions is looked at."""
    place = block.place
    yield from reference(flat, "PmtInfId", place)
    fixed = (
        ("PmtMtd", {"DD"}, rules.PAYMENT_METHOD),
        ("PmtTpInf/SeqTp", {"FRST", "RCUR", "FNAL", "OOFF"}, rules.SEQUENCE_TYPE),
        ("PmtTpInf/LclInstrm/Cd", {"CORE", "B2B"}, rules.SCHEME),
        ("ChrgBr", {"SLEV"}, rules.CHARGE_BEARER),
    )
    for path, allowed, rule in fixed:
        if text(flat, path) not in allowed:
            yield rule.at(f"{place}/{path}")
    yield from _date_findings(flat, block, created, is_open)
    yield from party(flat, "Cdtr", block, rules.CREDITOR_NAME)
    yield from name(flat, "UltmtCdtr/Nm", place)
    yield from account(flat, "CdtrAcct", block)
    yield from agent(flat, "CdtrAgt", block)
    yield from identifier(flat, "CdtrSchmeId", block)


def reference(flat: Flat, path: str, place: str, *, optional: bool = False) -> Iterator[Finding]:
    """A reference is there, and its length and characters are such that no bank alters it."""
    where = f"{place}/{path}"
    value = text(flat, path)
    if value is None:
        if not optional:
            yield rules.REFERENCE.at(where)
        return
    try:
        check_reference(value, REFERENCE_MAX, where)
    except InvalidInput as error:
        yield Finding(error.code, "error", where, error.message, error.remedy or "Give it another reference.")


def party(flat: Flat, path: str, block: Block, missing: Rule) -> Iterator[Finding]:
    """A creditor or debtor: its name, and the form of its address."""
    if text(flat, f"{path}/Nm") is None:
        yield missing.at(f"{block.place}/{path}/Nm")
    yield from name(flat, f"{path}/Nm", block.place)
    yield from _address(flat, f"{path}/PstlAdr", block.place)


def name(flat: Flat, path: str, place: str) -> Iterator[Finding]:
    """A name fits, and is written in the characters of the scheme."""
    value = text(flat, path)
    if value is None:
        return
    if len(value) > NAME_MAX:
        yield rules.NAME_LENGTH.at(f"{place}/{path}")
    yield from characters(value, f"{place}/{path}")


def characters(value: str, where: str) -> Iterator[Finding]:
    """A text for people is written in the characters of the scheme."""
    if not is_bank_text(value):
        yield rules.CHARACTERS.at(where)


def account(flat: Flat, path: str, block: Block) -> Iterator[Finding]:
    """An account is of a scheme that the block allows, and its check digits or key fit."""
    place = f"{block.place}/{path}/Id"
    iban = text(flat, f"{path}/Id/IBAN")
    other = text(flat, f"{path}/Id/Othr/Id")
    if iban is not None:
        if not is_account(iban, AccountScheme.IBAN):
            yield rules.ACCOUNT.at(f"{place}/IBAN")
    elif block.is_sepa:
        yield rules.ACCOUNT_SCHEME.at(place)
    elif other is not None:
        scheme = text(flat, f"{path}/Id/Othr/SchmeNm/Prtry") or ""
        if scheme in AccountScheme.__members__ and not is_account(other, AccountScheme(scheme)):
            yield rules.ACCOUNT.at(f"{place}/Othr/Id")
    if block.is_sepa and text(flat, f"{path}/Ccy") not in {None, "EUR"}:
        yield rules.ACCOUNT_CURRENCY.at(f"{block.place}/{path}/Ccy")


def agent(flat: Flat, path: str, block: Block) -> Iterator[Finding]:
    """A bank is named by its BIC, or said not to be."""
    bank = f"{path}/FinInstnId"
    if block.is_sepa and not has_bic(flat, path) and flat.get(f"{bank}/Othr/Id") != "NOTPROVIDED":
        yield rules.AGENT.at(f"{block.place}/{bank}")


def has_bic(flat: Flat, path: str) -> bool:
    """Whether the bank at `path` is named by its BIC, in the words of any version."""
    return text(flat, f"{path}/FinInstnId/BICFI", f"{path}/FinInstnId/BIC") is not None


def identifier(flat: Flat, path: str, block: Block) -> Iterator[Finding]:
    """A creditor identifier of SEPA is named as one, and its check digits fit."""
    value = text(flat, f"{path}/{IDENTIFIER}/Id")
    if value is None or not block.is_sepa:
        return
    if not creditor_identifier_holds(value):
        yield rules.CREDITOR_IDENTIFIER.at(f"{block.place}/{path}/{IDENTIFIER}/Id")
    if text(flat, f"{path}/{IDENTIFIER}/SchmeNm/Prtry") != "SEPA":
        yield rules.CREDITOR_IDENTIFIER_SCHEME.at(f"{block.place}/{path}/{IDENTIFIER}/SchmeNm")


@lru_cache(maxsize=256)
def creditor_identifier_holds(value: str) -> bool:
    """Whether the check digits fit (EPC262-08): mod 97-10 over national id, country and check digits; the business code
    (characters 5 to 7) is not part of it."""
    return bool(at_02.is_valid(value))


def is_account(value: str, scheme: AccountScheme) -> bool:
    """Whether this is an account of the scheme, with its check digits or key."""
    try:
        parse_account(value, scheme)
    except InvalidInput:
        return False
    return True


def day_of(value: str | None) -> date | None:
    """The day of an xs:date or xs:dateTime; None where there is none."""
    if value is None or not _DATE.match(value):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _date_findings(flat: Flat, block: Block, created: date | None, is_open: IsOpen) -> Iterator[Finding]:
    place = f"{block.place}/ReqdColltnDt"
    asked = day_of(text(flat, "ReqdColltnDt"))
    if asked is None:
        yield rules.DATE.at(place)
        return
    if block.is_sepa and not is_open(asked):
        yield rules.DATE_CLOSED.at(place)
    if created is None:
        return
    if asked < created:
        yield rules.DATE_PAST.at(place)
    elif asked == created:
        yield rules.DATE_NEAR.at(place)
    elif block.is_sepa and asked - created > timedelta(days=_EARLIEST_DAYS):
        yield rules.DATE_FAR.at(place)


def _address(flat: Flat, path: str, place: str) -> Iterator[Finding]:
    lines = sum(1 for _ in repeats(flat, f"{path}/AdrLine"))
    located = text(flat, f"{path}/TwnNm") and text(flat, f"{path}/Ctry")
    if f"{path}/" in flat and (lines > 2 or not located):
        yield rules.ADDRESS.at(f"{place}/{path}")
