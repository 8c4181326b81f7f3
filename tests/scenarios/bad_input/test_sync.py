"""Whatever answers instead of the server: it is named, nothing counts as sent, no form is touched.

Real sockets on this machine.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from fieldapp.clock import FixedClock
from fieldapp.services import notes, setup, sync_status
from fieldapp.services.session import Session
from tests.helpers.laptop import SERVER_ID, make_door
from tests.helpers.odd_server import (
    Behaviour,
    OddServer,
    answers,
    half_an_answer,
    hangs_up,
    says_nothing,
    speaks_gibberish,
)
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import AASE, NOW
from tests.scenarios.bad_input.conftest import OpenWindow
from tests.scenarios.bad_input.screen import said, unlock
from ui.changes import ChangeBus
from ui.context import SyncControl
from ui.main_window import MainWindow
from ui.sync.connection import HttpConnection
from ui.sync.coordinator import SyncCoordinator
from ui.sync.page import SyncPage
from ui.tasks import TaskRunner
from ui.visit.page import VisitPage
from ui.workspace import Workspace

Server = Callable[[], AbstractContextManager[str]]
PAGE = b"<html><body>Velkommen til gjestenettet</body></html>"


def _odd(behaviour: Behaviour) -> Server:
    @contextmanager
    def run() -> Iterator[str]:
        with OddServer(behaviour) as server:
            yield server.url

    return run


@contextmanager
def _nobody_listens() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


def _refusal(status: int, code: str) -> Behaviour:
    body = json.dumps({"code": code, "detail": ""}).encode()
    return answers(status, "application/json", body, Fieldapp_Server=SERVER_ID)


def _ours(status: int, code: str) -> Server:
    return _odd(_refusal(status, code))


@contextmanager
def _expired_then_wrong() -> Iterator[str]:
    def behave(connection: socket.socket) -> None:
        is_login = server.requests[-1].startswith(b"POST /v1/login ")
        _refusal(401, "wrong_password" if is_login else "login_expired")(connection)

    with OddServer(behave) as server:
        yield server.url


SERVERS: dict[str, tuple[Server, bool, str]] = {
    # name: the server, whether there is coverage afterwards, and the sentence on the page
    "500 from a proxy": (
        _odd(answers(500, "text/html", PAGE)),
        True,
        "Serveren har problemer akkurat nå.",
    ),
    "500 from our server": (
        _ours(500, "server_trouble"),
        True,
        "Serveren har problemer akkurat nå.",
    ),
    "HTML with 200": (
        _odd(answers(200, "text/html", PAGE)),
        True,
        "Dette nettet vil at du logger inn på en nettside først.",
    ),
    "redirect to a page": (
        _odd(answers(302, "text/html", b"", Location="http://127.0.0.1:9/")),
        True,
        "Dette nettet vil at du logger inn på en nettside først.",
    ),
    "403 from a proxy": (
        _odd(answers(403, "text/html", PAGE)),
        True,
        "Nettet her stenger for serveren.",
    ),
    "another server's JSON": (
        _odd(answers(200, "application/json", b"{}")),
        True,
        "Noe annet enn serveren vår svarte",
    ),
    "half an answer": (
        _odd(half_an_answer),
        False,
        "Forbindelsen ble brutt midt i.",
    ),
    "hangs up": (_odd(hangs_up), False, "Forbindelsen ble brutt midt i."),
    "no HTTP": (_odd(speaks_gibberish), False, "Forbindelsen ble brutt midt i."),
    "nothing at all": (_odd(says_nothing), False, "Serveren svarte ikke i tide."),
    "connection refused": (_nobody_listens, False, "Serveren tar ikke imot nå."),
    "expired login": (
        _ours(401, "login_expired"),
        True,
        "Innloggingen mot serveren er utløpt.",
    ),
    "expired login, then a wrong password": (
        _expired_then_wrong,
        True,
        "Innloggingen mot serveren er utløpt.",
    ),
    "shut out": (
        _ours(403, "revoked"),
        True,
        "Denne maskinen eller brukeren er stengt for synk.",
    ),
    "too old a program": (_ours(426, "upgrade_needed"), True, "Programmet er for gammelt"),
}


class Day:
    """An unlocked window on a line to some server, an unsent note, and a form being written."""

    def __init__(self, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> None:
        self.window = window
        self.workspace = workspace
        self.session = workspace.context.session
        sync = workspace.context.sync
        assert isinstance(sync, SyncCoordinator)
        self.sync = sync
        workspace.context.changes.announce(notes.addendum(self.session, "n-new", "Ikke sendt"))
        # The page beside the window: the form in the window stays open meanwhile.
        self.page = SyncPage(workspace.context)
        qtbot.addWidget(self.page)
        self.page.show()
        self.page.show_for()
        workspace.navigate("visit", patient_id=AASE)
        form = workspace.page
        assert isinstance(form, VisitPage)
        self.form = form
        form.note_card.editor.setPlainText("Det som skrives nå")
        cursor = form.note_card.editor.textCursor()
        cursor.setPosition(7)
        form.note_card.editor.setTextCursor(cursor)
        # However slow the machine: the form is not stored while the line is tried.
        for timer in (form.presenter.autosave.quiet, form.presenter.autosave.ceiling):
            timer.stop()

    def figures(self) -> object:
        status = sync_status.read(self.session)
        return status.waiting, status.parked, status.last_complete, status.pull_complete

    def form_as_seen(self) -> tuple[bool, str, int]:
        editor = self.form.note_card.editor
        shown = self.workspace.page is self.form
        return shown, editor.toPlainText(), editor.textCursor().position()


@pytest.fixture
def day(
    qtbot: QtBot, open_window: OpenWindow, laptop: Path, request: pytest.FixtureRequest
) -> Iterator[Day]:
    server, _, _ = SERVERS[request.param]
    with server() as url:
        door = make_door(laptop, FixedClock(NOW + timedelta(minutes=30)))
        door.unlock(PASSPHRASE)
        assert door.database is not None
        known = setup.load_enrolment(door.database)
        assert known is not None
        door.enrol(setup.at_address(known, url))
        door.lock()

        def on_a_line(session: Session, tasks: TaskRunner, changes: ChangeBus) -> SyncControl:
            line = HttpConnection(session, silence_seconds=0.4)
            return SyncCoordinator(session, line, tasks, changes, jitter=lambda: 0.0)

        window = open_window(door, on_a_line)
        workspace = unlock(qtbot, window)
        yield Day(window, workspace, qtbot)
        window._may_lose = True
        window.close()


def _each(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("day", "name"), [(name, name) for name in names or SERVERS], indirect=["day"], ids=str
    )


@_each()
def test_a_bad_answer_is_named_and_nothing_counts_as_sent(
    qtbot: QtBot, day: Day, name: str
) -> None:
    _, online, sentence = SERVERS[name]
    before, form = day.figures(), day.form_as_seen()
    with qtbot.waitSignal(day.sync.finished):
        day.sync.sync_now()
    assert sentence in said(day.page)
    assert day.sync.online is online
    assert day.figures() == before
    for words in (said(day.window), said(day.page)):
        assert "Alt er sendt" not in words
        assert "Sist fullført synk" not in words or "08:12" in words  # as before
    assert "Sist fullført synk: 08:12." in said(day.page)
    assert day.form_as_seen() == form


@_each("HTML with 200", "403 from a proxy", "connection refused", "500 from a proxy")
def test_what_answers_a_try_of_the_line_is_named_before_anybody_asks(
    qtbot: QtBot, day: Day, name: str
) -> None:
    _, _, sentence = SERVERS[name]
    day.sync.probe()
    qtbot.waitUntil(lambda: day.sync.state.error_code is not None)
    assert sentence in said(day.page)
    assert not day.sync.online
    assert day.workspace.top_bar.status_text.strip() == "Uten dekning · 1 usendt"


@_each("expired login, then a wrong password")
def test_an_expired_login_asks_for_the_password_and_lets_the_work_go_on(
    qtbot: QtBot, day: Day, name: str
) -> None:
    form = day.form_as_seen()
    with qtbot.waitSignal(day.sync.finished):
        day.sync.sync_now()
    assert day.workspace.top_bar.status_text.strip() == "Logg inn for å sende (1 venter)"
    password = day.page.findChild(QLineEdit, "syncPassword")
    assert password is not None
    assert password.isVisible()
    QTest.keyClicks(password, "feil passord")
    password.returnPressed.emit()
    assert password.text() == ""
    qtbot.waitUntil(lambda: "Brukernavn eller passord stemmer ikke." in said(day.page))
    assert day.workspace.top_bar.status_text.strip() == "Logg inn for å sende (1 venter)"
    assert day.form_as_seen() == form
    assert sync_status.read(day.session).waiting == 1
