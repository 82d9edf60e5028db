"""The explanation of a contribution in the employer's language, as lines: for the text and the PDF of a proof pack."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from debit_service.core.money import format_minor, parse_minor
from debit_service.core.typeset import typeset
from debit_service.penalties.fault import wording
from debit_service.penalties.fault.wording import formula_said, in_order, pieces_said, reason_said, step_said

_TEMPLATE = Path(__file__).with_name("explanation.typ")


class Told(NamedTuple):
    """A line, and how deep it stands: 0 heads a part."""

    level: int
    text: str


def told(language: str, explained: Mapping[str, Any], fund_name: str) -> list[Told]:
    """The lines of what `explain.explanation` gave."""
    return list(_lines(_Teller(language, explained["currency"]), explained, fund_name))


def as_text(lines: list[Told]) -> bytes:
    """The lines as plain text."""
    return "".join(f"{'' if level else chr(10)}{'  ' * level}{text}\n" for level, text in lines).lstrip("\n").encode()


def as_pdf(language: str, lines: list[Told], *, reference: str, dated: date) -> bytes:
    """The lines as a document; dated, so that the same lines give the same bytes."""
    data = {
        "title": wording.said(language, "told", "title"),
        "reference": reference,
        "language": language,
        "lines": lines,
    }
    return typeset(_TEMPLATE, data, dated=dated, code="proof_pack.typeset", what="the explanation")


class _Teller:
    """Says things in one language, about amounts in one currency."""

    def __init__(self, language: str, currency: str) -> None:
        self.language = language
        self._currency = currency

    def say(self, key: str, **known: object) -> str:
        return wording.said(self.language, "told", key, **known)

    def state(self, value: str) -> str:
        return wording.said(self.language, "states", value)

    def money(self, decimal: str) -> str:
        sign, digits = (-1, decimal[1:]) if decimal.startswith("-") else (1, decimal)
        return wording.money(self.language, sign * parse_minor(digits, self._currency), self._currency)

    def day(self, iso: str | None) -> str:
        return wording.day(self.language, date.fromisoformat(iso[:10])) if iso else "–"

    def code(self, value: object) -> str:
        return in_order(self.language, str(value))


def _lines(teller: _Teller, explained: Mapping[str, Any], fund_name: str) -> Iterator[Told]:
    reference, period = teller.code(explained["reference"]), teller.code(explained["period"])
    yield Told(0, teller.say("contribution", reference=reference, fund=fund_name, period=period))
    yield Told(1, teller.say("owed", amount=teller.money(explained["amount"]), day=teller.day(explained["due_date"])))
    for one in explained["paid_by_other_means"]:
        amount, day = teller.money(one["amount"]), teller.day(one["paid_on"])
        yield Told(1, teller.say("paid_otherwise", amount=amount, day=day, reference=teller.code(one["reference"])))
        if one["undone_at"]:
            yield Told(2, teller.say("undone"))
    for attempt in explained["attempts"]:
        yield from _attempt(teller, attempt)
    for one in explained["disputes"]:
        answer = teller.state(one["answer"] or "open")
        yield Told(0, teller.say("dispute", day=teller.day(one["opened_at"]), answer=answer))
    for penalty in explained["penalties"]:
        yield from _penalty(teller, penalty)
    if not explained["penalties"]:
        yield Told(0, teller.say("no_penalty"))


def _attempt(teller: _Teller, attempt: Mapping[str, Any]) -> Iterator[Told]:
    day, outcome = teller.day(attempt["collection_date"]), teller.state(attempt["outcome"])
    yield Told(0, teller.say("attempt", number=attempt["attempt"], day=day, outcome=outcome))
    notice = attempt["notice"]
    yield Told(1, teller.say("notice", day=teller.day(notice["sent_at"])) if notice else teller.say("no_notice"))
    for sent_at in attempt["batch"]["sent_at"] if attempt["batch"] else ():
        yield Told(1, teller.say("sent", batch=teller.code(attempt["batch"]["id"]), day=teller.day(sent_at)))
    for one in attempt["bank_said"]:
        if one["reason_code"]:
            reason = reason_said(teller.language, one["reason_code"], one["reason_name"])
            code, day = teller.code(one["reason_code"]), teller.day(one["on"])
            yield Told(1, teller.say("bank_said", day=day, reason=reason, code=code))
    decision = attempt["decision"]
    if decision:
        yield Told(1, teller.say("party", party=wording.said(teller.language, "parties", decision["party"])))
        missing = decision["missing"]
        for step in decision["steps"]:
            yield Told(2, step_said(teller.language, step))
        if missing:
            yield Told(2, teller.say("missing", pieces=pieces_said(teller.language, missing)))
        yield Told(1, wording.said(teller.language, "effects", decision["effect"]))


def _penalty(teller: _Teller, penalty: Mapping[str, Any]) -> Iterator[Told]:
    state, amount = teller.state(penalty["state"]), teller.money(penalty["total"])
    yield Told(0, teller.say("penalty", penalty=teller.code(penalty["penalty"]), state=state, amount=amount))
    known = {"rule": teller.code(penalty["rule"]), "version": teller.code(penalty["rule_version"])}
    first, last = teller.day(penalty["clock_start"]), teller.day(penalty["until"])
    yield Told(1, teller.say("rule", **known, first=first, last=last))
    for step in penalty["steps"]:
        yield Told(2, f"{teller.day(step['from'])} – {formula_said(teller.language, step['formula'])}")
    if penalty["bank_fee"] != format_minor(0, penalty["currency"]):
        yield Told(2, wording.said(teller.language, "notice", "bank_fee", amount=teller.money(penalty["bank_fee"])))
