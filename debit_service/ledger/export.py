"""Export a fund's journal for an accountant: as CSV, as a documented file that proves itself, or as plain-text accounting.

docs/ledger.md says what stands in each. Every file balances by itself: it begins with the balances at its first day. The entries
are read while the file is written, in one snapshot of the database and in constant memory; the file is whole, or it is not there.
"""

import csv
import hashlib
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from debit_service.core import audit
from debit_service.core.errors import InvalidInput
from debit_service.core.files import sync_folder
from debit_service.core.money import format_minor
from debit_service.core.text import inert
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.ledger import beancount, queries
from debit_service.ledger.queries import Booked

FORMAT, VERSION = "debit-journal", 1
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Extract:
    """A fund's journal from the beginning of `first` to the end of `last`. Balances: (account, currency) -> minor units."""

    fund_id: str
    first: date
    last: date
    made_at: str
    opening: Mapping[tuple[str, str], int]
    closing: Mapping[tuple[str, str], int]
    entries: Iterable[Booked]


def export(desk: Desk, actor: Actor, fund_id: str, days: tuple[date, date], form: str, path: Path) -> str:
    """Write a fund's journal of these days, both inclusive, to `path`, in one of `FORMS`; returns the SHA-256 of the file.

    Raises InvalidInput when the days run backwards, OSError when the file cannot be written; then there is none.
    """
    actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    first, last = days
    if first > last:
        raise InvalidInput("ledger.export.days", "The first day is after the last.", place=f"{first} - {last}")
    with desk.reading(actor) as work:
        digest = _write(path, FORMS[form](_extract(work, fund_id, first, last)))
    with desk.work(actor) as work:
        told = {"format": form, "from": first.isoformat(), "to": last.isoformat()}
        audit.record(work, "ledger.exported", fund_id, sha256=digest, **told)
    return digest


def _extract(work: Work, fund_id: str, first: date, last: date) -> Extract:
    return Extract(
        fund_id=fund_id,
        first=first,
        last=last,
        made_at=work.now().isoformat(timespec="seconds"),
        opening=queries.trial_balance(work.session, fund_id=fund_id, before=first),
        closing=queries.trial_balance(work.session, fund_id=fund_id, through=last),
        entries=queries.entries_of_fund(work.session, fund_id, first, last),
    )


def _write(path: Path, parts: Iterator[str]) -> str:
    """Write `parts` beside, sync, rename; returns the hash of the bytes."""
    digest = hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                content = part.encode()
                digest.update(content)
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)
    return digest.hexdigest()


CSV_COLUMNS = (
    "entry",
    "business_date",
    "belongs_to",
    "booked_at",
    "cause",
    "subject",
    "line",
    "account",
    "debit",
    "credit",
    "currency",
    "evidence",
)


def as_csv(extract: Extract) -> Iterator[str]:
    """RFC 4180 with a byte order mark, a line of the journal a line; no cell is a formula, and amounts are plain decimals."""
    buffer = io.StringIO()
    rows = csv.writer(buffer)

    def told(*cells: object) -> str:
        rows.writerow(cells)
        line = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return line

    yield "\ufeff" + told(*CSV_COLUMNS)
    for (name, currency), minor in extract.opening.items():
        if minor:
            amount = _debit_credit(minor, currency)
            yield told("", extract.first, "", "", "opening", "", "", inert(name), *amount, currency, "")
    for one in extract.entries:
        words = inert(one.cause), inert(one.subject)
        head = (one.id, one.business_date, one.belongs_to or "", one.booked_at.isoformat(), *words)
        evidence = _json(one.evidence)
        for number, name, minor in one.lines:
            yield told(*head, number, inert(name), *_debit_credit(minor, one.currency), one.currency, evidence)


def _debit_credit(minor: int, currency: str) -> tuple[str, str]:
    amount = format_minor(abs(minor), currency)
    return (amount, "") if minor > 0 else ("", amount)


def as_ndjson(extract: Extract) -> Iterator[str]:
    """One JSON object a line: a header, opening balances, entries, closing balances, and an end with totals and SHA-256."""
    digest = hashlib.sha256()
    debits: Counter[str] = Counter()
    counts = {"entries": 0, "lines": 0}

    def counted() -> Iterator[Booked]:
        for one in extract.entries:
            counts["entries"] += 1
            counts["lines"] += len(one.lines)
            debits[one.currency] += sum(minor for _, _, minor in one.lines if minor > 0)
            yield one

    for line in _ndjson_lines(replace(extract, entries=counted())):
        digest.update(line.encode())
        yield line
    # Credits are as much: each entry sums to zero.
    turnover = [_amount(debits[one], one) for one in sorted(debits)]
    yield _json({"kind": "end", **counts, "turnover": turnover, "sha256": digest.hexdigest()}) + "\n"


def _ndjson_lines(extract: Extract) -> Iterator[str]:
    about = {"fund": extract.fund_id, "from": extract.first.isoformat(), "to": extract.last.isoformat()}
    yield _json({"format": FORMAT, "version": VERSION, **about, "made_at": extract.made_at}) + "\n"
    for (name, currency), minor in extract.opening.items():
        yield _json({"kind": "opening", "account": name, **_amount(minor, currency)}) + "\n"
    for one in extract.entries:
        yield _json(_entry(one)) + "\n"
    for (name, currency), minor in extract.closing.items():
        yield _json({"kind": "closing", "account": name, **_amount(minor, currency)}) + "\n"


def _entry(one: Booked) -> dict[str, object]:
    return {
        "kind": "entry",
        "id": one.id,
        "business_date": one.business_date.isoformat(),
        "belongs_to": one.belongs_to,
        "booked_at": one.booked_at.isoformat(),
        "cause": one.cause,
        "subject": one.subject,
        "evidence": one.evidence,
        "currency": one.currency,
        "lines": [
            {"number": number, "account": name, "amount": format_minor(minor, one.currency), "minor": minor}
            for number, name, minor in one.lines
        ],
    }


def _amount(minor: int, currency: str) -> dict[str, object]:
    return {"currency": currency, "amount": format_minor(minor, currency), "minor": minor}


def as_beancount(extract: Extract) -> Iterator[str]:
    """Plain-text accounting: accounts, opening balances, entries, and an assertion of every closing balance to the cent."""
    yield from beancount.opened(extract.fund_id, extract.first, extract.opening, extract.closing)
    for one in extract.entries:
        yield beancount.transaction(one)
    yield from beancount.asserted(extract.last, extract.closing)


FORMS: Mapping[str, Callable[[Extract], Iterator[str]]] = {
    "csv": as_csv,
    "ndjson": as_ndjson,
    "beancount": as_beancount,
}
