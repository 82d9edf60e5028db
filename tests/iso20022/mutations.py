"""Changes to the bytes of a file: what a bad disk, a bad line, a bad program or a bad person does to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["put", "replace", "cut", "repeat", "move", "end"]
KINDS: tuple[Kind, ...] = ("put", "replace", "cut", "repeat", "move", "end")

# What means something in these files, or to a parser. A byte that means nothing finds nothing.
_WORDS = (
    *"0123456789.-+e <>&;/'\"\n\x00\x85\xa0",
    *("CRDT", "DBIT", "true", "false", "NOTPROVIDED", "EUR", "JPY", "TND", "XXX", "BOOK", "PDNG", "RJCT", "PART"),
    *("<!--", "-->", "<![CDATA[", "]]>", "<?x ?>", "<?xml version='1.0'?>", "<!DOCTYPE d>", "&amp;", "&#48;", "&#x30;"),
    *("&a;", "&#0;", " xmlns=''", " xmlns='urn:x'", " xmlns:a='urn:a'", " Ccy='USD'", " Ccy=''", "<a:Amt/>", "<Amt>1</Amt>"),
    *("<Amt Ccy='EUR'>1.00</Amt>", "<AmtDtls>", "</AmtDtls>", "<Ntry>", "</Ntry>", "<TxDtls/>", "<TxDtls>", "</TxDtls>"),
    *("<NtryDtls>", "</NtryDtls>", "</NtryDtls><NtryDtls>", "</TxDtls><TxDtls>", "</Ntry><Ntry>", "<Refs/>", "<Acct/>"),
    *("<EndToEndId>X-1</EndToEndId>", "<MndtId>X-1</MndtId>", "<CdtDbtInd>DBIT</CdtDbtInd>", "<RvslInd>true</RvslInd>"),
    *("<Btch><NbOfTxs>1</NbOfTxs></Btch>", "<Sts><Cd>BOOK</Cd></Sts>", "<Id>X</Id>", "<BkTxCd/>", "<RtrInf/>"),
    *("</Document>", "<Document>", "\ufeff", "é", "\u0660", "\u00a0", "\u2028", "\ud7ff", "UTF-8", "ISO-8859-1", "UTF-16"),
)  # fmt: skip
_NO_TEXT = (b"\xff", b"\xfe", b"\xc3", b"\xed\xa0\x80", b"\x80", b"\xf5")
TOKENS = (*(word.encode() for word in _WORDS), *_NO_TEXT)


@dataclass(frozen=True)
class Mutation:
    """One change. `at`, `to` and `size` are taken modulo what there is, so that any numbers do."""

    kind: Kind
    at: int
    to: int = 0
    size: int = 1
    token: bytes = b""


def mutated(data: bytes, mutations: Sequence[Mutation]) -> bytes:
    """The data after these changes."""
    for mutation in mutations:
        data = _applied(data, mutation)
    return data


def _applied(data: bytes, mutation: Mutation) -> bytes:
    at, to = mutation.at % (len(data) + 1), mutation.to % (len(data) + 1)
    end = min(len(data), at + mutation.size)
    piece = data[at:end]
    match mutation.kind:
        case "put":
            return data[:at] + mutation.token + data[at:]
        case "replace":
            return data[:at] + mutation.token + data[at + len(mutation.token) :]
        case "cut":
            return data[:at] + data[end:]
        case "repeat":
            return data[:to] + piece + data[to:]
        case "move":
            rest = data[:at] + data[end:]
            return rest[:to] + piece + rest[to:]
        case "end":
            return data[:at]


# What may stand many times in a row.
REPEATED = (b"Ntry", b"TxDtls", b"TxInfAndSts")


def long(data: bytes, name: bytes, times: int) -> bytes | None:
    """The file with its first element of this name many times, each with its own reference and cents; None if it has none.

    A reader that learns from what repeats is at work in such a file only.
    """
    found = re.search(rb"<((?:[a-z0-9]+:)?%s)>.*?</\1>\s*" % name, data, re.DOTALL)
    if found is None:
        return None
    copies = (
        found.group().replace(b"COL-", b"COL-%d-" % number).replace(b".00<", b".%02d<" % (number % 100))
        for number in range(times)
    )
    return data[: found.start()] + b"".join(copies) + data[found.end() :]


def seeds(files: Sequence[bytes]) -> list[bytes]:
    """The files, and of each its long forms."""
    forms = (long(data, name, 12) for data in files for name in REPEATED)
    return [*files, *(form for form in forms if form is not None)]
