"""A real server, real laptops with real cipher stores, and a line between them that can fail."""

from __future__ import annotations

import contextlib
import functools
import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from fieldapp.clock import FixedClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import KINDS
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    MedicationAdministration,
    ObservedState,
    Part,
)
from fieldapp.domain.notes import Draft, Note
from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from fieldapp.store import drafts, inbox, outbox, records
from fieldapp.store.db import Connection, Database
from fieldapp.store.migrate import migrate
from sync.client.device_login import DeviceLogin
from sync.client.engine import Engine, Progress, SyncReport
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.claims import ClaimsAnswer, ClaimsRequest
from sync.protocol.errors import LineBrokenError, OfflineError, SyncError, TimeoutError_
from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    DigestsAnswer,
    EnrolAnswer,
    EnrolRequest,
    ExchangeRequest,
    HelloAnswer,
    HoldingsAnswer,
    HoldingsRequest,
    LoginAnswer,
    LoginRequest,
    Page,
)
from sync.protocol.service import Exchange, SyncService
from sync.server.assignments import assign, unassign
from sync.server.auth import PasswordHasher
from sync.server.service import Identity, ServerSyncService, World
from sync.server.settings import Settings
from sync.server.storage.storage import Storage
from sync.server.storage.values import DeviceRow, NewVersion, UserRow
from tests.helpers.stores import START

A = TypeVar("A")
Body = dict[str, Any]


def laptop_key() -> bytearray:
    """The key of every laptop in these tests; the vault has tests of its own."""
    return bytearray(b"x'" + b"5a" * 32 + b"a5" * 16 + b"'")


# --- the server


class Office:
    """The server and what its administrator does. The storage may hold other tests' records too.

    Attributes: `clock`, `storage`, `world`.
    """

    def __init__(self, storage: Storage, *, page_limit: int = 200) -> None:
        self.clock = FixedClock(START)
        self.storage = storage
        self.world = World(
            storage,
            self.clock,
            new_id,
            PasswordHasher(memory_kib=64, iterations=1, lanes=1),
            Settings(page_limit=page_limit, exchange_page_limit=page_limit),
        )

    def new_user(self) -> Identity:
        """A user on a laptop. The service layer takes the identity as proven."""
        who = Identity(new_id(), new_id(), "case_manager")
        with self.storage.write() as transaction:
            transaction.accounts.add_user(UserRow(who.user_id, who.user_id, who.role, "none"))
        self.add_device(who)
        return who

    def add_device(self, who: Identity) -> None:
        """Make a laptop known."""
        row = DeviceRow(who.device_id, who.user_id, "none", "laptop", "Linux", "1", self._now())
        with self.storage.write() as transaction:
            transaction.accounts.add_device(row)

    def service(self, who: Identity) -> ServerSyncService:
        """The real service, as the routes would build it for this user."""
        return ServerSyncService(self.world, who)

    def add_patient(self, *followers: Identity, **fields: Any) -> Patient:
        """Register a patient at the office and assign them."""
        patient = Patient(new_id(), "Nordmann", "Ola", **fields)
        self.put(patient, "patient", patient.id)
        for who in followers:
            self.assign(who, patient.id)
        return patient

    def put(self, value: Any, kind: str, patient_id: str | None) -> int:
        """Store a record as the office would; return its version."""
        return self.put_body(to_body(value), kind, patient_id)

    def put_body(self, body: Body, kind: str, patient_id: str | None) -> int:
        """Store a body word for word; return its version."""
        version = NewVersion(kind, body["id"], patient_id, body, False, None, None, self._now())
        with self.storage.write() as transaction:
            return transaction.records.put(version)

    def assign(self, who: Identity, patient_id: str) -> None:
        """Let a user follow a patient."""
        with self.storage.write() as transaction:
            assign(
                transaction,
                user_id=who.user_id,
                patient_id=patient_id,
                primary=False,
                now=self.clock.now(),
                new_id=new_id,
            )

    def unassign(self, who: Identity, patient_id: str) -> None:
        """End that."""
        with self.storage.write() as transaction:
            unassign(
                transaction,
                user_id=who.user_id,
                patient_id=patient_id,
                now=self.clock.now(),
            )

    def body(self, kind: str, record_id: str) -> Body | None:
        """The newest body that the server holds."""
        with self.storage.read() as transaction:
            record = transaction.records.get(kind, record_id)
        return None if record is None else record.body

    def version(self, kind: str, record_id: str) -> int:
        """The newest version that the server holds, 0 for none."""
        with self.storage.read() as transaction:
            record = transaction.records.get(kind, record_id)
        return 0 if record is None else record.seq

    def past_bodies(self, kind: str, record_id: str) -> list[Body]:
        """Every body that the record ever had on the server, the present one last."""
        with self.storage.read() as transaction:
            rows = transaction._db.rows(
                "SELECT body FROM record_history WHERE kind = ? AND id = ? ORDER BY seq",
                (kind, record_id),
            )
        past = [json.loads(row[0]) for row in rows]
        present = self.body(kind, record_id)
        return past if present is None else [*past, present]

    def _now(self) -> str:
        return "2026-11-22T08:15:00.000Z"


