"""What declaration systems hand over: every line is taken, known already, or reported; a contribution never changes."""

import json
from datetime import date
from pathlib import Path

import pytest
from house import CLERK, House
from sqlalchemy import func, select

from debit_service.contributions import queries, service
from debit_service.contributions.models import BadContributionLine, Contribution, ContributionImport
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Actor, Role
from debit_service.demo.data import Somebody
from debit_service.ledger.queries import balances_of

STRANGER = Actor("boss", frozenset({Role.EMPLOYER}), "another employer")


def line(one: Somebody, **changes: object) -> dict[str, object]:
    return {
        "fund": one.fund,
        "registration_number": one.registration,
        "reference": one.contribution,
        "period": "2026-08",
        "amount": "1000.50",
        "currency": "DZD",
        "due_date": "2026-09-30",
    } | changes


def take(house: House, *lines: dict[str, object], partial: bool = False) -> service.ImportReport:
    content = "".join(f"{json.dumps(one)}\n" for one in lines).encode()
    with house.desk.work(CLERK) as work:
        return service.import_rows(
            work, house.service.funds, house.service.calendars, content, "declared.ndjson", partial=partial
        )


def count(house: House, table: type[Contribution | ContributionImport | BadContributionLine]) -> int:
    with house.desk.reading(CLERK) as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_contribution_is_owed_from_the_moment_it_is_declared(house: House) -> None:
    one = house.employer()
    report = take(house, line(one))
    assert (report.taken, report.unchanged, report.bad) == (1, 0, [])
    with house.desk.reading(CLERK) as work:
        taken = queries.get(work, one.contribution)
        assert (taken.amount_minor, taken.due_date, taken.due_date_source) == (
            100_050,
            date(2026, 9, 30),
            "stated by the declaration",
        )
        assert balances_of(work.session, taken.id) == {"receivable/CNAS": 100_050, "declared/CNAS": -100_050}


def test_the_same_file_and_the_same_line_in_another_file_change_nothing(house: House) -> None:
    one, two = house.employer(), house.employer()
    take(house, line(one))
    again = take(house, line(one))
    assert (again.taken, again.unchanged) == (0, 1)
    both = take(house, line(one), line(two))
    assert (both.taken, both.unchanged) == (1, 1)
    assert count(house, Contribution) == 2
    with house.desk.reading(CLERK) as work:
        assert balances_of(work.session, queries.get(work, one.contribution).id)["receivable/CNAS"] == 100_050


BAD = [
    ({"fund": "NOBODY"}, "fund.unknown"),
    ({"currency": "EUR"}, "contribution.currency"),
    ({"amount": "12,50"}, "amount.malformed"),
    ({"amount": "-1"}, "amount.malformed"),
    ({"amount": "1e3"}, "amount.malformed"),
    ({"amount": "1.005"}, "amount.too_precise"),
    ({"amount": "0.00"}, "contribution.amount"),
    ({"amount": "1000000000.00"}, "contribution.amount"),
    ({"registration_number": "777777"}, "contribution.unknown_employer"),
    ({"period": "2026-13"}, "period.malformed"),
    ({"period": "August"}, "period.malformed"),
    ({"due_date": "30/09/2026"}, "line.form"),
    ({"reference": ""}, "line.form"),
    ({"reference": "x" * 36}, "line.form"),
    ({"reference": "a\u0000b"}, "line.control_character"),
    ({"colour": "red"}, "line.form"),
]


@pytest.mark.parametrize(("changes", "code"), BAD)
def test_one_bad_line_keeps_the_whole_file_out_unless_the_good_part_is_asked_for(
    sqlite_house: House, changes: dict[str, object], code: str
) -> None:
    one, two = sqlite_house.employer(), sqlite_house.employer()
    lines = [line(one), line(two, reference="OTHER") | changes]

    refused = take(sqlite_house, *lines)
    assert (refused.import_id, refused.taken) == (None, 0)
    assert [(bad.line, bad.code) for bad in refused.bad] == [(2, code)]
    assert (count(sqlite_house, Contribution), count(sqlite_house, ContributionImport)) == (0, 0)

    partly = take(sqlite_house, *lines, partial=True)
    assert (partly.taken, [bad.code for bad in partly.bad]) == (1, [code])
    assert count(sqlite_house, Contribution) == 1


