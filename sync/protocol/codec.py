"""Message bodies: JSON, compressed with Zstandard when that is worth it."""

from __future__ import annotations

from typing import Final, TypeVar

import zstandard
from pydantic import ValidationError

from sync.protocol.errors import ProtocolError_, TooLargeError
from sync.protocol.messages import Message
from sync.protocol.version import MAX_PLAIN_BYTES

ZSTD: Final = "zstd"
"""The value of Content-Encoding and Accept-Encoding."""

_LEVEL = 10
_WORTH_COMPRESSING = 256
"""Shorter bodies hardly shrink and cost a header."""

M = TypeVar("M", bound=Message)


def encode(message: Message, *, compress: bool = True) -> tuple[bytes, str | None]:
    """Return the body and its Content-Encoding ("zstd", or None for plain JSON)."""
    plain = message.model_dump_json().encode()
    if not compress or len(plain) < _WORTH_COMPRESSING:
        return plain, None
    return zstandard.ZstdCompressor(level=_LEVEL).compress(plain), ZSTD


def decode(
    message_type: type[M], body: bytes, encoding: str | None, *, limit: int = MAX_PLAIN_BYTES
) -> M:
    """Read a body into `message_type`.

    Raises TooLargeError when it unpacks to more than `limit` bytes and ProtocolError_ when it is
    damaged or no such message. The error names the fields, never their values.
    """
    plain = unpack(body, encoding, limit=limit)
    try:
        return message_type.model_validate_json(plain)
    except ValidationError as error:
        places = {".".join(str(part) for part in item["loc"]) for item in error.errors()}
        named = ", ".join(sorted(places)[:5])
        raise ProtocolError_(message_type.__name__, named) from None


def unpack(body: bytes, encoding: str | None, *, limit: int = MAX_PLAIN_BYTES) -> bytes:
    """Undo the Content-Encoding, never producing more than `limit` bytes."""
    if encoding in (None, "", "identity"):
        plain = body
    elif encoding == ZSTD:
        plain = _decompress(body, limit)
    else:
        raise ProtocolError_("encoding")
    if len(plain) > limit:
        raise TooLargeError(limit)
    return plain


def _decompress(body: bytes, limit: int) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
    try:
        with decompressor.stream_reader(body) as reader:
            # One byte more than allowed is enough to know that it is too much.
            return reader.read(limit + 1)
    except zstandard.ZstdError:
        raise ProtocolError_("compression") from None
