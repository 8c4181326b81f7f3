"""What the paper says of one line, typed in: outcome, time, dose, and whose word about a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from fieldapp.domain.medication import HandoutStatus, OtherDose
from fieldapp.services import reference
from fieldapp.services.sheets import LineView
from ui.sheets.state import (
    Collision,
    Outcome,
    Typed,
    dose_words,
    entered_words,
    name_of,
    part_words,
)
from ui.typed import parse_clock
from ui.widgets import Banner, ChoiceRow, FormField, PrimaryButton, Text
from ui.words import long_day, word

translate = QCoreApplication.translate
T = TypeVar("T")


class LineForm(QWidget):
    """One line. Nothing is chosen beforehand but the planned dose. Signal: `asked()` to record."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: LineView | None = None
        self._reasons_of: Outcome | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._title = Text("", "heading", self)
        self._what = Text("", "strong", self)
        self._done = Banner("", "ok", self)
        self._done.setObjectName("sheetLineDone")
        self._collision = Banner("", "danger", self)
        self._collision.setObjectName("sheetCollision")
        for widget in (self._title, self._what, self._done, self._collision):
            column.addWidget(widget)
        self._fields = QWidget(self)
        column.addWidget(self._fields)
        self._build(self._fields)
        self.problem = Banner("", "danger", self)
        self.problem.setObjectName("sheetProblem")
        column.addWidget(self.problem)
        self.record_button = PrimaryButton(
            translate("sheets", "Før linja"), self, icon="check", name="sheetRecord"
        )
        self.record_button.clicked.connect(self.asked.emit)
        column.addWidget(self.record_button)
        column.addStretch(1)

    def _build(self, parent: QWidget) -> None:
        column = QVBoxLayout(parent)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        outcomes = [
            (Outcome.GIVEN, word(HandoutStatus.GIVEN)),
            (Outcome.NOT_MET, word(HandoutStatus.NOT_MET)),
            (Outcome.REFUSED, word(HandoutStatus.REFUSED)),
            (Outcome.WITHHELD, word(HandoutStatus.WITHHELD)),
            (Outcome.UNUSED, translate("sheets", "Ingenting skjedde")),
        ]
        self.outcome = ChoiceRow(
            translate("sheets", "Hva står på arket?"), outcomes, parent, name="sheetOutcome"
        )
        self.outcome.chosen.connect(self._show_needed)
        self.collision = ChoiceRow(
            translate("sheets", "Dosen som alt er ført"),
            [
                (Collision.SAME, translate("sheets", "Det er den samme utleveringen")),
                (Collision.SECOND, translate("sheets", "Det ble gitt en ekstra dose")),
            ],
            parent,
            name="sheetCollision",
        )
        self.collision.chosen.connect(self._show_needed)
        self.clock = QLineEdit(parent)
        self.clock.setObjectName("sheetClock")
        self.clock.setPlaceholderText("09:15")
        self._clock = FormField(translate("sheets", "Klokkeslett"), self.clock, parent=parent)
        self.dose = QLineEdit(parent)
        self.dose.setObjectName("sheetDose")
        self._dose = FormField(translate("sheets", "Dose i mg"), self.dose, parent=parent)
        self.witnessed = ChoiceRow(
            translate("sheets", "Sett tatt?"),
            [
                (True, translate("sheets", "Ja, sett tatt")),
                (False, translate("sheets", "Nei, tatt med hjem")),
            ],
            parent,
            name="sheetWitnessed",
        )
        self.witnessed.chosen.connect(self._show_needed)
        self.home_with = QLineEdit(parent)
        self.home_with.setObjectName("sheetHomeWith")
        self._home_with = FormField(
            translate("sheets", "Levert sammen med linje (kode)"),
            self.home_with,
            translate("sheets", "La stå tomt når den ble levert på sitt eget døgn."),
            parent,
        )
        self._other_head = Text(translate("sheets", "Annen dose siste døgn?"), "label", parent)
        self.other_dose = ChoiceRow(
            translate("sheets", "Annen dose siste døgn?"),
            [
                (OtherDose.NO, translate("sheets", "Nei")),
                (OtherDose.YES, translate("sheets", "Ja")),
                (OtherDose.UNKNOWN, translate("sheets", "Vet ikke, eller ikke spurt")),
            ],
            parent,
            name="sheetOtherDose",
        )
        self.reason = ChoiceRow(
            translate("sheets", "Hvorfor ikke?"), (), parent, name="sheetReason"
        )
        self.text = QLineEdit(parent)
        self.text.setObjectName("sheetText")
        self._text = FormField(translate("sheets", "Merknad fra arket"), self.text, parent=parent)
        for widget in (
            self.outcome,
            self.collision,
            self._clock,
            self._dose,
            self.witnessed,
            self._home_with,
            self._other_head,
            self.other_dose,
            self.reason,
            self._text,
        ):
            column.addWidget(widget)

    # --- what is shown

    def show_line(self, line: LineView, today_words: Sequence[str]) -> None:
        """Show a line, empty. `today_words` say what stands in the slot already."""
        other = self._line is None or self._line.line != line.line
        self._line = line
        self._title.setText(f"{line.line.code} · {name_of(line)}")
        product = line.order.product if line.order is not None else ""
        what = (product, dose_words(line), f"{long_day(line.line.day)}, {part_words(line.line)}")
        self._what.setText(" · ".join(part for part in what if part))
        self._collision.say(
            translate("sheets", "Det står allerede en dose her: {0}").format("; ".join(today_words))
            if today_words
            else "",
            "danger",
        )
        if other:
            self._empty(line)
        here = line.patient is not None and line.order is not None
        can_enter = line.event is None and here
        self._fields.setVisible(can_enter)
        self.record_button.setVisible(can_enter)
        self._show_needed()

    def say_done(self, text: str) -> None:
        """Say that a line was entered, or that nothing happened; empty takes it away."""
        self._done.say(text, "ok")

    def typed(self) -> Typed:
        """Return what was typed."""
        return Typed(
            outcome=self._value(self.outcome, Outcome),
            clock=parse_clock(self.clock.text()),
            dose=self.dose.text(),
            witnessed=self.witnessed.value if isinstance(self.witnessed.value, bool) else None,
            other_dose=self._value(self.other_dose, OtherDose),
            home_with=self.home_with.text().strip().upper(),
            reason=self.reason.value if isinstance(self.reason.value, str) else None,
            text=self.text.text().strip(),
            collision=self._value(self.collision, Collision),
        )

    def focus_first(self) -> None:
        buttons = self.outcome.buttons()
        if buttons and self._fields.isVisible():
            buttons[0].setFocus()

    def _value(self, row: ChoiceRow, kind: type[T]) -> T | None:
        return row.value if isinstance(row.value, kind) else None

    def _empty(self, line: LineView) -> None:
        for row in (self.outcome, self.collision, self.witnessed, self.other_dose):
            row.choose(None)
        for field in (self.clock, self.home_with, self.text):
            field.clear()
        dose = dose_words(line).split("mg")[0].strip()
        self.dose.setText(dose)
        self.reason.set_options(())
        self._reasons_of = None
        self.problem.say("", "danger")
        self.say_done(entered_words(line, line.line.day) if line.event is not None else "")

    @Slot()
    def _show_needed(self, _: object = None) -> None:
        line = self._line
        if line is None:
            return
        outcome = self._value(self.outcome, Outcome)
        given = outcome is Outcome.GIVEN
        happened = outcome not in (None, Outcome.UNUSED)
        collides = given and bool(line.others)
        same = collides and self._value(self.collision, Collision) is Collision.SAME
        self.collision.setVisible(collides)
        self._clock.setVisible(happened and not same)
        self._dose.setVisible(given and not same)
        self.witnessed.setVisible(given and not same)
        self._home_with.setVisible(given and not same and self.witnessed.value is False)
        self._other_head.setVisible(given and not same)
        self.other_dose.setVisible(given and not same)
        self._text.setVisible(happened and not same)
        not_given = happened and not given
        self.reason.setVisible(not_given)
        if not_given and outcome is not None and outcome is not self._reasons_of:
            self._reasons_of = outcome
            known = reference.handout().reasons.get(HandoutStatus(outcome.value), ())
            self.reason.set_options([(one.code, one.text) for one in known])
        words = translate("sheets", "Før linja")
        if outcome is Outcome.UNUSED or same:
            words = translate("sheets", "Bekreft: ingenting å føre")
        self.record_button.say(words)
