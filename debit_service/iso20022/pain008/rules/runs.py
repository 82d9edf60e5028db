"""Thousands of transactions of one layout at once: that no text of them breaks a rule, seen without looking at each.

Transactions that share a layout differ in their texts only. So one of them, held against every rule, stands for all in what
the layout decides; what the texts decide is looked at column by column: a joined text has no character outside the set, no
amount is zero. A column that does not prove clean proves nothing against it: then its rows are held one by one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from debit_service.core.errors import InvalidInput
from debit_service.core.money import exponent
from debit_service.iso20022.layout import Run
from debit_service.iso20022.pain008.rules.block import IDENTIFIER, NAME_MAX, REFERENCE_MAX, Block, day_of
from debit_service.iso20022.pain008.rules.transaction import AMENDED, EEA, MANDATE, is_late, transaction_findings

Column = Sequence[str]

# Joins the texts of a column: XML forbids it, so no text can hold it.
_BORDER = "\x1f"
_BANK_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ "
_SLASHES = re.compile(rf"//|/{_BORDER}|{_BORDER}/")
# Their IBAN carries a national key, which `parse_account` checks.
_KEYED = frozenset({"DZ", "MA"})
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LETTERS = {chr(code): str(code - 55) for code in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class Totals:
    """What a clean run adds to the totals: its amounts in minor units, their currency, and what identifies each of it."""

    minor: int
    currency: str
    references: Column
    mandates: Column
    identifier: str | None


def clean(run: Run, block: Block) -> Totals | None:
    """The totals of a run of which every transaction is proved to break no rule; None where that is not proved."""
    layout, first = run.layout, run.layout.flat(run.rows[0])
    currency = layout.fixed.get("InstdAmt/@Ccy")
    # Amendments compare one text with another: they are rare, and held one by one.
    if currency is None or f"{AMENDED}/" in layout.fixed or any(transaction_findings(first, block)):
        return None
    columns = dict(zip(layout.paths, zip(*run.rows, strict=True), strict=True))
    if not all(_COLUMNS[path](column, block) for path, column in columns.items() if path in _COLUMNS):
        return None
    minor = _sum(columns["InstdAmt"], currency)
    if minor is None:
        return None
    return Totals(
        minor=minor,
        currency=currency,
        references=columns["PmtId/EndToEndId"],
        mandates=columns[f"{MANDATE}/MndtId"],
        identifier=first.get(f"DrctDbtTx/CdtrSchmeId/{IDENTIFIER}/Id", block.identifier),
    )


def _given(column: Column, _: Block) -> bool:
    """Every text says something."""
    return "NOTPROVIDED" not in column


def _alike(column: Column, _: Block) -> bool:
    """Every text is that of the first row, which was held against the rules."""
    return column.count(column[0]) == len(column)


def _references(column: Column, block: Block) -> bool:
    """Every text is a reference that no bank alters. Blanks at an end are in no text of a layout."""
    joined = _BORDER.join(column)
    return (
        _given(column, block)
        and max(map(len, column)) <= REFERENCE_MAX
        and _is_bank_text(joined)
        and not _SLASHES.search(f"{_BORDER}{joined}{_BORDER}")
    )


def _names(column: Column, block: Block) -> bool:
    """Every text is a name that fits."""
    return _texts(column, block) and _given(column, block) and max(map(len, column)) <= NAME_MAX


def _texts(column: Column, _: Block) -> bool:
    """No text holds what a bank need not accept."""
    return _is_bank_text(_BORDER.join(column))


def _is_bank_text(joined: str) -> bool:
    return joined.isascii() and not joined.encode().translate(None, _BANK_BYTES + _BORDER.encode())


def _signatures(column: Column, block: Block) -> bool:
    """Every text is a day on which a mandate of the block can have been signed."""
    days = [day_of(text) for text in set(column)]
    return all(day is not None and not is_late(day, block) for day in days)


def _ibans(column: Column, block: Block) -> bool:
    """Every text is an IBAN, with its check digits (ISO 13616), of a country where the first row stands for all."""
    countries = frozenset({text[:2] for text in column})
    if not all(map(_COUNTRY.fullmatch, countries)) or countries & _KEYED or (block.is_sepa and not countries <= EEA):
        return False
    pattern = _ibans_pattern(countries)
    return pattern is not None and pattern.fullmatch(_BORDER.join(column)) is not None and _leave_one(column)


def _leave_one(ibans: Column) -> bool:
    """Whether each, with its first four characters at its end and letters as two digits, leaves 1 when divided by 97."""
    joined = _BORDER.join([text[4:] + text[:4] for text in ibans])
    for letter in set(joined) & _LETTERS.keys():
        joined = joined.replace(letter, _LETTERS[letter])
    return {int(digits) % 97 for digits in joined.split(_BORDER)} == {1}


@lru_cache(maxsize=64)
def _ibans_pattern(countries: frozenset[str]) -> re.Pattern[str] | None:
    """The pattern of joined IBANs of these countries, as the library's registry has it."""
    bodies = [_body(country) for country in sorted(countries)]
    return _joined(f"(?:{'|'.join(bodies)})") if all(bodies) else None


