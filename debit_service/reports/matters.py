"""Matters: what people should look at, as a sentence with its values, and where it is looked at.

A terminal shows the sentence in English with the command that goes further; a page shows it in the reader's language, as a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from debit_service.core.money import format_minor
from debit_service.reports.figures.sheet import ENGLISH, N_, Link, Said


@dataclass(frozen=True, slots=True)
class Matter:
    """What people should look at. `command` goes further with it on a shell, `link` on a page."""

    said: Said
    command: str = ""
    link: Link | None = None

    def __str__(self) -> str:
        """In English, with the command."""
        said = ENGLISH.say(self.said)
        return f"{said}; see `{self.command}`" if self.command else said


def amount(minor: int, currency: str) -> str:
    """An amount in a sentence."""
    return f"{format_minor(minor, currency)} {currency}"


def listed(sentences: Sequence[str]) -> Said:
    """Several sentences of a room as one value of another."""
    if len(sentences) < 2:
        return Said("".join(sentences))
    return Said(N_("%(one)s; %(rest)s"), {"one": Said(sentences[0]), "rest": listed(sentences[1:])})


def of_contribution(contribution_id: str) -> Link:
    """To the page of a contribution."""
    return Link("contribution", {"contribution_id": contribution_id})
