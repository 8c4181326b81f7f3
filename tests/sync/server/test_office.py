"""What the office can do and who may do it, on both real databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from fieldapp.domain.medication import HandoutStatus, MedicationAdministration, Part
from fieldapp.domain.patients import Assignment, Role
from fieldapp.domain.visits import (
    Appointment,
    AppointmentStatus,
    Encounter,
    EncounterStatus,
    VisitKind,
)
from sync.protocol.errors import (
    BadRequestError,
    NotAllowedError,
    NotFoundError_,
    RevokedError,
)
from sync.protocol.messages import Outcome, PushRecord
from sync.protocol.office import (
    AssignRequest,
    CloseAccountRequest,
    ClosingAnswer,
    ClosingRequest,
    DecideProposalRequest,
    DraftsRequest,
    EnrolCodeRequest,
    JoinRequest,
    PatientsRequest,
    RevokeRequest,
    SetRulesRequest,
    UnassignRequest,
)
from sync.server.service import ServerSyncService
from sync.server.storage.base import BadValueError
from sync.server.storage.storage import Storage
from sync.server.storage.values import NewVersion
from tests.sync.server.desk import REASON, desk, draft, exchange, office_log
from tests.sync.server.orders import order_body
from tests.sync.server.team import (
    NOW,
    Laptop,
    Team,
    authenticate,
    change,
    enrol_request,
    flag,
    note,
    patient,
)


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """A laptop whose user has registered patient p1."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True, last_complete=NOW)
    return laptop


def user_id(team: Team, username: str) -> str:
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named(username)
    assert user is not None
    return user.id


def broken(record: PushRecord) -> PushRecord:
    """A change that the server refuses: its text is a number."""
    return record.model_copy(update={"body": {**record.body, "text": 5}})


def encounter(
    encounter_id: str, team: Team, username: str, started: timedelta, appointment: str | None = None
) -> Encounter:
    return Encounter(
        encounter_id,
        "p1",
        VisitKind.HOME,
        EncounterStatus.IN_PROGRESS,
        NOW + started,
        user_id(team, username),
        appointment,
        participants=("u1",),
    )


def planned(
    appointment_id: str, team: Team, username: str, day: date, time: str | None
) -> Appointment:
    return Appointment(appointment_id, "p1", user_id(team, username), day, time)


# --- overview


def test_the_overview_names_every_laptop_and_every_person_without_one(
    team: Team, kari: Laptop
) -> None:
    team.add_user("ola")
    exchange(team, kari, waiting=4, conflicts=2, disk_encrypted=True, behind=timedelta(seconds=3))
    answer = desk(team).overview()
    rows = {row.username: row for row in answer.rows}
    assert set(rows) == {"kari", "ola", "secretary"}
    row = rows["kari"]
    assert (row.waiting, row.conflicts, row.disk_encrypted) == (4, 2, True)
    assert (row.clock_offset_ms, row.app_version, row.platform) == (3000, "0.3.0", "Linux")
    assert row.device_id == kari.enrolled.device_id
    assert row.last_contact == NOW
    assert rows["ola"].device_id is None
    assert rows["secretary"].waiting is None


def test_the_overview_holds_no_contents(team: Team, kari: Laptop) -> None:
    exchange(team, kari, change(note(text="MERKESTEIN")), broken(change(flag())))
    exchange(team, kari, drafts=(draft(text="MERKESTEIN"),))
    text = desk(team).overview().model_dump_json()
    assert "MERKESTEIN" not in text
    assert "Bråten" not in text
    assert "p1" not in text


def test_a_last_page_that_was_sent_is_told_apart_from_one_that_was_confirmed(
    team: Team, kari: Laptop
) -> None:
    team.clock.advance(timedelta(hours=1))
    exchange(team, kari, pull=True, last_complete=NOW)
    (row,) = [row for row in desk(team).overview().rows if row.username == "kari"]
    assert row.last_complete == NOW
    assert row.last_served == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)]
)
def test_a_laptop_whose_last_sync_was_in_no_year_of_ours_spoils_nobodys_overview(
    team: Team, kari: Laptop, moment: datetime
) -> None:
    exchange(team, kari, last_complete=moment)
    (row,) = [row for row in desk(team).overview().rows if row.username == "kari"]
    assert row.visits_since == 0


