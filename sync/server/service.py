"""The sync service on the storage: what a laptop asks, answered for one identity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldapp.clock import Clock, from_iso, to_iso
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.patients import Role
from fieldapp.ids import IdMaker
from fieldapp.paths import normal_username
from sync.protocol.errors import (
    EnrolCodeError,
    LoginExpiredError,
    ProtocolError_,
    RevokedError,
    WrongPasswordError,
)
from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    EnrolAnswer,
    EnrolRequest,
    HeldRecord,
    HelloAnswer,
    LoginAnswer,
    LoginRequest,
    Outcome,
    PullAnswer,
    PulledRecord,
    PullRequest,
    PushAnswer,
    PushRecord,
    PushRequest,
    PushResult,
)
from sync.protocol.version import PROTOCOL
from sync.server import auth
from sync.server.assignments import assign
from sync.server.bodies import same
from sync.server.decide import Decision, Held, decide, problem_of
from sync.server.policy import Admission, Reach, admit, may_see
from sync.server.settings import Settings
from sync.server.storage.base import BadValueError
from sync.server.storage.storage import Storage, Transaction
from sync.server.storage.values import (
    START,
    Cursor,
    DeviceRow,
    EnrolCodeRow,
    NewVersion,
    StoredRecord,
    TokenRow,
    UserRow,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: a user on an enrolled laptop."""

    user_id: str
    device_id: str
    role: str


@dataclass(frozen=True, slots=True)
class World:
    """What the service needs from outside; one per server process."""

    storage: Storage
    clock: Clock
    new_id: IdMaker
    hasher: auth.PasswordHasher
    settings: Settings


def authenticate(world: World, token: str) -> Identity:
    """Return whose token it is. Raises LoginExpiredError, RevokedError."""
    with world.storage.read() as transaction:
        accounts = transaction.accounts
        known = accounts.token(auth.token_hash(token))
        if known is None or known.expires_at <= to_iso(world.clock.now()):
            raise LoginExpiredError
        device = accounts.device(known.device_id)
        user = accounts.user(known.user_id)
    if device is None or device.revoked or user is None or not user.active:
        raise RevokedError
    return Identity(user.id, device.id, user.role)


@dataclass(slots=True)
class _Push:
    """One batch under way: whose it is, when it came and what they may reach by now."""

    transaction: Transaction
    identity: Identity
    now: datetime
    standing: set[str]
    ever: frozenset[str]

    def reach(self, patient_id: str | None) -> Reach:
        if patient_id is None:
            return Reach.TEAM
        if patient_id in self.standing:
            return Reach.ASSIGNED
        return Reach.FORMERLY if patient_id in self.ever else Reach.NEVER


