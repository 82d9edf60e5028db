"""A debit is judged by the mandate as its file carried it: what was changed before, asked for and not applied, or came later."""

from datetime import UTC, date, datetime

import pytest
from bank_files import camt054, credit, pain002
from house import CLERK, House, Sent

from debit_service.collections.models import Collection
from debit_service.core.accounts import AccountScheme, dz_rib_key, parse_account
from debit_service.demo.data import Somebody
from debit_service.mandates import life, queries, service
from debit_service.mandates.amend import Change, amend
from debit_service.mandates.models import Mandate
from debit_service.penalties.fault.values import Amendment, CaseFile, Piece
from debit_service.penalties.service.evidence import case_files
from debit_service.reconcile import queries as reconcile

BODY = "001230000000777"
NEW_ACCOUNT = parse_account(f"005{BODY}{dz_rib_key(BODY)}", AccountScheme.DZ_RIB)


def change(house: House, sent: Sent, what: Change, received_at: datetime | None = None) -> None:
    """The employer's mandate is amended now; it asked at `received_at`."""
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, house.collection(sent).mandate_id)
        asked = received_at or work.now()
        amend(work, house.fund(), mandate, what, received_at=asked, why="letter", evidence="letter 12")


def carries(house: House, sent: Sent, version: int) -> None:
    """The file carried this version of the mandate."""
    with house.desk.work(CLERK) as work:
        work.session.get_one(Collection, sent.collection_id).mandate_version_sent = version


def failed(house: House, code: str = "AC04") -> Sent:
    """A debit that the bank rejected, under a mandate that the file carried as it was signed."""
    sent = house.sent()
    carries(house, sent, 1)
    house.bank_says(pain002(sent, "RJCT", code))
    return sent


def case(house: House, sent: Sent) -> CaseFile:
    with house.reading() as work:
        collection = work.session.get_one(Collection, sent.collection_id)
        failure = reconcile.outcome_of(work, sent.collection_id, sent.amount_minor).failure
        assert failure is not None
        fund = house.fund()
        bank, calendar = house.service.bank_of(fund), house.service.debit_calendar(fund)
        return case_files(work, fund, bank, calendar, [(collection, failure)])[collection.id]


def agreed(found: CaseFile) -> tuple[object, object]:
    """(account, reference) that were agreed and that were sent."""
    on_form = (found.account_on_form, found.umr_on_form, found.creditor_id_on_form)
    sent = (found.account_sent, found.umr_sent, found.creditor_id_sent)
    return [one and one.value for one in on_form], [one and one.value for one in sent]


def test_a_change_after_the_file_leaves_what_was_agreed_for_it(house: House) -> None:
    sent = failed(house)
    change(house, sent, Change(account=NEW_ACCOUNT, reference="NEW-REFERENCE"))

    found = case(house, sent)

    assert agreed(found)[0] == agreed(found)[1]
    assert found.amendments is not None
    assert found.amendments.value == (Amendment(house.clock.now(), applied_before_file=False),)
    assert found.account_on_form is not None
    assert found.account_on_form.evidence_id.startswith("form:")


def test_a_change_that_the_file_carried_counts_as_applied(sqlite_house: House) -> None:
    sent = failed(sqlite_house)
    change(sqlite_house, sent, Change(reference="NEW-REFERENCE"))
    carries(sqlite_house, sent, 2)

    found = case(sqlite_house, sent)

    assert found.umr_on_form is not None
    assert (found.umr_on_form.value, found.umr_on_form.evidence_id.partition(":")[0]) == ("NEW-REFERENCE", "mandate")
    assert found.amendments is not None
    assert [one.applied_before_file for one in found.amendments.value] == [True]


def test_an_account_that_was_announced_in_time_and_not_used_is_ours(house: House) -> None:
    sent = failed(house)
    change(house, sent, Change(account=NEW_ACCOUNT), datetime(2026, 9, 2, tzinfo=UTC))

    house.assess()

    decision = house.decision(sent)
    assert decision is not None
    assert (decision.party, decision.effect) == ("SERVICE", "NONE")
    assert "not applied" in decision.argument["steps"][-1]["because"]
    assert house.breaches() == {}


def test_an_account_that_the_employer_announces_after_the_failure_excuses_nothing(sqlite_house: House) -> None:
    sent = failed(sqlite_house)
    sqlite_house.assess()
    before = sqlite_house.decision(sent)
    assert before is not None
    sqlite_house.go_to(datetime(2026, 10, 20, tzinfo=UTC).date())
    change(sqlite_house, sent, Change(account=NEW_ACCOUNT))

    sqlite_house.assess()

    after = sqlite_house.decision(sent)
    assert after is not None
    assert (after.party, after.effect) == (before.party, before.effect) == ("EMPLOYER", "PENALISE")


