"""A house whose fund or bank wants something else than the shipped configuration says."""

from typing import Any

from house import House
from pydantic import BaseModel

from debit_service.funds.queries import Funds


def fund_says(house: House, fund_id: str = "CNAS", **changed: Any) -> None:
    """Change facts of a fund: `fund_says(house, debit_policy__bounds__max_collections=2)`."""
    known = house.service.funds
    fund: BaseModel = known.get(fund_id)
    for path, value in changed.items():
        fund = _changed(fund, path.split("__"), value)
    _replace(house, Funds({**known.funds, fund_id: fund}, known.banks))  # type: ignore[dict-item]


def bank_says(house: House, bank_id: str = "mock-bank", **changed: Any) -> None:
    """Change rules of a bank's profile."""
    known = house.service.funds
    _replace(house, Funds(known.funds, {**known.banks, bank_id: known.bank(bank_id).model_copy(update=changed)}))


def _replace(house: House, funds: Funds) -> None:
    house.service.__dict__["funds"] = funds


def _changed(model: BaseModel, path: list[str], value: Any) -> BaseModel:
    first, *rest = path
    inner = getattr(model, first)
    if rest:
        return model.model_copy(update={first: _changed(inner, rest, value)})
    return model.model_copy(update={first: inner.model_copy(update={"value": value})})
