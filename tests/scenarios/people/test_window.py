"""The real window, stores and server: one person leaves, another comes, a third one sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door
from fieldapp.clock import SystemClock
from fieldapp.domain.patients import Patient, Role
from fieldapp.security import escrow
from fieldapp.security.errors import EscrowNotAskedError, WrongSecretError
from fieldapp.security.escrow import EscrowRequest
from fieldapp.services import settings
from fieldapp.services.session import Session
from fieldapp.store import audit, outbox, records
from tests.helpers.server_process import PASSWORD
from tests.helpers.windows import LOOKS, problems_in, show_active
from tests.scenarios.people.shared_laptop import PHRASES, SharedLaptop, sign_note
from ui.changes import ChangeBus
from ui.context import SyncControl
from ui.main_window import MainWindow
from ui.people.chooser import ChooserPage, SendChooserPage
from ui.people.people import People
from ui.people.send_page import SendPage
from ui.recovery.key_paper import KeyPaper
from ui.recovery.keys import keys_of
from ui.setup.page import SetupPage
from ui.shots import settle
from ui.sync.connection import HttpConnection
from ui.sync.coordinator import SyncCoordinator
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.workspace import Workspace

MARKER = "Xqmarkørtekst"
Start = Callable[[], tuple[MainWindow, People]]


@pytest.fixture
def start(qtbot: QtBot, shared: SharedLaptop, tasks: TaskRunner, theme: Theme) -> Iterator[Start]:
    """Begins the program as `ui.app.main` does, before the question who is there."""
    windows: list[MainWindow] = []
    lines: list[HttpConnection] = []

    def make_sync(session: Session, runner: TaskRunner, changes: ChangeBus) -> SyncControl:
        """As `ui.app.make_sync`; the lines are closed at the end of the test."""
        lines.append(HttpConnection(session))
        return SyncCoordinator(session, lines[-1], runner, changes)

    def begin() -> tuple[MainWindow, People]:
        window = MainWindow(None, tasks, theme, make_sync)
        qtbot.addWidget(window)

        def first_start() -> None:
            page = SetupPage(shared.door, tasks, window, others=list(PHRASES)[:2])
            page.back_wanted.connect(window.other_user_wanted)
            window.stand(page)

        people = People(
            window, shared.folder, shared.door, shared.door, first_start, tasks, SystemClock()
        )
        people.choose()
        show_active(qtbot, window)
        windows.append(window)
        return window, people

    yield begin
    for window in windows:
        window.close()
    for line in lines:
        line.close()


@pytest.fixture
def patient(shared: SharedLaptop) -> Patient:
    """Kari's alone."""
    shared.add("kari")
    shared.add("ola")
    made = shared.server.office.add_patient()
    shared.server.admin.assign("kari", made.id, primary=True)
    return made


def said(widget: QWidget) -> str:
    """Every word in a window, in labels and in fields."""
    settle()
    labels = [label.text() for label in widget.findChildren(QLabel)]
    fields = [field.text() for field in widget.findChildren(QLineEdit)]
    texts = [field.toPlainText() for field in widget.findChildren(QPlainTextEdit)]
    buttons = [button.text() for button in widget.findChildren(QPushButton)]
    return "\n".join([*labels, *fields, *texts, *buttons])


def choose(window: MainWindow, username: str) -> None:
    """Choose a name by keyboard."""
    page = window.centralWidget()
    assert isinstance(page, ChooserPage | SendChooserPage)
    page.rows.select_id(username)
    QTest.keyClick(page.rows, Qt.Key.Key_Return)


def unlock(qtbot: QtBot, window: MainWindow, username: str) -> Workspace:
    """Choose a name, type the passphrase, wait for the first sync."""
    choose(window, username)
    field = window.findChildren(QLineEdit)[0]
    QTest.keyClicks(field, PHRASES[username])
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.workspace is not None, timeout=20_000)
    workspace = window.workspace
    assert workspace is not None
    qtbot.waitUntil(
        lambda: not workspace.context.sync.running and workspace.context.sync.state.online,
        timeout=20_000,
    )
    return workspace


def prove(paper: KeyPaper) -> str:
    """Type the two groups from the paper; return the key."""
    key = paper.shown.text().replace(" ", "-")
    paper.written.click()
    for number, field in zip(paper.numbers, paper.fields, strict=True):
        assert isinstance(field.editor, QLineEdit)
        field.editor.setText(key.split("-")[number - 1])
    paper.check.click()
    return key


def sync_now(qtbot: QtBot, workspace: Workspace) -> None:
    with qtbot.waitSignal(workspace.context.sync.finished, timeout=20_000):
        workspace.context.sync.sync_now()
    settle()


