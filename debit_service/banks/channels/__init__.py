"""Channels to a bank: an exchange folder, the same over SFTP, or HTTP. One small interface.

Sending has three outcomes, and a channel must not mix them up: it returned (the bank has the bytes), it raised `Unavailable` (the
bank certainly has nothing), it raised `OutcomeUnknown` (it may have them: somebody has to ask before anything is sent again).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from debit_service.core.errors import DebitError


class OutcomeUnknown(DebitError):
    """The bytes may or may not have reached the bank."""


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file that the bank has left for us."""

    name: str
    content: bytes


class Channel(Protocol):
    """What the service needs of a bank's door."""

    def send(self, name: str, content: bytes) -> None:
        """Hand `content` over. Raises Unavailable (not sent) or OutcomeUnknown (perhaps sent)."""
        ...

    def has(self, name: str, end_to_end_id: str) -> bool | None:
        """Whether the bank has the file `name` with a collection `end_to_end_id`; None when it cannot say."""
        ...

    def waiting(self) -> Iterator[LeftFile]:
        """The files that the bank has left. Raises Unavailable."""
        ...

    def taken(self, name: str) -> None:
        """Tell the bank that `name` is stored here; it may forget it. Safe to repeat."""
        ...