class ServerSyncService:
    """Implements `sync.protocol.service.SyncService` for one identity, or for nobody yet."""

    def __init__(self, world: World, identity: Identity | None = None) -> None:
        self._world = world
        self._storage = world.storage
        self._who = identity

    # --- who are you

    def hello(self) -> HelloAnswer:
        """Say who the server is. Needs no log-in."""
        return HelloAnswer(
            server_id=self._storage.server_id,
            protocol=PROTOCOL,
            server_time=self._world.clock.now(),
        )

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Make a new laptop known. Raises EnrolCodeError, WrongPasswordError, RevokedError."""
        user = self._user_named(request.username)
        # Before the transaction: the slow hash must not hold a lock.
        password_fits = self._password_fits(user, request.password)
        if user is None:
            raise EnrolCodeError
        with self._storage.write() as transaction:
            code = transaction.accounts.code_of(user.id)
            code_fits = code is not None and self._code_fits(code, request.code)
            if code is not None and not (code_fits and password_fits):
                # Counted here and told below: an exception would undo the count.
                transaction.accounts.count_failed_try(code.code_hash)
            elif code is not None and user.active:
                transaction.accounts.use_code(code.code_hash)
                return self._new_device(transaction, user, request)
        if not code_fits:
            raise EnrolCodeError
        raise WrongPasswordError if not password_fits else RevokedError

    def login(self, request: LoginRequest) -> LoginAnswer:
        """Give a new token. Raises WrongPasswordError, RevokedError.

        An unknown laptop and a wrong laptop secret are told as a wrong password: a stranger
        learns nothing, and no laptop takes it for a revocation.
        """
        with self._storage.read() as transaction:
            device = transaction.accounts.device(request.device_id)
        user = self._user_named(request.username)
        password_fits = self._password_fits(user, request.password)
        if (
            device is None
            or user is None
            or not auth.same(device.secret_hash, auth.token_hash(request.device_secret))
            or device.user_id != user.id
            or not password_fits
        ):
            raise WrongPasswordError
        if device.revoked or not user.active:
            raise RevokedError
        with self._storage.write() as transaction:
            token, expires_at = self._new_login(transaction, user.id, device.id)
            practitioner = _practitioner(transaction, user.id)
        return LoginAnswer(token=token, expires_at=expires_at, practitioner=practitioner)

    # --- push

    def push(self, request: PushRequest) -> PushAnswer:
        """Store changes, each on its own; safe to repeat. Raises LoginExpiredError."""
        identity = self._identity()
        problems = {
            id(record): problem_of(record.kind, record.id, record.patient_id, record.body)
            for record in request.records
        }
        with self._storage.write() as transaction:
            transaction.records.take_turn()
            push = _Push(
                transaction=transaction,
                identity=identity,
                now=self._world.clock.now(),
                standing=set(transaction.scope.standing(identity.user_id)),
                ever=transaction.scope.ever(identity.user_id),
            )
            results = [
                self._push_one(push, record, problems[id(record)]) for record in request.records
            ]
        return PushAnswer(results=results)

    def _push_one(self, push: _Push, record: PushRecord, problem: str | None) -> PushResult:
        if problem is not None:
            return _refused(record, problem)
        try:
            with push.transaction.savepoint():
                return self._apply(push, record)
        except BadValueError:
            return _refused(record, "not_storable")

    def _apply(self, push: _Push, record: PushRecord) -> PushResult:
        records = push.transaction.records
        before = records.applied(record.change_id)
        stored = records.get(record.kind, record.id)
        if before is not None and before[:2] != (record.kind, record.id):
            return _refused(record, "change_id_reused")
        if before is not None and stored is not None and not _is_event(record.kind):
            # Asked of the stored record: what the request says of its patient may be made up.
            shown = push.reach(stored.patient_id) is Reach.ASSIGNED
            return _repeated(record, before[2], stored, shown=shown)
        new_patient = record.kind == "patient" and stored is None
        admission = admit(record.kind, push.reach(record.patient_id), new_patient=new_patient)
        if admission in (Admission.SERVER_OWNED, Admission.NOT_ASSIGNED):
            return _refused(record, admission.value)
        decision = decide(
            record.kind,
            record.patient_id,
            record.body,
            _held(stored),
            self._base(push.transaction, record, stored),
        )
        flagged = admission is Admission.FLAGGED
        version = self._store(push, record, decision, stored, flagged)
        if new_patient and decision.store is not None:
            self._follow_new_patient(push, record.id)
        return _result(record, decision, version, stored, shown=not flagged)

    def _base(
        self, transaction: Transaction, record: PushRecord, stored: StoredRecord | None
    ) -> Mapping[str, Any] | None:
        if stored is None or _is_event(record.kind):
            return None
        if record.base_version == stored.seq:
            return stored.body
        if record.base_version > stored.seq:
            # No version of ours: the server was set back, or the number is made up.
            return None
        return transaction.records.body_at(record.kind, record.id, record.base_version)

    def _store(
        self,
        push: _Push,
        record: PushRecord,
        decision: Decision,
        stored: StoredRecord | None,
        flagged: bool,
    ) -> int:
        """Store what was decided; return the version that holds the change, 0 for none."""
        records = push.transaction.records
        if not decision.outcome.stored:
            return 0
        if decision.store is not None:
            version = records.put(
                NewVersion(
                    kind=record.kind,
                    id=record.id,
                    patient_id=record.patient_id,
                    body=decision.store,
                    immutable=_is_event(record.kind),
                    author_id=push.identity.user_id,
                    device_id=push.identity.device_id,
                    received_at=to_iso(push.now),
                    out_of_scope=flagged,
                )
            )
        else:
            version = stored.seq if stored is not None else 0
        records.remember_change(record.change_id, record.kind, record.id, version)
        return version

    def _follow_new_patient(self, push: _Push, patient_id: str) -> None:
        """Whoever registers a patient follows them, so that the patient stays on the laptop."""
        assign(
            push.transaction,
            user_id=push.identity.user_id,
            patient_id=patient_id,
            primary=push.identity.role == Role.CASE_MANAGER,
            now=push.now,
            new_id=self._world.new_id,
        )
        push.standing.add(patient_id)

    # --- pull and confirm

    def pull(self, request: PullRequest) -> PullAnswer:
        """Return the next page of what the user may see. Changes nothing; safe to repeat."""
        identity = self._identity()
        after = _cursor_of(request.cursor)
        limit = min(request.limit, self._world.settings.page_limit)
        with self._storage.read() as transaction:
            if after.effective > transaction.records.newest_seq():
                # This server was set back. To call such a laptop up to date would be a lie: what
                # is stored next stands behind its cursor.
                raise ProtocolError_("cursor")
            page = transaction.scope.page(identity.user_id, after, limit)
            total = transaction.scope.count_due(identity.user_id, after)
        return PullAnswer(
            records=[_pulled(record) for record in page.records],
            ended_patients=list(page.ended_patients),
            cursor=f"{page.cursor.effective}.{page.cursor.seq}",
            complete=page.complete,
            total=total,
            server_time=self._world.clock.now(),
        )

    def confirm(self, request: ConfirmRequest) -> ConfirmAnswer:
        """Say which records are held. Changes nothing; safe to repeat."""
        identity = self._identity()
        held = []
        with self._storage.read() as transaction:
            standing = transaction.scope.standing(identity.user_id)
            for name in request.records:
                stored = transaction.records.get(name.kind, name.id)
                if stored is not None and may_see(
                    stored.patient_id, stored.author_id, identity.user_id, standing
                ):
                    held.append(HeldRecord(kind=stored.kind, id=stored.id, version=stored.seq))
        return ConfirmAnswer(held=held)

    # --- inner parts

    def _identity(self) -> Identity:
        if self._who is None:
            raise LoginExpiredError
        return self._who

    def _user_named(self, username: str) -> UserRow | None:
        with self._storage.read() as transaction:
            return transaction.accounts.user_named(normal_username(username))

    def _password_fits(self, user: UserRow | None, password: str) -> bool:
        return self._world.hasher.verify(password, user.password if user else None)

    def _code_fits(self, code: EnrolCodeRow, given: str) -> bool:
        return (
            not code.used
            and code.failed_tries < self._world.settings.code_tries
            and to_iso(self._world.clock.now()) < code.expires_at
            and auth.same(code.code_hash, auth.code_hash(given))
        )

    def _new_device(
        self, transaction: Transaction, user: UserRow, request: EnrolRequest
    ) -> EnrolAnswer:
        device_id, secret = self._world.new_id(), auth.new_token()
        transaction.accounts.add_device(
            DeviceRow(
                id=device_id,
                user_id=user.id,
                secret_hash=auth.token_hash(secret),
                name=request.device_name,
                platform=request.platform,
                app_version=request.app_version,
                enrolled_at=to_iso(self._world.clock.now()),
            )
        )
        token, expires_at = self._new_login(transaction, user.id, device_id)
        return EnrolAnswer(
            device_id=device_id,
            device_secret=secret,
            token=token,
            expires_at=expires_at,
            practitioner=_practitioner(transaction, user.id),
            server_id=self._storage.server_id,
        )

    def _new_login(
        self, transaction: Transaction, user_id: str, device_id: str
    ) -> tuple[str, datetime]:
        now = self._world.clock.now()
        token = auth.new_token()
        # Through the text form, so that laptop and server hold the very same instant.
        expires_at = to_iso(now + self._world.settings.token_life)
        transaction.accounts.add_token(
            TokenRow(auth.token_hash(token), user_id, device_id, expires_at), to_iso(now)
        )
        return token, from_iso(expires_at)


def _practitioner(transaction: Transaction, user_id: str) -> dict[str, Any]:
    record = transaction.records.get("practitioner", user_id)
    if record is None:
        raise RevokedError
    return record.body


def _is_event(kind: str) -> bool:
    return policy_of(kind) is Policy.EVENT


def _held(stored: StoredRecord | None) -> Held | None:
    return Held(stored.patient_id, stored.seq, stored.body) if stored is not None else None


def _refused(record: PushRecord, reason: str) -> PushResult:
    return PushResult(change_id=record.change_id, outcome=Outcome.REFUSED, reason=reason)


def _repeated(record: PushRecord, version: int, stored: StoredRecord, *, shown: bool) -> PushResult:
    """Build the answer to an edit that is here already, in `version`.

    The first answer was lost, so the laptop may not know that its edit was joined with another's:
    it is told what the record is now, or its next edit would take the other's back.
    """
    unchanged = same(stored.body, record.body)
    told = shown and not unchanged
    return PushResult(
        change_id=record.change_id,
        outcome=Outcome.REPEATED,
        version=version if shown or unchanged else record.base_version,
        server_body=stored.body if told else None,
        server_version=stored.seq if told else None,
    )


def _result(
    record: PushRecord,
    decision: Decision,
    version: int,
    stored: StoredRecord | None,
    *,
    shown: bool,
) -> PushResult:
    """Build the answer. The server's body is told only for patients whom the user follows.

    Of a merge that is not told the laptop keeps its old base; the next edit made on the merged
    version would take the other's edit back.
    """
    server_body, server_version = None, None
    if decision.outcome is Outcome.MERGED and not shown:
        version = record.base_version
    elif decision.outcome is Outcome.MERGED:
        server_version = version
        server_body = decision.store or (stored.body if stored is not None else None)
    elif decision.outcome is Outcome.CONFLICT and stored is not None and shown:
        server_body, server_version = stored.body, stored.seq
    return PushResult(
        change_id=record.change_id,
        outcome=decision.outcome,
        version=version,
        reason=decision.reason,
        server_body=dict(server_body) if server_body is not None else None,
        server_version=server_version,
    )


def _pulled(record: StoredRecord) -> PulledRecord:
    return PulledRecord(
        kind=record.kind,
        id=record.id,
        patient_id=record.patient_id,
        version=record.seq,
        body=record.body,
        author_id=record.author_id,
        device_id=record.device_id,
        received_at=from_iso(record.received_at),
    )


def _cursor_of(text: str | None) -> Cursor:
    if text is None:
        return START
    match = re.fullmatch(r"(\d{1,18})\.(\d{1,18})", text, re.ASCII)
    if match is None:
        raise ProtocolError_("cursor")
    return Cursor(int(match[1]), int(match[2]))
