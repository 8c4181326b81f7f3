"""The public half of the organisation's escrow, as an administrator gives it to the server.

The private half is on no server: it was split on paper where it was made (`fieldapp.escrow`).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from fieldapp.domain.paper import fingerprint
from sync.server.admin import AdminError
from sync.server.keys import ESCROW_META, escrow_public_key
from sync.server.storage.storage import Storage

_BYTES = 32


def put_escrow_key(storage: Storage, text: str) -> str:
    """Give every laptop this key from its next log-in on; return the fingerprint to compare.

    Raises AdminError for what is no X25519 public key in hexadecimal.
    """
    try:
        raw = bytes.fromhex(text.strip())
        if len(raw) != _BYTES:
            raise ValueError("length")
        # Refuses the few points with which nothing would be sealed.
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(raw))
    except ValueError:
        raise AdminError("The public half is 64 hexadecimal digits. Nothing was changed.") from None
    with storage.write() as transaction:
        transaction.set_meta(ESCROW_META, raw.hex())
    return fingerprint(raw)


def escrow_fingerprint(storage: Storage) -> str | None:
    """The fingerprint of the key that laptops are given; None without one."""
    with storage.read() as transaction:
        text = escrow_public_key(transaction)
    return fingerprint(bytes.fromhex(text)) if text else None
