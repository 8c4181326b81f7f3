"""The lines of the log that say who opened a patient, and what becomes of those not written.

A patient's page must open on a full disk, too: whoever stands in the kitchen needs the allergies.
So a line that the store does not take is kept here with its time, said on screen, and tried again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fieldapp.errors import FieldAppError

if TYPE_CHECKING:
    from fieldapp.services.session import Session
    from ui.context import AppContext

log = logging.getLogger(__name__)

_AGAIN_MILLISECONDS = 15_000
_MOST = 1_000
"""More than anybody opens in a day; the memory of a store that never takes a line has an end."""

_NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class OpenedLine:
    """Who was opened where, and when. Ids only."""

    patient_id: str
    place: str
    at: datetime


class OpenedLines(QObject):
    """Lives as long as the workspace. `waiting` is what the store has not taken.

    Signals:
        changed(): a line waits, or the last one was written.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.waiting: tuple[OpenedLine, ...] = ()
        self.trouble = ""
        """The code of why the store takes no line; "" while it takes them."""
        self.timer = QTimer(self)
        self.timer.setInterval(_AGAIN_MILLISECONDS)
        self.timer.timeout.connect(self.try_again)

    def note(self, patient_id: str, place: str) -> None:
        """Write the line now or later. Raises only for a role that may not read patients."""
        line = OpenedLine(patient_id, place, self._session.clock.now())
        self.take((line,))

    def take(self, lines: tuple[OpenedLine, ...]) -> None:
        """Write these too, after those that wait already."""
        if lines:
            self.waiting = (*self.waiting, *lines)[-_MOST:]
            self.try_again()

    @Slot()
    def try_again(self) -> None:
        """Write what waits, the oldest first, until one is refused."""
        had = bool(self.waiting)
        while self.waiting:
            line, *rest = self.waiting
            if not self._write(line):
                break
            self.waiting = tuple(rest)
        if self.waiting:
            self.timer.start()
        else:
            self.timer.stop()
            self.trouble = ""
        if had:
            self.changed.emit()

    def _write(self, line: OpenedLine) -> bool:
        try:
            write(self._session, line)
        except FieldAppError as error:
            if error.code == _NOT_ALLOWED:
                self.waiting = tuple(one for one in self.waiting if one is not line)
                raise
            self.trouble = error.code
            log.warning("the log did not take a line yet: %s", error.code)
            return False
        return True


def write(session: Session, line: OpenedLine) -> None:
    """Write one line. Raises what the store raises."""
    from fieldapp.services import patients

    patients.opened(session, line.patient_id, line.place, at=line.at)


def opened(context: AppContext, patient_id: str, place: str = "patient") -> None:
    """Log that a page shows this patient; the page opens whether or not the store takes it."""
    lines = context.opened or OpenedLines(context.session)
    lines.note(patient_id, place)
