"""`debit collect`, `debit batches`, `debit holds`, `debit bank`: plan and send debits, take in what banks answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from debit_service import operations
from debit_service.banks import service as bank_store
from debit_service.cli.common import AS, DONE, FINDINGS, REFUSED, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.collections import queries
from debit_service.collections.service import bounds
from debit_service.collections.service.approve import approve
from debit_service.collections.service.batch import cancel_alone
from debit_service.core.errors import DebitError
from debit_service.core.money import format_minor
from debit_service.core.text import aligned
from debit_service.reconcile.service import Imported, Tell, import_stored, untold


@click.command()
@click.option(
    "--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="Business date; default: today where the fund is."
)
@click.option("--fund", "fund_ids", multiple=True, help="Only this fund; may be given several times.")
@command
def collect(on: datetime | None, fund_ids: tuple[str, ...], as_json: bool) -> int:
    """Plan the debits of due contributions, send the notices, and batch what must leave by the date.

    Safe to repeat: nothing is planned, announced or batched twice. A fund that is refused does not hold up the others.
    """
    opened = service()
    chosen = [opened.funds.get(one) for one in fund_ids] or list(opened.funds)
    if on:
        for fund in chosen:
            operations.check_business_date(opened, fund, on.date())
    results: list[operations.Collected] = []
    refusals: dict[str, DebitError] = {}
    for fund in chosen:
        try:
            results.append(
                operations.collect(opened, operator(), fund, on.date() if on else operations.today(opened, fund))
            )
        except DebitError as error:
            refusals[fund.id] = error
    operations.anchor_audit(opened)
    rows = [
        (one.fund_id, str(one.planned), str(one.notices), str(len(one.batches)), str(len(one.left_alone)))
        for one in results
    ]
    lines = aligned(("fund", "planned", "notices", "batches", "left alone"), rows, right=(1, 2, 3, 4))
    lines += [f"{one.fund_id} {contribution}: {why}" for one in results for contribution, why in one.left_alone.items()]
    lines += [f"{fund_id} refused: {error}" for fund_id, error in refusals.items()]
    refused = {fund_id: error.as_dict() for fund_id, error in refusals.items()}
    emit(as_json, {"collected": [asdict(one) for one in results], "refused": refused}, lines)
    return REFUSED if refusals else DONE


@click.group(cls=Commands)
def batches() -> None:
    """Files to the bank: list, approve by another person, send."""


@batches.command("list")
@command
def batches_list(as_json: bool) -> None:
    """List the batches with count, control sum and the hash that an approval binds."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        found = list(queries.batches(work))
        rows = [
            (
                one.id,
                one.fund_id,
                one.scheme,
                state,
                str(one.count),
                format_minor(one.control_sum_minor, one.currency),
                one.currency,
                one.sha256[:16],
            )
            for one, state in found
        ]
        values = [
            {"id": one.id, "fund": one.fund_id, "scheme": one.scheme, "state": state, "count": one.count,
             "control_sum_minor": one.control_sum_minor, "currency": one.currency, "sha256": one.sha256, "made_by": one.made_by}
            for one, state in found
        ]  # fmt: skip
    titles = ("batch", "fund", "scheme", "state", "count", "control sum", "", "sha256")
    emit(as_json, values, aligned(titles, rows, right={4, 5}))


