"""What holds for every case: an accusation needs all its evidence, and evidence in the employer's favour never harms."""

from datetime import date
from typing import Any, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from penalty_cases import (
    AFTER_CUT_OFF,
    BEFORE_CUT_OFF,
    CODES,
    COMPLETE,
    CROSSED,
    NOTICE,
    UNAPPLIED_IN_TIME,
    case,
    decide,
    taken_out,
)

from debit_service.penalties.fault.values import Effect, Phase

CodeSet = Literal["S", "R"]
CODE_SETS: tuple[CodeSet, ...] = get_args(CodeSet)

# Written out by hand, apart from the rules: what a penalty for each code must stand on.
ANY_PENALTY = {
    "account_on_form",
    "account_sent",
    "amendments",
    "amount_sent_minor",
    "bank_file",
    "collection_date_sent",
    "creditor_id_on_form",
    "creditor_id_sent",
    "cut_off_at",
    "day_closed_since",
    "first_presented_on",
    "legal_due_date",
    "open_dispute",
    "our_outage",
    "paid_before",
    "revocation_received_at",
    "umr_on_form",
    "umr_sent",
}
TOLD = {"notice", "notice_days_agreed"}
NO_FUNDS = TOLD | {"file_sent_at", "other_live_collections"}
DEMANDED: dict[tuple[str, CodeSet], set[str]] = {
    ("AM04", "R"): ANY_PENALTY | NO_FUNDS,
    ("AM04", "S"): ANY_PENALTY | NO_FUNDS,
    ("SL12", "R"): ANY_PENALTY | NO_FUNDS,
    ("SL12", "S"): ANY_PENALTY | NO_FUNDS,
    ("AC04", "R"): ANY_PENALTY | TOLD,
    ("AC04", "S"): ANY_PENALTY | TOLD,
    ("AC05", "S"): ANY_PENALTY | TOLD,
}

EVERY_CODE = sorted({row.code for row in CODES})

EXCULPATIONS: list[tuple[str, Any]] = [
    ("notice", None),
    ("notice_days_agreed", 30),
    ("file_sent_at", AFTER_CUT_OFF),
    ("other_live_collections", 2),
    ("account_sent", "account-2"),
    ("amendments", (UNAPPLIED_IN_TIME,)),
    ("amendments", (CROSSED,)),
    ("revocation_received_at", BEFORE_CUT_OFF),
    ("revocation_received_at", AFTER_CUT_OFF),
    ("open_dispute", "D-7"),
    ("amount_sent_minor", NOTICE.amount_minor + 1),
    ("umr_sent", "OTHER"),
    ("creditor_id_sent", "OTHER"),
    ("our_outage", "mail down"),
    ("paid_before", 1),
    ("paid_before", NOTICE.amount_minor),
    ("day_closed_since", "Eid al-Fitr"),
    ("amendment_block_sent", False),
    ("bank_acceptance", date(2025, 2, 1)),
    ("past_successes", 4),
    ("block_origin", "fund"),
    ("debtor_bic_origin", "derived"),
]


@pytest.mark.parametrize("phase", [Phase.REJECT, Phase.RETURN])
def test_exactly_seven_pairs_of_code_and_list_can_ever_penalise(phase: Phase) -> None:
    found = {
        (code, code_set)
        for code in EVERY_CODE
        for code_set in CODE_SETS
        if decide(case(code, code_set, phase)).effect is Effect.PENALISE
    }
    assert found == set(DEMANDED)


@pytest.mark.parametrize("phase", [Phase.REFUND, Phase.REVERSAL])
def test_no_refund_and_no_reversal_penalises_by_itself(phase: Phase) -> None:
    assert not [code for code in EVERY_CODE if decide(case(code, "R", phase)).effect is Effect.PENALISE]


@pytest.mark.parametrize(
    ("code", "code_set", "piece"), [(*key, piece) for key, pieces in DEMANDED.items() for piece in sorted(pieces)]
)
def test_a_penalty_without_one_of_its_pieces_is_held_and_names_it(code: str, code_set: CodeSet, piece: str) -> None:
    decision = decide(case(code, code_set, without=(piece,)))
    assert decision.effect is Effect.HOLD
    assert piece in decision.missing


@given(key=st.sampled_from(sorted(DEMANDED)), gone=st.sets(st.sampled_from(sorted(COMPLETE))))
def test_a_penalty_survives_only_while_every_demanded_piece_is_there(key: tuple[str, CodeSet], gone: set[str]) -> None:
    decision = decide(case(*key, without=tuple(gone)))
    assert (decision.effect is Effect.PENALISE) == (not gone & DEMANDED[key])
    assert (decision.effect is Effect.PENALISE) <= (not decision.missing)


@given(
    code=st.sampled_from(EVERY_CODE),
    code_set=st.sampled_from(CODE_SETS),
    phase=st.sampled_from(list(Phase)),
    gone=st.sets(st.sampled_from(sorted(COMPLETE))),
)
def test_taking_evidence_away_never_creates_a_penalty(
    code: str, code_set: CodeSet, phase: Phase, gone: set[str]
) -> None:
    whole = case(code, code_set, phase)
    if decide(taken_out(whole, *gone)).effect is Effect.PENALISE:
        assert decide(whole).effect is Effect.PENALISE


@given(
    code=st.sampled_from(EVERY_CODE),
    code_set=st.sampled_from(CODE_SETS),
    gone=st.sets(st.sampled_from(sorted(COMPLETE)), max_size=4),
    found=st.lists(st.sampled_from(EXCULPATIONS), max_size=3, unique_by=lambda each: each[0]),
    added=st.sampled_from(EXCULPATIONS),
)
def test_evidence_in_the_employers_favour_never_raises_the_answer(
    code: str, code_set: CodeSet, gone: set[str], found: list[tuple[str, Any]], added: tuple[str, Any]
) -> None:
    before = dict(found)
    if added[0] in before:
        return
    gone_before = tuple(gone - before.keys())
    gone_after = tuple(set(gone_before) - {added[0]})
    milder = decide(case(code, code_set, without=gone_after, **before, **dict([added])))
    assert milder.effect.severity <= decide(case(code, code_set, without=gone_before, **before)).effect.severity


@given(
    code=st.sampled_from(EVERY_CODE),
    code_set=st.sampled_from(CODE_SETS),
    gone=st.sets(st.sampled_from(sorted(COMPLETE))),
    found=st.lists(st.sampled_from(EXCULPATIONS), max_size=3, unique_by=lambda each: each[0]),
)
def test_every_decision_explains_itself_and_cites_only_evidence_that_is_there(
    code: str, code_set: CodeSet, gone: set[str], found: list[tuple[str, Any]]
) -> None:
    decision = decide(case(code, code_set, without=tuple(gone), **dict(found)))
    there = {f"evidence:{name}" for name in (set(COMPLETE) - gone) | {"failure"}}
    assert set(decision.evidence) <= there
    assert decision.steps
    assert decision.would_change
    assert (decision.effect is Effect.NONE) <= (not decision.missing)
