"""The page of the narcotics register, by keyboard, on a real store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldapp.domain.handout_events import WitnessCode, WitnessStatement
from fieldapp.domain.supply import Item, SupplyError, SupplyMovement, SupplyType
from fieldapp.domain.supply_balance import Balance
from fieldapp.security.kdf import FAST
from fieldapp.services import register, register_acts, register_view, witness
from fieldapp.services.register_acts import Taken
from fieldapp.store import audit, records, state
from tests.helpers.a11y import audit as audit_names
from tests.helpers.a11y import clipped
from tests.helpers.pages import PAGE_SIZE, make_context, show_page
from tests.helpers.ward import BERIT, Ward, receive
from ui import shots
from ui.errors import has_sentence, sentence
from ui.register.dialogs import (
    AmountDialog,
    CountDialog,
    ExplainDialog,
    PackDialog,
    ReceiveDialog,
)
from ui.register.documents_dialog import Document, DocumentsDialog
from ui.register.page import RegisterPage
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.widgets import Button, Dialog

SYRUP = Item("Metadon mikstur", "2 mg/ml", "ml")
TABLETS = Item("Buprenorfin", "8 mg", "tablet")
CUPBOARD = "store:Medisinskap Rognan"
LOOKS = [(Scheme.LIGHT, 100), (Scheme.DARK, 100), (Scheme.LIGHT, 200), (Scheme.DARK, 200)]


def fill(ward: Ward, *, bag: bool = True) -> str:
    """A cupboard with two products, and a bag with both; the bag's ledger."""
    session = ward.session
    register_acts.receive(session, CUPBOARD, SYRUP, Decimal(500), voucher="R-118", lot="A1")
    register_acts.receive(session, CUPBOARD, TABLETS, Decimal(56), voucher="R-118")
    if not bag:
        return ""
    ward.clock.advance(timedelta(minutes=5))
    taken = [Taken(SYRUP, Decimal(100), Decimal(100)), Taken(TABLETS, Decimal(7), Decimal(7))]
    return register_acts.pack(session, CUPBOARD, taken).ledger


def make_page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> RegisterPage:
    page = RegisterPage(make_context(ward.session, tasks, theme))
    with qtbot.waitSignal(page.shown):
        show_page(qtbot, page)
    return page


def opened(page: RegisterPage, kind: type[Any]) -> Any:
    shots.settle()
    found = page.findChildren(kind)
    assert found, f"no {kind.__name__} is open"
    return found[-1]


