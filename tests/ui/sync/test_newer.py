"""A sync never closes, reloads or blocks a form in use; what is newer is told in one quiet line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.domain.kinds import name_of
from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Patient, Relation
from fieldapp.services import patients
from fieldapp.store import outbox, records
from tests.helpers.troubles import contact_of, flag_of
from tests.helpers.ward import AASE, Ward, receive
from ui.patient.contact_dialog import ContactDialog
from ui.patient.critical_dialog import CriticalDialog
from ui.patient.facts_dialog import FactsDialog
from ui.shots import settle
from ui.workspace import Workspace


def _arrive(workspace: Workspace, ward: Ward, *values: Any) -> None:
    """A pull has stored these, and the screens hear of it, as after every sync."""
    receive(ward.session, values)
    changes = tuple(
        Change(name_of(value), value.id, getattr(value, "patient_id", value.id)) for value in values
    )
    workspace.context.changes.announce(ChangeSet(changes))
    settle()


def _colleague_phone(ward: Ward) -> Patient:
    now = records.get(ward.session.database, Patient, AASE)
    assert now is not None
    return replace(now, phone="999 99 999")


def _line(root: QWidget) -> str:
    return "\n".join(
        label.text()
        for label in root.findChildren(QLabel, "newerLine")
        if label.isVisible() and label.text()
    )


def _button(root: QWidget, name: str) -> QPushButton:
    settle()
    return next(b for b in root.findChildren(QPushButton, name) if b.isVisible())


PHONE_LINE = "En kollega har endret telefon kl. 09:40. Du kan se det når du er ferdig."


def _note(workspace: Workspace) -> QPlainTextEdit:
    workspace.navigate("visit", patient_id=AASE)
    assert workspace.page is not None
    return next(e for e in workspace.page.findChildren(QPlainTextEdit) if e.isVisible())


def _reason(workspace: Workspace) -> QWidget:
    """The words that say why a dose was held back."""
    workspace.navigate("handout", patient_id=AASE)
    page = workspace.page
    assert page is not None
    settle()
    focus = workspace.focusWidget()
    assert focus is not None
    return focus


def test_text_and_caret_stay_while_a_pull_changes_the_same_patient(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    editor = _note(workspace)
    editor.setFocus()
    qtbot.keyClicks(editor, "Jeg skriver midt i")
    qtbot.keyClick(editor, Qt.Key.Key_Left)
    position = editor.textCursor().position()
    assert workspace.page is not None
    assert _line(workspace.page) == ""
    _arrive(workspace, ward, _colleague_phone(ward))
    assert editor.toPlainText() == "Jeg skriver midt i"
    assert editor.textCursor().position() == position
    assert editor.hasFocus()
    assert _line(workspace.page) == PHONE_LINE
    qtbot.keyClicks(editor, "!")
    assert editor.toPlainText() == "Jeg skriver midt !i"


def _open_contact(workspace: Workspace, ward: Ward) -> ContactDialog:
    dialog = ContactDialog(workspace.context, AASE, contact_of(ward.session, "c-1"), workspace)
    dialog.open()
    settle()
    return dialog


def test_an_open_contact_keeps_its_text_and_both_changes_are_saved(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open_contact(workspace, ward)
    dialog.note.setFocus()
    dialog.note.clear()
    qtbot.keyClicks(dialog.note, "Har ikke nøkkel lenger")
    dialog.note.setCursorPosition(3)
    _arrive(workspace, ward, replace(contact_of(ward.session, "c-1"), phone="999 00 000"))
    assert dialog.isVisible()
    assert dialog.note.hasFocus()
    assert (dialog.note.text(), dialog.note.cursorPosition()) == ("Har ikke nøkkel lenger", 3)
    assert "telefon under kontakt" in _line(dialog)
    dialog.confirm_button.click()
    saved = contact_of(ward.session, "c-1")
    assert (saved.note, saved.phone) == ("Har ikke nøkkel lenger", "999 00 000")


def test_the_same_field_is_never_overwritten_unseen(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open_contact(workspace, ward)
    dialog.phone.clear()
    qtbot.keyClicks(dialog.phone, "888 00 000")
    theirs = replace(
        contact_of(ward.session, "c-1"),
        phone="999 00 000",
        note="Ring etter kl. 12",
        may_be_informed=False,
    )
    _arrive(workspace, ward, theirs)
    dialog.confirm_button.click()
    assert dialog.isVisible()
    assert "Telefon: 999 00 000" in dialog.problem.text.text()
    assert outbox.items(ward.session.database) == []
    dialog.confirm_button.click()
    saved = contact_of(ward.session, "c-1")
    assert saved == replace(theirs, phone="888 00 000"), "what was not touched here stays theirs"


def test_an_open_answer_about_critical_information_keeps_its_text_and_asks_before_it_wins(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = CriticalDialog(workspace.context, patients.page(ward.session, AASE), workspace)
    dialog.open()
    before = flag_of(ward.session, FlagCategory.ALLERGY)
    answer = dialog.answers[FlagCategory.ALLERGY, before.id]
    answer.text.setFocus()
    answer.text.clear()
    qtbot.keyClicks(answer.text, "Penicillin, mild")
    answer.text.setCursorPosition(5)
    _arrive(workspace, ward, replace(before, text="Penicillin og latex"))
    assert (answer.text.text(), answer.text.cursorPosition()) == ("Penicillin, mild", 5)
    assert "tekst under kritisk informasjon" in _line(dialog)
    dialog.confirm_button.click()
    assert dialog.isVisible()
    assert "Penicillin og latex" in dialog.problem.text.text()
    assert flag_of(ward.session, FlagCategory.ALLERGY).text == "Penicillin og latex"
    dialog.confirm_button.click()
    assert flag_of(ward.session, FlagCategory.ALLERGY).text == "Penicillin, mild"


def test_a_flag_that_is_new_says_so_in_the_open_questionnaire(
    workspace: Workspace, ward: Ward
) -> None:
    workspace.navigate("screening", patient_id=AASE)
    page = workspace.page
    assert page is not None
    _button(page, "startInstrument_audit").click()
    settle()
    shown = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    new = Flag(
        "f-new",
        AASE,
        FlagCategory.TWO_TOGETHER,
        FlagState.PRESENT,
        "Siden i dag",
        ward.session.today(),
        "u-berit",
    )
    _arrive(workspace, ward, new)
    still = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    assert [text for text in shown if text not in still] == []
    assert "ført kritisk informasjon" in _line(page)


def test_the_open_handout_keeps_what_was_said_and_tells_of_the_newer_patient(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    _reason(workspace)
    page: Any = workspace.page
    qtbot.keyClick(page, Qt.Key.Key_K)
    said = page.presenter.state.form
    _arrive(workspace, ward, _colleague_phone(ward))
    assert page.presenter.state.form == said
    assert page.form.isVisible()
    assert _line(page) == PHONE_LINE


def test_ones_own_work_is_no_news_before_or_after_the_server_has_it(
    workspace: Workspace, ward: Ward
) -> None:
    _note(workspace)
    page = workspace.page
    assert page is not None
    changed = replace(contact_of(ward.session, "c-1"), phone="777 00 000")
    workspace.context.changes.announce(patients.save_contact(ward.session, changed))
    settle()
    assert _line(page) == ""
    (item,) = outbox.items(ward.session.database)
    outbox.acknowledge(ward.session.database, [outbox.Settled(item.change_id, 950)])
    workspace.context.changes.announce(ChangeSet((Change("contact", "c-1", AASE),)))
    settle()
    assert _line(page) == ""


def test_a_sync_about_somebody_else_says_nothing(workspace: Workspace, ward: Ward) -> None:
    _note(workspace)
    other = next(p for p in _everybody(ward) if p.id != AASE)
    _arrive(workspace, ward, replace(other, phone="1"))
    assert workspace.page is not None
    assert _line(workspace.page) == ""


def _everybody(ward: Ward) -> list[Patient]:
    return [row.patient for row in patients.rows(ward.session)]


EDITORS: tuple[Callable[[ContactDialog], QLineEdit], ...] = (
    lambda dialog: dialog.name,
    lambda dialog: dialog.phone,
)


@pytest.mark.parametrize("editor", EDITORS)
def test_a_contact_taken_away_by_a_colleague_leaves_the_form_as_it_is(
    qtbot: QtBot, workspace: Workspace, ward: Ward, editor: Callable[[ContactDialog], QLineEdit]
) -> None:
    dialog = _open_contact(workspace, ward)
    field = editor(dialog)
    qtbot.keyClicks(field, "x")
    text = field.text()
    gone = replace(contact_of(ward.session, "c-1"), active=False, relation=Relation.OTHER)
    _arrive(workspace, ward, gone)
    assert dialog.isVisible()
    assert field.text() == text
    dialog.confirm_button.click()
    assert not contact_of(ward.session, "c-1").active, "their change stands beside ours"


def test_the_patients_own_facts_are_changed_field_by_field_and_never_overwritten_unseen(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    workspace.navigate("patient", patient_id=AASE, tab="contacts")
    assert workspace.page is not None
    _button(workspace.page, "editFacts").click()
    settle()
    dialog = workspace.findChild(FactsDialog)
    assert dialog is not None
    street = dialog.lines["address"]
    street.clear()
    qtbot.keyClicks(street, "Lia 1")
    _arrive(workspace, ward, replace(_colleague_phone(ward), address="Lia 2"))
    assert street.text() == "Lia 1"
    assert "telefon" in _line(dialog)
    dialog.confirm_button.click()
    assert "Adresse: Lia 2" in dialog.problem.text.text()
    dialog.confirm_button.click()
    now = records.get(ward.session.database, Patient, AASE)
    assert now is not None
    assert (now.address, now.phone) == ("Lia 1", "999 99 999")
