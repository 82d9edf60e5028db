"""What the report says of many contributions at once is what it says of each: totals, filters, pages, queries."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest
from bank_files import camt054, credit, pain002, returned
from figure_lists import amount_of, list_of
from house import CLERK, House
from other_payments import pay
from sqlalchemy import event

from debit_service.core.errors import InvalidInput
from debit_service.reconcile.rules import State
from debit_service.reports import service as reports
from debit_service.reports.asked import EVERYTHING, Asked
from debit_service.reports.figures.asking import CollectionsAsked
from debit_service.reports.rules import CHARGED, Counted, FundTotals, Line, PenaltyStanding, Report, Standing

TAKEN_BACK, MID_OCTOBER = date(2026, 10, 5), date(2026, 10, 15)


def lived(house: House) -> None:
    """Contributions of two funds, of which each stands differently."""
    amounts = [f"{hundreds}00.00" for hundreds in range(1, 8)]
    paid, rejected, gone, twice, _, again, contested = house.sent_together("CNAS", *amounts)
    account = paid.account
    without = [
        house.contribution(house.employer(mandate=False), amount=amount) for amount in ("50.00", "60.00", "70.00")
    ]
    house.contribution(house.employer("EINZUGSSTELLE", mandate=False))
    house.in_turn(
        camt054(account, credit(paid), credit(gone), credit(twice)),
        pain002(rejected, "RJCT", "AM04"),
        pain002(again, "RJCT", "MS03"),
        pain002(contested, "RJCT", "AM04"),
        camt054(account, returned(gone, "MS03", TAKEN_BACK), message_id="N2"),
    )
    pay(house, twice.contribution_id, "400.00", reference="T-1")
    pay(house, without[0], "20.00", reference="T-2")
    pay(house, without[1], "60.00", reference="T-3")
    second = house.present_again(again)
    house.in_turn(camt054(account, credit(second), message_id="N3"))
    house.go_to(MID_OCTOBER)
    house.assess()
    house.dispute(contested.contribution_id)
    house.assess()


def made(house: House) -> Report:
    """The whole report."""
    service = house.service
    with house.desk.reading(CLERK) as work:
        return reports.report(work, service.funds, service.debit_calendars, service.codes)


def page(house: House, asked: Asked = EVERYTHING, after: str = "") -> reports.Page:
    """A page of it."""
    service = house.service
    with house.desk.reading(CLERK) as work:
        return reports.page(work, service.funds, service.debit_calendars, service.codes, asked, after=after)


def added_up(fund_id: str, currency: str, lines: Iterable[Line]) -> FundTotals:
    """The totals of one fund, line by line."""
    own = [line for line in lines if line.fund_id == fund_id]
    sent = [attempt for line in own for attempt in line.attempts if attempt.sent]
    failed = [line for line in own if any(attempt.effect for attempt in line.attempts)]

    def counted(minor: Iterable[int]) -> tuple[int, int]:
        amounts = [one for one in minor if one]
        return len(amounts), sum(amounts)

    def penalties(*kinds: PenaltyStanding) -> tuple[int, int]:
        amounts = [line.penalty_minor for line in own if line.penalty in kinds]
        return len(amounts), sum(amounts)

    return FundTotals(
        fund_id=fund_id,
        currency=currency,
        due=counted(line.amount_minor for line in own),
        debited=counted(one.amount_minor for one in sent),
        paid=counted(line.debited_minor for line in own if line.standing in (Standing.PAID, Standing.PARTLY_PAID)),
        paid_otherwise=counted(line.paid_otherwise_minor for line in own),
        refunds_owed=counted(line.refund_owed_minor for line in own),
        rejected=counted(one.amount_minor for one in sent if one.outcome == State.REJECTED.value),
        returned=counted(one.amount_minor for one in sent if one.outcome == State.RETURNED.value),
        not_collected=counted(line.amount_minor for line in own if line.standing is Standing.NOT_COLLECTED),
        charged=penalties(*CHARGED),
        proposed=penalties(PenaltyStanding.PROPOSED),
        held=sum(1 for line in own if line.penalty is PenaltyStanding.HELD),
        not_penalised=sum(1 for line in failed if line.penalty is PenaltyStanding.NONE),
    )


def test_totals_that_the_database_makes_are_the_sums_of_the_lines(house: House) -> None:
    lived(house)

    whole = made(house)

    assert {line.standing for line in whole.lines} == set(Standing)
    assert {line.penalty for line in whole.lines} >= {PenaltyStanding.PROPOSED, PenaltyStanding.HELD}
    assert sum(one.refunds_owed[1] for one in whole.totals) == 400_00
    assert list(whole.totals) == [added_up(one.fund_id, one.currency, whole.lines) for one in whole.totals]
    assert [one.fund_id for one in whole.totals] == ["CNAS", "EINZUGSSTELLE"]


def test_a_filter_shows_the_lines_that_stand_like_this_and_no_others(house: House) -> None:
    lived(house)
    lines = made(house).lines

    for standing in Standing:
        expected = {line.reference for line in lines if line.standing is standing}
        assert {line.reference for line in page(house, Asked(standing=standing.value)).lines} == expected
    for penalty in PenaltyStanding:
        expected = {line.reference for line in lines if line.penalty is penalty}
        assert {line.reference for line in page(house, Asked(penalty=penalty.value)).lines} == expected
    both = Asked(fund="CNAS", standing=Standing.FAILED.value, penalty=PenaltyStanding.HELD.value)
    assert [line.standing for line in page(house, both).lines] == [Standing.FAILED]


def test_a_total_is_told_by_the_lines_that_count_in_it(house: House) -> None:
    lived(house)
    whole = made(house)
    days = sorted({line.due_date for line in whole.lines})

    for since in ("", days[-1].isoformat()):
        expected = {one.fund_id: one for one in totals_since(house, since)}
        for counted in Counted:
            for fund_id, total in expected.items():
                found = page(house, Asked(fund=fund_id, counted=counted.value, since=since))
                number = getattr(total, counted.value)
                count = number if isinstance(number, int) else number[0]
                assert len(found.lines) == count, (counted, since)
                assert [getattr(one, counted.value) for one in found.totals] == ([number] if count else []), counted


def totals_since(house: House, since: str) -> tuple[FundTotals, ...]:
    """The totals of the first page."""
    service = house.service
    day = date.fromisoformat(since) if since else None
    with house.desk.reading(CLERK) as work:
        return reports.overview(work, service.funds, service.debit_calendars, since=day).totals


def test_the_debits_of_a_total_are_those_of_the_list(house: House) -> None:
    lived(house)

    for total in totals_since(house, ""):
        asked = CollectionsAsked(fund=total.fund_id, reached="1", due_since="2026-01-01")
        for number, state in ((total.debited, ""), (total.rejected, "rejected"), (total.returned, "returned")):
            part = list_of(house, replace(asked, state=state).link())
            assert (part.count, amount_of(part)) == number, state


def test_a_contribution_is_found_by_its_reference_or_by_the_employers_number(sqlite_house: House) -> None:
    one, other = sqlite_house.employer(), sqlite_house.employer()
    sqlite_house.contribution(one)
    sqlite_house.contribution(other)

    for text in (one.contribution, one.registration):
        found = page(sqlite_house, Asked.of({"search": f" {text} "}))
        assert ([line.reference for line in found.lines], found.count) == ([one.contribution], 1)
    assert page(sqlite_house, Asked(search="nobody's")).lines == ()


def test_pages_show_every_contribution_once_the_newest_due_date_first(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (30, 28, 30, 29, 30):
        sqlite_house.contribution(sqlite_house.employer(mandate=False), due=date(2026, 9, day))
    monkeypatch.setattr(reports, "LINES_SHOWN_MAX", 2)
    found = [page(sqlite_house)]
    while found[-1].next_after:
        found.append(page(sqlite_house, after=found[-1].next_after))

    shown = [line for one in found for line in one.lines]
    assert [line.due_date.day for line in shown] == [30, 30, 30, 29, 28]
    assert len({line.contribution_id for line in shown}) == 5
    assert [(len(one.lines), one.count) for one in found] == [(2, 5), (2, 5), (1, 5)]


@pytest.mark.parametrize("name", ["standing", "penalty"])
def test_a_standing_that_there_is_not_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: Nothing here has this value.*leave it out: .*paid"):
        Asked.of({name: "rich"})


def test_a_page_that_begins_nowhere_is_refused(sqlite_house: House) -> None:
    with pytest.raises(InvalidInput, match="begins there"):
        page(sqlite_house, after="nowhere")


def test_ten_contributions_take_as_many_queries_as_one(sqlite_house: House) -> None:
    counted: list[str] = []
    event.listen(sqlite_house.desk.database.engine, "before_cursor_execute", lambda *said: counted.append(str(said[2])))

    def queries() -> int:
        counted.clear()
        made(sqlite_house)
        return len(counted)

    sqlite_house.contribution(sqlite_house.employer(mandate=False))
    one = queries()
    for _ in range(9):
        sqlite_house.contribution(sqlite_house.employer(mandate=False))

    assert queries() == one
