"""The office's calls about a laptop that leaves or is lost: the order, and the breach report."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fieldapp.domain.device_orders import DeviceOrderKind
from sync.protocol.messages import Count, Id, Instant, Message

Words = Annotated[str, Field(max_length=2000)]


class GiveOrderRequest(Message):
    """Order a laptop to end (send, then destroy) or, as lost, to destroy at once."""

    device_id: Id
    kind: Annotated[DeviceOrderKind, Field(strict=False)]
    reason: Words
    others: Annotated[list[Id], Field(max_length=100)] = []
    """Stores of other people on the same laptop that get the same order, all or none."""


class BreachRequest(Message):
    """Ask what a laptop held; `reason` stands in the office log with the look."""

    device_id: Id
    reason: Words


class KindCount(Message):
    """So many records of a kind."""

    kind: str
    count: Count


class BreachPatient(Message):
    """A patient whose record was on the laptop.

    `ended_at`: the user no longer followed them. The laptop had not confirmed a complete sync since
    then, so that the record may still have been there.
    """

    id: Id
    name: str
    birth_date: str = ""
    national_id: str = ""
    records: Count = 0
    ended_at: Instant | None = None


class OrderGiven(Message):
    """An order, and what was heard of it. `obeyed_at` is what the laptop said; no proof."""

    kind: Annotated[DeviceOrderKind, Field(strict=False)]
    given_at: Instant
    given_by: str
    reason: str
    asked_at: Instant | None = None
    delivered_at: Instant | None = None
    obeyed_at: Instant | None = None


class BreachReport(Message):
    """What is known of a laptop for the notice of a breach (within 72 hours).

    `patients` and `kinds` are at most what was there: what the server held, up to its last contact
    with the laptop, of everybody whom the user followed after the laptop's last complete sync.
    `former`: patients who were purged before that. `unsent` and `drafts` are the laptop's own
    counts at its last report (None: it never reported).
    """

    device_id: Id
    device_name: str
    user_name: str
    username: str
    platform: str
    app_version: str
    made_at: Instant
    enrolled_at: Instant
    last_complete: Instant | None = None
    last_contact: Instant | None = None
    unsent: Count | None = None
    drafts: Count | None = None
    drafts_here: Count = 0
    parked_here: Count = 0
    disk_encrypted: bool | None = None
    patients: list[BreachPatient] = []
    former: Count = 0
    kinds: list[KindCount] = []
    team_records: Count = 0
    orders: list[OrderGiven] = []
    log_lines: Count = 0
    """Lines of the laptop's access log that are here: who was opened, and when."""
    others: list[BreachReport] = []
    """The same of the other stores on that laptop; they have no `others` of their own."""
