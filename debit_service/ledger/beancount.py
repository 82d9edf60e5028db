"""The journal in the language of beancount, a plain-text accounting program that others wrote: it makes every sum again."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from debit_service.core.money import format_minor
from debit_service.ledger.queries import Booked
from debit_service.ledger.rules import Account, fund_of, kind_of

#: Where each account stands in a chart of accounts.
ROOTS: Mapping[Account, str] = {
    Account.RECEIVABLE: "Assets",
    Account.IN_TRANSIT: "Assets",
    Account.BANK: "Assets",
    Account.OTHER_MEANS: "Assets",
    Account.SURCHARGE_RECEIVABLE: "Assets",
    Account.SUSPENSE: "Liabilities",
    Account.REFUNDS_OWED: "Liabilities",
    Account.NOT_OURS: "Liabilities",
    Account.DECLARED: "Income",
    Account.SURCHARGES: "Income",
    Account.FEES_REBILLED: "Income",
    Account.CHARGES: "Expenses",
    Account.INTEREST: "Expenses",
}
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9-]+")


def account_name(name: str) -> str:
    """`in-transit/CNAS` is `Assets:CNAS:In-Transit`."""
    kind = kind_of(name)
    fund = _NOT_IN_A_NAME.sub("-", fund_of(name))
    return f"{ROOTS[kind]}:{fund[:1].upper()}{fund[1:]}:{kind.value.title()}"


def opened(
    fund_id: str, first: date, opening: Mapping[tuple[str, str], int], closing: Iterable[tuple[str, str]]
) -> Iterator[str]:
    """The file's title, its accounts with their currencies, and one transaction with the balances before the first day."""
    yield f'option "title" "Journal of {_text(fund_id)}"\n'
    # To the smallest unit: beancount would forgive half of one.
    yield 'option "tolerance_multiplier" "0"\n\n'
    currencies: dict[str, set[str]] = {}
    for name, currency in sorted({*opening, *closing}):
        currencies.setdefault(name, set()).add(currency)
    for name, held in currencies.items():
        yield f"{first} open {account_name(name)} {','.join(sorted(held))}\n"
    if any(opening.values()):
        yield f'\n{first} * "Opening balances"\n'
        for (name, currency), minor in opening.items():
            if minor:
                yield _posting(name, minor, currency)


def transaction(one: Booked) -> str:
    """An entry of the journal: cause and subject as its words, everything else as its metadata."""
    closed_day = f"  belongs-to: {one.belongs_to}\n" if one.belongs_to else ""
    evidence = json.dumps(one.evidence, ensure_ascii=False, separators=(",", ":"))
    head = (
        f'\n{one.business_date} * "{_text(one.cause)}" "{_text(one.subject)}"\n'
        f'  entry: "{one.id}"\n{closed_day}  booked-at: "{one.booked_at.isoformat()}"\n  evidence: "{_text(evidence)}"\n'
    )
    return head + "".join(_posting(name, minor, one.currency) for _, name, minor in one.lines)


def asserted(last: date, closing: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """What each account must stand at when the last day is over, to the cent."""
    morrow = last + timedelta(days=1)
    yield "\n"
    for (name, currency), minor in closing.items():
        yield f"{morrow} balance {account_name(name)}  {format_minor(minor, currency)} ~ 0 {currency}\n"


def _posting(name: str, minor: int, currency: str) -> str:
    return f"  {account_name(name)}  {format_minor(minor, currency)} {currency}\n"


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
