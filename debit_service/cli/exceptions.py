"""`debit reconcile queue`, `entry`, `resolve`, `confirm`, `undo`, `refunds`: what waits for a person, and what is decided."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.money import format_minor, parse_minor
from debit_service.core.text import aligned
from debit_service.core.work import Actor, Work
from debit_service.penalties import queries as penalties
from debit_service.penalties.at_the_bank import what_it_may_be
from debit_service.penalties.queries import Shown
from debit_service.penalties.service.from_entries import confirm, decide, undo
from debit_service.reconcile import queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue import work_queue
from debit_service.reconcile.queue.exceptions import Decision, Exceptional, meaning
from debit_service.reconcile.queue.suggest import Suggestion
from debit_service.reconcile.queue.work_queue import Filter, Waits
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.service import Ask, Decided, PaidOut, pay_out, refuse
from debit_service.reconcile.service.told_before import told_before
from debit_service.wiring import Service

#: That several debits fit is found when an entry is looked at, so nothing can be narrowed down by it.
_EXCEPTIONS = [one.value for one in Exceptional if one is not Exceptional.SEVERAL]
_ABOUT_ENTRIES = [one for one in Decision if one not in (Decision.PAID_OUT, Decision.UNDONE)]


@click.command("queue")
@click.option("--fund", "fund_id", help="Only this fund's.")
@click.option("--exception", type=click.Choice(_EXCEPTIONS), help="Only these.")
@click.option("--days", "days_min", type=click.IntRange(0, 9999), default=0, help="Only what waits this long at least.")
@click.option("--held", is_flag=True, help="Also what a person holds until a later day.")
@click.option("--at-most", default=work_queue.SHOWN_MAX, show_default=True, type=click.IntRange(min=1))
@command
def queue(fund_id: str | None, exception: str | None, days_min: int, held: bool, at_most: int, as_json: bool) -> None:
    """List the bank entries that wait for a person, the oldest first, each with its likeliest explanation."""
    opened = service()
    wanted = Filter(
        fund_id=fund_id, exception=Exceptional(exception) if exception else None, days_min=days_min, held=held
    )
    with opened.desk.reading(operator()) as work:
        found = work_queue.page(work, opened.funds, wanted, at_most=at_most)
        rows = [_row(one) for one in found.shown]
    titles = ("entry", "fund", "exception", "days", "amount", "currency", "direction", "held_until", "likeliest")
    lines = aligned(titles, ([row[title] for title in titles] for row in rows), right={3, 4})
    emit(as_json, {"count": found.count, "shown": rows}, [*lines, f"{len(rows)} of {found.count} shown"])


def _row(one: Waits) -> dict[str, str]:
    entry = one.entry
    left = one.left_minor
    return {
        "entry": entry.id,
        "fund": entry.fund_id or "",
        "exception": one.exception.value,
        "days": "" if one.age_days is None else str(one.age_days),
        "amount": format_minor(left, entry.currency) if left is not None and entry.currency else "",
        "currency": entry.currency or "",
        "direction": entry.direction or "",
        "held_until": one.held_until.isoformat() if one.held_until else "",
        "proposed": "yes" if one.proposed else "",
        "likeliest": _named(one.suggestions[0]) if one.suggestions else "",
    }


def _named(one: Suggestion) -> str:
    return one.candidate.end_to_end_id or f"contribution {one.candidate.reference}"


@click.command("entry")
@click.argument("entry_id")
@command
def entry(entry_id: str, as_json: bool) -> None:
    """Show one bank entry: what it says, what was made of it, what people decided, and, while it waits, what it may be."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        values = _entry(work, opened, entry_id)
    emit(as_json, values, list(_entry_lines(values)))


