"""The story: two months of three funds, day by day, on the bank's own clock; then what happened, and why."""

import json
import secrets
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

import click

from debit_service import operations, schema
from debit_service.access.service import add_person
from debit_service.collections import queries as collections
from debit_service.collections.service.approve import approve
from debit_service.contributions import queries as contributions
from debit_service.contributions import service as contribution_service
from debit_service.contributions.payments import Means, Paid
from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.clock import SetClock
from debit_service.core.errors import Refused
from debit_service.core.files import write_atomically
from debit_service.core.settings import Settings
from debit_service.core.work import SERVICE, Actor, Role
from debit_service.demo import data
from debit_service.demo.bank import MockBank, running
from debit_service.employers import queries as employers
from debit_service.employers.service import enrol, register
from debit_service.mandates import importing
from debit_service.mandates import queries as mandates
from debit_service.mandates import service as mandate_service
from debit_service.mandates.amend import Change, amend
from debit_service.reconcile.service.other_means import record as record_payment
from debit_service.reports import printed
from debit_service.reports import service as reports
from debit_service.reports.lines_csv import as_csv
from debit_service.wiring import DEMO_CLOCK, Service, open_service

START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
END = date(2026, 10, 30)
MARKER = "this-is-a-demo.txt"

#: What the world does on which day: fund, employer's number, what the employer's bank says. Before the collection date it is a
#: reject, after it a return (mock-bank decides by its own clock).
ANSWERS: dict[date, list[tuple[str, int, str]]] = {
    date(2026, 9, 9): [("CNSS", 4, "AM05"), ("CNSS", 5, "AM04")],
    date(2026, 9, 14): [("CNSS", 6, "AM04"), ("CNSS", 7, "AC04"), ("CNSS", 9, "MS03")],
    date(2026, 9, 29): [("CNAS", 4, "MD01"), ("CNAS", 5, "AM04")],
    date(2026, 10, 5): [
        ("CNAS", 6, "AM04"),
        ("CNAS", 7, "AC04"),
        ("CNAS", 8, "MD01"),  # accepted by the employer's bank, with evidence: the bank's own error
        ("CNAS", 9, "MS03"),
        ("EINZUGSSTELLE", 4, "AM04"),
        ("EINZUGSSTELLE", 5, "AC04"),
        ("EINZUGSSTELLE", 6, "MD01"),
        ("EINZUGSSTELLE", 7, "MS03"),
        ("EINZUGSSTELLE", 8, "RC01"),
    ],
    date(2026, 10, 19): [("EINZUGSSTELLE", 9, "MD06")],
}
REVOKED = ("CNAS", 3, date(2026, 9, 15))
AMENDED = ("EINZUGSSTELLE", 10, date(2026, 9, 16))
PAID_OTHERWISE = ("CNAS", 10, date(2026, 9, 21))


@dataclass(frozen=True, slots=True)
class World:
    """The service, and the two banks it deals with: one by HTTP, one by an exchange folder."""

    service: Service
    clock: SetClock
    banks: dict[str, MockBank]
    approver: Actor
    passwords: dict[str, str]


def tell(*, serving: bool, port: int, as_json: bool) -> int:
    """Run the demo; returns the exit code. The web app is left running when `serving`."""
    say: Callable[[str], None] = (lambda _: None) if as_json else click.echo
    settings = Settings()
    _prepare_home(settings)
    with ExitStack() as stack:
        http = stack.enter_context(running(START))
        folder = stack.enter_context(running(START, folder=settings.home / "mock-bank-folder"))
        world = _world(settings, {"mock-bank": http, "mock-bank-folder": folder})
        say("Taking in employers, mandates and contributions")
        _take_in(world, say)
        _live(world, say)
        write_atomically(settings.home / DEMO_CLOCK, world.clock.now().isoformat().encode())
        _conclude(world, say, as_json=as_json)
    if serving:
        _serve(port)
    return 0


def _prepare_home(settings: Settings) -> None:
    """A new home, or a demo's old one, which is thrown away; never anybody's real data."""
    home = settings.home
    if settings.database_url or settings.keys_file:
        raise Refused(
            "demo.database",
            "The demo uses the embedded database of its own home.",
            remedy="Unset DEBIT_DATABASE_URL and DEBIT_KEYS_FILE.",
        )
    if home.exists() and any(home.iterdir()) and not (home / MARKER).exists():
        raise Refused(
            "demo.home",
            "This home holds something that is no demo.",
            place=str(home),
            remedy="Set DEBIT_HOME to a new folder.",
        )
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    write_atomically(home / MARKER, b"Made by `debit demo`, and thrown away by the next one.\n")
    write_atomically(home / "confirmations.toml", _confirmations().encode())


