"""One person is registered by hand: checked, warned of doubles, with or without a number."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.identifiers import synthetic_numbers
from fieldapp.domain.patients import Patient
from fieldapp.domain.temporary import is_temporary
from fieldapp.services import patients, setup, sync_status
from fieldapp.store import records
from tests.helpers.ward import AASE, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.patient.page import PatientPage
from ui.patients.new_dialog import NewPatientDialog
from ui.patients.page import PatientsPage
from ui.shots import settle
from ui.theme import Theme
from ui.workspace import Workspace

CTRL = Qt.KeyboardModifier.ControlModifier


def _open(qtbot: QtBot, workspace: Workspace) -> NewPatientDialog:
    workspace.navigate("patients")
    page = workspace.page
    assert isinstance(page, PatientsPage)
    qtbot.keyClick(page.search, Qt.Key.Key_N, CTRL)
    settle()
    dialog = workspace.findChild(NewPatientDialog)
    assert dialog is not None
    return dialog


def _type(qtbot: QtBot, dialog: NewPatientDialog, **words: str) -> None:
    for name, text in words.items():
        field = getattr(dialog, name)
        field.clear()
        qtbot.keyClicks(field, text)


def _enter(qtbot: QtBot, dialog: NewPatientDialog) -> None:
    qtbot.keyClick(dialog.family_name, Qt.Key.Key_Return, CTRL)
    settle()


def _count(ward: Ward) -> int:
    return len(patients.rows(ward.session))


def test_without_a_number_the_patient_gets_a_temporary_one_that_the_header_shows(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(qtbot, workspace)
    assert dialog.family_name.hasFocus()
    _type(qtbot, dialog, family_name="Moen", given_name="Ella", birth_date="3.4.1991")
    _enter(qtbot, dialog)
    page = workspace.page
    assert isinstance(page, PatientPage)
    assert page.patient_id is not None
    made = records.get(ward.session.database, Patient, page.patient_id)
    assert made is not None
    assert made.temporary_number is not None
    assert is_temporary(made.temporary_number)
    shown = page.findChild(QPushButton, "nationalId")
    assert shown is not None
    assert f"midlertidig {made.temporary_number}" in shown.text()
    (item,) = sync_status.unsent(ward.session)
    assert (item.kind, item.patient_name) == ("patient", "Moen, Ella")


def test_a_number_with_a_slip_is_refused_and_a_good_one_gives_the_birth_date(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    setup.allow_synthetic_numbers(ward.session.database)
    good = next(iter(synthetic_numbers(date(1990, 2, 1), start=300)))
    slip = good[:-1] + str((int(good[-1]) + 1) % 10)
    dialog = _open(qtbot, workspace)
    _type(qtbot, dialog, family_name="Moen", given_name="Ella", national_id=slip)
    _enter(qtbot, dialog)
    assert "Kontrollsifrene" in dialog.problem.text.text()
    _type(qtbot, dialog, national_id=good)
    _enter(qtbot, dialog)
    assert isinstance(workspace.page, PatientPage)
    made = records.get(ward.session.database, Patient, str(workspace.page.patient_id))
    assert made is not None
    assert (made.national_id, made.birth_date) == (good, date(1990, 2, 1))
    assert made.temporary_number is None


def test_the_same_number_is_one_patient(qtbot: QtBot, workspace: Workspace, ward: Ward) -> None:
    setup.allow_synthetic_numbers(ward.session.database)
    aase = records.get(ward.session.database, Patient, AASE)
    assert aase is not None
    before = _count(ward)
    dialog = _open(qtbot, workspace)
    _type(qtbot, dialog, family_name="Annen", given_name="Navn", national_id=aase.national_id or "")
    for _ in range(2):
        _enter(qtbot, dialog)
        assert "Ødegård, Åse" in dialog.problem.text.text()
    assert _count(ward) == before
    dialog.reject()


def test_the_same_name_and_birth_date_is_a_warning_that_can_be_passed(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    before = _count(ward)
    dialog = _open(qtbot, workspace)
    _type(qtbot, dialog, family_name="ødegård", given_name="åse", birth_date="12.03.1962")
    _enter(qtbot, dialog)
    assert dialog.isVisible()
    assert "samme navn og fødselsdato" in dialog.problem.text.text()
    assert _count(ward) == before
    _enter(qtbot, dialog)
    assert _count(ward) == before + 1


def test_names_are_needed_and_a_date_must_be_one(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    dialog = _open(qtbot, workspace)
    _enter(qtbot, dialog)
    assert "Fornavn og etternavn" in dialog.problem.text.text()
    _type(qtbot, dialog, family_name="Moen", given_name="Ella", birth_date="31.02.1990")
    _enter(qtbot, dialog)
    assert "31.12.1980" in dialog.problem.text.text()
    assert sync_status.unsent(ward.session) == []


def test_nothing_is_cut_off_in_any_look(qtbot: QtBot, workspace: Workspace, theme: Theme) -> None:
    _open(qtbot, workspace)
    found = {look: problems_in(workspace, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
