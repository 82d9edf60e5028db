"""Settings: the environment wins over the file, and what is shown holds no secret."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from debit_service.core.settings import Settings


def test_by_default_everything_is_in_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEBIT_DATABASE_URL", raising=False)
    settings = Settings(home=Path("/srv/debit"))
    assert settings.url == "sqlite:////srv/debit/debit.sqlite3"
    assert settings.keys_path == Path("/srv/debit/keys.json")


def test_the_environment_wins_over_the_file_of_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "default.toml").write_text('mail_from = "file@fund.dz"\nsmtp_port = 26\n')
    monkeypatch.setenv("DEBIT_CONFIG", str(tmp_path))
    monkeypatch.setenv("DEBIT_SMTP_PORT", "27")
    settings = Settings()
    assert (settings.mail_from, settings.smtp_port) == ("file@fund.dz", 27)


def test_ways_to_banks_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBIT_BANK_URLS", json.dumps({"a-bank": "http://127.0.0.1:1"}))
    assert Settings().bank_urls == {"a-bank": "http://127.0.0.1:1"}


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(databse_url="sqlite://")  # type: ignore[call-arg]


def test_what_is_shown_holds_no_password_and_no_secret() -> None:
    settings = Settings(
        database_url="postgresql+psycopg://debit:pa55w0rd@db/debit",
        secret_key="s3cr3t",
    )
    shown = json.dumps(settings.shown())
    assert "pa55w0rd" not in shown
    assert "s3cr3t" not in shown
    assert "postgresql+psycopg://debit:***@db/debit" in shown


def test_confirmations_of_the_home_folder_are_in_force_unless_others_are_named(tmp_path: Path) -> None:
    assert Settings(home=tmp_path).confirmations_path is None
    at_home = tmp_path / "confirmations.toml"
    at_home.touch()
    assert Settings(home=tmp_path).confirmations_path == at_home
    other = tmp_path / "other.toml"
    assert Settings(home=tmp_path, confirmations=other).confirmations_path == other
