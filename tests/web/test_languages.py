"""Arabic, French, English: complete catalogues, the right direction, and words for every code of the rooms."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from web.conftest import Browser
from web.story import Ids

from debit_service import reports, web
from debit_service.collections.rules import BATCH_MACHINE
from debit_service.contributions.rules import NAMES
from debit_service.core.accounts import AccountScheme
from debit_service.disputes.queries import WHICH
from debit_service.disputes.rules import MACHINE as DISPUTE_MACHINE
from debit_service.disputes.rules import Answer, Body, Ground, SubjectKind
from debit_service.mandates.amend import Content
from debit_service.mandates.authority import Capacity
from debit_service.mandates.documents import DocumentKind
from debit_service.mandates.rules import MACHINE as MANDATE_MACHINE
from debit_service.penalties.fault.asking import Askable
from debit_service.penalties.fault.protection import Standing as Protected
from debit_service.penalties.fault.values import Effect, Party
from debit_service.reconcile.rules import State
from debit_service.reports.rules import PenaltyStanding, Standing
from debit_service.web import dispute_words, fault_words, words
from debit_service.web.languages import FOLDER
from debit_service.web.mandate_desk import STEPS

WEB = Path(web.__file__).parent
REPORTS = Path(reports.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "N_": None}


@cache
def used() -> set[str]:
    """Every text of pages, templates and sheets that is to be translated."""
    found = [
        *extract_from_dir(WEB, METHODS, {"**": {"silent": "false"}}, KEYWORDS),
        *extract_from_dir(REPORTS, METHODS, {"**": {"silent": "false"}}, {"N_": None}),
    ]
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def catalogue(language: str) -> Catalog:
    """A catalogue as it stands in its file."""
    return read_po(BytesIO((FOLDER / f"{language}.po").read_bytes()), locale=language)


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_text_is_translated(language: str) -> None:
    translated = {message.id for message in catalogue(language) if message.id and message.string and not message.fuzzy}
    assert sorted(used() - translated) == []


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_no_translation_is_left_over(language: str) -> None:
    assert sorted(str(message.id) for message in catalogue(language) if message.id and message.id not in used()) == []


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_translations_keep_the_placeholders(language: str) -> None:
    faults = [str(error) for message in catalogue(language) if message.id for error in message.check()]
    assert faults == []


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (words.STANDINGS, Standing),
        (words.CIRCUMSTANCES, NAMES),
        (words.OUTCOMES, [*State, "planned"]),
        (words.PENALTIES, PenaltyStanding),
        (words.PARTIES, Party),
        (words.EFFECTS, Effect),
        (fault_words.ASKABLE, Askable),
        (fault_words.PROTECTION, Protected),
        (words.MANDATE_STATES, MANDATE_MACHINE.states()),
        (words.MANDATE_STEPS, MANDATE_MACHINE.states()),
        (words.MANDATE_WAITS, list(STEPS)),
        (words.MANDATE_MOVES, ["suspend", "resume", "revoked_by_bank", "last"]),
        (words.MANDATE_FIELDS, ["bank", *Content.__slots__]),
        (words.BANK_STEPS, [step for steps in STEPS.values() for step in steps]),
        (words.DOCUMENT_KINDS, DocumentKind),
        (words.CAPACITIES, Capacity),
        (dispute_words.SUBJECTS, SubjectKind),
        (dispute_words.GROUNDS, Ground),
        (dispute_words.STATES, DISPUTE_MACHINE.states()),
        (dispute_words.ANSWERS, Answer),
        (dispute_words.BODIES, Body),
        (dispute_words.WHICH, WHICH),
        (words.BATCH_STATES, BATCH_MACHINE.states()),
        (words.ACCOUNT_SCHEMES, AccountScheme),
        (words.ACCOUNT_HELP, AccountScheme),
    ],
)
def test_every_code_of_the_rooms_has_words(table: dict[str, str], values: list[str]) -> None:
    assert {str(value) for value in values} == {str(key) for key in table}


@pytest.mark.parametrize("address", ["/contributions", "/mandates", "/mandates/new"])
def test_arabic_pages_run_from_right_to_left(somebody: Callable[[str], Browser], address: str) -> None:
    page = somebody("first").get(f"{address}?lang=ar")
    assert '<html lang="ar" dir="rtl">' in page
    assert "bootstrap.rtl.min.css" in page


def test_the_chosen_language_stays(somebody: Callable[[str], Browser]) -> None:
    first = somebody("first")
    first.get("/contributions?lang=fr")
    assert '<html lang="fr" dir="ltr">' in first.get("/mandates")


def test_without_a_choice_the_employers_own_language_is_spoken(somebody: Callable[[str], Browser]) -> None:
    first = somebody("first")
    with first.client.session_transaction() as session:
        del session["lang"]
    assert '<html lang="ar"' in first.get("/contributions")


@pytest.mark.parametrize(("asked", "spoken"), [("en;q=0.5, ar", "ar"), ("de", "fr"), ("en-GB,en", "en")])
def test_before_the_sign_in_the_browser_says_which_language(browser: Browser, asked: str, spoken: str) -> None:
    answer = browser.client.get("/sign-in", headers={"Accept-Language": asked})
    assert f'<html lang="{spoken}"' in answer.text


def test_an_unknown_language_changes_nothing(somebody: Callable[[str], Browser]) -> None:
    assert '<html lang="en"' in somebody("first").get("/contributions?lang=xx")


@pytest.mark.parametrize(
    ("language", "amount"),
    [("ar", "120.000,50 DZD"), ("fr", "120\u202f000,50 DZD"), ("en", "120,000.50 DZD")],
)
def test_amounts_read_from_left_to_right_in_each_language(
    somebody: Callable[[str], Browser], ids: Ids, language: str, amount: str
) -> None:
    page = somebody("first").get(f"/contributions/{ids.paid}?lang={language}")
    assert f'<bdi dir="ltr" class="money">{amount}</bdi>' in page


def test_the_fund_is_named_in_the_readers_language(somebody: Callable[[str], Browser], ids: Ids) -> None:
    assert "الصندوق الوطني للتأمينات" in somebody("first").get(f"/contributions/{ids.paid}?lang=ar")
