"""Every widget in all its tones on one page, for pictures and for tests."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui.widgets import (
    Avatar,
    Banner,
    Card,
    Chip,
    ChoiceRow,
    CriticalBand,
    CriticalEntry,
    DangerButton,
    EmptyState,
    FormField,
    PageHeader,
    Pill,
    PrimaryButton,
    ProgressLine,
    QuietButton,
    Rail,
    RailEntry,
    Row,
    RowList,
    RowTag,
    SearchField,
    SecondaryButton,
    Tag,
    Timeline,
    TimelineItem,
    TrendBand,
    TrendChart,
    TrendPoint,
    row_of,
)


class Gallery(QWidget):
    """Built once; nothing on it does anything."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        rail = Rail(
            [
                RailEntry("today", "house", "I dag", "Alt+1"),
                RailEntry("patients", "users", "Pasienter", "Alt+2"),
                RailEntry("handout", "pill", "Medisinrunde", "Alt+3"),
                RailEntry("sync", "refresh-cw", "Synk", "Alt+4"),
            ],
            [RailEntry("lock", "lock", "Lås", "Ctrl+L", is_page=False)],
        )
        rail.select("patients")
        rail.button("sync").set_badge(3)
        outer.addWidget(rail)
        columns = QHBoxLayout()
        columns.setContentsMargins(24, 20, 24, 20)
        columns.setSpacing(16)
        columns.addLayout(self._left(), 3)
        columns.addLayout(self._right(), 2)
        outer.addLayout(columns, 1)

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(12)
        header = PageHeader("Pasienter", "25 pasienter på denne maskinen")
        header.buttons.addWidget(Pill("cloud-off", "Uten dekning · 3 usendt", "warn"))
        column.addWidget(header)
        band = CriticalBand()
        band.show_entries(
            [
                CriticalEntry("shield-alert", "Allergi", "Penicillin, anafylaksi 2019"),
                CriticalEntry("users", "Gå to sammen", "Avtalt i team 12.10."),
            ]
        )
        column.addWidget(band)
        column.addLayout(row_of(Avatar("ÅØ"), Chip("Tolk: somali"), Chip("Hund i huset"), None))
        column.addLayout(
            row_of(
                Tag("ACT", "accent"), Tag("Gitt", "ok"), Tag("Sent", "warn"), Tag("Feil", "danger")
            )
        )
        column.addWidget(SearchField("Søk navn, fødselsnummer eller adresse"))
        rows = RowList("Pasienter")
        rows.set_rows(
            [
                Row("1", "Ødegård, Åse", "41 år · Fjordveien 12", "circle-alert", "danger",
                    (RowTag("LAR", "accent"), RowTag("i dag 10:30"))),
                Row("2", "Aasen, Per", "29 år · Lia 4", "user", "neutral", (RowTag("ACT", "warn"),),
                    lead="10:30"),
            ]
        )  # fmt: skip
        rows.select_id("2")
        rows.fit_height()
        column.addWidget(rows)
        column.addWidget(Banner("Utkast fra 10:41 ble funnet etter en uventet stopp.", "warn"))
        column.addLayout(
            row_of(
                PrimaryButton("Gitt", icon="check"),
                SecondaryButton("Ikke møtt"),
                DangerButton("Ta tilbake"),
                QuietButton("Åpne"),
                None,
            )
        )
        column.addStretch(1)
        return column

    def _right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(12)
        card = Card("AUDIT over tid")
        chart = TrendChart()
        chart.show_trend(
            [
                TrendPoint(date(2026, 1, 10), 24, "jan."),
                TrendPoint(date(2026, 5, 3), 19, "mai"),
                TrendPoint(date(2026, 11, 1), 13, "nov."),
            ],
            [
                TrendBand(0, 7, "Sone I", "ok"),
                TrendBand(8, 15, "Sone II", "neutral"),
                TrendBand(16, 19, "Sone III", "warn"),
                TrendBand(20, 40, "Sone IV", "danger"),
            ],
            40,
            "AUDIT, siste 13, ned 11 siden januar",
        )
        card.body.addWidget(chart)
        column.addWidget(card)
        events = Card("Siste hendelser")
        timeline = Timeline()
        timeline.show_items(
            [
                TimelineItem(
                    "1", "pill", "Metadon gitt", "90 mg (18 mL) · Kari Berg", "08:55", "ok"
                ),
                TimelineItem("2", "file-text", "Notat", "Rolig samtale", "i går"),
            ]
        )
        events.body.addWidget(timeline)
        column.addWidget(events)
        form = Card("Skjema")
        field = FormField("Dose", QLineEdit("0"), "I milligram")
        field.say_problem("Dosen må være større enn 0.")
        form.body.addWidget(field)
        form.body.addWidget(ChoiceRow("Identitet", [("a", "Kjent"), ("b", "Legitimasjon")]))
        progress = ProgressLine()
        progress.say(40, 100, "Henter 40 av 100")
        form.body.addWidget(progress)
        column.addWidget(form)
        column.addWidget(EmptyState("calendar", "Ingen besøk i dag", "Planlegg et besøk."))
        column.addStretch(1)
        return column

    def sizeHint(self) -> QSize:
        return QSize(1366, 900)
