"""Any pain.002, camt.052, camt.053 or camt.054 that a bank sends, as normalised records. Streamed; memory is constant.

What version a file is decides nothing by itself: readers ask for the paths of all versions, with or without namespace
and prefix, inside an envelope or not. A file that is invalid by its schema is read all the same, because banks send
such files; one that is not well-formed, hostile or of another message is refused.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import BinaryIO

from lxml import etree

from debit_service.core.errors import InvalidInput
from debit_service.iso20022 import camt, pain002
from debit_service.iso20022.camt import CamtReader
from debit_service.iso20022.events import events
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.kinds import STANDARD, Dialect
from debit_service.iso20022.layout import Run
from debit_service.iso20022.pain002 import StatusReader
from debit_service.iso20022.records import BankRecord, Container
from debit_service.iso20022.unpack import Repair, documents, unpacked
from debit_service.iso20022.xml import (
    DEFAULT_LIMITS,
    Limits,
    Source,
    UnreadableFile,
    first_element,
    forget,
    local_name,
    namespace,
)

__all__ = ["DEFAULT_LIMITS", "Limits", "Repair", "UnreadableFile", "message_name", "read_bank_file"]

_FAMILIES = {
    pain002.BODY: "pain.002",
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
BODIES = frozenset(_FAMILIES)
_TAGS = tuple(f"{{*}}{name}" for name in (*_FAMILIES, *dict.fromkeys(camt.TAGS + pain002.TAGS)))
_REPEATED = camt.REPEATED + pain002.REPEATED
_MESSAGE = re.compile(r"\b(pain|camt)\.(\d{3})\.(\d{3})\.(\d{2})\b", re.ASCII)


def read_bank_file(
    stream: BinaryIO,
    *,
    file: str,
    limits: Limits = DEFAULT_LIMITS,
    dialect: Dialect = STANDARD,
    repairs: Collection[Repair] = (),
    layouts: bool = True,
) -> Iterator[BankRecord | Container]:
    """Records in the order of the file, and after those of each Ntfctn, Stmt, Rpt or pain.002 report its Container.

    The files of a ZIP archive are read one after another, under the names `<file>#1`, `<file>#2`... A repair that was needed is a
    finding of each Container. Without `layouts` the parser reads every element; the records are the same, and come slower.

    Raises UnreadableFile (`iso.xml.*`, `iso.zip.*`, `iso.amount.*`, ...) or InvalidInput `iso.message.unknown`. **It may have
    yielded records before it raises**: stage them, and keep nothing unless the iterator ends.
    """
    for name, inner in unpacked(stream, file=file, limits=limits):
        for number, document in enumerate(documents(inner, repairs), start=1):
            found = _read_document(Source(document, file=name, limits=limits), dialect, layouts=layouts)
            yield from found if number == 1 else _repaired(found, name, number)


def _repaired(found: Iterator[BankRecord | Container], file: str, number: int) -> Iterator[BankRecord | Container]:
    """What was found in the second and each further document of a file."""
    finding = Finding(
        "iso.repair.several_documents",
        "warning",
        f"{file}: document {number}",
        "The file holds several documents, one after another; each was read by itself, because that was asked for.",
        "Nothing, if the bank is known for it.",
    )
    for item in found:
        yield replace(item, findings=(finding, *item.findings)) if isinstance(item, Container) else item


def _read_document(source: Source, dialect: Dialect, *, layouts: bool) -> Iterator[BankRecord | Container]:
    file = source.file
    tag, root = first_element(source, BODIES)
    if tag is None:
        raise unknown_message(file, root)
    reader: CamtReader | StatusReader | None = None
    body: etree._Element | None = None
    for part in events(source, _TAGS, _REPEATED if layouts else ()):
        if isinstance(part, Run):
            if reader is not None:
                yield from reader.run(part)
            continue
        event, element = part
        name = local_name(element.tag)
        if event == "start":
            if body is None and name in BODIES:
                body, reader = element, _reader(file, element.tag, dialect)
        elif reader is not None:
            yield from reader.end(name, element)
            if element is body:
                yield from reader.finish()
                forget(element)
                body, reader = None, None


def message_name(file: str, tag: str) -> str:
    """`camt.054.001.08` for the tag of a body; without its version where the namespace gives none.

    Raises InvalidInput `iso.message.unknown` when the namespace and the element name are of different messages.
    """
    family = _FAMILIES[local_name(tag)]
    named = _MESSAGE.search(namespace(tag))
    if named is None:
        return family
    if not named.group().startswith(family):
        raise unknown_message(file, tag)
    return named.group()


def unknown_message(file: str, tag: str) -> InvalidInput:
    """The refusal of a message that is none of ours."""
    return InvalidInput(
        "iso.message.unknown",
        f"The file is no pain.002, camt.052, camt.053 or camt.054: it holds {tag[:120]}.",
        place=file,
        remedy="Look at what the file is; what banks send in other formats is not read.",
    )


def _reader(file: str, tag: str, dialect: Dialect) -> CamtReader | StatusReader:
    message, body = message_name(file, tag), local_name(tag)
    return StatusReader(file, message) if body == pain002.BODY else CamtReader(file, message, body, dialect)
