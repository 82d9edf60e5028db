"""Decide the fault of failed debits, many at a time, and keep the arguments. The same evidence decided again changes nothing."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import select, update

from debit_service.collections.models import Collection
from debit_service.core import audit, events
from debit_service.core.bulk import among, insert_rows
from debit_service.core.calendar import Calendar
from debit_service.core.work import Work
from debit_service.funds.profile import BankProfile, Fund
from debit_service.penalties.fault.argument import argument, digest
from debit_service.penalties.fault.engine import decide_fault, penalty_clock_start
from debit_service.penalties.fault.values import CaseFile, Certainty, Effect, Party, Piece
from debit_service.penalties.models import FaultDecision, FaultFinding
from debit_service.penalties.service.evidence import CONFIGURED, case_files
from debit_service.penalties.tariff.catalogue import PenaltyRules, ReasonCodes
from debit_service.reconcile import queries as reconcile

_ENDED: Final = "the bank's answers no longer say that it failed"
#: Why a finding no longer counts that nobody took back.
OVERTAKEN: Final = "overtaken: the evidence has changed, and the decision with it"
#: The pieces that may be as the configuration says, and how an argument's plain value is read again.
_CONFIGURED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "notice_days_agreed": int,
    "cut_off_at": datetime.fromisoformat,
}
_COLUMNS: Final = (
    "id",
    "collection_id",
    "contribution_id",
    "sort_key",
    "most_recent",
    "party",
    "effect",
    "certainty",
    "reason_code",
    "reason_code_set",
    "argument",
    "digest",
    "clock_start",
    "decided_at",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What failures at one fund are judged with, as of `today`; the calendar has the days on which fund and bank are open."""

    fund: Fund
    bank: BankProfile
    calendar: Calendar
    codes: ReasonCodes
    rules: PenaltyRules
    today: date


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided about one collection. `about` identifies the decision without what a person found
    (`argument.digest`)."""

    collection: Collection
    party: Party
    effect: Effect
    certainty: Certainty
    reason_code: str | None
    reason_code_set: str | None
    argument: dict[str, Any]
    clock_start: date | None
    about: str
    digest: str


class Standing(NamedTuple):
    """The decision about a collection that stands."""

    collection_id: str
    id: str
    sort_key: int
    effect: str
    digest: str


def standing(work: Work, collection_ids: Sequence[str]) -> dict[str, Standing]:
    """The decisions about these collections that stand now."""
    columns = [getattr(FaultDecision, name) for name in Standing._fields]
    query = select(*columns).where(
        among(work.session, FaultDecision.collection_id, collection_ids), FaultDecision.most_recent
    )
    return {row[0]: Standing._make(row) for row in work.session.execute(query)}


def judge(work: Work, bench: Bench, collections: Sequence[Collection], before: Mapping[str, Standing]) -> list[Verdict]:
    """What the evidence says now of these collections of the bench's fund; `before` are the decisions that stand.

    A collection that has not failed is judged only where a decision says that it had. Keeps nothing.
    """
    outcomes = reconcile.outcomes_of(work, {one.id: one.amount_minor for one in collections})
    failed = [(one, failure) for one in collections if (failure := outcomes[one.id].failure)]
    ended = [
        one
        for one in collections
        if outcomes[one.id].failure is None and one.id in before and before[one.id].effect != Effect.NONE
    ]
    cases = case_files(work, bench.fund, bench.bank, bench.calendar, failed)
    judged = {one.id: _judged(bench, one, cases[one.id]) for one, _ in failed}
    for name, as_it_was in _as_configured_then(work, judged, before, cases).items():
        judged[name] = _judged(bench, judged[name].collection, as_it_was)
    return [*judged.values(), *(_ended(one) for one in ended)]


def _as_configured_then(
    work: Work, judged: Mapping[str, Verdict], before: Mapping[str, Standing], cases: Mapping[str, CaseFile]
) -> dict[str, CaseFile]:
    """The cases that are harsher now than the decision that stands, with the configuration that it was made with.

    What was agreed then was not kept with every old row: today's configuration may speak for the employer in its place, never
    against it.
    """
    harsher = {
        before[name].id: name
        for name, one in judged.items()
        if name in before and one.effect.severity > Effect(before[name].effect).severity
    }
    if not harsher:
        return {}
    query = select(FaultDecision.id, FaultDecision.argument).where(among(work.session, FaultDecision.id, harsher))
    then = {harsher[decision_id]: said.get("facts") or {} for decision_id, said in work.session.execute(query)}
    return {name: replace(cases[name], **_configured(facts, cases[name])) for name, facts in then.items()}


def _configured(facts: Mapping[str, Any], case: CaseFile) -> dict[str, Any]:
    """The pieces of an argument that nobody had kept, then and now. A missed run counts only where something was late by them."""
    found = {
        name: Piece(read(said["value"]), said["evidence_id"])
        for name, read in _CONFIGURED.items()
        if (said := facts.get(name))
        and all(str(one).startswith(CONFIGURED) for one in (said["evidence_id"], _id(case, name)))
    }
    outage = facts.get("our_outage")
    if found and outage and outage["evidence_id"].startswith("run:"):
        found["our_outage"] = Piece(outage["value"], outage["evidence_id"])
    return found


def _id(case: CaseFile, name: str) -> str | None:
    piece = case.piece(name)
    return piece.evidence_id if piece else None


def _judged(bench: Bench, collection: Collection, case: CaseFile) -> Verdict:
    said = case.failure.value
    reason = bench.codes.find(
        said.code,
        said.code_set,
        proprietary=said.proprietary,
        fund=bench.fund.id,
        bank=bench.bank.id,
        on=said.date,
    )
    without = decide_fault(replace(case, finding=None), reason)
    about = digest(without)
    found = case.finding.value if case.finding else None
    # What a person found about another decision says nothing of this one.
    decision = decide_fault(case, reason) if found is not None and found.about == about else without
    clock = penalty_clock_start(case, decision) if decision.effect is Effect.PENALISE else None
    code = said.code or said.proprietary
    content = [digest(decision), code, said.code_set, clock.isoformat() if clock else None]
    return Verdict(
        collection,
        decision.party,
        decision.effect,
        decision.certainty,
        code,
        said.code_set,
        argument(decision, bench.codes.version),
        clock,
        about,
        _digest(content),
    )


def _ended(collection: Collection) -> Verdict:
    """The bank has taken its failure back."""
    ended: dict[str, Any] = {"steps": [], "missing": [], "would_change": [], "ended": _ENDED}
    about = _digest([ended])
    return Verdict(
        collection, Party.INFO, Effect.NONE, Certainty.HIGH, None, None, ended, None, about=about, digest=about
    )


def _digest(content: list[Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def keep(work: Work, verdicts: Sequence[Verdict], before: Mapping[str, Standing]) -> None:
    """Let these decisions replace those that stood, with audit and events; what a person found about others is overtaken."""
    if not verdicts:
        return
    _overtake(work, verdicts)
    replaced = [before[one.collection.id].id for one in verdicts if one.collection.id in before]
    query = update(FaultDecision).where(among(work.session, FaultDecision.id, replaced))
    work.session.execute(query.values(most_recent=False))
    ids, now = work.new_ids(len(verdicts)), work.now()
    rows = [
        (
            decision_id,
            one.collection.id,
            one.collection.contribution_id,
            before[one.collection.id].sort_key + 1 if one.collection.id in before else 1,
            True,
            one.party.value,
            one.effect.value,
            one.certainty.value,
            one.reason_code,
            one.reason_code_set,
            one.argument,
            one.digest,
            one.clock_start,
            now,
        )
        for decision_id, one in zip(ids, verdicts, strict=True)
    ]
    insert_rows(work.session, FaultDecision, _COLUMNS, rows)
    told: list[tuple[str, dict[str, Any]]] = [
        (one.collection.id, {"party": one.party.value, "effect": one.effect.value}) for one in verdicts
    ]
    noted = [
        (subject, said | {"code": one.reason_code, "decision": decision_id})
        for (subject, said), one, decision_id in zip(told, verdicts, ids, strict=True)
    ]
    audit.record_all(work, "fault.decided", noted)
    events.publish_all(work, "fault.decided", told)


def _overtake(work: Work, verdicts: Sequence[Verdict]) -> None:
    """Other evidence came: what a person found about the decision that it replaces is withdrawn, and the case is open again."""
    about = {one.collection.id: one.about for one in verdicts}
    query = select(FaultFinding).where(
        among(work.session, FaultFinding.collection_id, about), FaultFinding.withdrawn_at.is_(None)
    )
    overtaken = [one for one in work.session.scalars(query) if one.about != about[one.collection_id]]
    for one in overtaken:
        one.withdrawn_at, one.withdrawn_by, one.withdrawn_why = work.now(), work.actor.name, OVERTAKEN
    noted = [(one.id, {"collection": one.collection_id, "why": OVERTAKEN}) for one in overtaken]
    audit.record_all(work, "fault.finding_withdrawn", noted)
