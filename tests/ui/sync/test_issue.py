"""A safety item is seen at once and answered in words by somebody who did not cause it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.services import issues
from tests.helpers.troubles import ISSUE, double_handout
from tests.helpers.ward import AASE, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.shots import settle
from ui.sync.issue_dialog import IssueDialog
from ui.sync.page import SyncPage
from ui.theme import Theme
from ui.top_bar import TopBar
from ui.widgets import Pill, RowList
from ui.workspace import Workspace

CTRL = Qt.KeyboardModifier.ControlModifier


def _open(workspace: Workspace) -> IssueDialog:
    dialog = IssueDialog(workspace.context, issues.get(workspace.context.session, ISSUE), workspace)
    dialog.open()
    settle()
    return dialog


def _see(workspace: Workspace, ward: Ward, *, mine: bool = False) -> None:
    """The item has come with a sync, which says so."""
    from fieldapp.domain.changes import Change, ChangeSet

    double_handout(ward, mine=mine)
    workspace.context.changes.announce(ChangeSet((Change("detected_issue", ISSUE, AASE),)))
    settle()


def test_the_pill_says_it_first_and_opens_the_list_of_them(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    _see(workspace, ward)
    bar = workspace.findChild(TopBar)
    assert bar is not None
    assert "1 sikkerhetssak" in bar.status_text
    pill = bar.findChild(QPushButton, "pill")
    assert pill is not None
    qtbot.mouseClick(pill, Qt.MouseButton.LeftButton)
    assert isinstance(workspace.page, SyncPage)
    rows = workspace.page.findChild(RowList, "issueList")
    assert rows is not None
    assert rows.hasFocus()
    qtbot.keyClick(rows, Qt.Key.Key_Return)
    assert workspace.findChild(IssueDialog) is not None


def test_the_patients_page_and_the_handout_say_it(workspace: Workspace, ward: Ward) -> None:
    _see(workspace, ward)
    for page in ("patient", "handout", "visit"):
        workspace.navigate(page, patient_id=AASE)
        settle()
        assert workspace.page is not None
        pills = [pill.text() for pill in workspace.page.findChildren(Pill) if pill.isVisible()]
        assert any("Samme dose kan være gitt to ganger" in text for text in pills), page


def test_an_answer_in_words_closes_it(qtbot: QtBot, workspace: Workspace, ward: Ward) -> None:
    _see(workspace, ward)
    dialog = _open(workspace)
    qtbot.keyClick(dialog.text, Qt.Key.Key_Return, CTRL)
    assert dialog.isVisible(), "an empty answer is refused"
    qtbot.keyClicks(dialog.text, "Bare en er gitt. Den andre er feil.")
    qtbot.keyClick(dialog.text, Qt.Key.Key_Return, CTRL)
    assert not dialog.isVisible()
    assert issues.open_items(ward.session) == []
    answered = issues.get(ward.session, ISSUE)
    assert answered.issue.answer == "Bare en er gitt. Den andre er feil."
    assert answered.answered_by_name == ward.session.user.name


def test_who_wrote_one_of_the_events_cannot_answer_alone(workspace: Workspace, ward: Ward) -> None:
    _see(workspace, ward, mine=True)
    dialog = _open(workspace)
    assert not dialog.confirm_button.isVisible()
    assert not dialog.text.isVisible()


def test_nothing_is_cut_off_in_any_look(workspace: Workspace, ward: Ward, theme: Theme) -> None:
    _see(workspace, ward)
    workspace.navigate("sync")
    _open(workspace)
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
