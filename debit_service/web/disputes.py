"""Disputes: the desk that answers them by their deadlines, one case for both sides, and what the desk owes the public."""

import csv
import io
from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm
from markupsafe import Markup

from debit_service import operations
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.text import inert
from debit_service.core.work import Role, Work
from debit_service.disputes import queries
from debit_service.disputes import service as disputes
from debit_service.disputes.models import Dispute
from debit_service.disputes.queries import WHICH, Wanted
from debit_service.disputes.rules import Answer, Body, Ground, Subject, SubjectKind, Terms
from debit_service.disputes.statistics import Statistics, flat, statistics
from debit_service.employers import queries as employers
from debit_service.penalties.contestable import contestable, matter
from debit_service.web import dispute_forms, dispute_words, forms
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service, working
from debit_service.web.dispute_forms import ContestForm, subject_key
from debit_service.web.formats import day, money
from debit_service.web.uploads import download, takes_scan

blueprint = Blueprint("disputes", __name__, url_prefix="/disputes")

FINANCE = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
EVERYBODY = (Role.EMPLOYER, *FINANCE)
PAGE_SIZE = 50


@blueprint.get("")
@allowed(*FINANCE)
def listed() -> ResponseReturnValue:
    """The disputes that are asked for, the most urgent first; what is open unless told otherwise."""
    asked, today = request.args, _today()
    which = asked.get("which", "open")
    wanted = Wanted(
        which=which if which in WHICH else "open",
        fund_id=asked.get("fund") or None,
        assigned_to=actor().name if "mine" in asked else None,
    )
    with reading() as work:
        rows = queries.listed(work, wanted, today, after=asked.get("after", ""), at_most=PAGE_SIZE + 1)
        return render_template(
            "disputes.html",
            rows=rows[:PAGE_SIZE],
            more=rows[PAGE_SIZE - 1].dispute.id if len(rows) > PAGE_SIZE else None,
            count=queries.count(work, wanted, today),
            pressing=queries.pressing(work),
            wanted=wanted,
            today=today,
            funds=service().funds,
            due=queries.due,
            dispute_words=dispute_words,
            which=WHICH,
        )


@blueprint.get("/<dispute_id>")
@allowed(*EVERYBODY)
def show(dispute_id: str) -> ResponseReturnValue:
    """One dispute, to its employer and to staff: what was written, where it stands, and what may be done now."""
    return _case(dispute_id, {}), 200


@blueprint.post("/<dispute_id>/take")
@allowed(Role.FINANCE_CLERK)
def take(dispute_id: str) -> ResponseReturnValue:
    """Take it over."""
    with working() as work:
        disputes.take(work, dispute_id)
    flash(gettext("The dispute is yours."))
    return _back(dispute_id)


@blueprint.post("/<dispute_id>/ask")
@allowed(Role.FINANCE_CLERK)
def ask(dispute_id: str) -> ResponseReturnValue:
    """Ask the employer."""
    form = dispute_forms.WrittenForm()
    done = gettext("The employer is asked. Your time to answer stands still.")
    return _act(
        dispute_id, "ask", form, done, lambda work, terms: disputes.ask(work, terms, dispute_id, form.text.data)
    )


@blueprint.post("/<dispute_id>/answer")
@allowed(*FINANCE)
def answer(dispute_id: str) -> ResponseReturnValue:
    """Uphold or reject."""
    form = dispute_forms.AnswerForm()
    done = gettext("Answered. The employer is told, with your reasons.")
    return _act(
        dispute_id,
        "answer",
        form,
        done,
        lambda work, terms: disputes.answer(
            work, terms, dispute_id, Answer(form.answer.data), form.text.data, matter(work, dispute_id)
        ),
    )


@blueprint.post("/<dispute_id>/decide")
@allowed(Role.FINANCE_APPROVER)
def decide(dispute_id: str) -> ResponseReturnValue:
    """Decide an appeal, or record what a higher body decided."""
    form = dispute_forms.DecideForm()
    done = gettext("Decided. The employer is told, with your reasons.")
    return _act(
        dispute_id,
        "decide",
        form,
        done,
        lambda work, terms: disputes.decide(
            work,
            terms,
            dispute_id,
            Answer(form.answer.data),
            Body(form.body.data),
            form.text.data,
            matter(work, dispute_id),
        ),
    )


@blueprint.post("/<dispute_id>/reply")
@allowed(Role.EMPLOYER)
def reply(dispute_id: str) -> ResponseReturnValue:
    """Reply to the fund's question."""
    form = dispute_forms.WrittenForm()
    done = gettext("The fund has your reply.")
    return _act(
        dispute_id, "reply", form, done, lambda work, terms: disputes.reply(work, terms, dispute_id, form.text.data)
    )


