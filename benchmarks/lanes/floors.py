"""What the plainest code needs for a part of the work: lxml, expat and f-strings with nothing around them.

No floor refuses a hostile file, checks a reference, adds up a total or knows a second dialect.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from lxml import etree

from benchmarks.data import (
    COLLECTED_ON,
    CREATED,
    CREDITOR_BIC,
    CREDITOR_IDENTIFIER,
    CREDITOR_NAME,
    MESSAGE_ID,
    PAYMENT_INFORMATION_ID,
    euros,
    iban,
)
from benchmarks.task import Seen, Task
from debit_service.iso20022.schemas import PREFIX, schema_for

CAMT = PREFIX + "camt.054.001.08"
PAIN008 = PREFIX + "pain.008.001.08"
_BUFFER = 1 << 20
# The stubs of lxml do not know that None is the prefix of the default namespace.
_NSMAP: Any = {None: PAIN008}


# --- writing --------------------------------------------------------------------------------------------------------------


def f_strings(task: Task) -> Seen:
    """One f-string a transaction into a buffered file."""
    with task.target.open("w", encoding="utf-8", newline="\n", buffering=_BUFFER) as out:
        out.write(file_head(task))
        for reference, amount, mandate, signed_on, name, account, bic, remittance in task.rows:
            out.write(
                f"<DrctDbtTxInf><PmtId><EndToEndId>{escape(reference)}</EndToEndId></PmtId>"
                f'<InstdAmt Ccy="EUR">{amount // 100}.{amount % 100:02d}</InstdAmt>'
                f"<DrctDbtTx><MndtRltdInf><MndtId>{escape(mandate)}</MndtId><DtOfSgntr>{signed_on}</DtOfSgntr></MndtRltdInf>"
                f"</DrctDbtTx><DbtrAgt><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></DbtrAgt>"
                f"<Dbtr><Nm>{escape(name)}</Nm></Dbtr><DbtrAcct><Id><IBAN>{account}</IBAN></Id></DbtrAcct>"
                f"<RmtInf><Ustrd>{escape(remittance)}</Ustrd></RmtInf></DrctDbtTxInf>\n"
            )
        out.write("</PmtInf></CstmrDrctDbtInitn></Document>\n")
    return Seen()


def file_head(task: Task) -> str:
    """Everything before the first transaction."""
    totals = f"<NbOfTxs>{task.size}</NbOfTxs><CtrlSum>{euros(task.total_minor)}</CtrlSum>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{PAIN008}"><CstmrDrctDbtInitn>'
        f"<GrpHdr><MsgId>{MESSAGE_ID}</MsgId><CreDtTm>{CREATED.isoformat()}</CreDtTm>{totals}"
        f"<InitgPty><Nm>{CREDITOR_NAME}</Nm></InitgPty></GrpHdr>"
        f"<PmtInf><PmtInfId>{PAYMENT_INFORMATION_ID}</PmtInfId><PmtMtd>DD</PmtMtd>{totals}"
        "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>CORE</Cd></LclInstrm><SeqTp>RCUR</SeqTp></PmtTpInf>"
        f"<ReqdColltnDt>{COLLECTED_ON}</ReqdColltnDt><Cdtr><Nm>{CREDITOR_NAME}</Nm></Cdtr>"
        f"<CdtrAcct><Id><IBAN>{iban(0)}</IBAN></Id></CdtrAcct>"
        f"<CdtrAgt><FinInstnId><BICFI>{CREDITOR_BIC}</BICFI></FinInstnId></CdtrAgt><ChrgBr>SLEV</ChrgBr>"
        f"<CdtrSchmeId><Id><PrvtId><Othr><Id>{CREDITOR_IDENTIFIER}</Id><SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr>"
        "</PrvtId></Id></CdtrSchmeId>\n"
    )


def xmlfile(task: Task) -> Seen:
    """lxml's incremental writer: each transaction a small tree, serialised and dropped."""
    totals = (("NbOfTxs", str(task.size)), ("CtrlSum", euros(task.total_minor)))
    with (
        task.target.open("wb", buffering=_BUFFER) as out,
        etree.xmlfile(out, encoding="UTF-8") as xml,
        xml.element(_name("Document"), nsmap=_NSMAP),
        xml.element(_name("CstmrDrctDbtInitn")),
    ):
        xml.write(_group_header(totals))
        with xml.element(_name("PmtInf")):
            for element in _block_header(totals):
                xml.write(element)
            for row in task.rows:
                xml.write(_transaction(*row))
    return Seen()


