"""Everything that is wrong with a file, as findings: first its schema, then the scheme's rules, then its own totals.

A schema says little about money: mandate, signature date, control sums and sequence type are optional in it and mandatory
in the scheme. So pain.008 is held against the rules of the SEPA direct debit schemes (`pain008/rules`), and what comes from
a bank against its own control totals. A file that is no sound XML to its end is one finding with its place, and nothing else:
of what is damaged, nothing else is certain. Memory is bounded, however large or wrong the file.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from debit_service.core.errors import DebitError
from debit_service.iso20022 import bank
from debit_service.iso20022.findings import Finding, Rule
from debit_service.iso20022.pain008.read import BODY as PAIN008_BODY
from debit_service.iso20022.pain008.rules import pain008_findings
from debit_service.iso20022.read import BODIES, read_bank_file, unknown_message
from debit_service.iso20022.records import Container
from debit_service.iso20022.schema_faults import schema_faults
from debit_service.iso20022.schema_proof import schema_proved
from debit_service.iso20022.schemas import PREFIX, envelope_schema, known_namespaces, schema_for, text_types
from debit_service.iso20022.xml import Source, first_element, local_name, namespace, schema_holds

__all__ = ["Finding", "validate"]

# So many findings of one code are told; the others are counted.
FINDINGS_MAX = 1000

UNKNOWN_SCHEMA = Rule(
    "iso.schema.unknown",
    "warning",
    "No schema is known for the namespace {namespace}; the file was not held against one.",
    "Nothing, if the bank's documents name this namespace.",
    "",
)
BARE_IN_ENVELOPE = Rule(
    "iso.schema.envelope",
    "warning",
    "The message stands in an envelope without a Document around it; it was not held against a schema.",
    "Nothing, if the envelope is the bank's own.",
    "",
)
MORE = Rule(
    "iso.more",
    "warning",
    "{count} more findings have the code {code}.",
    "Correct those that are told, and validate again.",
    "",
)
RULES = (UNKNOWN_SCHEMA, BARE_IN_ENVELOPE, MORE)

_ALL_BODIES = BODIES | {PAIN008_BODY}
_SCAN_BYTES = 256 * 1024
_NAMESPACE = re.compile(re.escape(PREFIX.encode()) + rb"[a-z]{4}\.\d{3}\.\d{3}\.\d{2}")
_DOCUMENT = re.compile(rb"<(?:[^\s<>/:]+:)?Document[\s/>]")


def validate(stream: BinaryIO, *, file: str, findings_max: int = FINDINGS_MAX) -> Iterator[Finding]:
    """The findings of one file, read several times from its beginning (`stream` can seek); they come when all is read.

    Raises NotFound `iso.schema.missing` or Refused `iso.schema.altered` when the schemas themselves are not in order.
    """
    kept: list[Finding] = []
    counts: Counter[str] = Counter()
    try:
        for finding in _findings(stream, file):
            counts[finding.code] += 1
            if counts[finding.code] <= findings_max:
                kept.append(finding)
    except DebitError as error:
        if error.code.startswith("iso.schema."):
            raise
        if error.code.startswith("iso.xml."):
            kept.clear()
            counts.clear()
        kept.append(
            Finding(error.code, "error", error.place or file, error.message, error.remedy or "Ask for the file again.")
        )
    yield from kept
    for code, count in counts.items():
        if count > findings_max:
            yield MORE.at(file, count=count - findings_max, code=code)


def _findings(stream: BinaryIO, file: str) -> Iterator[Finding]:
    tag, root = first_element(_source(stream, file), _ALL_BODIES)
    if tag is None:
        raise unknown_message(file, root)
    if namespace(root) == namespace(tag):
        yield from _of_message(stream, file, namespace(tag))
    else:
        yield from _of_envelope(stream, file, root, namespace(tag))
    stream.seek(0)
    yield from pain008_findings(stream, file) if local_name(tag) == PAIN008_BODY else _bank_findings(stream, file)


def _of_message(stream: BinaryIO, file: str, uri: str) -> Iterator[Finding]:
    if uri not in known_namespaces():
        yield UNKNOWN_SCHEMA.at(file, namespace=repr(uri[:120]))
    elif not schema_proved(_source(stream, file), schema_for(uri), text_types(uri)):
        yield from _against(stream, file, schema_for(uri))


def _of_envelope(stream: BinaryIO, file: str, root: str, first: str) -> Iterator[Finding]:
    """What is in an envelope, each message against its own schema."""
    named, has_document = _look_over(stream, file)
    known = frozenset(named & known_namespaces())
    for uri in sorted({first, *named} - known):
        yield UNKNOWN_SCHEMA.at(file, namespace=repr(uri[:120]))
    if known and has_document:
        yield from _against(stream, file, envelope_schema(root, known))
    elif known:
        yield BARE_IN_ENVELOPE.at(file)


def _against(stream: BinaryIO, file: str, schema: etree.XMLSchema) -> Iterator[Finding]:
    if not schema_holds(_source(stream, file), schema):
        yield from schema_faults(_source(stream, file), schema, _ALL_BODIES)


def _look_over(stream: BinaryIO, file: str) -> tuple[set[str], bool]:
    """The ISO namespaces that are named in a file, and whether a Document begins in it: perhaps more than there are."""
    source = _source(stream, file)
    named: set[str] = set()
    has_document, before = False, b""
    chunk = source.read(_SCAN_BYTES)
    while chunk:
        text = before + chunk
        named.update(found.decode("ascii") for found in _NAMESPACE.findall(text))
        has_document = has_document or _DOCUMENT.search(text) is not None
        before, chunk = text[-256:], source.read(_SCAN_BYTES)
    return named, has_document


def _bank_findings(stream: BinaryIO, file: str) -> Iterator[Finding]:
    containers = 0
    for item in read_bank_file(stream, file=file):
        if isinstance(item, Container):
            containers += 1
            yield from item.findings
        else:
            yield from bank.record_findings(item, containers)


def _source(stream: BinaryIO, file: str) -> Source:
    """The file from its beginning."""
    stream.seek(0)
    return Source(stream, file=file)
