"""Contributions: the employer's own, one in every detail, and how to contest it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from debit_service import operations
from debit_service.contributions import queries
from debit_service.contributions.circumstances import known
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.employers import queries as employers
from debit_service.mandates import queries as mandates
from debit_service.operations import today
from debit_service.penalties import notice_queries
from debit_service.penalties import queries as penalties
from debit_service.penalties.fault.values import Effect
from debit_service.penalties.fault.wording import step_said
from debit_service.penalties.service import protected
from debit_service.penalties.tariff.circumstances import unrecorded
from debit_service.reports.proof.gather import READERS
from debit_service.reports.rules import Line
from debit_service.reports.service import contribution_line, lines
from debit_service.web import dispute_words, fault_words, forms
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service
from debit_service.web.disputes import contest_page
from debit_service.web.languages import language
from debit_service.web.uploads import download, takes_scan

blueprint = Blueprint("contributions", __name__, url_prefix="/contributions")


@blueprint.get("")
@allowed(Role.EMPLOYER)
def own() -> ResponseReturnValue:
    """An employer's contributions, the newest due date first, and the funds at which it has no mandate."""
    house = service()
    with reading() as work:
        found = lines(work, house.funds, house.debit_calendars, house.codes)
        newest_first = sorted(found, key=lambda line: line.due_date, reverse=True)
        without = _without_mandate(work)
    return render_template("contributions.html", lines=newest_first, without=without, funds=house.funds)


def _without_mandate(work: Work) -> list[str]:
    employer_id = work.actor.employer_id or ""
    registered = [one.fund_id for one in employers.registrations(work, employer_id)]
    return [fund_id for fund_id in registered if mandates.live(work, fund_id, employer_id) is None]


@blueprint.get("/<contribution_id>")
@allowed(Role.EMPLOYER, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def detail(contribution_id: str) -> ResponseReturnValue:
    """One contribution: attempts, what the bank said, who is held at fault and why, the penalty, the objections."""
    return page(contribution_id), 200


def page(
    contribution_id: str,
    *,
    payment_form: forms.PaymentForm | None = None,
    undo_form: forms.WhyForm | None = None,
    asked: str | None = None,
    circumstances_form: forms.CircumstancesForm | None = None,
) -> str:
    """The page of one contribution. A form that was not accepted is shown as it was filled in; `asked` is the payment to undo."""
    with reading() as work:
        line = _line(work, contribution_id)
        objections = [
            (one, disputes.state(work, one.id), disputes.text(work, one))
            for one in disputes.of_contribution(work, line.contribution_id)
        ]
        is_staff = Role.EMPLOYER not in actor().roles
        decisions = penalties.decisions_of(work, line.contribution_id) if is_staff else []
        statements = queries.statements_about(work, line.contribution_id) if is_staff else []
        known_now = known(statements[-1] if statements else None)
        return render_template(
            "contribution.html",
            line=line,
            fund=service().funds.get(line.fund_id),
            decisions=decisions,
            objections=objections,
            contested=disputes.open_for(work, line.contribution_id),
            dispute_words=dispute_words,
            claims=_claims(work, line.contribution_id),
            protection=protected.of(work, line.contribution_id, today(service(), service().funds.get(line.fund_id))),
            fault_words=fault_words,
            judged=[] if is_staff else _judged(work, line.contribution_id),
            payments=queries.other_payments(work, line.contribution_id),
            payment_form=payment_form or forms.PaymentForm(),
            undo_form=undo_form or forms.WhyForm(),
            asked=asked,
            statements=statements,
            unrecorded=_unrecorded(work, line) if any(one.effect == Effect.PENALISE.value for one in decisions) else [],
            circumstances_form=circumstances_form or forms.CircumstancesForm.showing(known_now),
        )


@blueprint.get("/<contribution_id>/proof-pack.zip")
@allowed(*READERS)
def proof_pack(contribution_id: str) -> ResponseReturnValue:
    """Everything behind the outcome, signed. That somebody took it is on record; an employer gets its own, without our people."""
    made = operations.proof_pack(service(), actor(), contribution_id)
    return download(made.content, "application/zip", made.name)


@blueprint.route("/<contribution_id>/dispute", methods=["GET", "POST"])
@allowed(Role.EMPLOYER)
@takes_scan
def dispute(contribution_id: str) -> ResponseReturnValue:
    """Contest the debit, the reading of its failure, or the penalty."""
    return contest_page(contribution_id)


def _claims(work: Work, contribution_id: str) -> list[tuple[notice_queries.Told, int]]:
    """What the employer was told of each penalty that is still claimed, and what of it is open now."""
    told = notice_queries.told_of(work, contribution_id)
    money = penalties.money_of_each(work, [one.penalty_id for one in told])
    return [(one, money[one.penalty_id].open_minor) for one in told]


def _unrecorded(work: Work, line: Line) -> list[str]:
    """What the rule of its penalty asks, and nobody has recorded."""
    house = service()
    contribution = queries.get(work, line.contribution_id)
    return unrecorded(work, house.penalty_rules, house.funds.get(line.fund_id), contribution)


def _judged(work: Work, contribution_id: str) -> list[list[str]]:
    """How each failure was judged, step by step, in the reader's language."""
    decided = penalties.decisions_of(work, contribution_id)
    return [[step_said(language(), step) for step in one.argument["steps"]] for one in decided]


def _line(work: Work, contribution_id: str) -> Line:
    house = service()
    contribution = queries.get(work, contribution_id)
    return contribution_line(work, house.funds, house.debit_calendars, house.codes, contribution)
