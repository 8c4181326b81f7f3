"""Rows that are only read wrap; a docked notice covers nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.a11y import clipped
from ui.shots import settle
from ui.theme import Theme
from ui.widgets import Row, RowTag, SecondaryButton, Snackbar, Statements


def test_long_statements_wrap_instead_of_being_cut(qtbot: QtBot, theme: Theme) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    statements = Statements("Sjekkliste", page)
    QVBoxLayout(page).addWidget(statements)
    rows = [Row("a", "Dagens forordninger er på maskinen " * 3, "8 doser", "check")]
    rows.append(Row("b", "Klokken stemmer", tags=(RowTag("Bekreftet", "ok"),)))
    statements.set_rows(rows)
    page.resize(360, 400)
    page.show()
    settle()
    assert clipped(page) == []
    assert statements.rows == tuple(rows)


def test_a_docked_notice_stands_under_the_buttons_and_never_over_them(
    qtbot: QtBot, theme: Theme
) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    button = SecondaryButton("Gitt", page)
    column.addWidget(button)
    notice = Snackbar(page, docked=True)
    column.addWidget(notice)
    page.resize(400, 160)
    page.show()
    notice.say("Gitt: 12 mg")
    settle()
    assert notice.isVisible()
    assert not notice.geometry().intersects(button.geometry())