def test_those_with_visits_since_their_last_sync_come_first(team: Team, kari: Laptop) -> None:
    for name in ("anne", "berit", "cato"):
        laptop = team.laptop(name)
        team.admin.assign(name, "p1", primary=False)
        exchange(team, laptop, last_complete=NOW)
    team.clock.advance(timedelta(hours=6))
    # Cato's visit came by another laptop of his; the first one has not been heard of since.
    exchange(
        team,
        team.laptop("cato"),
        change(encounter("e1", team, "cato", timedelta(hours=2))),
        last_complete=NOW + timedelta(hours=6),
    )
    rows = [row for row in desk(team).overview().rows if row.username != "secretary"]
    assert (rows[0].username, rows[0].visits_since) == ("cato", 1)
    assert [row.visits_since for row in rows[1:]] == [0] * (len(rows) - 1)
    assert rows[-1].username == "cato"  # the laptop that synced last of all


def test_a_planned_visit_counts_once_and_only_when_its_time_has_come(
    team: Team, kari: Laptop
) -> None:
    today = NOW.date()
    plans = [
        planned("a1", team, "kari", today, "10:30"),
        planned("a2", team, "kari", today, None),
        planned("a3", team, "kari", today, "08:30"),  # 07:30 UTC: before the last sync
        planned("a4", team, "kari", today, "15:00"),
        planned("a5", team, "kari", today + timedelta(1), "09:00"),
        replace(planned("a6", team, "kari", today, "10:00"), status=AppointmentStatus.CANCELLED),
        planned("a7", team, "kari", today, "kl. ti"),
    ]
    exchange(team, kari, *map(change, plans), pull=True, last_complete=NOW)
    team.clock.advance(timedelta(hours=4))
    office = desk(team)
    (row,) = [row for row in office.overview().rows if row.username == "kari"]
    assert row.visits_since == 2
    # One of them was held, as another laptop of hers tells.
    held = encounter("e1", team, "kari", timedelta(hours=1, minutes=30), "a1")
    exchange(team, team.laptop("kari"), change(held))
    rows = {row.device_id: row for row in office.overview().rows}
    assert rows[kari.enrolled.device_id].visits_since == 2


def test_a_revoked_laptop_stands_last_whatever_it_holds(team: Team, kari: Laptop) -> None:
    exchange(team, kari, waiting=9)
    office = desk(team)
    team.laptop("ola")
    office.revoke(RevokeRequest(device_id=kari.enrolled.device_id, reason=REASON))
    rows = office.overview().rows
    assert (rows[-1].username, rows[-1].revoked) == ("kari", True)


def test_the_overview_counts_what_waits_for_the_office(team: Team, kari: Laptop) -> None:
    exchange(team, kari, broken(change(note("n1"))), drafts=(draft("n2"),))
    answer = desk(team).overview()
    (row,) = [row for row in answer.rows if row.username == "kari"]
    assert (row.parked_here, row.drafts_here) == (1, 1)
    assert (answer.parked_open, answer.issues_open, answer.proposals_open) == (1, 0, 0)


# --- closing


def codes(answer: ClosingAnswer) -> dict[str, tuple[int, bool]]:
    return {point.code.value: (point.count, point.blocking) for point in answer.points}


def test_closing_says_what_would_be_lost_and_how_old_the_word_is(team: Team, kari: Laptop) -> None:
    exchange(team, kari, broken(change(note("n1"))), drafts=(draft("n2"),))
    exchange(
        team,
        kari,
        *(change(planned("a1", team, "kari", NOW.date(), "10:30")),),
        waiting=4,
        parked=1,
        drafts_unsent=2,
        last_complete=NOW,
    )
    team.clock.advance(timedelta(days=3, hours=1))
    answer = desk(team).closing(ClosingRequest(device_id=kari.enrolled.device_id))
    assert codes(answer) == {
        "unsent": (3, True),
        "parked": (1, True),
        "drafts_unsent": (2, True),
        "visits_since": (1, True),
        "report_old": (3, False),
        "parked_here": (1, False),
        "drafts_here": (1, False),
    }
    assert answer.only_they_follow == []


