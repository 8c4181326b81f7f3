"""Send med minnepinne: a real store writes, a real server receives, and the receipt settles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.store import state
from sync.client.courier import Settled
from sync.protocol.courier import CourierError
from sync.server.storage.storage import Storage
from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import Ward
from tests.helpers.windows import LOOKS, problems_in
from tests.sync.server.conftest import embedded
from tests.sync.test_courier import Field
from ui.errors import has_sentence
from ui.sync.courier_card import CourierCard
from ui.sync.courier_state import settled_text
from ui.sync.page import SyncPage
from ui.tasks import TaskRunner
from ui.theme import Theme

__all__ = ["embedded"]


@pytest.fixture
def field(embedded: Storage, tmp_path: Path) -> Iterator[Field]:
    """A laptop without a network, with a day's work that is not sent."""
    folder = tmp_path / "field"
    folder.mkdir()
    made = Field(embedded, folder)
    made.a_days_work()
    yield made
    made.database.close()


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, field: Field, tasks: TaskRunner, theme: Theme) -> SyncPage:
    """That laptop's sync page."""
    session = replace(ward.session, database=field.database, user=field.enrolment.user)
    made = SyncPage(make_context(session, tasks, theme))
    show_page(qtbot, made)
    return made


def said(card: CourierCard) -> str:
    return "\n".join(label.text() for label in card.findChildren(QLabel) if label.isVisible())


def wait_for(qtbot: QtBot, card: CourierCard, words: str) -> None:
    qtbot.waitUntil(lambda: words in said(card))
    assert card.write_button.isEnabled()
    assert card.read_button.isEnabled()


def written(qtbot: QtBot, page: SyncPage, field: Field) -> Path:
    """Write the file by the card and return it."""
    page.courier.write_to(field.stick)
    wait_for(qtbot, page.courier, "til kvitteringen er lest")
    (path,) = field.stick.glob("*.kurer")
    return path


def kept(field: Field, receipt: bytes) -> Path:
    path = field.stick / "svar.kvittering"
    path.write_bytes(receipt)
    return path


def test_it_is_not_there_where_the_organisation_has_not_allowed_it(
    page: SyncPage, field: Field
) -> None:
    assert page.courier.isVisible()
    field.allow(server=True, laptop=False)
    page.show_for()
    assert not page.courier.isVisible()


def test_a_file_says_what_lies_in_it_and_that_nothing_of_it_is_sent_yet(
    qtbot: QtBot, page: SyncPage, field: Field
) -> None:
    path = written(qtbot, page, field)
    words = said(page.courier)
    assert f"Skrevet: {path.name}. Den inneholder 7 endringer og 1 utkast." in words
    assert "7 endringer venter på kvittering." in words
    assert len(field.unsent()) == 7
    assert QApplication.focusWidget() is page.courier.read_button


def test_the_receipt_settles_what_it_names_and_the_page_shows_it(
    qtbot: QtBot, page: SyncPage, field: Field
) -> None:
    path = written(qtbot, page, field)
    receipt = kept(field, field.give_in(path.read_bytes()))
    page.courier.read_from(receipt)
    wait_for(qtbot, page.courier, "Serveren har 7 endringer og 1 utkast.")
    assert "venter på kvittering" not in said(page.courier)
    assert field.unsent() == []
    empty = [label for label in page.findChildren(QLabel) if label.text() == "Ingenting venter"]
    assert empty[0].isVisible()
    page.courier.read_from(receipt)
    wait_for(qtbot, page.courier, "Serveren har 1 utkast.")


def test_a_receipt_that_is_waited_for_can_be_read_after_the_rule_was_taken_back(
    qtbot: QtBot, page: SyncPage, field: Field
) -> None:
    path = written(qtbot, page, field)
    receipt = kept(field, field.give_in(path.read_bytes()))
    field.allow(server=True, laptop=False)
    page.show_for()
    assert page.courier.isVisible()
    assert not page.courier.write_button.isVisible()
    page.courier.read_from(receipt)
    qtbot.waitUntil(lambda: field.unsent() == [])
    qtbot.waitUntil(lambda: not page.courier.isVisible())


def test_with_nothing_unsent_no_file_is_written(qtbot: QtBot, page: SyncPage, field: Field) -> None:
    field.sync()
    page.courier.write_to(field.stick)
    wait_for(qtbot, page.courier, "Ingenting er usendt")
    assert list(field.stick.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda receipt: b"no receipt", "ikke en kvittering"),
        (lambda receipt: receipt[:-10], "Slutten av kvitteringen mangler"),
        (lambda receipt: receipt[:-1] + bytes([receipt[-1] ^ 1]), "ikke signert av serveren"),
    ],
)
def test_a_receipt_that_is_not_whole_and_the_servers_settles_nothing(
    qtbot: QtBot, page: SyncPage, field: Field, spoil: object, words: str
) -> None:
    path = written(qtbot, page, field)
    assert callable(spoil)
    page.courier.read_from(kept(field, spoil(field.give_in(path.read_bytes()))))
    wait_for(qtbot, page.courier, words)
    assert len(field.unsent()) == 7


def test_a_stick_that_was_pulled_out_is_told_and_nothing_is_lost(
    qtbot: QtBot, page: SyncPage, field: Field
) -> None:
    page.courier.write_to(field.stick / "gone")
    wait_for(qtbot, page.courier, "Filen kan ikke leses eller skrives")
    page.courier.read_from(field.stick / "gone.kvittering")
    wait_for(qtbot, page.courier, "Filen kan ikke leses eller skrives")
    assert len(field.unsent()) == 7


def test_a_laptop_without_the_keys_says_how_to_get_them(
    qtbot: QtBot, page: SyncPage, field: Field
) -> None:
    state.remember_enrolment(field.database, replace(field.enrolment, courier=None))
    page.courier.write_to(field.stick)
    wait_for(qtbot, page.courier, "mangler nøklene")


def test_both_ways_are_reached_by_keyboard_and_have_names(qtbot: QtBot, page: SyncPage) -> None:
    for name, spoken in (
        ("courierWrite", "Skriv fil til minnepinne"),
        ("courierRead", "Les kvittering fra minnepinne"),
    ):
        button = page.findChild(QPushButton, name)
        assert button is not None
        assert button.accessibleName() == spoken
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
        button.setFocus()
        qtbot.keyClick(button, Qt.Key.Key_Space)
        dialog = page.window().findChild(QFileDialog)
        assert dialog is not None
        dialog.reject()
        qtbot.waitUntil(lambda: page.window().findChild(QFileDialog) is None)


def test_a_receipt_that_was_read_before_says_so_and_what_was_stopped_is_counted() -> None:
    assert "lest før" in settled_text(Settled(0, 0, 0, review=False))
    assert settled_text(Settled(6, 1, 0, review=False)) == (
        "Serveren har 6 endringer. 1 endring ble stoppet og står under Usendt."
    )
    assert "tilbaketrukket" in settled_text(Settled(0, 7, 0, review=True))


def _all(of: type[CourierError]) -> Iterator[type[CourierError]]:
    yield of
    for one in of.__subclasses__():
        yield from _all(one)


def test_every_reason_why_a_file_is_not_taken_has_a_sentence() -> None:
    assert [one.name for one in _all(CourierError) if not has_sentence(one.name)] == []


def test_nothing_is_cut_off_in_any_look(
    qtbot: QtBot, page: SyncPage, field: Field, theme: Theme
) -> None:
    written(qtbot, page, field)
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
