"""The round on paper, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.handout_events import PaperSheet, SheetStatus
from fieldapp.domain.medication import (
    HandoutError,
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    OtherDose,
    TakeHome,
)
from fieldapp.services import calendar, claims, medication, sheets
from fieldapp.services.calendar import Mark
from fieldapp.services.claims import ClaimPinnedError
from fieldapp.services.sheets import LineEntry, SheetError, SheetView
from fieldapp.store import records
from tests.helpers.claims import grant, grant_days
from tests.helpers.medicine_days import depot_order
from tests.helpers.ward import AASE, BERIT, NOW, TODAY, Ward, at, make_ward, receive


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "store")
    yield made
    made.vault.lock()


def printed(ward: Ward, days: int = 1) -> SheetView:
    changes = sheets.print_sheet(ward.session, days)
    assert changes.created_id is not None
    return sheets.view(ward.session, changes.created_id)


def line_of(view: SheetView, patient_id: str = AASE, request_id: str = "r-aase") -> str:
    return next(
        one.line.code
        for one in view.lines
        if (one.line.patient_id, one.line.request_id) == (patient_id, request_id)
    )


def given(code: str, **changes: Any) -> LineEntry:
    made = LineEntry(code, HandoutStatus.GIVEN, at(TODAY, 9, 15), witnessed=True)
    return replace(made, **changes)


def aase(ward: Ward) -> MedicationRequest:
    found = records.get(ward.session.database, MedicationRequest, "r-aase")
    assert found is not None
    return found


def doses(ward: Ward) -> list[MedicationAdministration]:
    found = records.select(
        ward.session.database,
        MedicationAdministration,
        "patient_id = ? AND day = ? AND status = 'given'",
        (AASE, TODAY.isoformat()),
    )
    return [event for event in found if event.request_id == "r-aase"]


# --- printing


def test_only_reserved_doses_come_on_the_paper(ward: Ward) -> None:
    found = sheets.draft(ward.session, 1)
    own = {claim.id for claim in claims.held(ward.session)}
    assert found.planned
    assert all({claim.id for claim in one.claims} <= own and one.claims for one in found.planned)
    tomorrow = sheets.draft(ward.session, 2)
    late = [one for one in tomorrow.left_out if one.slot.key.day == TODAY + timedelta(days=1)]
    assert late
    assert {one.reason for one in late} == {"not_claimed"}


def test_a_trip_s_sheet_holds_the_days_that_are_reserved(ward: Ward) -> None:
    grant_days(ward.session, [aase(ward)], 3)
    view = printed(ward, 3)
    days = [one.line.day for one in view.lines if one.line.request_id == "r-aase"]
    assert days == [TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=2)]


def test_a_sheet_pins_its_claims_until_it_is_settled(ward: Ward) -> None:
    view = printed(ward)
    pinned = view.sheet.claim_ids[0]
    with pytest.raises(ClaimPinnedError):
        claims.drop(ward.session, [pinned])
    sheets.settle(ward.session, view.sheet.id, [one.line.code for one in view.lines])
    claims.drop(ward.session, [pinned])
    assert pinned not in {claim.id for claim in claims.held(ward.session)}


def test_a_dose_stands_on_one_open_sheet_only(ward: Ward) -> None:
    printed(ward)
    again = sheets.draft(ward.session, 1)
    assert not again.planned
    assert "on_other_sheet" in {one.reason for one in again.left_out}
    with pytest.raises(SheetError, match="sheet_nothing_to_print"):
        sheets.print_sheet(ward.session, 1)


def test_a_dose_given_already_does_not_come_on_the_paper(ward: Ward) -> None:
    first = printed(ward)
    sheets.enter(ward.session, first.sheet.id, given(line_of(first)))
    unused = [one.line.code for one in first.lines]
    sheets.settle(ward.session, first.sheet.id, unused)
    found = sheets.draft(ward.session, 1)
    reasons = {one.slot.key.request_id: one.reason for one in found.left_out}
    assert reasons["r-aase"] == "slot_already_given"


def test_an_injection_is_not_written_on_the_paper(ward: Ward) -> None:
    order = replace(depot_order(), patient_id=AASE, valid_from=TODAY)
    receive(ward.session, [order])
    grant(ward.session, order, "#1", TODAY)
    left_out = {
        one.slot.key.request_id: one.reason for one in sheets.draft(ward.session, 1).left_out
    }
    assert left_out[order.id] == "injection"


def test_codes_differ_and_the_ids_follow_from_sheet_and_code(ward: Ward) -> None:
    view = printed(ward)
    codes = [one.line.code for one in view.lines]
    assert len(set(codes)) == len(codes)
    for one in view.lines:
        expected = sheets.administration_id(view.sheet.id, one.line.code)
        assert one.line.administration_id == expected


def test_the_sheet_shows_the_seven_days_before_it(ward: Ward) -> None:
    groups = sheets.last_days(ward.session, AASE, TODAY)
    opioid = next(group for group in groups if group.code == "opioid")
    assert [day.day for day in opioid.days] == [TODAY - timedelta(days=n) for n in range(7, 0, -1)]
    assert opioid.days[-1].mark is Mark.SUPERVISED


@pytest.mark.parametrize("days", [0, 8])
def test_a_trip_has_one_to_seven_days(ward: Ward, days: int) -> None:
    with pytest.raises(ValueError, match="1 to 7"):
        sheets.draft(ward.session, days)


# --- entering


def test_a_line_becomes_a_record_of_what_has_happened(ward: Ward) -> None:
    view = printed(ward)
    code = line_of(view)
    ward.clock.advance(timedelta(hours=5))
    entry = given(code, reason_text="Full batteri", other_dose=OtherDose.NO)
    sheets.enter(ward.session, view.sheet.id, entry)
    (event,) = doses(ward)
    assert event.id == sheets.line_of(view.sheet, code).administration_id
    assert (event.retrospective, event.sheet_id) == (True, view.sheet.id)
    assert event.given_at == at(TODAY, 9, 15)
    assert event.dose_mg == Decimal(85)
    assert event.reason_text == f"Papirark {sheets.short_name(view.sheet)}, {code}. Full batteri"
    assert event.other_dose is OtherDose.NO


def test_the_same_handout_entered_twice_is_one_event(ward: Ward) -> None:
    view = printed(ward)
    sheets.enter(ward.session, view.sheet.id, given(line_of(view)))
    sheets.enter(ward.session, view.sheet.id, given(line_of(view)))
    assert len(doses(ward)) == 1


def test_a_code_is_read_as_people_write_it_and_a_wrong_one_is_refused(ward: Ward) -> None:
    view = printed(ward)
    code = line_of(view)
    assert sheets.line_of(view.sheet, f" {code.lower()} ").code == code
    with pytest.raises(SheetError, match="sheet_unknown_code"):
        sheets.enter(ward.session, view.sheet.id, given("99Z"))


def _told_by_hand(ward: Ward) -> str:
    """The same slot, recorded as something that has happened without the paper."""
    slot = next(
        row.slot.key
        for patient, row in medication.day_slots(ward.session, TODAY)
        if patient.id == AASE and row.slot.key.request_id == "r-aase"
    )
    entry = medication.HandoutEntry(
        "by-hand",
        slot,
        HandoutStatus.GIVEN,
        dose_mg=Decimal(85),
        reason_text="Glemt å føre",
        given_at=at(TODAY, 9),
        retrospective=True,
    )
    medication.record(ward.session, entry)
    return entry.id


def test_a_dose_in_the_slot_is_no_second_one_without_somebody_s_word(ward: Ward) -> None:
    view = printed(ward)
    by_hand = _told_by_hand(ward)
    with pytest.raises(SheetError, match="sheet_slot_filled") as refused:
        sheets.enter(ward.session, view.sheet.id, given(line_of(view)))
    assert refused.value.event_id == by_hand
    assert [event.id for event in doses(ward)] == [by_hand]


def test_a_second_real_dose_is_a_second_event(ward: Ward) -> None:
    view = printed(ward)
    _told_by_hand(ward)
    sheets.enter(ward.session, view.sheet.id, given(line_of(view), second_dose=True))
    assert len(doses(ward)) == 2


def test_what_was_not_given_needs_its_reason(ward: Ward) -> None:
    view = printed(ward)
    entry = given(line_of(view), status=HandoutStatus.NOT_MET)
    with pytest.raises(SheetError, match="sheet_reason_code_missing"):
        sheets.enter(ward.session, view.sheet.id, entry)
    sheets.enter(ward.session, view.sheet.id, replace(entry, reason="not_home"))
    assert not doses(ward)
    assert sheets.view(ward.session, view.sheet.id).entered == 1


def test_a_dose_in_the_future_is_refused_and_nothing_is_written(ward: Ward) -> None:
    view = printed(ward)
    entry = given(line_of(view), given_at=NOW + timedelta(hours=2))
    with pytest.raises(HandoutError, match="given_in_future"):
        sheets.enter(ward.session, view.sheet.id, entry)
    assert not doses(ward)


def test_a_dose_taken_home_counts_on_its_own_day(ward: Ward) -> None:
    grant_days(ward.session, [aase(ward)], 2)
    view = printed(ward, 2)
    today, tomorrow = (one.line.code for one in view.lines if one.line.request_id == "r-aase")
    sheets.enter(ward.session, view.sheet.id, given(today))
    home = given(tomorrow, witnessed=False, taken_home_with=today)
    sheets.enter(ward.session, view.sheet.id, home)
    event = records.get(
        ward.session.database,
        MedicationAdministration,
        sheets.line_of(view.sheet, tomorrow).administration_id,
    )
    first = sheets.line_of(view.sheet, today).administration_id
    assert event is not None
    assert event.take_home == TakeHome(first)
    next_day = TODAY + timedelta(days=1)
    groups = calendar.read(ward.session, AASE, next_day, next_day).groups
    opioid = next(group for group in groups if group.code == "opioid")
    assert opioid.days[0].mark is Mark.TAKE_HOME


# --- settling


def test_a_sheet_is_entered_when_every_line_is_accounted_for(ward: Ward) -> None:
    view = printed(ward)
    code = line_of(view)
    sheets.enter(ward.session, view.sheet.id, given(code))
    with pytest.raises(SheetError, match="sheet_line_open"):
        sheets.settle(ward.session, view.sheet.id, [])
    rest = [one.line.code for one in view.lines if one.line.code != code]
    sheets.settle(ward.session, view.sheet.id, rest)
    sheet = records.get(ward.session.database, PaperSheet, view.sheet.id)
    assert sheet is not None
    assert (sheet.status, sheet.reason) == (SheetStatus.ENTERED, ", ".join(sorted(rest)))
    assert not sheets.open_sheets(ward.session)
    with pytest.raises(SheetError, match="sheet_not_open"):
        sheets.enter(ward.session, sheet.id, given(rest[0]))


def test_a_sheet_is_void_only_with_a_reason_and_when_nothing_of_it_was_entered(ward: Ward) -> None:
    view = printed(ward)
    with pytest.raises(SheetError, match="sheet_reason_missing"):
        sheets.void(ward.session, view.sheet.id, "  ")
    sheets.enter(ward.session, view.sheet.id, given(line_of(view)))
    with pytest.raises(SheetError, match="sheet_has_doses"):
        sheets.void(ward.session, view.sheet.id, "Ikke brukt")


def test_a_void_sheet_lets_its_claims_go_and_its_doses_on_another(ward: Ward) -> None:
    view = printed(ward)
    sheets.void(ward.session, view.sheet.id, "Ble i bilen, ingenting gitt")
    assert not claims.is_pinned(ward.session, view.sheet.claim_ids[0])
    assert len(printed(ward).lines) == len(view.lines)


def test_a_colleague_s_sheet_is_seen_and_does_not_pin_what_is_held_here(ward: Ward) -> None:
    mine = printed(ward)
    sheets.void(ward.session, mine.sheet.id, "Bare en prøve")
    theirs = replace(
        mine.sheet,
        id="0d1f9b0a-5a07-4f43-9f2f-1c2d3e4f5a6b",
        printed_by=BERIT.id,
        device_id="d-2",
        status=SheetStatus.PRINTED,
    )
    receive(ward.session, [theirs])
    (view,) = sheets.open_sheets(ward.session)
    assert not view.mine
    assert not claims.is_pinned(ward.session, mine.sheet.claim_ids[0])
