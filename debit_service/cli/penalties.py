"""`debit penalties`: who caused a failure, what it costs, and what a person decides about it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from debit_service import operations
from debit_service.cli import reliefs
from debit_service.cli.common import AS, FINDINGS, WHY, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.contributions.payments import Means, Paid
from debit_service.core.money import format_minor, parse_minor
from debit_service.core.settings import Settings
from debit_service.core.text import aligned
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.penalties import queries, waiting
from debit_service.penalties.fault.decision_table import LANGUAGES, page
from debit_service.penalties.fault.reason_codes import load_reason_codes
from debit_service.penalties.life import MACHINE
from debit_service.penalties.models import PenaltyPayment
from debit_service.penalties.service import pay as payments
from debit_service.penalties.service import reverse
from debit_service.penalties.tariff import rules_page
from debit_service.penalties.tariff.catalogue import load_penalty_rules
from debit_service.reports import explain

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _paid(command: _Command) -> _Command:
    """The options that say what was paid."""
    day = click.DateTime(["%Y-%m-%d"])
    means = click.Choice([one.value for one in Means])
    for option in (
        click.option("--evidence", required=True, help="The document that proves it, such as a statement of account."),
        click.option("--reference", required=True, help="What the fund's books call it; it counts once."),
        click.option("--means", required=True, type=means),
        click.option("--paid-on", required=True, type=day, help="The day on which it was paid."),
        click.option("--amount", required=True, help="Plain decimal, such as 1234.56."),
    ):
        command = option(command)
    return command


@click.group(cls=Commands)
def penalties() -> None:
    """Fault and late penalties."""


@penalties.command("assess")
@command
def penalties_assess(as_json: bool) -> None:
    """Decide the fault of every failed debit, and compute the penalties that follow. Repeating it changes nothing."""
    opened = service()
    results = {fund.id: operations.assess_penalties(opened, operator(), fund) for fund in opened.funds}
    operations.anchor_audit(opened)
    rows = [(fund_id, str(one.decided), str(one.penalties), str(one.reversed)) for fund_id, one in results.items()]
    lines = aligned(("fund", "new decisions", "new penalties", "reversed"), rows, right={1, 2, 3})
    emit(as_json, {fund_id: asdict(one) for fund_id, one in results.items()}, lines)


@penalties.command("list")
@click.option("--fund", "fund_id", help="Only this fund's.")
@click.option(
    "--state", type=click.Choice([queries.TO_CONFIRM, *MACHINE.transitions]), help="Only those in this state."
)
@command
def penalties_list(fund_id: str | None, state: str | None, as_json: bool) -> None:
    """List the penalties: their state, the amount computed, what the employer is asked for, what is open, what is to be refunded.

    `to_confirm`: what waits for a person, proposals and what was added since a penalty was confirmed.
    """
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [_row(one) for one in queries.listed(work, fund_id=fund_id, state=state)]
    titles = ("id", "fund", "contribution", "rule", "state", "amount", "owed", "open", "refund", "currency")
    emit(as_json, rows, aligned(titles, ([row[title] for title in titles] for row in rows), right={5, 6, 7, 8}))


def _row(one: queries.Shown) -> dict[str, str]:
    penalty, money = one.penalty, one.money
    amounts = {
        "amount": money.whole_minor,
        "owed": money.owed_minor,
        "open": money.open_minor,
        "refund": money.refund_minor,
    }
    return {
        "id": penalty.id,
        "fund": penalty.fund_id,
        "contribution": penalty.contribution_id,
        "rule": f"{penalty.rule_id} {penalty.rule_version}",
        "state": one.state,
        "currency": penalty.currency,
    } | {name: format_minor(minor, penalty.currency) for name, minor in amounts.items()}


@penalties.command("explain")
@click.argument("identifier")
@command
def penalties_explain(identifier: str, as_json: bool) -> None:
    """Tell the whole reasoning about a contribution or penalty, with the evidence; IDENTIFIER is its id or reference."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        told = explain.explanation(work, opened.funds, opened.codes, identifier)
    emit(as_json, told, explain.lines(told))


