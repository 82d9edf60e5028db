"""An element as a flat map from path to text, in one walk: `{"Refs/EndToEndId": "C-1", "Amt": "10.00", "Amt/@Ccy": "EUR"}`.

Namespaces and prefixes fall away. Of siblings with one name, the second and further ones are numbered: `Rcrd`, `Rcrd[1]`.
An element that holds others, or nothing, is there as its path with a slash: `{"Refs/": ""}`. Readers of all versions then ask
for paths, and a version is a difference in paths.
"""

import re
from collections.abc import Iterator
from datetime import date

from lxml import etree

from debit_service.core.errors import InvalidInput
from debit_service.core.money import parse_minor
from debit_service.iso20022.xml import UnreadableFile, local_name

Flat = dict[str, str]

# What XML calls white space; str.strip() would also eat characters that a name may hold.
_BLANK = " \t\r\n"
# A day by itself or with its zone (xs:date), or before a time (xs:dateTime). Other ways of ISO 8601 are none of XML's.
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*|Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)


def flatten(element: etree._Element, before: etree._Element | None = None) -> Flat:
    """The leaves of `element` by path, in their order, up to its child `before` if one is given.

    Blanks are kept: an amount with blanks is refused, a text is stripped when asked for.
    """
    flat: Flat = {}
    _walk(element, "", flat, before)
    return flat


def _walk(element: etree._Element, prefix: str, flat: Flat, before: etree._Element | None = None) -> None:
    counts: dict[str, int] = {}
    for child in element:
        if child is before:
            break
        path = prefix + local_name(child.tag)
        repeat = counts.get(path, 0)
        counts[path] = repeat + 1
        if repeat:
            path = f"{path}[{repeat}]"
        if len(child):
            path += "/"
            flat[path] = ""
            _walk(child, path, flat)
            continue
        if child.text:
            flat[path] = child.text
        else:
            flat[path + "/"] = ""
        currency = child.get("Ccy")
        if currency:
            flat[path + "/@Ccy"] = currency


def text(flat: Flat, *paths: str) -> str | None:
    """The first of `paths` that says something: blanks around it removed, empty and NOTPROVIDED are nothing."""
    for path in paths:
        value = flat.get(path)
        if value is not None:
            value = value.strip(_BLANK)
            if value and value != "NOTPROVIDED":
                return value
    return None


def repeats(flat: Flat, path: str) -> Iterator[str]:
    """`path`, `path[1]`, `path[2]`...: every repeat of the element."""
    number, current = 0, path
    while current in flat or current + "/" in flat:
        yield current
        number += 1
        current = f"{path}[{number}]"


def under(flat: Flat, path: str) -> Flat:
    """What is below `path`, by the paths that it has there."""
    prefix = path + "/"
    return {key.removeprefix(prefix): value for key, value in flat.items() if key.startswith(prefix) and key != prefix}


def texts(flat: Flat, path: str, separator: str = " ") -> str | None:
    """All repeats of one leaf, joined."""
    if path not in flat and path + "/" not in flat:
        return None
    values = (text(flat, repeat) for repeat in repeats(flat, path))
    return separator.join(value for value in values if value) or None


def account(flat: Flat, prefix: str) -> str | None:
    """The account number under `prefix` (`Acct`, `RltdPties/DbtrAcct`): IBAN or other, blanks removed."""
    value = text(flat, f"{prefix}/Id/IBAN", f"{prefix}/Id/Othr/Id", f"{prefix}/Id/PrtryAcct/Id")
    return "".join(value.split()) if value else None


def day(flat: Flat, path: str, place: str) -> date | None:
    """The calendar day of a `Dt`/`DtTm` choice under `path`, as the bank wrote it: no time zone moves it."""
    value = text(flat, f"{path}/Dt", f"{path}/DtTm")
    return None if value is None else parse_day(value, f"{place}/{path}")


def parse_day(value: str, place: str) -> date:
    """The day of an xs:date or xs:dateTime. Raises UnreadableFile `iso.date.malformed`."""
    found = _DAY.fullmatch(value)
    try:
        return date.fromisoformat(found.group(1) if found else "")
    except ValueError:
        raise UnreadableFile("iso.date.malformed", "A date is written like 2026-10-01.", place=place) from None


def number(flat: Flat, path: str) -> int | None:
    """A count (`NbOfTxs`: up to 15 digits), or None when absent or not a count."""
    value = text(flat, path)
    return int(value) if value and value.isascii() and value.isdigit() and len(value) <= 15 else None


def amount(flat: Flat, path: str, place: str, *, currency: str | None = None) -> tuple[int, str] | None:
    """The minor units and currency of the amount at `path`; `currency` is used where the file names none.

    Raises UnreadableFile `iso.amount.*` or `iso.currency.*` that names the path; the message never repeats the amount.
    """
    value = flat.get(path)
    if value is None:
        if path + "/" not in flat or not under(flat, path).keys() - {"@Ccy"}:
            return None
        # What holds elements is not as if there were no amount.
        value = ""
    if f"{path}[1]" in flat:
        raise UnreadableFile("iso.amount.repeated", "There are two amounts where one belongs.", place=f"{place}/{path}")
    unit = flat.get(path + "/@Ccy") or currency
    where = f"{place}/{path}"
    if unit is None:
        raise UnreadableFile("iso.amount.currency", "The amount has no currency.", place=where)
    # xs:decimal allows a missing digit beside the point (`.16`, `10.`), and banks do write it.
    if value.count(".") == 1 and len(value) > 1:
        value = f"0{value}" if value.startswith(".") else value.removesuffix(".")
    try:
        return parse_minor(value, unit), unit
    except InvalidInput as error:
        raise UnreadableFile(f"iso.{error.code}", error.message, place=where, remedy=error.remedy) from None


def amount_in(flat: Flat, path: str, place: str, currency: str) -> int | None:
    """The minor units at `path` if they are in `currency`: an amount in another one is not read as if it were in this."""
    if flat.get(path + "/@Ccy", currency) != currency:
        return None
    read = amount(flat, path, place, currency=currency)
    return read[0] if read else None
