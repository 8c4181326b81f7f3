"""The vault: one user's encrypted store and the ways to open it.

    create ──► unlocked ◄── unlock (passphrase + keyring)
                  │    ◄── unlock_with_pin (a PIN set in this process)
                  │    ◄── unlock_with_recovery (recovery key) ──► rebind (new passphrase)
                  ▼
                lock

Everything fails closed. What is missing, damaged or not understood ends in its own error, and
nothing is created, recreated or deleted on the way. The root key exists only while the vault is
unlocked, in one buffer that ``lock`` wipes.

The slow methods (create, unlock, rebind, change_passphrase) belong in a worker thread. They do not
keep the store's connection to themselves: the first thread to use it afterwards owns it.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fieldapp.clock import Clock
from fieldapp.errors import FieldAppError
from fieldapp.ids import new_id
from fieldapp.paths import make_private_folder, normal_username
from fieldapp.security import keyfile
from fieldapp.security.anchor import Anchor, Judgement
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    KeyFileMissingError,
    StoreExistsError,
    StoreUnfinishedError,
    VaultLockedError,
    VaultOpenError,
    WrongSecretError,
)
from fieldapp.security.escrow import EscrowKey
from fieldapp.security.kdf import FAST, KEY_BYTES, KdfParams, check_passphrase
from fieldapp.security.kept import Kept
from fieldapp.security.keyfile import KeyFile
from fieldapp.security.keyring import ORIGIN_SYSTEM, DeviceSecrets
from fieldapp.security.pin import PinKeeper
from fieldapp.security.recovery import new_recovery_key, parse_recovery_key
from fieldapp.security.secretbuf import wipe
from fieldapp.security.throttle import Throttle
from fieldapp.store import claims, commits, salvage, wholeness
from fieldapp.store.db import Database, DatabaseError, named_errors, require_driver
from fieldapp.store.errors import DatabaseDamagedError, DiskFullError, ReadOnlyStoreError
from fieldapp.store.files import flush_folder
from fieldapp.store.lock import StoreLock
from fieldapp.store.migrate import MIGRATIONS, migrate

log = logging.getLogger(__name__)

DATABASE_NAME = "journal.db"
KEY_FILE_NAME = "journal.hvkey"
THROTTLE_NAME = "journal.hvkey.try"

Way = Callable[[KeyFile], bytearray]
"""One way to the root key (to be wiped): a passphrase, a recovery key, an officers' answer."""


def by_recovery_key(recovery_key: str) -> Way:
    """The way of the paper. Raises RecoveryKeyMalformedError now, WrongSecretError when used."""
    wipe(parse_recovery_key(recovery_key))

    def open_root(key_file: KeyFile) -> bytearray:
        slot = key_file.find_slot(keyfile.SLOT_RECOVERY)
        if slot is None:
            raise WrongSecretError
        secret = parse_recovery_key(recovery_key)
        try:
            return key_file.open_recovery_slot(slot, secret)
        finally:
            wipe(secret)

    return open_root


@dataclass(frozen=True, slots=True)
class CreatedStore:
    """A new store, open, and the recovery key that must be shown to the user once."""

    store: Database
    recovery_key: str


@dataclass(frozen=True, slots=True)
class _Unlocked:
    """What is in memory between unlock and lock."""

    store: Database
    key_file: KeyFile
    root: bytearray
    anchor: Anchor


