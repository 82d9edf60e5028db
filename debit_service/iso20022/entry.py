"""One entry of a camt message and its details, from flat paths to records. All versions: a version is a difference in paths.

- camt.05x.001.02 has no amount in a detail (`AmtDtls/TxAmt` stands for it), text in `Sts`, parties without `Pty`, and
  charges as repeated `Chrgs`; later versions have `TxDtls/Amt`, `Sts/Cd`, `Dbtr/Pty` and `Chrgs/Rcrd`.
- The amount of a detail is its own. Where it has none, the entry's stands for it if it is alone in its entry; among several
  the ordered amount (`InstdAmt`, all that some .02 files give) does, if these add up to the entry. Else it has no amount.
- Interest (`Intrst`) is written like charges. Either may be stated of an entry with several details and be missing in their sum:
  then it is a record of its own, because no detail had it.
- An amount in another currency than the entry's is not the booked amount, and is not taken for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from debit_service.iso20022.flat import Flat, account, amount, amount_in, day, number, repeats, text, texts
from debit_service.iso20022.kinds import STANDARD, Dialect, Signs, booking_kind
from debit_service.iso20022.records import BankRecord, Direction, Kind, Level
from debit_service.iso20022.xml import UnreadableFile


class Substitute(Enum):
    """What stands for the amount of a detail that has none of its own."""

    NONE = "none"
    ENTRY = "entry"
    INSTRUCTED = "instructed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the same for all of one Ntfctn, Stmt or Rpt."""

    file: str
    message: str
    message_id: str | None
    container_id: str | None
    account: str | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Charges:
    """The charges of an entry or detail: their sum, whether the booked amount has them in it, None where nothing is said."""

    minor: int | None = None
    included: bool | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What `NtryDtls/Btch` says of a booked batch."""

    message_id: str | None = None
    payment_information_id: str | None = None
    count: int | None = None
    total_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry without its details. `note` stands after the details in the file and is no part of its identity."""

    place: str
    index: int
    reference: str | None
    account_servicer_reference: str | None
    status: str | None
    direction: Direction
    reversal: bool
    minor: int
    currency: str
    booking_date: date | None
    value_date: date | None
    bank_transaction_code: str | None
    proprietary_code: str | None
    charges: Charges
    interest_minor: int | None
    note: str | None = field(compare=False)

    @property
    def signed_minor(self) -> int:
        """The amount, negative for a debit."""
        return self.minor if self.direction is Direction.CREDIT else -self.minor


@dataclass(frozen=True, slots=True)
class Detail:
    """The leaves of one TxDtls (none for an entry without details), the batch it stands in and its index in the entry."""

    flat: Flat
    batch: Batch
    index: int | None


def read_entry(flat: Flat, index: int, place: str, currency: str | None) -> Entry:
    """The entry of these leaves. Raises UnreadableFile when it has no readable amount, direction or date."""
    booked = amount(flat, "Amt", place, currency=currency)
    if any(path in flat for path in ("Sts[1]", "Sts[1]/", "Sts/Cd[1]")):
        raise UnreadableFile("iso.entry.status", "The entry has two statuses.", place=f"{place}/Sts")
    direction = read_direction(flat, place)
    if booked is None or direction is None:
        missing = "Amt" if booked is None else "CdtDbtInd"
        raise UnreadableFile(f"iso.entry.{missing.lower()}", f"The entry has no {missing}.", place=f"{place}/{missing}")
    return Entry(
        place=place,
        index=index,
        reference=text(flat, "NtryRef"),
        account_servicer_reference=text(flat, "AcctSvcrRef"),
        status=text(flat, "Sts/Cd", "Sts/Prtry", "Sts"),
        direction=direction,
        reversal=text(flat, "RvslInd") in {"true", "1"},
        minor=booked[0],
        currency=booked[1],
        booking_date=day(flat, "BookgDt", place),
        value_date=day(flat, "ValDt", place),
        bank_transaction_code=read_bank_transaction_code(flat),
        proprietary_code=text(flat, "BkTxCd/Prtry/Cd"),
        charges=read_charges(flat, place, booked[1]),
        interest_minor=read_interest(flat, place, booked[1]),
        note=text(flat, "AddtlNtryInf"),
    )


