"""The organisation's orders to one laptop: end its use, or destroy what it holds.

An order is signed for one enrolment (`device_id`), which is never given out again: repeated to the
same laptop it says nothing new, and to any other it is void.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from fieldapp.clock import to_iso

_PURPOSE: Final = "fieldapp/device-order/v1"


class DeviceOrderKind(StrEnum):
    """ENDED (Avsluttet): send what waits, and destroy after the server's receipt.
    LOST (Tapt): destroy at once, also at the lock page.
    """

    ENDED = "ended"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DeviceOrder:
    """`id` names the order for ever; `signature` is 64 bytes in hexadecimal, "" while unsigned."""

    id: str
    device_id: str
    kind: DeviceOrderKind
    issued_at: datetime
    signature: str = ""


def signed_bytes(order: DeviceOrder) -> bytes:
    """Return what the organisation's key signs: every field but the signature, in this order."""
    fields = (_PURPOSE, order.id, order.device_id, order.kind.value, to_iso(order.issued_at))
    return "\x1f".join(fields).encode()


@dataclass(frozen=True, slots=True)
class OrdersFile:
    """`order_key` is the server's Ed25519 public key in hexadecimal; `authorities`
    the certificates (PEM) that the server's own must come from, none for one on this machine.
    """

    server_url: str
    server_id: str
    device_id: str
    order_key: str
    authorities: tuple[str, ...] = ()

    @property
    def public_key(self) -> bytes:
        """The key as 32 bytes. Raises ValueError when it is none."""
        return bytes.fromhex(self.order_key)
