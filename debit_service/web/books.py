"""The books of a fund: its trial balance, the lines of each account, and an entry of the journal with its evidence."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from debit_service.ledger.rules import UNKNOWN_FUND
from debit_service.reports.figures import behind, books
from debit_service.reports.figures.books import BooksAsked
from debit_service.web import sheets
from debit_service.web.access import allowed
from debit_service.web.asked import words_asked
from debit_service.web.desk import reading, service
from debit_service.web.words import N_

#: What pieces of evidence are called.
PIECES: Final[Mapping[str, str]] = {
    "batch": N_("Batch"),
    "belongs_to": N_("Belongs to the closed day"),
    "decision": N_("Decision about the fault"),
    "end_to_end_id": N_("End-to-end reference"),
    "entry": N_("Bank entry"),
    "file": N_("File"),
    "import": N_("Import"),
    "payment": N_("Payment by other means"),
    "reference": N_("Reference"),
    "resolution": N_("A person's decision"),
    "rule": N_("Rule"),
}
blueprint = Blueprint("books", __name__, url_prefix="/ledger")


@blueprint.get("/trial-balance")
@allowed(*behind.STAFF)
def trial_balance() -> ResponseReturnValue:
    """What stands on each account of a fund; of the first fund unless told otherwise."""
    asked = _asked(("fund", "since", "until"))
    with reading() as work:
        sheet = books.trial_balance(work, asked)
        return sheets.answer(work, sheet, asked.about(), ("fund", "since", "until"), funds=_funds(), up=True)


@blueprint.get("/account")
@allowed(*behind.STAFF)
def account() -> ResponseReturnValue:
    """The lines of an account, page by page."""
    words = words_asked((*BooksAsked.names(), "after"))
    after = words.pop("after")
    asked = BooksAsked.of(words, _funds())
    if not asked.account:
        return redirect(
            url_for(
                "books.trial_balance", fund=asked.fund or None, since=asked.since or None, until=asked.until or None
            )
        )
    with reading() as work:
        part = books.account_lines(work, asked, after=after)
        return sheets.listed(
            *(work, part, asked.about(), lambda: books.all_account_lines(work, asked), "debit reports account"),
            up=True,
            asked_of_books={name: value for name, value in asked.about().items() if name != "account"},
        )


@blueprint.get("/bookings/<booking_id>")
@allowed(*behind.STAFF)
def booking(booking_id: str) -> ResponseReturnValue:
    """An entry of the journal: its lines, what it was booked for, and its evidence."""
    with reading() as work:
        found = books.booking(work, booking_id)
        zone = next(iter(service().funds)).time_zone
        return render_template(
            "booking.html",
            found=found,
            lines=[(name, minor) for _, name, minor in found.booked.lines],
            stands_for=books.ACCOUNTS,
            spoken=sheets.spoken(),
            leads=sheets.leads,
            pieces=PIECES,
            zone=zone,
        )


def _asked(known: tuple[str, ...]) -> BooksAsked:
    words = words_asked(known)
    words["fund"] = words["fund"] or next(iter(service().funds)).id
    return BooksAsked.of(words, _funds())


def _funds() -> list[str]:
    return [*(one.id for one in service().funds), UNKNOWN_FUND]
