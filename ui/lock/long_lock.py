"""The long lock: a window that has been locked for half an hour ends its process.

Python's text cannot be wiped, so a locked process still has words in memory that were on the
screen. A fresh one has not.
"""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot

from fieldapp.clock import Clock, SystemClock
from ui.idle import SIGNS_OF_LIFE

LONGEST = timedelta(minutes=30)
GLANCE_MILLISECONDS = 5_000


class LongLock(QObject):
    """Counts from the lock, time asleep included.

    Install it as an event filter on the application.

    Attributes:
        counts_touches: count from the last touch instead, since something else than the unlock
            page stands in the window: somebody may be recovering a lost passphrase.
    Signals:
        due(): the time since the lock is up; `is_due` says whether that goes for touches too.
            Repeated until the process ends.
    """

    due = Signal()

    def __init__(
        self,
        parent: QObject | None = None,
        longest: timedelta = LONGEST,
        *,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock = clock or SystemClock()
        self._longest = longest
        self._locked_at = self._touched_at = self._clock.elapsed().since_boot
        self.glance = QTimer(self)
        self.glance.setInterval(GLANCE_MILLISECONDS)
        self.glance.timeout.connect(self.look)
        self.counts_touches = False

    def start(self) -> None:
        """The window was locked."""
        self._locked_at = self._touched_at = self._clock.elapsed().since_boot
        self.glance.start()

    def stop(self) -> None:
        """The window was unlocked."""
        self.glance.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        del watched
        if event.type() in SIGNS_OF_LIFE and self.glance.isActive():
            self._touched_at = self._clock.elapsed().since_boot
        return False

    def is_due(self) -> bool:
        """True when the time has come."""
        since = self._touched_at if self.counts_touches else self._locked_at
        return self._clock.elapsed().since_boot - since >= self._longest

    @Slot()
    def look(self) -> None:
        if self._clock.elapsed().since_boot - self._locked_at >= self._longest:
            self.due.emit()
