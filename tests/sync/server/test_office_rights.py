"""Every call of the office and every role, over HTTP: allowed or refused as the table says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

import pytest

from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.patients import Role
from sync.client.office import HttpOfficeService
from sync.protocol.access import ReviewOpeningRequest, Verdict
from sync.protocol.codec import encode
from sync.protocol.control import (
    DecideEntryRequest,
    LogPatientsRequest,
    LogPrintRequest,
    LogRequest,
)
from sync.protocol.errors import (
    SENT_BY_SERVER,
    BadRequestError,
    LoginExpiredError,
    NotAllowedError,
    NotFoundError_,
    SyncError,
)
from sync.protocol.lost import BreachRequest, GiveOrderRequest
from sync.protocol.messages import ErrorAnswer, Message
from sync.protocol.office import (
    CALLS,
    AssignRequest,
    CloseAccountRequest,
    ClosingRequest,
    CourierDelivery,
    DecideProposalRequest,
    DraftsRequest,
    EnrolCodeRequest,
    JoinRequest,
    NoDetails,
    OfficeService,
    PatientsRequest,
    RevokeRequest,
    SetRulesRequest,
    TakeOverAction,
    TakeOverRequest,
    UnassignRequest,
)
from sync.protocol.orders import (
    ActOnOrderRequest,
    EnterOrderRequest,
    ImportOrdersRequest,
    OrderAction,
    OrderHistoryRequest,
    OrderPatientsRequest,
    OrdersRequest,
    SettleOrderRequest,
)
from sync.protocol.people import AddPersonRequest, ChangePersonRequest, NewPasswordRequest
from sync.protocol.safety import AnswerIssueRequest, SafetyRequest
from sync.server.office import ServerOfficeService
from sync.server.storage.storage import Storage
from tests.sync.server.desk import REASON, draft, exchange, office_log
from tests.sync.server.running import Running
from tests.sync.server.team import change, note, patient

OFFICE: Final = {Role.SECRETARY, Role.TEAM_LEADER}
RECOVERY: Final = {Role.RECOVERY_OFFICER}
OVERVIEW: Final = OFFICE | RECOVERY | {Role.ADMINISTRATOR}
ORDERING: Final = OFFICE | {Role.LAR_STAFF, Role.PRESCRIBER}
CONFIRMING: Final = {
    Role.TEAM_LEADER,
    Role.LAR_STAFF,
    Role.CASE_MANAGER,
    Role.SPECIALIST,
    Role.PRESCRIBER,
}

CONTROL: Final = {Role.AUDITOR, Role.RECORD_RESPONSIBLE}
REVIEWING: Final = CONTROL | {Role.TEAM_LEADER}

ALLOWED: Final = {
    "overview": OVERVIEW,
    "people": OVERVIEW,
    "add_person": {Role.TEAM_LEADER, Role.ADMINISTRATOR},
    "change_person": {Role.TEAM_LEADER, Role.ADMINISTRATOR},
    "new_password": {Role.TEAM_LEADER, Role.ADMINISTRATOR},
    "rules": OVERVIEW,
    "issues": OFFICE,
    "parked": OFFICE,
    "flagged": OFFICE,
    "take_over": OFFICE,
    "openings": REVIEWING,
    "review_opening": REVIEWING,
    "closing": OFFICE | {Role.ADMINISTRATOR},
    "revoke": OFFICE | {Role.ADMINISTRATOR},
    "give_order": OFFICE | {Role.ADMINISTRATOR},
    "breach_report": OFFICE | {Role.ADMINISTRATOR},
    "close_account": OFFICE | {Role.ADMINISTRATOR},
    "enrol_code": OFFICE | {Role.ADMINISTRATOR},
    "patients": OFFICE,
    "assign": OFFICE,
    "unassign": OFFICE,
    "duplicates": OFFICE,
    "join": OFFICE,
    "proposals": {Role.TEAM_LEADER, Role.PRESCRIBER},
    "decide_proposal": {Role.TEAM_LEADER, Role.PRESCRIBER},
    "safety": {Role.TEAM_LEADER, Role.PRESCRIBER},
    "answer_issue": {Role.TEAM_LEADER, Role.PRESCRIBER},
    "set_rules": {Role.ADMINISTRATOR},
    "receive_courier": OFFICE | RECOVERY,
    "drafts_of": RECOVERY,
    "orders": ORDERING | CONFIRMING,
    "order_history": ORDERING | CONFIRMING,
    "settle_order": ORDERING | CONFIRMING,
    "order_patients": ORDERING,
    "enter_order": ORDERING,
    "act_on_order": ORDERING,
    "import_orders": ORDERING,
    "access_log": CONTROL,
    "log_patients": CONTROL,
    "log_print": CONTROL,
    "log_chains": CONTROL,
    "wrong_entries": {Role.RECORD_RESPONSIBLE},
    "decide_entry": {Role.RECORD_RESPONSIBLE},
}
"""Written down here once more, by hand: a slip in the table of rights must be seen."""

REQUESTS: Final[dict[str, Message]] = {
    "take_over": TakeOverRequest(change_id="c", action=TakeOverAction.STORE, reason=REASON),
    "review_opening": ReviewOpeningRequest(id="none", verdict=Verdict.IN_ORDER),
    "closing": ClosingRequest(device_id="none"),
    "revoke": RevokeRequest(device_id="none", reason=REASON),
    "give_order": GiveOrderRequest(device_id="none", kind=DeviceOrderKind.LOST, reason=REASON),
    "breach_report": BreachRequest(device_id="none", reason=REASON),
    "close_account": CloseAccountRequest(user_id="nobody", reason=REASON),
    "enrol_code": EnrolCodeRequest(user_id="nobody"),
    "add_person": AddPersonRequest(username=" ", name="x", role="peer"),
    "change_person": ChangePersonRequest(user_id="nobody", role="peer", reason=REASON),
    "new_password": NewPasswordRequest(user_id="nobody"),
    "patients": PatientsRequest(),
    "assign": AssignRequest(user_id="nobody", patient_id="p1"),
    "unassign": UnassignRequest(user_id="nobody", patient_id="p1"),
    "join": JoinRequest(winner_id="x", loser_id="y", reason=REASON),
    "decide_proposal": DecideProposalRequest(id="none", accept=True),
    "set_rules": SetRulesRequest(drafts_travel=True, courier_allowed=False),
    "safety": SafetyRequest(),
    "answer_issue": AnswerIssueRequest(id="none", words=REASON),
    "receive_courier": CourierDelivery(data="AAAA"),
    "drafts_of": DraftsRequest(user_id="nobody", reason=REASON),
    "orders": OrdersRequest(),
    "order_history": OrderHistoryRequest(order_id="none"),
    "order_patients": OrderPatientsRequest(),
    "enter_order": EnterOrderRequest(
        id="e", order_id="o", patient_id="nobody", base_revision=0, body={}
    ),
    "act_on_order": ActOnOrderRequest(
        id="e", order_id="none", base_revision=1, action=OrderAction.STOP, reason=REASON
    ),
    "settle_order": SettleOrderRequest(id="none", accept=True),
    "import_orders": ImportOrdersRequest(id="f", file_name="a.csv", data=""),
    "access_log": LogRequest(),
    "log_patients": LogPatientsRequest(query="ingen"),
    "log_print": LogPrintRequest(patient_id="nobody"),
    "decide_entry": DecideEntryRequest(
        target_kind="note", target_id="none", delete=False, words=REASON
    ),
}


@pytest.fixture
def running(storage: Storage) -> Iterator[Running]:
    server = Running(storage)
    yield server
    server.stop()


def call(running: Running, name: str, token: str) -> str | None:
    """Make one call as an outsider would write it; return the error's code, None for success."""
    content, _ = encode(REQUESTS.get(name, NoDetails()), compress=False)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = running.client.post(f"/v2/office/{name}", content=content, headers=headers)
    if answer.status_code == 200:
        return None
    return ErrorAnswer.model_validate_json(answer.content).code


