"""The register of our own outages: recorded by an administrator, and from then on evidence in favour of whom they touched."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from debit_service.collections.models import Collection
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.bulk import among
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.penalties.models import ServiceOutage


def record(work: Work, began_at: datetime, ended_at: datetime, what: str, evidence: str) -> ServiceOutage:
    """Record that the service, or a part of it (`what`), did not work. Failures are decided anew at the next assessment.

    Raises InvalidInput `outage.times`, `outage.what` or `outage.evidence`.
    """
    work.actor.require(Role.ADMINISTRATOR)
    if not began_at < ended_at <= work.now():
        raise InvalidInput(
            "outage.times", "An outage begins before it ends, and is over when it is recorded.", place="ended_at"
        )
    for name, said in (("what", what), ("evidence", evidence)):
        if not said.strip():
            raise InvalidInput(f"outage.{name}", "Say what did not work, and what shows it.", place=name)
    outage = ServiceOutage(
        id=work.new_id(),
        began_at=began_at,
        ended_at=ended_at,
        what=what.strip(),
        evidence=evidence.strip(),
        recorded_at=work.now(),
        recorded_by=work.actor.name,
    )
    work.session.add(outage)
    work.session.flush()
    audit.record(
        work,
        "outage.recorded",
        outage.id,
        began_at=began_at.isoformat(),
        ended_at=ended_at.isoformat(),
        what=outage.what,
    )
    return outage


def withdraw(work: Work, outage_id: str, why: str) -> ServiceOutage:
    """Take an outage back that was none; it stays on record. Needs another administrator than the one who recorded it.

    Raises NotFound `outage.unknown`, Refused `outage.withdrawn` or `outage.four_eyes`.
    """
    work.actor.require(Role.ADMINISTRATOR)
    if not why.strip():
        raise InvalidInput("outage.why", "Say why.", place="why")
    outage = work.session.get(ServiceOutage, outage_id, with_for_update=True)
    if outage is None:
        raise NotFound("outage.unknown", f"There is no outage {outage_id}.", remedy="See `debit outages list`.")
    if outage.withdrawn_at is not None:
        raise Refused("outage.withdrawn", "This outage was withdrawn already.", place=outage_id)
    if outage.recorded_by == work.actor.name:
        raise Refused(
            "outage.four_eyes",
            "Another administrator than the one who recorded an outage takes it back: employers were let off by it.",
            place=outage_id,
            remedy="Ask another administrator.",
        )
    outage.withdrawn_at, outage.withdrawn_by, outage.withdrawn_why = work.now(), work.actor.name, why.strip()
    audit.record(work, "outage.withdrawn", outage.id)
    return outage


def once_covered(work: Work, contribution_ids: Iterable[str]) -> set[str]:
    """Those of these contributions during whose debits an outage stood recorded that was withdrawn since.

    Any time counts from when a contribution was declared until its last debit failed, not only when we had something to do: all
    that follows is that a person confirms the penalty.
    """
    withdrawn = select(ServiceOutage.began_at, ServiceOutage.ended_at).where(ServiceOutage.withdrawn_at.is_not(None))
    if not (times := work.session.execute(withdrawn).all()):
        return set()
    failed = (
        select(Contribution.id, Contribution.received_at, func.max(Collection.failed_on))
        .join(Collection, Collection.contribution_id == Contribution.id)
        .where(among(work.session, Contribution.id, contribution_ids), Collection.failed_on.is_not(None))
        .group_by(Contribution.id)
    )
    found = set()
    for contribution_id, declared_at, failed_on in work.session.execute(failed):
        # Wherever the fund is, the day of the failure is over two days later.
        if failed_on and any(
            declared_at <= ended_at and began_at.date() <= failed_on + timedelta(days=2) for began_at, ended_at in times
        ):
            found.add(contribution_id)
    return found


def times(work: Work) -> list[tuple[datetime, datetime]]:
    """From when to when, of each outage that stands."""
    query = select(ServiceOutage.began_at, ServiceOutage.ended_at).where(ServiceOutage.withdrawn_at.is_(None))
    return [(began_at, ended_at) for began_at, ended_at in work.session.execute(query.order_by(ServiceOutage.began_at))]


def listed(work: Work, *, at_most: int) -> Sequence[ServiceOutage]:
    """The register, the newest outage first, also what was withdrawn."""
    query = select(ServiceOutage).order_by(ServiceOutage.began_at.desc(), ServiceOutage.id).limit(at_most)
    return work.session.scalars(query).all()
