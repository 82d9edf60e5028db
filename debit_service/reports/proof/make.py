"""Makes a pack: gathers within a transaction, typesets and signs outside of it."""

from dataclasses import dataclass
from pathlib import Path

from debit_service.core import audit
from debit_service.core.signing import SigningKey, replace_key, signing_key
from debit_service.core.work import Actor, Desk
from debit_service.reports.proof.gather import Books, gather
from debit_service.reports.proof.sealed import sealed, zipped


@dataclass(frozen=True, slots=True)
class Made:
    """A signed pack: its files, the ZIP of them, what that is called, and whose key signed it."""

    name: str
    files: dict[str, bytes]
    content: bytes
    fingerprint: str


def make(desk: Desk, actor: Actor, books: Books, keys: Path, identifier: str) -> Made:
    """The signed pack of a contribution (see `gather`). The signing key at `keys` is made at its first use."""
    with desk.work(actor) as work:
        dossier = gather(work, books, identifier)
    key = key_in_use(desk, actor, keys)
    files = sealed(dossier.typeset(), key, about=dossier.about, signed_at=desk.clock.now())
    return Made(dossier.name, files, zipped(files, dated=dossier.dated), key.public.fingerprint)


def key_in_use(desk: Desk, actor: Actor, path: Path, *, replace: bool = False) -> SigningKey:
    """The key that signs now; one that is new is on record with its fingerprint, so that the log tells whose it is."""
    new = replace or not path.exists()
    key = (replace_key if replace else signing_key)(path, desk.keys, desk.clock.now())
    if new:
        with desk.work(actor) as work:
            audit.record(work, "signing_key.made", key.public.fingerprint, replaces=replace)
    return key
