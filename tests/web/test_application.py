"""The application as a whole: headers, errors, limits, health."""

from collections.abc import Callable

import pytest
from flask import Flask
from web.conftest import Browser
from web.story import Ids
from web.test_roles import addresses

from debit_service import schema
from debit_service.app import create_app
from debit_service.core.errors import InvalidInput, NotFound, Refused, Unavailable
from debit_service.core.settings import Settings
from debit_service.web.errors import status_of
from debit_service.wiring import Service


def test_every_answer_carries_the_protective_headers(
    app: Flask, ids: Ids, somebody: Callable[[str], Browser], browser: Browser
) -> None:
    for client in (somebody("clerk").client, browser.client):
        for _, method, address in addresses(app, ids):
            headers = client.open(address, method=method, buffered=True).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            if not address.startswith("/static"):
                assert headers["Cache-Control"] == "no-store"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    cookie = browser.client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_with_secure_cookies_the_name_binds_the_cookie_to_this_host(service: Service) -> None:
    secure = Service(service.settings.model_copy(update={"secure_cookies": True}), service.desk)
    answer = create_app(secure).test_client().get("/sign-in", base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_no_page_holds_a_script_or_a_style_of_its_own(app: Flask, ids: Ids, somebody: Callable[[str], Browser]) -> None:
    for login in ("first", "clerk"):
        client = somebody(login).client
        for _, method, address in addresses(app, ids):
            if method == "GET":
                page = client.get(address, buffered=True)
                if page.mimetype == "text/html":
                    assert "<script" not in page.text
                    assert "style=" not in page.text
                    assert "<style" not in page.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("a.code", "m"), 422),
        (Refused("a.code", "m"), 409),
        (Refused("access.role", "m"), 403),
        (NotFound("a.code", "m"), 404),
        (Unavailable("a.code", "m"), 503),
    ],
)
def test_each_kind_of_error_has_its_status(error: Refused, status: int) -> None:
    assert status_of(error) == status


def test_an_error_page_tells_code_message_place_and_remedy(
    app: Flask, somebody: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_settings: Settings) -> None:
        raise Refused("some.code", "Some message.", place="some place", remedy="Some remedy.")

    monkeypatch.setattr("debit_service.web.pages.schema.current", fail)
    page = somebody("clerk").get("/healthz", 409)
    for part in ("some.code", "Some message.", "some place", "Some remedy."):
        assert part in page


def test_what_nobody_foresaw_shows_no_details(app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_database: object) -> None:
        raise RuntimeError("secret detail")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("debit_service.web.pages.schema.current", fail)
    answer = browser.client.get("/healthz")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_body_over_the_limit_is_refused(browser: Browser) -> None:
    answer = browser.client.post("/sign-in", data=b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 413


def test_health_is_good_when_the_schema_is_the_newest(browser: Browser) -> None:
    assert browser.client.get("/healthz").json == {"status": "ok"}


def test_health_is_bad_when_the_schema_is_another(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "newest", lambda: "another")
    assert browser.client.get("/healthz").status_code == 503


def test_only_the_two_style_sheets_of_bootstrap_are_served(browser: Browser) -> None:
    assert browser.client.get("/static/vendor/bootstrap.rtl.min.css", buffered=True).status_code == 200
    for name in ("bootstrap.bundle.min.js", "..%2Fversion.txt", "bootstrap.css"):
        assert browser.client.get(f"/static/vendor/{name}").status_code == 404
    assert browser.client.get("/static/../pages.py").status_code == 404
