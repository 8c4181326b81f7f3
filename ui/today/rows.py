"""The rows of the day page: visits, doses, late items, interrupted work."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.flags import FlagTag
from ui.today.state import DoseRow, LateRow, UnfinishedRow, VisitRow, VisitState
from ui.widgets import (
    Button,
    Clickable,
    Divider,
    FlowLayout,
    IconLabel,
    PrimaryButton,
    QuietButton,
    SecondaryButton,
    Tag,
    Text,
    Tone,
    clear,
)
from ui.words import word


class RowColumn(QWidget):
    """Rows under each other, walked by the arrow keys; the focus survives a refresh."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._rows: dict[str, Clickable] = {}

    @property
    def rows(self) -> list[Clickable]:
        return list(self._rows.values())

    def show_rows(self, rows: Sequence[tuple[str, Clickable]]) -> None:
        """Show these rows, each with a key by which its focus is kept."""
        focused = next((key for key, row in self._rows.items() if row.hasFocus()), None)
        clear(self._column)
        self._rows = dict(rows)
        for number, row in enumerate(self._rows.values()):
            if number:
                self._column.addWidget(Divider(self))
            self._column.addWidget(row)
        if focused in self._rows:
            self._rows[focused].setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        step = steps.get(Qt.Key(event.key()))
        rows = self.rows
        current = next((n for n, row in enumerate(rows) if row.hasFocus()), None)
        if step is None or current is None or not 0 <= current + step < len(rows):
            super().keyPressEvent(event)
            return
        rows[current + step].setFocus(Qt.FocusReason.TabFocusReason)


_VISIT_TONES: dict[VisitState, Tone] = {
    VisitState.PLANNED: "neutral",
    VisitState.IN_PROGRESS: "accent",
    VisitState.DONE: "ok",
    VisitState.NO_SHOW: "warn",
    VisitState.CANCELLED: "neutral",
}


class VisitLine(Clickable):
    """One visit of the day. Enter or a click opens the patient.

    Signals:
        start_asked(): the button for starting or going on was pressed.
    """

    start_asked = Signal()

    def __init__(self, visit: VisitRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look = theme.current()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 10, 10, 10)
        row.setSpacing(14)
        time = Text(visit.time or "–", "strong", self, wrap=False)
        time.setMinimumWidth(look.pixels(48))
        row.addWidget(time, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(Text(visit.name, "strong", self))
        words.addWidget(Text(visit.purpose, "", self))
        if visit.address:
            words.addWidget(Text(visit.address, "muted", self))
        if visit.severe:
            holder = QWidget(self)
            flow = FlowLayout(holder, 14)
            for category in visit.severe:
                flow.addWidget(FlagTag(category, holder))
            words.addWidget(holder)
        words.addStretch(1)
        row.addLayout(words, 1)
        state_word = self._state_word(visit.state)
        side = QVBoxLayout()
        side.setSpacing(8)
        side.addWidget(
            Tag(state_word, _VISIT_TONES[visit.state], self), 0, Qt.AlignmentFlag.AlignRight
        )
        if visit.state in (VisitState.PLANNED, VisitState.IN_PROGRESS):
            side.addWidget(self._start_button(visit))
        side.addStretch(1)
        row.addLayout(side)
        said = [visit.time, visit.name, visit.purpose, visit.address, state_word]
        said += [word(category) for category in visit.severe]
        self.setAccessibleName(", ".join(part for part in said if part))

    def _start_button(self, visit: VisitRow) -> QWidget:
        button: Button
        if visit.state is VisitState.IN_PROGRESS:
            button = PrimaryButton(self.tr("Fortsett"), self, icon="play", name="continueVisit")
        else:
            button = SecondaryButton(self.tr("Start"), self, icon="play", name="startVisit")
        said = self.tr("{what} besøk hos {name}").format(
            what=button.text().strip(), name=visit.name
        )
        button.setAccessibleName(said)
        button.clicked.connect(self.start_asked)
        return button

    def _state_word(self, state: VisitState) -> str:
        return {
            VisitState.PLANNED: self.tr("Planlagt"),
            VisitState.IN_PROGRESS: self.tr("Pågår"),
            VisitState.DONE: self.tr("Utført"),
            VisitState.NO_SHOW: self.tr("Ikke møtt"),
            VisitState.CANCELLED: self.tr("Avlyst"),
        }[state]


class DoseLine(Clickable):
    """One planned dose of the day and what stands in its slot."""

    def __init__(self, dose: DoseRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 9, 10, 9)
        row.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(dose.name, "strong", self))
        words.addWidget(Text(dose.dose, "", self))
        words.addWidget(Text(f"{dose.part} · {dose.place}", "small", self))
        row.addLayout(words, 1)
        if dose.status is None:
            tag = Tag(self.tr("Ikke ført"), "neutral", self)
        else:
            tone: Tone = "ok" if dose.given else "warn"
            tag = Tag(word(dose.status), tone, self)
        row.addWidget(tag, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(", ".join((dose.name, dose.dose, dose.part, tag.text())))


class LateLine(Clickable):
    """Something that should have been done."""

    def __init__(self, late: LateRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 9, 10, 9)
        row.setSpacing(12)
        row.addWidget(IconLabel("clock", "warn", 20, self), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(late.name, "strong", self))
        words.addWidget(Text(late.text, "muted", self))
        row.addLayout(words, 1)
        row.addWidget(IconLabel("chevron-right", "muted", 18, self))
        self.setAccessibleName(f"{late.name}, {late.text}")


class UnfinishedLine(QWidget):
    """Work that is not signed. After a crash the user says whether it is kept.

    Signals:
        resumed(): go on with it.
        discarded(): throw it away.
    """

    resumed = Signal()
    discarded = Signal()

    def __init__(self, work: UnfinishedRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(12)
        icon = "rotate-ccw" if work.interrupted else "square-pen"
        row.addWidget(IconLabel(icon, "warn", 20, self))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(work.name, "strong", self))
        words.addWidget(Text(work.text, "muted", self))
        row.addLayout(words, 1)
        text = self.tr("Gjenopprett") if work.interrupted else self.tr("Fortsett")
        resume = PrimaryButton(text, self, name="resumeDraft")
        resume.setAccessibleName(f"{text}: {work.name}, {work.text}")
        resume.clicked.connect(self.resumed)
        row.addWidget(resume)
        discard = QuietButton(self.tr("Forkast"), self, name="discardDraft")
        discard.setAccessibleName(
            self.tr("Forkast: {what}").format(what=f"{work.name}, {work.text}")
        )
        discard.clicked.connect(self.discarded)
        row.addWidget(discard)
