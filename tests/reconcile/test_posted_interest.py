"""What a bank takes besides the money itself stands on lines of its own: charges as charges, interest as interest."""

from dataclasses import replace
from datetime import date

from bank_files import Booked, camt053, camt054, credit, returned, together
from house import House, Sent
from reconcile.test_any_order import each_order_tells_the_same

TAKEN_BACK = date(2026, 11, 20)
INTEREST = b'<Intrst><Rcrd><Amt Ccy="DZD">1.50</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Intrst>'


def late_refund(sent: Sent, *, interest_minor: int = 150, name: str = "N2", reference: str | None = None) -> bytes:
    """The money, 5.00 of charges and some interest for the debtor."""
    gone = returned(sent, "MD06", TAKEN_BACK, charges_minor=5_00 + interest_minor, reference=reference)
    told = camt054(sent.account, gone, message_id=name)
    both, interest = f"{5 + interest_minor / 100:.2f}".encode(), f"{interest_minor / 100:.2f}".encode()
    fees = told.replace(b'<Rcrd><Amt Ccy="DZD">' + both, b'<Rcrd><Amt Ccy="DZD">5.00')
    assert fees != told
    return fees.replace(b"</Chrgs>", b"</Chrgs>" + INTEREST.replace(b"1.50", interest))


def test_a_refund_with_charges_and_interest_is_a_return_and_neither_is_the_employers_principal(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()

    each_order_tells_the_same(sqlite_house, [sent], [camt054(sent.account, credit(sent)), late_refund(sent)])

    assert sqlite_house.suspense() == []
    balances = sqlite_house.balances()
    assert (balances["bank/CNAS"], balances["charges/CNAS"], balances["interest/CNAS"]) == (-6_50, 5_00, 1_50)
    assert sqlite_house.outcome(sent).returned_minor == sent.amount_minor


def costly(*parts: Booked) -> Booked:
    """One entry of several returns, of which the bank took 3.00 more."""
    whole = together(*parts, reference="SUM")
    return Booked(
        whole.amount_minor + 3_00,
        whole.currency,
        whole.day,
        whole.direction,
        servicer_reference="SUM",
        sub_family="UPDD",
        charges_minor=3_00,
        details=parts,
    )


def test_charges_of_an_entry_with_several_details_are_the_funds_and_shared_out_to_nobody(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    gone = costly(*(returned(one, day=TAKEN_BACK) for one in sents))

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(sents[0].account, *(credit(one) for one in sents)),
            camt054(sents[0].account, gone, message_id="N2"),
            camt053(sents[0].account, TAKEN_BACK, 300_00, gone),
        ],
    )

    assert sqlite_house.suspense() == []
    assert (sqlite_house.balances()["bank/CNAS"], sqlite_house.balances()["charges/CNAS"]) == (-3_00, 3_00)
    assert [sqlite_house.outcome(one).charges_minor for one in sents] == [0, 0]


def test_costs_that_two_reports_state_of_one_entry_without_a_reference_are_taken_once(sqlite_house: House) -> None:
    """The bank gives the entry no reference in its notifications: its details tell that it is the same one."""
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    gone = costly(*(returned(one, day=TAKEN_BACK) for one in sents))
    bare = replace(gone, servicer_reference=None)

    each_order_tells_the_same(
        sqlite_house,
        sents,
        [
            camt054(sents[0].account, *(credit(one) for one in sents)),
            camt054(sents[0].account, bare, message_id="N2"),
            camt053(sents[0].account, TAKEN_BACK, 300_00, gone),
            camt054(sents[0].account, replace(bare, details=tuple(reversed(bare.details))), message_id="N3"),
        ],
    )

    assert sqlite_house.balances()["charges/CNAS"] == 3_00


def test_the_same_costs_of_two_entries_of_one_day_are_both_taken(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "100.00", "200.00")
    gone = [
        replace(costly(*(returned(one, day=TAKEN_BACK) for one in some)), servicer_reference=None)
        for some in (sents[:2], sents[2:])
    ]

    sqlite_house.in_turn(
        camt054(sents[0].account, *(credit(one) for one in sents)),
        *(camt054(sents[0].account, one, message_id=f"N{number}") for number, one in enumerate(gone, 2)),
    )

    assert sqlite_house.balances()["charges/CNAS"] == 6_00


def test_of_two_returns_that_differ_in_their_interest_alone_the_same_one_counts_in_every_order(
    sqlite_house: House,
) -> None:
    sent = sqlite_house.sent()

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            late_refund(sent, reference="R1"),
            late_refund(sent, interest_minor=2_50, name="N3", reference="R2"),
        ],
    )


def test_how_two_reports_of_one_return_split_what_was_taken_does_not_hang_on_which_is_read_first(
    sqlite_house: House,
) -> None:
    """One states charges of 6.50, the other one charges of 5.00 and interest of 1.50: it is one booking."""
    sent = sqlite_house.sent()
    whole = returned(sent, "MD06", TAKEN_BACK, charges_minor=6_50)

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            camt053(sent.account, TAKEN_BACK, sent.amount_minor, whole),
            late_refund(sent),
        ],
    )

    assert sqlite_house.suspense() == []
