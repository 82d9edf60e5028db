"""A real browser (the system's chromium) over a real server on a free loopback port."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from web.story import NOW, PASSWORD, Ids, settings_in, tell
from werkzeug.serving import make_server

from debit_service.app import create_app
from debit_service.core.clock import SetClock
from debit_service.wiring import open_service

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
_QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """Where the server listens, what its story made, and whatever the browser complained about."""

    address: str
    ids: Ids
    complaints: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        """Keep what a page wrote to the console: errors, and violations of the content security policy."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("browser")
    ids = tell(home)
    service = open_service(settings_in(home), SetClock(NOW))
    server = make_server("127.0.0.1", 0, create_app(service), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", ids)
    server.shutdown()
    thread.join()
    server.server_close()
    service.desk.database.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine: install the system's package to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_QUIET)
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium: Browser, site: Site) -> Iterator[Page]:
    """An Algerian phone that prefers Arabic."""
    yield from _page(chromium, site, PHONE, "ar-DZ")


@pytest.fixture
def desk(chromium: Browser, site: Site) -> Iterator[Page]:
    """A desk computer that prefers French."""
    yield from _page(chromium, site, DESK, "fr-DZ")


def _page(chromium: Browser, site: Site, size: dict[str, int], locale: str) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=site.address,
        viewport={"width": size["width"], "height": size["height"]},
        locale=locale,
        java_script_enabled=True,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", site.note)
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    yield page
    # What the last page still asks for is answered before the server goes.
    page.wait_for_load_state("networkidle")
    context.close()


def sign_in(page: Page, login: str) -> None:
    """Through the form, as a person does."""
    page.goto("/sign-in")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("main button[type=submit]").click()


def choose(page: Page, group: str, entry: str) -> None:
    """Open a group of the menu, and follow one of its entries."""
    menu = page.locator("ul.menu")
    menu.locator("summary").get_by_text(group, exact=True).click()
    menu.get_by_role("link", name=entry, exact=True).click()
