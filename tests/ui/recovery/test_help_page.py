"""The help pages with real vaults: what they say, where they lead, and what they never offer."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.bootstrap import Door, door_for
from fieldapp.security import escrow
from fieldapp.security.errors import WrongSecretError
from fieldapp.security.escrow import EscrowRequest
from fieldapp.security.kdf import FAST
from fieldapp.security.keyring import ORIGIN_TEST
from tests.helpers.stores import PASSPHRASE, USERNAME, MemoryKeyring, memory_secrets
from tests.helpers.windows import LOOKS, no_sync, problems_in, show_active
from ui.app import LazyDoor, _help
from ui.main_window import MainWindow
from ui.recovery.help_page import HelpPage, Step
from ui.recovery.key_paper import KeyPaper
from ui.recovery.state import WayOn, situation
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.widgets import Banner

NEW = "en helt annen frase her"
CODES = [
    "forgotten",
    "slot_too_weak",
    "device_secret_missing",
    "keyring_locked",
    "keyring_unavailable",
    "keyfile_missing",
    "keyfile_damaged",
    "keyfile_too_new",
    "store_too_new",
    "db_damaged",
    "db_missing",
    "db_plaintext",
    "already_open",
    "a code that nobody knows",
]


class Laptop:
    """A folder with one locked store; `door` is a fresh run of the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backend = MemoryKeyring()
        door = self.door()
        self.key = door.create(PASSPHRASE)
        door.lock()

    def door(self, backend: MemoryKeyring | None = None) -> Door:
        secrets = memory_secrets(backend or self.backend)
        return door_for(USERNAME, self.folder, origin=ORIGIN_TEST, secrets=secrets, params=FAST)

    @property
    def store(self) -> Path:
        return self.door().vault.folder

    def opens(self, passphrase: str, backend: MemoryKeyring | None = None) -> bool:
        door = self.door(backend)
        try:
            door.unlock(passphrase)
        except WrongSecretError:
            return False
        door.lock()
        return True


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


def _page(qtbot: QtBot, tasks: TaskRunner, theme: Theme, door: Door, code: str) -> HelpPage:
    page = HelpPage(door, tasks, code)
    qtbot.addWidget(page)
    show_active(qtbot, page)
    page.focus_first()
    return page


def _click(page: HelpPage, name: str) -> None:
    buttons = [b for b in page.findChildren(QPushButton, name) if b.isVisible()]
    assert len(buttons) == 1, name
    buttons[0].click()


def _type(page: HelpPage, name: str, text: str) -> None:
    fields = [f for f in page.findChildren(QLineEdit, name) if f.isVisible()]
    assert len(fields) == 1, name
    fields[0].setText(text)


def _prove_paper(page: HelpPage) -> str:
    """Read the new key off the screen, and type two groups of it."""
    paper = page.findChild(KeyPaper)
    assert paper is not None
    key = paper.shown.text()
    _click(page, "recoveryWritten")
    for place, number in enumerate(paper.numbers):
        _type(page, f"recoveryGroup{place}", key.split()[number - 1])
    _click(page, "recoveryCheck")
    return key


def _to_new_secrets(qtbot: QtBot, page: HelpPage) -> str:
    qtbot.waitUntil(lambda: page.step is Step.PASSPHRASE)
    _type(page, "helpNew", NEW)
    _type(page, "helpAgain", NEW)
    _click(page, "helpGoOn")
    with qtbot.waitSignal(page.done):
        return _prove_paper(page)


def _banner(page: HelpPage) -> str:
    return page.banner.text.text()


