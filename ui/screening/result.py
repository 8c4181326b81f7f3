"""A result in words, what the levels mean, and the course over time as picture and as table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.screening.instruments import Instrument
from fieldapp.services.screening import Trend
from ui import theme
from ui.screening.words import (
    Line,
    ResultView,
    band_label,
    level_tone,
    total_words,
    trend_spoken,
)
from ui.sources import SourceList, mark
from ui.widgets import (
    Banner,
    Card,
    Columns,
    IconLabel,
    QuietButton,
    Row,
    RowList,
    RowTag,
    Tag,
    Text,
    TrendBand,
    TrendChart,
    TrendPoint,
    clear,
)
from ui.widgets.basics import TOKEN_OF_TONE
from ui.words import day_text


class ResultPanel(Columns):
    """Signals:
    result_chosen(str): show another result of the course.
    """

    result_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, shares=(1, 1))
        self.left.addWidget(self._result_card())
        self.left.addStretch(1)
        self.right.addWidget(self._trend_card())
        self.right.addWidget(self._levels_card())
        self.right.addStretch(1)

    def show_result(self, view: ResultView, instrument: Instrument, levels: Sequence[Line]) -> None:
        self._card.heading.setText(instrument.title)
        self._card.heading.show()
        self._when.setText(view.heading)
        self._figure.setText(view.figure)
        self._scale.setText(view.scale)
        self._level.setText(view.level)
        self._advice.setText(view.advice)
        self._advice.setVisible(bool(view.advice))
        self._icon.show_icon(_ICONS[view.tone], TOKEN_OF_TONE[view.tone])
        self._raised.say(view.raised, "warn")
        self._unclear.say(view.unclear, "warn")
        self._older.say(view.older, "neutral")
        self._trust.say(view.trust, view.trust_tone)
        _show_lines(self._limits, view.limits, self)
        _show_lines(self._findings, view.findings, self)
        self._limits_title.setVisible(bool(view.limits))
        self._no_findings.setVisible(
            not view.findings and bool(instrument.findings) and not view.older
        )
        self._findings_title.setVisible(bool(instrument.findings) and not view.older)
        self._sources.show_sources(view.sources)
        _show_lines(self._levels, levels, self)
        self._level_sources.show_sources(line.source for line in levels if line.source is not None)

    def show_trend(self, trend: Trend) -> None:
        instrument = trend.instrument
        drawn = [
            TrendPoint(day, float(point.total), day_text(day))
            for point in trend.points
            if point.total is not None
            for day in (point.at.astimezone(OSLO).date(),)
        ]
        left_out = len(trend.points) - len(drawn)
        bands = []
        for number, band in enumerate(trend.bands):
            above = trend.bands[number + 1 :]
            highest = above[0].at_least - 1 if above else instrument.highest
            tone = level_tone(instrument, band.code)
            bands.append(TrendBand(band.at_least, highest, band.label, tone))
        self._chart.show_trend(drawn, bands, instrument.highest, trend_spoken(trend))
        self._left_out.setText(
            self.tr("{count} ufullstendige er ikke tegnet, men står i tabellen.").format(
                count=left_out
            )
        )
        self._left_out.setVisible(left_out > 0)
        self._trend.heading.setText(self.tr("{title} over tid").format(title=instrument.title))
        self._trend.heading.show()
        self._table.set_rows([_row(trend, number) for number in reversed(range(len(trend.points)))])
        self._table.fit_height(most=8)

    def _result_card(self) -> Card:
        card = self._card = Card("", self)
        card.head.addWidget(Tag(self.tr("Fullført og låst"), "ok", card))
        self._when = Text("", "muted", card)
        card.body.addWidget(self._when)
        figures = QHBoxLayout()
        figures.setSpacing(12)
        self._figure = _Figure(card)
        self._scale = Text("", "muted", card, wrap=False)
        words = QVBoxLayout()
        words.setSpacing(2)
        self._level = Text("", "heading", card)
        self._level.setObjectName("screeningLevel")
        self._advice = Text("", "", card)
        words.addWidget(self._level)
        words.addWidget(self._advice)
        figures.addWidget(self._figure, 0, Qt.AlignmentFlag.AlignVCenter)
        figures.addWidget(self._scale, 0, Qt.AlignmentFlag.AlignVCenter)
        figures.addSpacing(10)
        self._icon = IconLabel("circle-check", "ok", 26, card)
        figures.addWidget(self._icon)
        figures.addLayout(words, 1)
        card.body.addLayout(figures)
        self._raised = Banner("", "warn", card)
        self._unclear = Banner("", "warn", card)
        self._older = Banner("", "neutral", card)
        self._trust = Banner("", "neutral", card)
        for banner in (self._raised, self._unclear, self._older, self._trust):
            card.body.addWidget(banner)
        self._limits_title = Text(self.tr("Grenser"), "label", card)
        self._limits = _column()
        self._findings_title = Text(self.tr("Funn i svarene"), "label", card)
        self._findings = _column()
        self._no_findings = Text(self.tr("Ingen enkeltsvar skiller seg ut."), "muted", card)
        self._sources = SourceList(card)
        card.body.addWidget(self._limits_title)
        card.body.addLayout(self._limits)
        card.body.addWidget(self._findings_title)
        card.body.addLayout(self._findings)
        card.body.addWidget(self._no_findings)
        card.body.addWidget(self._sources)
        card.body.addWidget(Text(self.tr("Programmet informerer, du avgjør."), "strong", card))
        return card

    def _trend_card(self) -> Card:
        card = self._trend = Card("", self)
        self._toggle = QuietButton(self.tr("Vis som tabell"), card, icon="table", name="trendTable")
        self._toggle.clicked.connect(self._on_toggle)
        card.head.addWidget(self._toggle)
        self._chart = _Chart(card)
        self._chart.setObjectName("trendChart")
        self._table = RowList(self.tr("Resultater over tid"), card)
        self._table.setObjectName("trendRows")
        self._table.activated_id.connect(self.result_chosen)
        self._table.hide()
        self._left_out = Text("", "small", card)
        for widget in (self._chart, self._table, self._left_out):
            card.body.addWidget(widget)
        return card

    def _levels_card(self) -> Card:
        card = Card(self.tr("Hva nivåene betyr"), self)
        self._levels = _column()
        self._level_sources = SourceList(card)
        card.body.addLayout(self._levels)
        card.body.addWidget(self._level_sources)
        return card

    def show_picture(self) -> None:
        """Show the course as a picture, whatever was chosen for somebody else."""
        self._show_course(as_table=False)

    def _on_toggle(self) -> None:
        self._show_course(as_table=self._table.isHidden())

    def _show_course(self, *, as_table: bool) -> None:
        self._table.setVisible(as_table)
        self._chart.setVisible(not as_table)
        self._toggle.say(self.tr("Vis som bilde") if as_table else self.tr("Vis som tabell"))


class _Chart(TrendChart):
    """High enough for the names of four levels."""

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().pixels(240), theme.current().pixels(250))


class _Figure(Text):
    """The total, large; its size follows the text size."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("", "", parent, wrap=False)
        self.setObjectName("screeningFigure")
        theme.current().changed.connect(self._render)
        self._render()

    def _render(self) -> None:
        # The style sheet has no role of this size, and a widget's own sheet wins over setFont.
        self.setStyleSheet(f"font-size: {theme.current().pixels(44)}px; font-weight: 700;")