def _entry(work: Work, opened: Service, entry_id: str) -> dict[str, Any]:
    found = decisions.entry(work, entry_id)
    values: dict[str, Any] = {
        "entry": found.id,
        "fund": found.fund_id,
        "message": found.message,
        "direction": found.direction,
        "amount": format_minor(found.amount_minor, found.currency) if found.amount_minor and found.currency else None,
        "currency": found.currency,
        "booking_date": found.booking_date,
        "end_to_end_id": found.end_to_end_id,
        "dispositions": [
            {"at": one.at.isoformat(), "who": one.who, "kind": one.kind, "reason": one.reason, "says": one.explanation}
            for one in decisions.dispositions(work, entry_id)
        ],
        "decisions": [
            {"decision": one.id, "what": one.decision, "state": newest.to_state, "who": one.who, "why": one.why}
            for one, newest in decisions.history(work, entry_id)
        ],
        "said_since": [one.end_to_end_id for one in contradictions(work, [entry_id])],
    }
    if (made := queries.disposition(work, entry_id)) and decisions.may_be_doubted(found, made):
        values["possible"] = [Decision.SUSPENDED.value]
    for one in work_queue.page(work, opened.funds, Filter(entry_id=entry_id)).shown:
        reason = one.disposition.reason
        may = [what.value for what in decisions.possible_about(found, reason)]
        values |= {
            "exception": one.exception.value,
            "means": meaning(reason).says,
            "possible": may,
            "suggestions": [
                {
                    "name": _named(each),
                    "fits": each.fits,
                    "in_part": each.in_part,
                    "score": each.score,
                    "points": [asdict(point) for point in each.points],
                }
                for each in one.suggestions
            ],
            "told_before": [
                {
                    "entry": each.entry.id,
                    "message": each.entry.message,
                    "day": str(each.entry.booking_date),
                    "debits": each.debits,
                    "sum": format_minor(each.minor, found.currency or "XXX") if each.debits else "",
                }
                for each in (told_before(work, found) if Decision.TOLD_BEFORE.value in may else ())
            ],
            "recorded": [
                asdict(each.recorded)
                | {"day": str(each.recorded.day or ""), "points": [asdict(point) for point in each.points]}
                for each in (what_it_may_be(work, found) if Decision.RECOGNISED.value in may else ())
            ],
        }
    return values


