"""Marking an entry as one on the wrong patient, from the timeline and the notes, in every look."""

from __future__ import annotations

from dataclasses import replace

from pytestqt.qtbot import QtBot

from fieldapp.services import notes
from fieldapp.store import corrections
from tests.helpers.ward import AASE, BERIT, MARET, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.patient.notes_tab import NoteCard, NotesTab
from ui.patient.overview_tab import OverviewTab
from ui.patient.page import PatientPage
from ui.patient.wrong_patient_dialog import WrongPatientDialog
from ui.shots import settle
from ui.theme import Theme
from ui.widgets import Text
from ui.workspace import Workspace


def open_tab(workspace: Workspace, tab: str) -> PatientPage:
    workspace.navigate("patient", patient_id=AASE, tab=tab)
    assert isinstance(workspace.page, PatientPage)
    settle()
    return workspace.page


def words_on(page: PatientPage) -> str:
    settle()
    return "\n".join(text.text() for text in page.findChildren(Text) if text.isVisible())


def dialog_of(workspace: Workspace) -> WrongPatientDialog:
    (dialog,) = workspace.window().findChildren(WrongPatientDialog)
    return dialog


def test_a_note_is_marked_in_its_tab_and_shows_at_once_that_it_is_blocked(
    qtbot: QtBot, workspace: Workspace, ward: Ward, theme: Theme
) -> None:
    page = open_tab(workspace, "notes")
    tab = page.findChild(NotesTab)
    assert tab is not None
    before = notes.for_patient(ward.session, AASE)
    tab.findChildren(NoteCard)[0].wrong.click()
    dialog = dialog_of(workspace)
    found = {look: problems_in(dialog, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    dialog.confirm_button.click()
    assert "Skriv hvordan du vet" in dialog.problem.text.text()
    dialog.reason.setPlainText("Gjelder Máret")
    dialog.right_one.setCurrentIndex(dialog.right_one.findData(MARET))
    dialog.confirm_button.click()
    mark = corrections.mark_of(ward.session.database, ("note", before[0].note.id))
    assert mark is not None
    assert mark.first.right_patient_id == MARET
    assert "Meldt av Nils Hammer 23.11.2026: Gjelder Máret" in words_on(page)
    assert tab.findChildren(NoteCard)[0].wrong.isHidden()
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_an_entry_is_chosen_from_the_timeline_and_blocked_there(
    qtbot: QtBot, workspace: Workspace, ward: Ward, theme: Theme
) -> None:
    page = open_tab(workspace, "overview")
    tab = page.findChild(OverviewTab)
    assert tab is not None
    tab.wrong.click()
    dialog = dialog_of(workspace)
    assert dialog.entry.count() > 3
    chosen = dialog._entries[1]
    dialog.entry.setCurrentIndex(1)
    dialog.reason.setPlainText("Skrevet på feil person")
    dialog.confirm_button.click()
    settle()
    mark = corrections.mark_of(ward.session.database, (chosen.kind, chosen.id))
    assert mark is not None
    assert "Sperret, meldt feilført" in words_on(page)
    tab.wrong.click()
    again = [one for one in workspace.window().findChildren(WrongPatientDialog) if one.isVisible()]
    assert chosen.id not in [one.id for one in again[-1]._entries]
    again[-1].reject()
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_a_colleague_sees_that_it_is_blocked_and_not_a_word_of_it(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    view = notes.for_patient(ward.session, AASE)[0]
    words = view.note.text
    other = replace(ward.session, user=replace(BERIT))
    page = open_tab(workspace, "notes")
    tab = page.findChild(NotesTab)
    assert tab is not None
    assert view.note.author_id != other.user.id
    tab.findChildren(NoteCard)[0].wrong.click()
    dialog = dialog_of(workspace)
    dialog.reason.setPlainText("Gjelder en annen")
    dialog.confirm_button.click()
    shown = notes.for_patient(other, AASE)[0]
    assert shown.hidden
    card = NoteCard(shown, "i dag", page)
    qtbot.addWidget(card)
    told = "\n".join(text.text() for text in card.findChildren(Text))
    assert "Innholdet er sperret" in told
    assert words not in told
    assert "Gjelder en annen" not in told
