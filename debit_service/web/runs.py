"""Runs of jobs: what the worker did for which fund or bank, and what came of it."""

from datetime import date
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from debit_service.core import runs
from debit_service.core.work import Role
from debit_service.web.access import allowed
from debit_service.web.desk import reading

blueprint = Blueprint("runs", __name__, url_prefix="/jobs")

#: A page shows no more runs than a person reads; a date narrows it down.
RUNS_SHOWN_MAX: Final = 300


@blueprint.get("")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER, Role.ADMINISTRATOR)
def listed() -> ResponseReturnValue:
    """The newest runs, or those of one business date."""
    on = _date(request.args.get("date", ""))
    with reading() as work:
        found = [(one, runs.seconds(one)) for one in runs.listed(work, on=on, at_most=RUNS_SHOWN_MAX)]
        return render_template("runs.html", runs=found, on=on)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
