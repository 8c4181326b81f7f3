"""The patient in two lines, above a form that needs the room: the name, and what is critical."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.flags import flag_icon
from ui.patient.header_state import HeaderView
from ui.widgets import CriticalBand, CriticalEntry, Text


class PatientStrip(QWidget):
    """Stands above what scrolls. Add the form's own buttons to `buttons`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._name = Text("", "title", self)
        self._facts = Text("", "muted", self)
        self._critical = CriticalBand(self)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._facts)
        first = QHBoxLayout()
        first.setSpacing(14)
        first.addLayout(words, 1)
        first.addLayout(self.buttons)
        first.setAlignment(self.buttons, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 6)
        column.setSpacing(8)
        column.addLayout(first)
        column.addWidget(self._critical)

    def show_view(self, view: HeaderView, what: str) -> None:
        """Show a patient; `what` says which form this is."""
        self._name.setText(view.name)
        self._facts.setText(" · ".join(part for part in (view.age_and_sex, what) if part))
        self._critical.show_entries(
            [
                CriticalEntry(
                    flag_icon(item.category), item.title, "; ".join(filter(None, item.texts))
                )
                for item in view.present
            ]
        )

    def hide_person(self, hidden: bool) -> None:
        """Take the person off the screen while it is turned to somebody; the buttons stay."""
        for widget in (self._name, self._facts):
            widget.setVisible(not hidden)
        if hidden:
            self._critical.hide()
