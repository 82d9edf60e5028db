"""Scans of mandates: kept sealed and unchanged, with the form or with one mandate, read by few, and never unnoticed."""

from hashlib import sha256

import pytest
from house import APPROVER, CLERK, House
from scan_files import jpeg, pdf, png
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.errors import DebitError, InvalidInput, NotFound, Refused
from debit_service.core.models import AuditEntry
from debit_service.core.work import Actor, Role, Work
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.employers.service import enrol
from debit_service.mandates import paper, queries, service
from debit_service.mandates.documents import Attached, DocumentKind, attach, fetch
from debit_service.mandates.models import Mandate, MandateDocument
from debit_service.mandates.service import SignedForm

STAMPED = jpeg(b"stamped by the branch")
ADMINISTRATOR = Actor("administrator", frozenset({Role.ADMINISTRATOR}))


def keep(house: House, mandate_id: str, kind: DocumentKind, content: bytes = STAMPED, actor: Actor = CLERK) -> Attached:
    with house.desk.work(actor) as work:
        return attach(work, work.session.get_one(Mandate, mandate_id), kind, content)


def kept(house: House, mandate_id: str) -> list[tuple[str, str]]:
    """(kind, hash) of a mandate's documents."""
    with house.reading() as work:
        return [(one.kind, one.sha256) for one in queries.documents(work, work.session.get_one(Mandate, mandate_id))]


def audited(house: House, action: str) -> list[tuple[str, str, object]]:
    """(who, about what, which document) of every entry of this kind."""
    with house.reading() as work:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return [(one.who, one.subject, one.details["document"]) for one in work.session.scalars(query)]


def boss_of(house: House, mandate_id: str) -> Actor:
    """The employer whose mandate this is."""
    with house.reading() as work:
        owner = work.session.get_one(Mandate, mandate_id).employer_id
    return Actor("boss", frozenset({Role.EMPLOYER}), owner)


def both_funds(house: House, one: Somebody) -> tuple[str, str]:
    """An employer that signed once, on paper, for two funds; its two mandates."""
    with house.desk.work(CLERK) as work:
        made = paper.enter(work, sheet(work, house, one), [house.fund("CNAS"), house.fund("CACOBATPH")], pdf())
        return made[0].id, made[1].id


def sheet(work: Work, house: House, one: Somebody) -> SignedForm:
    """The paper, as a clerk reads it."""
    employer = employers.by_reference(work, one.reference)
    assert employer is not None
    enrol(work, employer, "CACOBATPH", "77")
    scheme, number = one.account
    return SignedForm(
        employer=employer,
        account=parse_account(number, AccountScheme(scheme)),
        debtor_name=one.name,
        signer_name="the manager",
        signer_capacity="manager",
        signed_on=house.clock.now().date(),
        how="paper",
    )


def test_a_scan_comes_back_byte_for_byte(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False))
    attached = keep(house, mandate_id, DocumentKind.BANK_VALIDATION)
    with house.desk.work(CLERK) as work:
        found = fetch(work, attached.id)
    assert found.content == STAMPED
    assert (found.media_type, found.name) == ("image/jpeg", f"bank-validation-{attached.id}.jpg")
    assert kept(house, mandate_id) == [("bank_validation", sha256(STAMPED).hexdigest())]


def test_what_is_kept_is_sealed_in_its_place(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False))
    first, second = (keep(house, mandate_id, DocumentKind.OTHER, content) for content in (STAMPED, png()))
    with house.desk.work(CLERK) as work:
        rows = [work.session.get_one(MandateDocument, one.id) for one in (first, second)]
        assert STAMPED not in rows[0].content_sealed
        with pytest.raises(Refused) as refusal:
            work.keys.open_bytes(rows[0].content_sealed, f"mandate_documents.content:{second.id}")
    assert refusal.value.code == "keys.tampered"
    assert house.breaches() == {}


def test_the_database_refuses_to_change_a_document(house: House) -> None:
    attached = keep(house, house.mandate(house.employer(mandate=False)), DocumentKind.OTHER)
    with pytest.raises(DBAPIError), house.desk.database.transaction() as session:
        session.execute(text("update mandate_documents set sha256 = 'x' where id = :id"), {"id": attached.id})


def test_the_same_scan_again_changes_nothing(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False))
    for kind in (DocumentKind.SIGNED_FORM, DocumentKind.BANK_VALIDATION):
        first, again = keep(house, mandate_id, kind), keep(house, mandate_id, kind)
        assert (first.new, again.new, again.id) == (True, False, first.id)
    assert [kind for kind, _ in kept(house, mandate_id)] == ["signed_form", "bank_validation"]
    assert len(audited(house, "mandate.document_attached")) == 2


