"""The report on a terminal: totals a fund, then every contribution that was not simply paid, with the reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from debit_service.core.money import format_minor
from debit_service.core.text import aligned
from debit_service.reports.rules import (
    CHARGED,
    FundTotals,
    Line,
    Overview,
    PenaltyStanding,
    Standing,
    Suspense,
    Waiting,
)


def report_lines(
    seen: Overview, waiting: Sequence[Waiting], lines: Iterable[Line], *, show_all: bool = False
) -> Iterator[str]:
    """The whole report as lines of text. Of the lines that are taken only those that are shown are held."""
    read, reasons, shown = 0, Counter[_Reason](), []
    for line in lines:
        read += 1
        reasons.update(_reasons(line))
        if show_all or line.standing is not Standing.PAID or len(line.attempts) > 1:
            shown.append(line)
    yield from _totals(seen.totals)
    yield ""
    yield "What banks answered, and who caused the failure"
    yield from _by_reason(reasons)
    yield ""
    yield f"Contributions {'' if show_all else 'that were not simply paid '}({len(shown)} of {read})"
    yield from _lines(shown)
    yield ""
    yield f"In suspense ({len(waiting)})"
    yield from _suspense(seen.suspense)
    for one in waiting:
        yield from _waiting(one)
    yield ""
    yield f"Expected, and not answered ({len(seen.attention)})"
    yield from (f"  {one}" for one in seen.attention)
    yield ""
    yield f"Does not add up ({len(seen.control)})"
    yield from (f"  {one}" for one in seen.control)
    if seen.notes:
        yield ""
        yield f"Good to know ({len(seen.notes)})"
        yield from (f"  {one}" for one in seen.notes)


def _suspense(found: Sequence[Suspense]) -> Iterator[str]:
    for one in found:
        came, went = _money(one.in_minor, one.currency), _money(one.out_minor, one.currency)
        yield f"  {one.fund_id or 'no fund'}: {one.entries} entries, money in {came}, money out {went}"


def _waiting(one: Waiting) -> Iterator[str]:
    left = _money(one.left_minor, one.currency)
    if one.left_minor not in (None, one.amount_minor):
        left += f" (left of {_money(one.amount_minor, one.currency)})"
    yield f"  {one.fund_id or 'no fund'}: {one.direction or ''} {left} of {one.day}: {one.explanation}"
    yield f"    entry {one.entry_id}, reference {one.end_to_end_id or 'none'}"


def _money(minor: int | None, currency: str | None) -> str:
    return f"{format_minor(minor, currency)} {currency}" if minor is not None and currency else "no amount"


def _indented(titles: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> Iterator[str]:
    yield from (f"  {line}" for line in aligned(titles, rows, right))


def _totals(found: Sequence[FundTotals]) -> Iterator[str]:
    titles = (
        "fund",
        "",
        "due",
        "debited",
        "paid",
        "other means",
        "refunds owed",
        "rejected",
        "returned",
        "not collected",
        "charged",
        "proposed",
        "held",
        "no penalty",
    )
    rows: list[tuple[str, ...]] = []
    for one in found:
        pairs = (
            one.due,
            one.debited,
            one.paid,
            one.paid_otherwise,
            one.refunds_owed,
            one.rejected,
            one.returned,
            one.not_collected,
            one.charged,
            one.proposed,
        )
        rows.append((one.fund_id, "count", *(str(count) for count, _ in pairs), str(one.held), str(one.not_penalised)))
        rows.append(("", one.currency, *(format_minor(minor, one.currency) for _, minor in pairs), "", ""))
    yield from _indented(titles, rows, frozenset(range(2, 14)))


#: Fund, outcome, reason, party, effect, because.
_Reason = tuple[str, str, str, str, str, str]


def _reasons(line: Line) -> Iterator[_Reason]:
    """Why its attempts failed, of those about which there is a decision."""
    for one in line.attempts:
        if one.effect:
            code = f"{one.reason_code or '-'} {one.reason_name or ''}".strip()
            yield line.fund_id, one.outcome, code, one.party or "", one.effect, one.because or ""


def _by_reason(counted: Counter[_Reason]) -> Iterator[str]:
    rows = [(str(count), *key) for key, count in sorted(counted.items())]
    yield from _indented(("count", "fund", "outcome", "reason", "at fault", "effect", "because"), rows, frozenset({0}))


def _lines(lines: Sequence[Line]) -> Iterator[str]:
    rows = [
        (
            line.fund_id,
            line.reference,
            line.due_date.isoformat(),
            format_minor(line.amount_minor, line.currency),
            line.currency,
            line.standing.value,
            line.why,
            str(len(line.attempts)),
            _penalty(line),
        )
        for line in lines
    ]
    titles = ("fund", "reference", "due", "amount", "", "standing", "why", "tries", "penalty")
    yield from _indented(titles, rows, frozenset({3, 7}))


def _penalty(line: Line) -> str:
    if line.penalty is PenaltyStanding.PROPOSED or line.penalty in CHARGED:
        return f"{line.penalty.value} {format_minor(line.penalty_minor, line.currency)}"
    return line.penalty.value
