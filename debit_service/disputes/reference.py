"""The reference of a dispute: short, read aloud without doubt, checked by its last character; it says nothing about anybody."""

import secrets
from typing import Final

from debit_service.core.errors import InvalidInput
from debit_service.mandates.draft_numbers import ALPHABET, BODY_LENGTH, draft_number, read_draft_number

#: Tells it from the number of a draft, which is built in the same way. Its letter is none of theirs.
_PREFIX: Final = "S-"


def fresh() -> str:
    """A reference by chance: nobody learns from his own how many others contest."""
    return _PREFIX + draft_number("".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH)))


def read(typed: str) -> str | None:
    """The reference that somebody typed, in any case, with or without hyphens; None when it is none, or has a slip."""
    bare = typed.strip().upper()
    if not bare.startswith(_PREFIX[0]):
        return None
    try:
        return _PREFIX + read_draft_number(bare[1:])
    except InvalidInput:
        return None
