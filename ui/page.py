"""The base of every page in the window's page stack."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from fieldapp.domain.changes import ChangeSet
from ui.context import AppContext


class Page(QWidget):
    """A page is built once, on its first visit, and shown again with other arguments later."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context

    def show_for(self, **args: object) -> None:
        """Show what `args` name (see the `navigate` calls) and put the focus where work begins."""

    def refresh(self, change_set: ChangeSet) -> None:
        """Show again what `change_set` touched. Called only while the page is on screen; a hidden
        page is brought up to date by its next `show_for`. Must never disturb an open form."""

    def leave(self) -> None:
        """Another page is about to be shown, or the window locks or closes: store what is being
        written. The session is still open during this call and may be closed after it."""

    def holds_unsaved(self) -> bool:
        """True while something typed here could not be stored, so that only this page has it."""
        return False
