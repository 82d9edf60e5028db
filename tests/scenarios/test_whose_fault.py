"""Each answer of a bank: who is at fault, what follows; a penalty comes only where the file shows the employer's failure."""

from dataclasses import replace
from datetime import date

import pytest
from bank_files import camt054, credit, pain002, returned
from house import CLERK, House, Sent
from sqlalchemy import select

from debit_service.mandates.models import MandateTransition

TAKEN_BACK = date(2026, 10, 5)
CNAS, AGENCY = "CNAS", "EINZUGSSTELLE"  # B2B with the bank's acceptance on file; CORE
DUE = {CNAS: date(2026, 9, 30), AGENCY: date(2026, 9, 28)}


def decided(house: House, sent: Sent, fund_id: str) -> tuple[str, str]:
    """Assess in the middle of October, and say whose fault it is and what follows."""
    house.go_to(date(2026, 10, 15))
    house.assess(fund_id)
    decision = house.decision(sent)
    assert decision is not None
    assert decision.argument["steps"], "a decision without an argument"
    return decision.party, decision.effect


def taken_back(house: House, fund_id: str, code: str) -> Sent:
    """A debit that was booked and then returned for `code`."""
    sent = house.sent(fund_id, due=DUE[fund_id])
    house.bank_says(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, code, TAKEN_BACK), message_id="N2"),
    )
    return sent


RETURNS = [
    (CNAS, "AM04", "EMPLOYER", "PENALISE"),
    (CNAS, "AC04", "EMPLOYER", "PENALISE"),
    (CNAS, "AC01", "EMPLOYER", "HOLD"),  # sent as signed and never worked: proposed, a person confirms
    (CNAS, "MD01", "DEBTOR_BANK", "NONE"),  # it had accepted this very mandate
    (AGENCY, "MD01", "UNKNOWN", "HOLD"),  # CORE: no bank keeps a register of mandates
    (CNAS, "MS03", "UNKNOWN", "HOLD"),  # may hide AM04
    (AGENCY, "MD06", "EMPLOYER", "HOLD"),  # a refund of what was owed
    (AGENCY, "RC01", "SERVICE", "NONE"),  # whatever BIC was used, the employer gave none
    (CNAS, "BE08", "BANK", "NONE"),  # return list: BankError
    (CNAS, "ZZ99", "UNKNOWN", "HOLD"),
]


@pytest.mark.parametrize(("fund_id", "code", "party", "effect"), RETURNS)
def test_a_return(sqlite_house: House, fund_id: str, code: str, party: str, effect: str) -> None:
    sent = taken_back(sqlite_house, fund_id, code)

    assert decided(sqlite_house, sent, fund_id) == (party, effect)
    assert bool(sqlite_house.penalties(sent.contribution_id)) == (effect == "PENALISE")


REJECTS = [
    ("AM04", "EMPLOYER", "PENALISE"),
    ("AM05", "CREDITOR_BANK", "NONE"),  # our files hold no twin
    ("BE08", "SERVICE", "NONE"),  # status list: MissingDebtorName
    ("MS03", "UNKNOWN", "HOLD"),
]


@pytest.mark.parametrize(("code", "party", "effect"), REJECTS)
def test_a_reject(sqlite_house: House, code: str, party: str, effect: str) -> None:
    sent = sqlite_house.sent()
    sqlite_house.bank_says(pain002(sent, "RJCT", code))

    assert decided(sqlite_house, sent, CNAS) == (party, effect)
    assert bool(sqlite_house.penalties(sent.contribution_id)) == (effect == "PENALISE")


def test_a_banks_own_code_is_held_for_a_person_and_shown_as_the_bank_wrote_it(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    own_code = replace(returned(sent, day=TAKEN_BACK), reason=None, proprietary_reason="R-17")
    sqlite_house.bank_says(camt054(sent.account, credit(sent)), camt054(sent.account, own_code, message_id="N2"))

    assert decided(sqlite_house, sent, CNAS) == ("UNKNOWN", "HOLD")
    decision = sqlite_house.decision(sent)
    assert decision is not None
    assert decision.reason_code == "R-17"


def test_no_mandate_in_b2b_without_an_acceptance_on_file_is_held_where_nobody_told_the_employer_to_lodge_it(
    sqlite_house: House,
) -> None:
    """The house never debits without acceptance; a mandate whose acceptance proves void afterwards is the case to see."""
    sent = taken_back(sqlite_house, CNAS, "MD01")
    with sqlite_house.desk.work(CLERK) as work:
        accepted = select(MandateTransition).where(MandateTransition.to_state == "active")
        for transition in work.session.scalars(accepted):
            transition.to_state = "suspended"

    assert decided(sqlite_house, sent, CNAS) == ("SERVICE", "HOLD")
    assert sqlite_house.penalties(sent.contribution_id) == []


def test_a_bank_that_says_nothing_makes_nobody_guilty(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.go_to(date(2026, 12, 1))

    sqlite_house.assess()

    assert sqlite_house.decision(sent) is None
    assert sqlite_house.penalties(sent.contribution_id) == []


def test_a_debit_whose_file_went_out_after_the_cut_off_is_held(sqlite_house: House) -> None:
    house = sqlite_house
    owed = house.contribution(house.employer())
    house.collect()
    house.go_to(house.send_day(CNAS, DUE[CNAS]), hour=20)
    for batch_id in house.collect().batches:
        house.approve(batch_id)
        house.send(batch_id)
    sent = house.debit(owed)
    house.bank_says(pain002(sent, "RJCT", "AM04"))

    assert decided(house, sent, CNAS) == ("SERVICE", "HOLD")


def test_a_decision_names_the_code_the_evidence_and_what_another_answer_would_change(sqlite_house: House) -> None:
    sent = taken_back(sqlite_house, CNAS, "AM04")
    decided(sqlite_house, sent, CNAS)

    decision = sqlite_house.decision(sent)

    assert decision is not None
    kinds = {str(evidence).partition(":")[0] for evidence in decision.argument["evidence"]}
    assert {"entry", "file", "notice", "batch", "contribution"} <= kinds
    assert decision.argument["would_change"]
    assert (decision.reason_code, decision.reason_code_set) == ("AM04", "R")


def test_a_failure_that_the_bank_takes_back_ends_the_decision_and_the_penalty(sqlite_house: House) -> None:
    sent = taken_back(sqlite_house, CNAS, "AM04")
    assert decided(sqlite_house, sent, CNAS) == ("EMPLOYER", "PENALISE")
    again = credit(sent, date(2026, 10, 6), reference="AGAIN")

    sqlite_house.bank_says(camt054(sent.account, again, message_id="N3"))
    sqlite_house.assess()

    decision = sqlite_house.decision(sent)
    assert decision is not None
    assert decision.effect == "NONE"
    assert sqlite_house.penalties(sent.contribution_id) == [("reversed", 50_00)]
    assert sqlite_house.breaches() == {}
