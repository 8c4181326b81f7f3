"""The base of every page in the window's page stack."""

from __future__ import annotations

from collections.abc import Mapping

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

    def here(self) -> dict[str, object]:
        """Ids that lead back to what is open here now, beside those it was shown for: arguments of
        `show_for`. Asked for when the window locks, before `leave`. Never a patient's contents."""
        return {}

    def keep(self) -> dict[str, object]:
        """What the store did not take, for `take_back` after the next unlocking; JSON values.

        Asked for when the window locks, after `leave`; it is sealed with the store's key. Empty
        when there is nothing."""
        return {}

    def take_back(self, kept: dict[str, object]) -> list[tuple[str, str]]:
        """Put what `keep` gave back into the page, which has not been shown yet. What has no place
        any more is returned as (label, text) and shown to the person."""
        return lines_of(kept)

    def holds_unsaved(self) -> bool:
        """True while something typed here could not be stored, so that only this page has it."""
        return False


def lines_of(kept: Mapping[str, object]) -> list[tuple[str, str]]:
    """What was kept, as (label, text) for the person: ids and times say nothing to them."""
    ids = ("_id", "_at")
    return [(name, str(value)) for name, value in kept.items() if value and not name.endswith(ids)]
