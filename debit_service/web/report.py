"""The finance desk's report: every contribution, narrowed down and page by page; and the same, all of it, as CSV."""

from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from debit_service.core.work import Role
from debit_service.reports.asked import Asked
from debit_service.reports.figures import asking
from debit_service.reports.lines_csv import as_csv
from debit_service.reports.rules import Counted, PenaltyStanding, Standing
from debit_service.reports.service import lines, page
from debit_service.web.access import allowed
from debit_service.web.asked import words_asked
from debit_service.web.desk import reading, service

blueprint = Blueprint("report", __name__)


@blueprint.get("/report")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def show() -> ResponseReturnValue:
    """A page of the report; narrowed down by fund, standing, penalty, due day and total, or to a reference or an employer's
    number."""
    house, asked = service(), _asked()
    with reading() as work:
        found = page(work, house.funds, house.debit_calendars, house.codes, asked, after=request.args.get("after", ""))
    return render_template(
        "report.html",
        page=found,
        asked=asked,
        funds=[one.id for one in house.funds],
        standings=[one.value for one in Standing],
        penalties=[one.value for one in PenaltyStanding],
        totals=[one.value for one in Counted],
    )


@blueprint.get("/report.csv")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def download() -> ResponseReturnValue:
    """Every line that is asked for, as CSV; sent while it is made."""
    house, asked = service(), _asked()

    def pieces() -> Iterator[bytes]:
        with reading() as work:
            yield from as_csv(lines(work, house.funds, house.debit_calendars, house.codes, asked))

    name = f"contributions-{house.desk.clock.now().date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream_with_context(pieces()), mimetype="text/csv", headers=headers)


def _asked() -> Asked:
    """What the address asks for. Raises InvalidInput `asked.…` for a field or a fund that there is not."""
    words = words_asked(("fund", "standing", "penalty", "search", "since", "counted"))
    asking.one_of("fund", words["fund"], [one.id for one in service().funds])
    return Asked.of(words)
