"""What every tab of the patient page is: a scrolling column that shows one patient."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from fieldapp.services.patients import PatientPage
from ui.context import AppContext
from ui.widgets import ScrollColumn


class Tab(ScrollColumn):
    """Built on its first visit; `show_patient` is called at each visit and after each change."""

    def __init__(self, name: str, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.context = context

    def show_patient(self, found: PatientPage) -> None:
        """Show what the tab is about for this patient."""
        raise NotImplementedError