def press(page: RegisterPage, name: str) -> None:
    """Press a button by the keyboard alone."""
    shots.settle()
    button = next(one for one in page.findChildren(Button, name) if one.isVisible())
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def confirm(dialog: Dialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    shots.settle()


def balances_of(ward: Ward, ledger: str) -> dict[str, Decimal]:
    view = register_view.overview(ward.session)
    items: list[Balance] = [one for bag in view.bags for one in bag.items]
    items += [one for store in view.stores for one in store.items]
    items = [one for one in items if one.ledger == ledger]
    return {one.item.product: one.balance for one in items}


def test_a_delivery_is_entered_by_keyboard(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    page = make_page(qtbot, ward, tasks, theme)
    press(page, "registerReceive")
    dialog = opened(page, ReceiveDialog)
    QTest.keyClicks(dialog.place.lineEdit(), "Medisinskap Rognan")
    dialog.product.setFocus()
    QTest.keyClick(dialog.product, Qt.Key.Key_End)  # the last choice: another product
    QTest.keyClicks(dialog.name, "Metadon mikstur")
    QTest.keyClicks(dialog.strength, "2 mg/ml")
    QTest.keyClick(dialog.unit, Qt.Key.Key_2)
    QTest.keyClicks(dialog.units, "500,5")
    confirm(dialog)
    assert balances_of(ward, CUPBOARD) == {"Metadon mikstur": Decimal("500.5")}


def test_a_bag_is_packed_and_the_difference_stands_there_before_it_is_saved(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    fill(ward, bag=False)
    page = make_page(qtbot, ward, tasks, theme)
    press(page, "registerPack")
    dialog: PackDialog = opened(page, PackDialog)
    _, taken, counted = next(row for row in dialog.rows if row[0].item.key == SYRUP.key)
    QTest.keyClicks(taken, "100")
    QTest.keyClicks(counted.editor, "98")
    assert counted.told.text() == "2\u00a0mL mangler"
    confirm(dialog)
    (bag,) = register.open_bags(ward.session)
    assert bag.items[0].open_difference == -2
    assert "2\u00a0mL mangler" in page.said.text.text()


def test_a_bag_is_counted_in_and_is_gone_from_the_page(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    bag = fill(ward)
    page = make_page(qtbot, ward, tasks, theme)
    press(page, "register_back")
    dialog: CountDialog = opened(page, CountDialog)
    for row, counted in zip(dialog.rows, ("7", "100"), strict=True):
        assert row.editor.text() == ""  # nothing is filled in beforehand
        QTest.keyClicks(row.editor, counted)
    confirm(dialog)
    assert register.open_bags(ward.session) == []
    assert balances_of(ward, CUPBOARD) == {"Metadon mikstur": 500, "Buprenorfin": 56}
    assert bag


def test_every_product_of_a_bag_is_counted_in_or_nothing_is(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    fill(ward)
    page = make_page(qtbot, ward, tasks, theme)
    press(page, "register_back")
    dialog: CountDialog = opened(page, CountDialog)
    QTest.keyClicks(dialog.rows[0].editor, "7")
    confirm(dialog)
    assert dialog.problem.text.text() == sentence("amount_not_a_figure")
    assert len(register.open_bags(ward.session)) == 1


def test_a_difference_stays_until_it_is_explained(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    bag = fill(ward)
    register_acts.count(ward.session, bag, SYRUP, Decimal(97))
    page = make_page(qtbot, ward, tasks, theme)
    press(page, "registerExplain")
    dialog: ExplainDialog = opened(page, ExplainDialog)
    confirm(dialog)
    assert dialog.problem.text.text()  # no reason, no explanation
    QTest.keyClicks(dialog.reason, "Flasken var sprukket")
    with qtbot.waitSignal(page.shown):
        confirm(dialog)
    assert not page.findChildren(Button, "registerExplain") or not any(
        one.isVisible() for one in page.findChildren(Button, "registerExplain")
    )
    assert balances_of(ward, bag)["Metadon mikstur"] == 97


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0", "amount_not_positive"),
        ("-3", "amount_not_positive"),
        ("mye", "amount_not_a_figure"),
        ("", "amount_not_a_figure"),
        ("0,001", "amount_too_fine"),
        ("99999999", "amount_too_large"),
    ],
)
def test_a_bad_amount_is_a_sentence_and_saves_nothing(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, typed: str, code: str
) -> None:
    fill(ward)
    lines = len(records.select(ward.session.database, SupplyMovement))
    page = make_page(qtbot, ward, tasks, theme)
    press(page, "register_waste")
    dialog: AmountDialog = opened(page, AmountDialog)
    dialog.product.setCurrentIndex(dialog.product.findText("Metadon mikstur 2\u00a0mg/ml (mL)"))
    QTest.keyClicks(dialog.units, typed)
    QTest.keyClicks(dialog.reason, "sølt")
    confirm(dialog)
    assert dialog.isVisible()
    assert dialog.problem.text.text() == sentence(code)
    assert dialog.reason.text() == "sølt"  # nothing typed is lost
    assert len(records.select(ward.session.database, SupplyMovement)) == lines


def test_more_than_the_bag_holds_is_recorded_and_shown(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    bag = fill(ward)
    register_acts.waste(ward.session, bag, SYRUP, Decimal(140), "sølt")
    page = make_page(qtbot, ward, tasks, theme)
    texts = [one.text() for one in page.findChildren(type(page.said.text))]
    assert any("Mer er tatt ut enn det som er ført inn" in text for text in texts)
    assert balances_of(ward, bag)["Metadon mikstur"] == -40


def test_another_unit_for_the_same_product_is_refused(ward: Ward) -> None:
    fill(ward)
    with pytest.raises(SupplyError) as caught:
        register_acts.receive(
            ward.session, CUPBOARD, Item("metadon mikstur", "2 mg/mL", "tablet"), Decimal(5)
        )
    assert caught.value.code == "unit_differs"


def test_every_refusal_has_a_sentence() -> None:
    codes = (SupplyError.__doc__ or "").partition("Codes:")[2]
    for code in codes.replace(".", " ").replace(",", " ").split():
        assert has_sentence(code), code


# --- two persons


def require_two(ward: Ward) -> None:
    rules = state.Rules(folder_export_allowed=True, two_person_register=True)
    state.remember_rules(ward.session.database, rules)


def give_code(ward: Ward, person_id: str, code: str) -> None:
    verifier = witness.new_verifier(person_id, code, FAST)
    receive(ward.session, [WitnessCode(person_id, verifier, ward.clock.now())])


def waste_with_witness(page: RegisterPage, code: str) -> AmountDialog:
    press(page, "register_waste")
    dialog: AmountDialog = opened(page, AmountDialog)
    dialog.product.setCurrentIndex(0)
    QTest.keyClicks(dialog.units, "1")
    QTest.keyClicks(dialog.reason, "knust")
    field = dialog.witness
    field.person.setCurrentIndex(field.person.findData(BERIT.id))
    QTest.keyClicks(field.code, code)
    return dialog


def newest_line(ward: Ward) -> SupplyMovement:
    return register_view.own_lines(ward.session)[0]


def test_the_second_person_signs_by_their_own_code(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    fill(ward)
    require_two(ward)
    give_code(ward, BERIT.id, "739146")
    page = make_page(qtbot, ward, tasks, theme)
    dialog = waste_with_witness(page, "111222")
    confirm(dialog)
    field = dialog.witness
    qtbot.waitUntil(lambda: bool(field.code_field.problem))
    assert newest_line(ward).type is not SupplyType.WASTE  # a wrong code saves nothing
    field.code.clear()
    QTest.keyClicks(field.code, "739146")
    confirm(dialog)
    qtbot.waitUntil(lambda: newest_line(ward).type is SupplyType.WASTE)
    line = newest_line(ward)
    assert line.witness_id == BERIT.id
    assert line.witness_by_code


def test_a_second_person_without_a_code_is_missing_until_they_sign_late(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    fill(ward)
    require_two(ward)
    page = make_page(qtbot, ward, tasks, theme)
    before = register_view.overview(ward.session).unsigned
    confirm(waste_with_witness(page, ""))
    line = newest_line(ward)
    assert line.witness_id == BERIT.id
    assert not line.witness_by_code
    assert register_view.overview(ward.session).unsigned == before + 1
    now = ward.clock.now()
    late = WitnessStatement(
        "w-1", None, "supply_movement", line.id, now, now, BERIT.id, "d-2", 1, late=True
    )
    receive(ward.session, [late])
    assert register_view.overview(ward.session).unsigned == before
    assert register_view.second_of(line, [late], required=True) is register_view.Second.LATE


def test_who_counted_does_not_explain_the_difference_alone(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    bag = fill(ward)
    require_two(ward)
    counted = register_acts.count(ward.session, bag, SYRUP, Decimal(97))
    with pytest.raises(SupplyError) as caught:
        register_acts.explain(ward.session, counted.change_set.changes[0].id, "søl")
    assert caught.value.code == "second_person_missing"
    page = make_page(qtbot, ward, tasks, theme)
    assert not page.findChildren(Button, "registerExplain")


# --- on paper


def choose(dialog: DocumentsDialog, document: Document) -> None:
    dialog.document.choose(document)
    dialog._show_when()


def allow_folder(ward: Ward, *, allowed: bool = True) -> None:
    rules = state.Rules(folder_export_allowed=allowed, two_person_register=False)
    state.remember_rules(ward.session.database, rules)


@pytest.mark.parametrize("document", list(Document))
def test_every_document_becomes_a_pdf_and_a_line_in_the_access_log(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, tmp_path: Path, document: Document
) -> None:
    fill(ward)
    allow_folder(ward)
    dialog = DocumentsDialog(make_context(ward.session, tasks, theme))
    qtbot.addWidget(dialog)
    choose(dialog, document)
    file = dialog.save_in(tmp_path)
    assert file is not None
    assert file.read_bytes().startswith(b"%PDF")
    newest = audit.lines(ward.session.database, limit=1)[0]
    assert (newest.action, newest.kind) == ("export", f"register_{document.value}")
    again = dialog.save_in(tmp_path)
    assert again is not None
    assert again != file  # nothing is written over


def test_a_printed_document_is_logged(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, tmp_path: Path
) -> None:
    dialog = DocumentsDialog(make_context(ward.session, tasks, theme))
    qtbot.addWidget(dialog)
    choose(dialog, Document.MONTH)
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "skriver.pdf"))
    dialog.print_on(printer)
    newest = audit.lines(ward.session.database, limit=1)[0]
    assert (newest.action, newest.kind, newest.record_id) == ("export", "register_month", "2026-11")


def test_a_folder_is_offered_only_where_the_organisation_allows_it(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, tmp_path: Path
) -> None:
    dialog = DocumentsDialog(make_context(ward.session, tasks, theme))
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.folder.isVisible()
    choose(dialog, Document.MONTH)
    assert dialog.save_in(tmp_path) is None
    assert list(tmp_path.glob("*.pdf")) == []


def test_a_folder_that_takes_nothing_is_told(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, tmp_path: Path
) -> None:
    allow_folder(ward)
    dialog = DocumentsDialog(make_context(ward.session, tasks, theme))
    qtbot.addWidget(dialog)
    choose(dialog, Document.MONTH)
    assert dialog.save_in(tmp_path / "finnes ikke") is None
    assert "Mappen tok ikke imot filen" in dialog.said.text.text()


def test_the_month_names_the_opening_every_line_and_the_closing_balance(ward: Ward) -> None:
    bag = fill(ward)
    register_acts.count(ward.session, bag, SYRUP, Decimal(97))
    found = {
        (one.ledger, one.item.product): one for one in register_view.month(ward.session, 2026, 11)
    }
    cupboard = found[CUPBOARD, "Metadon mikstur"]
    assert [row.balance for row in cupboard.lines] == [500, 400]
    assert [cupboard.opening, cupboard.closing] == [0, 400]
    own = found[bag, "Metadon mikstur"]
    assert [row.line.type for row in own.lines][-1] is SupplyType.COUNT
    assert own.differences[0].amount == -3
    following = {
        (one.ledger, one.item.product): one for one in register_view.month(ward.session, 2026, 12)
    }
    assert following[CUPBOARD, "Metadon mikstur"].opening == 400


def test_the_page_stands_there_before_the_figures_and_nothing_is_done_by_missing_ones(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    fill(ward)
    page = RegisterPage(make_context(ward.session, tasks, theme))
    buttons = (page.pack, page.receive, page.papers, page.reverse)
    with qtbot.waitSignal(page.shown):
        show_page(qtbot, page)
        assert not any(button.isEnabled() for button in buttons)
    assert all(button.isEnabled() for button in buttons)
    assert page.pack.hasFocus()


# --- the look


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_everything_has_a_name_and_room(
    qtbot: QtBot,
    qapp: QApplication,
    ward: Ward,
    tasks: TaskRunner,
    theme: Theme,
    scheme: Scheme,
    scale: int,
) -> None:
    bag = fill(ward)
    register_acts.count(ward.session, bag, SYRUP, Decimal(97))
    register_acts.waste(ward.session, bag, TABLETS, Decimal(9), "sølt")
    theme.apply(qapp, scheme, scale)
    page = make_page(qtbot, ward, tasks, theme)
    shots.picture(page, PAGE_SIZE)
    assert audit_names(page) == []
    assert clipped(page) == []
    for name, kind in (
        ("registerPack", PackDialog),
        ("register_back", CountDialog),
        ("register_waste", AmountDialog),
        ("registerReceive", ReceiveDialog),
        ("registerPapers", DocumentsDialog),
    ):
        press(page, name)
        dialog = opened(page, kind)
        shots.picture(dialog)
        assert audit_names(dialog) == []
        assert clipped(dialog) == []
        dialog.reject()
        shots.settle()


def test_every_control_is_reached_by_tab(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    fill(ward)
    page = make_page(qtbot, ward, tasks, theme)
    wanted = {one for one in page.findChildren(Button) if one.isVisible() and one.isEnabled()}
    seen = set()
    for _ in range(60):
        seen.add(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Tab)
    assert wanted <= seen
