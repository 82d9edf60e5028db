"""What users of other systems suffered from when banks answered, and what becomes of it here.

Pains 21 to 27, 32 to 34, 42 and 44, each named by its story; those between are in `test_how_banks_write`.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from bank_files import Booked, camt053, camt054, credit, returned, together, total
from house import CLERK, House, Sent
from policy import bank_says
from scenarios.looking import made, reasons, states
from sqlalchemy import func, select

from debit_service.core.errors import Refused
from debit_service.reconcile.models import Disposition
from debit_service.reconcile.rules import State
from debit_service.reconcile.tie_out import control
from debit_service.reports.rules import PenaltyStanding, Standing

CREDITED, TAKEN_BACK, OCTOBER = date(2026, 9, 30), date(2026, 10, 5), date(2026, 10, 29)


def of_one_mandate(house: House, *amounts: str) -> list[Sent]:
    """One employer that owes several contributions, all debited on one day under one mandate."""
    one = house.employer()
    owed = [house.contribution(one, amount=each, reference=f"R-{number}") for number, each in enumerate(amounts)]
    house.send_due("CNAS", CREDITED, owed[0])
    return [house.debit(each) for each in owed]


def inserted(content: bytes, after: str, what: str) -> bytes:
    """The file with something more in it."""
    assert after.encode() in content
    return content.replace(after.encode(), f"{after}{what}".encode())


def test_a_batch_that_is_booked_in_one_sum_is_broken_up_when_a_return_names_one_of_its_debits(
    sqlite_house: House,
) -> None:
    """pain 21: ebicsbox#228: only the total is booked, but returns carry the end-to-end id."""
    first, second, third = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")

    sqlite_house.in_turn(
        camt053(first.account, CREDITED, 0, total(sents)),
        camt054(first.account, returned(second, "AC04", TAKEN_BACK), message_id="N2"),
    )

    assert states(sqlite_house, first, second, third) == [State.SETTLED, State.RETURNED, State.SETTLED]
    assert sqlite_house.balances()["bank/CNAS"] == 400_00
    assert sqlite_house.collection(second).failure_code == "AC04"


def test_the_lines_of_a_split_entry_take_their_own_amounts_and_a_sum_that_is_not_theirs_is_told(
    sqlite_house: House,
) -> None:
    """pain 22: OCA/bank-statement-import#157: split lines take the entry's total."""
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    batch = together(*(credit(one) for one in sents), reference="B")

    sqlite_house.in_turn(camt054(sents[0].account, batch))
    assert [sqlite_house.outcome(one).settled_minor for one in sents] == [100_00, 200_00]

    wrong = replace(batch, amount_minor=310_00, day=TAKEN_BACK, servicer_reference="C")
    sqlite_house.in_turn(camt054(sents[0].account, wrong, message_id="N2"))
    with sqlite_house.reading() as work:
        assert any("310.00" in finding for finding in control.findings(work))


def test_the_banks_fee_for_a_return_is_no_part_of_what_is_owed_whether_it_is_in_the_amount_or_beside_it(
    sqlite_house: House,
) -> None:
    """pain 23: OCA/bank-statement-import#976, xkikeg/okane#28: booked with or without the charges."""
    within, beside = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    told_beside = returned(beside, day=TAKEN_BACK)
    stated = '<Chrgs><Rcrd><Amt Ccy="DZD">2.50</Amt><ChrgInclInd>false</ChrgInclInd></Rcrd></Chrgs>'
    fee = Booked(2_50, beside.currency, TAKEN_BACK, "DBIT", servicer_reference="FEE", sub_family="CHRG")

    sqlite_house.in_turn(
        camt054(within.account, credit(within), credit(beside)),
        camt054(within.account, returned(within, day=TAKEN_BACK, charges_minor=2_50), message_id="N2"),
        inserted(camt054(beside.account, told_beside, message_id="N3"), "</BkTxCd>", stated),
        camt054(within.account, fee, message_id="N4"),
    )

    assert [sqlite_house.outcome(one).returned_minor for one in (within, beside)] == [100_00, 200_00]
    assert [sqlite_house.outcome(one).charges_minor for one in (within, beside)] == [2_50, 0]
    balances = sqlite_house.balances()
    assert (balances["charges/CNAS"], balances["receivable/CNAS"]) == (2_50, 300_00)
    assert reasons(sqlite_house) == ["charge_alone"]


