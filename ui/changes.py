"""Tells every screen what a user action or a sync changed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fieldapp.domain.changes import ChangeSet


class ChangeBus(QObject):
    """One signal for the whole window: whoever writes announces, whoever shows listens.

    Signals:
        changed(ChangeSet): something was written to the store, by this window or by a sync.
    """

    changed = Signal(object)

    def announce(self, changes: ChangeSet) -> None:
        """Tell all screens about `changes`; an empty change set is not worth a signal."""
        if changes.changes:
            self.changed.emit(changes)
