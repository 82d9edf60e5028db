"""The menu: each role finds its pages, in few steps, and sees where it is."""

import re
from collections.abc import Callable

import pytest
from web.conftest import Browser
from web.story import Ids

Somebody = Callable[[str], Browser]


def menu_of(page: str) -> str:
    return page.split('aria-label="Pages"')[1].split("</nav>", maxsplit=1)[0]


def links(page: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', menu_of(page))


@pytest.mark.parametrize(
    ("login", "address", "entries"),
    [
        ("first", "/contributions", ["/contributions", "/mandates", "/reports/statement"]),
        ("agent", "/mandate-desk", ["/mandate-desk"]),
        ("administrator", "/funds", ["/funds", "/jobs", "/outages"]),
    ],
)
def test_few_entries_stand_side_by_side(somebody: Somebody, login: str, address: str, entries: list[str]) -> None:
    page = somebody(login).get(address)
    assert "<details" not in menu_of(page)
    assert links(page) == entries


def test_the_many_entries_of_finance_staff_are_in_groups_and_every_one_opens(somebody: Somebody) -> None:
    clerk = somebody("clerk")
    page = clerk.get("/")
    groups = re.findall(r"<summary[^>]*>([^<]+)</summary>", menu_of(page))
    assert groups == ["Decisions", "Debiting", "Books", "Settings"]
    assert len(links(page)) == len(set(links(page))) == 16
    for address in links(page):
        assert clerk.client.get(address, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("address", "group", "entry"),
    [
        ("/penalties/{penalty}", "Decisions", "Penalties"),
        ("/penalties/many", "Decisions", "Penalties"),
        ("/refunds", "Decisions", "Work queue"),
        ("/contributions/{failed}", "Books", "Report"),
    ],
)
def test_the_menu_says_where_a_page_belongs(somebody: Somebody, ids: Ids, address: str, group: str, entry: str) -> None:
    menu = menu_of(somebody("clerk").get(address.format(penalty=ids.penalty, failed=ids.failed)))
    assert re.findall(r'<summary class="here">([^<]+)</summary>', menu) == [group]
    assert re.findall(r'aria-current="true">([^<]+)</a>', menu) == [entry]
