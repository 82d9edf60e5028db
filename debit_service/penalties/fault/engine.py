"""Decides who caused a failed debit: the reason code's row first, then its context rule, then what every penalty demands.

The answer is an argument: the steps tried in order, the evidence of each, what is missing, and what would change it.
In doubt a person decides (HOLD). PENALISE comes out only where the code's row allows it, every guard let it pass, and every
piece that a guard needs is in the file. What a person found decides a HOLD, and nothing else.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from debit_service.core.errors import Refused
from debit_service.penalties.fault.argument import digest, plain
from debit_service.penalties.fault.general_rule import ANNOUNCED, GENERAL
from debit_service.penalties.fault.guards import Guard, Verdict, known
from debit_service.penalties.fault.rules import CONTEXT_RULES
from debit_service.penalties.fault.values import (
    PIECE_LABELS,
    CaseFile,
    Certainty,
    Decision,
    Effect,
    Finding,
    Party,
    Phase,
    ReasonCode,
    Step,
)

_NAMED = re.compile(r"\{(\w+)\}")
_INCOMPLETE = Verdict(Party.UNKNOWN, Effect.HOLD, "The evidence is incomplete, so a person decides.", Certainty.LOW)
_UNPROVEN = "what the bank means by its own code is not confirmed, so a person decides"
# EPC rulebooks: a reversal is the creditor's own; whatever its reason, it is never the employer's failure.
_REVERSED = Verdict(Party.FUND, Effect.NONE, "The creditor's side itself took the debit back.")


def decide_fault(case: CaseFile, reason: ReasonCode | None) -> Decision:
    """The decision on `case`. `reason` is the row that the catalogue gives for the failure's code and code set, or None."""
    if reason is not None and not _is_of(case, reason):
        reason = None
    decision = _on_evidence(case, reason)
    finding = case.finding.value if case.finding else None
    if finding is None or decision.effect is not Effect.HOLD:
        return decision
    return _with_finding(case, reason, decision, finding)


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
        self._asked: list[tuple[Guard, Verdict | None]] = []
        self.steps: list[Step] = []
        self.missing: dict[str, None] = {}
        self.used: dict[str, None] = {"failure": None}

    def ask(self, rule: str, guards: Sequence[Guard]) -> None:
        """Ask each guard whose question arises and was not asked before; none is skipped because of an earlier answer."""
        before = {guard.key for guard, _ in self._asked}
        for guard in guards:
            if guard.key not in before and guard.arises(self._case, self._reason):
                self.used |= dict.fromkeys(guard.needs)
                self.steps.append(self._answer(f"{rule} {guard.key}", guard))

    @property
    def mildest(self) -> Verdict | None:
        """The mildest verdict so far, the first of equals; HOLD if pieces are missing for an accusation; None if all passed."""
        verdicts = [verdict for _, verdict in self._asked if verdict]
        verdict = min(verdicts, key=lambda each: each.effect.severity, default=None)
        return _INCOMPLETE if self.missing and (verdict is None or verdict.effect is not Effect.NONE) else verdict

    def would_change(self, verdict: Verdict) -> tuple[str, ...]:
        """The evidence that would change `verdict`.

        An acquittal falls with the evidence against its own guard, an accusation with what speaks for the employer, a
        doubt with either, where a guard stopped or could not answer.
        """
        if verdict.effect is Effect.NONE:
            told = [guard.harsher for guard, each in self._asked if each is verdict]
        else:
            open_ = [guard.harsher for guard, each in self._asked if each or self._lacking(guard)]
            told = [guard.milder for guard, _ in self._asked]
            told = told if verdict.effect is Effect.PENALISE else open_ + told
        return tuple(dict.fromkeys(self._in_words(each) for each in told))

    def _answer(self, rule: str, guard: Guard) -> Step:
        if lacking := self._lacking(guard):
            self._asked.append((guard, None))
            self.missing |= dict.fromkeys(lacking)
            because = f"{guard.question} Not known; missing: {_labels(lacking)}."
            return _step(self._case, rule, "missing", because, guard.needs)
        answer = guard.test(self._case, self._reason)
        if isinstance(answer, str):
            self._asked.append((guard, None))
            return _step(self._case, rule, "passed", answer, guard.needs)
        verdict = answer.within(self._reason)
        self._asked.append((guard, verdict))
        return _step(self._case, rule, verdict.effect, f"{verdict.party}: {verdict.because}", guard.needs)

    def _lacking(self, guard: Guard) -> list[str]:
        return [each for each in guard.needs if self._case.piece(each) is None]

    def _in_words(self, template: str) -> str:
        pieces = {name: self._case.piece(name) for name in _NAMED.findall(template)}
        return template.format_map(
            {name: _said(piece.value) if piece else PIECE_LABELS[name] for name, piece in pieces.items()}
        )


