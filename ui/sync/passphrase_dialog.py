"""Before a trip: prove that one's passphrase opens this laptop without a line."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.services import trip
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import Dialog, FormField, Text


class PassphraseDialog(Dialog):
    """Attributes: `field`. Calls `on_verified` once the passphrase has opened the store."""

    def __init__(
        self,
        context: AppContext,
        on_verified: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Prøv passfrasen"))
        self.title.setText(self.tr("Prøv passfrasen"))
        self.confirm_button.say(self.tr("Prøv den"))
        self.confirm_button.setAutoDefault(False)
        self.cancel_button.setAutoDefault(False)
        self._context = context
        self._on_verified = on_verified
        self._proved = False
        why = self.tr(
            "Programmet prøver om passfrasen åpner lageret på denne maskinen, uten nett. Det "
            "husker bare at den virket, og når."
        )
        self.body.addWidget(Text(why, "", self))
        self.field = QLineEdit(self)
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setObjectName("tripPassphrase")
        self.field.returnPressed.connect(self.confirm_button.click)
        self.body.addWidget(FormField(self.tr("Passfrase"), self.field, parent=self))
        self.body.addStretch(1)
        self.field.setFocus()

    def check(self) -> str:
        """Start the slow proof off this thread; the dialog closes when it succeeds."""
        if self._proved:
            return ""
        passphrase = self.field.text()
        verify = self._context.verify_passphrase
        if verify is None or not passphrase:
            return self.tr("Skriv passfrasen først.")
        self.field.clear()
        self.confirm_button.setEnabled(False)
        self._context.tasks.run(lambda: verify(passphrase), self._succeeded, self._failed)
        return self.tr("Prøver …")

    def try_accept(self) -> None:
        super().try_accept()
        if not self._proved and not self.confirm_button.isEnabled():
            self.problem.say(self.tr("Prøver …"), "neutral")

    def _succeeded(self, _: object) -> None:
        trip.note_passphrase_verified(self._context.session)
        self._proved = True
        self.accept()
        self._on_verified()

    def _failed(self, error: BaseException) -> None:
        self.confirm_button.setEnabled(True)
        self.problem.say(sentence_for(error), "danger")
        self.field.setFocus()
