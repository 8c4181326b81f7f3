"""The forms of what happens around a handout: by keyboard, never lost on lock, in every look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.handout_events import (
    Communication,
    CommunicationTopic,
    DoseIncident,
    IncidentType,
    MedicationDispense,
    PharmacyReport,
)
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.patients import Place
from fieldapp.services import adverse_events, incidents, notes
from fieldapp.store import records
from tests.helpers.ward import AASE, Ward, receive
from tests.helpers.windows import LOOKS, problems_in
from ui import events
from ui.events.card import EventsCard
from ui.events.form import EventDialog
from ui.events.incident_dialog import IncidentDialog
from ui.patient.page import PatientPage
from ui.shots import settle
from ui.theme import Theme
from ui.widgets import Dialog, Text, Timeline
from ui.workspace import Workspace

CTRL = Qt.KeyboardModifier.ControlModifier
ENTER = Qt.Key.Key_Return


def _page(workspace: Workspace) -> PatientPage:
    workspace.navigate("patient", patient_id=AASE, tab="medication")
    settle()
    assert isinstance(workspace.page, PatientPage)
    return workspace.page


def _stored(ward: Ward, kind: type) -> list[object]:
    found: list[object] = records.select(ward.session.database, kind, "patient_id = ?", (AASE,))
    return found


def _incident(workspace: Workspace) -> IncidentDialog:
    page = _page(workspace)
    card = page.findChild(EventsCard)
    assert card is not None
    card.incident.click()
    settle()
    dialog = workspace.findChild(IncidentDialog)
    assert dialog is not None
    return dialog


def _by_the_pharmacy(ward: Ward) -> None:
    order = records.get(ward.session.database, MedicationRequest, "r-aase")
    assert order is not None
    receive(ward.session, [replace(order, place=Place.PHARMACY, revision=order.revision + 1)])


def test_a_vomited_dose_is_written_down_by_keyboard_alone(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _incident(workspace)
    assert dialog.type.buttons()[0].hasFocus()
    qtbot.keyClick(dialog.type.buttons()[0], "2")
    assert dialog.type.value == IncidentType.VOMITED.value
    first = next(iter(dialog.doses.boxes.values()))
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
    while not first.hasFocus():
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
    qtbot.keyClick(first, Qt.Key.Key_Space)
    qtbot.keyClicks(dialog.minutes, "20")
    qtbot.keyClick(dialog.witnessed.buttons()[0], "1")
    assert "15 til 30" in dialog.advice.text.text()
    assert "ikke kontrollert" in dialog.advice.text.text(), "the source is told with it"
    qtbot.keyClick(dialog.words, ENTER, CTRL)
    assert not dialog.isVisible()
    (made,) = _stored(ward, DoseIncident)
    assert isinstance(made, DoseIncident)
    assert (made.type, made.minutes_after_dose, made.witnessed) == (IncidentType.VOMITED, 20, True)
    assert len(made.administration_ids) == 1
    workspace.navigate("patient", patient_id=AASE, tab="overview")
    settle()
    shown = workspace.findChild(Timeline)
    assert shown is not None
    texts = [entry.accessibleName() for entry in shown.children() if hasattr(entry, "clicked")]
    assert any("Dose: kastet opp" in text and "Nils Hammer" in text for text in texts)


def test_what_is_missing_is_named_and_nothing_is_lost(workspace: Workspace, ward: Ward) -> None:
    dialog = _incident(workspace)
    dialog.words.setPlainText("Flasken falt")
    dialog.confirm_button.click()
    assert dialog.isVisible()
    assert "Velg hva som skjedde" in dialog._fields["type"].problem
    dialog.type.press(1)
    dialog.confirm_button.click()
    assert "hvilken dose" in dialog.doses_field.problem
    assert dialog.words.toPlainText() == "Flasken falt"
    assert _stored(ward, DoseIncident) == []


def test_what_is_missing_far_down_comes_under_the_eyes_with_the_focus(
    workspace: Workspace,
) -> None:
    dialog = _incident(workspace)
    dialog.type.press(2)
    next(iter(dialog.doses.boxes.values())).setChecked(True)
    settle()
    dialog.resize(dialog.width(), 420)
    dialog._scroll.verticalScrollBar().setValue(0)
    dialog.confirm_button.click()
    dialog.resize(dialog.width(), 420)
    settle()
    assert dialog.witnessed.buttons()[0].hasFocus()
    field = dialog.witnessed_field
    assert field.visibleRegion().boundingRect().height() == field.height()


def test_a_form_outlives_a_lock_and_goes_on_where_it_was(workspace: Workspace, ward: Ward) -> None:
    dialog = _incident(workspace)
    dialog.type.press(1)
    dialog.words.setPlainText("Sekken ble stjålet på bussen")
    workspace.leave()  # what the window does before it locks
    assert not workspace.holds_unsaved()
    (row,) = [row for row in notes.drafts(ward.session, AASE) if row.draft.form in events.FORMS]
    assert row.draft.body["text"] == "Sekken ble stjålet på bussen"
    assert not row.draft.open
    dialog.deleteLater()
    settle()
    workspace.navigate("patient", patient_id=AASE, draft_id=row.draft.id)
    settle()
    again = workspace.findChild(IncidentDialog)
    assert again is not None
    assert again.words.toPlainText() == "Sekken ble stjålet på bussen"
    assert again.type.value == IncidentType.LOST.value
    next(iter(again.doses.boxes.values())).setChecked(True)
    again.confirm_button.click()
    (made,) = _stored(ward, DoseIncident)
    assert isinstance(made, DoseIncident)
    assert made.id == row.draft.id
    assert notes.draft(ward.session, row.draft.id) is None


def test_closing_keeps_what_was_typed_and_one_may_begin_afresh(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _incident(workspace)
    dialog.words.setPlainText("Halvferdig")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    settle()
    again = events.open_patient_incident(workspace.context, _page(workspace), AASE)
    settle()
    assert again.words.toPlainText() == "Halvferdig"
    button = again.findChild(QPushButton, "beginAfresh")
    assert button is not None
    assert button.isVisible()
    button.click()
    assert again.words.toPlainText() == ""
    again.reject()
    assert [r for r in notes.drafts(ward.session, AASE) if r.draft.form in events.FORMS] == []


def test_a_form_that_nobody_touched_leaves_nothing(workspace: Workspace, ward: Ward) -> None:
    before = len(notes.drafts(ward.session, AASE))
    dialog = _incident(workspace)
    dialog.reject()
    settle()
    assert len(notes.drafts(ward.session, AASE)) == before


def test_returned_bottles_may_be_put_before_the_office(workspace: Workspace, ward: Ward) -> None:
    given = incidents.doses(ward.session, AASE)[0].event
    dialog = events.open_incident(workspace.context, _page(workspace), given.id)
    settle()
    assert dialog.doses.chosen() == (given.id,)
    assert not dialog.ask_field.isVisible()
    dialog.type.press(4)
    assert dialog.ask_field.isVisible()
    dialog.ask.press(1)
    dialog.words.setPlainText("Uåpnet flaske")
    dialog.confirm_button.click()
    (view,) = incidents.for_patient(ward.session, AASE)
    assert view.incident.type is IncidentType.RETURNED
    words = [label.text() for label in _page(workspace).findChildren(Text)]
    assert any("Åpne dagen igjen: Metadon" in text for text in words)


def test_the_pharmacys_word_is_written_down_by_digits_and_text(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    _by_the_pharmacy(ward)
    dialog = events.open_pharmacy_report(workspace.context, _page(workspace), AASE)
    settle()
    qtbot.keyClick(dialog.day.buttons()[0], "1")
    qtbot.keyClick(dialog.collected.buttons()[0], "2")
    qtbot.keyClicks(dialog.told_by, "Eva, Apotek 1")
    qtbot.keyClick(dialog.told_by, ENTER, CTRL)
    assert not dialog.isVisible()
    (made,) = _stored(ward, PharmacyReport)
    assert isinstance(made, PharmacyReport)
    assert (made.collected, made.told_by) == (False, "Eva, Apotek 1")


def test_a_contact_with_the_prescriber_and_naloxone_are_written_down(
    workspace: Workspace, ward: Ward
) -> None:
    page = _page(workspace)
    topic = CommunicationTopic.MISSED_DAYS
    contact = events.open_prescriber_contact(workspace.context, page, AASE, topic=topic)
    contact.contacted.setText("Hanne Vik, overlege")
    contact.reached.press(1)
    contact.confirm_button.click()
    assert contact.isVisible(), "what was said is asked for"
    contact.words.setPlainText("Halv dose i dag")
    contact.confirm_button.click()
    (said,) = _stored(ward, Communication)
    assert isinstance(said, Communication)
    assert said.topic is topic
    kit = events.open_naloxone(workspace.context, page, AASE)
    kit.product.press(1)
    kit.kits.setText("0")
    kit.training.press(1)
    kit.confirm_button.click()
    assert "1 til 20" in kit._fields["kits"].problem
    kit.kits.setText("2")
    kit.expiry.setText("02.2028")
    kit.confirm_button.click()
    (handed,) = _stored(ward, MedicationDispense)
    assert isinstance(handed, MedicationDispense)
    assert (handed.kits, str(handed.expiry), handed.training_given) == (2, "2028-02-29", True)


def test_an_overdose_stays_on_the_page_until_it_is_followed_up(
    workspace: Workspace, ward: Ward
) -> None:
    dialog = events.open_overdose(workspace.context, _page(workspace), AASE)
    dialog.words.setPlainText("Funnet livløs på badet")
    dialog.steps.boxes["called_113"].setChecked(True)
    dialog.due.setText("30.11.2026")
    dialog.confirm_button.click()
    card = _page(workspace).findChild(EventsCard)
    assert card is not None
    (button,) = card.findChildren(QPushButton, "followUp")
    assert "30.11.2026" in button.text()
    button.click()
    settle()
    follow = workspace.findChild(Dialog, "adverse_eventDialog")
    assert isinstance(follow, EventDialog)
    follow._editors["closed"].setChecked(True)  # type: ignore[union-attr]
    follow.confirm_button.click()
    (view,) = adverse_events.for_patient(ward.session, AASE)
    assert view.event.closed
    assert len(view.event.done) == 1
    assert card.findChildren(QPushButton, "followUp") == [] or not any(
        one.isVisible() for one in card.findChildren(QPushButton, "followUp")
    )


def test_a_deviation_report_is_copied_and_names_nobody(workspace: Workspace, ward: Ward) -> None:
    given = incidents.doses(ward.session, AASE)[0].event
    dialog = events.open_deviation(
        workspace.context, _page(workspace), AASE, administration_id=given.id, type_code="double"
    )
    dialog.happened.setPlainText("Dosen ble gitt to ganger.")
    dialog.confirm_button.click()
    text = QGuiApplication.clipboard().text()
    assert "Avvik: Dose gitt to ganger" in text
    assert "Metadon" in text
    assert "85" in text
    for name in ("Åse", "Ødegård", "Nils", "Berit", "128362"):
        assert name not in text
    assert [r for r in notes.drafts(ward.session, AASE) if r.draft.form == "deviation"] == []


OPENERS: dict[str, Callable[[Workspace], Dialog]] = {
    "incident": lambda w: events.open_patient_incident(w.context, _page(w), AASE),
    "pharmacy": lambda w: events.open_pharmacy_report(w.context, _page(w), AASE),
    "contact": lambda w: events.open_prescriber_contact(w.context, _page(w), AASE),
    "naloxone": lambda w: events.open_naloxone(w.context, _page(w), AASE),
    "overdose": lambda w: events.open_overdose(w.context, _page(w), AASE),
    "deviation": lambda w: events.open_deviation(w.context, _page(w), AASE),
}


@pytest.mark.parametrize("name", OPENERS)
def test_nothing_is_cut_off_in_any_look(
    workspace: Workspace, ward: Ward, theme: Theme, name: str
) -> None:
    _by_the_pharmacy(ward)
    dialog = OPENERS[name](workspace)
    settle()
    assert dialog.isVisible()
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
