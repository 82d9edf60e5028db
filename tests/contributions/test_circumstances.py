"""What the rule of a penalty asks of a contribution: stated by a file or a clerk, numbered, never changed; the newest counts."""

import json
from datetime import date, timedelta

import pytest
from house import CLERK, House
from sqlalchemy import text

from debit_service import schema
from debit_service.contributions import queries, service
from debit_service.contributions.circumstances import add_circumstances, known, state_circumstances
from debit_service.contributions.models import ContributionCircumstances
from debit_service.contributions.rules import HEADS_MAX, Circumstances
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.models import AuditEntry, Event
from debit_service.core.work import Actor, Role
from debit_service.demo.data import Somebody

DUE = date(2026, 9, 30)
LATER = date(2026, 11, 10)
NOTICE = Circumstances(formal_notice_on=date(2026, 10, 20))


def line(one: Somebody, **stated: object) -> dict[str, object]:
    return {
        "fund": one.fund,
        "registration_number": one.registration,
        "reference": one.contribution,
        "period": "2026-08",
        "amount": "1000.00",
        "currency": "DZD",
        "due_date": DUE.isoformat(),
    } | stated


def take(house: House, *lines: dict[str, object], partial: bool = False) -> service.ImportReport:
    content = "".join(f"{json.dumps(one)}\n" for one in lines).encode()
    with house.desk.work(CLERK) as work:
        return service.import_rows(
            work, house.service.funds, house.service.calendars, content, "declared.ndjson", partial=partial
        )


def state(
    house: House, contribution_id: str, said: Circumstances, source: str = "notice 17", actor: Actor = CLERK
) -> ContributionCircumstances | None:
    with house.desk.work(actor) as work:
        contribution = queries.get(work, contribution_id)
        return state_circumstances(work, house.fund(contribution.fund_id), contribution, said, source)


def statements(house: House, contribution_id: str) -> list[tuple[int, Circumstances, str]]:
    with house.reading() as work:
        told = queries.statements_about(work, queries.get(work, contribution_id).id)
        return [(one.number, known(one), one.source) for one in told]


def test_a_file_states_them_with_the_contribution_and_the_same_again_changes_nothing(house: House) -> None:
    one = house.employer()
    stated = {
        "heads": 12,
        "declared_in_time": "no",
        "claim_term_ends_on": "2026-12-31",
        "circumstances_source": "claim 4",
    }
    said = Circumstances(heads=12, declared_in_time=False, claim_term_ends_on=date(2026, 12, 31))

    first = take(house, line(one, **stated))
    again = take(house, line(one, **stated))
    elsewhere = take(house, line(one, **stated, demanded_separately=None), line(house.employer()))

    assert [(each.taken, each.unchanged, each.stated) for each in (first, again, elsewhere)] == [
        (1, 0, 1), (0, 1, 0), (1, 1, 0),
    ]  # fmt: skip
    assert statements(house, one.contribution) == [(1, said, "claim 4")]


def test_a_line_with_others_adds_a_statement_and_what_it_leaves_out_stays(house: House) -> None:
    one = house.employer()
    take(house, line(one, heads=12, declared_in_time=True))

    report = take(house, line(one, heads="13"))
    take(house, line(one), line(house.employer()))

    assert (report.taken, report.unchanged, report.stated, report.bad) == (0, 1, 1, [])
    assert statements(house, one.contribution) == [
        (1, Circumstances(heads=12, declared_in_time=True), "declared.ndjson"),
        (2, Circumstances(heads=13, declared_in_time=True), "declared.ndjson"),
    ]


def test_a_csv_without_the_columns_and_with_empty_cells_states_nothing(sqlite_house: House) -> None:
    house = sqlite_house
    contribution_id = house.contribution(house.employer())
    with house.desk.work(CLERK) as work:
        head, values = zip(*line(house.employer(), heads="", formal_notice_on="").items(), strict=True)
        content = f"{','.join(head)}\n{','.join(str(value) for value in values)}\n".encode()
        report = service.import_rows(work, house.service.funds, house.service.calendars, content, "some.csv")

    assert (report.taken, report.stated) == (1, 0)
    assert statements(house, contribution_id) == []