def test_nothing_of_one_person_is_in_the_window_or_the_clipboard_of_the_next(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start
) -> None:
    window, people = start()
    window.locked.connect(lambda: QApplication.clipboard().clear())  # as `ui.app.watch` does
    kari = unlock(qtbot, window, "kari")
    sync_now(qtbot, kari)
    session = kari.context.session
    sign_note(session, patient.id, MARKER)
    kari.navigate("patient", patient_id=patient.id, tab="notes")
    settle()
    assert patient.family_name in said(window)
    kari.top_bar.search.begin()
    search = QApplication.focusWidget()
    assert search is not None
    QTest.keyClicks(search, patient.family_name)
    QApplication.clipboard().setText(MARKER)
    settings.put(session, settings.TEXT_SCALE, "125")
    window.lock()
    qtbot.waitUntil(lambda: window.is_free)
    window.other_user_wanted.emit()
    page = window.centralWidget()
    assert isinstance(page, ChooserPage)
    assert MARKER not in said(window)
    assert patient.family_name not in said(window)
    ola = unlock(qtbot, window, "ola")
    sync_now(qtbot, ola)
    for name in ("today", "patients", "sync", "settings", "handout"):
        ola.navigate(name)
        assert MARKER not in said(window)
        assert patient.family_name not in said(window)
    ola.go_back()
    assert patient.family_name not in said(window)
    ola.top_bar.search.begin()
    settle()
    assert patient.family_name not in said(window)
    assert MARKER not in QApplication.clipboard().text()
    assert settings.get(ola.context.session, settings.TEXT_SCALE) == ""
    assert records.get(ola.context.session.database, Patient, patient.id) is None
    window.lock()
    qtbot.waitUntil(lambda: window.is_free)


def test_after_somebody_has_worked_another_person_gets_a_fresh_process(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start
) -> None:
    window, _ = start()
    asked: list[None] = []
    window.end_wanted.connect(lambda: asked.append(None))
    window.other_user_wanted.emit()
    assert not asked  # nobody was here yet
    unlock(qtbot, window, "kari")
    window.lock()
    qtbot.waitUntil(lambda: window.is_free)
    window.other_user_wanted.emit()
    assert len(asked) == 1


def test_a_colleagues_work_is_sent_from_the_window_and_no_page_of_hers_is_built(
    qtbot: QtBot,
    shared: SharedLaptop,
    patient: Patient,
    start: Start,
    theme: Theme,
) -> None:
    shared.server.admin.add_user("gro", "Gro Vakt", Role.RECOVERY_OFFICER, PASSWORD)
    door, kari = shared.unlocked("kari")
    note = sign_note(kari, patient.id, MARKER)
    door.lock()
    window, people = start()
    chooser = window.centralWidget()
    assert isinstance(chooser, ChooserPage)
    chooser.send.click()
    choose(window, "kari")
    page = window.centralWidget()
    assert isinstance(page, SendPage)
    key = page.findChild(QLineEdit, "sendKey")
    assert QApplication.focusWidget() is key
    username = page.findChild(QLineEdit, "sendUsername")
    password = page.findChild(QLineEdit, "sendPassword")
    assert key is not None
    assert username is not None
    assert password is not None
    key.setText(shared.recovery["ola"])
    page.go_on.click()
    qtbot.waitUntil(lambda: "Nøkkelen åpner ikke dette lageret" in said(page), timeout=20_000)
    key.setText(shared.recovery["kari"])
    page.go_on.click()
    qtbot.waitUntil(lambda: "1 · Notat" in said(page), timeout=20_000)
    assert key.text() == ""
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    username.setText("ola")
    password.setText(PASSWORD)
    page.go_on.click()
    qtbot.waitUntil(lambda: "Rollen din kan ikke sende for andre" in said(page), timeout=20_000)
    assert shared.server.office.version("note", note) == 0
    username.setText("gro")
    password.setText(PASSWORD)
    page.go_on.click()
    qtbot.waitUntil(lambda: "1 er lagret på serveren" in said(page), timeout=20_000)
    assert shared.server.office.version("note", note) > 0
    assert "Sendt av Gro Vakt" in said(page)
    everything = said(window)
    assert MARKER not in everything
    assert patient.family_name not in everything
    assert window.workspace is None
    with pytest.raises(AssertionError):
        window.enter()  # there is no door in use to enter by
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    page.leave.click()
    # The key was used, so a new one stands on paper before the store is closed.
    paper = page.findChild(KeyPaper)
    assert paper is not None
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    new_key = prove(paper)
    qtbot.waitUntil(lambda: "Den nye nøkkelen gjelder" in said(page), timeout=20_000)
    page.leave.click()
    assert isinstance(window.centralWidget(), ChooserPage)
    door, kari = shared.unlocked("kari")  # the store was closed
    assert outbox.counts(kari.database).waiting == 0
    assert door.rescue.key_due() is None
    door.lock()
    with pytest.raises(WrongSecretError):
        door.open_for_sending(shared.recovery["kari"])
    door.open_for_sending(new_key)
    door.lock()


