"""The storage as the service sees it: transactions with repositories, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any, TypeVar

from sync.server.storage.access import AccessRepository
from sync.server.storage.access_log import AccessLogRepository
from sync.server.storage.accounts import AccountRepository
from sync.server.storage.base import Database, NotInitialisedError, Statements
from sync.server.storage.claims import ClaimRepository
from sync.server.storage.control import ControlRepository
from sync.server.storage.couriers import CourierRepository
from sync.server.storage.deletions import DeletionRepository
from sync.server.storage.device_orders import DeviceOrderRepository
from sync.server.storage.drafts import DraftRepository
from sync.server.storage.facts import FactRepository
from sync.server.storage.flagged import FlaggedRepository
from sync.server.storage.grouping import Group, Job
from sync.server.storage.joins import JoinRepository
from sync.server.storage.migrate import migrate, newest_migration
from sync.server.storage.office import OfficeRepository
from sync.server.storage.order_entries import OrderEntryRepository
from sync.server.storage.parked import ParkedRepository
from sync.server.storage.records import RecordRepository
from sync.server.storage.register import RegisterRepository
from sync.server.storage.reports import ReportRepository
from sync.server.storage.rules import RuleRepository
from sync.server.storage.scope import ScopeRepository
from sync.server.storage.tries import TriesRepository

_SERVER_ID = "server_id"

T = TypeVar("T")


class Transaction:
    """One open transaction. Its public attributes are the repositories that work inside it."""

    def __init__(self, statements: Statements, *, fixed: bool = False) -> None:
        """`fixed`: one view of what is committed, in which nothing can change while it is open."""
        self._db = statements
        self.records = RecordRepository(statements, fixed=fixed)
        self.scope = ScopeRepository(statements, fixed=fixed)
        self.accounts = AccountRepository(statements)
        self.drafts = DraftRepository(statements)
        self.access = AccessRepository(statements)
        self.access_log = AccessLogRepository(statements)
        self.reports = ReportRepository(statements)
        self.parked = ParkedRepository(statements)
        self.rules = RuleRepository(statements)
        self.office = OfficeRepository(statements)
        self.joins = JoinRepository(statements, self.records)
        self.facts = FactRepository(statements)
        self.couriers = CourierRepository(statements)
        self.flagged = FlaggedRepository(statements)
        self.claims = ClaimRepository(statements, self.records)
        self.orders = OrderEntryRepository(statements)
        self.register = RegisterRepository(statements)
        self.tries = TriesRepository(statements)
        self.deletions = DeletionRepository(statements, self.records)
        self.control = ControlRepository(statements)
        self.device_orders = DeviceOrderRepository(statements)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done inside, and only that, when an exception leaves it."""
        remembered = self.records.remembered()
        self._db.run("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._db.run("ROLLBACK TO SAVEPOINT part")
            self._db.run("RELEASE SAVEPOINT part")
            self.records.bring_back(remembered)
            raise
        self._db.run("RELEASE SAVEPOINT part")

    def at_once(self) -> AbstractContextManager[None]:
        """Send the writes inside without waiting for each; what is wrong is raised at the end."""
        return self._db.at_once()

    def meta(self, key: str) -> str | None:
        """Return a fact about the server itself."""
        rows = self._db.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def keep_meta(self, key: str, value: str) -> str:
        """Store a fact unless there is one already; return the one that stays."""
        self._db.run(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
            (key, value),
        )
        return str(self._db.rows("SELECT value FROM meta WHERE key = ?", (key,))[0][0])

    def set_meta(self, key: str, value: str) -> None:
        """Store a fact about the server itself."""
        self._db.run(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


class Storage:
    """The server's records and accounts. Safe to use from several threads and processes."""

    def __init__(self, database: Database) -> None:
        """Take a database and bring it to the present schema. Raises NewerSchemaError."""
        self._database = database
        self._group = Group(self._write_all)
        migrate(database)

    def initialise(self, server_id: str) -> str:
        """Give a new server its id; return the id it has (the first one given stays)."""
        with self.write() as transaction:
            present = transaction.meta(_SERVER_ID)
            if present is None:
                transaction.set_meta(_SERVER_ID, server_id)
            return present or server_id

    @cached_property
    def server_id(self) -> str:
        """The id by which laptops know this server. Raises NotInitialisedError."""
        with self.read() as transaction:
            present = transaction.meta(_SERVER_ID)
        if present is None:
            raise NotInitialisedError
        return present

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open one consistent view of what is committed."""
        with self._database.reading() as statements:
            yield Transaction(statements, fixed=True)

    @contextmanager
    def glance(self) -> Iterator[Transaction]:
        """Ask without a transaction: each statement is a view by itself. The cheapest way to ask
        a single question.
        """
        with self._database.glancing() as statements:
            yield Transaction(statements)

    @contextmanager
    def noting(self) -> Iterator[Transaction]:
        """Write one thing that nobody would miss after a power cut, with a commit of its own."""
        with self._database.noting() as statements:
            yield Transaction(statements)

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Transaction]:
        """Open a transaction; an exception undoes all of it.

        `lasting` false: nobody would miss it after a power cut.
        """
        with self._database.writing(lasting=lasting) as statements:
            transaction = Transaction(statements)
            yield transaction
            transaction.records.finish()

    def write_grouped(self, job: Job[T]) -> T:
        """Do a job in a transaction that jobs of the same moment may share.

        Returns after the commit. A job may be done twice, each time in a transaction of which
        nothing of the first time is left; it must leave nothing else behind.
        """
        return self._group.run(job)

    def _write_all(self, jobs: list[Job[Any]]) -> list[Any]:
        with self.write() as transaction:
            return jobs[0].together(transaction, jobs)

    def schema_is_current(self) -> bool:
        """True when the database has the schema of this program, asked of it now."""
        with self.read() as transaction:
            return transaction.facts.schema_number() == newest_migration(self._database)

    def free_bytes(self) -> int | None:
        """Return the room on the disk of the database, None where it cannot be known."""
        return self._database.free_bytes()

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()
