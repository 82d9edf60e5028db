"""The life of a mandate: each step with who may take it, what it leaves behind, and when it is refused."""

from collections.abc import Callable

import pytest
from house import APPROVER, CLERK, House
from mandates.test_amendments import rib
from mandates.test_mandates import sign, signed_form
from sqlalchemy import select

from debit_service.core.errors import DebitError, Refused
from debit_service.core.models import AuditEntry, Event
from debit_service.core.work import Actor, Role, Work
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.employers.service import enrol
from debit_service.mandates import blocks, life, queries, service
from debit_service.mandates.amend import Change, amend
from debit_service.mandates.models import Mandate
from debit_service.mandates.queries import Changed
from debit_service.mandates.transfer import transfer

EMPLOYER = Actor("boss", frozenset({Role.EMPLOYER}), "an employer")
Step = Callable[[Work, Mandate, str, str], None]


def take(house: House, step: Step, mandate_id: str, actor: Actor = CLERK) -> None:
    with house.desk.work(actor) as work:
        step(work, work.session.get_one(Mandate, mandate_id), "as they asked", "letter 12")


def state(house: House, mandate_id: str) -> str:
    with house.reading() as work:
        return queries.state(work, mandate_id)


def active(house: House, fund_id: str = "CNAS") -> str:
    return house.mandate(house.employer(fund_id, mandate=False))


def suspended(house: House) -> str:
    mandate_id = active(house)
    take(house, life.suspend, mandate_id)
    return mandate_id


STEPS: list[tuple[Step, Callable[[House], str], Actor, Actor, str]] = [
    (life.suspend, active, CLERK, APPROVER, "suspended"),
    (life.resume, suspended, APPROVER, CLERK, "active"),
    (life.revoke_by_bank, active, CLERK, EMPLOYER, "revoked_by_bank"),
    (life.revoke_by_bank, suspended, CLERK, EMPLOYER, "revoked_by_bank"),
]


@pytest.mark.parametrize(("step", "before", "may", "may_not", "after"), STEPS)
def test_a_step_is_taken_by_who_may_and_leaves_reason_evidence_audit_and_event(
    sqlite_house: House, step: Step, before: Callable[[House], str], may: Actor, may_not: Actor, after: str
) -> None:
    mandate_id = before(sqlite_house)
    with pytest.raises(Refused, match="role"):
        take(sqlite_house, step, mandate_id, may_not)

    take(sqlite_house, step, mandate_id, may)

    with sqlite_house.reading() as work:
        newest = queries.history(work, mandate_id)[-1]
        assert (newest.to_state, newest.who, newest.why) == (after, may.name, "as they asked")
        assert newest.evidence["document"] == "letter 12"
        audited = work.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc())).first()
        told = work.session.scalars(select(Event).order_by(Event.sequence.desc())).first()
        assert audited is not None
        assert told is not None
        assert (audited.action, audited.subject, told.kind) == (f"mandate.{after}", mandate_id, f"mandate.{after}")
    assert sqlite_house.breaches() == {}


def test_only_what_is_suspended_is_resumed(sqlite_house: House) -> None:
    waiting = sqlite_house.mandate(sqlite_house.employer(mandate=False), accepted=False)
    for mandate_id in (waiting, active(sqlite_house)):
        with pytest.raises(Refused, match="Only a suspended mandate"):
            take(sqlite_house, life.resume, mandate_id, APPROVER)
    assert state(sqlite_house, waiting) == "signed"


def test_what_its_bank_has_revoked_makes_room_for_a_new_mandate(house: House) -> None:
    one = house.employer()
    with house.reading() as work:
        mandate_id = service.get(work, f"CNAS-{one.registration}-1").id
    take(house, life.revoke_by_bank, mandate_id)
    again = house.mandate(one)
    assert (state(house, mandate_id), state(house, again)) == ("revoked_by_bank", "active")


@pytest.mark.parametrize("step", [life.suspend, life.revoke_by_bank])
def test_what_is_over_stays_over(sqlite_house: House, step: Step) -> None:
    mandate_id = active(sqlite_house)
    sqlite_house.revoke(mandate_id)
    with pytest.raises(Refused, match="cannot become"):
        take(sqlite_house, step, mandate_id)


def test_nothing_is_debited_under_a_suspended_mandate(sqlite_house: House) -> None:
    one = sqlite_house.employer()
    with sqlite_house.reading() as work:
        mandate_id = service.get(work, f"CNAS-{one.registration}-1").id
    contribution = sqlite_house.contribution(one)
    take(sqlite_house, life.suspend, mandate_id)

    sqlite_house.collect()
    assert sqlite_house.debits_of(contribution) == []
    take(sqlite_house, life.resume, mandate_id, APPROVER)
    sqlite_house.collect()
    assert len(sqlite_house.debits_of(contribution)) == 1


# --- the last debit ---


def ask_last(house: House, mandate_id: str, actor: Actor = CLERK) -> None:
    with house.desk.work(actor) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        life.ask_last(work, house.fund(mandate.fund_id), mandate, "the employer closes down")


