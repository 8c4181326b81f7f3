"""Claims on the line: what a laptop gives up, wants and holds, and what the server says.

One call, `POST /v2/claims`, after everything that waits has been sent. It is safe to repeat: every
grant has a number, and a word about an older number changes nothing. What was granted reaches the
laptop as records of the kind `claim`, in the pull that follows; nothing is given before that pull
is complete.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sync.protocol.messages import Count, Id, Instant, Message, Version

MAX_CLAIMS = 2_000
"""Claims of one call: some forty patients for a week, and as many given up."""


class ClaimName(Message):
    """A unit of a patient's substance group; see `fieldapp.domain.claims`."""

    patient_id: Id
    group: Annotated[str, Field(min_length=1, max_length=64)]
    unit: Annotated[str, Field(min_length=2, max_length=10)]


class HeldClaim(ClaimName):
    """A claim with the number under which the laptop holds it, or has given it up.

    `held_since` is told of claims that are held: a restored server has lost it. 0: as `grant`.
    """

    grant: Version
    held_since: Version = 0


class ClaimsRequest(Message):
    """Every claim that this store holds, those it has given up, and those it wants.

    What is in `released` was dropped durably before; it is in `held` no more. `all_sent` says that
    no event of this store waits: only then may a claim move on. `set_back` tells that the store
    was opened from a copy or set back, and knows of no claim of its own.

    `epoch` is the server's epoch that the laptop has come to terms with, `seen` the newest commit
    that it has heard of. A server of another epoch takes nothing of this in, for what rests on a
    lost past may free a day that was given; the answer's `epoch` tells.
    """

    now: Instant
    epoch: Count = 0
    seen: Annotated[str, Field(max_length=80)] = ""
    held: Annotated[list[HeldClaim], Field(max_length=MAX_CLAIMS)] = []
    released: Annotated[list[HeldClaim], Field(max_length=MAX_CLAIMS)] = []
    wanted: Annotated[list[ClaimName], Field(max_length=MAX_CLAIMS)] = []
    all_sent: bool = False
    set_back: bool = False


class DenialReason(StrEnum):
    """Why a claim was not given out."""

    HELD = "held"
    """Another store holds it; `holder_*` say who."""
    UNKNOWN_DAY = "unknown_day"
    """It was held by a store that was set back; nobody knows what that one gave."""
    GIVEN = "given"
    """Every dose of it was given already."""
    NOT_PLANNED = "not_planned"
    PHARMACY = "pharmacy"
    STOPPED = "stopped"
    TOO_FAR = "too_far"
    """The day is over, or farther away than the longest trip."""
    NOT_ASSIGNED = "not_assigned"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    SERVER_RESTORED = "server_restored"
    """The server was set back and does not know yet what every laptop holds."""
    UNKNOWN_GROUP = "unknown_group"
    STORE_IN_DOUBT = "store_in_doubt"
    """Two laptops have shown the same identity."""


class Denial(Message):
    """A claim that was not given out."""

    name: ClaimName
    reason: Annotated[DenialReason, Field(strict=False)]
    holder_id: Id | None = None
    holder_name: str = ""
    holder_phone: str = ""
    holder_device: str = ""


class ClaimsAnswer(Message):
    """What became of it. `waits_for` counts the stores that have not reported since a restore."""

    server_time: Instant
    epoch: Count
    granted: list[HeldClaim] = []
    denied: list[Denial] = []
    released: list[HeldClaim] = []
    waits_for: Count = 0
