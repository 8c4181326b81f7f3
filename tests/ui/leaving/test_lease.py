"""The window when the offline lease warns and when it has ended."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.store import state
from tests.helpers.ward import NOW, Ward
from tests.helpers.windows import show_workspace
from ui.leaving.closed import ClosedPart
from ui.patient.page import PatientPage
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.workspace import Workspace

ON_TRIP, CLOSED = "p-aase", "p-ingrid"


def shown(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, days: int) -> Workspace:
    state.note_login(ward.session.database, NOW - timedelta(days=days))
    workspace = show_workspace(qtbot, ward, tasks, theme)
    workspace.navigate("today")
    return workspace


def said(widget: QWidget) -> str:
    settle()
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_it_is_quiet_first_warns_calmly_and_then_says_what_is_closed(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    workspace = shown(qtbot, ward, tasks, theme, 1)
    assert not workspace.lease.isVisible()
    state.note_login(ward.session.database, NOW - timedelta(days=6))
    workspace.context.sync.status_changed.emit(workspace.context.sync.state)
    assert "Logg inn på serveren før tirsdag 24.11." in workspace.lease.text.text()
    assert "Ingenting slettes" in workspace.lease.text.text()


def test_a_patient_of_the_trip_shows_what_is_critical_and_says_that_the_rest_is_closed(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    workspace = shown(qtbot, ward, tasks, theme, 8)
    workspace.navigate("patient", patient_id=ON_TRIP)
    words = said(workspace)
    assert "Penicillin" in words
    assert "Ingenting er skrevet ennå" not in words
    assert "lukket til du har logget inn" in words
    workspace.navigate("patient", patient_id=ON_TRIP, tab="notes")
    page = workspace.page
    assert isinstance(page, PatientPage)
    assert any(part.isVisible() for part in page.findChildren(ClosedPart))


def test_of_a_closed_patient_no_page_says_that_nothing_is_known(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    workspace = shown(qtbot, ward, tasks, theme, 8)
    for page in ("patient", "visit"):
        workspace.navigate(page, patient_id=CLOSED)
        words = said(workspace)
        assert "Aamodt, Ingrid" in words
        assert "Ikke spurt" not in words
        assert "ikke spurt" not in words
        assert "uten fødselsnummer" not in words


def test_a_login_opens_the_same_page_again(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    workspace = shown(qtbot, ward, tasks, theme, 8)
    workspace.navigate("patient", patient_id=CLOSED)
    assert "lukket til du har logget inn" in said(workspace)
    state.note_login(ward.session.database, NOW)
    workspace.context.sync.status_changed.emit(workspace.context.sync.state)
    assert "lukket til du har logget inn" not in said(workspace)
    assert not workspace.lease.isVisible()
