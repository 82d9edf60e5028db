"""What changed in a mandate is told to the bank with every debit until one succeeds, and no longer (facts 1.2; pain 10)."""

from datetime import date

import pytest
from bank_files import camt054, credit, pain002
from house import CLERK, House, Sent
from sqlalchemy import select

from debit_service.banks import queries as bank_files
from debit_service.collections import queries
from debit_service.collections.models import Collection
from debit_service.collections.service.batch import cancel_batch
from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.errors import Refused
from debit_service.demo.data import Somebody
from debit_service.mandates import amend
from debit_service.mandates.models import Mandate

FUND = "EINZUGSSTELLE"
SEPTEMBER, OCTOBER = date(2026, 9, 28), date(2026, 10, 28)
NEW_ACCOUNT = "DE02120300000000202051"


def change_account(house: House, mandate_id: str, *, new_bank: bool) -> None:
    """The employer gives another account."""
    with house.desk.work(CLERK) as work:
        amend.amend(
            work,
            house.fund(FUND),
            work.session.get_one(Mandate, mandate_id),
            amend.Change(account=parse_account(NEW_ACCOUNT, AccountScheme.IBAN), new_bank=new_bank),
            received_at=work.now(),
            why="letter of the employer",
            evidence="letter",
        )


def file_of(house: House, sent: Sent) -> str:
    """The file that took a debit to the bank."""
    with house.reading() as work:
        return bank_files.content(work, queries.batch(work, sent.batch_id).file_id).decode()


def debit(house: House, one: Somebody, due: date, reference: str | None = None) -> Sent:
    """A contribution all the way to the bank."""
    return house.send_due(FUND, due, house.contribution(one, due=due, reference=reference))


def test_an_amendment_is_told_until_a_debit_succeeds(house: House) -> None:
    one = house.employer(FUND, mandate=False)
    mandate_id = house.mandate(one)
    first = debit(house, one, SEPTEMBER)
    house.bank_says(camt054(first.account, credit(first)))
    assert "AmdmntInd" not in file_of(house, first)

    change_account(house, mandate_id, new_bank=True)
    second = debit(house, one, OCTOBER, "SECOND")
    assert "<Id>SMNDA</Id>" in file_of(house, second)
    assert NEW_ACCOUNT in file_of(house, second)

    house.bank_says(pain002(second, day=date(2026, 10, 27)))
    third = house.present_again(second)
    assert "<Id>SMNDA</Id>" in file_of(house, third)

    house.bank_says(camt054(third.account, credit(third), message_id="N2"))
    fourth = debit(house, one, date(2026, 11, 30), "FOURTH")
    assert "AmdmntInd" not in file_of(house, fourth)


def test_an_account_that_changed_before_the_first_debit_is_no_amendment(sqlite_house: House) -> None:
    one = sqlite_house.employer(FUND, mandate=False)
    change_account(sqlite_house, sqlite_house.mandate(one), new_bank=True)
    assert "AmdmntInd" not in file_of(sqlite_house, debit(sqlite_house, one, SEPTEMBER))


def test_a_file_with_the_old_account_is_not_sent_once_the_mandate_was_amended_and_another_is_made(house: House) -> None:
    one = house.employer(FUND, mandate=False)
    mandate_id = house.mandate(one)
    owed = house.contribution(one, due=SEPTEMBER)
    house.collect(FUND)
    house.go_to(house.send_day(FUND, SEPTEMBER))
    (batch_id,) = house.collect(FUND).batches
    house.approve(batch_id)

    change_account(house, mandate_id, new_bank=False)

    with pytest.raises(Refused, match="amended after the file was written"):
        house.send(batch_id)

    (another,) = house.collect(FUND).batches
    house.approve(another)
    assert house.send(another) == "sent"
    assert NEW_ACCOUNT in file_of(house, house.debit(owed))
    assert [attempt.attempt for attempt in house.debits_of(owed)] == [1]


def test_what_the_bank_was_told_is_noted_and_forgotten_with_the_file(house: House) -> None:
    one = house.employer(FUND, mandate=False)
    mandate_id = house.mandate(one)
    first = debit(house, one, SEPTEMBER)
    change_account(house, mandate_id, new_bank=True)
    second = debit(house, one, OCTOBER, "SECOND")
    assert [noted(house, sent) for sent in (first, second)] == [("DE-37040044", False), ("DE-12030000", True)]

    house.contribution(one, due=date(2026, 11, 30), reference="THIRD")
    house.collect(FUND)
    house.go_to(house.send_day(FUND, date(2026, 11, 30)))
    (batch_id,) = house.collect(FUND).batches
    with house.desk.work(CLERK) as work:
        cancel_batch(work, batch_id, "one of them is wrong")
    with house.reading() as work:
        query = select(Collection.debtor_bank_sent, Collection.amendment_told)
        assert work.session.execute(query.where(Collection.payment_information_id.is_(None))).all() == [(None, None)]


def noted(house: House, sent: Sent) -> tuple[str | None, bool | None]:
    """(bank of the debtor, whether a change was told) of a debit."""
    found = house.collection(sent)
    return found.debtor_bank_sent, found.amendment_told
