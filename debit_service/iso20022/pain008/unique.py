"""No EndToEndId stands twice in a message (DU04), whatever its size: eight bytes are kept of each reference, its hash.

References whose hashes are the same are looked at again, by reading the rows a second time. Rows that can be read only once
(a generator) are refused by their places in the message: of a million different references, some two have the same hash in
one message out of 37 million, and such a message must be made of rows that can be read again. References that come in
ascending order, as most do, are known to be different without that.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import lt

from debit_service.core.errors import InvalidInput
from debit_service.iso20022.pain008.check import refusal
from debit_service.iso20022.pain008.hashes import Hashes
from debit_service.iso20022.pain008.values import Message


class References:
    """The references of a message, gathered while it is written."""

    def __init__(self) -> None:
        self._hashes = Hashes()
        self._ascend = True
        self._last = ""

    def add(self, some: Sequence[str]) -> None:
        """Take the next references (at least one) of the message."""
        self._hashes.add(some)
        self._ascend = self._ascend and self._last < some[0] and all(map(lt, some, islice(some, 1, None)))
        self._last = some[-1]

    def check(self, message: Message) -> None:
        """Refuse a reference that is there twice. Raises InvalidInput `iso.pain008.duplicate`."""
        if self._ascend:
            return
        doubled = self._hashes.doubled()
        if not doubled:
            return
        if any(iter(group.transactions) is group.transactions for group in message.groups):
            raise _refusal_by_place(min(map(self._hashes.first_places, doubled)))
        seen = set()
        for reference in _references(message):
            if hash(reference) in doubled:
                if reference in seen:
                    raise refusal(
                        "duplicate",
                        "This EndToEndId is already in the message (DU04).",
                        f"EndToEndId {reference}",
                    )
                seen.add(reference)


def _refusal_by_place(places: tuple[int, int]) -> InvalidInput:
    return refusal(
        "duplicate",
        f"Transactions {places[0] + 1} and {places[1] + 1} of the message have the same EndToEndId (DU04).",
        "EndToEndId",
    )


def _references(message: Message) -> Iterator[str]:
    return (debit.end_to_end_id for group in message.groups for debit in group.transactions)
