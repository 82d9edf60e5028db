"""The file that goes to the bank: valid, as the database says, frozen, and only where every fact is confirmed."""

import io
from datetime import date

import pytest
from house import APPROVER, CLERK, House
from lxml import etree
from sqlalchemy import select, update

from debit_service.banks import queries as bank_files
from debit_service.banks.models import BankFile
from debit_service.collections import queries
from debit_service.collections.models import Batch, Collection
from debit_service.collections.service.approve import approve
from debit_service.collections.service.outcome import Failure, note_outcome
from debit_service.core.errors import Refused
from debit_service.iso20022.pain008 import reread
from debit_service.iso20022.validate import validate

DUES = {"CNAS": date(2026, 9, 30), "CNSS": date(2026, 9, 10), "EINZUGSSTELLE": date(2026, 9, 28)}
#: What a message outside the euro area cannot keep: SEPA knows one currency and one service level.
NOT_SEPA = {"iso.pain008.currency", "iso.pain008.service_level"}


def made(house: House, fund_id: str = "CNAS", employers: int = 2) -> str:
    """A batch that waits for approval."""
    for number in range(employers):
        house.contribution(house.employer(fund_id), due=DUES[fund_id], amount=f"{1000 + number}.0{number}")
    house.collect(fund_id)
    house.go_to(house.send_day(fund_id, DUES[fund_id]))
    (batch_id,) = house.collect(fund_id).batches
    return batch_id


def content(house: House, batch_id: str) -> bytes:
    with house.desk.reading(CLERK) as work:
        return bank_files.content(work, queries.batch(work, batch_id).file_id)


def texts(document: bytes, path: str) -> list[str]:
    return [str(found.text) for found in etree.XML(document).iter(f"{{*}}{path}")]


@pytest.mark.parametrize("fund_id", DUES)
def test_the_file_of_each_fund_is_valid_and_says_what_the_database_says(sqlite_house: House, fund_id: str) -> None:
    batch_id = made(sqlite_house, fund_id)
    document = content(sqlite_house, batch_id)

    errors = {one.code for one in validate(io.BytesIO(document), file="pain.008") if one.severity == "error"}
    assert errors <= (NOT_SEPA if fund_id != "EINZUGSSTELLE" else set())
    summary = reread(io.BytesIO(document))
    with sqlite_house.reading() as work:
        batch, members = queries.batch(work, batch_id), queries.of_batch(work, batch_id)
    assert summary.message_id == batch_id
    assert dict(summary.amounts) == {one.end_to_end_id: one.amount_minor for one in members}
    assert (batch.count, batch.control_sum_minor) == (2, 200_101)
    assert texts(document, "ReqdColltnDt") == [one.collection_date.isoformat() for one in members[:1]]
    assert set(texts(document, "MndtId")) == {one.mandate_reference_sent for one in members}
    assert ("SEPA" in texts(document, "Cd")) is (fund_id == "EINZUGSSTELLE")


def test_an_arabic_name_reaches_the_bank_in_its_letters(sqlite_house: House) -> None:
    made_by = [sqlite_house.employer() for _ in range(3)]  # every third is called in Arabic
    sqlite_house.contribution(made_by[2], due=DUES["CNAS"])
    sqlite_house.collect()
    sqlite_house.go_to(sqlite_house.send_day("CNAS", DUES["CNAS"]))
    (batch_id,) = sqlite_house.collect().batches

    document = content(sqlite_house, batch_id)
    assert document.decode().isascii()
    assert "moussa rkm 003" in [name.lower() for name in texts(document, "Nm")]


def test_other_bytes_than_were_shown_are_not_approved(house: House) -> None:
    batch_id = made(house)
    with pytest.raises(Refused, match="other bytes"), house.desk.work(APPROVER) as work:
        approve(work, batch_id, "0" * 64)


def test_bytes_that_were_exchanged_in_the_store_are_not_approved(house: House) -> None:
    batch_id = made(house)
    with house.desk.database.transaction() as session:
        session.execute(update(BankFile).where(BankFile.direction == "out").values(sha256="0" * 64))
    with pytest.raises(Refused, match="other bytes"), house.desk.work(APPROVER) as work:
        approve(work, batch_id, queries.batch(work, batch_id).sha256)


def test_collecting_again_makes_no_second_batch_and_no_second_notice(house: House) -> None:
    made(house)
    again = house.collect()
    assert (again.planned, again.notices, again.batches) == (0, 0, [])


@pytest.mark.parametrize("fact", ["scheme", "creditor.name", "creditor.identifier", "creditor.account"])
def test_nothing_is_planned_announced_or_written_while_a_fact_is_unconfirmed(
    sqlite_url: str, tmp_path_factory: pytest.TempPathFactory, fact: str
) -> None:
    house = House(sqlite_url, tmp_path_factory.mktemp("house"), unconfirmed=frozenset({fact}))
    house.contribution(house.employer(), due=DUES["CNAS"])
    with pytest.raises(Refused) as refusal:
        house.collect()
    assert refusal.value.code == "fact.unconfirmed"
    with house.reading() as work:
        assert list(work.session.scalars(select(Collection))) == []
        assert list(work.session.scalars(select(Batch))) == []
    assert not (house.service.settings.home / "letters").exists()
    house.close()


def test_a_due_date_that_no_calendar_knows_holds_up_nobody_else(house: House) -> None:
    lost = house.contribution(house.employer(), due=date(2019, 9, 30))
    found = house.contribution(house.employer(), due=DUES["CNAS"])
    done = house.collect()
    assert done.planned == 1
    assert [(reference, "calendar" in why) for reference, why in done.left_alone.items()] == [
        (house.contribution_row(lost).reference, True)
    ]
    assert len(house.debits_of(found)) == 1


def test_when_the_rival_of_an_attempt_that_holds_money_fails_the_contribution_is_held_again(house: House) -> None:
    """Rejected, presented again and at the bank, then booked all the same: two attempts; now the second one fails."""
    first = house.sent(amount="500.00")
    fail(house, first.collection_id)
    second = house.present_again(first)
    with house.desk.work(CLERK) as work:
        said = note_outcome(work, work.session.get_one(Collection, first.collection_id), None)
    assert said == "this attempt is at the bank although another one is under way"
    assert live(house, first.contribution_id) == [False, True]

    fail(house, second.collection_id)

    assert live(house, first.contribution_id) == [True, False]
    assert house.collect().planned == 0


def fail(house: House, collection_id: str) -> None:
    with house.desk.work(CLERK) as work:
        collection = work.session.get_one(Collection, collection_id)
        note_outcome(work, collection, Failure("AM04", collection.collection_date))


def live(house: House, contribution_id: str) -> list[bool]:
    return [one.live for one in house.debits_of(contribution_id)]
