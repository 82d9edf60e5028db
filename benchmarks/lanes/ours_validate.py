"""This library's validation: schema, the scheme's rules, and a file's own totals."""

from itertools import islice
from pathlib import Path

from benchmarks.lanes.ours_write import write
from benchmarks.task import Seen, Task
from debit_service.iso20022.validate import validate


def written(task: Task) -> Seen:
    """Rows to a checked file, then the whole validation of what was written."""
    seen = write(task)
    _without_findings(task.target)
    return seen


def at_hand(task: Task) -> Seen:
    """The whole validation of a file at hand."""
    _without_findings(task.source)
    return Seen()


def _without_findings(path: Path) -> None:
    """A finding here is a fault of the benchmark's data, of the writer or of the validation: the result must not count."""
    with path.open("rb") as stream:
        findings = list(islice(validate(stream, file=path.name), 3))
    if findings:
        raise ValueError(f"The file is not clean: {findings}")
