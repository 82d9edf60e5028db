"""A world in which processes die."""

from collections.abc import Iterator

import pytest
from faults.day import World, prepared
from house import House


@pytest.fixture
def world(house: House) -> Iterator[World]:
    """A service before its first day, and its bank; once on SQLite and once on PostgreSQL."""
    built = prepared(house)
    yield built
    built.restart()
