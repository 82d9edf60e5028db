"""Reads funds, bank profiles and confirmations from the configuration folder, and corrections of calendars from the database.

It refuses: a file whose name is not its id, two funds with one id, an account that its scheme does not accept, a bank or a
calendar that does not exist, and a confirmation of something that no fund states (a typing error would confirm nothing).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from debit_service.core.accounts import parse_account
from debit_service.core.calendar import BusinessCalendar, Correction, Origin
from debit_service.core.errors import DebitError, InvalidInput, NotFound
from debit_service.core.toml import as_model, read_toml
from debit_service.core.work import Work
from debit_service.funds.models import CalendarOverride
from debit_service.funds.profile import BankProfile, Confirmation, Fund


class _Confirmations(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Confirmation]


@dataclass(frozen=True, slots=True)
class Funds:
    """All funds and banks of a configuration folder; iterating gives the funds in the order of their ids."""

    funds: Mapping[str, Fund]
    banks: Mapping[str, BankProfile]

    def get(self, fund_id: str) -> Fund:
        """The fund. Raises NotFound `fund.unknown`."""
        if fund_id not in self.funds:
            raise NotFound("fund.unknown", f"No fund {fund_id!r} is configured.", remedy="See `debit funds list`.")
        return self.funds[fund_id]

    def bank(self, bank_id: str) -> BankProfile:
        """The bank profile. Raises NotFound `bank.unknown`."""
        if bank_id not in self.banks:
            raise NotFound("bank.unknown", f"No bank {bank_id!r} is configured.", remedy="Add it to config/banks/.")
        return self.banks[bank_id]

    def __iter__(self) -> Iterator[Fund]:
        return iter(self.funds.values())

    def __len__(self) -> int:
        return len(self.funds)


def load_funds(config_dir: Path, confirmations: Path | None = None) -> Funds:
    """The funds of `config_dir/funds/*.toml` and the banks of `config_dir/banks/*.toml`.

    Facts are confirmed by `config_dir/confirmations.toml` and by the second file `confirmations`, if one is given; the second
    file wins where both name a fact. Raises InvalidInput or NotFound, naming file and field.
    """
    confirmed: dict[str, Confirmation] = {}
    for path in (config_dir / "confirmations.toml", confirmations):
        if path is not None:
            confirmed |= as_model(_Confirmations, read_toml(path), path).__pydantic_extra__
    banks = {path.stem: _load_bank(path) for path in sorted((config_dir / "banks").glob("*.toml"))}
    funds = {fund.id: fund for fund in _load_each(config_dir, confirmed)}
    result = Funds(funds=dict(sorted(funds.items())), banks=banks)
    for fund in result:
        result.bank(fund.bank)
    _refuse_stray_confirmations(result, confirmed)
    return result


def _load_bank(path: Path) -> BankProfile:
    bank = as_model(BankProfile, read_toml(path), path)
    _check_file_name(bank.id, path)
    return bank


def _load_each(config_dir: Path, confirmed: Mapping[str, Confirmation]) -> Iterator[Fund]:
    for path in sorted((config_dir / "funds").glob("*.toml")):
        content = read_toml(path)
        fund = as_model(Fund, _placed(content, str(content.get("id", "")), confirmed), path)
        _check_file_name(fund.id.lower(), path)
        _check_references(fund, config_dir, path)
        yield fund


def _placed(content: dict[str, Any], place: str, confirmed: Mapping[str, Confirmation]) -> dict[str, Any]:
    """`content` with each fact told where it stands and who confirmed it; TOML has no null, so a fact may omit its value."""
    if "certainty" in content:
        if "place" in content or "confirmation" in content:
            raise InvalidInput("fact.self_confirmed", "A fact cannot confirm itself.", place=place)
        return {"value": None, **content, "place": place, "confirmation": confirmed.get(place)}
    return {
        key: _placed(value, f"{place}.{key}", confirmed) if isinstance(value, dict) else value
        for key, value in content.items()
    }


def _check_file_name(expected: str, path: Path) -> None:
    if path.stem != expected:
        raise InvalidInput("config.file_name", f"The id asks for the file name {expected}.toml.", place=str(path))


def _check_references(fund: Fund, config_dir: Path, path: Path) -> None:
    calendar = config_dir / "calendars" / f"{fund.calendar}.toml"
    if not calendar.exists():
        raise NotFound("calendar.unknown", f"No calendar {fund.calendar!r} is configured.", place=str(path))
    try:
        parse_account(fund.creditor.account.value, fund.creditor.account_scheme)
    except DebitError as error:
        raise InvalidInput(error.code, error.message, place=f"{path}: creditor.account", remedy=error.remedy) from None


def _refuse_stray_confirmations(funds: Funds, confirmed: Mapping[str, Confirmation]) -> None:
    stray = sorted(set(confirmed) - {fact.place for fund in funds for fact in fund.facts()})
    if stray:
        raise InvalidInput(
            "confirmations.stray",
            "These confirmations name no fact of any fund.",
            place=", ".join(stray),
            remedy="Write the place as `debit funds list` shows it.",
        )


def corrected(session: Session, files: Mapping[str, BusinessCalendar]) -> dict[str, BusinessCalendar]:
    """The calendars of the configuration with what staff say about them now."""
    found: dict[str, list[Correction]] = {name: [] for name in files}
    for row in session.scalars(_standing()):
        if row.calendar in found:
            becomes = cast("Literal['open', 'closed']", row.becomes)
            found[row.calendar].append(Correction(row.day, becomes, row.why, Origin.STAFF))
    return {name: calendar.corrected(found[name]) for name, calendar in files.items()}


def overrides(work: Work, calendar: str) -> Sequence[CalendarOverride]:
    """What staff ever said about a calendar, the newest day first, withdrawn ones included."""
    query = select(CalendarOverride).where(CalendarOverride.calendar == calendar)
    return work.session.scalars(query.order_by(CalendarOverride.day.desc(), CalendarOverride.id.desc())).all()


def override(work: Work, override_id: str) -> CalendarOverride:
    """One correction. Raises NotFound `calendar.override_unknown`."""
    row = work.session.get(CalendarOverride, override_id)
    if row is None:
        raise NotFound(
            "calendar.override_unknown", "There is no such correction.", remedy="See `debit calendars show NAME`."
        )
    return row


def standing_override(work: Work, calendar: str, day: date) -> CalendarOverride | None:
    """The correction of a day that stands, if staff corrected it."""
    query = _standing().where(CalendarOverride.calendar == calendar, CalendarOverride.day == day)
    return work.session.scalars(query).one_or_none()


def told_on(work: Work, calendars: Iterable[str], day: date) -> date | None:
    """When staff last said something about `day` in one of `calendars`, or took it back (UTC); None when they never did."""
    query = select(CalendarOverride).where(CalendarOverride.calendar.in_(list(calendars)), CalendarOverride.day == day)
    return max(((row.withdrawn_at or row.made_at).date() for row in work.session.scalars(query)), default=None)


def _standing() -> Select[CalendarOverride]:
    return select(CalendarOverride).where(CalendarOverride.withdrawn_at.is_(None))
