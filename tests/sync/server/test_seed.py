"""The synthetic team: the promised numbers, and that it is all invented and repeatable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

import pytest

from fieldapp.clock import OSLO, to_iso
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.identifiers import DEMO, parse_national_id
from fieldapp.domain.kinds import KINDS, name_of
from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    slots,
)
from fieldapp.domain.notes import Note, check_signable
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.domain.patients import (
    Assignment,
    Contact,
    Flag,
    FlagCategory,
    FlagState,
    Level,
    Patient,
    Place,
    Practitioner,
    Role,
)
from fieldapp.domain.visits import Appointment, Encounter, check_encounter
from sync.protocol.office import PatientsRequest
from sync.server.office import ServerOfficeService
from sync.server.seed import DEMO_USERNAME, SECRETARY_USERNAME, SeedRecord, demo_team
from sync.server.seed.load import NotEmptyError, seed_demo
from sync.server.storage.storage import Storage
from tests.sync.server.team import Team, authenticate

TODAY = date(2026, 11, 22)
"""A Sunday: the demo must have its doses and visits on any day."""
T = TypeVar("T")


@cache
def records(today: date = TODAY) -> tuple[SeedRecord, ...]:
    return tuple(demo_team(today))


def values(kind: type[T], today: date = TODAY) -> list[T]:
    return [record.value for record in records(today) if isinstance(record.value, kind)]


def demo_user() -> Practitioner:
    (found,) = [user for user in values(Practitioner) if user.username == DEMO_USERNAME]
    return found


def followed_by(user: Practitioner) -> set[str]:
    return {item.patient_id for item in values(Assignment) if item.practitioner_id == user.id}


def test_the_team_has_the_promised_numbers() -> None:
    patients, orders = values(Patient), values(MedicationRequest)
    lar = [order for order in orders if order.atc.startswith("N07BC")]
    assert len(values(Practitioner)) == 12
    assert len(patients) == 150
    assert sum(patient.level is Level.ACT for patient in patients) == 30
    assert len({order.patient_id for order in lar}) == 40
    assert Counter(order.place for order in lar)[Place.HANDOUT_POINT] == 22
    assert {order.place for order in lar} == set(Place)
    first = min(encounter.started_at for encounter in values(Encounter))
    assert first.date() <= TODAY - timedelta(725)


def test_every_role_of_the_team_is_there() -> None:
    roles = Counter(user.role for user in values(Practitioner))
    assert roles[Role.CASE_MANAGER] == 6
    assert {Role.LAR_STAFF, Role.PRESCRIBER, Role.TEAM_LEADER, Role.SECRETARY} <= set(roles)


def test_the_demos_case_manager_follows_twenty_five_with_a_round_at_home() -> None:
    user = demo_user()
    own = followed_by(user)
    assert user.role is Role.CASE_MANAGER
    assert len(own) == 25
    lar_at_home = {
        order.patient_id
        for order in values(MedicationRequest)
        if order.patient_id in own and order.place is Place.HOME and order.atc.startswith("N07BC")
    }
    assert len(lar_at_home) >= 6


@pytest.mark.parametrize("ahead", [0, 1, 6])
def test_there_are_doses_at_home_and_visits_on_any_weekday(ahead: int) -> None:
    today = TODAY + timedelta(ahead)
    (user,) = [one for one in values(Practitioner, today) if one.username == DEMO_USERNAME]
    own = {item.patient_id for item in values(Assignment, today) if item.practitioner_id == user.id}
    orders = [
        order
        for order in values(MedicationRequest, today)
        if order.patient_id in own and order.place is Place.HOME
    ]
    assert 6 <= len(slots(orders, today)) <= 10
    visits = [item for item in values(Appointment, today) if item.day == today]
    of_each = Counter(item.practitioner_id for item in visits)
    assert len(of_each) == 6
    assert all(4 <= count <= 6 for count in of_each.values())
    mine = [item.patient_id for item in visits if item.practitioner_id == user.id]
    assert set(mine) <= own
    assert len(mine) == len(set(mine))


def test_two_visits_of_the_demo_user_are_late() -> None:
    answered = {encounter.appointment_id for encounter in values(Encounter)}
    late = [
        item
        for item in values(Appointment)
        if item.practitioner_id == demo_user().id
        and TODAY - timedelta(7) <= item.day < TODAY
        and item.id not in answered
    ]
    assert len(late) == 2


def test_the_history_ends_before_today_and_the_plans_reach_a_week_ahead() -> None:
    for encounter in values(Encounter):
        assert encounter.started_at.astimezone(OSLO).date() < TODAY
    for event in values(MedicationAdministration):
        assert event.day < TODAY
    last = max(item.day for item in values(Appointment))
    assert TODAY < last <= TODAY + timedelta(7)


def test_handouts_fit_their_orders_and_some_were_not_given() -> None:
    orders = {order.id: order for order in values(MedicationRequest)}
    events = values(MedicationAdministration)
    assert {event.status for event in events} == set(HandoutStatus) - {
        HandoutStatus.ENTERED_IN_ERROR
    }
    seen = set()
    for event in events:
        assert event.slot not in seen
        seen.add(event.slot)
        order = orders[event.request_id]
        assert order.place is not Place.PHARMACY
        assert event.day.isoweekday() in order.weekdays
        if event.status is HandoutStatus.GIVEN:
            assert event.dose_mg is not None
            assert event.dose_mg > 0
            assert event.dose_ml == order.volume_ml(event.dose_mg)
            assert event.identity_check is not None
            assert event.observed_state is not None
        else:
            assert event.dose_mg is None
            assert event.reason


def test_nobody_has_missed_more_than_two_doses_in_a_row() -> None:
    missed: Counter[str] = Counter()
    for event in values(MedicationAdministration):
        missed[event.request_id] = (
            0 if event.status is HandoutStatus.GIVEN else missed[event.request_id] + 1
        )
        assert missed[event.request_id] <= 2


def test_notes_are_signable_varied_and_written_in_norwegian() -> None:
    notes = values(Note)
    for note in notes:
        check_signable(note.text)
        assert note.recorded_at >= note.signed_at
    assert len({note.text for note in notes}) > len(notes) / 2
    assert {letter for letter in "æøå" if any(letter in note.text for note in notes)} == set("æøå")


def test_screenings_have_scores_and_trends_in_both_directions() -> None:
    by_patient: dict[tuple[str, str], list[ScreeningResponse]] = {}
    for response in values(ScreeningResponse):
        assert response.total == sum(response.answers.values())
        assert response.band is not None
        by_patient.setdefault((response.patient_id, response.instrument), []).append(response)
    assert {instrument for _, instrument in by_patient} == {"audit", "dudit"}
    changes = [
        (series[-1].total or 0) - (series[0].total or 0)
        for series in by_patient.values()
        if len(series) >= 4
    ]
    assert sum(change <= -4 for change in changes) >= 10
    assert sum(change >= 4 for change in changes) >= 5


def test_rapid_tests_expect_what_is_prescribed() -> None:
    tests = values(RapidTest)
    assert any(reading.expected for test in tests for reading in test.readings)
    assert {reading.result for test in tests for reading in test.readings} >= {
        "preliminary_positive",
        "preliminary_negative",
    }


def test_critical_information_is_known_none_known_or_not_asked() -> None:
    flags = values(Flag)
    assert {flag.category for flag in flags} == set(FlagCategory)
    assert {flag.state for flag in flags} == set(FlagState)
    assert len(flags) < 150 * len(FlagCategory)
    for flag in flags:
        assert bool(flag.text) == (flag.state is FlagState.PRESENT)
        assert "{" not in flag.text


def test_everyone_is_invented() -> None:
    numbers = [patient.national_id for patient in values(Patient) if patient.national_id]
    assert len(numbers) == len(set(numbers)) >= 140
    for patient in values(Patient):
        if patient.national_id is not None:
            parsed = parse_national_id(patient.national_id, on=TODAY, allow=DEMO)
            assert parsed.birth_date == patient.birth_date
    phones = [patient.phone for patient in values(Patient)]
    phones += [contact.phone for contact in values(Contact)]
    assert all(phone.startswith("0") for phone in phones if phone)


def test_every_body_can_be_read_as_its_kind_and_every_visit_is_whole() -> None:
    for record in records():
        kind = KINDS[name_of(record.value)]
        # The store keeps milliseconds, and the seed makes no finer times.
        assert from_body(kind.value_type, to_body(record.value)) == record.value
    for encounter in values(Encounter):
        check_encounter(encounter)


def test_ids_are_unique_and_what_is_pointed_to_comes_first() -> None:
    known: set[str] = set()
    for record in records():
        body = to_body(record.value)
        assert body["id"] not in known
        for field in ("patient_id", "request_id", "encounter_id", "appointment_id"):
            assert body.get(field) is None or body[field] in known
        known.add(body["id"])


def test_the_same_seed_gives_the_same_team() -> None:
    again = tuple(demo_team(TODAY))
    assert again == records()
    assert tuple(demo_team(TODAY, seed=2, years=1)) != again


def test_a_small_team_may_be_asked_for() -> None:
    small = list(demo_team(TODAY, staff=3, patients=9, lar=4, lar_at_point=2, years=1))
    kinds: Callable[[type[T]], int] = lambda kind: sum(  # noqa: E731
        isinstance(record.value, kind) for record in small
    )
    assert (kinds(Practitioner), kinds(Patient)) == (3, 9)


def test_the_team_is_stored_and_the_demo_user_pulls_their_own(embedded: Storage) -> None:
    team = Team(embedded)
    told: list[tuple[str, int, int]] = []
    counts = seed_demo(
        embedded,
        TODAY,
        team.world.hasher.hash("riktig hest batteri"),
        lambda step, done, total: told.append((step, done, total)),
        years=1,
    )
    assert (counts["patient"], counts["practitioner"]) == (150, 12)
    assert told[-1] == ("storing", sum(counts.values()), sum(counts.values()))
    laptop = team.laptop(DEMO_USERNAME)
    seen, total = Counter[str](), laptop.pull(1).total or 0
    laptop.cursor = None
    while True:
        page = laptop.pull()
        seen.update(record.kind for record in page.records)
        if page.complete:
            break
    assert seen["patient"] == 25
    assert sum(seen.values()) == total
    assert all(record.received_at is not None for record in page.records)
    with pytest.raises(NotEmptyError):
        seed_demo(embedded, TODAY, "", lambda *_: None)
    # The secretary's account is usable at once, with the same password.
    enrolled = team.enrol(SECRETARY_USERNAME)
    office = ServerOfficeService(team.world, authenticate(team.world, enrolled.token))
    rows = office.overview().rows
    assert (rows[0].username, len(rows)) == (DEMO_USERNAME, 12)
    assert office.patients(PatientsRequest()).total == 150
    assert office.duplicates().pairs == []
    assert office.parked().parked == []


def test_records_were_received_when_they_were_made() -> None:
    latest = max(record.at for record in records())
    assert to_iso(latest) <= f"{TODAY.isoformat()}T"
