"""The menu: which pages a person may open, by what they are for. Few entries stand side by side, many in groups that open."""

from dataclasses import dataclass
from typing import Final

from flask import request, url_for
from flask_babel import gettext

from debit_service.core.work import Role
from debit_service.web.desk import actor
from debit_service.web.words import N_

_FINANCE: Final = frozenset({Role.FINANCE_CLERK, Role.FINANCE_APPROVER})
#: Entries that fit beside each other on a phone in three lines.
_FEW: Final = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu, and who sees it. `also`: blueprints of pages that belong to it, besides its own."""

    endpoint: str
    text: str
    roles: frozenset[Role] = _FINANCE
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is shown; `here`: it leads to the page that is open, or to the list from which that was reached."""

    text: str
    address: str
    here: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Links under a title; without a title they stand by themselves."""

    title: str
    links: list[Link]

    @property
    def here(self) -> bool:
        """Whether one of them leads to the page that is open."""
        return any(one.here for one in self.links)


_MENU: Final[tuple[tuple[str, tuple[Entry, ...]], ...]] = (
    (
        "",
        (
            Entry("contributions.own", N_("My contributions"), frozenset({Role.EMPLOYER})),
            Entry("mandates.own", N_("My mandates"), frozenset({Role.EMPLOYER}), ("drafts", "documents")),
            Entry("reports.statement", N_("My account"), frozenset({Role.EMPLOYER})),
            Entry("pages.home", N_("Overview")),
        ),
    ),
    (
        N_("Decisions"),
        (
            Entry("suspense.listed", N_("Work queue"), also=("decisions", "refunds")),
            Entry("faults.listed", N_("Held failures")),
            Entry("penalties.listed", N_("Penalties"), also=("confirming",)),
            Entry("reliefs.listed", N_("Reliefs")),
            Entry("disputes.listed", N_("Disputes")),
        ),
    ),
    (
        N_("Debiting"),
        (
            Entry("batches.listed", N_("Batches")),
            Entry(
                "mandate_desk.listed",
                N_("Mandates"),
                frozenset({Role.FINANCE_CLERK, Role.MANDATE_AGENT}),
                ("drafts", "documents"),
            ),
            Entry("mandate_life.stopped", N_("Stopped")),
        ),
    ),
    (
        N_("Books"),
        (
            Entry("report.show", N_("Report"), also=("contributions",)),
            Entry("reports.index", N_("Figures"), also=("entries",)),
            Entry("ledger.tied_out", N_("Ledger"), also=("books",)),
        ),
    ),
    (
        N_("Settings"),
        (
            Entry("pages.funds", N_("Funds"), _FINANCE | {Role.ADMINISTRATOR}),
            Entry("calendars.listed", N_("Calendars")),
            Entry("runs.listed", N_("Jobs"), _FINANCE | {Role.ADMINISTRATOR}),
            Entry("outages.listed", N_("Outages"), _FINANCE | {Role.ADMINISTRATOR}),
        ),
    ),
)


def shown() -> list[Group]:
    """The menu of whoever is signed in."""
    roles = actor().roles
    groups = [Group(gettext(title) if title else "", _links(entries, roles)) for title, entries in _MENU]
    every = [link for group in groups for link in group.links]
    return [Group("", every)] if len(every) <= _FEW else [group for group in groups if group.links]


def _links(entries: tuple[Entry, ...], roles: frozenset[Role]) -> list[Link]:
    return [Link(gettext(one.text), url_for(one.endpoint), _here(one)) for one in entries if one.roles & roles]


def _here(entry: Entry) -> bool:
    own = entry.endpoint.split(".")[0]
    blueprints = entry.also if own == "pages" else (own, *entry.also)
    return request.endpoint == entry.endpoint or request.blueprint in blueprints
