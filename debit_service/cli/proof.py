"""`debit proof-pack`: everything behind a decision, for somebody who can check it without this service."""

from pathlib import Path

import click

from debit_service.cli.common import command, emit, operator, service
from debit_service.reports import proof_pack as packs


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
