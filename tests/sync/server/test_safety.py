"""What only the server can see becomes a safety item in the transaction that stores it; somebody
who was not involved answers it; and the office alone opens a slot again. On both databases.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.domain import safety
from fieldapp.domain.claims import Claim, ClaimState, claim_id
from fieldapp.domain.codec import to_body
from fieldapp.domain.handout_events import (
    DoseIncident,
    IncidentType,
    PharmacyReport,
    SlotReopening,
)
from fieldapp.domain.issues import DetectedIssue, IssueStatus
from fieldapp.domain.medication import (
    Force,
    HandoutStatus,
    Injection,
    MedicationAdministration,
    MedicationRequest,
    Part,
    PlannedDose,
    TakeHome,
    closing,
)
from fieldapp.domain.patients import Place, Role
from fieldapp.domain.proposals import Proposal
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.messages import Outcome
from sync.protocol.office import DecideProposalRequest
from sync.protocol.safety import AnswerIssueRequest, SafetyRequest
from sync.server.join import join_patients
from sync.server.storage.records import RecordRepository
from sync.server.storage.storage import Storage
from sync.server.storage.values import NewVersion
from tests.sync.server.desk import desk, exchange
from tests.sync.server.team import NOW, Laptop, Team, change, patient

DAY = date(2026, 11, 23)


def user(laptop: Laptop) -> str:
    return str(laptop.enrolled.practitioner["id"])


def order(order_id: str = "r1", **changes: Any) -> MedicationRequest:
    """Methadone in the morning, every day, from the turn of the year."""
    made = MedicationRequest(
        id=order_id,
        patient_id="p1",
        product="Metadon",
        atc="N07BC02",
        form="mikstur",
        strength="2 mg/ml",
        doses=(PlannedDose(Part.MORNING, Decimal(80)),),
        weekdays=(1, 2, 3, 4, 5, 6, 7),
        place=Place.HOME,
        valid_from=date(2026, 1, 1),
        prescriber="Hanne Rud",
    )
    return replace(made, **changes)


def dose(dose_id: str, by: Laptop, **changes: Any) -> MedicationAdministration:
    made = MedicationAdministration(
        id=dose_id,
        patient_id="p1",
        request_id="r1",
        request_revision=1,
        day=DAY,
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOW,
        recorded_at=NOW,
        author_id=user(by),
        device_id=by.enrolled.device_id,
        sequence=1,
        dose_mg=Decimal(80),
        group="opioid",
    )
    return replace(made, **changes)


class Town:
    """Kari and Ola follow the patient, each with a laptop; the order is a month old."""

    def __init__(self, storage: Storage) -> None:
        self.team = Team(storage)
        self.kari = self.team.laptop("kari")
        self.ola = self.team.laptop("ola")
        self.send(self.kari, patient())
        self.team.admin.assign("ola", "p1", primary=False)
        self.put(order(), received=NOW - timedelta(days=30))

    def send(self, laptop: Laptop, *values: Any) -> list[Outcome]:
        receipt = exchange(self.team, laptop, *(change(value) for value in values))
        return [result.outcome for result in receipt.results]

    def put(self, value: Any, *, received: datetime = NOW) -> None:
        """Store a record of the server's own."""
        from fieldapp.clock import to_iso
        from fieldapp.domain.kinds import name_of

        version = NewVersion(
            kind=name_of(value),
            id=value.id,
            patient_id=value.patient_id,
            body=to_body(value),
            immutable=False,
            author_id=None,
            device_id=None,
            received_at=to_iso(received),
        )
        with self.team.storage.write() as transaction:
            transaction.records.put(version)

    def held(self, holder: Laptop, unit: str = DAY.isoformat(), grant: int = 1) -> None:
        name = claim_id("p1", "opioid", unit)
        device, held = holder.enrolled.device_id, ClaimState.HELD
        self.put(Claim(name, "p1", "opioid", unit, held, grant, grant, device, user(holder), NOW))

    def items(self, patient_id: str = "p1") -> dict[str, dict[str, Any]]:
        """The safety items of a patient, by code."""
        with self.team.storage.read() as transaction:
            found = transaction.records.of_patient(patient_id, "detected_issue")
        assert len({record.body["code"] for record in found}) == len(found)
        return {record.body["code"]: record.body for record in found}

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        with self.team.storage.read() as transaction:
            return [record.body for record in transaction.records.of_kind(kind)]


