"""The filtered list of patients as a Qt model; filtering itself is a service on plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from fieldapp.services.patients import PatientRow

Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = Qt.ItemDataRole.UserRole + 1


class PatientListModel(QAbstractListModel):
    """Holds the rows that the search let through. No proxy: those cost seconds on Python data."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[PatientRow] = ()

    def set_rows(self, rows: Sequence[PatientRow]) -> None:
        """Show these rows instead; the view keeps its selection by patient id."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, number: int) -> PatientRow | None:
        """The row shown at a place of the list, or None outside it."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def number_of(self, patient_id: str) -> int | None:
        """Where a patient stands in the list, or None when the search hides the patient."""
        for number, row in enumerate(self._rows):
            if row.patient.id == patient_id:
                return number
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt override)
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.patient.name
        return None
