"""A laptop that forges what only the server, the office or a colleague may say; both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fieldapp.domain.issues import DetectedIssue, IssueStatus
from fieldapp.domain.medication import HandoutStatus
from fieldapp.domain.patients import Role
from fieldapp.domain.proposals import Proposal, ProposalStatus
from fieldapp.domain.visits import Encounter, EncounterStatus, VisitKind
from fieldapp.ids import new_id
from sync.protocol.errors import BadRequestError
from sync.protocol.messages import Outcome, PushRecord
from sync.protocol.office import DecideProposalRequest
from sync.server.safety import issue_id_of
from sync.server.storage.records import slot_of
from sync.server.storage.storage import Storage
from sync.server.storage.values import NewVersion, StoredRecord
from tests.sync.server.desk import desk, exchange
from tests.sync.server.orders import order_body
from tests.sync.server.team import NOW, Laptop, Team, change, patient
from tests.sync.server.test_exchange import dose


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """Kari on a laptop; she has registered patient p1."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True)
    return laptop


@pytest.fixture
def ola(team: Team, kari: Laptop) -> Laptop:
    """Ola, who follows p1 as well."""
    laptop = team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    return laptop


def user_id(laptop: Laptop) -> str:
    return str(laptop.enrolled.practitioner["id"])


def stored(team: Team, kind: str, record_id: str) -> StoredRecord:
    with team.storage.read() as transaction:
        found = transaction.records.get(kind, record_id)
    assert found is not None
    return found


def put(team: Team, kind: str, body: dict[str, Any], patient_id: str) -> None:
    """Store a record as the office would."""
    version = NewVersion(kind, body["id"], patient_id, body, False, None, None, "2026-11-23T08Z")
    with team.storage.write() as transaction:
        transaction.records.put(version)


# --- safety items


def double_dose(team: Team, kari: Laptop, ola: Laptop) -> StoredRecord:
    """Kari and Ola give the same dose; return the safety item."""
    exchange(team, kari, change(dose("m1", user_id(kari))))
    exchange(team, ola, change(dose("m2", user_id(ola))))
    issue_id = issue_id_of(slot_of("p1", stored(team, "medication_administration", "m1").body))
    return stored(team, "detected_issue", issue_id)


def answered(issue: StoredRecord, by: str, **fields: Any) -> PushRecord:
    """An answer to a safety item, made on its version `issue`."""
    answer = {"status": "answered", "answered_by": by, "answer": "Sett på", **fields}
    return PushRecord(
        change_id=f"answer-{by}",
        kind="detected_issue",
        id=issue.id,
        patient_id="p1",
        base_version=issue.seq,
        sequence=9,
        body={**issue.body, **answer},
    )


def test_whoever_gave_one_of_two_doses_cannot_answer_the_safety_item(
    team: Team, kari: Laptop, ola: Laptop
) -> None:
    issue = double_dose(team, kari, ola)
    for forged in (
        answered(issue, user_id(kari)),
        answered(issue, "somebody-else"),
        answered(issue, "somebody-else", involved=[user_id(ola)]),
    ):
        forged = forged.model_copy(update={"change_id": new_id()})
        (result,) = exchange(team, kari, forged).results
        assert (result.outcome, result.server_body) == (Outcome.MERGED, issue.body)
    assert stored(team, "detected_issue", issue.id).body == issue.body


def test_a_colleague_answers_a_safety_item(team: Team, kari: Laptop, ola: Laptop) -> None:
    issue = double_dose(team, kari, ola)
    per = team.laptop("per")
    team.admin.assign("per", "p1", primary=False)
    (result,) = exchange(team, per, answered(issue, user_id(per))).results
    assert result.outcome is Outcome.ACCEPTED
    assert stored(team, "detected_issue", issue.id).body["status"] == "answered"


def test_an_answer_that_did_not_know_of_a_third_dose_waits_for_a_person(
    team: Team, kari: Laptop, ola: Laptop
) -> None:
    """The third dose would be closed together with the two that were looked at."""
    issue = double_dose(team, kari, ola)
    exchange(team, ola, change(dose("m3", user_id(ola))))
    per = team.laptop("per")
    team.admin.assign("per", "p1", primary=False)
    (result,) = exchange(team, per, answered(issue, user_id(per))).results
    assert result.outcome is Outcome.CONFLICT
    assert stored(team, "detected_issue", issue.id).body["status"] == "open"


def test_a_safety_item_made_up_beforehand_does_not_hide_a_double_dose(
    team: Team, kari: Laptop, ola: Laptop
) -> None:
    body = change(dose("m1")).body
    forged = DetectedIssue(
        id=issue_id_of(slot_of("p1", body)),
        patient_id="p1",
        code="double_handout",
        evidence=("m1", "m2"),
        raised_at=NOW,
        status=IssueStatus.ANSWERED,
        answered_by="somebody-else",
        answered_at=NOW,
        answer="I orden",
    )
    exchange(team, kari, change(forged))
    issue = double_dose(team, kari, ola)
    assert issue.body["status"] == "open"
    assert set(issue.body["involved"]) == {user_id(kari), user_id(ola)}


