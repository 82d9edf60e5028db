"""Many rows at a time: what goes in comes out as if it had gone in alone, and is found whatever stands in it."""

from datetime import UTC, datetime, timedelta, timezone

from house import CLERK, House
from sqlalchemy import select

from debit_service.core.bulk import among, insert_rows, paired
from debit_service.core.models import Event, OutboxMessage

STRANGE = ['a"b', "c\\d", "e,f", "{g}", "", " h ", "null", "NULL", "i'j", "k\nl", "%s", ":m", "é", "ب", "\\x41"]
AT = datetime(2026, 9, 30, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=1)))


def test_what_is_written_together_reads_like_what_is_written_alone(house: House) -> None:
    told = {"text": 'é"\\\n', "none": None, "list": [1, {"deep": True}], "of_minor": -(2**53)}
    body = bytes(range(256))
    with house.desk.work(CLERK) as work:
        columns = ("id", "kind", "subject", "body_sealed", "created_at", "attempts", "last_error", "done_at")
        rows = [("many", "letter", "é\t\\.\n", body, AT, 0, None, None), ("done", "letter", "", b"", AT, 1, "\\N", AT)]
        assert insert_rows(work.session, OutboxMessage, columns, rows) == 2
        insert_rows(
            work.session,
            Event,
            ("sequence", "at", "kind", "subject", "data"),
            [(10**9, AT, "kind", "many", told), (10**9 + 1, AT, "kind", "empty", {})],
        )
    with house.reading() as work:
        many, done = work.session.get_one(OutboxMessage, "many"), work.session.get_one(OutboxMessage, "done")
        assert (many.subject, many.body_sealed, many.created_at, many.done_at) == ("é\t\\.\n", body, AT, None)
        assert (done.subject, done.body_sealed, done.last_error, done.done_at) == ("", b"", "\\N", AT)
        assert many.created_at.tzinfo is UTC
        assert work.session.get_one(Event, 10**9).data == told
        assert work.session.get_one(Event, 10**9 + 1).data == {}


def test_each_of_many_values_is_found_whatever_stands_in_it(house: House) -> None:
    with house.desk.work(CLERK) as work:
        insert_rows(
            work.session,
            Event,
            ("sequence", "at", "kind", "subject", "data"),
            [(10**9 + number, AT, "strange", one, {}) for number, one in enumerate([*STRANGE, "another"])],
        )
    with house.reading() as work:
        strange = select(Event.subject).where(Event.kind == "strange").order_by(Event.sequence)
        assert work.session.scalars(strange.where(among(work.session, Event.subject, STRANGE))).all() == STRANGE
        assert work.session.scalars(strange.where(among(work.session, Event.subject, []))).all() == []
        values = {one: None if one == "" else one[::-1] for one in STRANGE}
        told = paired(work.session, values)
        both = select(told.c.key, told.c.value).join(Event, Event.subject == told.c.key).where(Event.kind == "strange")
        assert {key: value for key, value in work.session.execute(both)} == values  # noqa: C416 - rows are no pairs