def _name(name: str) -> str:
    return f"{{{PAIN008}}}{name}"


def _element(path: str, text: str, parent: etree._Element | None = None) -> etree._Element:
    """`A/B/C` around `text`, under `parent` when it is given."""
    first: etree._Element | None = None
    element = parent
    for name in path.split("/"):
        tag = _name(name)
        element = etree.Element(tag, nsmap=_NSMAP) if element is None else etree.SubElement(element, tag)
        first = element if first is None else first
    assert first is not None
    assert element is not None
    element.text = text
    return first


def _group_header(totals: tuple[tuple[str, str], ...]) -> etree._Element:
    header = etree.Element(_name("GrpHdr"), nsmap=_NSMAP)
    said = (("MsgId", MESSAGE_ID), ("CreDtTm", CREATED.isoformat()), *totals, ("InitgPty/Nm", CREDITOR_NAME))
    for path, text in said:
        _element(path, text, header)
    return header


def _block_header(totals: tuple[tuple[str, str], ...]) -> Iterator[etree._Element]:
    yield _element("PmtInfId", PAYMENT_INFORMATION_ID)
    yield _element("PmtMtd", "DD")
    for path, text in totals:
        yield _element(path, text)
    kind = _element("PmtTpInf/SvcLvl/Cd", "SEPA")
    _element("LclInstrm/Cd", "CORE", kind)
    _element("SeqTp", "RCUR", kind)
    yield kind
    yield _element("ReqdColltnDt", COLLECTED_ON.isoformat())
    yield _element("Cdtr/Nm", CREDITOR_NAME)
    yield _element("CdtrAcct/Id/IBAN", iban(0))
    yield _element("CdtrAgt/FinInstnId/BICFI", CREDITOR_BIC)
    yield _element("ChrgBr", "SLEV")
    identifier = _element("CdtrSchmeId/Id/PrvtId/Othr/Id", CREDITOR_IDENTIFIER)
    _element("SchmeNm/Prtry", "SEPA", identifier[0][0][0])
    yield identifier


_PAYMENT_TAGS = ("DrctDbtTxInf", "PmtId", "EndToEndId", "InstdAmt", "DrctDbtTx", "MndtRltdInf", "MndtId", "DtOfSgntr")
_DEBTOR_TAGS = ("DbtrAgt", "FinInstnId", "BICFI", "Dbtr", "Nm", "DbtrAcct", "Id", "IBAN", "RmtInf", "Ustrd")
_TAGS = {name: _name(name) for name in _PAYMENT_TAGS + _DEBTOR_TAGS}


def _transaction(*row: Any) -> etree._Element:
    reference, amount, mandate, signed_on, name, account, bic, remittance = row
    sub, tags = etree.SubElement, _TAGS
    transaction = etree.Element(tags["DrctDbtTxInf"], nsmap=_NSMAP)
    sub(sub(transaction, tags["PmtId"]), tags["EndToEndId"]).text = reference
    sub(transaction, tags["InstdAmt"], Ccy="EUR").text = f"{amount // 100}.{amount % 100:02d}"
    related = sub(sub(transaction, tags["DrctDbtTx"]), tags["MndtRltdInf"])
    sub(related, tags["MndtId"]).text = mandate
    sub(related, tags["DtOfSgntr"]).text = signed_on.isoformat()
    sub(sub(sub(transaction, tags["DbtrAgt"]), tags["FinInstnId"]), tags["BICFI"]).text = bic
    sub(sub(transaction, tags["Dbtr"]), tags["Nm"]).text = name
    sub(sub(sub(transaction, tags["DbtrAcct"]), tags["Id"]), tags["IBAN"]).text = account
    sub(sub(transaction, tags["RmtInf"]), tags["Ustrd"]).text = remittance
    return transaction


