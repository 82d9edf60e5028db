"""What a person finds about a held failure: it decides, against the employer with another person, and falls with its evidence."""

from datetime import date

import pytest
from bank_files import camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from debit_service import operations
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Actor, Role
from debit_service.penalties import held
from debit_service.penalties.fault.asking import Askable
from debit_service.penalties.fault.values import Party
from debit_service.penalties.models import FaultDecision, FaultFinding

BOTH = Actor("both", frozenset({Role.FINANCE_CLERK, Role.FINANCE_APPROVER}))


def held_failure(house: House, code: str = "MS03") -> Sent:
    """A debit that came back for a reason that hides the true one; held for a person."""
    sent = house.sent()
    house.bank_says(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, code, date(2026, 10, 5)), message_id="N2"),
    )
    house.go_to(date(2026, 10, 15))
    house.assess()
    assert effect(house, sent) == "HOLD"
    return sent


def find(house: House, sent: Sent, party: Party, actor: Actor = CLERK, seen: str | None = None) -> FaultFinding:
    """A person says who it was."""
    because = "the employer's bank says so by letter"
    return operations.find_fault(house.service, actor, sent.collection_id, party, because, "letter 12", seen)


def standing(house: House, sent: Sent) -> FaultDecision:
    decision = house.decision(sent)
    assert decision is not None
    return decision


def effect(house: House, sent: Sent) -> str:
    return standing(house, sent).effect


def test_a_finding_in_the_employers_favour_decides_at_once_and_stays_decided(house: House) -> None:
    sent = held_failure(house)

    finding = find(house, sent, Party.DEBTOR_BANK)

    decision = standing(house, sent)
    assert (decision.party, decision.effect) == ("DEBTOR_BANK", "NONE")
    assert f"finding:{finding.id}" in decision.argument["evidence"]
    house.assess()
    assert standing(house, sent).id == decision.id
    assert house.breaches() == {}


def test_against_the_employer_another_person_must_approve_and_then_a_penalty_follows(house: House) -> None:
    sent = held_failure(house)
    finding = find(house, sent, Party.EMPLOYER, BOTH)
    assert effect(house, sent) == "HOLD"
    with pytest.raises(Refused, match="cannot approve"):
        operations.approve_finding(house.service, BOTH, finding.id)
    assert house.penalties(sent.contribution_id) == []

    operations.approve_finding(house.service, APPROVER, finding.id)

    assert (standing(house, sent).party, effect(house, sent)) == ("EMPLOYER", "PENALISE")
    assert len(house.penalties(sent.contribution_id)) == 1
    assert house.breaches() == {}


def test_a_finding_that_is_withdrawn_leaves_the_failure_held_and_takes_the_penalty_with_it(sqlite_house: House) -> None:
    house = sqlite_house
    sent = held_failure(house)
    finding = find(house, sent, Party.EMPLOYER)
    operations.approve_finding(house.service, APPROVER, finding.id)

    operations.withdraw_finding(house.service, CLERK, finding.id, "the letter was about another debit")

    assert effect(house, sent) == "HOLD"
    assert [state for state, _ in house.penalties(sent.contribution_id)] == ["reversed"]
    with house.reading() as work:
        (kept,) = held.findings_about(work, sent.collection_id)
        assert (kept.withdrawn_by, kept.withdrawn_why) == ("clerk", "the letter was about another debit")


def test_other_evidence_overtakes_a_finding_and_the_failure_is_held_again(sqlite_house: House) -> None:
    house = sqlite_house
    sent = held_failure(house)
    find(house, sent, Party.DEBTOR_BANK)
    first = date(2026, 10, 6)
    house.bank_says(
        camt054(sent.account, credit(sent, first, reference="AGAIN"), message_id="N3"),
        camt054(sent.account, returned(sent, "MD07", date(2026, 10, 8)), message_id="N4"),
    )

    house.assess()

    assert effect(house, sent) == "HOLD"
    with house.reading() as work:
        (kept,) = held.findings_about(work, sent.collection_id)
        assert (kept.withdrawn_why or "").startswith("overtaken")


@pytest.mark.parametrize("party", [Party.INFO, Party.UNKNOWN])
def test_nothing_and_nobody_known_is_no_finding(sqlite_house: House, party: Party) -> None:
    sent = held_failure(sqlite_house)

    with pytest.raises(InvalidInput, match="could have caused it"):
        find(sqlite_house, sent, party)


def test_a_finding_decides_only_what_is_held_and_what_the_person_has_seen(sqlite_house: House) -> None:
    house = sqlite_house
    sent = held_failure(house)
    with pytest.raises(Refused, match="another one by now"):
        find(house, sent, Party.FUND, seen="an older decision")
    find(house, sent, Party.FUND, seen=standing(house, sent).id)
    with pytest.raises(Refused, match="stands already"):
        find(house, sent, Party.DEBTOR_BANK)


def test_what_the_evidence_decides_needs_no_finding(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", "AM04"))
    sqlite_house.go_to(date(2026, 10, 15))
    sqlite_house.assess()

    with pytest.raises(Refused, match="No decision holds"):
        find(sqlite_house, sent, Party.EMPLOYER)


def test_what_was_found_is_never_rewritten_nor_deleted(house: House) -> None:
    finding = find(house, held_failure(house), Party.FUND)

    for statement in (
        "update fault_findings set party = 'EMPLOYER'",
        "delete from fault_findings",
    ):
        refused = pytest.raises(DatabaseError, match=r"kept as they were written|append-only")
        with refused, house.desk.database.transaction() as session:
            session.execute(text(statement))
    with house.reading() as work:
        assert held.finding(work, finding.id).party == "FUND"


def test_the_queue_is_paged_filtered_and_says_whom_to_ask(house: House) -> None:
    debits = house.sent_together("CNAS", "1000.00", "2000.00", "3000.00")
    codes = ("MS03", "ZZ99", "MS03")
    house.bank_says(
        camt054(debits[0].account, *(credit(one, reference=f"C{number}") for number, one in enumerate(debits))),
        camt054(
            debits[0].account,
            *(
                returned(one, code, date(2026, 10, 5 - number))
                for number, (one, code) in enumerate(zip(debits, codes, strict=True))
            ),
            message_id="N2",
        ),
    )
    house.go_to(date(2026, 10, 15))
    house.assess()

    with house.reading() as work:
        assert [(one.code, one.failures) for one in held.counts(work)] == [("MS03", 2), ("ZZ99", 1)]
        first = held.page(work, held.Filter(), at_most=2)
        rest = held.page(work, held.Filter(after=first.next), at_most=2)
        shown = [one.collection.id for one in (*first.shown, *rest.shown)]
        assert shown == [one.collection_id for one in reversed(debits)]
        assert (first.count, rest.count, rest.next) == (3, 1, None)
        (unknown,) = held.page(work, held.Filter(code="ZZ99", fund_id="CNAS")).shown
        assert unknown.ask == (Askable.FUNDS_BANK,)
        assert held.page(work, held.Filter(waiting=True)).shown == ()
    find(house, debits[0], Party.EMPLOYER)
    with house.reading() as work:
        (waiting,) = held.page(work, held.Filter(waiting=True)).shown
        assert waiting.collection.id == debits[0].collection_id
