"""The courier file: what a laptop without network sends on a stick, and the receipt it gets back.

    file    = MAGIC ‖ length of header ‖ header ‖ length of box ‖ box ‖ signature
    box     = HPKE (X25519, HKDF-SHA256, ChaCha20-Poly1305) to the server's key, header as `info`
    inside  = Zstandard of the JSON of `CourierContent`: exchanges without a pull

Lengths are 4 bytes, big-endian; the header is CBOR in clear (ids and keys' names, no contents); the
signature is Ed25519 by the laptop over everything before it. The receipt has the same frame with
its content in clear: ids, results and codes, nobody's text. It is signed by the server and names
the SHA-256 of the one file it is about.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final, TypeVar

import cbor2
import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from pydantic import Field, ValidationError

from sync.protocol.codec import ZSTD, unpack
from sync.protocol.errors import BadRequestError, SyncError
from sync.protocol.messages import (
    Count,
    DraftName,
    ExchangeRequest,
    Id,
    Instant,
    LogHead,
    Message,
    Outcome,
    Version,
)
from sync.protocol.version import MAX_PLAIN_BYTES, MAX_WIRE_BYTES

VERSION: Final = 1
FILE_SUFFIX: Final = ".kurer"
RECEIPT_SUFFIX: Final = ".kvittering"

MAX_COURIER_BYTES: Final = MAX_WIRE_BYTES // 4 * 3 - 4096
"""Bytes of one file; it must also pass through the office's own line, as base 64 in a message."""

_FILE_MAGIC: Final = b"FIELDCF1"
_RECEIPT_MAGIC: Final = b"FIELDCR1"
_LENGTH: Final = struct.Struct(">I")
_SIGNATURE_BYTES: Final = 64
_MAX_HEADER_BYTES: Final = 1024
_ZSTD_LEVEL: Final = 10

_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)

Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
M = TypeVar("M", bound=Message)


# --- why a file is not taken


class CourierError(BadRequestError):
    """A courier file or its receipt is not taken; nothing was stored. `name` says why."""

    name: ClassVar[str] = "courier"

    def __init__(self) -> None:
        super().__init__(self.name)


class CourierOffError(CourierError):
    """The organisation does not allow courier files."""

    name = "courier_off"


class CourierDamagedError(CourierError):
    """It is no courier file, or bytes of it were changed."""

    name = "courier_damaged"


class CourierTruncatedError(CourierError):
    """The end of the file is missing; copy it once more."""

    name = "courier_truncated"


class CourierTooLargeError(CourierError):
    """It is larger than a courier file can be."""

    name = "courier_too_large"


class CourierNewerError(CourierError):
    """It was written in a later form than this program knows."""

    name = "courier_newer"


class CourierWrongServerError(CourierError):
    """It is meant for another server."""

    name = "courier_wrong_server"


class CourierUnknownLaptopError(CourierError):
    """No laptop that is enrolled here has written it, or its key is not known."""

    name = "courier_unknown_laptop"


class CourierSignatureError(CourierError):
    """It is not signed by whom it names."""

    name = "courier_signature"


class CourierKeyError(CourierError):
    """It is sealed to a key that this server does not have."""

    name = "courier_key"


class CourierNoOrderError(CourierError):
    """A laptop that has no order delivers with its log-in, as always."""

    name = "courier_no_order"


class CourierNoKeysError(CourierError):
    """This laptop does not know the keys yet; a log-in with coverage brings them."""

    name = "courier_no_keys"


class OtherFileError(CourierError):
    """The receipt is about a file that this laptop did not write."""

    name = "courier_other_file"


# --- what is in it


class CourierHeader(Message):
    """In clear: for whom, from whom, and which keys. `sequence` counts a laptop's files."""

    version: int
    server_id: Id
    device_id: Id
    sequence: Count
    written_at: Instant
    sealed_to: Fingerprint
    signed_by: Fingerprint


