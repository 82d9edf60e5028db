"""What a detail of a camt says becomes one record: amounts, references, parties and dates, in every version and dialect."""

import io
from datetime import date

import pytest
from iso_builders import (
    IBAN,
    RETURN,
    camt,
    code,
    container,
    containers,
    detail,
    entry,
    leaf,
    money,
    node,
    one_entry,
    record,
    records,
)

from debit_service.iso20022.container import DETAILS_HELD
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Direction, Kind, Level
from debit_service.iso20022.xml import UnreadableFile

# So many details are more text than the parser looks at in one go.
FAR = 500


def amounts(**named: str) -> str:
    """An AmtDtls with InstdAmt, TxAmt or CntrValAmt."""
    return node("AmtDtls", *(node(name, money("Amt", amount)) for name, amount in named.items()))


def test_a_detail_becomes_one_record_with_everything_it_says() -> None:
    parties = node(
        "RltdPties",
        node("Dbtr", node("Pty", leaf("Nm", "Employer"))),
        node("DbtrAcct", node("Id", leaf("IBAN", "DE02 1203 0000 0000 2020 51"))),
        node("CdtrAcct", node("Id", node("Othr", leaf("Id", "00100000011130000093")))),
    )
    agents = node("RltdAgts", node("DbtrAgt", node("FinInstnId", leaf("BICFI", "BYLADEM1001"))))
    said = detail(parties, agents, node("RmtInf", leaf("Ustrd", "October")), amount="10.00", direction="CRDT")

    read = record(one_entry(said))

    assert (read.file, read.message, read.message_id, read.container_id) == (
        "bank.xml",
        "camt.054.001.08",
        "BANK-1",
        "I-1",
    )
    assert (read.account, read.currency, read.level, read.status) == (IBAN.value, "EUR", Level.TRANSACTION, "BOOK")
    assert (read.entry_index, read.detail_index, read.entry_reference) == (0, 0, "N-1")
    assert (read.direction, read.entry_amount_minor, read.amount_minor) == (Direction.CREDIT, 1000, 1000)
    assert (read.booking_date, read.value_date) == (date(2026, 10, 5), date(2026, 10, 6))
    assert (read.end_to_end_id, read.mandate_id, read.bank_transaction_code) == ("C-1", "M-1", "PMNT/IDDT/ESDD")
    assert (read.debtor_name, read.debtor_account, read.debtor_agent) == ("Employer", IBAN.value, "BYLADEM1001")
    assert (read.creditor_account, read.remittance, read.kind) == ("00100000011130000093", "October", Kind.COLLECTION)


def test_the_old_version_has_parties_without_pty_status_as_text_and_a_bic() -> None:
    parties = node("RltdPties", node("Dbtr", leaf("Nm", "Employer")))
    agents = node("RltdAgts", node("DbtrAgt", node("FinInstnId", leaf("BIC", "BYLADEM1001"))))

    read = record(one_entry(detail(parties, agents), version="02", status="BOOK"))

    assert (read.debtor_name, read.debtor_agent, read.status) == ("Employer", "BYLADEM1001", "BOOK")


@pytest.mark.parametrize("family", ["camt.052", "camt.053", "camt.054"])
@pytest.mark.parametrize("version", ["02", "03", "04", "06", "08", "10", "13"])
def test_all_three_families_are_read_in_all_versions(family: str, version: str) -> None:
    read = record(camt(container(entry(detail()), family=family), family=family, version=version))
    assert (read.message, read.amount_minor) == (f"{family}.001.{version}", 1000)


