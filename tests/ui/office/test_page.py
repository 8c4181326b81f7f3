"""The office by keyboard on a real server: what is shown, what is done, and what is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.clock import to_iso
from fieldapp.domain.patients import Role
from fieldapp.ids import new_id
from fieldapp.store.state import CourierKeys, Enrolment, remember_enrolment
from sync.protocol.claims import ClaimName, ClaimsRequest
from sync.protocol.errors import LoginExpiredError, OfflineError
from sync.protocol.messages import LogLine, LogPart
from sync.server.assignments import assign
from sync.server.storage.storage import Storage
from sync.server.storage.values import NewVersion
from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import NOW, SOLVEIG, Ward
from tests.helpers.windows import LOOKS, no_sync, problems_in
from tests.sync.server.conftest import embedded
from tests.sync.server.desk import draft, exchange, office_log
from tests.sync.server.orders import order_body
from tests.sync.server.running import Running
from tests.sync.server.team import KEY, change, patient
from tests.sync.test_courier import Field
from tests.ui.office.conftest import (
    Office,
    Scene,
    deliver_after_changes,
    hand_out_twice,
    propose,
    stop_something,
)
from ui.office.closing_dialog import ClosingDialog
from ui.office.courier_tab import CourierTab
from ui.office.drafts_tab import DraftsTab
from ui.office.duplicates_tab import DuplicatesTab
from ui.office.enrol_dialog import EnrolDialog
from ui.office.overview_tab import OverviewTab
from ui.office.page import OfficePage
from ui.office.parked_tab import ParkedTab
from ui.office.patients_tab import PatientsTab
from ui.office.proposals_tab import ProposalsTab
from ui.office.rules_tab import RulesTab
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.widgets import ConfirmDialog, Dialog
from ui.workspace import Workspace

__all__ = ["embedded"]

PARTS = ("overview", "parked", "patients", "duplicates", "proposals", "courier", "rules")


def said(widget: QWidget) -> str:
    settle()
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def wait_for(qtbot: QtBot, widget: QWidget, words: str) -> None:
    qtbot.waitUntil(lambda: words in said(widget))


def press(key: str) -> None:
    """A key, given to whatever has the focus."""
    target = QApplication.focusWidget()
    assert target is not None
    combination = QKeySequence(key)[0]  # type: ignore[index]
    QTest.keyClick(target, combination.key(), combination.keyboardModifiers())


def write(words: str) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClicks(target, words)


def tab_to(widget: QWidget) -> None:
    """Go there with Tab alone."""
    for _ in range(60):
        if QApplication.focusWidget() is widget:
            return
        press("Tab")
    raise AssertionError(f"Tab never comes to {widget.objectName()}")


def open_dialog(kind: type[Dialog]) -> Dialog:
    settle()
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, kind)]
    shown = [one for one in found if one.isVisible()]
    assert len(shown) == 1
    return shown[0]


def part(page: OfficePage, kind: type[QWidget]) -> QWidget:
    assert isinstance(page.tab, kind)
    return page.tab


# --- every part, in every look


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_named_and_nothing_is_cut_off_in_any_look(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme, name: str
) -> None:
    stop_something(scene)
    deliver_after_changes(scene)
    scene.kari.push(change(patient("p1-again")))
    page, road = office(Role.TEAM_LEADER, name)
    qtbot.waitUntil(lambda: road.calls > 0 or name == "courier")
    qtbot.waitUntil(lambda: "Henter fra serveren" not in said(page))
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_a_role_without_the_office_is_told_so_and_asks_the_server_nothing(office: Office) -> None:
    page, road = office(Role.PEER)
    assert "ikke for din rolle" in said(page)
    assert road.calls == 0


# --- the overview


def test_those_with_visits_since_their_last_sync_stand_first_with_what_they_reported(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    exchange(scene.team, scene.nils, waiting=12, drafts_unsent=1, pull=True)
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    tab = part(page, OverviewTab)
    assert isinstance(tab, OverviewTab)
    tab.rows.select_id(f"{scene.number('nils')}/{scene.nils.enrolled.device_id}")
    words = said(tab)
    assert "saksansvarlig · Feltbærbar 3" in words
    assert "12" in words
    assert "1 på laptopen, 0 hos serveren" in words


def test_a_dose_given_twice_stands_above_everything_with_patient_and_authors_in_any_look(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme
) -> None:
    hand_out_twice(scene)
    page, _ = office()
    wait_for(qtbot, page, "Samme dose kan være gitt to ganger")
    words = said(page)
    assert "1 åpen sikkerhetssak" in words
    assert "Bråten, Åse" in words
    assert "Nils" in words
    assert "Kari" in words
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_a_laptop_is_shut_out_only_after_reason_checklist_and_its_typed_name(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    exchange(scene.team, scene.nils, waiting=3)
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    tab = part(page, OverviewTab)
    assert isinstance(tab, OverviewTab)
    tab.rows.select_id(f"{scene.number('nils')}/{scene.nils.enrolled.device_id}")
    tab_to(tab.revoke)
    press("Space")
    dialog = open_dialog(ClosingDialog)
    wait_for(qtbot, dialog, "3 endringer ligger bare på laptopen og går tapt")
    qtbot.waitUntil(lambda: dialog.confirm_button.isEnabled())

    def shut_out() -> bool:
        with scene.team.storage.read() as transaction:
            device = transaction.accounts.device(scene.nils.enrolled.device_id)
        assert device is not None
        return device.revoked

    press("Ctrl+Return")  # no reason yet
    assert "Skriv hvorfor" in said(dialog)
    write("Mistet på toget")
    press("Ctrl+Return")  # on to the second step
    settle()
    for _ in range(3):
        press("Ctrl+Return")  # a finger that slips does nothing
    settle()
    assert not shut_out()
    assert "Ingenting er gjort" in said(dialog)
    write("Feltbærbar 3")
    press("Ctrl+Return")
    wait_for(qtbot, page, "meldt tapt")
    assert shut_out()


def test_a_one_time_code_is_made_when_asked_for_twice_and_shown_once(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    tab = part(page, OverviewTab)
    assert isinstance(tab, OverviewTab)
    tab.rows.select_id(f"{scene.number('kari')}/{scene.kari.enrolled.device_id}")
    tab_to(tab.enrol)
    press("Space")
    dialog = open_dialog(EnrolDialog)
    assert isinstance(dialog, EnrolDialog)
    press("Ctrl+Return")
    qtbot.waitUntil(dialog.code.isVisible)
    with scene.team.storage.read() as transaction:
        user = transaction.accounts.user_named("kari")
    assert user is not None
    assert len(dialog.code.text()) >= 8
    press("Escape")


# --- no line


def test_without_a_line_one_calm_sentence_stands_there_and_a_key_tries_again(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    del scene
    page, road = office()
    wait_for(qtbot, page, "3 laptoper")
    road.trouble = OfflineError()
    press("F5")
    wait_for(qtbot, page, "Prøv igjen om litt")
    assert "3 laptoper" in said(page)  # what was there stays
    road.trouble = None
    again = page.findChild(QPushButton, "officeAgain")
    assert again is not None
    tab_to(again)
    press("Space")
    qtbot.waitUntil(lambda: "Prøv igjen om litt" not in said(page))


def test_a_login_that_has_run_out_leads_to_the_sync_page(qtbot: QtBot, office: Office) -> None:
    page, road = office()
    wait_for(qtbot, page, "3 laptoper")
    road.trouble = LoginExpiredError()
    press("F5")
    wait_for(qtbot, page, "utløpt")
    login = page.findChild(QPushButton, "officeLogin")
    assert login is not None
    login.click()
    assert page.context.navigate.places[-1][0] == "sync"  # type: ignore[attr-defined]


def test_what_was_typed_stays_when_the_server_could_not_be_reached(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    page, road = office(tab="parked")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    wait_for(qtbot, tab, "Det samme er endret")
    road.trouble = OfflineError()
    tab.reason.setFocus()
    write("Avklart")
    tab_to(tab.store)
    press("Space")
    wait_for(qtbot, page, "Prøv igjen om litt")
    assert tab.reason.text() == "Avklart"
    assert scene.open_parked() == 2
    road.trouble = None
    press("F5")
    qtbot.waitUntil(lambda: "Prøv igjen om litt" not in said(page))
    assert tab.reason.text() == "Avklart"


# --- what was stopped


def test_what_was_delivered_after_a_change_stands_there_with_its_reason(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    deliver_after_changes(scene)
    page, _ = office(tab="parked")
    wait_for(qtbot, page, "Levert på tross av endringer")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    rows = [tab.flagged.rows.row(number) for number in range(tab.flagged.rows.rowCount())]
    assert [row.title for row in rows] == [
        "Bråten, Åse · Ordinasjonen var endret eller stoppet",
        "Bråten, Åse · Pasienten var ikke lenger tildelt",
    ]
    assert rows[0].detail.startswith("Utlevering · Nils · Feltbærbar 3 · ")
    assert rows[1].detail.startswith("Notat · Kari · Feltbærbar 3 · ")


def test_nothing_delivered_after_a_change_shows_no_empty_list(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, road = office(tab="parked")
    wait_for(qtbot, page, "Ingenting er stoppet")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    qtbot.waitUntil(lambda: road.calls == 2 and tab.is_quiet())
    assert "Levert på tross av endringer" not in said(page)


def test_a_conflict_shows_both_sides_and_only_the_field_that_differs(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    page, _ = office(tab="parked")
    wait_for(qtbot, page, "Det samme er endret")
    words = said(page)
    assert "Fjellveien 8" in words
    assert "Lia 4" in words
    assert "900 11 222" not in words


def test_both_sides_say_who_wrote_them_when_and_on_which_laptop(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    page, _ = office(tab="parked")
    wait_for(qtbot, page, "Det samme er endret")
    words = said(page)
    assert "Fra laptopen\nNils · 09:40 · Feltbærbar 3" in words
    assert "På serveren nå\nNils · 09:40 · Feltbærbar 3" in words


def test_where_the_author_has_asked_for_help_a_mark_says_so_and_it_comes_first(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    line = LogLine(
        sequence=1,
        at=to_iso(NOW),
        actor_id=scene.number("nils"),
        action="hand_over",
        kind="note",
        record_id="n1",
        patient_id="p1",
    )
    exchange(scene.team, scene.nils, log=LogPart(after="", lines=[line]))
    page, _ = office(tab="parked")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    wait_for(qtbot, tab, "Nils har bedt kontoret om å gjøre det opp")
    assert [tag.text for tag in tab.rows.rows.row(0).tags] == ["Vil ha hjelp", "Konflikt"]
    assert [tag.text for tag in tab.rows.rows.row(1).tags] == ["Konflikt"]


def test_the_laptops_side_is_stored_with_a_reason_and_no_reason_stores_nothing(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    page, _ = office(tab="parked")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    wait_for(qtbot, tab, "Det samme er endret")
    tab.rows.setFocus()
    press("Return")
    assert QApplication.focusWidget() is tab.reason
    tab_to(tab.store)
    press("Space")
    assert "Skriv hvorfor" in said(tab)
    assert scene.open_parked() == 2
    write("Avklart med Nils på telefon")
    tab_to(tab.store)
    press("Space")
    wait_for(qtbot, tab, "får vite det ved neste synk")
    assert scene.open_parked() == 1
    found = scene.body("patient", "p1")
    assert found is not None
    assert found["address"] == "Fjellveien 8"


def test_the_servers_side_can_be_kept_for_an_edit(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    page, _ = office(tab="parked")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    wait_for(qtbot, tab, "Det samme er endret")
    tab.reason.setFocus()
    write("Gammel adresse")
    tab_to(tab.keep)
    press("Space")
    wait_for(qtbot, tab, "får vite det ved neste synk")
    found = scene.body("patient", "p1")
    assert found is not None
    assert found["address"] == "Lia 4"


def test_a_field_is_corrected_by_keyboard_and_stored_as_it_was_typed(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    page, _ = office(tab="parked")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    wait_for(qtbot, tab, "Det samme er endret")
    tab.reason.setFocus()
    write("Ny adresse fra pasienten")
    tab_to(tab.edit)
    press("Space")
    settle()
    focused = QApplication.focusWidget()
    assert isinstance(focused, QLineEdit)
    assert focused.accessibleName() == "Adresse"
    press("Ctrl+A")
    write("Nyveien 1")
    tab_to(tab.store)
    press("Space")
    wait_for(qtbot, tab, "får vite det ved neste synk")
    found = scene.body("patient", "p1")
    assert found is not None
    assert found["address"] == "Nyveien 1"


def test_something_that_happened_can_only_be_stored(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    stop_something(scene)
    page, _ = office(tab="parked")
    tab = part(page, ParkedTab)
    assert isinstance(tab, ParkedTab)
    wait_for(qtbot, tab, "Det samme er endret")
    tab.rows.setFocus()
    press("Down")
    assert "under samme nummer" in said(tab)
    assert not tab.keep.isVisible()
    assert "Den andre" in said(tab)


# --- patients


def test_a_patient_is_moved_from_one_to_another_and_is_never_without_a_follower(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, _ = office(tab="patients")
    tab = part(page, PatientsTab)
    assert isinstance(tab, PatientsTab)
    qtbot.waitUntil(lambda: tab.rows.rows.rowCount() == 2)
    tab.focus_first()
    write("Bråten")
    qtbot.waitUntil(lambda: tab.rows.rows.rowCount() == 1)
    tab.show_id(scene.number("kari"))
    qtbot.waitUntil(lambda: tab.person.currentData() == scene.number("kari"))
    tab_to(tab.move_button)
    press("Space")
    wait_for(qtbot, tab, "er flyttet fra Nils til Kari")
    assert scene.followers("p1") == {"kari"}


def test_the_last_follower_is_taken_away_only_after_a_question(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, _ = office(tab="patients")
    tab = part(page, PatientsTab)
    assert isinstance(tab, PatientsTab)
    qtbot.waitUntil(lambda: tab.rows.rows.rowCount() == 2)
    tab.rows.select_id("p1")
    tab_to(tab.take)
    press("Space")
    dialog = open_dialog(ConfirmDialog)
    assert "ingen som følger pasienten" in said(dialog)
    press("Escape")
    settle()
    assert scene.followers("p1") == {"nils"}
    with qtbot.waitActive(page):  # no window manager gives the window its keys back
        page.activateWindow()
    tab_to(tab.take)
    press("Space")
    open_dialog(ConfirmDialog)
    press("Ctrl+Return")
    wait_for(qtbot, tab, "følges ikke lenger av Nils")
    assert scene.followers("p1") == set()


# --- duplicates


def test_two_records_of_one_person_are_joined_by_choice_reason_and_question(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    number = "01028100000"
    scene.nils.push(change(patient("p3", national_id=number)))
    scene.kari.push(change(patient("p4", national_id=number)))
    page, _ = office(tab="duplicates")
    tab = part(page, DuplicatesTab)
    assert isinstance(tab, DuplicatesTab)
    wait_for(qtbot, tab, "Samme fødselsnummer")
    tab.rows.setFocus()
    press("Return")
    press("2")
    tab.reason.setFocus()
    write("Avklart med fastlegen")
    tab_to(tab.join)
    press("Space")
    dialog = open_dialog(ConfirmDialog)
    assert QApplication.focusWidget() is dialog.cancel_button
    press("Ctrl+Return")
    wait_for(qtbot, tab, "Slått sammen til")
    bodies = [scene.body("patient", one) for one in ("p3", "p4")]
    assert sum(1 for body in bodies if body is not None and body.get("replaced_by")) == 1


# --- proposals


def test_a_prescriber_declines_a_wish_about_an_order_of_their_patient_with_words(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    propose(scene)
    page, _ = office(Role.PRESCRIBER)
    with scene.team.storage.write() as transaction:
        assign(
            transaction,
            user_id=scene.number(f"kontor{Role.PRESCRIBER.value}"),
            patient_id="p1",
            primary=False,
            now=scene.team.clock.now(),
            new_id=new_id,
        )
    press("F5")
    tab = part(page, ProposalsTab)
    assert isinstance(tab, ProposalsTab)
    wait_for(qtbot, tab, "Foreslått av Nils")
    assert "apotek" in said(tab)
    assert "hjemme" in said(tab)
    tab.rows.setFocus()
    press("Return")
    tab_to(tab.decline)
    press("Space")
    assert "Skriv hvorfor" in said(tab)
    write("Hun får den hjemme")
    tab_to(tab.decline)
    press("Space")
    wait_for(qtbot, tab, "Avslått")
    found = scene.body("medication_request", "o1")
    assert found is not None
    assert found["place"] == "home"


def test_a_team_leader_sees_that_a_wish_about_an_order_waits_and_cannot_decide_it(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    propose(scene)
    page, _ = office(Role.TEAM_LEADER, "proposals")
    tab = part(page, ProposalsTab)
    assert isinstance(tab, ProposalsTab)
    wait_for(qtbot, tab, "Forordninger avgjøres av lege")
    assert not tab.accept.isVisible()
    assert not tab.decline.isVisible()


# --- courier files


@pytest.fixture
def field(embedded: Storage, tmp_path: Path) -> Iterator[Field]:
    """A laptop without a network that has written a day's work on a stick."""
    folder = tmp_path / "field"
    folder.mkdir()
    made = Field(embedded, folder)
    yield made
    made.database.close()


