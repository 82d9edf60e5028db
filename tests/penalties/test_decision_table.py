"""The decision table for lawyers says what decides."""

from pathlib import Path

from penalty_cases import CODES

from debit_service.penalties.fault.decision_table import page
from debit_service.penalties.fault.general_rule import GENERAL
from debit_service.penalties.fault.rules import CONTEXT_RULES

PAGE = Path(__file__).parents[2] / "docs" / "decision-table.md"


def test_the_page_for_lawyers_says_what_the_tables_and_rules_say() -> None:
    """Make it again: debit penalties table --out docs/decision-table.md"""
    assert PAGE.read_text(encoding="utf-8") == page(CODES)


def test_the_page_names_every_code_every_question_and_every_answer_that_decides() -> None:
    text = page(CODES)
    assert all(f"| {row.code} | " in text for row in CODES)
    for rule in (*CONTEXT_RULES.values(), GENERAL):
        for guard in rule.guards:
            assert guard.question in text
            assert all(f"{each.because} → {each.party}, {each.effect}" in text for each in guard.verdicts)
