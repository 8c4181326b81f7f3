"""A visit and its note through their widgets, read back from the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.domain.notes import Draft
from fieldapp.domain.patients import Patient
from fieldapp.domain.visits import Encounter, EncounterStatus
from fieldapp.services import notes, patients, visits
from fieldapp.services.session import Session
from tests.helpers.a11y import audit, clipped
from tests.helpers.pages import make_context, show_page
from tests.helpers.stores import PASSPHRASE, USERNAME
from tests.helpers.ward import AASE, BERIT, MARET, NILS, ODD, TODAY, Ward, at, receive
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.visit.page import VisitPage

CONTROL = Qt.KeyboardModifier.ControlModifier


def button(page: VisitPage, name: str) -> QPushButton:
    settle()
    found = [item for item in page.findChildren(QPushButton, name) if item.isVisible()]
    assert found, f"no visible button {name}"
    return found[0]


def offered(page: VisitPage, name: str) -> bool:
    settle()
    return any(item.isVisible() for item in page.findChildren(QPushButton, name))


def said(page: VisitPage) -> str:
    """All words on the page that somebody can see."""
    settle()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def write(page: VisitPage, text: str) -> None:
    """Type into the editor; QTest knows the keys of plain letters only."""
    QTest.keyClicks(page.note_card.editor, text)


def stored_drafts(session: Session) -> list[Draft]:
    """What a second connection sees: only what is really committed."""
    with session.beside() as other:
        return [row.draft for row in notes.drafts(other)]


def stored_texts(session: Session) -> list[str]:
    return [str(draft.body["text"]) for draft in stored_drafts(session)]


def running(ward: Ward, patient_id: str = MARET) -> Encounter:
    found = visits.open_encounter(ward.session, patient_id)
    assert found is not None
    return found


# --- the visit


def test_a_visit_begins_with_kind_and_colleagues_and_ends_with_travel(
    page: VisitPage, ward: Ward
) -> None:
    button(page, f"visitColleague_{BERIT.id}").click()
    button(page, "visitKind_outdoors").click()
    button(page, "visitStart").click()
    begun = running(ward)
    assert begun.participants == (NILS.id, BERIT.id)
    assert begun.kind.value == "outdoors"
    assert begun.appointment_id == "ap-1"
    ward.clock.advance(timedelta(minutes=40))
    travel = page.findChild(QLineEdit, "visitTravel")
    assert isinstance(travel, QLineEdit)
    QTest.keyClicks(travel, "25")
    button(page, "visitFinish").click()
    ended = visits.encounter(ward.session, begun.id)
    assert ended is not None
    assert ended.status is EncounterStatus.FINISHED
    assert ended.ended_at == begun.started_at + timedelta(minutes=40)
    assert ended.travel_minutes == 25
    assert "09:40–10:20 (40 min)" in said(page)


def test_two_clicks_on_start_are_one_visit(page: VisitPage, ward: Ward) -> None:
    start = button(page, "visitStart")
    QTest.mouseClick(start, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(start, Qt.MouseButton.LeftButton)
    page.presenter.start()
    assert visits.of_appointment(ward.session, "ap-1") == running(ward)


def test_going_alone_is_warned_of_until_somebody_comes_along(page: VisitPage) -> None:
    assert "Gå to sammen. Alltid to, også ved kort besøk." in said(page)
    button(page, f"visitColleague_{BERIT.id}").click()
    assert "Du er ført alene" not in said(page)


def test_the_clock_goes_on_while_the_visit_runs(page: VisitPage, ward: Ward) -> None:
    button(page, "visitStart").click()
    ward.clock.advance(timedelta(minutes=23))
    page._clock.timeout.emit()
    assert "Pågår siden 09:40 · 23 min" in said(page)


def test_a_visit_ended_later_can_be_given_its_true_end(page: VisitPage, ward: Ward) -> None:
    button(page, "visitStart").click()
    begun = running(ward)
    ward.clock.advance(timedelta(hours=3))
    button(page, "visitOtherEnd").click()
    field = page.findChild(QLineEdit, "visitEnd")
    assert isinstance(field, QLineEdit)
    field.setText("25:99")
    button(page, "visitFinish").click()
    assert "Skriv sluttiden som 10:45" in said(page)
    field.setText("23:00")
    button(page, "visitFinish").click()
    assert "frem i tid" in said(page)
    field.setText("10.30")
    QTest.keyClick(field, Qt.Key.Key_Return)
    ended = visits.encounter(ward.session, begun.id)
    assert ended is not None
    assert ended.ended_at == at(TODAY, 10, 30)


def test_nobody_there_is_recorded_with_a_reason_and_not_without(
    page: VisitPage, ward: Ward
) -> None:
    button(page, "visitNoShow").click()
    button(page, "visitNoShowConfirm").click()
    assert visits.of_appointment(ward.session, "ap-1") is None
    assert "Årsaken mangler" in said(page)
    button(page, "noShow_Åpnet ikke").click()
    button(page, "visitNoShowConfirm").click()
    found = visits.of_appointment(ward.session, "ap-1")
    assert found is not None
    assert (found.status, found.reason) == (EncounterStatus.NO_SHOW, "Åpnet ikke")
    assert "Årsak: Åpnet ikke" in said(page)


# --- autosave


def test_each_second_of_typing_is_durable_before_it_is_called_saved(
    page: VisitPage, ward: Ward
) -> None:
    for number in range(3):
        write(page, f"ord{number} ")
        assert "Utkast lagret" not in said(page)
        ward.clock.advance(timedelta(seconds=1))
        page.presenter.autosave.ceiling.timeout.emit()
        assert stored_texts(ward.session) == [page.note_card.editor.toPlainText()]
        assert f"Utkast lagret kl. 09:40:0{number + 1}" in said(page)
    assert len(stored_drafts(ward.session)) == 1


def test_a_text_that_cannot_be_stored_stays_with_a_red_line_and_is_tried_again(
    page: VisitPage, ward: Ward
) -> None:
    write(page, "Viktig")
    page.presenter.autosave.quiet.timeout.emit()
    connection = ward.session.database.connection
    connection.execute("PRAGMA query_only = 1")
    write(page, " mer")
    page.presenter.autosave.quiet.timeout.emit()
    assert page.presenter.note.error
    assert page.presenter.note.error in said(page)
    assert "Utkast lagret" not in said(page)
    assert page.note_card.editor.toPlainText() == "Viktig mer"
    button(page, "noteSign").click()
    assert not page.presenter.note.confirming
    connection.execute("PRAGMA query_only = 0")
    button(page, "noteRetry").click()
    assert stored_texts(ward.session) == ["Viktig mer"]
    assert "Utkast lagret" in said(page)


def test_leaving_stores_the_last_letter_and_closes_the_draft_in_order(
    page: VisitPage, ward: Ward
) -> None:
    write(page, "Siste ord")
    page.leave()
    (draft,) = stored_drafts(ward.session)
    assert draft.body["text"] == "Siste ord"
    assert not draft.open
    page.show_for(patient_id=MARET, appointment_id="ap-1")
    assert page.note_card.editor.toPlainText() == "Siste ord"
    assert "Programmet stanset" not in said(page)


def test_another_patients_visit_gets_an_empty_editor_and_the_text_stays_with_its_own(
    page: VisitPage, ward: Ward
) -> None:
    write(page, "Om henne")
    page.show_for(patient_id=ODD)
    assert page.note_card.editor.toPlainText() == ""
    (draft,) = stored_drafts(ward.session)
    assert (draft.patient_id, draft.body["text"]) == (MARET, "Om henne")
    page.show_for(patient_id=MARET, appointment_id="ap-1")
    assert page.note_card.editor.toPlainText() == "Om henne"


def test_a_template_alone_leaves_no_unsigned_work_behind(page: VisitPage, ward: Ward) -> None:
    box = page.findChild(QComboBox, "noteTemplate")
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert page.note_card.editor.toPlainText().startswith("Bakgrunn for besøket:")
    page.leave()
    assert stored_drafts(ward.session) == []


def test_text_written_before_the_visit_begins_belongs_to_it(page: VisitPage, ward: Ward) -> None:
    write(page, "Ringte tidlig")
    page.presenter.autosave.quiet.timeout.emit()
    button(page, "visitStart").click()
    (draft,) = stored_drafts(ward.session)
    assert draft.encounter_id == running(ward).id


# --- after a crash


def reopened(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, patient_id: str
) -> VisitPage:
    """The page after the program was started again on the same files."""
    ward.vault.lock()
    database = ward.vault.unlock(USERNAME, PASSPHRASE)
    session = Session(database, NILS, "d-1", ward.clock, ward.session.new_id)
    object.__setattr__(ward, "session", session)
    page = VisitPage(make_context(session, tasks, theme))
    show_page(qtbot, page, patient_id=patient_id)
    return page


def test_after_a_crash_the_draft_is_offered_and_never_opened_by_itself(
    page: VisitPage, ward: Ward, qtbot: QtBot, tasks: TaskRunner, theme: Theme
) -> None:
    write(page, "Midt i en setning")
    page.presenter.autosave.ceiling.timeout.emit()
    write(page, " som forsvant")  # within the last second
    page.presenter.autosave.forget()
    again = reopened(qtbot, ward, tasks, theme, MARET)
    assert again.note_card.editor.toPlainText() == ""
    assert "«Midt i en setning»" in said(again)
    button(again, "draftRecover").click()
    assert again.note_card.editor.toPlainText() == "Midt i en setning"
    assert not offered(again, "draftRecover")
    again.leave()


def test_a_draft_found_after_a_crash_can_be_discarded(
    page: VisitPage, ward: Ward, qtbot: QtBot, tasks: TaskRunner, theme: Theme
) -> None:
    write(page, "Skal bort")
    page.presenter.autosave.ceiling.timeout.emit()
    again = reopened(qtbot, ward, tasks, theme, MARET)
    button(again, "draftDiscard").click()
    assert stored_texts(ward.session) == ["Skal bort"]
    button(again, "dialogConfirm").click()
    assert stored_drafts(ward.session) == []
    assert not offered(again, "draftRecover")


def test_recovering_while_something_new_is_written_keeps_both_apart(
    page: VisitPage, ward: Ward, qtbot: QtBot, tasks: TaskRunner, theme: Theme
) -> None:
    write(page, "Gammelt")
    page.presenter.autosave.ceiling.timeout.emit()
    again = reopened(qtbot, ward, tasks, theme, MARET)
    write(again, "Nytt")
    button(again, "draftRecover").click()
    assert again.note_card.editor.toPlainText() == "Gammelt"
    assert sorted(stored_texts(ward.session)) == ["Gammelt", "Nytt"]
    assert "Usignert utkast" in said(again)


# --- signing


def sign(page: VisitPage, text: str) -> None:
    write(page, text)
    QTest.keyClick(page.note_card.editor, Qt.Key.Key_Return, CONTROL)
    button(page, "noteSignConfirm")
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, Qt.Key.Key_Return, CONTROL)


def test_signing_shows_who_what_and_when_first_and_then_locks(page: VisitPage, ward: Ward) -> None:
    button(page, "visitStart").click()
    write(page, "Rolig samtale.")
    QTest.keyClick(page.note_card.editor, Qt.Key.Key_Return, CONTROL)
    assert "Nils Hammer signerer notatet om Hætta, Máret Inger, 23.11.2026 kl. 09:40." in said(page)
    assert notes.for_patient(ward.session, MARET) == []
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, Qt.Key.Key_Return, CONTROL)
    (view,) = notes.for_patient(ward.session, MARET)
    assert view.note.text == "Rolig samtale."
    assert view.note.encounter_id == running(ward).id
    assert stored_drafts(ward.session) == []
    assert "Signert av Nils Hammer 23.11.2026 kl. 09:40" in said(page)
    assert not page.note_card.editor.isVisible()
    focus = QApplication.focusWidget()
    assert focus is not None
    assert page.isAncestorOf(focus)


def test_escape_goes_back_to_writing(page: VisitPage, ward: Ward) -> None:
    write(page, "Ikke ferdig")
    QTest.keyClick(page.note_card.editor, Qt.Key.Key_Return, CONTROL)
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, Qt.Key.Key_Escape)
    write(page, "!")
    assert page.note_card.editor.toPlainText() == "Ikke ferdig!"
    assert notes.for_patient(ward.session, MARET) == []


def test_headings_without_words_cannot_be_signed(page: VisitPage, ward: Ward) -> None:
    page._on_template("home_visit")
    QTest.keyClick(page.note_card.editor, Qt.Key.Key_Return, CONTROL)
    page.presenter.sign()
    assert notes.for_patient(ward.session, MARET) == []
    assert "Notatet er tomt" in said(page)
    assert page.note_card.editor.isVisible()


def test_a_correction_is_an_addendum_that_shows_both(page: VisitPage, ward: Ward) -> None:
    sign(page, "Avtale tirsdag.")
    button(page, "noteAddendum").click()
    assert "Det opprinnelige står som det er." in said(page)
    sign(page, "Rettelse: torsdag.")
    (view,) = notes.for_patient(ward.session, MARET)
    assert view.note.text == "Avtale tirsdag."
    assert [addendum.note.text for addendum in view.addenda] == ["Rettelse: torsdag."]
    words = said(page)
    assert "Avtale tirsdag." in words
    assert "Tillegg av Nils Hammer" in words
    assert "Rettelse: torsdag." in words


# --- others


def test_a_sync_while_typing_leaves_text_and_caret_alone(page: VisitPage, ward: Ward) -> None:
    write(page, "Jeg skriver her")
    editor = page.note_card.editor
    cursor = editor.textCursor()
    cursor.setPosition(4)
    editor.setTextCursor(cursor)
    receive(ward.session, [renamed(ward)])
    page.context.changes.announce(ChangeSet((Change("patient", MARET, MARET),)))
    assert editor.toPlainText() == "Jeg skriver her"
    assert editor.textCursor().position() == 4
    words = said(page)
    assert "En kollega har endret etternavn kl. 09:40. Du kan se det når du er ferdig." in words
    assert "Hætta-Berg" in words


def renamed(ward: Ward) -> Patient:
    """Máret with a new family name, as the server would send her."""
    return replace(patients.page(ward.session, MARET).patient, family_name="Hætta-Berg")


def test_a_sync_about_somebody_else_says_nothing(page: VisitPage) -> None:
    page.context.changes.announce(ChangeSet((Change("patient", AASE, AASE),)))
    assert "En kollega har" not in said(page)


def test_ones_own_acts_are_no_news_from_elsewhere(page: VisitPage) -> None:
    button(page, "visitStart").click()
    sign(page, "Kort.")
    assert "En kollega har" not in said(page)


@pytest.mark.parametrize("scale", [100, 200])
def test_every_control_has_a_name_and_no_words_are_cut(
    page: VisitPage, ward: Ward, qapp: QApplication, scale: int
) -> None:
    page.context.theme.apply(qapp, Scheme.LIGHT, scale)

    def look() -> None:
        settle()
        assert audit(page) == []
        assert clipped(page) == []

    look()
    button(page, "visitNoShow").click()
    look()
    button(page, "visitNoShowCancel").click()
    button(page, "visitStart").click()
    look()
    sign(page, "Kort.")
    look()
    button(page, "noteAddendum").click()
    write(page, "Mer")
    button(page, "noteSign").click()
    look()
