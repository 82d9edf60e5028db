"""What an employer may contest: the debit, the reading of each failure, each standing penalty; and what hangs on the answer."""

from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.disputes.rules import Matter, Subject, SubjectKind
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.models import Penalty

#: Of these penalties nothing is asked any more.
_OVER = frozenset({"reversed", "waived"})


def contestable(work: Work, contribution: Contribution) -> list[Subject]:
    """Every subject of a dispute about a contribution, the debit first. A penalty's time to contest runs once its notice left."""
    owed = contribution.amount_minor
    readings = dict.fromkeys(decision.collection_id for decision in queries.decisions_of(work, contribution.id))
    return [
        Subject(SubjectKind.DEBIT, contribution.id, contribution.id, owed),
        *(Subject(SubjectKind.READING, collection_id, contribution.id, owed) for collection_id in readings),
        *(
            _penalty(work, penalty)
            for penalty in queries.penalties_of(work, contribution.id)
            if queries.state_of(work, penalty.id) not in _OVER
        ),
    ]


def matter(work: Work, dispute_id: str) -> Matter:
    """What hangs on the answer to a dispute, and who must not give it: who found the fault, or agreed to the penalty."""
    dispute = disputes.get(work, dispute_id)
    contribution = contributions.get(work, dispute.contribution_id)
    if dispute.subject_kind == SubjectKind.DEBIT.value:
        return Matter(contribution.amount_minor)
    penalties = queries.penalties_of(work, contribution.id)
    if dispute.subject_kind == SubjectKind.PENALTY.value:
        penalties = [one for one in penalties if one.id == dispute.subject_id]
    ids = [one.id for one in penalties]
    standing = [one for one in ids if queries.state_of(work, one) not in _OVER]
    amount = sum(one.whole_minor for one in queries.money_of_each(work, standing).values())
    return Matter(amount, queries.who_agreed(work, ids) | queries.who_found(work, contribution.id))


def _penalty(work: Work, penalty: Penalty) -> Subject:
    about = queries.money_of(work, penalty.id).shown_minor(queries.state_of(work, penalty.id))
    contest_by = notice_queries.contest_by(work, penalty.id)
    return Subject(SubjectKind.PENALTY, penalty.id, penalty.contribution_id, about, contest_by)
