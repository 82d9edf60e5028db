"""camt.052, camt.053 and camt.054, streamed: details leave memory as they pass, an entry as soon as it ends."""

from collections.abc import Iterator

from lxml import etree

from debit_service.iso20022.container import ContainerReader, read_origin
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.flat import Flat, flatten, text
from debit_service.iso20022.kinds import Dialect
from debit_service.iso20022.layout import Run
from debit_service.iso20022.records import BankRecord, Container
from debit_service.iso20022.xml import ancestors, forget

CONTAINERS = {"BkToCstmrAcctRpt": "Rpt", "BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}
REPEATED = ("TxDtls", "Ntry")
TAGS = ("GrpHdr", "NtryDtls", *REPEATED, *CONTAINERS.values())


class CamtReader:
    """Reads one message body. `end` is told of each element that ends and `run` of each run; both yield what is complete."""

    def __init__(self, file: str, message: str, body: str, dialect: Dialect) -> None:
        self._file, self._message, self._body, self._dialect = file, message, body, dialect
        self._container_name = CONTAINERS[body]
        self._group: Flat = {}
        self._begun = 0
        self._open: ContainerReader | None = None
        self._is_ours = False

    def end(self, name: str, element: etree._Element) -> Iterator[BankRecord | Container]:
        """One element has ended."""
        above = ancestors(element, 3)
        self._is_ours = False
        if name == "TxDtls" and above == ("NtryDtls", "Ntry", self._container_name):
            yield from self._container(element).detail(element)
            forget(element)
            self._is_ours = True
        elif name == "Ntry" and above[0] == self._container_name:
            yield from self._container(element).entry(element)
            forget(element)
            self._is_ours = True
        elif name == "NtryDtls" and self._open is not None:
            self._open.details_end(element)
        elif name == self._container_name and above[0] == self._body:
            yield self._container(element).close(element)
            self._open = None
            forget(element)
        elif name == "GrpHdr" and above[0] == self._body:
            self._group = flatten(element)

    def run(self, run: Run) -> Iterator[BankRecord | Container]:
        """Younger siblings of the element that has just ended."""
        if self._open is None or not self._is_ours:
            return iter(())
        return self._open.entries(run) if run.layout.name == "Ntry" else self._open.details(run)

    def finish(self) -> Iterator[BankRecord | Container]:
        """The body has ended. An empty notification is an answer; a message without any says nothing, and that is told."""
        if self._begun == 0:
            name = self._container_name
            finding = Finding(
                "iso.control.empty",
                "error",
                f"{self._file}: {self._body}",
                f"The message holds no {name}, so it says nothing about any account.",
                "Ask the bank what it meant to send.",
            )
            yield Container(
                file=self._file,
                message=self._message,
                message_id=text(self._group, "MsgId"),
                created_at=text(self._group, "CreDtTm"),
                findings=(finding,),
            )

    def _container(self, element: etree._Element) -> ContainerReader:
        """The reader of the container that `element` is or stands in."""
        if self._open is None:
            container = next(element.iterancestors(f"{{*}}{self._container_name}"), element)
            place = f"{self._file}: {self._container_name}[{self._begun}]"
            origin = read_origin(flatten(container), self._group, self._file, self._message)
            self._open = ContainerReader(origin, self._group, place, self._dialect)
            self._begun += 1
        return self._open
