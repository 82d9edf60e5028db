"""`debit reconcile`, `debit penalties`, `debit proof-pack`, `debit verify`, `debit demo`: what came of it, and why."""

from dataclasses import asdict
from pathlib import Path

import click

from debit_service import operations
from debit_service.cli import exceptions
from debit_service.cli.common import FINDINGS, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.core.files import write_atomically
from debit_service.core.money import format_minor
from debit_service.core.text import aligned
from debit_service.disputes import queries as dispute_queries
from debit_service.disputes import service as dispute_service
from debit_service.penalties import queries
from debit_service.penalties import service as penalty_service
from debit_service.reconcile.service import resolve
from debit_service.reports import explain, printed
from debit_service.reports import proof_pack as packs
from debit_service.reports import service as reports
from debit_service.verify import verify as checks_of

_AS = click.option(
    "--as", "login", required=True, help="Who decides; the password is asked for, or taken from DEBIT_PASSWORD."
)
_WHY = click.option("--why", required=True, help="The reason, kept for ever.")


@click.group(cls=Commands)
def reconcile() -> None:
    """What banks answered, against what was asked."""


@reconcile.command("report")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write every contribution as CSV."
)
@click.option(
    "--all", "show_all", is_flag=True, help="Show every contribution, not only those that were not simply paid."
)
@command
def reconcile_report(csv_file: Path | None, show_all: bool, as_json: bool) -> None:
    """What was due, debited, paid, returned and why, in suspense, penalised, or not penalised and why."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        made = reports.report(work, opened.funds, opened.debit_calendars, opened.codes)
    if csv_file:
        # It names people: for its owner only.
        write_atomically(csv_file, reports.as_csv(made), mode=0o600)
    emit(as_json, asdict(made), printed.report_lines(made, show_all=show_all))


@reconcile.command("match")
@click.argument("entry_id")
@click.argument("end_to_end_id")
@_WHY
@_AS
@command
def reconcile_match(entry_id: str, end_to_end_id: str, why: str, login: str, as_json: bool) -> None:
    """Match an entry in suspense (ENTRY_ID, see the report) to the collection with END_TO_END_ID."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        resolve(work, opened.funds, entry_id, end_to_end_id, why)
    operations.anchor_audit(opened)
    emit(as_json, {"entry": entry_id, "matched": end_to_end_id}, [f"{entry_id} is matched to {end_to_end_id}"])


for _one in exceptions.COMMANDS:
    reconcile.add_command(_one)


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
    rows = [(fund_id, str(one.decided), str(one.penalties), str(one.withdrawn)) for fund_id, one in results.items()]
    lines = aligned(("fund", "new decisions", "new penalties", "withdrawn"), rows, right={1, 2, 3})
    emit(as_json, {fund_id: asdict(one) for fund_id, one in results.items()}, lines)


@penalties.command("list")
@command
def penalties_list(as_json: bool) -> None:
    """List the penalties: proposed (a person must adopt them), charged, withdrawn."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [
            {
                "id": one.id,
                "fund": one.fund_id,
                "contribution": one.contribution_id,
                "rule": f"{one.rule_id} {one.rule_version}",
                "state": queries.state_of(work, one.id),
                "amount": format_minor(queries.amount_of(work, one.id), one.currency),
                "currency": one.currency,
            }
            for one in queries.listed(work)
        ]
    titles = ("id", "fund", "contribution", "rule", "state", "amount", "currency")
    emit(as_json, rows, aligned(titles, ([str(row[title]) for title in titles] for row in rows), right={5}))


@penalties.command("explain")
@click.argument("identifier")
@command
def penalties_explain(identifier: str, as_json: bool) -> None:
    """Tell the whole reasoning about a contribution or penalty, with the evidence; IDENTIFIER is its id or reference."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        told = explain.explanation(work, opened.funds, opened.codes, identifier)
    emit(as_json, told, explain.lines(told))


@penalties.command("adopt")
@click.argument("penalty_id")
@_WHY
@_AS
@command
def penalties_adopt(penalty_id: str, why: str, login: str, as_json: bool) -> None:
    """Charge a proposed penalty; needs an approver."""
    _decide(penalty_id, why, login, as_json=as_json, adopt=True)


