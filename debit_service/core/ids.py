"""Identifiers: ULIDs, so that rows sort by time and the upper-case text is legal in every ISO 20022 reference."""

from ulid import ULID

from debit_service.core.clock import Clock


def new_id(clock: Clock) -> str:
    """A fresh identifier: 26 characters of A-Z and 0-9, unique, ordered by `clock`."""
    return str(ULID.from_datetime(clock.now()))
