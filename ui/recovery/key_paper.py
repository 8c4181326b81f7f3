"""The recovery key on the screen: shown once, on paper by printer or pen, proved by two groups."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrinterInfo
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from fieldapp.bootstrap import groups_to_check, is_group
from ui import theme
from ui.paper import makes_file
from ui.people.front import press_by_enter
from ui.widgets import Banner, FormField, PrimaryButton, SecondaryButton, Text, column_of, row_of


class KeyPaper(QWidget):
    """Shows one key until two of its groups were typed from the paper. It is never put in a file.

    Signals:
        proved(): the key stands on paper.
    """

    proved = Signal()

    def __init__(self, key: str, whose: str, parent: QWidget | None = None) -> None:
        """`whose` is printed above the key: user and laptop, so that the paper is found again."""
        super().__init__(parent)
        self._key = key
        self._whose = whose
        self._numbers = groups_to_check()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._frame = QFrame(self)
        self._frame.setObjectName("sunken")
        # Spaces instead of hyphens let the line wrap at large text; both are read back alike.
        self.shown = Text(key.replace("-", " "), "", self._frame)
        self.shown.setObjectName("recoveryKey")
        self.shown.setAccessibleName(self.tr("Gjenopprettingsnøkkel"))
        # Not selectable: what is copied lies in the clipboard, and soon in a file.
        self.shown.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.shown.setFont(theme.current().font(21, theme.current().font().Weight.DemiBold))
        inside = column_of(self.shown)
        inside.setContentsMargins(16, 14, 16, 14)
        self._frame.setLayout(inside)
        column.addWidget(self._frame)
        self.printing = SecondaryButton(
            self.tr("Skriv ut på papir …"), self, icon="printer", name="recoveryPrint"
        )
        self.printing.clicked.connect(self._print)
        self.written = PrimaryButton(
            self.tr("Nøkkelen står på papir"), self, icon="check", name="recoveryWritten"
        )
        self.written.clicked.connect(self._ask)
        column.addLayout(row_of(self.written, self.printing, None))
        has_printer = bool(QPrinterInfo.availablePrinterNames())
        self.printing.setVisible(has_printer)
        self.banner = Banner("", "danger", self)
        self.banner.setObjectName("recoveryBanner")
        column.addWidget(self.banner)
        self.fields = []
        for place, number in enumerate(self._numbers):
            editor = QLineEdit(self)
            editor.setObjectName(f"recoveryGroup{place}")
            editor.setMaxLength(8)
            editor.returnPressed.connect(self._check)
            label = self.tr("Gruppe nummer {number} på papiret").format(number=number)
            help_text = self.tr("Tell gruppene på papiret forfra.")
            self.fields.append(FormField(label, editor, help_text, self))
            column.addWidget(self.fields[-1])
        self.check = PrimaryButton(self.tr("Sjekk"), self, icon="check", name="recoveryCheck")
        self.check.clicked.connect(self._check)
        self.again = SecondaryButton(
            self.tr("Vis nøkkelen igjen"), self, icon="eye", name="recoveryAgain"
        )
        self.again.clicked.connect(self._show_key)
        column.addLayout(row_of(self.check, self.again, None))
        press_by_enter(self)
        self._show_key()

    @property
    def numbers(self) -> tuple[int, int]:
        """Which groups are asked for, counted from 1."""
        return self._numbers

    @Slot()
    def _show_key(self) -> None:
        self._show(asking=False)
        self.written.setFocus()

    @Slot()
    def _ask(self) -> None:
        """Hide the key: what is typed now comes from the paper."""
        self._show(asking=True)
        self.fields[0].editor.setFocus()

    def _show(self, *, asking: bool) -> None:
        self.banner.say("")
        for widget in (self._frame, self.written):
            widget.setVisible(not asking)
        self.printing.setVisible(not asking and bool(QPrinterInfo.availablePrinterNames()))
        for field in self.fields:
            field.setVisible(asking)
        self.check.setVisible(asking)
        self.again.setVisible(asking)

    @Slot()
    def _check(self) -> None:
        wrong = None
        for number, field in zip(self._numbers, self.fields, strict=True):
            assert isinstance(field.editor, QLineEdit)
            good = is_group(self._key, number, field.editor.text())
            field.say_problem(
                ""
                if good
                else self.tr("Dette er ikke gruppe nummer {number}.").format(number=number)
            )
            if not good and wrong is None:
                wrong = field
        if wrong is not None:
            wrong.editor.setFocus()
            return
        self.check.setEnabled(False)
        self.proved.emit()

    @Slot()
    def _print(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self.tr("Hjemmebesøk"))
        dialog = QPrintDialog(printer, self.window())
        dialog.setOption(QPrintDialog.PrintDialogOption.PrintToFile, False)
        dialog.accepted.connect(lambda: self.print_on(printer))
        dialog.finished.connect(dialog.deleteLater)
        dialog.setModal(True)
        dialog.show()

    def print_on(self, printer: QPrinter) -> bool:
        """Print the key; refuses a printer that makes a file."""
        is_file = printer.outputFormat() != QPrinter.OutputFormat.NativeFormat
        if is_file or makes_file(printer):
            self.banner.say(
                self.tr("Nøkkelen skrives bare ut på papir, aldri til en fil. Velg en skriver."),
                "danger",
            )
            return False
        document = QTextDocument(self)
        document.setHtml(self.html())
        document.print_(printer)
        return True

    def html(self) -> str:
        """The paper: what it is, whose, the numbered groups, and how to keep it."""
        groups = self._key.split("-")
        cells = "".join(
            f"<td style='padding:8px'><small>{number}</small><br><b>{group}</b></td>"
            + ("</tr><tr>" if number % 5 == 0 else "")
            for number, group in enumerate(groups, 1)
        )
        title = self.tr("Gjenopprettingsnøkkel for Hjemmebesøk")
        keep = self.tr(
            "Oppbevares innelåst, aldri sammen med maskinen. Den åpner journalen uten passfrase. "
            "Når den er brukt, gjelder den ikke lenger."
        )
        return (
            f"<h1>{title}</h1><p>{_escaped(self._whose)}</p>"
            f"<table style='font-size:18pt'><tr>{cells}</tr></table><p>{keep}</p>"
        )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