def test_every_call_is_allowed_to_its_roles_and_refused_to_all_others(running: Running) -> None:
    team = running.team
    kari = team.laptop("kari")
    exchange(team, kari, change(patient()), change(note()), drafts=(draft("n2"),))
    tokens = {}
    for role in Role:
        team.add_user(role.value, role)
        tokens[role] = team.enrol(role.value).token
    with team.storage.read() as transaction:
        before = transaction.records.newest_seq()
    found: dict[str, set[Role]] = {name: set() for name in CALLS}
    for name in CALLS:
        for role, token in tokens.items():
            code = call(running, name, token)
            # With made-up ids an allowed call finds nothing, and so changes nothing.
            assert code in (None, "not_allowed", "not_found", "bad_request"), (name, code)
            if code != "not_allowed":
                found[name].add(role)
    assert found == ALLOWED
    with team.storage.read() as transaction:
        assert transaction.records.newest_seq() == before
        lines = transaction.office.lines(10_000)
    refused = sum(len(Role) - len(roles) for roles in ALLOWED.values())
    assert sum(not line.allowed for line in lines) == refused


def test_no_call_is_answered_without_a_login(running: Running) -> None:
    for token in ("", "made-up"):
        assert {call(running, name, token) for name in CALLS} == {"login_expired"}
    assert office_log(running.team) == []


