"""Icons and tags for critical information: always an icon and a word, never colour alone."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from fieldapp.domain.patients import FlagCategory
from ui.widgets import IconLabel, RowTag, Text
from ui.words import word

_ICONS = {
    FlagCategory.ALLERGY: "triangle-alert",
    FlagCategory.VIOLENCE_RISK: "shield-alert",
    FlagCategory.SUICIDE_RISK: "heart-pulse",
    FlagCategory.TWO_TOGETHER: "users-round",
    FlagCategory.LEGAL_BASIS: "scale",
    FlagCategory.CHILDREN: "baby",
    FlagCategory.CRISIS_PLAN: "siren",
    FlagCategory.INTERPRETER: "languages",
}


def flag_icon(category: FlagCategory) -> str:
    """The icon of a category, a file of resources/icons."""
    return _ICONS[category]


def flag_row_tag(category: FlagCategory) -> RowTag:
    """The mark of a severe category in a painted list."""
    return RowTag(word(category), "danger", flag_icon(category))


class FlagTag(QWidget):
    """The mark of a severe category: icon and word in the danger tone."""

    def __init__(self, category: FlagCategory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(IconLabel(flag_icon(category), "danger", 16, self))
        row.addWidget(Text(word(category), "error", self, wrap=False))
