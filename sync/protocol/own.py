"""What a user asks for themselves, whatever their role: `POST /v2/own/…`, JSON both ways."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from sync.protocol.messages import Instant, Message

OWN_PATH: Final = "/own"
"""After `EXCHANGE_PREFIX`."""


class SetWitnessCodeRequest(Message):
    """The verifier of one's own witness code; the code itself stays where it was typed."""

    verifier: Annotated[str, Field(max_length=200)]


class WitnessCodeAnswer(Message):
    """From when the new code counts; every laptop hears of it in its next pull."""

    changed_at: Instant