class TestTheAmountOfADetail:
    """pain 22: split lines must not take the entry's total."""

    def test_its_own_amount_counts(self) -> None:
        details = detail(amount="4.00", end_to_end_id="C-1"), detail(amount="6.00", end_to_end_id="C-2")
        assert [each.amount_minor for each in records(one_entry(*details))] == [400, 600]

    def test_in_the_old_version_it_is_the_transaction_amount(self) -> None:
        details = detail(amounts(InstdAmt="3.00", TxAmt="4.00")), detail(amounts(TxAmt="6.00"))
        read = records(one_entry(*details, version="02"))
        assert [(each.amount_minor, each.original_amount_minor) for each in read] == [(400, 300), (600, None)]

    def test_alone_without_an_amount_it_is_the_entry(self) -> None:
        assert record(one_entry(detail())).amount_minor == 1000

    def test_alone_but_one_of_a_batch_it_is_not_the_entry(self) -> None:
        batch = node("Btch", leaf("NbOfTxs", "10"))
        one, rest = records(one_entry(detail(), batch=batch))
        assert (one.amount_minor, rest.kind, rest.amount_minor) == (None, "remainder", 1000)

    def test_ordered_amounts_stand_for_it_when_they_add_up_to_the_entry(self) -> None:
        details = detail(amounts(InstdAmt="4.00")), detail(amounts(InstdAmt="6.00"))
        assert [each.amount_minor for each in records(one_entry(*details))] == [400, 600]

    def test_ordered_amounts_that_do_not_add_up_stand_for_nothing(self) -> None:
        details = detail(amounts(InstdAmt="4.00")), detail(amounts(InstdAmt="5.00"))
        *read, rest = records(one_entry(*details))
        assert ([each.amount_minor for each in read], rest.kind, rest.amount_minor) == ([None, None], "remainder", 1000)

    def test_an_amount_in_another_currency_is_not_the_booked_one(self) -> None:
        foreign = node(
            "AmtDtls", node("TxAmt", money("Amt", "99.00", "USD")), node("InstdAmt", money("Amt", "99.00", "USD"))
        )
        read = record(one_entry(detail(foreign)))
        assert (read.amount_minor, read.original_amount_minor) == (1000, None)

    def test_a_detail_may_go_the_other_way_than_its_entry(self) -> None:
        details = detail(amount="12.00", direction="CRDT"), detail(amount="2.00", direction="DBIT")
        read = records(one_entry(*details))
        assert [each.direction for each in read] == [Direction.CREDIT, Direction.DEBIT]


class TestCharges:
    """pain 23: booked = original + charges is normal."""

    def test_old_files_repeat_the_charge(self) -> None:
        charges = node("Chrgs", money("Amt", "3.00")) + node("Chrgs", money("Amt", "0.50"))
        read = record(
            one_entry(detail(amounts(InstdAmt="50.00"), charges), amount="53.50", direction="DBIT", version="02")
        )
        assert (read.amount_minor, read.original_amount_minor, read.charges_minor) == (5350, 5000, 350)

    def test_newer_files_have_records_that_say_whether_they_are_included(self) -> None:
        row = node("Rcrd", money("Amt", "3.00"), leaf("CdtDbtInd", "DBIT"), leaf("ChrgInclInd", "true"))
        read = record(one_entry(detail(node("Chrgs", money("TtlChrgsAndTaxAmt", "3.00"), row)), amount="53.00"))
        assert (read.charges_minor, read.charges_included) == (300, True)

    def test_a_total_counts_where_there_is_no_record(self) -> None:
        read = record(one_entry(detail(node("Chrgs", money("TtlChrgsAndTaxAmt", "3.00"))), amount="53.00"))
        assert (read.charges_minor, read.charges_included) == (300, None)

    def test_charges_of_the_entry_are_those_of_its_only_detail(self) -> None:
        assert record(one_entry(detail(), more=node("Chrgs", node("Rcrd", money("Amt", "1.00"))))).charges_minor == 100

    def test_charges_of_the_entry_are_not_given_to_each_of_several(self) -> None:
        more = node("Chrgs", node("Rcrd", money("Amt", "1.00")))
        read = records(one_entry(detail(amount="5.00"), detail(amount="5.00"), more=more))
        assert [each.charges_minor for each in read] == [None, None]


class TestBatches:
    """pain 21: a batch total without details."""

    def test_an_entry_without_details_is_one_line_with_its_batch(self) -> None:
        batch = node("Btch", leaf("PmtInfId", "P-1"), leaf("NbOfTxs", "12"), money("TtlAmt", "10.00"))
        read = record(one_entry(batch=batch))
        assert (read.level, read.kind, read.detail_index) == (Level.ENTRY, Kind.BATCH, None)
        assert (read.payment_information_id, read.batch_count, read.batch_total_minor) == ("P-1", 12, 1000)

    def test_several_batches_in_one_entry_keep_count_and_total(self) -> None:
        blocks = "".join(
            node("NtryDtls", node("Btch", leaf("PmtInfId", name), leaf("NbOfTxs", "2"), money("TtlAmt", "5.00")))
            for name in ("P-1", "P-2")
        )
        read = record(one_entry(more=blocks))
        assert (read.payment_information_id, read.batch_count, read.batch_total_minor) == (None, 4, 1000)

    def test_details_know_the_batch_they_stand_in(self) -> None:
        blocks = "".join(node("NtryDtls", node("Btch", leaf("PmtInfId", name)), detail()) for name in ("P-1", "P-2"))
        *read, _ = records(one_entry(more=blocks))
        assert [(each.detail_index, each.payment_information_id) for each in read] == [(0, "P-1"), (1, "P-2")]

    def test_returned_batches_have_one_reason_each(self) -> None:
        details = (
            detail("<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>", amount="4.00", end_to_end_id="C-1"),
            detail("<RtrInf><Rsn><Cd>MD01</Cd></Rsn></RtrInf>", amount="6.00", end_to_end_id="C-2"),
        )
        read = records(one_entry(*details, direction="DBIT", bank_code=code("IDDT", "UPDD")))
        assert [(each.end_to_end_id, each.reason_code, each.kind) for each in read] == [
            ("C-1", "AM04", Kind.RETURN),
            ("C-2", "MD01", Kind.RETURN),
        ]