def _body(country: str) -> str:
    """What an IBAN of a country looks like; empty where there is none."""
    try:
        pattern = IBAN(f"{country}00", allow_invalid=True).spec.regex.pattern
    except SchwiftyException:
        return ""
    # 00, 01 and 99 can leave 1, but no check digits are so computed.
    body = pattern.removeprefix("^").removesuffix("$").replace("A-Za-z", "A-Z")
    return f"{country}(?!00|01|99)[0-9]{{2}}{body}"


def _joined(one: str) -> re.Pattern[str]:
    return re.compile(f"{one}(?:{_BORDER}{one})*", re.ASCII)


_DZ_RIBS, _MA_RIBS = _joined("[0-9]{20}"), _joined("[0-9]{24}")


def _national_accounts(column: Column, _: Block) -> bool:
    """Every text is an account number with the national key of the first row's country (see `core.accounts`).

    That the first row broke no rule says that its scheme, if it is one of these, is the one that its length shows.
    """
    joined = _BORDER.join(column)
    # A key is 97 less a rest: 00, 98 and 99 would leave the right rest and are never computed.
    if {text[-2:] for text in column} & {"00", "98", "99"}:
        return False
    if _DZ_RIBS.fullmatch(joined):
        return {int(text[3:20]) % 97 for text in column} == {0}
    return _MA_RIBS.fullmatch(joined) is not None and {int(text) % 97 for text in column} == {0}


def _sum(column: Column, currency: str) -> int | None:
    """The sum in minor units of amounts that are all above zero, written with the currency's decimals and at most nine
    digits before them."""
    try:
        pattern = _amounts_pattern(exponent(currency))
    except InvalidInput:
        return None
    joined = _BORDER.join(column)
    return sum(map(int, joined.replace(".", "").split(_BORDER))) if pattern.fullmatch(joined) else None


@cache
def _amounts_pattern(decimals: int) -> re.Pattern[str]:
    zero = rf"0+(?:\.0+)?(?:{_BORDER}|\Z)"
    return _joined(rf"(?!{zero})[0-9]{{1,9}}" + (rf"\.[0-9]{{{decimals}}}" if decimals else ""))


# What the rules read of a transaction, and how a column of it proves clean. A path that does not stand here is read by no
# rule, or is in the layout and not in a text.
_COLUMNS: Mapping[str, Callable[[Column, Block], bool]] = {
    "PmtId/InstrId": _references,
    "PmtId/EndToEndId": _references,
    f"{MANDATE}/MndtId": _references,
    f"{MANDATE}/DtOfSgntr": _signatures,
    f"{MANDATE}/AmdmntInd": _alike,
    "ChrgBr": _alike,
    f"DrctDbtTx/CdtrSchmeId/{IDENTIFIER}/Id": _alike,
    f"DrctDbtTx/CdtrSchmeId/{IDENTIFIER}/SchmeNm/Prtry": _alike,
    "DbtrAgt/FinInstnId/Othr/Id": _alike,
    "DbtrAgt/FinInstnId/BICFI": _given,
    "DbtrAgt/FinInstnId/BIC": _given,
    "Dbtr/Nm": _names,
    "Dbtr/PstlAdr/TwnNm": _given,
    "Dbtr/PstlAdr/Ctry": _given,
    "UltmtCdtr/Nm": _names,
    "UltmtDbtr/Nm": _names,
    "DbtrAcct/Id/IBAN": _ibans,
    "DbtrAcct/Id/Othr/Id": _national_accounts,
    "DbtrAcct/Id/Othr/SchmeNm/Prtry": _alike,
    "DbtrAcct/Ccy": _alike,
    "RmtInf/Ustrd": _texts,
}
