"""Every way in which the store can refuse, one class each, with a stable code.

    UserError   DriverMissingError, DatabaseMissingError, DatabaseDamagedError,
                DatabasePlaintextError, AlreadyOpenError, DiskFullError, StoreTooNewError,
                ReadOnlyStoreError
    RetryError  StoreBusyError, StoreInputOutputError
    Bug         NestedTransactionError, WrongThreadError, ClosedStoreError, MigrationError

None of them ever leads to a new, empty store: what cannot be opened stays as it is.
"""

from __future__ import annotations

from fieldapp.errors import Bug, RetryError, UserError


class DriverMissingError(UserError):
    """The encrypting database driver is missing or does not encrypt."""

    code = "driver_missing"


class DatabaseMissingError(UserError):
    """The database file is missing or empty; no new one is made."""

    code = "db_missing"


class DatabaseDamagedError(UserError):
    """The database file is damaged although the key is right."""

    code = "db_damaged"


class DatabasePlaintextError(UserError):
    """The database file is not encrypted; this is a security incident."""

    code = "db_plaintext"


class AlreadyOpenError(UserError):
    """Another running program has this store open."""

    code = "already_open"


class DiskFullError(UserError):
    """The disk is full; nothing of this change was saved."""

    code = "disk_full"


class ReadOnlyStoreError(UserError):
    """The store's folder or files cannot be written."""

    code = "read_only"


class StoreTooNewError(UserError):
    """The store was written by a newer version of the application (found, known)."""

    code = "store_too_new"

    def __init__(self, found: int, known: int) -> None:
        super().__init__(found, known)
        self.found = found
        self.known = known


class StoreBusyError(RetryError):
    """Another connection is writing; nothing of this change was saved."""

    code = "store_busy"


class StoreInputOutputError(RetryError):
    """The disk reported an error; nothing of this change was saved."""

    code = "store_input_output"


class NestedTransactionError(Bug):
    """A transaction was begun inside another one."""

    code = "nested_transaction"


class WrongThreadError(Bug):
    """A connection was used in another thread than its own."""

    code = "wrong_thread"


class ClosedStoreError(Bug):
    """The store was used after it had been closed."""

    code = "closed_store"


class MigrationError(Bug):
    """The numbered migration files are not in order, or one of them broke a rule."""

    code = "migration"
