"""Message bodies: JSON for `/v1`, packed columns (see `packing`) for `/v2`.

JSON is compressed with Zstandard when that is worth it, packed bodies always. The answer to an
exchange is a stream: a Zstandard frame with the receipt, then one with all pages, in which the
compressor is flushed after each page. Before each packed message stands its length in four bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, Final, Protocol, TypeVar

import zstandard
from pydantic import ValidationError

from fieldapp.clock import to_iso
from sync.protocol.errors import LineBrokenError, ProtocolError_, TooLargeError
from sync.protocol.messages import Message, Page, Receipt
from sync.protocol.packing import Tables, pack
from sync.protocol.packing import unpack as unpack_columns
from sync.protocol.version import MAX_PLAIN_BYTES

ZSTD: Final = "zstd"
"""The value of Content-Encoding and Accept-Encoding."""

PACKED: Final = "application/zstd"
"""The Content-Type of packed bodies."""

_LEVEL = 10
_WORTH_COMPRESSING = 256
"""Shorter bodies hardly shrink and cost a header."""

_PACKED_LEVEL = 19
"""Of one message, whose size is known: the compressor then takes a megabyte of memory."""

_PAGES = zstandard.ZstdCompressionParameters.from_level(
    18, window_log=22, chain_log=21, hash_log=20
)
"""Of a stream of pages: 14 MB of memory. Measured on a first sync of 17,105 records in pages of
500: 0.83 of the plain bound in 3.4 s of processor time, spread over the transfer. Level 19 in
full takes 0.815, 5 s and 85 MB; level 12 takes 0.90 and 0.6 s."""

_HURRIED_LEVEL = 7
"""Of an answer while others wait for the processor: a tenth of the time for 4 % more bytes."""

_HURRIED_PAGES = zstandard.ZstdCompressionParameters.from_level(
    12, window_log=22, chain_log=20, hash_log=20
)
"""6 MB of memory; with the tables of its own level it would take 42, and there are many at once."""

_LARGEST_WINDOW = 8 * 1024 * 1024
_SLICE = 128
"""Bytes decompressed at a time: even a hostile stream makes no more than 4 MB of them."""

_LENGTH = struct.Struct(">I")

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
        raise _misunderstood(message_type, error) from None


def _misunderstood(message_type: type[Message], error: ValidationError) -> ProtocolError_:
    """Name the fields; a key of a record's body is content and is not named."""
    places = {".".join(str(part) for part in item["loc"][:4]) for item in error.errors()}
    return ProtocolError_(message_type.__name__, ", ".join(sorted(places)[:5]))


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
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    try:
        with decompressor.stream_reader(body) as reader:
            # One byte more than allowed is enough to know that it is too much.
            return reader.read(limit + 1)
    except zstandard.ZstdError:
        raise ProtocolError_("compression") from None


# --- packed messages


def encode_packed(message: Message, tables: Tables) -> bytes:
    """Return one message as a compressed body; `tables` then know what it said.

    Raises TooLargeError for a message that the other side would not read.
    """
    packed = pack(_plain(message), tables)
    return zstandard.ZstdCompressor(level=_PACKED_LEVEL).compress(packed)


def decode_packed(
    message_type: type[M], body: bytes, tables: Tables, *, limit: int = MAX_PLAIN_BYTES
) -> M:
    """Read a body that `encode_packed` wrote; errors as those of `decode`."""
    return _read(message_type, unpack(body, ZSTD, limit=limit), tables, limit)


class AnswerWriter:
    """Writes the answer to an exchange. `tables` are those that its request left.

    `hurried` is asked before anything is compressed: bytes are spared as long as there is time.
    """

    def __init__(self, tables: Tables, hurried: Callable[[], bool] = lambda: False) -> None:
        self._tables = tables
        self._hurried = hurried
        self._pages: zstandard.ZstdCompressionObj | None = None

    def receipt(self, receipt: Receipt) -> bytes:
        """Return the receipt, to be sent at once."""
        return self._compressed(self._framed(receipt))

    def page(self, page: Page) -> bytes:
        """Return the next page; the last one ends the stream."""
        plain = self._framed(page)
        if self._pages is None and page.complete:
            # The common case, without the memory of a compressor that remembers 4 MiB.
            return self._compressed(plain)
        if self._pages is None:
            way = _HURRIED_PAGES if self._hurried() else _PAGES
            self._pages = zstandard.ZstdCompressor(compression_params=way).compressobj()
        end = zstandard.COMPRESSOBJ_FLUSH_FINISH
        go_on = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return self._pages.compress(plain) + self._pages.flush(end if page.complete else go_on)

    def _compressed(self, plain: bytes) -> bytes:
        level = _HURRIED_LEVEL if self._hurried() else _PACKED_LEVEL
        return zstandard.ZstdCompressor(level=level).compress(plain)

    def _framed(self, message: Message) -> bytes:
        packed = pack(_plain(message), self._tables)
        return _LENGTH.pack(len(packed)) + packed


class Source(Protocol):
    """Where the bytes of an answer come from."""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        ...


class AnswerReader:
    """Reads the answer to an exchange as it comes, never more than it needs for the next message.

    Raises LineBrokenError where the stream ends too early, ProtocolError_ for damage and
    TooLargeError; what the source raises goes through.
    """

    def __init__(self, source: Source, tables: Tables, *, limit: int = MAX_PLAIN_BYTES) -> None:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        # Not `stream_reader`: it waits for more from the line while it still holds plain bytes.
        self._decompressor = decompressor.decompressobj(read_across_frames=True)
        self._source = source
        self._plain = bytearray()
        self._tables = tables
        self._limit = limit

    def receipt(self) -> Receipt:
        """Return what the answer begins with."""
        return self._next(Receipt)

    def page(self) -> Page:
        """Return the next page."""
        return self._next(Page)

    def _next(self, message_type: type[M]) -> M:
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > self._limit:
            raise TooLargeError(self._limit)
        return _read(message_type, self._exactly(length), self._tables, self._limit)

    def _exactly(self, size: int) -> bytes:
        while len(self._plain) < size:
            piece = self._source.read(_SLICE)
            if not piece:
                raise LineBrokenError
            try:
                self._plain += self._decompressor.decompress(piece)
            except zstandard.ZstdError:
                raise ProtocolError_("compression") from None
        data = bytes(self._plain[:size])
        del self._plain[:size]
        return data


def _read(message_type: type[M], packed: bytes, tables: Tables, limit: int) -> M:
    value = unpack_columns(packed, tables, limit=limit)
    try:
        return message_type.model_validate(value)
    except ValidationError as error:
        raise _misunderstood(message_type, error) from None


def _plain(value: Any) -> Any:
    """Turn a message into plain values, without `model_dump`: that copies every body, too."""
    if isinstance(value, Message):
        return {
            name: item if type(item) in _PLAIN_ALREADY else _plain(item)
            for name, item in value.__dict__.items()
            if item is not None or name not in value.spared
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _PLAIN.get(type(value), _as_it_is)(value)


def _as_it_is(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _instant(moment: datetime) -> str:
    """Whole milliseconds in UTC, which pack well; a finer moment as it is."""
    return moment.isoformat() if moment.microsecond % 1000 else to_iso(moment)


_PLAIN_ALREADY: Final = frozenset({str, int, bool, type(None), dict})
"""Bodies as well: what they hold is plain."""

_PLAIN: Final[dict[type, Callable[[Any], Any]]] = {datetime: _instant}
