"""The report: how each kind of contribution stands and why, the totals, the CSV, and who sees what."""

import csv
import io
from datetime import date

import pytest
from bank_files import Booked, camt053, camt054, credit, pain002, returned
from house import APPROVER, CLERK, House, Sent

from debit_service.core.errors import NotFound, Refused
from debit_service.core.work import Actor, Role
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.employers.service import enrol, register
from debit_service.operations import proof_pack
from debit_service.penalties import queries as penalties
from debit_service.penalties.service import reverse
from debit_service.reports.explain import explanation
from debit_service.reports.lines_csv import as_csv
from debit_service.reports.printed import report_lines
from debit_service.reports.rules import Line, PenaltyStanding, Report, Standing, Suspense
from debit_service.reports.service import lines, overview, report

CREDITED, TAKEN_BACK, MID_OCTOBER = date(2026, 9, 30), date(2026, 10, 5), date(2026, 10, 15)


def made(house: House, actor: Actor = CLERK) -> Report:
    """The report as `actor` gets it."""
    service = house.service
    with house.desk.reading(actor) as work:
        return report(work, service.funds, service.debit_calendars, service.codes)


def only_line(house: House) -> Line:
    """The line of the one contribution."""
    (line,) = made(house).lines
    return line


def assessed(house: House, fund_id: str = "CNAS") -> None:
    """In the middle of October."""
    house.go_to(MID_OCTOBER)
    house.assess(fund_id)


def test_paid(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent)))

    line = only_line(sqlite_house)

    assert (line.standing, line.why, line.paid_on) == (Standing.PAID, "debited", CREDITED)
    assert line.returnable_until is not None
    assert line.returnable_until > CREDITED
    assert line.penalty is PenaltyStanding.NONE


def test_paid_at_the_second_attempt(sqlite_house: House) -> None:
    first = sqlite_house.sent()
    sqlite_house.in_turn(pain002(first, "RJCT", "AM04"))
    second = sqlite_house.present_again(first)
    sqlite_house.in_turn(camt054(second.account, credit(second)))

    line = only_line(sqlite_house)

    assert (line.standing, line.why) == (Standing.PAID, "debited at attempt 2")


def test_paid_at_the_first_attempt_after_all(sqlite_house: House) -> None:
    """The bank takes its return back while the second attempt is rejected."""
    first = sqlite_house.sent()
    sqlite_house.in_turn(
        camt054(first.account, credit(first)), camt054(first.account, returned(first), message_id="N2")
    )
    second = sqlite_house.present_again(first)
    sqlite_house.in_turn(
        pain002(second, "RJCT", "AM04"),
        camt054(first.account, credit(first, TAKEN_BACK, reference="AGAIN"), message_id="N3"),
    )

    line = only_line(sqlite_house)

    assert (line.standing, line.why, line.paid_on) == (Standing.PAID, "debited", TAKEN_BACK)


def test_under_way(sqlite_house: House) -> None:
    sqlite_house.sent()

    line = only_line(sqlite_house)

    assert (line.standing, line.why) == (Standing.UNDER_WAY, "sent")


def test_planned_and_not_sent_yet(sqlite_house: House) -> None:
    sqlite_house.contribution(sqlite_house.employer())
    sqlite_house.collect()

    line = only_line(sqlite_house)

    assert (line.standing, line.why) == (Standing.UNDER_WAY, "planned")
    assert made(sqlite_house).totals[0].debited == (0, 0)


