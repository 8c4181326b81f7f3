"""The list in Norwegian order, the search, a patient's page, and edits of what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.notes import Note
from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Patient
from fieldapp.domain.visits import AppointmentStatus, VisitKind
from fieldapp.services import medication, notes, patients, visits
from fieldapp.services.patients import PatientRow
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import audit, records
from tests.helpers.builders import (
    COLLEAGUE,
    ME,
    TODAY,
    appointment,
    assignment,
    contact,
    entry,
    flag,
    patient,
    receive,
    request,
)
from tests.helpers.claims import grant
from tests.helpers.stores import START


def _names(rows: list[PatientRow]) -> list[str]:
    return [row.patient.name for row in rows]


def test_the_list_stands_in_norwegian_order(session: Session) -> None:
    names = ["Ås", "Aas", "Ødegård", "Ærø", "Berg", "Zahl", "Ärlig", "Ole"]
    receive(session, *(patient(name) for name in names))
    assert [row.patient.family_name for row in patients.rows(session)] == [
        "Berg",
        "Ole",
        "Zahl",
        "Ärlig",
        "Ærø",
        "Ødegård",
        "Ås",
        "Aas",
    ]


def test_given_names_decide_between_equal_family_names(session: Session) -> None:
    receive(session, *(patient("Dahl", given) for given in ("Åse", "Bo", "Ida Marie", "Ida")))
    assert [row.patient.given_name for row in patients.rows(session)] == [
        "Bo",
        "Ida",
        "Ida Marie",
        "Åse",
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("maret", "Hætta, Máret"),
        ("HÆT mar", "Hætta, Máret"),
        ("máret hætta", "Hætta, Máret"),
        ("hætta máret", "Hætta, Máret"),
        ("aase", "Ødegård, Åse"),
        ("ødegaard", "Ødegård, Åse"),
        ("fjordveien 12", "Ødegård, Åse"),
        ("8206", "Hætta, Máret"),
        ("41 11 22 33", "Hætta, Máret"),
        ("41112233", "Hætta, Máret"),
    ],
)
def test_search_finds_by_name_address_and_telephone(
    session: Session, query: str, found: str
) -> None:
    receive(
        session,
        patient("Hætta", "Máret", postal_code="8206", phone="411 12 233"),
        patient("Ødegård", "Åse", address="Fjordveien 12"),
    )
    assert _names(patients.filter_rows(patients.rows(session), query)) == [found]


def test_search_finds_by_number_also_in_groups(session: Session) -> None:
    person = patient("Lie")
    receive(session, person, patient("Berg"))
    number = str(person.national_id)
    rows = patients.rows(session)
    for query in (number, number[:10], f"{number[:6]} {number[6:]}"):
        assert _names(patients.filter_rows(rows, query)) == ["Lie, Åse"]
    assert len(patients.filter_rows(rows, "  ")) == 2
    assert patients.filter_rows(rows, "finnes ikke") == []


def test_a_row_tells_what_the_list_shows(session: Session, kari: Patient) -> None:
    receive(
        session,
        flag(kari, FlagCategory.VIOLENCE_RISK),
        flag(kari, FlagCategory.ALLERGY),
        flag(kari, FlagCategory.SUICIDE_RISK, state=FlagState.NONE_KNOWN),
        flag(kari, FlagCategory.TWO_TOGETHER, active=False),
        flag(kari, FlagCategory.CHILDREN),
        request(kari),
        appointment(kari, TODAY - timedelta(days=1)),
        appointment(kari, TODAY + timedelta(days=9)),
        appointment(kari, TODAY + timedelta(days=3)),
        replace(appointment(kari, TODAY), status=AppointmentStatus.CANCELLED),
    )
    (row,) = patients.rows(session)
    assert row.severe == (FlagCategory.ALLERGY, FlagCategory.VIOLENCE_RISK)
    assert row.lar
    assert row.next_visit == TODAY + timedelta(days=3)


@pytest.mark.parametrize(
    "changes",
    [
        {"stopped_on": TODAY},
        {"valid_to": TODAY - timedelta(days=1)},
        {"valid_from": TODAY + timedelta(days=1)},
        {"atc": "N05AX13"},
    ],
)
def test_an_order_that_is_over_or_other_is_no_lar(
    session: Session, kari: Patient, changes: dict[str, object]
) -> None:
    receive(session, request(kari, **changes))
    (row,) = patients.rows(session)
    assert not row.lar


def test_patients_who_are_no_longer_followed_are_not_listed(session: Session) -> None:
    receive(session, patient("Ute", active=False))
    assert patients.rows(session) == []


def test_the_page_shows_who_and_what_is_around_a_patient(session: Session) -> None:
    person = patient()
    order, next_visit = request(person), appointment(person, TODAY + timedelta(days=1))
    receive(
        session,
        person,
        assignment(person, COLLEAGUE, primary=False),
        assignment(person, ME),
        flag(person, FlagCategory.CHILDREN),
        flag(person, FlagCategory.ALLERGY),
        contact(person, "Åge Ås"),
        contact(person, "Berit Ås"),
        order,
        next_visit,
    )
    draft = notes.new_draft(session, person.id, "note", None, {"text": "ord"})
    page = patients.page(session, person.id)
    assert page.patient == person
    assert [found.category for found in page.flags] == [
        FlagCategory.ALLERGY,
        FlagCategory.CHILDREN,
    ]
    assert [found.name for found in page.contacts] == ["Berit Ås", "Åge Ås"]
    assert page.staff == (ME, COLLEAGUE)
    assert page.primary == ME
    assert page.requests == (order,)
    assert page.next_appointment == next_visit
    assert page.draft_ids == (draft.id,)


def test_a_page_of_nobody_is_not_found(session: Session) -> None:
    with pytest.raises(NotFoundError):
        patients.page(session, "p-none")
    with pytest.raises(NotFoundError):
        patients.update(session, patient())


def test_opening_a_page_is_logged(session: Session, kari: Patient) -> None:
    patients.opened(session, kari.id)
    (line,) = audit.lines(session.database, kari.id)
    assert (line.actor_id, line.action) == (ME.id, "open")


# --- flags


def _flags(session: Session, kari: Patient) -> list[tuple[FlagState, str]]:
    return [(found.state, found.text) for found in patients.page(session, kari.id).flags]


def test_a_flag_is_confirmed_by_who_set_it_today(session: Session, kari: Patient) -> None:
    patients.set_flag(session, FlagCategory.ALLERGY, FlagState.PRESENT, " penicillin ", kari.id)
    (found,) = patients.page(session, kari.id).flags
    assert (found.text, found.confirmed_by, found.confirmed_on) == ("penicillin", ME.id, TODAY)


def test_several_flags_of_a_category_stand_side_by_side(session: Session, kari: Patient) -> None:
    for text in ("penicillin", "nøtter"):
        patients.set_flag(session, FlagCategory.ALLERGY, FlagState.PRESENT, text, kari.id)
    assert len(_flags(session, kari)) == 2


def test_none_known_takes_the_place_of_present_and_back(session: Session, kari: Patient) -> None:
    def answer(state: FlagState, text: str = "") -> None:
        patients.set_flag(session, FlagCategory.ALLERGY, state, text, kari.id)

    answer(FlagState.PRESENT, "penicillin")
    answer(FlagState.PRESENT, "nøtter")
    answer(FlagState.NONE_KNOWN)
    assert _flags(session, kari) == [(FlagState.NONE_KNOWN, "")]
    answer(FlagState.PRESENT, "latex")
    assert _flags(session, kari) == [(FlagState.PRESENT, "latex")]


def test_a_named_flag_is_answered_anew(session: Session, kari: Patient) -> None:
    first = patients.set_flag(session, FlagCategory.ALLERGY, FlagState.PRESENT, "nøtt", kari.id)
    patients.set_flag(
        session, FlagCategory.ALLERGY, FlagState.PRESENT, "nøtter", kari.id, first.created_id
    )
    assert _flags(session, kari) == [(FlagState.PRESENT, "nøtter")]
    with pytest.raises(NotFoundError):
        patients.set_flag(session, FlagCategory.ALLERGY, FlagState.PRESENT, "x", kari.id, "f-none")


def test_an_ended_flag_stays_in_the_record(session: Session, kari: Patient) -> None:
    risk = flag(kari)
    receive(session, risk)
    patients.end_flag(session, risk.id)
    assert patients.page(session, kari.id).flags == ()
    kept = records.get(session.database, Flag, risk.id)
    assert kept == replace(risk, active=False)


# --- the timeline


def test_the_timeline_shows_what_happened_newest_first(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    visit = visits.start(session, kari.id, VisitKind.HOME).created_id
    clock.advance(timedelta(minutes=10))
    given = medication.record(session, entry(order)).created_id
    clock.advance(timedelta(minutes=10))
    note = notes.new_draft(session, kari.id, "note", visit, {"template": "visit", "text": "Ro."})
    notes.sign(session, note.id)
    clock.advance(timedelta(minutes=10))
    addendum = notes.addendum(session, note.id, "Rettelse.").created_id
    clock.advance(timedelta(minutes=10))
    medication.reverse(session, str(given), "feil pasient")

    found = patients.timeline(session, kari.id)
    assert [(line.kind, line.title_code, line.status) for line in found] == [
        ("medication_administration", "entered_in_error", ""),
        ("note", "visit", "addendum"),
        ("note", "visit", ""),
        ("medication_administration", "given", "reversed"),
        ("encounter", "home", "in_progress"),
    ]
    assert [line.id for line in found][1:] == [addendum, note.id, given, visit]
    assert {line.author_name for line in found} == {ME.name}
    assert found[3].detail["product"] == "Metadon mikstur"


def test_the_timeline_comes_in_pages_that_skip_nothing(session: Session, kari: Patient) -> None:
    made = [
        Note(
            f"n-{number:02}",
            kari.id,
            ME.id,
            "visit",
            "ord",
            START - timedelta(minutes=number // 6),
            START,
            "d-1",
            number,
        )
        for number in range(20)
    ]
    receive(session, *made)
    seen: list[str] = []
    page = patients.timeline(session, kari.id, limit=4)
    while page:
        seen += [line.id for line in page]
        page = patients.timeline(session, kari.id, limit=4, before=page[-1].at)
    assert sorted(seen) == [note.id for note in made]


def test_a_visit_that_was_made_is_no_longer_the_next_one(session: Session) -> None:
    berg = patient("Berg")
    now, later = appointment(berg, TODAY), appointment(berg, TODAY + timedelta(days=7))
    receive(session, berg, assignment(berg), now, later)
    assert patients.page(session, berg.id).next_appointment == now
    begun = visits.start(session, berg.id, VisitKind.HOME, appointment_id=now.id)
    assert patients.page(session, berg.id).next_appointment == now
    visits.finish(session, str(begun.created_id))
    assert patients.page(session, berg.id).next_appointment == later
    assert patients.rows(session)[0].next_visit == later.day
