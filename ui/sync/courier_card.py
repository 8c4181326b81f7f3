"""Send med minnepinne: the unsent work as a file for a laptop without network, and its receipt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.services import rules
from sync.client import courier
from sync.client.courier import CourierError, Settled, Written
from ui import errors
from ui.context import AppContext
from ui.sync.courier_state import awaited_text, settled_text, settled_tone, written_text
from ui.widgets import Banner, Card, FlowLayout, SecondaryButton, Text, Tone

T = TypeVar("T")

_STICK = {"disk_full": "courier_stick_full", "read_only": "courier_stick_closed"}
"""While a file is written, these errors are about the stick and not about this laptop's disk."""


class CourierCard(Card):
    """Shown when the organisation allows it, and as long as a receipt is waited for.

    What lies in a file stays unsent, and counted as such, until the receipt has been read.
    """

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._context = context
        self.body.addWidget(Text(self.tr("Send med minnepinne"), "heading", self))
        self.body.addWidget(
            Text(
                self.tr(
                    "For når nettet er borte lenge. Kontoret leser filen inn og gir deg en "
                    "kvittering tilbake på pinnen. Bare serveren kan lese filen."
                ),
                "muted",
                self,
            )
        )
        self._awaited = Text("", "strong", self)
        self._awaited.setObjectName("courierAwaited")
        self.body.addWidget(self._awaited)
        self._result = Banner("", "neutral", self)
        self._result.setObjectName("courierResult")
        self.body.addWidget(self._result)
        buttons = QWidget(self)
        flow = FlowLayout(buttons, 8)
        self.write_button = SecondaryButton(
            self.tr("Skriv fil …"), buttons, icon="save", name="courierWrite"
        )
        self.write_button.setAccessibleName(self.tr("Skriv fil til minnepinne"))
        self.write_button.clicked.connect(self._choose_folder)
        self.read_button = SecondaryButton(
            self.tr("Les kvittering …"), buttons, icon="folder", name="courierRead"
        )
        self.read_button.setAccessibleName(self.tr("Les kvittering fra minnepinne"))
        self.read_button.clicked.connect(self._choose_receipt)
        flow.addWidget(self.write_button)
        flow.addWidget(self.read_button)
        self.body.addWidget(buttons)
        self.hide()

    def show_state(self) -> None:
        """Read anew whether files may be written, and what still waits for a receipt."""
        session = self._context.session
        may_write = rules.courier_allowed(session)
        awaited = courier.awaited(session.database)
        self.write_button.setVisible(may_write)
        self._awaited.setText(awaited_text(awaited))
        self._awaited.setVisible(awaited > 0)
        self.setVisible(may_write or awaited > 0)

    def write_to(self, folder: Path) -> None:
        """Write what is unsent into a folder. Nothing counts as sent by that."""
        session = self._context.session

        def work() -> Written:
            with closing(session.database.clone()) as database:
                return courier.write_files(
                    database, folder, actor_id=session.user.id, now=session.clock.now()
                )

        self._run(work, self._written, self._not_written)

    def read_from(self, path: Path) -> None:
        """Settle what the receipt in a file names."""
        session = self._context.session

        def work() -> Settled:
            if path.stat().st_size > courier.MAX_COURIER_BYTES:
                raise NoReceiptError
            data = path.read_bytes()
            with closing(session.database.clone()) as database:
                return courier.read_receipt(
                    database, data, actor_id=session.user.id, now=session.clock.now()
                )

        self._run(work, self._settled, self._not_read)

    def _run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        """A stick may be slow, so it is never waited for in the window's own thread."""
        self.write_button.setEnabled(False)
        self.read_button.setEnabled(False)
        self._result.say("", "neutral")
        self._context.tasks.run(work, on_done, on_error)

    # --- what became of it

    @Slot(object)
    def _written(self, written: Written) -> None:
        # No green: nothing of it is sent yet.
        self._say(written_text(written), "neutral")
        self.read_button.setFocus()

    @Slot(object)
    def _settled(self, settled: Settled) -> None:
        self._say(settled_text(settled), settled_tone(settled))
        # What was settled as it stood changed no record; the counts and lists changed all the same.
        receipt = Change("courier_receipt", "", None)
        self._context.changes.announce(ChangeSet((*settled.changes.changes, receipt)))
        self.read_button.setFocus()

    @Slot(object)
    def _not_written(self, error: BaseException) -> None:
        code = _code_of(error)
        self._say(errors.sentence(_STICK.get(code, code)), "warn")
        self.write_button.setFocus()

    @Slot(object)
    def _not_read(self, error: BaseException) -> None:
        self._say(errors.sentence(_code_of(error)), "warn")
        self.read_button.setFocus()

    def _say(self, words: str, tone: Tone) -> None:
        self.write_button.setEnabled(True)
        self.read_button.setEnabled(True)
        self._result.say(words, tone)
        self.show_state()

    # --- where to

    @Slot()
    def _choose_folder(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Velg minnepinnen"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.write_to(Path(name)))
        dialog.open()

    @Slot()
    def _choose_receipt(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Velg kvitteringen"))
        dialog.setNameFilter(
            self.tr("Kvitteringer ({pattern});;Alle filer (*)").format(
                pattern=f"*{courier.RECEIPT_SUFFIX}"
            )
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.read_from(Path(name)))
        dialog.open()


class NoReceiptError(Exception):
    """A file that is larger than any receipt."""

    code = "courier_damaged"


def _code_of(error: BaseException) -> str:
    if isinstance(error, CourierError):
        return error.name
    return "courier_unreadable" if isinstance(error, OSError) else errors.code_for(error)
