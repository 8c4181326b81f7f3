"""Personer by keyboard on a real server: what is shown, what is done, and what one may not."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldapp.domain.codec import from_body
from fieldapp.domain.patients import Practitioner, Role
from fieldapp.domain.rights import Right, may
from tests.helpers.windows import LOOKS, problems_in
from tests.ui.office.conftest import Office, Scene
from tests.ui.office.test_page import said, wait_for
from ui.office.page import OfficePage
from ui.office.people_tab import PeopleTab
from ui.office.person_dialog import PasswordDialog, PersonDialog, ReopenDialog, roles_to_give
from ui.theme import Theme


def tab_of(page: OfficePage) -> PeopleTab:
    tab = page.tab
    assert isinstance(tab, PeopleTab)
    return tab


@pytest.fixture
def leader(office: Office, qtbot: QtBot) -> OfficePage:
    """The part Personer of a team leader's office."""
    page, _ = office(Role.TEAM_LEADER)
    page.show_for(tab="people")
    wait_for(qtbot, page, "Ansatte med konto")
    qtbot.waitUntil(lambda: tab_of(page).chosen is not None)
    return page


def person(scene: Scene, username: str) -> Practitioner:
    body = scene.body("practitioner", scene.number(username))
    assert body is not None
    return from_body(Practitioner, body)


def test_the_page_and_its_dialogs_are_whole_in_every_look(
    leader: OfficePage, qtbot: QtBot, theme: Theme, scene: Scene
) -> None:
    tab = tab_of(leader)
    found = {look: problems_in(leader, theme, *look) for look in LOOKS}
    tab.show_id(scene.number("kari"))
    for button in (tab.add, tab.change, tab.password):
        button.click()
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, PersonDialog | PasswordDialog)
        for look in LOOKS:
            found[look] += problems_in(dialog, theme, *look)
        dialog.reject()
    assert found == {look: [] for look in LOOKS}


def test_a_role_is_changed_with_a_reason_and_said_to_come_with_the_next_sync(
    leader: OfficePage, qtbot: QtBot, scene: Scene
) -> None:
    tab = tab_of(leader)
    tab.show_id(scene.number("kari"))
    tab.change.click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, PersonDialog)
    dialog.role.setCurrentIndex(dialog.role.findData("lar_staff"))
    dialog.try_accept()
    assert "Skriv hvorfor rollen endres." in said(dialog)
    assert person(scene, "kari").role is Role.CASE_MANAGER
    reason = dialog.reason.editor
    reason.setProperty("text", "Til LAR fra mandag")
    dialog.language.choose("nn")
    with qtbot.waitSignal(dialog.finished):
        dialog.try_accept()
    wait_for(qtbot, leader, "Det gjelder fra neste synk")
    assert (person(scene, "kari").role, person(scene, "kari").language) == (Role.LAR_STAFF, "nn")
    qtbot.waitUntil(lambda: tab.chosen is not None and tab.chosen.role == "lar_staff")


def test_a_new_password_is_shown_once_and_not_before_it_is_asked_for(
    leader: OfficePage, qtbot: QtBot, scene: Scene
) -> None:
    tab = tab_of(leader)
    tab.show_id(scene.number("kari"))
    tab.password.click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, PasswordDialog)
    assert "må logge inn med det nye passordet" in said(dialog)
    dialog.confirm_button.click()
    wait_for(qtbot, dialog, "Det vises bare nå")
    assert len(dialog.password.secret.text()) >= 16
    dialog.reject()


def test_a_new_person_gets_a_password_that_is_shown_once(
    leader: OfficePage, qtbot: QtBot, scene: Scene
) -> None:
    tab = tab_of(leader)
    tab.add.click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, PersonDialog)
    dialog.try_accept()
    assert "Skriv navnet." in said(dialog)
    dialog.name.editor.setProperty("text", "Liv Berg")
    dialog.username.editor.setProperty("text", "kari")
    dialog.try_accept()
    wait_for(qtbot, dialog, "Brukernavnet er i bruk")
    dialog.username.editor.setProperty("text", "liv")
    dialog.try_accept()
    wait_for(qtbot, dialog, "Det vises bare nå")
    dialog.reject()
    wait_for(qtbot, leader, "Personen er lagt til.")
    assert person(scene, "liv").name == "Liv Berg"


def test_a_leader_gives_no_role_with_more_rights_and_not_their_own(
    leader: OfficePage, qtbot: QtBot, scene: Scene
) -> None:
    tab = tab_of(leader)
    assert "recovery_officer" not in roles_to_give(Role.TEAM_LEADER)
    assert "administrator" not in roles_to_give(Role.TEAM_LEADER)
    chief = scene.team.add_user("sjef", Role.ADMINISTRATOR)
    tab.load()
    qtbot.waitUntil(lambda: chief in tab._people)
    tab.show_id(chief)
    assert tab.password.isHidden()
    assert "en administrator gjør dette" in said(leader)


def test_the_secretary_has_no_such_part(office: Office) -> None:
    page, _ = office(Role.SECRETARY)
    assert "people" not in page.names


def test_a_role_that_reads_no_patients_says_before_how_many_the_person_follows(
    leader: OfficePage, qtbot: QtBot, scene: Scene, theme: Theme
) -> None:
    tab = tab_of(leader)
    tab.show_id(scene.number("nils"))
    chosen = tab.chosen
    assert chosen is not None
    assert chosen.patients > 0
    tab.change.click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, PersonDialog)
    assert "Rollen leser ikke pasienter" not in said(dialog)
    dialog.role.setCurrentIndex(dialog.role.findData("secretary"))
    assert dialog.warning.isVisible() == (not may(Role.SECRETARY, Right.READ_PATIENTS))
    dialog.role.setCurrentIndex(dialog.role.findData("auditor"))
    if dialog.role.currentData() != "auditor":
        dialog.role.addItem("Kontroll", "auditor")
        dialog.role.setCurrentIndex(dialog.role.findData("auditor"))
    assert f"følger {chosen.patients} pasient" in said(dialog)
    found = {look: problems_in(dialog, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    dialog.role.setCurrentIndex(dialog.role.findData("lar_staff"))
    assert not dialog.warning.isVisible()
    dialog.reject()


def test_a_closed_account_is_opened_again_for_a_reason(
    leader: OfficePage, qtbot: QtBot, scene: Scene, theme: Theme
) -> None:
    scene.team.admin.set_active("kari", False)
    tab = tab_of(leader)
    tab.load()
    tab.show_id(scene.number("kari"))
    qtbot.waitUntil(lambda: tab.chosen is not None and not tab.chosen.active)
    qtbot.waitUntil(tab.reopen.isVisible)
    tab.reopen.click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ReopenDialog)
    found = {look: problems_in(dialog, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    dialog.try_accept()
    assert "Skriv hvorfor." in said(dialog)
    dialog.reason.setText("Tilbake fra permisjon")
    with qtbot.waitSignal(dialog.finished):
        dialog.try_accept()
    wait_for(qtbot, leader, "Kontoen er åpen igjen.")
    assert person(scene, "kari").active
    qtbot.waitUntil(lambda: tab.chosen is not None and tab.chosen.active)
    assert not tab.reopen.isVisible()