def _confirmations() -> str:
    """What a fund would confirm before its first debit; here the demo does, for accounts that exist only at its own bank."""
    facts = ("creditor.name", "creditor.identifier", "creditor.account", "scheme", "debit_policy.max_attempts")
    said = '{ by = "debit demo", on = 2026-08-31, why = "accounts of the demo\'s own bank; nothing here is real" }'
    return "".join(f'"{fund}.{fact}" = {said}\n' for fund in data.EMPLOYERS for fact in facts)


def _world(settings: Settings, banks: dict[str, MockBank]) -> World:
    schema.upgrade(settings)
    clock = SetClock(START)
    settings = settings.model_copy(
        update={
            "bank_urls": {"mock-bank": banks["mock-bank"].url},
            "bank_folders": {"mock-bank-folder": banks["mock-bank-folder"].folder},
            "smtp_host": None,
        }
    )
    service = open_service(settings, clock)
    for bank in banks.values():
        bank.close_seeded_accounts()
    for fund_id in data.EMPLOYERS:
        fund = service.funds.get(fund_id)
        banks[fund.bank].open_account(fund.id, fund.creditor.account.require(), fund.currency)
    passwords = {login: secrets.token_urlsafe(12) for login in ("clerk", "approver", "admin", "employer")}
    return World(service, clock, banks, Actor("approver", frozenset({Role.FINANCE_APPROVER})), passwords)


def _take_in(world: World, say: Callable[[str], None]) -> None:
    service = world.service
    with service.desk.work(SERVICE) as work:
        one = data.Somebody("CNAS", data.WITHOUT_MANDATE)
        enrol(
            work,
            register(work, reference=one.reference, name=one.name, language=one.language),
            one.fund,
            one.registration,
        )
        taken = importing.import_rows(work, service.funds, data.mandates_csv())
        say(f"  mandates: {taken.good} taken, {len(taken.bad)} bad")
        for answer in taken.bad:
            say(f"    line {answer.line}: {answer.message}")
    with service.desk.work(SERVICE) as work:
        report = contribution_service.import_rows(
            work, service.funds, service.calendars, data.contributions_ndjson(), "contributions.ndjson", partial=True
        )
        say(f"  contributions: {report.taken} taken, {len(report.bad)} bad")
        for line in report.bad:
            say(f"    line {line.line}: {line.message}")
    with service.desk.work(SERVICE) as work:
        shown = employers.find(work, "CNAS", data.Somebody("CNAS", 6).registration)
        add_person(work, "clerk", world.passwords["clerk"], [Role.FINANCE_CLERK])
        add_person(work, "approver", world.passwords["approver"], [Role.FINANCE_APPROVER])
        add_person(work, "admin", world.passwords["admin"], [Role.ADMINISTRATOR])
        add_person(work, "employer", world.passwords["employer"], [Role.EMPLOYER], shown.id if shown else None)


def _live(world: World, say: Callable[[str], None]) -> None:
    """Day after day: plan, notify, batch, approve, send; the world answers; fetch, reconcile, assess."""
    day = START.date()
    while day <= END:
        if day.weekday() < 5:
            _one_day(world, day, say)
        day += timedelta(days=1)


def _one_day(world: World, day: date, say: Callable[[str], None]) -> None:
    service = world.service
    for bank in world.banks.values():
        world.clock.set(bank.advance(day) if day > START.date() else START)
    _the_world_acts(world, day, say)
    told: list[str] = []
    for fund_id in data.EMPLOYERS:
        done = operations.collect(service, SERVICE, service.funds.get(fund_id), day)
        if done.planned:
            told.append(f"{fund_id}: {done.planned} debits planned, {done.notices} notices")
    told += [f"batch {batch_id} approved by another person than its maker" for batch_id in _approve_all(world)]
    sent = operations.send_approved(service, SERVICE)
    told += [f"batch {batch_id}: {outcome}" for batch_id, outcome in sent.items()]
    for bank in world.banks.values():
        bank.scan()
    fetched = operations.fetch(service, SERVICE)
    entries = sum(one.entries for one in fetched.imported)
    for fund_id in data.EMPLOYERS:
        operations.assess_penalties(service, SERVICE, service.funds.get(fund_id))
    operations.anchor_audit(service)
    if entries:
        told.append(f"{fetched.new_files} files from the banks, {entries} entries")
    for line in told:
        say(f"  {day.isoformat()}  {line}")


