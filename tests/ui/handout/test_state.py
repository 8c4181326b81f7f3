"""The values behind the medicine round."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from fieldapp.domain.medication import HandoutStatus, Slot, slots
from fieldapp.domain.patients import Patient
from fieldapp.services import reference
from fieldapp.services.medication import RoundPatient, RoundSlot
from tests.helpers.builders import TODAY, event, patient, request
from tests.helpers.stores import START
from ui.handout.form_state import (
    Ask,
    HandoutForm,
    missing_to_confirm,
    missing_to_give,
    missing_words,
)
from ui.handout.state import full_dose, next_beside, next_patient, staleness

LIMIT = timedelta(hours=4)


def a_slot(person: Patient, **changes: object) -> Slot:
    return slots([request(person, **changes)], TODAY)[0]


def a_round(*states: HandoutStatus | None) -> list[RoundPatient]:
    rows = []
    for number, status in enumerate(states):
        person = patient(f"Pasient{number}")
        order = request(person)
        standing = () if status is None else (event(order, status=status),)
        slot = RoundSlot(slots([order], TODAY)[0], standing, None)
        rows.append(RoundPatient(person, (), (slot,)))
    return rows


def test_a_liquid_dose_is_written_out_in_both_units_with_its_strength() -> None:
    slot = a_slot(patient(), concentration_mg_per_ml=Decimal(5))
    assert full_dose(slot) == "60\u00a0mg = 12\u00a0mL (5\u00a0mg/mL)"


def test_a_solid_dose_has_no_volume() -> None:
    assert full_dose(a_slot(patient(), concentration_mg_per_ml=None)) == "60\u00a0mg"


def test_an_empty_form_lacks_what_must_be_seen_and_says_so_in_words() -> None:
    form = HandoutForm("id", a_slot(patient()))
    said = missing_words(missing_to_give(form))
    assert said == "Mangler: identitet og tilstand."


def test_a_reason_that_says_too_little_needs_words_of_its_own() -> None:
    form = HandoutForm(
        "id",
        a_slot(patient()),
        ask=Ask.REASON,
        status=HandoutStatus.REFUSED,
        reason="other",
        reason_text="  ",
    )
    assert missing_to_confirm(form, reference.handout()) == ("reason_text",)


def test_what_has_happened_needs_its_time_and_who_gave_it() -> None:
    form = HandoutForm("id", a_slot(patient()), ask=Ask.PAST, status=HandoutStatus.GIVEN)
    assert missing_to_confirm(form, reference.handout()) == ("past_clock", "past_text")


def test_the_next_patient_is_the_next_open_one_round_the_corner() -> None:
    rows = a_round(None, HandoutStatus.GIVEN, HandoutStatus.NOT_MET, None)
    first, last = rows[0].patient.id, rows[3].patient.id
    assert next_patient(rows, first) == last
    assert next_patient(rows, last) == first
    assert next_patient(a_round(HandoutStatus.GIVEN), None) is None


def test_after_a_dose_only_one_of_the_same_part_of_the_day_is_offered() -> None:
    row = a_round(None)[0]
    own = row.slots[0].slot.key
    assert next_beside(row, own) is row.slots[0]
    assert next_beside(row, type(own)(own.patient_id, own.request_id, own.day, "evening")) is None  # type: ignore[arg-type]


def test_old_data_or_no_coverage_is_said_and_fresh_data_with_coverage_is_not() -> None:
    assert staleness(START, True, START + timedelta(hours=3), LIMIT) == ""
    assert "sist hentet 09:15" in staleness(START, False, START, LIMIT)
    assert "sist hentet 09:15" in staleness(START, True, START + timedelta(hours=5), LIMIT)
    assert "i går 09:15" in staleness(START, True, START + timedelta(hours=24), LIMIT)
    assert "aldri" in staleness(None, True, START, LIMIT)