@penalties.command("withdraw")
@click.argument("penalty_id")
@_WHY
@_AS
@command
def penalties_withdraw(penalty_id: str, why: str, login: str, as_json: bool) -> None:
    """Take a penalty back; needs an approver."""
    _decide(penalty_id, why, login, as_json=as_json, adopt=False)


def _decide(penalty_id: str, why: str, login: str, *, as_json: bool, adopt: bool) -> None:
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        (penalty_service.adopt if adopt else penalty_service.withdraw)(work, penalty_id, why)
    operations.anchor_audit(opened)
    state = "charged" if adopt else "withdrawn"
    emit(as_json, {"penalty": penalty_id, "state": state}, [f"{penalty_id} is {state}"])


@click.group(cls=Commands)
def disputes() -> None:
    """What employers contest."""


@disputes.command("list")
@command
def disputes_list(as_json: bool) -> None:
    """List the disputes that wait for an answer, the most urgent first."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        rows = [
            (one.id, one.contribution_id, one.opened_at.date().isoformat(), one.answer_by.isoformat())
            for one in dispute_queries.waiting(work)
        ]
    titles = ("dispute", "contribution", "opened", "answer_by")
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], aligned(titles, rows))


@disputes.command("answer")
@click.argument("dispute_id")
@click.argument("decision", type=click.Choice(["upheld", "rejected"]))
@_WHY
@_AS
@command
def disputes_answer(dispute_id: str, decision: str, why: str, login: str, as_json: bool) -> None:
    """Answer a dispute, with the reason that the employer is told; upheld, the contribution is not debited."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        dispute_service.answer(work, dispute_id, decision, why)
    operations.anchor_audit(opened)
    emit(as_json, {"dispute": dispute_id, "answer": decision}, [f"{dispute_id} is {decision}"])


@click.command("proof-pack")
@click.argument("identifier")
@click.option(
    "--out", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@command
def proof_pack(identifier: str, folder: Path, as_json: bool) -> None:
    """Write everything behind a contribution's outcome to a folder: form, file sent, bank's answers, notice, decision, manifest.

    IDENTIFIER is the id or reference of a contribution, or the id of a penalty. The pack names people: keep it safe.
    """
    opened = service()
    with opened.desk.work(operator()) as work:
        pack = packs.proof_pack(work, opened.funds, opened.codes, identifier)
    packs.write(pack, folder)
    emit(as_json, {"folder": str(folder), "files": sorted(pack)}, [f"{folder}: {len(pack)} files", *sorted(pack)])


@click.command()
@command
def verify(as_json: bool) -> int:
    """Check the invariants on the live database: exit 1 and a list when one falls."""
    opened = service()
    results = [(check, breaches) for check, breaches in checks_of(opened)]
    lines = []
    for check, breaches in results:
        lines.append(f"{'ok  ' if not breaches else 'FELL'} {check.number:2} {check.says}")
        lines += [f"        {breach}" for breach in breaches]
    found = sum(len(breaches) for _, breaches in results)
    lines.append(f"{len(results)} invariants, {found} breaches")
    values = [{"number": check.number, "says": check.says, "breaches": breaches} for check, breaches in results]
    emit(as_json, values, lines)
    return FINDINGS if found else 0


@click.command()
@click.option("--serve", "serving", is_flag=True, help="Leave the web app running when the story is told.")
@click.option("--port", default=8080, show_default=True, help="Port of the web app on 127.0.0.1.")
@command
def demo(serving: bool, port: int, as_json: bool) -> int:
    """Run the whole path against a bank on loopback, then print what happened and why.

    200 employers of three funds, two schemes; debits that are paid, rejected, returned, refused as duplicates; time is moved by
    the bank's own clock. Everything happens in the home folder (DEBIT_HOME, by default .debit): it must be new or a demo's.
    """
    from debit_service.demo import story

    return story.tell(serving=serving, port=port, as_json=as_json)
