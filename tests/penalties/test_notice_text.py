"""The notice of a penalty says in the employer's language all that it must; word for word it stands in `notices/`."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from debit_service.collections.letters import print_letters
from debit_service.core.events import Owed
from debit_service.penalties.fault.values import Phase
from debit_service.penalties.notice_text import (
    NoticedFailure,
    NoticedRule,
    NoticedStep,
    PenaltyNotice,
    penalty_notice_body,
    penalty_notice_text,
)

STEPS = (
    {"rule": "CODE", "outcome": "read", "because": "AM04 means InsufficientFunds."},
    {"rule": "C-NOTICE notice", "outcome": "passed", "because": "A notice announced this amount and this date."},
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
        source="Law 83-14 as amended by law 04-17",
        confidence="low",
        adopted_on=date(2026, 11, 3),
    ),
    steps=[
        NoticedStep(from_date=date(2026, 10, 1), to_date=date(2026, 10, 1), formula="100000.00 x 5% = 5000.00"),
        NoticedStep(
            from_date=date(2026, 10, 31),
            to_date=date(2026, 11, 30),
            formula="100000.00 x 1.5% = 1500.00, cut to 900.00 by the cap of 5.9%",
        ),
    ],
    relieved_minor=1_000_00,
    bank_fee_minor=250_00,
    total_minor=5_150_00,
    pay_by=date(2026, 12, 3),
    pay_to="00799999001234567890",
    contest_by=date(2026, 12, 4),
    contest_where="CNAS",
)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_notice_reads_word_for_word(language: str) -> None:
    kept = Path(__file__).parent / "notices" / f"{language}.txt"
    assert penalty_notice_text(language, NOTICE) == kept.read_text("utf-8")


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
        "Law 83-14",
        NOTICE.reference,
        NOTICE.pay_to,
    )
    assert [one for one in facts if one not in text] == []


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_what_does_not_apply_is_not_said(language: str) -> None:
    plain = replace(
        NOTICE,
        replaces=None,
        relieved_minor=0,
        bank_fee_minor=0,
        grows_in_dispute=True,
        rule=replace(NOTICE.rule, adopted_on=None),
        failures=[replace(FAILURE, announced_on=None)],
    )
    # The rule's own line changes; five lines fall away.
    whole, less = (penalty_notice_text(language, one).splitlines() for one in (NOTICE, plain))
    assert len(less) == len(whole) - 5


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
