"""A bank that is reached by SFTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from banks.sftp_bank import SftpBank, open_for_business


@pytest.fixture
def sftp_bank(tmp_path: Path) -> Iterator[SftpBank]:
    """A server on loopback with an empty exchange folder, and the key with which a fund may come in."""
    folder = tmp_path / "bank at the other end"
    for place in ("in", "out"):
        (folder / place).mkdir(parents=True)
    with open_for_business(SftpBank(folder, tmp_path / "own_key")) as bank:
        yield bank