def test_a_courier_file_is_taken_in_and_its_receipt_lies_beside_it(
    qtbot: QtBot, office: Office, field: Field
) -> None:
    field.a_days_work()
    (path,) = field.write().paths
    page, _ = office(tab="courier", team=field.team)
    tab = part(page, CourierTab)
    assert isinstance(tab, CourierTab)
    tab.open_file(path)
    wait_for(qtbot, tab, "7 mottatt · 0 fra før · 0 til gjennomgang")
    receipt = path.with_suffix(".kvittering")
    assert field.read(receipt.read_bytes()).stored == 7
    tab.open_file(path)  # giving it in twice does no harm
    wait_for(qtbot, tab, "0 mottatt · 7 fra før · 0 til gjennomgang")


def test_a_courier_file_of_a_laptop_that_was_shut_out_goes_to_review(
    qtbot: QtBot, office: Office, field: Field
) -> None:
    field.a_days_work()
    (path,) = field.write().paths
    with field.storage.write() as transaction:
        transaction.accounts.revoke_device(field.enrolment.device_id)
    page, _ = office(tab="courier", team=field.team)
    tab = part(page, CourierTab)
    assert isinstance(tab, CourierTab)
    tab.open_file(path)
    wait_for(qtbot, tab, "0 mottatt · 0 fra før · 7 til gjennomgang")
    press("Ctrl+2")
    parked = part(page, ParkedTab)
    wait_for(qtbot, parked, "tilbaketrukket")


