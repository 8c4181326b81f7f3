"""The one way to a printer: paper is paper and a file is a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QPdfWriter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from ui.paper import choose_printer, is_file_by_name, makes_file
from ui.theme import Theme
from ui.widgets import Dialog


def test_a_pdf_is_a_file_whoever_makes_it(tmp_path: Path, qtbot: QtBot) -> None:
    del qtbot
    printer = QPrinter()
    assert not makes_file(printer) or printer.outputFileName()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "ut.pdf"))
    assert makes_file(printer)
    assert makes_file(QPdfWriter(str(tmp_path / "mappe.pdf")))


@pytest.mark.parametrize("files", [False, True], ids=["paper alone", "files too"])
def test_a_file_in_place_of_paper_is_made_only_where_the_organisation_allows_files(
    qtbot: QtBot, theme: Theme, tmp_path: Path, files: bool
) -> None:
    del theme
    window = QWidget()
    qtbot.addWidget(window)
    printed: list[QPrinter] = []
    dialog = choose_printer(window, "Skriv ut", "liste", printed.append, files=files)
    assert dialog.testOption(QPrintDialog.PrintDialogOption.PrintToFile) is files
    # As when a system has a file among its printers all the same.
    printer = dialog.printer()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "ut.pdf"))
    dialog.done(QPrintDialog.DialogCode.Accepted)
    assert len(printed) == int(files)
    # It is never refused in silence.
    said = [text.text() for one in window.findChildren(Dialog) for text in one.findChildren(QLabel)]
    assert any("Velg en skriver med papir" in text for text in said) is not files


@pytest.mark.parametrize(
    ("name", "is_file"),
    [
        ("Microsoft Print to PDF", True),
        ("Microsoft XPS Document Writer", True),
        ("OneNote (Desktop)", True),
        ("Skriv til fil", True),
        ("Vaktrom 2. etasje", False),
        ("HP LaserJet 400", False),
    ],
)
def test_a_printer_that_is_none_is_known_by_its_name(name: str, is_file: bool) -> None:
    assert is_file_by_name(name) is is_file
