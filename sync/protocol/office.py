"""What the office asks of the server: the messages of `/v2/office` and their one interface.

`sync.client.office.HttpOfficeService` implements it over a line, `sync.server.office` on the
storage. Which role may call what stands in `fieldapp.domain.rights`; each method names its right.
The overview holds ids, names of staff and counts; contents of patients only travel where the
method's right is about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, Protocol

from pydantic import Field

from fieldapp.domain.device_orders import DeviceOrderKind
from sync.protocol.access import OpeningsAnswer, ReviewOpeningRequest
from sync.protocol.control import (
    ChainsAnswer,
    DecideEntryRequest,
    LogAnswer,
    LogPatientsAnswer,
    LogPatientsRequest,
    LogPrintAnswer,
    LogPrintRequest,
    LogRequest,
    WrongEntriesAnswer,
)
from sync.protocol.lost import BreachReport, BreachRequest, GiveOrderRequest
from sync.protocol.messages import (
    Body,
    BtgHours,
    Count,
    DraftOut,
    EtreatHours,
    Id,
    Instant,
    LeaseDays,
    LockMinutes,
    Message,
    PullHours,
    PushResult,
    Rules,
    TimeOfDay,
    TripDays,
)
from sync.protocol.orders import (
    ActOnOrderRequest,
    EnterOrderRequest,
    ImportOrdersAnswer,
    ImportOrdersRequest,
    LiveClaim,
    OrderAnswer,
    OrderHistoryAnswer,
    OrderHistoryRequest,
    OrderPatientsAnswer,
    OrderPatientsRequest,
    OrdersAnswer,
    OrdersRequest,
    SettleOrderRequest,
)
from sync.protocol.people import (
    AddPersonAnswer,
    AddPersonRequest,
    ChangePersonRequest,
    NewPasswordAnswer,
    NewPasswordRequest,
)
from sync.protocol.safety import AnswerIssueRequest, SafetyAnswer, SafetyRequest
from sync.protocol.version import MAX_PLAIN_BYTES

OFFICE_PATH = "/office"
"""After `EXCHANGE_PREFIX`. JSON in both directions; every call is a POST to its method's name."""

PAGE_SIZE = 50
"""Patients on one page of the office's list."""

MAX_LISTED = 500
"""Rows of one list; where there are more, the answer says so in `more`."""

Words = Annotated[str, Field(max_length=2000)]
"""A reason given by a person. Where it is required, an empty one is refused (BadRequestError)."""

Day = Annotated[date, Field(strict=False)]


# --- overview


class LaptopRow(Message):
    """One person on one laptop, as last heard of; `device_id` None: a person without a laptop.

    `waiting`, `parked`, `conflicts` and `drafts_unsent` are the laptop's own counts at
    `reported_at`, without what arrived together with them (None: it has never reported).
    `visits_since` are the person's visits on the server that began after the last complete sync
    (the later of `last_complete` and `last_served`), and planned appointments from then until now
    that have no visit there.
    """

    user_id: Id
    username: str
    name: str
    role: str
    user_active: bool
    device_id: Id | None = None
    device_name: str = ""
    platform: str = ""
    app_version: str = ""
    enrolled_at: Instant | None = None
    last_complete: Instant | None = None
    """Last complete sync as the laptop reported it, put into the server's time."""
    last_served: Instant | None = None
    """When a last page was last sent; newer than `last_complete`: not confirmed by the laptop."""
    last_contact: Instant | None = None
    reported_at: Instant | None = None
    waiting: Count | None = None
    parked: Count | None = None
    conflicts: Count | None = None
    drafts_unsent: Count | None = None
    parked_here: Count = 0
    """Changes of this laptop that wait at the server for the office."""
    drafts_here: Count = 0
    """Unsigned drafts of this laptop that the server keeps."""
    clock_offset_ms: int | None = None
    """Server's clock minus the laptop's; positive: the laptop is behind."""
    disk_encrypted: bool | None = None
    visits_since: Count = 0
    forked: bool = False
    log_forked: bool = False
    machine_id: str = ""
    """The laptop on which this store lies, as it named itself; the same for all stores on it."""
    register_broken: bool = False
    """Its lines of the narcotics register do not hang together, or one is missing."""
    revoked: bool = False
    order: Annotated[DeviceOrderKind, Field(strict=False)] | None = None
    """What the organisation has ordered the laptop to do."""
    order_at: Instant | None = None
    order_asked_at: Instant | None = None
    order_delivered_at: Instant | None = None
    order_obeyed_at: Instant | None = None
    """When the laptop asked, last sent something, and said that it has obeyed."""


