"""Decides who caused a failed debit: the reason code's row first, then its context rule, then what every penalty demands.

The answer is an argument: the steps tried in order, the evidence of each, what is missing, and what would change it.
In doubt a person decides (HOLD). PENALISE comes out only where the code's row allows it, every guard let it pass, and every
piece that a guard needs is in the file.
"""

from collections.abc import Sequence
from datetime import date

from debit_service.core.errors import Refused
from debit_service.penalties.guards import Guard, Verdict, known
from debit_service.penalties.rules import CONTEXT_RULES, GENERAL_GUARDS
from debit_service.penalties.values import (
    PIECE_LABELS,
    CaseFile,
    Certainty,
    Decision,
    Effect,
    Party,
    Phase,
    ReasonCode,
    Step,
)


def decide_fault(case: CaseFile, reason: ReasonCode | None) -> Decision:
    """The decision on `case`. `reason` is the row that the catalogue gives for the failure's code and code set, or None."""
    if reason is None or not _is_of(case, reason):
        return _unknown(case)
    opening = _step(case, "CODE", "read", f"{reason.code} means {reason.name}.", ("failure",))
    if reason.context_rule is None:
        return _by_table(case, reason, opening)
    asked = _Hearing(case, reason)
    asked.ask(reason.context_rule, CONTEXT_RULES[reason.context_rule])
    if asked.mildest.effect is Effect.PENALISE:
        asked.ask("GENERAL", GENERAL_GUARDS)
    return asked.decision(opening)


def penalty_clock_start(case: CaseFile, decision: Decision) -> date:
    """The day after which a late penalty runs: the latest of the legal due date, our first presentation and the failed attempt.

    A refunded debit was paid until it was taken back, so its clock starts on the refund's booking date: whether it reopens
    the legal due date is national law that was not found. Raises Refused `penalty.not_employer` or `penalty.clock`.
    """
    if decision.party is not Party.EMPLOYER:
        raise Refused("penalty.not_employer", "No penalty clock runs: the failure is not attributed to the employer.")
    missing = [
        each for each in ("legal_due_date", "first_presented_on", "collection_date_sent") if not case.piece(each)
    ]
    if missing:
        raise Refused("penalty.clock", f"The clock's start is unknown; missing: {_labels(missing)}.")
    failure = case.failure.value
    attempt = failure.date if failure.phase is Phase.REFUND else known(case.collection_date_sent)
    return max(known(case.legal_due_date), known(case.first_presented_on), attempt)


class _Hearing:
    """One case before the guards: keeps what each answered."""

    def __init__(self, case: CaseFile, reason: ReasonCode) -> None:
        self._case = case
        self._reason = reason
        self._steps: list[Step] = []
        self._verdicts: list[tuple[Verdict, Guard]] = []
        self._asked: list[Guard] = []
        self._missing: list[str] = []

    def ask(self, rule: str, guards: Sequence[Guard]) -> None:
        """Ask each guard whose question arises; none is skipped because of an earlier answer."""
        for guard in guards:
            if guard.arises(self._case, self._reason):
                self._asked.append(guard)
                self._steps.append(self._answer(f"{rule} {guard.key}", guard))

    @property
    def mildest(self) -> Verdict:
        """The mildest verdict so far, the first of equals; HOLD if pieces are missing for an accusation."""
        if not self._verdicts:
            return self._held()
        verdict = min(self._verdicts, key=lambda each: each[0].effect.severity)[0]
        return self._held() if self._missing and verdict.effect is not Effect.NONE else verdict

    def decision(self, opening: Step) -> Decision:
        """The decision on everything that was asked."""
        verdict = self.mildest
        deciding = [guard.question for each, guard in self._verdicts if each is verdict]
        if verdict.effect is not Effect.NONE:
            # An accusation or a doubt falls with any other answer; an acquittal only with the answer that gave it.
            deciding = [guard.question for guard in self._asked]
        closing = _step(self._case, "RESULT", verdict.effect, f"{verdict.party}: {verdict.because}", ())
        return Decision(
            party=verdict.party,
            effect=verdict.effect,
            certainty=verdict.certainty,
            steps=(opening, *self._steps, closing),
            missing=() if verdict.effect is Effect.NONE else tuple(dict.fromkeys(self._missing)),
            would_change=tuple(dict.fromkeys(deciding)),
        )

    def _answer(self, rule: str, guard: Guard) -> Step:
        lacking = [each for each in guard.needs if self._case.piece(each) is None]
        if lacking:
            self._missing += lacking
            because = f"{guard.question} Not known; missing: {_labels(lacking)}."
            return _step(self._case, rule, "missing", because, guard.needs)
        answer = guard.test(self._case, self._reason)
        if isinstance(answer, str):
            return _step(self._case, rule, "passed", answer, guard.needs)
        verdict = self._within_table(answer)
        self._verdicts.append((verdict, guard))
        return _step(self._case, rule, verdict.effect, f"{verdict.party}: {verdict.because}", guard.needs)

    def _within_table(self, verdict: Verdict) -> Verdict:
        """Only codes whose row says PENALISE penalise by themselves; for the others a person confirms."""
        if verdict.effect is Effect.PENALISE and self._reason.effect is not Effect.PENALISE:
            return Verdict(verdict.party, Effect.HOLD, verdict.because, verdict.certainty)
        return verdict

    def _held(self) -> Verdict:
        because = "The evidence is incomplete, so a person decides."
        return Verdict(Party.UNKNOWN, Effect.HOLD, because, Certainty.LOW)


def _is_of(case: CaseFile, reason: ReasonCode) -> bool:
    """Homonyms: BE08 of the return list is a bank's error, BE08 of the status list a missing debtor name."""
    failure = case.failure.value
    return failure.code == reason.code and reason.code_set in ("B", failure.code_set)


def _unknown(case: CaseFile) -> Decision:
    failure = case.failure.value
    said = failure.code or failure.proprietary or "no code"
    because = f"The bank said {said} (code set {failure.code_set}); the table has no row for it, so a person decides."
    return Decision(
        party=Party.UNKNOWN,
        effect=Effect.HOLD,
        certainty=Certainty.LOW,
        steps=(_step(case, "CODE", Effect.HOLD, because, ("failure",)),),
        missing=(),
        would_change=("What does this bank mean by its code?",),
    )


def _by_table(case: CaseFile, reason: ReasonCode, opening: Step) -> Decision:
    """A row without a context rule has no guards, so it never penalises by itself."""
    effect = Effect.NONE if reason.effect is Effect.NONE else Effect.HOLD
    party = reason.parties[0]
    others = "".join(f", or {each}" for each in reason.parties[1:])
    closing = _step(case, "RESULT", effect, f"{party}{others}: {reason.action}.", ("failure",))
    would_change = ("Does the bank give another code?", *(f"Was it {each}?" for each in reason.parties[1:]))
    return Decision(party, effect, reason.certainty, (opening, closing), (), would_change)


def _labels(names: Sequence[str]) -> str:
    return ", ".join(PIECE_LABELS[each] for each in names)


def _step(case: CaseFile, rule: str, outcome: str, because: str, pieces: Sequence[str]) -> Step:
    found = [case.piece(each) for each in pieces]
    return Step(rule, outcome, because, tuple(each.evidence_id for each in found if each is not None))
