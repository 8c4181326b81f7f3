"""The second person of a line: by an own code now, or in their own log-in afterwards."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.domain.medication import CoSignature
from fieldapp.services.register_view import Overview
from ui.context import AppContext
from ui.widgets import Text


class WitnessField(QWidget):
    """Shown only where the organisation requires two persons.

    Attributes: `value`, who signed, or None.
    """

    def __init__(self, context: AppContext, view: Overview, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value: CoSignature | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(
            Text(
                self.tr("To personer: den andre signerer i egen innlogging etterpå."),
                "muted",
                self,
            )
        )
        self.setVisible(view.two_persons)

    def problem(self) -> str:
        """What is wrong with what was typed, as a sentence, or an empty text."""
        return ""
