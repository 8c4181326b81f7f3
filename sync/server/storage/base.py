"""The interface of the storage and the errors it raises.

StorageError
├── CannotOpenError       missing, empty, not encrypted, wrong key: nothing was touched
├── BadValueError         one value cannot be stored; the rest of the transaction can
├── DiskFullError         there is no room; nothing of the transaction was stored
├── NotInitialisedError   the database is there but no server was set up in it
└── NewerSchemaError      written by a newer version of this program
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fieldapp.errors import UserError

Row = Sequence[Any]
Parameters = Sequence[object]
Types = tuple[str, ...]
"""SQL types of columns: "text" or "bigint"."""


class StorageError(UserError):
    """The server's database cannot be used."""

    code = "storage"


class CannotOpenError(StorageError):
    """The database cannot be opened; nothing was created or changed."""

    code = "storage_cannot_open"


class BadValueError(StorageError):
    """A value cannot be stored as it is."""

    code = "storage_bad_value"


class DiskFullError(StorageError):
    """The disk of the database is full; nothing of the transaction was stored."""

    code = "storage_full"


class NotInitialisedError(StorageError):
    """No server has been set up in this database; run --init first."""

    code = "storage_not_initialised"


class NewerSchemaError(StorageError):
    """The database was written by a newer version of this program."""

    code = "storage_newer_schema"


class Statements(Protocol):
    """One open transaction as a place to run SQL text; placeholders are written `?`."""

    dialect: str
    """"sqlite" or "postgres", for the few texts that differ."""

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return every row of a query."""
        ...

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Execute a statement and return the number of rows it touched."""
        ...

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert many rows by the database's fastest road."""
        ...

    def rows_for(
        self, sql: str, types: Types, keys: Sequence[Row], parameters: Parameters = ()
    ) -> list[Row]:
        """Return the rows of one query for many keys.

        `{keys}` in the text stands for a table of the keys, whose columns have the SQL `types`;
        `parameters` belong to placeholders after it.
        """
        ...

    def at_once(self) -> AbstractContextManager[None]:
        """Send the writes inside without waiting for each; what is wrong is raised at the end."""
        ...

    def run_for(self, sql: str, types: Types, rows: Sequence[Row]) -> None:
        """Execute one statement for many rows; `{rows}` in the text stands for a table of them."""
        ...


class Database(Protocol):
    """One of the two databases. Safe to use from several threads."""

    dialect: str
    """Names the migrations that are this database's own ("sqlite", "postgres")."""

    def reading(self) -> AbstractContextManager[Statements]:
        """Open one consistent view of what is committed."""
        ...

    def glancing(self) -> AbstractContextManager[Statements]:
        """Run statements that only read, each with a view of its own."""
        ...

    def noting(self) -> AbstractContextManager[Statements]:
        """Run one statement that writes what nobody would miss after a power cut, the cheapest way.

        A commit of its own.
        """
        ...

    def writing(self, *, lasting: bool = True) -> AbstractContextManager[Statements]:
        """Open a transaction that commits at the end, or is undone when an exception leaves it.

        Where nobody would miss it after a power cut (`lasting` false), the commit need not wait for
        the disk.
        """
        ...

    def migrating(self) -> AbstractContextManager[Statements]:
        """Like `writing`, and no other process migrates meanwhile."""
        ...

    def script(self, statements: Statements, text: str) -> None:
        """Run a migration's statements inside an open transaction."""
        ...

    def free_bytes(self) -> int | None:
        """Return the room on the disk of the database, None where it cannot be known."""
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...
