"""Collects cyclic garbage on the GUI thread alone.

Python's own collector runs in whatever thread happens to make an object when it is due. In a
worker, such as that of the sync, it would then take away widgets that only cycles still held, and
Qt ends the process when a widget is destroyed outside the GUI thread.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY_MS: Final = 1000
_THRESHOLDS: Final = (2000, 10, 10)
"""Objects of the youngest generation, and collections of a generation before the next older one."""


class GarbageCollector(QObject):
    """Stands in for Python's own collector from its making to `close`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is due, if any; called by the timer."""
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > _THRESHOLDS[generation]:
                gc.collect(generation)
                return

    def close(self) -> None:
        """Give the work back to Python, if it did it before."""
        self._timer.stop()
        if self._was_on:
            gc.enable()
