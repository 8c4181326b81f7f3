"""Incidents and safety items between two laptops and the server (cases T9, T16 and T17)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from fieldapp.domain.handout_events import IncidentType
from fieldapp.domain.issues import IssueError
from fieldapp.domain.medication import Force, MedicationAdministration
from fieldapp.domain.patients import Patient, Practitioner, Role
from fieldapp.ids import new_id
from fieldapp.services import incidents, issues
from fieldapp.services.incidents import IncidentEntry
from fieldapp.services.session import Session
from fieldapp.store import records
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Laptop, LaptopFactory, Office

DAY = date(2026, 11, 22)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    yield Office(storage, page_limit=4)
    storage.close()


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    return LaptopFactory(tmp_path)


@pytest.fixture
def mine(factory: LaptopFactory, office: Office) -> Iterator[Laptop]:
    with closing(factory.laptop(office, office.new_user())) as laptop:
        yield laptop


@pytest.fixture
def theirs(factory: LaptopFactory, office: Office) -> Iterator[Laptop]:
    with closing(factory.laptop(office, office.new_user())) as laptop:
        yield laptop


@pytest.fixture
def shared(office: Office, mine: Laptop, theirs: Laptop) -> Patient:
    patient = office.add_patient(mine.who, theirs.who)
    assert mine.sync().complete
    assert theirs.sync().complete
    return patient


def session_on(laptop: Laptop) -> Session:
    user = Practitioner(laptop.who.user_id, "kari", "Kari Nordmann", Role.CASE_MANAGER)
    return Session(laptop.database, user, laptop.who.device_id, laptop.clock, new_id)


def forced_dose(laptop: Laptop, patient: Patient) -> str:
    """A dose that was given although the light was not green."""
    plain = laptop.hand_out(patient.id, DAY)
    given = records.get(laptop.database, MedicationAdministration, plain)
    assert given is not None
    tomorrow = DAY + timedelta(days=1)
    forced = replace(
        given,
        id=new_id(),
        day=tomorrow,
        sequence=given.sequence + 1,
        retrospective=False,
        forced=Force("holder_not_reached", ("held_by_other",)),
    )
    return laptop.save(forced)


def test_t9_a_forced_dose_reaches_every_follower_and_only_another_answers(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    forced = forced_dose(mine, shared)
    for laptop in (mine, theirs, mine):
        assert laptop.sync().complete
    for laptop in (mine, theirs):
        (item,) = issues.open_items(session_on(laptop), shared.id)
        assert (item.issue.code, item.issue.evidence) == ("forced", (forced,))
    with pytest.raises(IssueError, match="involved"):
        issues.answer(session_on(mine), item.issue.id, "Det gikk bra")
    issues.answer(session_on(theirs), item.issue.id, "Så til henne, alt er vel")
    for laptop in (theirs, mine):
        assert laptop.sync().complete
        assert issues.open_items(session_on(laptop), shared.id) == []
    assert (office.body("detected_issue", item.issue.id) or {})["status"] == "answered"


def test_t16_a_dose_and_its_incident_arrive_when_the_patient_was_given_to_others(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    forced = forced_dose(mine, shared)
    incident = IncidentEntry(
        *(new_id(), shared.id, IncidentType.LOST, (forced,)), text="Flasken falt i elva"
    )
    incidents.record(session_on(mine), incident)
    office.unassign(mine.who, shared.id)
    assert mine.sync().complete
    assert office.body("medication_administration", forced) is not None
    assert office.body("dose_incident", incident.id) is not None
    assert theirs.sync().complete
    assert theirs.ids("dose_incident") == {incident.id}
    assert len(issues.open_items(session_on(theirs), shared.id)) == 1


def test_t17_nothing_of_what_happened_around_the_doses_stays_when_the_patient_leaves(
    office: Office, mine: Laptop, theirs: Laptop, shared: Patient
) -> None:
    forced = forced_dose(mine, shared)
    incidents.record(
        session_on(mine),
        IncidentEntry(
            *(new_id(), shared.id, IncidentType.RETURNED, (forced,)),
            text="Hel flaske",
            ask_to_open=True,
        ),
    )
    assert mine.sync().complete
    assert mine.ids("dose_incident")
    office.unassign(mine.who, shared.id)
    assert mine.sync().complete
    assert mine.sync().complete
    for kind in ("dose_incident", "detected_issue", "proposal", "medication_administration"):
        assert mine.ids(kind) == set(), kind
