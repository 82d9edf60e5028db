"""Signing in and out: what is believed, what is counted, and what a cookie is worth afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from web.conftest import Browser
from web.story import NOW, PASSWORD, Ids

from debit_service.core.clock import SetClock


def sign_in(browser: Browser, password: str = PASSWORD, status: int = 302, query: str = "") -> str:
    """The clerk signs in through the form."""
    return browser.post(f"/sign-in{query}", {"login": "clerk", "password": password}, status)


def test_who_signs_in_gets_to_the_first_page_of_its_role(browser: Browser) -> None:
    sign_in(browser)
    assert 'id="totals"' in browser.get("/")


def test_a_wrong_password_says_so_beside_the_form(browser: Browser) -> None:
    page = sign_in(browser, "a wrong password", 422)
    assert 'href="#login"' in page


def test_an_unknown_login_reads_like_a_wrong_password(browser: Browser) -> None:
    known = sign_in(browser, "a wrong password", 422)
    unknown = browser.post("/sign-in", {"login": "nobody", "password": "a wrong password"}, 422)
    assert known.split("<ul")[2].split("</ul>")[0] == unknown.split("<ul")[2].split("</ul>")[0]


def test_guessing_is_stopped_even_with_the_right_password(browser: Browser) -> None:
    for _ in range(5):
        sign_in(browser, "a wrong password", 422)
    sign_in(browser, PASSWORD, 429)


def test_the_cookie_holds_a_token_and_nothing_about_the_person(browser: Browser) -> None:
    sign_in(browser)
    with browser.client.session_transaction() as session:
        held = dict(session)
    assert set(held) <= {"_user_id", "_fresh", "_id", "csrf_token", "seen", "lang"}
    assert "clerk" not in str(held)


def test_after_the_sign_out_a_copy_of_the_cookie_opens_nothing(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    with clerk.client.session_transaction() as session:
        kept = dict(session)
    clerk.post("/sign-out", {}, page="/report")
    with clerk.client.session_transaction() as session:
        session.update(kept)
    assert clerk.client.get("/report").status_code == 302


def test_a_session_that_was_idle_for_too_long_is_over(somebody: Callable[[str], Browser], clock: SetClock) -> None:
    clerk = somebody("clerk")
    clerk.get("/funds")
    clock.set(NOW + timedelta(minutes=31))
    assert clerk.client.get("/funds").status_code == 302


def test_a_session_in_use_goes_on_beyond_the_idle_time(somebody: Callable[[str], Browser], clock: SetClock) -> None:
    clerk = somebody("clerk")
    for minutes in range(0, 60, 20):
        clock.set(NOW + timedelta(minutes=minutes))
        clerk.get("/funds")


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/batches", "/batches"),
        ("/report?fund=CNAS", "/report?fund=CNAS"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("/%09/elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("elsewhere.example", "/"),
    ],
)
def test_the_sign_in_leads_to_pages_of_this_site_only(browser: Browser, wanted: str, reached: str) -> None:
    address = "/sign-in?next=" + wanted.replace("?", "%3F")
    token = browser.client.get(address).text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = browser.client.post(address, data={"csrf_token": token, "login": "clerk", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, reached)


def test_a_form_without_its_token_changes_nothing(somebody: Callable[[str], Browser], ids: Ids) -> None:
    first = somebody("first")
    answer = first.client.post(f"/mandates/{ids.first_mandate}/revoke", data={"why": "forged"})
    assert answer.status_code == 400
    assert "Active" in first.get("/mandates")


def test_a_form_with_the_token_of_another_session_changes_nothing(
    app: Flask, somebody: Callable[[str], Browser], ids: Ids
) -> None:
    first, second = somebody("first"), somebody("second")
    page = second.get(f"/contributions/{ids.failed}/dispute")
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = first.client.post(f"/mandates/{ids.first_mandate}/revoke", data={"why": "forged", "csrf_token": token})
    assert answer.status_code == 400
