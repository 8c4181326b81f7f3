"""Courier parts as a changed client writes them: anything in them, signed by one of the team."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol import courier
from sync.protocol.messages import ExchangeRequest, PushRecord
from tests.sync.server.desk import report
from tests.sync.server.team import KEY, PASSWORD, Laptop, Team


def part(
    team: Team,
    laptop: Laptop,
    *records: PushRecord,
    sequence: int = 1,
    key: Ed25519PrivateKey = KEY,
) -> bytes:
    """One sealed part with these changes."""
    keys = laptop.enrolled.server_keys
    assert keys is not None
    content = courier.CourierContent(
        requests=[ExchangeRequest(report=report(team), records=list(records))]
    )
    return courier.seal(
        content,
        server_id=laptop.enrolled.server_id,
        device_id=laptop.enrolled.device_id,
        sequence=sequence,
        written_at=team.clock.now(),
        server_key=bytes.fromhex(keys.courier),
        device_key=key,
    )


def delivery(data: bytes, username: str = "gro", password: str = PASSWORD) -> dict[str, str]:
    """The body of `POST /v2/deliver`."""
    text = base64.b64encode(data).decode("ascii")
    return {"username": username, "password": password, "data": text}
