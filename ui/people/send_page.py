"""Send for a colleague: the store is opened to send what is unsent in it, and never to read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.bootstrap import EscrowRequest, Rescue, read_answer
from fieldapp.services.sealed import BY_RECOVERY_KEY, SealedStore, counted
from sync.client.deliver import Delivered, deliver
from ui.errors import code_for, sentence_for
from ui.people.escrow_part import EscrowPart
from ui.people.front import FrontPage
from ui.people.send_state import contents_text, key_refused, receipt_lines, send_refused, tally_row
from ui.recovery.key_paper import KeyPaper
from ui.recovery.state import recovery_refused
from ui.tasks import TaskRunner
from ui.widgets import (
    Banner,
    FormField,
    PrimaryButton,
    QuietButton,
    SecondaryButton,
    Statements,
    Text,
    row_of,
)


class SendDoor(Protocol):
    """The way into a colleague's store for sending; see fieldapp.bootstrap.Door."""

    @property
    def username(self) -> str: ...

    @property
    def rescue(self) -> Rescue: ...

    def open_for_sending(self, recovery_key: str) -> SealedStore:
        """Open it. Slow: off the window's thread. Raises the errors of the vault."""

    def open_for_sending_by_answer(self, answer: bytes) -> SealedStore:
        """Open it with the officers' answer. Slow. Raises the errors of the vault."""

    def lock(self) -> None:
        """Close it; harmless when it is closed."""


UNATTENDED_MILLISECONDS = 5 * 60 * 1000
"""An opened store closes by itself when nothing happens for so long."""

Deliver = Callable[[SealedStore, str, str], tuple[Delivered, SealedStore]]
"""Sends what is in the store with the sender's own user name and password; off the window's
thread. Returns what became of it, and the store counted anew."""


def over_http(store: SealedStore, username: str, password: str) -> tuple[Delivered, SealedStore]:
    """Send to the store's own server."""
    database = store.database.clone()
    try:
        done = deliver(database, store.clock, username=username, password=password)
        return done, counted(store, database)
    finally:
        database.close()


