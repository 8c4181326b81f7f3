"""The sync page in every look, and what it lets a person do about what was not taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.services import notes, sync_status
from fieldapp.store import outbox
from tests.helpers.pages import Coverage, make_context, show_page
from tests.helpers.ward import Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.shots import settle
from ui.sync.page import SyncPage
from ui.sync.state import SyncState
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.widgets import RowList


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> SyncPage:
    shown = SyncPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, shown)
    return shown


def _show(page: SyncPage, **changes: object) -> None:
    """Let the coordinator say that this is so."""
    sync = page.context.sync
    assert isinstance(sync, Coverage)
    status = sync_status.read(page.context.session)
    sync.state = replace(SyncState(status, online=True), **changes)  # type: ignore[arg-type]
    sync.status_changed.emit(sync.state)
    page.show_for()


def _said(page: SyncPage) -> str:
    settle()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def _park(ward: Ward, reason: str = "invalid") -> str:
    """One addendum that the server did not take; return the id of its change."""
    notes.addendum(ward.session, "n-new", "Ikke tatt imot")
    (item,) = sync_status.unsent(ward.session)
    outbox.take_batch(ward.session.database, 10, 100_000)
    outbox.park(ward.session.database, item.change_id, reason, "body", None, None)
    return item.change_id


STATES: dict[str, Callable[[SyncPage, Ward], None]] = {
    "all sent": lambda page, ward: _show(page),
    "no coverage": lambda page, ward: _show(page, online=False),
    "running": lambda page, ward: _show(page, running=True, step="pull", done=12, total=480),
    "server trouble": lambda page, ward: _show(page, error_code="server_trouble"),
    "guest network": lambda page, ward: _show(page, online=False, error_code="captive_portal"),
    "login": lambda page, ward: _show(page, error_code="login_expired"),
}


@pytest.mark.parametrize("name", STATES)
def test_the_page_is_named_and_nothing_is_cut_off_in_any_look(
    page: SyncPage, ward: Ward, theme: Theme, name: str
) -> None:
    STATES[name](page, ward)
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_a_parked_change_stands_by_name_with_its_reason_in_every_look(
    page: SyncPage, ward: Ward, theme: Theme
) -> None:
    change_id = _park(ward)
    _show(page)
    (unsent,) = [rows for rows in page.findChildren(RowList) if rows.rows.number_of(change_id) == 0]
    unsent.setCurrentIndex(unsent.rows.index(0))
    assert "Ødegård" in unsent.rows.row(0).title
    assert "1 kunne ikke sendes" in _said(page)
    assert "Alt er sendt" not in _said(page)
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    (again,) = [b for b in page.findChildren(QPushButton, "unsentRetry") if b.isVisible()]
    again.click()
    (item,) = sync_status.unsent(ward.session)
    assert item.state == "waiting"


def test_the_password_is_asked_for_only_when_a_login_is_what_is_needed(page: SyncPage) -> None:
    password = page.findChild(QLineEdit, "syncPassword")
    assert password is not None
    for error_code, asked in (("server_trouble", False), ("login_expired", True), (None, False)):
        _show(page, error_code=error_code)
        settle()
        assert password.isVisible() is asked
