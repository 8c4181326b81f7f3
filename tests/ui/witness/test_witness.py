"""One's own witness code in the settings, and what waits for one's signature on I dag."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.domain.handout_events import WitnessCode, WitnessStatement
from fieldapp.domain.medication import CoSignature, MedicationAdministration, MedicationRequest
from fieldapp.security import codes
from fieldapp.security.kdf import FAST, KdfParams
from fieldapp.services import witness
from fieldapp.store import claims, records
from sync.protocol.errors import OfflineError
from tests.helpers.builders import event
from tests.helpers.pages import make_context, show_page
from tests.helpers.stores import PASSPHRASE, USERNAME
from tests.helpers.ward import AASE, BERIT, NILS, Ward, receive
from tests.helpers.windows import LOOKS, problems_in
from ui.settings.page import SettingsPage
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.today.page import TodayPage
from ui.witness.code_card import WitnessCodeCard
from ui.witness.code_dialog import SetCode, WitnessCodeDialog
from ui.witness.waiting_card import LateWitnessDialog, WaitingCard
from ui.workspace import Workspace

CODE = "fjell 47"


class Server:
    """What the server was told; `error` is what it answers with instead."""

    def __init__(self) -> None:
        self.verifiers: list[str] = []
        self.error: Exception | None = None

    def prepare(self) -> SetCode:
        def send(verifier: str) -> None:
            if self.error is not None:
                raise self.error
            self.verifiers.append(verifier)

        return send


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    make = witness.new_verifier

    def cheap(practitioner_id: str, code: str, params: KdfParams | None = None) -> str:
        return make(practitioner_id, code, params or FAST)

    monkeypatch.setattr("fieldapp.services.witness.new_verifier", cheap)
    return Server()


@pytest.fixture
def card(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, server: Server
) -> WitnessCodeCard:
    context = replace(
        make_context(ward.session, tasks, theme),
        verify_passphrase=lambda text: ward.vault.verify_passphrase(USERNAME, text),
    )
    shown = WitnessCodeCard(context, server.prepare)
    qtbot.addWidget(shown)
    shown.show()
    return shown


def open_dialog(card: WitnessCodeCard) -> WitnessCodeDialog:
    button = card.findChild(QPushButton, "witnessCode")
    assert button is not None
    button.click()
    dialog = card.window().findChild(WitnessCodeDialog)
    assert dialog is not None
    return dialog


def fill(dialog: WitnessCodeDialog, passphrase: str, code: str, again: str) -> None:
    for field, text in (
        (dialog.passphrase, passphrase),
        (dialog.code, code),
        (dialog.again, again),
    ):
        field.clear()
        QTest.keyClicks(field, text)
    QTest.keyClick(dialog.again, Qt.Key.Key_Return)


def waiting_dose(ward: Ward) -> MedicationAdministration:
    (order, *_) = records.select(
        ward.session.database, MedicationRequest, "patient_id = ?", (AASE,)
    )
    given = event(order, ward.session.today(), author_id=BERIT.id, sequence=900)
    dose = replace(given, witness=CoSignature(NILS.id, NILS.name))
    receive(ward.session, [dose])
    return dose


def test_a_new_code_goes_to_the_server_as_a_verifier_and_nothing_else(
    qtbot: QtBot, card: WitnessCodeCard, server: Server
) -> None:
    dialog = open_dialog(card)
    with qtbot.waitSignal(dialog.code_set):
        fill(dialog, PASSPHRASE, CODE, CODE)

    (verifier,) = server.verifiers
    assert codes.fits(CODE, NILS.id, verifier)
    assert any("tatt i bruk" in label.text() for label in card.findChildren(QLabel))


@pytest.mark.parametrize(
    ("passphrase", "code", "again", "said"),
    [
        ("", CODE, CODE, "passfrasen"),
        (PASSPHRASE, "123456", "123456", "for lett å gjette"),
        (PASSPHRASE, CODE, "fjell 48", "ikke like"),
        (PASSPHRASE, PASSPHRASE, PASSPHRASE, "kan ikke være passfrasen"),
    ],
)
def test_what_cannot_be_a_code_is_said_and_nothing_is_sent(
    qtbot: QtBot,
    card: WitnessCodeCard,
    server: Server,
    passphrase: str,
    code: str,
    again: str,
    said: str,
) -> None:
    dialog = open_dialog(card)
    fill(dialog, passphrase, code, again)

    assert said in dialog.problem.text.text()
    assert server.verifiers == []
    assert dialog.isVisible()


def test_a_wrong_passphrase_and_a_missing_line_send_nothing_and_keep_the_dialog(
    qtbot: QtBot, card: WitnessCodeCard, server: Server
) -> None:
    dialog = open_dialog(card)
    fill(dialog, "feil passfrase her", CODE, CODE)
    qtbot.waitUntil(lambda: dialog.confirm_button.isEnabled())
    assert "Passfrasen stemmer ikke" in dialog.problem.text.text()

    server.error = OfflineError()
    fill(dialog, PASSPHRASE, CODE, CODE)
    qtbot.waitUntil(lambda: dialog.confirm_button.isEnabled())
    assert dialog.isVisible()
    assert server.verifiers == []
    assert dialog.code.text() == "", "a code is not left standing"


def test_the_settings_say_whether_there_is_a_code(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    page = SettingsPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, page)
    card = page.findChild(WitnessCodeCard)
    assert card is not None
    assert "ingen vitnekode" in card.said.text()
    code = WitnessCode(NILS.id, codes.make_verifier(CODE, NILS.id, FAST), ward.clock.now())
    receive(ward.session, [code])
    page.show_for()
    assert "Du har en vitnekode" in card.said.text()


def test_what_waits_stands_on_i_dag_and_is_signed_late(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    dose = waiting_dose(ward)
    page = TodayPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, page)
    card = page.findChild(WaitingCard)
    assert card is not None
    assert card.isVisible()
    (row,) = card.rows
    assert "Åse" in row.title
    assert BERIT.name in row.detail
    button = card.findChild(QPushButton, "witnessConfirm")
    assert button is not None
    assert button.height() >= 44
    assert row.title in button.accessibleName()

    button.click()
    dialog = page.window().findChild(LateWitnessDialog)
    assert dialog is not None
    assert "i ettertid" in " ".join(label.text() for label in dialog.findChildren(QLabel))
    dialog.confirm_button.click()

    (statement,) = records.select(ward.session.database, WitnessStatement)
    assert (statement.target_id, statement.late) == (dose.id, True)
    assert not card.isVisible()


def test_nothing_waiting_is_nothing_shown(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    page = TodayPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, page)
    card = page.findChild(WaitingCard)
    assert card is not None
    assert not card.isVisible()


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_card_and_dialogs_are_readable_in_every_look(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, scheme: Scheme, scale: int
) -> None:
    waiting_dose(ward)
    page = TodayPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, page)
    page.resize(1366, 768)
    button = page.findChild(QPushButton, "witnessConfirm")
    assert button is not None
    button.click()
    dialog = page.window().findChild(LateWitnessDialog)
    assert dialog is not None
    settle()

    assert problems_in(dialog, theme, scheme, scale) == []
    assert problems_in(page, theme, scheme, scale) == []


def test_a_store_that_was_set_back_says_so_over_every_page_until_it_is_mended(
    workspace: Workspace, ward: Ward
) -> None:
    banner = workspace.findChild(QWidget, "storeSetBack")
    assert banner is not None
    assert not banner.isVisible()
    claims.note_set_back(ward.session.database)
    workspace.context.sync.status_changed.emit(workspace.context.sync.state)
    assert banner.isVisible()
    for page in ("patients", "handout"):
        workspace.navigate(page)
        assert banner.isVisible()

    claims.apply_answer(ward.session.database, set_back_told=True)
    with ward.session.database.transaction() as connection:
        claims.note_complete_sync(connection)
    workspace.context.sync.status_changed.emit(workspace.context.sync.state)

    assert not banner.isVisible()
