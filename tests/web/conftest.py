"""The story is lived through once; each test gets a copy of its home folder, and so a database of its own."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web.story import NOW, Ids, settings_in, tell

from debit_service.access import service as access
from debit_service.access.models import Person
from debit_service.app import create_app
from debit_service.core.clock import SetClock
from debit_service.core.work import SERVICE
from debit_service.wiring import Service, open_service


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ids]:
    home = tmp_path_factory.mktemp("story")
    return home, tell(home)


@pytest.fixture
def ids(told: tuple[Path, Ids]) -> Ids:
    return told[1]


@pytest.fixture
def clock() -> SetClock:
    """A second after the story: what a test makes is younger than what the story made, by its identifier too."""
    return SetClock(NOW + timedelta(seconds=1))


@pytest.fixture
def service(told: tuple[Path, Ids], tmp_path: Path, clock: SetClock) -> Iterator[Service]:
    home = tmp_path / "home"
    shutil.copytree(told[0], home)
    opened = open_service(settings_in(home), clock)
    yield opened
    opened.desk.database.dispose()


@pytest.fixture
def app(service: Service) -> Flask:
    built = create_app(service)
    built.config["TESTING"] = True
    return built


class Browser:
    """A client that reads the form's token from the page before it posts, as a browser does."""

    def __init__(self, client: FlaskClient, service: Service) -> None:
        self.client = client
        self._service = service

    def as_person(self, login: str) -> "Browser":
        """Signed in, without the price of a password hash."""
        with self._service.desk.work(SERVICE) as work:
            person = work.session.query(Person).filter_by(login=login).one()
            token = access.open_session(work, person)
        with self.client.session_transaction() as session:
            session["_user_id"] = token
            session["lang"] = "en"
        return self

    def get(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, (address, answer.status_code, answer.text)
        return answer.text

    def post(self, address: str, data: Mapping[str, object], status: int = 302, page: str | None = None) -> str:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page or address).text)
        assert token, "the page has no form"
        answer = self.client.post(address, data={"csrf_token": token[1], **data})
        assert answer.status_code == status, (address, answer.status_code, answer.text)
        return answer.text


@pytest.fixture
def browser(app: Flask, service: Service) -> Browser:
    return Browser(app.test_client(), service)


@pytest.fixture
def somebody(app: Flask, service: Service) -> Callable[[str], Browser]:
    """A browser of its own for each person."""
    return lambda login: Browser(app.test_client(), service).as_person(login)