@batches.command("approve")
@click.argument("batch_id")
@AS
@click.option("--sha256", "digest", help="The hash that is approved; default: shown and confirmed.")
@command
def batches_approve(batch_id: str, login: str, digest: str | None, as_json: bool) -> None:
    """Approve a batch: another person than its maker confirms count, control sum and exactly these bytes."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        batch = queries.batch(work, batch_id)
        control_sum = f"{format_minor(batch.control_sum_minor, batch.currency)} {batch.currency}"
        made_of = batch.sha256
        shown = f"{batch.count} debits, {control_sum}, sha256 {made_of}"
    if digest is None:
        click.confirm(f"Approve {shown}?", abort=True)
        digest = made_of
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        approve(work, batch_id, digest)
    operations.anchor_audit(opened)
    emit(as_json, {"batch": batch_id, "state": "approved"}, [f"{batch_id} approved: {shown}"])


@batches.command("cancel")
@click.argument("batch_id")
@click.option("--why", required=True, help="The reason, kept for ever.")
@AS
@command
def batches_cancel(batch_id: str, why: str, login: str, as_json: bool) -> None:
    """Cancel a batch that was not sent; what it held may be batched again at once.

    One whose sending was cut off needs an approver, whom the bank told that it has nothing.
    """
    opened = service()
    actor = person(opened, login)
    with opened.desk.reading(actor) as work:
        bank_id = queries.batch(work, batch_id).bank_id
    cancel_alone(opened.desk, actor, batch_id, why, lambda: opened.channel(bank_id))
    operations.anchor_audit(opened)
    emit(as_json, {"batch": batch_id, "state": "cancelled"}, [f"{batch_id} cancelled"])


@batches.command("send")
@command
def batches_send(as_json: bool) -> int:
    """Send every approved batch; ask the bank about every one whose sending was cut off. Nothing is sent twice."""
    opened = service()
    outcomes = operations.send_approved(opened, operator())
    operations.anchor_audit(opened)
    emit(as_json, outcomes, [f"{batch_id}: {outcome}" for batch_id, outcome in outcomes.items()] or ["nothing to send"])
    return FINDINGS if any(outcome != "sent" for outcome in outcomes.values()) else 0


@click.group(cls=Commands)
def holds() -> None:
    """Runs that stopped at a safety bound and ask a person."""


@holds.command("list")
@command
def holds_list(as_json: bool) -> int:
    """List the runs that wait for a person; exit code 1 when there are any."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        values: list[dict[str, Any]] = [
            {"id": one.id, "fund": one.fund_id, "business_date": one.business_date.isoformat(), "count": one.count,
             "control_sum_minor": one.control_sum_minor, "currency": one.currency, "reasons": one.reasons, "sha256": one.sha256}
            for one in bounds.waiting(work)
        ]  # fmt: skip
    lines = []
    for one in values:
        total = f"{format_minor(one['control_sum_minor'], one['currency'])} {one['currency']}"
        lines.append(f"{one['id']} {one['fund']} of {one['business_date']}: {one['count']} debits, {total}")
        lines += [f"  {reason}" for reason in one["reasons"]]
    emit(as_json, values, lines or ["no run waits"])
    return FINDINGS if values else DONE


@holds.command("release")
@click.argument("hold_id")
@click.option("--why", required=True, help="The reason, kept for ever.")
@AS
@command
def holds_release(hold_id: str, why: str, login: str, as_json: bool) -> None:
    """Let exactly this run through, by an approver who did not start it; then run `debit collect` again."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        bounds.release(work, hold_id, why)
    operations.anchor_audit(opened)
    emit(as_json, {"hold": hold_id, "state": "released"}, [f"{hold_id} is released: run `debit collect` again"])


@click.group(cls=Commands)
def bank() -> None:
    """What banks have left for us."""


@bank.command("fetch")
@command
def bank_fetch(as_json: bool) -> int:
    """Fetch from every bank, store verbatim, read, reconcile. A bank that is down is reported; the others go on."""
    opened = service()
    with progress(as_json=as_json) as tell:
        fetched = operations.fetch(opened, operator(), tell)
    operations.anchor_audit(opened)
    lines = [f"{fetched.new_files} new files", *_imported(fetched.imported)]
    lines += [f"{bank_id}: {trouble}" for bank_id, trouble in fetched.unavailable.items()]
    emit(as_json, asdict(fetched), lines)
    return (
        FINDINGS
        if fetched.unavailable or any(one.outcome in ("unreadable", "failed") for one in fetched.imported)
        else 0
    )


@bank.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--bank", "bank_id", default="by-hand", show_default=True, help="Which bank the files are from.")
@command
def bank_import(files: tuple[Path, ...], bank_id: str, as_json: bool) -> int:
    """Import bank FILES at hand (pain.002, camt.052, camt.053, camt.054). Again, under any name, it changes nothing."""
    opened = service()
    known = []
    for path in files:
        with path.open("rb") as content, opened.desk.work(operator()) as work:
            stored = bank_store.store(work, "in", bank_id, path.name, content)
        if not stored.new:
            known.append(
                Imported(
                    stored.file_id, path.name, "known", 0, "the same bytes are stored already; nothing was changed"
                )
            )
    with progress(as_json=as_json) as tell:
        imported = [*known, *import_stored(opened.desk, operator(), opened.funds, tell)]
    operations.anchor_audit(opened)
    emit(as_json, [asdict(one) for one in imported], _imported(imported))
    return FINDINGS if any(one.outcome in ("unreadable", "failed") for one in imported) else 0


@contextmanager
def progress(*, as_json: bool) -> Iterator[Tell]:
    """Shows on a terminal how far a file is, on one line that is gone in the end; nothing to a file, a pipe or a machine."""
    if as_json or not sys.stderr.isatty():
        yield untold
        return
    anew = "\r\x1b[K"
    yield lambda what, entries: click.echo(f"{anew}{what}, {entries} entries", err=True, nl=False)
    click.echo(anew, err=True, nl=False)


def _imported(imported: list[Imported]) -> list[str]:
    return [
        f"{one.name}: {one.outcome}, {one.entries} entries{f' ({one.detail})' if one.detail else ''}"
        for one in imported
    ]