def test_closing_an_account_names_the_patients_whom_nobody_else_follows(
    team: Team, kari: Laptop
) -> None:
    exchange(team, kari, change(patient("p2")), change(patient("p3")))
    for name, patient_id in (("ola", "p2"), ("per", "p3")):
        team.add_user(name)
        team.admin.assign(name, patient_id, primary=False)
    team.admin.set_active("per", False)  # whoever has left follows nobody
    answer = desk(team).closing(ClosingRequest(user_id=user_id(team, "kari")))
    assert [one.id for one in answer.only_they_follow] == ["p1", "p3"]
    assert codes(answer)["only_follower"] == (2, False)
    assert answer.only_they_follow[0].name == "Bråten, Åse"


def test_closing_what_has_never_been_heard_of_promises_nothing(team: Team) -> None:
    laptop = team.laptop("kari")
    answer = desk(team).closing(ClosingRequest(device_id=laptop.enrolled.device_id))
    assert codes(answer) == {"never_reported": (1, True)}


def test_nothing_known_to_be_lost_is_said_alone(team: Team, kari: Laptop) -> None:
    team.admin.unassign("kari", "p1")
    answer = desk(team).closing(ClosingRequest(user_id=user_id(team, "kari")))
    assert codes(answer) == {"nothing_known": (0, False)}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (ClosingRequest(), BadRequestError),
        (ClosingRequest(user_id="a", device_id="b"), BadRequestError),
        (ClosingRequest(user_id="nobody"), NotFoundError_),
        (ClosingRequest(device_id="none"), NotFoundError_),
    ],
)
def test_closing_needs_exactly_one_thing_that_is_there(
    team: Team, request_: ClosingRequest, error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk(team).closing(request_)


def test_a_closed_account_is_told_why_and_shown_as_closed(team: Team, kari: Laptop) -> None:
    office = desk(team)
    office.close_account(CloseAccountRequest(user_id=user_id(team, "kari"), reason="Sluttet"))
    with pytest.raises(RevokedError):
        authenticate(team.world, kari.enrolled.token)
    with team.storage.read() as transaction:
        record = transaction.records.get("practitioner", user_id(team, "kari"))
    assert record is not None
    assert record.body["active"] is False
    (row,) = [row for row in office.people().people if row.username == "kari"]
    assert (row.active, row.patients, row.laptops) == (False, 1, 1)


def test_nobody_closes_their_own_account(team: Team) -> None:
    office = desk(team)
    with pytest.raises(BadRequestError, match="own_account"):
        office.close_account(
            CloseAccountRequest(user_id=user_id(team, "secretary"), reason="Sluttet")
        )


@pytest.mark.parametrize("reason", ["", "  \n\t "])
def test_acts_that_need_a_reason_need_words(team: Team, kari: Laptop, reason: str) -> None:
    office = desk(team)
    device_id, kari_id = kari.enrolled.device_id, user_id(team, "kari")
    with pytest.raises(BadRequestError, match="reason_missing"):
        office.revoke(RevokeRequest(device_id=device_id, reason=reason))
    with pytest.raises(BadRequestError, match="reason_missing"):
        office.close_account(CloseAccountRequest(user_id=kari_id, reason=reason))
    with pytest.raises(BadRequestError, match="reason_missing"):
        office.join(JoinRequest(winner_id="p1", loser_id="p2", reason=reason))
    authenticate(team.world, kari.enrolled.token)


# --- people, patients, assigning, enrolling


def test_patients_are_found_by_name_and_number(team: Team, kari: Laptop) -> None:
    exchange(
        team,
        kari,
        change(replace(patient("p2", national_id="01018012345"), given_name="Máret")),
        change(patient("p3", temporary_number="T-0A1B-2C3D")),
    )
    office = desk(team)

    def found(query: str) -> list[str]:
        answer = office.patients(PatientsRequest(query=query))
        assert answer.total == len(answer.patients)
        return [row.patient.id for row in answer.patients]

    assert found("maret") == ["p2"]
    assert found("åse bråten") == ["p1", "p3"]
    assert found("010180 12345") == ["p2"]
    assert found("t-0a1b") == ["p3"]
    assert found("xyz") == []
    (row,) = office.patients(PatientsRequest(query="maret")).patients
    assert [(one.name, one.primary) for one in row.followers] == [("Kari", True)]


def test_patients_come_in_pages(team: Team, kari: Laptop) -> None:
    exchange(team, kari, *[change(patient(f"x{number:02}")) for number in range(60)])
    office = desk(team)
    first = office.patients(PatientsRequest())
    second = office.patients(PatientsRequest(page=1))
    assert (len(first.patients), len(second.patients)) == (50, 11)
    assert first.total == second.total == 61
    ids = [row.patient.id for row in (*first.patients, *second.patients)]
    assert len(set(ids)) == 61
    assert office.patients(PatientsRequest(page=7)).patients == []


def test_an_assigned_patient_arrives_and_an_unassigned_one_leaves(team: Team, kari: Laptop) -> None:
    ola = team.laptop("ola")
    office = desk(team)
    office.assign(AssignRequest(user_id=user_id(team, "ola"), patient_id="p1", primary=True))
    assert ola.pull_ids() == {"p1"}
    (row,) = office.patients(PatientsRequest()).patients
    assert [(one.name, one.primary) for one in row.followers] == [("Ola", True), ("Kari", False)]
    office.unassign(UnassignRequest(user_id=user_id(team, "ola"), patient_id="p1"))
    assert ola.pull().ended_patients == ["p1"]
    with pytest.raises(NotFoundError_):
        office.unassign(UnassignRequest(user_id=user_id(team, "ola"), patient_id="p1"))


def test_nobody_is_assigned_to_what_is_not_there(team: Team, kari: Laptop) -> None:
    office = desk(team)
    kari_id = user_id(team, "kari")
    with pytest.raises(NotFoundError_, match="patient"):
        office.assign(AssignRequest(user_id=kari_id, patient_id="p9"))
    with pytest.raises(NotFoundError_, match="user"):
        office.assign(AssignRequest(user_id="nobody", patient_id="p1"))
    team.admin.set_active("kari", False)
    with pytest.raises(BadRequestError, match="closed"):
        office.assign(AssignRequest(user_id=kari_id, patient_id="p1"))
    with pytest.raises(BadRequestError, match="closed"):
        office.enrol_code(EnrolCodeRequest(user_id=kari_id))


def test_a_code_from_the_office_enrols_a_laptop_once(team: Team, kari: Laptop) -> None:
    code = desk(team).enrol_code(EnrolCodeRequest(user_id=user_id(team, "kari"))).code
    answer = ServerSyncService(team.world).enrol(enrol_request("kari", code))
    assert answer.device_id != kari.enrolled.device_id
    with pytest.raises(Exception, match="enrol_code"):
        ServerSyncService(team.world).enrol(enrol_request("kari", code))
    assert code not in "".join(str(line) for line in office_log(team))


def test_a_revoked_laptop_is_shut_out_at_once(team: Team, kari: Laptop) -> None:
    office = desk(team)
    office.revoke(RevokeRequest(device_id=kari.enrolled.device_id, reason=REASON))
    with pytest.raises(RevokedError):
        authenticate(team.world, kari.enrolled.token)
    with pytest.raises(NotFoundError_):
        office.revoke(RevokeRequest(device_id="none", reason=REASON))


# --- duplicates


def test_two_records_of_one_person_are_found_and_joined(team: Team, kari: Laptop) -> None:
    exchange(
        team,
        kari,
        change(patient("p2", national_id="01018012345")),
        change(patient("p3", national_id="01018012345")),
        change(note("n1", "p3")),
    )
    office = desk(team)
    (pair,) = office.duplicates().pairs
    assert {pair.first.id, pair.second.id} == {"p2", "p3"}
    assert pair.reason == "national_id"
    answer = office.join(JoinRequest(winner_id="p2", loser_id="p3", reason="Samme person"))
    assert answer.moved == 1
    assert office.duplicates().pairs == []
    assert "p3" not in {row.patient.id for row in office.patients(PatientsRequest()).patients}
    with pytest.raises(NotFoundError_):
        office.join(JoinRequest(winner_id="p2", loser_id="p9", reason="Samme person"))
    with pytest.raises(BadRequestError, match="same_patient"):
        office.join(JoinRequest(winner_id="p2", loser_id="p2", reason="Samme person"))


# --- proposals and safety items


def give_order(team: Team, patient_id: str = "p1") -> str:
    """Store an order as the server's own record; return its id."""
    body = order_body("o1", patient_id)
    version = NewVersion(
        "medication_request", "o1", patient_id, body, False, None, None, "2026-11-20T08:00:00.000Z"
    )
    with team.storage.write() as transaction:
        transaction.records.put(version)
    return "o1"


def wish(team: Team, laptop: Laptop, **fields: object) -> str:
    """A laptop changes the order; return the proposal's id that comes of it."""
    with team.storage.read() as transaction:
        stored = transaction.records.get("medication_request", "o1")
    assert stored is not None
    record = PushRecord(
        change_id="wish-1",
        kind="medication_request",
        id="o1",
        patient_id="p1",
        base_version=stored.seq,
        sequence=77,
        body={**stored.body, **fields},
    )
    receipt = exchange(team, laptop, record)
    assert receipt.results[0].outcome is Outcome.MERGED
    with team.storage.read() as transaction:
        (proposal,) = transaction.records.of_kind("proposal")
    return proposal.id


def test_a_wish_about_an_order_is_accepted_by_entering_the_order_and_not_by_a_click(
    team: Team, kari: Laptop
) -> None:
    give_order(team)
    proposal_id = wish(team, kari, product="Buvidal")
    prescriber = desk(team, Role.PRESCRIBER)
    assert prescriber.proposals().proposals == []  # the prescriber does not follow the patient
    with pytest.raises(NotFoundError_):
        prescriber.decide_proposal(DecideProposalRequest(id=proposal_id, accept=True))
    team.admin.assign("prescriber", "p1", primary=False)
    (row,) = prescriber.proposals().proposals
    assert (row.values, row.author_name, row.can_decide) == ({"product": "Buvidal"}, "Kari", True)
    assert row.server_body is not None
    with pytest.raises(BadRequestError, match="order_form"):
        prescriber.decide_proposal(DecideProposalRequest(id=proposal_id, accept=True))
    with team.storage.read() as transaction:
        order = transaction.records.get("medication_request", "o1")
    assert order is not None
    assert order.body["product"] == "Metadon"
    assert len(prescriber.proposals().proposals) == 1


def test_declining_needs_words_and_leaves_the_order_as_it_is(team: Team, kari: Laptop) -> None:
    give_order(team)
    proposal_id = wish(team, kari, product="Buvidal")
    prescriber = desk(team, Role.PRESCRIBER)
    team.admin.assign("prescriber", "p1", primary=False)
    with pytest.raises(BadRequestError, match="words_missing"):
        prescriber.decide_proposal(DecideProposalRequest(id=proposal_id, accept=False, words=" "))
    prescriber.decide_proposal(
        DecideProposalRequest(id=proposal_id, accept=False, words="Avventer prøvesvar")
    )
    with team.storage.read() as transaction:
        order = transaction.records.get("medication_request", "o1")
        proposal = transaction.records.get("proposal", proposal_id)
    assert order is not None
    assert proposal is not None
    assert order.body["revision"] == 1
    assert proposal.body["decision"] == "Avventer prøvesvar"
    line = office_log(team)[0]
    assert (line.act, line.reason) == ("decide_proposal", "Avventer prøvesvar")


def test_a_team_leader_sees_a_wish_about_an_order_but_a_prescriber_decides(
    team: Team, kari: Laptop
) -> None:
    give_order(team)
    proposal_id = wish(team, kari, product="Buvidal")
    leader = desk(team, Role.TEAM_LEADER)
    (row,) = leader.proposals().proposals
    assert row.can_decide is False
    with pytest.raises(NotAllowedError):
        leader.decide_proposal(DecideProposalRequest(id=proposal_id, accept=True))


def test_an_accepted_end_of_an_assignment_ends_the_grant_too(team: Team, kari: Laptop) -> None:
    ola = team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    assert ola.pull_ids() == {"p1"}
    with team.storage.read() as transaction:
        (record,) = [
            one
            for one in transaction.records.of_patient("p1", "assignment")
            if one.body["practitioner_id"] == user_id(team, "ola")
        ]
    value = Assignment(record.id, "p1", user_id(team, "ola"), active=False)
    receipt = exchange(team, kari, change(value, base=record.seq))
    assert receipt.results[0].outcome is Outcome.MERGED
    leader = desk(team, Role.TEAM_LEADER)
    (row,) = leader.proposals().proposals
    leader.decide_proposal(DecideProposalRequest(id=row.id, accept=True))
    assert ola.pull().ended_patients == ["p1"]


def handout(event_id: str, author: str) -> MedicationAdministration:
    return MedicationAdministration(
        id=event_id,
        patient_id="p1",
        request_id="o1",
        request_revision=1,
        day=NOW.date(),
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOW,
        recorded_at=NOW,
        author_id=author,
        device_id="d",
        sequence=1,
    )


def test_open_safety_items_name_the_patient_and_who_was_involved(team: Team, kari: Laptop) -> None:
    ola = team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    exchange(team, kari, change(handout("h1", user_id(team, "kari"))))
    exchange(team, ola, change(handout("h2", user_id(team, "ola"))))
    office = desk(team)
    (issue,) = office.issues().issues
    assert issue.code == "double_handout"
    assert issue.patient_name == "Bråten, Åse"
    assert sorted(issue.evidence) == ["h1", "h2"]
    assert sorted(issue.involved) == ["Kari", "Ola"]
    assert office.overview().issues_open == 1


# --- recovery, rules, log


def test_the_recovery_role_reads_drafts_with_a_reason_that_stands_in_the_log(
    team: Team, kari: Laptop
) -> None:
    exchange(team, kari, drafts=(draft(text="Uferdig tekst"), draft("n2", text="Mer")))
    officer = desk(team, Role.RECOVERY_OFFICER)
    request = DraftsRequest(user_id=user_id(team, "kari"), reason=REASON)
    answer = officer.drafts_of(request)
    assert sorted(str(one.draft.body["text"]) for one in answer.drafts) == ["Mer", "Uferdig tekst"]
    assert {one.patient_name for one in answer.drafts} == {"Bråten, Åse"}
    line = office_log(team)[0]
    assert (line.act, line.subject, line.count, line.reason, line.allowed) == (
        *("drafts_of", user_id(team, "kari"), 2, REASON, True),
    )
    assert line.actor_id == user_id(team, "recovery_officer")
    with pytest.raises(BadRequestError, match="reason_missing"):
        officer.drafts_of(DraftsRequest(user_id=user_id(team, "kari"), reason=" \n"))


def test_drafts_of_a_lost_laptop_can_still_be_read(team: Team, kari: Laptop) -> None:
    exchange(team, kari, drafts=(draft(),))
    desk(team).revoke(RevokeRequest(device_id=kari.enrolled.device_id, reason=REASON))
    officer = desk(team, Role.RECOVERY_OFFICER)
    answer = officer.drafts_of(DraftsRequest(user_id=user_id(team, "kari"), reason=REASON))
    assert len(answer.drafts) == 1


def test_a_refused_look_stands_in_the_log_as_refused(team: Team, kari: Laptop) -> None:
    office = desk(team)
    with pytest.raises(NotAllowedError):
        office.drafts_of(DraftsRequest(user_id=user_id(team, "kari"), reason=REASON))
    line = office_log(team)[0]
    assert (line.act, line.allowed) == ("drafts_of", False)
    assert line.actor_id == user_id(team, "secretary")


@pytest.mark.parametrize("statement", ["UPDATE office_log SET act = 'x'", "DELETE FROM office_log"])
def test_a_line_of_the_office_log_never_changes(team: Team, statement: str) -> None:
    desk(team).issues()
    with pytest.raises(BadValueError), team.storage.write() as transaction:
        transaction.office._db.run(statement)
    assert office_log(team)[0].act == "issues"


def test_the_rules_are_told_to_every_role_with_an_overview(team: Team) -> None:
    administrator = desk(team, Role.ADMINISTRATOR)
    decided = administrator.set_rules(SetRulesRequest(drafts_travel=True, courier_allowed=True))
    assert desk(team).rules() == decided
    assert (decided.drafts_travel, decided.courier_allowed) == (True, True)
