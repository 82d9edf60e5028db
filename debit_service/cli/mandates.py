"""`debit mandates`: take in what employers signed, and record what their banks and they themselves made of it."""

from collections.abc import Callable
from pathlib import Path

import click

from debit_service import operations
from debit_service.cli.common import FILE, FINDINGS, PARTIAL, command, emit, operator, person, service, told_lines
from debit_service.cli.group import Commands
from debit_service.core.files import write_atomically
from debit_service.core.text import aligned
from debit_service.core.work import Work
from debit_service.mandates import documents
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates import service as mandate_service
from debit_service.mandates.documents import DocumentKind
from debit_service.mandates.form_pdf import form_pdf
from debit_service.mandates.models import Mandate
from debit_service.mandates.scans import read_scan

_KINDS = {kind.replace("_", "-"): kind for kind in DocumentKind}
#: What leaves the key ring as a file is for whoever asked for it.
_OWNER_ONLY = 0o600


@click.group(cls=Commands)
def mandates() -> None:
    """Who allowed what."""


@mandates.command("import")
@FILE
@PARTIAL
@click.option("--dry-run", is_flag=True, help="Report every line and keep nothing.")
@command
def mandates_import(file: Path, partial: bool, dry_run: bool, as_json: bool) -> int:
    """Take in existing mandates from FILE (CSV or NDJSON); every bad line is reported with its reason.

    Columns: fund, registration_number, employer_reference, employer_name, language, email, account_scheme (IBAN, DZ_RIB, MA_RIB),
    account, signer_name, signer_capacity, signed_on, reference, amount_limit, accepted_on, evidence.
    """
    opened = service()
    with opened.desk.work(operator()) as work:
        made, bad = mandate_service.import_rows(work, opened.funds, file.read_bytes())
        kept = not dry_run and (partial or not bad)
        if not kept:
            work.session.rollback()
    done = f"{made} mandates taken" if kept else f"nothing was kept ({made} lines are good)"
    emit(
        as_json,
        {"taken": made if kept else 0, "good": made, "bad": [one.as_dict() for one in bad]},
        told_lines(bad, done),
    )
    return FINDINGS if bad else 0


@mandates.command("show")
@click.argument("reference")
@command
def mandates_show(reference: str, as_json: bool) -> None:
    """Show the life of the mandate with this REFERENCE (or id): every change, who made it, why, on what evidence."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        mandate = mandate_service.get(work, reference)
        history = mandate_queries.history(work, mandate.id)
        rows = [(str(one.at)[:19], one.to_state, one.who, one.why, str(one.evidence)) for one in history]
        values = [
            {"at": one.at, "state": one.to_state, "who": one.who, "why": one.why, "evidence": one.evidence}
            for one in history
        ]
        emit(as_json, values, aligned(("at", "state", "who", "why", "evidence"), rows))


@mandates.command("form")
@click.argument("reference")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the PDF.")
@command
def mandates_form(reference: str, out: Path, as_json: bool) -> None:
    """Write the form of the mandate with this REFERENCE (or id) as a PDF, to be signed and stamped: a page a creditor."""
    opened = service()
    with opened.desk.work(operator()) as work:
        content = form_pdf(work, opened.funds, mandate_service.get(work, reference))
    write_atomically(out, content, mode=_OWNER_ONLY)
    operations.anchor_audit(opened)
    emit(as_json, {"reference": reference, "file": str(out), "bytes": len(content)}, [f"{out}: {len(content)} bytes"])


@mandates.command("attach")
@click.argument("reference")
@FILE
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="What the scan shows.")
@click.option("--as", "login", help="Who attaches it; without, the service by the hand of whoever may use this shell.")
@command
def mandates_attach(reference: str, file: Path, kind: str, login: str | None, as_json: bool) -> None:
    """Keep the scan FILE (PDF, JPEG or PNG) with the mandate; the number that it gets can be named as --evidence."""
    opened = service()
    actor = person(opened, login) if login else operator()
    with opened.desk.work(actor) as work:
        mandate = mandate_service.get(work, reference)
        kept = documents.attach(work, mandate, _KINDS[kind], read_scan(file))
    operations.anchor_audit(opened)
    said = "is kept as" if kept.new else "was kept already as"
    emit(as_json, {"document": kept.id, "sha256": kept.sha256, "new": kept.new}, [f"{file} {said} {kept.id}"])


@mandates.command("documents")
@click.argument("reference")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder into which to write them.")
@command
def mandates_documents(reference: str, out: Path | None, as_json: bool) -> None:
    """List the scans kept with the mandate; with --out, write each as it came."""
    opened = service()
    with opened.desk.work(operator()) as work:
        found = mandate_queries.documents(work, mandate_service.get(work, reference))
        taken = [documents.fetch(work, one.id) for one in found] if out else []
    for one in taken:
        write_atomically(out / one.name if out else Path(one.name), one.content, mode=_OWNER_ONLY)
    operations.anchor_audit(opened)
    titles = ("document", "kind", "attached_at", "attached_by", "sha256")
    rows = [(one.id, one.kind, one.attached_at.isoformat(), one.attached_by, one.sha256) for one in found]
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], aligned(titles, rows))


_EVIDENCE = click.option(
    "--evidence",
    required=True,
    help="What proves it: the number of an attached document, or the name of the bank's message.",
)
_WHY = click.option("--why", required=True, help="The reason, kept for ever.")
_AS = click.option(
    "--as", "login", required=True, help="Who acts; the password is asked for, or taken from DEBIT_PASSWORD."
)


@mandates.command("waiting")
@command
def mandates_waiting(as_json: bool) -> None:
    """List the mandates that the employer's bank has not accepted yet."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        found = mandate_queries.waiting(work)
        rows = [(one.reference, one.fund_id, state, one.signed_on.isoformat()) for one, state in found]
    titles = ("reference", "fund", "state", "signed_on")
    emit(as_json, [dict(zip(titles, row, strict=True)) for row in rows], aligned(titles, rows))