# --- reading --------------------------------------------------------------------------------------------------------------


def _minor(text: str | None) -> int:
    return int((text or "").replace(".", ""))


def _details(task: Task) -> Iterator[etree._Element]:
    """Every TxDtls; what has been read is taken out of the tree."""
    detail = f"{{{CAMT}}}TxDtls"
    tags = (detail, f"{{{CAMT}}}Ntry")
    for _, element in etree.iterparse(str(task.source), events=("end",), tag=tags):  # noqa: TID251 - it is the floor
        if element.tag == detail:
            yield element
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def findtext(task: Task) -> Seen:
    """lxml iterparse, and three fields by findtext."""
    namespace = f"{{{CAMT}}}"
    reference = f"{namespace}Refs/{namespace}EndToEndId"
    amount = f"{namespace}Amt"
    account = f"{namespace}RltdPties/{namespace}DbtrAcct/{namespace}Id/{namespace}IBAN"
    count = total = 0
    for element in _details(task):
        element.findtext(reference)
        element.findtext(account)
        total += _minor(element.findtext(amount))
        count += 1
    return Seen(count, total)


def walk(task: Task) -> Seen:
    """lxml iterparse, and one walk over each detail into a dict of tag and text."""
    amount = f"{{{CAMT}}}Amt"
    count = total = 0
    for element in _details(task):
        found = {child.tag: child.text for child in element.iter()}
        total += _minor(found[amount])
        count += 1
    return Seen(count, total)


def pyexpat(task: Task) -> Seen:
    """expat's handlers, which collect the texts of each detail by element name."""
    count = total = 0
    found: dict[str, str] | None = None
    texts: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal found
        if name == "TxDtls":
            found = {}
        texts.clear()

    def end(name: str) -> None:
        nonlocal found, count, total
        if found is None:
            return
        if name == "TxDtls":
            count += 1
            total += _minor(found["Amt"])
            found = None
        elif texts:
            found[name] = "".join(texts)
            texts.clear()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    with task.source.open("rb") as stream:
        parser.ParseFile(stream)
    return Seen(count, total)


class _Nothing:
    """A parser target without handlers: libxml2 parses, and no tree is built."""

    def close(self) -> None:
        """There is nothing to hand over."""


def _drain(path: Path, schema: etree.XMLSchema | None = None) -> Any:
    """Parse the whole file and give the parser's log: with a target, lxml does not raise on what breaks a schema."""
    target: Any = _Nothing()
    parser = etree.XMLParser(target=target, schema=schema)  # noqa: TID251 - it is the floor
    etree.parse(str(path), parser)  # noqa: TID251 - it is the floor
    return parser.error_log


def parse_only(task: Task) -> Seen:
    """libxml2 over the whole file, and nothing kept."""
    _drain(task.source)
    return Seen()


# --- validation -----------------------------------------------------------------------------------------------------------


def schema_pain008(task: Task) -> Seen:
    """libxml2 with the schema of a pain.008, and no tree."""
    return _schema(task, PAIN008)


def schema_camt054(task: Task) -> Seen:
    """libxml2 with the schema of a camt.054, and no tree."""
    return _schema(task, CAMT)


def _schema(task: Task, namespace: str) -> Seen:
    if log := _drain(task.source, schema_for(namespace)):
        raise ValueError(f"Not valid by its schema: {log.last_error}")
    return Seen()
