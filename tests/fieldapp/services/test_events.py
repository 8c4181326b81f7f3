"""What happens around a handout is written once, stands in the timeline, and opens no day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.event_checks import EventError
from fieldapp.domain.handout_events import (
    CommunicationTopic,
    DoseIncident,
    FollowUp,
    IncidentType,
    PharmacyReport,
)
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest, closing
from fieldapp.domain.patients import Patient, Place
from fieldapp.domain.proposals import Proposal
from fieldapp.ids import new_id
from fieldapp.services import (
    adverse_events,
    communications,
    deviation,
    incidents,
    naloxone,
    patients,
    pharmacy,
    reference,
)
from fieldapp.services.adverse_events import OverdoseEntry
from fieldapp.services.communications import CommunicationEntry
from fieldapp.services.incidents import IncidentEntry
from fieldapp.services.naloxone import NaloxoneEntry
from fieldapp.services.pharmacy import PharmacyEntry
from fieldapp.services.session import Session
from fieldapp.store import audit, outbox, records
from fieldapp.store.db import IntegrityError
from tests.helpers.builders import TODAY, event, patient, receive, request


@pytest.fixture
def order(session: Session, kari: Patient) -> MedicationRequest:
    made = replace(request(kari), product="Metadon", atc="N07BC02")
    receive(session, made)
    return made


@pytest.fixture
def given(session: Session, order: MedicationRequest) -> MedicationAdministration:
    made = event(order, TODAY - timedelta(days=1), dose_mg=Decimal(85))
    receive(session, made)
    return made


def incident(given: MedicationAdministration, **changes: object) -> IncidentEntry:
    made = IncidentEntry(new_id(), given.patient_id, IncidentType.VOMITED, (given.id,))
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_incident_is_one_event_however_often_it_is_sent_and_opens_no_day(
    session: Session, given: MedicationAdministration
) -> None:
    entry = incident(given, minutes_after_dose=20, witnessed=True)
    incidents.record(session, entry)
    incidents.record(session, entry)
    (view,) = incidents.for_patient(session, given.patient_id)
    assert (view.incident.minutes_after_dose, view.author_name) == (20, "Kari Nordmann")
    assert closing([given]) == [given]
    assert [item.kind for item in outbox.items(session.database)] == ["dose_incident"]


def test_an_incident_is_never_changed_or_deleted(
    session: Session, given: MedicationAdministration
) -> None:
    incidents.record(session, incident(given))
    for change in ("UPDATE dose_incident SET body = '{}'", "DELETE FROM dose_incident"):
        with (
            pytest.raises(IntegrityError, match="event_is_locked"),
            session.database.transaction() as connection,
        ):
            connection.execute(change)


@pytest.mark.parametrize("kind", [IncidentType.RETURNED, IncidentType.LOST])
def test_bottles_that_came_back_or_were_lost_may_be_put_before_the_office(
    session: Session, given: MedicationAdministration, kind: IncidentType
) -> None:
    entry = incident(given, type=kind, text="To flasker", ask_to_open=True)
    incidents.record(session, entry)
    (wish,) = records.select(session.database, Proposal, "1", ())
    assert (wish.target_kind, wish.target_id, wish.values) == (
        *("dose_incident", entry.id),
        {"reopen": True},
    )


def test_what_came_up_or_was_spilt_is_never_put_before_the_office(
    session: Session, given: MedicationAdministration
) -> None:
    incidents.record(session, incident(given, ask_to_open=True))
    assert records.select(session.database, Proposal, "1", ()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"administration_ids": ()}, "doses_missing"),
        ({"administration_ids": ("nobody's",)}, "unknown_dose"),
        ({"minutes_after_dose": -1}, "minutes_wrong"),
        ({"type": IncidentType.LOST}, "text_missing"),
    ],
)
def test_an_incident_that_says_nothing_is_not_written(
    session: Session, given: MedicationAdministration, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(EventError) as raised:
        incidents.record(session, incident(given, **changes))
    assert raised.value.code == code
    assert outbox.items(session.database) == []


def test_an_incident_in_the_future_or_of_another_patient_is_not_written(
    session: Session, given: MedicationAdministration, clock: FixedClock
) -> None:
    later = clock.now() + timedelta(minutes=1)
    with pytest.raises(EventError, match="event_in_future"):
        incidents.record(session, incident(given, happened_at=later))
    other = patient("Moe", "Per")
    receive(session, other)
    with pytest.raises(EventError, match="unknown_dose"):
        incidents.record(session, incident(given, patient_id=other.id))


@pytest.mark.parametrize(
    ("minutes", "witnessed", "words"),
    [
        (0, True, "innen 15"),
        (14, True, "innen 15"),
        (15, True, "15 til 30"),
        (29, True, "15 til 30"),
        (30, True, "Mer enn 30"),
        (None, True, "hvor mange minutter"),
        (5, False, "Ingen så"),
        (5, None, "Ingen så"),
    ],
)
def test_the_times_of_vomiting_are_data_with_their_source_and_only_inform(
    session: Session,
    given: MedicationAdministration,
    minutes: int | None,
    witnessed: bool | None,
    words: str,
) -> None:
    kind = IncidentType.VOMITED
    shown = incidents.advice(session, kind, [given.id], minutes, witnessed)
    assert shown is not None
    assert words in shown.text
    assert shown.source.text
    assert shown.source.owner
    assert not shown.source.verified, "no source was found for these times"


def test_nothing_is_said_of_vomiting_for_other_medicine(session: Session, kari: Patient) -> None:
    other = replace(request(kari), atc="N05AH03")
    dose = event(other)
    receive(session, other, dose)
    assert incidents.advice(session, IncidentType.VOMITED, [dose.id], 5, True) is None


def test_the_pharmacys_days_are_unknown_until_it_says_so_and_its_last_word_counts(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    order = replace(request(kari), atc="N07BC02", place=Place.PHARMACY)
    receive(session, order)
    days = pharmacy.days(session, kari.id)
    assert days
    assert all(one.report is None for one in days)
    day, group = days[0].day, days[0].group
    for collected in (False, True):
        clock.advance(timedelta(minutes=1))
        pharmacy.record(
            session, PharmacyEntry(new_id(), kari.id, group, day, collected, "Apotek 1, Eva")
        )
    assert len(records.select(session.database, PharmacyReport, "1", ())) == 2
    newest = pharmacy.days(session, kari.id)[0]
    assert newest.report is not None
    assert newest.report.collected
    assert newest.told_to == "Kari Nordmann"


def test_a_word_of_the_pharmacy_needs_who_said_it_and_a_day_that_has_come(
    session: Session, kari: Patient
) -> None:
    entry = PharmacyEntry(new_id(), kari.id, "opioid", TODAY, True, " ")
    with pytest.raises(EventError, match="told_by_missing"):
        pharmacy.record(session, entry)
    tomorrow = replace(entry, told_by="Eva", day=TODAY + timedelta(days=1))
    with pytest.raises(EventError, match="day_in_future"):
        pharmacy.record(session, tomorrow)


def test_a_contact_says_whom_and_what_or_that_nobody_was_reached(
    session: Session, kari: Patient, order: MedicationRequest
) -> None:
    topic = CommunicationTopic.MISSED_DAYS
    entry = CommunicationEntry(new_id(), kari.id, topic, "Hanne Rud, lege", reached=True)
    with pytest.raises(EventError, match="text_missing"):
        communications.record(session, entry)
    with pytest.raises(EventError, match="contacted_missing"):
        communications.record(session, replace(entry, contacted=""))
    communications.record(session, replace(entry, reached=False, request_id=order.id))
    (view,) = communications.for_patient(session, kari.id)
    assert (view.communication.reached, view.communication.request_id) == (False, order.id)
    assert communications.prescribers(session, kari.id) == [order.prescriber]


@pytest.mark.parametrize("kits", [0, -1, 21])
def test_naloxone_kits_are_counted_by_a_number_that_can_be(
    session: Session, kari: Patient, kits: int
) -> None:
    with pytest.raises(EventError, match="kits_wrong"):
        naloxone.record(session, NaloxoneEntry(new_id(), kari.id, "Nyxoid", kits, True))


def test_an_overdose_is_followed_up_until_it_is_closed_and_keeps_its_author(
    session: Session, kari: Patient
) -> None:
    entry = OverdoseEntry(new_id(), kari.id, "Funnet på badet")
    adverse_events.save(session, entry)
    followed = replace(
        entry,
        done=(FollowUp.NEW_KIT, FollowUp.CALLED_113),
        responsible="Berit",
        due_on=TODAY,
        closed=True,
    )
    adverse_events.save(session, followed)
    (view,) = adverse_events.for_patient(session, kari.id)
    assert view.event.done == (FollowUp.CALLED_113, FollowUp.NEW_KIT)
    assert (view.event.closed, view.event.author_id) == (True, session.user.id)
    with pytest.raises(EventError, match="description_missing"):
        adverse_events.save(session, replace(entry, id=new_id(), description=" "))


def test_the_facts_of_a_deviation_name_nobody_and_leave_a_line_in_the_log(
    session: Session, given: MedicationAdministration, kari: Patient
) -> None:
    facts = deviation.facts(session, given.id)
    assert facts.dose_mg == Decimal(85)
    text = repr(facts)
    for name in (kari.family_name, kari.given_name, "Nordmann", "Åsen"):
        assert name not in text
    deviation.note_copied(session, kari.id, given.id)
    assert audit.lines(session.database)[-1].action == "deviation_report"
    codes = {kind.code for kind in deviation.types()}
    assert {"double", "count_mismatch", "given_intoxicated", "no_witness"} <= codes


def test_all_of_it_stands_in_the_timeline_with_author_and_time(
    session: Session, given: MedicationAdministration, kari: Patient
) -> None:
    incidents.record(session, incident(given, minutes_after_dose=10, witnessed=True))
    day = date(2026, 11, 20)
    pharmacy.record(session, PharmacyEntry(new_id(), kari.id, "opioid", day, True, "Eva"))
    topic = CommunicationTopic.DOSE
    communications.record(
        session,
        CommunicationEntry(new_id(), kari.id, topic, "Hanne Rud", True, "Vent til i morgen"),
    )
    naloxone.record(session, NaloxoneEntry(new_id(), kari.id, "Nyxoid", 2, True))
    adverse_events.save(session, OverdoseEntry(new_id(), kari.id, "Funnet på badet"))
    found = {entry.kind: entry for entry in patients.timeline(session, kari.id)}
    for kind in (
        "dose_incident",
        "pharmacy_report",
        "communication",
        "medication_dispense",
        "adverse_event",
    ):
        assert found[kind].author_name == "Kari Nordmann", kind
        assert found[kind].at == session.clock.now(), kind


def test_every_figure_of_the_events_has_a_source_and_an_owner() -> None:
    known = reference.events()
    sources = [
        *(band.source for band in known.vomiting.bands),
        *(known.vomiting.unwitnessed.source, known.vomiting.decides.source, known.lost.source),
        *(product.source for product in known.naloxone_products),
        *(advice.source for advice in known.naloxone_use),
    ]
    assert all(source.text and source.owner for source in sources)


def test_an_incident_is_kept_in_the_table_of_its_kind(
    session: Session, given: MedicationAdministration
) -> None:
    entry = incident(given)
    incidents.record(session, entry)
    assert records.get(session.database, DoseIncident, entry.id) is not None
