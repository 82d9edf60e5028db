"""How a code of the house becomes a word in the reader's language."""

from collections.abc import Mapping

from flask_babel import gettext


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "a text that is translated where it is used"
    """Mark `text` for the catalogues."""
    return text


def named(words: Mapping[str, str], value: str, otherwise: str | None = None) -> str:
    """What `words` calls `value`, in the reader's language; `otherwise`, or the value itself, where it has no word."""
    known = words.get(value)
    return gettext(known) if known else otherwise if otherwise is not None else value