@pytest.fixture
def town(storage: Storage) -> Town:
    return Town(storage)


# --- what becomes an item


def test_one_dose_by_its_order_is_no_danger(town: Town) -> None:
    town.held(town.kari)
    town.send(town.kari, dose("m1", town.kari))
    assert town.items() == {}


def test_t9_the_same_slot_given_on_two_laptops_is_one_item_with_both(town: Town) -> None:
    town.send(town.kari, dose("m1", town.kari))
    town.send(town.ola, dose("m2", town.ola))
    item = town.items()[safety.DOUBLE_HANDOUT]
    assert sorted(item["evidence"]) == ["m1", "m2"]
    assert set(item["involved"]) == {user(town.kari), user(town.ola)}
    assert len(town.of_kind("medication_administration")) == 2, "both doses are kept"


def test_a_dose_by_an_old_and_one_by_the_new_order_on_one_day_are_two_doses(town: Town) -> None:
    """The dose was changed by a new order; one laptop had not heard of it."""
    town.put(order(stopped_on=DAY, revision=2), received=NOW - timedelta(hours=3))
    town.put(order("r2"), received=NOW - timedelta(hours=3))
    town.send(town.kari, dose("m1", town.kari))
    later = NOW + timedelta(minutes=20)
    town.send(town.ola, dose("m2", town.ola, request_id="r2", given_at=later))
    found = town.items()
    assert sorted(found[safety.DOUBLE_HANDOUT]["evidence"]) == ["m1", "m2"]
    assert found[safety.SUPERSEDED_ORDER]["evidence"] == ["m1"]
    assert safety.INTERVAL not in found, "what is doubled is not said a second time"


def test_two_parts_of_a_day_and_parallel_orders_are_planned_beside_each_other(town: Town) -> None:
    two = (PlannedDose(Part.MORNING, Decimal(40)), PlannedDose(Part.EVENING, Decimal(40)))
    town.put(order(doses=two, revision=1), received=NOW - timedelta(days=20))
    town.put(order("r2"), received=NOW - timedelta(days=20))
    town.send(town.kari, dose("m1", town.kari), dose("m2", town.kari, request_id="r2"))
    evening = NOW + timedelta(hours=9)
    town.send(town.kari, dose("m3", town.kari, part=Part.EVENING, given_at=evening))
    assert town.items() == {}


def test_two_doses_too_near_across_midnight_are_an_item(town: Town) -> None:
    """Late in the evening for the one day, early in the morning for the next."""
    late = datetime.fromisoformat("2026-11-22T22:30:00+00:00")
    town.send(town.kari, dose("m1", town.kari, day=date(2026, 11, 22), given_at=late))
    town.send(town.ola, dose("m2", town.ola, given_at=late + timedelta(hours=7)))
    assert set(town.items()) == {safety.INTERVAL}
    assert sorted(town.items()[safety.INTERVAL]["evidence"]) == ["m1", "m2"]


def test_a_day_apart_is_far_enough(town: Town) -> None:
    before = NOW - timedelta(days=1)
    town.send(town.kari, dose("m1", town.kari, day=date(2026, 11, 22), given_at=before))
    town.send(town.ola, dose("m2", town.ola))
    assert town.items() == {}


def test_doses_taken_home_count_on_their_own_days(town: Town) -> None:
    home = TakeHome("s1")
    days = [DAY + timedelta(days=number) for number in (1, 2)]
    ahead = [dose(f"m{day}", town.kari, day=day, take_home=home) for day in days]
    town.send(town.kari, dose("m1", town.kari), *ahead)
    assert town.items() == {}
    town.send(town.ola, dose("m9", town.ola, day=days[0], given_at=NOW + timedelta(days=1)))
    assert sorted(town.items()[safety.DOUBLE_HANDOUT]["evidence"]) == ["m2026-11-24", "m9"]


