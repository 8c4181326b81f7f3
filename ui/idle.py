"""Locks a window that nobody has touched for a while: the laptop stands on the patient's table."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot

from fieldapp.clock import Clock, SystemClock

IDLE_MILLISECONDS = 3 * 60_000
GLANCE_MILLISECONDS = 1_000
"""How soon after the lid was opened the window is locked without anybody touching it."""
SLEPT = timedelta(seconds=10)
"""A glance that comes so late was held up by the machine's sleep."""

SIGNS_OF_LIFE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)

_PAINTING = frozenset({QEvent.Type.UpdateRequest, QEvent.Type.Expose})


class IdleWatch(QObject):
    """Install it as an event filter on the application.

    A machine that has slept counts as untouched, however short its sleep was, and the wait goes on
    while the lid is closed, where the window's own timers stand still. Whoever opens it finds the
    window locked: the first key does nothing but lock it, and nothing is painted before.

    Signals:
        idle(): no key, touch or mouse for `milliseconds`, or the machine has slept.
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
        self._touched = self._seen = self._clock.elapsed()
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(milliseconds)
        self.timer.timeout.connect(self._end)
        self.glance = QTimer(self)
        self.glance.setInterval(GLANCE_MILLISECONDS)
        self.glance.timeout.connect(self._look)

    def set_limit(self, milliseconds: int) -> None:
        """Wait that long from the last touch on; another page may be less patient."""
        if milliseconds == self.timer.interval():
            return
        running = self.timer.isActive()
        self._longest = timedelta(milliseconds=milliseconds)
        self.timer.setInterval(milliseconds)  # also begins anew what is running
        if running:
            self._touched = self._clock.elapsed()

    def start(self) -> None:
        """Begin to watch; called after unlocking."""
        self._touched = self._seen = self._clock.elapsed()
        self.timer.start()
        self.glance.start()

    def stop(self) -> None:
        """Stop watching; called while the window is locked."""
        self.timer.stop()
        self.glance.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if not self.timer.isActive() or (kind not in SIGNS_OF_LIFE and kind not in _PAINTING):
            return False
        if self._is_over():
            self._end()
            return True
        if kind in _PAINTING:
            return False
        self._touched = self._clock.elapsed()
        self.timer.start()
        return False

    def _is_over(self) -> bool:
        now = self._clock.elapsed()
        slept = now.since_boot - self._seen.since_boot >= SLEPT
        self._seen = now
        return slept or now.since_boot - self._touched.since_boot >= self._longest

    @Slot()
    def _look(self) -> None:
        if self._is_over():
            self._end()

    @Slot()
    def _end(self) -> None:
        self.stop()
        self.idle.emit()
