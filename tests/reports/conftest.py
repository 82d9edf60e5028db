"""The house with known movements, lived through once: for tests that only look at it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from figure_house import Known, known
from house import House


@pytest.fixture(scope="session")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    """Nothing may be changed in it, and its clock stands still."""
    folder = tmp_path_factory.mktemp("figures")
    shutil.copyfile(sqlite_template, folder / "debit.sqlite3")
    house = House(f"sqlite:///{folder / 'debit.sqlite3'}", folder)
    yield known(house)
    house.close()
