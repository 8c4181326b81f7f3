"""The form of a rapid test: how it was taken at the left, what the device shows at the right."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fieldapp.domain.reference import RapidTestReference
from fieldapp.domain.toxicology import Panel, PanelAnalyte, Specimen
from ui.rapid_test.state import (
    TEMPERATURES,
    RapidForm,
    needs_text,
    reading_options,
    specimen_word,
)
from ui.sources import SourceList
from ui.widgets import (
    Banner,
    Card,
    ChoiceRow,
    Columns,
    Divider,
    FormField,
    Tag,
    Text,
    clear,
)
from ui.words import amount


class RapidTestFormView(Columns):
    """Shows a RapidForm; writes into its text fields only when other work begins in them.

    Signals:
        panel_chosen(str), specimen_chosen(str), supervised_chosen(bool), temperature_chosen(str),
        reason_chosen(str): a choice was made.
        typed(str, str): the field ("lot", "expiry", "reason_text", "comment") and its text.
        read(str, str): an analyte and what its line shows.
        focus_moved(): the focus was put somewhere that may have to be scrolled to.
    """

    panel_chosen = Signal(str)
    specimen_chosen = Signal(str)
    supervised_chosen = Signal(bool)
    temperature_chosen = Signal(str)
    reason_chosen = Signal(str)
    typed = Signal(str, str)
    focus_moved = Signal()
    read = Signal(str, str)

    def __init__(self, known: RapidTestReference, parent: QWidget | None = None) -> None:
        super().__init__(parent, shares=(3, 5), narrowest=980)
        # A place for the focus that nothing can be chosen from by a key too many.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Hurtigtest"))
        self._known = known
        self._panel_shown: tuple[object, ...] = ()
        self._rows: dict[str, _Reading] = {}
        self.left.addWidget(self._device_card())
        self.left.addWidget(self._reason_card())
        self.left.addStretch(1)
        self.right.addWidget(self._readings_card())
        self.right.addStretch(1)

    def show_form(
        self,
        form: RapidForm,
        panel: Panel | None,
        expected: Collection[str],
        doubts: Sequence[str],
        asked: Collection[str],
    ) -> None:
        self._panel.choose(form.panel)
        self._specimen.choose(form.specimen)
        observed = {True: "yes", False: "no", None: None}
        self._supervised.choose(observed[form.supervised])
        self._temperature.choose(form.temperature)
        self._temperature_part.setVisible(form.specimen == Specimen.URINE)
        self._reason.choose(form.reason)
        wanted = form.reason is not None and needs_text(form.reason, self._known)
        self._reason_text.setVisible(wanted)
        for name, text in (
            ("lot", form.lot),
            ("expiry", form.expiry),
            ("reason_text", form.reason_text),
            ("comment", form.comment),
        ):
            _fill(self._editors[name], text)
        self._show_readings(form, panel, expected)
        self._doubts.say("\n".join(doubts), "warn")
        self._mark_missing(asked)

    def focus_field(self, name: str) -> None:
        """Put the focus on the first thing that is missing."""
        choices = {"panel": self._panel, "supervised": self._supervised, "reason": self._reason}
        if name in choices:
            choices[name].buttons()[0].setFocus()
        elif name in self._editors:
            self._editors[name].setFocus()
        elif self._rows:
            next(iter(self._rows.values())).focus_start()
        self.focus_moved.emit()

    # --- parts

    def _device_card(self) -> Card:
        card = Card(self.tr("Testen og prøven"), self)
        self._editors: dict[str, QLineEdit] = {}
        self._labels: dict[str, Text] = {}
        self._panel = ChoiceRow(
            self.tr("Test"),
            [(panel.id, panel.name) for panel in self._known.panels],
            card,
            name="panel",
        )
        self._panel.chosen.connect(lambda value: self.panel_chosen.emit(str(value)))
        self._specimen = ChoiceRow(
            self.tr("Prøve"),
            [(entry.value, specimen_word(entry.value)) for entry in Specimen],
            card,
            name="specimen",
        )
        self._specimen.chosen.connect(lambda value: self.specimen_chosen.emit(str(value)))
        self._supervised = ChoiceRow(
            self.tr("Ble prøvetakingen observert?"),
            [("yes", self.tr("Ja")), ("no", self.tr("Nei"))],
            card,
            name="supervised",
        )
        self._supervised.chosen.connect(lambda value: self.supervised_chosen.emit(value == "yes"))
        self._add_choice(card, "panel", self.tr("Hvilken test?"), self._panel)
        self._add_choice(card, "specimen", self.tr("Prøve"), self._specimen)
        self._add_choice(
            card, "supervised", self.tr("Ble prøvetakingen observert?"), self._supervised
        )
        self._temperature_part = self._temperature_rows(card)
        card.body.addWidget(self._temperature_part)
        pair = QHBoxLayout()
        pair.setSpacing(12)
        pair.addWidget(self._field("lot", self.tr("Lotnummer"), "rapidTestLot"), 1)
        expiry = self._field("expiry", self.tr("Holdbar til"), "rapidTestExpiry")
        self._editors["expiry"].setPlaceholderText(self.tr("mm.åååå"))
        pair.addWidget(expiry, 1)
        card.body.addLayout(pair)
        self._doubts = Banner("", "warn", card)
        self._doubts.text.setObjectName("rapidTestDoubts")
        card.body.addWidget(self._doubts)
        return card

    def _temperature_rows(self, parent: QWidget) -> QWidget:
        limits = self._known.limits
        low = amount(limits.minimum_temperature_c)
        high = amount(limits.maximum_temperature_c)
        part = QWidget(parent)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        words = {
            "ok": self.tr("{low}–{high} °C").format(low=low, high=high),
            "outside": self.tr("Utenfor"),
            "not_measured": self.tr("Ikke målt"),
        }
        self._temperature = ChoiceRow(
            self.tr("Temperatur"),
            [(code, words[code]) for code in TEMPERATURES],
            part,
            name="temperature",
        )
        self._temperature.chosen.connect(lambda value: self.temperature_chosen.emit(str(value)))
        minutes = int(limits.measure_within.total_seconds() // 60)
        label = self.tr("Temperatur, målt innen {minutes} minutter").format(minutes=minutes)
        column.addWidget(Text(label, "label", part))
        column.addWidget(self._temperature)
        source = SourceList(part)
        source.show_sources([limits.temperature_source])
        column.addWidget(source)
        return part

    def _reason_card(self) -> Card:
        card = Card(self.tr("Hvorfor testen tas"), self)
        card.body.addWidget(
            Text(
                self.tr("Samtale og observasjon kommer først. En test skal ha en grunn."),
                "small",
                card,
            )
        )
        self._reason = ChoiceRow(
            self.tr("Årsak"),
            [(entry.code, entry.text) for entry in self._known.reasons],
            card,
            name="reason",
        )
        self._reason.chosen.connect(lambda value: self.reason_chosen.emit(str(value)))
        self._add_choice(card, "reason", self.tr("Årsak"), self._reason)
        self._reason_text = self._field(
            "reason_text", self.tr("Årsaken med egne ord"), "rapidTestReasonText"
        )
        card.body.addWidget(self._reason_text)
        card.body.addWidget(
            self._field("comment", self.tr("Merknad (valgfritt)"), "rapidTestComment")
        )
        return card

    def _readings_card(self) -> Card:
        card = Card(self.tr("Avlesning"), self)
        self._readings_help = Text("", "small", card)
        card.body.addWidget(self._readings_help)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(10)
        card.body.addLayout(self._lines)
        self._sources = SourceList(card)
        card.body.addWidget(self._sources)
        return card

    def _add_choice(self, card: Card, name: str, label: str, row: ChoiceRow) -> None:
        self._labels[name] = Text(label, "label", card)
        card.body.addWidget(self._labels[name])
        card.body.addWidget(row)

    def _field(self, name: str, label: str, object_name: str) -> FormField:
        editor = QLineEdit(self)
        editor.setObjectName(object_name)
        editor.textEdited.connect(lambda text: self.typed.emit(name, text))
        self._editors[name] = editor
        field = FormField(label, editor, parent=self)
        self._labels[name] = field.label
        return field

    # --- readings

    def _show_readings(
        self, form: RapidForm, panel: Panel | None, expected: Collection[str]
    ) -> None:
        shown = (panel, frozenset(expected))
        if shown != self._panel_shown:
            self._panel_shown = shown
            self._build_readings(panel, expected)
        for code, row in self._rows.items():
            row.choose(form.readings.get(code))

    def _build_readings(self, panel: Panel | None, expected: Collection[str]) -> None:
        clear(self._lines)
        self._rows = {}
        if panel is None:
            self._readings_help.setText(self.tr("Velg test først. Så vises hver linje her."))
            self._sources.show_sources([])
            return
        said = self.tr("Tast 1, 2 eller 3 på hver linje. En linje uten valg blir «ikke avlest».")
        if panel.example:
            said = f"{said} {self.tr('Testen er et eksempel; grensene må byttes ut med deres.')}"
        self._readings_help.setText(said)
        for number, analyte in enumerate(panel.analytes):
            if number:
                self._lines.addWidget(Divider(self))
            row = _Reading(analyte, analyte.code in expected, self)
            row.chosen.connect(lambda value, code=analyte.code: self.read.emit(code, str(value)))
            row.passed.connect(lambda code=analyte.code: self._focus_after(code))
            self._lines.addWidget(row)
            self._rows[analyte.code] = row
        self._sources.show_sources(analyte.source for analyte in panel.analytes)

    def _focus_after(self, code: str) -> None:
        codes = list(self._rows)
        following = codes[codes.index(code) + 1 :]
        if following:
            self._rows[following[0]].focus_start()
            self.focus_moved.emit()

    def _mark_missing(self, asked: Collection[str]) -> None:
        for name, label in self._labels.items():
            role = "error" if name in asked else "label"
            if label.property("role") != role:
                label.setProperty("role", role)
                label.style().unpolish(label)
                label.style().polish(label)


class _Reading(QWidget):
    """One line of the device: what it tests, its cut-off, and the three answers.

    Signals:
        chosen(object): what the line shows.
        passed(): it was chosen by a digit; the next line is to be read.
    """

    chosen = Signal(object)
    passed = Signal()

    def __init__(self, analyte: PanelAnalyte, expected: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._choice = _DigitChoice(
            analyte.label, reading_options(), self, name=f"reading_{analyte.code}"
        )
        self._choice.chosen.connect(self.chosen)
        self._choice.passed.connect(self.passed)
        split = Columns(self, shares=(4, 7), narrowest=560)
        words = split.left
        words.setSpacing(2)
        words.addWidget(Text(analyte.label, "strong", self))
        detail = self.tr("grense {cutoff} {unit} · påvises {window}").format(
            cutoff=analyte.cutoff, unit=analyte.unit, window=_lowered(analyte.window)
        )
        words.addWidget(Text(detail, "small", self))
        words.addStretch(1)
        split.right.addWidget(self._choice, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(split)
        if expected:
            mark = self.tr("Forventet pga. forordnet legemiddel")
            column.addWidget(Tag(mark, "accent", self))

    def choose(self, value: str | None) -> None:
        if self._choice.value != value:
            self._choice.choose(value)

    def focus_start(self) -> None:
        self._choice.buttons()[0].setFocus(Qt.FocusReason.OtherFocusReason)


class _DigitChoice(ChoiceRow):
    """Says when a digit chose, so that the next line can be read at once."""

    passed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        digit = event.key() - Qt.Key.Key_0
        if event.isAutoRepeat() and 1 <= digit <= 9:
            return  # a key held down must not read the lines that follow
        super().keyPressEvent(event)
        if 1 <= digit <= len(self.buttons()) and self.buttons()[digit - 1].isChecked():
            self.passed.emit()


def _fill(editor: QLineEdit, text: str) -> None:
    if editor.text() != text:
        blocker = QSignalBlocker(editor)
        editor.setText(text)
        blocker.unblock()


def _lowered(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
