"""A bank's door that does what a test tells it, and a batch that stands before it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from house import CLERK, House

from debit_service.banks.channels import Channel
from debit_service.collections import queries as collections
from debit_service.collections.service.submit import submit

DUE = date(2026, 9, 30)


@dataclass
class Door:
    """A bank's door that does what it is told, and remembers what came through."""

    does: list[Exception | None]
    knows: bool | None = False
    came: list[tuple[str, bytes]] = field(default_factory=list)
    asked: int = 0

    def send(self, name: str, content: bytes) -> None:
        self.came.append((name, content))
        if self.does and (trouble := self.does.pop(0)):
            raise trouble

    def has(self, name: str, end_to_end_id: str) -> bool | None:  # noqa: ARG002 - the signature is the channel's
        self.asked += 1
        return self.knows

    def waiting(self) -> Any:
        return iter(())

    def taken(self, name: str) -> None:
        """Nothing to forget."""


class Died(BaseException):
    """The process ended here."""


def approved(house: House) -> tuple[str, str]:
    """A batch that may leave today, with the contribution in it."""
    contribution_id = house.contribution(house.employer(), due=DUE)
    house.collect()
    house.go_to(house.send_day("CNAS", DUE))
    (batch_id,) = house.collect().batches
    house.approve(batch_id)
    return batch_id, contribution_id


def send(house: House, batch_id: str, door: Channel) -> str:
    return submit(house.desk, CLERK, house.fund(), batch_id, door)


def state(house: House, batch_id: str) -> str:
    with house.desk.reading(CLERK) as work:
        return collections.batch_state(work, batch_id)


def tries(house: House, batch_id: str) -> list[str | None]:
    with house.desk.reading(CLERK) as work:
        return [one.outcome for one in collections.submissions(work, batch_id)]
