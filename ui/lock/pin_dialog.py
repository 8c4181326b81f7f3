"""Sets the PIN of this process: typed twice, and never stored."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.errors import FieldAppError
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import Dialog, FormField, Text


class PinDialog(Dialog):
    """`accepted` follows once the PIN stands. Attributes: `pin`, `again`."""

    WIDTH = 460

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        title = self.tr("PIN-kode for denne økten")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Bruk PIN-koden"))
        self.cancel_button.say(self.tr("Uten PIN-kode"))
        self.setObjectName("pinDialog")
        self._context = context
        self._working = False
        said = self.tr(
            "Koden åpner vinduet igjen etter en kort låsing, i høyst åtte timer. Den lagres ikke: "
            "etter fem gale forsøk, en lang låsing eller omstart trengs passfrasen."
        )
        self.body.addWidget(Text(said, "muted", self))
        self.pin = self._field("pinNew")
        self.again = self._field("pinAgain")
        self._first = FormField(
            self.tr("PIN-kode"), self.pin, self.tr("6 til 12 siffer, ikke en rekke"), parent=self
        )
        self._second = FormField(self.tr("Gjenta PIN-koden"), self.again, parent=self)
        self.body.addWidget(self._first)
        self.body.addWidget(self._second)
        self.body.addStretch(1)
        self.pin.returnPressed.connect(self.again.setFocus)
        # It ends with a secret, so Enter alone sends it.
        self.again.returnPressed.connect(self.try_accept)
        self.pin.setFocus()

    def try_accept(self) -> None:
        """Set the PIN on a worker; stay open when it is refused."""
        locks = self._context.locks
        if self._working or locks is None:
            return
        first, second = self.pin.text(), self.again.text()
        self._first.say_problem("")
        self._second.say_problem("")
        if first != second:
            self._second.say_problem(self.tr("De to er ikke like. Skriv dem en gang til."))
            self.again.selectAll()
            self.again.setFocus()
            return
        self._working = True
        self.confirm_button.setEnabled(False)
        self._context.tasks.run(lambda: locks.set_pin(first), self._on_set, self._on_refused)

    def _on_set(self, _: None) -> None:
        self.pin.clear()
        self.again.clear()
        self.accept()

    def _on_refused(self, error: BaseException) -> None:
        self._working = False
        self.confirm_button.setEnabled(True)
        if isinstance(error, FieldAppError):
            self._first.say_problem(sentence_for(error))
        else:
            self.problem.say(sentence_for(error), "danger")
        self.again.clear()
        self.pin.selectAll()
        self.pin.setFocus()
        self._fit_soon()

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(name)
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setMaxLength(12)
        hints = Qt.InputMethodHint
        field.setInputMethodHints(
            hints.ImhDigitsOnly | hints.ImhSensitiveData | hints.ImhNoPredictiveText
        )
        return field
