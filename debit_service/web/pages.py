"""Pages that belong to no desk: the front door, the funds with their sources, health, and static files."""

from datetime import date, timedelta
from functools import partial
from importlib.resources import files
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from debit_service import schema
from debit_service.core.errors import Unavailable
from debit_service.core.work import Role
from debit_service.reconcile.queue.waiting import NONE
from debit_service.reconcile.rules import State
from debit_service.reports.service import overview
from debit_service.web import sheets
from debit_service.web.access import allowed, everybody
from debit_service.web.asked import day_asked
from debit_service.web.desk import actor, reading, service

blueprint = Blueprint("pages", __name__)

STAFF = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER, Role.ADMINISTRATOR)
#: Unless asked otherwise, totals are of what fell due in the last quarter: what finance staff work at.
TOTALS_OF = timedelta(days=92)
#: The totals that count debits, and in which state.
_OF_DEBITS: Final = {"debited": None, "rejected": State.REJECTED.value, "returned": State.RETURNED.value}
#: The style sheets of the package bootstrap-wrapper that pages use; its scripts are not served.
_VENDOR = frozenset({"bootstrap.min.css", "bootstrap.rtl.min.css"})
_ONE_DAY_SECONDS = 24 * 60 * 60


@blueprint.get("/")
@allowed(*Role)
def home() -> ResponseReturnValue:
    """Everybody's first page; the finance desk's has the totals, and what people should look at."""
    roles = actor().roles
    if Role.EMPLOYER in roles:
        return redirect(url_for("contributions.own"))
    if roles & {Role.FINANCE_CLERK, Role.FINANCE_APPROVER}:
        return _finance_home()
    if Role.MANDATE_AGENT in roles:
        return redirect(url_for("mandate_desk.listed"))
    return redirect(url_for("pages.funds"))


def _finance_home() -> str:
    house = service()
    today = house.desk.clock.now().date()
    since = day_asked("since", today - TOTALS_OF)
    with reading() as work:
        seen = overview(work, house.funds, house.debit_calendars, since=since)
    return render_template(
        "home.html", seen=seen, since=since, no_fund=NONE, leads=sheets.leads, list_of=partial(_list_of, since)
    )


def _list_of(since: date | None, total: str, fund_id: str) -> str:
    """The address of the contributions, or of the debits, that a total counts."""
    if total in _OF_DEBITS:
        about: dict[str, Any] = {"fund": fund_id, "reached": "1", "due_since": since, "state": _OF_DEBITS[total]}
        return url_for("reports.collections", **about)
    return url_for("report.show", fund=fund_id, since=since, counted=total)


@blueprint.get("/funds")
@allowed(*STAFF)
def funds() -> ResponseReturnValue:
    """Every fund with what is known of it, how surely, and from where."""
    return render_template("funds.html", funds=list(service().funds), bank=service().funds.bank)


@blueprint.get("/healthz")
@everybody
def health() -> ResponseReturnValue:
    """Whether this process can work: the database answers, and has the schema that this code needs."""
    if schema.current(service().desk.database) != schema.newest():
        raise Unavailable("database.schema", "The database has another schema.", remedy="Run `debit db upgrade`.")
    return {"status": "ok"}


@blueprint.get("/static/<path:name>")
@everybody
def static(name: str) -> ResponseReturnValue:
    """This package's own style sheet."""
    return send_from_directory(str(files(__package__) / "static"), name, max_age=_ONE_DAY_SECONDS)


@blueprint.get("/static/vendor/<name>")
@everybody
def vendor(name: str) -> ResponseReturnValue:
    """Bootstrap, from its installed package."""
    if name not in _VENDOR:
        abort(404)
    return send_from_directory(str(files("bootstrap") / "css"), name, max_age=_ONE_DAY_SECONDS)
