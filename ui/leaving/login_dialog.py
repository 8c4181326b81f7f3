"""Logs in at the server from wherever the person stands, so that what is closed opens again."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from ui.context import AppContext
from ui.errors import sentence
from ui.widgets import Dialog, FormField, Text


class LoginDialog(Dialog):
    """Attributes: `field`. The screens read the store again when it has succeeded."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        title = self.tr("Logg inn på serveren")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Logg inn"))
        self._context = context
        self._succeeded = False
        why = self.tr("Da åpnes det som er lukket, og det du har ført, sendes. Det krever dekning.")
        self.body.addWidget(Text(why, "", self))
        self.field = QLineEdit(self)
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setObjectName("leasePassword")
        self.field.returnPressed.connect(self.confirm_button.click)
        self.body.addWidget(FormField(self.tr("Passord på serveren"), self.field, parent=self))
        self.body.addStretch(1)
        self.field.setFocus()

    def check(self) -> str:
        """Ask the server off this thread; the dialog closes when it lets the person in."""
        if self._succeeded:
            return ""
        password = self.field.text()
        if not password:
            return self.tr("Skriv passordet først.")
        self.field.clear()
        self.confirm_button.setEnabled(False)
        self._context.sync.login(password, self._on_answer)
        return self.tr("Logger inn …")

    def try_accept(self) -> None:
        super().try_accept()
        if not self._succeeded and not self.confirm_button.isEnabled():
            self.problem.say(self.tr("Logger inn …"), "neutral")

    def _on_answer(self, code: str | None) -> None:
        self.confirm_button.setEnabled(True)
        if code is not None:
            self.problem.say(sentence(code), "danger")
            self.field.setFocus()
            return
        self._succeeded = True
        self.accept()