def _entry_lines(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if not isinstance(value, list):
            yield f"{name}: {'' if value is None else value}"
    yield f"possible: {', '.join(values.get('possible', [])) or 'nothing: it does not wait'}"
    for one in values["dispositions"]:
        yield f"{one['at'][:16]}  {one['kind']} {one['reason']}: {one['says']} ({one['who']})"
    for one in values["decisions"]:
        yield f"decision {one['decision']}: {one['what']}, {one['state']} ({one['who']}: {one['why']})"
    yield from (f"a file read since tells of {name} for it" for name in values["said_since"])
    for one in values.get("told_before", []):
        parts = f": {one['debits']} debits that were sent together, booked each by itself, {one['sum']} in all"
        yield f"may have been told before by {one['entry']} ({one['message']} of {one['day']}){parts if one['debits'] else ''}"
    for one in values.get("suggestions", []):
        how = "" if one["fits"] else ", in part" if one["in_part"] else ", cannot be matched"
        yield f"may be {one['name']} ({one['score']}{how})"
        yield from (f"    {point['points']:+d} {point['says']}" for point in one["points"])
    for one in values.get("recorded", []):
        what = f"{one['means'] or 'given back'} {one['day']} {one['reference']} for {one['about']}"
        yield f"may have been recorded as {one['id']} ({what})"
        yield from (f"    {point['points']:+d} {point['says']}" for point in one["points"])


@click.command("resolve")
@click.argument("entry_id")
@click.argument("what", type=click.Choice([one.value for one in _ABOUT_ENTRIES]))
@click.option(
    "--end-to-end-id",
    "end_to_end_ids",
    multiple=True,
    help="matched: the reference of the collection that it belongs to, several times for a sum of several;"
    " bank_charge given back: of the debit it was for.",
)
@click.option(
    "--charge",
    "charges",
    multiple=True,
    metavar="[DEBIT=]AMOUNT",
    help="matched, of money that left: the bank's charge in it, which the bank did not state, for each debit alike,"
    " or of one debit (end-to-end id), several times.",
)
@click.option(
    "--amount", help="refund_owed, bank_charge, not_ours: how much, if not all that waits; the rest waits on."
)
@click.option(
    "--share",
    "shares",
    multiple=True,
    metavar="CONTRIBUTION=AMOUNT",
    help="allocated: a contribution (id or reference) or penalty (id) and what it gets, 2026-08/17=1234.56; several times."
    " bank_charge given back: a debit (end-to-end id) and its part; matched, of money that left: a debit of which only"
    " so much goes back.",
)
@click.option("--employer", help="allocated: the employer's number; what it owes is paid in the fund's order.")
@click.option("--refund-rest", is_flag=True, help="allocated: what is left is owed back; else it goes on waiting.")
@click.option(
    "--recorded",
    help="recognised: the payment (also of a penalty), or the decision of the refund paid out, that the bank now shows.",
)
@click.option("--same-as", help="told_before: the entry by which another report has told of this booking already.")
@click.option("--follow-up", type=click.DateTime(["%Y-%m-%d"]), help="held: the day on which it is looked at again.")
@WHY
@AS
@command
def resolve(
    entry_id: str,
    what: str,
    end_to_end_ids: tuple[str, ...],
    charges: tuple[str, ...],
    amount: str | None,
    shares: tuple[str, ...],
    employer: str | None,
    refund_rest: bool,
    recorded: str | None,
    same_as: str | None,
    follow_up: datetime | None,
    why: str,
    login: str,
    as_json: bool,
) -> None:
    """Decide about ENTRY_ID, which waits (see `debit reconcile queue`). From the fund's amount on another person must confirm.

    `suspended` is about one that does not wait: a rule found what it is, and that is doubted. Once confirmed, it waits.
    """
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        currency = decisions.entry(work, entry_id).currency or ""
        ask = Ask(
            decision=Decision(what),
            why=why,
            end_to_end_id=end_to_end_ids[0] if len(end_to_end_ids) == 1 else None,
            end_to_end_ids=end_to_end_ids if len(end_to_end_ids) > 1 else (),
            charge_minor=_charge_of_each(charges, currency),
            charges=tuple(_share(one, currency) for one in charges if "=" in one),
            amount_minor=parse_minor(amount, currency) if amount else None,
            shares=tuple(_share(one, currency) for one in shares),
            registration_number=employer,
            refund_rest=refund_rest,
            recorded=recorded,
            same_as=same_as,
            follow_up=follow_up.date() if follow_up else None,
        )
        decided = decide(work, opened.funds, entry_id, ask)
    _done(opened, decided, as_json=as_json)


def _charge_of_each(texts: tuple[str, ...], currency: str) -> int | None:
    """The charge that is named for each debit alike, None without one."""
    alike = [one for one in texts if "=" not in one]
    if len(alike) > 1:
        raise InvalidInput("charge.several", "Name one charge for each debit alike, or DEBIT=AMOUNT.", place=alike[1])
    return parse_minor(alike[0], currency) if alike else None


def _share(text: str, currency: str) -> tuple[str, int]:
    name, separator, amount = text.rpartition("=")
    if not separator:
        raise InvalidInput("share.malformed", "Write CONTRIBUTION=AMOUNT.", place=text)
    return name, parse_minor(amount, currency)


@click.command("proposals")
@command
def proposals(as_json: bool) -> None:
    """List the decisions that wait for another person."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [
            (
                one.id,
                one.decision,
                one.entry_id or one.contribution_id or "",
                format_minor(one.amount_minor, one.currency) if one.amount_minor and one.currency else "",
                one.currency or "",
                one.who,
                one.why,
                "" if waits else "yes",
            )
            for one, waits in decisions.proposals(work)
        ]
    titles = ("decision", "what", "about", "amount", "currency", "who", "why", "overtaken")
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], aligned(titles, rows, right={3}))


@click.command("confirm")
@click.argument("decision_id")
@AS
@command
def confirm_(decision_id: str, login: str, as_json: bool) -> None:
    """Let the proposal DECISION_ID take effect; needs an approver who did not propose it."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        decided = confirm(work, opened.funds, decision_id)
    operations.anchor_audit(opened)
    if decided.state == "overtaken":
        raise Refused("resolution.overtaken", f"It was not carried out: {decided.told}.", place=decision_id)
    _done(opened, decided, as_json=as_json)


@click.command("refuse")
@click.argument("decision_id")
@WHY
@AS
@command
def refuse_(decision_id: str, why: str, login: str, as_json: bool) -> None:
    """End the proposal DECISION_ID without any effect."""
    _with_reason(refuse, decision_id, why, login, as_json=as_json)


@click.command("undo")
@click.argument("decision_id")
@WHY
@AS
@command
def undo_(decision_id: str, why: str, login: str, as_json: bool) -> None:
    """Take back what was decided as DECISION_ID (see `debit reconcile entry`): it is booked back, and both stay on record."""
    _with_reason(undo, decision_id, why, login, as_json=as_json)


def _with_reason(use_case: Any, decision_id: str, why: str, login: str, *, as_json: bool) -> None:
    opened = service()
    actor: Actor = person(opened, login)
    with opened.desk.work(actor) as work:
        decided = use_case(work, opened.funds, decision_id, why)
    _done(opened, decided, as_json=as_json)


@click.group(cls=Commands)
def refunds() -> None:
    """Money that is owed back, and what was paid out of it."""


@refunds.command("list")
@click.option("--fund", "fund_id", help="Only this fund's.")
@click.option("--all", "show_all", is_flag=True, help="Also what is paid out in full.")
@command
def refunds_list(fund_id: str | None, show_all: bool, as_json: bool) -> None:
    """List what is owed back: of contributions and penalties of which too much was paid, and of bank entries.

    What is owed back of a penalty is recorded as paid out with `debit penalties give-back`.
    """
    opened = service()
    with opened.desk.reading(operator()) as work:
        owed = [one for one in decisions.refunds_owed(work, fund_id) if show_all or one.left_minor]
        of_penalties = [_of_penalty(one) for one in penalties.owed_back(work) if fund_id in (None, one.penalty.fund_id)]
    rows: list[tuple[str, ...]] = [
        (
            one.fund_id,
            "entry" if one.entry_id else "contribution",
            one.reference,
            *(format_minor(minor, one.currency) for minor in (one.owed_minor, one.paid_out_minor, one.left_minor)),
            one.currency,
            one.paid_with or "",
        )
        for one in owed
    ]
    rows += of_penalties
    titles = ("fund", "from", "reference", "owed", "paid_out", "left", "currency", "paid_with")
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], aligned(titles, rows, right={3, 4, 5}))