@blueprint.post("/<dispute_id>/appeal")
@allowed(Role.EMPLOYER)
def appeal(dispute_id: str) -> ResponseReturnValue:
    """Appeal against the answer."""
    form = dispute_forms.WrittenForm()
    done = gettext("The fund has your appeal. Another person decides.")
    return _act(
        dispute_id, "appeal", form, done, lambda work, terms: disputes.appeal(work, terms, dispute_id, form.text.data)
    )


@blueprint.post("/<dispute_id>/withdraw")
@allowed(Role.EMPLOYER)
def withdraw(dispute_id: str) -> ResponseReturnValue:
    """Contest it no longer."""
    form = FlaskForm()
    done = gettext("You no longer contest it.")
    return _act(dispute_id, "withdraw", form, done, lambda work, terms: disputes.withdraw(work, terms, dispute_id))


@blueprint.post("/<dispute_id>/documents")
@allowed(Role.EMPLOYER, Role.FINANCE_CLERK)
@takes_scan
def attach(dispute_id: str) -> ResponseReturnValue:
    """Add a document."""
    form = dispute_forms.ScanForm()
    done = gettext("The document is kept.")
    return _act(
        dispute_id, "attach", form, done, lambda work, _: disputes.attach(work, dispute_id, form.scan.data.read())
    )


@blueprint.get("/documents/<document_id>")
@allowed(*EVERYBODY)
def document(document_id: str) -> ResponseReturnValue:
    """A document as it came. That somebody took it is on record."""
    with working() as work:
        found = disputes.fetch(work, document_id)
    return download(found.content, found.media_type, found.name)


@blueprint.get("/statistics")
@allowed(*FINANCE, Role.ADMINISTRATOR)
def figures() -> ResponseReturnValue:
    """How disputes were answered and how fast, by fund; as a table for a spreadsheet where `format` is csv."""
    since, until = _period()
    today = _today()
    with reading() as work:
        found = statistics(work, [fund.id for fund in service().funds], since, until, today)
    if request.args.get("format") == "csv":
        return Response(_table(found), mimetype="text/csv; charset=utf-8", headers=_as_file(since, until))
    return render_template(
        "dispute_statistics.html", found=found, since=since, until=until, dispute_words=dispute_words
    )


def contest_page(contribution_id: str) -> ResponseReturnValue:
    """The form to contest something about a contribution, and what becomes of it."""
    form = ContestForm()
    with reading() as work:
        contribution = contributions.get(work, contribution_id)
        terms = _terms(contribution.fund_id)
        subjects = contestable(work, contribution)
        form.offer(subjects, [_named(one, contribution) for one in subjects], request.args.get("about", ""))
        owed = {
            "fund_id": contribution.fund_id,
            "period": contribution.period,
            "amount_minor": contribution.amount_minor,
            "currency": contribution.currency,
        }
    if form.validate_on_submit():
        chosen = next(one for one in subjects if subject_key(one) == form.subject.data)
        objection = disputes.Objection(chosen, form.text.data, Ground(form.ground.data), form.scans)
        try:
            with working() as work:
                dispute_id = disputes.contest(work, terms, objection).id
        except DebitError as error:
            forms.show(form, error)
        else:
            flash(gettext("The fund has your objection. Note its reference."))
            return _back(dispute_id)
    page = render_template("dispute.html", form=form, contribution=owed, answer_by=_answer_by(terms))
    return page, 422 if form.errors else 200


def _answer_by(terms: Terms) -> date:
    return terms.answer_by(operations.today(service(), terms.fund))


def _named(subject: Subject, contribution: Contribution) -> Markup:
    """What is contested, with its amount, and its last day where the employer was told of one."""
    named = Markup("{}").format(dispute_words.subject(subject.kind.value))
    if subject.kind is not SubjectKind.READING:
        named += Markup(" ({})").format(money(subject.amount_minor, contribution.currency))
    if subject.contest_by:
        until = Markup.escape(gettext("to be contested by %(day)s")) % {"day": day(subject.contest_by)}
        named += Markup(" · {}").format(until)
    return named


def _terms(fund_id: str) -> Terms:
    return operations.dispute_terms(service(), service().funds.get(fund_id))


def _today() -> dict[str, date]:
    return {fund.id: operations.today(service(), fund) for fund in service().funds}


def _back(dispute_id: str) -> ResponseReturnValue:
    return redirect(url_for("disputes.show", dispute_id=dispute_id))


