"""PostgreSQL through psycopg 3: any number of server processes on one database or cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import LiteralString

import psycopg
from psycopg import sql as composed
from psycopg_pool import ConnectionPool, PoolTimeout

from sync.server.storage.base import (
    BadValueError,
    CannotOpenError,
    DiskFullError,
    Parameters,
    Row,
    Statements,
    Types,
)

_MIGRATION_LOCK = 4_207_118
"""Any number, as long as it is always the same: it names the advisory lock."""

_BEGIN = "BEGIN"
_BEGIN_UNLASTING = "BEGIN; SET LOCAL synchronous_commit TO off"
"""In one go: each wait for the database costs both sides more than the statement."""

_VALUE_ERRORS = (
    OverflowError,
    UnicodeEncodeError,
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.RaiseException,
)

Connection = psycopg.Connection[tuple[object, ...]]


class PostgresDatabase:
    """A pool of connections to one PostgreSQL database."""

    dialect = "postgres"

    def __init__(self, url: str, *, connections: int = 16, connect_seconds: float = 10) -> None:
        """Connect. Raises CannotOpenError when the database does not answer."""
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            kwargs={"autocommit": True},
        )
        try:
            self._pool.open(wait=True, timeout=connect_seconds)
        except PoolTimeout:
            self._pool.close()
            # The driver's message would name the address and the user.
            raise CannotOpenError("no_answer") from None

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """Open one consistent view of what is committed."""
        with self._pool.connection() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield _PostgresStatements(connection)
            finally:
                connection.rollback()

    @contextmanager
    def glancing(self) -> Iterator[Statements]:
        """Run statements that only read, each with a view of its own."""
        with self._pool.connection() as connection:
            yield _PostgresStatements(connection)

    @contextmanager
    def noting(self) -> Iterator[Statements]:
        """Run one statement: no walk to the database for the beginning and none for the end.

        It waits for no disk as long as its table is UNLOGGED.
        """
        with _value_errors_named(), self._pool.connection() as connection:
            yield _PostgresStatements(connection)

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Statements]:
        """Open a transaction; each statement sees what is committed when it starts."""
        # Named here as well: a commit finds a full disk too.
        # The pool undoes what an exception leaves open before it lends the connection again.
        with _value_errors_named(), self._pool.connection() as connection:
            connection.execute(_BEGIN if lasting else _BEGIN_UNLASTING)
            yield _PostgresStatements(connection)
            connection.commit()

    @contextmanager
    def migrating(self) -> Iterator[Statements]:
        """Like `writing`, while every other process that wants to migrate waits."""
        with self.writing() as statements:
            statements.rows("SELECT pg_advisory_xact_lock(?)", (_MIGRATION_LOCK,))
            yield statements

    def script(self, statements: Statements, text: str) -> None:
        """Run a migration's statements inside the open transaction."""
        statements.run(text)

    def free_bytes(self) -> int | None:
        """None: the disk is the database's own, on a machine that is watched by itself."""
        return None

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _PostgresStatements:
    dialect = "postgres"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        with _value_errors_named():
            cursor = self._connection.execute(_translated(sql), tuple(parameters) or None)
            return list(cursor.fetchall())

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        with _value_errors_named():
            return self._connection.execute(_translated(sql), tuple(parameters) or None).rowcount

    def rows_for(
        self, sql: str, types: Types, keys: Sequence[Row], parameters: Parameters = ()
    ) -> list[Row]:
        text, arrays = _with_table(sql, "{keys}", types, keys)
        return self.rows(text, (*arrays, *parameters))

    def run_for(self, sql: str, types: Types, rows: Sequence[Row]) -> None:
        text, arrays = _with_table(sql, "{rows}", types, rows)
        self.run(text, arrays)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        with _value_errors_named(), self._connection.pipeline():
            yield

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        statement = composed.SQL("COPY {} ({}) FROM STDIN").format(
            composed.Identifier(table),
            composed.SQL(", ").join(composed.Identifier(column) for column in columns),
        )
        with (
            _value_errors_named(),
            self._connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for row in rows:
                copy.write_row(row)


@contextmanager
def _value_errors_named() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.DiskFull:
        raise DiskFullError from None
    except _VALUE_ERRORS as error:
        # The server's message quotes the value; only the sort of trouble goes on.
        raise BadValueError(type(error).__name__) from None


@lru_cache(maxsize=512)
def _translated(sql: str) -> LiteralString:
    # Our own texts hold neither "?" nor "%" in any other meaning.
    return sql.replace("?", "%s")


def _with_table(
    sql: str, mark: str, types: Types, rows: Sequence[Row]
) -> tuple[str, tuple[object, ...]]:
    """Put a table of parameters into a text. One array for each column: the text is always the
    same, however many rows there are, so that it is planned once.
    """
    columns = zip(*rows, strict=True) if rows else ([] for _ in types)
    arrays = tuple(map(_array, types, columns))
    return sql.replace(mark, _table_of(types)), arrays


def _array(kind: str, values: Iterable[object]) -> str:
    """Return the text of an array. The driver's own way looks at every letter in Python."""
    if kind == "bigint":
        return "{" + ",".join("NULL" if value is None else f"{value:d}" for value in values) + "}"
    return "{" + ",".join(map(_quoted, values)) + "}"


def _quoted(value: object) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if '"' in text:
        text = text.replace('"', '\\"')
    return f'"{text}"'


@lru_cache(maxsize=64)
def _table_of(types: Types) -> str:
    return f"SELECT * FROM unnest({', '.join(f'?::{kind}[]' for kind in types)})"  # noqa: S608
