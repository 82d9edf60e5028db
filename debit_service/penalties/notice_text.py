"""What the notice of a penalty says, in the employer's language: what failed, on what evidence, under which rule, how much and
how it is computed, how to pay and how to contest.

Everything comes as plain values. The outbox keeps the notice as JSON, as it keeps a pre-notification (`collections.notice_text`):
`to`, `subject`, `text`, `language`, and `fields` with what heads a letter.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from debit_service.collections.notice_text import language_of
from debit_service.penalties.fault.values import Phase
from debit_service.penalties.fault.wording import day, formula_said, in_order, money, reason_said, said, step_said


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedFailure:
    """A debit that failed, and why the employer is held to have caused it.

    `steps` is the stored argument (`FaultDecision.argument["steps"]`); `entry_reference` is what the bank calls its entry, and
    `entry_day` the day on which it booked or wrote it.
    """

    collection_date: date
    amount_minor: int
    phase: Phase
    reason_code: str
    reason_name: str
    entry_day: date
    entry_reference: str
    announced_on: date | None
    steps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedRule:
    """The rule that was applied, with its text. `adopted_on`: the day on which a person applied it, where it needs that."""

    id: str
    version: str
    source: str
    confidence: str
    adopted_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedStep:
    """One charge, as `amount.compute` gave it: its days, and its sum in figures."""

    from_date: date
    to_date: date
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyNotice:
    """The plain values of a notice; amounts in minor units of `currency`.

    `reference` is what the employer quotes, `replaces` that of an earlier notice of another amount. `total_minor` is what is to
    be paid: the steps, less reliefs, and the bank's fee where it is re-billed. `pay_to` is the account, `contest_where` whom one
    writes to. `grows_in_dispute`: the fund's law lets it.
    """

    reference: str
    replaces: str | None = None
    fund_name: str
    employer_name: str
    contribution: str
    period: str
    due_date: date
    currency: str
    failures: Sequence[NoticedFailure]
    rule: NoticedRule
    steps: Sequence[NoticedStep]
    relieved_minor: int = 0
    bank_fee_minor: int = 0
    total_minor: int
    pay_by: date
    pay_to: str
    contest_by: date
    contest_where: str
    grows_in_dispute: bool = False


def penalty_notice_body(language: str, notice: PenaltyNotice, email: str | None) -> str:
    """The notice as JSON (see the module), for an employer that prefers `language`. Without `email` it will be a letter."""
    spoken = language_of(language)
    return json.dumps(
        {
            "to": email or None,
            "subject": _line(spoken, "subject", notice, fund=notice.fund_name),
            "text": penalty_notice_text(spoken, notice),
            "language": spoken,
            "fields": {"fund": notice.fund_name, "name": notice.employer_name},
        },
        ensure_ascii=False,
    )


def penalty_notice_text(language: str, notice: PenaltyNotice) -> str:
    """The text of a notice: paragraphs apart by an empty line, a list with one item a line."""
    comma = "،" if language == "ar" else ","
    parts = (
        [f"{notice.employer_name}{comma}"],
        _claim(language, notice),
        _failed(language, notice),
        _evidence(language, notice),
        _rule(language, notice),
        _amount(language, notice),
        [said(language, "notice", "pay_title"), _line(language, "pay", notice)],
        _contest(language, notice),
        [said(language, "notice", "proof")],
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _line(language: str, key: str, notice: PenaltyNotice, **more: object) -> str:
    """A line that names the notice, its fund or its total."""
    known: dict[str, object] = {
        "reference": in_order(language, notice.reference),
        "contribution": in_order(language, notice.contribution),
        "fund": notice.fund_name,
        "total": money(language, notice.total_minor, notice.currency),
        "pay_to": in_order(language, notice.pay_to),
        "day": day(language, notice.pay_by),
    }
    return said(language, "notice", key, **known | more)


def _claim(language: str, notice: PenaltyNotice) -> Iterator[str]:
    period = in_order(language, notice.period)
    yield _line(language, "claim", notice, period=period, due_date=day(language, notice.due_date))
    yield _line(language, "number", notice)
    if notice.replaces:
        yield _line(language, "replaces", notice, replaces=in_order(language, notice.replaces))


def _failed(language: str, notice: PenaltyNotice) -> Iterator[str]:
    yield said(language, "notice", "failed_title")
    for one in notice.failures:
        yield said(
            language,
            "notice",
            f"failed_{one.phase.value}",
            amount=money(language, one.amount_minor, notice.currency),
            day=day(language, one.collection_date),
            code=in_order(language, one.reason_code),
            reason=reason_said(language, one.reason_code, one.reason_name),
        )


def _evidence(language: str, notice: PenaltyNotice) -> Iterator[str]:
    yield said(language, "notice", "evidence_title")
    for one in notice.failures:
        entry_day, reference = day(language, one.entry_day), in_order(language, one.entry_reference)
        yield f"– {said(language, 'notice', 'entry', day=entry_day, reference=reference)}"
        if one.announced_on:
            yield f"– {said(language, 'notice', 'announced', day=day(language, one.announced_on))}"
        # What the bank said stands above, and the conclusion is the notice itself.
        for step in one.steps:
            if step["rule"] not in ("CODE", "RESULT"):
                yield f"– {step_said(language, step)}"


def _rule(language: str, notice: PenaltyNotice) -> Iterator[str]:
    rule = notice.rule
    known = {"rule": in_order(language, rule.id), "version": in_order(language, rule.version)}
    yield said(language, "notice", "rule_title")
    yield said(language, "notice", "rule", **known, source=in_order(language, rule.source))
    if rule.adopted_on is None:
        yield said(language, "notice", "rule_confirmed")
    else:
        sure = said(language, "confidence", rule.confidence)
        yield _line(language, "rule_adopted", notice, confidence=sure, day=day(language, rule.adopted_on))


def _amount(language: str, notice: PenaltyNotice) -> Iterator[str]:
    yield said(language, "notice", "amount_title")
    for one in notice.steps:
        key = "step_day" if one.from_date == one.to_date else "step"
        first, last = day(language, one.from_date), day(language, one.to_date)
        formula = formula_said(language, one.formula)
        yield f"– {said(language, 'notice', key, first=first, last=last, formula=formula)}"
    for key, minor in (("relieved", notice.relieved_minor), ("bank_fee", notice.bank_fee_minor)):
        if minor:
            yield f"– {said(language, 'notice', key, amount=money(language, minor, notice.currency))}"
    yield _line(language, "total", notice)


def _contest(language: str, notice: PenaltyNotice) -> Iterator[str]:
    yield said(language, "notice", "contest_title")
    yield _line(language, "contest", notice, day=day(language, notice.contest_by), where=notice.contest_where)
    if not notice.grows_in_dispute:
        yield said(language, "notice", "contest_stops")
