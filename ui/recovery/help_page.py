"""One card that says what stands in the way and leads, step by step, back into the store.

No step deletes a store or begins a new one. What a step needs is asked for on the same card, so
that the person always sees what happened and where they are.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Protocol, TypeVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from fieldapp.bootstrap import EscrowRequest, Rescue, SalvageReport, Way, by_recovery_key
from fieldapp.bootstrap import read_answer as read_answer_file
from ui.errors import code_for, sentence_for
from ui.people.front import FrontPage, press_by_enter
from ui.recovery.key_paper import KeyPaper
from ui.recovery.state import Situation, WayOn, counted_text, recovery_refused, situation
from ui.setup.state import is_long_enough
from ui.tasks import TaskRunner
from ui.widgets import Banner, FormField, PrimaryButton, SecondaryButton, Text, row_of

DAMAGED = "db_damaged"

T = TypeVar("T")


class HelpDoor(Protocol):
    """What the page needs of a door; see fieldapp.bootstrap.Door."""

    @property
    def username(self) -> str: ...

    @property
    def rescue(self) -> Rescue: ...

    def by_passphrase(self, passphrase: str) -> Way: ...


class Step(Enum):
    """Where the person is."""

    SITUATION = auto()
    KEY = auto()
    ESCROW = auto()
    PASSPHRASE = auto()
    PAPER = auto()
    SALVAGE = auto()
    SALVAGED = auto()


class HelpPage(FrontPage):
    """Signals:
    done(): back to the unlock page, whatever came of it.
    """

    done = Signal()

    def __init__(
        self, door: HelpDoor, tasks: TaskRunner, code: str, parent: QWidget | None = None
    ) -> None:
        super().__init__("key-round", "", parent)
        self._door = door
        whose = self.tr("Bruker: {name}").format(name=door.username)
        self.column.addWidget(Text(whose, "muted", self.card))
        self._tasks = tasks
        self._situation = situation(code)
        self._way: Way | None = None
        self._passphrase = ""
        self._new_key = ""
        self._request: EscrowRequest | None = None
        self._body: QWidget | None = None
        self._first: QWidget | None = None
        self._busy = False
        self.is_recovered = False
        """True once a new passphrase stands."""
        self.step = Step.SITUATION
        self._show(Step.SITUATION)

    @property
    def situation(self) -> Situation:
        """What is told at the moment."""
        return self._situation

    def show_paper(self, recovery_key: str) -> None:
        """Show the step with a new key on paper, for a picture of it."""
        self._new_key = recovery_key
        self._show(Step.PAPER)

    def focus_first(self) -> None:
        """Put the focus where the person goes on."""
        if self._first is not None:
            self._first.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- the card of each step ---

    def _show(self, step: Step) -> None:
        self.step = step
        if self._body is not None:
            self.column.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._body = QWidget(self.card)
        self._first = None
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.banner = Banner("", "danger", self._body)
        self.banner.setObjectName("helpBanner")
        builders: dict[Step, Callable[[QVBoxLayout], None]] = {
            Step.SITUATION: self._build_situation,
            Step.KEY: self._build_key,
            Step.ESCROW: self._build_escrow,
            Step.PASSPHRASE: self._build_passphrase,
            Step.PAPER: self._build_paper,
            Step.SALVAGE: self._build_salvage,
            Step.SALVAGED: self._build_salvaged,
        }
        builders[step](column)
        self.column.addWidget(self._body)
        press_by_enter(self._body)
        self._body.show()
        self.focus_first()

    def _build_situation(self, column: QVBoxLayout) -> None:
        told = self._situation
        self.title.setText(told.title)
        column.addWidget(Text(told.happened, "", self._body))
        safe = Banner(told.safe, "ok", self._body)
        safe.setObjectName("helpSafe")
        column.addWidget(safe)
        column.addWidget(Text(told.to_do, "", self._body))
        column.addWidget(self.banner)
        # The first way is the one to try; the others lead on when it is not at hand.
        for place, way in enumerate(told.ways):
            kind = PrimaryButton if place == 0 else SecondaryButton
            words, icon = self._words_of(way)
            button = kind(words, self._body, icon=icon, name=f"help_{way.name.lower()}")
            button.clicked.connect(lambda _=False, chosen=way: self._take(chosen))
            column.addWidget(button)
            self._first = self._first or button
        if WayOn.RETRY not in told.ways:
            self._add_back(column, self.done.emit)

    def _words_of(self, way: WayOn) -> tuple[str, str]:
        return {
            WayOn.RETRY: (self.tr("Tilbake til passfrasen"), "arrow-left"),
            WayOn.RECOVERY_KEY: (self.tr("Åpne med gjenopprettingsnøkkel"), "key-round"),
            WayOn.ESCROW: (self.tr("Be virksomheten åpne"), "users"),
            WayOn.KEY_FILE: (self.tr("Hent nøkkelfil fra sikkerhetskopi …"), "folder"),
            WayOn.SALVAGE: (self.tr("Redd det som kan leses"), "save"),
        }[way]

    def _take(self, way: WayOn) -> None:
        if self._busy:
            return
        if way is WayOn.RETRY:
            self.done.emit()
        elif way is WayOn.RECOVERY_KEY:
            self._show(Step.KEY)
        elif way is WayOn.ESCROW:
            self._show(Step.ESCROW)
        elif way is WayOn.KEY_FILE:
            self._choose_key_file()
        elif self._way is not None:
            self._salvage(self._way)
        else:
            self._show(Step.SALVAGE)

    def _build_key(self, column: QVBoxLayout) -> None:
        self.title.setText(self.tr("Åpne med gjenopprettingsnøkkel"))
        column.addWidget(
            Text(
                self.tr(
                    "Skriv nøkkelen fra papiret: tretten grupper på fire tegn. Mellomrom, "
                    "bindestrek og store eller små bokstaver betyr ikke noe. Nøkkelen virker én "
                    "gang; du får en ny etterpå."
                ),
                "muted",
                self._body,
            )
        )
        self.key = self._field(column, self.tr("Gjenopprettingsnøkkel"), "helpKey", self._try_key)
        column.addWidget(self.banner)
        self._add_go_on(column, self.tr("Åpne"), self._try_key)

    def _build_escrow(self, column: QVBoxLayout) -> None:
        self.title.setText(self.tr("Be virksomheten åpne"))
        column.addWidget(
            Text(
                self.tr(
                    "To betrodde i virksomheten kan åpne sammen. 1: Lagre en forespørsel og gi dem "
                    "filen. 2: Les opp kontrollkoden når de ringer. 3: Velg svarfilen du får. "
                    "Ingen av filene kan åpne noe alene."
                ),
                "muted",
                self._body,
            )
        )
        self.code = Text("", "", self._body)
        self.code.setObjectName("escrowCode")
        column.addWidget(self.code)
        column.addWidget(self.banner)
        ask = SecondaryButton(
            self.tr("Lagre forespørsel …"), self._body, icon="save", name="escrowAsk"
        )
        ask.clicked.connect(self._choose_request_file)
        column.addWidget(ask)
        use = PrimaryButton(
            self.tr("Velg svarfilen …"), self._body, icon="folder", name="escrowAnswer"
        )
        use.clicked.connect(self._choose_answer_file)
        column.addWidget(use)
        self._add_back(column, lambda: self._show(Step.SITUATION))
        self._first = ask
        self._show_code()

    def _build_passphrase(self, column: QVBoxLayout) -> None:
        self.title.setText(self.tr("Velg en ny passfrase"))
        column.addWidget(
            Text(
                self.tr(
                    "Journalen lar seg åpne. Velg en ny passfrase for denne maskinen. Den gamle "
                    "slutter å virke når du er ferdig."
                ),
                "muted",
                self._body,
            )
        )
        help_text = self.tr("Minst tolv tegn eller fire ord. Bruk ikke serverpassordet.")
        self.new = self._field(
            column, self.tr("Ny passfrase"), "helpNew", self._take_passphrase, help_text
        )
        self.again = self._field(
            column, self.tr("Passfrasen en gang til"), "helpAgain", self._take_passphrase
        )
        for field in (self.new, self.again):
            assert isinstance(field.editor, QLineEdit)
            field.editor.setEchoMode(QLineEdit.EchoMode.Password)
        column.addWidget(self.banner)
        self._add_go_on(column, self.tr("Videre"), self._take_passphrase)

    def _build_paper(self, column: QVBoxLayout) -> None:
        self.title.setText(self.tr("Ny gjenopprettingsnøkkel"))
        column.addWidget(
            Text(
                self.tr(
                    "Den gamle nøkkelen er brukt opp. Skriv den nye på papir og gi papiret til den "
                    "som oppbevarer nøkler for virksomheten. Den vises bare nå."
                ),
                "muted",
                self._body,
            )
        )
        whose = self.tr("Bruker: {name}").format(name=self._door.username)
        self.paper = KeyPaper(self._new_key, whose, self._body)
        self.paper.proved.connect(self._finish)
        column.addWidget(self.paper)
        column.addWidget(self.banner)
        self._first = self.paper.written

    def _build_salvage(self, column: QVBoxLayout) -> None:
        self.title.setText(self.tr("Redd det som kan leses"))
        column.addWidget(
            Text(
                self.tr(
                    "Skriv passfrasen, eller gjenopprettingsnøkkelen fra papiret. Det som kan "
                    "leses, kopieres til en ny, kryptert journal. Den skadede filen blir liggende."
                ),
                "muted",
                self._body,
            )
        )
        self.secret = self._field(
            column, self.tr("Passfrase eller nøkkel"), "helpSecret", self._try_salvage
        )
        assert isinstance(self.secret.editor, QLineEdit)
        self.secret.editor.setEchoMode(QLineEdit.EchoMode.Password)
        column.addWidget(self.banner)
        self._add_go_on(column, self.tr("Redd det som kan leses"), self._try_salvage)

    def _build_salvaged(self, column: QVBoxLayout) -> None:
        self.title.setText(self.tr("Dette ble reddet"))
        self.report = Text("", "", self._body)
        self.report.setObjectName("salvageReport")
        column.addWidget(self.report)
        column.addWidget(self.banner)
        self._add_back(column, self.done.emit, self.tr("Til passfrasen"))

    def _field(
        self,
        column: QVBoxLayout,
        label: str,
        name: str,
        on_enter: Callable[[], object],
        help_text: str = "",
    ) -> FormField:
        editor = QLineEdit(self._body)
        editor.setObjectName(name)
        editor.returnPressed.connect(on_enter)
        field = FormField(label, editor, help_text, self._body)
        column.addWidget(field)
        self._first = self._first or editor
        return field

    def _add_go_on(self, column: QVBoxLayout, words: str, act: Callable[[], object]) -> None:
        self.go_on = PrimaryButton(words, self._body, icon="check", name="helpGoOn")
        self.go_on.clicked.connect(act)
        back = SecondaryButton(self.tr("Tilbake"), self._body, icon="arrow-left", name="helpBack")
        back.clicked.connect(lambda: self._leave(lambda: self._show(Step.SITUATION)))
        column.addLayout(row_of(self.go_on, None, back))

    def _add_back(
        self, column: QVBoxLayout, act: Callable[[], object], words: str | None = None
    ) -> None:
        back = SecondaryButton(
            words or self.tr("Tilbake"), self._body, icon="arrow-left", name="helpBack"
        )
        back.clicked.connect(lambda: self._leave(act))
        column.addWidget(back)
        self._first = self._first or back

    def _leave(self, act: Callable[[], object]) -> None:
        if not self._busy:
            act()

    # --- recovery key and escrow ---

    @Slot()
    def _try_key(self) -> None:
        text = _typed(self.key)
        try:
            way = by_recovery_key(text)
        except Exception as error:  # what was typed cannot be a key
            self.banner.say(sentence_for(error), "danger")
            return
        self._prove(way)

    def _prove(self, way: Way) -> None:
        def proved(_: None) -> None:
            self._way = way
            self._show(Step.PASSPHRASE)

        def refused(error: BaseException) -> None:
            code = code_for(error)
            if code == DAMAGED:
                # The key is right: salvage goes on with it and does not ask again.
                self._way = way
                self._situation = situation(code)
                self._show(Step.SITUATION)
                return
            self.banner.say(recovery_refused(code), "danger")

        self._run(lambda: self._door.rescue.prove(way), proved, refused)

    @Slot()
    def _choose_request_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Lagre forespørselen"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile("hjemmebesok-foresporsel.json")
        dialog.fileSelected.connect(lambda name: self.save_request(Path(name)))
        dialog.open()

    def save_request(self, file: Path) -> None:
        """Write a new request for the officers. Nothing in it is secret."""

        def work() -> EscrowRequest:
            request = self._door.rescue.ask_escrow(self._door.username)
            file.write_bytes(request.to_bytes())
            return request

        def saved(request: EscrowRequest) -> None:
            self._request = request
            self._show_code()
            if not self._door.rescue.outlives_program():
                self.banner.say(
                    self.tr(
                        "Forespørselen er lagret. La programmet stå åpent til svaret kommer: "
                        "nøkkelringen kan ikke huske det."
                    ),
                    "warn",
                )
                return
            self.banner.say(
                self.tr("Forespørselen er lagret. Du kan lukke programmet mens du venter."), "ok"
            )

        self._run(work, saved)

    def _show_code(self) -> None:
        request = self._request
        self.code.setVisible(request is not None)
        if request is not None:
            self.code.setText(self.tr("Kontrollkode: {code}").format(code=request.code))

    @Slot()
    def _choose_answer_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Velg svarfilen"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.use_answer(Path(name)))
        dialog.open()

    def use_answer(self, file: Path) -> None:
        """Open with the officers' answer."""
        try:
            data = read_answer_file(file)
        except Exception as error:  # a disk that was pulled out
            self.banner.say(sentence_for(error), "danger")
            return
        self._prove(self._door.rescue.by_answer(data))

    # --- what follows ---

    @Slot()
    def _take_passphrase(self) -> None:
        passphrase, again = _typed(self.new), _typed(self.again)
        long_enough = is_long_enough(passphrase)
        self.new.say_problem("" if long_enough else self.tr("Passfrasen er for kort."))
        same = passphrase == again
        self.again.say_problem("" if same else self.tr("De to passfrasene er ikke like."))
        if not (long_enough and same):
            return
        self._passphrase = passphrase
        self._new_key = self._door.rescue.offer_recovery_key()
        self._show(Step.PAPER)

    @Slot()
    def _finish(self) -> None:
        way, passphrase, key = self._way, self._passphrase, self._new_key
        assert way is not None

        def refused(error: BaseException) -> None:
            self.paper.check.setEnabled(True)
            self.banner.say(sentence_for(error), "danger")

        self._run(
            lambda: self._door.rescue.finish(way, self._door.username, passphrase, key),
            self._finished,
            refused,
        )

    def _finished(self, _: None) -> None:
        self._way, self._passphrase, self._new_key = None, "", ""
        self.is_recovered = True
        self.done.emit()

    # --- damaged files ---

    @Slot()
    def _choose_key_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Velg nøkkelfilen fra sikkerhetskopien"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.use_key_file(Path(name)))
        dialog.open()

    def use_key_file(self, file: Path) -> None:
        """Put a key file from a backup in place."""
        self._run(
            lambda: self._door.rescue.adopt_key_file(file),
            lambda _: self.done.emit(),
        )

    @Slot()
    def _try_salvage(self) -> None:
        text = _typed(self.secret)
        try:
            way = by_recovery_key(text)
        except Exception:  # not a key from paper, so it is the passphrase
            way = self._door.by_passphrase(text)
        self._salvage(way)

    def _salvage(self, way: Way) -> None:
        self._run(lambda: self._door.rescue.salvage(way), self._salvaged)

    def _salvaged(self, report: SalvageReport) -> None:
        self._show(Step.SALVAGED)
        self.report.setText(self._report_text(report))
        if not report.enrolled:
            self.banner.say(
                self.tr(
                    "Journalen husker ikke lenger serveren sin. Kontakt brukerstøtte, så det "
                    "usendte blir sendt."
                ),
                "warn",
            )

    def _report_text(self, report: SalvageReport) -> str:
        lines = [
            (self.tr("Usendte endringer"), report.unsent),
            (self.tr("Utkast"), report.drafts),
            (self.tr("Alt annet"), report.others),
        ]
        text = "\n".join(
            f"{label}: {counted_text(counted.copied, counted.lost)}." for label, counted in lines
        )
        if report.from_copy:
            text += "\n" + self.tr(
                "Den skadede filen kunne ikke leses i det hele tatt. Dette er fra en eldre kopi."
            )
        return (
            text
            + "\n\n"
            + self.tr(
                "Det som er sendt før, hentes fra serveren ved neste synk. Den skadede filen "
                "ligger i mappen «damaged» og er ikke slettet. Kontroller de siste besøkene dine."
            )
        )

    # --- work beside the window ---

    def _run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None],
        on_error: Callable[[BaseException], None] | None = None,
    ) -> None:
        if self._busy:
            return
        self._busy = True
        self.banner.say(self.tr("Et øyeblikk …"))

        def done(result: T) -> None:
            self._busy = False
            self.banner.say("")
            on_done(result)

        def failed(error: BaseException) -> None:
            self._busy = False
            if on_error is not None:
                on_error(error)
            else:
                self.banner.say(sentence_for(error), "danger")

        self._tasks.run(work, done, failed)


def _typed(field: FormField) -> str:
    assert isinstance(field.editor, QLineEdit)
    return field.editor.text()
