"""A schema held against a large file at a fraction of the parser's time: most of such a file repeats what was found valid.

The parser validates what `events` gives it: of elements that share a layout, the first ones. Another of that layout differs from
them in its texts only, stands where its elder sibling stands, and may be repeated without end; so it is valid if each of its
texts is of its simple type. That is asked of thousands of texts at once. Whatever is not proved so is not a fault: the whole
file is then held against its schema by the parser alone (`xml.schema_holds`), as it is where anything else is unusual.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from lxml import etree

from debit_service.iso20022.events import Feed, Watch
from debit_service.iso20022.layout import Layout, Run
from debit_service.iso20022.schema_faults import REPEATED as OFTEN
from debit_service.iso20022.xml import Source, UnreadableFile, forget, local_name, pull_parser

Column = Sequence[str]
Check = Callable[[Column], bool]

REPEATED = ("DrctDbtTxInf", "TxInfAndSts", "Ntry", "TxDtls")
# Everything that may come often leaves memory as it ends.
_TAGS = tuple(f"{{*}}{name}" for name in OFTEN)
_XSD = "{http://www.w3.org/2001/XMLSchema}"
# What a schema lets pass unseen: below it, an element that was read is not one that was found valid.
_UNSEEN = b"SplmtryData"
_CURRENCY = re.compile(r' Ccy="[A-Z]{3}"')
# The constructs of schema patterns that mean the same in Python.
_SAME_PATTERN = re.compile(r"[A-Za-z0-9\[\]{},()?-]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# XML forbids it, so no text can hold it.
_BORDER = "\x1f"


def schema_proved(source: Source, schema: etree.XMLSchema, types: "TextTypes") -> bool:
    """Whether the file is proved to be valid; False says nothing about it."""
    feed = _ValidatingFeed(source, schema)
    checks: dict[Layout, tuple[Check, ...] | None] = {}
    try:
        for part in Watch(source, feed, REPEATED).parts():
            if isinstance(part, Run):
                if part.layout not in checks:
                    checks[part.layout] = types.checks(part.layout)
                if feed.in_doubt or not holds(part, checks[part.layout]):
                    return False
            elif part[0] == "end":
                forget(part[1])
        # Where the watch ends before the file does, there is something unusual.
        if source.read(1):
            return False
        list(feed.end())
    except UnreadableFile:
        return False
    return not feed.in_doubt


def holds(run: Run, checks: tuple[Check, ...] | None) -> bool:
    """Whether each text of these elements is proved to be of its type."""
    columns = zip(*run.rows, strict=True)
    return checks is not None and all(check(column) for check, column in zip(checks, columns, strict=True))


class _ValidatingFeed(Feed):
    """A parser that validates what it is given."""

    def __init__(self, source: Source, schema: etree.XMLSchema) -> None:
        super().__init__(source, pull_parser(_TAGS, schema))
        self._has_unseen = False

    @property
    def in_doubt(self) -> bool:
        """Whether something was found that is not valid, or that was not looked at."""
        return self._has_unseen or len(self._parser.feed_error_log) > 0

    def take(self, piece: bytes) -> Iterator[tuple[str, etree._Element]]:
        """The events that this piece of the file completes."""
        self._has_unseen = self._has_unseen or _UNSEEN in piece
        return super().take(piece)


class TextTypes:
    """The simple types of the leaves below the repeated elements of a message, as its schema has them."""

    def __init__(self, schema: etree._Element) -> None:
        self._types = {each.get("name"): each for each in schema if each.get("name")}
        # The types of the elements in each type: an element that has two there has none for us.
        self._inside = {name: _kinds(each) for name, each in self._types.items()}
        self._repeated = {name: _repeated_type(schema, name) for name in REPEATED}

    def checks(self, layout: Layout) -> tuple[Check, ...] | None:
        """What proves each column; None where some text is not in a column, or has a type or attribute that is not known."""
        root = self._repeated.get(layout.name)
        if root is None or "=" in _CURRENCY.sub("", layout.skeleton) or len(layout.paths) < layout.skeleton.count("\0"):
            return None
        checks = [self._check(root, path) for path in layout.paths]
        return tuple(check for check in checks if check) if all(checks) else None

    def _check(self, root: str, path: str) -> Check | None:
        name: str | None = root
        for step in path.split("/"):
            name = self._inside.get(name, {}).get(step.partition("[")[0])
        leaf = self._types.get(name)
        extended = leaf.find(f"{_XSD}simpleContent/{_XSD}extension") if leaf is not None else None
        if extended is not None:
            leaf = self._types.get(extended.get("base"))
        restricted = leaf.find(f"{_XSD}restriction") if leaf is not None else None
        return _check_of(restricted) if restricted is not None else None


def _kinds(holder: etree._Element) -> dict[str, str | None]:
    kinds: dict[str, str | None] = {}
    for each in holder.iter(f"{_XSD}element"):
        name, kind = each.get("name") or "", each.get("type")
        kinds[name] = kind if kinds.get(name, kind) == kind else None
    return kinds


def _repeated_type(schema: etree._Element, name: str) -> str | None:
    """The type of an element that has only one, and may be repeated without end."""
    found = [each for each in schema.iter(f"{_XSD}element") if each.get("name") == name]
    kinds = {each.get("type") for each in found}
    endless = all(each.get("maxOccurs") == "unbounded" for each in found)
    return kinds.pop() if len(kinds) == 1 and endless else None


def _check_of(restricted: etree._Element) -> Check | None:
    facets: dict[str, list[str]] = {}
    for each in restricted:
        facets.setdefault(local_name(each.tag), []).append(each.get("value") or "")
    base = (restricted.get("base") or "").partition(":")[2]
    made = _MADE.get(base)
    return made(facets) if made is not None else None


def _string(facets: Mapping[str, list[str]]) -> Check | None:
    known = facets.keys() <= {"minLength", "maxLength", "pattern", "enumeration"}
    patterns = facets.get("pattern", [])
    if not known or len(patterns) > 1 or not all(map(_SAME_PATTERN.fullmatch, patterns)):
        return None
    shortest, longest = int(facets.get("minLength", ["0"])[0]), int(facets.get("maxLength", ["999999999"])[0])
    allowed = frozenset(facets.get("enumeration", ()))
    pattern = _joined(f"(?:{patterns[0]})") if patterns else None

    def hold(column: Column) -> bool:
        lengths = set(map(len, column))
        return (
            shortest <= min(lengths)
            and max(lengths) <= longest
            and (not allowed or allowed.issuperset(column))
            and (pattern is None or pattern.fullmatch(_BORDER.join(column)) is not None)
        )

    return hold


def _decimal(facets: Mapping[str, list[str]]) -> Check | None:
    if not facets.keys() <= {"totalDigits", "fractionDigits", "minInclusive"} or facets.get("minInclusive") not in (
        None,
        ["0"],
    ):
        return None
    fraction, total = int(facets.get("fractionDigits", ["0"])[0]), int(facets.get("totalDigits", ["0"])[0])
    if total <= fraction:
        return None
    pattern = _joined(rf"[0-9]{{1,{total - fraction}}}" + (rf"(?:\.[0-9]{{1,{fraction}}})?" if fraction else ""))
    return lambda column: pattern.fullmatch(_BORDER.join(column)) is not None


def _date(facets: Mapping[str, list[str]]) -> Check | None:
    return None if facets else lambda column: all(map(_is_day, set(column)))


def _boolean(facets: Mapping[str, list[str]]) -> Check | None:
    return None if facets else {"true", "false"}.issuperset


_MADE: Mapping[str, Callable[[Mapping[str, list[str]]], Check | None]] = {
    "string": _string,
    "decimal": _decimal,
    "date": _date,
    "boolean": _boolean,
}


def _joined(one: str) -> re.Pattern[str]:
    return re.compile(f"{one}(?:{_BORDER}{one})*", re.ASCII)


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
