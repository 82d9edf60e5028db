"""Interest that a bank takes or gives with a booking (`Intrst`), and costs that it states of an entry and of no detail of it."""

import pytest
from iso_builders import camt, container, detail, entry, leaf, money, node, one_entry, record, records

from debit_service.iso20022.records import Direction, Kind


def interest(amount: str, direction: str | None = "DBIT") -> str:
    """As versions 04 to 13 write it."""
    return node("Intrst", node("Rcrd", money("Amt", amount), leaf("CdtDbtInd", direction)))


def charges(amount: str) -> str:
    return node("Chrgs", node("Rcrd", money("Amt", amount), leaf("CdtDbtInd", "DBIT")))


@pytest.mark.parametrize("version", ["04", "06", "08", "10", "13"])
def test_a_detail_says_what_interest_the_bank_took(version: str) -> None:
    read = record(one_entry(detail(interest("0.45")), version=version))
    assert read.interest_minor == 45


def test_old_files_repeat_the_interest() -> None:
    rows = "".join(node("Intrst", money("Amt", one), leaf("CdtDbtInd", "DBIT")) for one in ("0.45", "0.05"))
    assert record(one_entry(detail(rows), version="02")).interest_minor == 50


def test_interest_that_the_bank_gives_is_below_zero() -> None:
    assert record(one_entry(detail(interest("0.45", "CRDT")))).interest_minor == -45


def test_a_total_counts_where_there_is_no_record() -> None:
    assert record(one_entry(detail(node("Intrst", money("TtlIntrstAndTaxAmt", "0.45"))))).interest_minor == 45


def test_interest_of_the_entry_is_that_of_its_only_detail() -> None:
    assert record(one_entry(detail(), more=interest("0.45"))).interest_minor == 45


def test_interest_in_another_currency_is_not_read() -> None:
    foreign = node("Intrst", node("Rcrd", money("Amt", "0.45", "USD")))
    assert record(one_entry(detail(foreign))).interest_minor is None


def test_many_entries_alike_keep_each_its_own_interest() -> None:
    amounts = [f"0.{minor}" for minor in range(10, 60)]
    file = camt(container(*(entry(detail(interest(one))) for one in amounts)))
    assert [one.interest_minor for one in records(file)] == list(range(10, 60))


def test_many_details_alike_keep_each_its_own_interest() -> None:
    amounts = [f"0.{minor}" for minor in range(10, 99)]
    details = [detail(interest(one), amount="1.00") for one in amounts]
    assert [one.interest_minor for one in records(one_entry(*details, amount="89.00"))] == list(range(10, 99))


def test_costs_of_an_entry_with_several_details_are_a_record_of_their_own() -> None:
    gone = [detail(amount="5.00"), detail(amount="6.00", end_to_end_id="C-2")]
    *details, cost = records(
        one_entry(*gone, amount="14.50", direction="DBIT", more=charges("3.00") + interest("0.50"))
    )
    assert [(one.amount_minor, one.charges_minor, one.interest_minor) for one in details] == [
        (500, None, None),
        (600, None, None),
    ]
    assert (cost.kind, cost.direction, cost.amount_minor) == (Kind.COST, Direction.DEBIT, 350)
    assert (cost.charges_minor, cost.interest_minor, cost.entry_amount_minor) == (300, 50, 1450)


def test_costs_that_were_kept_from_a_credit_are_a_debit() -> None:
    *_, cost = records(one_entry(detail(amount="5.00"), detail(amount="6.00"), amount="10.00", more=charges("1.00")))
    assert (cost.kind, cost.direction, cost.amount_minor) == (Kind.COST, Direction.DEBIT, 100)


def test_costs_of_an_entry_that_its_details_add_up_to_are_no_record() -> None:
    read = records(one_entry(detail(amount="5.00"), detail(amount="6.00"), amount="11.00", more=charges("1.00")))
    assert [one.kind for one in read] == [Kind.COLLECTION, Kind.COLLECTION]


@pytest.mark.parametrize(
    ("amount", "left"),
    [("13.00", (Direction.CREDIT, 200)), ("12.00", (Direction.CREDIT, 100)), ("9.00", (Direction.DEBIT, 200))],
    ids=["more than the details", "more by the costs, which would make it less", "less than the details"],
)
def test_what_costs_do_not_explain_of_an_entry_is_a_record_of_its_own(amount: str, left: tuple[Direction, int]) -> None:
    *details, rest = records(
        one_entry(detail(amount="5.00"), detail(amount="6.00"), amount=amount, more=charges("1.00"))
    )
    assert [one.kind for one in details] == [Kind.COLLECTION, Kind.COLLECTION]
    assert (rest.kind, rest.direction, rest.amount_minor) == (Kind.REMAINDER, *left)
