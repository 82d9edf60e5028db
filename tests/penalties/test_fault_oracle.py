"""The engine against an oracle written apart from it: every code, list and phase, in every circumstance and pair of them."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations, product
from typing import Any, Literal

import pytest
from fault_oracle import CIRCUMSTANCES, Said, expected
from penalty_cases import (
    AFTER_CUT_OFF,
    BEFORE_CUT_OFF,
    CODES,
    COMPLETE,
    DUE,
    LONG_AFTER,
    NOTICE,
    case,
)

from debit_service.penalties.fault.engine import decide_fault
from debit_service.penalties.fault.values import Amendment, CaseFile, Decision, Effect, Party, Phase, Piece, ReasonCode

CodeSet = Literal["S", "R"]
SETS: tuple[CodeSet, ...] = ("R", "S")
PHASES = tuple(Phase)
EVERY_CODE = sorted({row.code for row in CODES} | {"ZZ99"})
MAY_PENALISE = ("AM04", "SL12", "AC04", "AC05")

PLAIN: Said = {name: words[0] for name, words in CIRCUMSTANCES.items()}
_MOMENTS = {"in time": BEFORE_CUT_OFF, "crossed": AFTER_CUT_OFF, "after the failure": LONG_AFTER}


def _amendments(word: str) -> tuple[Amendment, ...]:
    return () if word == "none" else (Amendment(_MOMENTS[word], applied_before_file=False),)


# What each word puts into the file of evidence; a word that is not here takes the pieces out.
PIECES: dict[str, dict[str, dict[str, Any]]] = {
    "account": {
        "as signed": {"account_sent": "a", "account_on_form": "a"},
        "another": {"account_sent": "b", "account_on_form": "a"},
    },
    "name": {"as signed": {"name_sent": "n", "name_on_form": "n"}, "another": {"name_sent": "m", "name_on_form": "n"}},
    "references": {
        word: {"umr_sent": umr, "umr_on_form": "U-1", "creditor_id_sent": ci, "creditor_id_on_form": "CI-1"}
        for word, umr, ci in (
            ("as signed", "u-1", "CI-1"),
            ("another mandate", "U-2", "CI-1"),
            ("another creditor", "U-1", "CI-2"),
        )
    },
    "amendment": {word: {"amendments": _amendments(word)} for word in ("none", *_MOMENTS)},
    "revocation": {word: {"revocation_received_at": _MOMENTS.get(word)} for word in ("none", *_MOMENTS)},
    "cut-off": {"known": {"cut_off_at": COMPLETE["cut_off_at"]}},
    "notice": {
        "fits": {"notice": NOTICE},
        "none": {"notice": None},
        "of less": {"notice": replace(NOTICE, amount_minor=NOTICE.amount_minor - 1)},
        "of a later day": {"notice": replace(NOTICE, collection_date=date(2026, 10, 31))},
        "too short": {"notice": replace(NOTICE, sent_at=datetime(2026, 10, 17, 0, 1, tzinfo=UTC))},
    },
    "agreed days": {"known": {"notice_days_agreed": 14}},
    "amount sent": {"known": {"amount_sent_minor": 100_00}},
    "declared": {
        word: {"amount_declared_minor": minor} for word, minor in (("same", 100_00), ("less", 99_99), ("more", 100_01))
    },
    "collection date": {"known": {"collection_date_sent": DUE}},
    "announced day": {"open": {"day_closed_since": None}, "closed": {"day_closed_since": "Eid al-Adha"}},
    "file": {"in time": {"file_sent_at": BEFORE_CUT_OFF}, "late": {"file_sent_at": AFTER_CUT_OFF}},
    "other debits": {"none": {"other_live_collections": 0}, "one": {"other_live_collections": 1}},
    "successes": {"none": {"past_successes": 0}, "some": {"past_successes": 3}},
    "dispute": {"none": {"open_dispute": None}, "open": {"open_dispute": "D-1"}},
    "bank file": {"kept": {"bank_file": "9f2c"}},
    "due date": {"known": {"legal_due_date": DUE}},
    "first presented": {"in time": {"first_presented_on": DUE}, "late": {"first_presented_on": date(2026, 11, 3)}},
    "outage": {"none": {"our_outage": None}, "ours": {"our_outage": "mail down"}},
    "paid before": {
        word: {"paid_before": minor} for word, minor in (("nothing", 0), ("part", 1), ("all", NOTICE.amount_minor))
    },
    "scheme": {
        "CORE as signed": {"scheme_sent": "CORE", "scheme_on_mandate": "CORE"},
        "B2B as signed": {"scheme_sent": "B2B", "scheme_on_mandate": "B2B"},
        "CORE for B2B": {"scheme_sent": "CORE", "scheme_on_mandate": "B2B"},
        "B2B for CORE": {"scheme_sent": "B2B", "scheme_on_mandate": "CORE"},
        "not sent": {"scheme_on_mandate": "CORE"},
        "not signed": {"scheme_sent": "CORE"},
    },
    "acceptance": {"none": {"bank_acceptance": None}, "before the file": {"bank_acceptance": date(2025, 2, 1)}},
    "told to lodge": {"told": {"told_to_lodge": date(2025, 1, 15)}, "never": {"told_to_lodge": None}},
    "last use": {
        "lately": {"last_presented_on": date(2026, 9, 30), "mandate_signed_on": date(2020, 1, 1)},
        "36 months ago": {"last_presented_on": date(2023, 10, 30), "mandate_signed_on": date(2020, 1, 1)},
    },
    "change": {
        word: {"amendment_block_sent": told}
        for word, told in (("nothing changed", None), ("told", True), ("not told", False))
    },
    "limit": {
        word: {"mandate_limit_minor": minor} for word, minor in (("below", 99_99), ("above", 100_00), ("none", None))
    },
    "blocked by": {word: {"block_origin": word} for word in ("debtor", "fund", "court")},
    "BIC from": {"form": {"debtor_bic_origin": "form"}, "us": {"debtor_bic_origin": "derived"}},
    "twin": {"elsewhere": {"twin": None}, "in our files": {"twin": "collection:2"}},
    "acknowledged": {
        word: {"bank_ack_at": at}
        for word, at in (("never", None), ("in time", BEFORE_CUT_OFF), ("late", AFTER_CUT_OFF))
    },
}
WORDED: dict[str, dict[str, dict[str, Piece[Any]]]] = {
    name: {
        word: {piece: Piece(value, f"evidence:{piece}") for piece, value in pieces.items()}
        for word, pieces in words.items()
    }
    for name, words in PIECES.items()
}


def evidence(code: str, code_set: CodeSet, phase: Phase, said: Said) -> CaseFile:
    """The file of evidence that says these words."""
    pieces: dict[str, Piece[Any]] = {}
    for name, word in said.items():
        pieces |= WORDED[name].get(word, {})
    return CaseFile(failure=case(code, code_set, phase, without=tuple(COMPLETE)).failure, **pieces)


ROWS: dict[tuple[str, CodeSet], ReasonCode | None] = {
    (code, code_set): CODES.find(code, code_set) for code in EVERY_CODE for code_set in SETS
}


def judged(code: str, code_set: CodeSet, phase: Phase, said: Said) -> Decision:
    """The engine's decision, held against the oracle's both ways, and asked whether it explains itself."""
    row = ROWS[code, code_set]
    decision = decide_fault(evidence(code, code_set, phase, said), row)
    effect, parties = expected(code, code_set, phase.value, said)
    told = f"{code} {code_set} {phase}: {_unusual(said)}"
    assert (decision.effect, decision.party in parties) == (effect, True), (
        f"{told}: {decision.party}, not {set(parties)}"
    )
    assert (decision.effect is Effect.PENALISE) <= (decision.party is Party.EMPLOYER), told
    assert decision.would_change, told
    if decision.effect is Effect.HOLD and row and row.context_rule:
        doubts = [step for step in decision.steps[:-1] if step.outcome == Effect.HOLD]
        assert decision.missing or doubts, f"{told}: held, and nobody knows why"
    return decision


def _unusual(said: Said) -> Mapping[str, str]:
    return {name: word for name, word in said.items() if word != PLAIN[name]}


def in_pairs(names: tuple[str, ...]) -> Iterator[Said]:
    """The plain circumstances, each other word alone, and each pair of other words."""
    others = [(name, word) for name in names for word in CIRCUMSTANCES[name][1:]]
    yield PLAIN
    for one in others:
        yield {**PLAIN, **dict([one])}
    for one, other in combinations(others, 2):
        if one[0] != other[0]:
            yield {**PLAIN, **dict((one, other))}


@pytest.mark.parametrize("code_set", SETS)
def test_every_code_in_every_phase_and_single_circumstance_is_judged_as_the_oracle_says(code_set: CodeSet) -> None:
    singles = [PLAIN, *({**PLAIN, name: word} for name, words in CIRCUMSTANCES.items() for word in words[1:])]
    for code, phase, said in product(EVERY_CODE, PHASES, singles):
        judged(code, code_set, phase, said)


@pytest.mark.parametrize("code", MAY_PENALISE)
def test_what_may_penalise_is_judged_as_the_oracle_says_in_every_pair_of_circumstances(code: str) -> None:
    told = ("name", "declared", "successes", "acceptance", "told to lodge", "last use", "change")
    unread = (*told, "limit", "blocked by", "BIC from", "twin", "acknowledged", "scheme")
    names = tuple(name for name in CIRCUMSTANCES if name not in unread)
    found = {judged(code, "S", Phase.REJECT, said).effect for said in in_pairs(names)}
    assert found == set(Effect)


def test_any_mixture_of_circumstances_is_judged_as_the_oracle_says() -> None:
    choice = random.Random(6)
    codes = [code for code in EVERY_CODE if any(row and row.context_rule for row in (ROWS[code, "R"], ROWS[code, "S"]))]
    penalised = 0
    for _ in range(20_000):
        said = dict(PLAIN)
        for name in choice.sample(sorted(CIRCUMSTANCES), choice.randint(2, 9)):
            said[name] = choice.choice(CIRCUMSTANCES[name])
        code, code_set, phase = choice.choice(codes), choice.choice(SETS), choice.choice(PHASES)
        penalised += judged(code, code_set, phase, said).effect is Effect.PENALISE
    assert penalised > 100  # the mixtures reach penalties, too


def test_the_oracle_and_the_table_know_the_same_codes_that_may_penalise() -> None:
    found = {(code, code_set) for code in EVERY_CODE for code_set in SETS if _penalises(code, code_set)}
    assert found == {(code, code_set) for code in MAY_PENALISE for code_set in SETS} - {("AC05", "R")}


def _penalises(code: str, code_set: CodeSet) -> bool:
    return expected(code, code_set, "return", PLAIN)[0] == "PENALISE"
