"""Orders at the office: what a laptop asks of the server, and what the server answers.

An order is entered by one person and waits until a second one confirms it; only then is a version
of its record written. What stops medicine (a stop, a hold) needs one person and holds at once.
Every call that could bear on a handout answers with who holds live claims, so that they can be
rung. The calls themselves are methods of `sync.protocol.office.OfficeService`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sync.protocol.messages import Body, Count, Id, Instant, Message
from sync.protocol.version import MAX_PLAIN_BYTES

ORDERS_PAGE = 50
"""Orders on one page of the office's list."""

MAX_WAITING = 200
"""Entries of one queue; where there are more, the answer says so."""

MAX_IMPORT = 500
"""Rows of one CSV file of orders."""

_Words = Annotated[str, Field(max_length=2000)]
_Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class OrderAction(StrEnum):
    """What is done to an order."""

    ENTER = "enter"
    """A new order. Two persons."""
    CHANGE = "change"
    """A new version. Two persons."""
    RESUME = "resume"
    """The stop flag is taken away. Two persons."""
    REASSESS = "reassess"
    """The prescriber has looked at the dose again after days without it. Two persons."""
    STOP = "stop"
    """From a day on nothing is given by it. One person, at once."""
    HOLD = "hold"
    """The stop flag is set. One person, at once."""
    PLACE = "place"
    """Who hands out changes; it says who was told. One person, at once."""

    @property
    def needs_second_person(self) -> bool:
        return self not in _AT_ONCE


_AT_ONCE = frozenset({OrderAction.STOP, OrderAction.HOLD, OrderAction.PLACE})


class EntryState(StrEnum):
    """`DONE`: an act of one person; it never waited."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    DONE = "done"


class LiveClaim(Message):
    """A store that holds days of the patient's medicine. `units` are days, or a depot's "#n"."""

    holder_id: Id
    holder_name: str
    holder_phone: str
    device_id: Id
    device_name: str
    group: str
    units: list[str]


class OrderProblemRow(Message):
    """A problem of `fieldapp.domain.orders`; the words are the screen's."""

    code: str
    field: str
    detail: str = ""
    warning: bool = False


class OrderEntryRow(Message):
    """One act on an order. `before` is the version that it was made on, None for a new order.

    `problems` are warnings: an order with errors is not stored. `can_confirm` is for whoever asks.
    """

    id: Id
    order_id: Id
    patient_id: Id
    patient_name: str
    action: Annotated[OrderAction, Field(strict=False)]
    state: Annotated[EntryState, Field(strict=False)]
    body: Body
    before: Body | None = None
    reason: str = ""
    told: str = ""
    source: str = ""
    problems: list[OrderProblemRow] = []
    proposal_id: Id | None = None
    entered_by: Id
    entered_by_name: str
    entered_at: Instant
    settled_by_name: str = ""
    settled_at: Instant | None = None
    words: str = ""
    can_confirm: bool = False
    own: bool = False
    """Whoever asks has entered it, and may take it back while it waits."""
    live_claims: list[LiveClaim] = []


class OrderRow(Message):
    """An order as it stands. `waiting` is the entry about it that waits, None when none does."""

    id: Id
    patient_id: Id
    patient_name: str
    body: Body
    revision: int
    running: bool
    entered_by_name: str = ""
    confirmed_by_name: str = ""
    waiting: Id | None = None
    live_claims: list[LiveClaim] = []


class OrdersRequest(Message):
    """Part of a patient's name or a number, or of a product; `page` counts from 0."""

    query: Annotated[str, Field(max_length=200)] = ""
    page: Annotated[int, Field(ge=0, le=100_000)] = 0
    also_ended: bool = False


class OrdersAnswer(Message):
    """One page by patient, and the whole queue. The two times are of all orders that are seen."""

    server_time: Instant
    orders: list[OrderRow]
    page: Count
    total: Count
    waiting: list[OrderEntryRow]
    more_waiting: bool = False
    last_entered_at: Instant | None = None
    last_confirmed_at: Instant | None = None
    last_source: str = ""
    """Source of the newest version."""


class OrderPatient(Message):
    """Somebody for whom an order can be entered."""

    id: Id
    name: str
    birth_date: str | None = None


class OrderPatientsRequest(Message):
    """Part of a name, or a national or temporary number."""

    query: Annotated[str, Field(max_length=200)] = ""


class OrderPatientsAnswer(Message):
    """At most a page, by name."""

    patients: list[OrderPatient]
    more: bool = False


class OrderHistoryRequest(Message):
    """Everything that was done to one order."""

    order_id: Id


class OrderHistoryAnswer(Message):
    """The newest first."""

    order: OrderRow | None
    entries: list[OrderEntryRow]


class EnterOrderRequest(Message):
    """A new order or a new version; `id` is made by the sender, so that it can be repeated.

    `body` is a `MedicationRequest`; who entered it and when is the server's to say.
    `base_revision` is 0 for a new order. `proposal_id`: the wish that this accepts.
    """

    id: Id
    order_id: Id
    patient_id: Id
    base_revision: Count
    body: Body
    reason: _Words = ""
    proposal_id: Id | None = None


class ActOnOrderRequest(Message):
    """A stop, hold, resume, reassessment or change of place; `id` as in `EnterOrderRequest`.

    `day` is the first day without medicine of a stop, or the day of a reassessment; `place` and
    `told` (who was told) belong to a change of place. `reason` must hold words.
    """

    id: Id
    order_id: Id
    base_revision: Count
    action: Annotated[OrderAction, Field(strict=False)]
    reason: _Words
    day: _Day | None = None
    place: Annotated[str, Field(max_length=40)] = ""
    told: _Words = ""


class SettleOrderRequest(Message):
    """The second person's word. Declining (or taking back one's own) needs words."""

    id: Id
    accept: bool
    words: _Words = ""


class OrderAnswer(Message):
    """What became of it. `entry` None: nothing was stored, and `problems` say why."""

    entry: OrderEntryRow | None = None
    problems: list[OrderProblemRow] = []
    live_claims: list[LiveClaim] = []


class ImportOrdersRequest(Message):
    """A CSV file in base 64. `store` False: only look. `id` names the file, so that it can be
    repeated."""

    id: Id
    file_name: Annotated[str, Field(max_length=200)]
    data: Annotated[str, Field(max_length=MAX_PLAIN_BYTES)]
    store: bool = False


class ImportRow(Message):
    """A row as it would wait."""

    number: int
    patient_name: str
    body: Body


class ImportProblem(Message):
    """One thing wrong in one row; `column` is the heading as the file writes it."""

    number: int
    column: str
    code: str
    hint: str = ""
    warning: bool = False


class ImportOrdersAnswer(Message):
    """All rows wait for the second person (`stored`), or none does.

    `file_problem` is a code about the file as a whole, `file_detail` where or which columns.
    """

    rows: list[ImportRow] = []
    problems: list[ImportProblem] = []
    file_problem: str = ""
    file_detail: str = ""
    stored: bool = False
