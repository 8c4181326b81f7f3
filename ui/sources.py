"""Where a clinical value comes from, shown beside it: the source in words and whether checked."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.strict_json import Source
from ui.widgets import Tag, Text, Tone, clear
from ui.words import day_text

translate = QCoreApplication.translate


def mark(source: Source) -> tuple[str, Tone]:
    """The mark of a source: checked there, or still to be confirmed."""
    if source.verified:
        return translate("sources", "Bekreftet"), "ok"
    return translate("sources", "Ikke bekreftet"), "warn"


class SourceList(QWidget):
    """Each source once, with its mark; what is not confirmed comes first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)

    def show_sources(self, sources: Iterable[Source]) -> None:
        clear(self._column)
        for source in sorted(dict.fromkeys(sources), key=lambda found: found.verified):
            self._column.addWidget(_line(source, self))
        self.setVisible(self._column.count() > 0)


def _line(source: Source, parent: QWidget) -> QWidget:
    line = QWidget(parent)
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(Tag(*mark(source), line), 0, Qt.AlignmentFlag.AlignTop)
    said = translate("sources", "Kilde: {source} (sett på {day})").format(
        source=source.text, day=day_text(source.reviewed_on)
    )
    row.addWidget(Text(said, "small", line), 1)
    return line
