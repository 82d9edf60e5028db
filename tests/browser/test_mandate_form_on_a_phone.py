"""The paper side of a mandate, as people meet it: an employer fetches the form on a phone, a clerk attaches what came back."""

from pathlib import Path

from browser.conftest import Site, choose, sign_in
from playwright.sync_api import Page, expect
from scan_files import jpeg


def test_an_employer_fetches_the_form_in_arabic_on_a_phone(phone: Page, site: Site) -> None:
    sign_in(phone, "first")
    phone.get_by_role("link", name="تفويضاتي").click()
    with phone.expect_download() as started:
        phone.get_by_role("link", name="تنزيل الاستمارة (PDF)").click()
    assert started.value.suggested_filename == "CNAS-1600000001-1.pdf"
    assert Path(started.value.path()).read_bytes().startswith(b"%PDF-1.7")
    phone.get_by_role("link", name="الاستمارة والوثائق").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("الاستمارة والوثائق")
    expect(phone.get_by_role("heading", name="مصادقة البنك")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert site.complaints == []


def test_a_clerk_attaches_the_stamped_form_and_names_it_as_the_proof(desk: Page, site: Site, tmp_path: Path) -> None:
    scan = tmp_path / "cachet.jpg"
    scan.write_bytes(jpeg(b"cachet"))
    sign_in(desk, "clerk")
    choose(desk, "Prélèvements", "Mandats")
    desk.get_by_role("link", name="Formulaire et documents").click()
    desk.get_by_role("radio", name="La validation de la banque").check()
    desk.get_by_label("Document numérisé").set_input_files(scan)
    desk.get_by_role("button", name="Joindre").click()
    expect(desk.get_by_role("status")).to_contain_text("Le document est conservé.")
    choose(desk, "Prélèvements", "Mandats")
    for step in ("Il a été déposé", "La banque de l'employeur l'a accepté"):
        desk.get_by_text("Enregistrer ce qui s'est passé").click()
        desk.get_by_role("radio", name=step).check()
        desk.get_by_label("Document joint").select_option(index=1)
        desk.get_by_label("Motif").fill("Revenu cacheté.")
        desk.get_by_role("button", name="Enregistrer").click()
        expect(desk.get_by_role("status")).to_contain_text("Enregistré.")
    assert site.complaints == []


def test_the_pages_of_paper_fit_the_phone_and_every_field_has_a_label(phone: Page, site: Site) -> None:
    sign_in(phone, "clerk")
    for address in ("/mandate-desk", "/mandate-desk/new", f"/mandates/{site.ids.first_mandate}/documents"):
        phone.goto(address)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, address
        unnamed = "[...document.querySelectorAll('main :is(input:not([type=hidden]), select, textarea)')]"
        assert phone.evaluate(f"{unnamed}.filter(field => field.labels.length === 0).length") == 0, address
    phone.goto("/mandate-desk/new")
    phone.get_by_role("button", name="حفظ التفويض").click()
    phone.get_by_role("alert").get_by_role("link", name="اختاروا ملف النسخة الممسوحة.").press("Enter")
    expect(phone.locator("#scan")).to_have_attribute("aria-invalid", "true")
    expect(phone.locator("#scan")).to_be_in_viewport()
    assert [text for text in site.complaints if "422" not in text] == []
