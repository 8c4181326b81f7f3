"""How old the list of orders is, always beside the orders themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.patients import Place
from ui.handout.state import order_text
from ui.patient.medication_state import list_age, order

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ORDER = MedicationRequest(
    id="o1",
    patient_id="p1",
    product="Metadon",
    atc="N07BC02",
    form="mikstur",
    strength="2 mg/ml",
    doses=(PlannedDose(Part.MORNING, Decimal(80)),),
    weekdays=(1, 2, 3, 4, 5, 6, 7),
    place=Place.HOME,
    valid_from=date(2026, 11, 1),
    prescriber="Lege",
    source="Papir",
    recorded_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    confirmed_at=datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
)


def test_the_list_says_when_it_was_entered_confirmed_and_fetched() -> None:
    fetched = datetime(2026, 11, 23, 7, 12, tzinfo=UTC)
    assert list_age([ORDER], fetched, NOW) == (
        "Sist ført 20.11. 10:00 · sist godkjent 20.11. 12:00 · hentet fra serveren 08:12"
    )


def test_a_list_that_was_never_fetched_whole_says_so() -> None:
    assert list_age([], None, NOW) == "Aldri hentet helt fra serveren"


def test_an_order_names_its_source_and_the_day_it_was_entered() -> None:
    view = order(ORDER, NOW.date())
    assert view.origin.startswith("Papir · ført 20.11.2026")
    assert "ført 20.11.2026" in order_text(ORDER, "08:12")


def test_an_order_on_hold_says_that_it_is_not_given() -> None:
    view = order(replace(ORDER, on_hold=True), NOW.date())
    assert (view.status, view.tone) == ("På vent: gis ikke", "danger")