def _approve_all(world: World) -> list[str]:
    with world.service.desk.work(world.approver) as work:
        waiting = [row[0] for row in collections.batches(work, "made")]
        for batch in waiting:
            approve(work, batch.id, batch.sha256)
    return [batch.id for batch in waiting]


def _the_world_acts(world: World, day: date, say: Callable[[str], None]) -> None:
    fund_id, number, revoked_on = REVOKED
    if day == revoked_on:
        _revoke(world, data.Somebody(fund_id, number))
        say(f"  {day.isoformat()}  {data.Somebody(fund_id, number).name} revokes its mandate, in time")
    if day == AMENDED[-1]:
        _amend(world, data.Somebody(*AMENDED[:2]))
        say(f"  {day.isoformat()}  {data.Somebody(*AMENDED[:2]).name} gives another account")
    if day == PAID_OTHERWISE[-1]:
        _pay_otherwise(world, data.Somebody(*PAID_OTHERWISE[:2]), day)
        say(f"  {day.isoformat()}  {data.Somebody(*PAID_OTHERWISE[:2]).name} pays by transfer: its debit is stopped")
    for fund_id, number, reason in ANSWERS.get(day, []):
        somebody = data.Somebody(fund_id, number)
        bank = world.banks[world.service.funds.get(fund_id).bank]
        bank.refuse(_end_to_end_id(world, somebody), reason)
    if day == date(2026, 10, 6):
        world.banks["mock-bank"].credit("CNAS", 1_234_500, "DZD", "versement sans référence")


def _revoke(world: World, somebody: data.Somebody) -> None:
    with world.service.desk.work(SERVICE) as work:
        employer = employers.find(work, somebody.fund, somebody.registration)
        mandate = mandates.live(work, somebody.fund, employer.id) if employer else None
        if mandate:
            mandate_service.revoke(work, mandate, "letter of the employer", evidence="letter of 2026-09-14")


def _amend(world: World, somebody: data.Somebody) -> None:
    scheme, number = data.Somebody(somebody.fund, data.ANOTHER_ACCOUNT).account
    with world.service.desk.work(SERVICE) as work:
        employer = employers.find(work, somebody.fund, somebody.registration)
        mandate = mandates.live(work, somebody.fund, employer.id) if employer else None
        if mandate:
            change = Change(account=parse_account(number, AccountScheme(scheme)))
            fund = world.service.funds.get(somebody.fund)
            why = "the employer changed its account"
            amend(work, fund, mandate, change, received_at=work.now(), why=why, evidence="letter of 2026-09-15")


def _pay_otherwise(world: World, somebody: data.Somebody, day: date) -> None:
    with world.service.desk.work(SERVICE) as work:
        owed = contributions.get(work, somebody.contribution)
        paid = Paid(
            amount_minor=owed.amount_minor,
            currency=owed.currency,
            paid_on=day,
            means=Means.TRANSFER,
            reference="V-2026-0917",
            evidence="statement of the fund's treasury",
        )
        record_payment(work, world.service.funds.get(somebody.fund), owed, paid)


def _end_to_end_id(world: World, somebody: data.Somebody) -> str:
    with world.service.desk.reading(SERVICE) as work:
        contribution = contributions.get(work, somebody.contribution)
        return collections.attempts(work, contribution.id)[-1].end_to_end_id


def _conclude(world: World, say: Callable[[str], None], *, as_json: bool) -> None:
    settings = world.service.settings
    with world.service.desk.reading(SERVICE) as work:
        made = reports.report(work, world.service.funds, world.service.debit_calendars, world.service.codes)
    write_atomically(settings.home / "report.csv", b"".join(as_csv(made.lines)))
    logins = "".join(f"{login} {password}\n" for login, password in world.passwords.items())
    write_atomically(settings.home / "demo-people.txt", logins.encode(), mode=0o600)
    if as_json:
        click.echo(json.dumps(asdict(made), ensure_ascii=False, default=str))
    say("")
    for line in printed.report_lines(made, made.waiting, made.lines):
        say(line)
    example = data.Somebody("EINZUGSSTELLE", 4).contribution
    say("")
    say("Where to look")
    say(f"  .venv/bin/debit penalties explain {example}")
    say("  .venv/bin/debit verify")
    say(f"  the report as CSV: {settings.home / 'report.csv'}")
    say(f"  the web app: make serve, then http://127.0.0.1:8080/ (logins in {settings.home / 'demo-people.txt'})")


def _serve(port: int) -> None:
    import os

    environment = os.environ | {"DEBIT_SECURE_COOKIES": "false"}
    arguments = [sys.executable, "-m", "debit_service", "serve", "--port", str(port)]
    os.execve(sys.executable, arguments, environment)  # noqa: S606 - fixed program and arguments
