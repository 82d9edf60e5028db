"""What people must look at leads to the page on which they see it."""

from datetime import date

from house import House

from debit_service.reports.attention import attention
from debit_service.reports.figures.sheet import Link


def test_a_holiday_that_is_not_confirmed_leads_to_its_own_year(sqlite_house: House) -> None:
    house = sqlite_house
    house.go_to(date(2029, 12, 20))
    with house.reading() as work:
        told = list(attention(work, house.service.funds, house.service.debit_calendars))

    links = [one.link for one in told if "is not confirmed" in str(one)]

    assert Link("calendar", {"calendar": "DZ", "year": "2030"}) in links
