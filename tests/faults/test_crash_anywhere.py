"""Kill the process anywhere and run it again: nothing is debited twice, nothing is lost, and the books are the same.

The nightly run sets `DEBIT_TEST_CRASH_STEP=1`, to die at every point on both databases.
"""

import os

import pytest
from faults.day import Crashes, World, breaches, live, totals


@pytest.mark.usefixtures("one_row_at_a_time")
def test_a_process_that_dies_at_any_step_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = Crashes()
    live(world, undisturbed, monkeypatch)
    expected = totals(world)
    assert breaches(world) == []
    assert undisturbed.seen >= 60

    # Before every commit and every touch of the bank on SQLite; on PostgreSQL, where each beginning costs a database, every
    # seventh of them. Dying after one is dying before the next, but for the letters written in between: nightly, all of them.
    step = int(os.environ.get("DEBIT_TEST_CRASH_STEP", "2" if world.embedded else "14"))
    for point in range(1, undisturbed.seen + 1, step):
        world.put_back()
        live(world, Crashes(at=point), monkeypatch, order=point // 2 % 2)
        assert totals(world) == expected, f"after a crash at point {point}"
        if point % 16 == 1:
            assert breaches(world) == [], f"after a crash at point {point}"
