"""The one way to a printer: whoever prints logs it first, and a file counts as a file.

Print dialogs of some systems offer "print to a file" among the printers. What would leave as a
file is offered only where the organisation lets lists leave as files, and is logged as such.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QPagedPaintDevice, QPdfWriter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QWidget


def makes_file(device: QPagedPaintDevice) -> bool:
    """True where what is printed becomes a file and no paper."""
    if isinstance(device, QPrinter):
        return bool(device.outputFileName())
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

    dialog.accepted.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.setModal(True)
    dialog.show()
    return dialog
