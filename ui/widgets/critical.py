"""The red band of critical information: icon and words, wrapping, never cut without saying so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from ui import theme
from ui.widgets.basics import IconLabel, Text, set_role
from ui.widgets.flow import FlowLayout


@dataclass(frozen=True, slots=True)
class CriticalEntry:
    """One thing to know before the door opens."""

    icon: str
    title: str
    text: str

    @property
    def words(self) -> str:
        return f"{self.title}: {self.text}" if self.text else self.title


class CriticalBand(QFrame):
    """All entries in words; grows in height instead of cutting. Hidden when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        set_role(self, "tone", "danger")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(12)
        row.addWidget(IconLabel("shield-alert", "danger", 22, self), 0, Qt.AlignmentFlag.AlignTop)
        self._holder = QWidget(self)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._holder.setSizePolicy(policy)
        self._flow = FlowLayout(self._holder, 18, lines=6)
        row.addWidget(self._holder, 1)

    def show_entries(self, entries: Sequence[CriticalEntry]) -> None:
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for entry in entries:
            self._flow.addWidget(_Entry(entry, self._holder))
        self.setAccessibleName(
            self.tr("Kritisk informasjon: {0}").format("; ".join(e.words for e in entries))
        )
        self.setVisible(bool(entries))


class _Entry(QWidget):
    """Wants one line, but wraps its words rather than be cut where there is less room."""

    WIDEST = 1000

    def __init__(self, entry: CriticalEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self._entry = entry
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(IconLabel(entry.icon, "danger", 17, self), 0, Qt.AlignmentFlag.AlignTop)
        self._title = Text(entry.title, "error", self, wrap=False)
        row.addWidget(self._title, 0, Qt.AlignmentFlag.AlignTop)
        if entry.text:
            self._text = Text(entry.text, "", self)
            row.addWidget(self._text, 1)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if not self._entry.text:
            return hint
        look = theme.current()
        line = self._text.fontMetrics().horizontalAdvance(self._entry.text) + 4
        wanted = look.pixels(17) + 12 + self._title.sizeHint().width() + line
        width = max(hint.width(), min(wanted, look.pixels(self.WIDEST)))
        return QSize(width, max(self.heightForWidth(width), self._title.sizeHint().height()))
