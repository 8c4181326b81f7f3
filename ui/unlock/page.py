"""The lock page: the whole window, one field, Enter. Nothing of a patient is behind it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui import theme
from ui.errors import code_for
from ui.people.front import press_by_enter
from ui.tasks import TaskRunner
from ui.unlock.state import (
    FORGOTTEN,
    PIN_GONE,
    Phase,
    UnlockState,
    asking_for,
    message,
    refused,
    submitted,
    ticked,
)
from ui.widgets import (
    Banner,
    IconLabel,
    PrimaryButton,
    QuietButton,
    SecondaryButton,
    Text,
    Tone,
    row_of,
    set_role,
)

SECOND_MILLISECONDS = 1_000
CARD_PIXELS = 460


class UnlockPage(QWidget):
    """Asks for the passphrase until `unlock` succeeds. `unlock` is slow and runs on a worker.

    With `unlock_with_pin` it asks for a PIN first, and the passphrase is one press away.

    Signals:
        unlocked(): the store is open.
        refused(str): the store did not open; the code says why, and the page says it in words.
        help_wanted(str): the person cannot get in. The code of the refusal that stands, or
            `FORGOTTEN` when nothing but a wrong passphrase stands in the way.
        other_user_wanted(): somebody else sits at the laptop.
    """

    unlocked = Signal()
    refused = Signal(str)
    help_wanted = Signal(str)
    other_user_wanted = Signal()

    def __init__(
        self,
        username: str,
        unlock: Callable[[str], None],
        tasks: TaskRunner,
        parent: QWidget | None = None,
        *,
        unlock_with_pin: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._unlock = unlock
        self._unlock_with_pin = unlock_with_pin
        self._tasks = tasks
        self._state = UnlockState(by_pin=unlock_with_pin is not None)
        self._build(username)
        self.seconds = QTimer(self)
        self.seconds.setInterval(SECOND_MILLISECONDS)
        self.seconds.timeout.connect(self._on_second)
        theme.current().changed.connect(self._restyle)
        self._restyle()
        self._render()

    @property
    def state(self) -> UnlockState:
        return self._state

    @property
    def message_text(self) -> str:
        """What is said under the field."""
        return self._message.text()

    def say(self, words: str, tone: Tone = "warn") -> None:
        """Say something above the field that is no answer to what was typed."""
        self._notice.say(words, tone)

    def focus_field(self) -> None:
        """Put the caret in the field."""
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self, username: str) -> None:
        self._logo = IconLabel("heart-pulse", "accent", 44, self)
        title = Text(self.tr("Hjemmebesøk"), "title", self)
        who = Text(self.tr("Låst. Bruker: {name}").format(name=username), "muted", self)
        self._label = label = Text("", "label", self)
        self._field = QLineEdit(self)
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        label.setBuddy(self._field)
        self._show = SecondaryButton(self.tr("Vis"), self, icon="eye")
        self._show.setCheckable(True)
        self._show.toggled.connect(self._on_show)
        self._message = Text("", "muted", self)
        self._button = PrimaryButton(self.tr("Lås opp"), self, icon="lock")
        self._button.clicked.connect(self._submit)
        self._field.returnPressed.connect(self._submit)

        self._help = QuietButton("", self)
        self._help.setObjectName("unlockHelp")
        self._help.clicked.connect(self._on_help)
        self._way = QuietButton("", self)
        self._way.setObjectName("unlockOtherWay")
        self._way.clicked.connect(self._on_other_way)
        self._other = QuietButton(self.tr("Annen bruker"), self)
        self._other.setObjectName("unlockOtherUser")
        self._other.clicked.connect(self.other_user_wanted)

        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(self._logo)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(title)
        words.addWidget(who)
        head.addLayout(words, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._field, 1)
        row.addWidget(self._show)
        self._card = QFrame(self)
        self._card.setObjectName("card")
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(32, 28, 32, 28)
        inside.setSpacing(10)
        inside.addLayout(head)
        self._notice = Banner("", "warn", self._card)
        self._notice.setObjectName("unlockNotice")
        inside.addWidget(self._notice)
        inside.addSpacing(10)
        inside.addWidget(label)
        inside.addLayout(row)
        inside.addWidget(self._message)
        inside.addSpacing(4)
        inside.addWidget(self._button)
        inside.addLayout(row_of(self._way, self._help, None, self._other))
        press_by_enter(self._card)
        outside = QVBoxLayout(self)
        outside.addStretch(2)
        # Not by alignment: that would ask the card's height for the width of the whole window.
        outside.addLayout(row_of(None, self._card, None))
        outside.addStretch(3)

    @Slot()
    def _submit(self) -> None:
        secret = self._field.text()
        if not self._state.may_submit or not secret:
            return
        by_pin, open_by_pin = self._state.by_pin, self._unlock_with_pin
        unlock = open_by_pin if by_pin and open_by_pin is not None else self._unlock
        self._become(submitted(self._state))
        self._tasks.run(lambda: unlock(secret), self._on_opened, self.refuse)

    def _on_opened(self, _: None) -> None:
        self._field.clear()
        self._become(UnlockState(by_pin=self._state.by_pin))
        self.unlocked.emit()

    def refuse(self, error: BaseException) -> None:
        """Say why the store did not open; a passphrase stays in the field, selected."""
        seconds, left = int(getattr(error, "seconds", 0)), int(getattr(error, "left", 0))
        code = code_for(error)
        by_pin = self._state.by_pin
        if code == PIN_GONE:
            self._unlock_with_pin = None
        self._become(refused(self._state, code, seconds, left))
        if by_pin:
            self._field.clear()  # six digits are typed faster than one of them is found
        self._field.selectAll()
        self.focus_field()
        self.refused.emit(code)

    @Slot()
    def _on_help(self) -> None:
        self.help_wanted.emit(self._state.help_code)

    @Slot()
    def _on_second(self) -> None:
        self._become(ticked(self._state))
        if self._state.may_submit:
            self.focus_field()

    @Slot()
    def _on_other_way(self) -> None:
        self._field.clear()
        self._become(asking_for(self._state, pin=not self._state.by_pin))
        self.focus_field()

    @Slot(bool)
    def _on_show(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self._field.setEchoMode(mode)
        self._show.say(self.tr("Skjul") if shown else self.tr("Vis"))
        self._name_field()

    def _become(self, state: UnlockState) -> None:
        self._state = state
        if state.phase is Phase.WAITING and not self.seconds.isActive():
            self.seconds.start()
        elif state.phase is not Phase.WAITING:
            self.seconds.stop()
        self._render()

    def _render(self) -> None:
        state = self._state
        said = message(state)
        self._message.setText(said)
        self._message.setVisible(bool(said))
        set_role(self._message, "role", "error" if state.code else "muted")
        set_role(self._field, "problem", state.is_wrong_secret)
        self._field.setReadOnly(not state.may_submit)
        self._button.setEnabled(state.may_submit)
        self._name_field()
        self._way.setVisible(self._unlock_with_pin is not None)
        self._way.setEnabled(state.may_submit)
        self._way.say(self.tr("Bruk passfrase") if state.by_pin else self.tr("Bruk PIN-kode"))
        self._help.setVisible(not state.by_pin)
        forgotten = state.help_code == FORGOTTEN
        self._help.say(self.tr("Glemt passfrasen?") if forgotten else self.tr("Få hjelp"))

    def _name_field(self) -> None:
        """Say what the field is for, on the screen and to a screen reader."""
        by_pin = self._state.by_pin
        self._label.setText(self.tr("&PIN-kode") if by_pin else self.tr("&Passfrase"))
        self._field.setAccessibleName(self.tr("PIN-kode") if by_pin else self.tr("Passfrase"))
        digits = Qt.InputMethodHint.ImhDigitsOnly if by_pin else Qt.InputMethodHint.ImhNone
        hints = Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
        self._field.setInputMethodHints(hints | digits)
        shown = self._show.isChecked()
        if by_pin:
            name = self.tr("Skjul PIN-koden") if shown else self.tr("Vis PIN-koden")
        else:
            name = self.tr("Skjul passfrasen") if shown else self.tr("Vis passfrasen")
        self._show.setAccessibleName(name)

    @Slot()
    def _restyle(self) -> None:
        look = theme.current()
        self._card.setFixedWidth(min(look.pixels(CARD_PIXELS), 900))
