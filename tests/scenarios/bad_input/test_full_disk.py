"""A disk without room: the sentence says so, the form keeps everything, nothing is half-written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from fieldapp.domain.medication import MedicationAdministration
from fieldapp.domain.notes import Note
from fieldapp.services import notes, sync_status
from fieldapp.services.session import Session
from fieldapp.store import claims, records
from tests.helpers.laptop import make_door
from tests.helpers.ward import AASE, ODD, TODAY, grant_claims
from tests.scenarios.bad_input.conftest import OpenWindow, SmallDisk
from tests.scenarios.bad_input.screen import button, said, unlock
from ui.handout.page import HandoutPage
from ui.imports.page import ImportsPage
from ui.main_window import MainWindow
from ui.shots import settle
from ui.visit.page import VisitPage
from ui.workspace import Workspace

FULL = "Disken er full, så det siste ble ikke lagret. Alt som var lagret før, er trygt."
ROOM = tuple(4096 * pages for pages in (0, 1, 4, 8, 12, 17))
"""Bytes left: the disk is full before, during and just after the write."""


@pytest.fixture
def window(open_window: OpenWindow, small_disk: SmallDisk, laptop: Path) -> MainWindow:
    """The locked window on a store that lies on the small disk."""
    folder = small_disk.folder / "laptop"
    shutil.copytree(laptop, folder)
    return open_window(make_door(folder))


@pytest.fixture
def workspace(qtbot: QtBot, window: MainWindow) -> Workspace:
    return unlock(qtbot, window)


def _visit(workspace: Workspace) -> VisitPage:
    workspace.navigate("visit", patient_id=ODD)
    page = workspace.page
    assert isinstance(page, VisitPage)
    return page


def _write(page: VisitPage, text: str) -> None:
    page.note_card.editor.insertPlainText(text)  # as Ctrl+V does
    page.presenter.autosave.quiet.timeout.emit()


def _line(page: VisitPage) -> str:
    line = page.findChild(QLabel, "noteLine")
    assert line is not None
    return line.text()


def _stored(session: Session) -> list[str]:
    """The draft's text as another connection sees it."""
    with session.beside() as other:
        return [str(row.draft.body["text"]) for row in notes.drafts(other, ODD)]


def _figures(session: Session) -> tuple[int, int, int, int]:
    """Notes, handouts of today, changes on their way, and lines of the log: they go together."""
    lines = session.database.connection.execute("SELECT count(*) AS n FROM audit").fetchone()
    assert lines is not None
    return (
        len(records.select(session.database, Note)),
        len(_doses(session)),
        sync_status.read(session).waiting,
        int(lines["n"]),
    )


def _doses(session: Session) -> list[MedicationAdministration]:
    return records.select(
        session.database, MedicationAdministration, "day = ?", (TODAY.isoformat(),)
    )


def test_a_draft_that_finds_no_room_stays_in_the_form_until_it_is_saved(
    small_disk: SmallDisk, workspace: Workspace
) -> None:
    page, session = _visit(workspace), workspace.context.session
    _write(page, "Forste linje. ")
    assert _line(page).startswith("Utkast lagret kl.")
    written = "Forste linje. "
    for room in ROOM:
        small_disk.fill(room)
        for _ in range(12):
            _write(page, "mer " * 200)
            written += "mer " * 200
            if page.presenter.note.error:
                break
        small_disk.free()
        assert page.note_card.editor.toPlainText() == written
        if not page.presenter.note.error:
            assert _stored(session) == [written]
            continue
        assert _line(page) == FULL + " Frigjør plass på disken og prøv igjen."
        assert _stored(session)[0] in written
        button(page, "noteRetry").click()
        assert _stored(session) == [written]
        assert _line(page).startswith("Utkast lagret kl.")
    assert session.database.damage_report() == []


