"""What happened is told by direction, return information and sub-family; never by `RvslInd` alone (pain 26)."""

import io
from itertools import product

import pytest
from iso_builders import RETURN, code, detail, leaf, node, one_entry, record

from debit_service.iso20022.kinds import Dialect, status_kind
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Direction, Kind


@pytest.mark.parametrize(("family", "reversal"), list(product(["IDDT", "RDDT"], ["true", "false", "1", None])))
def test_a_debit_with_return_information_is_a_return_whatever_the_rest_says(family: str, reversal: str | None) -> None:
    said = {"reversal": reversal} if reversal else {}
    read = record(one_entry(detail(RETURN), direction="DBIT", bank_code=code(family, "UPDD"), **said))
    assert (read.kind, read.direction, read.amount_minor) == (Kind.RETURN, Direction.DEBIT, 1000)


@pytest.mark.parametrize(
    ("family", "sub_family", "direction", "kind"),
    [
        ("IDDT", "ESDD", "CRDT", Kind.COLLECTION),
        ("IDDT", "BBDD", "CRDT", Kind.COLLECTION),
        ("RDDT", "PMDD", "CRDT", Kind.COLLECTION),
        ("IDDT", "NTAV", "CRDT", Kind.COLLECTION),
        ("IDDT", "UPDD", "DBIT", Kind.RETURN),
        ("RDDT", "UPDD", "DBIT", Kind.RETURN),
        ("IDDT", "RCDD", "DBIT", Kind.RETURN),
        ("IDDT", "NTAV", "DBIT", Kind.RETURN),
        ("IDDT", "PRDD", "DBIT", Kind.REVERSAL),
        ("RDDT", "PRDD", "DBIT", Kind.REVERSAL),
        ("RDDT", "ESDD", "DBIT", Kind.OTHER),
        ("IDDT", "UPDD", "CRDT", Kind.OTHER),
        ("RCDT", "ESCT", "CRDT", Kind.OTHER),
        ("IDDT", "CHRG", "DBIT", Kind.CHARGE),
        ("MDOP", "FEES", "DBIT", Kind.CHARGE),
        ("", "", "CRDT", Kind.OTHER),
    ],
)
def test_without_return_information_the_bank_transaction_code_decides(
    family: str, sub_family: str, direction: str, kind: Kind
) -> None:
    assert record(one_entry(detail(), direction=direction, bank_code=code(family, sub_family))).kind is kind


def test_md06_makes_a_return_a_refund() -> None:
    read = record(one_entry(detail(RETURN.replace("AM04", "MD06")), direction="DBIT"))
    assert (read.kind, read.reason_code) == (Kind.REFUND, "MD06")


def test_the_reason_0000_is_a_success_and_no_return() -> None:
    success = RETURN.replace("<Cd>AM04</Cd>", "<Prtry>0000</Prtry>")
    assert record(one_entry(detail(success), direction="CRDT")).kind is Kind.COLLECTION
    assert record(one_entry(detail(success), direction="DBIT", bank_code=code("RDDT", "ESDD"))).kind is Kind.OTHER


def test_a_credit_with_return_information_is_not_a_return_of_ours() -> None:
    assert record(one_entry(detail(RETURN), direction="CRDT", bank_code=code("ICDT", "RRTN"))).kind is Kind.OTHER


def test_the_code_of_the_detail_goes_before_that_of_the_entry() -> None:
    read = record(one_entry(detail(code("IDDT", "UPDD")), direction="DBIT", bank_code=code("RDDT", "ESDD")))
    assert (read.bank_transaction_code, read.kind) == ("PMNT/IDDT/UPDD", Kind.RETURN)


def test_a_banks_own_code_means_what_its_profile_says() -> None:
    file = one_entry(detail(), direction="DBIT", bank_code=code("", "", "NTRF+109+9033"))
    dialect = Dialect({"NTRF+109+*": Kind.RETURN})
    said, unsaid = (
        next(
            item
            for item in read_bank_file(io.BytesIO(file.encode()), file="f", dialect=each)
            if isinstance(item, BankRecord)
        )
        for each in (dialect, Dialect())
    )
    assert (said.kind, unsaid.kind, said.proprietary_code) == (Kind.RETURN, Kind.OTHER, "NTRF+109+9033")


def test_a_debited_batch_without_details_is_no_batch_of_collections() -> None:
    batch = node("Btch", leaf("NbOfTxs", "3"))
    assert record(one_entry(batch=batch, direction="DBIT", bank_code=code("ICDT", "ESCT"))).kind is Kind.OTHER


@pytest.mark.parametrize("status", ["ACCP", "ACSC", "PART", "PDNG", "RCVD", "NEWX", None])
def test_only_rjct_rejects(status: str | None) -> None:
    assert status_kind(status) is Kind.STATUS
    assert status_kind("RJCT") is Kind.REJECT