def test_a_counter_entry_takes_back_nothing_but_its_authors_dose_in_its_own_slot(
    team: Team, kari: Laptop, ola: Laptop
) -> None:
    back = dose(
        "m-back", status=HandoutStatus.ENTERED_IN_ERROR, reverses="m2", reason_text="Feil pasient"
    )
    elsewhere = replace(back, author_id=user_id(ola), request_id="r9")
    colleagues = replace(back, id="m-back-2", author_id=user_id(kari))
    exchange(team, kari, change(elsewhere), change(colleagues))
    assert double_dose(team, kari, ola).body["status"] == "open"


# --- proposals


def proposal(**fields: Any) -> Proposal:
    wish = Proposal("w1", "p1", "medication_request", "r2", "u1", NOW, values={"place": "pharmacy"})
    return replace(wish, **fields)


def test_a_wish_is_decided_at_the_office_and_by_no_laptop(
    team: Team, kari: Laptop, ola: Laptop
) -> None:
    """It would vanish from the office's list, and nobody would ever have decided."""
    (result,) = exchange(team, kari, change(proposal())).results
    accepted = change(
        proposal(status=ProposalStatus.ACCEPTED, decided_by="u9"), base=result.version
    )
    born_decided = change(proposal(id="w2", status=ProposalStatus.ACCEPTED, decided_by="u9"))
    for result in exchange(team, ola, accepted, born_decided).results:
        assert result.outcome is Outcome.MERGED
        assert (result.server_body or {})["status"] == "open"
    for wish_id in ("w1", "w2"):
        body = stored(team, "proposal", wish_id).body
        assert (body["status"], body["decided_by"]) == ("open", None)


def test_a_wish_about_a_patient_one_follows_neither_shows_nor_changes_anothers_order(
    team: Team, kari: Laptop, ola: Laptop
) -> None:
    exchange(team, ola, change(patient("p2")))
    put(team, "medication_request", order_body("r2", "p2"), "p2")
    exchange(team, kari, change(proposal()))
    doctor = desk(team, Role.PRESCRIBER, "hanne")
    team.admin.assign("hanne", "p1", primary=False)
    (row,) = doctor.proposals().proposals
    assert row.server_body is None
    with pytest.raises(BadRequestError):
        doctor.decide_proposal(DecideProposalRequest(id="w1", accept=True, words=""))
    assert stored(team, "medication_request", "r2").body["place"] == "home"


# --- patients


def test_only_the_office_says_that_a_patient_is_another_one(team: Team, kari: Laptop) -> None:
    """The patient would be gone from the office's list, and nobody could be assigned."""
    version = stored(team, "patient", "p1").seq
    forged = change(patient(replaced_by="p9", active=False, phone="1"), base=version)
    new = change(patient("p8", replaced_by="p9", active=False))
    for result in exchange(team, kari, forged, new).results:
        assert result.outcome is Outcome.MERGED
        told = result.server_body or {}
        assert (told["replaced_by"], told["active"]) == (None, True)
    assert stored(team, "patient", "p1").body["phone"] == "1"


# --- visits


def visit(encounter_id: str, author: str, *, base: int = 0, **fields: Any) -> PushRecord:
    value = Encounter(
        encounter_id, "p1", VisitKind.HOME, EncounterStatus.IN_PROGRESS, NOW, author_id=author
    )
    return change(replace(value, **fields), base=base)


def test_whoever_never_followed_a_patient_adds_a_visit_and_rewrites_nobodys(
    team: Team, kari: Laptop, ola: Laptop
) -> None:
    """What has happened is taken in from anybody; what a colleague wrote of it is not theirs."""
    per = team.laptop("per")
    version = exchange(team, kari, visit("e1", user_id(kari))).results[0].version
    forged = visit("e1", user_id(kari), base=version, status=EncounterStatus.NO_SHOW)
    (result,) = exchange(team, per, forged).results
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "not_assigned")
    assert stored(team, "encounter", "e1").body["status"] == "in_progress"
    own = exchange(team, per, visit("e2", user_id(per))).results[0]
    assert own.outcome is Outcome.ACCEPTED
    edited = visit("e2", user_id(per), base=own.version, travel_minutes=20)
    second = exchange(team, ola, edited).results[0]
    edited = visit("e2", user_id(per), base=own.version, reason="Ingen hjemme")
    assert exchange(team, per, edited).results[0].outcome is Outcome.MERGED
    body = stored(team, "encounter", "e2").body
    assert (body["travel_minutes"], body["reason"]) == (20, "Ingen hjemme")
    assert second.outcome is Outcome.ACCEPTED
