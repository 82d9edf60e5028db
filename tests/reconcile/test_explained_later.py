"""What waits is looked at again by whatever could explain it, however far apart the two stand."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from bank_files import camt053, camt054, credit, pain002, returned, total
from house import House
from reconcile.deciding import decided, money_in

from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.rules import State
from debit_service.reconcile.service import importing
from debit_service.reconcile.service.dispose import dispose_plain
from debit_service.reconcile.service.verdict import Plain

CREDITED = date(2026, 9, 30)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)], ids=["the total first", "the return first"])
def test_a_total_that_waits_for_a_member_is_explained_by_the_return_of_its_other_attempt(
    sqlite_house: House, order: tuple[int, ...]
) -> None:
    first, other = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    sqlite_house.bank_says(pain002(first))
    second = sqlite_house.present_again(first)
    files = (
        camt054(second.account, credit(second), message_id="N2"),
        camt053(first.account, CREDITED, 0, total([first, other])),
        camt054(second.account, returned(second, day=date(2026, 11, 20)), message_id="N3"),
    )

    sqlite_house.in_turn(*(files[number] for number in order))

    assert sqlite_house.suspense() == []
    assert (sqlite_house.outcome(first).state, sqlite_house.outcome(other).state) == (State.SETTLED, State.SETTLED)


def test_a_return_that_waits_is_explained_by_a_total_that_pays_its_debit_again(sqlite_house: House) -> None:
    sent = sqlite_house.sent()

    sqlite_house.in_turn(
        camt054(sent.account, credit(sent)),
        camt054(sent.account, returned(sent, day=date(2026, 10, 2), reference="R1"), message_id="N2"),
        camt054(sent.account, returned(sent, day=date(2026, 10, 9), reference="R2"), message_id="N3"),
        camt054(sent.account, total([sent], date(2026, 10, 6)), message_id="N4"),
    )

    assert sqlite_house.suspense() == []
    assert sqlite_house.outcome(sent).state is State.RETURNED
    assert sqlite_house.outcome(sent).returned_minor == 2 * sent.amount_minor


@pytest.mark.parametrize("named_first", [True, False])
def test_one_booking_that_two_reports_tell_without_a_booking_date_counts_once(
    sqlite_house: House, named_first: bool
) -> None:
    sent = sqlite_house.sent()
    named = camt053(sent.account, CREDITED, 0, credit(sent, reference="ASR1"))
    bare = camt054(sent.account, replace(credit(sent, reference="ASR1"), end_to_end_id=None))
    undated = [re.sub(rb"<BookgDt>.*?</BookgDt>", b"", file) for file in (named, bare)]

    sqlite_house.in_turn(*(undated if named_first else reversed(undated)))

    assert sqlite_house.balances()["bank/CNAS"] == sent.amount_minor
    assert sqlite_house.suspense() == []


@pytest.mark.parametrize("sum_first", [True, False])
def test_of_two_lines_of_one_notification_the_sum_of_the_block_holds_one(sqlite_house: House, sum_first: bool) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00")
    line = replace(credit(sents[0]), servicer_reference=None)
    files = (
        camt054(sents[0].account, total(sents), message_id="SUM"),
        camt054(sents[0].account, line, line, message_id="LINES"),
    )

    sqlite_house.in_turn(*(files if sum_first else reversed(files)))

    assert [reason for reason, _ in sqlite_house.suspense()] == ["exceeds"]
    assert sqlite_house.balances()["bank/CNAS"] == sum(one.amount_minor for one in sents) + sents[0].amount_minor


def test_a_file_that_can_no_longer_be_read_where_it_was_cut_off_is_not_closed(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
    stop_after_one = iter([None])

    def cut_off(work: Work, funds: Funds, plain: Sequence[Plain]) -> None:
        next(stop_after_one)
        dispose_plain(work, funds, plain)

    file = camt054(sents[0].account, *map(credit, sents))
    with monkeypatch.context() as patched:
        patched.setattr(importing, "dispose_plain", cut_off)
        with pytest.raises(StopIteration):
            sqlite_house.in_turn(file)

    def unreadable(*_: object) -> None:
        raise InvalidInput("iso.xml.malformed", "It is not XML any more.")

    with monkeypatch.context() as patched:
        patched.setattr(importing, "records", unreadable)
        (failed,) = sqlite_house.bank_says()
    assert failed.outcome == "failed"
    assert "bank_file.changed_reading" in failed.detail

    (read,) = sqlite_house.bank_says()
    assert (read.outcome, read.entries) == ("read", 3)
    assert sqlite_house.breaches() == {}


def test_nothing_is_decided_about_an_entry_while_another_file_of_its_account_is_half_read(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rest of that file says may explain the entry; done again, the decision would come before it or after it."""
    sents = sqlite_house.sent_together("CNAS", "100.00", "200.00", "300.00")
    entry_id = money_in(sqlite_house, 70_00, account=sents[0].account)
    stop_after_one = iter([None])

    def cut_off(work: Work, funds: Funds, plain: Sequence[Plain]) -> None:
        next(stop_after_one)
        dispose_plain(work, funds, plain)

    with monkeypatch.context() as patched:
        patched.setattr(importing, "CHUNK_ROWS", 2)
        patched.setattr(importing, "dispose_plain", cut_off)
        with pytest.raises(StopIteration):
            sqlite_house.in_turn(camt054(sents[0].account, *map(credit, sents)))

    with pytest.raises(Refused, match="another one of its account"):
        decided(sqlite_house, entry_id, Decision.NOT_OURS)
    sqlite_house.bank_says()
    decided(sqlite_house, entry_id, Decision.NOT_OURS)

    assert sqlite_house.suspense() == []
