"""The one way to a printer: whoever prints logs it first, and a file counts as a file.

Systems offer files among their printers: "print to a file", "Microsoft Print to PDF". What would
leave as a file leaves only where the organisation lets lists leave as files, and is logged as such.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QPagedPaintDevice, QPdfWriter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QWidget

from ui.widgets import Dialog, Text

_FILES_BY_NAME: Final = ("pdf", "xps", "onenote", "to file", "til fil")
"""In the names of printers that are none. They look like paper to Qt."""

translate = QCoreApplication.translate


def is_file_by_name(printer: str) -> bool:
    """True for a printer of a system whose name says that it makes a file."""
    return any(word in printer.casefold() for word in _FILES_BY_NAME)


def makes_file(device: QPagedPaintDevice) -> bool:
    """True where what is printed becomes a file and no paper."""
    if isinstance(device, QPrinter):
        return bool(device.outputFileName()) or is_file_by_name(device.printerName())
    return isinstance(device, QPdfWriter)


def choose_printer(
    parent: QWidget,
    title: str,
    document: str,
    print_on: Callable[[QPrinter], None],
    *,
    files: bool,
) -> QPrintDialog:
    """Ask for a printer and print there.

    `document` is what the system's list of prints shows: never a name of a person. `files` says
    whether a file may be made in place of paper.
    """
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setDocName(document)
    dialog = QPrintDialog(printer, parent)
    dialog.setWindowTitle(title)
    dialog.setOption(QPrintDialog.PrintDialogOption.PrintToFile, files)

    def chosen() -> None:
        if files or not makes_file(printer):
            print_on(printer)
        else:
            _refuse(parent)

    dialog.accepted.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.setModal(True)
    dialog.show()
    return dialog


def _refuse(parent: QWidget) -> None:
    dialog = Dialog(
        translate("paper", "Ingenting er skrevet ut"), translate("paper", "Jeg forstår"), parent
    )
    words = translate(
        "paper",
        "Skriveren lager en fil, og organisasjonen lar ikke lister lagres som filer. Velg en "
        "skriver med papir.",
    )
    dialog.body.addWidget(Text(words, "", dialog))
    dialog.cancel_button.hide()
    dialog.open()
