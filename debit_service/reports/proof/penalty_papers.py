"""What a penalty is computed from and comes to: the rule with its text, every step, and the computation, to be run again."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import select

from debit_service.core.money import exponent, format_minor
from debit_service.core.work import Work
from debit_service.penalties import queries, relief_queries
from debit_service.penalties.models import Penalty, PenaltyPayment, PenaltyTransition
from debit_service.penalties.tariff import used
from debit_service.penalties.tariff.amount import Circumstances, Computation, compute
from debit_service.penalties.tariff.catalogue import PenaltyRules
from debit_service.reports.proof.papers import Paper, as_csv, as_json, row_of

_COMPUTES: Final = "debit_service.penalties.tariff.amount"
_PACKAGES: Final = ("debit_service", "debit_service.core", "debit_service.penalties", "debit_service.penalties.tariff")
_CARRIED: Final = ("recompute.py", "iso4217.py", "pydantic.py")


def penalty_papers(work: Work, rules: PenaltyRules, penalty: Penalty) -> Iterator[Paper]:
    """One penalty."""
    folder, rules = f"penalty-{penalty.id}", used.as_used(work, rules)
    rule = rules.get(penalty.rule_id, penalty.rule_version)
    what = "the rule that was applied: its text, version, certainty, validity and figures"
    yield Paper(f"{folder}/rule.json", as_json(rule.model_dump(mode="json")), what)
    yield Paper(f"{folder}/penalty.json", as_json(_life(work, penalty)), "inputs, life, reliefs, fees and payments")
    taken = rules.taken(penalty.inputs)
    yield Paper(f"{folder}/steps.csv", _steps(work, penalty, compute(**taken)), "every step, to be followed by hand")
    steps = {one.step_key: one.amount_minor for one in queries.steps_of(work, penalty.id)}
    for name, content in recomputation(taken, steps).items():
        yield Paper(f"{folder}/recompute/{name}", content, _said_of(name))


def recomputation(taken: dict[str, Any], steps: Mapping[str, int]) -> dict[str, bytes]:
    """A folder in which Python alone computes again what `compute(**taken)` gave, and holds it against `steps` (minor units)."""
    case = {
        "decimals": exponent(taken["currency"]),
        "takes": {name: _tagged(value) for name, value in taken.items()},
        "gave": {"steps": steps, "total_minor": sum(steps.values())},
    }
    return {"case.json": as_json(case), **_carried()}


def _life(work: Work, penalty: Penalty) -> dict[str, Any]:
    life = select(PenaltyTransition).where(PenaltyTransition.subject_id == penalty.id)
    payments = select(PenaltyPayment).where(PenaltyPayment.penalty_id == penalty.id).order_by(PenaltyPayment.id)
    money = queries.money_of(work, penalty.id)
    return {
        "penalty": row_of(penalty),
        "state": queries.state_of(work, penalty.id),
        "computed_minor": money.computed_minor,
        "confirmed_minor": money.confirmed_minor,
        "surcharge_minor": money.surcharge_minor,
        "fees_minor": money.fees_minor,
        "owed_minor": money.owed_minor,
        "kept_minor": money.kept_minor,
        "history": [row_of(one) for one in work.session.scalars(life.order_by(PenaltyTransition.sort_key))],
        "reliefs": [row_of(one) for one in relief_queries.of_penalty(work, penalty.id)],
        "fees": [row_of(one) for one in queries.fees_of(work, penalty.id)],
        "payments": [row_of(one) for one in work.session.scalars(payments)],
    }


def _steps(work: Work, penalty: Penalty, again: Computation) -> bytes:
    """The steps as they are stored; base and rate, which are not stored, as the same inputs give them."""
    computed = {one.step_key: one for one in again.steps}
    rows = []
    for step in queries.steps_of(work, penalty.id):
        one = computed.get(step.step_key)
        rows.append(
            (
                step.step_key,
                step.from_date,
                step.to_date,
                format_minor(one.base_minor, penalty.currency) if one else "",
                "" if one is None or one.rate is None else one.rate,
                step.formula,
                format_minor(step.amount_minor, penalty.currency),
                format_minor(step.confirmed_minor, penalty.currency),
            )
        )
    return as_csv(("step", "from", "to", "base", "rate", "figures", "amount", "of it asked for"), rows)


def _tagged(value: Any) -> Any:
    """A value for a reader that knows the standard library only: days and exact decimals say what they are."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, BaseModel):
        return {name: _tagged(one) for name, one in value}
    if isinstance(value, Circumstances):
        return {name: _tagged(one) for name, one in asdict(value).items()}
    if isinstance(value, list | tuple):
        return [_tagged(one) for one in value]
    return value


@cache
def _carried() -> dict[str, bytes]:
    """The computation as it stands in this service, byte for byte, and what it needs to run with Python alone."""
    here = files(__package__) / "carried"
    carried = {name: (here / f"{name}.txt").read_bytes() for name in _CARRIED}
    waiting, known = [_COMPUTES], set(_PACKAGES)
    carried |= {f"{package.replace('.', '/')}/__init__.py": b"" for package in _PACKAGES}
    while waiting:
        module = waiting.pop()
        if module in known:
            continue
        known.add(module)
        package, _, name = module.rpartition(".")
        content = (files(package) / f"{name}.py").read_bytes()
        carried[f"{module.replace('.', '/')}.py"] = content
        waiting += _imports(content)
    return dict(sorted(carried.items()))


def _imports(content: bytes) -> list[str]:
    """The modules of this service that a module imports."""
    return [
        one.module
        for one in ast.walk(ast.parse(content))
        if isinstance(one, ast.ImportFrom) and one.module and one.module.startswith("debit_service.")
    ]


def _said_of(name: str) -> str:
    if name == "case.json":
        return "rule and inputs as the computation reads them, and what it gave"
    if name == "recompute.py":
        return "computes the penalty again: python3 recompute.py"
    if name in _CARRIED:
        return "stands in for a library, so that Python alone is enough"
    return "part of the service's own computation, byte for byte"