@pytest.mark.parametrize("code", CODES)
def test_every_page_says_what_happened_that_nothing_was_deleted_and_what_to_do(
    code: str, qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    told = situation(code)
    assert "slettet" in told.safe
    assert told.happened
    assert told.to_do
    page = _page(qtbot, tasks, theme, laptop.door(), code)
    shown = {label.text() for label in page.findChildren(QLabel)}
    assert {told.title, told.happened, told.safe, told.to_do} <= shown
    assert {look: problems_in(page, theme, *look) for look in LOOKS} == {look: [] for look in LOOKS}


def test_no_page_has_a_button_that_starts_afresh_and_no_click_changes_the_store(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    """Walks every page of every refusal, and every step, pressing all that is there."""
    store = laptop.store
    names = ("journal.db", "journal.hvkey", "journal.hvkey.bak")
    before = {name: (store / name).read_bytes() for name in names}
    forbidden = ("slett", "start på nytt", "ny journal", "nullstill", "begynn", "fjern", "tøm")
    dialogs = {"help_key_file", "escrowAsk", "escrowAnswer", "recoveryPrint"}
    seen = set()
    for code in CODES:
        for step in [s for s in Step if s is not Step.SALVAGED]:
            page = _page(qtbot, tasks, theme, laptop.door(), code)
            page._new_key = laptop.key
            page._show(step)
            for button in [b for b in page.findChildren(QPushButton) if b.isVisible()]:
                words = button.text().lower()
                assert not any(word in words for word in forbidden), (code, step, words)
                assert button.accessibleName() or button.text()
                seen.add(button.objectName())
            for name in sorted(seen - dialogs):
                for button in page.findChildren(QPushButton, name):
                    if button.isVisible():
                        button.click()
            qtbot.waitUntil(lambda page=page: not page._busy)  # type: ignore[misc]
            page.close()
    assert {"help_recovery_key", "help_escrow", "help_salvage", "help_retry"} <= seen
    assert {name: (store / name).read_bytes() for name in names} == before
    assert laptop.opens(PASSPHRASE)


def test_whoever_forgot_the_passphrase_comes_in_with_the_paper_and_gets_a_new_one(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    page = _page(qtbot, tasks, theme, laptop.door(), "forgotten")
    _click(page, "help_recovery_key")
    _type(page, "helpKey", "ABCD")
    _click(page, "helpGoOn")
    assert "mangler tegn" in _banner(page)
    wrong = laptop.key[:-1] + ("A" if laptop.key[-1] != "A" else "B")
    _type(page, "helpKey", wrong)
    _click(page, "helpGoOn")
    qtbot.waitUntil(lambda: "åpner ikke denne journalen" in _banner(page))
    _type(page, "helpKey", laptop.key.lower().replace("-", " "))
    _click(page, "helpGoOn")
    new_key = _to_new_secrets(qtbot, page)
    assert laptop.opens(NEW)
    assert not laptop.opens(PASSPHRASE)
    assert new_key.replace(" ", "-") != laptop.key
    laptop.door().rescue.prove(_by(new_key))
    with pytest.raises(WrongSecretError):
        laptop.door().rescue.prove(_by(laptop.key))


def _by(key: str):  # type: ignore[no-untyped-def]
    from fieldapp.bootstrap import by_recovery_key

    return by_recovery_key(key)


def test_new_passphrases_that_differ_or_are_short_are_told_at_the_field(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    page = _page(qtbot, tasks, theme, laptop.door(), "forgotten")
    page._show(Step.PASSPHRASE)
    _type(page, "helpNew", "kort")
    _type(page, "helpAgain", "noe annet")
    _click(page, "helpGoOn")
    assert page.new.problem
    assert page.again.problem
    assert page.step is Step.PASSPHRASE


def test_the_organisation_opens_on_another_machine_by_request_and_answer(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop, tmp_path: Path
) -> None:
    private, public = escrow.new_private_key()
    door = laptop.door()
    door.unlock(PASSPHRASE)
    door.rescue.take_escrow(public)
    door.lock()
    elsewhere = MemoryKeyring()
    page = _page(qtbot, tasks, theme, laptop.door(elsewhere), "device_secret_missing")
    _click(page, "help_escrow")
    request_file, answer_file = tmp_path / "request.json", tmp_path / "answer.json"
    page.save_request(request_file)
    qtbot.waitUntil(lambda: "lukke programmet" in _banner(page))
    request = EscrowRequest.from_bytes(request_file.read_bytes())
    assert request.code in page.code.text()

    page.use_answer(request_file)  # the wrong file
    qtbot.waitUntil(lambda: "ikke svarfilen" in _banner(page))
    answer_file.write_bytes(escrow.answer(request, private, public))
    page.use_answer(answer_file)
    _to_new_secrets(qtbot, page)
    assert laptop.opens(NEW, elsewhere)


def test_a_store_without_escrow_says_that_the_paper_is_the_way(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop, tmp_path: Path
) -> None:
    page = _page(qtbot, tasks, theme, laptop.door(), "forgotten")
    _click(page, "help_escrow")
    page.save_request(tmp_path / "request.json")
    qtbot.waitUntil(lambda: "ingen nødnøkkel" in _banner(page))
    assert not (tmp_path / "request.json").exists()


@pytest.mark.parametrize("with_key", [False, True], ids=["passphrase", "recovery key"])
def test_a_damaged_store_is_salvaged_and_the_page_tells_how_much(
    with_key: bool, qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    database = laptop.store / "journal.db"
    with database.open("r+b") as file:
        file.seek(database.stat().st_size - 4000)
        file.write(b"\xff" * 16)
    damaged = database.read_bytes()
    page = _page(qtbot, tasks, theme, laptop.door(), "db_damaged")
    _click(page, "help_salvage")
    _type(page, "helpSecret", "feil hest batteri stift")
    _click(page, "helpGoOn")
    qtbot.waitUntil(lambda: "stemmer ikke" in _banner(page))
    _type(page, "helpSecret", laptop.key if with_key else PASSPHRASE)
    _click(page, "helpGoOn")
    qtbot.waitUntil(lambda: page.step is Step.SALVAGED)
    assert "Usendte endringer: 0 reddet, ingen tapt." in page.report.text()
    assert "Kontakt brukerstøtte" in _banner(page)  # this store was never enrolled
    kept = list((laptop.store / "damaged").glob("*/journal.db"))
    assert [path.read_bytes() for path in kept] == [damaged]
    assert laptop.opens(PASSPHRASE)


def test_a_key_that_meets_a_damaged_store_goes_on_to_salvage_without_being_asked_again(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    database = laptop.store / "journal.db"
    with database.open("r+b") as file:
        file.seek(database.stat().st_size - 4000)
        file.write(b"\xff" * 16)
    page = _page(qtbot, tasks, theme, laptop.door(), "forgotten")
    _click(page, "help_recovery_key")
    _type(page, "helpKey", laptop.key)
    _click(page, "helpGoOn")
    qtbot.waitUntil(lambda: page.situation.ways == (WayOn.SALVAGE, WayOn.RETRY))
    _click(page, "help_salvage")
    qtbot.waitUntil(lambda: page.step is Step.SALVAGED)


def test_a_wrong_key_file_is_refused_and_the_right_one_leads_back(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop, tmp_path: Path
) -> None:
    good = tmp_path / "good"
    good.write_bytes((laptop.store / "journal.hvkey").read_bytes())
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        (laptop.store / name).unlink()
    page = _page(qtbot, tasks, theme, laptop.door(), "keyfile_missing")
    page.use_key_file(laptop.store / "journal.db")
    qtbot.waitUntil(lambda: "skadet" in _banner(page))
    with qtbot.waitSignal(page.done):
        page.use_key_file(good)
    assert laptop.opens(PASSPHRASE)


# --- the paper ---


def test_the_key_is_hidden_while_it_is_checked_and_a_wrong_group_does_not_pass(
    qtbot: QtBot, theme: Theme
) -> None:
    paper = KeyPaper("-".join(f"{n:04}" for n in range(13)), "Bruker: kari")
    qtbot.addWidget(paper)
    show_active(qtbot, paper)
    paper.written.click()
    assert not paper.shown.isVisible()
    for field in paper.fields:
        assert isinstance(field.editor, QLineEdit)
        field.editor.setText("9999")
    with qtbot.assertNotEmitted(paper.proved):
        paper.check.click()
    assert all(field.problem for field in paper.fields)
    paper.again.click()
    assert paper.shown.isVisible()


def test_the_key_is_never_printed_to_a_file(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    paper = KeyPaper("-".join(f"{n:04}" for n in range(13)), "Bruker: kari <b>")
    qtbot.addWidget(paper)
    printer = QPrinter()
    printer.setOutputFileName(str(tmp_path / "key.pdf"))
    assert not paper.print_on(printer)
    assert not list(tmp_path.iterdir())
    assert "aldri til en fil" in paper.banner.text.text()
    assert "&lt;b>" in paper.html()
    assert all(f"{n:04}" in paper.html() for n in range(13))


# --- in the window ---


def test_help_stands_in_the_window_and_leads_back_to_the_unlock_page(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    window = MainWindow(LazyDoor(USERNAME, lambda _: laptop.door()), tasks, theme, no_sync)
    qtbot.addWidget(window)
    show_active(qtbot, window)
    window.help_wanted.connect(lambda code: _help(window, tasks, code))
    window.help_wanted.emit("forgotten")
    page = window.centralWidget()
    assert isinstance(page, HelpPage)
    qtbot.waitUntil(page.isVisible)
    qtbot.waitUntil(lambda: page.focusWidget() is not None)
    assert page.focusWidget().objectName() == "help_recovery_key"
    _click(page, "help_retry")
    assert window.unlock_page is not None
    window.close()


def test_enter_takes_the_way_with_the_focus_and_esc_leads_back(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    page = _page(qtbot, tasks, theme, laptop.door(), "forgotten")
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Return)
    assert page.step is Step.KEY
    assert page.focusWidget().objectName() == "helpKey"
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Escape)
    assert page.step is Step.SITUATION
    with qtbot.waitSignal(page.done):
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Escape)


def test_after_a_recovery_the_unlock_page_says_that_the_passphrase_is_new(
    qtbot: QtBot, tasks: TaskRunner, theme: Theme, laptop: Laptop
) -> None:
    window = MainWindow(LazyDoor(USERNAME, lambda _: laptop.door()), tasks, theme, no_sync)
    qtbot.addWidget(window)
    show_active(qtbot, window)
    window.help_wanted.connect(lambda code: _help(window, tasks, code))
    window.help_wanted.emit("forgotten")
    page = window.centralWidget()
    assert isinstance(page, HelpPage)
    page.is_recovered = True
    page.done.emit()
    assert window.unlock_page is not None
    notice = window.unlock_page.findChild(Banner, "unlockNotice")
    assert notice is not None
    assert notice.text.text() == "Passfrasen er byttet. Lås opp med den nye."
    window.close()
