"""`debit mandates`, the life of one: what its bank did, suspended, amended, transferred, its last debit; and the block list."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.errors import InvalidInput, NotFound
from debit_service.core.text import aligned
from debit_service.core.work import Work
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates import amend, blocks, life, queries
from debit_service.mandates import service as mandates
from debit_service.mandates.authority import authority_of
from debit_service.mandates.models import Mandate
from debit_service.mandates.transfer import transfer
from debit_service.wiring import Service

Declaration = Callable[[Callable[..., Any]], Callable[..., Any]]

_EVIDENCE_HELP = "What proves it: the number of an attached document, or the name of a letter or of the bank's message."
_EVIDENCE = click.option("--evidence", required=True, help=_EVIDENCE_HELP)
_RECEIVED = click.option(
    "--received-at", type=click.DateTime(), help="When the request arrived, in the fund's time zone; without, now."
)
_SCHEME = click.option(
    "--account-scheme", type=click.Choice([one.value for one in AccountScheme]), help="How the number is to be read."
)


def _about_one(*options: Declaration) -> Declaration:
    """A command about one mandate, with these options, a reason, and the person who acts."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        declarations: tuple[Declaration, ...] = (AS, WHY, *reversed(options), click.argument("reference"))
        for declaration in declarations:
            function = declaration(function)
        return function

    return declare


def _act(reference: str, login: str, as_json: bool, do: Callable[[Service, Work, Mandate], Mandate | None]) -> None:
    """Sign in, let `do` act on the mandate, and say what has become of it, or of the one that `do` returns."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        mandate = mandates.get(work, reference)
        told = do(opened, work, mandate) or mandate
        values = {"reference": told.reference, "state": queries.state(work, told.id), "version": told.version}
    operations.anchor_audit(opened)
    version = f", version {values['version']}" if told.version > 1 else ""
    emit(as_json, values, [f"{told.reference} is {str(values['state']).replace('_', ' ')}{version}"])


def _step(name: str, say: Callable[[Work, Mandate, str, str], None], meaning: str) -> click.Command:
    """A command that records one step of a mandate's life."""

    @click.command(name, help=meaning)
    @_about_one(_EVIDENCE)
    @command
    def step(reference: str, evidence: str, why: str, login: str, as_json: bool) -> None:
        _act(reference, login, as_json, lambda _, work, mandate: say(work, mandate, why, evidence))

    return step


@click.command("suspend")
@_about_one(_RECEIVED, _EVIDENCE)
@command
def _suspend(reference: str, received_at: datetime | None, evidence: str, why: str, login: str, as_json: bool) -> None:
    """Stop debits under a mandate that stays in force."""

    def do(opened: Service, work: Work, mandate: Mandate) -> None:
        received = _moment(work, opened.funds.get(mandate.fund_id), received_at)
        life.suspend(work, mandate, why, evidence, received)

    _act(reference, login, as_json, do)


@click.command("revoke")
@_about_one(
    click.option("--by", type=click.Choice(["employer", "bank"]), default="employer", show_default=True),
    _RECEIVED,
    click.option("--evidence", help=_EVIDENCE_HELP),
)
@command
def _revoke(
    reference: str,
    by: str,
    received_at: datetime | None,
    evidence: str | None,
    why: str,
    login: str,
    as_json: bool,
) -> None:
    """Revoke a mandate: what is not sent yet will not be. That the bank revoked it needs evidence."""
    if by == "bank" and not evidence:
        raise InvalidInput("mandate.no_evidence", "Name the bank's message.", place="--evidence")

    def do(opened: Service, work: Work, mandate: Mandate) -> None:
        received = _moment(work, opened.funds.get(mandate.fund_id), received_at)
        if by == "bank":
            life.revoke_by_bank(work, mandate, why, evidence or "", received)
        else:
            mandates.revoke(work, mandate, why, evidence=evidence, received_at=received)

    _act(reference, login, as_json, do)