def _act(
    dispute_id: str, name: str, form: FlaskForm, done: str, act: Callable[[Work, Terms], object]
) -> ResponseReturnValue:
    """Do what a form asks; a form that was not accepted is shown again as it was filled in."""
    if form.validate():
        with reading() as work:
            terms = _terms(queries.get(work, dispute_id).fund_id)
        try:
            with working() as work:
                act(work, terms)
        except DebitError as error:
            if not isinstance(error, InvalidInput):
                raise
            forms.show(form, error)
        else:
            flash(done)
            return _back(dispute_id)
    return _case(dispute_id, {name: form}), 422


def _case(dispute_id: str, filled: dict[str, FlaskForm]) -> str:
    with reading() as work:
        dispute = queries.get(work, dispute_id)
        contribution = contributions.get(work, dispute.contribution_id)
        fund = service().funds.get(dispute.fund_id)
        today = operations.today(service(), fund)
        state = queries.state(work, dispute.id)
        terms = _terms(fund.id)
        offered = _offered(dispute, state, terms, today)
        shown = {name: filled.get(name) or _FORMS[name]() for name in offered}
        for name, form in shown.items():
            forms.tell_apart(form, name)
        return render_template(
            "dispute_case.html",
            dispute=dispute,
            state=state,
            fund=fund,
            contribution=contribution,
            employer=employers.name(work, employers.get(work, contribution.employer_id)),
            text=queries.text(work, dispute),
            answer_text=queries.answer_text(work, dispute),
            appeal_text=queries.appeal_text(work, dispute),
            decision_text=queries.decision_text(work, dispute),
            messages=queries.messages(work, dispute.id),
            documents=queries.documents(work, dispute.id),
            history=queries.history(work, dispute.id),
            overdue=_overdue(dispute, today),
            due=queries.due(dispute),
            ends=terms.days.ends,
            shown=shown,
            filled=next(iter(filled.values()), None),
            effects=dispute_words.effects(dispute.subject_kind),
            dispute_words=dispute_words,
        )


_FORMS: dict[str, type[FlaskForm]] = {
    "take": FlaskForm,
    "ask": dispute_forms.WrittenForm,
    "answer": dispute_forms.AnswerForm,
    "decide": dispute_forms.DecideForm,
    "reply": dispute_forms.WrittenForm,
    "appeal": dispute_forms.WrittenForm,
    "withdraw": FlaskForm,
    "attach": dispute_forms.ScanForm,
}


def _offered(dispute: Dispute, state: str, terms: Terms, today: date) -> list[str]:
    """What the person signed in may do now, in the order in which it is shown. The room checks it again."""
    roles, is_open = actor().roles, dispute.answer is None
    found: list[str] = []
    examined = state in ("received", "in_examination")
    if Role.FINANCE_CLERK in roles and examined and dispute.assigned_to != actor().name:
        found.append("take")
    if roles & set(FINANCE) and (examined or state == "asked") and actor().name != dispute.opened_by:
        found.append("answer")
    if Role.FINANCE_CLERK in roles and examined:
        found.append("ask")
    if Role.FINANCE_APPROVER in roles and state == "appealed" and actor().name != dispute.answered_by:
        found.append("decide")
    if Role.EMPLOYER in roles:
        found += ["reply"] if state == "asked" else []
        found += ["appeal"] if queries.may_appeal(dispute, terms, today) else []
    if is_open and roles & {Role.EMPLOYER, Role.FINANCE_CLERK}:
        found.append("attach")
    if is_open and Role.EMPLOYER in roles:
        found.append("withdraw")
    return found


def _overdue(dispute: Dispute, today: date) -> bool:
    return dispute.answer is None and dispute.stopped_on is None and queries.due(dispute) < today


def _period() -> tuple[date, date]:
    """What was asked for; else the year so far, by the latest business date."""
    latest = max(_today().values())
    try:
        since = date.fromisoformat(request.args.get("from") or latest.replace(month=1, day=1).isoformat())
        until = date.fromisoformat(request.args.get("to") or latest.isoformat())
    except ValueError:
        raise InvalidInput("report.asked", "A day is written 2026-10-31.", place="from") from None
    return since, until


def _table(found: list[Statistics]) -> str:
    lines = [flat(one) for one in found]
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(lines[0])
    rows.writerows([inert(cell) for cell in line.values()] for line in lines)
    return table.getvalue()


def _as_file(since: date, until: date) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="disputes-{since.isoformat()}-{until.isoformat()}.csv"'}