def test_a_used_key_that_was_not_replaced_is_asked_for_when_its_owner_comes_back(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start, tasks: TaskRunner
) -> None:
    window, people = start()
    people._send_for("kari")
    page = window.centralWidget()
    assert isinstance(page, SendPage)
    key = page.findChild(QLineEdit, "sendKey")
    assert key is not None
    key.setText(shared.recovery["kari"])
    page.go_on.click()
    qtbot.waitUntil(page.unattended.isActive, timeout=20_000)
    page.leave.click()
    page.leave.click()  # without a new one
    assert isinstance(window.centralWidget(), ChooserPage)
    door, kari = shared.unlocked("kari")
    keys = keys_of(door)
    assert keys is not None
    assert keys.recovery_key_due() == "used"
    keys.replace_recovery_key(PHRASES["kari"], keys.offer_recovery_key())
    assert keys.recovery_key_due() == ""
    door.lock()


def test_the_officers_answer_opens_a_colleagues_store_to_send_from_it_once(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start, theme: Theme, tmp_path: Path
) -> None:
    private, public = escrow.new_private_key()
    door, kari = shared.unlocked("kari")
    sign_note(kari, patient.id, MARKER)
    door.rescue.take_escrow(public)
    door.lock()
    window, people = start()
    people._send_for("kari")
    page = window.centralWidget()
    assert isinstance(page, SendPage)
    page.no_paper.click()
    request_file, answer_file = tmp_path / "request.json", tmp_path / "answer.json"
    page.save_request(request_file)
    qtbot.waitUntil(lambda: "Forespørselen er lagret" in said(page), timeout=20_000)
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    request = EscrowRequest.from_bytes(request_file.read_bytes())
    assert request.code in said(page)
    page.use_answer(request_file)  # the wrong file
    qtbot.waitUntil(lambda: "ikke svarfilen" in said(page), timeout=20_000)
    answer_file.write_bytes(escrow.answer(request, private, public))
    page.use_answer(answer_file)
    qtbot.waitUntil(lambda: "1 · Notat" in said(page), timeout=20_000)
    assert MARKER not in said(window)
    page.leave.click()
    assert isinstance(window.centralWidget(), ChooserPage)  # no paper was used, none is due
    door, kari = shared.unlocked("kari")
    lines = [(line.action, line.actor_id) for line in audit.lines(kari.database)]
    assert ("opened_for_sending", "escrow") in lines
    assert door.rescue.key_due() is None
    door.lock()
    with pytest.raises(EscrowNotAskedError):
        door.open_for_sending_by_answer(answer_file.read_bytes())
    door.lock()


def test_an_opened_store_that_is_left_alone_closes_by_itself(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start
) -> None:
    window, people = start()
    people._send_for("kari")
    page = window.centralWidget()
    assert isinstance(page, SendPage)
    key = page.findChild(QLineEdit, "sendKey")
    assert key is not None
    key.setText(shared.recovery["kari"])
    page.go_on.click()
    qtbot.waitUntil(page.unattended.isActive, timeout=20_000)
    page.unattended.timeout.emit()
    assert isinstance(window.centralWidget(), ChooserPage)
    door, _ = shared.unlocked("kari")
    door.lock()


