"""By what a bank may name a debit or a block: the end-to-end reference, else what else of ours, or of its own, it repeats."""

import re
from datetime import date

import pytest
from bank_files import camt054, credit, pain002, returned, total
from house import House, Sent
from reconcile.test_any_order import each_order_tells_the_same

from debit_service.reconcile.rules import State

TAKEN_BACK = date(2026, 10, 5)


def reasons(house: House) -> list[str]:
    """The stable reasons of everything in suspense."""
    return sorted(reason for reason, _ in house.suspense())


def renamed(content: bytes, sent: Sent, by: str) -> bytes:
    """A notification that does not give the end-to-end reference of a debit, but this in its place."""
    name = f"<EndToEndId>{sent.end_to_end_id}</EndToEndId>".encode()
    assert name in content
    return content.replace(name, by.encode())


def test_a_debit_is_known_by_its_instruction_reference_where_the_bank_gives_no_other(house: House) -> None:
    sent = house.sent()
    instruction = f"<InstrId>{sent.end_to_end_id}</InstrId>"

    house.in_turn(
        pain002(sent, "ACCP", None).replace(b"OrgnlEndToEndId", b"OrgnlInstrId"),
        renamed(camt054(sent.account, credit(sent)), sent, f"{instruction}<EndToEndId>NOTPROVIDED</EndToEndId>"),
        renamed(camt054(sent.account, returned(sent, day=TAKEN_BACK), message_id="N2"), sent, instruction),
    )

    result = house.outcome(sent)
    assert (reasons(house), result.state, result.returned_minor) == ([], State.RETURNED, sent.amount_minor)
    assert house.breaches() == {}


