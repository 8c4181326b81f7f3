"""The open, encrypted database: the only module of ``fieldapp`` that knows the cipher driver.

It does four things: hands SQLCipher to sqlite-utils (and bars that library from opening files of
its own), opens a file with every setting that the leak and power-cut tests rely on, gives the one
kind of transaction that the application uses, and turns the driver's numbers into named errors.

The key never becomes a Python ``str`` or ``bytes``: a callback writes it into a ``bytearray`` that
is wiped as soon as SQLCipher has taken it over.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from fieldapp.domain.collation import sort_key
from fieldapp.errors import FieldAppError
from fieldapp.store.errors import (
    ClosedStoreError,
    DatabaseDamagedError,
    DatabaseMissingError,
    DatabasePlaintextError,
    DiskFullError,
    DriverMissingError,
    NestedTransactionError,
    ReadOnlyStoreError,
    StoreBusyError,
    StoreInputOutputError,
    WrongThreadError,
)
from fieldapp.store.files import create_private_file, flush_file, flush_folder

if TYPE_CHECKING:
    import sqlite_utils

    sqlite: Any
else:
    try:
        from sqlcipher3 import dbapi2 as sqlite
    except ImportError:
        # Everything below refuses to work without it; there is no unencrypted mode.
        sqlite = None

log = logging.getLogger(__name__)

PAGE_SIZE = 4096
PLAINTEXT_HEADER = b"SQLite format 3\x00"
BUSY_TIMEOUT_SECONDS = 5.0
CLONE_CLOSE_TIMEOUT_SECONDS = 5.0

KeySource = Callable[[], bytearray]
"""Makes SQLCipher's key text x'<64 hex key><32 hex salt>' in a new bytearray; the caller wipes it.

Raises when the key is no longer there (the store was locked meanwhile)."""


class Row(Protocol):
    """One row of a result: values by column name or by position."""

    def __getitem__(self, key: str | int) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...

    def keys(self) -> list[str]:
        """The names of the columns."""
        ...


class Cursor(Protocol):
    """The result of one statement."""

    @property
    def rowcount(self) -> int: ...

    def __iter__(self) -> Iterator[Row]: ...

    def fetchone(self) -> Row | None:
        """The next row, or None after the last."""
        ...

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        ...


class Connection(Protocol):
    """What the application uses of a DB-API connection; it commits only where told to."""

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:
        """Run one statement with ``?`` or ``:name`` parameters."""
        ...

    def executemany(self, sql: str, parameters: Any, /) -> Cursor:
        """Run one statement once per set of parameters."""
        ...

    def interrupt(self) -> None:
        """Stop the running statement; may be called from any thread."""
        ...


# --- the driver --------------------------------------------------------------------------------

if sqlite is not None:
    DatabaseError: type[Exception] = sqlite.DatabaseError
    IntegrityError: type[Exception] = sqlite.IntegrityError
    OperationalError: type[Exception] = sqlite.OperationalError
else:  # names that callers may catch; nothing raises them without the driver
    DatabaseError = IntegrityError = OperationalError = DriverMissingError


def require_driver() -> None:
    """Raise DriverMissingError unless a database driver that really encrypts is loaded."""
    if sqlite is None:
        raise DriverMissingError
    probe = sqlite.connect(":memory:")
    try:
        # A plain SQLite ignores unknown pragmas, and would then ignore the key in silence as well.
        if probe.execute("PRAGMA cipher_version").fetchone() is None:
            raise DriverMissingError
    finally:
        probe.close()


def _refuse_paths(database: object = ":memory:", *arguments: Any, **options: Any) -> Any:
    if str(database) != ":memory:":
        raise sqlite.ProgrammingError("files are opened by fieldapp.store.db.Database only")
    return sqlite.connect(":memory:", *arguments, **options)


def _hand_driver_to_sqlite_utils() -> None:
    """Register SQLCipher under the name that sqlite-utils tries before the standard ``sqlite3``.

    That is a supported way to give it another SQLite. Without it the library would catch the wrong
    exception classes. Its own ``connect`` is barred so that it can never create a plaintext file.
    """
    loaded = sys.modules.get("sqlite_utils.utils")
    if loaded is not None and loaded.sqlite3.__name__ != "pysqlite3":
        raise ImportError("import fieldapp.store.db before sqlite_utils")
    if "pysqlite3" in sys.modules:
        return
    package = types.ModuleType("pysqlite3")
    submodule = types.ModuleType("pysqlite3.dbapi2")
    for module in (package, submodule):
        for name in dir(sqlite):
            if not name.startswith("__"):
                setattr(module, name, getattr(sqlite, name))
        module.__dict__["connect"] = _refuse_paths
    package.__dict__["dbapi2"] = submodule
    sys.modules["pysqlite3"] = package
    sys.modules["pysqlite3.dbapi2"] = submodule


if sqlite is not None:
    _hand_driver_to_sqlite_utils()
    importlib.import_module("sqlite_utils")

# --- errors by number --------------------------------------------------------------------------

_ERRORS_BY_CODE: dict[int, type[FieldAppError]] = {
    5: StoreBusyError,  # SQLITE_BUSY
    6: StoreBusyError,  # SQLITE_LOCKED
    8: ReadOnlyStoreError,  # SQLITE_READONLY
    10: StoreInputOutputError,  # SQLITE_IOERR
    11: DatabaseDamagedError,  # SQLITE_CORRUPT
    13: DiskFullError,  # SQLITE_FULL
    14: ReadOnlyStoreError,  # SQLITE_CANTOPEN: the folder cannot be written
    26: DatabaseDamagedError,  # SQLITE_NOTADB: the key was proven right before opening
}


def named_error(error: BaseException) -> FieldAppError | None:
    """The application's name for an error of the driver; None for one that has no name.

    Constraint errors have no name here: only the repository knows which rule was broken.
    """
    number = getattr(error, "sqlite_errorcode", None)
    if not isinstance(number, int):
        return None
    kind = _ERRORS_BY_CODE.get(number & 0xFF)
    return kind() if kind is not None else None


@contextlib.contextmanager
def named_errors() -> Iterator[None]:
    """Turn the driver's errors inside the block into the classes of ``fieldapp.store.errors``."""
    try:
        yield
    except FieldAppError:
        raise
    except Exception as error:
        known = named_error(error)
        if known is None:
            raise
        raise known from error


