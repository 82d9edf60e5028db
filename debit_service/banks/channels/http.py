"""A bank with an HTTP door; what it calls things is told by `HttpDoors`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import requests

from debit_service.banks.channels import LeftFile, OutcomeUnknown
from debit_service.core.errors import Unavailable

CONNECT_SECONDS_MAX = 5
READ_SECONDS_MAX = 60
_READ_AND_JUDGED = frozenset({400, 409, 422})


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