class CourierContent(Message):
    """Exchanges in the order in which they are to be received; none of them asks for a pull."""

    requests: list[ExchangeRequest]


class CourierResult(Message):
    """What became of one change. Never the server's text: a stick is no place for it.

    Where the laptop would need that text (`Outcome.MERGED`), `version` is the one that the edit was
    made on, and the next sync brings the record.
    """

    change_id: Id
    kind: str
    id: Id
    outcome: Annotated[Outcome, Field(strict=False)]
    version: Version = 0
    reason: str | None = None


class CourierReceipt(Message):
    """What became of everything in the file with this SHA-256.

    `review` is true for a file of a laptop that was shut out: its changes wait at the office and
    are not stored as records.
    """

    version: int
    server_id: Id
    device_id: Id
    sequence: Count
    file_sha256: Sha256
    received_at: Instant
    review: bool = False
    results: list[CourierResult] = []
    drafts_held: list[DraftName] = []
    log_head: LogHead | None = None
    """The newest line of the laptop's access log that the server holds."""


@dataclass(frozen=True, slots=True)
class OpenedCourier:
    """A courier file whose frame is whole; nothing in it has been believed yet."""

    header: CourierHeader
    header_bytes: bytes
    box: bytes
    signed: bytes
    signature: bytes


# --- keys


def fingerprint(public_key: bytes) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def sha256(data: bytes) -> str:
    """Return the name of a file's exact bytes."""
    return hashlib.sha256(data).hexdigest()


# --- the laptop writes, the server reads


def seal(
    content: CourierContent,
    *,
    server_id: str,
    device_id: str,
    sequence: int,
    written_at: datetime,
    server_key: bytes,
    device_key: Ed25519PrivateKey,
) -> bytes:
    """Return the bytes of a courier file. `server_key` is the server's raw X25519 public key.

    Raises CourierTooLargeError.
    """
    header = CourierHeader(
        version=VERSION,
        server_id=server_id,
        device_id=device_id,
        sequence=sequence,
        written_at=written_at,
        sealed_to=fingerprint(server_key),
        signed_by=fingerprint(device_key.public_key().public_bytes_raw()),
    )
    header_bytes = _header_bytes(header)
    plain = content.model_dump_json().encode()
    packed = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(plain)
    box = _SUITE.encrypt(
        packed, X25519PublicKey.from_public_bytes(server_key), info=_FILE_MAGIC + header_bytes
    )
    signed = _frame(_FILE_MAGIC, header_bytes, box)
    data = signed + device_key.sign(signed)
    if len(plain) > MAX_PLAIN_BYTES or len(data) > MAX_COURIER_BYTES:
        raise CourierTooLargeError
    return data


def open_frame(data: bytes) -> OpenedCourier:
    """Take a courier file apart. Raises CourierTooLarge-, -Truncated-, -Damaged-, -NewerError."""
    header_bytes, box, signed, signature = _unframe(_FILE_MAGIC, data)
    return OpenedCourier(
        header=_read_header(header_bytes),
        header_bytes=header_bytes,
        box=box,
        signed=signed,
        signature=signature,
    )


def check_signature(opened: OpenedCourier, device_key: bytes) -> None:
    """Raise CourierSignatureError unless the laptop with this raw Ed25519 key signed the file."""
    _verify(device_key, opened.signature, opened.signed)


def unseal(opened: OpenedCourier, server_key: X25519PrivateKey) -> CourierContent:
    """Return what is inside. Raises CourierKeyError, CourierDamagedError, CourierTooLargeError."""
    if opened.header.sealed_to != fingerprint(server_key.public_key().public_bytes_raw()):
        raise CourierKeyError
    try:
        packed = _SUITE.decrypt(opened.box, server_key, info=_FILE_MAGIC + opened.header_bytes)
        plain = unpack(packed, ZSTD, limit=MAX_PLAIN_BYTES)
    except InvalidTag:
        raise CourierDamagedError from None
    except SyncError as error:
        raise (CourierTooLargeError if error.code == "too_large" else CourierDamagedError) from None
    content = _read(CourierContent, plain)
    if any(request.pull is not None for request in content.requests):
        raise CourierDamagedError
    return content