def _of_penalty(one: Shown) -> tuple[str, ...]:
    """What is left to be given back of a penalty; what was given back is not kept beside it."""
    penalty, currency = one.penalty, one.penalty.currency
    left = format_minor(one.money.refund_minor, currency)
    return penalty.fund_id, "penalty", penalty.id, left, format_minor(0, currency), left, currency, ""


@refunds.command("paid")
@click.argument("reference")
@click.option("--amount", required=True, help="Plain decimal, such as 1234.56.")
@click.option("--paid-on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it was given back.")
@click.option("--reference", "books", required=True, help="What the fund's books call the payment; it counts once.")
@click.option("--evidence", required=True, help="The document that proves it.")
@WHY
@AS
@command
def refunds_paid(
    reference: str, amount: str, paid_on: datetime, books: str, evidence: str, why: str, login: str, as_json: bool
) -> None:
    """Record that what is owed back for REFERENCE (contribution or entry, see the list) was paid out, or a part of it."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        currency = decisions.refund_owed(work, reference).currency
        paid = PaidOut(
            amount_minor=parse_minor(amount, currency), paid_on=paid_on.date(), reference=books, evidence=evidence
        )
        decided = pay_out(work, opened.funds, reference, paid, why)
    _done(opened, decided, as_json=as_json)


def _done(opened: Service, decided: Decided, *, as_json: bool) -> None:
    operations.anchor_audit(opened)
    told = {
        "proposed": "is proposed; another person confirms it with `debit reconcile confirm`",
        "carried_out": "is carried out",
        "refused": "is refused; nothing was changed",
    }
    emit(as_json, {"decision": decided.id, "state": decided.state}, [f"{decided.id} {told[decided.state]}"])


#: What `debit reconcile` has besides the report.
COMMANDS = (queue, entry, resolve, proposals, confirm_, refuse_, undo_, refunds)
