"""Notices of a release before: where the message has left, the employer is told; where it has not, the penalty waits for it."""

from datetime import date

import pytest
from bank_files import pain002
from house import CLERK, House
from sqlalchemy import select, text

from debit_service import operations, schema
from debit_service.penalties import notice_queries, queries
from debit_service.penalties.models import Penalty

BEFORE = "0014"
_NOTIFIED = (
    (
        "insert into penalty_transitions (id, subject_id, sort_key, from_state, to_state, most_recent, who, why, evidence, at)"
        " select 'T1', subject_id, sort_key + 1, 'confirmed', 'notified', false, 'job', 'told', '{}', at"
        " from penalty_transitions where most_recent"
    ),
    "update penalty_transitions set most_recent = false where most_recent",
    "update penalty_transitions set most_recent = true where id = 'T1'",
)


@pytest.mark.parametrize("left", [True, False])
def test_a_notice_of_before_tells_the_employer_only_where_its_message_has_left(house: House, *, left: bool) -> None:
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    with house.reading() as work:
        one = work.session.scalars(select(Penalty)).one().id
    house.confirm_penalty(one)
    operations.notify_penalties(house.service, CLERK, house.fund())
    if left:
        with house.desk.database.engine.begin() as connection:
            connection.execute(text("update outbox set done_at = created_at where kind = 'penalty_notice'"))
    # As the release before left it: told once the notice was made.
    schema.migrate(house.desk.database, BEFORE)
    with house.desk.database.engine.begin() as connection:
        for statement in _NOTIFIED:
            connection.execute(text(statement))

    schema.migrate(house.desk.database, "head")

    with house.reading() as work:
        ((notice, departure),) = notice_queries.notices_of(work, one)
        assert queries.state_of(work, one) == ("notified" if left else "confirmed")
        assert departure.contest_by == (notice.contest_by if left else None)
    assert operations.notify_penalties(house.service, CLERK, house.fund()) == 0
    assert house.breaches() == {}

    operations.deliver(house.service, CLERK)
    with house.reading() as work:
        assert queries.state_of(work, one) == "notified"
    assert house.breaches() == {}
