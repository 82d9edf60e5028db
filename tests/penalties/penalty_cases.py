"""Builds case files: by default a complete one, in which the employer alone could be at fault."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from debit_service.penalties.fault.engine import decide_fault
from debit_service.penalties.fault.values import Amendment, CaseFile, Decision, Failure, Notice, Phase, Piece
from debit_service.penalties.tariff.catalogue import load_penalty_rules, load_reason_codes

CONFIG = Path(__file__).resolve().parents[2] / "config"
CODES = load_reason_codes(CONFIG / "reason_codes.csv")
RULES = load_penalty_rules(CONFIG / "penalty_rules.toml")

DUE = date(2026, 10, 30)
CUT_OFF = datetime(2026, 10, 28, 15, 0, tzinfo=UTC)
BEFORE_CUT_OFF = datetime(2026, 10, 27, 9, 0, tzinfo=UTC)
AFTER_CUT_OFF = datetime(2026, 10, 29, 9, 0, tzinfo=UTC)
LONG_AFTER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
NOTICE = Notice(amount_minor=100_00, collection_date=DUE, sent_at=datetime(2026, 10, 12, 8, 0, tzinfo=UTC))
UNAPPLIED_IN_TIME = Amendment(received_at=BEFORE_CUT_OFF, applied_before_file=False)
CROSSED = Amendment(received_at=AFTER_CUT_OFF, applied_before_file=False)

COMPLETE: dict[str, Any] = {
    "bank_file": "9f2c",
    "scheme_sent": "CORE",
    "scheme_on_mandate": "CORE",
    "account_on_form": "account-1",
    "account_sent": "account-1",
    "name_on_form": "name-1",
    "name_sent": "name-1",
    "amendments": (),
    "revocation_received_at": None,
    "mandate_signed_on": date(2025, 1, 15),
    "umr_on_form": "CNAS-0001",
    "umr_sent": "CNAS-0001",
    "creditor_id_on_form": "DZ75ZZZCNAS",
    "creditor_id_sent": "DZ75ZZZCNAS",
    "bank_acceptance": None,
    "told_to_lodge": date(2025, 1, 15),
    "last_presented_on": date(2026, 9, 30),
    "notice": NOTICE,
    "notice_days_agreed": 14,
    "amount_sent_minor": 100_00,
    "amount_declared_minor": 100_00,
    "collection_date_sent": DUE,
    "day_closed_since": None,
    "legal_due_date": DUE,
    "file_sent_at": BEFORE_CUT_OFF,
    "cut_off_at": CUT_OFF,
    "first_presented_on": DUE,
    "other_live_collections": 0,
    "past_successes": 0,
    "open_dispute": None,
    "debtor_bic_origin": "form",
    "mandate_limit_minor": 50_00,
    "block_origin": "debtor",
    "our_outage": None,
    "paid_before": 0,
    "twin": None,
    "bank_ack_at": None,
    "amendment_block_sent": None,
    "finding": None,
}


def case(
    code: str | None,
    code_set: Literal["S", "R"] = "R",
    phase: Phase = Phase.RETURN,
    *,
    without: tuple[str, ...] = (),
    **changed: Any,
) -> CaseFile:
    """A complete case file, with the pieces `without` taken out and the values `changed` put in."""
    unknown = (set(without) | set(changed)) - set(COMPLETE)
    assert not unknown, f"no such pieces: {unknown}"
    failure = Failure(code=code, code_set=code_set, phase=phase, date=date(2026, 11, 4), amount_minor=100_00)
    values = {key: value for key, value in (COMPLETE | changed).items() if key not in without}
    pieces = {key: Piece(value, f"evidence:{key}") for key, value in values.items()}
    return CaseFile(failure=Piece(failure, "evidence:failure"), **pieces)


def taken_out(file: CaseFile, *names: str) -> CaseFile:
    """`file` without these pieces."""
    nothing: dict[str, Any] = dict.fromkeys(names)
    return replace(file, **nothing)


def decide(file: CaseFile) -> Decision:
    """The decision with the row that the shipped table has for the failure."""
    failure = file.failure.value
    return decide_fault(file, CODES.find(failure.code or "", failure.code_set))
