"""Drafts: a number that survives being read aloud, a printed form, one signature, one end."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from house import APPROVER, CLERK, House
from hypothesis import given
from hypothesis import strategies as st
from scan_files import jpeg, pdf

from debit_service.access.rules import PASSWORD_LENGTH_MIN
from debit_service.access.service import add_person
from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.errors import DebitError, InvalidInput, Refused
from debit_service.core.work import SERVICE, Actor, Role, Work
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.employers.service import enrol
from debit_service.mandates import drafts, form_pdf, paper, queries, service
from debit_service.mandates.authority import Authority, Capacity
from debit_service.mandates.documents import DocumentKind, attach
from debit_service.mandates.draft_numbers import ALPHABET, draft_number, read_draft_number
from debit_service.mandates.drafts import FormData
from debit_service.mandates.models import Mandate, MandateDraft

AGENT = Actor("agent", frozenset({Role.MANDATE_AGENT}))
BODIES = st.text(ALPHABET, min_size=7, max_size=7)


def employer_of(work: Work, one: Somebody) -> Employer:
    employer = employers.by_reference(work, one.reference)
    assert employer is not None
    return employer


def data_of(one: Somebody) -> FormData:
    scheme, number = one.account
    return FormData(parse_account(number, AccountScheme(scheme)), one.name, "محمد بن علي", "مسيّر")


def prepared(house: House, one: Somebody, *fund_ids: str, actor: Actor = AGENT, **changes: Any) -> str:
    """The number of a draft for these funds."""
    with house.desk.work(CLERK) as work:
        for fund_id in fund_ids or (one.fund,):
            enrol(work, employer_of(work, one), fund_id, one.registration)
    with house.desk.work(actor) as work:
        funds = [house.fund(fund_id) for fund_id in fund_ids or (one.fund,)]
        return drafts.prepare(work, employer_of(work, one), funds, replace(data_of(one), **changes)).number


def entered(house: House, one: Somebody, number: str, *, scan: bytes | None = None, **changes: Any) -> list[Mandate]:
    """The paper of the draft `number` comes back signed, and an agent enters it."""
    with house.desk.work(AGENT) as work:
        draft = drafts.get(work, number)
        data = replace(drafts.read(work, draft), **changes)
        form = data.signed(employer_of(work, one), house.clock.now().date(), "paper")
        return paper.enter(work, form, [house.fund(fund_id) for fund_id in draft.fund_ids], scan or pdf(), draft)


def state_of(house: House, number: str) -> tuple[str | None, str | None]:
    """Why a draft was closed, and the form that it became."""
    with house.reading() as work:
        draft = drafts.get(work, number)
        return draft.closed_why, draft.form_id


@given(BODIES, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(body: str, place: int, wrong: str) -> None:
    characters = list(draft_number(body).replace("-", ""))
    if characters[place] != wrong:
        characters[place] = wrong
        with pytest.raises(InvalidInput):
            read_draft_number("".join(characters))


@given(BODIES, st.integers(0, 6))
def test_two_swapped_characters_are_always_found(body: str, place: int) -> None:
    characters = list(draft_number(body).replace("-", ""))
    if characters[place] != characters[place + 1]:
        characters[place : place + 2] = reversed(characters[place : place + 2])
        with pytest.raises(InvalidInput):
            read_draft_number("".join(characters))


@given(BODIES)
def test_a_number_may_be_typed_in_any_case_with_or_without_its_hyphen(body: str) -> None:
    number = draft_number(body)
    assert re.fullmatch("[3-9A-Y]{4}-[3-9A-Y]{4}", number)
    assert not set(number) & set("0O1IL2Z5S8BUV")
    for typed in (number, number.lower(), number.replace("-", ""), f" {number.replace('-', ' - ')} "):
        assert read_draft_number(typed) == number


@pytest.mark.parametrize("typed", ["", "-", "3333", "3333-333O", "٣٣٣٣-٣٣٣٣", "3333-3333-3"])
def test_what_is_no_number_is_refused_with_its_place_and_remedy(typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_draft_number(typed)
    assert (refusal.value.code, refusal.value.place) == ("draft.number", "number")
    assert refusal.value.remedy


def test_what_was_prepared_is_read_again_and_lies_sealed(house: House) -> None:
    one = house.employer(mandate=False)
    authority = Authority(Capacity.PROXY_HOLDER, "procuration n° 7")
    number = prepared(house, one, amount_limit_minor=5_000_00, recurrence="one_off", authority=authority)
    with house.reading() as work:
        draft = drafts.get(work, number.lower())
        assert drafts.read(work, draft) == replace(
            data_of(one), amount_limit_minor=5_000_00, recurrence="one_off", authority=authority
        )
        assert one.account[1].encode() not in draft.content_sealed
        assert queries.of_employer(work, draft.employer_id) == []


def test_a_signed_paper_makes_a_mandate_for_each_fund_and_closes_its_draft(house: House) -> None:
    one = house.employer(mandate=False)
    number = prepared(house, one, "CNAS", "CACOBATPH", recurrence="one_off")
    made = entered(house, one, number, signer_name="سعيد")
    assert [(mandate.fund_id, mandate.recurrence) for mandate in made] == [
        ("CNAS", "one_off"),
        ("CACOBATPH", "one_off"),
    ]
    assert state_of(house, number) == ("signed", made[0].form_id)
    with house.reading() as work:
        signed = json.loads(queries.form(work, made[0].form_id)[1])
        assert (signed["signer_name"], signed["how"], len(signed["creditors"])) == ("سعيد", "paper", 2)
        assert [[one.kind for one in queries.documents(work, mandate)] for mandate in made] == [["signed_form"]] * 2
    with pytest.raises(DebitError) as refusal:
        entered(house, one, number)
    assert refusal.value.code == "draft.closed"


def test_one_signature_on_the_web_is_for_several_funds_and_one_of_them_may_end_alone(house: House) -> None:
    one = house.employer(mandate=False)
    number = prepared(house, one, "CNAS", "CACOBATPH")
    with house.reading() as work:
        boss = Actor("boss", frozenset({Role.EMPLOYER}), employer_of(work, one).id)
    with house.desk.work(boss) as work:
        draft = drafts.get(work, number)
        form = drafts.read(work, draft).signed(employer_of(work, one), house.clock.now().date(), "web")
        cnas, cacobatph = drafts.sign_draft(work, form, [house.fund("CNAS"), house.fund("CACOBATPH")], draft)
        service.revoke(work, cnas, "we pay CNAS by transfer")
    assert cnas.form_id == cacobatph.form_id
    with house.reading() as work:
        assert (queries.state(work, cnas.id), queries.state(work, cacobatph.id)) == ("revoked", "signed")


def test_a_bad_scan_leaves_neither_a_mandate_nor_a_closed_draft(house: House) -> None:
    one = house.employer(mandate=False)
    number = prepared(house, one)
    with pytest.raises(InvalidInput):
        entered(house, one, number, scan=b"PK\x03\x04")
    assert state_of(house, number) == (None, None)
    with house.reading() as work:
        assert queries.waiting(work) == []


def test_the_number_of_another_employers_draft_is_refused(sqlite_house: House) -> None:
    one, other = sqlite_house.employer(mandate=False), sqlite_house.employer(mandate=False)
    number = prepared(sqlite_house, one)
    with pytest.raises(Refused) as refusal:
        entered(sqlite_house, other, number)
    assert refusal.value.code == "draft.other_employer"
    with sqlite_house.reading() as work:
        stranger = Actor("boss", frozenset({Role.EMPLOYER}), employer_of(work, other).id)
    for act in (drafts.discard, lambda work, draft: form_pdf.draft_pdf(work, sqlite_house.service.funds, draft)):
        with pytest.raises(Refused) as refusal, sqlite_house.desk.work(stranger) as work:
            act(work, work.session.query(MandateDraft).one())
        assert refusal.value.code == "access.employer"


@pytest.mark.parametrize(
    ("fund_id", "of", "code"),
    [("CACOBATPH", "CNAS", "mandate.not_registered"), ("CNAS", "CNSS", "mandate.account_scheme")],
)
def test_a_draft_that_could_not_be_signed_is_not_prepared(
    sqlite_house: House, fund_id: str, of: str, code: str
) -> None:
    one = sqlite_house.employer(mandate=False)
    data = data_of(Somebody(of, 1))
    with pytest.raises(DebitError) as refusal, sqlite_house.desk.work(AGENT) as work:
        drafts.prepare(work, employer_of(work, one), [sqlite_house.fund(fund_id)], data)
    assert refusal.value.code == code


def test_a_changed_draft_takes_the_place_of_the_old_one_and_an_unchanged_one_stays(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    first = prepared(sqlite_house, one)
    with sqlite_house.desk.work(AGENT) as work:
        employer, funds = employer_of(work, one), [sqlite_house.fund("CNAS")]
        same = drafts.prepare(work, employer, funds, data_of(one), drafts.get(work, first))
        assert same.number == first
        changed = replace(data_of(one), signer_name="سعيد")
        second = drafts.prepare(work, employer, funds, changed, drafts.get(work, first))
        assert [draft.number for draft in drafts.open_of(work, employer.id)] == [second.number]
    assert state_of(sqlite_house, first) == ("discarded", None)


def test_a_draft_that_nobody_signs_is_closed_after_90_days(house: House) -> None:
    one = house.employer(mandate=False)
    old = prepared(house, one)
    made_on = house.clock.now().date()
    house.go_to(made_on + timedelta(days=1))
    young = prepared(house, one, signer_name="سعيد")

    def closed(days: int) -> int:
        with house.desk.work(SERVICE) as work:
            return drafts.close_old(work, made_on + timedelta(days=days))

    assert [closed(90), closed(91), closed(91)] == [0, 1, 0]
    assert state_of(house, old) == ("nobody signed it in 90 days", None)
    assert state_of(house, young) == (None, None)


def test_the_printed_draft_bears_its_number_and_no_date_of_signature(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    number = prepared(sqlite_house, one, "CNAS", "CACOBATPH", authority=Authority(Capacity.PROXY_HOLDER, "n° 7"))
    with sqlite_house.desk.work(AGENT) as work:
        content = form_pdf.draft_pdf(work, sqlite_house.service.funds, drafts.get(work, number))
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 2
    assert number.encode() in content, "the title of the document"
    entered(sqlite_house, one, number)
    with pytest.raises(Refused), sqlite_house.desk.work(AGENT) as work:
        form_pdf.draft_pdf(work, sqlite_house.service.funds, drafts.get(work, number))


def test_a_proxys_signature_is_not_accepted_before_its_power_of_attorney_is_there(house: House) -> None:
    one = house.employer(mandate=False)
    number = prepared(house, one, "CNAS", "CACOBATPH", authority=Authority(Capacity.PROXY_HOLDER))
    cnas, cacobatph = (mandate.id for mandate in entered(house, one, number))

    def accept(mandate_id: str) -> None:
        with house.desk.work(AGENT) as work:
            service.accept(work, work.session.get_one(Mandate, mandate_id), "the bank stamped it", "stamp")

    for mandate_id in (cnas, cacobatph):
        with house.desk.work(AGENT) as work:
            service.lodge(work, work.session.get_one(Mandate, mandate_id), "taken to the bank", "receipt")
        with pytest.raises(Refused) as refusal:
            accept(mandate_id)
        assert refusal.value.code == "mandate.proxy_not_proven"
    with house.desk.work(AGENT) as work:
        attach(work, work.session.get_one(Mandate, cnas), DocumentKind.OTHER, jpeg(b"power of attorney"))
    accept(cnas)
    accept(cacobatph)


def test_a_power_of_attorney_that_the_form_names_is_proof_enough(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    authority = Authority(Capacity.PROXY_HOLDER, "n° 7 of 2026-05-01")
    (mandate,) = entered(sqlite_house, one, prepared(sqlite_house, one, authority=authority))
    with sqlite_house.desk.work(AGENT) as work:
        service.lodge(work, work.session.get_one(Mandate, mandate.id), "taken to the bank", "receipt")
        service.accept(work, work.session.get_one(Mandate, mandate.id), "the bank stamped it", "stamp")
        assert queries.state(work, mandate.id) == "active"


def test_an_agent_does_nothing_about_money_and_an_approver_prepares_nothing(sqlite_house: House) -> None:
    with sqlite_house.desk.work(SERVICE) as work:
        person = add_person(work, "office", "x" * PASSWORD_LENGTH_MIN, [Role.MANDATE_AGENT])
        assert person.roles == ["mandate_agent"]
    one = sqlite_house.employer()
    sqlite_house.contribution(one)
    for act in (
        lambda work: service.revoke(work, work.session.query(Mandate).one(), "because"),
        lambda work: drafts.close_old(work, date(2030, 1, 1)),
    ):
        with pytest.raises(Refused), sqlite_house.desk.work(AGENT) as work:
            act(work)
    with pytest.raises(Refused):
        prepared(sqlite_house, one, actor=APPROVER)
