"""Many rows at a time: what a million collections need, on both databases, inside the transaction of a `Work`.

Rows go in as tuples: by COPY on PostgreSQL, by one prepared statement on SQLite. The columns' own types turn values into what
the database keeps, so that a row written here reads like any other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from json import JSONEncoder, dumps
from typing import Any, Final, cast

import psycopg
from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Date,
    Dialect,
    LargeBinary,
    String,
    Table,
    TableValuedAlias,
    any_,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import UserDefinedType

from debit_service.core.database import Base, UtcDateTime

_Text = InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | ColumnElement[Any]
#: Rows that a use case holds at a time: enough that a statement's own cost is small against theirs.
CHUNK_ROWS = 20_000
#: `json.dumps` would choose between encoders for each value.
_ENCODER: Final = JSONEncoder()
#: What SQLite's `json_each` gives of each element.
_VALUES: Final = select(literal_column("value", String))
#: In a text of PostgreSQL's that holds an array.
_QUOTED: Final = str.maketrans({'"': '\\"', "\\": "\\\\"})


def insert_rows(session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows`, tuples in the order of `columns`; returns how many. Raises what a single insert raises."""
    session.flush()
    table = cast("Table", model.__table__)
    connection = session.connection()
    dialect = connection.dialect
    converted = _converted(table, columns, rows, dialect)
    names = ", ".join(columns)
    if dialect.name == "postgresql":
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        return _copy(driver, f"copy {table.name} ({names}) from stdin", converted)
    kept = list(converted)
    if kept:
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"insert into {table.name} ({names}) values ({places})", kept)  # noqa: S608 - our own names
    return len(kept)


def among(session: Session, column: _Text, values: Iterable[str]) -> ColumnElement[bool]:
    """The condition that `column` is one of `values`, however many: one parameter, so one prepared statement."""
    wanted = list(values)
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(_array(wanted))
    return column.in_(_VALUES.select_from(func.json_each(dumps(wanted))))


def paired(session: Session, values: Mapping[str, str | None]) -> TableValuedAlias:
    """`values` as a table of `key` and `value` that a statement can be joined with, however many: one prepared statement."""
    if session.get_bind().dialect.name == "postgresql":
        columns = _array(values), _array(values.values())
        return func.unnest(*columns).table_valued("key", "value").render_derived()
    return func.json_each(dumps(values)).table_valued("key", "value")


class _Texts(UserDefinedType[str]):
    """An array of texts on PostgreSQL, handed over as the one text of which it is read: the driver would look at each value by
    itself, and take ten times as long. Bound as an array all the same: behind a cast the planner would not see how long it is.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        """What the text is cast to."""
        return "VARCHAR[]"


def _array(values: Iterable[str | None]) -> ColumnElement[str]:
    written = ["null" if one is None else f'"{one.translate(_QUOTED)}"' for one in values]
    return literal(f"{{{','.join(written)}}}", _Texts())


def _copy(driver: "psycopg.Connection[Any]", statement: str, rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    try:
        with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
    except psycopg.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error
    except psycopg.OperationalError as error:
        raise OperationalError(statement, None, error) from error
    return count


def _converted(
    table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]], dialect: Dialect
) -> Iterable[Sequence[Any]]:
    """The rows as the driver takes them; only columns whose type changes values are touched."""
    changes = [(index, change) for index, name in enumerate(columns) if (change := _change(table, name, dialect))]
    if not changes:
        return rows
    return (_with(list(row), changes) for row in rows)


def _change(table: Table, name: str, dialect: Dialect) -> Callable[[Any], Any] | None:
    kind = table.c[name].type
    # The driver knows truth as it is; SQLAlchemy would only check it.
    if isinstance(kind, Boolean):
        return None
    # Both databases take JSON as text; a wrapper for each value would cost more than the text.
    if isinstance(kind, JSON):
        return _ENCODER.encode
    change = kind.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(kind, LargeBinary) and dialect.name == "postgresql":
        return _hexadecimal
    # Rows that are written together share their few days and moments.
    return lru_cache(maxsize=1024)(partial(_moment, change)) if isinstance(kind, Date | UtcDateTime) else change


def _moment(change: Callable[[Any], Any] | None, value: Any) -> str | None:
    """A day or a moment as text, of which the drivers need not think."""
    kept = change(value) if change else value
    return None if kept is None else str(kept)


def _hexadecimal(value: bytes | None) -> str | None:
    """As PostgreSQL reads bytes in a text."""
    return None if value is None else f"\\x{value.hex()}"


def _with(row: list[Any], changes: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    for index, change in changes:
        row[index] = change(row[index])
    return tuple(row)
