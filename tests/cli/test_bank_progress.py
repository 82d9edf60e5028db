"""How far the import of a bank file is: told chunk by chunk, and shown on a terminal only."""

import sys

import pytest
from bank_files import camt054, credit
from house import CLERK, House

from debit_service.banks import service as bank_store
from debit_service.cli.money import progress
from debit_service.reconcile.service import import_stored, importing


def test_a_file_is_told_chunk_by_chunk_while_it_is_read_through_and_while_it_is_booked(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
    sents = sqlite_house.sent_together("CNAS", *["100.00"] * 5)
    with sqlite_house.desk.work(CLERK) as work:
        bank_store.store(work, "in", "mock-bank", "answer.xml", camt054(sents[0].account, *map(credit, sents)))
    told: list[tuple[str, int]] = []

    (imported,) = import_stored(
        sqlite_house.desk, CLERK, sqlite_house.service.funds, lambda *how_far: told.append(how_far)
    )

    assert imported.entries == 5
    steps = ("answer.xml: read through", "answer.xml: booked")
    assert told[:2] == [(steps[0], 2), (steps[0], 4)]
    assert [one for one in told if one[0] == steps[1]][:2] == [(steps[1], 2), (steps[1], 4)]


@pytest.mark.parametrize(
    ("terminal", "as_json", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_progress_is_for_people_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, terminal: bool, as_json: bool, shown: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with progress(as_json=as_json) as tell:
        tell("answer.xml: booked", 5_000)

    out, told = capsys.readouterr()
    assert out == ""
    assert ("answer.xml: booked, 5000 entries" in told) == shown
    assert told.endswith("\r\x1b[K") == shown
