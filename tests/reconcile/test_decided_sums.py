"""Details of a sum that come after a person decided about it: the bank booked the money once, and what is told since is told."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, together, total
from house import House, Sent
from reconcile.deciding import decided, left_to_pay_out, money, paid_out, told_by, undone

from debit_service.core.errors import Refused
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.service.told_before import told_before

CREDITED, AFTER = date(2026, 9, 30), date(2026, 10, 2)


def sum_of_three(house: House) -> tuple[list[Sent], str]:
    """Three debits of a block of four, booked in one sum; and the entry, which waits."""
    sents = house.sent_together("CNAS", "100.00", "200.00", "300.00", "400.00")
    house.in_turn(camt053(sents[0].account, CREDITED, 0, total(sents[:3])))
    house.go_to(AFTER)
    (entry,) = house.waiting()
    return sents, entry.id


def allocated(house: House, entry_id: str, sents: list[Sent]) -> str:
    """A clerk says that it pays the contributions of these debits."""
    shares = tuple((house.contribution_row(one.contribution_id).id, one.amount_minor) for one in sents)
    return decided(house, entry_id, Decision.ALLOCATED, shares=shares).id


def told_since(house: House) -> list[str]:
    """The debits that files name against decisions."""
    with house.reading() as work:
        return sorted(one.end_to_end_id for one in contradictions(work))


def names(sents: list[Sent]) -> list[str]:
    """How debits are called."""
    return sorted(one.end_to_end_id for one in sents)


def forms(sents: list[Sent]) -> list[list[Booked]]:
    """Debits told each by itself, and as the details of one entry."""
    each = [credit(one) for one in sents]
    return [each, [together(*each, reference="T")]]


def test_details_of_a_sum_that_a_person_allocated_to_their_contributions_are_no_more_money(sqlite_house: House) -> None:
    house = sqlite_house
    sents, entry_id = sum_of_three(house)
    back = house.bookmark()
    for told in forms(sents[:3]):
        said = allocated(house, entry_id, sents[:3])
        house.in_turn(camt054(sents[0].account, *told), camt054(sents[0].account, credit(sents[3]), message_id="N2"))

        assert money(house)["bank"] == 1000_00
        assert left_to_pay_out(house) == {}
        assert told_since(house) == names(sents[:3])

        undone(house, said)
        assert (house.suspense(), money(house), told_since(house)) == ([], {"bank": 1000_00}, [])
        assert set(house.breaches()) <= {5}  # the statement lists the sum alone
        back()


def test_credits_of_a_sum_that_was_to_be_given_back_are_told_and_nobody_pays_it_out_alone(sqlite_house: House) -> None:
    house = sqlite_house
    sents, entry_id = sum_of_three(house)
    said = decided(house, entry_id, Decision.REFUND_OWED).id

    house.in_turn(camt054(sents[0].account, *forms(sents[:3])[0]))

    assert told_since(house) == names(sents[:3])
    assert paid_out(house, entry_id, 600_00).state == "proposed"
    undone(house, said)
    assert (house.suspense(), money(house)["bank"], told_since(house)) == ([], 600_00, [])


def test_credits_of_other_debits_of_the_block_say_nothing_against_a_decision_about_its_sum(sqlite_house: House) -> None:
    house = sqlite_house
    sents, entry_id = sum_of_three(house)
    allocated(house, entry_id, sents[:3])

    house.in_turn(camt054(sents[0].account, credit(sents[3])))

    assert (told_since(house), money(house)["bank"]) == ([], 1000_00)


def test_a_person_says_that_a_sum_was_told_by_its_parts(sqlite_house: House) -> None:
    """Where it may as well be of debits that nobody told of, nothing is guessed; another report of it belongs to it."""
    house = sqlite_house
    sents = house.sent_together("CNAS", "100.00", "200.00", "300.00", "400.00")
    account = sents[0].account
    doubtful = total(sents[1:3], amount_minor=500_00)
    told = (credit(sents[place]) for place in (0, 1, 3))
    house.in_turn(camt053(account, CREDITED, 0, doubtful), camt054(account, *told))
    house.go_to(AFTER)
    (entry,) = house.waiting()
    with house.reading() as work:
        (first,) = [one.entry.id for one in told_before(work, work.session.get_one(BankEntry, entry.id))]
    said = decided(house, entry.id, Decision.TOLD_BEFORE, same_as=first).id
    assert (house.suspense(), money(house)["bank"]) == ([], 700_00)

    house.in_turn(camt054(account, doubtful, message_id="N2"))
    assert (house.suspense(), money(house)["bank"]) == ([], 700_00)
    assert set(house.breaches()) <= {5}

    undone(house, said)
    assert len(house.suspense()) == 1


@pytest.mark.parametrize("decision", [Decision.REFUND_OWED, Decision.NOT_OURS])
def test_details_of_a_sum_about_which_a_person_decided_are_no_more_money(house: House, decision: Decision) -> None:
    """They have its account, day and amount, and name its block; each further report of one belongs to it too."""
    sents, entry_id = sum_of_three(house)
    said = decided(house, entry_id, decision).id
    where = {Decision.REFUND_OWED: "refunds-owed", Decision.NOT_OURS: "not-ours"}[decision]

    house.in_turn(
        camt054(sents[0].account, *forms(sents[:3])[1]),
        camt054(sents[0].account, credit(sents[0], reference="T"), message_id="2"),
    )

    assert money(house) == {"bank": 600_00, where: -600_00}
    assert (house.suspense(), told_since(house)) == ([], names(sents[:3]))
    assert set(house.breaches()) <= {5}

    undone(house, said)
    assert (house.suspense(), money(house), told_since(house)) == ([], {"bank": 600_00}, [])
    assert [house.outcome(one).settled_minor for one in sents] == [100_00, 200_00, 300_00, 0]
    assert set(house.breaches()) <= {5}


def test_a_sum_that_was_announced_before_it_was_booked_is_the_same_sum_to_its_details(sqlite_house: House) -> None:
    house = sqlite_house
    sents = house.sent_together("CNAS", "100.00", "200.00", "300.00", "400.00")
    house.in_turn(camt054(sents[0].account, replace(total(sents[:3]), status="PDNG"), message_id="PENDING"))
    house.in_turn(camt053(sents[0].account, CREDITED, 0, total(sents[:3])))
    house.go_to(AFTER)
    (entry,) = house.waiting()
    decided(house, entry.id, Decision.NOT_OURS)

    house.in_turn(camt054(sents[0].account, *forms(sents[:3])[1]))

    assert (money(house)["bank"], told_since(house)) == (600_00, names(sents[:3]))


def test_what_is_in_a_decided_sum_beside_a_detail_that_names_a_debit_is_no_more_money(sqlite_house: House) -> None:
    """A detail with another reference, and what is left of the entry beside its details."""
    house = sqlite_house
    sents, entry_id = sum_of_three(house)
    said = decided(house, entry_id, Decision.NOT_OURS).id
    strange = replace(credit(sents[1]), end_to_end_id="CHANGED ON THE WAY")
    entry = replace(together(credit(sents[0]), strange, reference="T"), amount_minor=600_00)

    house.in_turn(camt054(sents[0].account, entry))

    assert (house.suspense(), money(house)["bank"], told_since(house)) == ([], 600_00, names(sents[:1]))
    undone(house, said)
    assert money(house)["bank"] == 600_00


def test_details_of_a_sum_that_a_person_matched_to_their_debits_say_nothing_new(sqlite_house: House) -> None:
    house = sqlite_house
    sents, entry_id = sum_of_three(house)
    decided(house, entry_id, Decision.MATCHED, end_to_end_ids=tuple(one.end_to_end_id for one in sents[:3]))

    house.in_turn(camt054(sents[0].account, *forms(sents[:3])[1]))

    assert (house.suspense(), money(house), told_since(house)) == ([], {"bank": 600_00}, [])


def test_details_of_another_amount_or_block_than_a_decided_sum_are_money_of_their_own(sqlite_house: House) -> None:
    house = sqlite_house
    sents, entry_id = sum_of_three(house)
    decided(house, entry_id, Decision.NOT_OURS)
    back = house.bookmark()
    other = Booked(600_00, "DZD", CREDITED, end_to_end_id="A STRANGER", servicer_reference="S")

    for parts, minor in ((sents[2:], 700_00), (sents[1:3], 500_00)):
        house.in_turn(camt054(sents[0].account, together(*(credit(one) for one in parts), reference="T")))
        assert money(house)["bank"] == 600_00 + minor
        back()
    strangers = [replace(other, amount_minor=minor) for minor in (200_00, 400_00)]
    house.in_turn(camt054(sents[0].account, together(*strangers, reference="T")))
    assert money(house)["bank"] == 1200_00


def test_a_sum_that_is_read_after_a_decision_about_one_of_its_details_tells_of_the_debit_that_lacks(
    sqlite_house: House,
) -> None:
    """The detail names nothing of ours. Read before it, the sum would have paid the debit by it."""
    house = sqlite_house
    first, second = house.sent_together("CNAS", "100.00", "200.00")
    strange = replace(credit(second), end_to_end_id="CHANGED ON THE WAY")
    house.in_turn(camt054(first.account, together(credit(first), strange, reference="T")))
    house.go_to(AFTER)
    (entry,) = house.waiting()
    said = decided(house, entry.id, Decision.NOT_OURS).id
    assert told_since(house) == []

    house.in_turn(camt053(first.account, CREDITED, 0, total([first, second])))

    assert (money(house)["bank"], told_since(house)) == (300_00, [second.end_to_end_id])
    undone(house, said)
    assert (house.suspense(), told_since(house)) == ([], [])
    assert house.outcome(second).settled_minor == 200_00


def test_an_allocation_of_a_sum_that_is_undone_lets_the_report_of_its_debit_be_heard(sqlite_house: House) -> None:
    """One of several: the others stand, and so do their folds."""
    house = sqlite_house
    sents, entry_id = sum_of_three(house)
    first, others = (allocated(house, entry_id, some) for some in (sents[:1], sents[1:3]))
    house.in_turn(camt054(sents[0].account, *forms(sents[:3])[0]))
    assert money(house)["bank"] == 600_00

    undone(house, first)

    assert told_since(house) == names(sents[1:3])
    assert house.outcome(sents[0]).settled_minor == 100_00
    undone(house, others)
    assert (house.suspense(), money(house)) == ([], {"bank": 600_00})


def test_a_sum_of_one_debits_amount_that_was_told_before_waits_again_once_that_is_undone(sqlite_house: House) -> None:
    """A bug: another report of it had been folded into the booking that was named, and took the sum along by rule."""
    house = sqlite_house
    sents = house.sent_together("CNAS", "100.00", "100.00", "300.00")
    account, one_of_two = sents[0].account, total(sents[:1])
    house.in_turn(camt053(account, CREDITED, 0, one_of_two), camt054(account, credit(sents[0]), credit(sents[2])))
    house.go_to(AFTER)
    (entry,) = house.waiting()
    with house.reading() as work:
        (first,) = [one.entry.id for one in told_before(work, work.session.get_one(BankEntry, entry.id))]
    said = decided(house, entry.id, Decision.TOLD_BEFORE, same_as=first).id
    house.in_turn(camt054(account, one_of_two, message_id="N2"))
    assert (house.suspense(), money(house)["bank"]) == ([], 400_00)

    undone(house, said)

    assert [one.id for one in house.waiting()] == [entry.id]
    assert money(house) == {"bank": 500_00, "suspense": -100_00}


def test_a_sum_that_names_no_block_beside_credits_that_add_up_to_it_is_offered_as_told_before(house: House) -> None:
    """Same account and day, and the sum and the number of what was sent together. By itself nothing is folded."""
    sents = house.sent_together("CNAS", "100.00", "200.00", "300.00", "400.00")
    account = sents[0].account
    bare = Booked(600_00, "DZD", CREDITED, servicer_reference="SUM")
    others = [replace(bare, amount_minor=500_00), replace(bare, day=AFTER)]
    house.in_turn(camt054(account, *(credit(one) for one in sents[:3])), camt053(account, CREDITED, 0, bare, *others))
    house.go_to(AFTER)
    offered = {}
    with house.reading() as work:
        for one in house.waiting():
            found = told_before(work, work.session.get_one(BankEntry, one.id))
            offered[one.id] = [(each.entry.end_to_end_id, each.debits, each.minor) for each in found]
    (entry_id,) = [name for name, found in offered.items() if found]
    assert offered[entry_id] == [(sents[0].end_to_end_id, 3, 600_00)]

    same = told_by(house, "N1")
    said = decided(house, entry_id, Decision.TOLD_BEFORE, same_as=same)

    assert (said.state, money(house)["bank"], len(house.suspense())) == ("carried_out", 600_00 + 500_00 + 600_00, 2)
    undone(house, said.id)
    assert len(house.suspense()) == 3


def test_of_two_sums_of_one_statement_only_one_was_told_by_the_same_credits(sqlite_house: House) -> None:
    house = sqlite_house
    sents = house.sent_together("CNAS", "100.00", "200.00", "400.00")
    account, bare = sents[0].account, Booked(300_00, "DZD", CREDITED)
    house.in_turn(camt054(account, *(credit(one) for one in sents[:2])), camt053(account, CREDITED, 0, bare, bare))
    house.go_to(AFTER)
    one, other = house.waiting()
    decided(house, one.id, Decision.TOLD_BEFORE, same_as=told_by(house, "N1"))

    with pytest.raises(Refused, match="No such booking"):
        decided(house, other.id, Decision.TOLD_BEFORE, same_as=told_by(house, "N1"))
    assert money(house)["bank"] == 600_00


def test_details_that_may_be_of_another_sum_of_as_much_are_money_of_their_own(sqlite_house: House) -> None:
    house = sqlite_house
    sents = house.sent_together("CNAS", "100.00", "200.00", "300.00", "50.00")
    account = sents[0].account
    house.in_turn(camt053(account, CREDITED, 0, total(sents[:2]), total(sents[2:3])))
    house.go_to(AFTER)
    first, _ = (one.id for one in house.waiting())
    decided(house, first, Decision.NOT_OURS)

    house.in_turn(camt054(account, together(credit(sents[0]), credit(sents[1]), reference="T")))

    assert [house.outcome(one).settled_minor for one in sents] == [100_00, 200_00, 0, 0]