def test_the_last_debit_is_asked_for_once_and_the_mandate_stays_in_use(sqlite_house: House) -> None:
    mandate_id = active(sqlite_house)
    with pytest.raises(Refused, match="role"):
        ask_last(sqlite_house, mandate_id, APPROVER)

    ask_last(sqlite_house, mandate_id)

    with pytest.raises(Refused, match="last one already"):
        ask_last(sqlite_house, mandate_id)
    with sqlite_house.reading() as work:
        assert work.session.get_one(Mandate, mandate_id).final_asked_on == sqlite_house.clock.now().date()
    assert state(sqlite_house, mandate_id) == "active"


def test_no_last_debit_of_what_allows_one_only_or_is_over(sqlite_house: House) -> None:
    over = active(sqlite_house)
    sqlite_house.revoke(over)
    with pytest.raises(Refused, match="no longer in force"):
        ask_last(sqlite_house, over)
    once = one_off(sqlite_house)
    with pytest.raises(Refused, match="last one already"):
        ask_last(sqlite_house, once)


def one_off(house: House) -> str:
    """A mandate for one debit only, that the bank has accepted."""
    one = house.employer("CNAS", mandate=False)
    with house.desk.work(CLERK) as work:
        form = signed_form(work, one, recurrence="one_off")
        (mandate,) = service.sign(work, form, [house.fund()])
        service.lodge(work, mandate, "lodged", "receipt")
        service.accept(work, mandate, "accepted", "stamp")
        assert mandate.recurrence == "one_off"
        return mandate.id


# --- transfer to another fund ---


def employer_of(work: Work, mandate_id: str) -> Employer:
    return employers.get(work, work.session.get_one(Mandate, mandate_id).employer_id)


def transferable(house: House, to: str = "CASNOS") -> str:
    """An active mandate of an employer that the other fund knows too."""
    mandate_id = active(house)
    with house.desk.work(CLERK) as work:
        enrol(work, employer_of(work, mandate_id), to, "77")
    return mandate_id


def hand_over(
    house: House, mandate_id: str, to: str = "CASNOS", *, accepted: str | None = None, actor: Actor = APPROVER
) -> Mandate:
    with house.desk.work(actor) as work:
        mandate = work.session.get_one(Mandate, mandate_id)
        return transfer(
            work,
            mandate,
            house.fund(mandate.fund_id),
            house.fund(to),
            received_at=work.now(),
            why="merger of the funds",
            evidence="decree 26-1",
            accepted=accepted,
        )


def test_a_transferred_mandate_goes_on_at_the_other_fund_and_tells_the_bank_what_it_was(house: House) -> None:
    old_id = transferable(house)

    new = hand_over(house, old_id)

    assert (state(house, old_id), state(house, new.id)) == ("transferred", "signed")
    assert (new.fund_id, new.reference, new.version) == ("CASNOS", "CASNOS-77-1", 2)
    with house.reading() as work:
        old = work.session.get_one(Mandate, old_id)
        assert (old.live, new.form_id, new.signed_on) == (False, old.form_id, old.signed_on)
        assert queries.account(work, new) == queries.account(work, old)
        assert queries.debtor_name(work, new) == queries.debtor_name(work, old)
        assert queries.changes_since(work, {new.id: 1}) == {
            new.id: Changed(old.reference, old.creditor_identifier, None, new_bank=False)
        }
    assert house.breaches() == {}


def test_with_the_banks_acceptance_of_the_new_creditor_it_is_active_at_once(sqlite_house: House) -> None:
    new = hand_over(sqlite_house, transferable(sqlite_house), accepted="the bank's message 9")
    with sqlite_house.reading() as work:
        history = queries.history(work, new.id)
    assert [one.to_state for one in history] == ["signed", "lodged_at_bank", "active"]
    assert history[-1].evidence == {"document": "the bank's message 9"}


def test_only_an_approver_transfers(sqlite_house: House) -> None:
    mandate_id = transferable(sqlite_house)
    with pytest.raises(Refused, match="finance_approver"):
        hand_over(sqlite_house, mandate_id, actor=CLERK)


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("CNAS", "mandate.same_fund"),
        ("CACOBATPH", "mandate.not_registered"),
        ("CNSS", "mandate.other_scheme"),
        ("EINZUGSSTELLE", "mandate.other_scheme"),
    ],
)
def test_a_transfer_reaches_as_far_as_the_signature(sqlite_house: House, to: str, code: str) -> None:
    mandate_id = active(sqlite_house)
    with pytest.raises(DebitError) as refusal:
        hand_over(sqlite_house, mandate_id, to)
    assert refusal.value.code == code
    assert state(sqlite_house, mandate_id) == "active"


