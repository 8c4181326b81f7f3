"""A split dose whose evening part goes home with the morning, as the server looks at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest, Part, TakeHome
from fieldapp.domain.safety import Surroundings, dangers
from fieldapp.services import reference
from tests.fieldapp.domain.test_readiness import MONDAY, SPLIT, TUESDAY, at, dose

HOME = TakeHome("morning")


def _codes(*events: MedicationAdministration, order: MedicationRequest = SPLIT) -> list[str]:
    around = Surroundings(
        "p1", reference.substances().group("opioid"), "opioid", events, lambda _: [order]
    )
    return [danger.code for danger in dangers(around, {event.id for event in events})]


def _handed_over(moment: datetime) -> tuple[MedicationAdministration, ...]:
    morning = dose(SPLIT, MONDAY, moment, id="morning")
    evening = dose(SPLIT, MONDAY, moment, id="evening", part=Part.EVENING, take_home=HOME)
    return morning, evening


def test_the_evening_taken_home_is_no_danger_beside_its_morning_and_the_next_one() -> None:
    next_morning = dose(SPLIT, TUESDAY, at(TUESDAY, 8), id="next")
    assert _codes(*_handed_over(at(MONDAY, 8)), next_morning) == []


def test_an_evening_taken_home_with_a_late_morning_is_too_near() -> None:
    assert _codes(*_handed_over(at(MONDAY, 16, 1))) == ["interval"]


def test_an_evening_taken_home_and_given_once_more_is_a_double_handout() -> None:
    again = dose(SPLIT, MONDAY, at(MONDAY, 20), id="again", part=Part.EVENING)
    assert "double_handout" in _codes(*_handed_over(at(MONDAY, 8)), again)


def test_days_of_several_parts_taken_home_together_are_no_danger() -> None:
    order = replace(SPLIT, take_home_weekdays=(2,), max_take_home_days=1)
    supervised = dose(order, MONDAY, at(MONDAY, 9), id="morning")
    home = [
        dose(order, TUESDAY, at(MONDAY, 9), id=part.value, part=part, take_home=HOME)
        for part in (Part.MORNING, Part.EVENING)
    ]
    assert _codes(supervised, *home, order=order) == []


def test_an_order_from_before_split_doses_went_home_reads_as_it_was() -> None:
    body = to_body(SPLIT)
    for planned in body["doses"]:
        del planned["take_home"]
    read = from_body(MedicationRequest, body)
    assert [planned.take_home for planned in read.doses] == [False, False]