_ICONS = {
    "neutral": "info",
    "accent": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "danger": "circle-alert",
}


def _column() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    return column


def _show_lines(column: QVBoxLayout, lines: Sequence[Line], parent: QWidget) -> None:
    clear(column)
    for line in lines:
        column.addWidget(_line(line, parent))


def _line(line: Line, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    icon = IconLabel(_ICONS[line.tone], TOKEN_OF_TONE[line.tone], 18, holder)
    row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(Text(line.text, "strong" if line.detail else "", holder))
    if line.detail:
        words.addWidget(Text(line.detail, "muted", holder))
    row.addLayout(words, 1)
    if line.source is not None and not line.source.verified:
        row.addWidget(Tag(*mark(line.source), holder), 0, Qt.AlignmentFlag.AlignTop)
    return holder


def _row(trend: Trend, number: int) -> Row:
    point = trend.points[number]
    tags: tuple[RowTag, ...] = ()
    if point.band is not None:
        tone = level_tone(trend.instrument, point.band)
        tags = (RowTag(band_label(trend.instrument, point.band), tone),)
    return Row(
        id=point.response_id,
        title=total_words(point.total, point.lowest, point.highest),
        detail=day_text(point.at.astimezone(OSLO).date()),
        tags=tags,
        icon="chart-line",
        icon_tone="accent",
    )
