"""The notice of a penalty says in the employer's language all that it must; word for word it stands in `notices/`."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.collections.letters import print_letters
from debit_service.core.events import Owed
from debit_service.core.settings import Settings
from debit_service.penalties import notice_figures
from debit_service.penalties.fault.values import Phase
from debit_service.penalties.fault.wording import day, money
from debit_service.penalties.notice_figures import NoticedDelay, NoticedStep
from debit_service.penalties.notice_text import (
    LoweredNotice,
    NoticedFailure,
    NoticedRule,
    PenaltyNotice,
    lowered_notice_text,
    penalty_notice_body,
    penalty_notice_text,
)
from debit_service.penalties.tariff.catalogue import load_penalty_rules
from debit_service.penalties.tariff.relief import Ground
from debit_service.penalties.tariff.rule import PenaltyRule

STEPS = (
    {"rule": "CODE", "outcome": "read", "because": "AM04 means InsufficientFunds."},
    {"rule": "GENERAL name", "outcome": "passed", "because": "The name sent is that of the signed form."},
    {"rule": "C-NOTICE file-time", "outcome": "passed", "because": "Our file was with the bank in time."},
    {"rule": "C-NOTICE open-day", "outcome": "passed", "because": "The day of the debit was open."},
    {"rule": "C-NOTICE notice", "outcome": "passed", "because": "A notice announced this amount and this date."},
    {"rule": "C-NOTICE limit", "outcome": "passed", "because": "The amount was within the limit."},
    {"rule": "GENERAL account", "outcome": "passed", "because": "The account sent is that of the signed form."},
    {
        "rule": "C-NOTICE conclusion",
        "outcome": "PENALISE",
        "because": "EMPLOYER: The debit was announced and presented as agreed, and the account was not funded.",
    },
    {"rule": "RESULT", "outcome": "PENALISE", "because": "EMPLOYER: The debit was announced."},
)
FAILURE = NoticedFailure(
    collection_date=date(2026, 9, 30),
    amount_minor=100_000_00,
    phase=Phase.RETURN,
    reason_code="AM04",
    reason_name="InsufficientFunds",
    entry_day=date(2026, 10, 1),
    entry_reference="NTRY-77",
    announced_on=date(2026, 9, 14),
    steps=STEPS,
)
NOTICE = PenaltyNotice(
    reference="01M4Z2ARR0DQ4AQK50BGNSHV5C-2",
    replaces="01M4Z2ARR0DQ4AQK50BGNSHV5C-1",
    fund_name="CNAS",
    employer_name="Entreprise n 001",
    contribution="CNAS-2026-08-001",
    period="2026-08",
    due_date=date(2026, 9, 30),
    currency="DZD",
    failures=[FAILURE],
    rule=NoticedRule(
        id="dz-cnas",
        version="2026-11",
        citation="law 83-14 as amended by law 04-17",
        sentence="5% once; then 1.5% for each month of delay that has begun, from the second on.",
        confirmed=False,
        adopted_on=date(2026, 11, 3),
    ),
    steps=[
        NoticedStep(
            from_date=date(2026, 10, 1),
            to_date=date(2026, 10, 1),
            formula="99950.00 x 5% = 4997.50",
            amount_minor=4_997_50,
            asked_minor=4_997_50,
        ),
        NoticedStep(
            from_date=date(2026, 10, 31),
            to_date=date(2026, 11, 30),
            formula="79950.00 x 1.5% = 1199.25, cut to 900.00 by the cap of 5.9%",
            amount_minor=900_00,
            asked_minor=450_00,
        ),
    ],
    delay=NoticedDelay(
        counted_from=date(2026, 9, 30),
        until=date(2026, 11, 2),
        paid=False,
        bases=[(99_993_92, 99_950_00), (79_993_92, 79_950_00)],
        payments=[(date(2026, 10, 15), 20_000_00)],
        not_counted=[(date(2026, 10, 5), date(2026, 10, 7))],
    ),
    relieved_minor=1_000_00,
    bank_fee_minor=250_00,
    total_minor=4_697_50,
    made_on=date(2026, 11, 3),
    pay_by=date(2026, 12, 3),
    pay_to="00799999001234567890",
    contest_by=date(2026, 12, 4),
    contest_where="CNAS",
)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_notice_reads_word_for_word(language: str) -> None:
    kept = Path(__file__).parent / "notices" / f"{language}.txt"
    assert penalty_notice_text(language, NOTICE) == kept.read_text("utf-8")


LOWERED = LoweredNotice(
    reference=NOTICE.reference,
    replaces=NOTICE.replaces,
    fund_name=NOTICE.fund_name,
    employer_name=NOTICE.employer_name,
    contribution=NOTICE.contribution,
    period=NOTICE.period,
    due_date=NOTICE.due_date,
    currency=NOTICE.currency,
    total_minor=2_000_00,
    paid_minor=500_00,
    made_on=NOTICE.made_on,
    pay_by=NOTICE.pay_by,
    pay_to=NOTICE.pay_to,
    contest_by=NOTICE.contest_by,
    contest_where=NOTICE.contest_where,
    before_minor=5_150_00,
    why="relieved",
    ground="commission",
)
FELL = replace(LOWERED, total_minor=0, why="ground", ground="")
WHYS = ("relieved", "ground", "in_time", "version", "person", "examined", "recomputed")


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize(("kept", "notice"), [("lowered", LOWERED), ("fell", FELL)])
def test_that_less_is_owed_reads_word_for_word(kept: str, notice: LoweredNotice, language: str) -> None:
    told = Path(__file__).parent / "notices" / f"{kept}_{language}.txt"
    assert lowered_notice_text(language, notice) == told.read_text("utf-8")


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_reason_and_every_ground_of_a_relief_has_words(language: str) -> None:
    told = [lowered_notice_text(language, replace(FELL, why=why)) for why in WHYS]
    told += [lowered_notice_text(language, replace(LOWERED, ground=one.value)) for one in Ground]
    assert len(set(told)) == len(WHYS) + len(Ground)
    assert not [one for one in told for key in (*WHYS, *Ground) if "_" in key and str(key) in one]


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_it_names_what_the_employer_must_know(language: str) -> None:
    text = penalty_notice_text(language, NOTICE)
    facts = (
        "CNAS-2026-08-001",
        "2026-08",
        "AM04",
        "NTRY-77",
        "dz-cnas",
        "2026-11",
        "law 83-14",
        NOTICE.reference,
        NOTICE.pay_to,
    )
    assert [one for one in facts if one not in text] == []


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_what_is_owed_and_until_when_to_pay_and_to_contest_come_first(language: str) -> None:
    claim, pay, contest, failed = penalty_notice_text(language, NOTICE).split("\n\n")[1:5]
    assert money(language, NOTICE.total_minor, "DZD") in claim
    assert day(language, NOTICE.pay_by) in pay
    assert day(language, NOTICE.contest_by) in contest
    assert day(language, NOTICE.failures[0].collection_date) in failed


def test_of_what_was_checked_it_tells_account_notice_and_day_and_where_the_rest_is() -> None:
    text = penalty_notice_text("en", NOTICE)
    (evidence,) = (part for part in text.split("\n\n") if part.startswith("4."))
    told = [line for line in evidence.splitlines() if "bank's entry" not in line and "Our notice" not in line]
    assert told[1:] == [
        "– The account sent is that of the signed form.",
        "– A notice announced this amount and this date.",
        "– The day of the debit was open.",
        "– The debit was announced and presented as agreed, and the account was not funded.",
    ]
    assert "All that was checked is in the file kept for you" in text


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_what_does_not_apply_is_not_said(language: str) -> None:
    plain = replace(
        NOTICE,
        replaces=None,
        relieved_minor=0,
        bank_fee_minor=0,
        rule=replace(NOTICE.rule, citation="", sentence="", confirmed=True, adopted_on=None),
        failures=[replace(FAILURE, announced_on=None)],
        steps=[replace(one, asked_minor=one.amount_minor) for one in NOTICE.steps],
        delay=replace(NOTICE.delay, payments=(), not_counted=()) if NOTICE.delay else None,
    )
    # Replaced, relief, fee, announced; four of the rule; what is not asked; the payment, the days not counted.
    whole, less = (penalty_notice_text(language, one).splitlines() for one in (NOTICE, plain))
    assert len(less) == len(whole) - 11


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_what_becomes_of_the_days_of_a_dispute_is_told_as_the_fund_has_it(language: str) -> None:
    stopped, counted = (
        penalty_notice_text(language, replace(NOTICE, days_count_if_rejected=one)).splitlines() for one in (False, True)
    )
    ((said_of_stopped, said_of_counted),) = ((a, b) for a, b in zip(stopped, counted, strict=True) if a != b)
    assert len(said_of_counted) > len(said_of_stopped)


@dataclass
class Charged:
    """A stored step."""

    step_key: str
    amount_minor: int
    confirmed_minor: int
    formula: str
    from_date: date = date(2026, 10, 1)
    to_date: date = date(2026, 10, 1)


@st.composite
def charged(draw: st.DrawFn, by_the_day: bool) -> list[Charged]:
    """Charges as `amount.compute` writes them, of each of which a part is confirmed."""
    amounts, found, before = draw(st.lists(st.integers(0, 10_000_00), min_size=1, max_size=5)), [], 0
    for n, minor in enumerate(amounts, 1):
        asked, day_of = draw(st.integers(0, minor)), date(2026, 10, n)
        if draw(st.booleans()):
            asked = minor
        so_far = before + minor
        figures = f"100.00 x 7% x {n} / 365 = {so_far / 100:.2f}, less {before / 100:.2f} for the days before"
        formula = figures if by_the_day else f"{minor / 100:.2f} x 100% = {minor / 100:.2f}"
        key = f"day-{n}" if by_the_day else f"month-{n}"
        found.append(Charged(key, minor, asked, formula, day_of, day_of))
        before = so_far
    return found


@given(charged(by_the_day=False), charged(by_the_day=True), st.integers(0, 100), st.integers(0, 5_00))
def test_the_lines_add_up_to_the_total(months: list[Charged], days: list[Charged], off: int, fee_minor: int) -> None:
    steps = [*days, *months]
    asked = sum(one.confirmed_minor for one in steps)
    relieved = asked * off // 100
    notice = replace(
        NOTICE,
        steps=notice_figures.lines(steps),
        relieved_minor=relieved,
        bank_fee_minor=fee_minor,
        total_minor=asked - relieved + fee_minor,
    )
    (computed,) = (part for part in penalty_notice_text("en", notice).split("\n\n") if part.startswith("6."))
    listed = [line for line in computed.splitlines() if line.startswith("–")]
    figures = [re.findall(r"[0-9][0-9,]*\.[0-9]{2}", line)[-1].replace(",", "") for line in listed]
    signs = [-1 if "Relief" in line else 1 for line in listed]
    assert sum(sign * Decimal(one) for sign, one in zip(signs, figures, strict=True)) * 100 == notice.total_minor


RULES = list(load_penalty_rules(Settings().config / "penalty_rules.toml"))


@pytest.mark.parametrize("rule", [one for one in RULES if one.enabled], ids=lambda one: one.id)
def test_every_rule_in_use_is_told_in_every_language_with_its_own_rates_and_no_others(rule: PenaltyRule) -> None:
    figures = str({key: value for key, value in rule.figures().items() if key not in ("base_rounding", "threshold")})
    rates = {
        Decimal(one)
        for one in re.findall(r"rate\w*': '([0-9.]+)'|term': '([0-9.]+)'|cap': '(0[0-9.]+)'", figures)
        for one in one
        if one
    }
    assert {one.language for one in rule.texts} >= {"fr", "ar", "en"}
    for text in rule.texts:
        told = re.findall(r"([0-9]+(?:[.,][0-9]+)?)\s?%", text.sentence)
        assert {Decimal(one.replace(",", ".")) / 100 for one in told} == rates, text.language
        assert "seen" not in text.citation
        assert "assumed" not in text.citation


def test_a_rule_that_has_no_words_in_a_language_is_named_and_nothing_is_made_up() -> None:
    assert RULES[0].text_in("xx") is None
    bare = penalty_notice_text("en", replace(NOTICE, rule=replace(NOTICE.rule, citation="", sentence="")))
    assert "Text:" not in bare
    assert "gives you its text on request" in bare


def test_each_phase_has_words_of_its_own() -> None:
    phases = (Phase.REJECT, Phase.RETURN, Phase.REFUND)
    assert (
        len({penalty_notice_text("fr", replace(NOTICE, failures=[replace(FAILURE, phase=one)])) for one in phases}) == 3
    )


def test_it_is_a_message_as_others_and_an_unknown_language_is_the_default() -> None:
    message = json.loads(penalty_notice_body("xx", NOTICE, ""))
    assert (message["to"], message["language"]) == (None, "fr")
    assert message["text"] == penalty_notice_text("fr", NOTICE)
    assert json.loads(penalty_notice_body("ar", NOTICE, "a@b.example"))["to"] == "a@b.example"


def test_it_is_printed_as_a_letter_of_one_page() -> None:
    long = replace(NOTICE, steps=[*NOTICE.steps] * 20)
    owed = [
        Owed(f"{number}", "penalty_notice", datetime(2026, 11, 3, tzinfo=UTC), penalty_notice_body(language, one, None))
        for number, (language, one) in enumerate([("fr", NOTICE), ("ar", NOTICE), ("en", long)])
    ]
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", print_letters(owed).pdf)) == 3
