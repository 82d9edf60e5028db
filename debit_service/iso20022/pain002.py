"""pain.002, streamed: a status at group, block (payment information) or transaction level becomes one record each.

- A group or block whose own status is given is always told, before the transactions under it: with PART only some are
  listed, and the status of the rest is said nowhere else. A block without transactions is told even without a status.
- A transaction without a reason takes its block's, a block without one takes the group's.
- Several reasons at one level: the first gives the code, all of them the text.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from debit_service.iso20022.entry import agent, remittance
from debit_service.iso20022.flat import Flat, account, amount, amount_in, flatten, repeats, text, texts
from debit_service.iso20022.kinds import status_kind
from debit_service.iso20022.layout import Run
from debit_service.iso20022.prototype import ByLayout
from debit_service.iso20022.records import BankRecord, Container, Level, record_of
from debit_service.iso20022.xml import UnreadableFile, ancestors, forget

BODY = "CstmrPmtStsRpt"
REPEATED = ("TxInfAndSts",)
TAGS = ("GrpHdr", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", *REPEATED)

_DETAIL_INDEX = BankRecord._fields.index("detail_index")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in the three ways that a bank may say it."""

    code: str | None = None
    proprietary: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class _Block:
    """What transactions inherit from the OrgnlPmtInfAndSts above them."""

    payment_information_id: str | None = None
    status: str | None = None
    reason: Reason = Reason()


class StatusReader:
    """Reads one pain.002 body. `end` is told of each element that ends and yields what is thereby complete."""

    def __init__(self, file: str, message: str) -> None:
        self._file, self._message = file, message
        self._header: Flat = {}
        self._group: Flat = {}
        self._reason = Reason()
        self._block: _Block | None = None
        self._blocks = 0
        self._transactions = self._in_block = 0
        self._told = 0
        self._is_ours = False
        # What a transaction says depends on the block that it stands in: each block has prototypes of its own.
        self._prototypes = ByLayout(self._alike)

    def end(self, name: str, element: etree._Element) -> Iterator[BankRecord | Container]:
        """One element has ended."""
        parent = ancestors(element, 1)[0]
        self._is_ours = name == "TxInfAndSts" and parent in {"OrgnlPmtInfAndSts", BODY}
        if self._is_ours:
            yield from self._transaction(element, parent)
            forget(element)
        elif name == "OrgnlPmtInfAndSts" and parent == BODY:
            yield from self._end_block(element)
            forget(element)
        elif name == "OrgnlGrpInfAndSts" and parent == BODY:
            self._group = flatten(element)
            self._prototypes.clear()
            self._reason = read_reason(self._group)
            if text(self._group, "GrpSts"):
                yield self._record(Level.GROUP, self._group, "GrpSts", self._reason)
        elif name == "GrpHdr" and parent == BODY:
            self._header = flatten(element)
            self._prototypes.clear()

    def run(self, run: Run) -> Iterator[BankRecord | Container]:
        """Younger siblings of the element that has just ended."""
        if not self._is_ours:
            return
        prototypes = self._prototypes[run.layout]
        for row in run.rows:
            prototype = prototypes.of(row)
            values = prototype.filled(row) if prototype is not None else None
            if values is None:
                yield self._status(run.layout.flat(row))
                continue
            values[_DETAIL_INDEX] = self._in_block
            self._transactions += 1
            self._in_block += 1
            yield record_of(values)

    def finish(self) -> Iterator[BankRecord | Container]:
        """The body has ended."""
        if self._told == 0:
            yield self._record(Level.GROUP, self._group, "GrpSts", self._reason)
        yield Container(
            file=self._file,
            message=self._message,
            message_id=text(self._header, "MsgId"),
            created_at=text(self._header, "CreDtTm"),
            entry_count=self._transactions,
        )

    def _transaction(self, element: etree._Element, parent: str) -> Iterator[BankRecord]:
        block_element = element.getparent()
        if parent == "OrgnlPmtInfAndSts" and self._block is None and block_element is not None:
            yield from self._begin_block(flatten(block_element, before=element))
        yield self._status(flatten(element))

    def _status(self, flat: Flat) -> BankRecord:
        """The record of one transaction, which is counted."""
        record = self._transaction_record(flat)
        self._transactions += 1
        self._in_block += 1
        return record

    def _alike(self, flat: Flat) -> tuple[BankRecord, None]:
        return self._transaction_record(flat), None

    def _transaction_record(self, flat: Flat) -> BankRecord:
        block = self._block or _Block(reason=self._reason)
        payment_information_id = text(flat, "OrgnlPmtInfId") or block.payment_information_id
        reason = inherit(read_reason(flat), block.reason)
        return self._record(Level.TRANSACTION, flat, "TxSts", reason, payment_information_id)

    def _begin_block(self, flat: Flat) -> Iterator[BankRecord]:
        self._block = block = self._read_block(flat)
        self._prototypes.clear()
        if text(flat, "PmtInfSts"):
            yield self._record(Level.PAYMENT_INFORMATION, flat, "PmtInfSts", block.reason, block.payment_information_id)

    def _read_block(self, flat: Flat) -> _Block:
        reason = inherit(read_reason(flat), self._reason)
        return _Block(text(flat, "OrgnlPmtInfId"), text(flat, "PmtInfSts"), reason)

    def _end_block(self, element: etree._Element) -> Iterator[BankRecord]:
        flat = flatten(element)
        if self._block is not None and self._block != self._read_block(flat):
            raise UnreadableFile(
                "iso.block.order",
                "The block says after its transactions something else than before.",
                place=f"{self._file}: OrgnlPmtInfAndSts[{self._blocks}]",
            )
        if self._block is None:
            told = list(self._begin_block(flat))
            block = self._block or _Block()
            yield from told or [
                self._record(Level.PAYMENT_INFORMATION, flat, "PmtInfSts", block.reason, block.payment_information_id)
            ]
        self._block = None
        self._blocks += 1
        self._in_block = 0
        self._prototypes.clear()

    def _record(
        self, level: Level, flat: Flat, status_path: str, reason: Reason, payment_information_id: str | None = None
    ) -> BankRecord:
        self._told += 1
        place = f"{self._file}: {level}[{self._transactions if level is Level.TRANSACTION else self._blocks}]"
        original_minor, currency = _original(flat, place)
        charges_minor, currency = _charges(flat, place, currency)
        is_in_block = level is Level.PAYMENT_INFORMATION or self._block is not None
        status = text(flat, status_path)
        end_to_end_id = text(flat, "OrgnlEndToEndId")
        return BankRecord(
            file=self._file,
            message=self._message,
            message_id=text(self._header, "MsgId"),
            currency=currency,
            entry_index=self._blocks if level is not Level.GROUP and is_in_block else None,
            detail_index=self._in_block if level is Level.TRANSACTION else None,
            level=level,
            account_servicer_reference=text(flat, "AcctSvcrRef"),
            status=status,
            kind=status_kind(status),
            end_to_end_id=end_to_end_id,
            mandate_id=text(flat, "OrgnlTxRef/MndtRltdInf/MndtId", "OrgnlTxRef/MndtRltdInf/DrctDbtMndt/MndtId"),
            instruction_id=text(flat, "OrgnlInstrId"),
            transaction_id=text(flat, "OrgnlTxId"),
            payment_information_id=payment_information_id,
            original_message_id=text(self._group, "OrgnlMsgId"),
            original_end_to_end_id=end_to_end_id,
            reason_code=reason.code,
            reason_code_set="S" if reason.code else None,
            reason_proprietary=reason.proprietary,
            reason_text=reason.text,
            original_amount_minor=original_minor,
            charges_minor=charges_minor,
            debtor_name=text(flat, "OrgnlTxRef/Dbtr/Pty/Nm", "OrgnlTxRef/Dbtr/Nm"),
            debtor_account=account(flat, "OrgnlTxRef/DbtrAcct"),
            debtor_agent=agent(flat, "OrgnlTxRef/DbtrAgt"),
            creditor_account=account(flat, "OrgnlTxRef/CdtrAcct"),
            remittance=remittance(flat, "OrgnlTxRef/"),
        )


