"""The window's building blocks. Pages import them from here."""

from __future__ import annotations

from ui.widgets.basics import (
    Avatar,
    Banner,
    Button,
    Card,
    Chip,
    Clickable,
    DangerButton,
    Divider,
    EmptyState,
    FormField,
    IconLabel,
    PageHeader,
    Pill,
    PrimaryButton,
    ProgressLine,
    Prose,
    QuietButton,
    SearchField,
    SecondaryButton,
    Snackbar,
    Tag,
    Text,
    Tone,
    clear,
    column_of,
    draw_focus_ring,
    row_of,
    set_role,
)
from ui.widgets.charts import TrendBand, TrendChart, TrendPoint
from ui.widgets.choices import ChoiceRow
from ui.widgets.critical import CriticalBand, CriticalEntry
from ui.widgets.dialogs import ConfirmDialog, Dialog
from ui.widgets.fitted import Fitted
from ui.widgets.flow import FlowLayout
from ui.widgets.layouts import Columns, ScrollColumn
from ui.widgets.lists import ListModel, Row, RowDelegate, RowList, RowTag
from ui.widgets.rail import Rail, RailButton, RailEntry
from ui.widgets.statements import Statements
from ui.widgets.timeline import Timeline, TimelineItem

__all__ = [
    "Avatar",
    "Banner",
    "Button",
    "Card",
    "Chip",
    "ChoiceRow",
    "Clickable",
    "ConfirmDialog",
    "Columns",
    "CriticalBand",
    "CriticalEntry",
    "DangerButton",
    "Dialog",
    "Divider",
    "EmptyState",
    "Fitted",
    "FlowLayout",
    "FormField",
    "IconLabel",
    "ListModel",
    "PageHeader",
    "Pill",
    "PrimaryButton",
    "ProgressLine",
    "Prose",
    "QuietButton",
    "Rail",
    "RailButton",
    "RailEntry",
    "Row",
    "RowDelegate",
    "RowList",
    "RowTag",
    "ScrollColumn",
    "SearchField",
    "SecondaryButton",
    "Snackbar",
    "Statements",
    "Tag",
    "Text",
    "Timeline",
    "TimelineItem",
    "Tone",
    "TrendBand",
    "TrendChart",
    "TrendPoint",
    "clear",
    "column_of",
    "draw_focus_ring",
    "row_of",
    "set_role",
]
