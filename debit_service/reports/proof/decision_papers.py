"""Who was held at fault and why: every decision with its whole argument, what persons found, and what the employer contested."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select

from debit_service.collections.models import Collection
from debit_service.core.bulk import among
from debit_service.core.models import JobRun
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.disputes.models import DisputeDocument, DisputeMessage
from debit_service.penalties.models import FaultDecision, FaultFinding, ServiceOutage
from debit_service.reports.proof.papers import Paper, as_json, opened_row, row_of


def decision_papers(decisions: Iterable[FaultDecision]) -> Iterator[Paper]:
    """Every decision, also those that later evidence replaced."""
    for number, decision in enumerate(decisions, start=1):
        stands = "stands" if decision.most_recent else "was replaced by a later one"
        what = f"decision of {decision.decided_at:%Y-%m-%d}, which {stands}: the argument, its evidence, the row of the code"
        yield Paper(f"decisions/{number:02}-{decision.id}.json", as_json(row_of(decision)), what)


def finding_papers(work: Work, attempts: Iterable[Collection]) -> Iterator[Paper]:
    """What persons found out about a held failure."""
    mine = select(FaultFinding).where(FaultFinding.collection_id.in_([one.id for one in attempts]))
    found = [row_of(one) for one in work.session.scalars(mine.order_by(FaultFinding.id))]
    if found:
        yield Paper(
            "decisions/findings.json", as_json(found), "what persons found out, on what evidence, and who agreed"
        )


def outage_papers(work: Work, decisions: Sequence[FaultDecision]) -> Iterator[Paper]:
    """The outages of ours that decisions name: what was recorded by a person, and the runs that no scheduler lived through."""
    recorded = select(ServiceOutage).where(among(work.session, ServiceOutage.id, _named(decisions, "outage")))
    told = [
        {"id": one.id, "from": one.began_at, "to": one.ended_at, "what": one.what, "withdrawn_at": one.withdrawn_at}
        for one in work.session.scalars(recorded.order_by(ServiceOutage.began_at, ServiceOutage.id))
    ]
    if told:
        yield Paper(
            "decisions/outages.json", as_json(told), "times in which the service did not work, named as outage:ID"
        )
    missed = select(JobRun).where(among(work.session, JobRun.id, _named(decisions, "run")))
    runs = [row_of(one) for one in work.session.scalars(missed.order_by(JobRun.business_date, JobRun.id))]
    if runs:
        yield Paper(
            "decisions/missed-runs.json", as_json(runs), "work that the service missed on its day, named as run:ID"
        )


def _named(decisions: Iterable[FaultDecision], kind: str) -> list[str]:
    """The ids of this kind that decisions name as evidence."""
    every = {str(one) for decision in decisions for one in decision.argument.get("evidence", [])}
    return sorted(one.removeprefix(f"{kind}:") for one in every if one.startswith(f"{kind}:"))


def dispute_papers(work: Work, contribution_id: str) -> Iterator[Paper]:
    """What was contested, what was asked and replied, the answers with their reasons; and what was attached."""
    for dispute in disputes.of_contribution(work, contribution_id):
        messages = select(DisputeMessage).where(DisputeMessage.dispute_id == dispute.id).order_by(DisputeMessage.id)
        documents = select(DisputeDocument).where(DisputeDocument.dispute_id == dispute.id).order_by(DisputeDocument.id)
        attached = work.session.scalars(documents).all()
        told = {
            "dispute": opened_row(work, dispute, "text", "answer_text", "appeal_text", "decision_text"),
            "history": [row_of(one) for one in disputes.history(work, dispute.id)],
            "messages": [opened_row(work, one, "text") for one in work.session.scalars(messages)],
            "documents": [row_of(one) for one in attached],
        }
        yield Paper(f"disputes/{dispute.reference}.json", as_json(told), "an objection, its life, and its answers")
        for one in attached:
            place = f"dispute_documents.content:{one.id}"
            kind = one.media_type.rpartition("/")[2]
            what = "a document that was attached to the objection, as it came"
            yield Paper(f"disputes/{one.id}.{kind}", work.keys.open_bytes(one.content_sealed, place), what)