def test_a_page_that_something_else_replaces_leaves_no_store_open(
    qtbot: QtBot,
    shared: SharedLaptop,
    patient: Patient,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[str] = []
    lock = Door.lock

    def noted(door: Door) -> None:
        closed.append(door.username)
        lock(door)

    monkeypatch.setattr(Door, "lock", noted)
    window, people = start()
    people._send_for("kari")
    page = window.centralWidget()
    assert isinstance(page, SendPage)
    key = page.findChild(QLineEdit, "sendKey")
    assert key is not None
    key.setText(shared.recovery["kari"])
    page.go_on.click()
    qtbot.waitUntil(page.unattended.isActive, timeout=20_000)
    closed.clear()
    window.stand(QWidget())
    qtbot.waitUntil(lambda: closed == ["kari"])


def test_a_name_that_has_a_store_here_already_uses_no_code(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start
) -> None:
    window, _ = start()
    chooser = window.centralWidget()
    assert isinstance(chooser, ChooserPage)
    chooser.add.click()
    page = window.centralWidget()
    assert isinstance(page, SetupPage)
    code, _ = shared.server.admin.enrol_code("kari")
    texts = {
        "server_url": shared.server.url,
        "code": code,
        "username": " Kari",
        "password": PASSWORD,
        "passphrase": "nok en ny frase til",
        "passphrase_again": "nok en ny frase til",
    }
    for name, text in texts.items():
        field = page.findChild(QLineEdit, f"setup_{name}")
        assert field is not None
        field.setText(text)
    button = page.findChild(QPushButton, "setupStart")
    assert button is not None
    button.click()
    assert "har allerede et lager på maskinen" in said(page)
    with shared.server.office.storage.write() as transaction:
        user = transaction.accounts.user_named("kari")
        assert user is not None
        left = transaction.accounts.code_of(user.id)
    assert left is not None
    assert not left.used
    back = page.findChild(QPushButton, "setupBack")
    assert back is not None
    back.click()
    assert isinstance(window.centralWidget(), ChooserPage)


def test_a_new_role_comes_with_the_sync_and_a_half_done_note_stays_on_the_screen(
    qtbot: QtBot,
    shared: SharedLaptop,
    patient: Patient,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared.server.admin.change("kari", role=Role.PEER)
    window, _ = start()
    kari = unlock(qtbot, window, "kari")
    sync_now(qtbot, kari)
    kari.navigate("visit", patient_id=patient.id)
    settle()
    page = kari.page
    assert page is not None
    text = next(field for field in page.findChildren(QPlainTextEdit) if field.isVisible())
    text.setFocus()
    QTest.keyClicks(text, "Et halvt not")
    assert not kari._rail.has("office")
    shared.server.admin.change("kari", role=Role.TEAM_LEADER, language="nn")
    sync_now(qtbot, kari)
    assert kari.context.session.user.role is Role.TEAM_LEADER
    assert kari._rail.has("office")
    assert kari.page is page
    assert text.toPlainText() == "Et halvt not"
    assert QApplication.focusWidget() is text
    QTest.keyClicks(text, "at")
    assert text.toPlainText() == "Et halvt notat"
    # Down again while at the office: the page that is no longer the person's is left.
    kari.navigate("office")
    assert kari.place_name == "office"
    shared.server.admin.change("kari", role=Role.PEER)
    sync_now(qtbot, kari)
    assert not kari._rail.has("office")
    assert kari.place_name == "today"
    # Built for the old role: it stays while it alone has what the store did not take.
    with monkeypatch.context() as full_disk:
        full_disk.setattr(page, "holds_unsaved", lambda: True)
        kari.navigate("visit", patient_id=patient.id)
        assert kari.page is page
        kari.navigate("today")
    kari.navigate("visit", patient_id=patient.id)
    settle()
    assert kari.page is not page
    assert "Et halvt notat" in said(window)
    window.lock()
    qtbot.waitUntil(lambda: window.is_free)


def test_a_dead_log_in_says_log_in_to_send_and_work_goes_on(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start
) -> None:
    window, _ = start()
    kari = unlock(qtbot, window, "kari")
    sync_now(qtbot, kari)
    shared.server.admin.set_password("kari", "et helt nytt passord")
    sign_note(kari.context.session, patient.id, "skrevet etterpå")
    sync_now(qtbot, kari)
    assert kari.context.sync.state.error_code == "login_expired"
    assert "Logg inn for å sende" in kari.top_bar.status_text
    before = outbox.counts(kari.context.session.database).waiting
    sign_note(kari.context.session, patient.id, "og ett til")
    assert outbox.counts(kari.context.session.database).waiting == before + 1
    codes: list[str | None] = []
    kari.context.sync.login("et helt nytt passord", codes.append)
    qtbot.waitUntil(lambda: bool(codes), timeout=20_000)
    assert codes == [None]
    qtbot.waitUntil(
        lambda: outbox.counts(kari.context.session.database).waiting == 0, timeout=20_000
    )
    qtbot.waitUntil(lambda: not kari.context.sync.running, timeout=20_000)
    window.lock()
    qtbot.waitUntil(lambda: window.is_free)


def test_the_questions_before_a_store_are_whole_in_every_look(
    qtbot: QtBot, shared: SharedLaptop, patient: Patient, start: Start, theme: Theme
) -> None:
    window, people = start()
    found = {look: problems_in(window, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    people._choose_sending()
    found = {look: problems_in(window, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    people._send_for("kari")
    found = {look: problems_in(window, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