def test_a_forced_dose_is_always_an_item_that_its_giver_does_not_answer(town: Town) -> None:
    forced = Force("holder_unreachable", ("held_by_other",), holder_called=True)
    town.held(town.ola)
    town.send(town.kari, dose("m1", town.kari, forced=forced))
    item = town.items()[safety.FORCED]
    assert (item["evidence"], item["involved"]) == (["m1"], [user(town.kari)])
    assert safety.UNCLAIMED not in town.items(), "force says already that nobody held it here"


def test_a_forced_supply_for_several_days_is_one_item(town: Town) -> None:
    forced = Force("holder_unreachable", ("not_claimed",))
    home = TakeHome("s1")
    ahead = [
        dose(f"m{number}", town.kari, day=DAY + timedelta(days=number), take_home=home)
        for number in (1, 2)
    ]
    town.send(town.kari, *(replace(one, forced=forced) for one in ahead))
    assert sorted(town.items()[safety.FORCED]["evidence"]) == ["m1", "m2"]


def test_a_dose_without_force_on_a_day_that_another_holds_is_an_item(town: Town) -> None:
    town.held(town.ola)
    town.send(town.kari, dose("m1", town.kari))
    assert set(town.items()) == {safety.UNCLAIMED}


def test_what_is_written_down_afterwards_collides_with_a_live_claim(town: Town) -> None:
    town.held(town.ola)
    after = dose("m1", town.kari, retrospective=True, reason_text="Ført fra papir")
    town.send(town.kari, after)
    assert set(town.items()) == {safety.RETROSPECTIVE_COLLISION}


def test_an_order_that_changed_only_afterwards_is_no_danger(town: Town) -> None:
    town.put(order(revision=2), received=NOW + timedelta(hours=1))
    town.send(town.kari, dose("m1", town.kari))
    assert town.items() == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"on_hold": True},
        {"stopped_on": DAY},
        {"doses": (PlannedDose(Part.MORNING, Decimal(40)),)},
        {"place": Place.PHARMACY},
    ],
)
def test_a_dose_under_a_superseded_order_is_an_item(town: Town, changed: dict[str, Any]) -> None:
    """The laptop was without a line when the order was held, stopped, lowered or moved."""
    town.put(order(revision=2, **changed), received=NOW - timedelta(hours=1))
    town.send(town.kari, dose("m1", town.kari))
    item = town.items()[safety.SUPERSEDED_ORDER]
    assert item["evidence"] == ["m1"]
    assert item["status"] == "open"
    assert item["involved"] == [user(town.kari)]


def test_a_dose_under_the_newest_version_is_no_danger(town: Town) -> None:
    town.put(order(revision=2), received=NOW - timedelta(hours=1))
    town.send(town.kari, dose("m1", town.kari, request_revision=2))
    assert town.items() == {}


def test_a_dose_forced_in_knowledge_of_the_changed_order_is_one_item(town: Town) -> None:
    town.put(order(revision=2, stopped_on=DAY), received=NOW - timedelta(hours=1))
    force = Force("prescriber_decided", ("request_stopped",), prescriber="Hanne Rud")
    town.send(town.kari, dose("m1", town.kari, forced=force))
    assert set(town.items()) == {safety.FORCED}


def test_the_same_injection_twice_is_an_item_whatever_the_days(town: Town) -> None:
    town.put(order("r-depot", interval_days=28, atc="N07BC01"), received=NOW - timedelta(days=30))
    injection = Injection(3, "thigh", "left", "L1", date(2027, 1, 1))
    fields = {"request_id": "r-depot", "injection": injection}
    sooner = NOW - timedelta(days=6)
    town.send(town.kari, dose("m1", town.kari, given_at=sooner, **fields))
    town.send(town.ola, dose("m2", town.ola, **fields))
    assert sorted(town.items()[safety.DOUBLE_HANDOUT]["evidence"]) == ["m1", "m2"]


def test_a_dose_on_a_day_that_the_pharmacy_says_was_collected_is_an_item(town: Town) -> None:
    device = town.ola.enrolled.device_id
    report = PharmacyReport(
        "ap1", "p1", "opioid", DAY, True, "Apotek 1", NOW, user(town.ola), device, 1
    )
    town.send(town.kari, dose("m1", town.kari))
    assert town.items() == {}
    town.send(town.ola, report)
    assert town.items()[safety.DOUBLE_HANDOUT]["evidence"] == ["m1", "ap1"]