# --- settings ----------------------------------------------------------------------------------

_SETTINGS_BEFORE_FIRST_READ = (
    "cipher_log_level = NONE",  # the default writes to standard error
    "temp_store = MEMORY",  # temporary files would hold clear text
    "trusted_schema = OFF",
    "cell_size_check = ON",
)

_SETTINGS_AFTER_FIRST_READ = (
    "synchronous = FULL",  # NORMAL loses acknowledged commits in a power cut
    "fullfsync = ON",  # the last two matter on macOS
    "checkpoint_fullfsync = ON",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # INSERT OR REPLACE must not slip past a delete trigger
    "secure_delete = ON",
    "cache_size = -65536",  # KiB
    "analysis_limit = 400",  # 0 would let ANALYZE keep samples of values, deleted ones too
    "journal_size_limit = 4194304",
    "wal_autocheckpoint = 500",
)

# Pragmas that nobody may change on an open store: the leak, power-cut and integrity tests rely
# on them. Asking for their value stays possible.
_FIXED_PRAGMAS = frozenset(
    {
        "analysis_limit",
        "checkpoint_fullfsync",
        "foreign_keys",
        "fullfsync",
        "hexkey",
        "hexrekey",
        "ignore_check_constraints",
        "journal_mode",
        "key",
        "rekey",
        "secure_delete",
        "synchronous",
        "temp_store",
        "temp_store_directory",
        "textkey",
        "textrekey",
        "trusted_schema",
        "writable_schema",
    }
)


def _guard(action: int, first: str | None, second: str | None, _db: object, _by: object) -> int:
    """SQLite's authorizer: no second database file (it could be plaintext), no weaker settings."""
    denied: int = sqlite.SQLITE_DENY
    allowed: int = sqlite.SQLITE_OK
    if action == sqlite.SQLITE_ATTACH:
        return denied
    if action == sqlite.SQLITE_PRAGMA and second is not None:
        name = (first or "").lower()
        if name in _FIXED_PRAGMAS or name.startswith("cipher_"):
            return denied
    return allowed