class SendPage(FrontPage):
    """Key, then numbers and the sender's own log-in, then the receipt, then a new key on paper in
    place of the used one. There is nothing else.

    Signals:
        closed(): the store is closed again; somebody wants to go on.
    """

    closed = Signal()

    def __init__(
        self,
        username: str,
        door: SendDoor,
        tasks: TaskRunner,
        parent: QWidget | None = None,
        *,
        send: Deliver = over_http,
    ) -> None:
        super().__init__("upload", "", parent)
        self._name = username
        self._door = door
        self._tasks = tasks
        self._send = send
        self._store: SealedStore | None = None
        self._paper: KeyPaper | None = None
        self._busy = False
        self._left = False
        self.title.setText(self.tr("Send for {0}").format(username))
        card = self.card
        self._intro = Text(
            self.tr(
                "Lageret åpnes bare for å sende det som er usendt. Ingenting av det kan leses her. "
                "Åpningen føres i loggen, som {0} ser."
            ).format(username),
            "muted",
            card,
        )
        self.column.addWidget(self._intro)
        self.banner = Banner("", "danger", card)
        self.banner.setObjectName("sendBanner")
        self.column.addWidget(self.banner)
        self.contents = Statements(self.tr("Usendt"), card)
        self.contents.setObjectName("sendContents")
        self.column.addWidget(self.contents)
        self.key = self._field(self.tr("Gjenopprettingsnøkkel"), "sendKey")
        self.escrow = EscrowPart(card)
        self.escrow.request_wanted.connect(self.save_request)
        self.escrow.answered.connect(self.use_answer)
        self.column.addWidget(self.escrow)
        self.no_paper = QuietButton(self.tr("Papiret er borte: be virksomheten åpne …"), card)
        self.no_paper.setObjectName("sendByEscrow")
        self.no_paper.clicked.connect(self._turn_to_escrow)
        self.column.addWidget(self.no_paper)
        self._by_escrow = False
        self.username = self._field(self.tr("Ditt eget brukernavn"), "sendUsername")
        self.password = self._field(
            self.tr("Ditt eget passord på serveren"),
            "sendPassword",
            secret=True,
            help_text=self.tr("Du må ha rollen gjenopprettingsansvarlig."),
        )
        self.go_on = PrimaryButton("", card, name="sendGo")
        self.go_on.clicked.connect(self._go_on)
        self.leave = SecondaryButton(self.tr("Tilbake"), card, icon="arrow-left", name="sendClose")
        self.leave.clicked.connect(self._leave)
        self.column.addLayout(row_of(self.go_on, None, self.leave))
        # A key on a paper and an open store are not left alone on a desk.
        self.unattended = QTimer(self)
        self.unattended.setSingleShot(True)
        self.unattended.setInterval(UNATTENDED_MILLISECONDS)
        self.unattended.timeout.connect(self._close)
        self._show_step()

    def focus_field(self) -> None:
        """Put the caret where work begins."""
        self._editor(self.key).setFocus(Qt.FocusReason.OtherFocusReason)

    def shut(self) -> None:
        """Close the store; also when something else takes this page's place."""
        self._left = True
        self._store = None
        self.unattended.stop()
        if not self._busy:
            self._door.lock()

    # --- parts

    def _field(
        self, label: str, name: str, *, secret: bool = False, help_text: str = ""
    ) -> FormField:
        editor = QLineEdit(self.card)
        editor.setObjectName(name)
        if secret:
            editor.setEchoMode(QLineEdit.EchoMode.Password)
        editor.returnPressed.connect(self._go_on)
        field = FormField(label, editor, help_text, self.card)
        self.column.addWidget(field)
        return field

    def _editor(self, field: FormField) -> QLineEdit:
        assert isinstance(field.editor, QLineEdit)
        return field.editor

    def _show_step(self, *, done: bool = False) -> None:
        is_open = self._store is not None
        sends = is_open and not done and self._store is not None and self._store.to_send > 0
        self.key.setVisible(not is_open and not self._by_escrow)
        self.escrow.setVisible(not is_open and self._by_escrow)
        self.no_paper.setVisible(not is_open and not self._by_escrow)
        self.username.setVisible(sends)
        self.password.setVisible(sends)
        self.contents.setVisible(is_open)
        self.go_on.setVisible(sends or not (is_open or self._by_escrow))
        self.go_on.say(self.tr("Send") if is_open else self.tr("Åpne for sending"))
        if is_open:
            self.leave.say(self.tr("Lukk"))

    # --- key

    @Slot()
    def _go_on(self) -> None:
        if self._busy:
            return
        if self._store is None:
            self._open()
        else:
            self._deliver(self._store)

    def _open(self) -> None:
        key = self._editor(self.key).text().strip()
        if not key:
            self.key.say_problem(self.tr("Skriv nøkkelen fra papiret."))
            self.focus_field()
            return
        self.key.say_problem("")
        self._begin(self.tr("Åpner lageret …"))
        self._tasks.run(lambda: self._door.open_for_sending(key), self._opened, self._not_opened)

    def _opened(self, store: SealedStore) -> None:
        self._end()
        self._editor(self.key).clear()
        if self._left:
            self._door.lock()
            return
        self._store = store
        self.unattended.start()
        self._show_contents(store)
        self.banner.say(contents_text(store, self._name), "neutral")
        self._show_step()
        first = self._editor(self.username) if store.to_send else self.leave
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _not_opened(self, error: BaseException) -> None:
        self._end()
        self.banner.say(key_refused(error), "danger")
        self.focus_field()

    def _show_contents(self, store: SealedStore) -> None:
        now = store.clock.now()
        self.contents.set_rows(
            [tally_row(one, now, travels=store.drafts_travel) for one in store.contents]
        )

    # --- the officers' answer

    @Slot()
    def _turn_to_escrow(self) -> None:
        if self._busy:
            return
        self._by_escrow = True
        self.banner.say("")
        self._show_step()
        self.escrow.ask.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(object)
    def save_request(self, file: Path) -> None:
        """Write a request for the officers. Nothing in it is secret."""
        if self._busy:
            return
        rescue, name = self._door.rescue, self._door.username

        def work() -> tuple[EscrowRequest, bool]:
            request = rescue.ask_escrow(name)
            file.write_bytes(request.to_bytes())
            return request, rescue.outlives_program()

        def saved(answer: tuple[EscrowRequest, bool]) -> None:
            self._end()
            request, outlives = answer
            self.escrow.show_request(request)
            words = (
                self.tr("Forespørselen er lagret. Du kan lukke programmet mens du venter.")
                if outlives
                else self.tr(
                    "Forespørselen er lagret. La programmet stå åpent til svaret kommer: "
                    "nøkkelringen kan ikke huske det."
                )
            )
            self.banner.say(words, "ok" if outlives else "warn")

        self._begin(self.tr("Et øyeblikk …"))
        self._tasks.run(work, saved, self._not_answered)

    @Slot(object)
    def use_answer(self, file: Path) -> None:
        """Open the store for sending with the officers' answer."""
        if self._busy:
            return
        self._begin(self.tr("Åpner lageret …"))
        self._tasks.run(
            lambda: self._door.open_for_sending_by_answer(read_answer(file)),
            self._opened,
            self._not_answered,
        )

    def _not_answered(self, error: BaseException) -> None:
        self._end()
        self.banner.say(recovery_refused(code_for(error)), "danger")

    # --- sending

    def _deliver(self, store: SealedStore) -> None:
        username = self._editor(self.username).text().strip()
        password = self._editor(self.password).text()
        missing = {
            self.username: "" if username else self.tr("Skriv brukernavnet ditt."),
            self.password: "" if password else self.tr("Skriv passordet ditt på serveren."),
        }
        for field, words in missing.items():
            field.say_problem(words)
        if any(missing.values()):
            return
        self._begin(self.tr("Sender. Ikke lukk maskinen …"))
        self._tasks.run(lambda: self._send(store, username, password), self._sent, self._not_sent)

    def _sent(self, answer: tuple[Delivered, SealedStore]) -> None:
        self._end()
        self._editor(self.password).clear()
        done, store = answer
        if self._left:
            self._door.lock()
            return
        self._store = store
        self._show_contents(store)
        self.banner.say(" ".join(receipt_lines(done, self._name)), "ok")
        self._show_step(done=True)
        self.leave.setFocus(Qt.FocusReason.OtherFocusReason)

    def _not_sent(self, error: BaseException) -> None:
        self._end()
        if self._left:
            self._door.lock()
            return
        self.banner.say(send_refused(error), "danger")
        editor = self._editor(self.password)
        editor.selectAll()
        editor.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- a new key in place of the used one

    @Slot()
    def _leave(self) -> None:
        """A key that was used is replaced before the page closes; who cannot, may leave all the
        same, and the owner is asked at the next unlocking."""
        store = self._store
        if store is None or store.by != BY_RECOVERY_KEY or self._paper is not None or self._busy:
            self._close()
            return
        for part in (self.contents, self.username, self.password, self.go_on, self._intro):
            part.hide()
        self.title.setText(self.tr("Ny gjenopprettingsnøkkel"))
        self.banner.say(
            self.tr(
                "Nøkkelen du brukte, gjelder til en ny er på plass. Skriv den nye på papir og gi "
                "papiret til den som oppbevarer nøkler for virksomheten. Den vises bare nå."
            ),
            "neutral",
        )
        key = self._door.rescue.offer_recovery_key()
        whose = self.tr("Bruker: {name}").format(name=self._name)
        self._paper = KeyPaper(key, whose, self.card)
        self._paper.proved.connect(lambda: self._replace(key))
        self.column.insertWidget(self.column.count() - 1, self._paper)
        self.leave.say(self.tr("Lukk uten ny nøkkel"))
        self.unattended.start()
        self._paper.written.setFocus(Qt.FocusReason.OtherFocusReason)

    def _replace(self, key: str) -> None:
        self._begin(self.tr("Et øyeblikk …"))
        self._tasks.run(
            lambda: self._door.rescue.replace_used_key(key), self._on_replaced, self._not_replaced
        )

    def _on_replaced(self, _: None) -> None:
        self._end()
        if self._left:
            self._door.lock()
            return
        assert self._paper is not None
        self._paper.hide()
        self.banner.say(self.tr("Den nye nøkkelen gjelder. Makuler det gamle papiret."), "ok")
        self.leave.say(self.tr("Lukk"))
        self.leave.setFocus(Qt.FocusReason.OtherFocusReason)

    def _not_replaced(self, error: BaseException) -> None:
        self._end()
        if self._left:
            self._door.lock()
            return
        assert self._paper is not None
        self._paper.check.setEnabled(True)
        self.banner.say(sentence_for(error), "danger")

    # --- closing

    def _begin(self, words: str) -> None:
        self._busy = True
        self.unattended.stop()
        self.banner.say(words, "neutral")
        self.go_on.setEnabled(False)
        # Who left now would leave the store open: the answer would find nobody.
        self.leave.setEnabled(False)

    def _end(self) -> None:
        self._busy = False
        self.go_on.setEnabled(True)
        self.leave.setEnabled(True)
        if self._store is not None:
            self.unattended.start()

    @Slot()
    def _close(self) -> None:
        self.shut()
        self.closed.emit()