def _said(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)


def _is_of(case: CaseFile, reason: ReasonCode) -> bool:
    """Homonyms: BE08 of the return list is a bank's error, BE08 of the status list a missing debtor name."""
    failure = case.failure.value
    mapped = failure.code is None and failure.proprietary == reason.said_as
    said = failure.code == reason.code if reason.said_as is None else mapped
    return said and reason.code_set in ("B", failure.code_set)


def _on_evidence(case: CaseFile, reason: ReasonCode | None) -> Decision:
    """The decision without what a person found."""
    if case.failure.value.phase is Phase.REVERSAL:
        change = ("the bank's word that this was a return or a refund",)
        return _decision(case, reason, _REVERSED, _opening(case, reason), change)
    if reason is None:
        return _unknown(case)
    if reason.context_rule is None:
        return _by_table(case, reason)
    hearing = _Hearing(case, reason)
    hearing.ask(reason.context_rule, CONTEXT_RULES[reason.context_rule].guards)
    if reason.effect is Effect.PENALISE and (hearing.mildest or _INCOMPLETE).effect is not Effect.NONE:
        hearing.ask("GENERAL", GENERAL.guards)
    verdict = hearing.mildest or _INCOMPLETE
    steps = (*_opening(case, reason), *hearing.steps)
    return _decision(case, reason, verdict, steps, hearing.would_change(verdict), hearing.used, hearing.missing)


def _unknown(case: CaseFile) -> Decision:
    failure = case.failure.value
    said = failure.code or failure.proprietary or "no code"
    because = f"The bank said {said} (code set {failure.code_set}); the table has no row for it, so a person decides."
    step = _step(case, "CODE", Effect.HOLD, because, ("failure",))
    change = ("the bank's word on what it means by its code, entered as a local code", "an ISO code from the bank")
    facts = _facts(case, ("failure",))
    return Decision(Party.UNKNOWN, Effect.HOLD, Certainty.LOW, (step,), (), change, facts, row=None)


def _by_table(case: CaseFile, reason: ReasonCode) -> Decision:
    """A row without a context rule has no guards, so it never penalises by itself."""
    effect = Effect.NONE if reason.effect is Effect.NONE else Effect.HOLD
    verdict = Verdict(reason.parties[0], effect, f"{reason.action}.", reason.certainty)
    change = ["another reason code from the bank", *(f"evidence that it was {each}" for each in reason.parties[1:])]
    if effect is Effect.HOLD:
        change.append("a person's finding on who caused it")
    return _decision(case, reason, verdict, _opening(case, reason), change)


