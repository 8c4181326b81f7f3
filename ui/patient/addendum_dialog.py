"""Write a dated addition to a signed note."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fieldapp.domain.notes import NoteError
from fieldapp.errors import FieldAppError
from fieldapp.services import notes
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import Dialog, FormField, Text


class AddendumDialog(Dialog):
    """Signs the addition when it is confirmed; the note itself stays as it was signed."""

    def __init__(self, context: AppContext, note_id: str, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Tillegg til notatet"))
        self.title.setText(self.tr("Tillegg til notatet"))
        self.confirm_button.say(self.tr("Signer tillegget"))
        self._context = context
        self._note_id = note_id
        self.body.addWidget(
            Text(
                self.tr(
                    "Notatet kan ikke endres. Tillegget får ditt navn og tidspunktet nå, og begge"
                    " vises. Det kan ikke endres etterpå."
                ),
                "muted",
                self,
            )
        )
        self.text = QPlainTextEdit(self)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(160)
        self.body.addWidget(FormField(self.tr("Tillegg eller rettelse"), self.text, parent=self))
        self.text.setFocus()

    def check(self) -> str:
        try:
            changes = notes.addendum(self._context.session, self._note_id, self.text.toPlainText())
        except (NoteError, FieldAppError) as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""
