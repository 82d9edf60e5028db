"""Puts the rooms together for one process: settings, database, key ring, funds, calendars, codes, rules, channels to banks.

Entry points (command line, web, worker, demo) make one `Service` and hand it to operations. Nothing else builds these things.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from debit_service.banks.channels import Channel
from debit_service.banks.channels.folder import FolderChannel
from debit_service.banks.channels.http import HttpChannel
from debit_service.core.calendar import BusinessCalendar, JointCalendar, load_calendar
from debit_service.core.clock import Clock, SetClock, SystemClock
from debit_service.core.crypto import KeyRing, load_key_ring
from debit_service.core.database import Database
from debit_service.core.errors import NotFound, Refused
from debit_service.core.models import KeyCheck
from debit_service.core.settings import Settings
from debit_service.core.work import Desk
from debit_service.funds.profile import BankProfile, Fund
from debit_service.funds.queries import Funds, corrected, load_funds
from debit_service.penalties.tariff.catalogue import PenaltyRules, ReasonCodes, load_penalty_rules, load_reason_codes

#: Only a demo writes this file, into a home of its own.
DEMO_CLOCK = "demo-clock.txt"
KEY_CHECK_TEXT = "this key ring belongs to this database"


@dataclass(frozen=True)
class Service:
    """Everything that a use case may need, made once."""

    settings: Settings
    desk: Desk

    @cached_property
    def funds(self) -> Funds:
        """Who collects, and through which banks."""
        return load_funds(self.settings.config, self.settings.confirmations_path)

    @cached_property
    def codes(self) -> ReasonCodes:
        """What reason codes mean, by code and code set."""
        return load_reason_codes(self.settings.config / "reason_codes.csv")

    @cached_property
    def penalty_rules(self) -> PenaltyRules:
        """Late penalties as dated data."""
        return load_penalty_rules(self.settings.config / "penalty_rules.toml")

    @cached_property
    def calendar_files(self) -> dict[str, BusinessCalendar]:
        """Every calendar that a fund or a bank names, as library and file have it."""
        names = {fund.calendar for fund in self.funds} | {self.bank_of(fund).calendar for fund in self.funds}
        return {name: load_calendar(name, self.settings.config) for name in sorted(names)}

    @property
    def calendars(self) -> dict[str, BusinessCalendar]:
        """Those calendars as staff have corrected them up to now: read each time, because a worker lives for months."""
        with self.desk.database.reading() as session:
            return corrected(session, self.calendar_files)

    @property
    def debit_calendars(self) -> dict[str, JointCalendar]:
        """By fund id: the days on which both the fund's country and its bank are open."""
        calendars = self.calendars
        return {fund.id: self._joint(fund, calendars) for fund in self.funds}

    def bank_of(self, fund: Fund) -> BankProfile:
        """The bank through which a fund collects."""
        return self.funds.bank(fund.bank)

    def debit_calendar(self, fund: Fund) -> JointCalendar:
        """The days on which a debit of `fund` can be made."""
        return self._joint(fund, self.calendars)

    def _joint(self, fund: Fund, calendars: Mapping[str, BusinessCalendar]) -> JointCalendar:
        names = dict.fromkeys((fund.calendar, self.bank_of(fund).calendar))
        return JointCalendar(tuple(calendars[name] for name in names))

    def channel(self, bank_id: str) -> Channel:
        """The way to a bank, as the settings say. Raises NotFound when they say nothing."""
        bank = self.funds.bank(bank_id)
        if bank.channel == "http" and (url := self.settings.bank_urls.get(bank_id)):
            return HttpChannel(url)
        if bank.channel == "folder" and (folder := self.settings.bank_folders.get(bank_id)):
            return FolderChannel(folder, keeps_read_files=bank.keeps_read_files)
        if bank.channel == "sftp" and (door := self.settings.bank_sftp.get(bank_id)):
            from debit_service.banks.channels.sftp import SftpChannel

            return SftpChannel(door, keeps_read_files=bank.keeps_read_files)
        raise NotFound(
            "bank.no_channel",
            f"No way to the bank {bank_id} is set up ({bank.channel}).",
            remedy="Set its address in config/default.toml: bank_urls for http, bank_folders for folder, bank_sftp for sftp.",
        )


def open_service(settings: Settings | None = None, clock: Clock | None = None) -> Service:
    """The service on its database. Raises NotFound or Refused when database or key ring are not there, or do not fit."""
    settings = settings or Settings()
    keys = load_key_ring(settings.keys_path)
    service = Service(settings, Desk(Database(settings.url), clock or _clock(settings), keys))
    with service.desk.database.reading() as session:
        check_keys(session, keys, settings.keys_path)
    return service


def _clock(settings: Settings) -> Clock:
    """The machine's clock, unless time is set to stand still; in the home of a demo it stands where its story ended."""
    if settings.clock:
        return SetClock(settings.clock)
    stands_at = settings.home / DEMO_CLOCK
    return SetClock(datetime.fromisoformat(stands_at.read_text())) if stands_at.exists() else SystemClock()


def check_keys(session: Session, keys: KeyRing, path: Path) -> None:
    """Refuse a key ring that does not open what this database was sealed with."""
    for check in session.scalars(select(KeyCheck)):
        try:
            keys.open(check.sealed, f"key_checks.sealed:{check.key_id}")
        except Refused as error:
            raise Refused(
                "keys.wrong",
                "The key ring does not belong to this database.",
                place=str(path),
                remedy="Put the key ring that belongs to it in place.",
            ) from error