def test_what_a_clerk_said_since_is_not_undone_by_the_same_file(sqlite_house: House) -> None:
    house = sqlite_house
    one, unknown = house.employer(), Somebody("CNAS", 999)
    lines = [line(one, heads=12), line(unknown, heads=5)]
    take(house, *lines, partial=True)
    state(house, one.contribution, Circumstances(heads=11))

    report = take(house, *lines, partial=True)

    assert (report.stated, len(report.bad)) == (0, 1)
    assert [said.heads for _, said, _ in statements(house, one.contribution)] == [12, 11]


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"heads": -1}, "circumstances.heads"),
        ({"heads": HEADS_MAX + 1}, "circumstances.heads"),
        ({"heads": "many"}, "line.form"),
        ({"declared_in_time": "perhaps"}, "line.form"),
        ({"formal_notice_on": "2026-09-30"}, "circumstances.formal_notice_on"),
        ({"formal_notice_on": "2026-11-11"}, "circumstances.formal_notice_on"),
        ({"claim_term_ends_on": "2026-09-30"}, "circumstances.claim_term_ends_on"),
        ({"claim_term_ends_on": "2062-12-31"}, "circumstances.claim_term_ends_on"),
        ({"heads": 1, "circumstances_source": "x" * 201}, "line.form"),
    ],
)
def test_a_line_that_cannot_be_right_is_not_taken_at_all(
    sqlite_house: House, stated: dict[str, object], code: str
) -> None:
    house = sqlite_house
    house.go_to(LATER)

    report = take(house, line(house.employer(), **stated), partial=True)

    assert ([one.code for one in report.bad], report.taken, report.stated) == ([code], 0, 0)
    assert house.balances() == {}


@pytest.mark.parametrize(
    ("said", "source", "place"),
    [
        (Circumstances(formal_notice_on=DUE), "notice 17", "formal_notice_on"),
        (Circumstances(formal_notice_on=LATER + timedelta(days=1)), "notice 17", "formal_notice_on"),
        (NOTICE, " ", "source"),
        (NOTICE, "x" * 201, "source"),
    ],
    ids=["on the due date", "to come", "no document", "a whole letter"],
)
def test_what_a_clerk_states_must_be_possible_and_name_its_document(
    sqlite_house: House, said: Circumstances, source: str, place: str
) -> None:
    house = sqlite_house
    contribution_id = house.contribution(house.employer())
    house.go_to(LATER)

    with pytest.raises(InvalidInput) as refusal:
        state(house, contribution_id, said, source)

    assert (refusal.value.code, refusal.value.place) == (f"circumstances.{place}", place)
    assert statements(house, contribution_id) == []


def test_a_clerk_replaces_the_whole_statement_on_record_in_log_and_feed(house: House) -> None:
    contribution_id = house.contribution(house.employer())
    house.go_to(LATER)

    assert state(house, contribution_id, Circumstances(heads=3)) is not None
    assert state(house, contribution_id, NOTICE) is not None
    assert state(house, contribution_id, NOTICE, "another document") is None

    assert [(number, said) for number, said, _ in statements(house, contribution_id)] == [
        (1, Circumstances(heads=3)),
        (2, NOTICE),
    ]
    with house.reading() as work:
        newest = queries.circumstances_of_each(work, [contribution_id, "nobody"])
        logged = work.session.query(AuditEntry).filter_by(action="contribution.circumstances_stated").all()
        told = work.session.query(Event).filter_by(kind="contribution.circumstances_stated").all()
    assert {name: one.number for name, one in newest.items()} == {contribution_id: 2}
    assert [(one.who, one.details["number"], one.details["formal_notice_on"]) for one in logged] == [
        ("clerk", 1, None),
        ("clerk", 2, "2026-10-20"),
    ]
    assert [one.subject for one in told] == [contribution_id, contribution_id]
    assert house.breaches() == {}


def test_a_part_is_added_to_what_is_known(sqlite_house: House) -> None:
    house = sqlite_house
    contribution_id = house.contribution(house.employer())
    house.go_to(LATER)
    state(house, contribution_id, Circumstances(declared_in_time=False))

    with house.desk.work(CLERK) as work:
        contribution = queries.get(work, contribution_id)
        add_circumstances(work, house.fund(), contribution, Circumstances(claim_term_ends_on=LATER), "claim 4")

    assert statements(house, contribution_id)[-1][1] == Circumstances(declared_in_time=False, claim_term_ends_on=LATER)


@pytest.mark.parametrize("role", [Role.FINANCE_APPROVER, Role.EMPLOYER, Role.ADMINISTRATOR, Role.MANDATE_AGENT])
def test_only_a_clerk_states_them(sqlite_house: House, role: Role) -> None:
    contribution_id = sqlite_house.contribution(sqlite_house.employer())
    own = sqlite_house.contribution_row(contribution_id).employer_id
    with pytest.raises(Refused):
        state(sqlite_house, contribution_id, Circumstances(heads=1), actor=Actor("other", frozenset({role}), own))


@pytest.mark.parametrize(
    "act", ["update contribution_circumstances set heads = 1", "delete from contribution_circumstances"]
)
def test_what_was_said_cannot_be_changed(house: House, act: str) -> None:
    state(house, house.contribution(house.employer()), Circumstances(heads=3))
    with pytest.raises(Exception, match="append-only"), house.desk.database.engine.begin() as connection:
        connection.execute(text(act))


def test_a_release_before_refuses_to_lose_what_was_said(house: House) -> None:
    state(house, house.contribution(house.employer()), Circumstances(heads=3))
    with pytest.raises(RuntimeError, match="1 statements about contributions would be lost"):
        schema.migrate(house.desk.database, "0018")
    assert schema.current(house.desk.database) == schema.newest()
