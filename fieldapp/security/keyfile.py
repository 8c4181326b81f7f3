"""The key file: the root key, wrapped once per way of opening the store.

It is a JSON file of about 1 kB beside the database. Each slot holds the root key under AES-256-GCM
with a key of its own; everything that gives a slot its meaning is authenticated with it. A mark
(HMAC under a key from the root key) covers the whole file, and a plain checksum tells accidental
damage from a wrong passphrase before anybody types one.

The file is written twice, as ``journal.hvkey`` and ``journal.hvkey.bak``, because losing it means
losing every record. Both always have the same contents: an older copy would still accept an old
passphrase. Fields and slots of kinds that this version does not know are kept as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

from fieldapp.clock import Clock, to_iso
from fieldapp.ids import new_id
from fieldapp.security import escrow, kdf
from fieldapp.security.errors import (
    DeviceSecretMissingError,
    EscrowMissingError,
    KeyFileDamagedError,
    KeyFileMissingError,
    KeyFileTooNewError,
    SlotTooWeakError,
    VaultLockedError,
    WrongSecretError,
)
from fieldapp.security.escrow import EscrowKey, EscrowRequest, ReplyKey
from fieldapp.security.keyring import ORIGINS
from fieldapp.security.secretbuf import cipher_key_text, wipe
from fieldapp.store.db import PAGE_SIZE
from fieldapp.store.files import flush_folder, write_private_file

log = logging.getLogger(__name__)

FORMAT = "hv-keyfile"
VERSION = 1
ENGINE = "sqlcipher4"
LARGEST_FILE = 1 << 20

STATE_CREATING = "creating"
STATE_READY = "ready"

SLOT_PASSPHRASE = "passphrase"  # noqa: S105 (a kind of slot, not a secret)
SLOT_RECOVERY = "recovery"
SLOT_ESCROW = "escrow"

_NONCE_BYTES = 12
_TAG_BYTES = 16
_PAGE_SIZES = (1024, 2048, 4096, 8192, 16384, 32768, 65536)
_DOCUMENT_SHAPE: dict[str, type] = {
    "store_id": str,
    "origin": str,
    "state": str,
    "generation": int,
    "db": dict,
    "slots": list,
    "mac": str,
}
_SLOT_SHAPE: dict[str, type] = {
    "id": str,
    "type": str,
    "user": str,
    "device_bound": bool,
    "salt": str,
    "nonce": str,
    "ct": str,
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One way of opening the store: ``kind``, the user it is for, and the stored fields."""

    kind: str
    user: str
    fields: dict[str, Any]

    @property
    def device_bound(self) -> bool:
        """True when the device secret is needed besides what the user knows."""
        return bool(self.fields["device_bound"])

    @property
    def salt(self) -> bytes:
        """16 random bytes."""
        return _from_base64(self.fields["salt"])


