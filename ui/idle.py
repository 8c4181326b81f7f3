"""Locks a window that nobody has touched for a while: the laptop stands on the patient's table."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot

from fieldapp.clock import Clock, SystemClock

IDLE_MILLISECONDS = 5 * 60_000
GLANCE_MILLISECONDS = 5_000
"""How soon after the lid was opened the window is locked without anybody touching it."""

_SIGNS_OF_LIFE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class IdleWatch(QObject):
    """Install it as an event filter on the application.

    The wait goes on while the lid is closed, where the window's own timers stand still: whoever
    opens it finds the window locked, and the first key does nothing but lock it.

    Signals:
        idle(): no key, touch or mouse for `milliseconds`.
    """

    idle = Signal()

    def __init__(
        self,
        parent: QObject | None = None,
        milliseconds: int = IDLE_MILLISECONDS,
        *,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock = clock or SystemClock()
        self._longest = timedelta(milliseconds=milliseconds)
        self._touched = self._clock.elapsed()
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(milliseconds)
        self.timer.timeout.connect(self._end)
        self.glance = QTimer(self)
        self.glance.setInterval(GLANCE_MILLISECONDS)
        self.glance.timeout.connect(self._look)

    def start(self) -> None:
        """Begin to watch; called after unlocking."""
        self._touched = self._clock.elapsed()
        self.timer.start()
        self.glance.start()

    def stop(self) -> None:
        """Stop watching; called while the window is locked."""
        self.timer.stop()
        self.glance.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _SIGNS_OF_LIFE or not self.timer.isActive():
            return False
        if self._is_over():
            self._end()
            return True
        self._touched = self._clock.elapsed()
        self.timer.start()
        return False

    def _is_over(self) -> bool:
        return self._clock.elapsed().since_boot - self._touched.since_boot >= self._longest

    @Slot()
    def _look(self) -> None:
        if self._is_over():
            self._end()

    @Slot()
    def _end(self) -> None:
        self.stop()
        self.idle.emit()