def test_a_note_is_signed_as_a_whole_or_stays_a_draft(
    small_disk: SmallDisk, workspace: Workspace
) -> None:
    page, session = _visit(workspace), workspace.context.session
    refused = 0
    for number, room in enumerate(ROOM):
        text = f"notat {number} " + "ord " * 900
        _write(page, text)
        button(page, "noteSign").click()
        before = _figures(session)
        small_disk.fill(room)
        button(page, "noteSignConfirm").click()
        if _figures(session) == before:
            refused += 1
            assert FULL in said(page)
            assert page.note_card.editor.toPlainText() == text
            small_disk.free()
            button(page, "noteSign").click()
            button(page, "noteSignConfirm").click()
        small_disk.free()
        signed, doses, waiting, lines = _figures(session)
        assert (signed, doses, waiting) == (before[0] + 1, before[1], before[2] + 1)
        assert lines == before[3] + 1
        assert text.strip() in [view.note.text.strip() for view in notes.for_patient(session, ODD)]
        button(page, "noteNew").click()
    assert refused >= 2
    assert session.database.damage_report() == []


def test_a_dose_that_finds_no_room_is_not_recorded_and_its_form_is_kept(
    small_disk: SmallDisk, workspace: Workspace
) -> None:
    session = workspace.context.session
    # The store was carried to the small disk, so it gave up its claims; a sync brings new ones.
    claims.apply_answer(session.database, set_back_told=True)
    claims.note_complete_sync(session.database.connection)
    grant_claims(session)
    workspace.navigate("handout", patient_id=AASE)
    page = workspace.page
    assert isinstance(page, HandoutPage)
    for key in "KU":
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClicks(target, key)
    settle()  # the line of the log that says who was opened comes when the dose is on screen
    before = _figures(session)
    refused = 0
    for room in ROOM:
        small_disk.fill(room)
        button(page, "given").click()
        small_disk.free()
        if _figures(session) != before:
            break
        refused += 1
        assert FULL in said(page)
        assert "Gitt 09:40" not in said(page)
        page._settling.timeout.emit()
        page._settling.stop()
    assert refused >= 2
    notes_before, doses, waiting, lines = before
    assert _figures(session) == (notes_before, doses + 1, waiting + 1, lines + 1)
    assert "Gitt 09:40 av Nils Hammer" in said(page)
    assert session.database.damage_report() == []


def test_closing_asks_first_while_the_store_does_not_take_the_text_and_a_lock_keeps_it(
    qtbot: QtBot, small_disk: SmallDisk, window: MainWindow, workspace: Workspace
) -> None:
    page = _visit(workspace)
    _write(page, "Trygt. ")
    small_disk.fill()
    _write(page, "Bare her. " + "ord " * 3000)
    written = page.note_card.editor.toPlainText()
    window.close()
    assert window.workspace is workspace
    assert "Lageret tok ikke imot det du skrev" in said(window)
    button(window, "dialogCancel").click()
    assert page.note_card.editor.toPlainText() == written
    workspace.navigate("today")
    window.lock()  # the text waits on a page that is not shown, and nobody may read it
    assert window.workspace is None
    assert "Bare her." not in said(window)
    small_disk.free()
    again = unlock(qtbot, window)
    assert _stored(again.context.session) == [written]
    assert _visit(again).note_card.editor.toPlainText() == written


def test_a_patient_list_that_finds_no_room_is_not_taken_in_at_all(
    qtbot: QtBot, small_disk: SmallDisk, workspace: Workspace, tmp_path: Path
) -> None:
    many = tmp_path / "liste.csv"
    rows = [f"Etter{n};For{n};{1 + n % 28:02}.05.1970;{'Lang vei ' * 12}{n}" for n in range(800)]
    many.write_text("Etternavn;Fornavn;Fødselsdato;Adresse\n" + "\n".join(rows) + "\n")
    workspace.navigate("imports")
    page, session = workspace.page, workspace.context.session
    assert isinstance(page, ImportsPage)
    page.open_file(many)
    before = _figures(session)
    small_disk.fill(room=60_000)
    button(page, "importCommit").click()
    qtbot.waitUntil(lambda: button(page, "importChoose").isEnabled())
    assert FULL in said(page)
    assert _figures(session) == before
    small_disk.free()
    page.open_file(many)
    button(page, "importCommit").click()
    qtbot.waitUntil(lambda: "800 pasienter er lest inn." in said(page), timeout=20_000)
    assert _figures(session)[2] == before[2] + 800
    assert session.database.damage_report() == []
