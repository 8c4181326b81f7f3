"""How a laptop stands with the organisation: the order to it, and what it still delivers.

Nothing here needs a log-in. An order is signed and says nothing but its kind, so that whoever asks
for it learns only that a laptop of this id is no longer wanted; an id that is not known has none. A
delivery is a courier file (`sync.protocol.courier`) in base 64: signed by the laptop, sealed to the
server, answered by a signed receipt.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from fieldapp.domain.device_orders import DeviceOrder, DeviceOrderKind
from sync.protocol.messages import Id, Instant, Message

STANDING_PATH: Final = "/standing"
DELIVERY: Final = "delivery"
OBEYED: Final = "obeyed"


class OrderMessage(Message):
    """A signed order; see `fieldapp.domain.device_orders`."""

    id: Id
    device_id: Id
    kind: Annotated[DeviceOrderKind, Field(strict=False)]
    issued_at: Instant
    signature: str

    @classmethod
    def of(cls, order: DeviceOrder) -> OrderMessage:
        """Write an order."""
        return cls(
            id=order.id,
            device_id=order.device_id,
            kind=order.kind,
            issued_at=order.issued_at,
            signature=order.signature,
        )

    def order(self) -> DeviceOrder:
        """Read it. Whether it is genuine is for `fieldapp.security.device_orders` to say."""
        return DeviceOrder(self.id, self.device_id, self.kind, self.issued_at, self.signature)


class StandingAnswer(Message):
    """The order that stands for a laptop; None for none and for an id that nobody knows."""

    order: OrderMessage | None = None


class ObeyedRequest(Message):
    """The laptop has destroyed what it held. A statement, not a proof: its key is gone with it."""

    order_id: Id


class ObeyedAnswer(Message):
    """It is noted, or there was nothing to note."""
