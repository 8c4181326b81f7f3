"""The embedded database: SQLCipher in a folder of its own, key beside it or in the environment.

It never touches a laptop's keyring. Opening fails closed: what is missing, empty, not encrypted or
under another key is named and left exactly as it was.
"""

from __future__ import annotations

import os
import queue
import re
import secrets
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as cipher

from fieldapp.paths import PRIVATE_FILE_MODE, make_private_folder
from sync.server.storage.base import (
    BadValueError,
    CannotOpenError,
    DiskFullError,
    Parameters,
    Row,
    Statements,
    Types,
)

DATABASE_NAME = "server.db"
KEY_NAME = "server.key"
KEY_VARIABLE = "FIELDAPP_SERVER_KEY"

_KEY_BYTES = 32
_PLAIN_HEADER = b"SQLite format 3\x00"
_BUSY_SECONDS = 30
_SQLITE_FULL = 13
_KEYS_AT_ONCE = 4000
"""Keys of one statement; the library takes 32,766 parameters."""

_BEFORE_FIRST_READ = (
    "PRAGMA cipher_log_level = NONE",
    "PRAGMA cipher_page_size = 4096",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
_AFTER_FIRST_READ = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -8192",  # KiB; there is one cache per reader
    "PRAGMA journal_size_limit = 4194304",
)

# What a value itself can cause; anything else (a full disk, a broken file) ends the transaction.
_VALUE_ERRORS = (
    OverflowError,
    UnicodeEncodeError,
    cipher.IntegrityError,
    cipher.DataError,
    cipher.InterfaceError,
    cipher.ProgrammingError,
)


def create(folder: Path, environment_key: str | None = None) -> SqliteDatabase:
    """Make a new encrypted database in `folder` (mode 0700).

    Without a key from the environment a random one is written beside it (mode 0600) before the
    first encrypted byte. Raises CannotOpenError when anything is there already.
    """
    for name in (DATABASE_NAME, KEY_NAME):
        if (folder / name).exists():
            raise CannotOpenError("exists", name)
    make_private_folder(folder)
    if environment_key is None:
        key = secrets.token_hex(_KEY_BYTES)
        write_key(folder / KEY_NAME, key)
    else:
        key = _checked_key(environment_key)
    (folder / DATABASE_NAME).touch(mode=PRIVATE_FILE_MODE, exist_ok=False)
    return SqliteDatabase(folder / DATABASE_NAME, key)


def open_existing(folder: Path, environment_key: str | None = None) -> SqliteDatabase:
    """Open the database in `folder`. Creates nothing; raises CannotOpenError with the reason."""
    path = folder / DATABASE_NAME
    if not path.exists():
        raise CannotOpenError("missing", DATABASE_NAME)
    if path.stat().st_size == 0:
        # An empty file would open as an empty database under any key.
        raise CannotOpenError("empty", DATABASE_NAME)
    with path.open("rb") as file:
        if file.read(len(_PLAIN_HEADER)) == _PLAIN_HEADER:
            raise CannotOpenError("not_encrypted", DATABASE_NAME)
    key = read_key(folder / KEY_NAME) if environment_key is None else _checked_key(environment_key)
    return SqliteDatabase(path, key)


def exists(folder: Path) -> bool:
    """True when the folder holds a database or the key of one."""
    return (folder / DATABASE_NAME).exists() or (folder / KEY_NAME).exists()