def read_direction(flat: Flat, place: str) -> Direction | None:
    """`CdtDbtInd` as a direction. Any other word than the two is refused: a sign is never guessed."""
    value = text(flat, "CdtDbtInd")
    if value is None and "CdtDbtInd/" not in flat:
        return None
    if value not in {"CRDT", "DBIT"} or "CdtDbtInd[1]" in flat:
        raise UnreadableFile("iso.direction.unknown", "CdtDbtInd is CRDT or DBIT, once.", place=f"{place}/CdtDbtInd")
    return Direction.CREDIT if value == "CRDT" else Direction.DEBIT


def read_bank_transaction_code(flat: Flat) -> str | None:
    """`PMNT/IDDT/UPDD`, or None when the bank gives no ISO code."""
    domain = text(flat, "BkTxCd/Domn/Cd")
    if domain is None:
        return None
    family = text(flat, "BkTxCd/Domn/Fmly/Cd") or ""
    sub_family = text(flat, "BkTxCd/Domn/Fmly/SubFmlyCd") or ""
    return f"{domain}/{family}/{sub_family}"


def read_charges(flat: Flat, place: str, currency: str) -> Charges:
    """The charges of every version: repeated records, or a total where there is no record."""
    if "Chrgs/" not in flat:
        return Charges()
    total: int | None = None
    flags: set[bool] = set()
    for row, charge in _taken(flat, "Chrgs", place, currency):
        total = (total or 0) + charge
        included = text(flat, f"{row}/ChrgInclInd")
        if charge and included is not None:
            flags.add(included in {"true", "1"})
    if total is None:
        total = amount_in(flat, "Chrgs/TtlChrgsAndTaxAmt", place, currency)
    return Charges(None if total is None else abs(total), flags == {True} if flags else None)


def read_interest(flat: Flat, place: str, currency: str) -> int | None:
    """The interest of every version, which looks like the charges: what the bank took, negative for what it gave."""
    if "Intrst/" not in flat:
        return None
    rows = [minor for _, minor in _taken(flat, "Intrst", place, currency)]
    return sum(rows) if rows else amount_in(flat, "Intrst/TtlIntrstAndTaxAmt", place, currency)


def _taken(flat: Flat, name: str, place: str, currency: str) -> Iterator[tuple[str, int]]:
    """Each record of charges or interest that states an amount in `currency`, and the amount: negative for a credit."""
    for block in repeats(flat, name):
        for row in list(repeats(flat, f"{block}/Rcrd")) or [block]:
            minor = amount_in(flat, f"{row}/Amt", place, currency)
            if minor is not None:
                yield row, -minor if text(flat, f"{row}/CdtDbtInd") == "CRDT" else minor


def read_batch(flat: Flat, prefix: str, place: str, currency: str) -> Batch:
    """What the `Btch` says whose leaves are under `prefix`; its total counts if it is in `currency`."""
    return Batch(
        message_id=text(flat, f"{prefix}MsgId"),
        payment_information_id=text(flat, f"{prefix}PmtInfId"),
        count=number(flat, f"{prefix}NbOfTxs"),
        total_minor=amount_in(flat, f"{prefix}TtlAmt", place, currency),
    )


def booked_amount(flat: Flat, place: str, currency: str) -> int | None:
    """The detail's own booked amount in the entry's currency: `Amt` (.04 and later), `TxAmt` or its counter value."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt"):
        own = amount_in(flat, path, place, currency)
        if own is not None:
            return own
    return None


def instructed_amount(flat: Flat, place: str, currency: str) -> int | None:
    """The amount that was once ordered, if in the entry's currency."""
    return amount_in(flat, "AmtDtls/InstdAmt/Amt", place, currency)


