"""Whether an output may count. Decided by plain searches, expat and the schema: by neither our reader nor our writer."""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from lxml import etree

from benchmarks.data import euros
from benchmarks.measure import Measurement
from debit_service.iso20022.schemas import PREFIX, schema_for

_AMOUNT = re.compile(rb'<InstdAmt Ccy="EUR">(\d+)\.(\d\d)</InstdAmt>')
_REFERENCE = re.compile(rb"<EndToEndId>([^<]+)</EndToEndId>")
_HEADER = re.compile(rb"<GrpHdr[^>]*>.*?<NbOfTxs>(\d+)</NbOfTxs>\s*<CtrlSum>([\d.]+)</CtrlSum>.*?</GrpHdr>", re.DOTALL)


class Wrong(Exception):
    """The output is not what was asked for, and the time that it took means nothing."""


def check_written(path: Path, size: int, sum_minor: int, *, by_schema: bool) -> str:
    """Hold a pain.008.001.08 against what went in, and say what was looked at. Raises Wrong."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        header = _HEADER.search(content, 0, 4096)
        if header is None:
            raise Wrong("there is no GrpHdr with NbOfTxs and CtrlSum")
        _same("GrpHdr", (int(header[1]), header[2].decode()), (size, euros(sum_minor)))
        amounts = [int(match[1] + match[2]) for match in _AMOUNT.finditer(content)]
        _same("InstdAmt", (len(amounts), sum(amounts)), (size, sum_minor))
        _same("EndToEndId", len({match[1] for match in _REFERENCE.finditer(content)}), size)
    if by_schema:
        _hold_schema(path)
        return "schema, header, count, sum, references"
    _hold_form(path)
    return "form, header, count, sum, references"


def check_read(run: Measurement, size: int, sum_minor: int) -> str:
    """Hold what a reader counted and added against what is in the file, and say what was looked at. Raises Wrong."""
    if run.count is None:
        return "ended without error"
    _same("count and sum", (run.count, run.sum_minor), (size, sum_minor))
    return "count, sum"


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Wrong(f"{what}: {found} and not {wanted}")


def _hold_schema(path: Path) -> None:
    schema = schema_for(PREFIX + "pain.008.001.08")
    try:
        for element in _transactions(path, schema):
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        raise Wrong(f"not valid by its schema: {error}") from None


def _transactions(path: Path, schema: etree.XMLSchema) -> Iterator[etree._Element]:
    parsed = etree.iterparse(str(path), events=("end",), tag="{*}DrctDbtTxInf", schema=schema)  # noqa: TID251
    return (element for _, element in parsed)


def _hold_form(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            expat.ParserCreate().ParseFile(stream)
    except expat.ExpatError as error:
        raise Wrong(f"not well-formed: {error}") from None
