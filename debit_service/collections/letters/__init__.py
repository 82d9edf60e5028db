"""Letters: what goes out on paper, many in one PDF, a page each, with an index for the post room.

The same letters give the same bytes: a run is dated by its letters, fonts come from packages, and none from the machine.
"""

import csv
import io
import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from debit_service.collections.notice_text import language_of
from debit_service.core.events import Owed
from debit_service.core.typeset import typeset

_ARABIC: Final = re.compile(r"[^\W\d_]*?[\u0600-\u06ff]")


@dataclass(frozen=True, slots=True)
class Printed:
    """A print run: the pages, and which message stands on which."""

    pdf: bytes
    index: bytes


def print_letters(owed: Sequence[Owed]) -> Printed:
    """The letters of `owed`, which has one at least; those to one employer lie together, so that they fit one envelope."""
    letters = sorted(map(_letter, owed), key=lambda one: ((one["fields"] or {}).get("name", ""), one["id"]))
    return Printed(_typeset(letters), _index(letters))


def _letter(owed: Owed) -> dict[str, Any]:
    message = json.loads(owed.body)
    fields = message.get("fields")
    if fields and "amount" in fields:
        fields = {**fields, "amount": _amount(fields["amount"], fields["currency"])}
    return {
        "id": owed.id,
        "date": owed.owed_at.astimezone(UTC).date().isoformat(),
        "language": language_of(message.get("language") or _language_seen(message["text"])),
        "subject": message["subject"],
        "text": message["text"],
        "fields": fields,
    }


def _language_seen(text: str) -> str:
    """The language of a message that does not say it: enough for its direction and for the few words around it."""
    return "ar" if _ARABIC.match(text) else ""


def _amount(decimal: str, currency: str) -> str:
    """An amount as it is read in each of the languages: thousands apart, then the currency."""
    whole, point, decimals = decimal.partition(".")
    return f"{int(whole):,}".replace(",", "\N{NO-BREAK SPACE}") + f"{point}{decimals}\N{NO-BREAK SPACE}{currency}"


def _typeset(letters: Sequence[dict[str, Any]]) -> bytes:
    newest = max(one["date"] for one in letters)
    return typeset(
        Path(str(files(__package__) / "letter.typ")),
        {"words": _words(), "letters": letters},
        dated=date.fromisoformat(newest),
        code="letters.typeset",
        what="the letters",
    )


def _index(letters: Sequence[dict[str, Any]]) -> bytes:
    index = io.StringIO()
    rows = csv.writer(index)
    rows.writerow(("notice", "page"))
    rows.writerows((one["id"], page) for page, one in enumerate(letters, start=1))
    return index.getvalue().encode()


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))
