"""The office's service on the storage: what a secretary asks, answered for one identity.

Every call names its right first. Every act, every look at contents and every refusal stands in the
office log; a look is written down before what was seen leaves the server.
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NoReturn

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.collation import sort_key
from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.domain.people import may_give
from fieldapp.domain.rights import Right, may
from sync.protocol.access import OpeningsAnswer, ReviewOpeningRequest
from sync.protocol.authorities import code_with_pin
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
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.lost import BreachReport, BreachRequest, GiveOrderRequest
from sync.protocol.messages import Rules
from sync.protocol.office import (
    MAX_FLAGGED,
    MAX_LISTED,
    PAGE_SIZE,
    AssignRequest,
    CloseAccountRequest,
    ClosingAnswer,
    ClosingRequest,
    DecideProposalRequest,
    Done,
    DraftsAnswer,
    DraftsRequest,
    DuplicatePair,
    DuplicatesAnswer,
    EnrolCodeAnswer,
    EnrolCodeRequest,
    FlaggedAnswer,
    IssuesAnswer,
    JoinAnswer,
    JoinRequest,
    OverviewAnswer,
    ParkedAnswer,
    ParkedRow,
    PatientName,
    PatientsAnswer,
    PatientsRequest,
    PeopleAnswer,
    PersonRow,
    ProposalRow,
    ProposalsAnswer,
    RecoveredDraft,
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
from sync.server import (
    access,
    assignments,
    auth,
    authorities,
    control,
    corrections,
    order_rows,
    people,
)
from sync.server import orders as order_book
from sync.server.bodies import canonical
from sync.server.courier import receive
from sync.server.drafts import out
from sync.server.identity import Identity
from sync.server.join import JoinError, join_patients, possible_duplicates
from sync.server.lost import breach_report, same_machine
from sync.server.office_rows import (
    fits_query,
    flagged_row,
    issue_row,
    name_in,
    parked_row,
    patient_name,
    patient_names,
    patient_rows,
    standing_assignments,
)
from sync.server.order_import import import_orders
from sync.server.overview import closing_points, laptop_rows, staff_names
from sync.server.own import end_witness_code
from sync.server.proposals import (
    can_decide,
    decide_proposal,
    may_see_proposal,
    read_proposal,
    target_of,
)
from sync.server.rules import rules, set_rules
from sync.server.safety_desk import answer_issue, safety_rows
from sync.server.service import World
from sync.server.standing import give_order
from sync.server.storage.office import OfficeLine
from sync.server.storage.storage import Transaction
from sync.server.storage.values import EnrolCodeRow, NewVersion, StoredRecord, UserRow
from sync.server.take_over import take_over
from sync.server.wrong_entries import wrong_entry_rows

_PATIENT: Final = "patient"
_MOST_DRAFT_BYTES: Final = 8 * 1024 * 1024
"""Of drafts in one answer to the recovery role."""

_MOST_PARKED_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Act:
    """One call under way: who, what and when."""

    name: str
    at: datetime
    by: Identity

    def line(self, **facts: Any) -> OfficeLine:
        base = OfficeLine(to_iso(self.at), self.by.user_id, self.by.device_id, self.name)
        return replace(base, **facts)


class ServerOfficeService:
    """Implements `sync.protocol.office.OfficeService` for one identity."""

    def __init__(self, world: World, identity: Identity) -> None:
        self._world = world
        self._storage = world.storage
        self._who = identity

    # --- how the laptops stand

    def overview(self) -> OverviewAnswer:
        """Say how every laptop stands."""
        act = self._act("overview", Right.SEE_OVERVIEW)
        with self._storage.read() as transaction:
            return OverviewAnswer(
                server_time=act.at,
                rows=laptop_rows(transaction, act.at),
                parked_open=transaction.parked.count_open(),
                issues_open=transaction.office.count_open_items("detected_issue"),
                proposals_open=transaction.office.count_open_items("proposal"),
            )

    def issues(self) -> IssuesAnswer:
        """Open safety items."""
        act = self._act("issues", Right.TAKE_OVER)
        with self._storage.read() as transaction:
            records = _open_items(transaction, "detected_issue")
            names = staff_names(transaction)
            patients = patient_names(transaction, [record.patient_id for record in records])
        rows = [row for row in (issue_row(one, patients, names) for one in records) if row]
        self._seen(act, len(rows))
        return IssuesAnswer(issues=rows[:MAX_LISTED], more=len(rows) > MAX_LISTED)

    # --- what laptops could not deliver

    def safety(self, request: SafetyRequest) -> SafetyAnswer:
        """The safety items of all patients."""
        act = self._act("safety", Right.ANSWER_ISSUES)
        with self._storage.read() as transaction:
            answer = safety_rows(transaction, request, self._who)
        self._seen(act, len(answer.rows))
        return answer

    def answer_issue(self, request: AnswerIssueRequest) -> Done:
        """Answer one."""
        act = self._act("answer_issue", Right.ANSWER_ISSUES)
        with self._storage.write() as transaction:
            patient_id = answer_issue(transaction, request, self._who, act.at)
            transaction.office.add_line(act.line(subject=request.id, patient_id=patient_id))
        return Done()

    def parked(self) -> ParkedAnswer:
        """What laptops could not deliver, with contents."""
        act = self._act("parked", Right.TAKE_OVER)
        with self._storage.read() as transaction:
            asked = transaction.parked.help_wanted()
            changes = transaction.parked.open(MAX_LISTED + 1)
            stored = transaction.records.get_many((one.kind, one.id) for one in changes)
            names = staff_names(transaction)
            devices = {device.id: device.name for device in transaction.accounts.devices()}
            patients = patient_names(transaction, [one.patient_id for one in changes])
        rows: list[ParkedRow] = []
        room = _MOST_PARKED_BYTES
        for change in changes[:MAX_LISTED]:
            held = stored.get((change.kind, change.id))
            room -= _size(change.body) + _size(held.body if held else None)
            if room < 0 and rows:
                break
            helped = (change.change_id, change.device_id) in asked
            rows.append(parked_row(change, held, names, devices, patients, wants_help=helped))
        self._seen(act, len(rows))
        return ParkedAnswer(parked=rows, more=len(rows) < len(changes))

    def flagged(self) -> FlaggedAnswer:
        """What was stored although rights or an order had changed meanwhile."""
        act = self._act("flagged", Right.TAKE_OVER)
        with self._storage.read() as transaction:
            found = transaction.flagged.newest(MAX_FLAGGED + 1)
            shown = found[:MAX_FLAGGED]
            names = staff_names(transaction)
            devices = {device.id: device.name for device in transaction.accounts.devices()}
            patients = patient_names(transaction, [patient_id for _, patient_id in shown])
        rows = [flagged_row(one, patient_id, names, devices, patients) for one, patient_id in shown]
        self._seen(act, len(rows))
        return FlaggedAnswer(flagged=rows, more=len(found) > MAX_FLAGGED)

    # --- patients opened outside somebody's list

    def openings(self) -> OpeningsAnswer:
        """Who opened whom, why, and what became of it."""
        act = self._act("openings", Right.REVIEW_ACCESS)
        with self._storage.read() as transaction:
            answer = access.openings(transaction, self._who)
        self._seen(act, len(answer.openings))
        return answer

    def review_opening(self, request: ReviewOpeningRequest) -> Done:
        """Judge one. The words stay with the opening, not in the log."""
        act = self._act("review_opening", Right.REVIEW_ACCESS)
        with self._storage.write() as transaction:
            opening = access.review(transaction, self._who, request, act.at)
            transaction.office.add_line(
                act.line(
                    subject=f"{opening.user_id}/{request.verdict.value}",
                    patient_id=opening.patient_id,
                )
            )
        return Done()

    def take_over(self, request: TakeOverRequest) -> TakeOverAnswer:
        """Settle one parked change."""
        act = self._act("take_over", Right.TAKE_OVER)
        reason = _words(request.reason)
        with self._storage.write() as transaction:
            change, result = take_over(transaction, request, self._who, act.at, self._world.new_id)
            transaction.office.add_line(
                act.line(
                    subject=f"{change.device_id}/{change.change_id}/{request.action.value}",
                    patient_id=change.patient_id,
                    reason=reason,
                )
            )
        return TakeOverAnswer(result=result)

    # --- closing

    def closing(self, request: ClosingRequest) -> ClosingAnswer:
        """What closing an account or a laptop would lose."""
        act = self._act("closing", Right.REVOKE)
        if (request.user_id is None) == (request.device_id is None):
            raise BadRequestError("one_of_two")
        with self._storage.read() as transaction:
            known = laptop_rows(transaction, act.at)
            rows = [
                row
                for row in known
                if request.user_id == row.user_id
                or (request.device_id is not None and request.device_id == row.device_id)
            ]
            if not rows:
                raise NotFoundError_("user" if request.device_id is None else "device")
            beside = (
                same_machine(transaction, request.device_id)
                if request.device_id is not None
                else frozenset[str]()
            ) - {self._who.device_id}
            alone = (
                transaction.office.only_follower(request.user_id)
                if request.user_id is not None
                else []
            )
            patients = patient_names(transaction, alone)
        points = closing_points([row for row in rows if not row.revoked], act.at, len(alone))
        self._seen(act, len(alone), subject=request.user_id or request.device_id)
        only = sorted(patients.values(), key=lambda patient: sort_key(patient.name))
        return ClosingAnswer(
            laptops=rows,
            points=points,
            only_they_follow=only[:MAX_LISTED],
            same_machine=[
                row
                for row in known
                if row.device_id in beside and row.order is not DeviceOrderKind.LOST
            ],
        )

    def revoke(self, request: RevokeRequest) -> Done:
        """Shut a laptop out."""
        act = self._act("revoke", Right.REVOKE)
        reason = _words(request.reason)
        with self._storage.write() as transaction:
            if transaction.accounts.device(request.device_id) is None:
                raise NotFoundError_("device")
            transaction.accounts.revoke_device(request.device_id)
            transaction.office.add_line(act.line(subject=request.device_id, reason=reason))
        return Done()

    def give_order(self, request: GiveOrderRequest) -> Done:
        """Order a laptop to end or to be destroyed."""
        act = self._act("give_order", Right.REVOKE)
        reason = _words(request.reason)
        wanted = list(dict.fromkeys((request.device_id, *request.others)))
        if self._who.device_id in wanted:
            # Whoever does this by mistake would lose the very page on which it can be seen.
            raise BadRequestError("own_laptop")
        with self._storage.write() as transaction:
            beside = same_machine(transaction, request.device_id)
            if not beside.issuperset(request.others):
                raise BadRequestError("other_machine")
            for device_id in wanted:
                give_order(
                    transaction,
                    device_id,
                    request.kind,
                    by=self._who.user_id,
                    reason=reason,
                    now=act.at,
                    new_id=self._world.new_id,
                )
                subject = f"{device_id}/{request.kind.value}"
                transaction.office.add_line(act.line(subject=subject, reason=reason))
        return Done()

    def breach_report(self, request: BreachRequest) -> BreachReport:
        """What a laptop held, as far as the server can know."""
        act = self._act("breach_report", Right.REVOKE)
        reason = _words(request.reason)
        with self._storage.read() as transaction:
            report = breach_report(
                transaction,
                request.device_id,
                act.at,
                with_names=may(self._who.role, Right.ASSIGN),
            )
        for one in (report, *report.others):
            self._seen(act, len(one.patients), subject=one.device_id, reason=reason)
        return report

    def close_account(self, request: CloseAccountRequest) -> Done:
        """Close an account; colleagues see that the person is no longer active."""
        act = self._act("close_account", Right.REVOKE)
        reason = _words(request.reason)
        if request.user_id == self._who.user_id:
            raise BadRequestError("own_account")
        with self._storage.write() as transaction:
            transaction.records.take_turn()
            _user(transaction, request.user_id)
            record = transaction.records.get("practitioner", request.user_id)
            transaction.accounts.set_user_active(request.user_id, False)
            end_witness_code(transaction, request.user_id, act.at)
            if record is not None:
                value = replace(from_body(Practitioner, record.body), active=False)
                transaction.records.put(
                    NewVersion(
                        kind="practitioner",
                        id=record.id,
                        patient_id=None,
                        body={**record.body, **to_body(value)},
                        immutable=False,
                        author_id=None,
                        device_id=None,
                        received_at=to_iso(act.at),
                    )
                )
            transaction.office.add_line(act.line(subject=request.user_id, reason=reason))
        return Done()

    # --- people and patients

    def people(self) -> PeopleAnswer:
        """The staff."""
        self._act("people", Right.SEE_OVERVIEW)
        with self._storage.read() as transaction:
            names = staff_names(transaction)
            told = _told_of_staff(transaction)
            patients = transaction.office.patient_counts()
            laptops: dict[str, int] = defaultdict(int)
            for device in transaction.accounts.devices():
                laptops[device.user_id] += not device.revoked
            users = transaction.accounts.users()
        people = [
            PersonRow(
                user_id=user.id,
                username=user.username,
                name=names.get(user.id, user.username),
                role=user.role,
                active=user.active,
                patients=patients.get(user.id, 0),
                laptops=laptops.get(user.id, 0),
                **told.get(user.id, {}),
            )
            for user in users
        ]
        return PeopleAnswer(people=sorted(people, key=lambda person: sort_key(person.name)))

    def add_person(self, request: AddPersonRequest) -> AddPersonAnswer:
        """Add a member of staff; the first password is told this once."""
        act = self._act("add_person", Right.MANAGE_PEOPLE)
        role = self._role_to_give(act, request.role)
        password, user_id = auth.new_password(), self._world.new_id()
        stored = self._world.hasher.hash(password)
        with self._storage.write() as transaction, _person_told():
            transaction.records.take_turn()
            changes = people.Changes(role, request.language, request.team, request.phone)
            people.add(
                transaction, user_id, request.username, request.name, stored, changes, act.at
            )
            transaction.office.add_line(act.line(subject=f"{user_id}/{role.value}"))
        return AddPersonAnswer(user_id=user_id, password=password)

    def change_person(self, request: ChangePersonRequest) -> Done:
        """Change role, language, team or telephone; it takes effect at the person's next sync."""
        act = self._act("change_person", Right.MANAGE_PEOPLE)
        role = None if request.role is None else self._role_to_give(act, request.role)
        if role is not None:
            self._may_act_on(act, request.user_id)
            if request.user_id == self._who.user_id:
                # Two are needed for a role: nobody makes themselves what they are not.
                raise BadRequestError("own_role")
            _words(request.reason)
        if request.reopen:
            self._may_act_on(act, request.user_id)
            _words(request.reason)
        with self._storage.write() as transaction, _person_told():
            transaction.records.take_turn()
            user = _user(transaction, request.user_id)
            changes = people.Changes(role, request.language, request.team, request.phone)
            people.change(transaction, user, changes, act.at)
            changed = "role/" + role.value if role is not None else "facts"
            if request.reopen and not user.active:
                people.reopen(transaction, user, act.at)
                changed = "reopened"
            transaction.office.add_line(
                act.line(subject=f"{user.id}/{changed}", reason=request.reason.strip())
            )
        return Done()

    def new_password(self, request: NewPasswordRequest) -> NewPasswordAnswer:
        """Make a new first password; whoever is logged in with the old one is logged out."""
        act = self._act("new_password", Right.MANAGE_PEOPLE)
        self._may_act_on(act, request.user_id)
        password = auth.new_password()
        stored = self._world.hasher.hash(password)
        with self._storage.write() as transaction:
            user = _user(transaction, request.user_id)
            if not user.active:
                raise BadRequestError("closed")
            people.set_password(transaction, user.id, stored)
            transaction.office.add_line(act.line(subject=user.id))
        return NewPasswordAnswer(password=password)

    def patients(self, request: PatientsRequest) -> PatientsAnswer:
        """Patients and who follows them. Joined ones are found under the one they belong to."""
        act = self._act("patients", Right.ASSIGN)
        with self._storage.read() as transaction:
            found = [
                patient
                for record in transaction.records.of_kind(_PATIENT)
                if not record.body.get("replaced_by")
                and fits_query(patient := patient_name(record), request.query)
            ]
            found.sort(key=lambda patient: sort_key(patient.name))
            start = request.page * PAGE_SIZE
            shown = found[start : start + PAGE_SIZE]
            rows = patient_rows(transaction, shown)
        self._seen(act, len(rows))
        return PatientsAnswer(patients=rows, page=request.page, total=len(found))

    def assign(self, request: AssignRequest) -> Done:
        """Let somebody follow a patient; there is one primary at a time."""
        act = self._act("assign", Right.ASSIGN)
        with self._storage.write() as transaction:
            transaction.records.take_turn()
            user = _user(transaction, request.user_id)
            if not user.active:
                raise BadRequestError("closed")
            if not may(user.role, Right.READ_PATIENTS):
                raise BadRequestError("role_reads_nothing")
            patient = transaction.records.get(_PATIENT, request.patient_id)
            if patient is None or patient.body.get("replaced_by"):
                raise NotFoundError_(_PATIENT)
            if request.primary:
                self._end_primaries(transaction, request, act.at)
            self._assign(transaction, request.user_id, request.patient_id, request.primary, act.at)
            transaction.office.add_line(
                act.line(subject=request.user_id, patient_id=request.patient_id)
            )
        return Done()

    def unassign(self, request: UnassignRequest) -> Done:
        """Let somebody no longer follow a patient."""
        act = self._act("unassign", Right.ASSIGN)
        with self._storage.write() as transaction:
            _user(transaction, request.user_id)
            if not assignments.unassign(
                transaction,
                user_id=request.user_id,
                patient_id=request.patient_id,
                now=act.at,
            ):
                raise NotFoundError_("assignment")
            transaction.office.add_line(
                act.line(subject=request.user_id, patient_id=request.patient_id)
            )
        return Done()

    def enrol_code(self, request: EnrolCodeRequest) -> EnrolCodeAnswer:
        """Make a one-time code for a new laptop."""
        act = self._act("enrol_code", Right.ENROL)
        code = auth.new_code()
        expires_at = to_iso(act.at + self._world.settings.code_life)
        with self._storage.write() as transaction:
            if not _user(transaction, request.user_id).active:
                raise BadRequestError("closed")
            transaction.accounts.add_code(
                EnrolCodeRow(auth.code_hash(code), request.user_id, expires_at)
            )
            transaction.office.add_line(act.line(subject=request.user_id))
            shown = code_with_pin(code, authorities.present(transaction))
        return EnrolCodeAnswer(code=shown, expires_at=from_iso(expires_at))

    # --- duplicates and proposals

    def duplicates(self) -> DuplicatesAnswer:
        """Patients who may be registered twice."""
        act = self._act("duplicates", Right.JOIN_PATIENTS)
        with self._storage.read() as transaction:
            pairs = possible_duplicates(transaction)[:MAX_LISTED]
            names = patient_names(
                transaction, [one for pair in pairs for one in (pair.first_id, pair.second_id)]
            )
        self._seen(act, len(pairs))
        return DuplicatesAnswer(
            pairs=[
                DuplicatePair(
                    first=names[pair.first_id],
                    second=names[pair.second_id],
                    reason=pair.reasons[0],
                )
                for pair in pairs
            ]
        )

    def join(self, request: JoinRequest) -> JoinAnswer:
        """Join two records of one person."""
        act = self._act("join", Right.JOIN_PATIENTS)
        reason = _words(request.reason)
        with self._storage.write() as transaction:
            try:
                moved = join_patients(
                    transaction, request.winner_id, request.loser_id, self._who.user_id, act.at
                )
            except JoinError as error:
                code = str(error.args[0])
                if code == "no_such_patient":
                    raise NotFoundError_(_PATIENT) from None
                raise BadRequestError(code) from None
            transaction.office.add_line(
                act.line(
                    subject=request.loser_id,
                    patient_id=request.winner_id,
                    count=moved,
                    reason=reason,
                )
            )
        return JoinAnswer(moved=moved)

    def proposals(self) -> ProposalsAnswer:
        """Wishes that wait for a decision."""
        act = self._act("proposals", Right.DECIDE_PROPOSALS)
        with self._storage.read() as transaction:
            records = _open_items(transaction, "proposal")
            names = staff_names(transaction)
            patients = patient_names(transaction, [record.patient_id for record in records])
            rows = []
            for record in records:
                row = self._proposal_row(transaction, record, patients, names)
                if row is not None:
                    rows.append(row)
        self._seen(act, len(rows))
        return ProposalsAnswer(proposals=rows[:MAX_LISTED], more=len(rows) > MAX_LISTED)

    def decide_proposal(self, request: DecideProposalRequest) -> Done:
        """Accept or decline one."""
        act = self._act("decide_proposal", Right.DECIDE_PROPOSALS)
        with self._storage.write() as transaction:
            patient_id = decide_proposal(
                transaction, request, self._who, act.at, self._world.new_id
            )
            transaction.office.add_line(
                act.line(
                    subject=f"{request.id}/{'accept' if request.accept else 'decline'}",
                    patient_id=patient_id,
                    reason=request.words.strip(),
                )
            )
        return Done()

    # --- rules, couriers, recovery

    def rules(self) -> Rules:
        """What the organisation has decided."""
        self._act("rules", Right.SEE_OVERVIEW)
        with self._storage.read() as transaction:
            return rules(transaction)

    def set_rules(self, request: SetRulesRequest) -> Rules:
        """Decide anew."""
        act = self._act("set_rules", Right.SET_RULES)
        with self._storage.write() as transaction:
            decided = set_rules(transaction, act.at, **request.model_dump())
            facts = ";".join(
                f"{name}={value}" for name, value in decided.model_dump(exclude={"mark"}).items()
            )
            transaction.office.add_line(act.line(subject=facts))
        return decided

    def receive_courier(self, data: bytes) -> bytes:
        """Take in a courier file and return the signed receipt."""
        act = self._act("receive_courier", Right.RECEIVE_COURIER)
        receipt = receive(self._world, data, self._who)
        self._seen(act, len(data))
        return receipt

    def drafts_of(self, request: DraftsRequest) -> DraftsAnswer:
        """Somebody's unsigned text, for a reason that stands in the log."""
        act = self._act("drafts_of", Right.READ_DRAFTS_OF_OTHERS)
        reason = _words(request.reason)
        with self._storage.read() as transaction:
            _user(transaction, request.user_id)
            rows = transaction.drafts.of_user(request.user_id)
            patients = patient_names(transaction, [row.patient_id for row in rows])
            devices = {device.id: device.name for device in transaction.accounts.devices()}
        told: list[RecoveredDraft] = []
        room = _MOST_DRAFT_BYTES
        for row in rows:
            room -= _size(row.body)
            if room < 0 and told:
                break
            told.append(
                RecoveredDraft(
                    draft=out(row),
                    patient_name=name_in(patients, row.patient_id),
                    device_id=row.device_id,
                    device_name=devices.get(row.device_id, ""),
                    received_at=from_iso(row.received_at),
                )
            )
        self._seen(act, len(told), subject=request.user_id, reason=reason)
        return DraftsAnswer(drafts=told, left_off=len(rows) - len(told))

    # --- orders

    def orders(self, request: OrdersRequest) -> OrdersAnswer:
        """Orders and what waits for a second person."""
        act = self._act("orders", Right.ENTER_ORDERS, Right.CONFIRM_ORDERS)
        with self._storage.read() as transaction:
            answer = order_rows.listed(transaction, request, self._who, act.at)
        self._seen(act, len(answer.orders) + len(answer.waiting))
        return answer

    def order_history(self, request: OrderHistoryRequest) -> OrderHistoryAnswer:
        """Everything that was done to one order."""
        act = self._act("order_history", Right.ENTER_ORDERS, Right.CONFIRM_ORDERS)
        with self._storage.read() as transaction:
            answer = order_rows.history(transaction, request, self._who, act.at)
        patient_id = answer.order.patient_id if answer.order is not None else None
        self._seen(act, len(answer.entries), subject=request.order_id, patient_id=patient_id)
        return answer

    def order_patients(self, request: OrderPatientsRequest) -> OrderPatientsAnswer:
        """For whom an order can be entered."""
        act = self._act("order_patients", Right.ENTER_ORDERS)
        with self._storage.read() as transaction:
            answer = order_rows.patients(transaction, request, self._who)
        self._seen(act, len(answer.patients))
        return answer

    def enter_order(self, request: EnterOrderRequest) -> OrderAnswer:
        """Let a new order or a new version wait for a second person."""
        act = self._act("enter_order", Right.ENTER_ORDERS)
        with self._storage.write() as transaction:
            done = order_book.enter(transaction, request, self._who, act.at)
            return self._order_answer(transaction, act, done)

    def act_on_order(self, request: ActOnOrderRequest) -> OrderAnswer:
        """Stop, hold, move, resume or reassess."""
        act = self._act("act_on_order", Right.ENTER_ORDERS)
        with self._storage.write() as transaction:
            done = order_book.act(transaction, request, self._who, act.at)
            return self._order_answer(transaction, act, done)

    def settle_order(self, request: SettleOrderRequest) -> OrderAnswer:
        """Confirm or decline what another entered, or take back one's own."""
        act = self._act("settle_order", Right.CONFIRM_ORDERS, Right.ENTER_ORDERS)
        with self._storage.write() as transaction:
            done = order_book.settle(transaction, request, self._who, act.at)
            return self._order_answer(transaction, act, done)

    def import_orders(self, request: ImportOrdersRequest) -> ImportOrdersAnswer:
        """Look through a CSV file, or let all of its rows wait."""
        act = self._act("import_orders", Right.ENTER_ORDERS)
        with self._storage.write() as transaction:
            answer = import_orders(transaction, request, self._who, act.at)
            subject = f"{request.id}/{'stored' if answer.stored else 'looked'}"
            transaction.office.add_line(act.line(subject=subject, count=len(answer.rows)))
        return answer

    # --- control, and entries on the wrong patient

    def access_log(self, request: LogRequest) -> LogAnswer:
        """A page of all logs; who read it stands there too."""
        act = self._act("access_log", Right.READ_ACCESS_LOG)
        with self._storage.read() as transaction:
            answer = control.log_page(transaction, request)
        self._seen(
            act, len(answer.entries), subject=request.actor_id, patient_id=request.patient_id
        )
        return answer

    def log_patients(self, request: LogPatientsRequest) -> LogPatientsAnswer:
        """Whose lines can be asked for."""
        act = self._act("log_patients", Right.READ_ACCESS_LOG)
        with self._storage.read() as transaction:
            answer = control.log_patients(transaction, request)
        self._seen(act, len(answer.patients))
        return answer

    def log_print(self, request: LogPrintRequest) -> LogPrintAnswer:
        """Who looked at a patient, for that patient."""
        act = self._act("log_print", Right.READ_ACCESS_LOG)
        with self._storage.read() as transaction:
            answer = control.log_print(transaction, request, self._who.user_id, act.at)
        self._seen(act, len(answer.entries), patient_id=answer.patient.id)
        return answer

    def log_chains(self) -> ChainsAnswer:
        """The chain of every laptop's log."""
        act = self._act("log_chains", Right.READ_ACCESS_LOG)
        with self._storage.read() as transaction:
            answer = control.chains(transaction, act.at)
        self._seen(act, len(answer.chains))
        return answer

    def wrong_entries(self) -> WrongEntriesAnswer:
        """Entries that wait for the record-responsible, with what stands in them."""
        act = self._act("wrong_entries", Right.DECIDE_DELETION)
        with self._storage.read() as transaction:
            rows = wrong_entry_rows(transaction)
        for row in rows:
            subject = f"{row.target_kind}/{row.target_id}"
            self._seen(act, 1, subject=subject, patient_id=row.patient_id)
        return WrongEntriesAnswer(entries=rows)

    def decide_entry(self, request: DecideEntryRequest) -> Done:
        """Delete one everywhere, or say why it stays."""
        act = self._act("decide_entry", Right.DECIDE_DELETION)
        words = _words(request.words)
        target = (request.target_kind, request.target_id)
        with self._storage.write() as transaction:
            patient_id, count = corrections.decide(
                transaction,
                target,
                delete=request.delete,
                words=words,
                by=self._who.user_id,
                now=act.at,
            )
            what = "delete" if request.delete else "refuse"
            transaction.office.add_line(
                act.line(
                    subject=f"{request.target_kind}/{request.target_id}/{what}",
                    patient_id=patient_id,
                    count=count,
                    reason=words,
                )
            )
        return Done()

    def _order_answer(
        self, transaction: Transaction, act: _Act, done: order_book.Done
    ) -> OrderAnswer:
        transaction.office.add_line(
            act.line(subject=done.subject, patient_id=done.patient_id, reason=done.reason)
        )
        return order_rows.answer_of(transaction, done, self._who, act.at)

    # --- inner parts

    def _act(self, name: str, *rights: Right) -> _Act:
        """Begin a call that needs one of these rights."""
        act = _Act(name, self._world.clock.now(), self._who)
        if not any(may(self._who.role, right) for right in rights):
            self._refuse(act, rights[0])
        return act

    def _role_to_give(self, act: _Act, code: str) -> Role:
        try:
            role = Role(code)
        except ValueError:
            raise BadRequestError("role") from None
        self._may_give(act, role)
        return role

    def _may_act_on(self, act: _Act, user_id: str) -> None:
        with self._storage.read() as transaction:
            role = _user(transaction, user_id).role
        self._may_give(act, role)

    def _may_give(self, act: _Act, role: Role | str) -> None:
        """Nobody gives, takes, or puts a new password on a role with rights that they lack."""
        if not may_give(self._who.role, role):
            with self._storage.write() as transaction:
                transaction.office.add_line(act.line(allowed=False, subject=str(role)))
            raise BadRequestError("role_not_yours")

    def _refuse(self, act: _Act, right: Right) -> NoReturn:
        with self._storage.write() as transaction:
            transaction.office.add_line(act.line(allowed=False))
        raise NotAllowedError(right.value)

    def _seen(self, act: _Act, count: int, **facts: str | None) -> None:
        """Write down that contents are about to be shown."""
        with self._storage.write() as transaction:
            transaction.office.add_line(act.line(count=count, **facts))

    def _assign(
        self, transaction: Transaction, user_id: str, patient_id: str, primary: bool, now: datetime
    ) -> None:
        assignments.assign(
            transaction,
            user_id=user_id,
            patient_id=patient_id,
            primary=primary,
            now=now,
            new_id=self._world.new_id,
        )

    def _end_primaries(
        self, transaction: Transaction, request: AssignRequest, now: datetime
    ) -> None:
        for value in standing_assignments(transaction, [request.patient_id]):
            if value.primary and value.practitioner_id != request.user_id:
                self._assign(transaction, value.practitioner_id, request.patient_id, False, now)

    def _proposal_row(
        self,
        transaction: Transaction,
        record: StoredRecord,
        patients: dict[str, PatientName],
        names: dict[str, str],
    ) -> ProposalRow | None:
        value = read_proposal(record)
        if value is None or not may_see_proposal(transaction, self._who, value, record.patient_id):
            return None
        target = target_of(transaction, value, record.patient_id)
        return ProposalRow(
            id=record.id,
            patient_id=record.patient_id or value.patient_id,
            patient_name=name_in(patients, record.patient_id),
            target_kind=value.target_kind,
            target_id=value.target_id,
            author_id=value.author_id,
            author_name=names.get(value.author_id, ""),
            proposed_at=value.proposed_at,
            reason=value.reason,
            values=value.values,
            server_body=target.body if target is not None else None,
            can_decide=can_decide(self._who.role, value.target_kind),
        )


