"""The two journeys that matter most, as people take them: by keyboard, on a phone in Arabic, at a desk in French."""

from browser.conftest import Site, choose, sign_in
from playwright.sync_api import Page, expect
from web.story import FREE_RIB, HOSTILE_NAME


def test_an_employer_signs_a_mandate_in_arabic_on_a_phone(phone: Page, site: Site) -> None:
    sign_in(phone, "first")
    expect(phone.locator("html")).to_have_attribute("dir", "rtl")
    phone.get_by_role("link", name="توقيع تفويض").click()
    phone.locator("input[name=funds]").check()
    phone.get_by_label("رقم الحساب", exact=True).fill(FREE_RIB)
    phone.get_by_label("صاحب الحساب").fill("شركة الأمل")
    phone.get_by_label("اسمكم").fill("المسيّر")
    phone.get_by_role("radio", name="الممثل القانوني").check()
    phone.get_by_label("السقف لكل اقتطاع").fill("250000")
    phone.get_by_role("button", name="متابعة").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("تحققوا من إجاباتكم")
    expect(phone.locator("dl").first).to_contain_text(FREE_RIB)
    expect(phone.locator(".money")).to_have_text("250.000,00 DZD")
    phone.get_by_role("checkbox").check()
    phone.get_by_role("button", name="توقيع").click()
    expect(phone.get_by_role("status")).to_contain_text("تم التوقيع")
    expect(phone.get_by_text("CACOBATPH-7700000001-1").first).to_be_visible()
    assert site.complaints == []


def test_an_error_takes_the_keyboard_to_its_field(phone: Page, site: Site) -> None:
    sign_in(phone, "first")
    phone.goto("/mandates/new")
    phone.get_by_role("button", name="متابعة").press("Enter")
    summary = phone.get_by_role("alert")
    expect(summary).to_contain_text("هناك مشكلة")
    summary.get_by_role("link", name="أدخلوا رقم الحساب.").press("Enter")
    assert phone.url.endswith("#account")
    field = phone.locator("#account")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_attribute("dir", "ltr")
    # A browser notes every answer that is not 2xx; the refused form is one, and nothing else may be.
    assert [text for text in site.complaints if "422" not in text] == []


def test_the_report_is_read_in_french_at_a_desk(desk: Page, site: Site) -> None:
    sign_in(desk, "clerk")
    choose(desk, "Comptes", "Rapport")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Rapport")
    expect(desk.get_by_text("Le compte n'était pas suffisamment provisionné.")).to_be_visible()
    expect(desk.get_by_text("4\u202f000,00 DZD").first).to_be_visible()
    expect(desk.get_by_text(HOSTILE_NAME).first).to_be_visible()
    desk.get_by_label("Situation").select_option("paid")
    desk.get_by_role("button", name="Afficher").click()
    expect(desk.locator("tbody tr")).to_have_count(1)
    desk.get_by_role("link", name="CNAS PAID").click()
    expect(desk.get_by_text("Payé le 29 oct. 2026.")).to_be_visible()
    assert site.complaints == []


def test_a_clerk_records_at_a_desk_what_the_employers_bank_did(desk: Page, site: Site) -> None:
    sign_in(desk, "clerk")
    choose(desk, "Prélèvements", "Mandats")
    for step, why in (("Il a été déposé", "Déposé à l'agence."), ("La banque de l'employeur l'a accepté", "Cacheté.")):
        desk.get_by_text("Enregistrer ce qui s'est passé").click()
        desk.get_by_role("radio", name=step).check()
        desk.get_by_label("Document qui le prouve").fill("Formulaire 17")
        desk.get_by_label("Motif").fill(why)
        desk.get_by_role("button", name="Enregistrer").click()
        expect(desk.get_by_role("status")).to_contain_text("Enregistré.")
    expect(desk.get_by_text("Rien n'est en attente.")).to_be_visible()
    assert site.complaints == []


def test_an_unanswered_form_takes_the_keyboard_to_its_dispute(phone: Page, site: Site) -> None:
    sign_in(phone, "clerk")
    phone.goto(f"/disputes/{site.ids.dispute}")
    phone.get_by_role("button", name="إرسال الرد").click()
    phone.get_by_role("alert").get_by_role("link", name="بيّنوا السبب.").press("Enter")
    expect(phone.locator("#text-answer")).to_have_attribute("aria-invalid", "true")
    expect(phone.locator("#text-answer")).to_be_in_viewport()
    assert [text for text in site.complaints if "422" not in text] == []


def test_no_page_is_wider_than_the_phone_and_every_field_has_a_label(phone: Page, site: Site) -> None:
    for login, addresses in (
        ("first", ("/contributions", "/mandates", "/mandates/new", f"/contributions/{site.ids.paid}")),
        ("clerk", ("/mandate-desk", "/disputes", f"/disputes/{site.ids.dispute}", f"/contributions/{site.ids.lost}")),
        ("approver", ("/report", "/batches", f"/batches/{site.ids.batch_made}", "/penalties", "/funds")),
    ):
        phone.context.clear_cookies()
        sign_in(phone, login)
        for address in addresses:
            phone.goto(address)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 390, address
            unnamed = "[...document.querySelectorAll('main :is(input:not([type=hidden]), select, textarea):not([aria-hidden])')]"
            assert phone.evaluate(f"{unnamed}.filter(field => field.labels.length === 0).length") == 0, address
    assert site.complaints == []


def test_the_first_tab_offers_to_skip_to_the_content(desk: Page, site: Site) -> None:
    desk.goto("/sign-in")
    desk.keyboard.press("Tab")
    expect(desk.get_by_text("Aller au contenu")).to_be_focused()
    desk.keyboard.press("Enter")
    assert desk.url.endswith("#main")
    assert site.complaints == []