class KeyFile:
    """The contents of a key file, as parsed; ``write`` makes a change durable.

    Attributes: ``store_id``, ``origin`` (system, demo or test), ``state`` (creating or ready),
    ``page_size`` of the database in bytes, ``slots``.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        """Take over a document that ``new`` made or ``parse`` checked."""
        self._document = document

    @classmethod
    def new(cls, store_id: str, origin: str) -> KeyFile:
        """A key file without slots for a store that is about to be created."""
        return cls(
            {
                "format": FORMAT,
                "version": VERSION,
                "store_id": store_id,
                "origin": origin,
                "state": STATE_CREATING,
                "generation": 0,
                "db": {
                    "engine": ENGINE,
                    "page_size": PAGE_SIZE,
                    "salt": _to_base64(os.urandom(kdf.SALT_BYTES)),
                    "epoch": 1,
                    "pending": None,
                },
                "slots": [],
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> KeyFile:
        """Check the shape and the checksum of a stored key file.

        Raises KeyFileTooNewError for a newer format and KeyFileDamagedError for anything else.
        """
        try:
            document = json.loads(data)
        except ValueError as error:
            raise KeyFileDamagedError("json") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise KeyFileDamagedError("format")
        version = document.get("version")
        if type(version) is int and version > VERSION:
            raise KeyFileTooNewError(version, VERSION)
        if version != VERSION:
            raise KeyFileDamagedError("version")
        if document.pop("checksum", None) != _checksum(document):
            raise KeyFileDamagedError("checksum")
        _check_document(document)
        return cls(document)

    @property
    def store_id(self) -> str:
        return str(self._document["store_id"])

    @property
    def origin(self) -> str:
        return str(self._document["origin"])

    @property
    def state(self) -> str:
        return str(self._document["state"])

    @property
    def page_size(self) -> int:
        return int(self._document["db"]["page_size"])

    @property
    def slots(self) -> list[Slot]:
        return [
            Slot(fields["type"], str(fields.get("user", "")), fields)
            for fields in self._document["slots"]
        ]

    def find_slot(self, kind: str, user: str | None = None) -> Slot | None:
        """The slot of this kind, for this user where one is named."""
        for slot in self.slots:
            if slot.kind == kind and (user is None or slot.user == user):
                return slot
        return None

    def mark_ready(self) -> None:
        """The database exists and is complete."""
        self._document["state"] = STATE_READY

    def copy(self) -> KeyFile:
        """A separate key file with the same contents, for a change that may fail."""
        return KeyFile(json.loads(json.dumps(self._document)))

    # --- slots ---

    def add_passphrase_slot(
        self,
        root: bytearray,
        user: str,
        passphrase: str,
        device_secret: bytearray,
        params: kdf.KdfParams,
        clock: Clock,
    ) -> None:
        """Let this user open the store with a passphrase on this device."""
        slot = self._new_slot(SLOT_PASSPHRASE, user, device_bound=True, clock=clock)
        slot.fields["kdf"] = params.as_json()
        secret = kdf.stretch_passphrase(passphrase, slot.salt, params)
        self._wrap(slot, root, secret, device_secret)

    def add_recovery_slot(self, root: bytearray, recovery_key: bytearray, clock: Clock) -> None:
        """Let whoever has the recovery key open the store, on any device."""
        slot = self._new_slot(SLOT_RECOVERY, "", device_bound=False, clock=clock)
        self._wrap(slot, root, bytearray(recovery_key), None)

    def add_escrow_slot(self, root: bytearray, public: EscrowKey, clock: Clock) -> None:
        """Let two officers of the organisation open the store, on any device."""
        fields: dict[str, Any] = {
            "id": new_id(),
            "type": SLOT_ESCROW,
            "user": "",
            "device_bound": False,
            "alg": escrow.ALGORITHM,
            "key_id": public.key_id,
            "created": to_iso(clock.now()),
        }
        sealed = escrow.seal_root(root, public, self._meaning(Slot(SLOT_ESCROW, "", fields)))
        fields["ct"] = _to_base64(sealed)
        self._document["slots"].append(fields)

    def remove_passphrase_slots(self) -> None:
        """Forget every passphrase. Recovery slots, escrow slots and unknown kinds stay."""
        self._remove_slots(SLOT_PASSPHRASE)

    def remove_recovery_slots(self) -> None:
        """Forget the recovery key: it was used, or a new one takes its place."""
        self._remove_slots(SLOT_RECOVERY)

    def remove_escrow_slots(self) -> None:
        """Forget the escrow, for one that is sealed to the organisation's present key."""
        self._remove_slots(SLOT_ESCROW)

    def _remove_slots(self, kind: str) -> None:
        self._document["slots"] = [
            fields for fields in self._document["slots"] if fields["type"] != kind
        ]

    @property
    def escrow_key_id(self) -> str | None:
        """Names the organisation's key that can open the store; None without one we know."""
        slot = self.find_slot(SLOT_ESCROW)
        if slot is None or slot.fields.get("alg") != escrow.ALGORITHM:
            return None
        return str(slot.fields.get("key_id")) if slot.fields.get("ct") else None

    def escrow_request(self, user: str, clock: Clock) -> tuple[EscrowRequest, ReplyKey]:
        """What to ask the officers, and the key for their answer. Raises EscrowMissingError."""
        slot = self.find_slot(SLOT_ESCROW)
        if slot is None or self.escrow_key_id is None:
            raise EscrowMissingError
        return escrow.new_request(
            self.store_id,
            user,
            to_iso(clock.now()),
            str(slot.fields["key_id"]),
            self._meaning(slot),
            _from_base64(slot.fields["ct"]),
        )

    def open_passphrase_slot(
        self,
        slot: Slot,
        passphrase: str,
        device_secret: bytearray,
        least: kdf.KdfParams = kdf.FAST,
    ) -> bytearray:
        """The root key (to be wiped). Slow.

        Raises SlotTooWeakError for a slot that costs a guesser less than `least`, WrongSecretError
        or KeyFileDamagedError.
        """
        params = kdf.KdfParams.from_json(slot.fields.get("kdf"))
        if not params.costs_at_least(least):
            raise SlotTooWeakError
        secret = kdf.stretch_passphrase(passphrase, slot.salt, params)
        return self._unwrap(slot, secret, device_secret if slot.device_bound else None)

    def open_recovery_slot(self, slot: Slot, recovery_key: bytearray) -> bytearray:
        """The root key (to be wiped). Raises WrongSecretError or KeyFileDamagedError."""
        if slot.device_bound:
            raise DeviceSecretMissingError
        return self._unwrap(slot, bytearray(recovery_key), None)

    def _new_slot(self, kind: str, user: str, *, device_bound: bool, clock: Clock) -> Slot:
        fields: dict[str, Any] = {
            "id": new_id(),
            "type": kind,
            "user": user,
            "device_bound": device_bound,
            "salt": _to_base64(os.urandom(kdf.SALT_BYTES)),
            "created": to_iso(clock.now()),
        }
        return Slot(kind, user, fields)

    def _wrap(
        self, slot: Slot, root: bytearray, secret: bytearray, device_secret: bytearray | None
    ) -> None:
        key = kdf.wrapping_key(secret, device_secret, slot.salt, self._purpose(slot))
        nonce = os.urandom(_NONCE_BYTES)
        wrapped = bytearray(len(root) + _TAG_BYTES)
        try:
            AESGCM(key).encrypt_into(nonce, root, self._meaning(slot), wrapped)
        finally:
            wipe(key, secret)
        slot.fields["nonce"] = _to_base64(nonce)
        slot.fields["ct"] = _to_base64(wrapped)
        self._document["slots"].append(slot.fields)

    def _unwrap(self, slot: Slot, secret: bytearray, device_secret: bytearray | None) -> bytearray:
        nonce, wrapped = _from_base64(slot.fields["nonce"]), _from_base64(slot.fields["ct"])
        if len(nonce) != _NONCE_BYTES or len(wrapped) != kdf.KEY_BYTES + _TAG_BYTES:
            raise KeyFileDamagedError("slot")
        key = kdf.wrapping_key(secret, device_secret, slot.salt, self._purpose(slot))
        root = bytearray(kdf.KEY_BYTES)
        try:
            AESGCM(key).decrypt_into(nonce, wrapped, self._meaning(slot), root)
        except InvalidTag:
            wipe(root)
            raise WrongSecretError from None
        finally:
            wipe(key, secret)
        return root

    def _purpose(self, slot: Slot) -> str:
        return f"hv/kek/v1|{self.store_id}|{slot.fields['id']}"

    def _meaning(self, slot: Slot) -> bytes:
        """Everything about a slot but the wrapped key itself: user, kind, cost, device binding."""
        fields = {name: slot.fields[name] for name in slot.fields if name not in ("nonce", "ct")}
        return _canonical(
            {"format": FORMAT, "version": VERSION, "store_id": self.store_id, "slot": fields}
        )

    # --- the database key ---

    def is_of(self, database_file: Path) -> bool:
        """True when this key file was made with that database, which begins with its salt."""
        salt = _from_base64(self._document["db"]["salt"])
        try:
            with database_file.open("rb") as file:
                return file.read(len(salt)) == salt
        except OSError:
            return False

    def key_source(self, root: bytearray) -> Callable[[], bytearray]:
        """Makes SQLCipher's key text on each call, for as long as ``root`` is not wiped.

        After that it raises VaultLockedError.
        """
        database = self._document["db"]
        salt = _from_base64(database["salt"])
        purpose = f"hv/db/v1|{self.store_id}|{int(database['epoch'])}"

        def make() -> bytearray:
            if not any(root):
                raise VaultLockedError
            key = kdf.subkey(root, purpose)
            try:
                return cipher_key_text(key, salt)
            finally:
                wipe(key)

        return make

    # --- the mark and the file ---

    def check_mark(self, root: bytearray) -> None:
        """Raise KeyFileDamagedError when any field was altered since the file was written."""
        if not hmac.compare_digest(str(self._document["mac"]), self._mark(root)):
            raise KeyFileDamagedError("mac")

    def _mark(self, root: bytearray) -> str:
        key = kdf.subkey(root, "hv/keyfile-mac/v1")
        try:
            mark = HMAC(key, hashes.SHA256())
        finally:
            wipe(key)
        mark.update(_canonical({k: v for k, v in self._document.items() if k != "mac"}))
        return _to_base64(mark.finalize())

    def write(self, path: Path, root: bytearray) -> None:
        """Make the contents durable in ``path`` and its second copy.

        Raises DiskFullError or ReadOnlyStoreError; an older file is then still in place.
        """
        self._document["generation"] = int(self._document["generation"]) + 1
        self._document["mac"] = self._mark(root)
        data = self.to_bytes()
        write_private_file(path, data)
        write_private_file(backup_path(path), data)

    def to_bytes(self) -> bytes:
        """The file's contents, with the checksum."""
        document = {**self._document, "checksum": _checksum(self._document)}
        return json.dumps(document, indent=1).encode("utf-8")


