"""What the journal books for: the contribution, debit, bank entry, penalty or decision behind the id of a subject, by the name
that people know it by; and the other way round, the subjects that a name stands for. Always many at once.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, select

from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.ledger.models import JournalLine
from debit_service.penalties.models import Penalty
from debit_service.reconcile.models import BankEntry, Resolution
from debit_service.reports.figures.sheet import Link


class Subject(NamedTuple):
    """A subject by its name among people, and where it leads."""

    name: str
    link: Link


def _contribution(own_id: str) -> Link:
    return Link("contribution", {"contribution_id": own_id})


_ENTRY_NAME: Final = func.coalesce(BankEntry.end_to_end_id, BankEntry.account_servicer_reference, BankEntry.id)
_DECISION_NAME: Final = func.coalesce(Contribution.reference, Resolution.id)
#: For each kind: id, name, and the id of what it leads to; by which key; and where to.
_KINDS: Final[tuple[tuple[Select[*tuple[Any, ...]], Any, Callable[[str], Link]], ...]] = (
    (
        select(Collection.id, Collection.end_to_end_id, Collection.contribution_id),
        Collection.id,
        _contribution,
    ),
    (select(Contribution.id, Contribution.reference, Contribution.id), Contribution.id, _contribution),
    (
        select(BankEntry.id, _ENTRY_NAME, BankEntry.id),
        BankEntry.id,
        lambda one: Link("entry", {"entry_id": one}),
    ),
    (
        select(Penalty.id, Contribution.reference, Penalty.id).join(
            Contribution, Contribution.id == Penalty.contribution_id
        ),
        Penalty.id,
        lambda one: Link("penalty", {"penalty_id": one}),
    ),
    (
        select(Resolution.id, _DECISION_NAME, Resolution.id).outerjoin(
            Contribution, Contribution.id == Resolution.contribution_id
        ),
        Resolution.id,
        lambda one: Link("decision", {"resolution_id": one}),
    ),
)


def subjects(work: Work, ids: Iterable[str]) -> dict[str, Subject]:
    """Id -> the subject; an id that nothing has is left out. A query for each kind, however many there are."""
    wanted = set(ids)
    found: dict[str, Subject] = {}
    for query, key, link in _KINDS:
        if wanted:
            for own, name, leads_to in work.session.execute(query.where(among(work.session, key, wanted))):
                found[own] = Subject(name, link(leads_to))
            wanted -= found.keys()
    return found


def named(work: Work, fund_ids: Iterable[str], name: str) -> list[str]:
    """The ids that a name stands for: a subject by its id, a debit by its end-to-end reference, and by the reference of a
    contribution all that is about it. Empty, where nothing at these funds is called so.
    """
    reference = (Contribution.fund_id.in_(list(fund_ids))) & (Contribution.reference == name)
    contributions = list(work.session.scalars(select(Contribution.id).where(reference)))
    queries: list[Select[*tuple[Any, ...]]] = [select(Collection.id).where(Collection.end_to_end_id == name)]
    queries += [select(key).where(key == name) for _, key, _ in _KINDS]
    queries += [select(JournalLine.subject).where(JournalLine.subject == name).limit(1)]
    if contributions:
        queries += [
            select(table.id).where(table.contribution_id.in_(contributions))
            for table in (Collection, Penalty, Resolution)
        ]
    return sorted({*contributions, *(str(one) for query in queries for one in work.session.scalars(query))})
