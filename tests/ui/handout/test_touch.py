"""The round worked by touch alone: targets large enough, and the store has what was told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from fieldapp.domain.medication import HandoutStatus
from tests.helpers.ward import AASE, Ward
from tests.ui.handout.hand import button, events, wait_out_double_click
from ui.handout.page import HandoutPage

THUMB = 44


def touch(page: HandoutPage, *names: str) -> None:
    """Press targets as a finger does; each is large enough for one."""
    for name in names:
        target = button(page, name)
        assert target.height() >= THUMB, name
        assert target.width() >= THUMB, name
        QTest.mouseClick(target, Qt.MouseButton.LeftButton)


def said_who_and_how(page: HandoutPage) -> None:
    touch(page, "identityKnown", "stateUnaffected", "witnessedYes", "otherNo")


def test_given_as_planned_is_one_touch(page: HandoutPage, ward: Ward) -> None:
    said_who_and_how(page)
    touch(page, "given")
    (event,) = events(ward)
    assert (event.status, event.witnessed) == (HandoutStatus.GIVEN, True)


@pytest.mark.parametrize(
    ("outcome", "reason", "status"),
    [
        ("notMet", "reason_not_home", HandoutStatus.NOT_MET),
        ("refused", "reason_does_not_want_today", HandoutStatus.REFUSED),
        ("withheld", "reason_medicine_unavailable", HandoutStatus.WITHHELD),
        ("withheld", "reason_prescriber_decision", HandoutStatus.WITHHELD),
    ],
)
def test_not_given_and_its_reason_are_two_touches(
    page: HandoutPage, ward: Ward, outcome: str, reason: str, status: HandoutStatus
) -> None:
    touch(page, outcome, reason)
    (event,) = events(ward)
    assert (event.status, event.reason) == (status, reason.removeprefix("reason_"))


def test_the_next_patient_is_one_touch(page: HandoutPage) -> None:
    touch(page, "nextPatient")
    shown = page.presenter.state.patient
    assert shown is not None
    assert shown.id != AASE


def test_undo_is_one_touch_and_writes_never_happened(page: HandoutPage, ward: Ward) -> None:
    said_who_and_how(page)
    touch(page, "given")
    wait_out_double_click(page)
    touch(page, "reverse")
    assert [event.status for event in events(ward)] == [
        HandoutStatus.GIVEN,
        HandoutStatus.ENTERED_IN_ERROR,
    ]
    assert events(ward)[1].reopens


def test_a_dose_may_be_not_given_any_number_of_times_and_then_given_once(
    page: HandoutPage, ward: Ward
) -> None:
    for _ in range(3):
        touch(page, "notMet", "reason_not_home")
        wait_out_double_click(page)
        touch(page, "chooseSlot")
    said_who_and_how(page)
    touch(page, "given")
    assert [event.status for event in events(ward)] == [
        *[HandoutStatus.NOT_MET] * 3,
        HandoutStatus.GIVEN,
    ]