def test_a_mandate_that_is_for_one_debit_gets_no_other_by_a_transfer(sqlite_house: House) -> None:
    mandate_id = transferable(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        work.session.get_one(Mandate, mandate_id).recurrence = "one_off"
    with pytest.raises(Refused, match="one debit"):
        hand_over(sqlite_house, mandate_id)


def test_no_second_mandate_at_the_other_fund_and_none_for_whom_it_has_blocked(sqlite_house: House) -> None:
    mandate_id = transferable(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        block = blocks.place(work, employer_of(work, mandate_id), sqlite_house.fund("CASNOS"), "insolvent").id
    with pytest.raises(Refused, match="employer are blocked"):
        hand_over(sqlite_house, mandate_id)
    with sqlite_house.desk.work(APPROVER) as work:
        blocks.lift(work, block, "settled")
    with sqlite_house.desk.work(CLERK) as work:
        service.sign(work, signed_form_of(work, mandate_id), [sqlite_house.fund("CASNOS")])
    with pytest.raises(Refused, match="has a mandate at CASNOS already"):
        hand_over(sqlite_house, mandate_id)
    assert state(sqlite_house, mandate_id) == "active"


def signed_form_of(work: Work, mandate_id: str) -> service.SignedForm:
    mandate = work.session.get_one(Mandate, mandate_id)
    return service.SignedForm(
        employer=employers.get(work, mandate.employer_id),
        account=queries.account(work, mandate),
        debtor_name="the holder",
        signer_name="the manager",
        signer_capacity="manager",
        signed_on=mandate.signed_on,
        how="paper",
    )


# --- the block list ---


def test_a_blocked_account_is_neither_signed_for_nor_taken_over(house: House) -> None:
    mandate_id = active(house)
    with house.desk.work(CLERK) as work:
        block_id = blocks.place(work, rib("005", 1), None, "stolen cheque book").id
    amended = Change(account=rib("005", 1))

    for _ in range(2):
        with pytest.raises(Refused, match="Debits of this account are blocked"), house.desk.work(CLERK) as work:
            change(work, house, mandate_id, amended)
    with pytest.raises(Refused, match="account are blocked"):
        sign(house, house.employer("CNAS", mandate=False), account=rib("005", 1))
    with pytest.raises(Refused, match="finance_approver"), house.desk.work(CLERK) as work:
        blocks.lift(work, block_id, "it was found")
    with house.desk.work(APPROVER) as work:
        blocks.lift(work, block_id, "it was found")
    with house.desk.work(CLERK) as work:
        change(work, house, mandate_id, amended)
    assert house.breaches() == {}


def change(work: Work, house: House, mandate_id: str, what: Change) -> None:
    mandate = work.session.get_one(Mandate, mandate_id)
    amend(work, house.fund(), mandate, what, received_at=work.now(), why="letter", evidence="letter 12")


def test_a_block_at_one_fund_leaves_the_others_alone(sqlite_house: House) -> None:
    mandate_id = active(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        employer = employer_of(work, mandate_id)
        blocks.place(work, employer, sqlite_house.fund("CNAS"), "insolvent")
    with sqlite_house.reading() as work:
        assert queries.blocked(work, "CNAS", employer.id, "any") == "debits of this employer are blocked"
        assert queries.blocked(work, "CNSS", employer.id, "any") is None
        assert queries.blocked(work, "CNAS", "another", "any") is None


def test_a_suspended_mandate_is_not_resumed_while_it_is_blocked(sqlite_house: House) -> None:
    mandate_id = suspended(sqlite_house)
    with sqlite_house.desk.work(CLERK) as work:
        blocks.place(work, employer_of(work, mandate_id), None, "insolvent")
    with pytest.raises(Refused, match="Lift the block first"):
        take(sqlite_house, life.resume, mandate_id, APPROVER)


def test_the_same_is_blocked_once_and_lifted_once(sqlite_house: House) -> None:
    with sqlite_house.desk.work(CLERK) as work:
        block_id = blocks.place(work, rib("005", 1), None, "stolen").id
    with pytest.raises(Refused, match="blocked already") as refusal, sqlite_house.desk.work(CLERK) as work:
        blocks.place(work, rib("005", 1), None, "stolen again")
    assert refusal.value.place == block_id
    with sqlite_house.desk.work(APPROVER) as work:
        blocks.lift(work, block_id, "found")
    with pytest.raises(Refused, match="lifted already"), sqlite_house.desk.work(APPROVER) as work:
        blocks.lift(work, block_id, "found")
    with pytest.raises(DebitError, match="no block"), sqlite_house.desk.work(APPROVER) as work:
        blocks.lift(work, "nobody", "found")
    with pytest.raises(Refused, match="finance_clerk"), sqlite_house.desk.work(APPROVER) as work:
        blocks.place(work, rib("005", 2), None, "stolen")


def test_no_record_of_a_block_says_the_account(sqlite_house: House) -> None:
    account = rib("005", 1)
    with sqlite_house.desk.work(CLERK) as work:
        block = blocks.place(work, account, None, "stolen")
        assert queries.blocked_account(work, block) == account.value
    with sqlite_house.reading() as work:
        recorded = [
            *(str(one.details) for one in work.session.scalars(select(AuditEntry))),
            *(str(one.data) for one in work.session.scalars(select(Event))),
        ]
    assert not [one for one in recorded if account.value in one]
