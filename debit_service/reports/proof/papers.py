"""What a pack is made of: papers, each a file with a sentence that says what it is; and rows of the database as JSON."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import inspect

from debit_service.core.database import Base
from debit_service.core.work import Work

_SEALED: Final = "_sealed"
#: Blind indexes say nothing without the key ring.
_INTERNAL: Final = ("_index",)


@dataclass(frozen=True, slots=True)
class Paper:
    """One file of a pack."""

    name: str
    content: bytes
    what: str


def as_json(values: object) -> bytes:
    """`values` for people and machines; days and moments as ISO 8601."""
    return (json.dumps(values, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return table.getvalue().encode()


def row_of(row: Base) -> dict[str, Any]:
    """The columns of a row that are in the clear."""
    return {
        name: getattr(row, name)
        for name in inspect(type(row)).columns.keys()  # noqa: SIM118 - a collection of columns, not a dict
        if not name.endswith((_SEALED, *_INTERNAL))
    }


def opened_row(work: Work, row: Base, *names: str) -> dict[str, Any]:
    """`row_of`, with what is sealed under `names` opened: texts that people wrote."""
    mapper = inspect(type(row))
    key = "/".join(str(one) for one in mapper.primary_key_from_instance(row))
    table = mapper.local_table.name  # type: ignore[attr-defined]
    texts = {
        name: work.keys.open(sealed, f"{table}.{name}:{key}")
        for name in names
        if (sealed := getattr(row, f"{name}{_SEALED}")) is not None
    }
    return row_of(row) | texts


def for_employer(values: Any) -> Any:
    """`values` without the logins of staff, and without what would change a decision: that is told in English to who decides."""
    return _without(values, lambda key, one: key == "would_change" or _names_staff(key, one))


def without_staff(values: Any) -> Any:
    """`values` without the logins of the fund's staff: what an employer is given tells what was done, and by which role."""
    return _without(values, _names_staff)


def _without(values: Any, leaves_out: Callable[[str, object], bool]) -> Any:
    if isinstance(values, dict):
        return {key: _without(one, leaves_out) for key, one in values.items() if not leaves_out(key, one)}
    if isinstance(values, list | tuple):
        return [_without(one, leaves_out) for one in values]
    return values


def _names_staff(key: str, value: object) -> bool:
    """Logins stand under `who` and `..._by`; what must be answered by some day stands there too, and is a date."""
    if key in ("who", "assigned_to"):
        return True
    if not key.endswith("_by") or isinstance(value, date):
        return False
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return True
    return False