def test_an_instruction_reference_that_is_none_of_ours_names_nothing(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(renamed(camt054(sent.account, credit(sent)), sent, "<InstrId>THE BANK'S</InstrId>"))

    assert reasons(sqlite_house) == ["no_reference"]


def test_a_return_is_known_by_the_banks_own_reference_of_the_credit_that_it_takes_back(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "100.00")
    named = [f"<EndToEndId>{one.end_to_end_id}</EndToEndId>" for one in sents]
    credited = camt054(first.account, *map(credit, sents))
    for number, name in enumerate(named):
        credited = credited.replace(name.encode(), f"{name}<TxId>TX-{number}</TxId>".encode())
    back = renamed(
        camt054(first.account, returned(first, "AM04", TAKEN_BACK), message_id="N2"), first, "<TxId>TX-0</TxId>"
    )

    each_order_tells_the_same(sqlite_house, sents, [credited, back, pain002(second, "ACSC", None)])

    assert reasons(sqlite_house) == []
    assert [sqlite_house.outcome(one).state for one in sents] == [State.RETURNED, State.SETTLED]
    assert sqlite_house.collection(first).failure_code == "AM04"


def test_a_return_that_names_its_block_and_the_banks_credit_takes_back_that_credit(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "100.00")
    credited = camt054(first.account, *map(credit, sents))
    for number, one in enumerate(sents):
        name = f"<EndToEndId>{one.end_to_end_id}</EndToEndId>"
        credited = credited.replace(name.encode(), f"{name}<TxId>TX-{number}</TxId>".encode())
    names = f"<PmtInfId>{first.payment_information_id}</PmtInfId><TxId>TX-1</TxId>"
    back = renamed(camt054(first.account, returned(second, "AM04", TAKEN_BACK), message_id="N2"), second, names)

    each_order_tells_the_same(sqlite_house, sents, [pain002(first, "RJCT", message_id="P1"), credited, back])

    assert reasons(sqlite_house) == []
    assert [sqlite_house.outcome(one).state for one in sents] == [State.SETTLED, State.RETURNED]


def test_a_return_that_names_its_debit_counts_before_one_that_names_only_the_banks_credit(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    linked = returned(sent, "AM04", TAKEN_BACK, reference=credit(sent).servicer_reference)

    each_order_tells_the_same(
        sqlite_house,
        [sent],
        [
            camt054(sent.account, credit(sent)),
            renamed(camt054(sent.account, linked, message_id="N2"), sent, ""),
            camt054(sent.account, returned(sent, "MS03", date(2026, 10, 6), reference="R2"), message_id="N3"),
        ],
    )

    assert reasons(sqlite_house) == ["exceeds"]
    assert sqlite_house.collection(sent).failure_code == "MS03"


def test_a_return_that_may_take_back_one_of_two_credits_waits(sqlite_house: House) -> None:
    first, second = sqlite_house.sent_together("CNAS", "100.00", "100.00")
    both = camt054(first.account, credit(first, reference="SAME"), credit(second, reference="SAME"))
    back = camt054(first.account, returned(first, day=TAKEN_BACK, reference="SAME"), message_id="N2")

    sqlite_house.in_turn(both, renamed(back, first, ""))

    assert reasons(sqlite_house) == ["unlinked"]


def test_a_return_that_may_take_back_somebody_elses_credit_waits(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    theirs = renamed(camt054(sent.account, credit(sent), message_id="N1"), sent, "<EndToEndId>THEIRS</EndToEndId>")
    linked = returned(sent, "AM04", TAKEN_BACK, reference=credit(sent).servicer_reference)

    sqlite_house.in_turn(
        camt054(sent.account, credit(sent)),
        theirs,
        renamed(camt054(sent.account, linked, message_id="N2"), sent, ""),
    )

    assert "unlinked" in reasons(sqlite_house)
    assert sqlite_house.outcome(sent).state is State.SETTLED


def test_a_sum_names_its_block_in_its_only_detail_or_by_the_file_that_has_no_other_block(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "1000.00", "500.00")
    block, account = sents[0].payment_information_id, sents[0].account
    told = camt054(account, total(sents)).decode()
    by_file = told.replace(f"<PmtInfId>{block}</PmtInfId>", f"<MsgId>{sents[0].batch_id}</MsgId>")
    batch = f"<Btch><PmtInfId>{block}</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>"
    sole = f"<TxDtls><Refs><PmtInfId>{block}</PmtInfId></Refs></TxDtls>"
    assert batch in told
    in_detail = told.replace(batch, sole).replace(">N1<", ">N2<")
    assert by_file != told

    each_order_tells_the_same(sqlite_house, sents, [by_file.encode(), in_detail.encode()])

    assert reasons(sqlite_house) == []
    assert [sqlite_house.outcome(one).state for one in sents] == [State.SETTLED] * 2
    assert sqlite_house.balances()["bank/CNAS"] == 1500_00
    assert sqlite_house.breaches() == {}


def credited_as_one(sents: list[Sent], minor: int, batch: str = "") -> bytes:
    """A credit whose only detail gives the block of these debits and a transaction reference of the bank's."""
    names = f"<PmtInfId>{sents[0].payment_information_id}</PmtInfId><TxId>TX-1</TxId>"
    told = camt054(sents[0].account, credit(sents[0], amount_minor=minor))
    return renamed(told, sents[0], names).replace(b"<NtryDtls>", f"<NtryDtls>{batch}".encode())


@pytest.mark.parametrize("with_amount", [True, False])
def test_one_transaction_of_the_banks_is_the_sum_of_a_block_where_it_comes_to_all_of_it(
    sqlite_house: House, with_amount: bool
) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    told = credited_as_one(sents, 300_00)
    if not with_amount:
        told = re.sub(rb"(</Refs>)<Amt [^>]*>[^<]*</Amt>", rb"\1", told)

    sqlite_house.in_turn(told)

    assert reasons(sqlite_house) == []
    assert [sqlite_house.outcome(one).state for one in sents] == [State.SETTLED] * 2


def test_one_transaction_of_the_banks_is_no_sum_where_the_bank_counts_it_as_one(sqlite_house: House) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    sqlite_house.in_turn(credited_as_one(sents, 300_00, "<Btch><NbOfTxs>1</NbOfTxs></Btch>"))

    assert reasons(sqlite_house) == ["batch_differs"]


@pytest.mark.parametrize(
    ("amounts", "rejected", "minor"),
    [(("100.00", "200.00", "300.00"), 2, 300_00), (("100.00", "100.00"), 1, 100_00)],
    ids=["the rest of the block or the rejected one", "either of two"],
)
def test_one_transaction_of_the_banks_that_may_be_a_debit_or_a_part_of_its_block_waits(
    sqlite_house: House, amounts: tuple[str, ...], rejected: int, minor: int
) -> None:
    """Some banks book the rejected debit too, and take it back."""
    sents = sqlite_house.sent_together("CNAS", *amounts)

    each_order_tells_the_same(
        sqlite_house, sents, [pain002(sents[rejected], message_id="P1"), credited_as_one(sents, minor)]
    )

    assert reasons(sqlite_house) == ["batch_differs"]
    assert State.SETTLED not in [sqlite_house.outcome(one).state for one in sents]


def test_one_transaction_of_the_banks_is_the_only_debit_that_is_left_of_its_block(sqlite_house: House) -> None:
    first, second = sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")

    each_order_tells_the_same(sqlite_house, sents, [pain002(second), credited_as_one(sents, 100_00)])

    assert reasons(sqlite_house) == []
    assert sqlite_house.outcome(first).state is State.SETTLED
