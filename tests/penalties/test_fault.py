"""The context rules, one situation a test line: who caused the failure, and what follows."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from penalty_cases import (
    AFTER_CUT_OFF,
    BEFORE_CUT_OFF,
    CODES,
    COMPLETE,
    CROSSED,
    DUE,
    LONG_AFTER,
    NOTICE,
    UNAPPLIED_IN_TIME,
    case,
    decide,
)

from debit_service.core.errors import Refused
from debit_service.penalties.fault.engine import decide_fault, penalty_clock_start
from debit_service.penalties.fault.general_rule import GENERAL
from debit_service.penalties.fault.guards import Guard, Verdict
from debit_service.penalties.fault.rules import CONTEXT_RULES
from debit_service.penalties.fault.values import PIECE_LABELS, CaseFile, Effect, Notice, Party, Phase


def notice(**changed: Any) -> Notice:
    return replace(NOTICE, **changed)


SITUATIONS: list[tuple[str, str, dict[str, Any], str]] = [
    # C-NOTICE
    ("announced and not funded", "AM04", {}, "EMPLOYER PENALISE"),
    ("less debited than announced", "AM04", {"notice": notice(amount_minor=200_00)}, "EMPLOYER PENALISE"),
    (
        "debited later than announced",
        "AM04",
        {"notice": notice(collection_date=date(2026, 10, 29))},
        "EMPLOYER PENALISE",
    ),
    ("no notice", "AM04", {"notice": None}, "SERVICE NONE"),
    ("more debited than announced", "AM04", {"notice": notice(amount_minor=99_99)}, "SERVICE NONE"),
    (
        "debited before the announced day",
        "AM04",
        {"notice": notice(collection_date=date(2026, 10, 31))},
        "SERVICE NONE",
    ),
    ("notice a day short", "AM04", {"notice_days_agreed": 19}, "SERVICE NONE"),
    ("notice just in time", "AM04", {"notice_days_agreed": 18}, "EMPLOYER PENALISE"),
    ("a holiday announced since", "AM04", {"day_closed_since": "Eid al-Fitr"}, "NOBODY NONE"),
    ("another debit in flight", "AM04", {"other_live_collections": 1}, "UNKNOWN HOLD"),
    ("our file after the cut-off", "AM04", {"file_sent_at": AFTER_CUT_OFF}, "SERVICE HOLD"),
    ("late file and no notice", "AM04", {"file_sent_at": AFTER_CUT_OFF, "notice": None}, "SERVICE NONE"),
    ("blacklisted", "SL12", {}, "EMPLOYER PENALISE"),
    ("contested", "AM04", {"open_dispute": "D-7"}, "UNKNOWN HOLD"),
    # What every penalty demands, shown by a debit without funds
    ("another account debited than signed", "AM04", {"account_sent": "account-2"}, "SERVICE NONE"),
    ("account changed in time, the old one debited", "AM04", {"amendments": (UNAPPLIED_IN_TIME,)}, "SERVICE NONE"),
    ("account changed while the file was out", "AM04", {"amendments": (CROSSED,)}, "UNKNOWN HOLD"),
    ("debited although revoked", "AM04", {"revocation_received_at": BEFORE_CUT_OFF}, "SERVICE NONE"),
    ("revoked while the file was out", "AM04", {"revocation_received_at": AFTER_CUT_OFF}, "UNKNOWN HOLD"),
    ("revoked after it had failed", "AM04", {"revocation_received_at": LONG_AFTER}, "EMPLOYER PENALISE"),
    ("under another mandate than signed", "AM04", {"umr_sent": "CNAS-0002"}, "SERVICE NONE"),
    ("blacklisted under a changed identifier", "SL12", {"creditor_id_sent": "DZ32ZZZCACOBATPH"}, "SERVICE NONE"),
    ("an outage of ours", "AM04", {"our_outage": "mail down on 12 October"}, "SERVICE NONE"),
    ("closed account and an outage of ours", "AC04", {"our_outage": "mail down"}, "SERVICE NONE"),
    ("closed account and a late holiday", "AC04", {"day_closed_since": "Eid al-Fitr"}, "NOBODY NONE"),
    ("paid by other means before", "AM04", {"paid_before": 100_00}, "NOBODY NONE"),
    ("partly paid by other means before", "AM04", {"paid_before": 1}, "UNKNOWN HOLD"),
    # C-ACC
    ("closed account, never worked", "AC04", {}, "EMPLOYER PENALISE"),
    ("closed account, worked before", "AC04", {"past_successes": 9}, "EMPLOYER PENALISE"),
    ("another account sent than signed", "AC04", {"account_sent": "account-2"}, "SERVICE NONE"),
    ("amendment in time, not applied", "AC04", {"amendments": (UNAPPLIED_IN_TIME,)}, "SERVICE NONE"),
    ("amendment crossed with the file", "AC04", {"amendments": (CROSSED,)}, "UNKNOWN HOLD"),
    ("revoked in time", "AC04", {"revocation_received_at": BEFORE_CUT_OFF}, "SERVICE NONE"),
    ("revoked after the cut-off", "AC04", {"revocation_received_at": AFTER_CUT_OFF}, "UNKNOWN HOLD"),
    ("wrong account, never worked", "AC01", {}, "EMPLOYER HOLD"),
    ("wrong account, worked before", "AC01", {"past_successes": 1}, "UNKNOWN HOLD"),
    ("unknown customer, other name sent", "BE06", {"name_sent": "name-2"}, "SERVICE NONE"),
    ("unknown customer, name as signed", "BE06", {}, "EMPLOYER HOLD"),
    # C-MANDATE
    ("CORE, everything as signed", "MD01", {}, "UNKNOWN HOLD"),
    ("revoked in time", "MD01", {"revocation_received_at": BEFORE_CUT_OFF}, "SERVICE NONE"),
    (
        "unused for 36 months",
        "MD01",
        {"mandate_signed_on": date(2020, 1, 1), "last_presented_on": date(2023, 10, 30)},
        "SERVICE NONE",
    ),
    (
        "unused for a day less",
        "MD01",
        {"mandate_signed_on": date(2020, 1, 1), "last_presented_on": date(2023, 10, 31)},
        "UNKNOWN HOLD",
    ),
    ("never used, signed lately", "MD01", {"last_presented_on": None}, "UNKNOWN HOLD"),
    ("signed anew after a long pause", "MD01", {"last_presented_on": date(2020, 1, 1)}, "UNKNOWN HOLD"),
    ("other mandate reference sent", "MD01", {"umr_sent": "CNAS-0002"}, "SERVICE NONE"),
    ("reference differs in case only", "MD01", {"umr_sent": "cnas-0001"}, "UNKNOWN HOLD"),
    ("other creditor identifier sent", "MD01", {"creditor_id_sent": "DZ32ZZZCACOBATPH"}, "SERVICE NONE"),
    ("amendment not sent", "MD01", {"amendments": (UNAPPLIED_IN_TIME,)}, "SERVICE NONE"),
    ("the change not told to the bank", "MD01", {"amendment_block_sent": False}, "SERVICE NONE"),
    ("the change told to the bank", "MD01", {"amendment_block_sent": True}, "UNKNOWN HOLD"),
    (
        "B2B, accepted, then another account sent",
        "MD01",
        {"scheme_sent": "B2B", "bank_acceptance": date(2025, 2, 1), "account_sent": "account-2"},
        "SERVICE NONE",
    ),
    ("B2B, told, not lodged", "MD01", {"scheme_sent": "B2B"}, "EMPLOYER HOLD"),
    ("B2B, nobody told the employer", "MD01", {"scheme_sent": "B2B", "told_to_lodge": None}, "SERVICE HOLD"),
    (
        "B2B, accepted by the bank",
        "MD01",
        {"scheme_sent": "B2B", "bank_acceptance": date(2025, 2, 1)},
        "DEBTOR_BANK NONE",
    ),
    (
        "B2B, accepted, then changed by us",
        "MD01",
        {"scheme_sent": "B2B", "bank_acceptance": date(2025, 2, 1), "umr_sent": "X"},
        "SERVICE NONE",
    ),
    # C-REFUND
    ("refund of what was owed", "MD06", {}, "EMPLOYER HOLD"),
    ("more than declared", "MD06", {"amount_declared_minor": 99_99}, "FUND NONE"),
    ("no notice", "MD06", {"notice": None}, "FUND NONE"),
    ("B2B knows no such refund", "MD06", {"scheme_sent": "B2B"}, "DEBTOR_BANK HOLD"),
    # C-REFUSE
    ("refused what was owed", "MS02", {}, "EMPLOYER HOLD"),
    ("refused and contested", "MS02", {"open_dispute": "D-7"}, "UNKNOWN HOLD"),
    ("refused another amount", "MS02", {"amount_declared_minor": 1}, "FUND HOLD"),
    ("refused without notice", "MS02", {"notice": None}, "FUND HOLD"),
    # C-BLOCK
    ("the fund froze the account", "AC06", {"block_origin": "fund"}, "FUND HOLD"),
    ("a court blocked the account", "AC06", {"block_origin": "court"}, "NOBODY HOLD"),
    ("the employer blocked debits", "AC06", {"block_origin": "debtor"}, "EMPLOYER HOLD"),
    # C-SCHEME
    ("another scheme sent than signed", "AC13", {"scheme_sent": "B2B"}, "SERVICE NONE"),
    ("consumer account for B2B", "AC13", {"scheme_sent": "B2B", "scheme_on_mandate": "B2B"}, "EMPLOYER HOLD"),
    ("forbidden for this account", "AG01", {}, "UNKNOWN HOLD"),
    # C-LIMIT
    ("limit below what was announced", "SL14", {}, "EMPLOYER HOLD"),
    ("limit high enough", "SL14", {"mandate_limit_minor": 100_00}, "UNKNOWN HOLD"),
    ("no limit on record", "SL14", {"mandate_limit_minor": None}, "UNKNOWN HOLD"),
    ("never told what to allow", "SL14", {"told_to_lodge": None}, "UNKNOWN HOLD"),
    ("more debited than announced", "SL14", {"notice": notice(amount_minor=1)}, "SERVICE NONE"),
    ("more debits than agreed", "SL13", {"other_live_collections": 1}, "SERVICE NONE"),
    ("not whitelisted although told", "SL11", {"mandate_limit_minor": None}, "EMPLOYER HOLD"),
    # C-BIC
    ("we derived the BIC", "RC01", {"debtor_bic_origin": "derived"}, "SERVICE NONE"),
    ("the employer gave the BIC", "RC01", {"debtor_bic_origin": "form"}, "UNKNOWN HOLD"),
    # C-TWIN, C-CUTOFF
    ("our files hold it twice", "AM05", {"twin": "collection-2"}, "SERVICE NONE"),
    ("our files hold it once", "AM05", {"twin": None}, "CREDITOR_BANK NONE"),
    ("nobody looked for the twin", "DUPL", {"without": ("twin",)}, "SERVICE NONE"),
    ("acknowledged before the cut-off", "TM01", {"bank_ack_at": BEFORE_CUT_OFF}, "CREDITOR_BANK NONE"),
    ("acknowledged after the cut-off", "TM01", {"bank_ack_at": AFTER_CUT_OFF}, "SERVICE NONE"),
    ("never acknowledged", "TM01", {}, "SERVICE NONE"),
]


@pytest.mark.parametrize(
    ("code", "changed", "expected"), [row[1:] for row in SITUATIONS], ids=[f"{row[1]} {row[0]}" for row in SITUATIONS]
)
def test_situation(code: str, changed: dict[str, Any], expected: str) -> None:
    decision = decide(case(code, **changed))
    assert f"{decision.party} {decision.effect}" == expected


def test_a_contested_mandate_that_was_refunded_is_the_funds_to_answer_for() -> None:
    decision = decide(case("MD01", phase=Phase.REFUND))
    assert (decision.party, decision.effect) == (Party.FUND, Effect.NONE)


@pytest.mark.parametrize("code", [None, "ZZ99", "AM4"])
def test_an_unknown_code_is_held_for_a_person(code: str | None) -> None:
    decision = decide(case(code))
    assert (decision.party, decision.effect) == (Party.UNKNOWN, Effect.HOLD)
    assert decision.evidence == ("evidence:failure",)


def test_a_homonym_is_read_by_its_code_set() -> None:
    returned, rejected = decide(case("BE08", "R")), decide(case("BE08", "S", Phase.REJECT))
    assert (returned.party, rejected.party) == (Party.BANK, Party.SERVICE)


def test_a_row_of_the_other_code_set_is_not_applied() -> None:
    decision = decide_fault(case("BE08", "S"), CODES.find("BE08", "R"))
    assert (decision.party, decision.effect) == (Party.UNKNOWN, Effect.HOLD)


def test_a_row_of_another_code_is_not_applied() -> None:
    assert decide_fault(case("ZZ99"), CODES.find("AM04", "R")).effect is Effect.HOLD


def test_a_fund_that_edits_a_row_to_hold_is_never_overruled_by_a_context_rule() -> None:
    row = CODES.find("AM04", "R")
    assert row is not None
    decision = decide_fault(case("AM04"), replace(row, effect=Effect.HOLD))
    assert (decision.party, decision.effect) == (Party.EMPLOYER, Effect.HOLD)


def test_a_positive_code_is_no_failure() -> None:
    decision = decide(case("DS07", "S", Phase.REJECT))
    assert (decision.party, decision.effect) == (Party.INFO, Effect.NONE)


def test_a_decision_lists_its_steps_in_order_with_their_evidence() -> None:
    decision = decide(case("AM04"))
    assert [step.rule for step in decision.steps] == [
        "CODE",
        "C-NOTICE notice",
        "C-NOTICE notice-days",
        "C-NOTICE open-day",
        "C-NOTICE file-time",
        "C-NOTICE second-debit",
        "C-NOTICE conclusion",
        "GENERAL bank-file",
        "GENERAL phase",
        "GENERAL account",
        "GENERAL references",
        "GENERAL amendment",
        "GENERAL revocation",
        "GENERAL outage",
        "GENERAL paid-before",
        "GENERAL presentation",
        "GENERAL dispute",
        "RESULT",
    ]
    assert {"evidence:failure", "evidence:bank_file", "evidence:notice", "evidence:file_sent_at"} <= set(
        decision.evidence
    )
    assert all(step.because.endswith((".", "?")) for step in decision.steps)


def test_a_held_decision_names_what_is_missing_in_words() -> None:
    decision = decide(case("AM04", without=("notice",)))
    assert decision.missing == ("notice",)
    assert any("missing: the pre-notification" in step.because for step in decision.steps)


def test_an_acquittal_says_which_evidence_would_undo_it() -> None:
    assert decide(case("AM04", notice=None)).would_change == (
        "a notice on record of at least the amount sent, for 2026-10-30 or an earlier day",
    )
    assert decide(case("AM04", notice_days_agreed=19)).would_change == (
        "a notice of at least the days agreed (agreed: 19)",
    )


def test_an_accusation_says_which_evidence_would_lower_it() -> None:
    told = decide(case("AM04")).would_change
    assert "a file that reached the bank after 2026-10-28 15:00 UTC" in told
    assert "a payment by other means with a value date of 2026-10-30 or earlier" in told
    assert "a dispute of this debit that is open or was upheld" in told


def test_a_doubt_says_which_evidence_would_settle_it_either_way() -> None:
    told = decide(case("AM04", without=("notice_days_agreed",))).would_change
    label = PIECE_LABELS["notice_days_agreed"]
    assert f"a notice of at least the days agreed (agreed: {label})" in told
    assert f"a notice of fewer days than agreed (agreed: {label})" in told


def test_a_reversal_of_ours_is_never_the_employers_failure_whatever_the_code() -> None:
    for code in ("AM04", "AC04", "MS02", "ZZ99", None):
        decision = decide(case(code, phase=Phase.REVERSAL))
        assert (decision.party, decision.effect) == (Party.FUND, Effect.NONE)


def test_a_refund_with_a_code_that_no_refund_has_is_held() -> None:
    decision = decide(case("AM04", phase=Phase.REFUND))
    assert (decision.party, decision.effect) == (Party.UNKNOWN, Effect.HOLD)


def every_guard() -> list[Any]:
    guards = [(name.value, guard) for name, rule in CONTEXT_RULES.items() for guard in rule.guards]
    guards += [("GENERAL", guard) for guard in GENERAL.guards]
    return [pytest.param(guard, id=f"{rule} {guard.key}") for rule, guard in guards]


@pytest.mark.parametrize("guard", every_guard())
def test_a_guard_reads_only_the_pieces_that_it_names(guard: Guard) -> None:
    others = tuple(set(COMPLETE) - set(guard.needs))
    answer = guard.test(case("AM04", without=others), next(iter(CODES)))
    assert isinstance(answer, str | Verdict)


def clock(code: str = "AM04", **changed: Any) -> date:
    file: CaseFile = case(code, **changed)
    return penalty_clock_start(file, decide(file))


def test_the_clock_starts_on_the_legal_due_date_when_we_presented_in_time() -> None:
    assert clock() == DUE


def test_the_days_until_our_late_first_presentation_are_not_the_employers() -> None:
    late = date(2026, 11, 20)
    announced = notice(collection_date=late)
    assert clock(first_presented_on=late, collection_date_sent=late, notice=announced) == late


def test_after_a_failure_that_was_not_the_employers_the_clock_starts_on_the_attempt_that_was() -> None:
    second = date(2026, 11, 12)
    assert clock(collection_date_sent=second) == second


def test_an_early_attempt_does_not_start_the_clock_before_the_legal_due_date() -> None:
    early = date(2026, 10, 28)
    announced = notice(collection_date=early)
    assert clock(first_presented_on=early, collection_date_sent=early, notice=announced) == DUE


def test_a_refunded_debit_was_paid_until_the_refund() -> None:
    file = case("MD06", phase=Phase.REFUND)
    assert penalty_clock_start(file, decide(file)) == file.failure.value.date


def test_no_clock_runs_when_the_employer_is_not_at_fault() -> None:
    with pytest.raises(Refused) as refusal:
        clock(notice=None)
    assert refusal.value.code == "penalty.not_employer"


def test_a_clock_whose_start_is_not_proven_does_not_run() -> None:
    with pytest.raises(Refused, match="the legal due date") as refusal:
        clock("AC01", without=("legal_due_date",))
    assert refusal.value.code == "penalty.clock"


def test_the_moment_of_the_cut_off_itself_is_still_in_time() -> None:
    moment: datetime = COMPLETE["cut_off_at"]
    assert decide(case("AM04", file_sent_at=moment)).effect is Effect.PENALISE
    assert decide(case("AC04", revocation_received_at=moment)).effect is Effect.NONE
