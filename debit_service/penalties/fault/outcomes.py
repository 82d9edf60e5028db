"""What can come out for a reason code: every question is asked with every answer that its evidence can give. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, Final

from debit_service.penalties.fault.engine import decide_fault
from debit_service.penalties.fault.general_rule import ANNOUNCED, GENERAL
from debit_service.penalties.fault.guards import Guard, Verdict
from debit_service.penalties.fault.rules import CONTEXT_RULES
from debit_service.penalties.fault.values import (
    Amendment,
    CaseFile,
    Effect,
    Failure,
    Notice,
    Party,
    Phase,
    Piece,
    ReasonCode,
)

Outcome = tuple[Effect, Party]

_DUE: Final = date(2026, 10, 30)
_FAILED: Final = date(2026, 11, 4)
_CUT_OFF: Final = datetime(2026, 10, 28, 15, tzinfo=UTC)
_IN_TIME, _TOO_LATE = _CUT_OFF - timedelta(hours=1), _CUT_OFF + timedelta(hours=1)
_NOTICE: Final = Notice(100_00, _DUE, datetime(2026, 10, 12, 8, tzinfo=UTC))
_LONG_AGO: Final = date(2020, 1, 1)
#: A reversal asks nothing.
_PHASES: Final = (Phase.REJECT, Phase.RETURN, Phase.REFUND)
_SCHEMES: Final = ("CORE", "B2B")
_SCHEME_PIECES: Final = ("scheme_sent", "scheme_on_mandate")
#: The values of each piece between which the questions tell. With the first of each nobody but the employer can be at fault.
_VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "bank_file": ("sha256",),
    "scheme_sent": _SCHEMES,
    "scheme_on_mandate": _SCHEMES,
    "account_on_form": ("one",),
    "account_sent": ("one", "another"),
    "name_on_form": ("one",),
    "name_sent": ("one", "another"),
    "amendments": ((), *((Amendment(at, applied_before_file=False),) for at in (_IN_TIME, _TOO_LATE))),
    "revocation_received_at": (None, _IN_TIME, _TOO_LATE),
    "mandate_signed_on": (_LONG_AGO,),
    "umr_on_form": ("one",),
    "umr_sent": ("one", "another"),
    "creditor_id_on_form": ("one",),
    "creditor_id_sent": ("one", "another"),
    "bank_acceptance": (None, _LONG_AGO),
    "told_to_lodge": (_LONG_AGO, None),
    "last_presented_on": (_DUE - timedelta(days=30), None),
    "notice": (
        _NOTICE,
        None,
        replace(_NOTICE, amount_minor=99_99),
        replace(_NOTICE, collection_date=_DUE + timedelta(days=1)),
        replace(_NOTICE, sent_at=_CUT_OFF),
    ),
    "notice_days_agreed": (14,),
    "amount_sent_minor": (100_00,),
    "amount_declared_minor": (100_00, 99_99),
    "collection_date_sent": (_DUE,),
    "day_closed_since": (None, "a holiday"),
    "legal_due_date": (_DUE,),
    "file_sent_at": (_IN_TIME, _TOO_LATE),
    "cut_off_at": (_CUT_OFF,),
    "first_presented_on": (_DUE,),
    "other_live_collections": (0, 1),
    "past_successes": (0, 1),
    "open_dispute": (None, "a dispute"),
    "debtor_bic_origin": ("form", "derived"),
    "mandate_limit_minor": (99_99, None),
    "block_origin": ("debtor", "fund", "court"),
    "our_outage": (None, "an outage"),
    "paid_before": (0, 1, 100_00),
    "twin": (None, "a debit"),
    "bank_ack_at": (None, _IN_TIME, _TOO_LATE),
    "amendment_block_sent": (None, False),
}


@cache
def outcomes(row: ReasonCode) -> tuple[Outcome, ...]:
    """What the engine can say where the bank gives this code in a reject, a return or a refund; the mildest first."""
    found = {(one.effect, one.party) for one in (decide_fault(case, row) for case in _cases(row))}
    return tuple(sorted(found, key=lambda one: (one[0].severity, tuple(Party).index(one[1]))))


def verdicts(guard: Guard, row: ReasonCode) -> dict[str, Verdict]:
    """The verdicts that a question can come to for a code, within what its row allows, by the guard's own words."""
    asked = (case for case in _each_answer(guard, row) if guard.arises(case, row))
    given = [answer for answer in (guard.test(case, row) for case in asked) if isinstance(answer, Verdict)]
    return {
        one.because: one.within(row)
        for one in guard.verdicts
        if any(answer.because.startswith(one.because.removesuffix(".")) for answer in given)
    }


def is_asked(guard: Guard, row: ReasonCode) -> bool:
    """Whether the question can arise for the code."""
    return any(guard.arises(case, row) for case in _each_answer(guard, row))


def _cases(row: ReasonCode) -> Iterator[CaseFile]:
    """Files of evidence that bring out everything: all mixtures of what one question asks for, and a piece that is missing."""
    guards = CONTEXT_RULES[row.context_rule].guards if row.context_rule else ()
    asked = (*guards, *GENERAL.guards) if row.effect is Effect.PENALISE else guards
    yield from (_case(row, phase, "CORE") for phase in _PHASES)
    for guard in asked:
        yield from _each_answer(guard, row)
        yield from (_without(_case(row, Phase.RETURN, "CORE"), one) for one in _asked_of_the_file(guard))


def _each_answer(guard: Guard, row: ReasonCode) -> Iterator[CaseFile]:
    """A file of evidence for every mixture of what the guard asks for."""
    pieces = _asked_of_the_file(guard)
    for phase, scheme, *values in product(_PHASES, _SCHEMES, *(_VALUES[one] for one in pieces)):
        changed: dict[str, Any] = {name: Piece(value, name) for name, value in zip(pieces, values, strict=True)}
        yield replace(_case(row, phase, scheme), **changed)


def _without(case: CaseFile, piece: str) -> CaseFile:
    nothing: dict[str, Any] = {piece: None}
    return replace(case, **nothing)


def _asked_of_the_file(guard: Guard) -> list[str]:
    return [one for one in guard.needs if one != "failure"]


@cache
def _case(row: ReasonCode, phase: Phase, scheme: str) -> CaseFile:
    """The file in which nobody but the employer can be at fault."""
    failure = Failure(row.code, "S" if row.code_set == "S" else "R", phase, _FAILED, 100_00)
    said = {name: values[0] for name, values in _VALUES.items()} | dict.fromkeys(_SCHEME_PIECES, scheme)
    pieces: dict[str, Any] = {name: Piece(value, name) for name, value in said.items()}
    return CaseFile(failure=Piece(failure, "failure"), **pieces)


def rows_of(rule_of: Sequence[Guard], rows: Sequence[ReasonCode]) -> list[ReasonCode]:
    """The codes for which the questions of a rule are asked."""
    if rule_of is GENERAL.guards:
        return [row for row in rows if row.effect is Effect.PENALISE]
    if rule_of is ANNOUNCED.guards:
        return [row for row in rows if row.effect is not Effect.NONE]
    return [row for row in rows if row.context_rule and CONTEXT_RULES[row.context_rule].guards is rule_of]
