"""Papirark: the round printed for when the laptop may fail, and sheets that wait to be entered."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QMarginsF, Slot
from PySide6.QtGui import QPageLayout, QTextDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QWidget

from fieldapp.domain.claims import LONGEST_TRIP
from fieldapp.services import people, register_view, sheets
from fieldapp.services.sheets import SheetError, SheetView, last_days
from ui import paper
from ui.context import AppContext
from ui.errors import sentence_for
from ui.sheets.paper import html
from ui.sheets.state import draft_words, left_out_row, sheet_row
from ui.widgets import (
    Banner,
    Card,
    ChoiceRow,
    Dialog,
    FlowLayout,
    RowList,
    SecondaryButton,
    Statements,
    Text,
)

translate = QCoreApplication.translate


def print_on(context: AppContext, view: SheetView, printer: QPrinter) -> None:
    """Print a sheet. It was made and logged, and its claims pinned, before this."""
    session = context.session
    if paper.makes_file(printer):
        sheets.exported(session, view.sheet.id)
    first = min(line.line.day for line in view.lines)
    last = {
        patient_id: last_days(session, patient_id, first)
        for patient_id in {line.line.patient_id for line in view.lines}
    }
    giver = people.everyone(session).get(view.sheet.printed_by, session.user)
    printer.setPageOrientation(QPageLayout.Orientation.Landscape)
    printer.setPageMargins(QMarginsF(12, 12, 12, 12), QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    document.setHtml(html(view, giver, last, view.sheet.printed_at))
    document.print_(printer)


def choose_printer(context: AppContext, view: SheetView, parent: QWidget) -> None:
    """Ask for a printer and print there."""
    paper.choose_printer(
        parent,
        translate("sheets", "Skriv ut papirarket"),
        translate("sheets", "Papirark"),
        lambda printer: print_on(context, view, printer),
        files=register_view.folder_allowed(context.session),
    )


class PaperCard(Card):
    """On the sync page. Shows open sheets whoever printed them."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(translate("sheets", "Papirark"), parent)
        self._context = context
        self.body.addWidget(
            Text(
                self.tr(
                    "Reserve for når maskinen svikter. Det som står på arket, holdes av til arket "
                    "er ført inn eller annullert."
                ),
                "muted",
                self,
            )
        )
        self.sheets = RowList(self.tr("Papirark som ikke er ført"), self)
        self.sheets.setObjectName("openSheets")
        self.sheets.activated_id.connect(self._open)
        self.body.addWidget(self.sheets)
        buttons = QWidget(self)
        flow = FlowLayout(buttons, 8)
        self.print_button = SecondaryButton(
            self.tr("Skriv ut runden …"), buttons, icon="printer", name="sheetPrint"
        )
        self.print_button.clicked.connect(self._ask)
        self.enter_button = SecondaryButton(
            self.tr("Før inn arket"), buttons, icon="square-pen", name="sheetEnter"
        )
        self.enter_button.clicked.connect(self._open_current)
        flow.addWidget(self.print_button)
        flow.addWidget(self.enter_button)
        self.body.addWidget(buttons)

    def show_sheets(self) -> None:
        """Read the open sheets anew."""
        found = sheets.open_sheets(self._context.session)
        today = self._context.session.today()
        self.sheets.set_rows([sheet_row(one, today) for one in found], select_first=bool(found))
        self.sheets.fit_height(4)
        self.sheets.setVisible(bool(found))
        self.enter_button.setVisible(bool(found))

    @Slot()
    def _ask(self) -> None:
        PrintDialog(self._context, self.window()).open()

    @Slot()
    def _open_current(self) -> None:
        if self.sheets.current_id is not None:
            self._open(self.sheets.current_id)

    @Slot(str)
    def _open(self, sheet_id: str) -> None:
        self._context.navigate("sheets", sheet_id=sheet_id)


class PrintDialog(Dialog):
    """Choose the days, see what goes on the paper and what does not. Attribute: `sheet` printed."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(
            translate("sheets", "Skriv ut runden på papir"),
            translate("sheets", "Lag arket og skriv ut …"),
            parent,
        )
        self._context = context
        self._days = 1
        self.sheet: SheetView | None = None
        self.body.addWidget(Text(self.tr("Antall døgn, i dag medregnet"), "label", self))
        self.length = ChoiceRow(
            self.tr("Antall døgn på arket"),
            [(number, str(number)) for number in range(1, LONGEST_TRIP + 1)],
            self,
            name="sheetDays",
        )
        self.length.choose(1)
        self.length.chosen.connect(self._on_length)
        self.body.addWidget(self.length)
        self._said = Text("", "strong", self)
        self._said.setObjectName("sheetDraft")
        self.body.addWidget(self._said)
        self._meaning = Banner("", "warn", self)
        self.body.addWidget(self._meaning)
        self._left_head = Text(self.tr("Kommer ikke på arket"), "label", self)
        self._left = Statements(self.tr("Doser som ikke kommer på arket"), self)
        self.body.addWidget(self._left_head)
        self.body.addWidget(self._left)
        self._show()

    def _show(self) -> None:
        found = sheets.draft(self._context.session, self._days)
        today = self._context.session.today()
        self._said.setText(draft_words(found))
        self._meaning.say(
            self.tr(
                "Arket har navn og doser. Ta vare på det som journal. Døgnene på det kan ikke "
                "frigis før arket er ført eller annullert."
            )
            if found.planned
            else "",
            "warn",
        )
        self._left.set_rows([left_out_row(one, today) for one in found.left_out])
        for widget in (self._left_head, self._left):
            widget.setVisible(bool(found.left_out))
        self.confirm_button.setEnabled(bool(found.planned))
        self._fit_soon()

    @Slot(object)
    def _on_length(self, days: object) -> None:
        assert isinstance(days, int)
        self._days = days
        self._show()

    def check(self) -> str:
        try:
            changes = sheets.print_sheet(self._context.session, self._days)
        except SheetError as error:
            return sentence_for(error)
        assert changes.created_id is not None
        self.sheet = sheets.view(self._context.session, changes.created_id)
        self._context.changes.announce(changes)
        parent = self.parentWidget()
        if parent is not None:
            choose_printer(self._context, self.sheet, parent)
        return ""
