"""The officers' way into a colleague's store: a request file out, an answer file in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from ui.widgets import SecondaryButton, Text, row_of

if TYPE_CHECKING:
    from fieldapp.bootstrap import EscrowRequest


class EscrowPart(QWidget):
    """Signals:
    request_wanted(object): a request is to be written to this file (a Path).
    answered(object): this file (a Path) was chosen as the answer.
    """

    request_wanted = Signal(object)
    answered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(
            Text(
                self.tr(
                    "To betrodde i virksomheten kan åpne sammen. 1: Lagre en forespørsel og gi dem "
                    "filen. 2: Les opp kontrollkoden når de ringer. 3: Velg svarfilen du får. "
                    "Ingen av filene kan åpne noe alene."
                ),
                "muted",
                self,
            )
        )
        self.code = Text("", "", self)
        self.code.setObjectName("sendEscrowCode")
        self.code.hide()
        column.addWidget(self.code)
        self.ask = SecondaryButton(
            self.tr("Lagre forespørsel …"), self, icon="save", name="sendEscrowAsk"
        )
        self.ask.clicked.connect(self._choose_request_file)
        self.use = SecondaryButton(
            self.tr("Velg svarfilen …"), self, icon="folder", name="sendEscrowAnswer"
        )
        self.use.clicked.connect(self._choose_answer_file)
        column.addLayout(row_of(self.ask, self.use, None))

    def show_request(self, request: EscrowRequest) -> None:
        """Show the code by which the officers know the request."""
        self.code.setText(self.tr("Kontrollkode: {code}").format(code=request.code))
        self.code.show()

    @Slot()
    def _choose_request_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Lagre forespørselen"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile("hjemmebesok-foresporsel.json")
        dialog.fileSelected.connect(lambda name: self.request_wanted.emit(Path(name)))
        dialog.open()

    @Slot()
    def _choose_answer_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Velg svarfilen"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.answered.emit(Path(name)))
        dialog.open()
