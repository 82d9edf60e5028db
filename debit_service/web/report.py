"""The finance desk's report: totals, every contribution, what waits in suspense, what does not add up; and the same as CSV."""

from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from debit_service.core.work import Role
from debit_service.reports.rules import Line, PenaltyStanding, Report, Standing
from debit_service.reports.service import as_csv, report
from debit_service.web.access import allowed
from debit_service.web.desk import reading, service

blueprint = Blueprint("report", __name__)

#: A page shows no more lines than a person reads; the CSV has all of them.
LINES_SHOWN_MAX = 500


@blueprint.get("/report")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def show() -> ResponseReturnValue:
    """The report; its table may be narrowed down by fund, standing and penalty."""
    made = _report()
    chosen = {name: request.args.get(name, "") for name in ("fund", "standing", "penalty")}
    lines = list(_matching(made, **chosen))
    return render_template(
        "report.html",
        report=made,
        chosen=chosen,
        lines=lines[:LINES_SHOWN_MAX],
        count=len(lines),
        standings=[one.value for one in Standing],
        penalties=[one.value for one in PenaltyStanding],
    )


@blueprint.get("/report.csv")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def download() -> ResponseReturnValue:
    """Every line of the report as CSV."""
    made = _report()
    name = f"contributions-{made.made_at[:10]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(made), mimetype="text/csv", headers=headers)


def _report() -> Report:
    house = service()
    with reading() as work:
        return report(work, house.funds, house.debit_calendars, house.codes)


def _matching(made: Report, fund: str, standing: str, penalty: str) -> Iterator[Line]:
    for line in made.lines:
        wanted = ((fund, line.fund_id), (standing, line.standing.value), (penalty, line.penalty.value))
        if all(not asked or asked == has for asked, has in wanted):
            yield line
