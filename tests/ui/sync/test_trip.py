"""Before the trip a checklist and a real proof of the passphrase; after it a receipt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.visits import VisitKind
from fieldapp.services import notes, receipt, trip, visits
from fieldapp.services.trip import TripCheck
from fieldapp.store import audit
from tests.helpers.pages import Coverage, make_context, show_page
from tests.helpers.stores import PASSPHRASE, USERNAME
from tests.helpers.ward import AASE, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.shots import settle
from ui.sync.page import SyncPage
from ui.sync.passphrase_dialog import PassphraseDialog
from ui.sync.receipt_card import ReceiptCard
from ui.sync.receipt_state import summary
from ui.sync.unsent import _CHECKS, trip_row
from ui.tasks import TaskRunner
from ui.theme import Theme


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> SyncPage:
    context = replace(
        make_context(ward.session, tasks, theme),
        verify_passphrase=lambda text: ward.vault.verify_passphrase(USERNAME, text),
    )
    shown = SyncPage(context)
    show_page(qtbot, shown)
    return shown


def _checks(ward: Ward) -> dict[str, TripCheck]:
    return {check.code: check for check in trip.checklist(ward.session)}


def _ask(qtbot: QtBot, page: SyncPage, passphrase: str) -> PassphraseDialog:
    button = page.findChild(QPushButton, "tripTryPassphrase")
    assert button is not None
    button.click()
    dialog = page.window().findChild(PassphraseDialog)
    assert dialog is not None
    qtbot.keyClicks(dialog.field, passphrase)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    return dialog


@pytest.mark.parametrize("code", sorted(_CHECKS))
def test_every_check_that_is_not_fine_says_what_to_do(code: str) -> None:
    detail = "3" if code not in ("synced_recently", "passphrase") else ""
    amiss = trip_row(TripCheck(code, False, detail))
    assert amiss.detail.endswith(".")
    assert amiss.title != trip_row(TripCheck(code, True, detail)).title
    assert "_" not in f"{amiss.title} {amiss.detail}"


def test_the_right_passphrase_is_proved_against_the_vault_and_only_the_time_is_kept(
    qtbot: QtBot, page: SyncPage, ward: Ward
) -> None:
    assert not _checks(ward)["passphrase"].ok
    _ask(qtbot, page, PASSPHRASE)
    qtbot.waitUntil(lambda: _checks(ward)["passphrase"].ok)
    settle()
    assert page.window().findChild(PassphraseDialog) is None
    kept = ward.session.database.connection.execute("SELECT * FROM store_state").fetchall()
    assert all(PASSPHRASE not in str(tuple(row)) for row in kept)


def test_a_wrong_passphrase_is_told_and_proves_nothing(
    qtbot: QtBot, page: SyncPage, ward: Ward
) -> None:
    dialog = _ask(qtbot, page, "ikke den som gjelder")
    qtbot.waitUntil(dialog.confirm_button.isEnabled)
    assert dialog.isVisible()
    assert dialog.problem.text.text()
    assert dialog.field.text() == ""
    assert not _checks(ward)["passphrase"].ok
    dialog.reject()


def _work_a_day(ward: Ward) -> None:
    """One visit with a signed note, and one draft that is left."""
    visit = str(visits.start(ward.session, AASE, VisitKind.HOME).created_id)
    signed = notes.new_draft(ward.session, AASE, "note", visit, {"text": "Ro."})
    notes.sign(ward.session, signed.id)
    visits.finish(ward.session, visit)
    notes.new_draft(ward.session, AASE, "note", None, {"text": "Mer senere."})


def _said(page: SyncPage, name: str) -> str:
    card = page.findChild(ReceiptCard)
    assert card is not None
    label = card.findChild(QLabel, name)
    assert label is not None
    return label.text()


def test_the_receipt_counts_the_day_and_says_whether_all_is_sent(
    page: SyncPage, ward: Ward
) -> None:
    _work_a_day(ward)
    page.show_for()
    said = _said(page, "receiptSummary")
    assert said == "1 besøk, 0 utleveringer, 1 utkast igjen, ikke alt sendt"
    sent = replace(receipt.of_day(ward.session, ward.session.today()), all_sent=True)
    assert summary(replace(sent, visits_signed=6, handouts=4)).startswith(
        "6 besøk, 4 utleveringer, 1 utkast igjen, alt sendt"
    )


def test_the_server_confirms_by_number_and_new_work_takes_that_away(
    page: SyncPage, ward: Ward
) -> None:
    _work_a_day(ward)
    page.show_for()
    button = page.findChild(QPushButton, "receiptConfirm")
    assert button is not None
    assert "Ikke bekreftet" in _said(page, "receiptConfirmed")
    button.click()
    assert _said(page, "receiptConfirmed") == "Serveren bekrefter alle 2, kl. 09:40."
    notes.sign(ward.session, notes.drafts(ward.session)[0].draft.id)
    page.show_for()
    assert "Ikke bekreftet" in _said(page, "receiptConfirmed")


def test_without_a_line_the_receipt_says_why_it_is_not_confirmed(page: SyncPage) -> None:
    assert isinstance(page.context.sync, Coverage)
    page.context.sync.online = False
    button = page.findChild(QPushButton, "receiptConfirm")
    assert button is not None
    button.click()
    settle()
    assert "Ikke bekreftet" in _said(page, "receiptConfirmed")


def test_the_receipt_is_printed_without_any_patient_and_the_log_says_so(
    page: SyncPage, ward: Ward, tmp_path: Path
) -> None:
    card = page.findChild(ReceiptCard)
    assert card is not None
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    file = tmp_path / "kvittering.pdf"
    printer.setOutputFileName(str(file))
    card.print_on(printer)
    assert file.read_bytes().startswith(b"%PDF")
    # The printer made a file, and the log says so.
    assert "export" in {line.action for line in audit.lines(ward.session.database)}


def test_nothing_is_cut_off_in_any_look(page: SyncPage, ward: Ward, theme: Theme) -> None:
    _work_a_day(ward)
    page.show_for()
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
