"""Migrations: up from nothing, down the last step and up again, and at the end exactly the tables of the models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

from debit_service import schema
from debit_service.core.database import Database

STEPS = sorted(
    path.stem.partition("_")[0] for path in (Path(schema.__file__).parent / "migrations/versions").glob("0*.py")
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with the newest schema."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


def tables_of(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def triggers_of(database: Database) -> int:
    where = {"sqlite": "sqlite_master where type = 'trigger'", "postgresql": "pg_trigger where not tgisinternal"}
    with database.engine.connect() as connection:
        query = f"select count(*) from {where[database.engine.dialect.name]}"  # noqa: S608 - the tests' own words
        return connection.scalar(text(query)) or 0


def test_the_migrated_schema_is_the_one_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.METADATA) == []
    assert tables_of(database) == {*schema.METADATA.tables, "alembic_version"}


def test_every_check_of_the_models_is_in_the_database(database: Database) -> None:
    for table in schema.METADATA.sorted_tables:
        wanted = {one.name for one in table.constraints if isinstance(one, CheckConstraint)}
        found = {one["name"] for one in inspect(database.engine).get_check_constraints(table.name)}
        assert found == wanted, table.name


def test_the_last_step_goes_down_and_up_again(database: Database) -> None:
    triggers = triggers_of(database)
    assert schema.current(database) == schema.newest() == STEPS[-1]

    schema.migrate(database, STEPS[-2])
    assert schema.current(database) == STEPS[-2]
    assert triggers_of(database) <= triggers

    schema.migrate(database, "head")
    assert schema.current(database) == schema.newest()
    assert triggers_of(database) == triggers


def test_a_check_that_is_not_the_released_one_is_refused_and_the_schema_is_not_left_open_to_writing(
    sqlite_url: str,
) -> None:
    opened = Database(sqlite_url)
    schema.migrate(opened, "0022")
    with opened.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0021'"))

    with pytest.raises(RuntimeError, match="not the one that was released"):
        schema.migrate(opened, "0022")

    with opened.engine.connect() as connection:
        assert connection.scalar(text("pragma writable_schema")) == 0
    opened.dispose()


def test_a_migration_that_fails_leaves_the_schema_where_it_was(database: Database) -> None:
    before = "0014"
    schema.migrate(database, before)
    tables, triggers = tables_of(database), triggers_of(database)
    with database.engine.begin() as connection:
        # One index of the next step is there already, under another table: it breaks in the middle, after its table was made.
        connection.execute(text("create index ix_penalties_untold on journal_lines (entry_id)"))

    with pytest.raises(Exception, match="already exists"):
        schema.migrate(database, "head")

    assert schema.current(database) == before
    assert (tables_of(database), triggers_of(database)) == (tables, triggers)
