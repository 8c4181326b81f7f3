"""Every widget in all its tones on one page, for pictures and for tests."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from ui.widgets import (
    Avatar,
    Banner,
    Card,
    Chip,
    ChoiceRow,
    Columns,
    CriticalBand,
    CriticalEntry,
    DangerButton,
    EmptyState,
    FlowLayout,
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
    ScrollColumn,
    SearchField,
    SecondaryButton,
    Snackbar,
    Tag,
    Timeline,
    TimelineItem,
    Tone,
    TrendBand,
    TrendChart,
    TrendPoint,
    row_of,
)

_BANNERS: tuple[tuple[str, Tone], ...] = (
    ("Listen er hentet i dag 08:12.", "neutral"),
    ("Utkast fra 10:41 ble funnet etter en uventet stopp.", "warn"),
    ("Dosen er alt gitt i dag. Ikke gi den en gang til.", "danger"),
    ("Alt som er skrevet på denne maskinen, er kommet fram.", "ok"),
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
        scroll = ScrollColumn("Byggeklosser", self)
        columns = Columns(scroll)
        columns.left.addLayout(self._left())
        columns.right.addLayout(self._right())
        scroll.body.addWidget(columns)
        outer.addWidget(scroll, 1)
        self.snackbar = Snackbar(self)
        self.snackbar.say("Metadon 90 mg er ført som gitt kl. 08:55", undo=True)

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
                Tag("ACT", "accent"),
                Tag("Gitt", "ok"),
                Tag("Sent", "warn"),
                Tag("Feil", "danger"),
                Tag("Planlagt"),
                None,
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
        for words, tone in _BANNERS:
            column.addWidget(Banner(words, tone))
        self.first_button = PrimaryButton("Gitt", icon="check")
        disabled = PrimaryButton("Signer og lås")
        disabled.setEnabled(False)
        column.addLayout(
            _flow(
                self.first_button,
                SecondaryButton("Ikke møtt"),
                DangerButton("Ta tilbake"),
                QuietButton("Åpne"),
                disabled,
            )
        )
        column.addLayout(
            _flow(
                Pill("circle-check", "Alt er sendt · 08:12", "ok"),
                Pill("refresh-cw", "Sender 2 av 7", "accent"),
                Pill("circle-alert", "1 kunne ikke sendes", "danger"),
                Pill("cloud-off", "Uten dekning · 3 usendt", "warn"),
            )
        )
        column.addWidget(self._controls())
        column.addStretch(1)
        return column

    def _controls(self) -> Card:
        card = Card("Felter")
        kinds = QComboBox()
        kinds.addItems(["Hjemmebesøk", "Telefon"])
        day = QDateEdit(QDate(2026, 11, 23))
        day.setCalendarPopup(True)
        day.setDisplayFormat("dd.MM.yyyy")
        card.body.addWidget(FormField("Slags besøk", kinds))
        card.body.addWidget(FormField("Dag", day))
        consent = QCheckBox("Pasienten samtykker")
        consent.setChecked(True)
        card.body.addWidget(consent)
        card.body.addWidget(QCheckBox("Pårørende var til stede"))
        note = QPlainTextEdit("Våken og orientert. Har sovet godt.")
        note.setMinimumHeight(96)
        note.setTabChangesFocus(True)
        card.body.addWidget(FormField("Notat", note))
        return card

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
        choice = ChoiceRow("Identitet", [("a", "Kjent"), ("b", "Legitimasjon"), ("c", "Bilde")])
        choice.choose("b")
        form.body.addWidget(choice)
        progress = ProgressLine()
        progress.say(40, 100, "Henter 40 av 100")
        form.body.addWidget(progress)
        column.addWidget(form)
        column.addWidget(EmptyState("calendar", "Ingen besøk i dag", "Planlegg et besøk."))
        column.addStretch(1)
        return column

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.first_button.setFocus()

    def sizeHint(self) -> QSize:
        return QSize(1366, 900)


def _flow(*widgets: QWidget) -> FlowLayout:
    layout = FlowLayout()
    for widget in widgets:
        layout.addWidget(widget)
    return layout
