"""Sentences of the rooms in the reader's language, with their values in them, and words for every error of the finance desk."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from flask import Flask, session
from flask_babel import gettext
from web.conftest import Browser
from web.story import Ids

import debit_service
from debit_service.collections.rules import RunBounds, past_bounds
from debit_service.core.errors import InvalidInput
from debit_service.penalties.tariff.catalogue import NEW_VERSION, REWRITTEN
from debit_service.reconcile import counting
from debit_service.reconcile.rules import Effect, split_amount
from debit_service.reconcile.tie_out.rules import Statement, tie_out, unstated
from debit_service.reports.figures import asking
from debit_service.reports.figures.sheet import Said
from debit_service.reports.matters import listed
from debit_service.web import fault_words, queue_words, words
from debit_service.web.words.with_values import TEMPLATES
from debit_service.wiring import Service

#: Marks around values in Arabic: among words that run from the right each keeps its own direction.
ISOLATES = str.maketrans("", "", "\u2068\u2069")
#: The rooms whose errors meet people on the pages of the finance desk.
ROOMS = ("collections", "ledger", "penalties/service", "reconcile", "reports", "web")
#: Errors of files, of the configuration and of commands: no page shows them.
ELSEWHERE = re.compile(
    r"bank\.|bank_file\.|config\.|confirmations\.|contribution\.(?!unknown)|explain\.|iso\.|ledger\.export|mail\.|penalty_rule"
    r"|proof_pack\.|reason_codes\.|signing\.|batch\.differs|payment\.(contribution|undone_before)|penalty\.(heads|claim_term)"
)


@pytest.fixture(params=["fr", "ar"])
def spoken(app: Flask, request: pytest.FixtureRequest) -> Iterator[str]:
    """A page in this language."""
    with app.test_request_context("/"):
        session["lang"] = request.param
        yield request.param


def statement(first: date, last: date, opening: int, entries: int, closing: int) -> Statement:
    return Statement(
        account="1",
        fund_id="CNAS",
        currency="DZD",
        opens_on=first,
        closes_on=last,
        number=0,
        opening_minor=opening,
        closing_minor=closing,
        entries_minor=entries,
        told=(1, entries, 0),
        documents=(f"{first} {last} {entries} {closing}",),
    )


def said_by_the_rules() -> set[str]:
    """What rules say with values in it, by the rules themselves."""
    days = [date(2026, 10, number) for number in range(1, 9)]
    wrong = statement(days[0], days[0], 0, 100, 90)
    gap = statement(days[2], days[2], 200, 10, 210)
    other = statement(days[2], days[2], 200, 20, 220)
    twice = statement(days[1], days[3], 500, 10, 510)
    journal = {days[0]: 100, days[1]: 7, days[2]: 300, days[5]: 4}
    rows = [
        *tie_out([wrong, gap, other], {}, journal),
        *tie_out([wrong, gap], {}, {days[0]: 80}),
        *tie_out([gap, twice], {}, {}),
    ]
    later = unstated("CNAS", "DZD", "1", journal, (days[4], days[7]))
    findings = [finding.says for row in [*rows, *([later] if later else [])] for finding in row.findings]
    bounds = RunBounds(max_collections=2, max_sum_minor=500, max_percent_of_usual=300)
    troubles = [value for name, value in vars(counting).items() if name.isupper() and isinstance(value, str)]
    split = split_amount(1000, 900, 0, 0, Effect.SETTLED).trouble or ""
    return {*findings, *past_bounds(3, 900, 2, bounds, "DZD"), *troubles, split, f"{REWRITTEN}. {NEW_VERSION}"}


def values_of(template: str) -> dict[str, str]:
    """Values as the rooms write them into a template, each another one where that can be."""
    looks = {
        **dict.fromkeys(("count", "number", "next", "year", "said", "found", "most", "times"), "12{at}"),
        **dict.fromkeys(
            ("amount", "opening", "booked", "made", "moved", "expected", "closing", "total"), "-1{at}.50 DZD"
        ),
        **dict.fromkeys(("names", "values"), "fund{at}, held"),
        "kind": "odd",
        "code": "entry.odd",
        "digits": "0a{at}",
        "command": "debit reports entries",
        "typed": "X{at}: Y",
    }
    names = re.findall(r"%\((\w+)\)s", template)
    return {name: looks.get(name, "X{at}Y").format(at=at) for at, name in enumerate(names)}


#: Values that are said in the language of the page themselves.
SPOKEN = {"day", "before", "after", "since", "until", "one", "other", "which", "mandate", "decisions"}


@pytest.mark.usefixtures("spoken")
def test_each_sentence_with_values_is_known_by_its_words_and_keeps_its_values() -> None:
    plain = [one for one in TEMPLATES if not SPOKEN & set(re.findall(r"%\((\w+)\)s", one))]
    assert len(plain) > 30
    for template in plain:
        values = values_of(template)
        told = words.said(template % values).translate(ISOLATES)
        assert told == gettext(template) % values


@pytest.mark.parametrize(
    "typed",
    [
        "of course the employer was right",
        "from the bank's letter to the employer it is clear",
        "number 12 of their list",
        "numbers 3 to 4",
        "of 2026-10-01",
        "Mr. X, not active",
        "the total of block they named is wrong",
        "the statement of October opens early apart from where the one of May closed: a statement is missing",
    ],
)
@pytest.mark.usefixtures("spoken")
def test_what_a_person_wrote_stays_word_for_word(typed: str) -> None:
    assert words.said(typed) == typed
    assert fault_words.withdrawn_why(f"BANK: {typed}") == f"BANK: {typed}"
    assert queue_words.made("resolved", f"EMPLOYER: {typed}") == f"EMPLOYER: {typed}"


@pytest.mark.usefixtures("spoken")
def test_what_a_person_wrote_inside_a_sentence_of_a_room_stays_word_for_word() -> None:
    for typed in ("no mandate", "BANK: no mandate", "3 debits, and the bound is 2"):
        for before in ("EMPLOYER: A person found: ", "since then the entry is resolved: "):
            told = words.said(f"{before}{typed}").translate(ISOLATES)
            assert told.endswith(typed)
            assert not told.startswith(before)


def test_what_may_be_decided_is_named_in_words(spoken: str) -> None:
    told = words.said("Possible are: matched, held.").translate(ISOLATES)
    assert "matched" not in told
    assert "held" not in told
    assert gettext("It belongs to a debit of ours") in told
    assert {"fr": "\xa0; ", "ar": "؛ "}[spoken] in told


@pytest.mark.usefixtures("spoken")
def test_a_long_text_is_not_looked_through() -> None:
    typed = "Opening 1.00 DZD" + " and booked entries 1.00 DZD make 1.00 DZD" * 200
    assert words.said(typed) is typed


@pytest.mark.usefixtures("spoken")
def test_what_the_rules_say_is_said_in_the_language_of_the_page() -> None:
    said = said_by_the_rules()
    assert len(said) > 12
    assert [one for one in said if words.said(one) == one] == []


def test_what_stands_in_a_sentence_of_another_room_is_said_in_the_language_of_the_page(spoken: str) -> None:
    one = Said("%(reasons)s", {"reasons": listed(["3 debits, and the bound is 2", "no mandate"])})
    told = {
        "fr": "3 prélèvements, et la limite est 2\xa0; pas de mandat",
        "ar": "عدد الاقتطاعات 3، والحد هو 2؛ لا يوجد تفويض",
    }
    assert words.told(one).translate(ISOLATES) == told[spoken]


@pytest.mark.usefixtures("spoken")
def test_a_refused_filter_says_in_a_sentence_what_may_be_asked() -> None:
    with pytest.raises(InvalidInput) as refused:
        asking.names(["fnd"], ["fund", "held"])
    assert refused.value.remedy == "Use one of these fields: fund, held."
    assert words.remedy(refused.value) not in (None, refused.value.remedy)
    with pytest.raises(InvalidInput) as refused:
        asking.one_of("fund", "X", ["CNAS", "CNSS"])
    assert refused.value.remedy == "Use one of these, or leave it out: CNAS, CNSS."
    assert words.error(refused.value) != refused.value.message


def errors() -> Iterator[tuple[str, str, str | None]]:
    """(code, message, remedy) of the errors of the rooms, with a day or a count for each value in them."""
    home = Path(debit_service.__file__).parent
    for file in sorted(one for room in ROOMS for one in (home / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                *("InvalidInput", "NotFound", "Refused", "Unavailable"),
            }:
                code, message = (written(one) for one in node.args[:2])
                remedy = next((written(one.value) for one in node.keywords if one.arg == "remedy"), None)
                if code and message is not None and not ELSEWHERE.match(code):
                    yield code, message, remedy


def written(node: ast.expr) -> str | None:
    """A text of the source; None for what is not written there."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(one.value) if isinstance(one, ast.Constant) else like(one) for one in parts)
        case _:
            return None