class OverviewAnswer(Message):
    """Those with visits since their last complete sync first, then the longest silent first;
    revoked laptops last."""

    server_time: Instant
    rows: list[LaptopRow]
    parked_open: Count
    issues_open: Count
    proposals_open: Count


# --- what a laptop could not deliver


class ParkedRow(Message):
    """A change that the server did not store, in its author's words (`mine`) and the server's.

    `outcome` is "conflict" or "refused", `reason` its code (as in `PushResult.reason`). `fields`
    are those in which the two bodies differ. `server_body` is None when the server has no such
    record; `server_author_name` and the two after it say whose it is, as far as that is known.
    `can_keep_server` is False for events: what has happened can only be stored. `wants_help`: who
    made the change has asked the office to deal with it.
    """

    change_id: Id
    user_id: Id
    user_name: str
    device_id: Id
    device_name: str
    kind: str
    id: Id
    patient_id: Id | None
    patient_name: str
    outcome: str
    reason: str
    detail: str = ""
    at: Instant
    mine: Body
    server_body: Body | None = None
    server_version: Count = 0
    server_author_name: str = ""
    server_device_name: str = ""
    server_received_at: Instant | None = None
    fields: list[str] = []
    can_keep_server: bool = False
    wants_help: bool = False


class ParkedAnswer(Message):
    """What is open: first where help was asked for, then the oldest."""

    parked: list[ParkedRow]
    more: bool = False


NOT_ASSIGNED: Final = "not_assigned"
ORDER_CHANGED: Final = "order_changed"
WITHOUT_RIGHT: Final = "without_right"

MAX_FLAGGED: Final = 200


class FlaggedRow(Message):
    """What was stored although something had changed meanwhile. There is nothing to settle.

    `reason`: NOT_ASSIGNED, its author did not (or no longer) follow the patient; ORDER_CHANGED, the
    order of a handout had been changed or stopped, or the server does not have it; WITHOUT_RIGHT,
    the role of whoever delivered it may not write such a record.
    """

    kind: str
    id: Id
    reason: str
    at: Instant
    """When it came to the server."""
    user_id: Id | None
    user_name: str
    device_name: str
    patient_id: Id | None
    patient_name: str


class FlaggedAnswer(Message):
    """The newest first, at most MAX_FLAGGED."""

    flagged: list[FlaggedRow]
    more: bool = False


class TakeOverAction(StrEnum):
    STORE = "store"
    """Store the change, as it is or corrected (`body`)."""
    KEEP_SERVER = "keep_server"
    """Let the server's version stand; only for edits."""


class TakeOverRequest(Message):
    """Settle one parked change. `body` None: as its author wrote it.

    A `body` given may hold just the corrected fields. An event keeps its id, author and device.
    Of an edit the fields that its author changed, and those in `body`, are written into the record
    as it stands now; all others stay.
    """

    change_id: Id
    device_id: Id | None = None
    """Needed where two laptops (one identity, copied) have parked the same change."""
    action: Annotated[TakeOverAction, Field(strict=False)]
    body: Body | None = None
    reason: Words


class TakeOverAnswer(Message):
    """What the laptop will be told (`Receipt.settled`)."""

    result: PushResult


# --- closing an account or a laptop


class ClosingRequest(Message):
    """Exactly one of the two: a whole account, or one laptop."""

    user_id: Id | None = None
    device_id: Id | None = None


class ClosingCode(StrEnum):
    """One sentence each on the screen; `count` goes into it."""

    UNSENT = "unsent"
    """Changes that lie on the laptop alone, as last reported."""
    PARKED = "parked"
    """Changes the laptop reported as parked."""
    CONFLICTS = "conflicts"
    DRAFTS_UNSENT = "drafts_unsent"
    """Drafts that lie on the laptop alone."""
    NEVER_REPORTED = "never_reported"
    """Nothing is known of what lies on the laptop."""
    REPORT_OLD = "report_old"
    """The report is older than a day; `count` are whole days."""
    VISITS_SINCE = "visits_since"
    """Visits and planned appointments since the last complete sync."""
    PARKED_HERE = "parked_here"
    """Waits at the server for the office; stays there and can still be taken over."""
    DRAFTS_HERE = "drafts_here"
    """Drafts at the server; the recovery role can read them."""
    ONLY_FOLLOWER = "only_follower"
    """Patients whom nobody else follows."""
    NOTHING_KNOWN = "nothing_known"
    """No loss is known of. Stands alone."""


