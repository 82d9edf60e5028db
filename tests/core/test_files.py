"""A file is whole or absent, and leaves nothing beside it."""

import errno
import os
import stat
from pathlib import Path

import pytest

from debit_service.core.files import write_atomically, write_once


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_with_its_mode_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "letter.txt"
    write_atomically(path, b"whole", mode=0o600)
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == ["letter.txt"]


@pytest.mark.parametrize("broken", ["fsync", "write"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = tmp_path / "letter.txt"
    write_atomically(path, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync" if broken == "fsync" else "fdopen", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["letter.txt"]


def test_every_byte_and_the_folder_are_synced_before_the_write_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    original_sync, original_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        original_sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        done.append("rename")
        return original_replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    write_atomically(tmp_path / "letter.txt", b"whole")
    assert done == ["file", "rename", "folder"]


def test_a_file_that_is_written_once_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_once(path, b"first")
    with pytest.raises(FileExistsError):
        write_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["keys.json"]
