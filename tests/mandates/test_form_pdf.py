"""The printed form: a page a creditor, the right languages, data that stays data, Arabic joined and in its order."""

import json
import re
import zlib
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import typst
from house import APPROVER, CLERK, House
from sqlalchemy import func, select

from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.errors import Refused
from debit_service.core.models import AuditEntry
from debit_service.core.settings import PROJECT
from debit_service.core.work import Actor, Role, Work
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.employers.service import enrol
from debit_service.funds.profile import Fund
from debit_service.funds.queries import load_funds
from debit_service.mandates import form_pdf, queries, service, wording
from debit_service.mandates.models import Mandate

FUNDS = load_funds(PROJECT / "config", None)
TEMPLATE = (files(form_pdf.__package__) / "form" / "form.typ").read_bytes()
LANGUAGES = ("ar", "fr", "en")
ISOLATED = "\N{ZERO WIDTH NON-JOINER}"
LEFT_TO_RIGHT = "\N{LEFT-TO-RIGHT OVERRIDE}"
RIGHT_TO_LEFT_MARK, LEFT_TO_RIGHT_MARK = "\N{RIGHT-TO-LEFT MARK}", "\N{LEFT-TO-RIGHT MARK}"


def data_of(house: House, one: Somebody, funds: list[Fund], **changes: Any) -> dict[str, Any]:
    """What the template is given for a form that `one` signs for `funds`."""
    with house.desk.work(CLERK) as work:
        mandates = signed(work, one, funds, **changes)
        form, _ = queries.form(work, mandates[0].form_id)
        pages = [form_pdf._page(work, mandate, fund) for mandate, fund in zip(mandates, funds, strict=True)]
        names = {"signer_name": "محمد بن علي", "signer_capacity": "مسيّر"}
        return form_pdf.form_data(form, names, pages)


def signed(work: Work, one: Somebody, funds: list[Fund], **changes: Any) -> list[Mandate]:
    employer = employers.by_reference(work, one.reference)
    assert employer is not None
    for fund in funds:
        enrol(work, employer, fund.id, one.registration)
    scheme, number = one.account
    form = service.SignedForm(
        employer=employer,
        account=parse_account(number, AccountScheme(scheme)),
        debtor_name="شركة الأمل",
        signer_name="محمد بن علي",
        signer_capacity="مسيّر",
        signed_on=date(2026, 6, 15),
        how="web",
    )
    return service.sign(work, replace(form, **changes), funds)


def page_with(**changes: object) -> dict[str, Any]:
    """The form's data for one page at CNAS."""
    fund = FUNDS.get("CNAS")
    page = {
        "languages": [form_pdf._in_language(fund, "B2B", "recurrent", one) for one in wording.form_languages(fund)],
        "scheme": "B2B",
        "recurrence": "recurrent",
        "creditor": "CNAS",
        "creditor_identifier": "DZ75ZZZCNAS",
        "confirmed": True,
        "reference": "CNAS-1-1",
        "debtor": "Entreprise Une",
        "account_kind": "RIB",
        "account": ["001", "00123", "0200300100", "14"],
        "limit": None,
        "lodged_at_bank": True,
    }
    return {
        "draft": None,
        "form": "F",
        "sha256": "0" * 64,
        "how": "paper",
        "dated": "2026-06-15",
        "signer_name": "Signer",
        "signer_capacity": "manager",
        "authority": {"kind": "other", "document": None},
        "pages": [page | changes],
    }


