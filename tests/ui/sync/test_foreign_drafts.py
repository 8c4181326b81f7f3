"""A draft from one's other laptop stands apart; it is taken over as a new one, or left."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.notes import Draft
from fieldapp.services import foreign_drafts, notes
from fieldapp.store import drafts
from tests.helpers.ward import AASE, NOW, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.shots import settle
from ui.theme import Theme
from ui.visit.page import VisitPage
from ui.workspace import Workspace

THEIRS = "Skrevet på den andre maskinen"


def _lies_there(ward: Ward, *, text: str = THEIRS, minutes: int = 30) -> None:
    """The last sync brought what stands on the other laptop."""
    draft = Draft(
        id="dr-other",
        patient_id=AASE,
        form="note",
        body={"template": "", "text": text, "addendum_to": None},
        saved_at=NOW - timedelta(minutes=minutes),
        encounter_id="e-not-sent-yet",
    )
    found = drafts.ForeignDraft(draft, "d-9", "Bil 2")
    drafts.replace_foreign(ward.session.database, [found], f"mark-{minutes}")


def _lines(workspace: Workspace) -> list[str]:
    settle()
    assert workspace.page is not None
    return [
        label.text()
        for label in workspace.page.findChildren(QLabel)
        if label.isVisible() and "andre maskin" in label.text()
    ]


def _editor(workspace: Workspace) -> QPlainTextEdit:
    assert workspace.page is not None
    return next(e for e in workspace.page.findChildren(QPlainTextEdit) if e.isVisible())


def _take(qtbot: QtBot, workspace: Workspace) -> None:
    assert workspace.page is not None
    button = next(
        b for b in workspace.page.findChildren(QPushButton, "takeOverDraft") if b.isVisible()
    )
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    settle()


def test_it_stands_in_a_line_of_its_own_and_never_among_the_drafts_of_this_laptop(
    workspace: Workspace, ward: Ward
) -> None:
    _lies_there(ward)
    said = ["Utkast fra din andre maskin (Bil 2): notat, 09:10"]
    workspace.navigate("visit", patient_id=AASE)
    assert _lines(workspace) == said
    workspace.navigate("patient", patient_id=AASE, tab="notes")
    assert _lines(workspace) == said
    assert notes.drafts(ward.session, AASE) == []


def test_taking_over_begins_a_new_draft_and_keeps_what_is_being_written_here_apart(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    workspace.navigate("visit", patient_id=AASE)
    qtbot.keyClicks(_editor(workspace), "Skrevet her")
    _lies_there(ward)
    workspace.navigate("today")
    workspace.navigate("visit", patient_id=AASE)
    _take(qtbot, workspace)
    assert _editor(workspace).toPlainText() == THEIRS
    texts = {row.draft.body["text"] for row in notes.drafts(ward.session, AASE)}
    assert texts == {"Skrevet her", THEIRS}
    assert all(row.draft.id != "dr-other" for row in notes.drafts(ward.session, AASE))
    assert _lines(workspace) == []


def test_one_that_was_left_stays_and_one_that_changed_after_it_was_taken_comes_back(
    ward: Ward,
) -> None:
    _lies_there(ward)
    assert len(foreign_drafts.of_patient(ward.session, AASE)) == 1
    foreign_drafts.take_over(ward.session, AASE, "dr-other")
    assert foreign_drafts.of_patient(ward.session, AASE) == []
    _lies_there(ward, text="Endret der", minutes=5)
    (again,) = foreign_drafts.of_patient(ward.session, AASE)
    assert again.draft.body["text"] == "Endret der"
    (mine,) = notes.drafts(ward.session, AASE)
    assert mine.draft.body["text"] == THEIRS


def test_nothing_is_cut_off_in_any_look(workspace: Workspace, ward: Ward, theme: Theme) -> None:
    _lies_there(ward)
    workspace.navigate("visit", patient_id=AASE)
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_the_day_lists_it_with_the_patients_name_and_it_is_taken_over_from_there(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    workspace.navigate("today")
    assert _lines(workspace) == []
    _lies_there(ward)
    workspace.navigate("patients")
    workspace.navigate("today")
    assert _lines(workspace) == ["Ødegård, Åse · Utkast fra din andre maskin (Bil 2): notat, 09:10"]
    _take(qtbot, workspace)
    assert isinstance(workspace.page, VisitPage)
    assert _editor(workspace).toPlainText() == THEIRS
    workspace.navigate("today")
    assert _lines(workspace) == []


def test_nothing_is_cut_off_on_the_day_page(workspace: Workspace, ward: Ward, theme: Theme) -> None:
    _lies_there(ward)
    workspace.navigate("today")
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