def test_what_the_pharmacy_said_is_seen_whatever_letters_its_note_holds(town: Town) -> None:
    device = town.ola.enrolled.device_id
    day = DAY + timedelta(days=1)
    for number, note in enumerate(("\x00", '"day":"1999-01-01"')):
        report = PharmacyReport(
            f"ap{number}",
            "p1",
            "opioid",
            day + timedelta(days=number),
            True,
            "Apotek 1",
            NOW,
            user(town.ola),
            device,
            1,
            note,
        )
        town.send(town.ola, report)
        town.send(town.kari, dose(f"m{number}", town.kari, day=report.day))
    found = [item for item in town.of_kind("detected_issue") if "ap" in str(item["evidence"])]
    assert sorted(item["evidence"][-1] for item in found) == ["ap0", "ap1"]


def test_what_stands_round_many_doses_is_read_with_as_few_questions_as_round_one(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    around = RecordRepository.around

    def counted(self: RecordRepository, windows: Any) -> Any:
        found = around(self, windows)
        asked.append(len(found))
        return found

    monkeypatch.setattr(RecordRepository, "around", counted)
    history = [
        dose(f"h{back}", town.kari, day=DAY - timedelta(days=back), given_at=_before(back))
        for back in range(1, 61)
    ]
    town.send(town.kari, *history)
    assert len(asked) == 1, "sixty doses of one request are looked at together"
    town.send(town.kari, dose("m1", town.kari))
    assert len(asked) == 2
    assert asked[-1] == 5, "the order, the dose and those of three days before; not the history"
    assert town.items() == {}


def _before(days: int) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_dose_at_the_end_of_the_calendar_is_taken_in(town: Town, day: date) -> None:
    assert town.send(town.kari, dose("m1", town.kari, day=day)) == [Outcome.ACCEPTED]


def test_two_registrations_of_one_person_that_are_joined_show_their_double_dose(
    town: Town,
) -> None:
    town.send(town.ola, patient("p2"))
    town.put(order("r2", patient_id="p2"), received=NOW - timedelta(days=30))
    town.send(town.kari, dose("m1", town.kari))
    town.send(town.ola, dose("m2", town.ola, patient_id="p2", request_id="r2"))
    assert (town.items("p1"), town.items("p2")) == ({}, {})
    with town.team.storage.write() as transaction:
        join_patients(transaction, "p1", "p2", None, NOW)
    assert sorted(town.items()[safety.DOUBLE_HANDOUT]["evidence"]) == ["m1", "m2"]


def test_the_same_batch_sent_again_changes_no_item(town: Town) -> None:
    doses = (dose("m1", town.kari), dose("m2", town.kari, given_at=NOW + timedelta(minutes=5)))
    town.send(town.kari, *doses)
    before = town.items()
    assert town.send(town.kari, *doses) == [Outcome.REPEATED, Outcome.REPEATED]
    assert town.items() == before


# --- answering


def test_the_forced_one_is_answered_by_the_other_giver_and_not_by_who_forced(town: Town) -> None:
    town.send(town.ola, dose("m0", town.ola))
    forced = Force("prescriber_said", ("slot_already_given",), prescriber="Hanne Rud")
    town.send(town.kari, dose("m1", town.kari, forced=forced))
    with town.team.storage.read() as transaction:
        (record,) = [
            one
            for one in transaction.records.of_patient("p1", "detected_issue")
            if one.body["code"] == safety.FORCED
        ]
    assert set(record.body["evidence"]) == {"m0", "m1"}

    def answer(laptop: Laptop) -> Outcome:
        value = DetectedIssue(
            id=record.id,
            patient_id="p1",
            code=safety.FORCED,
            evidence=tuple(record.body["evidence"]),
            raised_at=NOW,
            status=IssueStatus.ANSWERED,
            involved=tuple(record.body["involved"]),
            answered_by=user(laptop),
            answered_at=NOW,
            answer="Sett til pasienten",
        )
        (result,) = exchange(town.team, laptop, change(value, base=record.seq)).results
        return result.outcome

    answer(town.kari)
    assert town.items()[safety.FORCED]["status"] == "open"
    answer(town.ola)
    assert town.items()[safety.FORCED]["status"] == "answered"


def test_team_leader_and_prescriber_see_every_item_with_givers_holders_and_phones(
    town: Town,
) -> None:
    town.held(town.ola)
    forced = Force("unreachable", ("held_by_other",), holder_id=user(town.ola))
    town.send(town.kari, dose("m1", town.kari, forced=forced))
    for role in (Role.TEAM_LEADER, Role.PRESCRIBER):
        office = desk(town.team, role)
        (row,) = office.safety(SafetyRequest()).rows
        assert (row.code, row.patient_name, row.may_answer) == ("forced", "Bråten, Åse", True)
        (shown,) = row.evidence
        assert (shown.product, shown.dose_mg, shown.author_name) == ("Metadon", "80", "Kari")
        assert shown.forced is not None
        assert shown.forced.holder_name == "Ola"
        assert [holder.holder_name for holder in row.holders] == ["Ola"]
    for role in (Role.SECRETARY, Role.CASE_MANAGER):
        with pytest.raises(NotAllowedError):
            desk(town.team, role).safety(SafetyRequest())


def test_an_answer_at_the_office_closes_an_item_and_what_comes_later_opens_it(town: Town) -> None:
    town.send(town.kari, dose("m1", town.kari))
    town.send(town.ola, dose("m2", town.ola))
    office = desk(town.team, Role.TEAM_LEADER)
    (row,) = office.safety(SafetyRequest()).rows
    with pytest.raises(BadRequestError, match="words_missing"):
        office.answer_issue(AnswerIssueRequest(id=row.id, words="  "))
    office.answer_issue(AnswerIssueRequest(id=row.id, words="Bare én ble gitt"))
    assert office.safety(SafetyRequest()).rows == []
    (settled,) = office.safety(SafetyRequest(answered_too=True)).rows
    assert (settled.open, settled.answer) == (False, "Bare én ble gitt")
    with pytest.raises(BadRequestError, match="already_answered"):
        office.answer_issue(AnswerIssueRequest(id=row.id, words="En gang til"))
    town.send(town.ola, dose("m3", town.ola, given_at=NOW + timedelta(minutes=1)))
    (again,) = office.safety(SafetyRequest()).rows
    assert (again.open, len(again.evidence), again.answer) == (True, 3, "")


def test_a_team_leader_who_gave_a_dose_does_not_answer_for_it_at_the_office(town: Town) -> None:
    leader = desk(town.team, Role.TEAM_LEADER, "leder")
    device = town.team.laptop("leder")
    town.team.admin.assign("leder", "p1", primary=False)
    forced = Force("unreachable", ("not_claimed",))
    town.send(device, dose("m1", device, forced=forced))
    (row,) = leader.safety(SafetyRequest()).rows
    assert not row.may_answer
    with pytest.raises(BadRequestError, match="involved"):
        leader.answer_issue(AnswerIssueRequest(id=row.id, words="Det går bra"))
    with pytest.raises(NotFoundError_):
        leader.answer_issue(AnswerIssueRequest(id="no-such", words="Det går bra"))


# --- opening a slot again


def wish(by: Laptop, kind: str, target: str, **values: Any) -> Proposal:
    return Proposal(f"w-{target}", "p1", kind, target, user(by), NOW, "Feil pasient", values)


def incident(by: Laptop, type_: IncidentType, *doses: str) -> DoseIncident:
    device = by.enrolled.device_id
    return DoseIncident("i1", "p1", type_, doses, NOW, NOW, user(by), device, 9, text="Flasken")


def accept(town: Town, proposal_id: str, role: Role = Role.TEAM_LEADER) -> None:
    request = DecideProposalRequest(id=proposal_id, accept=True, words="Sjekket med Kari")
    desk(town.team, role).decide_proposal(request)


def test_t10_a_colleague_cannot_take_back_a_dose_and_the_office_opens_the_slot(town: Town) -> None:
    """Another's counter-entry opens nothing; a wish that the office accepts does."""
    given = dose("m1", town.kari)
    town.send(town.kari, given)
    back = dose(
        "m-back",
        town.ola,
        status=HandoutStatus.ENTERED_IN_ERROR,
        reverses="m1",
        dose_mg=None,
        reason_text="Ikke gitt",
        reopens=True,
    )
    town.send(town.ola, back)
    with town.team.storage.read() as transaction:
        slot = '["p1","r1","2026-11-23","morning"]'
        assert [one for one, _ in transaction.records.doses_in([slot])[slot]] == ["m1"]
    town.send(town.ola, wish(town.ola, "medication_administration", "m1", never_happened=True))
    accept(town, "w-m1")
    (opened,) = town.of_kind("slot_reopening")
    assert (opened["administration_ids"], opened["basis_id"]) == (["m1"], "w-m1")
    assert closing([given], {"m1"}) == []
    town.send(town.ola, dose("m2", town.ola, given_at=NOW + timedelta(hours=1)))
    assert safety.DOUBLE_HANDOUT not in town.items(), "the slot was open"


def test_returned_bottles_open_their_days_when_the_office_says_so(town: Town) -> None:
    home = TakeHome("s1")
    ahead = [
        dose(f"m{number}", town.kari, day=DAY + timedelta(days=number), take_home=home)
        for number in (1, 2)
    ]
    town.send(town.kari, *ahead, incident(town.kari, IncidentType.RETURNED, "m1", "m2"))
    assert town.of_kind("slot_reopening") == [], "never by themselves"
    town.send(town.kari, wish(town.kari, "dose_incident", "i1", reopen=True))
    accept(town, "w-i1")
    (opened,) = town.of_kind("slot_reopening")
    assert (opened["administration_ids"], opened["basis_id"]) == (["m1", "m2"], "i1")
    assert opened["reason"] == "Sjekket med Kari"


@pytest.mark.parametrize("gone", [IncidentType.VOMITED, IncidentType.SPILT])
def test_what_is_gone_never_opens_a_day(town: Town, gone: IncidentType) -> None:
    town.send(town.kari, dose("m1", town.kari), incident(town.kari, gone, "m1"))
    town.send(town.kari, wish(town.kari, "dose_incident", "i1", reopen=True))
    with pytest.raises(BadRequestError, match="kind"):
        accept(town, "w-i1")
    assert town.of_kind("slot_reopening") == []


def test_only_the_office_writes_a_reopening(town: Town) -> None:
    town.send(town.kari, dose("m1", town.kari))
    made = SlotReopening("o1", "p1", ("m1",), user(town.kari), NOW, "Jeg vil")
    assert town.send(town.kari, made) == [Outcome.REFUSED]
    assert town.of_kind("slot_reopening") == []


def test_a_wish_names_no_dose_of_another_patient(town: Town) -> None:
    town.send(town.ola, patient("p2"))
    town.send(town.ola, dose("m-other", town.ola, patient_id="p2"))
    town.send(town.kari, incident(town.kari, IncidentType.RETURNED, "m-other"))
    town.send(town.kari, wish(town.kari, "dose_incident", "i1", reopen=True))
    with pytest.raises(BadRequestError, match="body"):
        accept(town, "w-i1")
    town.send(
        town.kari, wish(town.kari, "medication_administration", "m-other", never_happened=True)
    )
    with pytest.raises(BadRequestError, match="body"):
        desk(town.team, Role.TEAM_LEADER, "leder2").decide_proposal(
            DecideProposalRequest(id="w-m-other", accept=True, words="Ja")
        )


def test_nobody_opens_the_slot_of_an_own_handout(town: Town) -> None:
    leader = desk(town.team, Role.TEAM_LEADER, "leder")
    device = town.team.laptop("leder")
    town.team.admin.assign("leder", "p1", primary=False)
    town.send(device, dose("m1", device))
    town.send(device, wish(device, "medication_administration", "m1", never_happened=True))
    request = DecideProposalRequest(id="w-m1", accept=True, words="Feil")
    with pytest.raises(BadRequestError, match="own_handout"):
        leader.decide_proposal(request)
    with pytest.raises(BadRequestError, match="words_missing"):
        desk(town.team, Role.TEAM_LEADER, "leder2").decide_proposal(
            request.model_copy(update={"words": " "})
        )
    with pytest.raises(NotAllowedError):
        desk(town.team, Role.SECRETARY).decide_proposal(request)
