"""Protected until proven: what the debits of a contribution say about lateness."""

from datetime import date

import pytest

from debit_service.penalties.fault.protection import Debit, Protection, Standing, protection

DUE, DEBITED, FAILED, TODAY = date(2026, 9, 30), date(2026, 9, 29), date(2026, 10, 5), date(2026, 10, 15)


def debit(*, on_time: bool = True, sent: bool = True) -> Debit:
    """A debit that was sent for a day before the due date."""
    return Debit(DEBITED, on_time, sent)


def failed(effect: str | None, *, on_time: bool = True, clock_start: date | None = None) -> Debit:
    """A debit that the bank gave back, with what was decided about it."""
    return Debit(DEBITED, on_time, True, FAILED, effect, "why", clock_start)


@pytest.mark.parametrize(
    ("debits", "standing", "since"),
    [
        ([debit()], Standing.PROTECTED, DEBITED),
        ([failed(None)], Standing.IN_DOUBT, FAILED),
        ([failed("HOLD")], Standing.IN_DOUBT, FAILED),
        ([failed("NONE")], Standing.PROTECTED, DEBITED),
        ([failed("PENALISE", clock_start=DUE)], Standing.EXPOSED, DUE),
        # A debit under way does not undo what is known of the one before it.
        ([failed("PENALISE", clock_start=DUE), debit(on_time=False)], Standing.EXPOSED, DUE),
        ([failed("NONE"), debit(on_time=False)], Standing.PROTECTED, DEBITED),
        ([failed("NONE"), failed("HOLD", on_time=False)], Standing.IN_DOUBT, FAILED),
        ([debit(on_time=False)], Standing.NOT_COVERED, DUE),
        ([debit(sent=False)], Standing.NOT_COVERED, DUE),
        ([], Standing.NOT_COVERED, DUE),
    ],
)
def test_the_worst_that_stands_about_a_failure_counts(debits: list[Debit], standing: Standing, since: date) -> None:
    found = protection(DUE, TODAY, debits, None)

    assert found is not None
    assert (found.standing, found.since, found.until) == (standing, since, None)


def test_nothing_is_said_of_what_is_not_due_and_was_not_sent() -> None:
    assert protection(DUE, DUE, [debit(sent=False)], None) is None


def test_the_payment_ends_what_is_late_and_not_what_is_protected() -> None:
    late = protection(DUE, TODAY, [failed("PENALISE", clock_start=DUE), debit()], FAILED)

    assert late == Protection(Standing.EXPOSED, DUE, FAILED, "why")
    in_time = protection(DUE, TODAY, [debit()], DEBITED)
    assert in_time is not None
    assert in_time.until is None
