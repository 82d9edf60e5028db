"""What the notices of a penalty say, in the employer's language: how much, how to pay and to contest, and by when; then what
failed, on what evidence, under which rule, and how it is computed; later, that less is owed, or nothing, and why.

Everything comes as plain values. The outbox keeps the notice as JSON, as it keeps a pre-notification (`collections.notice_text`):
`to`, `subject`, `text`, `language`, and `fields` with what heads a letter.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from debit_service.collections.notice_text import language_of
from debit_service.core.money import format_minor
from debit_service.penalties.fault.values import Phase
from debit_service.penalties.fault.wording import day, formula_said, in_order, money, reason_said, said, step_said
from debit_service.penalties.notice_figures import NoticedDelay, NoticedStep

#: Of the questions that let the fault stand, those of which an employer is told at once: its account, its notice, its day, its
#: limit. All others are in the proof pack.
_TOLD: Final = ("account", "notice", "told", "open-day", "limit")
_AT_MOST: Final = 3


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
    """The rule that was applied: its legal text and its sentence as the employer reads it, each empty where none is known.

    `confirmed`: the fund has confirmed the text. `adopted_on`: the day on which a person applied it, where it is not.
    """

    id: str
    version: str
    citation: str
    sentence: str
    confirmed: bool
    adopted_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What every notice names; amounts in minor units of `currency`.

    `reference` is what the employer quotes, `replaces` that of an earlier notice of another amount. `total_minor` is what is
    owed now, `paid_minor` what of it, or beyond it, was paid. `pay_by` and `contest_by` are the days if the message leaves on
    `made_on`. `pay_to` is the account, `contest_where` whom one writes to.
    """

    reference: str
    replaces: str | None = None
    fund_name: str
    employer_name: str
    contribution: str
    period: str
    due_date: date
    currency: str
    total_minor: int
    paid_minor: int = 0
    made_on: date
    pay_by: date
    pay_to: str
    contest_by: date
    contest_where: str

    @property
    def open_minor(self) -> int:
        """What is still to be paid."""
        return max(self.total_minor - self.paid_minor, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyNotice(Notice):
    """The plain values of a claim. Its total: what is asked of the steps, less reliefs, and the bank's fee where it is re-billed.

    Without steps only that fee is claimed, and there is no `delay`. `days_count_if_rejected`: the fund's law counts the days of a
    dispute after all when it is rejected.
    """

    failures: Sequence[NoticedFailure]
    rule: NoticedRule
    steps: Sequence[NoticedStep]
    relieved_minor: int = 0
    bank_fee_minor: int = 0
    delay: NoticedDelay | None = None
    days_count_if_rejected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredNotice(Notice):
    """That less is owed than the employer was told (`before_minor`), or nothing. `why`: a key of the words `lowered`; where it is
    `relieved`, `ground` says on which ground (`PenaltyRelief.ground`).
    """

    before_minor: int
    why: str
    ground: str = ""


def penalty_notice_body(language: str, notice: PenaltyNotice | LoweredNotice, email: str | None) -> str:
    """The notice as JSON (see the module), for an employer that prefers `language`. Without `email` it will be a letter."""
    spoken = language_of(language)
    if isinstance(notice, LoweredNotice):
        subject, text = "subject_lowered", lowered_notice_text(spoken, notice)
    else:
        subject, text = "subject" if notice.steps else "subject_fee", penalty_notice_text(spoken, notice)
    return json.dumps(
        {
            "to": email or None,
            "subject": _line(spoken, subject, notice, fund=notice.fund_name),
            "text": text,
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
        [said(language, "notice", "pay_title"), _pay(language, notice)],
        _contest(language, notice),
        _failed(language, notice),
        _evidence(language, notice),
        _rule(language, notice),
        _amount(language, notice),
        [_line(language, "proof", notice)],
    )
    return _paragraphs(parts)


def lowered_notice_text(language: str, notice: LoweredNotice) -> str:
    """The text of the short message that less is owed, or nothing: what, why, and what becomes of what was paid."""
    comma = "،" if language == "ar" else ","
    ground = said(language, "relief_grounds", notice.ground) if notice.ground else ""
    parts = [
        [f"{notice.employer_name}{comma}"],
        _lowered(language, notice),
        [said(language, "lowered", notice.why, fund=notice.fund_name, ground=ground)],
        _paid(language, notice),
    ]
    if notice.total_minor:
        contest = _line(language, "contest", notice, day=day(language, notice.contest_by), where=notice.contest_where)
        parts += [[contest], [_line(language, "days_run", notice, day=day(language, notice.made_on))]]
    return _paragraphs([*parts, [_line(language, "proof", notice)]])


def _paragraphs(parts: Iterable[Iterable[str]]) -> str:
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _lowered(language: str, notice: LoweredNotice) -> Iterator[str]:
    known = {"period": in_order(language, notice.period), "due_date": day(language, notice.due_date)}
    before = money(language, notice.before_minor, notice.currency)
    yield _line(language, "lowered" if notice.total_minor else "fell", notice, before=before, **known)
    yield _numbered(language, notice)


def _paid(language: str, notice: LoweredNotice) -> Iterator[str]:
    """What is still to be paid, or what was paid too much."""
    yield _pay(language, notice)
    beyond = notice.paid_minor - notice.total_minor
    if beyond > 0:
        yield _line(language, "owed_back", notice, amount=money(language, beyond, notice.currency))


def _pay(language: str, notice: Notice) -> str:
    """By when to pay what is open, and where."""
    if not notice.open_minor:
        return said(language, "notice", "nothing_open")
    paid = _already_paid(language, notice) if notice.paid_minor else ""
    return " ".join(filter(None, (paid, _line(language, "pay", notice))))


def _already_paid(language: str, notice: Notice) -> str:
    paid, left = (money(language, minor, notice.currency) for minor in (notice.paid_minor, notice.open_minor))
    return said(language, "notice", "already_paid", paid=paid, open=left)


def _numbered(language: str, notice: Notice) -> str:
    lines = [_line(language, "number", notice)]
    if notice.replaces:
        lines.append(_line(language, "replaces", notice, replaces=in_order(language, notice.replaces)))
    return "\n".join(lines)


def _line(language: str, key: str, notice: Notice, **more: object) -> str:
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
    yield _numbered(language, notice)


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
        yield from (
            f"– {told}" for told in dict.fromkeys(step_said(language, step) for step in _that_matter(one.steps))
        )


def _that_matter(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The few questions that an employer is told of, and what decided. What the bank said stands above, and the conclusion is the
    notice itself."""
    asked = [step for step in steps if step["outcome"] == "passed" and _question(step) in _TOLD]
    told = sorted(asked, key=lambda step: _TOLD.index(_question(step)))[:_AT_MOST]
    decided = [step for step in steps if step["outcome"] not in ("passed", "read") and step["rule"] != "RESULT"]
    return [*told, *decided]


def _question(step: Mapping[str, Any]) -> str:
    return str(step["rule"]).rpartition(" ")[2]


def _rule(language: str, notice: PenaltyNotice) -> Iterator[str]:
    rule = notice.rule
    yield said(language, "notice", "rule_title")
    if not notice.steps:
        yield _line(language, "rule_fee_alone", notice)
        return
    known = {"rule": in_order(language, rule.id), "version": in_order(language, rule.version)}
    if rule.citation:
        yield said(language, "notice", "rule_cited", citation=rule.citation)
    if rule.sentence:
        yield rule.sentence
    if not rule.confirmed:
        yield _line(language, "rule_unconfirmed", notice)
    if rule.adopted_on:
        yield said(language, "notice", "rule_adopted", day=day(language, rule.adopted_on))
    yield _line(language, "rule", notice, **known)


def _amount(language: str, notice: PenaltyNotice) -> Iterator[str]:
    yield said(language, "notice", "amount_title")
    if notice.delay:
        yield from _delay(language, notice.delay, notice.currency)
    yield from (f"– {_charge(language, one, notice.currency)}" for one in notice.steps)
    for key, minor in (("relieved", notice.relieved_minor), ("bank_fee", notice.bank_fee_minor)):
        if minor:
            yield f"– {said(language, 'notice', key, amount=money(language, minor, notice.currency))}"
    yield _line(language, "total", notice)
    if any(one.asked_minor < one.amount_minor for one in notice.steps):
        yield said(language, "notice", "not_asked")


def _charge(language: str, one: NoticedStep, currency: str) -> str:
    """A charge in figures; what is asked of it where that is not what the figures come to, so that the lines give the total."""
    key = "step_day" if one.from_date == one.to_date else "step"
    first, last = day(language, one.from_date), day(language, one.to_date)
    told = said(language, "notice", key, first=first, last=last, formula=formula_said(language, one.formula))
    if one.formula.endswith(f"= {format_minor(one.asked_minor, currency)}"):
        return told
    return told + said(language, "notice", "asked", amount=money(language, one.asked_minor, currency))


def _delay(language: str, delay: NoticedDelay, currency: str) -> Iterator[str]:
    for unpaid, taken in delay.bases:
        known = {"unpaid": money(language, unpaid, currency), "taken": money(language, taken, currency)}
        yield said(language, "notice", "base" if unpaid == taken else "base_taken", **known)
    for paid_on, minor in delay.payments:
        yield said(language, "notice", "paid_part", day=day(language, paid_on), amount=money(language, minor, currency))
    until = said(language, "notice", "until_paid" if delay.paid else "until_open", day=day(language, delay.until))
    yield f"{said(language, 'notice', 'counted_from', day=day(language, delay.counted_from))} {until}"
    for first, last in delay.not_counted:
        if last:
            yield said(language, "notice", "not_counted", first=day(language, first), last=day(language, last))


def _contest(language: str, notice: PenaltyNotice) -> Iterator[str]:
    yield said(language, "notice", "contest_title")
    yield _line(language, "contest", notice, day=day(language, notice.contest_by), where=notice.contest_where)
    stops = "contest_counts_if_rejected" if notice.days_count_if_rejected else "contest_stops"
    yield said(language, "notice", stops)
    yield _line(language, "days_run", notice, day=day(language, notice.made_on))