class ClosingPoint(Message):
    """One thing to know before closing; `blocking` ones would lose something for good."""

    code: Annotated[ClosingCode, Field(strict=False)]
    count: Count = 0
    device_id: Id | None = None
    blocking: bool = False


class PatientName(Message):
    """A patient as lists show them. `name`: family name first."""

    id: Id
    name: str
    birth_date: Day | None = None
    national_id: str | None = None
    temporary_number: str | None = None


class ClosingAnswer(Message):
    """What closing would lose, as far as the server can know."""

    laptops: list[LaptopRow]
    points: list[ClosingPoint]
    only_they_follow: list[PatientName] = []
    same_machine: list[LaptopRow] = []
    """Other people's stores on the laptop that is to be closed, without those that are lost."""


# --- people and patients


class PersonRow(Message):
    """A member of staff with an account."""

    user_id: Id
    username: str
    name: str
    role: str
    active: bool
    patients: Count
    laptops: Count
    """Enrolled and not revoked."""
    language: str = ""
    team: str = ""
    phone: str = ""


class PeopleAnswer(Message):
    """Everybody, by name."""

    people: list[PersonRow]


class PatientsRequest(Message):
    """Search by part of a name, or by national or temporary number; `page` counts from 0."""

    query: Annotated[str, Field(max_length=200)] = ""
    page: Annotated[int, Field(ge=0, le=100_000)] = 0


class Follower(Message):
    """Somebody who follows a patient."""

    user_id: Id
    name: str
    primary: bool


class PatientRow(Message):
    """A patient and who follows them.

    `live_claims` are the days that somebody holds: re-assignment moves none of them.
    """

    patient: PatientName
    active: bool
    followers: list[Follower]
    live_claims: list[LiveClaim] = []


class PatientsAnswer(Message):
    """One page, by name. `total` counts all that fit the query."""

    patients: list[PatientRow]
    page: Count
    total: Count


class AssignRequest(Message):
    """Let somebody follow a patient; a new `primary` follows instead of the old one as such."""

    user_id: Id
    patient_id: Id
    primary: bool = False


class UnassignRequest(Message):
    """Let somebody no longer follow a patient."""

    user_id: Id
    patient_id: Id


class EnrolCodeRequest(Message):
    """A one-time code for a new laptop of this person; earlier codes are dead."""

    user_id: Id


class EnrolCodeAnswer(Message):
    """Shown once; the server keeps a hash alone."""

    code: str = Field(repr=False)
    expires_at: Instant


class RevokeRequest(Message):
    """Shut a laptop out for good."""

    device_id: Id
    reason: Words


class CloseAccountRequest(Message):
    """End a person's log-ins and let none begin; their work and laptops stay known."""

    user_id: Id
    reason: Words


class Done(Message):
    """It is done."""


# --- duplicates, proposals, safety items


class DuplicatePair(Message):
    """Two records that may be one person; `reason` says why ("national_id", "name_and_birth")."""

    first: PatientName
    second: PatientName
    reason: str


class DuplicatesAnswer(Message):
    """The surest first."""

    pairs: list[DuplicatePair]


class JoinRequest(Message):
    """Everything of `loser_id` becomes `winner_id`'s; the loser's record points to the winner."""

    winner_id: Id
    loser_id: Id
    reason: Words


class JoinAnswer(Message):
    """Number of records that changed hands."""

    moved: Count


class ProposalRow(Message):
    """A wish from the field about a record that the server owns."""

    id: Id
    patient_id: Id
    patient_name: str
    target_kind: str
    target_id: Id
    author_id: Id
    author_name: str
    proposed_at: Instant
    reason: str
    values: Body
    server_body: Body | None = None
    can_decide: bool = True
    """False: orders are decided on by a prescriber; it is shown so that it is not forgotten."""


class ProposalsAnswer(Message):
    """Open ones, the oldest first."""

    proposals: list[ProposalRow]
    more: bool = False