class SqliteDatabase:
    """A pool of connections to one cipher file: any number of readers, one writer at a time."""

    dialect = "sqlite"

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self._readers: queue.LifoQueue[cipher.Connection] = queue.LifoQueue()
        self._writing = threading.Lock()
        self._writer = self._connect()

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """Open one consistent view of what is committed."""
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield _SqliteStatements(connection)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._readers.put(connection)

    def glancing(self) -> AbstractContextManager[Statements]:
        """The same as `reading`, which costs nothing here."""
        return self.reading()

    def noting(self) -> AbstractContextManager[Statements]:
        """A short transaction that does not wait for the disk."""
        return self.writing(lasting=False)

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Statements]:
        """Open a transaction; writers of this and other processes take turns."""
        with self._writing:
            if not lasting:
                # Cannot be changed inside a transaction. The log is still written in order: what
                # a power cut may take is the end of it, never a part in the middle.
                self._writer.execute("PRAGMA synchronous = NORMAL")
            try:
                # IMMEDIATE: a lock taken only at the first write could not be waited for.
                self._writer.execute("BEGIN IMMEDIATE")
                yield _SqliteStatements(self._writer)
                with _value_errors_named():
                    self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                if not lasting:
                    self._writer.execute("PRAGMA synchronous = FULL")

    def migrating(self) -> Any:
        """As `writing`: there is only one writer anyway."""
        return self.writing()

    def script(self, statements: Statements, text: str) -> None:
        """Run a migration's statements one by one inside the open transaction."""
        # executescript would commit first.
        pending = ""
        for line in text.splitlines(keepends=True):
            pending += line
            if cipher.complete_statement(pending):
                statements.run(pending)
                pending = ""

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy under the same key to a new file, while others go on working."""
        path.touch(mode=PRIVATE_FILE_MODE, exist_ok=False)
        with (
            closing(self._connect()) as source,
            closing(_connected(path, self._key)) as target,
            _value_errors_named(),
        ):
            source.backup(target)
            # One file alone: what was copied must not lie in a log beside it.
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def damage(self) -> str | None:
        """Read every page; say what is wrong (its seal or its structure), or None."""
        with closing(self._connect()) as connection:
            for check in ("PRAGMA cipher_integrity_check", "PRAGMA integrity_check"):
                found = [str(row[0]) for row in connection.execute(check)]
                if found not in ([], ["ok"]):
                    return check.removeprefix("PRAGMA ")
        return None

    def free_bytes(self) -> int | None:
        """Return the room on the disk of the database."""
        return shutil.disk_usage(self._path.parent).free

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        with self._writing:
            self._writer.close()
        while True:
            try:
                self._readers.get_nowait().close()
            except queue.Empty:
                return

    def _connect(self) -> cipher.Connection:
        return _connected(self._path, self._key)


def _connected(path: Path, key: str) -> cipher.Connection:
    connection = cipher.connect(
        str(path), timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _unlock(connection, key)
    except BaseException:
        connection.close()
        raise
    return connection


def _unlock(connection: cipher.Connection, key: str) -> None:
    connection.execute("PRAGMA cipher_memory_security = ON")
    specification = bytearray(b"x'" + key.encode() + b"'")
    connection.set_key(specification)
    specification[:] = bytes(len(specification))
    if not connection.execute("PRAGMA cipher_version").fetchone():
        # A library without the cipher ignores the key and would write plain text.
        raise CannotOpenError("no_cipher")
    for pragma in _BEFORE_FIRST_READ:
        connection.execute(pragma)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except cipher.DatabaseError:
        raise CannotOpenError("wrong_key_or_damaged", DATABASE_NAME) from None
    for pragma in _AFTER_FIRST_READ:
        connection.execute(pragma)


class _SqliteStatements:
    dialect = "sqlite"

    def __init__(self, connection: cipher.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        with _value_errors_named():
            found: list[Row] = self._connection.execute(sql, tuple(parameters)).fetchall()
        return found

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        with _value_errors_named():
            return int(self._connection.execute(sql, tuple(parameters)).rowcount)

    def rows_for(
        self, sql: str, types: Types, keys: Sequence[Row], parameters: Parameters = ()
    ) -> list[Row]:
        marks = f"({', '.join('?' * len(types))})"
        found: list[Row] = []
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            text = sql.replace("{keys}", "VALUES " + ", ".join([marks] * len(some)))
            values = [value for key in some for value in key]
            found += self.rows(text, (*values, *parameters))
        return found

    def run_for(self, sql: str, types: Types, rows: Sequence[Row]) -> None:
        text = sql.replace("{rows}", f"VALUES ({', '.join('?' * len(types))})")
        with _value_errors_named():
            self._connection.executemany(text, rows)

    def at_once(self) -> AbstractContextManager[None]:
        return nullcontext()

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(columns))
        text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
        with _value_errors_named():
            self._connection.executemany(text, rows)


@contextmanager
def _value_errors_named() -> Iterator[None]:
    try:
        yield
    except cipher.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == _SQLITE_FULL:
            raise DiskFullError from None
        raise
    except _VALUE_ERRORS as error:
        # The driver's message may quote the value; only the sort of trouble goes on.
        raise BadValueError(type(error).__name__) from None


def write_key(path: Path, key: str) -> None:
    """Write a key to a new file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> str:
    """Read a key file. Raises CannotOpenError (key_missing, -damaged, -readable_by_others)."""
    try:
        text = path.read_text(encoding="ascii")
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise CannotOpenError("key_missing", KEY_NAME) from None
    except UnicodeDecodeError:
        raise CannotOpenError("key_damaged", KEY_NAME) from None
    if os.name == "posix" and mode & 0o077:
        raise CannotOpenError("key_readable_by_others", KEY_NAME)
    return _checked_key(text)


def _checked_key(text: str) -> str:
    key = text.strip()
    if not re.fullmatch(r"[0-9a-fA-F]{64}", key):
        raise CannotOpenError("key_damaged")
    return key
