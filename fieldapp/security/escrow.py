"""The employer's escrow: a store opens again without the person, when two officers agree to it.

    organisation   private half ──► halves on paper, two people needed   public half ──► server
    laptop         root key ── HPKE to the public half ──► slot "escrow" in the key file
    opening        laptop: request file (the slot, and a public key made for this one answer)
                   officers, offline: join two papers ──► answer file, sealed to that public key
                   laptop: answer file ──► root key ──► new passphrase and new recovery key

Both files may lie anywhere: neither opens anything for anybody but the laptop that asked. The
private half is in the memory of the officers' machine while they type, and nowhere else.

HPKE (RFC 9180) in base mode: X25519, HKDF-SHA256, AES-256-GCM. All that gives a message its meaning
goes into HPKE's ``info``, so that no part of one can be used in another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from fieldapp.domain.paper import (
    check_letter,
    fingerprint,
    from_letters,
    grouped,
    letters_for,
    plain,
    to_letters,
)
from fieldapp.security.errors import (
    EscrowAnswerDamagedError,
    EscrowFileError,
    EscrowKeyMalformedError,
    EscrowOtherKeyError,
    EscrowOtherRequestError,
    EscrowOtherStoreError,
    ShareMalformedError,
    ShareOtherKeyError,
    SharesDoNotMatchError,
)
from fieldapp.security.kdf import KEY_BYTES
from fieldapp.security.secretbuf import wipe

ALGORITHM = "hpke-x25519-hkdf-sha256-aes256gcm"
REQUEST_FORMAT = "hv-escrow-request"
ANSWER_FORMAT = "hv-escrow-answer"
FILE_VERSION = 1
LARGEST_FILE = 64 * 1024

MOST_OFFICERS = 5
FEWEST_OFFICERS = 2

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SHARE_VERSION = 1
_KEY_ID_BYTES = 8
_SHARE_KEY_ID_BYTES = 4
_CHECK_BYTES = 2
_SHARE_BYTES = 1 + _SHARE_KEY_ID_BYTES + 1 + KEY_BYTES + _CHECK_BYTES
LINE_LETTERS = 16
SHARE_LINES = letters_for(_SHARE_BYTES) // LINE_LETTERS


# --- the organisation's public key -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EscrowKey:
    """The public half: 32 bytes. Anybody may know it; it only seals."""

    raw: bytes

    @classmethod
    def from_hex(cls, text: str) -> EscrowKey:
        """Parse 64 hexadecimal digits. Raises EscrowKeyMalformedError for anything else."""
        try:
            raw = bytes.fromhex(text.strip())
        except ValueError:
            raise EscrowKeyMalformedError from None
        if len(raw) != KEY_BYTES or _is_weak(raw):
            raise EscrowKeyMalformedError
        return cls(raw)

    @property
    def hex(self) -> str:
        """64 hexadecimal digits."""
        return self.raw.hex()

    @property
    def key_id(self) -> str:
        """Names the key in a slot: sixteen hexadecimal digits."""
        return hashlib.sha256(self.raw).digest()[:_KEY_ID_BYTES].hex()

    @property
    def fingerprint(self) -> str:
        """What people compare: on the officers' screen, at the server and in the settings."""
        return fingerprint(self.raw)


def _is_weak(raw: bytes) -> bool:
    """True for the few points with which every exchange ends in nothing."""
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(raw))
    except ValueError:
        return True
    return False