def courier_bytes(text: str) -> bytes:
    """Return the bytes of a courier file that came in base 64. Raises BadRequestError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequestError("courier_damaged") from None


# --- small helpers


def _words(reason: str) -> str:
    if not reason.strip():
        raise BadRequestError("reason_missing")
    return reason.strip()


@contextmanager
def _person_told() -> Iterator[None]:
    """Tell by its code what cannot be done about a person."""
    try:
        yield
    except people.PersonError as error:
        raise BadRequestError(error.reason) from None


def _told_of_staff(transaction: Transaction) -> dict[str, dict[str, str]]:
    """What the office may change about each member of staff, by user id."""
    return {
        record.id: {
            name: str(record.body.get(name) or "") for name in ("language", "team", "phone")
        }
        for record in transaction.records.of_kind("practitioner")
    }


def _user(transaction: Transaction, user_id: str) -> UserRow:
    user = transaction.accounts.user(user_id)
    if user is None:
        raise NotFoundError_("user")
    return user


def _size(body: dict[str, object] | None) -> int:
    return 0 if body is None else len(canonical(body))


def _open_items(transaction: Transaction, kind: str) -> list[StoredRecord]:
    sequences = transaction.office.open_items(kind, MAX_LISTED + 1)
    found = transaction.records.by_seq(sequences)
    return [found[seq] for seq in sequences]
