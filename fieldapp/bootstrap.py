"""Builds the real world: this machine's clock, ids, keyring and data folder.

Everything else takes these as arguments; only here are they chosen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from fieldapp import paths
from fieldapp.clock import Clock, SystemClock
from fieldapp.domain.device_orders import DeviceOrder
from fieldapp.errors import UserError
from fieldapp.ids import new_id
from fieldapp.security import destroy, orders_file
from fieldapp.security.device_orders import is_genuine
from fieldapp.security.errors import EscrowKeyMalformedError
from fieldapp.security.escrow import EscrowKey, EscrowRequest
from fieldapp.security.kdf import KdfParams
from fieldapp.security.key_due import KeyDue
from fieldapp.security.keyring import (
    ORIGIN_DEMO,
    ORIGIN_SYSTEM,
    ORIGIN_TEST,
    DemoKeyring,
    DeviceSecrets,
)
from fieldapp.security.orders_file import OrdersFile
from fieldapp.security.process import harden_process
from fieldapp.security.recovery import groups_to_check, is_group
from fieldapp.security.rescue import Rescue, read_answer
from fieldapp.security.vault import Vault, Way, by_recovery_key
from fieldapp.services import setup
from fieldapp.services.sealed import (
    BY_ESCROW,
    BY_RECOVERY_KEY,
    SealedStore,
    SendOnlyError,
    opened_for_sending,
)
from fieldapp.services.session import Session
from fieldapp.services.setup import EnrolmentAnswer
from fieldapp.store.db import Database
from fieldapp.store.salvage import Counted, SalvageReport
from fieldapp.store.state import CourierKeys

log = logging.getLogger(__name__)

__all__ = [
    # for the window and the demo, which may not look behind this module
    "ORIGIN_DEMO",
    "ORIGIN_TEST",
    "Counted",
    "Door",
    "EscrowRequest",
    "KdfParams",
    "KeyDue",
    "OrdersFile",
    "Rescue",
    "SalvageReport",
    "Way",
    "by_recovery_key",
    "door_for",
    "finish_destroying",
    "groups_to_check",
    "harden_process",
    "is_genuine",
    "is_group",
    "read_answer",
    "unlock",
    "vault_for",
]


def vault_for(
    username: str,
    data_dir: Path | None = None,
    *,
    clock: Clock | None = None,
    origin: str = ORIGIN_SYSTEM,
    secrets: DeviceSecrets | None = None,
    params: KdfParams | None = None,
) -> Vault:
    """The vault of one user below ``data_dir`` (the usual data folder unless given).

    A store of the demo keeps its device secret in a demo keyring beside it; every other one in the
    keyring of the operating system.
    """
    folder = data_dir or paths.data_dir()
    if secrets is None:
        secrets = DeviceSecrets() if origin == ORIGIN_SYSTEM else DemoKeyring(folder)
    return Vault(
        paths.user_dir(folder, username),
        secrets,
        clock or SystemClock(),
        params=params,
        origin=origin,
    )


def _escrow_of(keys: CourierKeys | None) -> EscrowKey | None:
    """The organisation's public key as the server told it; None for none or for what is no key."""
    if keys is None or not keys.server_escrow:
        return None
    try:
        return EscrowKey.from_hex(keys.server_escrow)
    except EscrowKeyMalformedError:
        log.warning("the server told an escrow key that is none")
        return None


