"""The sync service on the storage: what a laptop asks, answered for one identity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fieldapp.clock import to_iso
from fieldapp.domain.rights import Right, may
from fieldapp.ids import IdMaker
from fieldapp.paths import normal_username
from sync.protocol.claims import ClaimsAnswer, ClaimsRequest
from sync.protocol.digests import as_text
from sync.protocol.errors import (
    EnrolCodeError,
    LoginExpiredError,
    ProofRefusedError,
    ProtocolError_,
    RevokedError,
    ServerFullError,
    UpgradeNeededError,
    WrongPasswordError,
)
from sync.protocol.messages import (
    ConfirmAnswer,
    ConfirmRequest,
    DigestsAnswer,
    EnrolAnswer,
    EnrolRequest,
    ExchangeRequest,
    HeldRecord,
    HelloAnswer,
    Holding,
    HoldingsAnswer,
    HoldingsRequest,
    LoginAnswer,
    LoginRequest,
    Outcome,
    Page,
    PatientDigest,
    PullAnswer,
    PullPart,
    PullRequest,
    PushAnswer,
    PushRecord,
    PushRequest,
    Receipt,
)
from sync.protocol.proofs import read_assertion
from sync.protocol.service import Exchange
from sync.protocol.version import PROTOCOL
from sync.server import auth, batch, cursors, door, intake, limits
from sync.server.access import end_what_is_over
from sync.server.authorities import authorities
from sync.server.claims import claims as give_out
from sync.server.identity import Identity, Standing
from sync.server.join import with_possible_duplicate
from sync.server.keys import device_public_key, key_pairs
from sync.server.pages import pages, pulled
from sync.server.review import keep_for_review
from sync.server.storage.base import BadValueError, DiskFullError
from sync.server.storage.records import digest_of
from sync.server.storage.storage import Transaction
from sync.server.storage.values import (
    START,
    Cursor,
    DeviceRow,
    EnrolCodeRow,
    StoredRecord,
    UserRow,
)
from sync.server.taking import Taken, Taking
from sync.server.world import World

__all__ = ["Identity", "ServerSyncService", "World"]


def _without_own(part: PullPart, receipt: Receipt) -> PullPart:
    """The pull without the versions that this answer's results name: their text is there already.

    A patient who is fetched anew must come whole, and so must everything in a fresh pull.
    """
    if receipt.fresh or part.whole:
        return part
    told = [
        result.server_version or result.version
        for result in receipt.results
        if result.outcome in (Outcome.ACCEPTED, Outcome.MERGED)
    ]
    return part.model_copy(update={"have": [*part.have, *((one, one) for one in told)]})


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

    def enrol(self, request: EnrolRequest, proven_key: str | None = None) -> EnrolAnswer:
        """Make a new laptop known. Raises EnrolCodeError, WrongPasswordError, RevokedError.

        `proven_key` is the key that the laptop has shown to hold; its token is bound to it.
        """
        if request.device_key != proven_key:
            raise ProofRefusedError
        name = normal_username(request.username)
        limits.take(self._world, limits.ENROL, name)
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
                transaction.tries.forget(limits.what(limits.ENROL, name))
                return self._new_device(transaction, user, request)
        if not code_fits:
            raise EnrolCodeError
        raise WrongPasswordError if not password_fits else RevokedError

    def login(self, request: LoginRequest, proven_key: str | None = None) -> LoginAnswer:
        """Give a new token. Raises WrongPasswordError, RevokedError, ProofRefusedError.

        An unknown laptop and a wrong laptop secret are told as a wrong password: a stranger
        learns nothing, and no laptop takes it for a revocation. `proven_key` is the key that the
        laptop has shown to hold. The server knows one key of a laptop and takes no other in its
        place; one of which it knows none may be logged in by an older program, without a key.
        """
        with self._storage.read() as transaction:
            device = transaction.accounts.device(request.device_id)
        # Who is not this laptop is turned away before a password is looked at: nobody guesses
        # passwords from elsewhere, and no slow hash is worked out for strangers.
        if device is None or not auth.same(
            device.secret_hash, auth.token_hash(request.device_secret)
        ):
            raise WrongPasswordError
        public_key = self._key_of(device, request, proven_key)
        if device.revoked:
            # Told without a password: it is no secret, and whoever has found the laptop shall not
            # use up tries, or guess.
            raise RevokedError
        limits.take(self._world, limits.LOGIN, device.id)
        user = self._user_named(request.username)
        if user is None or device.user_id != user.id:
            user = None
        if not self._password_fits(user, request.password) or user is None:
            raise WrongPasswordError
        if not user.active:
            raise RevokedError
        with self._storage.write() as transaction:
            transaction.tries.forget(limits.what(limits.LOGIN, device.id))
            token, login_ends = door.add_token(
                self._world, transaction, user.id, device.id, public_key
            )
            if public_key is not None and device.public_key is None:
                transaction.accounts.set_public_key(device.id, public_key)
            if request.machine_id:
                transaction.accounts.set_machine(device.id, request.machine_id)
            return LoginAnswer(
                token=token.token,
                expires_at=token.expires_at,
                login_expires_at=login_ends,
                practitioner=_practitioner(transaction, user.id),
                server_keys=key_pairs(transaction).public,
                server_time=self._world.clock.now(),
                authorities=authorities(transaction) or None,
            )

    # --- exchange

    def exchange(self, request: ExchangeRequest) -> Exchange:
        """Store what is sent, each change on its own, then tell what is new; safe to repeat.

        Raises LoginExpiredError, ServerFullError. Everything that is sent is stored in one
        transaction before this returns; each page is read when it is asked for.
        """
        identity = self._sender(request.records)
        if not may(identity.role, Right.READ_PATIENTS):
            # Before the receipt, which tells of colleagues' drafts. For anybody else after it: what
            # was written while the patient was open belongs there, and is not marked.
            end_what_is_over(self._world, identity)
        taken = self._taken(Taking(identity, *self._examined(request.records), request))
        assert taken.receipt is not None
        receipt = taken.receipt.model_copy(
            update={
                "commit": cursors.commit(taken.transaction),
                "renewed": door.renewed_in_passing(self._world, identity),
            }
        )
        if request.pull is None or taken.begin is None:
            return Exchange(receipt, iter(()))
        end_what_is_over(self._world, identity)
        limit = min(request.pull.page_records, self._world.settings.exchange_page_limit)
        part = _without_own(request.pull, receipt)
        walk = pages(self._storage, identity, part, taken.begin, limit)
        return Exchange(receipt, self._served(walk))

    def _served(self, walk: Iterator[Page]) -> Iterator[Page]:
        """Note, before the last page leaves, that the laptop is being sent it.

        Who is shut out while the pages drain is sent no further one, however slowly they read.
        """
        identity = self._identity()
        for page in walk:
            if page.complete:
                with _full_disk_told(), self._storage.write(lasting=False) as transaction:
                    intake.note_served(transaction, identity, self._world.clock.now())
            yield page
            if not page.complete:
                with self._storage.glance() as transaction:
                    if transaction.accounts.is_shut_out(identity.user_id, identity.device_id):
                        raise RevokedError

    def claims(self, request: ClaimsRequest) -> ClaimsAnswer:
        """Release, report and give out claims; safe to repeat. Raises LoginExpiredError."""
        identity, now = self._identity(), self._world.clock.now()
        end_what_is_over(self._world, identity)
        doubtful: set[str] = set()
        if request.wanted:
            # Before the turn: it reads people, and nothing that the turn protects.
            wanted = [name.patient_id for name in request.wanted]
            with self._storage.read() as transaction:
                doubtful = with_possible_duplicate(transaction, wanted)
        with _full_disk_told(), self._storage.write() as transaction:
            return give_out(transaction, identity, request, now, doubtful)

    def digests(self) -> DigestsAnswer:
        """Say, patient by patient, what the user should hold. Changes nothing."""
        identity = self._identity()
        end_what_is_over(self._world, identity)
        with self._storage.read() as transaction:
            found = transaction.scope.digests(identity.user_id)
        return DigestsAnswer(
            digests=[
                PatientDigest(
                    patient_id=patient_id or None, count=part.count, digest=as_text(part.digest)
                )
                for patient_id, part in found.items()
            ]
        )

    def holdings(self, request: HoldingsRequest) -> HoldingsAnswer:
        """Name every record of some patients, of those whom the user follows. Changes nothing."""
        identity = self._identity()
        end_what_is_over(self._world, identity)
        holdings: list[Holding] = []
        with self._storage.read() as transaction:
            common = cursors.common(transaction, request.trail)
            standing = transaction.scope.standing(identity.user_id)
            for patient_id in dict.fromkeys(request.patient_ids):
                if patient_id is None:
                    records = transaction.records.of_team()
                elif patient_id in standing:
                    records = transaction.records.of_patient(patient_id)
                else:
                    continue
                holdings += [_holding(record, common) for record in records]
        return HoldingsAnswer(holdings=holdings, common=common)

    # --- as protocol 1 asks: what an older laptop holds must reach the server after an upgrade

    def push(self, request: PushRequest) -> PushAnswer:
        """Store changes, each on its own; safe to repeat. Raises LoginExpiredError."""
        identity = self._sender(request.records)
        taking = Taking(identity, *self._examined(request.records))
        return PushAnswer(results=self._taken(taking).results)

    def pull(self, request: PullRequest) -> PullAnswer:
        """Return the next page of what the user may see. Changes nothing; safe to repeat."""
        identity = self._identity()
        end_what_is_over(self._world, identity)
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
            records=[pulled(record) for record in page.records],
            ended_patients=list(page.ended_patients),
            cursor=f"{page.cursor.effective}.{page.cursor.seq}",
            complete=page.complete,
            total=total,
            server_time=self._world.clock.now(),
        )

    # --- confirm

    def confirm(self, request: ConfirmRequest) -> ConfirmAnswer:
        """Say which records are held. Changes nothing; safe to repeat."""
        identity = self._identity()
        end_what_is_over(self._world, identity)
        names = [(name.kind, name.id) for name in request.records]
        with self._storage.read() as transaction:
            held = transaction.scope.held(identity.user_id, names)
        return ConfirmAnswer(
            held=[HeldRecord(kind=kind, id=record_id, version=seq) for kind, record_id, seq in held]
        )

    # --- inner parts

    def _examined(
        self, records: Sequence[PushRecord]
    ) -> tuple[list[batch.Pushed], datetime, IdMaker]:
        return batch.examined(records), self._world.clock.now(), self._world.new_id

    def _taken(self, taking: Taking) -> Taken:
        """Take a request in; one that brings records may share its transaction with others.

        A value that the database refuses ends that transaction; then the request is taken in once
        more by itself, with care.
        """
        with _full_disk_told():
            if taking.pushed:
                try:
                    return self._storage.write_grouped(taking)
                except BadValueError:
                    pass
            # Without records nothing takes numbers, and nobody has to wait for anybody.
            with self._storage.write() as transaction:
                return taking.alone(transaction)

    def _identity(self) -> Identity:
        if self._who is None:
            raise LoginExpiredError
        return self._who

    def _sender(self, records: Sequence[PushRecord]) -> Identity:
        """Return who brings these records. A lost laptop is shut out, and what it brought is kept
        for a look: one that obeys destroys itself on hearing this.
        """
        identity = self._identity()
        if identity.standing is Standing.LOST:
            with _full_disk_told():
                keep_for_review(self._world, identity, records)
            raise RevokedError
        return identity

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
                public_key=device_public_key(request.device_key),
            )
        )
        if request.disk_encrypted is not None:
            transaction.accounts.set_disk_encrypted(device_id, request.disk_encrypted)
        if request.machine_id:
            transaction.accounts.set_machine(device_id, request.machine_id)
        token, login_ends = door.add_token(
            self._world, transaction, user.id, device_id, device_public_key(request.device_key)
        )
        return EnrolAnswer(
            device_id=device_id,
            device_secret=secret,
            token=token.token,
            expires_at=token.expires_at,
            login_expires_at=login_ends,
            practitioner=_practitioner(transaction, user.id),
            server_id=self._storage.server_id,
            server_keys=key_pairs(transaction).public,
            server_time=self._world.clock.now(),
            authorities=authorities(transaction) or None,
        )

    def _key_of(
        self, device: DeviceRow, request: LoginRequest, proven_key: str | None
    ) -> str | None:
        """The key to which the laptop's token is bound, None for an older program's."""
        if request.device_key != proven_key:
            raise ProofRefusedError
        if proven_key is None or request.assertion is None:
            if device.public_key is not None or proven_key is not None:
                # Without its key it is only somebody who knows its secret; a laptop whose key is
                # known has a program that can show it, once it is upgraded.
                raise UpgradeNeededError
            return None
        known = device.public_key or proven_key
        if known != proven_key:
            raise ProofRefusedError
        said = read_assertion(
            request.assertion,
            known,
            device.id,
            self._storage.server_id,
            self._world.clock.now(),
        )
        door.use_once(self._world, known, said.name, said.until)
        return known


def _practitioner(transaction: Transaction, user_id: str) -> dict[str, Any]:
    record = transaction.records.get("practitioner", user_id)
    if record is None:
        raise RevokedError
    return record.body


def _holding(record: StoredRecord, common: int) -> Holding:
    return Holding(
        kind=record.kind,
        id=record.id,
        patient_id=record.patient_id,
        version=record.seq,
        digest=as_text(digest_of(record)),
        changed=record.seq > common,
    )


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except DiskFullError:
        raise ServerFullError from None


def _cursor_of(text: str | None) -> Cursor:
    if text is None:
        return START
    match = re.fullmatch(r"(\d{1,18})\.(\d{1,18})", text, re.ASCII)
    if match is None:
        raise ProtocolError_("cursor")
    return Cursor(int(match[1]), int(match[2]))
