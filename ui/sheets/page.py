"""A printed sheet entered back, line by line, by the codes that stand on it."""

from __future__ import annotations

from datetime import date, datetime, time

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.claims import moment_on
from fieldapp.domain.handout_events import SheetStatus
from fieldapp.domain.medication import HandoutError, HandoutStatus
from fieldapp.errors import FieldAppError
from fieldapp.services import rules, sheets, situations
from fieldapp.services.session import NotFoundError
from fieldapp.services.sheets import LineEntry, LineView, SheetError, SheetView, short_name
from ui.context import AppContext
from ui.errors import sentence_for
from ui.page import Page
from ui.sheets.card import choose_printer
from ui.sheets.line_form import LineForm
from ui.sheets.state import (
    Collision,
    Outcome,
    Typed,
    line_row,
    open_codes,
    other_words,
    progress_words,
)
from ui.typed import parse_decimal
from ui.widgets import (
    Banner,
    Card,
    Columns,
    Dialog,
    EmptyState,
    FlowLayout,
    FormField,
    PageHeader,
    RowList,
    ScrollColumn,
    SecondaryButton,
    Text,
)


class SheetsPage(Page):
    """`show_for(sheet_id=…)`. Each line is stored when it is entered; only lines of which nothing
    came are kept here until the sheet is declared entered.
    """

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self._view: SheetView | None = None
        self._unused: set[str] = set()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = ScrollColumn(self.tr("Papirark"), self)
        outer.addWidget(scroll)
        column = scroll.body
        self._head = PageHeader(self.tr("Papirark"), "", self)
        self.again_button = SecondaryButton(
            self.tr("Skriv ut igjen …"), self, icon="printer", name="sheetAgain"
        )
        self.again_button.clicked.connect(self._print_again)
        self._head.buttons.addWidget(self.again_button)
        column.addWidget(self._head)
        self._progress = Banner("", "accent", self)
        self._progress.setObjectName("sheetProgress")
        column.addWidget(self._progress)
        self._columns = Columns(self, shares=(2, 3))
        self._columns.left.addWidget(self._lines_card())
        self._columns.left.addStretch(1)
        card = Card("", self)
        self.form = LineForm(card)
        self.form.asked.connect(self._record)
        card.body.addWidget(self.form)
        self._columns.right.addWidget(card)
        self._columns.right.addStretch(1)
        column.addWidget(self._columns)
        self._gone = EmptyState(
            "printer",
            self.tr("Arket er ikke på denne maskinen"),
            sentence_for(NotFoundError()),
            self,
        )
        column.addWidget(self._gone)
        column.addStretch(1)

    def _lines_card(self) -> Card:
        card = Card("", self)
        self.code = QLineEdit(card)
        self.code.setObjectName("sheetCode")
        self.code.setPlaceholderText(self.tr("For eksempel 03K"))
        self.code.returnPressed.connect(self._go_to_code)
        self._code = FormField(self.tr("Kode fra arket"), self.code, parent=card)
        card.body.addWidget(self._code)
        self.lines = RowList(self.tr("Linjer på arket"), card)
        self.lines.setObjectName("sheetLines")
        self.lines.current_id_changed.connect(self._on_line)
        self.lines.activated_id.connect(self._on_activated)
        card.body.addWidget(self.lines)
        buttons = QWidget(card)
        flow = FlowLayout(buttons, 8)
        self.settle_button = SecondaryButton(
            self.tr("Arket er ført"), buttons, icon="circle-check", name="sheetSettle"
        )
        self.settle_button.clicked.connect(self._settle)
        self.void_button = SecondaryButton(
            self.tr("Annuller arket …"), buttons, icon="x", name="sheetVoid"
        )
        self.void_button.clicked.connect(self._void)
        flow.addWidget(self.settle_button)
        flow.addWidget(self.void_button)
        card.body.addWidget(buttons)
        return card

    # --- what is shown

    def show_for(self, **args: object) -> None:
        sheet_id = str(args.get("sheet_id", ""))
        if self._view is None or self._view.sheet.id != sheet_id:
            self._unused = set()
        self._load(sheet_id)
        self.code.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self, change_set: ChangeSet) -> None:
        del change_set
        if self._view is not None:
            self._load(self._view.sheet.id)

    def _load(self, sheet_id: str) -> None:
        try:
            self._view = sheets.view(self.context.session, sheet_id)
        except NotFoundError:
            self._view = None
        for widget in (self._columns, self._progress):
            widget.setVisible(self._view is not None)
        self._gone.setVisible(self._view is None)
        if self._view is not None:
            self._show(self._view)

    def _show(self, view: SheetView) -> None:
        today = self.context.session.today()
        self._head.say(self.tr("Papirark {0}").format(short_name(view.sheet)), self._status(view))
        blocked = self.lines.blockSignals(True)
        self.lines.set_rows(
            [line_row(line, today, self._unused) for line in view.lines], select_first=True
        )
        self.lines.fit_height()
        self.lines.blockSignals(blocked)
        done = not open_codes(view, self._unused)
        is_open = view.sheet.status is SheetStatus.PRINTED
        self._progress.say(progress_words(view, self._unused), "ok" if done else "accent")
        self.settle_button.setEnabled(done and is_open)
        self.void_button.setEnabled(is_open and not view.entered)
        for widget in (self.settle_button, self.void_button, self.again_button):
            widget.setVisible(is_open)
        self._on_line(self.lines.current_id or "")

    def _status(self, view: SheetView) -> str:
        if view.sheet.status is SheetStatus.ENTERED:
            return self.tr("Arket er ført.")
        if view.sheet.status is SheetStatus.VOID:
            return self.tr("Arket er annullert: {0}").format(view.sheet.reason)
        if view.mine:
            return self.tr("Døgnene på arket er reservert for det til det er ført.")
        return self.tr("Skrevet ut av en annen, eller på en annen maskin.")

    def _line(self, code: str) -> LineView | None:
        lines = self._view.lines if self._view is not None else ()
        return next((line for line in lines if line.line.code == code), None)

    @Slot(str)
    def _on_line(self, code: str) -> None:
        line = self._line(code)
        if line is None or self._view is None:
            return
        today = self.context.session.today()
        others = [other_words(dose, today) for dose in line.others] if line.event is None else []
        self.form.show_line(line, others)
        if line.event is None:
            unused = code in self._unused
            self.form.say_done(self.tr("Ingenting å føre på denne linja.") if unused else "")

    # --- what the user does

    @Slot()
    def _go_to_code(self) -> None:
        assert self._view is not None
        try:
            line = sheets.line_of(self._view.sheet, self.code.text())
        except SheetError as error:
            self._code.say_problem(sentence_for(error))
            return
        self._code.say_problem("")
        self.code.clear()
        self.lines.select_id(line.code)
        self._on_line(line.code)
        self.form.focus_first()

    @Slot(str)
    def _on_activated(self, code: str) -> None:
        self._on_line(code)
        self.form.focus_first()

    @Slot()
    def _record(self) -> None:
        line = self._line(self.lines.current_id or "")
        if line is None or self._view is None:
            return
        typed = self.form.typed()
        problem = self._problem(line, typed)
        self.form.problem.say(problem, "danger")
        if problem:
            return
        if typed.outcome is Outcome.UNUSED or typed.collision is Collision.SAME:
            self._unused.add(line.line.code)
            self._next(line.line.code)
            return
        try:
            changes = sheets.enter(
                self.context.session, self._view.sheet.id, self._entry(line, typed)
            )
        except (SheetError, HandoutError, FieldAppError) as error:
            self.form.problem.say(sentence_for(error), "danger")
            return
        self._unused.discard(line.line.code)
        self._next(line.line.code)
        self.context.changes.announce(changes)

    def _problem(self, line: LineView, typed: Typed) -> str:
        if typed.outcome is None:
            return self.tr("Velg hva som står på arket.")
        if typed.outcome is Outcome.UNUSED:
            return ""
        if typed.outcome is Outcome.GIVEN and line.others and typed.collision is None:
            return sentence_for(SheetError("sheet_slot_filled"))
        if typed.collision is Collision.SAME:
            return ""
        if typed.clock is None:
            return self.tr("Skriv klokkeslettet som 09:15.")
        if typed.outcome is Outcome.GIVEN:
            return self._problem_of_dose(typed)
        if typed.reason is None:
            return sentence_for(SheetError("sheet_reason_code_missing"))
        return ""

    def _problem_of_dose(self, typed: Typed) -> str:
        dose = parse_decimal(typed.dose)
        if dose is None or dose <= 0:
            return self.tr("Skriv dosen i mg, som 60 eller 7,5.")
        if typed.witnessed is None:
            return self.tr("Velg om dosen ble sett tatt.")
        if typed.other_dose is None:
            return self.tr("Velg hva som ble svart på «annen dose siste døgn?».")
        return ""

    def _entry(self, line: LineView, typed: Typed) -> LineEntry:
        assert self._view is not None
        assert typed.outcome is not None
        assert typed.clock is not None
        given = typed.outcome is Outcome.GIVEN
        with_code = typed.home_with if given and typed.witnessed is False else ""
        day = line.line.day
        if with_code:
            # Taken home with another line's dose: it was handed over on that one's day.
            day = sheets.line_of(self._view.sheet, with_code).day
        return LineEntry(
            code=line.line.code,
            status=HandoutStatus(typed.outcome.value),
            given_at=self._moment(day, time(*typed.clock)),
            dose_mg=parse_decimal(typed.dose) if given else None,
            witnessed=bool(typed.witnessed),
            reason=None if given else typed.reason,
            reason_text=typed.text,
            taken_home_with=with_code or None,
            second_dose=typed.collision is Collision.SECOND,
            other_dose=typed.other_dose,
        )

    def _moment(self, day: date, clock: time) -> datetime:
        session = self.context.session
        begins = rules.decided(session).day_begins
        return moment_on(day, clock, situations.moment(session), begins)

    def _next(self, code: str) -> None:
        """Show the sheet anew, at the next line of which nothing was said."""
        assert self._view is not None
        self._load(self._view.sheet.id)
        left = open_codes(self._view, self._unused)
        after = [one for one in left if one > code]
        for wanted in (after or left)[:1]:
            self.lines.select_id(wanted)
            self._on_line(wanted)
        if left:
            self.code.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.settle_button.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _settle(self) -> None:
        assert self._view is not None
        try:
            changes = sheets.settle(self.context.session, self._view.sheet.id, self._unused)
        except (SheetError, FieldAppError) as error:
            self.form.problem.say(sentence_for(error), "danger")
            return
        self._load(self._view.sheet.id)
        self.context.changes.announce(changes)

    @Slot()
    def _void(self) -> None:
        if self._view is not None:
            VoidDialog(self.context, self._view, self.window()).open()

    @Slot()
    def _print_again(self) -> None:
        if self._view is not None:
            sheets.reprinted(self.context.session, self._view.sheet.id)
            choose_printer(self.context, self._view, self.window())


class VoidDialog(Dialog):
    """Declare that nothing was given by a sheet, and why."""

    def __init__(self, context: AppContext, view: SheetView, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Annuller arket"))
        self.title.setText(self.tr("Annuller papirark {0}?").format(short_name(view.sheet)))
        self.confirm_button.say(self.tr("Annuller arket"))
        self._context = context
        self._sheet_id = view.sheet.id
        self.body.addWidget(
            Text(
                self.tr(
                    "Bare når ingenting er gitt etter arket. Makuler papiret. Døgnene kan frigis "
                    "etterpå, eller deles ut på skjermen."
                ),
                "muted",
                self,
            )
        )
        self.reason = QPlainTextEdit(self)
        self.reason.setObjectName("sheetVoidReason")
        self.reason.setTabChangesFocus(True)
        self.reason.setMinimumHeight(90)
        self.body.addWidget(FormField(self.tr("Hvorfor"), self.reason, parent=self))
        self.reason.setFocus()

    def check(self) -> str:
        try:
            changes = sheets.void(self._context.session, self._sheet_id, self.reason.toPlainText())
        except (SheetError, FieldAppError) as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""
