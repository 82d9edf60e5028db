"""The circumstances of a contribution that penalty rules ask for: each statement is a numbered row, and the newest counts."""

from dataclasses import asdict
from datetime import date

from debit_service.contributions import queries
from debit_service.contributions.models import Contribution, ContributionCircumstances
from debit_service.contributions.rules import NAMES, NOT_KNOWN, Circumstances, check, check_source
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund


def state_circumstances(
    work: Work, fund: Fund, contribution: Contribution, said: Circumstances, source: str
) -> ContributionCircumstances | None:
    """Record what a document of the fund, its `source`, says of a contribution; what is None is not known (any more).

    Returns the new statement; None where all of this is what is known already, whatever the document. The next assessment
    computes the penalty by it. Raises InvalidInput `circumstances.*` for what cannot be right.
    """
    work.actor.require(Role.FINANCE_CLERK)
    check(said, contribution.due_date, business_date(work.clock, fund.time_zone))
    newest = queries.circumstances_of_each(work, [contribution.id]).get(contribution.id)
    if said == known(newest):
        return None
    check_source(source)
    stated = ContributionCircumstances(
        contribution_id=contribution.id,
        number=newest.number + 1 if newest else 1,
        **asdict(said),
        said_by=work.actor.name,
        said_at=work.now(),
        source=source.strip(),
    )
    work.session.add(stated)
    work.session.flush()
    told = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(said).items()}
    what, number = "contribution.circumstances_stated", stated.number
    audit.record(work, what, contribution.id, number=number, **told)
    events.publish(work, what, contribution.id, number=number)
    return stated


def add_circumstances(
    work: Work, fund: Fund, contribution: Contribution, said: Circumstances, source: str
) -> ContributionCircumstances | None:
    """`state_circumstances`, where what is None stays as it is known."""
    newest = queries.circumstances_of_each(work, [contribution.id]).get(contribution.id)
    return state_circumstances(work, fund, contribution, said.completed_by(known(newest)), source)


def known(stated: ContributionCircumstances | None) -> Circumstances:
    """What a statement says; without one nothing is known."""
    return Circumstances(**{name: getattr(stated, name) for name in NAMES}) if stated else NOT_KNOWN
