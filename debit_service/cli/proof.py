"""`debit proof-pack`: everything behind a decision, for somebody who can check it without this service."""

from hashlib import sha256
from pathlib import Path

import click

from debit_service import operations
from debit_service.cli.common import FINDINGS, command, emit, operator, service
from debit_service.core.files import write_atomically
from debit_service.core.signing import PublicKey, public_keys, signing_path
from debit_service.reports.proof.check import check, read_pack
from debit_service.reports.proof.make import key_in_use

_ANYBODY = (
    "Whose key signed this was NOT checked, and anybody can sign with a key of their own:"
    " give --fingerprint with the one that the fund publishes."
)


class _PackOf(click.Group):
    """`proof-pack ID` makes a pack; `key` and `check` are commands of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is neither a command nor an option is the id."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group("proof-pack", cls=_PackOf)
def proof_pack() -> None:
    """Everything behind a contribution's outcome in one signed ZIP: form, line sent, bank's answers, notices, decisions, amounts.

    `debit proof-pack ID --out DIR` makes it; ID is the id or reference of a contribution, or the id of a penalty.
    """


@proof_pack.command("make")
@click.argument("identifier")
@click.option(
    "--out", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@click.option("--unpacked", is_flag=True, help="Write the files themselves to the folder instead of one ZIP.")
@command
def proof_pack_make(identifier: str, folder: Path, unpacked: bool, as_json: bool) -> None:
    """Write the pack of a contribution to a folder, readable by its owner only. It names people: keep it safe."""
    opened = service()
    made = operations.proof_pack(opened, operator(), identifier)
    operations.anchor_audit(opened)
    path = folder if unpacked else folder / made.name
    if unpacked:
        for name, content in made.files.items():
            write_atomically(folder / name, content, mode=0o600)
    else:
        write_atomically(path, made.content, mode=0o600)
    digest = sha256(made.content).hexdigest()
    told = {"path": str(path), "sha256": digest, "key": made.fingerprint, "files": list(made.files)}
    emit(as_json, told, [f"{path}: {len(made.files)} files, signed by the key {made.fingerprint}", *made.files])


@proof_pack.command("key")
@click.option(
    "--replace", is_flag=True, help="Sign with a new key from now on; what older ones signed stays checkable."
)
@command
def proof_pack_key(replace: bool, as_json: bool) -> None:
    """Show the public keys that packs are signed with, and their fingerprints, for the fund to publish."""
    opened = service()
    path = signing_path(opened.settings)
    key_in_use(opened.desk, operator(), path, replace=replace)
    operations.anchor_audit(opened)
    keys = public_keys(path)
    values = [
        {"fingerprint": one.fingerprint, "made_at": one.made_at, "signs": one.signs, "public": one.pem} for one in keys
    ]
    emit(as_json, values, [line for one in keys for line in _key_lines(one)])


def _key_lines(key: PublicKey) -> list[str]:
    since = f"made {key.made_at:%Y-%m-%d}, {'signs now' if key.signs else 'signs no more'}"
    return [f"{key.fingerprint}  {since}", *key.pem.splitlines()]


@proof_pack.command("check")
@click.argument("pack", type=click.Path(path_type=Path, exists=True))
@click.option("--fingerprint", help="The fingerprint of the key that the fund publishes; without it nothing is proven.")
@command
def proof_pack_check(pack: Path, fingerprint: str | None, as_json: bool) -> int | None:
    """Check a pack, a ZIP or its folder, with no database: every file, the signature, and whose key it is."""
    found = check(read_pack(pack), fingerprint)
    lines = [] if found.is_key_checked else [_ANYBODY]
    lines += [f"{pack}: {one}" for one in found.faults]
    if not found.faults:
        lines.append(f"{pack}: {found.files} files are as they were when they were signed ({found.signed_at}).")
    lines.append(f"key: {found.fingerprint}")
    values = {
        "key_checked": found.is_key_checked,
        "faults": found.faults,
        "files": found.files,
        "signed_at": found.signed_at,
        "key": found.fingerprint,
    }
    emit(as_json, values, lines)
    return FINDINGS if found.faults or not found.is_key_checked else None
