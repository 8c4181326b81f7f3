"""One's own witness code: typed twice, with the passphrase, and told to the server at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.witness_codes import FEWEST_CHARACTERS, is_too_simple, normal
from fieldapp.services import setup, witness
from fieldapp.services.session import Session
from sync.client import own
from sync.client.http import HttpSyncService
from sync.client.line import Line
from ui.context import AppContext
from ui.errors import sentence_for
from ui.sync.device_line import device_login
from ui.widgets import Dialog, FormField, Text

SetCode = Callable[[str], None]
"""Tells the server the verifier of the new code; runs in a worker."""


def over_http(session: Session, line: Line | None = None) -> Callable[[], SetCode]:
    """The server of the session's enrolment. Raises NotEnrolledError when asked without one."""

    def prepare() -> SetCode:
        enrolment = setup.load_enrolment(session.database)
        if enrolment is None:
            raise setup.NotEnrolledError
        url, server_id, device = enrolment.server_url, enrolment.server_id, device_login(session)

        def send(verifier: str) -> None:
            with HttpSyncService(url, device, line or Line(), server_id=server_id) as http:
                own.set_witness_code(http, verifier)

        return send

    return prepare


class WitnessCodeDialog(Dialog):
    """Attributes: `passphrase`, `code`, `again`.

    Signals:
        code_set(): the server has the new code.
    """

    code_set = Signal()

    def __init__(
        self,
        context: AppContext,
        prepare: Callable[[], SetCode] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self._context = context
        self._prepare = prepare or over_http(context.session)
        self._done = False
        title = self.tr("Lag vitnekode")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Ta koden i bruk"))
        self.body.addWidget(
            Text(
                self.tr(
                    "Med koden bekrefter du som vitne på en kollegas maskin, uten nett. Den åpner "
                    "ingenting annet. Bruk noe annet enn passfrasen din, og ikke si den til noen. "
                    "Kollegaenes maskiner kjenner koden når de har synket."
                ),
                "",
                self,
            )
        )
        self.passphrase = self._field("witnessPassphrase")
        self.code = self._field("witnessNewCode")
        self.again = self._field("witnessCodeAgain")
        self.again.returnPressed.connect(self.confirm_button.click)
        if context.verify_passphrase is not None:
            self.body.addWidget(FormField(self.tr("Passfrase"), self.passphrase, parent=self))
        else:
            self.passphrase.hide()
        label = self.tr("Ny vitnekode, minst {0} tegn").format(FEWEST_CHARACTERS)
        self.body.addWidget(FormField(label, self.code, parent=self))
        self.body.addWidget(FormField(self.tr("Gjenta koden"), self.again, parent=self))
        self.body.addStretch(1)
        (self.code if context.verify_passphrase is None else self.passphrase).setFocus()

    def check(self) -> str:
        """Start the slow part off this thread; the dialog closes when the server has the code."""
        if self._done:
            return ""
        passphrase, code = self.passphrase.text(), self.code.text()
        verify = self._context.verify_passphrase
        if verify is not None and not passphrase:
            self.passphrase.setFocus()
            return self.tr("Skriv passfrasen din først.")
        if is_too_simple(code):
            self.code.setFocus()
            return self.tr(
                "Koden er for kort eller for lett å gjette. Bruk minst {0} tegn som ikke bare er "
                "en rekke eller gjentar seg."
            ).format(FEWEST_CHARACTERS)
        if normal(code) != normal(self.again.text()):
            self.again.setFocus()
            return self.tr("De to kodene er ikke like. Skriv dem på nytt.")
        if normal(code) == normal(passphrase):
            self.code.setFocus()
            return self.tr("Koden kan ikke være passfrasen din. Velg en annen.")
        try:
            send = self._prepare()
        except Exception as error:
            return sentence_for(error)
        practitioner_id = self._context.session.user.id

        def work() -> None:
            if verify is not None:
                verify(passphrase)
            send(witness.new_verifier(practitioner_id, code))

        for field in (self.passphrase, self.code, self.again):
            field.clear()
        self.confirm_button.setEnabled(False)
        self._context.tasks.run(work, self._succeeded, self._failed)
        return self.tr("Sender …")

    def try_accept(self) -> None:
        super().try_accept()
        if not self._done and not self.confirm_button.isEnabled():
            self.problem.say(self.tr("Sender …"), "neutral")

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setObjectName(name)
        return field

    def _succeeded(self, _: object) -> None:
        self._done = True
        self.code_set.emit()
        self.accept()

    def _failed(self, error: BaseException) -> None:
        self.confirm_button.setEnabled(True)
        self.problem.say(sentence_for(error), "danger")
        (self.passphrase if self.passphrase.isVisible() else self.code).setFocus()