def test_a_receipt_that_cannot_be_put_on_the_stick_is_kept_until_it_has_a_place(
    qtbot: QtBot, office: Office, field: Field, tmp_path: Path
) -> None:
    field.a_days_work()
    (path,) = field.write().paths
    path.with_suffix(".kvittering").mkdir()  # nothing can be written under this name
    page, _ = office(tab="courier", team=field.team)
    tab = part(page, CourierTab)
    assert isinstance(tab, CourierTab)
    tab.open_file(path)
    wait_for(qtbot, tab, "Velg et annet sted")
    assert tab.save.isVisible()
    tab._keep(tmp_path / "her.kvittering")
    assert field.read((tmp_path / "her.kvittering").read_bytes()).stored == 7


def test_a_file_that_is_no_courier_file_is_refused_in_words(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    page, _ = office(Role.ADMINISTRATOR, "rules")
    del page
    page, _ = office(tab="courier")
    tab = part(page, CourierTab)
    assert isinstance(tab, CourierTab)
    path = tmp_path / "bilde.kurer"
    path.write_bytes(b"not a courier file")
    tab.open_file(path)
    wait_for(qtbot, tab, "Ingenting er tatt imot")
    assert not path.with_suffix(".kvittering").exists()


# --- drafts of a lost laptop


def test_drafts_of_others_are_read_by_the_recovery_role_alone_and_only_with_a_reason(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme
) -> None:
    exchange(scene.team, scene.nils, drafts=(draft(text="Uferdig om dagen"),))
    page, _ = office(Role.RECOVERY_OFFICER, "drafts")
    tab = part(page, DraftsTab)
    assert isinstance(tab, DraftsTab)
    qtbot.waitUntil(lambda: tab.person.count() > 0)
    tab.person.setCurrentIndex(tab.person.findData(scene.number("nils")))
    tab_to(tab.fetch)
    press("Space")
    assert "Skriv hvorfor" in said(tab)
    assert "Uferdig" not in said(tab)
    write("Laptopen er stjålet")
    tab_to(tab.fetch)
    press("Space")
    wait_for(qtbot, tab, "Uferdig om dagen")
    assert office_log(scene.team)[0].reason == "Laptopen er stjålet"
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    page.show_for(tab="drafts")  # what was read does not stay on the screen
    assert "Uferdig om dagen" not in said(tab)


# --- over a real line


def test_the_office_works_over_the_laptops_own_line_and_says_when_it_breaks(
    qtbot: QtBot, ward: Ward, scene: Scene, tasks: TaskRunner, theme: Theme
) -> None:
    server = Running(scene.team.storage)
    try:
        scene.team.add_user("solveig", Role.SECRETARY)
        enrolled = scene.team.enrol("solveig")
        remember_enrolment(
            ward.session.database,
            Enrolment(
                server_url=f"http://127.0.0.1:{server.port}",
                server_id="server-1",
                device_id=enrolled.device_id,
                device_secret=enrolled.device_secret,
                user=SOLVEIG,
                token=enrolled.token,
                token_expires_at=enrolled.expires_at,
                courier=CourierKeys(KEY.private_bytes_raw().hex(), "", ""),
            ),
        )
        session = replace(ward.session, user=SOLVEIG)
        page = OfficePage(make_context(session, tasks, theme))
        show_page(qtbot, page)
        wait_for(qtbot, page, "3 laptoper")
    finally:
        server.stop()
    press("F5")
    wait_for(qtbot, page, "Kontoret trenger forbindelse")


def test_a_laptop_without_a_server_is_told_so_and_nothing_breaks(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    session = replace(ward.session, user=SOLVEIG)
    page = OfficePage(make_context(session, tasks, theme))
    show_page(qtbot, page)
    assert "ikke knyttet til en server" in said(page)


# --- the rail


def test_the_office_stands_in_the_rail_for_those_who_may_work_there(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    found = {}
    for role in (Role.PEER, Role.SECRETARY):
        session = replace(ward.session, user=replace(SOLVEIG, role=role))
        workspace = Workspace(session, tasks, theme, no_sync)
        qtbot.addWidget(workspace)
        found[role] = workspace.findChild(QWidget, "rail_office") is not None
    assert found == {Role.PEER: False, Role.SECRETARY: True}


def test_days_that_somebody_has_reserved_are_shown_where_a_patient_is_given_away(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    with scene.team.storage.write() as transaction:
        transaction.records.put(
            NewVersion(
                "medication_request",
                "o1",
                "p1",
                order_body("o1", "p1"),
                False,
                None,
                None,
                to_iso(NOW),
            )
        )
    today = ClaimName(patient_id="p1", group="opioid", unit=NOW.date().isoformat())
    assert scene.nils.service.claims(ClaimsRequest(now=NOW, wanted=[today])).granted
    page, _ = office(tab="patients")
    tab = part(page, PatientsTab)
    assert isinstance(tab, PatientsTab)
    qtbot.waitUntil(lambda: tab.rows.rows.rowCount() == 2)
    tab.rows.select_id("p1")
    wait_for(qtbot, page, "Reserverte utdelingsdager blir hos den som har dem")
    assert "Nils, tlf. telefon ikke oppgitt · Feltbærbar 3" in tab.claims.text.text()
    tab.rows.select_id("p2")
    settle()
    assert not tab.claims.isVisible()


# --- rules


def test_an_administrator_decides_and_the_others_read(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, road = office(Role.ADMINISTRATOR, "rules")
    tab = part(page, RulesTab)
    assert isinstance(tab, RulesTab)
    wait_for(qtbot, tab, "Sendefil på minnepinne er tillatt")
    tab.focus_first()
    tab_to(tab.courier.buttons()[0])
    press("Space")
    tab_to(tab.store)
    press("Space")
    wait_for(qtbot, tab, "Reglene er lagret")
    assert road.service.rules().courier_allowed
    del scene


def test_the_rules_of_handing_out_are_decided_and_read_at_the_office(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, road = office(Role.ADMINISTRATOR, "rules")
    tab = part(page, RulesTab)
    assert isinstance(tab, RulesTab)
    wait_for(qtbot, tab, "Lengste tur")
    wished = {
        "service_day_begins": "07:00",
        "pull_max_age_hours": 24,
        "longest_trip_days": 5,
        "two_person_register": True,
        "witness_required": True,
        "folder_export_allowed": True,
        "lock_minutes": 2,
        "etreat_hours": 48,
        "btg_hours": 4,
    }
    for field, value in wished.items():
        tab.choice(field).choose(value)
    tab_to(tab.store)
    press("Space")
    wait_for(qtbot, tab, "Reglene er lagret")
    decided = road.service.rules()
    assert {field: getattr(decided, field) for field in wished} == wished
    page, _ = office(tab="rules")
    for words in (
        "begynner: kl. 07:00",
        "synk: 24 timer",
        "tur: 5 dager",
        "av to: ja",
        "bruk etter: 2 minutter",
    ):
        wait_for(qtbot, page, words)
    del scene


def test_a_secretary_reads_the_rules_without_anything_to_press(
    qtbot: QtBot, office: Office
) -> None:
    page, _ = office(tab="rules")
    wait_for(qtbot, page, "Sendefil på minnepinne er tillatt: nei")
    store = page.findChild(QPushButton, "rulesStore")
    assert store is not None
    assert not store.isVisible()


# --- keys


def test_the_parts_are_reached_by_their_numbers(qtbot: QtBot, office: Office) -> None:
    page, _ = office()
    for number, name in enumerate(page.names, start=1):
        press(f"Ctrl+{number}")
        assert page.names[page.tabs.currentIndex()] == name
        settle()
