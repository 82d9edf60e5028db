"""A world in which processes die."""

from collections.abc import Iterator

import pytest
from faults.day import World, prepared
from house import House

from debit_service.collections.service import batch, candidates, notify


@pytest.fixture
def one_row_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planning, notices and files are made by chunks of one row, so that each row has a transaction of its own."""
    for module, bound in ((candidates, "CHUNK_ROWS"), (notify, "CHUNK_ROWS"), (batch, "HELD_MAX")):
        monkeypatch.setattr(module, bound, 1)


@pytest.fixture
def world(house: House) -> Iterator[World]:
    """A service before its first day, and its bank; once on SQLite and once on PostgreSQL."""
    built = prepared(house)
    yield built
    built.restart()
