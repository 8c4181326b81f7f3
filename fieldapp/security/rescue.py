"""Back into a store whose passphrase, keyring or database is lost, and what must follow.

    recovery key ──┐
    escrow answer ─┴─► open ──► new passphrase + new recovery key ──► locked, ready for use
    damaged database ──► salvage: a new store beside it, the damaged files kept

Nothing here deletes a store. A way in that was used once is dead as soon as the new ones stand;
before that it still works, so that nothing is lost to a power cut in between.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path

from fieldapp.clock import Clock
from fieldapp.errors import FieldAppError
from fieldapp.security import key_due, keyfile
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    EscrowFileError,
    EscrowNotAskedError,
    KeyFileDamagedError,
    KeyFileMissingError,
    KeyFileOtherStoreError,
    StoreExistsError,
)
from fieldapp.security.escrow import EscrowKey, EscrowRequest, ReplyKey, open_answer
from fieldapp.security.kdf import check_passphrase
from fieldapp.security.key_due import KeyDue
from fieldapp.security.keyfile import KeyFile
from fieldapp.security.keyring import DeviceSecrets
from fieldapp.security.pages import empty_damaged_pages
from fieldapp.security.recovery import new_recovery_key, parse_recovery_key
from fieldapp.security.secretbuf import wipe
from fieldapp.security.vault import DATABASE_NAME, Vault, Way
from fieldapp.store import salvage
from fieldapp.store.files import flush_folder, write_private_file
from fieldapp.store.migrate import COPIES_NAME, MIGRATIONS
from fieldapp.store.salvage import SalvageReport

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EscrowState:
    """What the settings tell: `key_id` of the organisation's key in this store; None for none."""

    key_id: str | None


