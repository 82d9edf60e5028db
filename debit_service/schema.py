"""The schema as a whole: every room's tables, and the migrations that bring a database to them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from debit_service.access import models as _access
from debit_service.banks import models as _banks
from debit_service.collections import models as _collections
from debit_service.contributions import models as _contributions
from debit_service.core import models as _core
from debit_service.core.crypto import create_key_ring, load_key_ring
from debit_service.core.database import Base, Database
from debit_service.core.errors import NotFound, Refused
from debit_service.core.settings import Settings
from debit_service.disputes import models as _disputes
from debit_service.employers import models as _employers
from debit_service.funds import models as _funds
from debit_service.ledger import models as _ledger
from debit_service.mandates import models as _mandates
from debit_service.penalties import models as _penalties
from debit_service.reconcile import models as _reconcile
from debit_service.wiring import KEY_CHECK_TEXT, check_keys

ROOMS = (
    _access,
    _banks,
    _collections,
    _contributions,
    _core,
    _disputes,
    _employers,
    _funds,
    _ledger,
    _mandates,
    _penalties,
    _reconcile,
)
METADATA = Base.metadata


def upgrade(settings: Settings) -> str:
    """Bring the database to the newest schema; returns its revision.

    A new installation gets its key ring here. A database with tables and no key ring is refused: a new ring could open nothing.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    try:
        if not settings.keys_path.exists():
            if inspect(database.engine).get_table_names():
                raise Refused(
                    "keys.missing",
                    "The database has tables, but its key ring is gone.",
                    place=str(settings.keys_path),
                    remedy="Restore the key ring from its safe.",
                )
            create_key_ring(settings.keys_path)
        migrate(database, "head")
        _note_key(settings, database)
        return current(database) or ""
    finally:
        database.dispose()


def migrate(database: Database, revision: str) -> None:
    """Move the schema to `revision`, forward or back, in one transaction."""
    with database.engine.begin() as connection:
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        if revision == "head" or revision > (MigrationContext.configure(connection).get_current_revision() or ""):
            command.upgrade(configuration, revision)
        else:
            command.downgrade(configuration, revision)


def current(database: Database) -> str | None:
    """The revision that the database is at. Raises NotFound or Unavailable when there is none, or it does not answer."""
    url = database.engine.url
    if url.drivername.startswith("sqlite") and not Path(url.database or "").exists():
        # Opening it would make an empty one.
        raise NotFound(
            "database.missing", "There is no database.", place=url.database, remedy="Run `debit db upgrade`."
        )
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def newest() -> str:
    """The revision that this code needs."""
    return ScriptDirectory.from_config(_configuration()).get_current_head() or ""


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configuration


def _note_key(settings: Settings, database: Database) -> None:
    keys = load_key_ring(settings.keys_path)
    with database.transaction() as session:
        check_keys(session, keys, settings.keys_path)
        if session.get(_core.KeyCheck, keys.active) is None:
            sealed = keys.seal(KEY_CHECK_TEXT, f"key_checks.sealed:{keys.active}")
            session.add(_core.KeyCheck(key_id=keys.active, sealed=sealed))