def test_the_signature_is_of_all_creditors_and_a_stamp_of_one(house: House) -> None:
    one = house.employer(mandate=False)
    cnas, cacobatph = both_funds(house, one)
    assert [kind for kind, _ in kept(house, cacobatph)] == ["signed_form"]
    keep(house, cnas, DocumentKind.BANK_VALIDATION)
    assert [kind for kind, _ in kept(house, cnas)] == ["signed_form", "bank_validation"]
    assert [kind for kind, _ in kept(house, cacobatph)] == ["signed_form"]
    # One sheet may carry the stamps for both.
    assert keep(house, cacobatph, DocumentKind.BANK_VALIDATION).new
    assert len(kept(house, cacobatph)) == 2


def test_who_took_a_scan_is_on_record(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False))
    attached = keep(house, mandate_id, DocumentKind.BANK_VALIDATION)
    boss = boss_of(house, mandate_id)
    for actor in (APPROVER, boss):
        with house.desk.work(actor) as work:
            fetch(work, attached.id)
    assert audited(house, "mandate.document_attached") == [("clerk", mandate_id, attached.id)]
    assert audited(house, "mandate.document_read") == [
        ("approver", mandate_id, attached.id),
        ("boss", mandate_id, attached.id),
    ]


def test_only_a_clerk_attaches(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False))
    for actor in (boss_of(house, mandate_id), APPROVER, ADMINISTRATOR):
        with pytest.raises(Refused) as refusal:
            keep(house, mandate_id, DocumentKind.OTHER, actor=actor)
        assert refusal.value.code == "access.role"
    assert kept(house, mandate_id) == []


def test_nobody_reads_what_is_not_for_them(house: House) -> None:
    attached = keep(house, house.mandate(house.employer(mandate=False)), DocumentKind.OTHER)
    other = boss_of(house, house.mandate(house.employer(mandate=False)))
    for actor, code in ((other, "access.employer"), (ADMINISTRATOR, "access.role")):
        with pytest.raises(Refused) as refusal, house.desk.work(actor) as work:
            fetch(work, attached.id)
        assert refusal.value.code == code
    with pytest.raises(NotFound), house.desk.work(CLERK) as work:
        fetch(work, "nothing")
    assert audited(house, "mandate.document_read") == []


def test_what_is_no_scan_leaves_nothing(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False))
    with pytest.raises(InvalidInput):
        keep(house, mandate_id, DocumentKind.OTHER, b"<svg onload='x'/>")
    assert kept(house, mandate_id) == []
    assert audited(house, "mandate.document_attached") == []


def test_a_paper_whose_scan_is_bad_makes_no_mandate(house: House) -> None:
    one = house.employer(mandate=False)
    with pytest.raises(InvalidInput), house.desk.work(CLERK) as work:
        paper.enter(work, sheet(work, house, one), [house.fund("CNAS")], b"PK\x03\x04")
    with house.reading() as work:
        assert work.session.scalars(select(Mandate)).all() == []


def test_an_employer_cannot_enter_its_own_paper(house: House) -> None:
    boss = boss_of(house, house.mandate(house.employer(mandate=False)))
    with pytest.raises(Refused), house.desk.work(boss) as work:
        paper.enter(work, sheet(work, house, Somebody("CNAS", 1)), [house.fund("CACOBATPH")], pdf())


@pytest.mark.parametrize(("number", "code"), [("999999", "employer.unknown"), ("000002", "employer.several")])
def test_a_number_must_lead_to_one_employer(house: House, number: str, code: str) -> None:
    """The second employer's number at CNAS is the first employer's at CACOBATPH."""
    first, second = house.employer(mandate=False), house.employer(mandate=False)
    assert second.registration == "000002"
    funds = [house.fund("CNAS"), house.fund("CACOBATPH")]
    with house.desk.work(CLERK) as work:
        employer = employers.by_reference(work, first.reference)
        assert employer is not None
        enrol(work, employer, "CACOBATPH", second.registration)
        assert paper.employer_known_as(work, funds, first.registration).id == employer.id
        with pytest.raises(DebitError) as refusal:
            paper.employer_known_as(work, funds, number)
    assert refusal.value.code == code


def test_an_attached_document_is_named_as_the_evidence(house: House) -> None:
    mandate_id = house.mandate(house.employer(mandate=False), accepted=False)
    attached = keep(house, mandate_id, DocumentKind.BANK_VALIDATION)
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        service.lodge(work, mandate, "taken to the bank", "receipt")
        service.accept(work, mandate, "the bank stamped it", attached.id)
    with house.reading() as work:
        assert queries.history(work, mandate_id)[-1].evidence == {"document": attached.id}
