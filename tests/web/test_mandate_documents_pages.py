"""The printed form and the scans of a mandate, on the pages of the employer and of the desk."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any, NoReturn

import pytest
from scan_files import archive, jpeg, pdf, png
from sqlalchemy import select
from web.conftest import Browser
from web.story import CLERK, FREE_RIB, STAMPED, Ids

from debit_service.core.models import AuditEntry
from debit_service.core.work import SERVICE
from debit_service.mandates import queries
from debit_service.mandates import service as mandates
from debit_service.mandates.documents import DocumentKind, attach
from debit_service.mandates.models import Mandate, MandateDocument
from debit_service.wiring import Service

Somebody = Callable[[str], Browser]
MEGABYTE = 1024 * 1024


def file(content: bytes, name: str = "scan.pdf") -> tuple[BytesIO, str]:
    """A file as a form sends it."""
    return BytesIO(content), name


def send(browser: Browser, address: str, content: bytes, status: int) -> str:
    """Send a scan of any size: Werkzeug's own client would put a large one into a file first."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(address))
    assert token
    fields = {"csrf_token": token[1], "kind": "other"}
    head = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    )
    scan = '--b\r\nContent-Disposition: form-data; name="scan"; filename="scan.pdf"\r\n\r\n'
    body = (head + scan).encode() + content + b"\r\n--b--\r\n"
    answer = browser.client.post(address, data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == status, answer.text
    return answer.text


def paper(content: bytes | None = None, **changed: object) -> dict[str, object]:
    """A form on paper, as a clerk enters it, but for what a test changes."""
    filled = {
        "funds": ["CACOBATPH"],
        "registration_number": "7700000001",
        "account_scheme": "DZ_RIB",
        "account": FREE_RIB,
        "debtor_name": "شركة الأمل",
        "signer_name": "محمد بن علي",
        "capacity": "other",
        "signer_capacity": "مسيّر",
        "signed_on": "2026-11-20",
        "amount_limit": "250000",
        "scan": file(pdf() if content is None else content),
    }
    return {**filled, **changed}


def audited(service: Service, action: str) -> list[tuple[str, str]]:
    """Who did this, about what."""
    with service.desk.reading(SERVICE) as work:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return [(one.who, one.subject) for one in work.session.scalars(query)]


def kinds(service: Service, mandate_id: str) -> list[str]:
    """What the documents of a mandate show."""
    with service.desk.reading(SERVICE) as work:
        return [one.kind for one in queries.documents(work, mandates.get(work, mandate_id))]


def at_cacobatph(service: Service) -> list[tuple[str, str]]:
    """(id, state) of the mandates at the fund for which paper forms come in."""
    with service.desk.reading(SERVICE) as work:
        ids = work.session.scalars(select(Mandate.id).where(Mandate.fund_id == "CACOBATPH")).all()
        return [(one, queries.state(work, one)) for one in ids]


@pytest.mark.parametrize("login", ["first", "clerk", "approver"])
def test_the_form_comes_as_a_pdf_to_keep(somebody: Somebody, service: Service, ids: Ids, login: str) -> None:
    answer = somebody(login).client.get(f"/mandates/{ids.first_mandate}/form.pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=CNAS-1600000001-1.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert audited(service, "mandate.form_printed") == [(login, ids.first_mandate)]


def test_the_employer_finds_the_form_on_its_page(somebody: Somebody, ids: Ids) -> None:
    page = somebody("first").get("/mandates")
    assert f'href="/mandates/{ids.first_mandate}/form.pdf"' in page
    assert f'href="/mandates/{ids.first_mandate}/documents"' in page


def test_another_employers_form_and_scans_are_refused_unread(somebody: Somebody, service: Service, ids: Ids) -> None:
    second = somebody("second")
    for address in (f"/mandates/{ids.first_mandate}/form.pdf", f"/documents/{ids.document}"):
        assert second.client.get(address).mimetype == "text/html"
        second.get(address, 403)
    assert audited(service, "mandate.form_printed") == audited(service, "mandate.document_read") == []


@pytest.mark.parametrize("login", ["first", "clerk", "approver"])
def test_a_scan_comes_back_as_it_was_and_the_reading_is_on_record(
    somebody: Somebody, service: Service, ids: Ids, login: str
) -> None:
    answer = somebody(login).client.get(f"/documents/{ids.document}")
    assert answer.data == STAMPED
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=bank-validation-{ids.document}.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert audited(service, "mandate.document_read") == [(login, ids.first_mandate)]


def test_an_unknown_document_is_not_found(somebody: Somebody) -> None:
    assert "There is no such document." in somebody("clerk").get("/documents/unknown", 404)


def test_the_list_says_what_is_kept_and_to_staff_who_kept_it(somebody: Somebody, ids: Ids) -> None:
    for login, told in (("first", False), ("approver", False), ("clerk", True)):
        page = somebody(login).get(f"/mandates/{ids.first_mandate}/documents")
        # The words are escaped on the page.
        assert "validation: the form with its stamp" in page
        assert f'href="/documents/{ids.document}"' in page
        assert ('enctype="multipart/form-data"' in page) is told
        assert (" · <bdi>clerk</bdi>" in page) is told


def test_a_clerk_attaches_a_scan(somebody: Somebody, service: Service, ids: Ids) -> None:
    clerk, address = somebody("clerk"), f"/mandates/{ids.second_mandate}/documents"
    content = jpeg(b"amended")
    clerk.post(address, {"kind": "amendment", "scan": file(content, "C:\\fax\\<b>page</b>.exe")})
    page = clerk.get(address)
    assert "A change of the mandate" in page
    assert "exe" not in page
    found = re.search(r'href="(/documents/[0-9A-Z]+)"', page)
    assert found
    answer = clerk.client.get(found[1])
    assert (answer.data, answer.mimetype) == (content, "image/jpeg")


HOSTILE = {
    "drawing with a script": (b"<svg onload='x'/>", "neither a PDF nor a JPEG nor a PNG"),
    "archive": (archive(), "neither a PDF nor a JPEG nor a PNG"),
    "picture that is an archive": (png() + archive(), "something is hung onto its end"),
    "PDF with a script": (pdf(b"8 0 obj<</S/JavaScript/JS(x)>>endobj\n"), "holds a script"),
    "nothing": (b"", "The file is empty"),
    "too large": (pdf(b" " * (8 * MEGABYTE)), "larger than 8 MB"),
}


@pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_scan_is_refused_at_its_field_with_the_remedy(
    somebody: Somebody, service: Service, ids: Ids, content: bytes, said: str
) -> None:
    page = send(somebody("clerk"), f"/mandates/{ids.second_mandate}/documents", content, 422)
    assert said in page
    assert 'href="#scan"' in page
    assert 'aria-invalid="true"' in page
    assert kinds(service, ids.second_mandate) == []


def test_far_too_much_is_not_even_read(somebody: Somebody, service: Service, ids: Ids) -> None:
    address = f"/mandates/{ids.second_mandate}/documents"
    page = send(somebody("clerk"), address, bytes(50 * MEGABYTE), 413)
    assert "A scan has at most 8 MB" in page
    assert kinds(service, ids.second_mandate) == []


@pytest.mark.parametrize("missing", ["kind", "scan"])
def test_a_scan_needs_its_file_and_what_it_shows(somebody: Somebody, service: Service, ids: Ids, missing: str) -> None:
    sent: dict[str, object] = {"kind": "other", "scan": file(pdf())}
    del sent[missing]
    page = somebody("clerk").post(f"/mandates/{ids.second_mandate}/documents", sent, 422)
    assert f'href="#{missing}"' in page
    assert kinds(service, ids.second_mandate) == []


def test_a_large_scan_is_taken_and_never_lies_open_on_the_disk(
    somebody: Somebody, service: Service, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_more: object) -> NoReturn:
        raise AssertionError("a file was opened for what was sent")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    content = png(1500)
    assert len(content) > 2 * MEGABYTE
    send(somebody("clerk"), f"/mandates/{ids.second_mandate}/documents", content, 302)
    assert kinds(service, ids.second_mandate) == ["other"]


def test_only_the_pages_for_scans_take_more_than_other_pages(somebody: Somebody, ids: Ids) -> None:
    send(somebody("clerk"), f"/mandate-desk/{ids.waiting_mandate}", png(1500), 413)


def test_a_mandate_is_found_by_its_reference_whatever_its_state(somebody: Somebody, ids: Ids) -> None:
    clerk = somebody("clerk")
    answer = clerk.client.get("/mandate-desk/find?reference=+CNAS-1600000001-1 ")
    assert answer.location == f"/mandates/{ids.first_mandate}/documents"
    assert clerk.client.get("/mandate-desk/find?reference=").location == "/mandate-desk"
    assert "There is no such mandate." in clerk.get("/mandate-desk/find?reference=X", 404)


def stamped(service: Service, mandate_id: str) -> str:
    """A mandate that was lodged, and whose stamped form came back; returns the document's number."""
    with service.desk.work(CLERK) as work:
        mandate = mandates.get(work, mandate_id)
        mandates.lodge(work, mandate, "lodged", "receipt 1")
        return attach(work, mandate, DocumentKind.BANK_VALIDATION, jpeg()).id


@pytest.mark.parametrize(("named", "proof"), [("", "{}"), ("Form 17", "{} · Form 17")])
def test_the_attached_form_proves_that_the_bank_accepted(
    somebody: Somebody, service: Service, ids: Ids, named: str, proof: str
) -> None:
    document, clerk = stamped(service, ids.waiting_mandate), somebody("clerk")
    assert f'<option value="{document}" >' in clerk.get("/mandate-desk")
    answer = {"what": "accepted", "why": "It came back.", "document": document, "evidence": named}
    clerk.post(f"/mandate-desk/{ids.waiting_mandate}", answer)
    with service.desk.reading(SERVICE) as work:
        newest = queries.history(work, ids.waiting_mandate)[-1]
        assert (newest.to_state, newest.evidence) == ("active", {"document": proof.format(document)})


@pytest.mark.parametrize("document", ["", "another mandate's"])
def test_without_a_document_of_this_mandate_nothing_is_proved(
    somebody: Somebody, service: Service, ids: Ids, document: str
) -> None:
    stamped(service, ids.waiting_mandate)
    chosen = ids.document if document else ""
    answer = {"what": "accepted", "why": "It came back.", "document": chosen, "evidence": ""}
    page = somebody("clerk").post(f"/mandate-desk/{ids.waiting_mandate}", answer, 422)
    assert f'href="#{"document" if document else "evidence"}-{ids.waiting_mandate}"' in page
    with service.desk.reading(SERVICE) as work:
        assert queries.state(work, ids.waiting_mandate) == "lodged_at_bank"


def test_a_form_signed_on_paper_is_entered_with_its_scan(somebody: Somebody, service: Service) -> None:
    content = pdf(version=b"1.6")
    somebody("clerk").post("/mandate-desk/new", paper(content))
    ((mandate_id, state),) = at_cacobatph(service)
    assert (state, kinds(service, mandate_id)) == ("signed", ["signed_form"])
    with service.desk.reading(SERVICE) as work:
        mandate = mandates.get(work, mandate_id)
        form, signed = queries.form(work, mandate.form_id)
        assert (form.how, form.entered_by, form.signed_on.isoformat()) == ("paper", "clerk", "2026-11-20")
        assert (queries.account(work, mandate).value, mandate.amount_limit_minor) == (FREE_RIB, 25_000_000)
        assert "محمد بن علي" in signed.decode()
        assert work.session.scalars(select(MandateDocument.form_id)).all()[-1] == form.id
    page = somebody("first").get(f"/mandates/{mandate_id}/documents")
    assert "The form as it was signed" in page


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a number that nobody has": ({"registration_number": "1"}, "registration_number", "No fund on this form knows"),
    "no date": ({"signed_on": ""}, "signed_on", "Enter the date of the signature."),
    "no such date": ({"signed_on": "2026-02-30"}, "signed_on", ""),
    "a date to come": ({"signed_on": "2026-11-25"}, "signed_on", "lies in the future"),
    "a wrong key": ({"account": FREE_RIB[:-2] + "00"}, "account", ""),
    "no scan": ({"scan": ""}, "scan", "Choose the file of the scan."),
    "a scan that is none": ({"scan": file(b"MZ")}, "scan", "neither a PDF"),
    "no signer": ({"signer_name": " "}, "signer_name", "Enter the name of the signer."),
}


@pytest.mark.parametrize(("changed", "field", "said"), REFUSED.values(), ids=REFUSED)
def test_a_paper_form_that_is_not_right_leaves_nothing(
    somebody: Somebody, service: Service, changed: dict[str, Any], field: str, said: str
) -> None:
    page = somebody("clerk").post("/mandate-desk/new", paper(**changed), 422)
    assert f'href="#{field}"' in page
    assert said in page
    assert at_cacobatph(service) == []


def test_a_paper_form_for_a_fund_with_a_live_mandate_is_refused(somebody: Somebody, service: Service) -> None:
    page = somebody("clerk").post("/mandate-desk/new", paper(funds=["CNAS", "CACOBATPH"]), 422)
    assert "already. Revoke it first." in page
    assert at_cacobatph(service) == []


def test_what_is_signed_on_the_page_is_what_the_form_prints(somebody: Somebody, service: Service) -> None:
    first = somebody("first")
    answers = {
        name: value for name, value in paper().items() if name not in {"scan", "registration_number", "signed_on"}
    }
    page = first.post("/mandates/new", {**answers, "step": "check"}, 200)
    first.post("/mandates/new", {**answers, "step": "sign", "consent": "y"})
    ((mandate_id, _),) = at_cacobatph(service)
    with service.desk.reading(SERVICE) as work:
        _, signed = queries.form(work, mandates.get(work, mandate_id).form_id)
    clause = "I authorise CACOBATPH to send instructions to my bank"
    assert clause in page
    assert clause in signed.decode()
