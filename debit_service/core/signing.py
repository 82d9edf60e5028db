"""The service's own signature, for what others must be able to check without us: Ed25519 (RFC 8032, `cryptography`).

The keys stand in a file beside the key ring: public halves in the clear, the private half of the newest sealed by the ring. A key
that was replaced keeps its public half and loses its private one: what it signed can be checked, and it signs nothing more.
"""

import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from debit_service.core.crypto import KeyRing
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.files import write_atomically, write_once
from debit_service.core.settings import Settings

_FILE: Final = "signing-keys.json"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What others check signatures with. `fingerprint` is the SHA-256 of the key as DER (SubjectPublicKeyInfo), in hex."""

    fingerprint: str
    pem: str
    made_at: datetime
    signs: bool


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs now."""

    public: PublicKey
    _private: Ed25519PrivateKey

    def sign(self, content: bytes) -> bytes:
        """The 64 bytes of the signature. The same content gives the same bytes."""
        return self._private.sign(content)


def signing_path(settings: Settings) -> Path:
    """Where the signing keys stand: beside the key ring."""
    return settings.keys_path.with_name(_FILE)


def signing_key(path: Path, ring: KeyRing, at: datetime) -> SigningKey:
    """The key that signs now; at its first use it is made. Raises Refused `keys.*` when the ring does not open it."""
    if not path.exists():
        # Another process may make it at the same moment.
        with suppress(FileExistsError):
            write_once(path, _file([_made(ring, at)]), mode=0o600)
    newest = _rows(path)[-1]
    sealed = base64.b64decode(newest["private_sealed"])
    private = Ed25519PrivateKey.from_private_bytes(ring.open_bytes(sealed, _place(newest["fingerprint"])))
    return SigningKey(_public(newest), private)


def replace_key(path: Path, ring: KeyRing, at: datetime) -> SigningKey:
    """Sign with a new key from now on. What older keys have signed can still be checked; they sign no more."""
    before = [{**row, "private_sealed": None} for row in (_rows(path) if path.exists() else [])]
    write_atomically(path, _file([*before, _made(ring, at)]), mode=0o600)
    return signing_key(path, ring, at)


def public_keys(path: Path) -> list[PublicKey]:
    """Every key that has signed, oldest first."""
    return [_public(row) for row in _rows(path)]


def fingerprint(pem: bytes) -> str:
    """The fingerprint of a public key. Raises InvalidInput `signing.key`."""
    return sha256(_load(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def is_signed(content: bytes, signature: bytes, pem: bytes) -> bool:
    """Whether the holder of the key signed exactly this content. Raises InvalidInput `signing.key`."""
    try:
        _load(pem).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _load(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput("signing.key", "This is no Ed25519 public key in PEM.")
    return key


def _made(ring: KeyRing, at: datetime) -> dict[str, Any]:
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    name = fingerprint(pem)
    sealed = ring.seal(private.private_bytes_raw(), _place(name))
    return {
        "fingerprint": name,
        "public": pem.decode(),
        "made_at": at.isoformat(),
        "private_sealed": base64.b64encode(sealed).decode(),
    }


def _place(name: str) -> str:
    return f"signing_keys.private:{name}"


def _public(row: dict[str, Any]) -> PublicKey:
    made_at = datetime.fromisoformat(row["made_at"])
    return PublicKey(row["fingerprint"], row["public"], made_at, row["private_sealed"] is not None)


def _file(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"keys": rows}, indent=1).encode()


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_bytes())["keys"]
    except (ValueError, KeyError, TypeError):
        raise Refused(
            "signing.damaged",
            "This file holds no signing keys.",
            place=str(path),
            remedy="Restore it from its safe; or move it away, and publish the new key that is made then.",
        ) from None
    return rows
