"""Checks a pack without the service that made it: no database, no keys of ours, no network."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.signing import fingerprint, is_signed
from debit_service.reports.proof.sealed import KEY, MANIFEST, SIGNATURE, SUMS, zipped

#: What a pack may hold, far above any real one: more is refused before it is read.
_BYTES_MAX: Final = 512 * 1024 * 1024
_FINGERPRINT_DIGITS: Final = 64
#: What `zipfile` and `zlib` say of bytes that are no whole ZIP.
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `faults` empty: every file is as it was when the holder of the key signed.

    Whose key that is was checked only if a fingerprint was expected: without it, anybody can have made the pack.
    """

    faults: list[str]
    is_key_checked: bool
    fingerprint: str | None
    signed_at: str | None
    files: int


def read_pack(path: Path) -> dict[str, bytes]:
    """File name -> content of a pack: a ZIP as we write it, or the folder that it was unpacked to.

    Of a ZIP every byte counts: what stands before, between or behind its files is not signed, and other programs may read it.
    Raises InvalidInput `proof_pack.*`.
    """
    found = [one for one in sorted(path.rglob("*")) if one.is_file()] if path.is_dir() else [path]
    if sum(one.stat().st_size for one in found) > _BYTES_MAX:
        raise InvalidInput("proof_pack.too_large", "This pack is larger than any pack can be.", place=str(path))
    if path.is_dir():
        return {one.relative_to(path).as_posix(): one.read_bytes() for one in found}
    content = path.read_bytes()
    try:
        pack, dated = _unzipped(content, str(path))
        is_ours = zipped(pack, dated=dated) == content
    except _UNREADABLE as error:
        raise InvalidInput(
            "proof_pack.unreadable",
            f"This is no whole ZIP: {error}.",
            place=str(path),
            remedy="Ask for the pack again.",
        ) from None
    if not is_ours:
        raise _not_as_written(str(path))
    return pack


def _unzipped(content: bytes, place: str) -> tuple[dict[str, bytes], datetime]:
    """The files, and the moment of the first of them. They are stored as they are, so they are no larger than the ZIP."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len({one.filename for one in entries}) != len(entries):
            raise InvalidInput("proof_pack.twice", "Two files of this pack have one name.", place=place)
        are_stored = all(one.compress_type == zipfile.ZIP_STORED for one in entries)
        if not entries or not are_stored or sum(one.file_size for one in entries) > len(content):
            raise _not_as_written(place)
        return {one.filename: archive.read(one) for one in entries}, datetime(*entries[0].date_time, tzinfo=UTC)


def _not_as_written(place: str) -> InvalidInput:
    return InvalidInput(
        "proof_pack.not_as_written",
        "This ZIP is not as the service writes it: it holds bytes that nobody signed, or it was packed anew.",
        place=place,
        remedy="Ask for the pack again; or unpack it, trust nothing but the files that come out, and check their folder.",
    )


def check(pack: Mapping[str, bytes], expected: str | None = None) -> Checked:
    """Hold every file against its hash, the hashes against the signature, and the key against `expected`, its fingerprint.

    Raises InvalidInput `proof_pack.fingerprint` when `expected` is none.
    """
    if expected is not None and len(_plain(expected)) != _FINGERPRINT_DIGITS:
        raise InvalidInput(
            "proof_pack.fingerprint",
            f"A fingerprint has {_FINGERPRINT_DIGITS} hexadecimal digits.",
            place="--fingerprint",
            remedy="Take it from where the fund publishes it.",
        )
    faults = [*_hashes(pack), *_signature(pack, expected), *_manifest(pack)]
    try:
        named = fingerprint(pack.get(KEY, b""))
    except DebitError:
        named = None
    return Checked(faults, expected is not None, named, _signed_at(pack), len(pack))


def _hashes(pack: Mapping[str, bytes]) -> Iterator[str]:
    """Every file is listed once with its hash, and nothing else is there."""
    listed: dict[str, str] = {}
    for line in pack.get(SUMS, b"").decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if name in listed:
            yield f"{name}: listed twice"
        listed[name] = digest
    for name, digest in listed.items():
        if name not in pack:
            yield f"{name}: missing"
        elif sha256(pack[name]).hexdigest() != digest:
            yield f"{name}: changed"
    yield from (f"{name}: added" for name in pack.keys() - listed.keys() - {SUMS, SIGNATURE})


def _signature(pack: Mapping[str, bytes], expected: str | None) -> Iterator[str]:
    absent = [name for name in (SUMS, SIGNATURE, KEY) if name not in pack]
    if absent:
        yield from (f"{name}: missing" for name in absent)
        return
    try:
        if not is_signed(pack[SUMS], pack[SIGNATURE], pack[KEY]):
            yield f"{SIGNATURE}: does not fit {SUMS} and {KEY}"
        if expected is not None and fingerprint(pack[KEY]) != _plain(expected):
            yield f"{KEY}: is another key than the one that was expected"
    except InvalidInput as error:
        yield f"{KEY}: {error.message}"


def _manifest(pack: Mapping[str, bytes]) -> Iterator[str]:
    """The manifest says the same as the hashes: who reads only one of them reads no other pack."""
    try:
        said = {one["name"]: one["sha256"] for one in json.loads(pack[MANIFEST])["files"]}
    except (KeyError, ValueError, TypeError, RecursionError):
        yield f"{MANIFEST}: missing or unreadable"
        return
    held = {
        name: sha256(content).hexdigest() for name, content in pack.items() if name not in (MANIFEST, SUMS, SIGNATURE)
    }
    if said != held:
        yield f"{MANIFEST}: does not list these files with these hashes"


def _signed_at(pack: Mapping[str, bytes]) -> str | None:
    try:
        return str(json.loads(pack[MANIFEST])["signed_at"])
    except (KeyError, ValueError, TypeError, RecursionError):
        return None


def _plain(text: str) -> str:
    """A fingerprint as people copy it: in groups, with colons, in capitals."""
    return "".join(one for one in text.lower() if one in "0123456789abcdef")
