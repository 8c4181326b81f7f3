"""Compact packing of JSON-like values: column by column, with a table of names for a whole stream.

A list of dicts is sorted into groups of the same shape (the same keys in the same order, also
inside), and each key of a group becomes one column of values of one class. Then equal things stand
beside each other and the compressor (see `codec`) finds them. Identifiers are written once as 16
bytes and later as a small number, moments as differences, and words that come again as numbers.
What would not come back exactly as it was stays text.

A packed value is four parts, one after the other: *steps* (what comes next, small numbers),
*numbers* (fixed width, all first bytes of a column, then all second bytes ...), *ids* (16 bytes
each) and *texts* (each ended by NUL). The parts are read side by side.

`Tables` holds what the two sides have told each other so far. Both sides of a stream must pack and
unpack the same values in the same order; the answer's tables are those that the request left.
"""

from __future__ import annotations

from typing import Any

from sync.protocol.errors import ProtocolError_, TooLargeError
from sync.protocol.packed_form import Tables
from sync.protocol.packer import Packer
from sync.protocol.unpacker import Unpacker
from sync.protocol.version import MAX_PLAIN_BYTES

__all__ = ["Tables", "pack", "unpack"]


def pack(value: Any, tables: Tables, *, limit: int = MAX_PLAIN_BYTES) -> bytes:
    """Return the packed form of a value made of None, bool, int, float, str, list and dict.

    Raises TooLargeError when the other side would not read it, TypeError for any other type.
    """
    try:
        return Packer(tables, limit).whole(value)
    except RecursionError:
        raise ProtocolError_("packing") from None


def unpack(data: bytes, tables: Tables, *, limit: int = MAX_PLAIN_BYTES) -> Any:
    """Return the value that `pack` was given.

    Raises TooLargeError for more than `limit` bytes and ProtocolError_ for anything that `pack`
    does not write. Memory stays within a small multiple of `limit` whatever the bytes say.
    """
    if len(data) > limit:
        raise TooLargeError(limit)
    try:
        return Unpacker(data, tables, limit).whole()
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        # Whatever the reader stumbled over, and without its words: they may quote the contents.
        raise ProtocolError_("packing") from None
