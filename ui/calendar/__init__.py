"""A patient's days with and without medicine: one picture with a table beside it."""

from __future__ import annotations

from ui.calendar.widget import MedicineCalendar

__all__ = ["MedicineCalendar"]