@mandates.command("lodge")
@click.argument("reference")
@_EVIDENCE
@_WHY
@_AS
@command
def mandates_lodge(reference: str, evidence: str, why: str, login: str, as_json: bool) -> None:
    """The signed form was handed to the employer's bank."""
    _about_bank(mandate_service.lodge, reference, why, evidence, login, as_json=as_json)


@mandates.command("accept")
@click.argument("reference")
@_EVIDENCE
@_WHY
@_AS
@command
def mandates_accept(reference: str, evidence: str, why: str, login: str, as_json: bool) -> None:
    """The employer's bank accepted a mandate that was lodged with it: from now on it may be debited."""
    _about_bank(mandate_service.accept, reference, why, evidence, login, as_json=as_json)


@mandates.command("refuse")
@click.argument("reference")
@_EVIDENCE
@_WHY
@_AS
@command
def mandates_refuse(reference: str, evidence: str, why: str, login: str, as_json: bool) -> None:
    """The employer's bank refused a mandate that was lodged with it."""
    _about_bank(mandate_service.refuse, reference, why, evidence, login, as_json=as_json)


def _about_bank(
    say: Callable[[Work, Mandate, str, str], None],
    reference: str,
    why: str,
    evidence: str,
    login: str,
    *,
    as_json: bool,
) -> None:
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        mandate = mandate_service.get(work, reference)
        say(work, mandate, why, evidence)
        state = mandate_queries.state(work, mandate.id)
    operations.anchor_audit(opened)
    emit(as_json, {"reference": reference, "state": state}, [f"{reference} is {state.replace('_', ' ')}"])


@mandates.command("revoke")
@click.argument("reference")
@click.option("--why", required=True, help="The reason, kept for ever.")
@click.option(
    "--as", "login", required=True, help="Who revokes; the password is asked for, or taken from DEBIT_PASSWORD."
)
@command
def mandates_revoke(reference: str, why: str, login: str, as_json: bool) -> None:
    """Revoke a mandate: what is not sent yet will not be."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        mandate_service.revoke(work, mandate_service.get(work, reference), why)
    emit(as_json, {"reference": reference, "state": "revoked"}, [f"{reference} is revoked"])
