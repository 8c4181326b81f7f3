"""Settings, «Nøkler»: another passphrase, a new recovery key, and whether the employer has one."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.errors import FieldAppError
from ui.context import AppContext, KeyControl
from ui.errors import sentence_for
from ui.recovery.key_paper import KeyPaper
from ui.setup.state import is_long_enough
from ui.widgets import Banner, Card, ConfirmDialog, Dialog, FormField, SecondaryButton, Text, row_of


class KeysCard(Card):
    """Hidden where there is no vault behind the window."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.setText(self.tr("Nøkler"))
        self.heading.show()
        self._context = context
        self.body.addWidget(
            Text(
                self.tr(
                    "Passfrasen åpner journalen på denne maskinen. Gjenopprettingsnøkkelen på "
                    "papir åpner den når passfrasen eller maskinens nøkkelring er tapt."
                ),
                "muted",
                self,
            )
        )
        self.escrow = Text("", "", self)
        self.escrow.setObjectName("keysEscrow")
        self.body.addWidget(self.escrow)
        self.told = Banner("", "warn", self)
        self.told.setObjectName("keysEscrowTold")
        self.accept = SecondaryButton(
            self.tr("Bruk den nye nødnøkkelen …"), self, icon="check", name="keysEscrowAccept"
        )
        self.accept.clicked.connect(self._ask_escrow)
        self.body.addWidget(self.told)
        self.body.addLayout(row_of(self.accept, None))
        self.change = SecondaryButton(
            self.tr("Bytt passfrase …"), self, icon="lock", name="keysPassphrase"
        )
        self.change.clicked.connect(self._change)
        self.renew = SecondaryButton(
            self.tr("Ny gjenopprettingsnøkkel …"), self, icon="key-round", name="keysRecovery"
        )
        self.renew.clicked.connect(self._renew)
        self.said = Text("", "muted", self)
        self.said.setObjectName("keysSaid")
        self.said.hide()
        self.body.addLayout(row_of(self.change, self.renew, None))
        self.body.addWidget(self.said)
        self.setVisible(context.keys is not None)

    def show_now(self) -> None:
        """Say how it stands at the moment."""
        keys = self._context.keys
        if keys is None:
            return
        fingerprint = keys.escrow_fingerprint()
        self.escrow.setText(
            self.tr(
                "Virksomheten har nødnøkkel {fingerprint}: to betrodde kan åpne sammen hvis "
                "papiret er borte."
            ).format(fingerprint=fingerprint)
            if fingerprint
            else self.tr(
                "Virksomheten har ingen nødnøkkel til denne journalen. Papiret er eneste vei inn "
                "hvis passfrasen er glemt."
            )
        )
        told = keys.escrow_told()
        self.accept.setVisible(told is not None)
        self.told.say(
            self.tr(
                "Serveren oppgir en annen nødnøkkel: {fingerprint}. Den åpner ingenting før du "
                "godtar den. Ring den som oppbevarer virksomhetens nøkler, og sammenlign."
            ).format(fingerprint=told)
            if told
            else "",
            "warn",
        )

    @Slot()
    def _ask_escrow(self) -> None:
        keys = self._context.keys
        told = None if keys is None else keys.escrow_told()
        if told is None:
            return
        dialog = ConfirmDialog(
            self.tr("Ny nødnøkkel fra virksomheten"),
            self.tr(
                "Fingeravtrykk: {fingerprint}\n\n"
                "De to som har den nye nøkkelen, kan sammen åpne journalen på denne maskinen. De "
                "som har den gamle, kan det ikke mer. Godta bare når fingeravtrykket er lest opp "
                "likt i telefonen."
            ).format(fingerprint=told),
            self.tr("Fingeravtrykket er likt"),
            self.window(),
        )
        dialog.setObjectName("escrowDialog")
        dialog.accepted.connect(self._accept_escrow)
        dialog.open()

    @Slot()
    def _accept_escrow(self) -> None:
        keys = self._context.keys
        if keys is None:
            return
        try:
            keys.accept_escrow()
        except FieldAppError as error:
            self._say(sentence_for(error))
            return
        self._say(self.tr("Den nye nødnøkkelen gjelder."))
        self.show_now()

    @Slot()
    def _change(self) -> None:
        keys = self._context.keys
        if keys is not None:
            dialog = PassphraseDialog(self._context, keys, self.window())
            dialog.accepted.connect(
                lambda: self._say(self.tr("Passfrasen er byttet. Den gamle virker ikke mer."))
            )
            dialog.open()

    @Slot()
    def _renew(self) -> None:
        keys = self._context.keys
        if keys is not None:
            dialog = RecoveryDialog(self._context, keys, self.window())
            dialog.accepted.connect(
                lambda: self._say(self.tr("Den nye nøkkelen gjelder. Makuler det gamle papiret."))
            )
            dialog.open()

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.show()


