"""Everything that is wrong with a file, as findings: first its schema, then the scheme's rules, then its own totals.

A schema says little about money: mandate, signature date, control sums and sequence type are optional in it and mandatory
in the scheme. So pain.008 is held against the rules of the SEPA direct debit schemes (`pain008/rules.py`), and what comes from
a bank against its own control totals. A file that cannot be read is one finding with its place.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from debit_service.core.errors import DebitError
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.pain008.read import BODY as PAIN008_BODY
from debit_service.iso20022.pain008.rules import pain008_findings
from debit_service.iso20022.read import BODIES, read_bank_file, unknown_message
from debit_service.iso20022.records import Container
from debit_service.iso20022.schemas import known_namespaces, schema_for
from debit_service.iso20022.xml import Source, first_element, local_name, namespace, schema_errors

__all__ = ["Finding", "validate"]

# A file with a fault in every line is described well enough by the first of them.
SCHEMA_FINDINGS_MAX = 100

_STREAMED = tuple(
    f"{{*}}{name}" for name in ("DrctDbtTxInf", "PmtInf", "TxDtls", "Ntry", "TxInfAndSts", "OrgnlPmtInfAndSts")
)
# The parser repeats the value that it dislikes, which may be a name or an account number: it is cut out.
_VALUE = re.compile(r"(The value |: )'[^']*'( is not)?")
_NAMESPACE = re.compile(r"\{[^}]*\}")


def validate(stream: BinaryIO, *, file: str) -> Iterator[Finding]:
    """The findings of one file, read from its beginning (`stream` can seek) once for the schema and once for the rules.

    Raises NotFound `iso.schema.missing` or Refused `iso.schema.altered` when the schemas themselves are not in order.
    """
    try:
        tag, root = first_element(Source(stream, file=file), BODIES | {PAIN008_BODY})
        if tag is None:
            raise unknown_message(file, root)
    except DebitError as error:
        yield _unreadable(error)
        return
    try:
        yield from _against_schema(stream, file, namespace(tag), is_enveloped=namespace(root) != namespace(tag))
        stream.seek(0)
        yield from pain008_findings(stream, file) if local_name(tag) == PAIN008_BODY else _bank_findings(stream, file)
    except DebitError as error:
        if error.code.startswith("iso.schema."):
            raise
        yield _unreadable(error)


def _against_schema(stream: BinaryIO, file: str, uri: str, *, is_enveloped: bool) -> Iterator[Finding]:
    if is_enveloped:
        yield Finding(
            "iso.schema.envelope",
            "warning",
            file,
            "The message stands in an envelope; only a message by itself is held against its schema.",
            "Nothing, if the envelope is the bank's own.",
        )
        return
    if uri not in known_namespaces():
        yield Finding(
            "iso.schema.unknown",
            "warning",
            file,
            f"No schema is known for the namespace {uri[:120]!r}; the file was not held against one.",
            "Nothing, if the bank's documents name this namespace.",
        )
        return
    stream.seek(0)
    faults = schema_errors(Source(stream, file=file), schema_for(uri), _STREAMED)
    for offset, message in islice(faults, SCHEMA_FINDINGS_MAX):
        yield Finding(
            "iso.schema.invalid",
            "error",
            f"{file}, before byte {offset}",
            _NAMESPACE.sub("", _VALUE.sub(r"\1(not shown)\2", message)),
            f"See the schema {uri.rpartition(':')[2]}.",
        )


def _bank_findings(stream: BinaryIO, file: str) -> Iterator[Finding]:
    for item in read_bank_file(stream, file=file):
        if isinstance(item, Container):
            yield from item.findings


def _unreadable(error: DebitError) -> Finding:
    return Finding(error.code, "error", error.place or "", error.message, error.remedy or "Ask for the file again.")