# --- the line


class Fault(StrEnum):
    """What happens to one call. Those about pages leave a call without pages as it is."""

    NONE = "none"
    LOST_REQUEST = "lost_request"
    LOST_REPLY = "lost_reply"
    CUT_AFTER_RECEIPT = "cut_after_receipt"
    CUT_AFTER_A_PAGE = "cut_after_a_page"
    REPEATED = "repeated"
    """The server gets the request twice; the second answer is the one that comes back."""
    DELAYED = "delayed"
    """The laptop hears nothing; the request arrives after the next one that does arrive."""


class ShakyLine:
    """A `SyncService` that hands every call on, unless a fault is due.

    Attributes:
        faults: what happens to the next calls, in order; then nothing more.
        in_the_air: "push": called when the server has stored the next records and the receipt is
            on its way; "pull": when the first page is on its way. Then forgotten.
        calls: names of the calls that were made.
        exchanges, claim_calls: the requests of those of them that were exchanges, or about claims.
    """

    def __init__(self, real: SyncService) -> None:
        self.real = real
        self.faults: deque[Fault | SyncError] = deque()
        self.in_the_air: dict[str, Callable[[], None]] = {}
        self.calls: list[str] = []
        self.exchanges: list[ExchangeRequest] = []
        self.claim_calls: list[ClaimsRequest] = []
        self._delayed: deque[ExchangeRequest] = deque()
        self._delayed_claims: deque[ClaimsRequest] = deque()

    def hello(self) -> HelloAnswer:
        return self._call("hello", self.real.hello)

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        return self._call("enrol", lambda: self.real.enrol(request))

    def login(self, request: LoginRequest) -> LoginAnswer:
        return self._call("login", lambda: self.real.login(request))

    def exchange(self, request: ExchangeRequest) -> Exchange:
        self.exchanges.append(request)
        fault = self._next_fault("exchange")
        if fault is Fault.DELAYED:
            self._delayed.append(request)
            raise TimeoutError_
        answer = self.real.exchange(request)
        if fault is Fault.REPEATED:
            answer = self.real.exchange(request)
        while self._delayed:
            self.real.exchange(self._delayed.popleft())
        if request.records:
            self._meanwhile("push")
        if fault is Fault.LOST_REPLY:
            raise LineBrokenError
        return Exchange(answer.receipt, self._pages(answer.pages, fault))

    def claims(self, request: ClaimsRequest) -> ClaimsAnswer:
        self.claim_calls.append(request)
        fault = self._next_fault("claims")
        if fault is Fault.DELAYED:
            self._delayed_claims.append(request)
            raise TimeoutError_
        answer = self.real.claims(request)
        if fault is Fault.REPEATED:
            answer = self.real.claims(request)
        while self._delayed_claims:
            self.real.claims(self._delayed_claims.popleft())
        self._meanwhile("claims")
        if fault not in (Fault.NONE, Fault.REPEATED):
            raise LineBrokenError
        return answer

    def digests(self) -> DigestsAnswer:
        return self._call("digests", self.real.digests)

    def holdings(self, request: HoldingsRequest) -> HoldingsAnswer:
        return self._call("holdings", lambda: self.real.holdings(request))

    def confirm(self, request: ConfirmRequest) -> ConfirmAnswer:
        return self._call("confirm", lambda: self.real.confirm(request))

    def _pages(self, pages: Iterator[Page], fault: Fault) -> Iterator[Page]:
        for sent, page in enumerate(pages):
            self._meanwhile("pull")
            if (fault, sent) in ((Fault.CUT_AFTER_RECEIPT, 0), (Fault.CUT_AFTER_A_PAGE, 1)):
                raise LineBrokenError
            yield page

    def _call(self, name: str, real: Callable[[], A]) -> A:
        fault = self._next_fault(name)
        answer = real()
        if fault not in (Fault.NONE, Fault.REPEATED):
            raise LineBrokenError
        return answer

    def _next_fault(self, name: str) -> Fault:
        self.calls.append(name)
        fault = self.faults.popleft() if self.faults else Fault.NONE
        if isinstance(fault, SyncError):
            raise fault
        if fault is Fault.LOST_REQUEST:
            raise OfflineError
        return fault

    def _meanwhile(self, name: str) -> None:
        meanwhile = self.in_the_air.pop(name, None)
        if meanwhile is not None:
            meanwhile()


