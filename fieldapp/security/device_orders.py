"""Is an order to this laptop the organisation's own?"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fieldapp.domain.device_orders import DeviceOrder, signed_bytes


def is_genuine(order: DeviceOrder, device_id: str, public_key: bytes) -> bool:
    """True when the organisation's key (Ed25519, 32 bytes) signed it for this very laptop."""
    if order.device_id != device_id:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(bytes.fromhex(order.signature), signed_bytes(order))
    except (InvalidSignature, ValueError):
        return False
    return True
