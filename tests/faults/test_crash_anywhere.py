"""Kill the process anywhere and run it again: nothing is debited twice, nothing is lost, and the books are the same."""

import pytest
from faults.day import Crashes, World, breaches, live, totals


def test_a_process_that_dies_at_any_step_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = Crashes()
    live(world, undisturbed, monkeypatch)
    expected = totals(world)
    assert breaches(world) == []
    assert undisturbed.seen >= 40

    # Every point on SQLite; on PostgreSQL, where each beginning costs a database, every sixth.
    for point in range(1, undisturbed.seen + 1, 1 if world.embedded else 6):
        world.put_back()
        live(world, Crashes(at=point), monkeypatch, order=point % 2)
        assert totals(world) == expected, f"after a crash at point {point}"
        if point % 16 == 0:
            assert breaches(world) == [], f"after a crash at point {point}"
