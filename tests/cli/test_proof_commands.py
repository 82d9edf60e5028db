"""`debit proof-pack` makes a pack that is checked where there is no database, and shows the key to be published."""

from pathlib import Path

import pytest
from cli.test_commands import FINDINGS, Shell, shell

__all__ = ["shell"]


@pytest.fixture
def packed(shell: Shell, tmp_path: Path) -> tuple[Path, str]:
    """A pack, and the fingerprint of its key."""
    sent = shell.house.sent()
    made = shell.json("proof-pack", sent.contribution_id, "--out", str(tmp_path / "out"))
    return Path(made["path"]), made["key"]


def test_a_pack_is_good_where_there_is_no_database(
    shell: Shell, packed: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, fingerprint = packed
    published = [one["fingerprint"] for one in shell.json("proof-pack", "key")]
    assert published == [fingerprint]
    monkeypatch.setenv("DEBIT_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("DEBIT_DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3")
    told = shell.json("proof-pack", "check", str(path), "--fingerprint", fingerprint)
    assert (told["faults"], told["key"]) == ([], fingerprint)


def test_without_the_published_fingerprint_nothing_is_proven(shell: Shell, packed: tuple[Path, str]) -> None:
    path, fingerprint = packed
    told = shell.json("proof-pack", "check", str(path), code=FINDINGS)
    assert (told["key_checked"], told["faults"], told["key"]) == (False, [], fingerprint)
    assert shell.run("proof-pack", "check", str(path)).stdout.startswith("Whose key signed this was NOT checked")
    refused = shell.refusal("proof-pack", "check", str(path), "--fingerprint", "", code=FINDINGS)
    assert refused["code"] == "proof_pack.fingerprint"


def test_a_changed_byte_is_a_finding(shell: Shell, packed: tuple[Path, str]) -> None:
    path, _ = packed
    content = path.read_bytes()
    at = content.index(b"<DrctDbtTxInf>") + 1
    path.write_bytes(content[:at] + b"d" + content[at + 1 :])
    told = shell.refusal("proof-pack", "check", str(path), code=FINDINGS)
    assert told["code"] == "proof_pack.unreadable"


def test_another_key_than_the_published_one_is_a_finding(shell: Shell, packed: tuple[Path, str]) -> None:
    path, fingerprint = packed
    shell.json("proof-pack", "key", "--replace")
    old, new = shell.json("proof-pack", "key")
    assert (old["fingerprint"], old["signs"], new["signs"]) == (fingerprint, False, True)
    told = shell.json("proof-pack", "check", str(path), "--fingerprint", new["fingerprint"], code=FINDINGS)
    assert told["faults"] == ["signing-key.pem: is another key than the one that was expected"]


def test_no_contribution_no_pack(shell: Shell, tmp_path: Path) -> None:
    told = shell.refusal("proof-pack", "nothing", "--out", str(tmp_path), code=FINDINGS)
    assert told["code"] == "explain.unknown"
