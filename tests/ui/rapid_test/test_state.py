from __future__ import annotations

from datetime import date

import pytest

from fieldapp.services import reference
from ui.rapid_test import state
from ui.rapid_test.state import RapidForm

KNOWN = reference.rapid_tests()
URINE = next(panel for panel in KNOWN.panels if panel.specimen == "urine")
SALIVA = next(panel for panel in KNOWN.panels if panel.specimen == "saliva")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("31.03.2027", date(2027, 3, 31)),
        ("1.3.2027", date(2027, 3, 1)),
        ("03.2027", date(2027, 3, 31)),
        ("2/2028", date(2028, 2, 29)),
        ("2027-03", date(2027, 3, 31)),
        ("2027-03-05", date(2027, 3, 5)),
        ("  ", None),
    ],
)
def test_expiry_is_read_as_devices_print_it(text: str, day: date | None) -> None:
    assert state.expiry_date(text) == day


@pytest.mark.parametrize("text", ["snart", "13.2027", "31.02.2027", "00.2027", "27", "03.27"])
def test_an_expiry_that_cannot_be_read_is_named_and_not_dropped(text: str) -> None:
    with pytest.raises(ValueError, match="date|month|day|range"):
        state.expiry_date(text)
    assert "expiry" in [name for name, _ in state.missing(RapidForm(expiry=text), KNOWN)]


def test_everything_missing_is_named() -> None:
    names = [name for name, _ in state.missing(RapidForm(), KNOWN)]
    assert names == ["panel", "supervised", "reason"]


def test_a_device_without_any_reading_is_missing_its_reading() -> None:
    form = state.with_panel(RapidForm(supervised=True, reason="patient_wish"), URINE)
    assert [name for name, _ in state.missing(form, KNOWN)] == ["readings"]


def test_a_reason_that_needs_words_is_missing_them() -> None:
    form = state.with_panel(RapidForm(supervised=True, reason="other", reason_text=" "), URINE)
    form = state.with_reading(form, "methadone", "preliminary_positive")
    assert [name for name, _ in state.missing(form, KNOWN)] == ["reason_text"]


def test_the_device_decides_the_specimen() -> None:
    assert state.with_panel(RapidForm(), SALIVA).specimen == "saliva"


def test_readings_of_one_device_are_never_kept_for_another() -> None:
    form = state.with_reading(state.with_panel(RapidForm(), URINE), "cocaine", "invalid")
    assert state.with_panel(form, URINE).readings == {"cocaine": "invalid"}
    assert state.with_panel(form, SALIVA).readings == {}


def test_another_specimen_lets_go_of_the_device() -> None:
    form = state.with_panel(RapidForm(), URINE)
    other = state.with_specimen(form, "saliva", URINE)
    assert (other.panel, other.specimen) == (None, "saliva")
    assert state.with_specimen(form, "urine", URINE).panel == URINE.id


def test_what_is_doubtful_is_said() -> None:
    form = RapidForm(supervised=False, temperature="outside", expiry="10.2026")
    said = " ".join(state.form_doubts(form, date(2026, 11, 23)))
    assert "gått ut på dato" in said
    assert "ikke observert" in said
    assert "Temperaturen er utenfor" in said
    assert state.form_doubts(RapidForm(), date(2026, 11, 23)) == []


def test_a_draft_comes_back_as_it_was() -> None:
    form = state.with_reading(state.with_panel(RapidForm(), URINE), "cocaine", "invalid")
    form = state.with_text(form, "lot", "A-1")
    form = state.with_text(form, "reason_text", "fordi")
    assert state.from_draft(state.to_draft(form), KNOWN) == form


def test_a_draft_for_a_device_of_another_version_loses_only_the_device() -> None:
    body = state.to_draft(RapidForm(lot="A-1", readings={"cocaine": "invalid"}))
    form = state.from_draft({**body, "panel": "gone"}, KNOWN)
    assert (form.panel, form.readings, form.lot) == (None, {}, "A-1")