# --- the server answers, the laptop reads


def write_receipt(receipt: CourierReceipt, key: Ed25519PrivateKey) -> bytes:
    """Return the bytes of a receipt, signed by the server's receipt key."""
    header = cbor2.dumps({"version": VERSION, "signed_by": _name_of(key)}, canonical=True)
    signed = _frame(_RECEIPT_MAGIC, header, receipt.model_dump_json().encode())
    return signed + key.sign(signed)


def read_receipt(data: bytes, server_key: bytes) -> CourierReceipt:
    """Return a receipt that the server with this raw Ed25519 public key has signed.

    Raises CourierSignatureError for anybody else's, CourierDamagedError, CourierTruncatedError.
    """
    _, content, signed, signature = _unframe(_RECEIPT_MAGIC, data)
    _verify(server_key, signature, signed)
    receipt = _read(CourierReceipt, content)
    if receipt.version != VERSION:
        raise CourierNewerError
    return receipt


def look_into_receipt(data: bytes) -> CourierReceipt:
    """Return a receipt that has just come from the server over its own line.

    Nobody's signature is checked: the laptop that is to believe it does that (`read_receipt`).
    Raises CourierDamagedError, CourierTruncatedError.
    """
    _, content, _, _ = _unframe(_RECEIPT_MAGIC, data)
    return _read(CourierReceipt, content)


# --- details


def _name_of(key: Ed25519PrivateKey) -> str:
    return fingerprint(key.public_key().public_bytes_raw())


def _header_bytes(header: CourierHeader) -> bytes:
    return cbor2.dumps(header.model_dump(mode="json"), canonical=True)


def _frame(magic: bytes, header: bytes, content: bytes) -> bytes:
    return b"".join((magic, _LENGTH.pack(len(header)), header, _LENGTH.pack(len(content)), content))


def _unframe(magic: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return header, content, what was signed, and the signature."""
    if len(data) > MAX_COURIER_BYTES:
        raise CourierTooLargeError
    if not data.startswith(magic):
        raise CourierTruncatedError if magic.startswith(data) else CourierDamagedError
    header, place = _part(data, len(magic))
    if len(header) > _MAX_HEADER_BYTES:
        raise CourierDamagedError
    content, place = _part(data, place)
    if len(data) < place + _SIGNATURE_BYTES:
        raise CourierTruncatedError
    if len(data) > place + _SIGNATURE_BYTES:
        raise CourierDamagedError
    return header, content, data[:place], data[place:]


def _part(data: bytes, place: int) -> tuple[bytes, int]:
    """Return the part whose length stands at `place`, and where it ends."""
    start = place + _LENGTH.size
    if len(data) < start:
        raise CourierTruncatedError
    (length,) = _LENGTH.unpack_from(data, place)
    if length > MAX_COURIER_BYTES:
        raise CourierDamagedError
    if len(data) < start + length:
        raise CourierTruncatedError
    return data[start : start + length], start + length


def _read_header(data: bytes) -> CourierHeader:
    try:
        fields = cbor2.loads(data)
    except (cbor2.CBORDecodeError, RecursionError):
        raise CourierDamagedError from None
    if not isinstance(fields, Mapping):
        raise CourierDamagedError
    if isinstance(fields.get("version"), int) and fields["version"] > VERSION:
        raise CourierNewerError
    try:
        return CourierHeader.model_validate(dict(fields))
    except ValidationError:
        raise CourierDamagedError from None


def _read(message_type: type[M], plain: bytes) -> M:
    try:
        return message_type.model_validate_json(plain)
    except ValidationError:
        # The error's own text would quote what stood there.
        raise CourierDamagedError from None


def _verify(public_key: bytes, signature: bytes, signed: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise CourierSignatureError from None
