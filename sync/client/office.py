"""The office's service over HTTP, for a member of staff who is logged in on an enrolled laptop."""

from __future__ import annotations

import base64
import binascii
from typing import Final, TypeVar

from sync.client.http import HttpSyncService
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
from sync.protocol.errors import ProtocolError_
from sync.protocol.lost import BreachReport, BreachRequest, GiveOrderRequest
from sync.protocol.messages import Message, Rules
from sync.protocol.office import (
    OFFICE_PATH,
    AssignRequest,
    CloseAccountRequest,
    ClosingAnswer,
    ClosingRequest,
    CourierAnswer,
    CourierDelivery,
    DecideProposalRequest,
    Done,
    DraftsAnswer,
    DraftsRequest,
    DuplicatesAnswer,
    EnrolCodeAnswer,
    EnrolCodeRequest,
    FlaggedAnswer,
    IssuesAnswer,
    JoinAnswer,
    JoinRequest,
    NoDetails,
    OverviewAnswer,
    ParkedAnswer,
    PatientsAnswer,
    PatientsRequest,
    PeopleAnswer,
    ProposalsAnswer,
    RevokeRequest,
    SetRulesRequest,
    TakeOverAnswer,
    TakeOverRequest,
    UnassignRequest,
)
from sync.protocol.orders import (
    ActOnOrderRequest,
    EnterOrderRequest,
    ImportOrdersAnswer,
    ImportOrdersRequest,
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

A = TypeVar("A", bound=Message)

_NOTHING: Final = NoDetails()


class HttpOfficeService:
    """`OfficeService` over the connection of a laptop's sync, which stays its owner's to close."""

    def __init__(self, connection: HttpSyncService) -> None:
        self._connection = connection

    def overview(self) -> OverviewAnswer:
        """Ask how every laptop stands."""
        return self._ask(OverviewAnswer, "overview", _NOTHING)

    def issues(self) -> IssuesAnswer:
        """Ask for the open safety items."""
        return self._ask(IssuesAnswer, "issues", _NOTHING)

    def safety(self, request: SafetyRequest) -> SafetyAnswer:
        """Ask for the safety items of all patients."""
        return self._ask(SafetyAnswer, "safety", request)

    def answer_issue(self, request: AnswerIssueRequest) -> Done:
        """Answer one."""
        return self._ask(Done, "answer_issue", request)

    def parked(self) -> ParkedAnswer:
        """Ask what laptops could not deliver."""
        return self._ask(ParkedAnswer, "parked", _NOTHING)

    def flagged(self) -> FlaggedAnswer:
        """Ask what was stored although something had changed meanwhile."""
        return self._ask(FlaggedAnswer, "flagged", _NOTHING)

    def take_over(self, request: TakeOverRequest) -> TakeOverAnswer:
        """Settle one parked change."""
        return self._ask(TakeOverAnswer, "take_over", request)

    def openings(self) -> OpeningsAnswer:
        """Ask who opened patients whom they do not follow."""
        return self._ask(OpeningsAnswer, "openings", _NOTHING)

    def review_opening(self, request: ReviewOpeningRequest) -> Done:
        """Judge one."""
        return self._ask(Done, "review_opening", request)

    def closing(self, request: ClosingRequest) -> ClosingAnswer:
        """Ask what closing an account or a laptop would lose."""
        return self._ask(ClosingAnswer, "closing", request)

    def people(self) -> PeopleAnswer:
        """Ask for the staff."""
        return self._ask(PeopleAnswer, "people", _NOTHING)

    def add_person(self, request: AddPersonRequest) -> AddPersonAnswer:
        """Add a member of staff."""
        return self._ask(AddPersonAnswer, "add_person", request)

    def change_person(self, request: ChangePersonRequest) -> Done:
        """Change role, language, team or telephone."""
        return self._ask(Done, "change_person", request)

    def new_password(self, request: NewPasswordRequest) -> NewPasswordAnswer:
        """Ask for a new first password."""
        return self._ask(NewPasswordAnswer, "new_password", request)

    def patients(self, request: PatientsRequest) -> PatientsAnswer:
        """Ask for patients and who follows them."""
        return self._ask(PatientsAnswer, "patients", request)

    def assign(self, request: AssignRequest) -> Done:
        """Let somebody follow a patient."""
        return self._ask(Done, "assign", request)

    def unassign(self, request: UnassignRequest) -> Done:
        """End that."""
        return self._ask(Done, "unassign", request)

    def enrol_code(self, request: EnrolCodeRequest) -> EnrolCodeAnswer:
        """Ask for a one-time code."""
        return self._ask(EnrolCodeAnswer, "enrol_code", request)

    def revoke(self, request: RevokeRequest) -> Done:
        """Shut a laptop out."""
        return self._ask(Done, "revoke", request)

    def give_order(self, request: GiveOrderRequest) -> Done:
        """Order a laptop to end or to be destroyed."""
        return self._ask(Done, "give_order", request)

    def breach_report(self, request: BreachRequest) -> BreachReport:
        """Ask what a laptop held."""
        return self._ask(BreachReport, "breach_report", request)

    def close_account(self, request: CloseAccountRequest) -> Done:
        """Close an account."""
        return self._ask(Done, "close_account", request)

    def duplicates(self) -> DuplicatesAnswer:
        """Ask who may be registered twice."""
        return self._ask(DuplicatesAnswer, "duplicates", _NOTHING)

    def join(self, request: JoinRequest) -> JoinAnswer:
        """Join two records of one person."""
        return self._ask(JoinAnswer, "join", request)

    def proposals(self) -> ProposalsAnswer:
        """Ask for the wishes that wait."""
        return self._ask(ProposalsAnswer, "proposals", _NOTHING)

    def decide_proposal(self, request: DecideProposalRequest) -> Done:
        """Accept or decline one."""
        return self._ask(Done, "decide_proposal", request)

    def rules(self) -> Rules:
        """Ask what the organisation has decided."""
        return self._ask(Rules, "rules", _NOTHING)

    def set_rules(self, request: SetRulesRequest) -> Rules:
        """Decide anew."""
        return self._ask(Rules, "set_rules", request)

    def receive_courier(self, data: bytes) -> bytes:
        """Give in a courier file; return the signed receipt."""
        delivery = CourierDelivery(data=base64.b64encode(data).decode("ascii"))
        answer = self._ask(CourierAnswer, "receive_courier", delivery)
        try:
            return base64.b64decode(answer.data, validate=True)
        except (binascii.Error, ValueError):
            raise ProtocolError_("data") from None

    def drafts_of(self, request: DraftsRequest) -> DraftsAnswer:
        """Ask for somebody's unsigned text."""
        return self._ask(DraftsAnswer, "drafts_of", request)

    def orders(self, request: OrdersRequest) -> OrdersAnswer:
        """Ask for orders and what waits for a second person."""
        return self._ask(OrdersAnswer, "orders", request)

    def order_history(self, request: OrderHistoryRequest) -> OrderHistoryAnswer:
        """Ask what was done to one order."""
        return self._ask(OrderHistoryAnswer, "order_history", request)

    def order_patients(self, request: OrderPatientsRequest) -> OrderPatientsAnswer:
        """Ask for whom an order can be entered."""
        return self._ask(OrderPatientsAnswer, "order_patients", request)

    def enter_order(self, request: EnterOrderRequest) -> OrderAnswer:
        """Let an order wait for a second person."""
        return self._ask(OrderAnswer, "enter_order", request)

    def act_on_order(self, request: ActOnOrderRequest) -> OrderAnswer:
        """Stop, hold, move, resume or reassess."""
        return self._ask(OrderAnswer, "act_on_order", request)

    def settle_order(self, request: SettleOrderRequest) -> OrderAnswer:
        """Confirm or decline."""
        return self._ask(OrderAnswer, "settle_order", request)

    def import_orders(self, request: ImportOrdersRequest) -> ImportOrdersAnswer:
        """Look through a CSV file, or let its rows wait."""
        return self._ask(ImportOrdersAnswer, "import_orders", request)

    def access_log(self, request: LogRequest) -> LogAnswer:
        """Ask for a page of all logs."""
        return self._ask(LogAnswer, "access_log", request)

    def log_patients(self, request: LogPatientsRequest) -> LogPatientsAnswer:
        """Ask whose lines can be asked for."""
        return self._ask(LogPatientsAnswer, "log_patients", request)

    def log_print(self, request: LogPrintRequest) -> LogPrintAnswer:
        """Ask who looked at a patient."""
        return self._ask(LogPrintAnswer, "log_print", request)

    def log_chains(self) -> ChainsAnswer:
        """Ask for the state of the laptops' logs."""
        return self._ask(ChainsAnswer, "log_chains", _NOTHING)

    def wrong_entries(self) -> WrongEntriesAnswer:
        """Ask what is said to stand on the wrong patient."""
        return self._ask(WrongEntriesAnswer, "wrong_entries", _NOTHING)

    def decide_entry(self, request: DecideEntryRequest) -> Done:
        """Delete one, or refuse to."""
        return self._ask(Done, "decide_entry", request)

    def _ask(self, answer_type: type[A], name: str, request: Message) -> A:
        return self._connection.ask_office(answer_type, f"{OFFICE_PATH}/{name}", request)
