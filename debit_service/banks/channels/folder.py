"""An exchange folder that is mounted here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from debit_service.banks.channels import LeftFile, OutcomeUnknown
from debit_service.banks.channels.exchange import FILE_BYTES_MAX, PLACES, is_finished, name_taken, too_large
from debit_service.core.errors import Unavailable
from debit_service.core.files import sync_folder, write_atomically


class FolderChannel:
    """An exchange folder: ours go to `in/`, by rename, so that the bank never sees half a file; its own come from `out/`.

    Fetched files are moved to `out/taken/`, never deleted: they are the bank's to clean up.
    """

    def __init__(self, folder: Path, *, keeps_read_files: bool = False) -> None:
        self._keeps_read_files = keeps_read_files
        self._to_bank = folder / "in"
        self._from_bank = folder / "out"

    def send(self, name: str, content: bytes) -> None:
        """Write beside, sync, rename; unless the same file is there already."""
        if not self._to_bank.is_dir():
            raise _folder_missing()
        try:
            if not self._is_there(name, content):
                write_atomically(self._to_bank / name, content)
        except OSError as error:
            raise OutcomeUnknown(
                "bank.folder_write", f"Writing to the exchange folder failed: {error.strerror}."
            ) from error

    def _is_there(self, name: str, content: bytes) -> bool:
        for path in self._places(name):
            if path.exists():
                if path.stat().st_size == len(content) and path.read_bytes() == content:
                    return True
                raise name_taken(name)
        return False

    def has(self, name: str, end_to_end_id: str) -> bool | None:  # noqa: ARG002 - a folder knows files, not collections
        """The file lies where we put it, or where the bank puts what it has read; None when a bank keeps nothing to look at."""
        if not self._to_bank.is_dir():
            return None
        if any(path.exists() for path in self._places(name)):
            return True
        # A bank that takes away what it has read leaves no trace: then an absent file may be at the bank all the same.
        return False if self._keeps_read_files else None

    def _places(self, name: str) -> list[Path]:
        return [self._to_bank / place / name for place in PLACES]

    def waiting(self) -> Iterator[LeftFile]:
        """Every finished file in `out/`, oldest first."""
        if not self._from_bank.is_dir():
            raise _folder_missing()
        with _folder_works():
            paths = sorted(self._from_bank.iterdir(), key=lambda one: (one.stat().st_mtime_ns, one.name))
        refused = []
        for path in paths:
            with _folder_works():
                if not path.is_file() or not is_finished(path.name):
                    continue
                if path.stat().st_size > FILE_BYTES_MAX:
                    refused.append(path.name)
                    continue
                content = _whole(path)
            if content is not None:
                yield LeftFile(path.name, content)
        if refused:
            raise too_large(refused)

    def taken(self, name: str) -> None:
        """Move it aside."""
        kept = self._from_bank / "taken"
        with _folder_works():
            kept.mkdir(exist_ok=True)
            if (self._from_bank / name).exists():
                (self._from_bank / name).replace(kept / name)
                sync_folder(self._from_bank)


def _whole(path: Path) -> bytes | None:
    """The content; None while it is still growing: it is whole at another visit."""
    before = path.stat()
    content = path.read_bytes()
    after = path.stat()
    return content if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) else None


def _folder_missing() -> Unavailable:
    return Unavailable("bank.folder_missing", "The exchange folder is not there.", remedy="Is it mounted?")


@contextmanager
def _folder_works() -> Iterator[None]:
    """Trouble with reading or moving in an exchange folder is the bank being unavailable; what was stored stays stored."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "bank.folder_broken", f"The exchange folder does not work: {error.strerror}.", remedy="It is tried again."
        ) from error
