"""One picture of supervised, take-home, depot, missed, unknown and covered days, with its table."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fieldapp.services import calendar
from fieldapp.services.calendar import Mark, MedicineDays
from ui import theme
from ui.calendar.picture import CalendarPicture
from ui.calendar.state import day_text, lines, mark_words, marks_shown, period, span
from ui.calendar.table import MARK_PIXELS, DayTable, mark_picture
from ui.context import AppContext
from ui.widgets import Columns, EmptyState, FlowLayout, SecondaryButton, Text, clear


class MedicineCalendar(QWidget):
    """Reads the store at each `show_patient`; five weeks at a time, the newest first."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._patient_id: str | None = None
        self._back = 0
        self._days: MedicineDays | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._head())
        self._columns = Columns(self, shares=(1, 1), narrowest=720)
        self.picture = CalendarPicture(self)
        self.chosen = Text("", "strong", self)
        self.chosen.setObjectName("calendarChosen")
        self._legend = QWidget(self)
        FlowLayout(self._legend, 6)
        self._groups = Text("", "small", self)
        for widget in (self.picture, self.chosen, self._legend, self._groups):
            self._columns.left.addWidget(widget)
        self._columns.left.addStretch(1)
        self.table = DayTable(self)
        self._columns.right.addWidget(self.table, 1)
        column.addWidget(self._columns)
        self._empty = EmptyState(
            "calendar-days",
            self.tr("Ingen medisindager"),
            self.tr("Ingen ordinasjoner eller utleveringer i disse ukene."),
            self,
        )
        column.addWidget(self._empty)
        self.picture.day_chosen.connect(self._on_picture_day)
        self.picture.turned.connect(self._turn)
        self.table.day_chosen.connect(self._on_table_day)
        theme.current().changed.connect(self._show_again)

    def show_patient(self, patient_id: str) -> None:
        """Show a patient's newest weeks; the same patient again stays where it was."""
        if patient_id != self._patient_id:
            self._patient_id, self._back, self._days = patient_id, 0, None
        self._read()

    def show_back(self, back: int) -> None:
        """Show the weeks `back` pictures before the newest; 0 for the newest."""
        self._back = max(0, back)
        self._days = None
        self._read()

    # --- parts

    def _head(self) -> QWidget:
        head = QWidget(self)
        # A flow, or large text would make the page wider than the window.
        row = FlowLayout(head, 8)
        self._period = Text("", "label", head, wrap=False)
        self.earlier = SecondaryButton(
            self.tr("Eldre"), head, icon="chevron-left", name="calendarEarlier"
        )
        self.earlier.setAccessibleName(self.tr("Vis eldre uker"))
        self.earlier.clicked.connect(self._show_earlier)
        self.later = SecondaryButton(
            self.tr("Nyere"), head, icon="chevron-right", name="calendarLater"
        )
        self.later.setAccessibleName(self.tr("Vis nyere uker"))
        self.later.clicked.connect(self._show_later)
        for widget in (self.earlier, self.later, self._period):
            row.addWidget(widget)
        return head

    # --- what is shown

    def _read(self) -> None:
        if self._patient_id is None:
            return
        session = self._context.session
        first, last = span(session.today(), self._back)
        days = calendar.read(session, self._patient_id, first, last)
        if days == self._days:
            return
        self._days = days
        self._show()

    @Slot()
    def _show_again(self) -> None:
        if self._days is not None:
            self._show()

    def _show(self) -> None:
        days = self._days
        assert days is not None
        self._period.setText(period(days.first, days.last))
        self._period.setMinimumHeight(self.earlier.sizeHint().height())
        self.later.setEnabled(self._back > 0)
        self._columns.setVisible(bool(days.groups))
        self._empty.setVisible(not days.groups)
        day = self.picture.day
        if day is None or not days.first <= day <= days.last:
            day = min(max(days.today, days.first), days.last)
        self.picture.show_days(days, day)
        self.table.set_lines(lines(days), [group.name for group in days.groups])
        # As high as the picture, so that neither runs away from the other.
        self.table.setMinimumHeight(self.picture.sizeHint().height())
        self.table.choose(day)
        self._show_legend(days)
        self._show_day(day)

    def _show_legend(self, days: MedicineDays) -> None:
        layout = self._legend.layout()
        assert isinstance(layout, FlowLayout)
        clear(layout)
        for mark in marks_shown(days):
            layout.addWidget(_Key(mark, self._legend))
        numbered = " · ".join(f"{n}: {group.name}" for n, group in enumerate(days.groups, start=1))
        self._groups.setText(numbered if len(days.groups) > 1 else "")
        self._groups.setVisible(len(days.groups) > 1)

    def _show_day(self, day: date) -> None:
        if self._days is not None:
            self.chosen.setText(day_text(self._days, day))

    # --- what the user does

    @Slot(object)
    def _on_picture_day(self, day: date) -> None:
        self.table.choose(day)
        self._show_day(day)

    @Slot(object)
    def _on_table_day(self, day: date) -> None:
        self.picture.choose(day)
        self._show_day(day)

    @Slot()
    def _show_earlier(self) -> None:
        self.show_back(self._back + 1)

    @Slot()
    def _show_later(self) -> None:
        self.show_back(self._back - 1)

    @Slot(int)
    def _turn(self, direction: int) -> None:
        if direction < 0 or self._back > 0:
            self.show_back(self._back - direction)


class _Key(QWidget):
    """A mark and its name."""

    def __init__(self, mark: Mark, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(6)
        sign = QLabel(self)
        sign.setPixmap(mark_picture(mark, theme.current().pixels(MARK_PIXELS)))
        row.addWidget(sign)
        row.addWidget(Text(mark_words(mark), "small", self, wrap=False))
