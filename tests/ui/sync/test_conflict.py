"""A conflict: two columns, only what differs, two or three keys, and it can wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.patients import FlagCategory, Patient
from fieldapp.services import conflicts, patients, sync_status
from fieldapp.store import outbox, records
from tests.helpers.troubles import allergy_in_conflict, flag_of, phone_in_conflict
from tests.helpers.ward import AASE, BERIT, NOW, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.patient.critical_dialog import CriticalDialog
from ui.patient.page import PatientPage
from ui.shots import settle
from ui.sync.conflict_dialog import ConflictDialog
from ui.sync.page import SyncPage
from ui.sync.state import when
from ui.theme import Theme
from ui.widgets import CriticalBand, RowList
from ui.workspace import Workspace


def _open(workspace: Workspace, change_id: str) -> ConflictDialog:
    conflict = conflicts.read(workspace.context.session, change_id)
    assert conflict is not None
    dialog = ConflictDialog(workspace.context, conflict, workspace)
    dialog.open()
    settle()
    return dialog


def _said(dialog: ConflictDialog) -> str:
    words = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
    return "\n".join([*words, *(button.text() for button in dialog.findChildren(QPushButton))])


def _keys(qtbot: QtBot, dialog: ConflictDialog, *keys: Qt.Key) -> None:
    for key in keys:
        focus = dialog.focusWidget()
        assert focus is not None
        qtbot.keyClick(focus, key)


def _aase(ward: Ward) -> Patient:
    found = records.get(ward.session.database, Patient, AASE)
    assert found is not None
    return found


def test_only_the_differing_fields_stand_there_with_who_and_when_in_bokmål(
    workspace: Workspace, ward: Ward
) -> None:
    said = _said(_open(workspace, phone_in_conflict(ward)))
    for words in ("Telefon", "911 11 111", "922 22 222", "Nils Hammer", "09:40", "en kollega"):
        assert words in said
    assert "denne maskinen" in said
    assert "Adresse" not in said
    assert "phone" not in said


def test_two_keys_keep_what_was_written_here(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace, phone_in_conflict(ward))
    _keys(qtbot, dialog, Qt.Key.Key_M, Qt.Key.Key_Return)
    assert _aase(ward).phone == "911 11 111"
    (item,) = sync_status.unsent(ward.session)
    assert item.state == "waiting"


def test_two_keys_take_the_other_side_and_nothing_is_left_to_send(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace, phone_in_conflict(ward))
    _keys(qtbot, dialog, Qt.Key.Key_T, Qt.Key.Key_Return)
    assert _aase(ward).phone == "922 22 222"
    assert sync_status.unsent(ward.session) == []


def test_each_field_is_chosen_by_itself_with_one_key_each(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace, phone_in_conflict(ward, street=True))
    assert [row.title for row in dialog.rows] == ["Adresse", "Telefon"]
    _keys(qtbot, dialog, Qt.Key.Key_M, Qt.Key.Key_T, Qt.Key.Key_Return)
    assert (_aase(ward).address, _aase(ward).phone) == ("Lia 1", "922 22 222")


def test_enter_before_every_field_has_an_answer_settles_nothing(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace, phone_in_conflict(ward, street=True))
    _keys(qtbot, dialog, Qt.Key.Key_M, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert "Telefon" in dialog.problem.text.text()
    assert sync_status.read(ward.session).conflicts == 1


def test_arrows_go_back_and_an_answer_can_be_changed(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace, phone_in_conflict(ward, street=True))
    _keys(qtbot, dialog, Qt.Key.Key_M, Qt.Key.Key_T, Qt.Key.Key_Up, Qt.Key.Key_T)
    assert dialog.mine == frozenset()


def test_esc_lets_it_wait_and_both_sides_are_kept(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(workspace, phone_in_conflict(ward))
    _keys(qtbot, dialog, Qt.Key.Key_M, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert sync_status.read(ward.session).conflicts == 1
    (item,) = sync_status.unsent(ward.session)
    assert (item.mine["phone"], (item.servers or {})["phone"]) == ("911 11 111", "922 22 222")


def test_the_list_opens_the_conflict_with_enter(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    phone_in_conflict(ward)
    workspace.navigate("sync")
    page = workspace.page
    assert isinstance(page, SyncPage)
    rows = page.findChild(RowList, "unsentList")
    assert rows is not None
    assert rows.hasFocus(), "where a person is needed, the list has the keys"
    qtbot.keyClick(rows, Qt.Key.Key_Return)
    assert workspace.findChild(ConflictDialog) is not None


@pytest.mark.parametrize("ended_there", [False, True])
def test_both_texts_of_critical_information_stand_in_the_band_until_it_is_settled(
    qtbot: QtBot, workspace: Workspace, ward: Ward, ended_there: bool
) -> None:
    change_id = allergy_in_conflict(ward, ended_there=ended_there)
    for page in ("patient", "visit", "handout", "screening", "rapid_test"):
        workspace.navigate(page, patient_id=AASE)
        settle()
        assert workspace.page is not None
        said = [
            band.accessibleName()
            for band in workspace.page.findChildren(CriticalBand)
            if band.isVisible()
        ]
        assert any("Penicillin, mild (skrevet her)" in text for text in said), page
        other = "tatt bort" if ended_there else "Penicillin og latex"
        assert any(f"{other} (skrevet av kollega, ikke avgjort)" in text for text in said), page
    dialog = _open(workspace, change_id)
    dialog.choose_all("mine")
    _keys(qtbot, dialog, Qt.Key.Key_Return)
    workspace.navigate("patient", patient_id=AASE)
    assert isinstance(workspace.page, PatientPage)
    band = workspace.page.findChild(CriticalBand)
    assert band is not None
    assert "Penicillin, mild" in band.accessibleName()
    assert "skrevet" not in band.accessibleName()
    settled = flag_of(ward.session, FlagCategory.ALLERGY)
    assert settled.confirmed_by == ward.session.user.id, "who wrote it follows what was chosen"


def test_a_danger_that_only_the_other_side_names_is_still_marked_in_the_lists(
    ward: Ward,
) -> None:
    allergy_in_conflict(ward)
    session = ward.session
    before = flag_of(session, FlagCategory.ALLERGY)
    patients.end_flag(session, before.id)
    row = next(row for row in patients.rows(session) if row.patient.id == AASE)
    assert FlagCategory.ALLERGY in row.severe


def test_the_dialog_of_critical_answers_still_opens_with_one_line_per_flag(
    workspace: Workspace, ward: Ward
) -> None:
    allergy_in_conflict(ward)
    dialog = CriticalDialog(workspace.context, patients.page(ward.session, AASE), workspace)
    allergies = [key for key in dialog.answers if key[0] is FlagCategory.ALLERGY]
    assert len(allergies) == 1


def test_nothing_is_cut_off_in_any_look(workspace: Workspace, ward: Ward, theme: Theme) -> None:
    dialog = _open(workspace, phone_in_conflict(ward, street=True))
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    assert dialog.isVisible()


def test_the_other_side_names_its_writer_the_time_and_the_laptop(
    workspace: Workspace, ward: Ward
) -> None:
    change_id = phone_in_conflict(ward)
    by = outbox.Origin(BERIT.id, "Feltbærbar 7", NOW - timedelta(hours=1))
    (item,) = outbox.items(ward.session.database)
    outbox.park(
        ward.session.database, change_id, "conflict", item.reason_detail, item.server_body, 901, by
    )
    said = _said(_open(workspace, change_id))
    assert f"{BERIT.name} · {when(NOW - timedelta(hours=1), NOW)} · Feltbærbar 7" in said
    assert "en kollega" not in said


def test_a_colleagues_text_that_waits_behind_our_unsent_one_stands_in_the_band(
    workspace: Workspace, ward: Ward
) -> None:
    change_id = allergy_in_conflict(ward)
    database = ward.session.database
    (item,) = outbox.items(database)
    assert item.server_body is not None
    outbox.retry(database, change_id)
    outbox.see(database.connection, "flag", item.record_id, 901, item.server_body)
    assert sync_status.read(ward.session).parked == 0
    workspace.navigate("patient", patient_id=AASE)
    assert workspace.page is not None
    band = workspace.page.findChild(CriticalBand)
    assert band is not None
    assert "Penicillin, mild (skrevet her)" in band.accessibleName()
    assert "Penicillin og latex (skrevet av kollega, ikke avgjort)" in band.accessibleName()
    assert [row.severe for row in patients.rows(ward.session) if row.patient.id == AASE]