class TestReasons:
    """Codes are looked up by their set; some banks say the reason in words only (pain 35)."""

    def test_a_code_names_its_set(self) -> None:
        read = record(one_entry(detail(RETURN), direction="DBIT"))
        assert (read.reason_code, read.reason_code_set) == ("AM04", "R")

    def test_a_proprietary_reason_stays_proprietary(self) -> None:
        read = record(one_entry(detail("<RtrInf><Rsn><Prtry>914</Prtry></Rsn></RtrInf>"), direction="DBIT"))
        assert (read.reason_code, read.reason_code_set, read.reason_proprietary) == (None, None, "914")

    def test_words_of_several_elements_are_joined(self) -> None:
        words = "<RtrInf><AddtlInf>no</AddtlInf><AddtlInf>funds</AddtlInf></RtrInf>"
        assert record(one_entry(detail(words), direction="DBIT")).reason_text == "no funds"

    def test_the_note_of_a_returned_entry_is_its_reason_where_nothing_else_is_said(self) -> None:
        read = record(one_entry(detail(), direction="DBIT", bank_code=code("IDDT", "UPDD"), note="CONTO CHIUSO"))
        assert (read.kind, read.reason_text) == (Kind.RETURN, "CONTO CHIUSO")

    def test_the_note_of_a_collection_is_no_reason(self) -> None:
        assert record(one_entry(detail(), note="SEPA credit")).reason_text is None


def test_not_provided_is_nothing() -> None:
    read = record(one_entry(detail(end_to_end_id="NOTPROVIDED")))
    assert read.end_to_end_id is None


def test_two_identical_entries_are_two_records() -> None:
    twins = records(camt(container(entry(detail()), entry(detail()))))
    assert [each.entry_index for each in twins] == [0, 1]


def test_every_container_has_its_own_account() -> None:
    """pain 30: several accounts in one file, all booked on the last."""
    file = camt(container(entry(detail()), account="A1"), container(entry(detail()), account="A2", id_="I-2"))
    assert [(each.account, each.container_id, each.entry_index) for each in records(file)] == [
        ("A1", "I-1", 0),
        ("A2", "I-2", 0),
    ]
    assert [each.account for each in containers(file)] == ["A1", "A2"]


def test_a_container_without_entries_is_a_result() -> None:
    """pain 31: empty is a result."""
    [empty] = containers(camt(container()))
    assert (empty.entry_count, empty.account, empty.findings) == (0, IBAN.value, ())


def test_a_date_with_time_is_the_day_that_the_bank_wrote() -> None:
    late = entry(detail()).replace("<Dt>2026-10-05</Dt>", "<DtTm>2026-10-05T23:30:00-05:00</DtTm>")
    assert record(camt(container(late))).booking_date == date(2026, 10, 5)


def test_a_header_after_the_details_is_understood() -> None:
    wrong_order = node(
        "Ntry", node("NtryDtls", detail()), money("Amt", "10.00"), leaf("CdtDbtInd", "DBIT"), code("IDDT", "UPDD")
    )
    read = record(camt(container(wrong_order)))
    assert (read.direction, read.kind, read.amount_minor) == (Direction.DEBIT, Kind.RETURN, 1000)


def test_many_details_leave_before_their_entry_ends() -> None:
    count = DETAILS_HELD + 1
    details = (detail(amount="1.00", end_to_end_id=f"C-{number}") for number in range(count))
    read = records(one_entry(*details, amount=f"{count}.00"))
    assert [each.detail_index for each in read] == list(range(count))
    assert {each.kind for each in read} == {Kind.COLLECTION}


