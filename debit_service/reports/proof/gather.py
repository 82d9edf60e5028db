"""The use case: gather everything behind the outcome of a contribution. Personal data leaves the database: that is on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from json import loads
from pathlib import Path
from typing import Any

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.notice_text import language_of
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.calendar import Calendar
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.employers.models import Employer
from debit_service.funds.queries import Funds
from debit_service.penalties import queries as penalties
from debit_service.penalties.models import FaultDecision, Penalty
from debit_service.penalties.tariff.catalogue import PenaltyRules, ReasonCodes
from debit_service.reports.explain import explanation, find
from debit_service.reports.proof.bank_papers import bank_papers, sent_papers, taken_back_papers
from debit_service.reports.proof.decision_papers import decision_papers, dispute_papers, finding_papers, outage_papers
from debit_service.reports.proof.mandate_papers import mandate_papers, notice_papers, scan_papers
from debit_service.reports.proof.papers import Paper, as_json, for_employer
from debit_service.reports.proof.penalty_papers import penalty_papers
from debit_service.reports.proof.record_papers import audit_papers, calendar_papers, contribution_papers, journal_papers
from debit_service.reports.proof.told import Told, as_pdf, as_text, told

READERS = (Role.EMPLOYER, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)


@dataclass(frozen=True, slots=True)
class Books:
    """What the house knows besides its database."""

    funds: Funds
    codes: ReasonCodes
    rules: PenaltyRules
    calendars: Mapping[str, Calendar]
    anchors: Path


@dataclass(frozen=True, slots=True)
class Dossier:
    """What was gathered. `dated` is the moment of the newest decision, so that the same state makes the same pack."""

    contribution_id: str
    reference: str
    fund_id: str
    language: str
    dated: datetime
    papers: Sequence[Paper]
    lines: list[Told]

    @property
    def name(self) -> str:
        """What the file is called; nothing personal."""
        return f"proof-{self.contribution_id}.zip"

    @property
    def about(self) -> dict[str, str]:
        """What the pack is of."""
        return {"contribution": self.reference, "contribution_id": self.contribution_id, "fund": self.fund_id}

    def typeset(self) -> list[Paper]:
        """The papers with the explanation as a document. Takes about a second: not to be done within a transaction."""
        pdf = as_pdf(self.language, self.lines, reference=self.reference, dated=self.dated.date())
        return [*self.papers, Paper("explanation/explanation.pdf", pdf, "the explanation, to be read and printed")]


def gather(work: Work, books: Books, identifier: str) -> Dossier:
    """Everything behind the contribution meant by `identifier` (see `explain.find`).

    An employer gets its own only, without the audit log, the names of staff, what was once mistaken for its own, and what would
    change a decision, which is written for those who decide. Raises NotFound.
    """
    work.actor.require(*READERS)
    contribution = find(work, identifier)
    work.actor.require_employer(contribution.employer_id)
    attempts = collections.attempts(work, contribution.id)
    charged = penalties.penalties_of(work, contribution.id)
    decisions = penalties.history_of(work, contribution.id)
    employer = work.session.get_one(Employer, contribution.employer_id)
    language = language_of(employer.language)
    fund = books.funds.get(contribution.fund_id)
    explained = explanation(work, books.funds, books.codes, contribution.id)
    lines = told(language, explained, fund.names.best(language))
    papers = [
        Paper("explanation/explanation.json", as_json(explained), "everything that led to the outcome, as data"),
        Paper("explanation/explanation.txt", as_text(lines), "the explanation, in the employer's language"),
        *_evidence(work, books, contribution, attempts, charged, decisions),
    ]
    is_employer = Role.EMPLOYER in work.actor.roles
    papers = (
        [_for_employer(one) for one in papers]
        if is_employer
        else [*papers, *taken_back_papers(work, attempts), *_log(work, books, contribution, attempts, charged)]
    )
    papers += scan_papers(work, attempts)
    names = sorted(one.name for one in papers)
    # Last: who writes to the log makes others wait.
    audit.record(work, "proof_pack.exported", contribution.id, files=names, to="employer" if is_employer else "staff")
    dated = _dated(attempts, decisions, contribution)
    return Dossier(contribution.id, contribution.reference, contribution.fund_id, language, dated, papers, lines)


def _evidence(
    work: Work,
    books: Books,
    contribution: Contribution,
    attempts: Sequence[Collection],
    charged: Sequence[Penalty],
    decisions: Sequence[FaultDecision],
) -> Iterator[Paper]:
    yield from contribution_papers(work, contribution)
    yield from mandate_papers(work, attempts)
    yield from notice_papers(work, attempts, charged)
    yield from sent_papers(work, attempts)
    yield from bank_papers(work, attempts)
    yield from decision_papers(decisions)
    yield from finding_papers(work, attempts)
    yield from outage_papers(work, decisions)
    for penalty in charged:
        yield from penalty_papers(work, books.rules, penalty)
    yield from dispute_papers(work, contribution.id)
    yield from journal_papers(work, [contribution.id, *(one.id for one in attempts), *(one.id for one in charged)])
    yield from calendar_papers(books.calendars[contribution.fund_id], _days(contribution, attempts))


def _days(contribution: Contribution, attempts: Sequence[Collection]) -> Iterator[date]:
    yield contribution.due_date
    for one in attempts:
        yield one.collection_date
        yield one.planned_at.date()
        if one.failed_on:
            yield one.failed_on


def _log(
    work: Work, books: Books, contribution: Contribution, attempts: Sequence[Collection], charged: Sequence[Penalty]
) -> Iterator[Paper]:
    batches = [batch.id for one in attempts if (batch := collections.batch_of(work, one))]
    of_debits = [name for one in attempts for name in (one.id, one.mandate_id)]
    contested = [one.id for one in disputes.of_contribution(work, contribution.id)]
    subjects = [contribution.id, *of_debits, *batches, *(one.id for one in charged), *contested]
    yield from audit_papers(work, list(dict.fromkeys(subjects)), books.anchors)


def _for_employer(paper: Paper) -> Paper:
    """A record of ours without what is for staff. What was signed, sent or received stays as it is."""
    if not paper.name.endswith(".json") or paper.name.startswith("notices/") or paper.name.startswith("form/form-"):
        return paper
    values: Any = loads(paper.content)
    return replace(paper, content=as_json(for_employer(values)))


def _dated(attempts: Sequence[Collection], decisions: Sequence[FaultDecision], contribution: Contribution) -> datetime:
    moments = [one.decided_at for one in decisions] or [one.planned_at for one in attempts]
    return max(moments, default=datetime.combine(contribution.due_date, time(), UTC))
