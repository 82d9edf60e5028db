"""One bank entry with all that shows what it is; and, on record, the bank's own bytes about it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from debit_service.reports import evidence
from debit_service.reports.evidence import Evidence, Written
from debit_service.web import queue_words
from debit_service.web.access import allowed
from debit_service.web.desk import reading, service, working

blueprint = Blueprint("entries", __name__, url_prefix="/reports/entries")


@blueprint.get("/<entry_id>")
@allowed(*evidence.READERS)
def show(entry_id: str) -> ResponseReturnValue:
    """The entry's facts, what was made of it and when, and for which debits. Nobody is named."""
    with reading() as work:
        found = evidence.evidence(work, entry_id)
        return _page(found, None)


@blueprint.get("/<entry_id>/bank")
@allowed(*evidence.READERS)
def bank(entry_id: str) -> ResponseReturnValue:
    """What the bank wrote of it, as it stands in its file. That somebody looked is on record."""
    with working() as work:
        found = evidence.evidence(work, entry_id)
        written = evidence.written(work, entry_id)
        return _page(found, written)


def _page(found: Evidence, written: Written | None) -> str:
    return render_template(
        "report_entry.html",
        found=found,
        zone=next(iter(service().funds)).time_zone,
        written=written,
        queue_words=queue_words,
    )
