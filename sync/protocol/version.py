"""The version of the protocol and the names of its headers and limits."""

from __future__ import annotations

from typing import Final

PROTOCOL: Final = 1
"""Raised only when an older side could misunderstand a message; new optional fields do not."""

PROTOCOL_HEADER: Final = "Fieldapp-Protocol"
"""Sent with every request: the version the laptop speaks, as decimal text."""

SERVER_HEADER: Final = "Fieldapp-Server"
"""Sent with every answer: the server's id. An answer without it is not from our server."""

PREFIX: Final = "/v1"

EXCHANGE_PREFIX: Final = "/v2"
"""The exchange and what belongs to it, in packed bodies (`sync.protocol.packing`), and the office,
in JSON. Laptops that speak only `/v1` are still served: what they hold must reach the server after
an upgrade."""

MAX_RECORDS: Final = 200
"""Records that one request brings, and in one page of a pull of protocol 1."""

MAX_PAGE_RECORDS: Final = 1000
"""Records in one page of an exchange."""

MAX_LOG_LINES: Final = 1000
MAX_RANGES: Final = 4096
MAX_TRAIL: Final = 64
MAX_WHOLE: Final = 200
"""Lines of the access log, ranges of known versions, names of commits, and patients that one
request names."""

MAX_WIRE_BYTES: Final = 4 * 1024 * 1024
"""Bytes of one body as it travels."""

MAX_PLAIN_BYTES: Final = 16 * 1024 * 1024
"""Bytes of one body after decompression; stops a small body that unpacks to a huge one."""

MAX_BODY_BYTES: Final = 1024 * 1024
"""Bytes of one record's body. Far below a whole message, so that every page can hold it."""
