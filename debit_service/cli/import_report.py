"""What became of every line of a file of mandates: for people, for a spreadsheet, for machines."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from debit_service.core.errors import InvalidInput
from debit_service.core.text import aligned, inert
from debit_service.mandates.importing import Answer, Imported, Outcome

_COLUMNS: Final = (*(field.name for field in fields(Answer)), "kept")
#: What a trial says of a line, and what a run says of it.
_WOULD: Final = {
    Outcome.MADE: "would be made",
    Outcome.ACCEPTED: "would be accepted",
    Outcome.STANDS: "stands already",
    Outcome.BAD: "bad",
}
_WAS: Final = _WOULD | {Outcome.MADE: "made", Outcome.ACCEPTED: "accepted"}


def told(imported: Imported, *, every_line: bool, kept: bool) -> list[str]:
    """The lines for people: each one of a trial, else the bad ones; then how many of each outcome, by fund."""
    said = _WAS if kept else _WOULD
    shown = imported.answers if every_line else imported.bad
    lines = [f"line {answer.line}: {_sentence(answer, said)}" for answer in shown]
    counts = [
        (fund, said[Outcome(outcome)], str(count))
        for fund, outcomes in imported.totals.items()
        for outcome, count in outcomes.items()
    ]
    return [*lines, *aligned(("fund", "outcome", "lines"), counts, right={2})]


def _sentence(answer: Answer, said: Mapping[Outcome, str]) -> str:
    if answer.outcome is Outcome.BAD:
        return f"{answer.message} [{answer.code}]"
    return f"{said[answer.outcome]}: {answer.reference}"


def values(imported: Imported, *, kept: bool) -> dict[str, Any]:
    """The same for machines."""
    return {
        "taken": imported.good if kept else 0,
        "good": imported.good,
        "bad": [{"line": one.line, "code": one.code, "message": one.message} for one in imported.bad],
        "totals": imported.totals,
    }


def writer(suffix: str) -> Callable[[Imported, bool], bytes]:
    """Writes the answer to every line, and whether it was kept, as CSV or as NDJSON, by the suffix of the file.

    Nothing of the lines themselves is in it but fund and reference.
    """
    write = _WRITERS.get(suffix)
    if write is None:
        raise InvalidInput(
            "report.suffix", "A report is written as .csv or .ndjson.", place=suffix, remedy="Name the file so."
        )
    return write


def _csv(imported: Imported, kept: bool) -> bytes:
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    rows.writerow(_COLUMNS)
    rows.writerows(
        [inert("" if cell is None else str(cell)) for cell in _row(answer, kept).values()]
        for answer in imported.answers
    )
    return buffer.getvalue().encode("utf-8-sig")


def _ndjson(imported: Imported, kept: bool) -> bytes:
    return "".join(json.dumps(_row(answer, kept), ensure_ascii=False) + "\n" for answer in imported.answers).encode()


def _row(answer: Answer, kept: bool) -> dict[str, Any]:
    return asdict(answer) | {"kept": kept and answer.outcome is not Outcome.BAD}


_WRITERS: Final[Mapping[str, Callable[[Imported, bool], bytes]]] = {".csv": _csv, ".ndjson": _ndjson}