# --- the halves on paper -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """One officer's part for use together with one other: useless alone. `repr` shows no secret.

    `key_id` are four bytes that name the key; `own` and `other` are the officers' numbers from 1.
    """

    key_id: bytes
    own: int
    other: int
    part: bytes = field(repr=False)


def new_private_key() -> tuple[bytearray, EscrowKey]:
    """A new pair: the private half (to be wiped) and the public one."""
    private = X25519PrivateKey.generate()
    raw = bytearray(private.private_bytes_raw())
    return raw, EscrowKey(private.public_key().public_bytes_raw())


def split(private: bytearray, public: EscrowKey, officers: int) -> list[list[Share]]:
    """Each officer's shares, one for each colleague: any two of them are enough, one is nothing.

    Every pair has a random pad of its own: one holds the pad, the other the key under it (XOR).
    That needs no arithmetic that could be got wrong. Raises ValueError for a number of officers
    outside 2 to 5.
    """
    if not FEWEST_OFFICERS <= officers <= MOST_OFFICERS:
        raise ValueError("officers")
    key_id = bytes.fromhex(public.key_id)[:_SHARE_KEY_ID_BYTES]
    held: list[list[Share]] = [[] for _ in range(officers)]
    for one, two in itertools.combinations(range(1, officers + 1), 2):
        pad = os.urandom(KEY_BYTES)
        covered = _xor(private, pad)
        held[one - 1].append(Share(key_id, one, two, pad))
        held[two - 1].append(Share(key_id, two, one, bytes(covered)))
        wipe(covered)
    return held


def join(one: Share, two: Share) -> tuple[bytearray, EscrowKey]:
    """The private half (to be wiped) and its public one.

    Raises ShareOtherKeyError for papers of two keys, SharesDoNotMatchError for two that do not
    belong together.
    """
    if one.key_id != two.key_id:
        raise ShareOtherKeyError
    if (one.own, one.other) != (two.other, two.own):
        raise SharesDoNotMatchError
    raw = _xor(one.part, two.part)
    public = EscrowKey(
        X25519PrivateKey.from_private_bytes(bytes(raw)).public_key().public_bytes_raw()
    )
    if bytes.fromhex(public.key_id)[:_SHARE_KEY_ID_BYTES] != one.key_id:
        wipe(raw)
        raise SharesDoNotMatchError
    return raw, public


def share_lines(share: Share) -> list[str]:
    """A share as lines for paper: four groups of four, and a letter that checks the line."""
    body = bytes([_SHARE_VERSION]) + share.key_id + bytes([share.own << 4 | share.other])
    body += share.part
    letters = to_letters(body + hashlib.sha256(body).digest()[:_CHECK_BYTES])
    lines = [letters[at : at + LINE_LETTERS] for at in range(0, len(letters), LINE_LETTERS)]
    return [
        f"{grouped(line, between=' ')} {check_letter(line, number)}"
        for number, line in enumerate(lines, 1)
    ]


def check_share_line(typed: str, number: int) -> str:
    """The sixteen letters of a line that was typed. Raises ShareMalformedError with its number."""
    letters = plain(typed)
    if len(letters) != LINE_LETTERS + 1 or letters[-1] != check_letter(letters[:-1], number):
        raise ShareMalformedError(number)
    return letters[:-1]


def parse_share(lines: list[str]) -> Share:
    """A share from its typed lines. Raises ShareMalformedError with the number of a bad line."""
    letters = "".join(check_share_line(line, number) for number, line in enumerate(lines, 1))
    try:
        raw = from_letters(letters, _SHARE_BYTES)
    except ValueError:
        raise ShareMalformedError(0) from None
    body, check = bytes(raw[:-_CHECK_BYTES]), bytes(raw[-_CHECK_BYTES:])
    wipe(raw)
    if hashlib.sha256(body).digest()[:_CHECK_BYTES] != check or body[0] != _SHARE_VERSION:
        raise ShareMalformedError(0)
    after_id = 1 + _SHARE_KEY_ID_BYTES
    pair = body[after_id]
    return Share(body[1:after_id], pair >> 4, pair & 15, body[after_id + 1 :])


def _xor(one: bytes | bytearray, two: bytes | bytearray) -> bytearray:
    return bytearray(a ^ b for a, b in zip(one, two, strict=True))


# --- sealing the root key in a slot ------------------------------------------------------------


def seal_root(root: bytearray, public: EscrowKey, meaning: bytes) -> bytes:
    """The root key sealed to the organisation; `meaning` is authenticated with it."""
    recipient = X25519PublicKey.from_public_bytes(public.raw)
    # The library takes any buffer; only its type hint asks for bytes.
    return _SUITE.encrypt(root, recipient, info=_slot_info(meaning))


def _slot_info(meaning: bytes) -> bytes:
    return b"hv/escrow-slot/v1|" + meaning


# --- asking and answering ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EscrowRequest:
    """What a laptop asks the officers. Nothing in it is secret.

    `meaning` are the authenticated fields of the slot, `sealed` its contents, `reply_to` the public
    key that the answer is sealed to, `user` whose store it is, `created` when it was asked (ISO).
    """

    store_id: str
    user: str
    created: str
    key_id: str
    meaning: str
    sealed: bytes
    reply_to: bytes

    def to_bytes(self) -> bytes:
        """The request file."""
        return _canonical(
            {
                "format": REQUEST_FORMAT,
                "version": FILE_VERSION,
                "store_id": self.store_id,
                "user": self.user,
                "created": self.created,
                "key_id": self.key_id,
                "meaning": self.meaning,
                "sealed": _to_base64(self.sealed),
                "reply_to": self.reply_to.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> EscrowRequest:
        """Parse a request file. Raises EscrowFileError for anything else."""
        document = _parse(data, REQUEST_FORMAT)
        request = cls(
            store_id=_text(document, "store_id"),
            user=_text(document, "user"),
            created=_text(document, "created"),
            key_id=_text(document, "key_id"),
            meaning=_text(document, "meaning"),
            sealed=_from_base64(_text(document, "sealed")),
            reply_to=_bytes_from_hex(_text(document, "reply_to")),
        )
        if len(request.reply_to) != KEY_BYTES or _is_weak(request.reply_to):
            raise EscrowFileError("reply_to")
        return request

    @property
    def digest(self) -> bytes:
        """Names this very request."""
        return hashlib.sha256(self.to_bytes()).digest()

    @property
    def code(self) -> str:
        """Read aloud by whoever sits at the laptop: it proves that the file was not exchanged."""
        return fingerprint(self.to_bytes())


@dataclass(frozen=True, slots=True)
class ReplyKey:
    """The private half for one answer, and the request that it belongs to. `repr` shows none."""

    private: bytes = field(repr=False)
    request: bytes

    def to_text(self) -> str:
        """One short line, for the keyring."""
        return _to_base64(self.private + self.request)

    @classmethod
    def from_text(cls, text: str) -> ReplyKey | None:
        """What `to_text` gave; None for anything else."""
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
        return cls(raw[:KEY_BYTES], raw[KEY_BYTES:]) if len(raw) == 2 * KEY_BYTES else None


def new_request(
    store_id: str, user: str, created: str, key_id: str, meaning: bytes, sealed: bytes
) -> tuple[EscrowRequest, ReplyKey]:
    """A request and the key for its answer; the key never goes into a file."""
    private = X25519PrivateKey.generate()
    request = EscrowRequest(
        store_id=store_id,
        user=user,
        created=created,
        key_id=key_id,
        meaning=meaning.decode("utf-8"),
        sealed=sealed,
        reply_to=private.public_key().public_bytes_raw(),
    )
    return request, ReplyKey(private.private_bytes_raw(), request.digest)


def answer(request: EscrowRequest, private: bytearray, public: EscrowKey) -> bytes:
    """The answer file to a request: the root key, sealed to the laptop that asked.

    Raises EscrowOtherKeyError when the slot was sealed to another key of the organisation, and
    EscrowFileError when the request was altered.
    """
    if request.key_id != public.key_id:
        raise EscrowOtherKeyError
    opener = X25519PrivateKey.from_private_bytes(bytes(private))
    info = _slot_info(request.meaning.encode("utf-8"))
    try:
        root = bytearray(_SUITE.decrypt(request.sealed, opener, info=info))
    except (InvalidTag, ValueError):
        raise EscrowFileError("sealed") from None
    try:
        recipient = X25519PublicKey.from_public_bytes(request.reply_to)
        sealed = _SUITE.encrypt(root, recipient, info=_answer_info(request.digest))
    finally:
        wipe(root)
    return _canonical(
        {
            "format": ANSWER_FORMAT,
            "version": FILE_VERSION,
            "store_id": request.store_id,
            "request": request.digest.hex(),
            "sealed": _to_base64(sealed),
        }
    )


def open_answer(data: bytes, store_id: str, key: ReplyKey) -> bytearray:
    """The root key (to be wiped) from an answer file.

    Raises EscrowFileError for a file that is none, EscrowOtherStoreError, EscrowOtherRequestError
    for the answer to an older request, EscrowAnswerDamagedError for one that was altered.
    """
    document = _parse(data, ANSWER_FORMAT)
    if _text(document, "store_id") != store_id:
        raise EscrowOtherStoreError
    if not hmac.compare_digest(_bytes_from_hex(_text(document, "request")), key.request):
        raise EscrowOtherRequestError
    opener = X25519PrivateKey.from_private_bytes(key.private)
    sealed = _from_base64(_text(document, "sealed"))
    try:
        root = bytearray(_SUITE.decrypt(sealed, opener, info=_answer_info(key.request)))
    except (InvalidTag, ValueError):
        raise EscrowAnswerDamagedError from None
    if len(root) != KEY_BYTES:
        raise EscrowAnswerDamagedError
    return root


def _answer_info(request_digest: bytes) -> bytes:
    return b"hv/escrow-answer/v1|" + request_digest


def _parse(data: bytes, wanted: str) -> Mapping[str, Any]:
    if len(data) > LARGEST_FILE:
        raise EscrowFileError("size")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise EscrowFileError("json") from None
    if not isinstance(document, dict) or document.get("format") != wanted:
        raise EscrowFileError("format")
    if document.get("version") != FILE_VERSION:
        raise EscrowFileError("version")
    return document


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise EscrowFileError(name)
    return value


def _bytes_from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise EscrowFileError("hex") from None


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EscrowFileError("base64") from None
