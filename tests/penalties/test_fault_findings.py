"""What a person found about a held failure: it decides a doubt, never more, and falls with the evidence that it judged."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from penalty_cases import AFTER_CUT_OFF, BEFORE_CUT_OFF, CODES, COMPLETE, CROSSED, NOTICE, case, decide
from pydantic import TypeAdapter

from debit_service.penalties.fault.argument import argument, digest
from debit_service.penalties.fault.engine import decide_fault
from debit_service.penalties.fault.values import (
    CaseFile,
    Decision,
    Effect,
    Finding,
    Notice,
    Party,
    Phase,
    Piece,
    ReasonCode,
)


def found(file: CaseFile, party: Party, about: str | None = None) -> Decision:
    """The decision after a person found `party` at fault, having judged the decision on `file`."""
    finding = Finding(party, "The employer wrote so on 3 November.", about or digest(decide(file)))
    return decide(replace(file, finding=Piece(finding, "finding:1")))


@pytest.mark.parametrize("code", ["MS03", "AG07", "NARR", "AC01", "MS02", "MD06", "SL14"])
def test_a_doubt_about_the_employer_becomes_a_penalty_when_a_person_finds_so(code: str) -> None:
    decision = found(case(code, phase=Phase.REFUND if code == "MD06" else Phase.RETURN), Party.EMPLOYER)
    assert (decision.party, decision.effect) == (Party.EMPLOYER, Effect.PENALISE)
    assert "finding:1" in decision.evidence


@pytest.mark.parametrize("code", ["MS03", "AC06", "MD07", "ZZ99"])
@pytest.mark.parametrize("party", [Party.FUND, Party.SERVICE, Party.DEBTOR_BANK, Party.NOBODY])
def test_a_finding_in_favour_of_the_employer_ends_any_doubt(code: str, party: Party) -> None:
    decision = found(case(code), party)
    assert (decision.party, decision.effect) == (party, Effect.NONE)


@pytest.mark.parametrize("party", [Party.UNKNOWN, Party.INFO])
def test_a_finding_that_finds_nobody_decides_nothing(party: Party) -> None:
    assert found(case("MS03"), party).effect is Effect.HOLD


@pytest.mark.parametrize("party", list(Party))
@pytest.mark.parametrize("changed", [{"notice": None}, {"our_outage": "mail down"}, {}])
def test_a_finding_touches_neither_an_acquittal_nor_a_penalty(party: Party, changed: dict[str, Any]) -> None:
    file = case("AM04", **changed)
    assert found(file, party) == decide(file)


@pytest.mark.parametrize(
    "changed",
    [
        {"our_outage": "mail down"},
        {"paid_before": 100_00},
        {"paid_before": 1},
        {"day_closed_since": "Eid"},
        {"open_dispute": "D-7"},
        {"account_sent": "account-2"},
        {"umr_sent": "OTHER"},
        {"amendments": (CROSSED,)},
        {"revocation_received_at": BEFORE_CUT_OFF},
        {"without": ("bank_file",)},
        {"without": ("our_outage",)},
        {"without": ("legal_due_date",)},
    ],
)
def test_a_finding_against_the_employer_needs_what_every_penalty_demands(changed: dict[str, Any]) -> None:
    decision = found(case("MS03", **changed), Party.EMPLOYER)
    assert decision.effect is not Effect.PENALISE
    assert decision.would_change


# For all but the closed account, nothing in the code's own rule asks how the debit was announced and sent.
@pytest.mark.parametrize("code", ["MS03", "AC01", "AC06", "MD06"])
@pytest.mark.parametrize(
    ("changed", "effect"),
    [
        ({"notice": None}, Effect.NONE),
        ({"notice": replace(NOTICE, amount_minor=NOTICE.amount_minor - 1)}, Effect.NONE),
        ({"notice": replace(NOTICE, sent_at=NOTICE.sent_at + timedelta(days=5))}, Effect.NONE),
        ({"file_sent_at": AFTER_CUT_OFF}, Effect.HOLD),
        ({"other_live_collections": 1}, Effect.HOLD),
        ({"without": ("notice_days_agreed",)}, Effect.HOLD),
    ],
)
def test_a_finding_against_the_employer_needs_a_debit_that_was_announced_and_sent_in_time(
    code: str, changed: dict[str, Any], effect: Effect
) -> None:
    decision = found(case(code, phase=Phase.REFUND if code == "MD06" else Phase.RETURN, **changed), Party.EMPLOYER)
    assert decision.effect is effect


@pytest.mark.parametrize("code", ["AC04", "AC05"])
@pytest.mark.parametrize("notice", [None, replace(NOTICE, sent_at=NOTICE.sent_at + timedelta(days=5))])
def test_a_closed_account_is_held_where_the_employer_was_not_told_in_time(code: str, notice: Notice | None) -> None:
    file = case(code, code_set="S", notice=notice)
    assert (decide(file).party, decide(file).effect) == (Party.SERVICE, Effect.HOLD)
    assert found(file, Party.EMPLOYER).effect is Effect.HOLD


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("AC06", {"block_origin": "fund"}),
        ("AC06", {"block_origin": "court"}),
        ("MS02", {"notice": None}),
        ("MD01", {"scheme_sent": "B2B", "told_to_lodge": None}),
        ("MD07", {}),
    ],
)
def test_a_finding_against_the_employer_does_not_stand_against_the_evidence(code: str, changed: dict[str, Any]) -> None:
    decision = found(case(code, **changed), Party.EMPLOYER)
    assert decision.effect is Effect.HOLD
    assert any("needs other evidence" in step.because for step in decision.steps)


@pytest.mark.parametrize("code", ["ZZ99", None])
def test_an_unknown_code_is_never_the_ground_of_a_penalty(code: str | None) -> None:
    assert found(case(code), Party.EMPLOYER).effect is Effect.HOLD


@pytest.mark.parametrize("piece", sorted(set(COMPLETE) - {"finding"}))
def test_a_finding_falls_when_a_piece_that_was_used_goes(piece: str) -> None:
    before = decide(case("MS02"))
    decision = found(case("MS02", without=(piece,)), Party.EMPLOYER, about=digest(before))
    assert (piece in before.facts) == any("about other evidence" in step.because for step in decision.steps)
    assert (decision.effect is Effect.PENALISE) <= (piece not in before.facts)


def test_a_finding_falls_when_the_value_of_a_piece_changes() -> None:
    decision = found(case("AC01", past_successes=2), Party.EMPLOYER, about=digest(decide(case("AC01"))))
    assert (decision.party, decision.effect) == (Party.UNKNOWN, Effect.HOLD)


def test_a_finding_falls_when_the_row_of_the_table_changes() -> None:
    row = CODES.find("MS03", "R")
    assert row is not None
    after = decide_fault(case("MS03"), replace(row, action="ask the clearing"))
    assert digest(decide_fault(case("MS03"), row)) != digest(after)


def test_the_wording_of_a_step_does_not_make_another_argument() -> None:
    decision = decide(case("MS03"))
    reworded = replace(decision, steps=tuple(replace(step, because="Other words.") for step in decision.steps))
    assert digest(reworded) == digest(decision)


def test_an_argument_holds_the_row_the_values_and_their_proof_in_plain_json() -> None:
    told = argument(decide(case("AM04")), CODES.version)
    assert json.loads(json.dumps(told)) == told
    assert (told["row"]["code"], told["row"]["context_rule"]) == ("AM04", "C-NOTICE")
    assert told["facts"]["notice_days_agreed"] == {"value": 14, "evidence_id": "evidence:notice_days_agreed"}
    assert told["facts"]["notice"]["value"]["collection_date"] == "2026-10-30"
    assert told["table"].startswith("2026.1, sha256 ")


@pytest.mark.parametrize("code", ["AM04", "AC04", "MD01", "MS02", "SL14", "AC06", "TM01", "MS03"])
@pytest.mark.parametrize("changed", [{}, {"notice": None}, {"amendments": (CROSSED,)}, {"without": ("cut_off_at",)}])
def test_a_decision_can_be_made_again_from_its_stored_argument_alone(code: str, changed: dict[str, Any]) -> None:
    decision = decide(case(code, **changed))
    stored = json.loads(json.dumps(argument(decision, CODES.version)))
    case_again = TypeAdapter(CaseFile).validate_python(stored["facts"])
    row_again = TypeAdapter(ReasonCode).validate_python(stored["row"])
    assert digest(decide_fault(case_again, row_again)) == digest(decision)