class Door:
    """The way into one user's store, and out again.

    ``create`` and ``unlock`` are slow and run beside the screen; ``session`` and ``lock`` are for
    the thread that shows the data.
    """

    def __init__(self, username: str, vault: Vault, clock: Clock, *, synthetic: bool) -> None:
        self._username = username
        self._vault = vault
        self._clock = clock
        self._synthetic = synthetic
        self._send_only = False
        self._took_escrow = False
        self._rescue = Rescue(vault, vault.secrets, clock)

    @property
    def username(self) -> str:
        """Whose store it is."""
        return self._username

    @property
    def vault(self) -> Vault:
        """The vault behind the door."""
        return self._vault

    def exists(self) -> bool:
        """True when there is a store to unlock; False when one is to be created."""
        return self._vault.exists()

    def create(self, passphrase: str, enrolment: EnrolmentAnswer | None = None) -> str:
        """Make the store and leave it open; return the recovery key, to be shown once.

        With ``enrolment`` the store knows who this laptop is from the beginning: it is made with
        both or not at all. Raises what ``Vault.create`` raises.
        """

        def prepare(store: Database) -> None:
            if self._synthetic:
                setup.allow_synthetic_numbers(store)
            if enrolment is not None:
                setup.remember_enrolment(store, enrolment)

        escrow = None if enrolment is None else _escrow_of(enrolment.courier)
        return self._vault.create(self._username, passphrase, prepare, escrow).recovery_key

    def unlock(self, passphrase: str) -> None:
        """Open the store. Raises what ``Vault.unlock`` raises."""
        self._vault.unlock(self._username, passphrase)

    def verify(self, passphrase: str) -> None:
        """Prove that this passphrase opens the store. Raises what ``Vault.verify_passphrase``
        raises."""
        self._vault.verify_passphrase(self._username, passphrase)

    @property
    def database(self) -> Database | None:
        """The open store; None while locked."""
        return self._vault.store

    def enrol(self, enrolment: EnrolmentAnswer) -> None:
        """Store who this laptop is on the server; the store must be open."""
        database = self._vault.store
        assert database is not None
        setup.remember_enrolment(database, enrolment)

    def open_for_sending(self, recovery_key: str) -> SealedStore:
        """Open a colleague's store to send from it, and for nothing else; `lock` ends that.

        Raises what ``Vault.unlock_with_recovery`` raises, SendOnlyError, and DiskFullError: an
        opening that cannot be logged does not happen.
        """
        opened = self.open_for_sending_by(
            lambda: self._vault.unlock_with_recovery(recovery_key), BY_RECOVERY_KEY
        )
        # It is replaced before the page closes; when that does not happen, the owner is asked.
        self._rescue.mark_key_due(KeyDue.USED)
        return opened

    def open_for_sending_by_answer(self, answer: bytes) -> SealedStore:
        """The same with the officers' answer; it opens nothing a second time.

        Raises what ``Rescue.open_with_answer`` raises, and what `open_for_sending` does.
        """
        opened = self.open_for_sending_by(lambda: self._rescue.open_with_answer(answer), BY_ESCROW)
        self._rescue.forget_answer()
        return opened

    def open_for_sending_by(self, unlock: Callable[[], object], by: str) -> SealedStore:
        """The same by any way in; `unlock` opens the vault, the log names `by`."""
        self._send_only = True
        try:
            unlock()
            database = self._vault.store
            assert database is not None
            opened = opened_for_sending(database, self._clock, by)
            database.hand_over()
        except BaseException:
            self.lock()
            raise
        return opened

    def session(self) -> Session:
        """The session on the open store. Raises NotEnrolledError, and SendOnlyError while it is
        open for nothing but sending."""
        if self._send_only:
            raise SendOnlyError
        database = self._vault.store
        assert database is not None
        session = setup.open_session(database, self._clock, new_id)
        self._take_escrow(database)
        return session

    def _take_escrow(self, database: Database) -> None:
        """Let the organisation's officers open this store too, once the server has told their key.

        Never in the way of the day: a disk that takes nothing is tried again at the next unlocking.
        """
        enrolment = setup.load_enrolment(database)
        public = None if enrolment is None else _escrow_of(enrolment.courier)
        if public is None:
            return
        try:
            self._took_escrow = self.rescue.take_escrow(public) or self._took_escrow
        except UserError as error:
            log.warning("no slot for the escrow: %s", error.code)

    def by_passphrase(self, passphrase: str) -> Way:
        """The ordinary way to the root key, for salvage."""
        return self._vault.by_passphrase(self._username, passphrase)

    def change_passphrase(self, old: str, new: str) -> None:
        """Raises what ``Vault.change_passphrase`` raises. Slow."""
        self._vault.change_passphrase(self._username, old, new)

    def replace_recovery_key(self, passphrase: str, recovery_key: str) -> None:
        """The old recovery key is dead after this. Raises what ``Rescue`` raises. Slow."""
        self._rescue.replace_recovery_key(self._username, passphrase, recovery_key)

    def escrow_fingerprint(self) -> str | None:
        """Of the organisation's key that can open this store; None when none can.

        The store must be open. For the thread of ``session``.
        """
        held = self._vault.key_file.escrow_key_id
        if held is None or self._vault.store is None:
            return None
        enrolment = setup.load_enrolment(self._vault.store)
        public = None if enrolment is None else _escrow_of(enrolment.courier)
        return public.fingerprint if public is not None and public.key_id == held else held

    def escrow_told(self) -> str | None:
        """The fingerprint of another key that the server now names as the organisation's; None
        when there is none. It opens nothing before `accept_escrow`. For the thread of ``session``.
        """
        public = self._escrow_told()
        return None if public is None else public.fingerprint

    def accept_escrow(self) -> None:
        """A person has compared the fingerprints: the key that was told takes the old one's place.

        Raises DiskFullError and ReadOnlyStoreError. For the thread of ``session``.
        """
        public = self._escrow_told()
        if public is not None:
            self.rescue.change_escrow(public)

    def _escrow_told(self) -> EscrowKey | None:
        held = self._vault.key_file.escrow_key_id
        if held is None or self._vault.store is None:
            return None
        enrolment = setup.load_enrolment(self._vault.store)
        public = None if enrolment is None else _escrow_of(enrolment.courier)
        return None if public is None or public.key_id == held else public

    @property
    def took_escrow(self) -> bool:
        """True when the organisation's officers can open this store since the last unlocking and
        could not before."""
        return self._took_escrow

    @property
    def rescue(self) -> Rescue:
        """The ways back in when a secret or a file is lost."""
        return self._rescue

    def orders(self) -> OrdersFile | None:
        """Where to ask for orders to this laptop; None where there is no telling.

        What the open store says counts before the file beside it. For the thread of ``session``.
        """
        database = self._vault.store
        enrolment = None if database is None else setup.load_enrolment(database)
        known = None if enrolment is None else setup.orders_of(enrolment)
        return known or orders_file.read(self._vault.folder)

    def destroy_keys(self, order: DeviceOrder, known: OrdersFile) -> None:
        """Destroy what opens the store, also while it is open. Raises NotOursError; slow."""
        destroy.begin(
            self._vault.folder, order, known.device_id, known.public_key, self._vault.secrets
        )

    def destroy_files(self) -> bool:
        """Delete what is left, once the store is closed; False when the next start must go on."""
        return destroy.finish(self._vault.folder, self._vault.secrets)

    def lock(self) -> None:
        """Close the store and wipe the keys; harmless when it is locked."""
        self._vault.lock()
        self._send_only = False
        self._took_escrow = False

    @property
    def has_pin(self) -> bool:
        """True while a PIN of this process opens the store."""
        return self._vault.has_pin

    def set_pin(self, pin: str) -> None:
        """Let a PIN open the store after a lock. Raises what ``Vault.set_pin`` raises."""
        self._vault.set_pin(pin)

    def drop_pin(self) -> None:
        """Forget the PIN."""
        self._vault.drop_pin()

    def unlock_with_pin(self, pin: str) -> None:
        """Open the store again. Raises what ``Vault.unlock_with_pin`` raises."""
        self._vault.unlock_with_pin(pin)

    def keep(self, data: bytes) -> None:
        """Seal what was half written; see ``Vault.keep``."""
        self._vault.keep(data)

    def kept(self) -> bytes:
        """What was kept at the last lock; see ``Vault.kept``."""
        return self._vault.kept()

    def store_kept(self) -> bool:
        """True when nothing is kept in memory alone; see ``Vault.store_kept``."""
        return self._vault.store_kept()