class Rescue:
    """The ways back into one vault. Slow methods belong in a worker, as those of the vault.

    One per vault and program run: the key for an escrow's answer is kept here when the keyring
    cannot keep it.
    """

    def __init__(
        self,
        vault: Vault,
        secrets: DeviceSecrets,
        clock: Clock,
        migrations: Path = MIGRATIONS,
    ) -> None:
        self._vault = vault
        self._secrets = secrets
        self._clock = clock
        self._migrations = migrations
        self._reply: ReplyKey | None = None

    # --- the ways in ---

    def open_with_answer(self, answer: bytes) -> None:
        """Open the store with the officers' answer.

        Raises EscrowNotAskedError, EscrowFileError, EscrowOtherStoreError,
        EscrowOtherRequestError, EscrowAnswerDamagedError and what ``Vault.unlock`` raises for
        key file and database.
        """
        self._vault.unlock_by(self.by_answer(answer))

    def by_answer(self, answer: bytes) -> Way:
        """The way of the officers' answer; raises, when used, what ``open_with_answer`` does."""

        def open_root(key_file: KeyFile) -> bytearray:
            reply = self._reply_key(key_file)
            if reply is None:
                raise EscrowNotAskedError
            return open_answer(answer, key_file.store_id, reply)

        return open_root

    def prove(self, way: Way) -> None:
        """Open and lock again, before anybody is asked for new secrets.

        Raises what the way and ``Vault.unlock`` raise; KeyringUnavailableError and
        KeyringLockedError too, because without a keyring no passphrase can be set here.
        """
        self._vault.unlock_by(way)
        try:
            key_file = self._vault.key_file
            with contextlib.suppress(DeviceSecretMissingError):
                wipe(self._secrets.get(key_file.store_id, key_file.origin))
        finally:
            self._vault.lock()

    def finish(self, way: Way, username: str, passphrase: str, recovery_key: str) -> None:
        """Open, put the new secrets in place of the old ones, and lock. Raises what ``renew``
        raises; the old ones work on then."""
        self._vault.unlock_by(way)
        try:
            self.renew(username, passphrase, recovery_key)
        finally:
            self._vault.lock()

    # --- asking the organisation ---

    def escrow_state(self) -> EscrowState:
        """Whether the organisation can open this store; reads the key file as it lies there.

        Raises the errors of the key file.
        """
        return EscrowState(keyfile.read(self._vault.key_file_path).escrow_key_id)

    def ask_escrow(self, username: str) -> EscrowRequest:
        """Make a request for the officers; an older one is forgotten.

        The key for the answer goes to the keyring where that works, and otherwise lives as long as
        this program. Raises EscrowMissingError and the errors of the key file.
        """
        key_file = keyfile.read(self._vault.key_file_path)
        request, self._reply = key_file.escrow_request(username, self._clock)
        try:
            text = self._reply.to_text()
            self._secrets.keep_reply_key(key_file.store_id, key_file.origin, text)
        except FieldAppError as error:
            log.info("the keyring did not take the key for an answer: %s", error.code)
        return request

    def outlives_program(self) -> bool:
        """True when the answer can be used after the program was closed meanwhile."""
        try:
            key_file = keyfile.read(self._vault.key_file_path)
            kept = self._secrets.reply_key(key_file.store_id, key_file.origin)
        except FieldAppError:
            return False
        return kept is not None and (self._reply is None or kept == self._reply.to_text())

    def is_asked(self) -> bool:
        """True while a request waits for its answer."""
        try:
            return self._reply_key(keyfile.read(self._vault.key_file_path)) is not None
        except FieldAppError:
            return False

    def _reply_key(self, key_file: KeyFile) -> ReplyKey | None:
        if self._reply is not None:
            return self._reply
        try:
            kept = self._secrets.reply_key(key_file.store_id, key_file.origin)
        except FieldAppError as error:
            log.info("the keyring was not asked for the key of an answer: %s", error.code)
            return None
        return None if kept is None else ReplyKey.from_text(kept)

    def _forget_reply_key(self, key_file: KeyFile) -> None:
        self._reply = None
        try:
            self._secrets.keep_reply_key(key_file.store_id, key_file.origin, None)
        except FieldAppError as error:
            log.info("the keyring did not forget the key of an answer: %s", error.code)

    # --- what must follow, and what may be changed on an ordinary day ---

    @staticmethod
    def offer_recovery_key() -> str:
        """A new recovery key as text, to be shown; it opens nothing until it is put in place."""
        raw, text = new_recovery_key()
        wipe(raw)
        return text

    def renew(self, username: str, passphrase: str, recovery_key: str) -> None:
        """A new passphrase for this machine and a new recovery key, in one write.

        The store must be open. The old ones are dead after this, and so is an answer of the
        officers that was used. Raises PassphraseTooShortError, RecoveryKeyMalformedError, the
        keyring's errors, DiskFullError and ReadOnlyStoreError; the old ones work on then.
        """
        check_passphrase(passphrase)
        secret = parse_recovery_key(recovery_key)

        def change(key_file: KeyFile, root: bytearray) -> None:
            self._vault.put_passphrase(key_file, root, username, passphrase)
            key_file.remove_recovery_slots()
            key_file.add_recovery_slot(root, secret, self._clock)

        try:
            self._vault.change_keys(change)
        finally:
            wipe(secret)
        self._forget_reply_key(self._vault.key_file)
        key_due.clear(self._vault.folder)
        log.info("passphrase and recovery key renewed")

    def replace_recovery_key(self, username: str, passphrase: str, recovery_key: str) -> None:
        """Put a new recovery key in place of the old one, which is dead from then on.

        The store must be open; the passphrase is asked once more. Raises what ``unlock`` raises
        for it, RecoveryKeyMalformedError, DiskFullError, ReadOnlyStoreError.
        """
        secret = parse_recovery_key(recovery_key)

        def change(key_file: KeyFile, root: bytearray) -> None:
            key_file.remove_recovery_slots()
            key_file.add_recovery_slot(root, secret, self._clock)

        try:
            self._vault.check_passphrase(username, passphrase)
            self._vault.change_keys(change)
        finally:
            wipe(secret)
        key_due.clear(self._vault.folder)

    def replace_used_key(self, recovery_key: str) -> None:
        """The same without the passphrase, for whoever has just opened the store with the old key.

        Nobody gains by it: the old key opened everything that the new one does. Raises
        RecoveryKeyMalformedError, DiskFullError, ReadOnlyStoreError.
        """
        secret = parse_recovery_key(recovery_key)

        def change(key_file: KeyFile, root: bytearray) -> None:
            key_file.remove_recovery_slots()
            key_file.add_recovery_slot(root, secret, self._clock)

        try:
            self._vault.change_keys(change)
        finally:
            wipe(secret)
        key_due.clear(self._vault.folder)
        log.info("a used recovery key is replaced")

    def forget_answer(self) -> None:
        """An answer of the officers that was used opens nothing a second time."""
        self._forget_reply_key(keyfile.read(self._vault.key_file_path))

    # --- whether the owner is to be asked for a new recovery key ---

    def key_due(self) -> KeyDue | None:
        """Why a new recovery key is due; None when none is."""
        return key_due.read(self._vault.folder)

    def mark_key_due(self, why: KeyDue) -> None:
        """Ask the owner for a new recovery key from the next unlocking on."""
        key_due.mark(self._vault.folder, why)

    def key_proved(self) -> None:
        """The key that was shown stands on paper."""
        key_due.clear(self._vault.folder)

    def take_escrow(self, public: EscrowKey) -> bool:
        """Let the organisation's key open this store too, where none can; True when that is new.

        A key in the place of another is not taken on the server's word alone: whoever had got hold
        of the server would get into every store (`change_escrow`). The store must be open. Raises
        DiskFullError and ReadOnlyStoreError.
        """
        if self._vault.key_file.escrow_key_id is not None:
            return False
        self.change_escrow(public)
        return True

    def change_escrow(self, public: EscrowKey) -> None:
        """Put the organisation's present key in the place of an older one.

        For when a person has compared the fingerprints. Raises what `take_escrow` raises.
        """

        def change(key_file: KeyFile, root: bytearray) -> None:
            key_file.remove_escrow_slots()
            key_file.add_escrow_slot(root, public, self._clock)

        self._vault.change_keys(change)
        log.info("escrow slot for key %s", public.key_id)

    # --- damaged files ---

    def adopt_key_file(self, source: Path) -> None:
        """Put a key file from a backup in the place of one that is missing or damaged.

        What lies there is kept under another name. Raises StoreExistsError when the present one
        can be read, KeyFileDamagedError or KeyFileTooNewError for the source, and
        KeyFileOtherStoreError: once it lay here and could be read, no other would take its place.
        """
        place = self._vault.key_file_path
        try:
            keyfile.read(place)
        except (KeyFileMissingError, KeyFileDamagedError):
            pass
        else:
            raise StoreExistsError
        try:
            data = source.read_bytes()[: keyfile.LARGEST_FILE + 1]
        except OSError as error:
            raise KeyFileDamagedError("read") from error
        self._check_is_ours(KeyFile.parse(data))
        for old in (place, keyfile.backup_path(place)):
            if old.exists():
                old.replace(salvage.free_name(old, "damaged"))
        flush_folder(place.parent)
        write_private_file(place, data)

    def _check_is_ours(self, key_file: KeyFile) -> None:
        """Raise KeyFileOtherStoreError for the key file of another store. An older copy of the
        database tells it as well, where the database itself is damaged at its beginning."""
        folder = self._vault.folder
        known = [folder / DATABASE_NAME, *(folder / COPIES_NAME).glob("*.db")]
        present = [path for path in known if path.is_file()]
        if present and not any(key_file.is_of(path) for path in present):
            raise KeyFileOtherStoreError

    def salvage(self, way: Way) -> SalvageReport:
        """Copy what can be read of a damaged database into a new encrypted store in its place.

        The damaged files are kept beside it. The vault must be locked and stays so. Raises what
        the way raises, DatabaseMissingError, DatabasePlaintextError, DatabaseDamagedError when not
        a page could be read, DiskFullError; nothing has changed then.
        """
        with self._vault.keys_by(way) as (key_file, root):
            return salvage.salvage(
                self._vault.folder / DATABASE_NAME,
                key_file.key_source(root),
                key_file.store_id,
                key_file.page_size,
                self._clock,
                empty_damaged_pages,
                self._migrations,
            )


def read_answer(path: Path) -> bytes:
    """The bytes of an answer file. Raises EscrowFileError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(1 << 20)
    except OSError as error:
        raise EscrowFileError("read") from error
