"""A bank's own totals are held against what was read; what does not hold is a finding, never a refusal."""

from iso_builders import balance, camt, codes, container, containers, detail, entry, leaf, money, node, one_entry

from debit_service.iso20022.control import FINDINGS_MAX


def statement(*entries: str, before: str = "") -> str:
    """A camt.053 with one statement."""
    return camt(container(*entries, family="camt.053", before=before), family="camt.053")


def summary(name: str, count: str | None = None, total: str | None = None) -> str:
    """A TxsSummry with one total."""
    return node("TxsSummry", node(name, leaf("NbOfNtries", count), leaf("Sum", total)))


def test_balances_that_hold_are_signed_and_silent() -> None:
    balances = balance("OPBD", "5.00", "DBIT") + balance("CLBD", "2.00")
    [end] = containers(statement(entry(detail()), entry(detail(), amount="3.00", direction="DBIT"), before=balances))
    assert (end.opening_minor, end.closing_minor, end.findings) == (-500, 200, ())
    assert (end.booked_credit_minor, end.booked_debit_minor, end.entry_count) == (1000, 300, 2)


def test_a_gap_between_the_balances_is_found() -> None:
    balances = balance("OPBD", "5.00") + balance("CLBD", "16.00")
    assert codes(statement(entry(detail()), before=balances)) == ["iso.control.balance"]


def test_only_booked_entries_move_the_balance() -> None:
    balances = balance("OPBD", "5.00") + balance("CLBD", "15.00")
    assert codes(statement(entry(detail()), entry(detail(), status="<Cd>PDNG</Cd>"), before=balances)) == []


def test_the_previous_closing_balance_is_an_opening_balance() -> None:
    [end] = containers(statement(before=balance("PRCD", "5.00", day="2026-10-04") + balance("CLBD", "5.00")))
    assert (end.opening_minor, str(end.opening_date), str(end.closing_date)) == (500, "2026-10-04", "2026-10-05")


def test_a_balance_that_cannot_be_read_is_a_finding_and_loses_no_entry() -> None:
    [end] = containers(statement(entry(detail()), before=balance("OPBD", "100.0000000000005")))
    assert (end.entry_count, end.opening_minor) == (1, None)
    assert [finding.code for finding in end.findings] == ["iso.control.balance.malformed"]


def test_the_number_of_entries_is_held() -> None:
    assert codes(statement(entry(detail()), before=summary("TtlNtries", "2"))) == ["iso.control.count"]
    assert codes(statement(entry(detail()), before=summary("TtlNtries", "1"))) == []


def test_the_sums_by_direction_are_held() -> None:
    assert codes(statement(entry(detail()), before=summary("TtlCdtNtries", "1", "9.00"))) == ["iso.control.sum"]
    assert codes(statement(entry(detail()), before=summary("TtlDbtNtries", "0", "0.00"))) == []


def test_totals_may_speak_of_all_entries_or_of_the_booked() -> None:
    pending = entry(detail(), status="<Cd>PDNG</Cd>")
    for count in ("1", "2"):
        assert codes(statement(entry(detail()), pending, before=summary("TtlNtries", count))) == []


def test_the_net_amount_is_held_in_both_spellings() -> None:
    debit = entry(detail(), amount="3.00", direction="DBIT")
    for net in (money("TtlNetNtryAmt", "7.00"), node("TtlNetNtry", money("Amt", "7.00"))):
        before = node("TxsSummry", node("TtlNtries", net))
        assert codes(statement(entry(detail()), debit, before=before)) == []
        assert codes(statement(entry(detail()), debit, before=before.replace("7.00", "8.00"))) == ["iso.control.sum"]


def test_details_that_miss_their_entry_are_found() -> None:
    assert codes(one_entry(detail(amount="4.00"), detail(amount="5.00"))) == ["iso.control.entry.details"]


def test_charges_explain_a_difference_between_details_and_entry() -> None:
    charged = detail(node("Chrgs", node("Rcrd", money("Amt", "3.00"))), amount="10.00")
    assert codes(one_entry(charged, amount="13.00", direction="DBIT")) == []
    assert codes(one_entry(detail(amount="10.00"), amount="13.00", more=node("Chrgs", money("Amt", "3.00")))) == []


def test_details_in_both_directions_net_out() -> None:
    both = detail(amount="12.00", direction="CRDT"), detail(amount="2.00", direction="DBIT")
    assert codes(one_entry(*both)) == []


def test_one_page_of_several_proves_nothing() -> None:
    page = node("StmtPgntn", leaf("PgNb", "1"), leaf("LastPgInd", "false"))
    assert codes(statement(entry(detail()), before=page + summary("TtlNtries", "9"))) == ["iso.control.paged"]


def test_entries_in_another_currency_are_not_added_up() -> None:
    assert codes(statement(entry(detail()), entry(detail(), currency="USD"))) == ["iso.control.currency"]


def test_findings_are_bounded() -> None:
    wrong = [entry(detail(amount="1.00")) for _ in range(FINDINGS_MAX + 5)]
    assert len(codes(statement(*wrong))) == FINDINGS_MAX
