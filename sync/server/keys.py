"""The server's own key pairs: for courier files, for receipts and for orders to laptops.

They lie in the table `meta`. The embedded database is encrypted as a whole; a PostgreSQL is not,
so its disk has to be (see `sync/OPERATIONS.md`). They are in every backup: a server that is
restored still reads the courier files that were written before.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.protocol.messages import ServerKeys
from sync.server.storage.storage import Transaction

_COURIER = "courier_private_key"
_RECEIPT = "receipt_private_key"
_ORDERS = "orders_private_key"
ESCROW_META = "escrow_public_key"


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """The private keys; `repr` shows none."""

    courier: X25519PrivateKey
    receipt: Ed25519PrivateKey
    orders: Ed25519PrivateKey
    escrow: str = ""
    """The public half of the organisation's escrow; its private half is on no server."""

    def __repr__(self) -> str:
        return "KeyPairs()"

    @property
    def public(self) -> ServerKeys:
        """What laptops are told."""
        return ServerKeys(
            courier=self.courier.public_key().public_bytes_raw().hex(),
            receipt=self.receipt.public_key().public_bytes_raw().hex(),
            orders=self.orders.public_key().public_bytes_raw().hex(),
            escrow=self.escrow,
        )


def key_pairs(transaction: Transaction) -> KeyPairs:
    """Return the server's keys, made on the first call. Needs a write transaction.

    Several processes may ask at once: the pair that was stored first stays.
    """
    courier = _stored(transaction, _COURIER, X25519PrivateKey.generate().private_bytes_raw())
    receipt = _stored(transaction, _RECEIPT, Ed25519PrivateKey.generate().private_bytes_raw())
    orders = _stored(transaction, _ORDERS, Ed25519PrivateKey.generate().private_bytes_raw())
    return KeyPairs(
        X25519PrivateKey.from_private_bytes(courier),
        Ed25519PrivateKey.from_private_bytes(receipt),
        Ed25519PrivateKey.from_private_bytes(orders),
        escrow_public_key(transaction),
    )


def escrow_public_key(transaction: Transaction) -> str:
    """The public half of the organisation's escrow in hexadecimal; "" for none."""
    return transaction.meta(ESCROW_META) or ""


def _stored(transaction: Transaction, name: str, offered: bytes) -> bytes:
    present = transaction.meta(name)
    if present is None:
        present = transaction.keep_meta(name, offered.hex())
    return bytes.fromhex(present)


def device_public_key(text: str | None) -> str | None:
    """Return a laptop's public key as it is stored, None for none or for one that is no key."""
    if text is None:
        return None
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw.hex() if len(raw) == 32 else None
