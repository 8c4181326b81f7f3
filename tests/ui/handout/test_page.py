"""The medicine round through its widgets, read back from the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.domain.handout_events import Communication
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    ObservedState,
    Part,
    PlannedDose,
    SlotKey,
)
from fieldapp.domain.proposals import Proposal
from fieldapp.services import medication
from fieldapp.store import outbox, records
from tests.helpers.a11y import audit, clipped
from tests.helpers.claims import grant
from tests.helpers.pages import Coverage, make_context, show_page
from tests.helpers.ward import AASE, MARET, ODD, TODAY, Ward, at, receive
from tests.ui.handout.conftest import OpenPage
from tests.ui.handout.hand import (
    button,
    colleagues_dose,
    events,
    offered,
    orders_of,
    press,
    said,
    wait_out_double_click,
)
from tests.ui.handout.test_reserve import PER, take_claim
from ui.events.communication_dialog import CommunicationDialog
from ui.handout.page import HandoutPage
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme


def test_three_keys_record_a_given_dose_with_everything_that_was_said(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KUG")
    (event,) = events(ward)
    assert event.status is HandoutStatus.GIVEN
    assert (event.dose_mg, event.dose_ml) == (Decimal(85), Decimal("42.5"))
    assert event.identity_check is IdentityCheck.KNOWN
    assert event.observed_state is ObservedState.UNAFFECTED
    assert event.witnessed
    assert event.author_id == ward.session.user.id
    assert "Gitt 09:40 av Nils Hammer, 85\u00a0mg (42,5\u00a0mL), inntak sett" in said(page)


def test_nothing_is_filled_in_beforehand_and_what_is_missing_is_said_by_name(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "G")
    assert events(ward) == []
    assert "Mangler: identitet og tilstand." in said(page)
    press(page, "LG")
    assert "Mangler: tilstand." in said(page)


def test_the_same_dose_can_be_recorded_by_touch_alone(page: HandoutPage, ward: Ward) -> None:
    for name in ("identityDocument", "statePossiblyAffected", "witnessedNo", "given"):
        target = button(page, name)
        assert target.height() >= 44
        QTest.mouseClick(target, Qt.MouseButton.LeftButton)
    (event,) = events(ward)
    assert event.identity_check is IdentityCheck.DOCUMENT
    assert not event.witnessed


def test_a_double_click_is_one_event(page: HandoutPage, ward: Ward) -> None:
    press(page, "KU")
    given = button(page, "given")
    QTest.mouseClick(given, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(given, Qt.MouseButton.LeftButton)
    given.click()
    assert len(events(ward)) == 1


def test_a_second_dose_is_not_offered_when_one_stands(page: HandoutPage, ward: Ward) -> None:
    press(page, "KUG")
    wait_out_double_click(page)
    assert not offered(page, "given")
    page.show_for(patient_id=AASE)
    # What is open now is the tablet of the evening, not the methadone of the morning.
    form = page.presenter.state.form
    assert form is not None
    assert form.slot.key.part is Part.EVENING
    press(page, "KUG")
    assert len([event for event in events(ward) if event.part is Part.MORNING]) == 1


def test_a_colleagues_dose_that_came_meanwhile_is_named_and_nothing_is_written(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KU")
    receive(ward.session, [colleagues_dose()])  # the screen has not heard of it
    press(page, "G")
    assert [event.id for event in events(ward)] == ["h-colleague"]
    assert "Denne dosen ble gitt kl. 08:55 av Berit Åsheim." in said(page)
    assert not offered(page, "given")


def test_not_met_takes_a_key_and_a_digit_and_the_dose_can_still_be_given(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "I1")
    assert events(ward)[0].status is HandoutStatus.NOT_MET
    assert events(ward)[0].reason == "not_home"
    assert "Ikke møtt 09:40 av Nils Hammer: Ikke hjemme" in said(page)
    wait_out_double_click(page)
    ward.clock.advance(timedelta(hours=1))
    QTest.mouseClick(button(page, "chooseSlot"), Qt.MouseButton.LeftButton)
    press(page, "KUG")
    assert [event.status for event in events(ward)] == [
        HandoutStatus.NOT_MET,
        HandoutStatus.GIVEN,
    ]


def test_a_reason_without_meaning_of_its_own_asks_for_words(page: HandoutPage, ward: Ward) -> None:
    press(page, "H0")
    assert events(ward) == []
    button(page, "confirmReason").click()
    assert "Mangler: årsaken med egne ord." in said(page)
    # Letters belong to the text now; G and N are no commands.
    press(page, "Ingen")
    field = page.findChild(QLineEdit, "reasonText")
    assert isinstance(field, QLineEdit)
    assert field.text() == "Ingen"
    QTest.keyClick(field, Qt.Key.Key_Return)
    (event,) = events(ward)
    assert (event.status, event.reason, event.reason_text) == (
        HandoutStatus.WITHHELD,
        "other",
        "Ingen",
    )


def test_a_question_put_away_writes_nothing_and_keeps_what_was_said(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KT")
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert events(ward) == []
    form = page.presenter.state.form
    assert form is not None
    assert form.identity is IdentityCheck.KNOWN


def test_one_key_writes_never_happened_at_once_and_the_slot_is_open_again(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KUG")
    wait_out_double_click(page)
    press(page, "Z")
    given, counter = events(ward)
    assert counter.status is HandoutStatus.ENTERED_IN_ERROR
    assert counter.reverses == given.id
    assert counter.reopens
    words = said(page)
    assert "Gitt 09:40 av Nils Hammer" in words
    assert "feilført" in words
    assert "Ført som aldri skjedd. Dagen er åpen igjen." in words
    wait_out_double_click(page)
    press(page, "KUG")
    assert [event.status for event in events(ward)][-1] is HandoutStatus.GIVEN


def test_the_button_beside_an_event_takes_it_back_by_touch(page: HandoutPage, ward: Ward) -> None:
    press(page, "KUG")
    wait_out_double_click(page)
    target = button(page, "reverse")
    assert target.height() >= 44
    QTest.mouseClick(target, Qt.MouseButton.LeftButton)
    assert [event.status for event in events(ward)] == [
        HandoutStatus.GIVEN,
        HandoutStatus.ENTERED_IN_ERROR,
    ]


def test_what_was_sent_is_not_taken_back_but_proposed_to_the_team_leader(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KUG")
    wait_out_double_click(page)
    database = ward.session.database
    outbox.note_offered(database, [change.change_id for change in outbox.unsent(database)])
    press(page, "Z")
    assert len(events(ward)) == 1
    assert "Teamleder avgjør" in said(page)
    button(page, "confirmReason").click()
    assert "Mangler: hva som ble ført feil." in said(page)
    press(page, "Feil pasient")
    button(page, "confirmReason").click()
    (proposal,) = records.select(database, Proposal)
    (given,) = events(ward)
    assert (proposal.target_id, proposal.reason) == (given.id, "Feil pasient")
    assert proposal.values == {"never_happened": True}
    assert "Sendt til teamleder" in said(page)


def test_undo_with_nothing_of_ones_own_says_so(page: HandoutPage, ward: Ward) -> None:
    press(page, "Z")
    assert events(ward) == []
    assert "ingenting du har ført i dag" in said(page)


def test_one_key_goes_to_the_next_patient(page: HandoutPage) -> None:
    press(page, "N")
    shown = page.presenter.state.patient
    assert shown is not None
    assert shown.id == MARET


def test_what_has_already_happened_is_recorded_even_where_a_dose_stands(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KUG")
    wait_out_double_click(page)
    button(page, "past").click()
    press(page, "830")
    field = page.findChild(QLineEdit, "reasonText")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    press(page, "Legevakten ga dosen")
    button(page, "confirmReason").click()
    first, second = sorted(events(ward), key=lambda event: event.retrospective)
    assert not first.retrospective
    assert second.retrospective
    assert second.given_at == at(TODAY, 8, 30)
    assert "Ført i etterkant" in said(page)


def test_a_time_that_lies_ahead_is_refused_in_words(page: HandoutPage, ward: Ward) -> None:
    button(page, "past").click()
    press(page, "2350")
    page.presenter.type("reason_text", "Hjemmesykepleien")
    button(page, "confirmReason").click()
    assert events(ward) == []
    assert "frem i tid" in said(page)


def test_a_sync_leaves_what_the_giver_has_said_but_closes_a_dose_given_elsewhere(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KU")
    receive(ward.session, [colleagues_dose()])
    page.context.changes.announce(
        ChangeSet((Change("medication_administration", "h-colleague", AASE),))
    )
    form = page.presenter.state.form
    assert form is not None
    assert (form.identity, form.observed) == (IdentityCheck.KNOWN, ObservedState.UNAFFECTED)
    assert not offered(page, "given")
    assert "Gitt 08:55 av Berit Åsheim" in said(page)


def announce_orders(page: HandoutPage) -> None:
    page.context.changes.announce(ChangeSet((Change("medication_request", "r-aase", AASE),)))


def test_a_changed_order_asks_for_everything_anew_and_records_the_dose_that_is_shown(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KU")
    doses = (PlannedDose(Part.MORNING, Decimal(80)),)
    receive(ward.session, [replace(orders_of(ward, "r-aase"), revision=9, doses=doses)])
    announce_orders(page)
    assert "Forordningen ble endret" in said(page)
    assert "Ordinasjonen er endret etter at dagen ble reservert" in said(page)
    press(page, "KUG")
    assert events(ward) == []
    grant(ward.session, orders_of(ward, "r-aase"))
    announce_orders(page)
    press(page, "KUG")
    (event,) = events(ward)
    assert (event.dose_mg, event.request_revision) == (Decimal(80), 9)


def test_a_changed_order_that_nobody_told_of_is_refused_and_shown(
    page: HandoutPage, ward: Ward
) -> None:
    doses = (PlannedDose(Part.MORNING, Decimal(80)),)
    receive(ward.session, [replace(orders_of(ward, "r-aase"), revision=9, doses=doses)])
    press(page, "KUG")
    assert events(ward) == []
    assert "Forordningen ble endret" in said(page)
    grant(ward.session, orders_of(ward, "r-aase"))
    page.show_for(patient_id=AASE)
    press(page, "KUG")
    assert [event.dose_mg for event in events(ward)] == [Decimal(80)]


def test_a_colleagues_entry_is_not_offered_to_be_taken_back(page: HandoutPage, ward: Ward) -> None:
    receive(ward.session, [colleagues_dose()])
    page.show_for(patient_id=AASE)
    assert "Gitt 08:55 av Berit Åsheim" in said(page)
    assert not offered(page, "reverse")


def test_two_laptops_that_both_gave_are_warned_of(page: HandoutPage, ward: Ward) -> None:
    press(page, "KUG")
    assert "Dosen er ført som gitt" not in said(page)
    receive(ward.session, [colleagues_dose()])
    page.show_for(patient_id=AASE)
    assert "Dosen er ført som gitt 2 ganger. Avklar med rekvirenten" in said(page)


def test_a_dose_of_today_under_the_former_order_is_warned_of(page: HandoutPage, ward: Ward) -> None:
    former = replace(orders_of(ward, "r-aase"), revision=9, stopped_on=TODAY)
    receive(ward.session, [colleagues_dose(), former, replace(former, id="r-new", stopped_on=None)])
    page.show_for(patient_id=AASE)
    assert "Sist gitt i dag kl. 08:55 av Berit Åsheim" in said(page)
    assert "etter en annen forordning: Metadon" in said(page)


def test_a_dose_of_the_night_is_recorded_after_midnight_and_not_offered_for_the_next_night(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    doses = (PlannedDose(Part.NIGHT, Decimal(85)),)
    receive(ward.session, [replace(orders_of(ward, "r-aase"), revision=9, doses=doses)])
    grant(ward.session, orders_of(ward, "r-aase"))
    ward.clock.advance(at(TODAY + timedelta(days=1), 0, 20) - ward.clock.now())
    page = HandoutPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, page, patient_id=AASE)
    assert "dosene for mandag 23. november" in said(page)
    page.presenter.choose_slot(SlotKey(AASE, "r-aase", TODAY, Part.NIGHT))
    press(page, "KUG")
    (event,) = events(ward)
    assert event.part is Part.NIGHT
    form = page.presenter.state.form
    assert form is None or form.slot.key.request_id != "r-aase"


def test_a_page_left_open_over_night_shows_the_new_day_instead_of_recording_on_the_old(
    page: HandoutPage, ward: Ward
) -> None:
    ward.clock.advance(timedelta(days=1))
    press(page, "KUG")
    assert events(ward) == []
    assert "Dagen som dosen hører til, er over" in said(page)
    assert page.presenter.state.form is None
    assert {view.key.day for view in page.presenter.views()} == {TODAY + timedelta(days=1)}


def test_words_being_typed_survive_a_sync(page: HandoutPage, ward: Ward) -> None:
    press(page, "H0")
    press(page, "Virker uvel")
    receive(ward.session, [colleagues_dose()])
    page.context.changes.announce(
        ChangeSet((Change("medication_administration", "h-colleague", AASE),))
    )
    field = page.findChild(QLineEdit, "reasonText")
    assert isinstance(field, QLineEdit)
    assert field.text() == "Virker uvel"
    assert field.hasFocus()


def test_advice_is_shown_for_a_state_that_speaks_against_and_the_giver_still_decides(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "KS")
    assert "Del ikke ut" in said(page)
    press(page, "G")
    assert events(ward)[0].observed_state is ObservedState.SEDATED


def test_ctrl_down_goes_to_the_next_patient_with_an_open_dose(
    page: HandoutPage, ward: Ward
) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    shown = page.presenter.state.patient
    assert shown is not None
    assert shown.id == MARET
    press(page, "I1")
    assert events(ward)[0].patient_id == MARET


def test_the_next_patient_can_be_recorded_at_once(page: HandoutPage, ward: Ward) -> None:
    press(page, "KUG")
    page.list.select_id("p-per")
    press(page, "KUG")
    assert [event.patient_id for event in events(ward)] == [AASE, "p-per"]


def test_the_line_about_old_data_follows_the_coverage(open_page: OpenPage, ward: Ward) -> None:
    take_claim(ward)
    page = open_page(PER)
    sync = page.context.sync
    assert isinstance(sync, Coverage)
    assert "Andre kan ha gitt dosen siden" not in said(page)
    sync.turn(False)
    assert "Listen ble sist hentet 08:12. Andre kan ha gitt dosen siden." in said(page)


def test_a_day_that_is_reserved_here_frightens_nobody_with_old_data(page: HandoutPage) -> None:
    sync = page.context.sync
    assert isinstance(sync, Coverage)
    sync.turn(False)
    assert "Grønt: kan gis" in said(page)
    assert "Andre kan ha gitt" not in said(page)
    assert "hentet 08:12" in said(page)
    press(page, "KUG")
    assert "Andre kan ha gitt" not in said(page)


def test_the_next_patient_begins_at_the_first_thing_to_say(page: HandoutPage) -> None:
    press(page, "KUG")
    QTest.keyClicks(page.list, "N")
    focus = QApplication.focusWidget()
    assert focus is not None
    assert focus.objectName() == "identityKnown"


def test_somebody_without_a_dose_today_is_told_about_in_words(page: HandoutPage) -> None:
    page.show_for(patient_id=ODD)
    assert "har ingen dose som teamet deler ut i dag" in said(page)


def test_a_dose_recorded_here_is_told_to_the_other_screens(page: HandoutPage, qtbot: QtBot) -> None:
    press(page, "KU")
    with qtbot.waitSignal(page.context.changes.changed) as heard:
        press(page, "G")
    assert heard.args is not None
    assert heard.args[0].touches(kinds=frozenset({"medication_administration"}))


def test_too_many_missed_days_are_red_with_the_source_of_the_figure(
    page: HandoutPage, ward: Ward
) -> None:
    order = replace(orders_of(ward, "r-maret"), revision=2, reassessed_on=None)
    receive(ward.session, [order])
    grant(ward.session, order)
    page.show_for(patient_id=MARET)
    words = said(page)
    assert "Rødt: ikke gi" in words
    assert "dager uten kjent dose" in words
    assert "Ring Overlege Hanne Vik, AFR før noe gis" in words
    assert "punkt 13.3" in words
    assert not offered(page, "given")


def test_missed_days_ask_for_the_prescriber_by_one_button_and_tell_of_the_contact(
    page: HandoutPage, ward: Ward
) -> None:
    order = replace(orders_of(ward, "r-maret"), revision=2, reassessed_on=None)
    receive(ward.session, [order])
    grant(ward.session, order)
    page.show_for(patient_id=MARET)
    target = button(page, "contactMissed")
    assert target.height() >= 44
    target.click()
    (dialog,) = page.findChildren(CommunicationDialog)
    assert dialog.topic.value == "missed_days"
    dialog.contacted.setText("Hanne Vik, lege")
    dialog.reached.choose("yes")
    dialog.words.setPlainText("Halv dose i dag.")
    dialog.confirm_button.click()
    (written,) = records.select(ward.session.database, Communication, "patient_id = ?", (MARET,))
    assert written.request_id == "r-maret"
    assert "Rekvirent kontaktet i dag" in said(page)
    assert "Hanne Vik, lege" in said(page)


@pytest.mark.parametrize("scale", [100, 200])
def test_every_control_has_a_name_and_no_words_are_cut(
    page: HandoutPage, ward: Ward, qapp: QApplication, scale: int
) -> None:
    page.context.theme.apply(qapp, Scheme.LIGHT, scale)
    page.show_for(patient_id=AASE)
    steps = ("", "S", "G", "H", "0")
    for keys in steps:
        press(page, keys)
        settle()
        assert audit(page) == []
        assert clipped(page) == []
    QTest.keyClick(page, Qt.Key.Key_Escape)
    press(page, "KUG")
    settle()
    assert clipped(page) == []
    assert medication.round_for(ward.session, TODAY)