def test_rejected_with_a_proposed_penalty(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(pain002(sent, "RJCT", "AM04"))
    assessed(sqlite_house)

    line = only_line(sqlite_house)

    assert (line.standing, line.why) == (Standing.FAILED, "rejected AM04 InsufficientFunds")
    assert (line.penalty, line.penalty_minor) == (PenaltyStanding.PROPOSED, 50_00)
    assert line.penalty_why.startswith("dz-cnas: ")


def test_returned_and_held_for_a_person(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(
        camt054(sent.account, credit(sent), returned(sent, "MS03", TAKEN_BACK)),
    )
    assessed(sqlite_house)

    line = only_line(sqlite_house)

    assert (line.standing, line.why) == (Standing.FAILED, "returned MS03 NotSpecifiedReasonAgentGenerated")
    assert line.penalty is PenaltyStanding.HELD
    assert line.penalty_why


def test_failed_through_no_fault_of_the_employers(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    sqlite_house.in_turn(camt054(sent.account, credit(sent), returned(sent, "BE08", TAKEN_BACK)))
    assessed(sqlite_house)

    line = only_line(sqlite_house)

    assert (line.penalty, line.penalty_minor) == (PenaltyStanding.NONE, 0)
    assert line.attempts[0].party == "BANK"
    assert line.penalty_why


def test_not_collected_for_want_of_a_mandate(sqlite_house: House) -> None:
    sqlite_house.contribution(sqlite_house.employer(mandate=False))
    sqlite_house.collect()

    line = only_line(sqlite_house)

    assert (line.standing, line.why) == (Standing.NOT_COLLECTED, "no mandate")


def test_not_collected_because_the_employer_set_a_lower_limit(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    sqlite_house.mandate(one, amount_limit_minor=1)
    sqlite_house.contribution(one)
    sqlite_house.collect()

    assert only_line(sqlite_house).why == "the amount is above the limit that the employer set on its mandate"


def test_not_collected_because_the_bank_has_not_accepted_the_mandate(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    sqlite_house.mandate(one, accepted=False)
    sqlite_house.contribution(one)

    assert only_line(sqlite_house).why == "the mandate is signed, not active"


def test_not_collected_because_the_mandate_was_revoked(sqlite_house: House) -> None:
    one = sqlite_house.employer(mandate=False)
    mandate_id = sqlite_house.mandate(one)
    sqlite_house.contribution(one)
    sqlite_house.collect()
    sqlite_house.revoke(mandate_id)
    sqlite_house.go_to(sqlite_house.send_day("CNAS", CREDITED))
    sqlite_house.collect()

    line = only_line(sqlite_house)

    assert (line.standing, line.why) == (Standing.NOT_COLLECTED, "the mandate is revoked")


def rejected_and_assessed(house: House) -> Sent:
    """A penalty is proposed."""
    sent = house.sent()
    house.in_turn(pain002(sent, "RJCT", "AM04"))
    assessed(house)
    return sent


def test_a_disputed_penalty_is_shown_as_held(sqlite_house: House) -> None:
    sent = rejected_and_assessed(sqlite_house)
    sqlite_house.dispute(sent.contribution_id)
    sqlite_house.assess()

    line = only_line(sqlite_house)

    assert (line.penalty, line.penalty_minor, line.dispute_open) == (PenaltyStanding.HELD, 0, True)
    assert made(sqlite_house).totals[0].held == 1


def test_a_reversed_penalty_shows_the_reason_of_the_person_who_took_it_back(sqlite_house: House) -> None:
    sent = rejected_and_assessed(sqlite_house)
    with sqlite_house.desk.work(APPROVER) as work:
        (penalty,) = penalties.penalties_of(work, sent.contribution_id)
        reverse(work, sqlite_house.fund(), penalty.id, "force majeure, commission of 20 October")

    line = only_line(sqlite_house)

    assert (line.penalty, line.penalty_minor) == (PenaltyStanding.REVERSED, 0)
    assert line.penalty_why == "force majeure, commission of 20 October"


def test_the_totals_add_up_the_lines_and_the_suspense_of_each_fund(sqlite_house: House) -> None:
    house = sqlite_house
    paid, rejected, gone = house.sent_together("CNAS", "100.00", "200.00", "300.00")
    stranger = Booked(40_00, paid.currency, CREDITED)
    house.in_turn(
        camt054(paid.account, credit(paid), credit(gone), stranger),
        pain002(rejected, "RJCT", "AM04"),
        camt054(paid.account, returned(gone, "MS03", TAKEN_BACK), message_id="N2"),
    )
    house.contribution(house.employer(mandate=False), amount="50.00")
    assessed(house)

    whole = made(house)
    (totals,) = whole.totals

    assert totals.due == (4, 650_00)
    assert totals.debited == (3, 600_00)
    assert totals.paid == (1, 100_00)
    assert totals.rejected == (1, 200_00)
    assert totals.returned == (1, 300_00)
    assert totals.not_collected == (1, 50_00)
    assert whole.suspense == (Suspense("CNAS", paid.currency, 1, 40_00, 0),)
    assert totals.proposed == (1, 10_00)
    assert (totals.charged, totals.held) == ((0, 0), 1)


def test_what_does_not_add_up_waits_or_cannot_be_read_stands_on_the_printed_report(sqlite_house: House) -> None:
    sent = sqlite_house.sent()
    stranger = Booked(40_00, sent.currency, CREDITED, servicer_reference="AS")
    sqlite_house.in_turn(camt053(sent.account, CREDITED, 0, stranger, closing_minor=1), b"no file at all")

    text = "\n".join(report_lines(whole := made(sqlite_house), whole.waiting, whole.lines))

    assert "In suspense (1)" in text
    assert "40.00 DZD" in text
    assert "Does not add up (2)" in text
    assert "could not be read" in text


def named(house: House, name: str) -> None:
    """A contribution of an employer with this name."""
    one = Somebody("CNAS", 77)
    with house.desk.work(CLERK) as work:
        enrol(work, register(work, reference=one.reference, name=name, language="fr"), "CNAS", one.registration)
    house.contribution(one)


@pytest.mark.parametrize("name", ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', 'a,"b"\nc'])
def test_no_cell_of_the_csv_is_a_formula_and_no_name_breaks_its_columns(sqlite_house: House, name: str) -> None:
    named(sqlite_house, name)

    content = b"".join(as_csv(made(sqlite_house).lines))

    assert content.startswith(b"\xef\xbb\xbf")
    titles, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert len(row) == len(titles)
    assert not any(cell[:1] in set("=+-@\t\r\0") for cell in row)
    assert row[titles.index("employer")] in (name, f"'{name}")
    assert row[titles.index("amount")] == "1000.00"


def two_employers(house: House) -> tuple[Actor, str, str]:
    """The first as a signed-in person, the contribution that is its own, and one that is not."""
    one, other = house.employer(), house.employer()
    own, foreign = house.contribution(one), house.contribution(other)
    with house.reading() as work:
        employer = employers.find(work, "CNAS", one.registration)
        assert employer is not None
        return Actor("one", frozenset({Role.EMPLOYER}), employer.id), own, foreign


def test_an_employer_sees_only_its_own_contributions_and_nothing_of_the_banks(sqlite_house: House) -> None:
    actor, own, _ = two_employers(sqlite_house)
    stranger = Booked(40_00, "DZD", CREDITED)
    sqlite_house.in_turn(camt054(sqlite_house.fund().creditor.account.value, stranger), b"no file at all")

    service = sqlite_house.service

    with sqlite_house.desk.reading(actor) as work:
        assert [one.contribution_id for one in lines(work, service.funds, service.debit_calendars, service.codes)] == [
            own
        ]
        with pytest.raises(Refused):
            overview(work, service.funds, service.debit_calendars)


def test_an_employer_is_told_that_anothers_contribution_is_not_there_or_not_its_own(sqlite_house: House) -> None:
    actor, own, foreign = two_employers(sqlite_house)
    service = sqlite_house.service

    with sqlite_house.desk.reading(actor) as work:
        assert explanation(work, service.funds, service.codes, own)["contribution"] == own
        with pytest.raises((Refused, NotFound)):
            explanation(work, service.funds, service.codes, foreign)
    with pytest.raises((Refused, NotFound)):
        proof_pack(service, actor, foreign)


@pytest.mark.parametrize("roles", [frozenset({Role.EMPLOYER}), frozenset()], ids=["an employer of nobody", "no role"])
def test_somebody_without_a_place_in_the_house_gets_no_report(sqlite_house: House, roles: frozenset[Role]) -> None:
    two_employers(sqlite_house)

    with pytest.raises(Refused):
        made(sqlite_house, Actor("somebody", roles))


def test_the_explanation_of_a_penalty_leads_from_the_form_to_the_sum(sqlite_house: House) -> None:
    sent = rejected_and_assessed(sqlite_house)
    service = sqlite_house.service

    with sqlite_house.reading() as work:
        told = explanation(work, service.funds, service.codes, sent.contribution_id)

    (attempt,), (penalty,) = told["attempts"], told["penalties"]
    assert [step["state"] for step in attempt["mandate_history"]] == ["signed", "lodged_at_bank", "active"]
    assert attempt["notice"]["amount_minor"] == sent.amount_minor
    assert (attempt["batch"]["made_by"], attempt["batch"]["approved_by"]) == ("clerk", "approver")
    (said,) = attempt["bank_said"]
    assert (said["reason_code"], said["reason_name"]) == ("AM04", "InsufficientFunds")
    assert (attempt["decision"]["party"], attempt["decision"]["effect"]) == ("EMPLOYER", "PENALISE")
    assert attempt["decision"]["evidence_gone"] == []
    assert (penalty["state"], penalty["total"]) == ("proposed", "50.00")
