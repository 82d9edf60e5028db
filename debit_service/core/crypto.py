"""The key ring: field encryption, and blind indexes to find a sealed value again.

AES-256-GCM per value (`cryptography`), envelope `version 1 | key id 4 | nonce 12 | ciphertext and tag`. The associated data is
the place where the value belongs (`table.column:primary key`): a value moved to another row or column does not open. The blind
index is HMAC-SHA-256 under a key of its own, with the purpose in the message, so that indexes of two columns never compare.
"""

import base64
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from debit_service.core.errors import NotFound, Refused
from debit_service.core.files import write_once

_VERSION = b"\x01"
_NONCE_LENGTH = 12
_HEAD_LENGTH = len(_VERSION) + 4
_BODY_STARTS = _HEAD_LENGTH + _NONCE_LENGTH


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every key that may still open something, the one that seals now, and the key of the blind indexes."""

    active: str
    sealing: dict[str, bytes]
    indexing: bytes
    #: By what an envelope begins with. Setting a cipher up costs more than opening an account number with it.
    _ciphers: dict[bytes, AESGCM] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        ciphers = {_VERSION + key_id.encode(): AESGCM(key) for key_id, key in self.sealing.items()}
        object.__setattr__(self, "_ciphers", ciphers)

    def __repr__(self) -> str:
        return f"KeyRing(active={self.active!r})"

    def seal(self, value: str | bytes, place: str) -> bytes:
        """Encrypt `value` for `place`, `table.column:primary key`."""
        data = value.encode() if isinstance(value, str) else value
        nonce, head = os.urandom(_NONCE_LENGTH), _VERSION + self.active.encode()
        return head + nonce + self._ciphers[head].encrypt(nonce, data, place.encode())

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` made for the same place. Raises Refused `keys.*` when key, place or bytes do not fit."""
        cipher = self._ciphers.get(sealed[:_HEAD_LENGTH])
        if cipher is None:
            raise Refused("keys.unknown", "A sealed value names a key that is not in the key ring.", place=place,
                          remedy="Put the key ring that belongs to this database in place.")  # fmt: skip
        try:
            return cipher.decrypt(sealed[_HEAD_LENGTH:_BODY_STARTS], sealed[_BODY_STARTS:], place.encode())
        except (InvalidTag, ValueError):  # ValueError: so short that not even a nonce is left
            raise Refused(
                "keys.tampered", "A sealed value was changed, or moved from another place.", place=place
            ) from None

    def open(self, sealed: bytes, place: str) -> str:
        """`open_bytes`, as text."""
        return self.open_bytes(sealed, place).decode()

    def index(self, value: str, purpose: str) -> str:
        """The blind index of `value` for `purpose`: equal values give equal indexes, and nothing else can be read off."""
        return hmac.new(self.indexing, f"{purpose}\0{value}".encode(), sha256).hexdigest()

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret for `purpose` that this ring always gives again."""
        return hmac.new(self.indexing, f"derive\0{purpose}".encode(), sha256).digest()


def create_key_ring(path: Path) -> KeyRing:
    """Make a new key ring at `path`, readable by its owner only. An existing ring is never replaced."""
    ring = {
        "active": "k001",
        "sealing": {"k001": base64.b64encode(secrets.token_bytes(32)).decode()},
        "indexing": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    try:
        write_once(path, json.dumps(ring, indent=1).encode(), mode=0o600)
    except FileExistsError:
        raise Refused(
            "keys.exist", "There is a key ring already; replacing it would lock all sealed data.", place=str(path)
        ) from None
    return load_key_ring(path)


def load_key_ring(path: Path) -> KeyRing:
    """Read the key ring. Raises NotFound `keys.missing` with the remedy."""
    try:
        ring = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotFound("keys.missing", "There is no key ring.", place=str(path),
                       remedy="Restore it from its safe; for a new installation run `debit db upgrade`.") from None  # fmt: skip
    except ValueError:
        raise _damaged(path) from None
    try:
        sealing = {key_id: base64.b64decode(key, validate=True) for key_id, key in ring["sealing"].items()}
        return KeyRing(ring["active"], sealing, base64.b64decode(ring["indexing"], validate=True))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _damaged(path) from None


def _damaged(path: Path) -> Refused:
    return Refused("keys.damaged", "This file is no key ring.", place=str(path), remedy="Restore it from its safe.")