def test_money_without_a_reference_is_never_guessed_although_only_one_debit_has_its_amount(sqlite_house: House) -> None:
    """pain 24: socialincome-san/public#2932: no end-to-end id; OCA/account-payment#883: written and read by other names."""
    sent = sqlite_house.sent(amount="123.45")
    nameless = replace(credit(sent), end_to_end_id="NOTPROVIDED", servicer_reference="AS")

    sqlite_house.in_turn(camt054(sent.account, nameless))
    assert (states(sqlite_house, sent), reasons(sqlite_house)) == ([State.SENT], ["no_reference"])

    written = (sqlite_house.bank_folder / "in" / f"{sent.batch_id}.xml").read_bytes()
    (reference,) = re.findall(rb"<EndToEndId>([^<]+)", written)
    sqlite_house.in_turn(camt054(sent.account, replace(nameless, end_to_end_id=reference.decode()), message_id="N2"))
    assert (states(sqlite_house, sent), reasons(sqlite_house)) == ([State.SETTLED], [])


def test_several_returns_under_one_mandate_on_one_day_cancel_each_contribution_once(sqlite_house: House) -> None:
    """pain 25: org.project60.banking#135: the same contribution was cancelled again and again."""
    first, second, third = of_one_mandate(sqlite_house, "100.00", "100.00", "100.00")
    assert first.mandate_reference == third.mandate_reference

    sqlite_house.in_turn(
        camt054(first.account, *(credit(one) for one in (first, second, third))),
        camt054(
            first.account,
            returned(first, day=TAKEN_BACK),
            returned(first, day=TAKEN_BACK, reference="AGAIN"),
            returned(second, day=TAKEN_BACK),
            message_id="N2",
        ),
    )

    assert states(sqlite_house, first, second, third) == [State.RETURNED, State.RETURNED, State.SETTLED]
    assert sqlite_house.outcome(first).returned_minor == 100_00
    assert reasons(sqlite_house) == ["exceeds"]


def test_a_return_takes_money_away_and_a_credit_brings_it_whatever_the_reversal_indicator_says(
    sqlite_house: House,
) -> None:
    """pain 26: OCA/bank-statement-import#375: `RvslInd` and the sign; Dolibarr#33838: a rejection booked as a payment."""
    kept, gone = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    content = camt054(kept.account, credit(kept), credit(gone), returned(gone, day=TAKEN_BACK))
    back = sqlite_house.bookmark()
    for family, reversal in product(("IDDT", "RDDT"), ("", "<RvslInd>true</RvslInd>", "<RvslInd>false</RvslInd>")):
        back()
        said = content.replace(b"<Cd>IDDT</Cd>", f"<Cd>{family}</Cd>".encode())

        sqlite_house.in_turn(said.replace(b"</CdtDbtInd><Sts>", f"</CdtDbtInd>{reversal}<Sts>".encode()))

        assert states(sqlite_house, kept, gone) == [State.SETTLED, State.RETURNED], (family, reversal)
        assert sqlite_house.balances()["bank/CNAS"] == 100_00, (family, reversal)
        assert sqlite_house.suspense() == [], (family, reversal)


def test_a_chargeback_changes_the_debit_what_is_owed_and_what_is_said_about_fault(sqlite_house: House) -> None:
    """pain 27: ebicsbox: a chargeback makes a statement line, and the transaction stays paid."""
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent)))
    assert made(sqlite_house).lines[0].standing is Standing.PAID

    sqlite_house.in_turn(camt054(sent.account, returned(sent, "AM04", TAKEN_BACK), message_id="N2"))
    sqlite_house.go_to(TAKEN_BACK + timedelta(days=10))
    sqlite_house.assess()

    (line,) = made(sqlite_house).lines
    assert (line.standing, line.why) == (Standing.FAILED, "returned AM04 InsufficientFunds")
    assert line.penalty is PenaltyStanding.PROPOSED
    assert sqlite_house.balances()["receivable/CNAS"] == sent.amount_minor
    assert not sqlite_house.collection(sent).live


def test_notification_and_statement_of_one_booking_are_one_and_the_one_with_details_explains_it(
    sqlite_house: House,
) -> None:
    """pain 32: OCA/bank-statement-import#106, #580: what is in 053 and in 054 was booked twice."""
    sent = sqlite_house.sent()
    full = credit(sent, reference="AS")

    sqlite_house.in_turn(camt053(sent.account, CREDITED, 0, replace(full, end_to_end_id=None)))
    assert reasons(sqlite_house) == ["no_reference"]
    sqlite_house.in_turn(camt054(sent.account, full))

    assert (states(sqlite_house, sent), reasons(sqlite_house)) == ([State.SETTLED], [])
    assert sqlite_house.balances()["bank/CNAS"] == sent.amount_minor


