"""What is stopped can be corrected, tried again or handed over; what waits for it says so."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.visits import VisitKind
from fieldapp.services import notes, registration, sync_status, visits
from fieldapp.services.registration import NewPatient
from fieldapp.store import audit, outbox
from tests.helpers.troubles import newest_change, stopped_note
from tests.helpers.ward import AASE, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.patient.page import PatientPage
from ui.shots import settle
from ui.sync.page import SyncPage
from ui.theme import Theme
from ui.widgets import RowList
from ui.workspace import Workspace


def _page(workspace: Workspace) -> SyncPage:
    workspace.navigate("sync")
    settle()
    assert isinstance(workspace.page, SyncPage)
    return workspace.page


def _rows(page: SyncPage) -> RowList:
    found = page.findChild(RowList, "unsentList")
    assert found is not None
    return found


def _button(page: SyncPage, name: str) -> QPushButton:
    return next(b for b in page.findChildren(QPushButton, name) if b.isVisible())


def _said(page: SyncPage) -> str:
    settle()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def _stopped_patient(ward: Ward) -> tuple[str, str]:
    """A new patient that the server refused, with a visit and its note; return patient, change."""
    session = ward.session
    patient_id = str(registration.register(session, NewPatient("Moen", "Ella")).created_id)
    change_id = newest_change(session)
    visit = str(visits.start(session, patient_id, VisitKind.HOME).created_id)
    draft = notes.new_draft(session, patient_id, "note", visit, {"text": "Ro."})
    notes.sign(session, draft.id)
    outbox.park(session.database, change_id, "refused", "bad_body:city")
    return patient_id, change_id


def test_the_row_opens_its_reason_and_its_three_ways_out(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    stopped_note(ward)
    page = _page(workspace)
    assert "for stor til å sendes" in _said(page)
    qtbot.keyClick(_rows(page), Qt.Key.Key_Return)
    correct = _button(page, "unsentCorrect")
    assert correct.hasFocus(), "one key from the row to its ways out"
    assert correct.text().strip() == "Åpne", "what is signed is never rewritten"
    qtbot.keyClick(correct, Qt.Key.Key_Space)
    assert isinstance(workspace.page, PatientPage)
    assert (workspace.page.patient_id, workspace.page.tabs.currentIndex()) == (AASE, 3)


def test_what_is_handed_over_stays_counted_until_the_office_has_settled_it(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    change_id = stopped_note(ward)
    page = _page(workspace)
    button = _button(page, "unsentHandOver")
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert "Overlatt til kontoret" in _said(page)
    assert not button.isVisible()
    assert sync_status.read(ward.session).parked == 1
    said = {(line.action, line.kind) for line in audit.lines(ward.session.database)}
    assert ("hand_over", "note") in said, "the line travels to the server with the log"
    outbox.acknowledge(ward.session.database, [outbox.Settled(change_id, 77)])
    assert sync_status.read(ward.session).parked == 0


def test_what_depends_on_a_stopped_record_says_which_one_it_waits_for(
    workspace: Workspace, ward: Ward
) -> None:
    _, change_id = _stopped_patient(ward)
    items = sync_status.unsent(ward.session)
    assert {item.kind: item.waits_for for item in items} == {
        "patient": None,
        "encounter": change_id,
        "note": change_id,
    }
    page = _page(workspace)
    note = next(item for item in items if item.kind == "note")
    _rows(page).select_id(note.change_id)
    assert "Venter på «Pasientopplysninger" in _said(page)
    assert "Moen, Ella" in _said(page)


def test_a_later_edit_waits_for_the_stopped_one_and_other_patients_do_not(ward: Ward) -> None:
    _stopped_patient(ward)
    notes.addendum(ward.session, "n-new", "Om en annen")
    items = sync_status.unsent(ward.session)
    assert items[-1].patient_id == AASE
    assert items[-1].waits_for is None


def test_drafts_that_the_server_lacks_are_listed_and_counted(
    workspace: Workspace, ward: Ward
) -> None:
    notes.new_draft(ward.session, AASE, "note", None, {"text": "Halvferdig"})
    status = sync_status.read(ward.session)
    assert (status.waiting, status.drafts_unsent, status.unsent) == (0, 1, 1)
    assert not status.all_sent
    said = _rows(_page(workspace)).rows.row(0)
    assert (said.title, said.detail) == ("Ødegård, Åse", "Utkast · akkurat nå")


def test_nothing_is_cut_off_in_any_look(workspace: Workspace, ward: Ward, theme: Theme) -> None:
    _stopped_patient(ward)
    stopped_note(ward)
    _page(workspace)
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
