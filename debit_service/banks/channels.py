"""Channels to a bank: an exchange folder, or HTTP. One small interface; what a bank calls things is told by its settings.

Sending has three outcomes, and a channel must not mix them up: it returned (the bank has the bytes), it raised `Unavailable` (the
bank certainly has nothing), it raised `OutcomeUnknown` (it may have them: somebody has to ask before anything is sent again).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import requests

from debit_service.core.errors import DebitError, Unavailable
from debit_service.core.files import sync_folder, write_atomically

CONNECT_SECONDS_MAX = 5
READ_SECONDS_MAX = 60
_READ_AND_JUDGED = frozenset({400, 409, 422})


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


class FolderChannel:
    """An exchange folder: ours go to `in/`, by rename, so that the bank never sees half a file; its own come from `out/`.

    Fetched files are moved to `out/taken/`, never deleted: they are the bank's to clean up.
    """

    def __init__(self, folder: Path, *, keeps_read_files: bool = False) -> None:
        self._keeps_read_files = keeps_read_files
        self._to_bank = folder / "in"
        self._from_bank = folder / "out"

    def send(self, name: str, content: bytes) -> None:
        """Write beside, sync, rename."""
        if not self._to_bank.is_dir():
            raise Unavailable("bank.folder_missing", "The exchange folder is not there.", remedy="Is it mounted?")
        try:
            write_atomically(self._to_bank / name, content)
        except OSError as error:
            raise OutcomeUnknown(
                "bank.folder_write", f"Writing to the exchange folder failed: {error.strerror}."
            ) from error

    def has(self, name: str, end_to_end_id: str) -> bool | None:  # noqa: ARG002 - a folder knows files, not collections
        """The file lies where we put it, or where the bank puts what it has read; None when a bank keeps nothing to look at."""
        if not self._to_bank.is_dir():
            return None
        if any((self._to_bank / place / name).exists() for place in ("", "processed", "failed")):
            return True
        # A bank that takes away what it has read leaves no trace: then an absent file may be at the bank all the same.
        return False if self._keeps_read_files else None

    def waiting(self) -> Iterator[LeftFile]:
        """Every file in `out/`, oldest first; hidden and `.tmp` files are still being written."""
        if not self._from_bank.is_dir():
            raise Unavailable("bank.folder_missing", "The exchange folder is not there.", remedy="Is it mounted?")
        with _folder_works():
            paths = sorted(self._from_bank.iterdir(), key=lambda one: (one.stat().st_mtime_ns, one.name))
        for path in paths:
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".tmp":
                with _folder_works():
                    content = path.read_bytes()
                yield LeftFile(path.name, content)

    def taken(self, name: str) -> None:
        """Move it aside."""
        kept = self._from_bank / "taken"
        with _folder_works():
            kept.mkdir(exist_ok=True)
            if (self._from_bank / name).exists():
                (self._from_bank / name).replace(kept / name)
                sync_folder(self._from_bank)


@contextmanager
def _folder_works() -> Iterator[None]:
    """Trouble with reading or moving in an exchange folder is the bank being unavailable; what was stored stays stored."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "bank.folder_broken", f"The exchange folder does not work: {error.strerror}.", remedy="It is tried again."
        ) from error


@dataclass(frozen=True, slots=True)
class HttpDoors:
    """Where an HTTP bank has its doors: as mock-bank 0.9.0 names them."""

    files: str = "/payments"
    mailbox: str = "/_mock/mailbox?leave"
    collection: str = "/_mock/collections/{end_to_end_id}"


class HttpChannel:
    """A bank with an HTTP door: one address takes files, one lists messages without removing them, one knows collections."""

    def __init__(self, base_url: str, doors: HttpDoors = HttpDoors()) -> None:
        self._base = base_url.rstrip("/")
        self._doors = doors
        self._timeouts = (CONNECT_SECONDS_MAX, READ_SECONDS_MAX)

    def send(self, name: str, content: bytes) -> None:
        """POST the bytes. Refused connections are certain; anything that breaks after the connection stands is not."""
        headers = {"Content-Type": "application/xml", "X-File-Name": name}
        try:
            # A redirect is not followed: the page at its end would answer 200 to a file that it never saw.
            answer = self._session().post(
                self._base + self._doors.files,
                data=content,
                headers=headers,
                timeout=self._timeouts,
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout as error:
            raise _unavailable(error) from None
        except requests.exceptions.ConnectionError as error:
            if _never_connected(error):
                raise _unavailable(error) from None
            raise OutcomeUnknown("bank.broken_off", "The connection broke while the file was under way.") from None
        except requests.exceptions.RequestException as error:
            raise OutcomeUnknown(
                "bank.broken_off", f"The bank did not answer in time ({type(error).__name__})."
            ) from None
        if answer.status_code >= 500:
            raise OutcomeUnknown("bank.server_error", f"The bank answered {answer.status_code}; it may have the file.")
        # A bank that read the file and found fault with it has it; its pain.002 says what becomes of it. It is never sent again.
        if answer.status_code >= 300 and answer.status_code not in _READ_AND_JUDGED:
            raise Unavailable(
                "bank.door_closed", f"The bank did not take the file ({answer.status_code}): {_said(answer)}"
            )

    def has(self, name: str, end_to_end_id: str) -> bool | None:  # noqa: ARG002 - this bank is asked by collection
        """Ask for one of the file's collections: a bank that knows it has the file."""
        try:
            answer = self._session().get(
                self._base + self._doors.collection.format(end_to_end_id=end_to_end_id),
                timeout=self._timeouts,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException:
            return None
        return {200: True, 404: False}.get(answer.status_code)

    def waiting(self) -> Iterator[LeftFile]:
        """The bank's mailbox, read without emptying it: what was fetched before is recognised by its bytes."""
        try:
            answer = self._session().get(self._base + self._doors.mailbox, timeout=self._timeouts)
            answer.raise_for_status()
            left = [LeftFile(f"{one['type']}-{one['id']}.xml", one["body"].encode()) for one in answer.json()]
        except requests.exceptions.RequestException as error:
            raise _unavailable(error) from None
        except (KeyError, TypeError, AttributeError) as error:
            raise Unavailable("bank.no_mailbox", "What the bank answered is no list of messages.") from error
        yield from left

    def taken(self, name: str) -> None:
        """Nothing: taking is reading twice for this bank, and a message that arrived in between would be lost."""

    @staticmethod
    def _session() -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy, no .netrc: the address is the bank's, or it is nobody's
        return session


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        "bank.unreachable", f"The bank cannot be reached ({type(error).__name__}).", remedy="It is tried again."
    )


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    return "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)


def _said(answer: requests.Response) -> str:
    try:
        return str(answer.json().get("error", ""))[:200]
    except (json.JSONDecodeError, AttributeError):
        return answer.reason or ""