def test_what_a_bank_accepts_later_proves_nothing_for_an_earlier_file(sqlite_house: House) -> None:
    sent = failed(sqlite_house, "MD01")
    accepted = case(sqlite_house, sent).bank_acceptance
    sqlite_house.go_to(datetime(2026, 10, 20, tzinfo=UTC).date())
    change(sqlite_house, sent, Change(account=NEW_ACCOUNT))
    with sqlite_house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, sqlite_house.collection(sent).mandate_id)
        service.lodge(work, mandate, "lodged", "receipt")
        service.accept(work, mandate, "accepted", "stamp")
        assert queries.state(work, mandate.id) == "active"

    assert case(sqlite_house, sent).bank_acceptance == accepted
    assert accepted is not None
    assert accepted.value is not None


@pytest.mark.parametrize("by_bank", [False, True])
def test_a_revocation_counts_whoever_revoked(sqlite_house: House, by_bank: bool) -> None:
    sent = failed(sqlite_house, "MD01")
    with sqlite_house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, sqlite_house.collection(sent).mandate_id)
        if by_bank:
            life.revoke_by_bank(work, mandate, "the bank's message", "message 9")
        else:
            service.revoke(work, mandate, "letter")

    found = case(sqlite_house, sent).revocation_received_at
    assert found is not None
    assert found.value == sqlite_house.clock.now()


def changed_after_a_paid_debit(house: House) -> tuple[Somebody, Sent]:
    """A debit was paid; then the employer gave an account at another bank, which accepted the mandate; the next debit is with the
    bank."""
    one = house.employer()
    first = house.send_due("CNAS", date(2026, 9, 30), house.contribution(one, due=date(2026, 9, 30)))
    house.bank_says(camt054(first.account, credit(first)))
    change(house, first, Change(account=NEW_ACCOUNT))
    with house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, house.collection(first).mandate_id)
        service.lodge(work, mandate, "lodged", "receipt")
        service.accept(work, mandate, "accepted", "stamp")
    return one, debit(house, one, date(2026, 10, 30))


def debit(house: House, one: Somebody, due: date) -> Sent:
    return house.send_due("CNAS", due, house.contribution(one, due=due, reference=f"OF-{due}"))


def refused(house: House, sent: Sent) -> tuple[CaseFile, str, str]:
    """The bank sees no mandate (MD01); the case, and how it is decided: never against the employer."""
    house.bank_says(pain002(sent, "RJCT", "MD01", day=sent.collection_date))
    house.assess()
    decision = house.decision(sent)
    assert decision is not None
    assert house.penalties(sent.contribution_id) == []
    return case(house, sent), decision.party, decision.effect


def test_a_bank_that_was_told_of_the_change_and_had_accepted_it_made_the_mistake(house: House) -> None:
    _, sent = changed_after_a_paid_debit(house)

    found, party, effect = refused(house, sent)

    assert found.amendment_block_sent == Piece(True, f"collection:{sent.collection_id}")
    assert (party, effect) == ("DEBTOR_BANK", "NONE")


def test_where_nobody_noted_what_the_file_told_it_stays_unknown(sqlite_house: House) -> None:
    _, sent = changed_after_a_paid_debit(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        work.session.get_one(Collection, sent.collection_id).amendment_told = None

    found, _, _ = refused(sqlite_house, sent)

    assert found.amendment_block_sent is None


def test_a_change_that_the_file_had_to_tell_and_did_not_is_ours(sqlite_house: House) -> None:
    _, sent = changed_after_a_paid_debit(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        work.session.get_one(Collection, sent.collection_id).amendment_told = False

    found, party, effect = refused(sqlite_house, sent)

    assert found.amendment_block_sent == Piece(False, f"collection:{sent.collection_id}")
    assert (party, effect) == ("SERVICE", "NONE")


def test_once_a_debit_from_the_new_account_was_paid_there_is_nothing_to_tell(sqlite_house: House) -> None:
    one, sent = changed_after_a_paid_debit(sqlite_house)
    sqlite_house.bank_says(camt054(sent.account, credit(sent), message_id="N2"))

    found, party, effect = refused(sqlite_house, debit(sqlite_house, one, date(2026, 11, 30)))

    assert found.amendment_block_sent is not None
    assert found.amendment_block_sent.value is None
    assert (party, effect) == ("DEBTOR_BANK", "NONE")


def test_to_a_bank_that_never_saw_the_mandate_an_account_is_not_a_changed_one(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    mandate_id = sqlite_house.mandate(one, accepted=False)
    with sqlite_house.desk.work(CLERK) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        asked = Change(account=NEW_ACCOUNT)
        amend(work, sqlite_house.fund(), mandate, asked, received_at=work.now(), why="letter", evidence="letter 12")
        service.lodge(work, mandate, "lodged", "receipt")
        service.accept(work, mandate, "accepted", "stamp")

    found, _, _ = refused(sqlite_house, debit(sqlite_house, one, date(2026, 9, 30)))

    assert found.amendment_block_sent is not None
    assert found.amendment_block_sent.value is None
