"""Reserving and giving up days on the sync page, on a real store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.domain.medication import MedicationRequest
from fieldapp.services import claims, sheets, trip, trip_claims
from fieldapp.services.trip_claims import Standing
from fieldapp.store import claims as store_claims
from fieldapp.store import medication as medication_store
from fieldapp.store import records, state
from fieldapp.store.db import Database
from tests.helpers.a11y import audit, clipped
from tests.helpers.claims import claim_of, deliver, grant
from tests.helpers.pages import make_context
from tests.helpers.ward import AASE, BERIT, TODAY, Ward, receive
from tests.helpers.windows import LOOKS
from ui.context import AppContext
from ui.sync.claims_card import ClaimsCard
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.widgets import ConfirmDialog

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def context(ward: Ward, tasks: TaskRunner, theme: Theme) -> AppContext:
    return make_context(ward.session, tasks, theme)


@pytest.fixture
def card(qtbot: QtBot, context: AppContext) -> ClaimsCard:
    made = ClaimsCard(context)
    qtbot.addWidget(made)
    made.resize(1100, 900)
    made.show()
    made.show_claims()
    return made


def order(ward: Ward, request_id: str = "r-aase") -> MedicationRequest:
    found = records.get(ward.session.database, MedicationRequest, request_id)
    assert found is not None
    return found


def standings(ward: Ward, days: int = 2) -> dict[tuple[str, str, int], Standing]:
    return {
        (row.patient.id, row.group, (day.day - TODAY).days): day.standing
        for row in trip_claims.rows(ward.session, days)
        for day in row.days
    }


def press_days(card: ClaimsCard, days: int) -> None:
    card.length.press(days)


def boxes(card: ClaimsCard) -> list[str]:
    return sorted(box.objectName() for box in card._boxes.values())


def test_no_longer_trip_is_offered_than_the_organisation_allows(
    card: ClaimsCard, ward: Ward
) -> None:
    press_days(card, 5)
    assert [button.text() for button in card.length.buttons()] == list("1234567")
    state.remember_rules(ward.session.database, state.Rules(longest_trip_days=3))
    card.show_claims()
    assert [button.text() for button in card.length.buttons()] == list("123")
    assert card.length.value == 3
    days = {day.day for row in card._rows for day in row.days if day.preset}
    assert max(days) <= TODAY + timedelta(days=2)


def test_the_planned_round_is_ticked_and_one_button_asks_for_it(
    card: ClaimsCard, ward: Ward
) -> None:
    press_days(card, 2)
    assert boxes(card)
    assert all(box.isChecked() for box in card._boxes.values())
    card.reserve_button.click()
    wished = {(one.patient_id, one.unit) for one in claims.wishes(ward.session)}
    assert (AASE, TOMORROW.isoformat()) in wished
    assert {unit for _, unit in wished} == {TOMORROW.isoformat()}, "today is held already"


def test_tab_goes_through_the_days_before_the_button(card: ClaimsCard) -> None:
    press_days(card, 2)
    reached: list[object] = []
    at: QWidget | None = card.length.buttons()[-1].nextInFocusChain()
    while at is not None and at is not card.reserve_button and len(reached) < 200:
        reached.append(at)
        at = at.nextInFocusChain()
    assert [box for box in reached if box in card._boxes.values()] == list(card._boxes.values())


def test_the_days_that_go_home_from_the_trip_are_offered_with_it(ward: Ward) -> None:
    weekdays = [(TODAY + timedelta(days)).isoweekday() for days in (1, 2, 4)]
    takes_home = replace(
        order(ward),
        revision=2,
        take_home_weekdays=tuple(sorted(weekdays)),
        max_take_home_days=3,
    )
    receive(ward.session, [takes_home])
    found = standings(ward, days=1)
    ahead = sorted(day for who, group, day in found if (who, group) == (AASE, "opioid"))
    assert ahead == [0, 1, 2], "the dose under observation on the third day ends it"
    others = {day for who, _, day in found if who != AASE}
    assert others == {0}


def test_the_days_of_a_trip_are_judged_by_one_reading_of_the_store(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = medication_store.events_since
    asked: list[int] = []

    def counted(database: Database, patient_ids: Iterable[str], since: date) -> Any:
        found = read(database, patient_ids, since)
        asked.append(len(found))
        return found

    each = {day: trip_claims.rows(ward.session, day) for day in (1, 7)}
    monkeypatch.setattr(medication_store, "events_since", counted)
    for days, rows in each.items():
        asked.clear()
        assert trip_claims.rows(ward.session, days) == rows
        assert len(asked) <= 3, "the doses, the depots that are due, and what goes home afterwards"


def test_what_was_unticked_is_not_asked_for_any_more(card: ClaimsCard, ward: Ward) -> None:
    press_days(card, 2)
    card.reserve_button.click()
    before = len(claims.wishes(ward.session))
    next(iter(card._boxes.values())).setChecked(False)
    card.reserve_button.click()
    assert len(claims.wishes(ward.session)) == before - 1


def test_a_pharmacy_s_days_are_shown_and_cannot_be_ticked(card: ClaimsCard, ward: Ward) -> None:
    found = standings(ward)
    assert found[("p-jon", "opioid", 0)] is Standing.PHARMACY
    assert not any("p-jon" in name for name in boxes(card))


def test_a_day_that_a_colleague_has_names_them(card: ClaimsCard, ward: Ward) -> None:
    theirs = claim_of(
        ward.session, order(ward), TOMORROW, holder_device_id="d-2", holder_id=BERIT.id
    )
    deliver(ward.session, theirs)
    press_days(card, 2)
    rows = trip_claims.rows(ward.session, 2)
    day = next(
        day
        for row in rows
        for day in row.days
        if row.patient.id == AASE and row.group == "opioid" and day.day == TOMORROW
    )
    assert (day.standing, day.holder.name, day.holder.phone) == (
        Standing.OTHER,
        BERIT.name,
        BERIT.phone,
    )
    units = (AASE, "opioid", TOMORROW.isoformat())
    assert all(units not in ticked for ticked in card._boxes)


def test_a_denial_says_why_and_whom_to_ring(
    card: ClaimsCard, ward: Ward, context: AppContext
) -> None:
    press_days(card, 2)
    card.reserve_button.click()
    name = store_claims.Name(AASE, "opioid", TOMORROW.isoformat())
    answer = {
        "holder_id": BERIT.id,
        "holder_name": BERIT.name,
        "holder_phone": BERIT.phone,
        "holder_device": "Feltlaptop 2",
    }
    store_claims.apply_answer(
        ward.session.database, denied=[store_claims.Denied(name, "held", answer)]
    )
    context.sync.finished.emit(None)
    (row,) = card._denied.rows
    assert row.title == "Ødegård, Åse, i morgen"
    for said in ("En annen har døgnet", BERIT.name, "Feltlaptop 2"):
        assert said in row.detail
    assert BERIT.phone.replace(" ", "\u00a0") in row.detail


def test_giving_up_is_durable_before_anything_is_sent(
    card: ClaimsCard, ward: Ward, context: AppContext
) -> None:
    asked: list[int] = []
    context.sync.sync_now = lambda: asked.append(  # type: ignore[method-assign]
        len(claims.held(ward.session))
    )
    before = claims.held(ward.session)
    card.own.select_id(before[0].id)
    card.release_button.click()
    dialog = QApplication.activeModalWidget() or card.window().findChild(ConfirmDialog)
    assert isinstance(dialog, ConfirmDialog)
    dialog.confirm_button.click()
    assert asked == [len(before) - 1], "dropped here before the sync that tells the server"
    assert before[0].id not in {claim.id for claim in claims.held(ward.session)}


def test_what_was_given_up_is_not_ticked_again(card: ClaimsCard, ward: Ward) -> None:
    before = claims.held(ward.session)[0]
    card._release([before.id])
    box = card._boxes[((before.patient_id, before.group, before.unit),)]
    assert not box.isChecked()


def test_a_claim_on_a_printed_sheet_is_not_given_up(card: ClaimsCard, ward: Ward) -> None:
    changes = sheets.print_sheet(ward.session, 1)
    assert changes.created_id is not None
    pinned = sheets.view(ward.session, changes.created_id).sheet.claim_ids[0]
    card.show_claims()
    card.own.select_id(pinned)
    assert not card.release_button.isEnabled()
    assert "papirark" in card._pinned.text.text()
    card._release([pinned])
    assert pinned in {claim.id for claim in claims.held(ward.session)}


def test_without_a_line_the_wish_waits_and_the_card_says_so(
    card: ClaimsCard, context: AppContext, ward: Ward
) -> None:
    press_days(card, 2)
    context.sync.turn(online=False)  # type: ignore[attr-defined]
    assert "neste synk" in card.reserve_button.text()
    assert card._without_line.isVisible()
    card.reserve_button.click()
    assert claims.wishes(ward.session)


def test_a_grant_without_a_complete_pull_says_that_a_sync_is_missing(ward: Ward) -> None:
    deliver(ward.session, claim_of(ward.session, order(ward), TOMORROW), complete=False)
    assert standings(ward)[(AASE, "opioid", 1)] is Standing.MINE_UNCONFIRMED
    grant(ward.session, order(ward), TOMORROW)
    assert standings(ward)[(AASE, "opioid", 1)] is Standing.MINE


def test_the_check_before_a_trip_counts_the_reserved_doses(ward: Ward) -> None:
    (before,) = (one for one in trip.checklist(ward.session) if one.code == "doses_claimed")
    mine, planned = before.detail.split("/")
    assert (before.ok, mine) == (True, planned)
    first = claims.held(ward.session)
    of_round = next(claim.id for claim in first if claim.patient_id == AASE)
    claims.drop(ward.session, [of_round])
    (after,) = (one for one in trip.checklist(ward.session) if one.code == "doses_claimed")
    assert not after.ok
    assert int(after.detail.split("/")[0]) < int(mine)


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_the_card_is_readable_in_every_look(
    qtbot: QtBot, context: AppContext, theme: Theme, scheme: Scheme, scale: int
) -> None:
    theme.apply(QApplication.instance(), scheme, scale)  # type: ignore[arg-type]
    made = ClaimsCard(context)
    qtbot.addWidget(made)
    made.resize(1230, made.sizeHint().height())
    made.show()
    made.show_claims()
    press_days(made, 3)
    made.resize(1230, made.heightForWidth(1230))
    qtbot.waitUntil(lambda: not clipped(made))
    assert audit(made) == []
    for box in made.findChildren(QPushButton):
        assert box.height() >= 38