class _SecretDialog(Dialog):
    """Asks for the present passphrase and acts beside the window. `accepted` follows success."""

    WIDTH = 560

    def __init__(
        self, context: AppContext, keys: KeyControl, title: str, parent: QWidget | None
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(title)
        self.title.setText(title)
        self._context = context
        self._keys = keys
        self._working = False
        self.old = self._secret(self.tr("Passfrasen du har nå"), "keysOld")

    def _secret(self, label: str, name: str, help_text: str = "") -> FormField:
        editor = QLineEdit(self)
        editor.setObjectName(name)
        editor.setEchoMode(QLineEdit.EchoMode.Password)
        editor.returnPressed.connect(self.try_accept)
        field = FormField(label, editor, help_text, self)
        self.body.addWidget(field)
        return field

    def _typed(self, field: FormField) -> str:
        assert isinstance(field.editor, QLineEdit)
        return field.editor.text()

    def _done(self, _: None) -> None:
        self.accept()

    def _refused(self, error: BaseException) -> None:
        self._working = False
        self.confirm_button.setEnabled(True)
        self.old.say_problem(sentence_for(error))
        self.old.editor.setFocus()


class PassphraseDialog(_SecretDialog):
    """The old passphrase and the new one twice."""

    def __init__(
        self, context: AppContext, keys: KeyControl, parent: QWidget | None = None
    ) -> None:
        super().__init__(context, keys, "", parent)
        title = self.tr("Bytt passfrase")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.setObjectName("passphraseDialog")
        self.confirm_button.say(self.tr("Bytt"))
        self.cancel_button.say(self.tr("Avbryt"))
        help_text = self.tr("Minst tolv tegn eller fire ord. Bruk ikke serverpassordet.")
        self.new = self._secret(self.tr("Ny passfrase"), "keysNew", help_text)
        self.again = self._secret(self.tr("Den nye en gang til"), "keysAgain")
        self.body.addStretch(1)
        self.old.editor.setFocus()

    def try_accept(self) -> None:
        """Change it beside the window; stay open when it is refused."""
        old, new = self._typed(self.old), self._typed(self.new)
        long_enough, same = is_long_enough(new), new == self._typed(self.again)
        self.old.say_problem("" if old else self.tr("Skriv passfrasen du har nå."))
        self.new.say_problem("" if long_enough else self.tr("Passfrasen er for kort."))
        self.again.say_problem("" if same else self.tr("De to passfrasene er ikke like."))
        if self._working or not (old and long_enough and same):
            return
        self._working = True
        self.confirm_button.setEnabled(False)
        keys = self._keys
        self._context.tasks.run(lambda: keys.change_passphrase(old, new), self._done, self._refused)


class RecoveryDialog(_SecretDialog):
    """A new key on paper first; it replaces the old one only when two groups were typed."""

    def __init__(
        self, context: AppContext, keys: KeyControl, parent: QWidget | None = None
    ) -> None:
        super().__init__(context, keys, "", parent)
        title = self.tr("Ny gjenopprettingsnøkkel")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.setObjectName("recoveryDialog")
        self.confirm_button.say(self.tr("Ta i bruk nøkkelen"))
        self.cancel_button.say(self.tr("Behold den gamle"))
        self._key = keys.offer_recovery_key()
        whose = self.tr("Bruker: {name}").format(name=keys.username)
        self.paper = KeyPaper(self._key, whose, self)
        self.paper.proved.connect(self._ask_passphrase)
        self.body.addWidget(self.paper)
        self.old.hide()
        self.confirm_button.hide()
        self.body.addStretch(1)
        self.paper.written.setFocus()

    @Slot()
    def _ask_passphrase(self) -> None:
        self.paper.hide()
        self.old.show()
        self.confirm_button.show()
        self.old.editor.setFocus()

    def try_accept(self) -> None:
        """Put the key in place beside the window; stay open when it is refused."""
        if self._working or self.old.isHidden():
            return
        old, key, keys = self._typed(self.old), self._key, self._keys
        self._working = True
        self.confirm_button.setEnabled(False)
        self._context.tasks.run(
            lambda: keys.replace_recovery_key(old, key), self._done, self._refused
        )