def substitute(entry: Entry, details: Sequence[Detail]) -> Substitute:
    """What may stand for amounts that these details, all of `entry`, do not have."""
    if len(details) == 1 and details[0].batch.count in {None, 1}:
        return Substitute.ENTRY
    signed = [_signed_instructed(entry, detail) for detail in details]
    adds_up = None not in signed and sum(filter(None, signed)) == entry.signed_minor
    return Substitute.INSTRUCTED if adds_up else Substitute.NONE


def _signed_instructed(entry: Entry, detail: Detail) -> int | None:
    if booked_amount(detail.flat, entry.place, entry.currency) is not None:
        return None
    minor = instructed_amount(detail.flat, entry.place, entry.currency)
    direction = read_direction(detail.flat, entry.place) or entry.direction
    return -minor if minor is not None and direction is Direction.DEBIT else minor


def make_record(
    origin: Origin, entry: Entry, detail: Detail, *, missing: Substitute, dialect: Dialect = STANDARD
) -> BankRecord:
    """The record of one detail, or of an entry without details (`detail.index` None)."""
    flat, batch = detail.flat, detail.batch
    place = entry.place if detail.index is None else f"{entry.place}/TxDtls[{detail.index}]"
    signs = _signs(entry, detail, read_direction(flat, place) or entry.direction)
    if "Refs[1]/" in flat or "Refs/EndToEndId[1]" in flat:
        raise UnreadableFile("iso.entry.reference", "The detail has two end-to-end references.", place=f"{place}/Refs")
    charges = read_charges(flat, place, entry.currency)
    interest_minor = read_interest(flat, place, entry.currency)
    if missing is Substitute.ENTRY:
        charges = entry.charges if charges.minor is None else charges
        interest_minor = entry.interest_minor if interest_minor is None else interest_minor
    reason = text(flat, "RtrInf/Rsn/Cd")
    return BankRecord(
        file=origin.file,
        message=origin.message,
        message_id=origin.message_id,
        container_id=origin.container_id,
        account=origin.account,
        currency=entry.currency,
        entry_index=entry.index,
        detail_index=detail.index,
        level=Level.ENTRY if detail.index is None else Level.TRANSACTION,
        entry_reference=entry.reference,
        account_servicer_reference=text(flat, "Refs/AcctSvcrRef") or entry.account_servicer_reference,
        status=entry.status,
        direction=signs.direction,
        reversal=entry.reversal,
        entry_amount_minor=entry.minor,
        amount_minor=_amount_minor(entry, flat, place, missing),
        booking_date=entry.booking_date,
        value_date=entry.value_date,
        bank_transaction_code=signs.bank_transaction_code,
        proprietary_code=signs.proprietary_code,
        kind=booking_kind(signs, dialect),
        end_to_end_id=text(flat, "Refs/EndToEndId"),
        mandate_id=text(flat, "Refs/MndtId"),
        instruction_id=text(flat, "Refs/InstrId"),
        transaction_id=text(flat, "Refs/TxId"),
        payment_information_id=text(flat, "Refs/PmtInfId") or batch.payment_information_id,
        original_message_id=text(flat, "Refs/MsgId") or batch.message_id,
        reason_code=reason,
        reason_code_set="R" if reason else None,
        reason_proprietary=text(flat, "RtrInf/Rsn/Prtry"),
        reason_text=_reason_text(flat, entry, signs),
        original_amount_minor=instructed_amount(flat, place, entry.currency),
        charges_minor=charges.minor,
        charges_included=charges.included,
        debtor_name=text(flat, "RltdPties/Dbtr/Pty/Nm", "RltdPties/Dbtr/Nm"),
        debtor_account=account(flat, "RltdPties/DbtrAcct"),
        debtor_agent=agent(flat, "RltdAgts/DbtrAgt"),
        creditor_account=account(flat, "RltdPties/CdtrAcct"),
        remittance=remittance(flat),
        batch_count=batch.count,
        batch_total_minor=batch.total_minor,
        interest_minor=interest_minor,
    )


