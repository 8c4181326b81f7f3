"""Locks a window that nobody has touched for a while: the laptop stands on the patient's table."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

IDLE_MILLISECONDS = 5 * 60_000

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

    Signals:
        idle(): no key, touch or mouse for `milliseconds`.
    """

    idle = Signal()

    def __init__(
        self, parent: QObject | None = None, milliseconds: int = IDLE_MILLISECONDS
    ) -> None:
        super().__init__(parent)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(milliseconds)
        self.timer.timeout.connect(self.idle)

    def start(self) -> None:
        """Begin to watch; called after unlocking."""
        self.timer.start()

    def stop(self) -> None:
        """Stop watching; called while the window is locked."""
        self.timer.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _SIGNS_OF_LIFE and self.timer.isActive():
            self.timer.start()
        return False