def _with_finding(case: CaseFile, reason: ReasonCode | None, held: Decision, finding: Finding) -> Decision:
    """A HOLD with what a person found about this very argument; where the finding decides nothing, the case stays held."""
    steps = [each for each in held.steps if each.rule != "RESULT"]
    doubt = _why_not(reason, held, finding)
    outcome = Effect.HOLD if doubt else Effect.NONE if finding.party is not Party.EMPLOYER else Effect.PENALISE
    found = Verdict(finding.party, outcome, doubt or f"A person found: {finding.because}", Certainty.MEDIUM)
    steps.append(_step(case, "FINDING", outcome, f"{found.party}: {found.because}", ("finding",)))
    change: tuple[str, ...] = ("the finding withdrawn, or other evidence than it judged",)
    used = (*held.facts, "finding")
    if doubt:
        closing = tuple(each for each in held.steps if each.rule == "RESULT")
        return replace(held, steps=(*steps, *closing), facts=_facts(case, used))
    if reason is None or outcome is not Effect.PENALISE:
        return _decision(case, reason, found, steps, change, used)
    hearing = _Hearing(case, reason)
    hearing.ask("GENERAL", GENERAL.guards)
    hearing.ask("ANNOUNCED", ANNOUNCED.guards)
    told = {each.rule for each in steps}
    steps += [each for each in hearing.steps if each.rule not in told]
    verdict = hearing.mildest or found
    change = (*hearing.would_change(verdict), *change)
    missing = (*held.missing, *hearing.missing) if verdict.effect is Effect.HOLD else ()
    return _decision(case, reason, verdict, steps, change, (*used, *hearing.used), missing)


def _why_not(reason: ReasonCode | None, held: Decision, finding: Finding) -> str | None:
    """Why the finding decides nothing; None where it does. Against the employer it must not stand against the evidence."""
    if finding.about != digest(held):
        return "A person's finding was about other evidence, so it no longer counts."
    if finding.party in (Party.UNKNOWN, Party.INFO):
        return f"A person could not find out who caused it: {finding.because}"
    if finding.party is not Party.EMPLOYER:
        return None
    if reason is None or not reason.proven:
        return "What the bank means by its code is not confirmed, and a finding does not stand in for it."
    if held.party not in (Party.EMPLOYER, Party.UNKNOWN):
        return f"The evidence names {held.party}; a finding against the employer needs other evidence."
    return None


def _opening(case: CaseFile, reason: ReasonCode | None) -> tuple[Step, ...]:
    """What the table says of the code, and which override or map made it say so."""
    if reason is None:
        return ()
    read = _step(case, "CODE", "read", f"{reason.code} means {reason.name}.", ("failure",))
    return (read, *(_step(case, "TABLE", "read", f"{each}.", ()) for each in reason.origins))


def _decision(
    case: CaseFile,
    reason: ReasonCode | None,
    verdict: Verdict,
    steps: Sequence[Step],
    would_change: Sequence[str],
    used: Iterable[str] = ("failure",),
    missing: Iterable[str] = (),
) -> Decision:
    """The decision that follows from `verdict`; what an unconfirmed map says is proposed, never applied."""
    if reason and not reason.proven and verdict is not _REVERSED:
        verdict = replace(verdict, effect=Effect.HOLD).told(_UNPROVEN)
        would_change = ("the bank's confirmation of what it means by its own code", *would_change)
    closing = _step(case, "RESULT", verdict.effect, f"{verdict.party}: {verdict.because}", ())
    return Decision(
        party=verdict.party,
        effect=verdict.effect,
        certainty=verdict.certainty,
        steps=(*steps, closing),
        missing=() if verdict.effect is Effect.NONE else tuple(dict.fromkeys(missing)),
        would_change=tuple(would_change),
        facts=_facts(case, used),
        row=plain(reason) if reason else None,
    )


def _facts(case: CaseFile, names: Iterable[str]) -> dict[str, Any]:
    """The values of the pieces that are there, with what proves each."""
    found = {each: case.piece(each) for each in sorted(set(names))}
    return {each: plain(piece) for each, piece in found.items() if piece is not None}


def _labels(names: Sequence[str]) -> str:
    return ", ".join(PIECE_LABELS[each] for each in names)


def _step(case: CaseFile, rule: str, outcome: str, because: str, pieces: Sequence[str]) -> Step:
    found = [case.piece(each) for each in pieces]
    return Step(rule, outcome, because, tuple(each.evidence_id for each in found if each is not None))