class DecideProposalRequest(Message):
    """Accept writes the wished fields into the record; declining needs words."""

    id: Id
    accept: bool
    words: Words = ""


class IssueRow(Message):
    """An open safety item. Answered at the patient, by somebody who was not involved."""

    id: Id
    patient_id: Id
    patient_name: str
    code: str
    raised_at: Instant
    evidence: list[Id]
    involved: list[str]
    """Names of those who wrote the events."""


class IssuesAnswer(Message):
    """Open ones, the oldest first."""

    issues: list[IssueRow]
    more: bool = False


# --- rules, recovery


class SetRulesRequest(Message):
    """Replace the organisation's rules; None, from an older program: as it is.

    Fields as in `Rules`. Another beginning of the service day is refused while days are claimed.
    """

    drafts_travel: bool
    courier_allowed: bool
    service_day_begins: TimeOfDay | None = None
    pull_max_age_hours: PullHours | None = None
    longest_trip_days: TripDays | None = None
    two_person_register: bool | None = None
    witness_required: bool | None = None
    folder_export_allowed: bool | None = None
    lease_days: LeaseDays | None = None
    lock_minutes: LockMinutes | None = None
    etreat_hours: EtreatHours | None = None
    btg_hours: BtgHours | None = None


class DraftsRequest(Message):
    """Read somebody's unsigned text; `reason` must hold words and stands in the log."""

    user_id: Id
    reason: Words


class RecoveredDraft(Message):
    """A draft as it stood on one laptop."""

    draft: DraftOut
    patient_name: str
    device_id: Id
    device_name: str
    received_at: Instant


class DraftsAnswer(Message):
    """All of the person's drafts, the newest first. What cannot travel in one answer is left off
    and counted in `left_off`."""

    drafts: list[RecoveredDraft]
    left_off: Count = 0


class CourierDelivery(Message):
    """A courier file as it came on the stick, in base 64."""

    data: Annotated[str, Field(max_length=MAX_PLAIN_BYTES)]


class CourierAnswer(Message):
    """The signed receipt that goes back on the stick, in base 64."""

    data: str


class NoDetails(Message):
    """A call that needs no words."""


CALLS: Final[Mapping[str, tuple[type[Message], type[Message]]]] = MappingProxyType(
    {
        "overview": (NoDetails, OverviewAnswer),
        "issues": (NoDetails, IssuesAnswer),
        "safety": (SafetyRequest, SafetyAnswer),
        "answer_issue": (AnswerIssueRequest, Done),
        "parked": (NoDetails, ParkedAnswer),
        "flagged": (NoDetails, FlaggedAnswer),
        "take_over": (TakeOverRequest, TakeOverAnswer),
        "openings": (NoDetails, OpeningsAnswer),
        "review_opening": (ReviewOpeningRequest, Done),
        "closing": (ClosingRequest, ClosingAnswer),
        "people": (NoDetails, PeopleAnswer),
        "patients": (PatientsRequest, PatientsAnswer),
        "assign": (AssignRequest, Done),
        "unassign": (UnassignRequest, Done),
        "enrol_code": (EnrolCodeRequest, EnrolCodeAnswer),
        "revoke": (RevokeRequest, Done),
        "give_order": (GiveOrderRequest, Done),
        "breach_report": (BreachRequest, BreachReport),
        "close_account": (CloseAccountRequest, Done),
        "duplicates": (NoDetails, DuplicatesAnswer),
        "join": (JoinRequest, JoinAnswer),
        "proposals": (NoDetails, ProposalsAnswer),
        "decide_proposal": (DecideProposalRequest, Done),
        "rules": (NoDetails, Rules),
        "set_rules": (SetRulesRequest, Rules),
        "receive_courier": (CourierDelivery, CourierAnswer),
        "drafts_of": (DraftsRequest, DraftsAnswer),
        "add_person": (AddPersonRequest, AddPersonAnswer),
        "change_person": (ChangePersonRequest, Done),
        "new_password": (NewPasswordRequest, NewPasswordAnswer),
        "orders": (OrdersRequest, OrdersAnswer),
        "order_history": (OrderHistoryRequest, OrderHistoryAnswer),
        "order_patients": (OrderPatientsRequest, OrderPatientsAnswer),
        "enter_order": (EnterOrderRequest, OrderAnswer),
        "act_on_order": (ActOnOrderRequest, OrderAnswer),
        "settle_order": (SettleOrderRequest, OrderAnswer),
        "import_orders": (ImportOrdersRequest, ImportOrdersAnswer),
        "access_log": (LogRequest, LogAnswer),
        "log_patients": (LogPatientsRequest, LogPatientsAnswer),
        "log_print": (LogPrintRequest, LogPrintAnswer),
        "log_chains": (NoDetails, ChainsAnswer),
        "wrong_entries": (NoDetails, WrongEntriesAnswer),
        "decide_entry": (DecideEntryRequest, Done),
    }
)
"""What travels to and from each method of `OfficeService`."""


