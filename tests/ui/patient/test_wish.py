"""A wish about an order is written down beside it and listed with its state; the order stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.proposals import Proposal, ProposalStatus
from fieldapp.services import proposals, sync_status
from fieldapp.store import records
from tests.helpers.ward import AASE, SOLVEIG, Ward, receive
from tests.helpers.windows import LOOKS, problems_in
from ui.patient.page import PatientPage
from ui.patient.wish_dialog import WishDialog
from ui.shots import settle
from ui.theme import Theme
from ui.widgets import Text
from ui.workspace import Workspace


def _open(workspace: Workspace) -> WishDialog:
    workspace.navigate("patient", patient_id=AASE, tab="medication")
    settle()
    assert isinstance(workspace.page, PatientPage)
    buttons = [b for b in workspace.page.findChildren(QPushButton, "wishChange") if b.isVisible()]
    assert len(buttons) == 2, "a wish is about an order in force"
    next(b for b in buttons if "Metadon" in b.accessibleName()).click()
    settle()
    dialog = workspace.findChild(WishDialog)
    assert dialog is not None
    return dialog


def _words(workspace: Workspace) -> str:
    settle()
    assert workspace.page is not None
    return "\n".join(t.text() for t in workspace.page.findChildren(Text) if t.isVisible())


def test_a_wish_is_listed_as_waiting_and_the_order_stays_the_servers(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace)
    dialog.doses[0].selectAll()
    qtbot.keyClicks(dialog.doses[0], "80")
    qtbot.keyClicks(dialog.reason, "Trøtt etter dosen.")
    qtbot.keyClick(dialog.reason, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    words = _words(workspace)
    assert "Ønsket: morgen 80\u00a0mg · Trøtt etter dosen." in words
    order = records.get(ward.session.database, MedicationRequest, "r-aase")
    assert order is not None
    assert order.doses[0].dose_mg == Decimal("85")
    (item,) = sync_status.unsent(ward.session)
    assert item.kind == "proposal"


def test_an_empty_wish_and_a_dose_that_is_no_number_are_refused(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace)
    dialog.confirm_button.click()
    assert "tomt" in dialog.problem.text.text()
    dialog.doses[0].selectAll()
    qtbot.keyClicks(dialog.doses[0], "null")
    dialog.confirm_button.click()
    assert "tall" in dialog.problem.text.text()
    assert sync_status.unsent(ward.session) == []


def test_the_offices_answer_is_shown_in_its_own_words(workspace: Workspace, ward: Ward) -> None:
    made = proposals.wish(ward.session, "medication_request", "r-aase", {}, "Lavere dose")
    proposal = records.get(ward.session.database, Proposal, str(made.created_id))
    assert proposal is not None
    ward.session.database.connection.execute("DELETE FROM outbox")
    answered = replace(
        proposal,
        status=ProposalStatus.DECLINED,
        decided_by=SOLVEIG.id,
        decided_at=ward.clock.now(),
        decision="Legen vil se henne først",
    )
    receive(ward.session, [answered])
    workspace.navigate("patient", patient_id=AASE, tab="medication")
    assert "svar: Legen vil se henne først" in _words(workspace)


def test_nothing_is_cut_off_in_any_look(workspace: Workspace, ward: Ward, theme: Theme) -> None:
    proposals.wish(ward.session, "medication_request", "r-aase", {}, "Lavere dose, er trøtt")
    _open(workspace)
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
