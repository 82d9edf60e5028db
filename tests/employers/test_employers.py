"""Employers: one reference, one number at each fund, and a name that only the key ring opens."""

import pytest
from house import CLERK, House

from debit_service.core.errors import Refused
from debit_service.employers import queries
from debit_service.employers.models import Employer
from debit_service.employers.service import enrol, register


def registered(house: House, reference: str = "NIF-1", email: str | None = None) -> str:
    with house.desk.work(CLERK) as work:
        return register(work, reference=reference, name="مؤسسة رقم 1", language="ar", email=email).id


def enrolled(house: House, employer_id: str, number: str, fund_id: str = "CNAS") -> None:
    with house.desk.work(CLERK) as work:
        enrol(work, work.session.get_one(Employer, employer_id), fund_id, number)


def test_an_employer_is_found_by_its_number_at_a_fund_and_by_its_own_reference(sqlite_house: House) -> None:
    employer_id = registered(sqlite_house, email="boss@example.dz")
    enrolled(sqlite_house, employer_id, "000001")
    with sqlite_house.desk.reading(CLERK) as work:
        found = queries.find(work, "CNAS", "000001")
        assert found is not None
        assert (found.id, queries.name(work, found)) == (employer_id, "مؤسسة رقم 1")
        assert queries.email(work, found) == "boss@example.dz"
        assert queries.find(work, "CNSS", "000001") is None
        assert queries.by_reference(work, "NIF-1") is found
        assert queries.by_reference(work, "NIF-2") is None


def test_name_and_address_are_sealed(sqlite_house: House) -> None:
    employer_id = registered(sqlite_house, email="boss@example.dz")
    with sqlite_house.desk.reading(CLERK) as work:
        row = work.session.get_one(Employer, employer_id)
        assert "مؤسسة".encode() not in row.name_sealed
        assert b"boss" not in (row.email_sealed or b"")


def test_an_employer_without_an_address_has_none(sqlite_house: House) -> None:
    employer_id = registered(sqlite_house)
    with sqlite_house.desk.reading(CLERK) as work:
        assert queries.email(work, work.session.get_one(Employer, employer_id)) is None


def test_enrolling_again_under_the_same_number_changes_nothing(house: House) -> None:
    employer_id = registered(house)
    for _ in range(2):
        enrolled(house, employer_id, "000001")
    enrolled(house, employer_id, "000001", "CNSS")
    with house.desk.reading(CLERK) as work:
        assert [(one.fund_id, one.number) for one in queries.registrations(work, employer_id)] == [
            ("CNAS", "000001"),
            ("CNSS", "000001"),
        ]


def test_a_number_belongs_to_one_employer_and_an_employer_has_one_number(house: House) -> None:
    enrolled(house, registered(house), "000001")
    other = registered(house, "NIF-2")
    with pytest.raises(Refused) as taken:
        enrolled(house, other, "000001")
    assert taken.value.code == "employer.number_taken"
    enrolled(house, other, "000002")
    with pytest.raises(Refused) as second:
        enrolled(house, other, "000003")
    assert second.value.code == "employer.has_number"
