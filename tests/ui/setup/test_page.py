"""The page of a first start in every look: empty, refused field by field, and with the key.

What it does with wrong codes and servers is in tests/scenarios/bad_input.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from sync.protocol.errors import InterceptedError, NameLookupError, OfflineError, RefusedError
from tests.helpers.windows import LOOKS, problems_in, show_active
from ui.setup.page import NewDoor, SetupPage
from ui.setup.state import SetupForm, is_address, problems, same_request
from ui.tasks import TaskRunner
from ui.theme import Theme

FULL = SetupForm(
    "https://server.example",
    "ABCD-EFGH",
    "kari",
    "passord",
    "ny frase for kontoret her",
    "ny frase for kontoret her",
)


def _no_door(username: str) -> NewDoor:
    raise AssertionError("nothing may be made here")


@pytest.fixture
def page(qtbot: QtBot, tasks: TaskRunner, theme: Theme) -> SetupPage:
    shown = SetupPage(_no_door, tasks)
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    shown.focus_field()
    return shown


def _start(page: SetupPage) -> None:
    button = page.findChild(QPushButton, "setupStart")
    assert button is not None
    button.click()


def test_the_page_is_named_and_nothing_is_cut_off_in_any_look(
    page: SetupPage, theme: Theme
) -> None:
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_a_sentence_at_every_field_is_not_cut_off_in_any_look(
    page: SetupPage, theme: Theme
) -> None:
    _start(page)
    page.say("Oppsettet av lageret ble avbrutt før det var tatt i bruk. Sett opp maskinen på nytt.")
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_the_recovery_key_is_not_cut_off_in_any_look(page: SetupPage, theme: Theme) -> None:
    page._on_made("-".join(["ABCD2345"] * 8))
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_the_first_field_that_is_missing_has_the_focus(page: SetupPage) -> None:
    _start(page)
    assert page.focusWidget().objectName() == "setup_server_url"
    field = page.findChild(QLineEdit, "setup_server_url")
    assert field is not None
    field.setText("https://server.example")
    _start(page)
    assert page.focusWidget().objectName() == "setup_code"


def test_a_full_form_has_no_problem_and_an_empty_one_names_every_field() -> None:
    assert problems(FULL) == {}
    assert set(problems(SetupForm())) == {
        "server_url",
        "code",
        "username",
        "password",
        "passphrase",
    }


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://server.example", True),
        (" http://127.0.0.1:8440 ", True),
        ("server.example", False),
        ("ftp://server.example", False),
        ("https://", False),
        ("http://[::1", False),
    ],
)
def test_an_address_names_a_web_server(text: str, good: bool) -> None:
    assert is_address(text) is good


def test_only_the_same_laptop_is_the_same_request() -> None:
    assert same_request(FULL, FULL)
    assert not same_request(None, FULL)
    assert not same_request(FULL, SetupForm(FULL.server_url, FULL.code, "ola"))


def test_a_slip_in_the_code_is_not_called_an_attack_and_the_code_has_the_focus(
    page: SetupPage, qtbot: QtBot
) -> None:
    page.resize(960, 600)
    page._fields["passphrase_again"].editor.setFocus()
    page._on_refused(InterceptedError("ca"))
    said = page._banner.text.text()
    assert "skrivefeil" in said
    assert "utgir seg" not in said
    assert page.focusWidget().objectName() == "setup_code"
    qtbot.waitUntil(lambda: not page._banner.visibleRegion().isEmpty())


def test_an_old_answer_does_not_stand_beside_a_new_problem(page: SetupPage) -> None:
    page._on_refused(InterceptedError("ca"))
    _start(page)
    assert page._banner.isHidden()


def test_enter_presses_the_button_with_the_focus(page: SetupPage, qtbot: QtBot) -> None:
    page._on_made("-".join(["ABCD2345"] * 8))
    assert page.focusWidget().objectName() == "recoveryWritten"
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Return)
    assert page.focusWidget().objectName() == "recoveryGroup0"


def test_nobody_is_told_that_a_first_start_tries_again_by_itself(page: SetupPage) -> None:
    for error in (RefusedError(), OfflineError(), NameLookupError()):
        page._on_refused(error)
        said = page._banner.text.text()
        assert "av seg selv" not in said
        assert "prøver igjen" not in said
        assert page.focusWidget().objectName() == "setup_server_url"
