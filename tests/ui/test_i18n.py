from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot

from ui.i18n import Languages
from ui.words import amount, long_day


@pytest.fixture
def languages(qapp: QApplication) -> Iterator[Languages]:
    before = QLocale()
    speaking = Languages(qapp)
    speaking.use("nb")
    yield speaking
    speaking.use("en")  # takes the bokmål words of Qt out again
    QLocale.setDefault(before)
    speaking.deleteLater()


def test_the_buttons_of_qt_speak_bokmaal(languages: Languages, qtbot: QtBot) -> None:
    box = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Save
        | QDialogButtonBox.StandardButton.Cancel
        | QDialogButtonBox.StandardButton.Yes
        | QDialogButtonBox.StandardButton.Discard
    )
    qtbot.addWidget(box)

    words = {button.text().replace("&", "") for button in box.buttons()}

    assert words == {"Lagre", "Avbryt", "Ja", "Forkast"}


def test_the_context_menu_of_a_field_speaks_bokmaal(languages: Languages, qtbot: QtBot) -> None:
    field = QLineEdit("tekst")
    qtbot.addWidget(field)
    menu = field.createStandardContextMenu()
    qtbot.addWidget(menu)

    words = {action.text().split("\t")[0].replace("&", "") for action in menu.actions()}

    assert {"Angre", "Klipp ut", "Kopier", "Lim inn", "Slett", "Merk alt"} <= words
    assert not {"Undo", "Cut", "Copy", "Paste", "Delete", "Select All"} & words


def test_days_and_figures_are_norwegian_whatever_the_machine_speaks(languages: Languages) -> None:
    assert long_day(date(2026, 11, 23)) == "mandag 23. november"
    assert amount(Decimal("7.50")) == "7,5"


def test_an_unknown_language_falls_back_to_bokmaal(languages: Languages) -> None:
    languages.use("tlh")

    assert QLocale().name() == "nb_NO"


def test_nynorsk_never_falls_back_to_english(languages: Languages, qtbot: QtBot) -> None:
    languages.use("nn")
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Save)
    qtbot.addWidget(box)

    assert box.buttons()[0].text().replace("&", "") in ("Lagra", "Lagre")
    assert QLocale().name() == "nn_NO"
