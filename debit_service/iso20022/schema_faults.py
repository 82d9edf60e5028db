"""Where and how a file breaks its schema: the slow pass, taken only when the quick one (`xml.schema_holds`) has found something.

A parser that validates says what is wrong, not where. So two of them read the file: the first in large pieces, and where it
has found something in one, the second reads that piece tag by tag; it has kept the path of open elements, and the tag at
which its log grows is the place. What the parser says is put into words that never repeat a value: it may be a name.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import cast

from lxml import etree

from debit_service.iso20022.findings import Finding, Rule
from debit_service.iso20022.xml import Source, forget, local_name, pull_parser

_PIECE_BYTES = 64 * 1024
# The parser's log is a list that only grows, and is copied when it is looked at.
FAULTS_MAX = 1000
# What leaves memory as it ends. Elements with these names are numbered in a path even where there is one.
REPEATED = frozenset(
    (
        *("PmtInf", "DrctDbtTxInf", "OrgnlPmtInfAndSts", "TxInfAndSts"),
        *("Ntfctn", "Stmt", "Rpt", "Ntry", "NtryDtls", "TxDtls"),
    )
)
_AFTER_TAG = re.compile(rb"(?<=>)")
# A namespace has a colon; what a pattern or a set has in braces has none, or quotes.
_NAMESPACE = re.compile(r"\{[^}':]*:[^}']*\}")
_SEE_SCHEMA = "Correct it as the schema of the message has it."


def _rule(code: str, message: str, remedy: str = _SEE_SCHEMA) -> Rule:
    return Rule(f"iso.xsd.{code}", "error", message, remedy, "the message's XML schema")


# The end of what the parser says, and what a finding says then. Only what the schema itself holds is repeated.
_SAYINGS: tuple[tuple[str, Rule], ...] = (
    (
        r"This element is not expected\.(?: Expected is (?:one of )?\( (?P<said>[^)]*) \)\.)?$",
        _rule(
            "unexpected", "This element does not stand here. Expected here: {said}.", "Write what is expected first."
        ),
    ),
    (
        r"Missing child element\(s\)\.(?: Expected is (?:one of )?\( (?P<said>[^)]*) \)\.)?$",
        _rule("missing", "An element is missing at the end of this one. Expected: {said}.", "Write what is expected."),
    ),
    (
        r"is not accepted by the pattern '(?P<said>[^']*)'\.$",
        _rule("pattern", "The text is not of the form {said}."),
    ),
    (
        r"is not an element of the set \{(?P<said>[^}]*)\}\.$",
        _rule("code", "The text is none of {said}."),
    ),
    (
        r"this exceeds the allowed maximum length of '(?P<said>\d+)'\.$",
        _rule("too_long", "The text is longer than {said} characters."),
    ),
    (
        r"this underruns the allowed minimum length of '(?P<said>\d+)'\.$",
        _rule("too_short", "The text has not the {said} characters that it has at least."),
    ),
    (
        r"has more (?P<said>fractional digits|digits) than are allowed",
        _rule("digits", "The number has more {said} than are allowed."),
    ),
    (
        r"is (?P<said>less than the minimum|greater than the maximum) value allowed",
        _rule("range", "The number is {said} that is allowed."),
    ),
    (
        r"is not a valid value of the (?:local )?(?:atomic|list|union) type(?: '(?:xs:)?(?P<said>\w+)')?\.$",
        _rule("type", "The text is not of its type: {said}."),
    ),
    (
        r"^The attribute '(?P<said>\w+)' is required but missing\.$",
        _rule("attribute_missing", "The attribute {said} is missing."),
    ),
    (
        r"^The attribute '[^']*' is not allowed\.$",
        _rule("attribute", "An attribute stands here that does not belong here.", "Leave it out."),
    ),
    (
        r"because the content type is '?(?:element-only|empty)'?\.$",
        _rule("text", "Text stands here where only elements belong.", "Leave it out."),
    ),
    (
        r"because the type definition is simple\.$",
        _rule("elements", "Elements stand here where only text belongs.", "Leave them out."),
    ),
    (
        r"No matching global (?:element )?declaration",
        _rule("root", "The file does not begin as this message does.", "Compare its first element with the schema."),
    ),
)
OTHER = _rule("invalid", "This is not what the schema of the message allows.")
MORE = Rule(
    "iso.xsd.more",
    "warning",
    "There are further faults against the schema behind this one; they were not looked for.",
    "Correct those that are told, and validate again.",
    "",
)
RULES: tuple[Rule, ...] = (*(rule for _, rule in _SAYINGS), OTHER, MORE)
# The last words count: what stands before them may be a value, which may say anything.
_COMPILED = tuple(
    (re.compile(rf".*{pattern}" if pattern[0] != "^" else pattern, re.DOTALL), rule) for pattern, rule in _SAYINGS
)


def schema_faults(source: Source, schema: etree.XMLSchema, bodies: Collection[str]) -> Iterator[Finding]:
    """Every fault against the schema with its place, in the order of the file.

    Paths begin below the message, one of `bodies`. Ends where the file stops being XML: whoever reads it next says so.
    """
    for told, finding in enumerate(_all_faults(source, schema, bodies), start=1):
        yield finding
        if told == FAULTS_MAX:
            yield MORE.at(finding.path, byte=finding.byte)
            return


def _all_faults(source: Source, schema: etree.XMLSchema, bodies: Collection[str]) -> Iterator[Finding]:
    scout, places = _Scout(schema), _Places(schema, bodies)
    piece = source.read(_PIECE_BYTES)
    while piece:
        found = scout.finds(piece)
        for part in _AFTER_TAG.split(piece) if found is not False else (piece,):
            if part:
                yield from places.take(part)
        piece = source.read(_PIECE_BYTES) if found is not None else b""


class _Scout:
    """Reads ahead in large pieces."""

    def __init__(self, schema: etree.XMLSchema) -> None:
        self._parser = pull_parser(tuple(f"{{*}}{name}" for name in REPEATED), schema)
        self._told = 0

    def finds(self, piece: bytes) -> bool | None:
        """Whether the schema has something against this piece; None where it is not XML."""
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError:
            return None
        _forget_ended(self._parser)
        told, self._told = self._told, len(self._parser.feed_error_log)
        return self._told > told


class _Places:
    """Keeps the path of open elements, and tells at which of them a fault shows."""

    def __init__(self, schema: etree.XMLSchema, bodies: Collection[str]) -> None:
        self._parser = pull_parser(("{*}*",), schema)
        self._bodies = bodies
        self._open: list[str] = []
        self._counts: list[Counter[str]] = [Counter()]
        self._last: list[str] = []
        self._told = self._offset = 0

    def take(self, piece: bytes) -> Iterator[Finding]:
        """The faults that show in this piece, which is one tag and what stands before it where it matters."""
        self._offset += len(piece)
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError:
            return
        for event, item in self._parser.read_events():
            if event == "start":
                self._start(local_name(cast("etree._Element", item).tag))
            elif event == "end":
                self._end(cast("etree._Element", item))
        log = self._parser.feed_error_log
        places: set[str] = set()
        for position in range(self._told, len(log)):
            finding = self._finding(str(log[position].message))
            # The parser has a second word for some faults: the facet, and then the type that has it.
            if finding.path not in places:
                places.add(finding.path)
                yield finding
        self._told = len(log)

    def _start(self, name: str) -> None:
        counts = self._counts[-1]
        label = f"{name}[{counts[name]}]" if counts[name] or name in REPEATED else name
        counts[name] += 1
        self._open.append(label)
        self._counts.append(Counter())
        self._last = self._open.copy()

    def _end(self, element: etree._Element) -> None:
        self._last = self._open.copy()
        self._open.pop()
        self._counts.pop()
        name = local_name(element.tag)
        if name in REPEATED:
            forget(element)

    def _finding(self, message: str) -> Finding:
        # A text between tags shows with the next tag: where that opens an element, the text is of the one above.
        is_above = self._last == self._open and "Character content" in message
        return _worded(message, self._path(self._last[:-1] if is_above else self._last), self._offset)

    def _path(self, labels: list[str]) -> str:
        for position, label in enumerate(labels[:-1]):
            if label.partition("[")[0] in self._bodies:
                return "/".join(labels[position + 1 :])
        return "/".join(labels)


def _worded(message: str, path: str, offset: int) -> Finding:
    said = re.sub(r"^Element '[^']*'(?:, attribute '[^']*')?: (?:\[facet '\w+'\] )?", "", _NAMESPACE.sub("", message))
    for pattern, rule in _COMPILED:
        found = pattern.match(said)
        if found:
            words = found.groupdict().get("said") or "what the schema says"
            return rule.at(path, byte=offset, said=words.replace("'", ""))
    return OTHER.at(path, byte=offset)


def _forget_ended(parser: etree.XMLPullParser) -> None:
    for event, item in parser.read_events():
        if event == "end":
            forget(cast("etree._Element", item))