def test_numbers_that_a_bank_uses_again_the_year_after_hide_nothing(sqlite_house: House) -> None:
    """pain 33: OCA/bank-statement-import#83: statement ids start anew every year, and whole statements were skipped."""
    sent = sqlite_house.sent()
    later = date(CREDITED.year + 1, CREDITED.month, CREDITED.day)
    nameless = Booked(70_00, sent.currency, CREDITED)

    sqlite_house.in_turn(
        camt053(sent.account, CREDITED, 0, nameless, message_id="S1"),
        camt053(sent.account, later, 70_00, replace(nameless, day=later), message_id="S1"),
    )

    assert [one.booking_date for one in sqlite_house.waiting()] == [CREDITED, later]
    assert sqlite_house.balances()["suspense/CNAS"] == -140_00


def test_two_real_rows_that_are_alike_both_count_and_a_reference_used_twice_goes_to_a_person(
    sqlite_house: House,
) -> None:
    """pain 33: otherworld-dev/Budget#276: real twins were dropped; BCApps#11055: an end-to-end id is not unique."""
    sent = sqlite_house.sent()
    alike = replace(credit(sent), servicer_reference=None)

    sqlite_house.in_turn(camt054(sent.account, alike, alike))

    assert (states(sqlite_house, sent), reasons(sqlite_house)) == ([State.SETTLED], ["exceeds"])
    assert sqlite_house.balances()["bank/CNAS"] == 2 * sent.amount_minor


def test_an_account_number_in_the_entry_reference_is_a_reference(sqlite_house: House) -> None:
    """pain 34: OCA/bank-statement-import#985: an account number in `NtryRef` (QR-IBAN)."""
    sent = sqlite_house.sent()
    other = sqlite_house.fund("EINZUGSSTELLE").creditor.account.value

    sqlite_house.in_turn(inserted(camt054(sent.account, credit(sent)), "<Ntry>", f"<NtryRef>{other}</NtryRef>"))

    assert states(sqlite_house, sent) == [State.SETTLED]
    assert "bank/EINZUGSSTELLE" not in sqlite_house.balances()


def test_a_bank_entry_stands_for_one_thing_and_the_database_itself_refuses_a_second(house: House) -> None:
    """pain 42: rentemester#642: one journal entry reconciled two bank rows."""
    sent = house.sent()
    house.in_turn(camt054(sent.account, credit(sent)))

    with house.reading() as work:
        (known,) = work.session.scalars(select(Disposition))
        second = {column.name: getattr(known, column.name) for column in Disposition.__table__.columns}
    with pytest.raises(Refused, match="same moment"), house.desk.work(CLERK) as work:
        work.session.add(Disposition(**(second | {"id": work.new_id(), "sort_key": 2})))

    with house.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Disposition)) == 1


def test_what_is_expected_and_has_not_come_yet_is_no_exception(sqlite_house: House) -> None:
    """pain 42: hyperswitch-control-center#5486: "expected" was counted among the exceptions."""
    sqlite_house.sent_together("CNAS", "100.00", "200.00")

    shown = made(sqlite_house)

    assert (shown.waiting, shown.control, shown.attention) == ((), (), ())
    assert [line.standing for line in shown.lines] == [Standing.UNDER_WAY] * 2


def test_first_and_recurring_debits_of_one_file_are_booked_apart_and_each_sum_finds_its_block(
    sqlite_house: House,
) -> None:
    """pain 44: OCA/bank-payment#464, #65: the bank books FRST and RCUR separately."""
    house = sqlite_house
    bank_says(house, first_collection="FRST")
    known, new = house.employer(), house.employer()
    first = house.send_due("CNAS", CREDITED, house.contribution(known))
    house.bank_says(camt054(first.account, credit(first)))
    again = house.contribution(known, due=OCTOBER, reference="SECOND")
    other = house.contribution(new, due=OCTOBER)
    house.send_due("CNAS", OCTOBER, again)
    recurring, frst = house.debit(again), house.debit(other)
    assert recurring.batch_id == frst.batch_id
    assert recurring.payment_information_id != frst.payment_information_id

    house.in_turn(camt053(first.account, OCTOBER, first.amount_minor, total([recurring]), total([frst])))

    assert states(house, recurring, frst) == [State.SETTLED] * 2
    assert house.suspense() == []
