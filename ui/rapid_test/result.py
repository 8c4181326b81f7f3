"""A recorded rapid test in words: findings first, then how it came to be."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.observations import RapidTest
from fieldapp.domain.reference import RapidTestReference
from ui.rapid_test.state import Finding, finding_lines, headline, provenance, recorded_doubts
from ui.sources import SourceList
from ui.widgets import (
    Banner,
    Card,
    Columns,
    IconLabel,
    Row,
    RowList,
    RowTag,
    Tag,
    Text,
    Tone,
    clear,
)
from ui.widgets.basics import TOKEN_OF_TONE
from ui.words import day_text

_ICONS: dict[Tone, str] = {
    "neutral": "circle",
    "accent": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "danger": "circle-alert",
}


class TestResultView(Columns):
    """A recorded test; it can be read, never changed."""

    __test__ = False

    def __init__(self, known: RapidTestReference, parent: QWidget | None = None) -> None:
        super().__init__(parent, shares=(4, 3))
        self._known = known
        card = Card(self.tr("Foreløpig resultat"), self)
        card.head.addWidget(Tag(self.tr("Lagret og låst"), "ok", card))
        self._head = Text("", "title", card)
        self._head.setObjectName("rapidTestHeadline")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(10)
        self._doubts = Banner("", "warn", card)
        card.body.addWidget(self._head)
        card.body.addWidget(self._doubts)
        card.body.addLayout(self._lines)
        card.body.addWidget(Text(self.tr("Programmet informerer, du avgjør."), "strong", card))
        self.left.addWidget(card)
        self.left.addStretch(1)
        self._facts_card = Card(self.tr("Slik ble den tatt"), self)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(8)
        self._facts_card.body.addLayout(self._facts)
        source = SourceList(self._facts_card)
        source.show_sources([known.statement_source])
        self._facts_card.body.addWidget(source)
        self.right.addWidget(self._facts_card)
        self.right.addStretch(1)

    def show_test(self, test: RapidTest, author: str) -> None:
        panel = self._known.panel(test.panel)
        self._head.setText(headline(test)[0])
        self._doubts.say("\n".join(recorded_doubts(test)), "warn")
        clear(self._lines)
        for line in finding_lines(test, panel):
            self._lines.addWidget(_finding(line, self))
        clear(self._facts)
        for what, answer in provenance(test, panel, self._known, author):
            self._facts.addWidget(_fact(what, answer, self))


class EarlierTests(Card):
    """Signals:
    chosen(str): show this test.
    """

    chosen = Signal(str)

    def __init__(self, known: RapidTestReference, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.setText(self.tr("Tidligere tester"))
        self.heading.show()
        self._known = known
        self._rows = RowList(self.tr("Tidligere tester"), self)
        self._rows.setObjectName("rapidTestHistory")
        self._rows.activated_id.connect(self.chosen)
        self._none = Text(self.tr("Ingen tidligere tester."), "muted", self)
        self.body.addWidget(self._rows)
        self.body.addWidget(self._none)

    def show_tests(self, tests: Sequence[RapidTest]) -> None:
        self._rows.set_rows([self._row(test) for test in tests])
        self._rows.fit_height(most=6)
        self._rows.setVisible(bool(tests))
        self._none.setVisible(not tests)

    def _row(self, test: RapidTest) -> Row:
        panel = self._known.panel(test.panel)
        said, tone = headline(test)
        name = panel.name if panel is not None else test.panel
        day = day_text(test.taken_at.astimezone(OSLO).date())
        tag = RowTag(self.tr("Foreløpig"), tone)
        return Row(test.id, said, f"{day} · {name}", "flask-conical", tags=(tag,))


def _finding(line: Finding, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    icon = IconLabel(_ICONS[line.tone], TOKEN_OF_TONE[line.tone], 19, holder)
    row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(Text(f"{line.label}: {line.words}", _role(line), holder))
    words.addWidget(Text(line.cutoff, "small", holder))
    row.addLayout(words, 1)
    return holder


def _role(line: Finding) -> str:
    return "strong" if line.tone in ("warn", "ok") else ""


def _fact(what: str, answer: str, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(Text(what, "small", holder))
    column.addWidget(Text(answer, "strong", holder))
    return holder
