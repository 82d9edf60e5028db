"""The service's signature: one key at a time, and what older keys signed can always be checked."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from debit_service.core.crypto import KeyRing, create_key_ring
from debit_service.core.errors import DebitError, InvalidInput, Refused
from debit_service.core.signing import fingerprint, is_signed, public_keys, replace_key, signing_key

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return create_key_ring(tmp_path / "keys.json")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "signing-keys.json"


def test_the_key_is_made_once_and_signs_the_same_content_alike(ring: KeyRing, path: Path) -> None:
    first, second = signing_key(path, ring, AT), signing_key(path, ring, AT)
    assert first.public == second.public
    assert first.sign(b"sums") == second.sign(b"sums")
    assert is_signed(b"sums", first.sign(b"sums"), first.public.pem.encode())
    assert fingerprint(first.public.pem.encode()) == first.public.fingerprint


@pytest.mark.parametrize("content", [b"sum", b"sums ", b"Sums"])
def test_another_content_is_not_signed(ring: KeyRing, path: Path, content: bytes) -> None:
    key = signing_key(path, ring, AT)
    assert not is_signed(content, key.sign(b"sums"), key.public.pem.encode())


def test_what_a_replaced_key_signed_is_checked_still_and_it_signs_no_more(ring: KeyRing, path: Path) -> None:
    old = signing_key(path, ring, AT)
    signature = old.sign(b"sums")

    new = replace_key(path, ring, AT)

    kept, now = public_keys(path)
    assert (kept.fingerprint, kept.signs, now.fingerprint, now.signs) == (
        old.public.fingerprint, False, new.public.fingerprint, True,
    )  # fmt: skip
    assert is_signed(b"sums", signature, kept.pem.encode())
    assert [row["private_sealed"] is None for row in json.loads(path.read_bytes())["keys"]] == [True, False]


def test_without_the_key_ring_nobody_signs(ring: KeyRing, path: Path, tmp_path: Path) -> None:
    signing_key(path, ring, AT)
    with pytest.raises(Refused):
        signing_key(path, create_key_ring(tmp_path / "another.json"), AT)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"{}", b"[]"])
def test_a_damaged_file_is_named_and_not_replaced(ring: KeyRing, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DebitError) as refused:
        signing_key(path, ring, AT)
    assert refused.value.place == str(path)
    assert path.read_bytes() == content


def test_a_key_of_another_kind_is_none() -> None:
    with pytest.raises(InvalidInput):
        fingerprint(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