@click.command("amend")
@_about_one(
    click.option("--account", help="The new account number."),
    _SCHEME,
    click.option("--new-bank/--same-bank", default=None, help="Whether another bank keeps it, if the numbers do not tell."),
    click.option("--holder", help="The new name of the account holder."),
    click.option("--new-reference", help="The new unique mandate reference."),
    click.option("--new-creditor-identifier", is_flag=True, help="Take over the fund's identifier as it is configured."),
    _RECEIVED,
    _EVIDENCE,
)  # fmt: skip
@command
def _amend(
    reference: str,
    account: str | None,
    account_scheme: str | None,
    new_bank: bool | None,
    holder: str | None,
    new_reference: str | None,
    new_creditor_identifier: bool,
    received_at: datetime | None,
    evidence: str,
    why: str,
    login: str,
    as_json: bool,
) -> None:
    """Change account, holder, reference or creditor identifier of a mandate; the bank is told with the debits that follow."""

    def do(opened: Service, work: Work, mandate: Mandate) -> None:
        fund = opened.funds.get(mandate.fund_id)
        change = amend.Change(
            account=_account(account, account_scheme or mandate.account_scheme) if account else None,
            new_bank=new_bank,
            debtor_name=holder,
            reference=new_reference,
            new_creditor_identifier=new_creditor_identifier,
        )
        amend.amend(
            work, fund, mandate, change, received_at=_moment(work, fund, received_at), why=why, evidence=evidence
        )

    _act(reference, login, as_json, do)


@click.command("transfer")
@_about_one(
    click.option("--to", required=True, help="The fund that takes the mandate over."),
    click.option("--accepted", help="What proves that the employer's bank accepted the new creditor already."),
    _RECEIVED,
    _EVIDENCE,
)
@command
def _transfer(
    reference: str,
    to: str,
    accepted: str | None,
    received_at: datetime | None,
    evidence: str,
    why: str,
    login: str,
    as_json: bool,
) -> None:
    """Hand a mandate over to another fund: it ends here, and goes on there under a reference of that fund."""

    def do(opened: Service, work: Work, mandate: Mandate) -> Mandate:
        fund = opened.funds.get(mandate.fund_id)
        return transfer(
            work,
            mandate,
            fund,
            opened.funds.get(to),
            received_at=_moment(work, fund, received_at),
            why=why,
            evidence=evidence,
            accepted=accepted,
        )

    _act(reference, login, as_json, do)


@click.command("last")
@_about_one(click.option("--evidence", help=_EVIDENCE_HELP))
@command
def _last(reference: str, evidence: str | None, why: str, login: str, as_json: bool) -> None:
    """Ask that the next debit be the last one; the mandate is completed once it has settled for good."""
    _act(
        reference,
        login,
        as_json,
        lambda opened, work, mandate: life.ask_last(work, opened.funds.get(mandate.fund_id), mandate, why, evidence),
    )


@click.command("block")
@click.option("--employer", help="The employer's own number.")
@click.option("--account", help="The account number.")
@_SCHEME
@click.option("--fund", "fund_id", help="Only at this fund; without, at all of them.")
@WHY
@AS
@command
def _block(
    employer: str | None,
    account: str | None,
    account_scheme: str | None,
    fund_id: str | None,
    why: str,
    login: str,
    as_json: bool,
) -> None:
    """Let an employer, or an account, no longer be debited."""
    opened = service()
    with opened.desk.work(person(opened, login)) as work:
        subject = _subject(work, employer, account, account_scheme)
        made = blocks.place(work, subject, opened.funds.get(fund_id) if fund_id else None, why)
    operations.anchor_audit(opened)
    emit(as_json, {"block": made.id}, [f"blocked: {made.id}"])


@click.command("unblock")
@click.argument("block")
@WHY
@AS
@command
def _unblock(block: str, why: str, login: str, as_json: bool) -> None:
    """Lift the block with this number."""
    opened = service()
    with opened.desk.work(person(opened, login)) as work:
        blocks.lift(work, block, why)
    operations.anchor_audit(opened)
    emit(as_json, {"block": block, "lifted": True}, [f"{block} is lifted"])


