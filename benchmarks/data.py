"""The inputs: the same for every competitor, made by arithmetic, so that every run measures the same bytes.

Everything is invented. A debit is a plain tuple; what a competitor wants instead is made of it on that competitor's own
time. Four names in a hundred carry accents or an ampersand, because employers' names do.

A bank's file is filled as banks fill it: references, mandate, amount, transaction code, debtor with account and agent,
remittance, several booking dates; three transactions in a hundred come back with a reason. Its shapes:
- `A`: one entry a transaction;
- `B`: one entry with many details, and a second one for what came back;
- `A pretty`: A with line breaks and indentation;
- `A mixed`: A where four optional elements come and go (32 layouts, with those of returns);
- `A irregular`: A where eight do (512 layouts), so that neighbours seldom look alike: no bank is known to be that bad.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from html import escape
from pathlib import Path
from typing import TypeAlias

# end_to_end_id, amount_minor, mandate_id, signed_on, debtor_name, debtor_iban, debtor_bic, remittance
DebitRow: TypeAlias = tuple[str, int, str, date, str, str, str, str]

CREATED = datetime(2026, 10, 28, 9, 0, 0)  # noqa: DTZ001 - written into the message as it stands
COLLECTED_ON = date(2026, 11, 5)
MESSAGE_ID, PAYMENT_INFORMATION_ID = "BENCH-2026-10-28", "BENCH-2026-10-28-1"
CREDITOR_NAME, CREDITOR_IDENTIFIER, CREDITOR_BIC = "Caisse de contributions", "DE98ZZZ09999999999", "BANKDEFFXXX"

_AGENTS = ("BANKDEFFXXX", "MUSTDE2AXXX", "PROBDEMMXXX")
_SIGNED = tuple(date(2025, 1, 1) + timedelta(days=day) for day in range(365))
_DAYS = ("2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09")
_REASONS = ("AM04", "AC04", "MD01", "MS03", "AC06")
_ACCENTED = ("Société Générale de Plâtrerie {}", "Müller & Söhne {}", "Boulangerie L'Épi d'Or {}", "Ağa Café & Co {}")
_RETURN_EVERY = 33
_ACCENT_EVERY = 25


def euros(minor: int) -> str:
    """Minor units as the decimal that a message carries."""
    return f"{minor // 100}.{minor % 100:02d}"


def iban(number: int) -> str:
    """A German account number with its check digits (ISO 13616) of an invented bank."""
    account = f"999{number % 10**15:015d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def amount_minor(number: int) -> int:
    """100.00 to 9,999.99, spread."""
    return 10_000 + number * 7_919 % 990_000


def debtor_name(number: int) -> str:
    """Mostly plain; one in 25 with accents, an apostrophe or an ampersand."""
    if number % _ACCENT_EVERY == 0:
        return _ACCENTED[number // _ACCENT_EVERY % len(_ACCENTED)].format(number)
    return f"Employer {number:09d}"


def is_return(number: int) -> bool:
    """Whether the bank gave this one back."""
    return number % _RETURN_EVERY == 1


def debit_rows(size: int) -> list[DebitRow]:
    """What is to be collected."""
    return [
        (
            f"C-2026-10-{number:09d}",
            amount_minor(number),
            f"M-{number:09d}",
            _SIGNED[number % len(_SIGNED)],
            debtor_name(number),
            iban(number),
            _AGENTS[number % len(_AGENTS)],
            f"Contribution 2026-10 employer {number:09d}",
        )
        for number in range(size)
    ]


def total_minor(size: int) -> int:
    """The sum over all of them."""
    return sum(map(amount_minor, range(size)))


# --- what a bank says ---------------------------------------------------------------------------------------------------

_CAMT_HEAD = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
    "<GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>2026-10-09T20:00:00</CreDtTm></GrpHdr>"
    "<Ntfctn><Id>N-1</Id><CreDtTm>2026-10-09T20:00:00</CreDtTm>"
    "<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    "<TxsSummry><TtlNtries><NbOfNtries>{entries}</NbOfNtries><Sum>{total}</Sum></TtlNtries></TxsSummry>"
)
_CAMT_TAIL = "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"

_CODE = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
_ENTRY = (
    '<NtryRef>{entry}</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
    "<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>S{entry}</AcctSvcrRef>" + _CODE
)
# The elements of a detail in the order of the schema. Marked is what banks leave out: `~` varies in `A mixed` and in
# `A irregular`, `?` in the latter only.
_DETAIL = (
    ("", "<TxDtls><Refs>"),
    ("?", "<AcctSvcrRef>S{entry}-D</AcctSvcrRef>"),
    ("?", "<PmtInfId>{block}</PmtInfId>"),
    ("", "<EndToEndId>{end_to_end_id}</EndToEndId>"),
    ("~", "<TxId>T{entry}</TxId>"),
    ("?", "<MndtId>M-{number}</MndtId>"),
    ("", '</Refs><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'),
    ("?", _CODE),
    ("", "<RltdPties><Dbtr><Pty><Nm>{name}</Nm>"),
    ("~", "<PstlAdr><TwnNm>Berlin</TwnNm><Ctry>DE</Ctry></PstlAdr>"),
    ("", "</Pty></Dbtr><DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>"),
    ("~", "<RltdAgts><DbtrAgt><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></DbtrAgt></RltdAgts>"),
    ("~", "<RmtInf><Ustrd>Contribution 2026-10 employer {number}</Ustrd></RmtInf>"),
)
_RETURNED = "<RtrInf><Rsn><Cd>{reason}</Cd></Rsn><AddtlInf>Returned by the debtor's bank</AddtlInf></RtrInf>"
_MARKS = [mark for mark, _ in _DETAIL if mark]
# A bit for each marked element: set when it is there.
_EVERYTHING = 2 ** len(_MARKS) - 1
_ALWAYS = {
    "A mixed": sum(2**bit for bit, mark in enumerate(_MARKS) if mark == "?"),
    "A irregular": 0,
}


def camt054(path: Path, size: int, shape: str) -> None:
    """Write a camt.054.001.08 of `size` transactions."""
    template = _indented_entry if shape == "A pretty" else _entry
    entries = _batches(size) if shape == "B" else _singles(size, template, _ALWAYS.get(shape, _EVERYTHING))
    head = _CAMT_HEAD.format(
        account=iban(0),
        entries=2 if shape == "B" else size,
        total=euros(total_minor(size)),
    )
    write_pieces(path, head, entries, _CAMT_TAIL)


def bank_entry(*, returned: bool) -> str:
    """An entry of one transaction with everything that banks write, to be filled with `entry_values`."""
    return _entry(returned, _EVERYTHING)


def _singles(size: int, template: Callable[[bool, int], str], always: int) -> Iterator[str]:
    for number in range(size):
        # The multiplier is odd: all layouts come, and neighbours differ in several elements.
        parts = number * 97 & _EVERYTHING | always
        yield template(is_return(number), parts).format_map(entry_values(number))


def _batches(size: int) -> Iterator[str]:
    for entry, returned in enumerate((False, True)):
        numbers = [number for number in range(size) if is_return(number) is returned]
        values = entry_values(entry) | _booked(returned)
        values |= {"amount": euros(sum(map(amount_minor, numbers)))}
        yield "<Ntry>" + _ENTRY.format_map(values) + "<NtryDtls>"
        detail = _detail(returned, _EVERYTHING)
        for number in numbers:
            yield detail.format_map(entry_values(number))
        yield "</NtryDtls></Ntry>"


@cache
def _entry(returned: bool, parts: int) -> str:
    return f"<Ntry>{_ENTRY}<NtryDtls>{_detail(returned, parts)}</NtryDtls></Ntry>"


@cache
def _indented_entry(returned: bool, parts: int) -> str:
    return _indented(_entry(returned, parts), level=3)


@cache
def _detail(returned: bool, parts: int) -> str:
    optional = iter(range(len(_MARKS)))
    kept = [piece for mark, piece in _DETAIL if not mark or parts >> next(optional) & 1]
    return "".join((*kept, _RETURNED if returned else "", "</TxDtls>"))


def _indented(xml: str, level: int) -> str:
    """`xml` with each element on a line of its own; an element that holds text stays on one line."""
    lines = []
    for match in re.finditer(r"<(\w+)[^>]*>[^<]+</\1>|<[^>]+>", xml):
        token = match.group()
        is_leaf, is_end = match.group(1) is not None, token.startswith("</")
        level -= is_end
        lines.append("  " * level + token)
        level += not (is_leaf or is_end)
    return "\n" + "\n".join(lines)


def entry_values(number: int) -> dict[str, str]:
    """What stands in the entry of a debit: `entry` is in the bank's own references, `number` in those of the debit."""
    return {
        "entry": f"{number:09d}",
        "number": f"{number:09d}",
        "end_to_end_id": f"C-2026-10-{number:09d}",
        "block": PAYMENT_INFORMATION_ID,
        "amount": euros(amount_minor(number)),
        "day": _DAYS[number // 200 % len(_DAYS)],
        "name": escape(debtor_name(number), quote=False),
        "iban": iban(number),
        "bic": _AGENTS[number % len(_AGENTS)],
        "reason": _REASONS[number // _RETURN_EVERY % len(_REASONS)],
        **_booked(is_return(number)),
    }


def _booked(returned: bool) -> dict[str, str]:
    return {"direction": "DBIT", "sub_family": "UPDD"} if returned else {"direction": "CRDT", "sub_family": "ESDD"}


_PAIN002_HEAD = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
    "<GrpHdr><MsgId>BANK-2</MsgId><CreDtTm>2026-10-29T20:00:00</CreDtTm></GrpHdr>"
    f"<OrgnlGrpInfAndSts><OrgnlMsgId>{MESSAGE_ID}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>"
    "<OrgnlNbOfTxs>{size}</OrgnlNbOfTxs><OrgnlCtrlSum>{total}</OrgnlCtrlSum></OrgnlGrpInfAndSts>"
    f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{PAYMENT_INFORMATION_ID}</OrgnlPmtInfId>"
)
_STATUS = (
    "<TxInfAndSts><StsId>S{number}</StsId><OrgnlEndToEndId>C-2026-10-{number}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
    "<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>"
    '<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt>'
    "<MndtRltdInf><DrctDbtMndt><MndtId>M-{number}</MndtId></DrctDbtMndt></MndtRltdInf>"
    "<RmtInf><Ustrd>Contribution 2026-10 employer {number}</Ustrd></RmtInf><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr>"
    "<DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct>"
    "<DbtrAgt><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></DbtrAgt></OrgnlTxRef></TxInfAndSts>"
)


def pain002(path: Path, size: int) -> None:
    """Write a pain.002.001.10 that rejects `size` transactions."""
    head = _PAIN002_HEAD.format(size=size, total=euros(total_minor(size)))
    statuses = (_STATUS.format_map(entry_values(number)) for number in range(size))
    write_pieces(path, head, statuses, "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>")


def write_pieces(path: Path, head: str, pieces: Iterable[str], tail: str) -> None:
    """An XML file of these pieces, one after the other."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        out.write(head)
        out.writelines(pieces)
        out.write(tail)
