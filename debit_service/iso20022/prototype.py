"""The record of an element that repeats a layout is the record of the first of its kind, with other texts in it.

What a record says depends on few texts: directions, statuses, codes, dates. For each combination of these that occurs, the
reader runs once over marked texts, and where the marks come out is where the texts of all others go. A text that is not known
to be carried over as it stands counts as one that decides: what the reader decides by need not be known here.
Whatever a mark cannot show (NOTPROVIDED, an amount in another form) goes to the reader itself.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from debit_service.core.errors import InvalidInput
from debit_service.core.money import exponent
from debit_service.iso20022.charset import NOT_PROVIDED
from debit_service.iso20022.flat import Flat
from debit_service.iso20022.layout import Layout, Texts
from debit_service.iso20022.records import BankRecord

# Leaves whose text is carried over, or that no record holds. An `Id` is the number of an account, a bank or a creditor.
_CARRIED = frozenset(
    (
        *(
            "EndToEndId",
            "MndtId",
            "InstrId",
            "TxId",
            "MsgId",
            "PmtInfId",
            "UETR",
            "ClrSysRef",
            "StsId",
            "Ref",
            "NtryRef",
        ),
        *(
            "AcctSvcrRef",
            "AcctSvcrTxId",
            "AcctOwnrTxId",
            "OrgnlMsgId",
            "OrgnlPmtInfId",
            "OrgnlEndToEndId",
            "OrgnlInstrId",
        ),
        *("OrgnlTxId", "Nm", "IBAN", "Id", "BICFI", "BIC", "MmbId", "Ustrd", "AddtlInf", "AddtlTxInf", "AddtlNtryInf"),
        *("StrtNm", "BldgNb", "PstCd", "TwnNm", "Ctry", "AdrLine", "AccptncDtTm", "TxDtTm", "DtOfSgntr"),
    )
)
# The reader takes the day of a moment, and nothing else of it.
_MOMENT, _DAY_CHARACTERS = "DtTm", 10
_PROTOTYPES_MAX = 256
# To make one costs as much as to read some records.
_SEEN_BEFORE_MAKING = 8
_DIGITS_MAX = 15
_MARK = re.compile("\x00([0-9]+) \x00")
_UNSPACED_MARK = re.compile("\x00([0-9]+)\x00")
# Amounts are marked by numbers above these. Two, so that no other number is taken for a mark.
_BASES = (700_000, 800_000)

Make = Callable[[Flat], "tuple[BankRecord, object] | None"]


@dataclass(slots=True, eq=False)
class Prototype:
    """A record, and which texts of a row go into which of its fields. `subject` is what the reader gave beside the record.

    `count` and `total_minor` are for whoever fills it to count what was filled.
    """

    values: tuple[object, ...]
    subject: object
    texts: tuple[tuple[int, int], ...]
    unspaced: tuple[tuple[int, int], ...]
    joined: tuple[tuple[int, tuple[int, ...]], ...]
    amounts: tuple[tuple[int, int, int], ...]
    count: int = 0
    total_minor: int = 0

    def filled(self, row: Texts) -> list[object] | None:
        """The values of the record of `row`; None where only the reader can tell."""
        if NOT_PROVIDED in row:
            return None
        values = list(self.values)
        for field, leaf in self.texts:
            values[field] = row[leaf]
        for field, leaf in self.unspaced:
            text = row[leaf]
            values[field] = text if text.isalnum() else "".join(text.split())
        for field, leaves in self.joined:
            values[field] = " ".join([row[leaf] for leaf in leaves])
        for field, leaf, places in self.amounts:
            text = row[leaf]
            whole, _, decimals = text.rpartition(".") if places else (text, "", "")
            digits = whole + decimals
            if (
                len(decimals) != places
                or not (whole and digits.isascii() and digits.isdigit())
                or len(digits) > _DIGITS_MAX
            ):
                return None
            values[field] = int(digits)
        return values


class Prototypes:
    """The prototypes of the rows of one layout.

    `make` is the reader: the record of a row and what else its caller wants to keep; None where it depends on more than the row.
    """

    def __init__(self, layout: Layout, make: Make) -> None:
        self._layout, self._make = layout, make
        self._known: dict[object, Prototype | None] = {}
        self._seen: Counter[object] = Counter()
        names = [path.rpartition("/")[2].partition("[")[0] for path in layout.paths]
        self._places = [_places(layout, path) for path in layout.paths]
        self._carried = [
            name in _CARRIED or places is not None for name, places in zip(names, self._places, strict=True)
        ]
        deciding = [leaf for leaf, carried in enumerate(self._carried) if not carried]
        self._moments = [leaf for leaf in deciding if names[leaf] == _MOMENT]
        others = [leaf for leaf in deciding if names[leaf] != _MOMENT]
        self._decide: Callable[[Texts], object] = itemgetter(*others) if others else lambda _: None

    def of(self, row: Texts) -> Prototype | None:
        """The prototype of the row; None if it has none."""
        key = self._decide(row)
        if self._moments:
            if any(row[leaf][_DAY_CHARACTERS : _DAY_CHARACTERS + 1] not in {"", "T"} for leaf in self._moments):
                return None
            key = (key, *(row[leaf][:_DAY_CHARACTERS] for leaf in self._moments))
        if key in self._known:
            return self._known[key]
        if key not in self._seen and len(self._seen) >= _PROTOTYPES_MAX:
            return None
        self._seen[key] += 1
        if self._seen[key] < _SEEN_BEFORE_MAKING:
            return None
        prototype = self._known[key] = self._prototype(row)
        return prototype

    def made(self) -> list[Prototype]:
        """All prototypes so far."""
        return [prototype for prototype in self._known.values() if prototype is not None]

    def _prototype(self, row: Texts) -> Prototype | None:
        first, second = (self._traced(row, base) for base in _BASES)
        if first is None or second is None:
            return None
        texts, unspaced, joined, amounts = [], [], [], []
        for field, (value, other) in enumerate(zip(first[0], second[0], strict=True)):
            if isinstance(value, str) and "\x00" in value:
                marks = tuple(map(int, _MARK.findall(value)))
                alone = _UNSPACED_MARK.fullmatch(value)
                if alone:
                    unspaced.append((field, int(alone.group(1))))
                elif value != " ".join(map(_mark, marks)):
                    return None
                elif len(marks) == 1:
                    texts.append((field, marks[0]))
                else:
                    joined.append((field, marks))
            elif isinstance(value, int) and value != other:
                found = self._amount(value, other)
                if found is None:
                    return None
                amounts.append((field, *found))
        return Prototype(tuple(first[0]), first[1], tuple(texts), tuple(unspaced), tuple(joined), tuple(amounts))

    def _traced(self, row: Texts, base: int) -> tuple[BankRecord, object] | None:
        """What the reader makes of the row with marks in place of what is carried over."""
        marked = tuple(
            text if not carried else _mark(leaf) if places is None else str(base + leaf)
            for leaf, (text, carried, places) in enumerate(zip(row, self._carried, self._places, strict=True))
        )
        try:
            return self._make(self._layout.flat(marked))
        except InvalidInput:
            return None

    def _amount(self, value: int, other: object) -> tuple[int, int] | None:
        """The leaf that an amount comes from, and the decimals of its currency."""
        for leaf, places in enumerate(self._places):
            if places is not None and (value, other) == tuple((base + leaf) * 10**places for base in _BASES):
                return leaf, places
        return None


class ByLayout(dict[Layout, Prototypes]):
    """The prototypes of each layout that comes; `make` reads a row of any of them."""

    def __init__(self, make: Make) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, layout: Layout) -> Prototypes:
        prototypes = self[layout] = Prototypes(layout, self._make)
        return prototypes


def _places(layout: Layout, path: str) -> int | None:
    """The decimals of the amount at `path`; None for what is none, and for charges and interest: their sum decides."""
    currency = layout.fixed.get(f"{path}/@Ccy")
    if currency is None or "Chrgs" in path or "Intrst" in path:
        return None
    try:
        return exponent(currency)
    except InvalidInput:
        return None


def _mark(leaf: int) -> str:
    return f"\x00{leaf} \x00"