@click.command("blocks")
@click.option("--all", "lifted", is_flag=True, help="Also those that were lifted.")
@command
def _blocks(lifted: bool, as_json: bool) -> None:
    """List who may not be debited, where and why."""
    titles = ("block", "fund", "employer", "account", "since", "by", "why", "lifted")
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [
            (
                one.id,
                one.fund_id or "all",
                employers.get(work, one.employer_id).reference if one.employer_id else "",
                f"••••{number[-4:]}" if (number := queries.blocked_account(work, one)) else "",
                one.placed_at.date().isoformat(),
                one.placed_by,
                one.why,
                f"{one.lifted_at.date().isoformat()} {one.lifted_by}: {one.lifted_why}" if one.lifted_at else "",
            )
            for one in queries.blocks(work, lifted=lifted)
        ]
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], aligned(titles, rows))


@click.command("show")
@click.argument("reference")
@command
def _show(reference: str, as_json: bool) -> None:
    """Show the life of the mandate with this REFERENCE (or id): every change, who made it, why, on what evidence."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        mandate = mandates.get(work, reference)
        signed_as = authority_of(work, mandate)
        values = {
            "reference": mandate.reference,
            "fund": mandate.fund_id,
            "state": queries.state(work, mandate.id),
            "version": mandate.version,
            "recurrence": mandate.recurrence,
            "signed_as": signed_as.kind.value,
            "proved_by": signed_as.document,
            "last_asked_on": mandate.final_asked_on,
            "blocked": queries.blocked(work, mandate.fund_id, mandate.employer_id, mandate.account_index),
            "amendments": [
                {
                    "version": one.version,
                    "changed": one.changed,
                    "received_at": one.received_at,
                    "at": one.made_at,
                    "who": one.made_by,
                    "why": one.why,
                    "evidence": one.evidence,
                }
                for one in queries.amendments(work, mandate.id)
            ],
            "life": [
                {"at": one.at, "state": one.to_state, "who": one.who, "why": one.why, "evidence": one.evidence}
                for one in queries.history(work, mandate.id)
            ],
        }
    emit(as_json, values, _shown(values))


def _shown(values: dict[str, Any]) -> Iterable[str]:
    """The same for people: the facts, then amendments and moves, each oldest first."""
    facts = ("fund", "state", "version", "recurrence", "signed_as", "proved_by", "last_asked_on", "blocked")
    yield f"{values['reference']}: " + ", ".join(f"{name} {values[name]}" for name in facts if values[name] is not None)
    tables = {
        "amendments": ("at", "version", "changed", "who", "why", "evidence"),
        "life": ("at", "state", "who", "why", "evidence"),
    }
    for name, titles in tables.items():
        if values[name]:
            yield from aligned(titles, [tuple(_cell(row[title]) for title in titles) for row in values[name]])


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return str(value)[:19]
    return ", ".join(value) if isinstance(value, list) else str(value)


def _account(number: str, scheme: str) -> AccountNumber:
    return parse_account(number, AccountScheme(scheme))


def _moment(work: Work, fund: Fund, local: datetime | None) -> datetime:
    return local.replace(tzinfo=ZoneInfo(fund.time_zone)) if local else work.now()


def _subject(work: Work, employer: str | None, account: str | None, scheme: str | None) -> Employer | AccountNumber:
    if account and scheme and not employer:
        return _account(account, scheme)
    if account or not employer:
        raise InvalidInput(
            "block.subject", "Name an employer, or an account with its scheme.", place="--employer, --account"
        )
    found = employers.by_reference(work, employer)
    if found is None:
        raise NotFound("employer.unknown", "No employer has this number.", place="--employer")
    return found


COMMANDS = (
    _show,
    _step("lodge", mandates.lodge, "The signed form was handed to the employer's bank."),
    _step("accept", mandates.accept, "The employer's bank accepted a mandate that was lodged with it: it may be debited."),
    _step("refuse", mandates.refuse, "The employer's bank refused a mandate that was lodged with it."),
    _suspend,
    _step("resume", life.resume, "Let a suspended mandate be used again."),
    _revoke,
    _amend,
    _transfer,
    _last,
    _block,
    _unblock,
    _blocks,
)  # fmt: skip
