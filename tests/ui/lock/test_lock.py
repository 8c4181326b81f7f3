"""The short lock: the content is replaced, nothing typed is lost, the return is to the place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from fieldapp.security.kept import KEPT_NAME
from fieldapp.services import notes
from tests.helpers.small_disk import fill
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import AASE, MARET, ODD
from tests.ui.lock.conftest import Laptop, MakeLaptop
from ui import pages
from ui.events import open_patient_incident
from ui.events.incident_dialog import IncidentDialog
from ui.handout.page import HandoutPage
from ui.lock.half_typed import HalfTypedDialog
from ui.lock.leftovers import Leftovers
from ui.patient.page import PatientPage
from ui.patient.wish_dialog import WishDialog
from ui.shots import settle
from ui.unlock.page import UnlockPage
from ui.visit.page import VisitPage
from ui.widgets import Dialog

WORDS = "Ringte legen om dosen. Møtte opp kl. 09."


def _readable(window: QWidget) -> str:
    """Every word on the screen, in whatever window of the program."""
    shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    words: list[str] = []
    for top in shown:
        for widget in (top, *top.findChildren(QWidget)):
            if not widget.isVisible():
                continue
            if isinstance(widget, (QLabel, QPushButton, QLineEdit)):
                words.append(widget.text())
            elif isinstance(widget, QPlainTextEdit):
                words.append(widget.toPlainText())
    assert window in shown
    return "\n".join(words)


def _write_note(laptop: Laptop, words: str = WORDS, patient_id: str = ODD) -> QPlainTextEdit:
    laptop.workspace.navigate("visit", patient_id=patient_id)
    settle()
    return _write_on(laptop, words)


def _write_on(laptop: Laptop, words: str) -> QPlainTextEdit:
    """Type the words in place of what stands in the note that is open."""
    editor = laptop.workspace.findChild(QPlainTextEdit, "noteEditor")
    assert editor is not None
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, words)
    return editor


def _half_typed(laptop: Laptop) -> HalfTypedDialog | None:
    found = [d for d in laptop.window.findChildren(HalfTypedDialog) if not d.isHidden()]
    return found[0] if found else None


# --- replaced, stored, and back again


def test_ctrl_l_replaces_the_content_and_the_return_is_to_patient_text_and_caret(
    laptop: Laptop,
) -> None:
    editor = _write_note(laptop)
    cursor = editor.textCursor()
    cursor.setPosition(12)
    editor.setTextCursor(cursor)

    QTest.keyClick(editor, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)

    assert laptop.window.workspace is None
    assert isinstance(laptop.window.centralWidget(), UnlockPage)
    assert laptop.door.vault.store is None
    assert WORDS not in _readable(laptop.window)
    laptop.unlock()
    page = laptop.workspace.page
    assert isinstance(page, VisitPage)
    assert page.presenter.visit is not None
    assert page.presenter.visit.patient.id == ODD
    back = QApplication.focusWidget()
    assert isinstance(back, QPlainTextEdit)
    assert back.toPlainText() == WORDS
    assert back.textCursor().position() == 12
    assert not (laptop.door.vault.folder / KEPT_NAME).exists()
    assert _half_typed(laptop) is None


def test_what_is_remembered_of_the_place_is_ids_and_no_words(laptop: Laptop) -> None:
    _write_note(laptop)
    laptop.window.lock()
    remembered = repr(laptop.window._stand)
    assert ODD in remembered
    for word in (*WORDS.split(), "Odd"):
        assert word not in remembered


def test_the_return_is_to_the_tab_and_the_search_begins_empty(laptop: Laptop) -> None:
    laptop.workspace.navigate("patient", patient_id=AASE)
    page = laptop.workspace.page
    assert isinstance(page, PatientPage)
    page.tabs.setCurrentIndex(3)
    laptop.window.lock()
    laptop.unlock()
    page = laptop.workspace.page
    assert isinstance(page, PatientPage)
    assert (page.patient_id, page.tabs.currentIndex()) == (AASE, 3)


def test_another_person_does_not_come_back_to_the_place_of_the_first(laptop: Laptop) -> None:
    _write_note(laptop)
    laptop.window.lock()
    assert laptop.window._stand is not None
    laptop.window._stand = ("berit", laptop.window._stand[1])
    laptop.unlock()
    assert laptop.workspace.place_name == "today"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_every_other_window_of_the_program_is_gone_too(laptop: Laptop) -> None:
    laptop.workspace.navigate("patient", patient_id=AASE)
    window = laptop.window
    file_dialog = QFileDialog(window, "Åse Ødegård.csv")
    file_dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    own = QLabel("Åse Ødegård")  # without a parent, as a picture of a print might be
    menu = QMenu("Åse", laptop.workspace)
    menu.addAction("Åse Ødegård")
    boxes: list[QWidget] = [
        file_dialog,
        QMessageBox(QMessageBox.Icon.Warning, "Åse", "Åse Ødegård", parent=window),
        Dialog("Åse Ødegård", "Ja", laptop.workspace.page),
        own,
    ]
    for box in boxes:
        box.show()
    menu.popup(window.pos())
    window.lock()
    shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert shown == [window]
    assert "Ødegård" not in _readable(window)
    settle()


def test_a_fault_in_a_form_does_not_keep_the_window_open(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _write_note(laptop)

    def fail(self: object) -> None:
        raise ZeroDivisionError(WORDS)

    for name in ("leave", "here", "keep"):
        with monkeypatch.context() as patched:
            patched.setattr(VisitPage, name, fail)
            laptop.window.lock()
            assert laptop.window.workspace is None
            assert laptop.door.vault.store is None
        assert WORDS not in caplog.text
        laptop.unlock()
        _write_note(laptop)


def test_a_page_that_fails_at_the_return_does_not_leave_the_window_unwatched(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_note(laptop)
    laptop.window.lock()

    def fail(self: object, **args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(VisitPage, "show_for", fail)
    with laptop.qtbot.captureExceptions() as caught:
        laptop.unlock()
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]
    assert laptop.watches.idle.timer.isActive()
    laptop.window.lock()


@pytest.mark.parametrize("name", ["visit", "of_another_program"])
def test_what_a_page_cannot_take_back_is_shown_in_its_words(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pages, "factory", fail)
    laptop.workspace._built.clear()
    left = Leftovers(pages={name: {"patient_id": AASE, "text": WORDS}})
    (question,) = laptop.workspace.take_back(left)
    assert (question.lines, question.patient_id) == ((("text", WORDS),), AASE)


def test_a_window_that_was_closed_reads_the_store_no_more(laptop: Laptop) -> None:
    workspace = laptop.workspace
    laptop.window.close()
    assert not workspace._lease_timer.isActive()
    sync = workspace.context.sync
    sync.status_changed.emit(sync.state)  # what a sync that ends after the lock says


# --- questions that were half typed


def _open_wish(laptop: Laptop) -> WishDialog:
    laptop.workspace.navigate("patient", patient_id=AASE, tab="medication")
    settle()
    ask = laptop.workspace.findChild(QPushButton, "wishChange")
    assert ask is not None
    ask.click()
    settle()
    (dialog,) = laptop.window.findChildren(WishDialog)
    return dialog


def test_a_half_typed_wish_is_closed_sealed_and_shown_at_the_return_until_it_is_thrown_away(
    laptop: Laptop,
) -> None:
    dialog = _open_wish(laptop)
    QTest.keyClicks(dialog.reason, "Sover lite paa 85 mg")
    laptop.window.lock()
    assert "Sover" not in _readable(laptop.window)
    sealed = (laptop.door.vault.folder / KEPT_NAME).read_bytes()
    assert b"Sover" not in sealed

    for _ in range(2):  # it is kept as often as the person wants
        laptop.unlock()
        shown = _half_typed(laptop)
        assert shown is not None
        assert "Sover lite paa 85 mg" in _readable(laptop.window)
        assert "Foreslå endring · Ødegård, Åse" in _readable(laptop.window)
        shown.cancel_button.click()
        laptop.window.lock()
    laptop.unlock()
    shown = _half_typed(laptop)
    assert shown is not None
    shown.confirm_button.click()
    settle()
    (sure,) = [d for d in shown.findChildren(Dialog) if not d.isHidden()]
    sure.confirm_button.click()
    settle()
    assert not (laptop.door.vault.folder / KEPT_NAME).exists()
    laptop.window.lock()
    laptop.unlock()
    assert _half_typed(laptop) is None


def test_a_half_typed_wish_outlives_the_process(laptop: Laptop) -> None:
    dialog = _open_wish(laptop)
    QTest.keyClicks(dialog.reason, "Sover lite")
    laptop.window.close()
    assert not laptop.window.isVisible()
    laptop.window.show()
    laptop.window.use(laptop.door)
    laptop.unlock()
    assert "Sover lite" in _readable(laptop.window)


def test_a_dialog_in_which_nobody_typed_leaves_nothing_behind(laptop: Laptop) -> None:
    _open_wish(laptop)
    laptop.window.lock()
    assert not (laptop.door.vault.folder / KEPT_NAME).exists()


def test_a_secret_that_was_half_typed_is_never_kept(laptop: Laptop) -> None:
    dialog = Dialog("Passfrasen en gang til", "Gi dosen", laptop.window)
    field = QLineEdit(dialog)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    dialog.body.addWidget(field)
    dialog.open()
    QTest.keyClicks(field, PASSPHRASE)
    assert dialog.half_typed() == []
    laptop.window.lock()
    assert not (laptop.door.vault.folder / KEPT_NAME).exists()


def test_a_form_about_an_event_is_open_again_at_the_return(laptop: Laptop) -> None:
    laptop.workspace.navigate("patient", patient_id=AASE)
    page = laptop.workspace.page
    assert page is not None
    dialog = open_patient_incident(laptop.workspace.context, page, AASE)
    QTest.keyClicks(dialog.words, "Halve dosen ble soelt")
    laptop.window.lock()
    laptop.unlock()
    (again,) = laptop.window.findChildren(IncidentDialog)
    assert again.isVisible()
    assert again.words.toPlainText() == "Halve dosen ble soelt"
    assert _half_typed(laptop) is None


def test_a_tablet_under_the_tongue_outlives_a_lock_with_what_was_said_of_it(
    laptop: Laptop,
) -> None:
    laptop.workspace.navigate("handout", patient_id=MARET)
    settle()
    page = laptop.workspace.page
    assert isinstance(page, HandoutPage)
    QTest.keyClicks(page, "KUD")
    form = page.presenter.state.form
    assert form is not None
    began = form.dissolve_began
    assert began is not None
    laptop.window.lock()
    laptop.clock.advance(timedelta(minutes=6))
    laptop.unlock()
    page = laptop.workspace.page
    assert isinstance(page, HandoutPage)
    again = page.presenter.state.form
    assert again is not None
    assert (again.id, again.identity, again.observed) == (form.id, form.identity, form.observed)
    assert again.dissolve_began == began
    assert page.presenter.elapsed() == "6:00"


def test_what_was_said_of_another_dose_is_said_anew_after_a_lock(laptop: Laptop) -> None:
    laptop.workspace.navigate("handout", patient_id=AASE)
    settle()
    page = laptop.workspace.page
    assert isinstance(page, HandoutPage)
    QTest.keyClicks(page, "KU")
    laptop.window.lock()
    laptop.unlock()
    page = laptop.workspace.page
    assert isinstance(page, HandoutPage)
    assert page.presenter.state.patient is not None
    assert page.presenter.state.patient.id == AASE
    form = page.presenter.state.form
    assert form is not None
    assert (form.identity, form.observed) == (None, None)


# --- a full disk


def test_on_a_full_disk_the_window_locks_at_once_and_the_text_is_back_in_its_editor(
    small_disk: Path, laptop_in: MakeLaptop
) -> None:
    laptop = laptop_in(small_disk)
    laptop.unlock()
    _write_note(laptop, "Begynte")
    fillers = [fill(small_disk)]
    _write_on(laptop, WORDS)

    laptop.watches.idle.timer.timeout.emit()

    assert isinstance(laptop.window.centralWidget(), UnlockPage)
    assert WORDS not in _readable(laptop.window)
    assert laptop.door.vault.store is None
    fillers.append(fill(small_disk, "filler-2"))
    # Only this process has it: it must not end, and closing asks first.
    assert not laptop.door.store_kept()
    with laptop.qtbot.assertNotEmitted(laptop.window.end_wanted):
        laptop.window.end()
    laptop.window.close()
    assert laptop.window.isVisible()
    (asked,) = [d for d in laptop.window.findChildren(Dialog) if not d.isHidden()]
    asked.reject()
    for filler in fillers:
        filler.unlink()

    laptop.unlock()

    page = laptop.workspace.page
    assert isinstance(page, VisitPage)
    assert page.note_card.editor.toPlainText() == WORDS
    page.presenter.autosave.flush()
    assert not page.holds_unsaved()
    session = laptop.workspace.context.session
    assert [row.draft.body["text"] for row in notes.drafts(session, ODD)] == [WORDS]
    laptop.window.lock()
    assert not (laptop.door.vault.folder / KEPT_NAME).exists()


def test_text_of_a_full_disk_does_not_overwrite_what_was_written_on_since(
    small_disk: Path, laptop_in: MakeLaptop
) -> None:
    laptop = laptop_in(small_disk)
    laptop.unlock()
    _write_note(laptop, "Foerste linje")
    page = laptop.workspace.page
    assert isinstance(page, VisitPage)
    page.presenter.autosave.flush()
    draft = page.presenter.note.draft
    assert draft is not None
    filler = fill(small_disk)
    _write_on(laptop, WORDS)
    laptop.window.lock()
    filler.unlink()
    laptop.door.unlock(PASSPHRASE)
    session = laptop.door.session()
    laptop.clock.advance(timedelta(minutes=1))
    notes.save_draft(session, draft)  # as another program on the restored store might
    laptop.window.enter()
    assert _half_typed(laptop) is not None
    assert WORDS in _readable(laptop.window)
    assert notes.draft(session, draft.id) is not None
    stored = notes.draft(session, draft.id)
    assert stored is not None
    assert stored.body["text"] == "Foerste linje"
    laptop.window.lock()


# --- the clipboard


def test_copied_words_leave_the_clipboard_at_the_lock(laptop: Laptop) -> None:
    editor = _write_note(laptop)
    editor.selectAll()
    editor.copy()
    assert QGuiApplication.clipboard().text() == WORDS
    laptop.window.lock()
    assert QGuiApplication.clipboard().text() == ""


def test_copied_words_leave_the_clipboard_when_the_program_ends(laptop: Laptop) -> None:
    editor = _write_note(laptop)
    editor.selectAll()
    editor.copy()
    application = QApplication.instance()
    assert application is not None
    application.aboutToQuit.emit()
    assert QGuiApplication.clipboard().text() == ""


def test_copied_words_leave_the_clipboard_after_a_minute(laptop: Laptop) -> None:
    editor = _write_note(laptop)
    editor.selectAll()
    editor.copy()
    assert laptop.watches.clipboard.timer.interval() == 60_000
    assert laptop.watches.clipboard.timer.isActive()
    laptop.watches.clipboard.timer.timeout.emit()
    assert QGuiApplication.clipboard().text() == ""


def test_what_another_program_copied_since_is_left_alone(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = _write_note(laptop)
    editor.selectAll()
    editor.copy()
    # As when another program has the keys.
    monkeypatch.setattr(QGuiApplication, "focusWindow", lambda: None)
    QGuiApplication.clipboard().setText("en adresse fra kartet")
    laptop.window.lock()
    assert QGuiApplication.clipboard().text() == "en adresse fra kartet"
    QGuiApplication.clipboard().clear()


def test_no_dialog_is_left_when_the_window_is_closed_and_opened_again(laptop: Laptop) -> None:
    _open_wish(laptop)
    laptop.window.lock()
    settle()
    assert [d for d in laptop.window.findChildren(QDialog) if d.isVisible()] == []


def test_no_timer_of_the_workspace_runs_in_a_window_that_was_closed(laptop: Laptop) -> None:
    workspace = laptop.workspace
    assert any(timer.isActive() for timer in workspace.findChildren(QTimer))
    laptop.window.close()
    assert laptop.door.vault.store is None
    assert not any(timer.isActive() for timer in workspace.findChildren(QTimer))
