"""Where things are: the database, the home folder of keys and stores, the folder of configuration.

Settings come from `default.toml` in the folder of configuration and from the environment (`DEBIT_DATABASE_URL`, `DEBIT_HOME`,
`DEBIT_CONFIG`, ...); the environment wins. `debit config` shows what is in force, secrets masked.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from sqlalchemy.engine import make_url

PROJECT = Path(__file__).resolve().parents[2]


class SftpDoor(BaseModel):
    """A bank's SFTP server: where it is, how it proves itself, how we do, and which folders are ours to use."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1)
    host_keys: tuple[str, ...] = Field(
        min_length=1, description="Keys that the server may show: lines of known_hosts, or SHA256 fingerprints."
    )
    key_file: Path | None = Field(default=None, description="Our private key.")
    passphrase: SecretStr | None = None
    passphrase_file: Path | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    in_folder: str = Field(default="in", min_length=1, description="The bank's folder for our files.")
    out_folder: str = Field(default="out", min_length=1, description="The bank's folder with its own.")
    fetched: Literal["move", "delete", "leave"] = Field(
        default="move", description="What becomes of the bank's files once they are stored here."
    )

    @model_validator(mode="after")
    def _proves_who_we_are(self) -> Self:
        if not (self.key_file or self.password or self.password_file):
            raise ValueError("a key_file is needed, or a password where the bank knows no keys")
        return self


class Settings(BaseSettings):
    """What is in force for this process."""

    # What was typed is not repeated in errors: there may be a passphrase in it.
    model_config = SettingsConfigDict(env_prefix="DEBIT_", extra="forbid", hide_input_in_errors=True)

    home: Path = Field(
        default=Path(".debit"), description="Folder of the embedded database, the key ring and the stores."
    )
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in the home folder.")
    config: Path = Field(
        default=PROJECT / "config", description="Folder of funds, banks, calendars, codes and penalty rules."
    )
    confirmations: Path | None = Field(
        None,
        description="Confirmations beside config/confirmations.toml; default: confirmations.toml in the home folder.",
    )
    keys_file: Path | None = Field(default=None, description="The key ring; default: keys.json in the home folder.")
    clock: datetime | None = Field(
        default=None, description="A moment at which time stands still: for rehearsals, never in production."
    )
    smtp_host: str | None = Field(
        None, description="Host that takes notices by e-mail; none: notices become letters in the home folder."
    )
    smtp_port: int = Field(default=25, description="Port of that host.")
    mail_from: str = Field(default="no-reply@localhost", description="Sender of notices.")
    secret_key: SecretStr | None = Field(
        default=None, description="Signs web sessions; default: derived from the key ring."
    )
    secure_cookies: bool = Field(
        default=True, description="Send cookies over HTTPS only; false only for a loopback demo."
    )
    bank_urls: dict[str, str] = Field(default_factory=dict, description="Address of each HTTP bank, by bank id.")
    bank_folders: dict[str, Path] = Field(
        default_factory=dict, description="Exchange folder of each folder bank, by bank id."
    )
    bank_sftp: dict[str, SftpDoor] = Field(default_factory=dict, description="Server of each SFTP bank, by bank id.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then config/default.toml."""
        folder = Path(os.environ.get("DEBIT_CONFIG", PROJECT / "config"))
        default = TomlConfigSettingsSource(settings_cls, toml_file=folder / "default.toml")
        return (init_settings, env_settings, file_secret_settings, default)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'debit.sqlite3'}"

    @property
    def confirmations_path(self) -> Path | None:
        """The second file of confirmations in force: the one that is set, else `confirmations.toml` in the home folder."""
        at_home = self.home / "confirmations.toml"
        return self.confirmations or (at_home if at_home.exists() else None)

    @property
    def keys_path(self) -> Path:
        """The key ring's file in force."""
        return self.keys_file or self.home / "keys.json"

    def shown(self) -> dict[str, object]:
        """What is in force, for people and logs: passwords in URLs and secrets masked."""
        values = self.model_dump(mode="json")
        values["database_url"] = make_url(self.url).render_as_string(hide_password=True)
        values["keys_file"] = str(self.keys_path)
        return values
