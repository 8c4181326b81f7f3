"""Shows what was typed and not sent when the window locked, until the person is done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fieldapp.errors import FieldAppError
from fieldapp.services import patients
from ui import theme
from ui.context import AppContext
from ui.lock.leftovers import Question
from ui.widgets import ConfirmDialog, Dialog, QuietButton, Text, row_of


class HalfTypedDialog(Dialog):
    """`accepted`: it may be thrown away. `rejected`: it is shown again after the next unlocking."""

    WIDTH = 640

    def __init__(
        self, context: AppContext, questions: Sequence[Question], parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent, dangerous=True)
        title = self.tr("Halvskrevet da vinduet ble låst")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.setObjectName("halfTypedDialog")
        self.confirm_button.say(self.tr("Forkast teksten"))
        self.cancel_button.say(self.tr("Behold til senere"))
        self._context = context
        said = self.tr(
            "Dette var ikke sendt eller lagret. Kopier det du trenger, og lim det inn der det "
            "hører hjemme. Det du beholder, vises igjen neste gang du låser opp."
        )
        self.body.addWidget(Text(said, "muted", self))
        for question in questions:
            self._add(question)
        self.body.addStretch(1)
        self.cancel_button.setFocus()

    def try_accept(self) -> None:
        """Ask first: what is thrown away here is nowhere else."""
        question = ConfirmDialog(
            self.tr("Forkaste det halvskrevne?"),
            self.tr("Teksten blir borte for godt. Den er ikke sendt til noen."),
            self.tr("Forkast teksten"),
            self,
            dangerous=True,
        )
        question.accepted.connect(self.accept)
        question.open()

    def half_typed(self) -> list[tuple[str, str]]:
        return []  # the window has it already

    def _add(self, question: Question) -> None:
        head = question.title
        if name := self._name_of(question.patient_id):
            head = f"{head} · {name}"
        self.body.addWidget(Text(head, "strong", self))
        for label, text in question.lines:
            shown = QPlainTextEdit(text, self)
            shown.setReadOnly(True)
            shown.setTabChangesFocus(True)
            name = label or self.tr("Tekst")
            shown.setAccessibleName(name)
            lines = min(6, max(1, text.count("\n") + 1 + len(text) // 70))
            shown.setFixedHeight(theme.current().pixels(22 * lines + 24))
            copy = QuietButton(self.tr("Kopier"), self, icon="clipboard-list")
            copy.setAccessibleName(self.tr("Kopier: {label}").format(label=name))
            copy.clicked.connect(lambda _=False, words=text: _copy(words))
            self.body.addLayout(row_of(Text(name, "label", self), None, copy))
            self.body.addWidget(shown)

    def _name_of(self, patient_id: str) -> str:
        if not patient_id:
            return ""
        try:
            return patients.page(self._context.session, patient_id).patient.name
        except FieldAppError:
            return ""  # no longer on this laptop; the text is shown all the same


def _copy(words: str) -> None:
    # The clipboard watch takes it away again after a minute and at the lock.
    QGuiApplication.clipboard().setText(words)
