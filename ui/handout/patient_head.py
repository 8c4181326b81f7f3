"""Who stands in front of the giver: name, age, masked number, and what must be known first."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.domain.patients import FlagCategory
from ui import theme
from ui.flags import flag_icon
from ui.patient.header_state import Answer, HeaderView
from ui.widgets import CriticalBand, CriticalEntry, FlowLayout, IconLabel, Text, row_of, set_role


class PatientHead(QWidget):
    """Two lines and the red band; made for a page whose own matter needs the room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._name = Text(parent=self, role="title", wrap=False)
        self._age = Text(parent=self, role="muted", wrap=False)
        self._number = Text(parent=self, role="muted", wrap=False)
        line = QWidget(self)
        flow = FlowLayout(line, 16)
        flow.addWidget(self._name)
        # Of the name's own height, so that all of the line stands on one height.
        self._quiet = QWidget(line)
        number = row_of(IconLabel("id-card", parent=self._quiet), self._number, spacing=6)
        quiet = row_of(self._age, spacing=16)
        quiet.addLayout(number)
        self._quiet.setLayout(quiet)
        flow.addWidget(self._quiet)
        column.addWidget(line)
        self._band = CriticalBand(self)
        column.addWidget(self._band)
        self._unknown = Text(parent=self, role="warn")
        column.addWidget(self._unknown)
        theme.current().changed.connect(self._fit)

    def show_header(self, view: HeaderView) -> None:
        self._name.setText(view.name)
        self._fit()
        self._age.setText(view.age_and_sex)
        self._number.setText(view.id_masked)
        self._band.show_entries(
            [
                CriticalEntry(flag_icon(item.category), item.title, "; ".join(item.texts))
                for item in view.present
            ]
        )
        # Allergy decides about a dose: that nobody has asked must not look like "none".
        allergy = next(item for item in view.severe if item.category is FlagCategory.ALLERGY)
        set_role(self._unknown, "role", "warn" if allergy.answer is Answer.NOT_ASKED else "muted")
        self._unknown.setText("" if allergy.answer is Answer.PRESENT else allergy.sentence)
        self._unknown.setVisible(allergy.answer is not Answer.PRESENT)

    def _fit(self) -> None:
        self._quiet.setMinimumHeight(self._name.sizeHint().height())
