"""When to store what is being written: soon after the last key, and each second while it goes on.

Two timers, because one alone either waits for a pause that never comes or writes at every key.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Autosave(QObject):
    """Knows whether there is something to store and says when.

    Attributes:
        pending: something was typed that the store has not answered for.
        quiet, ceiling, retry: the timers; tests fire them instead of waiting.
    Signals:
        due(): store now, then call `saved` or `failed`.
    """

    due = Signal()

    QUIET_MILLISECONDS = 500
    """After the last key. With the write itself it stays below 800 ms."""
    CEILING_MILLISECONDS = 850
    """After the first key that is not stored. With the write itself it stays below a second."""
    RETRY_MILLISECONDS = 3000

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pending = False
        self.quiet = self._timer(self.QUIET_MILLISECONDS)
        self.ceiling = self._timer(self.CEILING_MILLISECONDS)
        self.retry = self._timer(self.RETRY_MILLISECONDS)

    def touched(self) -> None:
        """Something was typed."""
        self.pending = True
        self.quiet.start()
        if not self.ceiling.isActive():
            self.ceiling.start()

    def flush(self) -> None:
        """Store now if there is anything to store: before signing, leaving, locking."""
        if self.pending:
            self._fire()

    def saved(self) -> None:
        """The store has answered for everything typed so far."""
        self.pending = False
        self._stop()

    def failed(self) -> None:
        """The store has refused; what was typed is still only on the screen."""
        self._stop()
        self.retry.start()

    def forget(self) -> None:
        """There is nothing to store any more: the text was signed or discarded."""
        self.saved()

    def _fire(self) -> None:
        self._stop()
        if self.pending:
            self.due.emit()

    def _stop(self) -> None:
        for timer in (self.quiet, self.ceiling, self.retry):
            timer.stop()

    def _timer(self, milliseconds: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(self._fire)
        return timer
