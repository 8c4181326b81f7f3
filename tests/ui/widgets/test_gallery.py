from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.a11y import audit, clipped
from ui import shots
from ui.gallery import Gallery
from ui.theme import Scheme, Theme

SIZES = [QSize(1366, 768), QSize(1440, 900)]


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("scale", [100, 150, 200])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width()}x{size.height()}")
def test_every_widget_has_a_name_and_room_for_its_words(
    theme: Theme, qapp: QApplication, qtbot: QtBot, scheme: Scheme, scale: int, size: QSize
) -> None:
    theme.apply(qapp, scheme, scale)
    gallery = Gallery()
    qtbot.addWidget(gallery)

    shots.picture(gallery, size)

    assert gallery.size() == size
    assert audit(gallery) == []
    assert clipped(gallery) == []


def test_the_look_changes_under_widgets_that_are_already_shown(
    theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    gallery = Gallery()
    qtbot.addWidget(gallery)
    shots.picture(gallery, SIZES[0])

    theme.apply(qapp, Scheme.DARK, 200)
    grown = shots.picture(gallery, SIZES[0]).toImage()

    assert clipped(gallery) == []
    assert grown.pixelColor(grown.width() - 60, 8).lightness() < 60


def test_every_control_is_reached_by_tab_and_has_the_focus_alone(
    theme: Theme, qtbot: QtBot
) -> None:
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.show()
    with qtbot.waitActive(gallery):
        gallery.activateWindow()
    start = QApplication.focusWidget()
    assert start is gallery.first_button
    seen: list[QWidget] = []
    found: QWidget | None = start
    for _ in range(80):
        assert found is not None
        QTest.keyClick(found, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        before, found = found, QApplication.focusWidget()
        if found is start:
            break
        if found is before or found is None:  # day, month and year of a date field
            continue
        assert found not in seen, "Tab goes in a smaller circle"
        seen.append(found)

    buttons = [button for button in gallery.findChildren(QPushButton) if button.isVisible()]
    reachable = {id(widget) for widget in (*seen, start)}
    missing = [
        button.accessibleName()
        for button in buttons
        if button.isEnabled()
        and not button.autoExclusive()
        and button.group() is None
        and id(button) not in reachable
    ]
    assert missing == []


def test_things_to_touch_are_at_least_44_high(theme: Theme, qtbot: QtBot) -> None:
    gallery = Gallery()
    qtbot.addWidget(gallery)
    shots.picture(gallery, SIZES[0])

    small = [
        button.accessibleName()
        for button in gallery.findChildren(QPushButton)
        if button.objectName() != "pill" and button.isVisible() and button.height() < 44
    ]

    assert small == []
