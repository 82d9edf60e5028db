"""A decision as an argument to keep: what was asked, on which values, under which row of the table.

The argument holds the values themselves, so whoever has it can make the decision again without us and compare.
"""

import json
from dataclasses import fields
from datetime import date
from hashlib import sha256
from typing import Any

from debit_service.penalties.fault.values import Decision


def argument(decision: Decision, table: str) -> dict[str, Any]:
    """The decision in plain JSON values; `table` is the version of the tables, `ReasonCodes.version`."""
    return {
        "steps": plain(decision.steps),
        "missing": list(decision.missing),
        "would_change": list(decision.would_change),
        "evidence": list(decision.evidence),
        "facts": dict(decision.facts),
        "row": dict(decision.row) if decision.row else None,
        "table": table,
    }


def digest(decision: Decision) -> str:
    """What identifies an argument: the same answers on the same evidence under the same row; sha256 in hex.

    The wording does not count, and neither does a new version of the tables that leaves the row as it was.
    """
    steps = [(each.rule, each.outcome, each.evidence) for each in decision.steps]
    said = [decision.party, decision.effect, decision.missing, steps, decision.facts, decision.row]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def plain(value: Any) -> Any:
    """`value` in what JSON knows: days and moments as ISO 8601, records as objects."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | frozenset):
        return [plain(each) for each in (value if isinstance(value, tuple) else sorted(value))]
    return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