def like(value: ast.AST) -> str:
    """A value as it could stand in a message."""
    return "2026-10-01" if "isoformat" in ast.unparse(value) else "1"


@pytest.mark.usefixtures("spoken")
def test_every_error_of_the_finance_desk_and_its_remedy_have_words() -> None:
    found = list(errors())
    assert len(found) > 100
    silent = {f"{code}: {message}" for code, message, _ in found if words.error(InvalidInput(code, message)) == message}
    assert silent == set()
    helpless = {
        f"{code}: {remedy}"
        for code, message, remedy in found
        if remedy and words.remedy(InvalidInput(code, message, remedy=remedy)) == remedy
    }
    assert helpless == set()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_first_page_says_what_to_look_at_in_the_readers_language_and_leads_there(
    somebody: Callable[[str], Browser], ids: Ids, language: str
) -> None:
    clerk = somebody("clerk")
    held = f"/batches/held/{ids.held_run}"
    said = {"fr": "s'est arrêté à une limite de sécurité", "ar": "توقفت دفعة تحصيل"}[language]

    page = unescape(clerk.get(f"/?lang={language}")).translate(ISOLATES)

    (link,) = re.findall(rf'<a href="{held}">(.*?)</a>', page, re.DOTALL)
    assert said in link
    assert "bound" not in link
    clerk.get(held)


def test_a_page_that_refuses_a_filter_says_so_in_french(somebody: Callable[[str], Browser]) -> None:
    clerk = somebody("clerk")
    clerk.get("/suspense?lang=fr")
    for address in ("/suspense?fnd=CNAS", "/refunds?paye=1", "/report?since=2026-09-01&etat=1"):
        assert "Utilisez l'un de ces champs" in unescape(clerk.get(address, 422))
    for address in ("/suspense?exception=x", "/suspense?days=5", "/refunds?fund=X", "/report?counted=x"):
        assert "Utilisez l'une de ces valeurs" in unescape(clerk.get(address, 422))


@pytest.mark.usefixtures("spoken")
def test_every_holiday_of_the_calendars_has_a_name_in_the_language_of_the_page(service: Service) -> None:
    names = {one for calendar in service.calendars.values() for one in calendar.holidays.values()}
    assert len(names) > 10
    assert [one for one in names if words.closed_because(one) == one] == []
    assert words.closed_because("decree of the wali") == "decree of the wali"