@penalties.command("table")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Markdown file to write.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="In which language.")
@command
def penalties_table(out: Path, language: str, as_json: bool) -> None:
    """Write the decision table for people: every reason code, every rule, and what each answer leads to."""
    codes = load_reason_codes(Settings().config / "reason_codes.csv")
    out.write_text(page(codes, language), encoding="utf-8")
    emit(as_json, {"file": str(out), "version": codes.version}, [f"{out}: version {codes.version}"])


@penalties.command("rules")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@command
def penalties_rules(out: Path, as_json: bool) -> None:
    """Write the penalty rules for people: what each charges, when it holds, how surely it is known, and worked examples."""
    rules = list(load_penalty_rules(Settings().config / "penalty_rules.toml"))
    out.write_text(rules_page.page(rules), encoding="utf-8")
    emit(as_json, {"file": str(out), "rules": len(rules)}, [f"{out}: {len(rules)} rules"])


@penalties.command("confirm")
@click.argument("penalty_id")
@click.option("--amount", required=True, help="What it comes to in all, as `debit penalties list` shows it: 50.00.")
@WHY
@AS
@command
def penalties_confirm(penalty_id: str, amount: str, why: str, login: str, as_json: bool) -> None:
    """Ask the employer for a penalty, or for what was added to it; needs an approver, above the fund's amount two.

    Its failures are judged anew first; when it then comes to another amount than --amount, nothing is confirmed.
    """
    opened = service()
    with opened.desk.reading(operator()) as work:
        seen_minor = parse_minor(amount, queries.get(work, penalty_id).currency)
    state = operations.confirm_penalty(opened, person(opened, login), penalty_id, why, seen_minor)
    with opened.desk.reading(operator()) as work:
        waits = queries.get(work, penalty_id).agreed_by is not None
    operations.anchor_audit(opened)
    told = f"{penalty_id} is {state}" + ("; another approver must agree" if waits else "")
    emit(as_json, {"penalty": penalty_id, "state": state, "waits_for_another": waits}, [told])


@penalties.command("confirm-many")
@click.option("--fund", "fund_id", required=True)
@click.option("--period", help="Only those of contributions for this period: 2026-09.")
@click.option("--rule", "rule_id", help="Only those under this rule, whatever its version.")
@click.option("--up-to", help="Only those that come to this amount or less: 50.00.")
@click.option("--total", help="What the dry run said that they come to together. Left out: a dry run.")
@click.option("--why", help="The reason, kept for ever with each of them.")
@click.option("--as", "login", help="Who decides; the password is asked for, or taken from DEBIT_PASSWORD.")
@command
def penalties_confirm_many(
    fund_id: str,
    period: str | None,
    rule_id: str | None,
    up_to: str | None,
    total: str | None,
    why: str | None,
    login: str | None,
    as_json: bool,
) -> int | None:
    """Confirm, for one reason, all that wait at a fund and fit; first without --total, to see how many that are and of how much.

    Left out are those about which something is open: the employer contests it, was right about it, or another failure of the
    contribution is held. With --total nothing is confirmed when they come to another total by now. As with `confirm`, each is
    judged anew, and one that comes to another amount is refused; the others go through. Exit code 1 when any was refused.
    """
    opened = service()
    fund = opened.funds.get(fund_id)
    up_to_minor = parse_minor(up_to, fund.currency) if up_to else None
    wanted = waiting.Wanted(fund_id=fund.id, period=period, rule_id=rule_id, up_to_minor=up_to_minor)
    with opened.desk.reading(operator()) as work:
        found = waiting.find(work, wanted)
    if total is None:
        _emit_found(found, fund.currency, as_json=as_json)
        return None
    if not (why and login):
        raise click.UsageError("With --total, say --why and --as.")
    seen = found.seen(parse_minor(total, fund.currency), fund.currency)
    done = operations.confirm_penalties(opened, person(opened, login), fund, seen, why)
    operations.anchor_audit(opened)
    values = {"confirmed": done.confirmed, "agreed": done.agreed}
    refused = {one: error.as_dict() for one, error in done.refused.items()}
    lines = [f"{len(done.confirmed)} confirmed, {len(done.agreed)} wait for another approver, {len(refused)} refused"]
    emit(as_json, values | {"refused": refused}, [*lines, *(str(error) for error in done.refused.values())])
    return FINDINGS if refused else None