def backup_path(path: Path) -> Path:
    """The second copy of a key file."""
    return path.with_name(path.name + ".bak")


def read(path: Path) -> KeyFile:
    """The key file, or its second copy when the first is missing or damaged. Changes nothing.

    Raises the error of the first when neither can be used.
    """
    try:
        return _read_one(path)
    except (KeyFileMissingError, KeyFileDamagedError) as first:
        try:
            second = _read_one(backup_path(path))
        except (KeyFileMissingError, KeyFileDamagedError):
            raise first from None
        log.warning("key file unusable (%s), second copy used", first.code)
        return second


def heal(path: Path, proven: KeyFile) -> None:
    """Put both copies back in order from a key file whose mark was just checked.

    A damaged file is kept under another name. Does nothing when both copies are in order.
    """
    data = proven.to_bytes()
    for place in (path, backup_path(path)):
        try:
            if _read_one(place).to_bytes() == data:
                continue
        except KeyFileDamagedError:
            place.replace(place.with_name(place.name + ".damaged"))
            flush_folder(place.parent)
        except KeyFileMissingError:
            log.info("a copy of the key file was missing")
        write_private_file(place, data)


def _read_one(path: Path) -> KeyFile:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise KeyFileMissingError from error
    except OSError as error:
        raise KeyFileDamagedError("read") from error
    if len(data) > LARGEST_FILE:
        raise KeyFileDamagedError("size")
    return KeyFile.parse(data)


