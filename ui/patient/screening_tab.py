"""Kartlegging: scores with their bands, the trend as a picture and as words, rapid tests."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.rights import Right
from fieldapp.services import rapid_tests, reference, screening
from fieldapp.services.patients import PatientPage
from ui.context import AppContext
from ui.patient.screening_state import ScoreLine, TrendView, rapid_test_lines, trend_view
from ui.patient.tab import Tab
from ui.rights import offer
from ui.widgets import (
    Card,
    Columns,
    Divider,
    EmptyState,
    SecondaryButton,
    Tag,
    Text,
    TrendChart,
    clear,
)


class ScreeningTab(Tab):
    """One card per instrument, and one for rapid tests."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", context, parent)
        self.setAccessibleName(self.tr("Kartlegging"))
        self._facts: PatientPage | None = None
        columns = Columns(self, shares=(1, 1))
        self._cards: dict[str, _InstrumentCard] = {}
        for number, instrument in enumerate(screening.instruments(context.session)):
            card = _InstrumentCard(instrument.title, self)
            card.start.clicked.connect(lambda _=False, i=instrument.id: self._start(i))
            self._cards[instrument.id] = card
            offer(card.start, context.session, Right.RECORD_CARE)
            (columns.right if number % 2 else columns.left).addWidget(card)
        self._tests = Card(self.tr("Hurtigtester"), self)
        new_test = SecondaryButton(
            self.tr("Ny hurtigtest"), self, icon="plus", name="startRapidTest"
        )
        new_test.clicked.connect(self._start_rapid_test)
        offer(new_test, context.session, Right.RECORD_CARE)
        self._tests.head.addWidget(new_test)
        self._test_rows = QVBoxLayout()
        self._test_rows.setSpacing(8)
        self._tests.body.addLayout(self._test_rows)
        self._tests.body.addWidget(Text(reference.rapid_tests().statement, "small", self))
        columns.left.addStretch(1)
        columns.right.addStretch(1)
        self.body.addWidget(columns)
        self.body.addWidget(self._tests)
        self.body.addStretch(1)

    def show_patient(self, found: PatientPage) -> None:
        self._facts = found
        session = self.context.session
        for instrument_id, card in self._cards.items():
            card.show_trend(trend_view(screening.trend(session, found.patient.id, instrument_id)))
        clear(self._test_rows)
        tests = rapid_tests.history(session, found.patient.id)
        for number, test in enumerate(tests):
            if number:
                self._test_rows.addWidget(Divider(self))
            title, detail = rapid_test_lines(test)
            self._test_rows.addWidget(Text(title, "strong", self))
            self._test_rows.addWidget(Text(detail, "muted", self))
        if not tests:
            self._test_rows.addWidget(Text(self.tr("Ingen hurtigtester er tatt."), "muted", self))

    def _start(self, instrument_id: str) -> None:
        if self._facts is not None:
            self.context.navigate(
                "screening", patient_id=self._facts.patient.id, instrument=instrument_id
            )

    @Slot()
    def _start_rapid_test(self) -> None:
        if self._facts is not None:
            self.context.navigate("rapid_test", patient_id=self._facts.patient.id)


class _InstrumentCard(Card):
    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.start = SecondaryButton(
            self.tr("Start {name}").format(name=title), self, icon="play", name=f"start{title}"
        )
        self.head.addWidget(self.start)
        self._latest = Text("", "title", self, wrap=False)
        self._band = Tag("", "neutral", self)
        self._day = Text("", "muted", self)
        self._summary = QWidget(self)
        row = QHBoxLayout(self._summary)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self._latest)
        row.addWidget(self._band, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._day, 1)
        self._chart = TrendChart(self)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(4)
        self._empty = EmptyState("clipboard-list", self.tr("Ikke fylt ut ennå"), "", self)
        self.body.addWidget(self._summary)
        self.body.addWidget(self._chart)
        self.body.addLayout(self._lines)
        self.body.addWidget(self._empty)

    def show_trend(self, view: TrendView) -> None:
        self._summary.setVisible(view.latest is not None)
        self._chart.setVisible(len(view.points) > 1)
        self._empty.setVisible(view.latest is None)
        clear(self._lines)
        if view.latest is None:
            return
        self._latest.setText(view.latest.score)
        self._band.say(view.latest.band, view.latest.tone)
        self._band.setVisible(bool(view.latest.band))
        self._day.setText(view.latest.day)
        self._chart.show_trend(view.points, view.bands, view.highest, view.spoken)
        for line in view.lines[1:]:
            self._lines.addWidget(Text(_words(line), "muted", self))


def _words(line: ScoreLine) -> str:
    return " · ".join(part for part in (line.day, line.score, line.band) if part)
