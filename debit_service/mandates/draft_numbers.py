"""The number of a draft: short, read aloud without doubt, typed without look-alikes, and checked by its last character.

23 characters and a prime modulus: the check finds every single wrong character and every two that were swapped.
"""

from debit_service.core.errors import InvalidInput

#: No 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: what a hand-written or a spoken character may be taken for.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
BODY_LENGTH = 7
_GROUP = 4


def draft_number(body: str) -> str:
    """The number whose first seven characters are `body`: with its check character, in two groups."""
    number = body + _check(body)
    return f"{number[:_GROUP]}-{number[_GROUP:]}"


def read_draft_number(typed: str) -> str:
    """The number that somebody typed, with or without its hyphen, in any case. Raises InvalidInput `draft.number`."""
    characters = "".join(character for character in typed.upper() if character not in " -\u2010\u2011\u2013")
    body, check = characters[:-1], characters[-1:]
    if len(body) != BODY_LENGTH or set(characters) - set(ALPHABET) or check != _check(body):
        raise InvalidInput(
            "draft.number",
            "This is no draft's number: a character is wrong or missing.",
            place="number",
            remedy="Compare it with the number on the printed form.",
        )
    return draft_number(body)


def _check(body: str) -> str:
    weighted = sum(weight * ALPHABET.index(character) for weight, character in enumerate(body, start=2))
    return ALPHABET[-weighted % len(ALPHABET)]
