"""Everything that a decision can say has its words in French and Arabic."""

from collections.abc import Iterator
from typing import Any

import pytest
from penalty_cases import CODES, case, decide

from debit_service.penalties.fault import general_rule, rules, wording
from debit_service.penalties.fault.guards import Guard
from debit_service.penalties.fault.values import PIECE_LABELS, Effect, Party
from debit_service.penalties.fault.wording import formula_said, money, reason_said, step_said

LANGUAGES = ["fr", "ar"]
RULES = {**{name.value: rule for name, rule in rules.CONTEXT_RULES.items()}, "GENERAL": general_rule.GENERAL}
RULES["ANNOUNCED"] = general_rule.ANNOUNCED
GUARDS = [(name, guard) for name, rule in RULES.items() for guard in rule.guards]


def words(language: str) -> dict[str, Any]:
    return wording._words(language)


def answers(guard: Guard) -> Iterator[tuple[str, str]]:
    """(outcome, what is stored) of every answer that a guard may give, but the sentence that lets the next one speak."""
    for verdict in guard.verdicts:
        yield verdict.effect.value, f"{verdict.party}: {verdict.because}"
        yield verdict.effect.value, f"{verdict.party}: {verdict.because.removesuffix('.')}: what is particular."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_of_every_guard_has_its_words(language: str) -> None:
    generic = set(words(language)["outcomes"].values())
    told = {
        (rule, guard.key, because): step_said(
            language, {"rule": f"{rule} {guard.key}", "outcome": outcome, "because": because}
        )
        for rule, guard in GUARDS
        for outcome, because in answers(guard)
    }
    assert [known for known, said in told.items() if said in generic] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_that_occurs_has_its_words(language: str) -> None:
    """All codes with the complete file, and with each piece missing: whatever comes up is told, and not by its outcome alone."""
    generic = {text for outcome, text in words(language)["outcomes"].items() if outcome != "missing"}
    steps = {
        (step.rule, step.outcome, step.because)
        for code in {one.code for one in CODES}
        for code_set in ("R", "S")
        for without in ((), ("notice",), ("account_sent",))
        for step in decide(case(code, code_set, without=without)).steps
    }
    untold = [
        one
        for one in sorted(steps)
        if one[0] != "RESULT"
        and step_said(language, dict(zip(("rule", "outcome", "because"), one, strict=True))) in generic
    ]
    assert untold == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_parties_effects_and_the_reasons_that_count_have_their_words(language: str) -> None:
    known = words(language)
    assert set(PIECE_LABELS) <= set(known["pieces"])
    assert {one.value for one in Party} <= set(known["parties"])
    assert {one.value for one in Effect} <= set(known["effects"])
    counting = {one.code for one in CODES if one.context_rule or one.effect is not Effect.NONE}
    assert counting - set(known["reasons"]) == set()


def test_the_three_languages_have_the_same_keys() -> None:
    shared = ("notice", "told", "states", "reasons", "formula", "confidence", "outcomes", "effects", "parties")
    for section in shared:
        assert set(words("fr")[section]) == set(words("ar")[section]) == set(words("en")[section]), section
    for section in ("passed", "verdicts", "steps", "pieces"):
        assert set(words("fr")[section]) == set(words("ar")[section]), section


def test_what_is_missing_is_named() -> None:
    (step,) = [
        one for one in decide(case("AM04", without=("notice_days_agreed",))).steps if one.rule == "C-NOTICE notice-days"
    ]
    told = step_said("fr", {"rule": step.rule, "outcome": step.outcome, "because": step.because})
    assert told == "Pas encore établi ; il manque : le délai d'avis convenu."


def test_a_sentence_of_an_older_decision_is_told_by_its_outcome_and_in_english_as_it_stands() -> None:
    step = {"rule": "C-OLD thing", "outcome": "HOLD", "because": "UNKNOWN: Something that no guard says any more."}
    assert step_said("fr", step) == "Une personne doit en juger."
    assert step_said("en", step) == "Something that no guard says any more."


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "1\u202f000,00 × 5% × 3 / 365 = 0,41, moins 0,20 pour les jours précédents"),
        ("ar", "\u20661.000,00 × 5% × 3 / 365 = 0,41\u2069، ناقص \u20660,20\u2069 عن الأيام السابقة"),
        ("en", "1,000.00 × 5% × 3 / 365 = 0.41, less 0.20 for the days before"),
    ],
)
def test_figures_are_written_as_the_language_writes_them(language: str, said: str) -> None:
    assert formula_said(language, "1000.00 x 5% x 3 / 365 = 0.41, less 0.20 for the days before") == said


def test_amounts_and_reasons_that_have_no_words_are_told_all_the_same() -> None:
    assert money("fr", 1_000, "JPY") == "1\u202f000\u00a0JPY"
    assert reason_said("fr", "ZZ99", "SomethingNew") == "SomethingNew"
    assert reason_said("ar", None) == "–"
