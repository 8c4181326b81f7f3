"""The settings page: what is chosen is worn at once and kept, and limits are listed honestly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.services import settings
from tests.helpers.laptop import make_door, make_laptop
from tests.helpers.pages import make_context, show_page
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import Ward
from tests.helpers.windows import LOOKS, no_sync, problems_in, show_active
from ui.app import Desk, wear
from ui.i18n import Languages
from ui.main_window import MainWindow
from ui.settings.limits import all_limits
from ui.settings.page import SettingsPage
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> SettingsPage:
    shown = SettingsPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, shown)
    return shown


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, tasks: TaskRunner, theme: Theme
) -> Iterator[MainWindow]:
    """The program's window on an enrolled laptop, which wears what its user has chosen."""
    make_laptop(tmp_path)
    door = make_door(tmp_path)
    desk = Desk(qapp, theme, Languages(qapp), tasks)
    shown = MainWindow(door, tasks, theme, no_sync, on_session=lambda session: wear(desk, session))
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    door.unlock(PASSPHRASE)
    shown.enter()
    yield shown
    shown.close()


def _choose(widget: QWidget, words: str) -> None:
    settle()
    (found,) = [b for b in widget.findChildren(QPushButton) if b.text().strip() == words]
    found.click()


def test_colours_and_text_size_are_worn_at_once_kept_and_worn_again_after_unlocking(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, theme: Theme
) -> None:
    assert window.workspace is not None
    window.workspace.navigate("settings")
    _choose(window, "Mørk")
    _choose(window, "200 %")
    assert (theme.scheme, theme.scale) == (Scheme.DARK, 200)
    session = window.workspace.context.session
    with session.beside() as other:
        assert settings.get(other, settings.SCHEME) == Scheme.DARK.value
        assert settings.get(other, settings.TEXT_SCALE) == "200"
    window.lock()
    theme.apply(qapp, Scheme.LIGHT, 100)  # as the program begins before anybody has unlocked
    window._unlock(PASSPHRASE)
    window.enter()
    assert (theme.scheme, theme.scale) == (Scheme.DARK, 200)


def test_a_language_is_kept_and_worn_after_unlocking(
    qapp: QApplication, page: SettingsPage, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    page._language.chosen.emit("nb")
    assert settings.get(ward.session, settings.LANGUAGE) == "nb"
    worn: list[str] = []
    languages = Languages(qapp)
    languages.use = worn.append  # type: ignore[method-assign,assignment]
    wear(Desk(qapp, theme, languages, tasks), ward.session)
    assert worn == ["nb"]


def test_limits_name_those_that_nobody_has_verified_first_and_every_source(
    page: SettingsPage,
) -> None:
    marks = [limit.source.verified for limit in all_limits()]
    assert marks == sorted(marks)
    assert {True, False} == set(marks)
    settle()
    shown = "\n".join(label.text() for label in page.findChildren(QLabel))
    for limit in all_limits():
        assert limit.source.text in shown
        assert limit.name in shown
    assert shown.index("Ikke bekreftet") < shown.index("\nBekreftet")


def test_the_page_is_named_and_nothing_is_cut_off_in_any_look(
    page: SettingsPage, theme: Theme
) -> None:
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
