"""Seals papers into a pack: a manifest, the hash of every file, and a signature over the hashes; as a determined ZIP.

Signed is `SHA256SUMS`, which holds the hash of every other file: `sha256sum` and `openssl` check it, with no program of ours.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from debit_service.core.signing import SigningKey
from debit_service.reports.proof.papers import Paper

MANIFEST: Final = "MANIFEST.json"
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
KEY: Final = "signing-key.pem"
#: A ZIP tells no earlier time.
_EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
_READ_ME: Final = {"en": "README.txt", "fr": "LISEZ-MOI.txt", "ar": "README.ar.txt"}


def sealed(
    papers: Sequence[Paper], key: SigningKey, *, about: Mapping[str, str], signed_at: datetime
) -> dict[str, bytes]:
    """File name -> content of the whole pack, in its order. `about` says in the manifest what the pack is of.

    The same papers give the same bytes, but for `signed_at`, which stands in the manifest.
    """
    pem = key.public.pem.encode()
    known = {"fingerprint": key.public.fingerprint, **about}
    with_key = [
        *papers,
        *(
            Paper(name, _read_me(language).format_map(known).encode(), "how to check this pack")
            for language, name in _READ_ME.items()
        ),
        Paper(
            KEY,
            pem,
            "the public key of the signature: trust it only if its fingerprint is the one that the fund publishes",
        ),
    ]
    pack = {one.name: one.content for one in sorted(with_key, key=lambda one: one.name)}
    listed = [
        {"name": one.name, "sha256": sha256(one.content).hexdigest(), "bytes": len(one.content), "what": one.what}
        for one in sorted(with_key, key=lambda one: one.name)
    ]
    if len(pack) != len(listed):
        raise ValueError("two papers of a pack have one name")
    manifest = {**about, "signed_at": signed_at.isoformat(), "key_sha256": key.public.fingerprint, "files": listed}
    pack[MANIFEST] = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
    pack[SUMS] = sums(pack)
    pack[SIGNATURE] = key.sign(pack[SUMS])
    return pack


def sums(pack: Mapping[str, bytes]) -> bytes:
    """What `sha256sum -c` reads."""
    return "".join(f"{sha256(pack[name]).hexdigest()}  {name}\n" for name in sorted(pack)).encode()


def zipped(pack: Mapping[str, bytes], *, dated: datetime) -> bytes:
    """The pack as a ZIP: in the order of the names, all of one moment, and stored as it is, because compression may differ."""
    moment = max(dated.astimezone(UTC), _EARLIEST)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(pack):
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, pack[name])
    return buffer.getvalue()


@cache
def _read_me(language: str) -> str:
    return (files(__package__) / "readme" / f"{language}.txt").read_text("utf-8")
