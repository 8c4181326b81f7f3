from __future__ import annotations

from ui.navigation import History, Place, rail_mark
from ui.pages import PAGES


def test_back_returns_to_the_place_before() -> None:
    history = History()
    history.go(Place("today"))
    history.go(Place("patient", {"patient_id": "a"}))
    assert history.back() == Place("today")
    assert history.back() is None
    assert history.here == Place("today")


def test_going_to_the_place_one_stands_on_adds_nothing() -> None:
    history = History()
    history.go(Place("today"))
    history.go(Place("patients"))
    history.go(Place("patients"))
    assert history.back() == Place("today")


def test_two_patients_are_two_places() -> None:
    history = History()
    history.go(Place("patient", {"patient_id": "a"}))
    history.go(Place("patient", {"patient_id": "b"}))
    assert history.back() == Place("patient", {"patient_id": "a"})


def test_every_page_lights_a_rail_mark() -> None:
    assert all(rail_mark(page) is not None for page in PAGES)
