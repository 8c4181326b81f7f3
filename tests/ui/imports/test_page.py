"""The import page in every look: before a file, with a good list, with errors, without headings.

What it does with bad files is in tests/scenarios/bad_input.
"""

from __future__ import annotations

from datetime import date
from itertools import islice
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from fieldapp.domain.identifiers import synthetic_numbers
from fieldapp.services import setup
from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.imports.page import ImportsPage
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Theme

NUMBERS = list(islice(synthetic_numbers(date(1981, 2, 3)), 12))
HEADINGS = "Etternavn;Fornavn;Fødselsnummer;Adresse;Postnr;Poststed;Telefon;Fastlege"
GOOD = [
    f"Østby-Kristoffersen;Åse Margrethe;{number};Gamle Riksvei 205, bak låven;8250;Rognan;"
    "900 00 123;Nygård legesenter"
    for number in NUMBERS
]
BAD = ["Ås;Bjørg;123;;;;;", "Bare ett felt", *GOOD[:2], GOOD[0]]
FILES = {
    "no file": None,
    "good": "\n".join((HEADINGS, *GOOD)) + "\n",
    "cut": "\n".join((HEADINGS, *GOOD)),
    "errors": "\n".join((HEADINGS, *BAD)) + "\n",
    "unknown headings": "\n".join(("A;B;C", f"Ås;Bjørg;{NUMBERS[0]}")) + "\n",
    "empty": "",
}


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> ImportsPage:
    setup.allow_synthetic_numbers(ward.session.database)
    shown = ImportsPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, shown)
    return shown


def _open(page: ImportsPage, folder: Path, text: str | None) -> None:
    if text is not None:
        path = folder / "liste.csv"
        path.write_bytes(text.encode("cp1252"))
        page.open_file(path)


def _said(page: ImportsPage) -> str:
    settle()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


@pytest.mark.parametrize("name", FILES)
def test_the_page_is_named_and_nothing_is_cut_off_in_any_look(
    page: ImportsPage, theme: Theme, tmp_path: Path, name: str
) -> None:
    _open(page, tmp_path, FILES[name])
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_columns_that_were_not_understood_are_chosen_by_hand_and_the_list_can_be_taken_in(
    qtbot: QtBot, page: ImportsPage, ward: Ward, tmp_path: Path
) -> None:
    _open(page, tmp_path, FILES["unknown headings"])
    assert "Velg kolonnene for etternavn og fornavn" in _said(page)
    for number, words in enumerate(("Etternavn", "Fornavn", "Fødselsnummer")):
        box = page.findChildren(QComboBox, f"importColumn_{number}")[-1]
        box.setCurrentIndex(box.findText(words))
        box.activated.emit(box.currentIndex())
        settle()
    assert "1 rader, alle kan leses inn." in _said(page)