class Vault:
    """One folder with one user's store.

    ``secrets`` is the keyring with the device secret, ``params`` the cost of the passphrases set
    from now on, ``origin`` (system, demo, test) is written into a new key file and decides which
    keyring may serve it, ``migrations`` the folder with the numbered SQL files.
    """

    def __init__(
        self,
        folder: Path,
        secrets: DeviceSecrets,
        clock: Clock,
        params: KdfParams | None = None,
        origin: str = ORIGIN_SYSTEM,
        migrations: Path = MIGRATIONS,
    ) -> None:
        self.folder = folder
        self._secrets = secrets
        self._clock = clock
        self._params = params or KdfParams()
        self._origin = origin
        self._migrations = migrations
        self._lock = StoreLock(folder)
        self._throttle = Throttle(folder / THROTTLE_NAME, clock)
        self._pin = PinKeeper(clock, self._params)
        self._kept = Kept(folder)
        self._unlocked: _Unlocked | None = None

    @property
    def database_path(self) -> Path:
        """Where the encrypted database lies."""
        return self.folder / DATABASE_NAME

    @property
    def key_file_path(self) -> Path:
        """Where the key file lies; its second copy has ``.bak`` added."""
        return self.folder / KEY_FILE_NAME

    @property
    def secrets(self) -> DeviceSecrets:
        """The keyring with the device secret."""
        return self._secrets

    @property
    def store(self) -> Database | None:
        """The open store; None while the vault is locked."""
        return self._unlocked.store if self._unlocked else None

    def exists(self) -> bool:
        """True when there is a store here, whole or damaged: it must be unlocked, not created.

        False also for a store whose creation was interrupted; it has never been used.
        """
        if not any(path.exists() for path in self._store_files()):
            return False
        try:
            return keyfile.read(self.key_file_path).state != keyfile.STATE_CREATING
        except FieldAppError:
            return True

    # --- creating ---

    def create(
        self,
        username: str,
        passphrase: str,
        prepare: Callable[[Database], None] = lambda store: None,
        escrow: EscrowKey | None = None,
    ) -> CreatedStore:
        """Make a new store for this user and open it; the organisation's escrow can open it too.

        ``prepare`` writes what the store must hold to be of use; before it has ended well the
        store does not count as made. Raises PassphraseTooShortError, StoreExistsError, the
        keyring's errors, DriverMissingError, AlreadyOpenError, DiskFullError and what ``prepare``
        raises. After a refusal there is no store, no device secret and no folder made here.
        """
        require_driver()
        check_passphrase(passphrase)
        self._check_closed()
        if self.exists():
            raise StoreExistsError
        store_id = new_id()
        # The keyring comes first: without it not even a folder is made.
        device_secret = self._secrets.create(store_id, self._origin)
        root = bytearray(os.urandom(KEY_BYTES))
        is_new_folder = not self.folder.exists()
        try:
            make_private_folder(self.folder)
            self._lock.acquire()
            if self.exists():  # another program may have been faster
                raise StoreExistsError
            self._set_unfinished_aside()
            key_file = KeyFile.new(store_id, self._origin)
            user = normal_username(username)
            key_file.add_passphrase_slot(
                root, user, passphrase, device_secret, self._params, self._clock
            )
            recovery_raw, recovery_text = new_recovery_key()
            key_file.add_recovery_slot(root, recovery_raw, self._clock)
            wipe(recovery_raw)
            if escrow is not None:
                key_file.add_escrow_slot(root, escrow, self._clock)
            store = self._create_files(key_file, root, prepare)
            anchor = self._drop_anchor(store, key_file, root)
        except BaseException:
            wipe(root)
            self._lock.release()
            if is_new_folder:
                self._remove_folder()
            with contextlib.suppress(FieldAppError):
                self._secrets.delete(store_id, self._origin)
            raise
        finally:
            wipe(device_secret)
        self._unlocked = _Unlocked(store, key_file, root, anchor)
        log.info("store created")
        return CreatedStore(store, recovery_text)

    def _remove_folder(self) -> None:
        """Take back a folder made for nothing; a user's folder means that there is a store."""
        with contextlib.suppress(OSError):
            self._lock.remove()
            self.folder.rmdir()

    def _create_files(
        self, key_file: KeyFile, root: bytearray, prepare: Callable[[Database], None]
    ) -> Database:
        """Key file first, durable, in the state "creating"; then the database; then "ready"."""
        try:
            key_file.write(self.key_file_path, root)
            store = Database.create(
                self.database_path,
                key_file.key_source(root),
                key_file.store_id,
                key_file.page_size,
            )
            try:
                migrate(store, self._clock, self._migrations)
                prepare(store)
                store.checkpoint()
                flush_folder(self.folder)
                key_file.mark_ready()
                key_file.write(self.key_file_path, root)
            except BaseException:
                store.close()
                raise
        except BaseException:
            # All of these were made by this call: unfinished ones were set aside before.
            for path in self._store_files():
                path.unlink(missing_ok=True)
            raise
        store.hand_over()
        return store

    def _set_unfinished_aside(self) -> None:
        """Make room where an earlier creation was interrupted; its files are kept, renamed."""
        suffix = f".unfinished-{new_id()}"
        for path in self._store_files():
            if path.exists():
                path.replace(path.with_name(path.name + suffix))

    def _store_files(self) -> list[Path]:
        database = [
            self.database_path.with_name(DATABASE_NAME + suffix)
            for suffix in ("", "-wal", "-shm", "-journal")
        ]
        return [self.key_file_path, keyfile.backup_path(self.key_file_path), *database]

    # --- unlocking ---

    def unlock(self, username: str, passphrase: str) -> Database:
        """Open the store with a passphrase and the device's keyring.

        Raises KeyFileMissingError, KeyFileDamagedError, StoreUnfinishedError, LockedOutError,
        the keyring's errors, WrongSecretError, the errors of ``Database.open`` and ``migrate``,
        AlreadyOpenError, DriverMissingError. An unknown user is a wrong secret.
        """
        return self._unlock(self.by_passphrase(username, passphrase))

    def by_passphrase(self, username: str, passphrase: str) -> Way:
        """The ordinary way in; counts wrong tries. Raises, when used, what ``unlock`` raises."""
        user = normal_username(username)

        def open_root(key_file: KeyFile) -> bytearray:
            return self._open_with_passphrase(key_file, user, passphrase)

        return open_root

    def unlock_with_recovery(self, recovery_key: str) -> Database:
        """Open the store with the recovery key alone, for when keyring or passphrase are lost.

        Raises RecoveryKeyMalformedError and what ``unlock`` raises but for the keyring's errors.
        Tries are not slowed down: there are 2^256 keys.
        """
        return self.unlock_by(by_recovery_key(recovery_key))

    def unlock_by(self, way: Way) -> Database:
        """Open the store by one of the ways that need no passphrase, and forget wrong tries.

        Raises what the way raises and what ``unlock`` raises but for the keyring's errors.
        """
        store = self._unlock(way)
        self._throttle.reset()
        return store

    @contextlib.contextmanager
    def keys_by(self, way: Way) -> Iterator[tuple[KeyFile, bytearray]]:
        """Key file and root key (wiped afterwards) without opening the database, for salvage.

        The vault must be locked, and no other program gets in meanwhile. Raises what ``unlock``
        raises for key file and secret.
        """
        require_driver()
        self._check_closed()
        if not any(path.exists() for path in self._store_files()):
            raise KeyFileMissingError
        self._lock.acquire()
        try:
            key_file = keyfile.read(self.key_file_path)
            root = way(key_file)
            try:
                key_file.check_mark(root)
                yield key_file, root
            finally:
                wipe(root)
        finally:
            self._lock.release()

    def _unlock(self, open_root: Callable[[KeyFile], bytearray]) -> Database:
        require_driver()
        self._check_closed()
        if not any(path.exists() for path in self._store_files()):
            raise KeyFileMissingError  # before the lock: it would leave a file behind
        self._lock.acquire()
        try:
            key_file = keyfile.read(self.key_file_path)
            if key_file.state == keyfile.STATE_CREATING:
                raise StoreUnfinishedError
            root = open_root(key_file)
            try:
                key_file.check_mark(root)
                store = self._open_database(key_file, root)
                anchor = self._drop_anchor(store, key_file, root)
            except BaseException:
                wipe(root)
                raise
        except BaseException:
            self._lock.release()
            raise
        self._unlocked = _Unlocked(store, key_file, root, anchor)
        log.info("store unlocked")
        return store

    def _open_with_passphrase(self, key_file: KeyFile, user: str, passphrase: str) -> bytearray:
        """The root key; counts a wrong passphrase and forgets the count after a right one."""
        self._throttle.check()
        device_secret = self._secrets.get(key_file.store_id, key_file.origin)
        try:
            slot = key_file.find_slot(keyfile.SLOT_PASSPHRASE, user)
            if slot is None:
                raise WrongSecretError
            root = key_file.open_passphrase_slot(
                slot, passphrase, device_secret, self._least_cost(key_file)
            )
        except WrongSecretError:
            self._throttle.count_failure()
            raise
        finally:
            wipe(device_secret)
        self._throttle.reset()
        return root

    def _least_cost(self, key_file: KeyFile) -> KdfParams:
        """What a passphrase must cost a guesser here; only made-up people may have less."""
        return self._params if key_file.origin == ORIGIN_SYSTEM else FAST

    def _open_database(self, key_file: KeyFile, root: bytearray) -> Database:
        salvage.finish_interrupted(self.database_path)
        store = Database.open(self.database_path, key_file.key_source(root), key_file.page_size)
        try:
            if store.store_id() != key_file.store_id:
                raise DatabaseDamagedError
            store.check_pages()
            migrate(store, self._clock, self._migrations)
            keyfile.heal(self.key_file_path, key_file)
        except BaseException:
            store.close()
            raise
        store.hand_over()
        return store

    def _drop_anchor(self, store: Database, key_file: KeyFile, root: bytearray) -> Anchor:
        """Find out whether the store was set back, and note from here on how far it has come.

        One that was set back gives up its claims before anybody sees it. Every unlocking counts as
        an act, so that a copy made before it is behind.
        """
        anchor = Anchor(self.folder, key_file.store_id, key_file.origin, root, self._secrets)
        try:
            judgement = anchor.judge(
                commits.count(store), lambda line: wholeness.knows_line(store, line)
            )
            self._note_unlocking(store, anchor, judgement)
            store.hand_over()
        except BaseException:
            anchor.close()
            store.close()
            raise
        store.keeper = anchor.write
        return anchor

    def _note_unlocking(self, store: Database, anchor: Anchor, judgement: Judgement) -> None:
        with named_errors():
            gaps = wholeness.gaps(store)
        set_back = judgement.set_back or bool(gaps)
        try:
            with store.transaction():
                if gaps:
                    wholeness.mend(store, gaps, self._clock.now())
                if set_back:
                    claims.note_set_back(store)
                number = commits.raise_count(store, judgement.highest)
        except (DiskFullError, ReadOnlyStoreError):
            if set_back:
                raise  # it would hand out by what it has forgotten as soon as there is room again
            log.warning("unlocked without a note: the disk takes nothing")
            return
        anchor.write_first(number, wholeness.newest_line(store))

    # --- changing the ways in ---

    def change_passphrase(self, username: str, old: str, new: str) -> None:
        """Replace this user's passphrase; the vault must be unlocked.

        About 1 kB is rewritten and no byte of the database. Raises WrongSecretError (counted),
        LockedOutError, PassphraseTooShortError, the keyring's errors and DiskFullError.
        """
        self._require_unlocked()
        check_passphrase(new)
        self.check_passphrase(username, old)
        self._replace_passphrase(username, new)

    def verify_passphrase(self, username: str, passphrase: str) -> None:
        """Prove that this passphrase opens the store, with the files as they lie on the disk now.

        For before a trip; needs no network and changes nothing but the count of wrong tries.
        The vault must be unlocked. Raises what ``unlock`` raises for key file, keyring and
        passphrase, and WrongSecretError also when the file opens another store.
        """
        unlocked = self._require_unlocked()
        key_file = keyfile.read(self.key_file_path)
        root = self._open_with_passphrase(key_file, normal_username(username), passphrase)
        try:
            key_file.check_mark(root)
            if not hmac.compare_digest(bytes(root), bytes(unlocked.root)):
                raise WrongSecretError
        finally:
            wipe(root)

    def change_keys(self, change: Callable[[KeyFile, bytearray], None]) -> None:
        """Let ``change`` alter a copy of the key file, and make it durable; all of it or nothing.

        The vault must be unlocked. Raises DiskFullError, ReadOnlyStoreError, what ``change`` does.
        """
        unlocked = self._require_unlocked()
        changed = unlocked.key_file.copy()
        change(changed, unlocked.root)
        changed.write(self.key_file_path, unlocked.root)
        self._unlocked = replace(unlocked, key_file=changed)

    @property
    def key_file(self) -> KeyFile:
        """The key file of the open store. Raises VaultLockedError."""
        return self._require_unlocked().key_file

    def check_passphrase(self, username: str, passphrase: str) -> None:
        """Count a wrong passphrase and raise WrongSecretError; the vault must be unlocked."""
        unlocked = self._require_unlocked()
        user = normal_username(username)
        wipe(self._open_with_passphrase(unlocked.key_file, user, passphrase))

    def rebind(self, username: str, new_passphrase: str) -> None:
        """Set a new passphrase, and a new device secret where the keyring has lost it.

        For after ``unlock_with_recovery``. Old passphrases stop working; the recovery slot and
        every escrow slot stay. Raises what ``change_passphrase`` raises.
        """
        self._require_unlocked()
        self._replace_passphrase(username, new_passphrase)
        self._throttle.reset()

    def put_passphrase(
        self, key_file: KeyFile, root: bytearray, username: str, passphrase: str
    ) -> None:
        """Let only this passphrase open the store, with this machine's secret; for
        ``change_keys``. Raises PassphraseTooShortError and the keyring's errors."""
        check_passphrase(passphrase)
        # Whoever changes the passphrase may have been watched when the PIN was typed.
        self._pin.drop()
        try:
            # A secret that is still there is kept, so a crash before the file is written
            # leaves the old passphrase working.
            device_secret = self._secrets.get(key_file.store_id, key_file.origin)
        except DeviceSecretMissingError:
            device_secret = self._secrets.create(key_file.store_id, key_file.origin)
        key_file.remove_passphrase_slots()
        try:
            key_file.add_passphrase_slot(
                root,
                normal_username(username),
                passphrase,
                device_secret,
                self._params,
                self._clock,
            )
        finally:
            wipe(device_secret)

    def _replace_passphrase(self, user: str, passphrase: str) -> None:
        self.change_keys(lambda keys, root: self.put_passphrase(keys, root, user, passphrase))

    # --- a PIN for as long as this process runs ---

    @property
    def has_pin(self) -> bool:
        """True while a PIN can open the store again."""
        return self._pin.stands

    def set_pin(self, pin: str) -> None:
        """Let this PIN open the store after a lock; see `fieldapp.security.pin`. Slow.

        The vault must be unlocked. Raises PinWeakError.
        """
        self._pin.set(pin, self._require_unlocked().root)

    def drop_pin(self) -> None:
        """Forget the PIN: from here on the passphrase is needed. Harmless without one."""
        self._pin.drop()

    def unlock_with_pin(self, pin: str) -> Database:
        """Open the store with the PIN of this process; the keyring is not needed.

        Raises WrongPinError, PinGoneError and what ``unlock`` raises for files. Neither a wrong
        PIN nor a right one changes the count of wrong passphrases.
        """

        def open_root(key_file: KeyFile) -> bytearray:
            del key_file
            return self._pin.open(pin)

        return self._unlock(open_root)

    # --- what was half written ---

    def keep(self, data: bytes) -> None:
        """Seal what the store has no place for, to be read after the next unlocking.

        No data takes away what was kept. The vault must be unlocked. Raises nothing for a full
        disk: then it is sealed in memory, see ``store_kept``.
        """
        unlocked = self._require_unlocked()
        self._kept.keep(data, unlocked.root, unlocked.key_file.store_id)

    def kept(self) -> bytes:
        """What was kept; empty when nothing was. The vault must be unlocked."""
        unlocked = self._require_unlocked()
        return self._kept.read(unlocked.root, unlocked.key_file.store_id)

    def store_kept(self) -> bool:
        """Try to write to the disk what is kept in memory; True when this process may end."""
        return self._kept.store()

    # --- locking ---

    def lock(self) -> None:
        """Close the store, wipe the keys, let another program open it; harmless when locked.

        A PIN that was set stays: it is what opens the store again.

        To be called in the thread that owns the store's connection, after forms were saved.
        """
        if self._unlocked is not None:
            try:
                commits.note_outside(self._unlocked.store)
            except (FieldAppError, DatabaseError):
                log.warning("the store's number could not be read")
            self._unlocked.store.close()
            self._unlocked.anchor.close()
            wipe(self._unlocked.root)
            self._unlocked = None
        self._lock.release()

    @contextlib.contextmanager
    def unlocked_for(self, username: str, passphrase: str) -> Iterator[Database]:
        """Unlock for the length of a block; for tools and tests."""
        store = self.unlock(username, passphrase)
        try:
            yield store
        finally:
            self.lock()

    def _require_unlocked(self) -> _Unlocked:
        if self._unlocked is None:
            raise VaultLockedError
        return self._unlocked

    def _check_closed(self) -> None:
        if self._unlocked is not None:
            raise VaultOpenError