def _check_document(document: dict[str, Any]) -> None:
    _check_shape(document, _DOCUMENT_SHAPE)
    if document["origin"] not in ORIGINS or document["state"] not in (
        STATE_CREATING,
        STATE_READY,
    ):
        raise KeyFileDamagedError("state")
    database = document["db"]
    _check_shape(database, {"engine": str, "page_size": int, "salt": str, "epoch": int})
    if database["engine"] != ENGINE or database["page_size"] not in _PAGE_SIZES:
        raise KeyFileDamagedError("db")
    if len(_from_base64(database["salt"])) != kdf.SALT_BYTES:
        raise KeyFileDamagedError("salt")
    if not document["slots"]:
        raise KeyFileDamagedError("slots")
    for fields in document["slots"]:
        _check_shape(fields, {"type": str})
        if fields["type"] in (SLOT_PASSPHRASE, SLOT_RECOVERY):
            _check_shape(fields, _SLOT_SHAPE)
            if len(_from_base64(fields["salt"])) != kdf.SALT_BYTES:
                raise KeyFileDamagedError("salt")


def _check_shape(value: object, shape: dict[str, type]) -> None:
    if not isinstance(value, dict):
        raise KeyFileDamagedError("shape")
    for name, kind in shape.items():
        if type(value.get(name)) is not kind:
            raise KeyFileDamagedError(name)


def _checksum(document: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(document)).hexdigest()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _to_base64(data: bytes | bytearray) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyFileDamagedError("base64") from error
