"""Transactions as text, many at a time: a slice of rows is turned into columns, and each column is checked and written at once.

A check that asks one question of a whole column runs at the speed of C. Only a slice in which some answer is bad is
looked at row by row, to name the first fault and its reason (`check.py`). The text is woven from the columns and from what
is the same in all rows of the block, so that no row costs more than its own characters.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import NamedTuple, cast

from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.errors import InvalidInput
from debit_service.core.money import exponent
from debit_service.iso20022.charset import NOT_PROVIDED, are_references, bank_texts, is_plain
from debit_service.iso20022.pain008.check import ACCOUNT_MAX, BIC_PATTERNS, REFERENCE_MAX, amount_max, check_debit
from debit_service.iso20022.pain008.fragments import NAME_MAX, REMITTANCE_MAX, account, address, agent, amendment
from debit_service.iso20022.pain008.values import (
    Amendment,
    DirectDebit,
    PaymentInformation,
    StructuredAddress,
    Style,
)

# Rows that are checked and written at once: enough for the columns to pay, and few enough that their text (some 600 bytes a
# row) stays below what the C library hands out without asking the system for pages each time (128 KiB).
SLICE_ROWS = 170

# What stands between two columns: text that is the same in each row. A column holds one text a row.
Part = str | Sequence[str]


class Columns(NamedTuple):
    """The rows of a slice by column: the fields of DirectDebit, in its order."""

    end_to_end_id: Sequence[str]
    instruction_id: Sequence[str | None]
    amount_minor: Sequence[int]
    mandate_id: Sequence[str]
    signed_on: Sequence[date]
    debtor_name: Sequence[str]
    debtor_account: Sequence[AccountNumber]
    debtor_bic: Sequence[str | None]
    remittance: Sequence[str | None]
    amendment: Sequence[Amendment | None]
    debtor_address: Sequence[StructuredAddress | None]


class Slice:
    """Some rows by column, with what both checking and writing need of them."""

    def __init__(self, rows: Sequence[DirectDebit]) -> None:
        self.rows = rows
        self.columns = columns = Columns._make(zip(*rows, strict=True))
        self.sum_minor = sum(columns.amount_minor)
        self.accounts = [number.value for number in columns.debtor_account]
        self.names = bank_texts(columns.debtor_name, NAME_MAX)


def slices(transactions: Iterable[DirectDebit]) -> Iterator[Slice]:
    """All transactions, some at a time."""
    rows = iter(transactions)
    while some := tuple(islice(rows, SLICE_ROWS)):
        yield Slice(some)


class Block:
    """Checks and writes the transactions of one payment information."""

    def __init__(self, group: PaymentInformation, style: Style) -> None:
        self._group = group
        self._style = style
        self._is_sepa = group.service_level == "SEPA"
        places = exponent(group.currency)
        self._unit = 10**places
        self._fractions = [f".{minor:0{places}d}" for minor in range(self._unit)] if places else [""]
        self._days = _Days()

    def check(self, some: Slice) -> None:
        """Raises InvalidInput for the first fault in the order of the rows."""
        columns = some.columns
        if not (
            self._references_are_sound(columns)
            # The sum of a column that holds anything but whole numbers is none.
            and isinstance(some.sum_minor, int)
            and min(columns.amount_minor) >= 1
            and max(columns.amount_minor) <= amount_max(self._group)
            and NOT_PROVIDED not in some.names
            and is_plain(some.accounts, ACCOUNT_MAX)
            and self._bics_are_sound(columns.debtor_bic)
            and self._extras_are_sound(some)
        ):
            for row in some.rows:
                check_debit(row, self._group, self._style)

    def written(self, some: Slice) -> str:
        """The transactions as XML, each on a line of its own that begins with a line feed."""
        columns = some.columns
        return weave(
            (
                "\n<DrctDbtTxInf><PmtId>",
                *_wrapped("<InstrId>", columns.instruction_id, "</InstrId>"),
                "<EndToEndId>",
                columns.end_to_end_id,
                f'</EndToEndId></PmtId><InstdAmt Ccy="{self._group.currency}">',
                self._amounts(columns.amount_minor),
                "</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>",
                columns.mandate_id,
                "</MndtId><DtOfSgntr>",
                [*map(self._days.__getitem__, columns.signed_on)],
                "</DtOfSgntr>",
                self._amendments(columns.amendment),
                "</MndtRltdInf></DrctDbtTx><DbtrAgt>",
                self._agents(columns.debtor_bic),
                "</DbtrAgt><Dbtr><Nm>",
                some.names,
                "</Nm>",
                _addresses(columns.debtor_address),
                "</Dbtr><DbtrAcct>",
                *_accounts(columns.debtor_account, some.accounts),
                "</DbtrAcct>",
                *_wrapped("<RmtInf><Ustrd>", _remittances(columns.remittance), "</Ustrd></RmtInf>"),
                "</DrctDbtTxInf>",
            ),
            len(some.rows),
        )

    def _references_are_sound(self, columns: Columns) -> bool:
        instructions = [one for one in columns.instruction_id if one is not None]
        return (
            are_references(columns.end_to_end_id, REFERENCE_MAX)
            and are_references(columns.mandate_id, REFERENCE_MAX)
            and (not instructions or are_references(instructions, REFERENCE_MAX))
        )

    def _bics_are_sound(self, column: Sequence[str | None]) -> bool:
        pattern = BIC_PATTERNS[self._style.version]
        missing_is_sound = self._style.bic_rule != "require"
        return all(missing_is_sound if bic is None else pattern.fullmatch(bic) for bic in set(column))

    def _extras_are_sound(self, some: Slice) -> bool:
        if _is_absent(some.columns.amendment) and _is_absent(some.columns.debtor_address):
            return True
        return all(self._is_sound(row) for row in some.rows if row.amendment or row.debtor_address)

    def _is_sound(self, row: DirectDebit) -> bool:
        try:
            check_debit(row, self._group, self._style)
        except InvalidInput:
            return False
        return True

    def _amounts(self, column: Sequence[int]) -> list[str]:
        unit, fractions = self._unit, self._fractions
        return [f"{minor // unit}{fractions[minor % unit]}" for minor in column]

    def _agents(self, column: Sequence[str | None]) -> Part:
        written = {bic: agent(bic, self._style) for bic in set(column)}
        return written[None] if _is_absent(column) else [*map(written.__getitem__, column)]

    def _amendments(self, column: Sequence[Amendment | None]) -> Part:
        if _is_absent(column):
            return ""
        return [amendment(change, is_sepa=self._is_sepa) if change else "" for change in column]


class _Days(dict[date, str]):
    """Dates as they are written; few dates stand in many rows."""

    def __missing__(self, day: date) -> str:
        written = self[day] = date.isoformat(day)
        return written


def weave(parts: Iterable[Part], count: int) -> str:
    """The text of `count` rows, of which each is all `parts` one after the other."""
    row: list[str] = [""]
    columns: dict[int, Sequence[str]] = {}
    for part in parts:
        if isinstance(part, str):
            row[-1] += part
        else:
            columns[len(row)] = part
            row += ("", "")
    woven = row * count
    for place, column in columns.items():
        woven[place :: len(row)] = column
    return "".join(woven)


def _is_absent(column: Sequence[object]) -> bool:
    return column.count(None) == len(column)


def _wrapped(before: str, column: Sequence[str | None], after: str) -> Sequence[Part]:
    """The parts of an optional element."""
    absent = column.count(None)
    if absent == len(column):
        return ()
    if absent == 0:
        return (before, cast("Sequence[str]", column), after)
    return ([f"{before}{text}{after}" if text is not None else "" for text in column],)


def _accounts(column: Sequence[AccountNumber], values: Sequence[str]) -> Sequence[Part]:
    if [number.scheme for number in column].count(AccountScheme.IBAN) == len(column):
        return ("<Id><IBAN>", values, "</IBAN></Id>")
    return ([account(number) for number in column],)


def _addresses(column: Sequence[StructuredAddress | None]) -> Part:
    if _is_absent(column):
        return ""
    return [address(given, given.country or "") if given else "" for given in column]


def _remittances(column: Sequence[str | None]) -> Sequence[str | None]:
    if all(column):
        texts = bank_texts(cast("Sequence[str]", column), REMITTANCE_MAX)
        if texts is column or NOT_PROVIDED not in texts:
            return texts
    # What is blank says nothing, and is left out.
    said = [text.strip() if text else "" for text in column]
    written = iter(bank_texts([text for text in said if text], REMITTANCE_MAX))
    return [next(written) if text else None for text in said]