def record_of_cost(origin: Origin, entry: Entry, cost: tuple[int, int], name: str | None) -> BankRecord:
    """What the bank took of an entry besides what its details come to, as a record of its own: it is no detail's.

    `cost` is (charges, interest). `name` stands for the transaction id, for the entry may have no reference in one report.
    """
    charges_minor, interest_minor = cost
    beside = _beside_details(origin, entry, -sum(cost), Kind.COST, name)
    return beside._replace(charges_minor=charges_minor, interest_minor=interest_minor)


def record_of_remainder(origin: Origin, entry: Entry, signed_minor: int, name: str | None) -> BankRecord:
    """What is left of an entry beside its details, and nothing that the bank states explains; `name` as of a cost."""
    return _beside_details(origin, entry, signed_minor, Kind.REMAINDER, name)


def _beside_details(origin: Origin, entry: Entry, signed_minor: int, kind: Kind, name: str | None) -> BankRecord:
    return BankRecord(
        file=origin.file,
        message=origin.message,
        message_id=origin.message_id,
        container_id=origin.container_id,
        account=origin.account,
        currency=entry.currency,
        entry_index=entry.index,
        level=Level.ENTRY,
        entry_reference=entry.reference,
        account_servicer_reference=entry.account_servicer_reference,
        status=entry.status,
        direction=Direction.CREDIT if signed_minor > 0 else Direction.DEBIT,
        reversal=entry.reversal,
        entry_amount_minor=entry.minor,
        amount_minor=abs(signed_minor),
        booking_date=entry.booking_date,
        value_date=entry.value_date,
        bank_transaction_code=entry.bank_transaction_code,
        proprietary_code=entry.proprietary_code,
        kind=kind,
        transaction_id=name,
    )


def _signs(entry: Entry, detail: Detail, direction: Direction) -> Signs:
    flat = detail.flat
    return Signs(
        direction=direction,
        bank_transaction_code=read_bank_transaction_code(flat) or entry.bank_transaction_code,
        proprietary_code=text(flat, "BkTxCd/Prtry/Cd") or entry.proprietary_code,
        has_return_information="RtrInf/" in flat,
        return_reason=text(flat, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
        is_batch_without_details=detail.index is None and detail.batch != Batch(),
    )


def _amount_minor(entry: Entry, flat: Flat, place: str, missing: Substitute) -> int | None:
    own = booked_amount(flat, place, entry.currency)
    if own is not None or missing is Substitute.NONE:
        return own
    return entry.minor if missing is Substitute.ENTRY else instructed_amount(flat, place, entry.currency)


def agent(flat: Flat, prefix: str) -> str | None:
    """The bank under `prefix`: its BIC, or the number it has in its clearing."""
    fields = ("BICFI", "BIC", "ClrSysMmbId/MmbId", "Othr/Id")
    return text(flat, *(f"{prefix}/FinInstnId/{name}" for name in fields))


def remittance(flat: Flat, prefix: str = "") -> str | None:
    """The remittance text; the creditor's reference where the information is structured."""
    return texts(flat, f"{prefix}RmtInf/Ustrd") or text(flat, f"{prefix}RmtInf/Strd/CdtrRefInf/Ref")


def _reason_text(flat: Flat, entry: Entry, signs: Signs) -> str | None:
    """What the bank says in words. Some say the reason nowhere else: for a booking without a code, the notes count too."""
    said = texts(flat, "RtrInf/AddtlInf")
    if said or signs.return_reason or not _looks_taken_back(signs):
        return said
    return text(flat, "AddtlTxInf") or entry.note


def _looks_taken_back(signs: Signs) -> bool:
    return signs.direction is Direction.DEBIT and booking_kind(signs).value in {"return", "refund", "reversal"}