def test_every_line_is_answered_for_and_bad_ones_are_kept_word_for_word(house: House) -> None:
    one = house.employer()
    lines = [line(one, reference=f"R{number}") | changes for number, (changes, _) in enumerate(BAD)]
    report = take(house, line(one), *lines, partial=True)
    assert report.taken + report.unchanged + len(report.bad) == len(lines) + 1
    with house.reading() as work:
        kept = list(work.session.scalars(select(BadContributionLine).order_by(BadContributionLine.line)))
        texts = [
            work.keys.open(bad.text_sealed, f"bad_contribution_lines.text:{bad.import_id}/{bad.line}") for bad in kept
        ]
    assert [bad.code for bad in kept] == [code for _, code in BAD]
    assert [json.loads(text) for text in texts] == lines


@pytest.mark.parametrize(
    "changes",
    [{"amount": "1000.51"}, {"due_date": "2026-10-01"}, {"period": "2026-07"}, {"registration_number": "other"}],
)
def test_a_known_reference_with_other_content_is_refused(house: House, changes: dict[str, object]) -> None:
    one, two = house.employer(), house.employer()
    if "registration_number" in changes:
        changes = {"registration_number": two.registration}
    take(house, line(one))
    report = take(house, line(one) | changes)
    assert [bad.code for bad in report.bad] == ["contribution.changed"]
    with house.desk.reading(CLERK) as work:
        assert queries.get(work, one.contribution).amount_minor == 100_050


def test_the_same_reference_twice_in_one_file_is_one_contribution_or_a_contradiction(house: House) -> None:
    one = house.employer()
    same = take(house, line(one), line(one))
    assert (same.taken, same.unchanged) == (1, 1)
    report = take(house, line(one, reference="R2"), line(one, reference="R2", amount="2.00"))
    assert [bad.code for bad in report.bad] == ["contribution.changed"]


def test_lines_that_were_mended_elsewhere_are_taken_when_the_file_comes_again(house: House) -> None:
    one = house.employer()
    later = Somebody("CNAS", 2)
    lines = [line(one), line(later)]
    assert len(take(house, *lines, partial=True).bad) == 1
    assert house.employer() == later
    again = take(house, *lines)
    assert (again.taken, again.unchanged, again.bad) == (1, 1, [])
    assert count(house, BadContributionLine) == 0


def test_a_due_date_is_computed_only_from_a_rule_that_is_confirmed(sqlite_house: House, tmp_path: Path) -> None:
    seen = sqlite_house.employer("CNSS")
    from_memory = sqlite_house.employer("CNAS")
    without = {"due_date": None}
    report = take(sqlite_house, line(seen, currency="MAD") | without, line(from_memory) | without, partial=True)
    assert (report.taken, [bad.code for bad in report.bad]) == (1, ["fact.unconfirmed"])
    with sqlite_house.desk.reading(CLERK) as work:
        taken = queries.get(work, seen.contribution)
        assert (taken.due_date, taken.due_date_source) == (date(2026, 9, 10), "computed: day_of_next_month")


def test_a_file_that_cannot_be_read_at_all_is_refused(sqlite_house: House) -> None:
    with pytest.raises(InvalidInput), sqlite_house.desk.work(CLERK) as work:
        service.import_rows(work, sqlite_house.service.funds, sqlite_house.service.calendars, b"\xff", "x.csv")


def test_an_employer_sees_its_own_contributions_and_hands_none_over(sqlite_house: House) -> None:
    one = sqlite_house.employer()
    take(sqlite_house, line(one))
    with pytest.raises(Refused, match="another employer"), sqlite_house.desk.reading(STRANGER) as work:
        queries.get(work, one.contribution)
    with pytest.raises(NotFound), sqlite_house.desk.reading(STRANGER) as work:
        queries.get(work, "no such thing")
    with pytest.raises(Refused, match="finance_clerk"), sqlite_house.desk.work(STRANGER) as work:
        service.import_rows(work, sqlite_house.service.funds, sqlite_house.service.calendars, b"", "x.csv")


def test_a_list_is_of_one_fund_or_one_employer_where_asked(sqlite_house: House) -> None:
    one, other = sqlite_house.employer("CNAS"), sqlite_house.employer("CNSS")
    take(sqlite_house, line(one), line(other, currency="MAD"))
    with sqlite_house.desk.reading(CLERK) as work:
        assert [each.reference for each in queries.listed(work)] == [one.contribution, other.contribution]
        assert [each.reference for each in queries.listed(work, fund_id="CNSS")] == [other.contribution]
        employer_id = queries.get(work, one.contribution).employer_id
        assert [each.reference for each in queries.listed(work, employer_id=employer_id)] == [one.contribution]