class OfficeService(Protocol):
    """What the server does for one member of staff at the office.

    Every method raises a `SyncError`: NotAllowedError without the right, NotFoundError_ for an id
    that is not there, BadRequestError (with a code) for what cannot be done so, LoginExpiredError,
    RevokedError, and everything that may happen on a line. Every act stands in the office log.
    """

    def overview(self) -> OverviewAnswer:
        """Say how every laptop stands (SEE_OVERVIEW)."""
        ...

    def issues(self) -> IssuesAnswer:
        """Open safety items (TAKE_OVER)."""
        ...

    def safety(self, request: SafetyRequest) -> SafetyAnswer:
        """The safety items of all patients (ANSWER_ISSUES)."""
        ...

    def answer_issue(self, request: AnswerIssueRequest) -> Done:
        """Answer one (ANSWER_ISSUES). BadRequestError: words_missing, involved,
        already_answered."""
        ...

    def parked(self) -> ParkedAnswer:
        """What laptops could not deliver (TAKE_OVER)."""
        ...

    def flagged(self) -> FlaggedAnswer:
        """What was stored although rights or an order had changed meanwhile (TAKE_OVER)."""
        ...

    def take_over(self, request: TakeOverRequest) -> TakeOverAnswer:
        """Settle one parked change (TAKE_OVER). BadRequestError: reason_missing, event and
        no_server_body (the server's version cannot stand), not_open, which_device, server_owned,
        author (an event's author, device or number would change), body (it cannot be read as its
        kind; the field follows)."""
        ...

    def openings(self) -> OpeningsAnswer:
        """Patients opened by people who do not follow them (REVIEW_ACCESS)."""
        ...

    def review_opening(self, request: ReviewOpeningRequest) -> Done:
        """Judge one, never one's own (REVIEW_ACCESS). Raises BadRequestError("own_opening")."""
        ...

    def closing(self, request: ClosingRequest) -> ClosingAnswer:
        """What closing an account or a laptop would lose (REVOKE)."""
        ...

    def people(self) -> PeopleAnswer:
        """The staff (SEE_OVERVIEW)."""
        ...

    def add_person(self, request: AddPersonRequest) -> AddPersonAnswer:
        """Add a member of staff (MANAGE_PEOPLE). BadRequestError: username, username_taken, name,
        role, role_not_yours, language, text."""
        ...

    def change_person(self, request: ChangePersonRequest) -> Done:
        """Change role, language, team or telephone (MANAGE_PEOPLE). BadRequestError: own_role,
        role, role_not_yours, language, text, reason_missing (for a role)."""
        ...

    def new_password(self, request: NewPasswordRequest) -> NewPasswordAnswer:
        """Make a new first password; the log-ins end (MANAGE_PEOPLE). BadRequestError: closed,
        role_not_yours."""
        ...

    def patients(self, request: PatientsRequest) -> PatientsAnswer:
        """Patients and who follows them (ASSIGN)."""
        ...

    def assign(self, request: AssignRequest) -> Done:
        """Let somebody follow a patient (ASSIGN)."""
        ...

    def unassign(self, request: UnassignRequest) -> Done:
        """End that (ASSIGN). NotFoundError_ when they do not follow them."""
        ...

    def enrol_code(self, request: EnrolCodeRequest) -> EnrolCodeAnswer:
        """Make a one-time code for a new laptop (ENROL). BadRequestError: closed."""
        ...

    def revoke(self, request: RevokeRequest) -> Done:
        """Shut a laptop out (REVOKE). BadRequestError: reason_missing."""
        ...

    def give_order(self, request: GiveOrderRequest) -> Done:
        """Order a laptop to end or to be destroyed (REVOKE). BadRequestError: already_lost,
        own_laptop, reason_missing."""
        ...

    def breach_report(self, request: BreachRequest) -> BreachReport:
        """What a laptop held (REVOKE)."""
        ...

    def close_account(self, request: CloseAccountRequest) -> Done:
        """Close an account (REVOKE). BadRequestError: reason_missing, own_account."""
        ...

    def duplicates(self) -> DuplicatesAnswer:
        """Patients who may be registered twice (JOIN_PATIENTS)."""
        ...

    def join(self, request: JoinRequest) -> JoinAnswer:
        """Join two records of one person (JOIN_PATIENTS). BadRequestError: reason_missing,
        same_patient, already_joined."""
        ...

    def proposals(self) -> ProposalsAnswer:
        """Wishes that wait for a decision (DECIDE_PROPOSALS)."""
        ...

    def decide_proposal(self, request: DecideProposalRequest) -> Done:
        """Accept or decline one (DECIDE_PROPOSALS). BadRequestError: words_missing, not_open,
        body."""
        ...

    def rules(self) -> Rules:
        """What the organisation has decided (SEE_OVERVIEW)."""
        ...

    def set_rules(self, request: SetRulesRequest) -> Rules:
        """Decide anew (SET_RULES)."""
        ...

    def receive_courier(self, data: bytes) -> bytes:
        """Take in a courier file and return the signed receipt (RECEIVE_COURIER).
        BadRequestError: courier_off and what `sync.protocol.courier` names."""
        ...

    def drafts_of(self, request: DraftsRequest) -> DraftsAnswer:
        """Somebody's unsigned text (READ_DRAFTS_OF_OTHERS). BadRequestError: reason_missing."""
        ...

    def orders(self, request: OrdersRequest) -> OrdersAnswer:
        """Orders and what waits for a second person (ENTER_ORDERS or CONFIRM_ORDERS). Whoever may
        not ASSIGN sees those of the patients whom they follow, here and in the next ones."""
        ...

    def order_history(self, request: OrderHistoryRequest) -> OrderHistoryAnswer:
        """Everything that was done to one order (ENTER_ORDERS or CONFIRM_ORDERS)."""
        ...

    def order_patients(self, request: OrderPatientsRequest) -> OrderPatientsAnswer:
        """For whom an order can be entered (ENTER_ORDERS)."""
        ...

    def enter_order(self, request: EnterOrderRequest) -> OrderAnswer:
        """Let a new order or a new version wait for a second person (ENTER_ORDERS).
        BadRequestError: order_changed, order_stopped, entry_waiting, id_used, body, not_open."""
        ...

    def act_on_order(self, request: ActOnOrderRequest) -> OrderAnswer:
        """Stop, hold, move, resume or reassess (ENTER_ORDERS). BadRequestError: reason_missing,
        told_missing, order_changed, order_stopped, entry_waiting, already, day, day_passed,
        day_in_future, place, action, id_used."""
        ...

    def settle_order(self, request: SettleOrderRequest) -> OrderAnswer:
        """Confirm or decline what another entered (CONFIRM_ORDERS), or take back one's own
        (ENTER_ORDERS). BadRequestError: not_open, own_entry, words_missing, order_changed."""
        ...

    def import_orders(self, request: ImportOrdersRequest) -> ImportOrdersAnswer:
        """Look through a CSV file, or let all of its rows wait (ENTER_ORDERS)."""
        ...

    def access_log(self, request: LogRequest) -> LogAnswer:
        """A page of all logs (READ_ACCESS_LOG). BadRequestError: after, period."""
        ...

    def log_patients(self, request: LogPatientsRequest) -> LogPatientsAnswer:
        """Whose lines can be asked for (READ_ACCESS_LOG)."""
        ...

    def log_print(self, request: LogPrintRequest) -> LogPrintAnswer:
        """Who looked at a patient, for that patient (READ_ACCESS_LOG)."""
        ...

    def log_chains(self) -> ChainsAnswer:
        """The chain of every laptop's log, worked out anew (READ_ACCESS_LOG)."""
        ...

    def wrong_entries(self) -> WrongEntriesAnswer:
        """Entries that are said to stand on the wrong patient (DECIDE_DELETION)."""
        ...

    def decide_entry(self, request: DecideEntryRequest) -> Done:
        """Delete one everywhere, or refuse to (DECIDE_DELETION). NotFoundError_ for one that does
        not wait. BadRequestError: reason_missing, other_patient."""
        ...
