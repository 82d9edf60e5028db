"""What the bank sends about collections that were sent: written by plain code, with everything that banks write of an entry.

- `credits`: a camt.054 that books every collection, in the order of the files that the bank had;
- `told_again`: the camt.053 of the same day, with the same entries;
- `returns`: a camt.054 two days later that gives every one back, in the same order;
- `scattered`: the same in an order that has nothing to do with it, as from many banks;
- `some`: the first few of `returns`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import count
from math import gcd
from pathlib import Path

from benchmarks.collect_data import DUE_ON
from benchmarks.data import bank_entry, entry_values, euros, total_minor, write_pieces

#: The account of the fund: it stands in its profile.
ACCOUNT = "DE89370400440532013000"
CREDITED_ON, RETURNED_ON = DUE_ON, DUE_ON + timedelta(days=2)
REASONS = ("AM04", "AC04", "MD01")
#: Collections of a file, and of its only block.
BLOCK_SIZE = 25_000
#: Of these there are never more: they are for what goes row by row.
SOME_MAX = 500
_GOLDEN = 0.618

_HEAD = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}"><{body}>'
    "<GrpHdr><MsgId>{name}</MsgId><CreDtTm>{day}T20:00:00</CreDtTm></GrpHdr>"
    "<{container}><Id>{name}-1</Id><CreDtTm>{day}T20:00:00</CreDtTm>"
    "<Acct><Id><IBAN>" + ACCOUNT + "</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}"
    "<TxsSummry><TtlNtries><NbOfNtries>{size}</NbOfNtries><Sum>{total}</Sum></TtlNtries></TxsSummry>"
)
_TAIL = "</{container}></{body}></Document>"
_BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    "<Dt><Dt>{day}</Dt></Dt></Bal>"
)


def end_to_end_id(number: int) -> str:
    """The reference of a collection: as long as those that the service gives, and in their order."""
    return f"C{number:025d}-1"


def block_id(number: int) -> str:
    """The PmtInfId under which a collection was sent."""
    return f"BLOCK-{number // BLOCK_SIZE:06d}"


def reason(number: int) -> str:
    """Why the bank gives a collection back."""
    return REASONS[number % len(REASONS)]


def _credits(path: Path, size: int) -> None:
    _notification(path, size, CREDITED_ON, "CREDITS", _booked(size))


def _told_again(path: Path, size: int) -> None:
    """A statement: it began with nothing, and all of it came in."""
    total = euros(total_minor(size))
    balances = [
        _BALANCE.format(code=code, amount=amount, day=CREDITED_ON)
        for code, amount in (("OPBD", "0.00"), ("CLBD", total))
    ]
    names = {"message": "camt.053.001.08", "body": "BkToCstmrStmt", "container": "Stmt", "name": "STATEMENT"}
    head = _HEAD.format(**names, day=CREDITED_ON, balances="".join(balances), size=size, total=total)
    write_pieces(path, head, _booked(size), _TAIL.format(**names))


def _returns(path: Path, size: int) -> None:
    _notification(path, size, RETURNED_ON, "RETURNS", _returned(range(size)))


def _scattered(path: Path, size: int) -> None:
    step = next(one for one in count(int(size * _GOLDEN) or 1) if gcd(one, size) == 1)
    _notification(path, size, RETURNED_ON, "RETURNS", _returned(number * step % size for number in range(size)))


def _some(path: Path, size: int) -> None:
    some = min(size, SOME_MAX)
    _notification(path, some, RETURNED_ON, "RETURNS", _returned(range(some)))


#: By the name under which lanes read them.
FILES: dict[str, Callable[[Path, int], None]] = {
    "credits": _credits,
    "told_again": _told_again,
    "returns": _returns,
    "scattered": _scattered,
    "some": _some,
}


def path_of(folder: Path, name: str) -> Path:
    """Where a file of this name is."""
    return folder / f"{name}.xml"


def _notification(path: Path, size: int, day: date, name: str, entries: Iterable[str]) -> None:
    names = {"message": "camt.054.001.08", "body": "BkToCstmrDbtCdtNtfctn", "container": "Ntfctn", "name": name}
    head = _HEAD.format(**names, day=day, balances="", size=size, total=euros(total_minor(size)))
    write_pieces(path, head, entries, _TAIL.format(**names))


def _booked(size: int) -> Iterator[str]:
    template = bank_entry(returned=False)
    for number in range(size):
        told = {"day": CREDITED_ON.isoformat(), "direction": "CRDT", "sub_family": "ESDD"}
        yield template.format_map(entry_values(number) | _references(number) | told)


def _returned(numbers: Iterable[int]) -> Iterator[str]:
    template = bank_entry(returned=True)
    for number in numbers:
        told = {"day": RETURNED_ON.isoformat(), "direction": "DBIT", "sub_family": "UPDD", "reason": reason(number)}
        yield template.format_map(entry_values(number) | _references(number) | told | {"entry": f"R{number:09d}"})


def _references(number: int) -> dict[str, str]:
    return {"end_to_end_id": end_to_end_id(number), "block": block_id(number)}
