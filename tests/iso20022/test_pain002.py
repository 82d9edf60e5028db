"""A status at any level becomes records: who is rejected, why, and what is known of those that are not listed."""

import pytest
from iso_builders import (
    block_status,
    containers,
    document,
    group_status,
    leaf,
    money,
    node,
    pain002,
    reasons,
    record,
    records,
    transaction_status,
)

from debit_service.iso20022.records import Kind, Level


def test_a_rejected_transaction_carries_all_references() -> None:
    file = pain002(group_status(), block_status(transaction_status("RJCT", reasons("MD01", None, "no mandate"))))

    read = record(file)

    assert (read.level, read.kind, read.status) == (Level.TRANSACTION, Kind.REJECT, "RJCT")
    assert (read.original_message_id, read.payment_information_id) == ("MSG-1", "P-1")
    assert (read.end_to_end_id, read.original_end_to_end_id) == ("C-1", "C-1")
    assert (read.reason_code, read.reason_code_set, read.reason_text) == ("MD01", "S", "no mandate")
    assert (read.message, read.message_id, read.container_id) == ("pain.002.001.10", "STATUS-1", None)


def test_a_group_rejected_without_lower_levels_is_one_line() -> None:
    read = record(pain002(group_status("RJCT", reasons("AM05"))))
    assert (read.level, read.kind, read.reason_code) == (Level.GROUP, Kind.REJECT, "AM05")


def test_a_group_without_any_status_is_still_told() -> None:
    read = record(pain002(group_status(None, reasons(None, None, "received"))))
    assert (read.level, read.kind, read.status, read.reason_text) == (Level.GROUP, Kind.STATUS, None, "received")


def test_a_rejected_block_without_transactions_is_one_line() -> None:
    read = record(pain002(group_status(), block_status(status="RJCT", reason=reasons("CH22"))))
    assert (read.level, read.kind, read.payment_information_id) == (Level.PAYMENT_INFORMATION, Kind.REJECT, "P-1")


def test_with_part_the_levels_above_are_told_before_the_listed_transaction() -> None:
    read = records(pain002(group_status("PART"), block_status(transaction_status(), status="PART")))
    assert [(each.level, each.status) for each in read] == [
        (Level.GROUP, "PART"),
        (Level.PAYMENT_INFORMATION, "PART"),
        (Level.TRANSACTION, "RJCT"),
    ]


def test_levels_without_a_status_of_their_own_are_not_told_beside_transactions() -> None:
    assert [each.level for each in records(pain002(group_status(), block_status(transaction_status())))] == [
        Level.TRANSACTION
    ]


def test_reasons_inherit_downwards() -> None:
    file = pain002(
        group_status("RJCT", reasons("AM05")),
        block_status(transaction_status(), reason=reasons("CH22"), id_="P-1"),
        block_status(transaction_status(), id_="P-2"),
        block_status(transaction_status("RJCT", reasons("AC04")), reason=reasons("CH22"), id_="P-3"),
    )
    read = [each for each in records(file) if each.level is Level.TRANSACTION]
    assert [(each.payment_information_id, each.reason_code) for each in read] == [
        ("P-1", "CH22"),
        ("P-2", "AM05"),
        ("P-3", "AC04"),
    ]


def test_several_reasons_give_the_first_code_and_every_word() -> None:
    read = record(
        pain002(block_status(transaction_status("RJCT", reasons("AC04", None, "closed"), reasons("MS03", None, "why"))))
    )
    assert (read.reason_code, read.reason_text) == ("AC04", "closed; MS03 why")


def test_a_proprietary_reason_stays_proprietary() -> None:
    read = record(pain002(block_status(transaction_status("RJCT", reasons(None, "914")))))
    assert (read.reason_code, read.reason_code_set, read.reason_proprietary) == (None, None, "914")


def test_the_original_transaction_is_shown() -> None:
    original = node(
        "OrgnlTxRef",
        node("Amt", money("InstdAmt", ".16", "EUR")),
        node("MndtRltdInf", node("DrctDbtMndt", leaf("MndtId", "M-9"))),
        node("Dbtr", node("Pty", leaf("Nm", "Employer"))),
        node("DbtrAcct", node("Id", node("Othr", leaf("Id", "00100000011130000093")))),
    )
    read = record(pain002(block_status(transaction_status("RJCT", original)), version="14"))
    assert (read.original_amount_minor, read.currency, read.mandate_id) == (16, "EUR", "M-9")
    assert (read.debtor_name, read.debtor_account) == ("Employer", "00100000011130000093")


def test_a_currency_that_no_longer_exists_costs_the_amount_not_the_status() -> None:
    original = node("OrgnlTxRef", node("Amt", money("InstdAmt", "1.00", "LVL")))
    read = record(pain002(block_status(transaction_status("RJCT", original))))
    assert (read.status, read.original_amount_minor, read.currency) == ("RJCT", None, "LVL")


@pytest.mark.parametrize("version", ["03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14"])
def test_all_versions_are_read(version: str) -> None:
    file = pain002(group_status("PART"), block_status(transaction_status()), version=version)
    assert [each.message for each in records(file)] == [f"pain.002.001.{version}"] * 2


def test_transactions_directly_under_the_report_are_read() -> None:
    """Before .03 there was no block level, and some banks still write so."""
    read = record(document(node("CstmrPmtStsRpt", group_status(), transaction_status()), ""))
    assert (read.message, read.level, read.end_to_end_id) == ("pain.002", Level.TRANSACTION, "C-1")


def test_the_report_ends_with_its_container() -> None:
    [end] = containers(pain002(block_status(transaction_status(), transaction_status(end_to_end_id="C-2"))))
    assert (end.message_id, end.container_id, end.entry_count) == ("STATUS-1", None, 2)
