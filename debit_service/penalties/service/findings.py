"""What a person finds out about a held failure: found by a clerk, approved by another person where it is against the employer.

A finding is evidence like any other, and the milder kind takes effect at once. It speaks of exactly the decision that the person
judged: when other evidence changes that, the finding is overtaken and the failure is held again.
"""

from sqlalchemy import select

from debit_service.collections.models import Collection
from debit_service.core import audit, events
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.penalties import queries
from debit_service.penalties.fault.values import Effect, Party
from debit_service.penalties.models import FaultFinding
from debit_service.penalties.service.assess import bring_about, take_turn
from debit_service.penalties.service.decide import Bench, Verdict, judge, standing

#: Whom a person may find at fault; "nothing failed" and "not known" are no findings.
PARTIES = tuple(one for one in Party if one not in (Party.INFO, Party.UNKNOWN))
_LOOK_AGAIN = "Let the failures be assessed (`debit penalties assess`), and look at the case again."


def find(
    work: Work, bench: Bench, collection_id: str, party: Party, because: str, evidence: str, *, seen: str | None = None
) -> FaultFinding:
    """Say who caused a held failure, why, and on what evidence (documents by number or name).

    `seen` is the decision that the person looked at: another one in the meantime is refused. Raises InvalidInput `finding.*` or
    Refused `finding.not_held`, `finding.stands`, `finding.overtaken`.
    """
    work.actor.require(Role.FINANCE_CLERK)
    take_turn(work, bench.fund.id)
    _check_said(party, because, evidence)
    collection = _collection(work, bench, collection_id)
    if _standing_about(work, collection_id):
        raise Refused(
            "finding.stands",
            "A finding about this failure stands already.",
            place=collection_id,
            remedy="Withdraw it first, with a reason.",
        )
    verdict = _held(work, bench, collection, seen)
    finding = FaultFinding(
        id=work.new_id(),
        collection_id=collection_id,
        party=party.value,
        because=because.strip(),
        evidence=evidence.strip(),
        about=verdict.about,
        found_at=work.now(),
        found_by=work.actor.name,
    )
    work.session.add(finding)
    work.session.flush()
    audit.record(work, "fault.found", finding.id, collection=collection_id, party=party.value)
    events.publish(work, "fault.found", collection_id, party=party.value, waits=waits(finding))
    bring_about(work, bench, [collection.contribution_id])
    return finding


def approve(work: Work, bench: Bench, finding_id: str) -> FaultFinding:
    """Confirm, as another person, that it was the employer. Raises Refused `finding.four_eyes`, `finding.not_waiting`."""
    work.actor.require(Role.FINANCE_APPROVER)
    take_turn(work, bench.fund.id)
    finding = _locked(work, finding_id)
    if not waits(finding):
        raise Refused("finding.not_waiting", "This finding does not wait for anybody.", place=finding_id)
    if finding.found_by == work.actor.name:
        raise Refused("finding.four_eyes", "Who found it cannot approve it.", place=finding_id)
    collection = _collection(work, bench, finding.collection_id)
    if _held(work, bench, collection, None).about != finding.about:
        raise _overtaken(finding.collection_id)
    finding.approved_at, finding.approved_by = work.now(), work.actor.name
    work.session.flush()
    audit.record(work, "fault.finding_approved", finding.id, collection=finding.collection_id, party=finding.party)
    bring_about(work, bench, [collection.contribution_id])
    return finding


def withdraw(work: Work, bench: Bench, finding_id: str, why: str) -> FaultFinding:
    """Take a finding back, with a reason: the failure is held again. It stays on record. Raises Refused `finding.withdrawn`."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    take_turn(work, bench.fund.id)
    if not why.strip():
        raise InvalidInput("finding.why", "Say why.", place="why")
    finding = _locked(work, finding_id)
    if finding.withdrawn_at is not None:
        raise Refused("finding.withdrawn", "This finding does not stand any more.", place=finding_id)
    collection = _collection(work, bench, finding.collection_id)
    finding.withdrawn_at, finding.withdrawn_by, finding.withdrawn_why = work.now(), work.actor.name, why.strip()
    work.session.flush()
    audit.record(work, "fault.finding_withdrawn", finding.id, collection=finding.collection_id)
    bring_about(work, bench, [collection.contribution_id])
    return finding


def waits(finding: FaultFinding) -> bool:
    """Whether it waits for the other person's approval."""
    against_employer = finding.party == Party.EMPLOYER.value
    return against_employer and finding.approved_at is None and finding.withdrawn_at is None


def _collection(work: Work, bench: Bench, collection_id: str) -> Collection:
    """A collection of the bench's fund, locked while it is judged, after its penalties. Raises NotFound `collection.unknown`."""
    found = work.session.get(Collection, collection_id)
    if found is None or found.fund_id != bench.fund.id:
        raise NotFound(
            "collection.unknown", f"There is no collection {collection_id}.", remedy="See `debit faults list`."
        )
    queries.penalties_of_each(work, [found.contribution_id])
    work.session.refresh(found, with_for_update=True)
    return found


def _check_said(party: Party, because: str, evidence: str) -> None:
    if party not in PARTIES:
        raise InvalidInput("finding.party", f"{party.value} is nobody who could have caused it.", place="party")
    for name, said in (("because", because), ("evidence", evidence)):
        if not said.strip():
            raise InvalidInput(f"finding.{name}", "Say what convinced you, and what proves it.", place=name)


def _standing_about(work: Work, collection_id: str) -> FaultFinding | None:
    query = select(FaultFinding).where(FaultFinding.collection_id == collection_id, FaultFinding.withdrawn_at.is_(None))
    return work.session.scalars(query).one_or_none()


def _locked(work: Work, finding_id: str) -> FaultFinding:
    found = work.session.get(FaultFinding, finding_id, with_for_update=True)
    if found is None:
        raise NotFound("finding.unknown", f"There is no finding {finding_id}.", remedy="See `debit faults list`.")
    return found


def _held(work: Work, bench: Bench, collection: Collection, seen: str | None) -> Verdict:
    """What the evidence says now, which must be what stands, and a HOLD."""
    before = standing(work, [collection.id])
    verdicts = judge(work, bench, [collection], before)
    stands = before.get(collection.id)
    if stands is None or stands.effect != Effect.HOLD.value or not verdicts:
        raise Refused(
            "finding.not_held",
            "No decision holds this failure for a person.",
            place=collection.id,
            remedy="See `debit faults list`.",
        )
    (verdict,) = verdicts
    if verdict.digest != stands.digest or (seen is not None and seen != stands.id):
        raise _overtaken(collection.id)
    return verdict


def _overtaken(collection_id: str) -> Refused:
    return Refused("finding.overtaken", "The evidence is another one by now.", place=collection_id, remedy=_LOOK_AGAIN)