def door_for(
    username: str,
    data_dir: Path | None = None,
    *,
    origin: str = ORIGIN_SYSTEM,
    secrets: DeviceSecrets | None = None,
    clock: Clock | None = None,
    params: KdfParams | None = None,
) -> Door:
    """The door to one user's store; see ``vault_for`` for the arguments."""
    clock = clock or SystemClock()
    vault = vault_for(
        username, data_dir, clock=clock, origin=origin, secrets=secrets, params=params
    )
    return Door(username, vault, clock, synthetic=origin in (ORIGIN_DEMO, ORIGIN_TEST))


def finish_destroying(data_dir: Path, *, trial: bool = False) -> list[tuple[OrdersFile, str]]:
    """At the start: delete what an interrupted destruction has left. Slow; see `destroy`.

    Return whom to tell that an order (id) is obeyed: who was interrupted has told nobody.
    """
    secrets = DemoKeyring(data_dir) if trial else DeviceSecrets()
    known = {
        destroy.order_being_obeyed(folder): orders_file.read(folder)
        for folder in paths.user_folders(data_dir)
    }
    obeyed = destroy.finish_all(data_dir, secrets)
    return [(whom, order) for order in obeyed if (whom := known.get(order)) is not None]


def unlock(username: str, passphrase: str, data_dir: Path | None = None) -> Session:
    """Unlock a user's store and open the session on it; for tools.

    Raises what ``Vault.unlock`` raises, and NotEnrolledError.
    """
    door = door_for(username, data_dir)
    door.unlock(passphrase)
    return door.session()
