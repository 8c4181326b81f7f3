from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.visits import VisitKind
from fieldapp.services import notes, visits
from tests.helpers.ward import AASE, Ward
from ui.patient.page import PatientPage
from ui.today.page import TodayPage
from ui.today.plan_dialog import PlanVisitDialog
from ui.today.state import DayView, VisitState
from ui.widgets import ConfirmDialog
from ui.workspace import Workspace


def _view(workspace: Workspace) -> DayView:
    assert isinstance(workspace.page, TodayPage)
    assert workspace.page.view is not None
    return workspace.page.view


def _draft(ward: Ward) -> str:
    body: dict[str, object] = {"template": "generic", "text": "Hei", "addendum_to": None}
    return notes.new_draft(ward.session, AASE, "note", None, body).id


def test_the_day_tells_who_when_where_and_what_is_severe(workspace: Workspace) -> None:
    view = _view(workspace)
    assert view.title == "Mandag 23. november"
    visit = next(visit for visit in view.visits if visit.patient_id == AASE)
    assert (visit.time, visit.name) == ("10:00", "Ødegård, Åse")
    assert visit.purpose == "Hjemmebesøk · Medisin og samtale om uka"
    assert len(visit.severe) == 2


def test_a_visit_that_took_place_is_told_as_done(workspace: Workspace) -> None:
    states = {visit.name: visit.state for visit in _view(workspace).visits}
    assert states["Ærø, Per Kristian"] is VisitState.DONE
    assert states["Ødegård, Åse"] is VisitState.PLANNED


def test_a_planned_visit_that_never_took_place_is_late(workspace: Workspace) -> None:
    (late,) = [row for row in _view(workspace).late if row.kind == "visit"]
    assert late.name == "Bakken, Tone"


def test_arrows_walk_the_visits_and_enter_opens_the_patient(
    qtbot: QtBot, workspace: Workspace
) -> None:
    first = QApplication.focusWidget()
    assert first is not None
    qtbot.keyClick(first, Qt.Key.Key_Down)
    second = QApplication.focusWidget()
    assert second is not None
    assert second is not first
    qtbot.keyClick(second, Qt.Key.Key_Return)
    assert isinstance(workspace.page, PatientPage)
    assert workspace.page.patient_id == AASE


def test_a_visit_begun_elsewhere_shows_as_going_on(workspace: Workspace, ward: Ward) -> None:
    changes = visits.start(ward.session, "p-lars", VisitKind.HOME)
    workspace.context.changes.announce(changes)
    begun = [row for row in _view(workspace).visits if row.patient_id == "p-lars"]
    assert [row.state for row in begun] == [VisitState.IN_PROGRESS]


def test_after_a_crash_the_user_is_asked_before_anything_is_thrown_away(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    draft_id = _draft(ward)
    workspace.navigate("today")
    (unfinished,) = _view(workspace).unfinished
    assert unfinished.interrupted
    discard = workspace.findChild(QPushButton, "discardDraft")
    assert discard is not None
    qtbot.mouseClick(discard, Qt.MouseButton.LeftButton)
    assert notes.draft(ward.session, draft_id) is not None
    dialog = workspace.findChild(ConfirmDialog)
    assert dialog is not None
    dialog.confirm_button.click()
    assert notes.draft(ward.session, draft_id) is None
    assert _view(workspace).unfinished == ()


def test_planning_a_visit_puts_it_into_the_day(qtbot: QtBot, workspace: Workspace) -> None:
    button = workspace.findChild(QPushButton, "planVisit")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = workspace.findChild(PlanVisitDialog)
    assert dialog is not None
    dialog.patient.setCurrentIndex(dialog.patient.findData("p-stian"))
    dialog.time.setText("08:30")
    dialog.purpose.setText("Første samtale")
    dialog.confirm_button.click()
    planned = [row for row in _view(workspace).visits if row.patient_id == "p-stian"]
    assert [(row.time, row.purpose) for row in planned] == [
        ("08:30", "Hjemmebesøk · Første samtale")
    ]


def test_planning_without_a_patient_says_so_and_keeps_the_dialog(
    qtbot: QtBot, workspace: Workspace
) -> None:
    assert isinstance(workspace.page, TodayPage)
    dialog = PlanVisitDialog(workspace.context, workspace.page)
    dialog.open()
    dialog.confirm_button.click()
    assert dialog.isVisible()
    assert "pasient" in dialog.patient_field.problem
    assert dialog.problem.isHidden()
    dialog.reject()


def test_recovering_after_a_crash_leads_to_the_words_that_were_saved(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    started = visits.start(ward.session, AASE, VisitKind.HOME)
    body: dict[str, object] = {"template": "generic", "text": "Før krasj", "addendum_to": None}
    notes.new_draft(ward.session, AASE, "note", started.created_id, body)
    workspace.navigate("today")
    resume = workspace.findChild(QPushButton, "resumeDraft")
    assert resume is not None
    qtbot.mouseClick(resume, Qt.MouseButton.LeftButton)
    written = [edit.toPlainText() for edit in workspace.findChildren(QPlainTextEdit)]
    assert any("Før krasj" in text for text in written)