class PowerCutError(BaseException):
    """The machine stopped. Not an Exception: no code of the program may catch it."""


# --- a laptop


class Laptop:
    """One laptop: a cipher store, a line and the real engine.

    Attributes: `database` (the screen's connection), `line`, `clock`, `who`; for a laptop that
    was enrolled over a real line also `coverage` and `login`. `may_heal`: this test lets the two
    stores drift apart; otherwise no sync may find a difference to heal.
    """

    def __init__(
        self,
        path: Path,
        service: SyncService,
        who: Identity,
        *,
        batch_records: int = 200,
        checked_each_time: int = 1,
    ) -> None:
        self.database = Database.open(path, laptop_key)
        self.line = ShakyLine(service)
        self.clock = FixedClock(START)
        self.who = who
        self.coverage = Line()
        self.login: DeviceLogin | None = None
        self.may_heal = False
        self._service = service
        self._cut_at: int | None = None
        self._sequence = 0
        self._engine = Engine(
            self.line,
            self._connection,
            self.clock,
            new_id,
            batch_records=batch_records,
            checked_each_time=checked_each_time,
            check_every=timedelta(0),
        )

    def close(self) -> None:
        """Close the store and the line."""
        self.database.close()
        if isinstance(self._service, HttpSyncService):
            self._service.close()

    # --- sync

    def sync(
        self,
        *faults: Fault | SyncError,
        should_stop: Callable[[], bool] = lambda: False,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> SyncReport:
        """Run one sync; the calls meet these faults in order."""
        self.line.faults = deque(faults)
        try:
            report = self._engine.run(progress, should_stop)
        finally:
            self.line.faults.clear()
            self.line.in_the_air.clear()
        if report.complete:
            self._check_sums()
        if not self.may_heal:
            assert not report.healed, "stores differed that should not"
        return report

    def _check_sums(self) -> None:
        with contextlib.closing(self.database.clone()) as database:
            carried = inbox.sums_by_patient(database)
            inbox.deep_digest(database)
            assert carried == inbox.sums_by_patient(database), "the sums went astray"

    def sync_until_power_cut(self, transaction: int) -> None:
        """Run a sync; the machine stops just before the n-th commit (from 0), if it gets there."""
        self._cut_at = transaction
        try:
            self.sync()
        except PowerCutError:
            pass
        finally:
            self._cut_at = None

    def _connection(self) -> Database:
        clone = self.database.clone()
        if self._cut_at is not None:
            _cut_power(clone, self._cut_at)
        return clone

    # --- work

    def save(self, value: Any) -> str:
        """Write a record through the one write path; return its id."""
        with self.database.transaction():
            records.save_local(self.database, value, now=self.clock.now(), change_id=new_id())
        return str(value.id)

    def edit_patient(self, patient_id: str, **fields: Any) -> None:
        """Change fields of a patient."""
        patient = self.patient(patient_id)
        self.save(replace(patient, **fields))

    def sign_note(self, patient_id: str, text: str, addendum_to: str | None = None) -> str:
        """Sign a note."""
        self._sequence += 1
        now = self.clock.now()
        note = Note(
            id=new_id(),
            patient_id=patient_id,
            author_id=self.who.user_id,
            template="free",
            text=text,
            signed_at=now,
            recorded_at=now,
            device_id=self.who.device_id,
            sequence=self._sequence,
            addendum_to=addendum_to,
        )
        return self.save(note)

    def hand_out(self, patient_id: str, day: date, request_id: str = "order-1") -> str:
        """Record a morning dose that somebody gave, as from a paper list: it needs no claim."""
        self._sequence += 1
        now = self.clock.now()
        event = MedicationAdministration(
            id=new_id(),
            patient_id=patient_id,
            request_id=request_id,
            request_revision=1,
            day=day,
            part=Part.MORNING,
            status=HandoutStatus.GIVEN,
            given_at=now,
            recorded_at=now,
            author_id=self.who.user_id,
            device_id=self.who.device_id,
            sequence=self._sequence,
            identity_check=IdentityCheck.KNOWN,
            observed_state=ObservedState.UNAFFECTED,
            retrospective=True,
            reason_text="from paper",
        )
        return self.save(event)

    def open_draft(self, patient_id: str) -> str:
        """Begin a note that is not signed."""
        draft = Draft(new_id(), patient_id, "note", {"text": "begun"}, self.clock.now())
        with self.database.transaction():
            drafts.add(self.database, draft)
        return draft.id

    # --- looking

    def patient(self, patient_id: str) -> Patient:
        """The patient as this laptop shows them."""
        found = records.get(self.database, Patient, patient_id)
        assert found is not None
        return found

    def ids(self, kind: str) -> set[str]:
        """Ids of all records of a kind."""
        rows = self.database.connection.execute(f"SELECT id FROM {kind}")
        return {str(row["id"]) for row in rows}

    def contents(self) -> dict[tuple[str, str], tuple[int, Body]]:
        """Every record on the laptop: version and body by kind and id."""
        found: dict[tuple[str, str], tuple[int, Body]] = {}
        for kind in KINDS:
            rows = self.database.connection.execute(f"SELECT id, version, body FROM {kind}")
            for row in rows:
                found[kind, str(row["id"])] = (int(row["version"]), json.loads(row["body"]))
        return found

    def unsent(self) -> list[outbox.OutboxItem]:
        """What is not on the server yet."""
        return outbox.items(self.database)


def _cut_power(database: Database, at: int) -> None:
    """Let the n-th transaction of this connection end in a power cut instead of a commit."""
    real = database.transaction
    left = at

    @contextlib.contextmanager
    def transaction() -> Iterator[Connection]:
        nonlocal left
        with real() as connection:
            yield connection
            if left == 0:
                raise PowerCutError
            left -= 1

    database.transaction = transaction  # type: ignore[method-assign]


@functools.cache
def _empty_store() -> bytes:
    """An empty store with the newest schema, made once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        store = Database.create(path, laptop_key, "store-1")
        migrate(store, FixedClock(START))
        store.close()
        return path.read_bytes()


class LaptopFactory:
    """Makes laptops quickly, each from a copy of one empty store with the newest schema."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def path(self) -> Path:
        """A new empty store."""
        self._count += 1
        path = self._folder / f"laptop-{self._count}.db"
        path.write_bytes(_empty_store())
        return path

    def laptop(
        self,
        office: Office,
        who: Identity,
        *,
        batch_records: int = 200,
        checked_each_time: int = 1,
        path: Path | None = None,
    ) -> Laptop:
        """A laptop that talks to the office's real service; on a copy of a store where given."""
        return Laptop(
            path or self.path(),
            office.service(who),
            who,
            batch_records=batch_records,
            checked_each_time=checked_each_time,
        )

    def copy_of(self, laptop: Laptop) -> Path:
        """A copy of a laptop's store as it stands now, as of a disk image."""
        self._count += 1
        path = self._folder / f"laptop-{self._count}.db"
        laptop.database.copy_to(path)
        return path


def events_of(laptops: Iterable[Laptop]) -> set[tuple[str, str]]:
    """Kind and id of every event on any of these laptops."""
    return {
        (kind, record_id)
        for laptop in laptops
        for kind, record_id in laptop.contents()
        if kind in ("note", "medication_administration")
    }
