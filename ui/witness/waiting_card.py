""" "Venter på vitne": what colleagues did with this person beside them, to be signed late."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fieldapp.errors import FieldAppError
from fieldapp.services import people, witness
from fieldapp.services.witness import Waiting
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import Card, Dialog, Divider, FormField, SecondaryButton, Text, clear
from ui.witness.state import WaitingRow, waiting_row

translate = QCoreApplication.translate

KINDS = frozenset({"medication_administration", "supply_movement", "witness_statement"})


class WaitingCard(Card):
    """Hidden while nothing waits. Attributes: `rows`, what is shown."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(translate("witness", "Venter på vitne"), parent)
        self._context = context
        self.rows: list[WaitingRow] = []
        self.body.addWidget(
            Text(
                self.tr("Kolleger har ført deg som vitne. Bekreft bare det du selv så."),
                "muted",
                self,
            )
        )
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        self.body.addLayout(self._column)
        self.hide()

    def show_waiting(self) -> None:
        """Read the store again."""
        session = self._context.session
        names, today = people.names(session), session.today()
        clear(self._column)
        self.rows = []
        for number, one in enumerate(witness.waiting(session)):
            row = waiting_row(one, names, today)
            self.rows.append(row)
            if number:
                self._column.addWidget(Divider(self))
            self._column.addWidget(self._line(one, row))
        self.setVisible(bool(self.rows))

    def _line(self, one: Waiting, row: WaitingRow) -> QWidget:
        line = QWidget(self)
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 4, 0, 4)
        words = QVBoxLayout()
        words.addWidget(Text(row.title, "strong", line))
        words.addWidget(Text(row.detail, "muted", line))
        layout.addLayout(words, 1)
        button = SecondaryButton(self.tr("Bekreft …"), line, name="witnessConfirm")
        button.setMinimumHeight(44)
        spoken = self.tr("Bekreft som vitne: {0}, {1}").format(row.title, row.detail)
        button.setAccessibleName(spoken)
        button.clicked.connect(lambda: self._ask(one, row))
        layout.addWidget(button)
        return line

    def _ask(self, one: Waiting, row: WaitingRow) -> None:
        dialog = LateWitnessDialog(self._context, one, row, self)
        dialog.accepted.connect(self.show_waiting)
        dialog.open()


class LateWitnessDialog(Dialog):
    """Attributes: `note`, what the witness adds."""

    def __init__(
        self, context: AppContext, one: Waiting, row: WaitingRow, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        title = self.tr("Bekreft som vitne")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Jeg var til stede og bekrefter"))
        self._context = context
        self._one = one
        self.body.addWidget(Text(row.title, "strong", self))
        self.body.addWidget(Text(row.detail, "", self))
        self.body.addWidget(
            Text(
                self.tr(
                    "Bekreftelsen merkes som gitt i ettertid og kan ikke endres. Så du det ikke "
                    "selv, lukk dette og si fra til lederen."
                ),
                "muted",
                self,
            )
        )
        self.note = QLineEdit(self)
        self.note.setObjectName("witnessNote")
        self.note.setMaxLength(500)
        self.body.addWidget(FormField(self.tr("Merknad (kan stå tom)"), self.note, parent=self))
        self.body.addStretch(1)

    def check(self) -> str:
        """Sign, or say why not."""
        try:
            changed = witness.confirm(self._context.session, self._one, self.note.text())
        except FieldAppError as error:
            return sentence_for(error)
        self._context.changes.announce(changed)
        return ""