def test_a_laptop_that_was_shut_out_reaches_no_call(running: Running) -> None:
    running.team.add_user("sek", Role.SECRETARY)
    enrolled = running.team.enrol("sek")
    running.team.admin.revoke_device(enrolled.device_id)
    assert {call(running, name, enrolled.token) for name in CALLS} == {"revoked"}


def test_a_role_that_was_taken_away_counts_from_the_next_call_on(running: Running) -> None:
    running.team.add_user("sek", Role.SECRETARY)
    token = running.team.enrol("sek").token
    assert call(running, "parked", token) is None
    running.team.admin.set_role("sek", Role.PEER)
    assert call(running, "parked", token) == "not_allowed"


def test_no_answer_of_the_office_is_kept_by_a_browser_or_framed(running: Running) -> None:
    answer = running.client.post("/v2/office/overview", content=b"{}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_table_of_calls_the_interface_and_both_sides_have_the_same_names() -> None:
    def methods(cls: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(cls, inspect.isfunction) if name[0] != "_"}

    assert methods(OfficeService) == set(CALLS) == set(ALLOWED)
    assert methods(HttpOfficeService) == methods(ServerOfficeService) == set(CALLS)
    needs_words = {name for name, (asked, _) in CALLS.items() if asked is not NoDetails}
    assert needs_words == set(REQUESTS)


def test_the_laptops_client_speaks_every_call_and_names_every_refusal(running: Running) -> None:
    running.team.add_user("leder", Role.TEAM_LEADER)
    token = running.team.enrol("leder").token
    with running.service(token) as connection:
        office = HttpOfficeService(connection)
        results: dict[str, object] = {}
        for name, (asked, answered) in CALLS.items():
            request = REQUESTS.get(name)
            method = getattr(office, name)
            try:
                if asked is CourierDelivery:
                    results[name] = method(b"no courier file")
                else:
                    results[name] = method() if request is None else method(request)
                    assert type(results[name]) is answered
            except SyncError as error:
                results[name] = type(error)
    refusals = {name: one for name, one in results.items() if isinstance(one, type)}
    assert refusals == {
        "take_over": NotFoundError_,
        "review_opening": NotFoundError_,
        "closing": NotFoundError_,
        "revoke": NotFoundError_,
        "close_account": NotFoundError_,
        "enrol_code": NotFoundError_,
        "add_person": BadRequestError,
        "change_person": NotFoundError_,
        "new_password": NotFoundError_,
        "assign": NotFoundError_,
        "unassign": NotFoundError_,
        "join": NotFoundError_,
        "decide_proposal": NotFoundError_,
        "answer_issue": NotFoundError_,
        "receive_courier": BadRequestError,
        "set_rules": NotAllowedError,
        "drafts_of": NotAllowedError,
        "enter_order": NotFoundError_,
        "act_on_order": NotFoundError_,
        "settle_order": NotFoundError_,
        "give_order": NotFoundError_,
        "breach_report": NotFoundError_,
        "access_log": NotAllowedError,
        "log_patients": NotAllowedError,
        "log_print": NotAllowedError,
        "log_chains": NotAllowedError,
        "wrong_entries": NotAllowedError,
        "decide_entry": NotAllowedError,
    }


def test_the_offices_errors_travel_under_their_own_names() -> None:
    for error in (NotAllowedError, NotFoundError_, BadRequestError, LoginExpiredError):
        assert SENT_BY_SERVER[error.code] is error
