"""The emergency handout: two deliberate steps, everything recorded, nothing by a slip."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import AASE, BERIT, Ward
from tests.ui.handout.conftest import OpenPage
from tests.ui.handout.hand import (
    button,
    events,
    press,
    said,
    wait_out_double_click,
)
from tests.ui.handout.test_reserve import PER, give_to_berit
from ui.handout.force_dialog import ForceDialog
from ui.handout.page import HandoutPage
from ui.shots import settle


def dialog_of(page: HandoutPage) -> ForceDialog:
    settle()
    (dialog,) = page.findChildren(ForceDialog)
    return dialog


def asked(page: HandoutPage) -> ForceDialog:
    button(page, "forceAsk").click()
    return dialog_of(page)


def answer_call(dialog: ForceDialog) -> None:
    button(dialog, "holderCalled_True").click()
    button(dialog, "holderAnswered_True").click()
    dialog.answer.setText("Har ikke gitt dosen")


def prove(qtbot: QtBot, dialog: ForceDialog, passphrase: str = PASSPHRASE) -> None:
    dialog.passphrase.setText(passphrase)
    with qtbot.waitSignal(dialog.confirmed):
        button(dialog, "dialogConfirm").click()


def test_who_it_is_how_he_is_and_the_other_dose_come_first(open_page: OpenPage, ward: Ward) -> None:
    give_to_berit(ward)
    page = open_page(PER)
    press(page, "K")
    button(page, "forceAsk").click()
    assert page.findChildren(ForceDialog) == []
    assert "Mangler: tilstand og svaret om annen dose siste døgn." in said(page)


def test_a_forced_dose_keeps_reason_call_answer_and_what_stood_in_the_way(
    open_page: OpenPage, ward: Ward, qtbot: QtBot
) -> None:
    give_to_berit(ward)
    page = open_page(PER)
    press(page, "KUE")
    dialog = asked(page)
    assert BERIT.name in said(dialog)
    assert "900\u00a033\u00a0444" in said(dialog)
    answer_call(dialog)
    button(dialog, "forceReason_agreed_with_holder").click()
    button(dialog, "dialogConfirm").click()
    assert "sikkerhetssak" in said(dialog)
    assert "Berit Åsheim er ringt og svarte: Har ikke gitt dosen" in said(dialog)
    prove(qtbot, dialog)
    (event,) = events(ward)
    force = event.forced
    assert force is not None
    assert (force.reason, force.findings) == ("agreed_with_holder", ("held_by_other",))
    assert (force.holder_id, force.holder_called, force.holder_answered) == (BERIT.id, True, True)
    assert force.holder_answer == "Har ikke gitt dosen"
    assert "nødutdeling" in said(page)


def test_nothing_is_filled_in_and_what_is_missing_is_said(open_page: OpenPage, ward: Ward) -> None:
    give_to_berit(ward)
    page = open_page(PER)
    press(page, "KUE")
    dialog = asked(page)
    button(dialog, "dialogConfirm").click()
    assert "Mangler: om du har ringt og begrunnelse. Ingenting er ført." in said(dialog)
    button(dialog, "holderCalled_True").click()
    button(dialog, "forceReason_other").click()
    button(dialog, "dialogConfirm").click()
    assert "om det ble svart og begrunnelsen med egne ord" in said(dialog)
    assert events(ward) == []


def test_no_single_key_confirms_and_no_button_is_the_default_one(
    open_page: OpenPage, ward: Ward
) -> None:
    give_to_berit(ward)
    page = open_page(PER)
    press(page, "KUE")
    dialog = asked(page)
    answer_call(dialog)
    button(dialog, "forceReason_no_coverage").click()
    for _ in range(3):
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_G):
            focus = QApplication.focusWidget()
            assert focus is not None
            if dialog.isAncestorOf(focus):
                QTest.keyClick(focus, key)
        QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.passphrase.isHidden() or not dialog.passphrase.isVisible()
    button(dialog, "dialogConfirm").click()
    dialog.passphrase.setText(PASSPHRASE)
    QTest.keyClick(dialog.passphrase, Qt.Key.Key_Return)
    QTest.keyClick(dialog.passphrase, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle()
    assert events(ward) == []
    assert not button(dialog, "dialogConfirm").isDefault()


def test_a_wrong_passphrase_writes_nothing_and_the_answers_stay(
    open_page: OpenPage, ward: Ward, qtbot: QtBot
) -> None:
    give_to_berit(ward)
    page = open_page(PER)
    press(page, "KUE")
    dialog = asked(page)
    answer_call(dialog)
    button(dialog, "forceReason_no_coverage").click()
    button(dialog, "dialogConfirm").click()
    dialog.passphrase.setText("feil passfrase for alle")
    button(dialog, "dialogConfirm").click()
    qtbot.waitUntil(lambda: "Passfrasen stemmer ikke" in said(dialog))
    assert events(ward) == []
    prove(qtbot, dialog)
    assert len(events(ward)) == 1


def test_a_second_dose_of_the_day_needs_the_prescriber_who_said_so(
    open_page: OpenPage, ward: Ward, qtbot: QtBot
) -> None:
    page = open_page(AASE)
    press(page, "KUG")
    wait_out_double_click(page)
    button(page, "forceAgain").click()
    press(page, "KUE")
    button(page, "forceAgain").click()
    dialog = dialog_of(page)
    button(dialog, "forceReason_dose_lost").click()
    button(dialog, "dialogConfirm").click()
    assert "Mangler: hvem av rekvirentene som sa det." in said(dialog)
    field = dialog.findChild(QLineEdit, "forcePrescriber")
    assert isinstance(field, QLineEdit)
    field.setText("Overlege Vik, kl. 09:30")
    button(dialog, "dialogConfirm").click()
    prove(qtbot, dialog)
    given, again = events(ward)
    assert given.forced is None
    assert again.forced is not None
    assert again.forced.prescriber == "Overlege Vik, kl. 09:30"
    assert "slot_already_given" in again.forced.findings
