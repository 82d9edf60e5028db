"""How notices reach employers: by e-mail over one connection, or as letters of a print run, in their language, a page each."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import typst
from house import CLERK, House
from hypothesis import given
from hypothesis import strategies as st
from smtp_host import MailHost, mail_host
from sqlalchemy import select

from debit_service import operations
from debit_service.collections import letters
from debit_service.collections.letters import print_letters
from debit_service.collections.notice_text import notice_body
from debit_service.collections.service.deliver import carrier
from debit_service.core import events
from debit_service.core.events import Owed
from debit_service.core.models import OutboxMessage
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers

LANGUAGES = ("fr", "ar", "en")
TEMPLATE = (files(letters.__package__) / "letter.typ").read_bytes()
SEPTEMBER = datetime(2026, 9, 1, 6, tzinfo=UTC)


def body(language: str = "fr", **changes: Any) -> str:
    given: dict[str, Any] = {
        "fund_name": "CNAS",
        "creditor_identifier": "DZ75ZZZCNAS",
        "employer_name": "Entreprise Une",
        "reference": "CNAS-1-2026-08",
        "period": "2026-08",
        "collection_date": date(2026, 9, 30),
        "amount_minor": 123_456_789,
        "currency": "DZD",
        "account_masked": "001***14",
        "mandate_reference": "CNAS-M-1",
        "email": None,
    }
    return notice_body(language, **given | changes)


def owed(number: int, content: str, kind: str = "notice") -> Owed:
    return Owed(f"01K{number:023d}", kind, SEPTEMBER, content)


def reminder(text: str, to: str | None = None) -> str:
    return json.dumps({"to": to, "subject": "Rappel", "text": text})


def drawn(*messages: Owed) -> list[bytes]:
    """The pages as pictures, in the order of `messages`."""
    data = {"words": letters._words(), "letters": [letters._letter(one) for one in messages]}
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(files("fontpkg_amiri") / "files")])
    compiler = typst.Compiler(TEMPLATE, font_paths=fonts, sys_inputs={"data": json.dumps(data)})
    pictures = compiler.compile(format="png", ppi=40)
    return [picture for picture in (pictures if isinstance(pictures, list) else [pictures]) if picture]


def pages_in(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", content))


def index_of(content: bytes) -> list[str]:
    """The messages in the order of their pages, which are numbered from one."""
    header, *rows = csv.reader(io.StringIO(content.decode()))
    assert header == ["notice", "page"]
    assert [page for _, page in rows] == [str(number) for number in range(1, len(rows) + 1)]
    return [notice for notice, _ in rows]


def give_address(house: House, one: Somebody, address: str) -> None:
    with house.desk.work(CLERK) as work:
        employer = employers.by_reference(work, one.reference)
        assert employer is not None
        employer.email_sealed = work.keys.seal(address, f"employers.email:{employer.id}")


def owe(house: House, *bodies: str) -> None:
    with house.desk.work(CLERK) as work:
        for one in bodies:
            events.owe(work, "reminder", "subject", one)


def posted_by(house: House, host: MailHost) -> None:
    settings = house.service.settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": host.port})
    house.service = replace(house.service, settings=settings)


def letters_of(house: House) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (house.service.settings.home / "letters").iterdir()}


def waiting(house: House) -> list[str | None]:
    with house.reading() as work:
        query = select(OutboxMessage.last_error).where(OutboxMessage.done_at.is_(None)).order_by(OutboxMessage.id)
        return list(work.session.scalars(query))


def test_employers_without_an_address_get_letters_in_one_file_with_its_index(sqlite_house: House) -> None:
    for _ in range(3):
        sqlite_house.contribution(sqlite_house.employer())
    sqlite_house.collect()

    with sqlite_house.reading() as work:
        notices = list(work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
    run = f"2026-09-01-{notices[0].id}"
    assert {one.print_run for one in notices} == {run}
    found = letters_of(sqlite_house)
    assert found.keys() == {f"{run}.pdf", f"{run}.csv"}
    assert pages_in(found[f"{run}.pdf"]) == 3
    assert set(index_of(found[f"{run}.csv"])) == {one.id for one in notices}
    folder: Path = sqlite_house.service.settings.home / "letters"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_employers_with_an_address_get_an_e_mail_and_the_others_a_letter(sqlite_house: House) -> None:
    told, written = sqlite_house.employer(), sqlite_house.employer()
    give_address(sqlite_house, told, "boss@une.dz")
    for one in (told, written):
        sqlite_house.contribution(one)
    with mail_host() as host:
        posted_by(sqlite_house, host)
        sqlite_house.collect()
        operations.deliver(sqlite_house.service, CLERK)
    (mail,) = host.taken
    assert mail["To"] == "boss@une.dz"
    assert told.contribution in mail.get_content()
    (index,) = [content for name, content in letters_of(sqlite_house).items() if name.endswith(".csv")]
    with sqlite_house.reading() as work:
        ids = set(work.session.scalars(select(OutboxMessage.id)))
    assert {f"<{one}@" for one in ids - set(index_of(index))} == {mail["Message-ID"].partition("@")[0] + "@"}


def test_a_hundred_mails_take_one_connection(sqlite_house: House) -> None:
    owe(sqlite_house, *(reminder(f"no. {number}", "boss@une.dz") for number in range(100)))
    with mail_host() as host:
        posted_by(sqlite_house, host)
        assert operations.deliver(sqlite_house.service, CLERK) == (100, 0)
    assert host.connections == 1
    assert [mail.get_content().strip() for mail in host.taken] == [f"no. {number}" for number in range(100)]


def test_a_host_that_hangs_up_after_so_many_mails_is_called_again(sqlite_house: House) -> None:
    owe(sqlite_house, *(reminder(f"no. {number}", "boss@une.dz") for number in range(7)))
    with mail_host() as host:
        host.per_connection = 3
        posted_by(sqlite_house, host)
        assert operations.deliver(sqlite_house.service, CLERK) == (7, 0)
    assert host.connections == 3
    assert len({mail["Message-ID"] for mail in host.taken}) == len(host.taken) == 7


def test_an_address_that_the_host_refuses_stops_one_mail(sqlite_house: House) -> None:
    owe(sqlite_house, *(reminder("hello", f"{name}@une.dz") for name in ("one", "gone", "two")))
    with mail_host() as host:
        host.refused = frozenset({"gone@une.dz"})
        posted_by(sqlite_house, host)
        assert operations.deliver(sqlite_house.service, CLERK) == (2, 1)
    assert [mail["To"] for mail in host.taken] == ["one@une.dz", "two@une.dz"]
    (error,) = waiting(sqlite_house)
    assert error is not None
    assert "mail.refused" in error
    assert "gone" not in error


def test_a_host_that_is_down_is_called_once_a_delivery_and_what_waits_for_it_goes_out_later(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(sqlite_house, *[reminder("hello", "boss@une.dz")] * 3, reminder("a letter"))
    calls: list[int] = []

    class NobodyThere:
        def __init__(self, *_: object, **__: object) -> None:
            calls.append(1)
            raise ConnectionRefusedError

    with mail_host() as host:
        posted_by(sqlite_house, host)
        with monkeypatch.context() as patched:
            patched.setattr("smtplib.SMTP", NobodyThere)
            assert operations.deliver(sqlite_house.service, CLERK) == (1, 3)
        assert len(calls) == 1
        assert all("mail.unreachable" in (error or "") for error in waiting(sqlite_house))
        assert operations.deliver(sqlite_house.service, CLERK) == (3, 0)
    assert len(host.taken) == 3


def test_a_mail_that_is_sent_again_after_a_crash_has_the_same_number(sqlite_house: House) -> None:
    with mail_host() as host:
        posted_by(sqlite_house, host)
        with carrier(sqlite_house.service.settings) as post:
            for _ in range(2):
                post.carry(owed(1, reminder("hello", "boss@une.dz"), "reminder"))
    first, again = host.taken
    assert first["Message-ID"] == again["Message-ID"]
    assert first.get_content() == again.get_content()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_says_the_same_in_mail_and_letter(language: str) -> None:
    message = json.loads(body(language))
    fields = message["fields"]
    assert set(fields) - {"fund", "name"} <= set(letters._words()[language]) | {"currency"}
    assert all(value in message["text"] for value in fields.values())
    assert (message["to"], fields["amount"], fields["day"]) == (None, "1234567.89", "2026-09-30")


@given(
    st.sampled_from(LANGUAGES),
    st.fixed_dictionaries(
        dict.fromkeys(
            ("fund_name", "creditor_identifier", "employer_name", "reference", "period", "mandate_reference"),
            st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('%{}"\\\n')),
        )
    ),
)
def test_a_notice_carries_any_text_as_it_is(language: str, texts: dict[str, str]) -> None:
    message = json.loads(body(language, email='a"b@c', **texts))
    fields = message["fields"]
    assert (fields["fund"], fields["name"]) == (texts["fund_name"], texts["employer_name"])
    assert (fields["reference"], fields["period"]) == (texts["reference"], texts["period"])
    assert (fields["mandate"], message["to"]) == (texts["mandate_reference"], 'a"b@c')
    assert texts["employer_name"] in message["text"]


def test_a_language_that_nobody_writes_becomes_the_default() -> None:
    assert body("kab") == body("fr")


def test_the_same_letters_give_the_same_bytes_in_whatever_order_they_come() -> None:
    messages = [owed(number, body(employer_name=f"Une {number % 3}")) for number in range(9)]
    assert print_letters(messages) == print_letters(messages[::-1])


def test_the_letters_of_an_employer_lie_together_and_the_index_says_where() -> None:
    messages = [owed(number, body(employer_name=name)) for number, name in enumerate(("B", "A", "B", "A"))]
    printed = print_letters(messages)
    assert pages_in(printed.pdf) == 4
    assert index_of(printed.index) == [messages[number].id for number in (1, 3, 0, 2)]
    assert drawn(*messages) == [picture for one in messages for picture in drawn(one)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_has_one_page_however_long_its_words_are(language: str) -> None:
    texts = dict.fromkeys(("employer_name", "fund_name"), "شركة الأمل " * 12 + "W" * 70)
    codes = dict.fromkeys(("reference", "creditor_identifier", "mandate_reference"), "W" * 35)
    longest = owed(1, body(language, **texts, **codes, amount_minor=10**18 - 1))
    assert pages_in(print_letters([longest, owed(2, reminder("long, " * 3_000))]).pdf) == 2


def test_what_stands_in_a_letter_is_data_and_never_markup() -> None:
    for hostile in ('#panic("x")', "*bold* _it_ $x^2$ @cite <bank>", '"]}, {"letters": []', "\\ // /*"):
        texts = dict.fromkeys(("employer_name", "fund_name", "reference", "mandate_reference"), hostile)
        assert pages_in(print_letters([owed(1, body(**texts)), owed(2, reminder(hostile))]).pdf) == 2


def test_an_arabic_letter_runs_from_right_to_left() -> None:
    fields = json.loads(body("ar"))
    (right,) = drawn(owed(1, json.dumps(fields)))
    (left,) = drawn(owed(1, json.dumps(fields | {"language": "en"})))
    assert right != left
    arabic = "تفويضكم ينتظر قبول البنك."
    (unsaid,), (said,) = (
        drawn(owed(1, json.dumps(json.loads(reminder(arabic)) | more))) for more in ({}, {"language": "ar"})
    )
    assert unsaid == said


def test_a_message_of_no_form_is_kept_with_the_reason(sqlite_house: House) -> None:
    owe(sqlite_house, "not json", reminder("hello"))
    assert operations.deliver(sqlite_house.service, CLERK) == (1, 1)
    assert waiting(sqlite_house) == ["JSONDecodeError"]


def test_a_folder_that_cannot_be_written_keeps_the_letters_for_the_next_time(sqlite_house: House) -> None:
    owe(sqlite_house, reminder("hello"))
    folder = sqlite_house.service.settings.home / "letters"
    folder.write_text("a file where the folder should be")
    assert operations.deliver(sqlite_house.service, CLERK) == (0, 1)
    folder.unlink()
    assert operations.deliver(sqlite_house.service, CLERK) == (1, 0)
    assert len(letters_of(sqlite_house)) == 2
