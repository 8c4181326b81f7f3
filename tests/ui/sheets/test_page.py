"""A sheet entered back by its codes, on a real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldapp.domain.handout_events import PaperSheet, SheetStatus
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration
from fieldapp.services import people, sheets
from fieldapp.services.sheets import SheetView
from fieldapp.store import audit as audit_log
from fieldapp.store import records
from tests.fieldapp.services.test_sheets import _told_by_hand, doses, line_of, printed
from tests.helpers.a11y import audit, clipped
from tests.helpers.pages import Visited, make_context, show_page
from tests.helpers.ward import AASE, TODAY, Ward, at
from tests.helpers.windows import LOOKS
from ui.context import AppContext
from ui.sheets.card import PaperCard, PrintDialog, print_on
from ui.sheets.page import SheetsPage, VoidDialog
from ui.sheets.paper import html
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme


@pytest.fixture
def context(ward: Ward, tasks: TaskRunner, theme: Theme) -> AppContext:
    return make_context(ward.session, tasks, theme)


@pytest.fixture
def sheet(ward: Ward) -> SheetView:
    return printed(ward)


@pytest.fixture
def page(qtbot: QtBot, context: AppContext, sheet: SheetView) -> SheetsPage:
    made = SheetsPage(context)
    show_page(qtbot, made, sheet_id=sheet.sheet.id)
    return made


def go_to(qtbot: QtBot, page: SheetsPage, code: str) -> None:
    page.code.setFocus()
    QTest.keyClicks(page.code, code.lower())
    QTest.keyClick(page.code, Qt.Key.Key_Return)


def type_given(qtbot: QtBot, page: SheetsPage, clock: str = "9.15") -> None:
    page.form.outcome.press(1)
    QTest.keyClicks(page.form.clock, clock)
    page.form.witnessed.press(1)
    page.form.other_dose.press(1)


def test_a_code_and_what_the_paper_says_make_one_event(
    qtbot: QtBot, page: SheetsPage, ward: Ward, sheet: SheetView
) -> None:
    code = line_of(sheet)
    go_to(qtbot, page, code)
    assert page.lines.current_id == code
    type_given(qtbot, page)
    page.form.record_button.click()
    (event,) = doses(ward)
    assert (event.given_at, event.witnessed) == (at(TODAY, 9, 15), True)
    assert event.sheet_id == sheet.sheet.id


def test_nothing_but_the_planned_dose_is_filled_in(
    qtbot: QtBot, page: SheetsPage, sheet: SheetView
) -> None:
    go_to(qtbot, page, line_of(sheet))
    typed = page.form.typed()
    assert typed.dose == "85"
    assert (typed.outcome, typed.clock, typed.witnessed, typed.other_dose) == (None,) * 4


@pytest.mark.parametrize("clock", ["", "25:00", "morgen"])
def test_a_line_without_its_time_is_not_stored(
    qtbot: QtBot, page: SheetsPage, ward: Ward, sheet: SheetView, clock: str
) -> None:
    go_to(qtbot, page, line_of(sheet))
    type_given(qtbot, page, clock)
    page.form.record_button.click()
    assert "klokkeslettet" in page.form.problem.text.text()
    assert not doses(ward)


def test_an_unknown_code_says_so_and_keeps_the_place(qtbot: QtBot, page: SheetsPage) -> None:
    before = page.lines.current_id
    go_to(qtbot, page, "77Q")
    assert page._code.problem
    assert page.lines.current_id == before


def test_a_dose_recorded_already_is_no_second_one_without_a_choice(
    qtbot: QtBot, page: SheetsPage, ward: Ward, sheet: SheetView
) -> None:
    _told_by_hand(ward)
    page.show_for(sheet_id=sheet.sheet.id)
    code = line_of(sheet)
    go_to(qtbot, page, code)
    assert "allerede en dose" in page.form._collision.text.text()
    type_given(qtbot, page)
    page.form.record_button.click()
    assert len(doses(ward)) == 1
    page.form.collision.press(1)  # the same handout
    page.form.record_button.click()
    assert len(doses(ward)) == 1
    assert code in page._unused


def test_a_second_real_dose_is_recorded_when_somebody_says_so(
    qtbot: QtBot, page: SheetsPage, ward: Ward, sheet: SheetView
) -> None:
    _told_by_hand(ward)
    page.show_for(sheet_id=sheet.sheet.id)
    go_to(qtbot, page, line_of(sheet))
    type_given(qtbot, page)
    page.form.collision.press(2)
    page.form.record_button.click()
    assert len(doses(ward)) == 2


def test_not_given_asks_why(qtbot: QtBot, page: SheetsPage, ward: Ward, sheet: SheetView) -> None:
    code = line_of(sheet)
    go_to(qtbot, page, code)
    page.form.outcome.press(2)
    QTest.keyClicks(page.form.clock, "09:00")
    page.form.record_button.click()
    assert page.form.problem.text.text()
    page.form.reason.press(1)
    page.form.record_button.click()
    event = records.get(
        ward.session.database,
        MedicationAdministration,
        sheets.line_of(sheet.sheet, code).administration_id,
    )
    assert event is not None
    assert event.status is HandoutStatus.NOT_MET


def test_the_sheet_is_entered_when_each_line_has_its_answer(
    qtbot: QtBot, page: SheetsPage, ward: Ward, sheet: SheetView
) -> None:
    assert not page.settle_button.isEnabled()
    for one in sheet.lines:
        go_to(qtbot, page, one.line.code)
        page.form.outcome.press(5)
        page.form.record_button.click()
    assert page.settle_button.isEnabled()
    page.settle_button.click()
    stored = records.get(ward.session.database, PaperSheet, sheet.sheet.id)
    assert stored is not None
    assert stored.status is SheetStatus.ENTERED
    assert not page.settle_button.isVisible()


def test_a_sheet_is_void_with_a_reason_only(
    qtbot: QtBot, context: AppContext, ward: Ward, sheet: SheetView
) -> None:
    dialog = VoidDialog(context, sheet)
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.confirm_button.click()
    assert dialog.isVisible()
    QTest.keyClicks(dialog.reason, "Ble liggende på kontoret")
    dialog.confirm_button.click()
    stored = records.get(ward.session.database, PaperSheet, sheet.sheet.id)
    assert stored is not None
    assert stored.status is SheetStatus.VOID


def test_the_card_on_the_sync_page_opens_a_sheet(
    qtbot: QtBot, context: AppContext, sheet: SheetView
) -> None:
    card = PaperCard(context)
    qtbot.addWidget(card)
    card.show()
    card.show_sheets()
    card.enter_button.click()
    assert isinstance(context.navigate, Visited)
    assert context.navigate.places == [("sheets", {"sheet_id": sheet.sheet.id})]


def test_the_print_dialog_says_what_goes_on_the_paper_and_what_does_not(
    qtbot: QtBot, context: AppContext
) -> None:
    dialog = PrintDialog(context)
    qtbot.addWidget(dialog)
    dialog.open()
    assert "kommer på arket" in dialog._said.text()
    dialog.length.press(2)
    assert any("ikke reservert" in row.detail for row in dialog._left.rows)
    dialog.confirm_button.click()
    assert dialog.sheet is not None
    assert dialog.sheet.lines


def test_the_paper_has_a_code_for_each_dose_and_the_last_seven_days(
    ward: Ward, sheet: SheetView
) -> None:
    last = {AASE: sheets.last_days(ward.session, AASE, TODAY)}
    giver = people.everyone(ward.session)[ward.session.user.id]
    said = html(sheet, giver, last, sheet.sheet.printed_at)
    for one in sheet.lines:
        assert one.line.code in said
    assert "85\u00a0mg = 42,5\u00a0mL" in said
    assert said.count("22.11.") == len({one.line.patient_id for one in sheet.lines})
    assert ward.session.user.phone in said


def test_the_paper_says_which_doses_are_planned_to_go_home(ward: Ward, sheet: SheetView) -> None:
    giver = people.everyone(ward.session)[ward.session.user.id]
    assert "planlagt med hjem" not in html(sheet, giver, {}, sheet.sheet.printed_at)
    first = sheet.lines[0]
    assert first.order is not None
    doses = tuple(replace(dose, take_home=True) for dose in first.order.doses)
    home = replace(first, order=replace(first.order, doses=doses))
    said = html(replace(sheet, lines=(home,)), giver, {}, sheet.sheet.printed_at)
    assert said.count("planlagt med hjem") == 1


def test_the_sheet_goes_to_a_printer_as_pages(
    context: AppContext, sheet: SheetView, tmp_path: Path
) -> None:
    file = tmp_path / "sheet.pdf"
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(file))
    print_on(context, sheet, printer)
    assert file.read_bytes().startswith(b"%PDF")
    # It became a file and no paper; the log says which.
    newest = audit_log.lines(context.session.database)[0]
    assert (newest.action, newest.kind, newest.record_id) == (
        "export",
        "paper_sheet",
        sheet.sheet.id,
    )


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_it_is_readable_in_every_look(
    qtbot: QtBot,
    context: AppContext,
    theme: Theme,
    sheet: SheetView,
    scheme: Scheme,
    scale: int,
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, scheme, scale)
    made = SheetsPage(context)
    show_page(qtbot, made, sheet_id=sheet.sheet.id)
    made.form.outcome.press(1)
    qtbot.waitUntil(lambda: not clipped(made))
    assert audit(made) == []
