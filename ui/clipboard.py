"""What was copied out of the window leaves the clipboard after a minute, and when it locks.

It is taken away only while it is still ours: what was copied elsewhere meanwhile is not touched.
"""

from __future__ import annotations

import hashlib

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QClipboard, QGuiApplication

KEPT_MILLISECONDS = 60_000

_MODES = (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection)


class ClipboardWatch(QObject):
    """Watches from its making on. Attributes: `timer`, which tests fire instead of waiting."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clipboard = QGuiApplication.clipboard()
        self._ours: dict[QClipboard.Mode, bytes] = {}
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(KEPT_MILLISECONDS)
        self.timer.timeout.connect(self.clear)
        self._clipboard.changed.connect(self._on_changed)

    @Slot()
    def clear(self) -> None:
        """Empty the clipboard where it still holds what was copied here."""
        self.timer.stop()
        for mode, mark in list(self._ours.items()):
            if self._owns(mode) or _mark(self._clipboard.text(mode)) == mark:
                self._clipboard.clear(mode)
        self._ours.clear()

    @Slot(QClipboard.Mode)
    def _on_changed(self, mode: QClipboard.Mode) -> None:
        if mode not in _MODES:
            return
        text = self._clipboard.text(mode)
        # Not every system says who owns it; then it is ours when one of our windows has the keys.
        if not text or not (self._owns(mode) or QGuiApplication.focusWindow() is not None):
            self._ours.pop(mode, None)
            return
        self._ours[mode] = _mark(text)
        self.timer.start()

    def _owns(self, mode: QClipboard.Mode) -> bool:
        if mode is QClipboard.Mode.Selection:
            return self._clipboard.supportsSelection() and self._clipboard.ownsSelection()
        return self._clipboard.ownsClipboard()


def _mark(text: str) -> bytes:
    """Enough to know the text again without holding it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