def _original(flat: Flat, place: str) -> tuple[int | None, str | None]:
    """The amount that was ordered. A currency that no longer exists costs the amount, not the status."""
    for path in ("OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/Amt/EqvtAmt/Amt"):
        try:
            read = amount(flat, path, place)
        except UnreadableFile as error:
            if error.code != "iso.currency.unknown":
                raise
            return None, flat.get(f"{path}/@Ccy")
        if read is not None:
            return read
    return None, None


def _charges(flat: Flat, place: str, currency: str | None) -> tuple[int | None, str | None]:
    """What banks charged for the status (`ChrgsInf`), in the currency of the order, and that currency: theirs if it has none."""
    total: int | None = None
    for path in repeats(flat, "ChrgsInf"):
        currency = currency or flat.get(f"{path}/Amt/@Ccy")
        charge = amount_in(flat, f"{path}/Amt", place, currency) if currency else None
        if charge is not None:
            total = (total or 0) + charge
    return total, currency


def read_reason(flat: Flat) -> Reason:
    """The reason at this level: the first code, or proprietary code, and every word."""
    codes, words = [], []
    proprietary: str | None = None
    for path in repeats(flat, "StsRsnInf"):
        code = text(flat, f"{path}/Rsn/Cd")
        proprietary = proprietary or text(flat, f"{path}/Rsn/Prtry")
        said = texts(flat, f"{path}/AddtlInf")
        codes += [code] if code else []
        if code and len(codes) > 1:
            words.append(f"{code} {said}" if said else code)
        elif said:
            words.append(said)
    return Reason(codes[0] if codes else None, proprietary, "; ".join(words) or None)


def inherit(own: Reason, above: Reason) -> Reason:
    """The reason of a level that says none of its own is the one above it; words of its own are kept."""
    if own.code or own.proprietary:
        return own
    return Reason(above.code, above.proprietary, own.text or above.text)
