"""The page of a first start. It replaces the unlock page while there is no store to unlock."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from fieldapp.bootstrap import KeyDue, Rescue
from fieldapp.paths import data_dir, normal_username
from fieldapp.services import machine
from fieldapp.services.setup import EnrolmentAnswer
from sync.client.enrol import enrol
from ui import errors, theme
from ui.people.front import press_by_enter
from ui.recovery.key_paper import KeyPaper
from ui.setup.state import SetupForm, field_of, problems, refused, same_request
from ui.tasks import TaskRunner
from ui.widgets import (
    Banner,
    Fitted,
    FormField,
    IconLabel,
    PrimaryButton,
    SecondaryButton,
    Text,
    row_of,
)


class NewDoor(Protocol):
    """The way to a store that does not exist yet; see fieldapp.bootstrap.Door."""

    def create(self, passphrase: str, enrolment: EnrolmentAnswer) -> str:
        """Make the store of this laptop, leave it open, and return its recovery key."""

    def lock(self) -> None:
        """Close the store."""

    @property
    def rescue(self) -> Rescue:
        """What remembers that the recovery key does not stand on paper yet."""


class SetupPage(QWidget):
    """Enrols first and makes the store then: a refused code leaves nothing behind.

    Signals:
        ready(str): the store of this user name is made, enrolled and locked.
        back_wanted(): nobody is to be added to this laptop after all.
    """

    ready = Signal(str)
    back_wanted = Signal()

    def __init__(
        self,
        door_for: Callable[[str], NewDoor],
        tasks: TaskRunner,
        parent: QWidget | None = None,
        *,
        others: Sequence[str] = (),
        machine_id: Callable[[], str] = lambda: "",
    ) -> None:
        """`others` are the normal names of those who have a store here already, `machine_id` tells
        the laptop's own name; it reads a file and is asked off the GUI thread."""
        super().__init__(parent)
        self.setObjectName("page")
        self._door_for = door_for
        self._tasks = tasks
        self._others = frozenset(others)
        self._machine_id = machine_id
        self._answer: EnrolmentAnswer | None = None
        self._answered: SetupForm | None = None
        self._username = ""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._scroll = scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(scroll)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        ground = Fitted(scroll)
        scroll.setWidget(ground)
        around = QVBoxLayout(ground)
        around.setContentsMargins(24, 24, 24, 24)
        self._card = QFrame(ground)
        self._card.setObjectName("card")
        around.addStretch(1)
        # Not by alignment: that would ask the card's height for the width of the whole window.
        around.addLayout(row_of(None, self._card, None))
        around.addStretch(2)
        self._column = QVBoxLayout(self._card)
        self._column.setContentsMargins(32, 26, 32, 28)
        self._column.setSpacing(12)
        self._build()
        theme.current().changed.connect(self._fit)
        self._fit()

    def focus_field(self) -> None:
        self._fields["server_url"].editor.setFocus()

    def say(self, why: str) -> None:
        """Say why this page is shown, where it is not the very first time."""
        self._banner.say(why, "warn")

    def _build(self) -> None:
        head = row_of(
            IconLabel("heart-pulse", "accent", 40, self._card),
            Text(
                self.tr("Legg til en person") if self._others else self.tr("Ta maskinen i bruk"),
                "title",
                self._card,
                wrap=False,
            ),
            None,
            spacing=14,
        )
        self._column.addLayout(head)
        self._intro = Text(
            self.tr(
                "Maskinen gjøres kjent for serveren med en engangskode. Passfrasen du velger, "
                "åpner journalen på denne maskinen, også uten dekning."
            ),
            "muted",
            self._card,
        )
        if self._others:
            self._intro.setText(
                self.tr(
                    "Du får ditt eget krypterte lager på denne maskinen. De andre kan ikke lese "
                    "det, og du kan ikke lese deres. Engangskoden får du fra kontoret."
                )
            )
        self._column.addWidget(self._intro)
        self._banner = Banner("", "danger", self._card)
        self._column.addWidget(self._banner)
        self._fields = {
            "server_url": self._field(self.tr("Serverens adresse"), "server_url"),
            "code": self._field(self.tr("Engangskode"), "code"),
            "username": self._field(self.tr("Brukernavn"), "username"),
            "password": self._field(self.tr("Passord på serveren"), "password", secret=True),
            "passphrase": self._field(
                self.tr("Ny passfrase for denne maskinen"),
                "passphrase",
                secret=True,
                help_text=self.tr("Minst tolv tegn eller fire ord. Bruk ikke serverpassordet."),
            ),
            "passphrase_again": self._field(
                self.tr("Passfrasen en gang til"), "passphrase_again", secret=True
            ),
        }
        for field in self._fields.values():
            self._column.addWidget(field)
        self._button = PrimaryButton(
            self.tr("Ta i bruk"), self._card, icon="check", name="setupStart"
        )
        self._button.clicked.connect(self._start)
        self._column.addWidget(self._button)
        self._back = SecondaryButton(
            self.tr("Tilbake"), self._card, icon="arrow-left", name="setupBack"
        )
        self._back.clicked.connect(self.back_wanted)
        self._back.setVisible(bool(self._others))
        self._column.addWidget(self._back)
        press_by_enter(self._card)

    def _field(
        self, label: str, name: str, *, secret: bool = False, help_text: str = ""
    ) -> FormField:
        editor = QLineEdit(self._card)
        editor.setObjectName(f"setup_{name}")
        if secret:
            editor.setEchoMode(QLineEdit.EchoMode.Password)
        editor.returnPressed.connect(self._start)
        return FormField(label, editor, help_text, self._card)

    def _form(self) -> SetupForm:
        texts = {}
        for name, field in self._fields.items():
            assert isinstance(field.editor, QLineEdit)
            texts[name] = field.editor.text()
        return SetupForm(**texts)

    @Slot()
    def _start(self) -> None:
        form = self._form()
        found = problems(form)
        if normal_username(form.username) in self._others:
            # Before the server is asked: a code that is used up cannot be used for another laptop.
            found["username"] = self.tr(
                "Denne brukeren har allerede et lager på maskinen. Gå tilbake og lås det opp."
            )
        for name, field in self._fields.items():
            field.say_problem(found.get(name, ""))
        if found:
            self._banner.say("")  # it answered what was typed before
            next(self._fields[name] for name in self._fields if name in found).editor.setFocus()
            return
        self._button.setEnabled(False)
        self._back.setEnabled(False)
        self._banner.say(self.tr("Kobler til serveren og lager den krypterte journalen …"))
        self._tasks.run(lambda: self._work(form), self._on_made, self._on_refused)

    def _work(self, form: SetupForm) -> str:
        """Off the GUI thread. What the server has given is kept if making the store fails, and
        used again as long as the same laptop is being made known: the code works only once."""
        if self._answer is None or not same_request(self._answered, form):
            self._answer = enrol(
                form.server_url.strip(),
                form.code,
                username=form.username,
                password=form.password,
                device_name=platform.node() or "laptop",
                machine_id=self._machine_id(),
                disk_encrypted=machine.disk_encrypted(data_dir()),
            )
            self._answered = form
        self._username = form.username.strip()
        door = self._door_for(self._username)
        key = door.create(form.passphrase, self._answer)
        # A program that ends before the check leaves this behind, and the owner is asked again.
        door.rescue.mark_key_due(KeyDue.UNPROVED)
        door.lock()
        return key

    def _on_refused(self, error: BaseException) -> None:
        self._button.setEnabled(True)
        self._back.setEnabled(True)
        code = errors.code_for(error)
        self._banner.say(refused(code) or errors.sentence_for(error), "danger")
        if field_of(code):
            editor = self._fields[field_of(code)].editor
            editor.setFocus()
            if isinstance(editor, QLineEdit):
                editor.selectAll()
        # At large text the button stands below the screen, and the answer above it.
        QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(self._banner))

    def _on_made(self, recovery_key: str) -> None:
        """Show the key once; it is nowhere else."""
        for field in self._fields.values():
            assert isinstance(field.editor, QLineEdit)
            field.editor.clear()
            field.hide()
        self._button.hide()
        self._back.hide()
        self._banner.say(self.tr("Journalen er laget og kryptert."), "ok")
        self._intro.setText(
            self.tr(
                "Dette er gjenopprettingsnøkkelen. Den vises bare nå. Skriv den på papir og gi "
                "papiret til den som oppbevarer nøkler for virksomheten. Den åpner journalen hvis "
                "passfrasen eller maskinens nøkkelring går tapt."
            )
        )
        whose = self.tr("Bruker: {name}").format(name=self._username)
        paper = KeyPaper(recovery_key, whose, self._card)
        paper.proved.connect(self._on_proved)
        self._column.addWidget(paper)
        paper.written.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._back.isVisible() and self._back.isEnabled():
            self._back.click()
            return
        super().keyPressEvent(event)

    @Slot()
    def _on_proved(self) -> None:
        self._door_for(self._username).rescue.key_proved()
        self.ready.emit(self._username)

    @Slot()
    def _fit(self) -> None:
        self._card.setFixedWidth(min(theme.current().pixels(620), 1200))
