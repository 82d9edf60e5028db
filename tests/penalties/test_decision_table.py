"""The decision table for lawyers says what decides, and in both languages the same."""

from pathlib import Path

import pytest
from fault_oracle import CIRCUMSTANCES
from penalty_cases import CODES
from test_fault_oracle import PHASES, PLAIN, CodeSet, evidence, in_pairs

from debit_service.penalties.fault import wording
from debit_service.penalties.fault.decision_table import LANGUAGES, page
from debit_service.penalties.fault.engine import decide_fault
from debit_service.penalties.fault.general_rule import ANNOUNCED, GENERAL
from debit_service.penalties.fault.outcomes import is_asked, outcomes, verdicts
from debit_service.penalties.fault.rules import CONTEXT_RULES
from debit_service.penalties.fault.values import ContextRule, Effect, Party, Phase, ReasonCode

DOCS = Path(__file__).parents[2] / "docs"
FILES = {"en": "decision-table.md", "fr": "decision-table.fr.md"}
GUARDS = {
    (guard.key, guard.question): guard
    for rule in (*CONTEXT_RULES.values(), GENERAL, ANNOUNCED)
    for guard in rule.guards
}.values()
#: What decides only together with another circumstance.
TOGETHER = ("scheme", "acceptance", "told to lodge", "amount sent", "limit")


def row(code: str, code_set: str) -> ReasonCode:
    return next(one for one in CODES if (one.code, one.code_set) == (code, code_set))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_for_lawyers_says_what_the_tables_and_rules_say(language: str) -> None:
    """Make it again: debit penalties table --language fr --out docs/decision-table.fr.md; without a language for the English."""
    assert (DOCS / FILES[language]).read_text(encoding="utf-8") == page(CODES, language)


def test_the_page_names_every_code_every_question_and_every_answer_that_decides() -> None:
    text = page(CODES)
    assert all(f"| {one.code} | " in text for one in CODES)
    for guard in GUARDS:
        assert f"| {guard.question} | {guard.asked_when}" in text
        for each in guard.verdicts:
            party = wording.said("en", "parties", each.party)
            assert f"{each.because} → {party}, {each.effect}" in text


def test_in_french_every_word_is_french() -> None:
    words = wording._words("fr")
    assert {guard.question for guard in GUARDS} <= set(words["questions"])
    assert {guard.asked_when for guard in GUARDS} <= set(words["asked_when"])
    assert {text for guard in GUARDS for text in (guard.milder, guard.harsher)} <= set(words["changes"])
    assert {rule.about for rule in (*CONTEXT_RULES.values(), GENERAL, ANNOUNCED)} <= set(words["abouts"])
    assert {one.action for one in CODES} <= set(words["actions"])
    assert set(wording._words("en")["table"]) == set(words["table"])


@pytest.mark.parametrize("rule", ContextRule)
def test_what_is_said_to_come_out_is_what_the_engine_says_in_all_circumstances(rule: ContextRule) -> None:
    """Held against the circumstances of the oracle, which knows nothing of the table: nothing is lacking, nothing too much."""
    alone = [{**PLAIN, name: word} for name, words in CIRCUMSTANCES.items() for word in words[1:]]
    for one in (each for each in CODES if each.context_rule is rule):
        listed: CodeSet = "S" if one.code_set == "S" else "R"
        found = {
            (decision.effect, decision.party)
            for phase in PHASES
            if phase is not Phase.REVERSAL
            for said in (*alone, *in_pairs(TOGETHER))
            for decision in [decide_fault(evidence(one.code, listed, phase, said), one)]
        }
        assert set(outcomes(one)) == found, one.code


def test_a_question_stands_at_the_codes_of_which_it_is_asked() -> None:
    history = next(one for one in CONTEXT_RULES[ContextRule.ACC].guards if one.key == "history")
    closed = next(one for one in CONTEXT_RULES[ContextRule.ACC].guards if one.key == "closed")
    unknown, gone = row("AC01", "B"), row("AC04", "B")
    assert (is_asked(closed, unknown), is_asked(closed, gone)) == (False, True)
    assert (is_asked(history, unknown), is_asked(history, gone)) == (True, False)
    assert verdicts(closed, unknown) == {}


def test_only_the_four_codes_that_penalise_are_said_to_penalise() -> None:
    found = {one.code for one in CODES for effect, _ in outcomes(one) if effect is Effect.PENALISE}
    assert found == {"AM04", "AC04", "AC05", "SL12"}
    assert (Effect.PENALISE, Party.EMPLOYER) in outcomes(row("AM04", "B"))


def test_a_reversal_is_said_to_be_the_funds_and_to_have_no_consequence() -> None:
    line = next(line for line in page(CODES).splitlines() if line.startswith("| MS02 |"))
    assert "as a reversal: NONE: the fund" in line