def _emit_found(found: waiting.Found, currency: str, *, as_json: bool) -> None:
    """What would be confirmed."""
    total, largest = (format_minor(minor, currency) for minor in (found.sum_minor, found.largest_minor))
    values = {"count": found.count, "total": total, "largest": largest, "currency": currency}
    told = f"{found.count} penalties come to {total} {currency} together, the largest to {largest} {currency}"
    again = [f"to confirm them: the same with --total {total} --why ... --as ..."] if found.count else []
    emit(as_json, values, [told, "nothing was changed", *again])


@penalties.command("reverse")
@click.argument("penalty_id")
@WHY
@AS
@command
def penalties_reverse(penalty_id: str, why: str, login: str, as_json: bool) -> None:
    """Take a penalty back; needs an approver, above the fund's amount two."""
    opened = service()
    with opened.desk.work(person(opened, login)) as work:
        fund = opened.funds.get(queries.get(work, penalty_id).fund_id)
        waits = reverse(work, fund, penalty_id, why).agreed_by is not None
        state = queries.state_of(work, penalty_id)
    operations.anchor_audit(opened)
    told = f"{penalty_id} is {state}" + ("; another approver must agree" if waits else "")
    emit(as_json, {"penalty": penalty_id, "state": state, "waits_for_another": waits}, [told])


@penalties.command("notify")
@command
def penalties_notify(as_json: bool) -> None:
    """Tell employers of penalties that are confirmed, and of other amounts; repeating it tells nothing twice."""
    opened = service()
    told = {fund.id: operations.notify_penalties(opened, operator(), fund) for fund in opened.funds}
    operations.anchor_audit(opened)
    rows = [(fund_id, str(count)) for fund_id, count in told.items()]
    emit(as_json, told, aligned(("fund", "notices"), rows, right={1}))


@penalties.command("pay")
@click.argument("penalty_id")
@_paid
@AS
@command
def penalties_pay(penalty_id: str, login: str, as_json: bool, **said: Any) -> None:
    """Record that a penalty, or a part of it, was paid; the same payment again changes nothing."""
    _record(penalty_id, login, said, payments.pay, "is recorded", as_json=as_json)


@penalties.command("give-back")
@click.argument("penalty_id")
@_paid
@AS
@command
def penalties_give_back(penalty_id: str, login: str, as_json: bool, **said: Any) -> None:
    """Record that what was paid beyond a penalty was given back; needs an approver."""
    _record(penalty_id, login, said, payments.give_back, "is recorded as given back", as_json=as_json)


@penalties.command("undo-payment")
@click.argument("payment_id")
@WHY
@AS
@command
def penalties_undo_payment(payment_id: str, why: str, login: str, as_json: bool) -> None:
    """Take back a payment that was recorded wrongly, or whose cheque bounced; needs an approver."""
    opened = service()
    with opened.desk.work(person(opened, login)) as work:
        payments.undo(work, opened.funds, payment_id, why)
    operations.anchor_audit(opened)
    emit(as_json, {"payment": payment_id, "undone": True}, [f"{payment_id} is undone"])


def _record(
    penalty_id: str,
    login: str,
    said: dict[str, Any],
    act: Callable[[Work, Funds, str, Paid], PenaltyPayment],
    done: str,
    *,
    as_json: bool,
) -> None:
    opened = service()
    with opened.desk.work(person(opened, login)) as work:
        currency = queries.get(work, penalty_id).currency
        paid = Paid(
            amount_minor=parse_minor(said["amount"], currency),
            currency=currency,
            paid_on=said["paid_on"].date(),
            means=Means(said["means"]),
            reference=said["reference"],
            evidence=said["evidence"],
        )
        payment = act(work, opened.funds, penalty_id, paid).id
        state = queries.state_of(work, penalty_id)
    operations.anchor_audit(opened)
    values = {"penalty": penalty_id, "payment": payment, "state": state}
    emit(as_json, values, [f"{payment} {done}; {penalty_id} is {state}"])


penalties.add_command(reliefs.relief)
penalties.add_command(reliefs.amnesty)
