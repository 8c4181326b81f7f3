from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldapp.services import patients
from tests.helpers.ward import MARET, Ward
from ui.patient.page import PatientPage
from ui.patients.page import PatientsPage
from ui.patients.state import line
from ui.workspace import Workspace


def _page(workspace: Workspace) -> PatientsPage:
    workspace.navigate("patients")
    assert isinstance(workspace.page, PatientsPage)
    return workspace.page


def _names(page: PatientsPage) -> list[str]:
    return [page.list.rows.row(number).title for number in range(page.list.rows.rowCount())]


def test_names_stand_in_norwegian_order(workspace: Workspace) -> None:
    names = _names(_page(workspace))
    assert names[-5:] == [
        "Ærø, Per Kristian",
        "Ødegård, Åse",
        "Østby-Kristoffersen, Ragnhild Margrethe",
        "Aamodt, Ingrid",
        "Åsen, Lars",
    ]


def test_typing_narrows_the_list_after_the_pause(qtbot: QtBot, workspace: Workspace) -> None:
    page = _page(workspace)
    qtbot.keyClicks(page.search, "fauske stor")
    page.search.debounce.timeout.emit()
    assert _names(page) == ["Hætta, Máret Inger"]


def test_enter_opens_the_first_hit(qtbot: QtBot, workspace: Workspace) -> None:
    page = _page(workspace)
    qtbot.keyClicks(page.search, "hæt")
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert isinstance(workspace.page, PatientPage)
    assert workspace.page.patient_id == MARET


def test_the_down_key_leads_from_the_search_into_the_list(
    qtbot: QtBot, workspace: Workspace
) -> None:
    page = _page(workspace)
    qtbot.keyClick(page.search, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is page.list


def test_no_hit_is_said_in_words(qtbot: QtBot, workspace: Workspace) -> None:
    page = _page(workspace)
    page.search.setText("finnes ikke")
    page.search.debounce.timeout.emit()
    assert not page.list.isVisible()
    assert "0 av 12" in page.header_text


def test_a_line_names_what_is_severe_and_how_the_patient_is_followed(ward: Ward) -> None:
    rows = {row.patient.id: row for row in patients.rows(ward.session)}
    spoken = line(rows[MARET], ward.session.today()).spoken
    for words in ("Voldsrisiko", "Gå to sammen", "ACT", "LAR", "Besøk i dag"):
        assert words in spoken
