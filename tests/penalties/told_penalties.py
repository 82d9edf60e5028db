"""Penalties about which the employer is told: the steps that the stories of messages share."""

from datetime import date

from house import APPROVER, CLERK, House
from sqlalchemy import select

from debit_service import operations
from debit_service.penalties import queries
from debit_service.penalties.models import Penalty
from debit_service.penalties.service import relieve, reverse
from debit_service.penalties.service.relieve import Granted
from debit_service.penalties.tariff.relief import Ground

MID_OCTOBER = date(2026, 10, 15)
HALF = Granted(
    ground=Ground.JUSTIFIED_FILE,
    basis_points=5_000,
    authority="local commission",
    decided_on=date(2026, 10, 10),
    document="decision 12/2026",
    why="a fire in the office of the accountant",
)


def penalty(house: House) -> Penalty:
    """The only one."""
    with house.reading() as work:
        return work.session.scalars(select(Penalty)).one()


def notices(house: House) -> int:
    return operations.notify_penalties(house.service, CLERK, house.fund())


def state(house: House) -> str | None:
    with house.reading() as work:
        return queries.state_of(work, penalty(house).id)


def taken_back(house: House) -> None:
    with house.desk.work(APPROVER) as work:
        reverse(work, house.fund(), penalty(house).id, "their accountant had called us")


def halved(house: House) -> None:
    with house.desk.work(APPROVER) as work:
        relieve.grant(work, house.fund(), house.service.penalty_rules, penalty(house).id, HALF)
