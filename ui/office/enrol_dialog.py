"""A one-time code for a new laptop, shown once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from fieldapp.clock import OSLO
from sync.client.office_messages import EnrolCodeAnswer, EnrolCodeRequest
from ui.office.desk import OfficeDesk
from ui.office.reasons import not_done_text
from ui.widgets import Dialog, SecondaryButton, Text, row_of


class EnrolDialog(Dialog):
    """Asks first: a new code makes the earlier one dead."""

    def __init__(
        self, desk: OfficeDesk, user_id: str, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        title = self.tr("Engangskode for {0}").format(name)
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Lag koden"))
        self.cancel_button.say(self.tr("Lukk"))
        self._desk = desk
        self._user_id = user_id
        self._asked = False
        self._words = Text(
            self.tr(
                "Koden brukes én gang, når den nye laptopen settes opp. En tidligere kode som ikke "
                "er brukt, slutter å gjelde."
            ),
            "",
            self,
        )
        self.body.addWidget(self._words)
        self.code = Text("", "title", self)
        self.code.setObjectName("enrolCode")
        self.code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.code.hide()
        self.body.addWidget(self.code)
        self.copy = SecondaryButton(self.tr("Kopier koden"), self, name="enrolCopy")
        self.copy.clicked.connect(self._copy)
        self.copy.hide()
        self.body.addLayout(row_of(self.copy, None))
        self.body.addStretch(1)
        self.confirm_button.setFocus()

    def try_accept(self) -> None:
        """The first press asks the server; the code closes with the dialog."""
        if self._asked:
            return
        self._asked = True
        request = EnrolCodeRequest(user_id=self._user_id)
        self._desk.ask(lambda service: service.enrol_code(request), self._show, self._fail)

    def _show(self, answer: EnrolCodeAnswer) -> None:
        self.problem.say("")
        until = answer.expires_at.astimezone(OSLO)
        self._words.setText(
            self.tr(
                "Gi koden til den som skal sette opp laptopen. Den vises bare nå, og gjelder til "
                "{0}."
            ).format(f"{until:%d.%m. %H:%M}")
        )
        self.code.setText(answer.code)
        self.code.setAccessibleName(self.tr("Engangskode {0}").format(" ".join(answer.code)))
        self.code.show()
        self.copy.show()
        self.confirm_button.hide()
        self.copy.setFocus()
        self._fit_soon()

    def _fail(self, error: BaseException) -> None:
        self._asked = False
        self.problem.say(not_done_text(error), "danger")
        self._fit_soon()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.text())
        self.copy.say(self.tr("Kopiert"))
