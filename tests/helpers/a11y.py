"""Checks every page must pass: names for screen readers, no text cut off, enough contrast."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLabel, QWidget

SLACK = 1
"""Pixels that rounding may take."""


def audit(widget: QWidget) -> list[str]:
    """Return the visible widgets that take the keyboard focus and have no accessible name."""
    return [_who(found) for found in _shown(widget) if _takes_focus(found) and not _name(found)]


def clipped(widget: QWidget) -> list[str]:
    """Return the visible labels and buttons whose text needs more room than they have."""
    found = []
    for child in _shown(widget):
        if not isinstance(child, (QLabel, QAbstractButton)) or not child.text():
            continue
        if _too_small(child):
            found.append(f"{_who(child)} has {child.width()}x{child.height()}")
        elif _sticks_out(child):
            found.append(f"{_who(child)} sticks out of its parent")
    return found


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two opaque colours as WCAG 2 counts it, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _shown(widget: QWidget) -> list[QWidget]:
    children = widget.findChildren(QWidget)
    return [child for child in (widget, *children) if child.isVisibleTo(widget.window())]


def _takes_focus(widget: QWidget) -> bool:
    inner_part = widget.objectName().startswith("qt_")  # the line inside a spin box, and such
    return widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not inner_part and widget.isEnabled()


def _name(widget: QWidget) -> str:
    spoken = QAccessible.queryAccessibleInterface(widget)
    return spoken.text(QAccessible.Text.Name).strip() if spoken is not None else ""


def _too_small(widget: QLabel | QAbstractButton) -> bool:
    if isinstance(widget, QLabel) and widget.wordWrap():
        words = [widget.fontMetrics().horizontalAdvance(word) for word in widget.text().split()]
        if widget.contentsRect().width() + SLACK < max(words, default=0):
            return True
        return widget.height() + SLACK < widget.heightForWidth(widget.width())
    if widget.hasHeightForWidth():
        return widget.height() + SLACK < widget.heightForWidth(widget.width())
    needed = widget.sizeHint()
    return widget.width() + SLACK < needed.width() or widget.height() + SLACK < needed.height()


def _sticks_out(widget: QWidget) -> bool:
    """True when an ancestor cuts the widget off; what a scroll area can bring into view is fine."""
    parent = widget.parentWidget()
    if parent is None or widget.isWindow():
        return False
    while parent is not None:
        area = parent.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is parent:
            return _wider_than(widget, parent)
        inside = QRect(widget.mapTo(parent, QPoint(0, 0)), widget.size())
        if not parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(inside):
            return True
        if parent.isWindow():
            return False
        parent = parent.parentWidget()
    return False


def _wider_than(widget: QWidget, viewport: QWidget) -> bool:
    left = widget.mapTo(viewport, QPoint(0, 0)).x()
    return left < -SLACK or left + widget.width() > viewport.width() + SLACK


def _luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _who(widget: QWidget) -> str:
    kind = type(widget).__name__
    name = widget.objectName()
    return f"{kind} {name}".strip()
