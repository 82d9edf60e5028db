"""The counterpart of the demo: mock-bank, a process of its own, steered through its control door.

What the demo does here is what the world does to a real fund: accounts are funded or not, mandates are known or not, time passes.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class MockBank:
    """A running mock-bank; `folder` is its exchange folder, if it has one."""

    url: str
    session: requests.Session
    folder: Path | None

    def open_account(self, name: str, iban: str, currency: str) -> None:
        """Hold a creditor account."""
        account = {
            "id": name,
            "name": name,
            "iban": iban,
            "bic": "MOCKNL2A",
            "currency": currency,
            "balance": 0,
            "behaviour": "accept",
        }
        self._post("/_mock/accounts", account)

    def close_seeded_accounts(self) -> None:
        """Close the accounts that the bank is born with: they are nobody's here, and would fill the mailbox with statements."""
        for account in self._answer("GET", "/_mock/accounts"):
            self._answer("PATCH", f"/_mock/accounts/{account['id']}", {"closed": True})

    def advance(self, to: date) -> datetime:
        """Move the bank's own clock; returns the moment that it says it is now."""
        return datetime.fromisoformat(self._post(f"/_mock/advance?to={to.isoformat()}")["to"])

    def refuse(self, end_to_end_id: str, reason: str) -> None:
        """The employer's bank says no: before settlement a reject, after it a return."""
        self._post(f"/_mock/collections/{end_to_end_id}/refuse", {"reason": reason})

    def credit(self, account: str, amount_minor: int, currency: str, note: str) -> None:
        """Money arrives that nobody asked for."""
        self._post("/_mock/credits", {"account": account, "amount": amount_minor, "currency": currency, "note": note})

    def scan(self) -> None:
        """Have the bank look into its drop folder now."""
        if self.folder:
            self._post("/_mock/drop/scan")

    def _post(self, path: str, body: Any = None) -> Any:
        return self._answer("POST", path, body)

    def _answer(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, self.url + path, json=body, timeout=_SECONDS_MAX)
        if answer.status_code >= 400:
            raise RuntimeError(f"mock-bank answered {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.json()


@contextmanager
def running(start: datetime, folder: Path | None = None, database: Path | None = None) -> Iterator[MockBank]:
    """A mock-bank on a free port of 127.0.0.1, its clock standing at `start`; ended when the block ends."""
    port = _free_port()
    arguments = [
        sys.executable,
        "-m",
        "mockbank",
        "--port",
        str(port),
        "--clock",
        start.strftime("%Y-%m-%dT%H:%M"),
        "--quiet",
    ]
    if folder:
        for part in ("in", "out"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        arguments += ["--drop-dir", str(folder / "in"), "--pickup-dir", str(folder / "out"), "--drop-settle-ms", "0"]
        arguments += ["--drop-interval-ms", "3600000"]
    if database:
        arguments += ["--db", str(database)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        session = requests.Session()
        session.trust_env = False
        # The bank needs a moment to open its door: refused connections are tried again, nothing else is.
        session.mount(
            "http://", HTTPAdapter(max_retries=Retry(connect=12, read=0, status=0, backoff_factor=0.05, backoff_max=2))
        )
        bank = MockBank(f"http://127.0.0.1:{port}", session, folder)
        session.get(f"{bank.url}/_mock/health", timeout=_SECONDS_MAX).raise_for_status()
        yield bank
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS_MAX)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
