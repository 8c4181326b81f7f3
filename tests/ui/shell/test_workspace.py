from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.ward import AASE, Ward
from ui.patient.page import PatientPage
from ui.patients.page import PatientsPage
from ui.today.page import TodayPage
from ui.workspace import Workspace

ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def test_the_rail_is_reached_by_alt_and_a_digit(qtbot: QtBot, workspace: Workspace) -> None:
    # The button shows for a moment that it is pressed before it acts.
    qtbot.keyClick(workspace, Qt.Key.Key_2, ALT)
    qtbot.waitUntil(lambda: isinstance(workspace.page, PatientsPage))
    qtbot.keyClick(workspace, Qt.Key.Key_1, ALT)
    qtbot.waitUntil(lambda: isinstance(workspace.page, TodayPage))


def test_a_patient_opens_by_ctrl_k_letters_and_enter(qtbot: QtBot, workspace: Workspace) -> None:
    qtbot.keyClick(workspace, Qt.Key.Key_K, CTRL)
    field = QApplication.focusWidget()
    assert field is not None
    qtbot.keyClicks(field, "øde")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert isinstance(workspace.page, PatientPage)
    assert workspace.page.patient_id == AASE


def test_alt_left_goes_back(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.navigate("patient", patient_id=AASE)
    qtbot.keyClick(workspace, Qt.Key.Key_Left, ALT)
    assert isinstance(workspace.page, TodayPage)


def test_a_page_is_built_on_its_first_visit_and_kept(workspace: Workspace) -> None:
    first = workspace.page
    workspace.navigate("patients")
    workspace.navigate("today")
    assert workspace.page is first


def test_ctrl_l_asks_for_the_lock(qtbot: QtBot, workspace: Workspace) -> None:
    with qtbot.waitSignal(workspace.lock_requested):
        qtbot.keyClick(workspace, Qt.Key.Key_L, CTRL)


def test_what_is_unsent_is_told_in_the_top_bar(workspace: Workspace, ward: Ward) -> None:
    from fieldapp.domain.visits import VisitKind
    from fieldapp.services import visits

    changes = visits.plan(ward.session, AASE, ward.session.today(), None, VisitKind.HOME, "")
    workspace.context.changes.announce(changes)
    assert "1 usendt" in workspace.top_bar.status_text
