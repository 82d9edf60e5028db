"""Disputes of a release before keep what they were when the schema moves on, and back."""

from datetime import date

from house import House
from sqlalchemy import text
from sqlalchemy.engine import Connection

from debit_service import schema

#: The step that gave disputes their references, deadlines and appeals.
BEFORE, STEP = "0010", "0011"
_OLD = (
    "insert into disputes (id, contribution_id, opened_at, opened_by, text_sealed, answer_by, answer, answer_text_sealed,"
    " answered_at, answered_by) values (:id, :contribution, '2026-09-01 06:00:00', 'employer', :sealed, '2026-10-01', :answer,"
    " :answered_text, :answered_at, :answered_by)"
)


def old(connection: Connection, dispute_id: str, contribution_id: str, answer: str | None) -> None:
    """A dispute as the release before kept it."""
    answered = (b"sealed", "2026-09-10 06:00:00", "clerk") if answer else (None, None, None)
    names = ("answered_text", "answered_at", "answered_by")
    values = {"id": dispute_id, "contribution": contribution_id, "sealed": b"sealed", "answer": answer}
    connection.execute(text(_OLD), values | dict(zip(names, answered, strict=True)))


def test_old_disputes_get_a_reference_a_subject_and_the_life_that_is_known_of_them(house: House) -> None:
    one = house.contribution(house.employer(mandate=False))
    schema.migrate(house.desk.database, BEFORE)
    with house.desk.database.engine.begin() as connection:
        old(connection, "D1", one, "rejected")
        old(connection, "D2", one, "upheld")
        old(connection, "D3", one, None)
    schema.migrate(house.desk.database, STEP)

    with house.desk.database.engine.begin() as connection:
        kept = connection.execute(
            text(
                "select id, subject_kind, subject_id, fund_id, answer, first_answer, count(distinct reference) from disputes"
                " group by id, subject_kind, subject_id, fund_id, answer, first_answer order by id"
            )
        ).all()
        assert [tuple(row) for row in kept] == [
            ("D1", "debit", one, "CNAS", "rejected", "rejected", 1),
            ("D2", "debit", one, "CNAS", "upheld", "upheld", 1),
            ("D3", "debit", one, "CNAS", None, None, 1),
        ]
        appeal_by = connection.execute(text("select appeal_by from disputes order by id")).scalars().all()
        assert [str(day) if day else None for day in appeal_by] == [str(date(2026, 10, 10)), None, None]
        lives = connection.execute(
            text("select subject_id, to_state from dispute_transitions where most_recent order by subject_id")
        ).all()
        assert [tuple(row) for row in lives] == [("D1", "answered"), ("D2", "answered"), ("D3", "received")]
    schema.migrate(house.desk.database, BEFORE)
    with house.desk.database.engine.begin() as connection:
        assert connection.execute(text("select answer from disputes order by id")).scalars().all() == [
            "rejected",
            "upheld",
            None,
        ]
