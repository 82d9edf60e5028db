"""From answers to a printed draft, and from its number back to a signed mandate: an employer's pages and a proximity office's."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from scan_files import pdf
from web.conftest import Browser
from web.story import FREE_RIB, Ids

from debit_service.core.work import SERVICE
from debit_service.mandates import authority, drafts, queries
from debit_service.mandates.models import Mandate
from debit_service.wiring import Service

Somebody = Callable[[str], Browser]
ANSWERS: dict[str, object] = {
    "funds": ["CACOBATPH"],
    "account_scheme": "DZ_RIB",
    "account": FREE_RIB,
    "debtor_name": "شركة الأمل",
    "signer_name": "محمد بن علي",
    "capacity": "proxy_holder",
    "proxy_document": "n° 7",
    "amount_limit": "250000.00",
}


def mandate_at_cacobatph(service: Service) -> Mandate:
    with service.desk.reading(SERVICE) as work:
        mandate = work.session.query(Mandate).filter_by(fund_id="CACOBATPH").one()
        work.session.expunge_all()
        return mandate


def field(page: str, name: str) -> str:
    """What stands in a line of a form."""
    found = re.search(rf'<input [^>]*name="{name}"[^>]*?value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_an_employer_keeps_answers_prints_them_and_signs_them_later(
    somebody: Somebody, service: Service, ids: Ids
) -> None:
    first = somebody("first")
    first.post("/mandates/new", {**ANSWERS, "step": "print"})
    listed = re.findall(r'href="/drafts/([A-Z0-9-]{9})"', first.get("/mandates"))
    assert len(listed) == 2
    number = next(one for one in listed if one != ids.draft)
    page = first.get(f"/drafts/{number}")
    assert "n° 7" in page
    printed = first.client.get(f"/drafts/{number}/form.pdf")
    assert printed.data.startswith(b"%PDF")
    form = first.get(f"/mandates/new?draft={number}")
    assert (field(form, "account"), field(form, "proxy_document"), field(form, "draft")) == (FREE_RIB, "n° 7", number)
    first.post("/mandates/new", {**ANSWERS, "draft": number, "step": "sign", "consent": "y"})
    made = mandate_at_cacobatph(service)
    with service.desk.reading(SERVICE) as work:
        assert authority.authority_of(work, made).document == "n° 7"
        assert drafts.get(work, number).form_id == made.form_id
    assert "This draft was signed." in first.get(f"/drafts/{number}")


def test_a_draft_is_discarded_once(somebody: Somebody, ids: Ids) -> None:
    first = somebody("first")
    first.post(f"/drafts/{ids.draft}/discard", {}, page=f"/drafts/{ids.draft}")
    assert ids.draft not in first.get("/mandates")
    assert "nobody signed it" in first.get(f"/drafts/{ids.draft}")


def test_an_agent_finds_the_paper_by_its_number_corrects_it_and_keeps_it(
    somebody: Somebody, service: Service, ids: Ids
) -> None:
    agent = somebody("agent")
    address = f"/mandate-desk/new?number={ids.draft.lower()}"
    page = agent.get(address)
    assert (field(page, "registration_number"), field(page, "account")) == ("7700000001", FREE_RIB)
    corrected: dict[str, object] = {
        "signer_name": "سعيد",
        "capacity": "legal_representative",
        "draft": ids.draft,
        "proxy_document": "",
    }
    paper: dict[str, object] = {
        "registration_number": "7700000001",
        "signed_on": "2026-11-20",
        "scan": (BytesIO(pdf()), "scan.pdf"),
    }
    agent.post(address, ANSWERS | corrected | paper)
    made = mandate_at_cacobatph(service)
    with service.desk.reading(SERVICE) as work:
        assert drafts.get(work, ids.draft).form_id == made.form_id
        assert '"signer_name": "سعيد"' in queries.form(work, made.form_id)[1].decode()
    assert "This draft is closed" in agent.get(address, 422)


@pytest.mark.parametrize(("number", "message"), [("3333-3334", "a character is wrong"), ("3333-3333", "no such draft")])
def test_a_number_that_leads_nowhere_is_told_at_its_field(somebody: Somebody, number: str, message: str) -> None:
    page = somebody("agent").get(f"/mandate-desk/new?number={number}", 422)
    assert message in page
    assert 'href="#number"' in page


def test_an_agent_prepares_a_form_for_an_employer(somebody: Somebody, ids: Ids) -> None:
    agent = somebody("agent")
    answer = agent.client.post("/mandate-desk/prepare", data={})
    assert answer.status_code == 400
    agent.post("/mandate-desk/prepare", {**ANSWERS, "registration_number": "7700000001"})
    assert len(re.findall('href="/drafts/', somebody("first").get("/mandates"))) == 2
    page = agent.post("/mandate-desk/prepare", {**ANSWERS, "registration_number": "1"}, 422)
    assert "No fund on this form knows an employer with this number." in page
    page = agent.post("/mandate-desk/prepare", {**ANSWERS, "capacity": "other"}, 422)
    assert "Say in words in what capacity." in page


def test_an_agent_begins_at_the_mandates_and_sees_nothing_of_money(somebody: Somebody) -> None:
    agent = somebody("agent")
    assert agent.client.get("/").location == "/mandate-desk"
    page = agent.get("/mandate-desk")
    assert "/report" not in page
    assert "/batches" not in page