def pages_in(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", content))


def drawn(data: dict[str, Any], dots_an_inch: int = 72) -> bytes:
    """The only page as a picture."""
    compiler = typst.Compiler(TEMPLATE, font_paths=form_pdf._fonts(), sys_inputs={"data": json.dumps(data)})
    pictures = compiler.compile(format="png", ppi=dots_an_inch)
    assert isinstance(pictures, bytes)
    return pictures


def blank_margins(picture: bytes, dots: int) -> bool:
    """Whether nothing but white stands in the first and the last `dots` columns of a PNG with 8-bit red, green, blue, alpha."""
    width, height, at, packed = *(int.from_bytes(picture[place : place + 4]) for place in (16, 20)), 8, b""
    assert picture[24:26] == b"\x08\x06"
    while at < len(picture):
        length = int.from_bytes(picture[at : at + 4])
        packed += picture[at + 8 : at + 8 + length] if picture[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    plain, above = zlib.decompress(packed), bytes(4 * width)
    for start in range(0, height * (4 * width + 1), 4 * width + 1):
        above = unfiltered(plain[start], plain[start + 1 : start + 1 + 4 * width], above)
        if above[: 4 * dots].strip(b"\xff") or above[-4 * dots :].strip(b"\xff"):
            return False
    return True


def unfiltered(kind: int, row: bytes, above: bytes) -> bytes:
    """A row of a PNG as it was before its filter (PNG 1.2, section 6)."""
    plain = bytearray(row)
    for place, value in enumerate(row):
        left, corner = (plain[place - 4], above[place - 4]) if place >= 4 else (0, 0)
        up = above[place]
        nearest = min((left, up, corner), key=lambda near: abs(left + up - corner - near))
        plain[place] = value + (0, left, up, (left + up) // 2, nearest)[kind] & 0xFF
    return bytes(plain)


def bank_blocks(data: dict[str, Any]) -> int:
    """How many pages have a place for the bank's stamp."""
    found = typst.query(TEMPLATE, "<bank>", font_paths=form_pdf._fonts(), sys_inputs={"data": json.dumps(data)})
    return len(json.loads(found))


def test_one_form_for_several_funds_prints_a_page_a_creditor(sqlite_house: House) -> None:
    one, funds = sqlite_house.employer(mandate=False), [sqlite_house.fund("CNAS"), sqlite_house.fund("CACOBATPH")]
    data = data_of(sqlite_house, one, funds)
    assert [page["creditor"] for page in data["pages"]] == ["CNAS", "CACOBATPH"]
    assert len({page["reference"] for page in data["pages"]}) == 2
    assert pages_in(form_pdf.typeset(data)) == 2
    assert bank_blocks(data) == 2


@pytest.mark.parametrize("fund_id", ["CNAS", "CNSS", "EINZUGSSTELLE"])
def test_each_mandate_has_a_form_whichever_the_database(house: House, fund_id: str) -> None:
    mandate_id = house.mandate(house.employer(fund_id, mandate=False))
    for actor in (CLERK, APPROVER):
        with house.desk.work(actor) as work:
            content = form_pdf.form_pdf(work, house.service.funds, work.session.get_one(Mandate, mandate_id))
        assert content.startswith(b"%PDF-1.7")
        assert pages_in(content) == 1
    with house.reading() as work:
        printed = select(func.count()).where(
            AuditEntry.action == "mandate.form_printed", AuditEntry.subject == mandate_id
        )
        assert work.session.scalar(printed) == 2


def test_nobody_prints_the_form_of_another(sqlite_house: House) -> None:
    mandate_id = sqlite_house.mandate(sqlite_house.employer(mandate=False))
    for actor in (
        Actor("boss", frozenset({Role.EMPLOYER}), "another"),
        Actor("admin", frozenset({Role.ADMINISTRATOR})),
    ):
        with pytest.raises(Refused) as refusal, sqlite_house.desk.work(actor) as work:
            form_pdf.form_pdf(work, sqlite_house.service.funds, work.session.get_one(Mandate, mandate_id))
        assert refusal.value.code.startswith("access.")


def test_the_same_mandate_gives_the_same_bytes_dated_by_its_signature(sqlite_house: House) -> None:
    mandate_id = sqlite_house.mandate(sqlite_house.employer(mandate=False))

    def printed() -> bytes:
        with sqlite_house.desk.work(CLERK) as work:
            return form_pdf.form_pdf(work, sqlite_house.service.funds, work.session.get_one(Mandate, mandate_id))

    first = printed()
    sqlite_house.go_to(date(2027, 1, 1))
    assert printed() == first
    assert b"D:20260615" in first
    assert b"2027" not in first


def test_the_form_is_an_accessible_archive_file_with_its_fonts_in_it() -> None:
    content = form_pdf.typeset(page_with())
    assert re.search(rb"pdfaid:part>2<.*pdfaid:conformance>A<", content, re.DOTALL)
    families = set(re.findall(rb"/BaseFont/[A-Z]{6}\+([\w-]+)", content))
    assert families == {b"Amiri-Regular", b"Amiri-Bold"}
    assert content.count(b"/FontFile") == 2
    assert b"/Lang(ar)" in content


def test_letters_that_no_font_has_do_not_keep_the_form_from_being_printed() -> None:
    content = form_pdf.typeset(page_with(debtor="ⵜⴰⵎⴰⵣⵉⵖⵜ 建設"))
    assert pages_in(content) == 1
    assert b"pdfaid" not in content


@pytest.mark.parametrize(
    ("fund_id", "languages"),
    [
        ("CNAS", ("fr", "ar")),
        ("CACOBATPH", ("fr", "ar")),
        ("CASNOS", ("fr", "ar")),
        ("CNSS", ("fr", "ar")),
        ("EINZUGSSTELLE", ("fr", "en")),
    ],
)
def test_a_fund_has_its_two_languages_from_the_left(fund_id: str, languages: tuple[str, str]) -> None:
    assert wording.form_languages(FUNDS.get(fund_id)) == languages


def test_every_language_says_everything() -> None:
    assert {frozenset(wording.words(language)) for language in LANGUAGES} == {frozenset(wording.words("fr"))}
    assert all(text.strip() for language in LANGUAGES for text in wording.words(language).values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fund", list(FUNDS), ids=lambda fund: fund.id)
def test_the_clauses_name_the_creditor_the_notice_and_what_the_scheme_gives(fund: Fund, language: str) -> None:
    said, words = wording.clauses(fund, fund.scheme.value, language), wording.words(language)
    assert fund.creditor.name.value in said[0]
    assert str(fund.debit_policy.notice_days_ahead.value) in said[1]
    assert (words["refund_CORE"] in said) is (fund.scheme.value == "CORE")
    assert (words["refund_B2B"] in said) is (fund.scheme.value == "B2B")
    assert (words["lodge"] in said) is fund.mandate_path.needs_bank_acceptance.value
    assert not any("{" in clause for clause in said)


@pytest.mark.parametrize(("lodged", "blocks"), [(True, 1), (False, 0)])
def test_the_banks_place_is_there_where_the_fund_asks_for_lodging(lodged: bool, blocks: int) -> None:
    assert bank_blocks(page_with(lodged_at_bank=lodged)) == blocks


def test_the_longest_answers_still_fit_on_the_page_of_their_creditor() -> None:
    long = {"debtor": "شركة " * 14, "reference": "W" * 35, "creditor_identifier": "M" * 35, "confirmed": False}
    account = form_pdf.account_groups(AccountNumber(AccountScheme.IBAN, "W" * 34))
    proved = {"kind": "proxy_holder", "document": "W" * 40}
    names = {"signer_name": "W" * 70, "signer_capacity": "مسيّر " * 11}
    for fund in FUNDS:
        languages = form_pdf._creditor(fund, fund.scheme.value, "recurrent")["languages"]
        data = page_with(**long, account=account, limit="9 999 999 999 999.99 DZD", languages=languages) | names
        assert pages_in(form_pdf.typeset(data)) == 1, fund.id
        assert pages_in(form_pdf.typeset(data | {"draft": "WWWW-WWWW", "authority": proved})) == 1, fund.id
        # The margin is 1.8 cm wide: 25 dots.
        assert blank_margins(drawn(data, 36), 24), fund.id


def test_answers_are_data_and_never_markup() -> None:
    for hostile in (
        '#panic("x")',
        "*bold* _it_ $x^2$ `raw` @cite <bank>",
        '#read("/etc/passwd")',
        '"]}, {"pages": []',
        "\\ // /*",
    ):
        data = page_with(debtor=hostile, creditor=hostile, reference=hostile) | {"signer_name": hostile}
        assert pages_in(form_pdf.typeset(data)) == 1
        assert bank_blocks(data) == 1


def test_arabic_letters_are_joined_and_run_from_right_to_left() -> None:
    name = "شركة الأمل"
    joined = drawn(page_with(debtor=name))
    assert joined == drawn(page_with(debtor=name))
    assert joined != drawn(page_with(debtor=ISOLATED.join(name)))
    assert joined != drawn(page_with(debtor=LEFT_TO_RIGHT + name))


@pytest.mark.parametrize(
    ("name", "own", "other"),
    [("شركة SARL.", RIGHT_TO_LEFT_MARK, LEFT_TO_RIGHT_MARK), ("SARL شركة.", LEFT_TO_RIGHT_MARK, RIGHT_TO_LEFT_MARK)],
)
def test_a_name_runs_in_the_direction_of_its_first_letter(name: str, own: str, other: str) -> None:
    """The full stop shows it: a mark of the name's own direction behind it changes nothing, the other one moves it."""
    shown = drawn(page_with(debtor=name))
    assert shown == drawn(page_with(debtor=name + own))
    assert shown != drawn(page_with(debtor=name + other))


@pytest.mark.parametrize(
    ("scheme", "number", "groups"),
    [
        (AccountScheme.DZ_RIB, "00100123020030010014", ["001", "00123", "0200300100", "14"]),
        (AccountScheme.MA_RIB, "011780000000000000004224", ["011", "780", "0000000000000042", "24"]),
        (AccountScheme.IBAN, "DE89370400440532013000", ["DE89", "3704", "0044", "0532", "0130", "00"]),
    ],
)
def test_an_account_is_grouped_as_people_read_it(scheme: AccountScheme, number: str, groups: list[str]) -> None:
    assert form_pdf.account_groups(AccountNumber(scheme, number)) == groups


def test_a_limit_is_shown_with_its_thousands_apart(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    data = data_of(sqlite_house, one, [sqlite_house.fund()], amount_limit_minor=123_456_789)
    assert data["pages"][0]["limit"].split("\N{NO-BREAK SPACE}") == ["1", "234", "567.89", "DZD"]