def _compare_norwegian(left: str, right: str) -> int:
    left_key, right_key = sort_key(left), sort_key(right)
    return (left_key > right_key) - (left_key < right_key)


def check_header(path: Path) -> None:
    """Refuse a file that must not be opened: absent, too short, or not encrypted.

    SQLCipher would open an empty file as an empty database with any key at all.
    """
    try:
        with path.open("rb") as file:
            header = file.read(len(PLAINTEXT_HEADER))
    except FileNotFoundError as error:
        raise DatabaseMissingError from error
    except PermissionError as error:
        raise ReadOnlyStoreError from error
    if len(header) < len(PLAINTEXT_HEADER):
        raise DatabaseMissingError
    if header == PLAINTEXT_HEADER:
        raise DatabasePlaintextError


def _connect(path: Path, key_source: KeySource, page_size: int) -> Any:
    """A new keyed connection with all settings in force; proves the key by a first read."""
    # check_same_thread is off because a store is opened in a worker thread and then handed over;
    # Database does the check itself. The driver is built for serialized use.
    connection = sqlite.connect(
        str(path), timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        with named_errors():
            _configure(connection, key_source, page_size)
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: Any, key_source: KeySource, page_size: int) -> None:
    run = connection.execute
    # Before the key: from here on SQLite wipes every piece of memory that it frees.
    run("PRAGMA cipher_memory_security = ON")
    key = key_source()
    try:
        connection.set_key(key)
    finally:
        key[:] = bytes(len(key))
    if run("PRAGMA cipher_version").fetchone() is None:
        raise DriverMissingError
    run(f"PRAGMA cipher_page_size = {int(page_size)}")
    for setting in _SETTINGS_BEFORE_FIRST_READ:
        run(f"PRAGMA {setting}")
    run("SELECT count(*) FROM sqlite_master").fetchone()
    if run("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise ReadOnlyStoreError
    for setting in _SETTINGS_AFTER_FIRST_READ:
        run(f"PRAGMA {setting}")
    connection.create_collation("norwegian", _compare_norwegian)
    connection.row_factory = sqlite.Row
    connection.set_authorizer(_guard)


class Database:
    """The open store: one connection, used by one thread at a time.

    The connection belongs to the first thread that uses it; ``hand_over`` lets another thread
    take it. A worker that runs beside the screen gets its own connection from ``clone``.

    Attributes: ``path`` of the database file, ``page_size`` in bytes.
    """

    def __init__(
        self, path: Path, key_source: KeySource, page_size: int, parent: Database | None = None
    ) -> None:
        """For ``open``, ``create`` and ``clone`` only."""
        self.path = path
        self.page_size = page_size
        self._key_source = key_source
        self._parent = parent
        self._clones: list[Database] = []
        self._clones_guard = threading.Lock()
        self._owner: int | None = None
        self._closed = threading.Event()
        self.keeper: Callable[[int, str], None] | None = None
        """Notes outside the store how far it has come, and the newest line of its log; of the first
        connection, for its clones."""
        self._connection: Any = _connect(path, key_source, page_size)
        self._utils: sqlite_utils.Database | None = None

    @classmethod
    def open(cls, path: Path, key_source: KeySource, page_size: int = PAGE_SIZE) -> Database:
        """Open an existing store. The key must have been proven right before.

        Raises DatabaseMissingError, DatabasePlaintextError, DatabaseDamagedError,
        ReadOnlyStoreError or DriverMissingError; the file is not changed by a refusal.
        """
        require_driver()
        check_header(path)
        return cls(path, key_source, page_size)

    @classmethod
    def create(
        cls,
        path: Path,
        key_source: KeySource,
        store_id: str,
        page_size: int = PAGE_SIZE,
    ) -> Database:
        """Make a new encrypted store that carries ``store_id``; never over an existing file.

        Raises FileExistsError, DiskFullError or DriverMissingError. What was begun is left for
        the caller to clear away.
        """
        require_driver()
        # Created here and not by the driver, so that the mode is right from the first byte.
        create_private_file(path)
        database = cls(path, key_source, page_size)
        try:
            with database.transaction() as connection:
                connection.execute(
                    "CREATE TABLE store_identity (store_id TEXT NOT NULL PRIMARY KEY) STRICT"
                )
                connection.execute("INSERT INTO store_identity VALUES (?)", (store_id,))
            database.checkpoint()
            # A driver built without encryption would have ignored the key in silence.
            check_header(path)
        except BaseException:
            database.close()
            raise
        return database

    # --- access ---

    @property
    def connection(self) -> Connection:
        """The connection of this thread. Rows give their values by column name.

        Raises WrongThreadError in a second thread and ClosedStoreError after ``close``.
        """
        if self._closed.is_set():
            raise ClosedStoreError
        current = threading.get_ident()
        if self._owner is None:
            self._owner = current
        if self._owner != current:
            raise WrongThreadError
        return cast(Connection, self._connection)

    @property
    def utils(self) -> sqlite_utils.Database:
        """sqlite-utils on the same connection, without plug-ins (they would see clear text)."""
        connection = self.connection
        if self._utils is None:
            from sqlite_utils import Database as UtilsDatabase

            self._utils = UtilsDatabase(cast(Any, connection), execute_plugins=False)
        return self._utils

    @property
    def root(self) -> Database:
        """The first connection to this store; itself unless this one is a clone."""
        return self._parent or self

    @property
    def closed(self) -> bool:
        """True once ``close`` has run."""
        return self._closed.is_set()

    def hand_over(self) -> None:
        """Let the next thread that uses the connection become its owner."""
        self._owner = None

    def store_id(self) -> str | None:
        """The identity written at creation, to be compared with that of the key file.

        None when the database carries none: it is not one of ours.
        """
        known = "SELECT 1 FROM sqlite_master WHERE name = 'store_identity'"
        with named_errors():
            if self.connection.execute(known).fetchone() is None:
                return None
            row = self.connection.execute("SELECT store_id FROM store_identity").fetchone()
        return None if row is None else str(row["store_id"])

    # --- transactions ---

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing: commits at the end of the block, rolls back on any exception.

        The write lock is taken at the start (BEGIN IMMEDIATE): a transaction that reads first and
        writes later would otherwise fail as busy whenever another connection wrote in between.
        Raises NestedTransactionError inside another transaction, and the errors of
        ``fieldapp.store.errors`` instead of the driver's; constraint errors pass unchanged.
        """
        connection = self.connection
        if connection.in_transaction:
            raise NestedTransactionError
        with named_errors():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk has already rolled back by itself; a second ROLLBACK would raise
                # and hide the cause.
                if self._connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def checkpoint(self) -> None:
        """Move everything from the write-ahead log into the database file and empty the log.

        Called after each saved visit and on lock: a damaged log loses commits without a word.
        """
        with named_errors():
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    # --- maintenance ---

    @contextlib.contextmanager
    def maintenance(self) -> Iterator[Connection]:
        """The connection with the guard lifted; for migrations and copies only."""
        connection = self.connection
        raw = self._connection
        raw.set_authorizer(None)
        try:
            yield connection
        finally:
            raw.execute("PRAGMA foreign_keys = ON")
            raw.set_authorizer(_guard)

    def copy_to(self, target: Path) -> None:
        """Write a compact copy of the whole store, encrypted with the same key, mode 0600.

        ``target`` appears complete or not at all. Raises DiskFullError and FileExistsError.
        """
        if target.exists():
            raise FileExistsError(target.name)
        unfinished = target.with_name(target.name + ".unfinished")
        unfinished.unlink(missing_ok=True)
        create_private_file(unfinished)
        try:
            # VACUUM INTO attaches the new file internally, which the guard denies.
            with named_errors(), self.maintenance() as connection:
                connection.execute("VACUUM INTO ?", (str(unfinished),))
            flush_file(unfinished)
            check_header(unfinished)
            unfinished.replace(target)
            flush_folder(target.parent)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def check_pages(self) -> None:
        """Raise DatabaseDamagedError unless every page is as it was written.

        One damaged page makes the whole connection refuse everything once that page is read, which
        may be in the middle of a visit. Takes about 3 ms per MB.
        """
        if self._pages_are_whole():
            return
        # A power cut while the log was emptied tears a page whose good copy is in the log still.
        self.checkpoint()
        if not self._pages_are_whole():
            raise DatabaseDamagedError

    def _pages_are_whole(self) -> bool:
        with named_errors():
            complaint = self.connection.execute("PRAGMA cipher_integrity_check").fetchone()
        return complaint is None

    def damage_report(self) -> Sequence[str]:
        """What the integrity checks of cipher and database complain about; empty when all is well.

        Both are needed: the cipher check does not see whole missing pages. Reads every page.
        """
        complaints: list[str] = []
        for check in ("cipher_integrity_check", "quick_check"):
            try:
                rows = self.connection.execute(f"PRAGMA {check}").fetchall()
            except DatabaseError as error:
                complaints.append(f"{check}: {getattr(error, 'sqlite_errorname', 'error')}")
                continue
            complaints.extend(str(row[0]) for row in rows if row[0] != "ok")
        return complaints

    # --- a second connection, and the end ---

    def clone(self) -> Database:
        """A second connection to the same store, for use in another thread; close it there.

        May be called from any thread. Raises what the key source raises when the store has been
        locked meanwhile.
        """
        root = self._parent or self
        if root._closed.is_set():
            raise ClosedStoreError
        clone = Database(self.path, self._key_source, self.page_size, parent=root)
        with root._clones_guard:
            root._clones.append(clone)
        return clone

    def close(self) -> None:
        """Tidy up, empty the write-ahead log and close; closing twice is harmless.

        Clones are closed first: those of this thread at once; one that another thread still uses
        is interrupted and given a few seconds to be closed there.
        """
        if self._closed.is_set():
            return
        connection = self.connection
        self._close_clones()
        for statement in ("PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"):
            try:
                connection.execute(statement).fetchone()
            except DatabaseError as error:
                # The data are safe in the log file as well; closing must go on.
                log.warning("on closing: %s", getattr(error, "sqlite_errorname", "error"))
        self._connection.close()
        self._utils = None
        self._closed.set()
        if self._parent is not None:
            with self._parent._clones_guard:
                self._parent._clones.remove(self)

    def _close_clones(self) -> None:
        with self._clones_guard:
            clones = list(self._clones)
        for clone in clones:
            if clone._owner in (None, threading.get_ident()):
                clone.close()
                continue
            clone._connection.interrupt()
            if not clone._closed.wait(CLONE_CLOSE_TIMEOUT_SECONDS):
                log.warning("a worker did not close its connection in time")


def open_damaged(path: Path, key_source: KeySource, page_size: int) -> Any:
    """A bare connection to the COPY of a damaged database, for salvage only; to be closed.

    Its broken pages must be empty ones by now (`fieldapp.security.pages`). Raises
    DatabaseDamagedError when not even the first page can be read.
    """
    require_driver()
    check_header(path)
    connection = sqlite.connect(str(path), isolation_level=None)
    try:
        with named_errors():
            connection.execute("PRAGMA cipher_memory_security = ON")
            key = key_source()
            try:
                connection.set_key(key)
            finally:
                key[:] = bytes(len(key))
            connection.execute(f"PRAGMA cipher_page_size = {int(page_size)}")
            for setting in _SETTINGS_BEFORE_FIRST_READ:
                connection.execute(f"PRAGMA {setting}")
            # Otherwise SQLite refuses the whole of a file whose schema reads in part only.
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA user_version").fetchone()
    except BaseException:
        connection.close()
        raise
    connection.create_collation("norwegian", _compare_norwegian)
    connection.row_factory = sqlite.Row
    # A page that passes the seal and holds no text is told by the rules of the new store.
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


# --- full-text indexes -------------------------------------------------------------------------


def secure_full_text_index(connection: Connection, table: str) -> None:
    """Make the FTS5 index ``table`` forget deleted words at once, and fit its blocks to our pages.

    Without it the words of a deleted patient stay readable in the decrypted file. The setting is
    stored in the index. ``table`` must come from the schema, not from a user.
    """
    name = '"' + table.replace('"', '""') + '"'
    for option, value in (("secure-delete", 1), ("pgsz", 3900)):
        connection.execute(
            f"INSERT INTO {name} ({name}, rank) VALUES (?, ?)",  # noqa: S608 (name is quoted)
            (option, value),
        )


def full_text_indexes(connection: Connection) -> list[str]:
    """The names of all FTS5 indexes in the store."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%' ORDER BY name"
    )
    return [str(row["name"]) for row in rows]