def test_a_header_that_changes_its_mind_after_many_details_is_refused() -> None:
    details = "".join(detail(amount="1.00") for _ in range(DETAILS_HELD + FAR))
    head = money("Amt", f"{DETAILS_HELD}.00") + leaf("CdtDbtInd", "CRDT")
    with pytest.raises(UnreadableFile) as refused:
        records(camt(container(node("Ntry", head, node("NtryDtls", details), leaf("RvslInd", "true")))))
    assert refused.value.code == "iso.entry.order"


def test_an_account_that_stands_after_its_entries_is_refused() -> None:
    late = container(*(entry(detail()) for _ in range(FAR))).replace(
        f"<Acct><Id><IBAN>{IBAN.value}</IBAN></Id><Ccy>EUR</Ccy></Acct>", ""
    )
    late = late.replace("</Ntfctn>", node("Acct", node("Id", leaf("IBAN", IBAN.value))) + "</Ntfctn>")
    with pytest.raises(UnreadableFile) as refused:
        records(camt(late))
    assert refused.value.code == "iso.container.order"


@pytest.mark.parametrize(
    "written", ["1e3", "-5.00", "+5", "NaN", "١٠٠", "1,00", "1 000.00", "10.00 ", "1.001", "", "9" * 19]
)
def test_an_amount_that_is_none_is_refused_with_its_path(written: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        records(one_entry(detail(), amount=written))
    assert refused.value.code.startswith(("iso.amount.", "iso.entry."))
    assert refused.value.place == "bank.xml: Ntfctn[0]/Ntry[0]/Amt"


@pytest.mark.parametrize(("written", "minor"), [(".16", 16), ("10.", 1000), ("10.50000", 1050), ("0", 0)])
def test_an_amount_in_an_unusual_but_lawful_form_is_read(written: str, minor: int) -> None:
    assert record(one_entry(detail(), amount=written)).amount_minor == minor


def test_the_currency_decides_the_decimals() -> None:
    assert record(one_entry(detail(), amount="1.234", currency="TND")).amount_minor == 1234


@pytest.mark.parametrize(
    ("change", "code_"),
    [
        (("<CdtDbtInd>CRDT</CdtDbtInd>", "<CdtDbtInd>CREDIT</CdtDbtInd>"), "iso.direction.unknown"),
        (("<CdtDbtInd>CRDT</CdtDbtInd>", ""), "iso.entry.cdtdbtind"),
        (('<Amt Ccy="EUR">10.00</Amt>', ""), "iso.entry.amt"),
        (("2026-10-05", "2026-13-05"), "iso.date.malformed"),
        (('Ccy="EUR"', 'Ccy="EURO"'), "iso.currency.unknown"),
    ],
)
def test_an_entry_whose_money_is_in_doubt_is_refused(change: tuple[str, str], code_: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        records(camt(container(entry(detail()).replace(*change))))
    assert refused.value.code == code_


@pytest.mark.parametrize("layouts", [True, False])
@pytest.mark.parametrize("count", [DETAILS_HELD - 1, DETAILS_HELD, DETAILS_HELD * 20])
def test_the_note_of_an_entry_explains_few_details_and_never_some_of_many(count: int, layouts: bool) -> None:
    """pain 35: reason only in text. What stands behind many details cannot be told of those that have left."""
    details = (detail(amount="1.00", end_to_end_id=f"C-{number}") for number in range(count))
    content = one_entry(*details, amount=f"{count}.00", direction="DBIT", note="insufficient funds").encode()
    items = read_bank_file(io.BytesIO(content), file="bank.xml", layouts=layouts)
    reasons = {item.reason_text for item in items if isinstance(item, BankRecord)}
    assert reasons == ({"insufficient funds"} if count < DETAILS_HELD else {None})


@pytest.mark.parametrize("layouts", [True, False])
def test_a_batch_counts_for_details_that_follow_it(layouts: bool) -> None:
    batch = node("Btch", leaf("PmtInfId", "P-1"))
    late = entry(detail(amount="10.00")).replace("</NtryDtls>", f"{batch}</NtryDtls>")
    content = camt(container(*[entry(detail(amount="10.00"), batch=batch), late] * 10)).encode()
    items = read_bank_file(io.BytesIO(content), file="bank.xml", layouts=layouts)
    assert [item.payment_information_id for item in items if isinstance(item, BankRecord)] == ["P-1", None] * 10


def test_details_where_none_belong_are_none() -> None:
    stray = entry(amount="10.00").replace("</BkTxCd>", f"{detail(amount='3.00')}</BkTxCd>")
    assert [one.level for one in records(camt(container(stray)))] == ["entry"]
