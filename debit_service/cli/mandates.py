"""`debit mandates`: take in what employers signed, and record what their banks and they themselves made of it."""

from pathlib import Path

import click

from debit_service import operations
from debit_service.cli import import_report
from debit_service.cli.common import FILE, FINDINGS, PARTIAL, command, emit, operator, person, service
from debit_service.cli.group import Commands
from debit_service.cli.mandate_life import COMMANDS
from debit_service.core.files import write_atomically
from debit_service.core.text import aligned
from debit_service.mandates import documents, importing
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates import service as mandate_service
from debit_service.mandates.documents import DocumentKind
from debit_service.mandates.form_pdf import form_pdf
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
@click.option("--dry-run", is_flag=True, help="Report what would become of every line, and keep nothing.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what became of every line to this file: .csv for a spreadsheet, .ndjson for machines.",
)
@command
def mandates_import(file: Path, partial: bool, dry_run: bool, report_file: Path | None, as_json: bool) -> int:
    """Take in existing mandates from FILE (CSV or NDJSON, at most 512 MiB); every line is answered for.

    Columns: fund, registration_number, employer_reference, employer_name, language, email, account_scheme (IBAN, DZ_RIB, MA_RIB),
    account, signer_name, signer_capacity, signed_on, reference, amount_limit, accepted_on, evidence.
    """
    write = import_report.writer(report_file.suffix) if report_file else None
    opened = service()
    with opened.desk.work(operator()) as work:
        imported = importing.import_rows(work, opened.funds, file.read_bytes())
        kept = not dry_run and (partial or not imported.bad)
        if not kept:
            work.session.rollback()
    if report_file and write:
        write_atomically(report_file, write(imported, kept), mode=_OWNER_ONLY)
    done = f"{imported.good} mandates taken" if kept else f"nothing was kept ({imported.good} lines are good)"
    lines = import_report.told(imported, every_line=dry_run, kept=kept)
    emit(as_json, import_report.values(imported, kept=kept), [*lines, f"{done}, {len(imported.bad)} bad lines"])
    return FINDINGS if imported.bad else 0


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


for _each in COMMANDS:
    mandates.add_command(_each)
