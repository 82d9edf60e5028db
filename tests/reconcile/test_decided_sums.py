"""Details of a sum that come after a person decided about it: the bank booked the money once, and what is told since is told."""

from datetime import date

from bank_files import Booked, camt053, camt054, credit, together, total
from house import House, Sent
from reconcile.deciding import decided, left_to_pay_out, money, paid_out, undone

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
        (first,) = [one.id for one in told_before(work, work.session.get_one(BankEntry, entry.id))]
    said = decided(house, entry.id, Decision.TOLD_BEFORE, same_as=first).id
    assert (house.suspense(), money(house)["bank"]) == ([], 700_00)

    house.in_turn(camt054(account, doubtful, message_id="N2"))
    assert (house.suspense(), money(house)["bank"]) == ([], 700_00)
    assert set(house.breaches()) <= {5}

    undone(house, said)
    assert len(house.suspense()) == 1
