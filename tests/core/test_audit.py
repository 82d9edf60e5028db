"""The audit log: the chain finds what was changed inside it, the anchor outside finds what the chain cannot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from house import CLERK, House
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from debit_service.core import audit
from debit_service.core.models import AuditEntry

ENTRIES = 6
START = datetime(2026, 9, 1, tzinfo=UTC)
_NO_TRIGGERS = {
    "sqlite": ("drop trigger audit_entries_no_update", "drop trigger audit_entries_no_delete"),
    "postgresql": ("drop trigger audit_entries_append_only on audit_entries",),
}


@pytest.fixture
def anchors(house: House, tmp_path: Path) -> Path:
    """A log of six entries whose newest hash is written outside."""
    for number in range(ENTRIES):
        with house.desk.work(CLERK) as work:
            audit.record(work, "test.done", f"subject {number}", number=number, word="é")
    path = tmp_path / "outside" / "anchors.txt"
    anchor(house, path)
    return path


def anchor(house: House, path: Path) -> None:
    with house.desk.database.reading() as session:
        audit.anchor(session, path)


def broken(house: House, anchors: Path | None) -> list[str]:
    with house.desk.database.reading() as session:
        return audit.broken(session, anchors)


def damage(house: House, how: Callable[[Session], object]) -> None:
    """What somebody does who owns the database, and so its triggers."""
    with house.desk.database.transaction() as session:
        for statement in _NO_TRIGGERS[session.get_bind().dialect.name]:
            session.execute(text(statement))
        how(session)


def entry(number: int) -> Callable[[Session], AuditEntry]:
    return lambda session: session.scalars(select(AuditEntry).where(AuditEntry.sequence == number)).one()


def test_a_sound_log_has_no_faults(house: House, anchors: Path) -> None:
    assert broken(house, anchors) == []


def test_a_changed_entry_breaks_the_chain_whatever_was_changed(house: House, anchors: Path) -> None:
    others = {"at": START + timedelta(1), "who": "x", "action": "x", "subject": "x", "details": {"number": 3}}
    damage(house, lambda _: None)
    for column, other in others.items():
        with house.desk.database.reading() as session:
            session.execute(update(AuditEntry).where(AuditEntry.sequence == 3).values({column: other}))
            assert audit.broken(session, None) == ["audit entry 3 does not follow from the entry before it"], column
    assert broken(house, anchors) == []


def test_a_removed_entry_breaks_the_chain(house: House, anchors: Path) -> None:
    damage(house, lambda session: session.execute(delete(AuditEntry).where(AuditEntry.sequence == 3)))
    assert "audit entry 4 does not follow from the entry before it" in broken(house, None)


def test_entries_in_another_order_break_the_chain(house: House, anchors: Path) -> None:
    def swap(session: Session) -> None:
        for before, after in ((3, 100), (4, 3), (100, 4)):
            session.execute(update(AuditEntry).where(AuditEntry.sequence == before).values(sequence=after))

    damage(house, swap)
    assert len(broken(house, None)) >= 2


def test_a_tail_that_was_cut_off_is_found_by_the_anchor_alone(house: House, anchors: Path) -> None:
    damage(house, lambda session: session.execute(delete(AuditEntry).where(AuditEntry.sequence > ENTRIES - 2)))
    assert broken(house, None) == []
    assert broken(house, anchors) == [f"audit entry {ENTRIES} was anchored outside with another hash, or is gone"]


def test_a_chain_that_was_written_anew_as_a_whole_is_found_by_the_anchor_alone(house: House, anchors: Path) -> None:
    def rewrite(session: Session) -> None:
        previous = "0" * 64
        for one in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)):
            one.who, one.previous_hash = "nobody", previous
            previous = one.hash = audit.entry_hash(one)

    damage(house, rewrite)
    assert broken(house, None) == []
    assert len(broken(house, anchors)) == 1


def test_an_anchor_is_written_when_something_was_done_and_not_twice(house: House, anchors: Path) -> None:
    anchor(house, anchors)
    assert len(anchors.read_text().splitlines()) == 1
    with house.desk.work(CLERK) as work:
        audit.record(work, "test.done", "one more")
    anchor(house, anchors)
    assert [line.split()[0] for line in anchors.read_text().splitlines()] == [str(ENTRIES), str(ENTRIES + 1)]
    assert broken(house, anchors) == []


def test_what_was_not_done_leaves_no_entry(house: House, anchors: Path) -> None:
    with pytest.raises(TypeError), house.desk.work(CLERK) as work:
        audit.record(work, "test.failed", "never", details_that_are_no_json=object())
    with house.desk.work(CLERK) as work:
        audit.record(work, "test.done", "next")
    with house.desk.database.reading() as session:
        assert entry(ENTRIES + 1)(session).subject == "next"
    assert broken(house, anchors) == []
