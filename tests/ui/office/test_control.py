"""Control at the office on a real server: the log, a patient's print, and wrong entries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.domain.access_log import START
from fieldapp.domain.corrections import EntryCorrection
from fieldapp.domain.patients import Role
from fieldapp.store import audit, state
from sync.protocol.messages import LogLine, LogPart
from tests.helpers.ward import NOW, Ward
from tests.helpers.windows import LOOKS, problems_in
from tests.sync.server.desk import exchange, office_log
from tests.sync.server.team import change, note
from tests.ui.office.conftest import Office, Scene
from ui.office.log_tab import LogTab
from ui.office.wrong_tab import WrongTab
from ui.shots import settle
from ui.theme import Theme
from ui.widgets import ConfirmDialog

WORDS = "Marihøna sover i grøfta"


def said(widget: QWidget) -> str:
    settle()
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def listed(tab: LogTab) -> list[str]:
    settle()
    return [f"{row.title} | {row.detail}" for row in tab._rows_shown]


def looked(scene: Scene) -> None:
    """Let Nils have opened two patients, one of them for a weighty reason."""
    nils = scene.number("nils")
    lines = [
        LogLine(
            sequence=number,
            at=f"2026-11-2{number}T08:00:00.000Z",
            actor_id=nils,
            action=action,
            kind="patient",
            record_id=patient_id,
            patient_id=patient_id,
            reason=reason,
        )
        for number, (action, patient_id, reason) in enumerate(
            [("open", "p1", "TREAT"), ("open", "p2", "BTG"), ("sign", "p1", None)], start=1
        )
    ]
    exchange(scene.team, scene.nils, log=LogPart(after=START, lines=lines))


def marked(scene: Scene) -> None:
    """Let Nils have written a note on the wrong patient, and said so."""
    exchange(scene.team, scene.nils, change(note("n1", text=WORDS)))
    correction = EntryCorrection(
        id="c1",
        patient_id="p1",
        target_kind="note",
        target_id="n1",
        author_id=scene.number("nils"),
        marked_at=NOW,
        reason="Gjelder Máret",
        device_id="d",
        sequence=2,
        right_patient_id="p2",
    )
    mark = change(correction).model_copy(update={"sequence": 2})
    (result,) = exchange(scene.team, scene.nils, mark).results
    assert result.outcome.stored


def log_tab(qtbot: QtBot, office: Office, role: Role = Role.AUDITOR) -> LogTab:
    page, _ = office(role, "log")
    tab = page.tab
    assert isinstance(tab, LogTab)
    qtbot.waitUntil(lambda: tab.is_quiet() and bool(tab._rows_shown))
    return tab


def test_the_log_says_who_looked_at_whom_and_why_in_every_look(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme
) -> None:
    looked(scene)
    tab = log_tab(qtbot, office)
    lines = listed(tab)
    assert any(
        "Nils åpnet pasienten" in one and "grunn: annen tungtveiende grunn" in one for one in lines
    )
    assert any("Balto, Máret" in one for one in lines)
    page = tab.window()
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    assert office_log(scene.team)[0].act == "access_log"


def test_the_log_is_narrowed_by_patient_person_period_action_and_reason(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    looked(scene)
    tab = log_tab(qtbot, office)

    def ask() -> list[str]:
        tab.ask.click()
        qtbot.waitUntil(tab.is_quiet)
        return listed(tab)

    tab.words.setText("balto")
    tab.find_button.click()
    qtbot.waitUntil(lambda: tab.patient.count() == 2)
    qtbot.waitUntil(tab.is_quiet)
    assert all("Balto" in one for one in ask())
    tab.patient.setCurrentIndex(0)
    tab.reason.setCurrentIndex(tab.reason.findData("TREAT"))
    (only,) = ask()
    assert "behandling" in only
    tab.reason.setCurrentIndex(0)
    tab.action.setCurrentIndex(tab.action.findData("sign"))
    (only,) = ask()
    assert "signerte" in only
    tab.action.setCurrentIndex(0)
    tab.person.setCurrentIndex(tab.person.findData(scene.number("nils")))
    assert len(ask()) == 3
    tab.period.setChecked(True)
    tab.first.setDate(tab.first.date().fromString("2026-11-22", "yyyy-MM-dd"))
    tab.last.setDate(tab.first.date())
    (only,) = ask()
    assert "22.11.2026" in only


def test_more_lines_than_a_page_holds_are_fetched_on_asking(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    nils = scene.number("nils")
    lines = [
        LogLine(
            sequence=number,
            at=f"2026-11-21T08:{number // 60:02}:{number % 60:02}.000Z",
            actor_id=nils,
            action="open",
        )
        for number in range(1, 151)
    ]
    exchange(scene.team, scene.nils, log=LogPart(after=START, lines=lines))
    tab = log_tab(qtbot, office)
    assert tab.older.isVisible()
    seen = set(listed(tab))
    tab.older.click()
    qtbot.waitUntil(lambda: tab.is_quiet() and len(tab._rows_shown) > 100)
    assert len([one for one in tab._rows_shown if "Nils" in one.title]) == 150
    assert seen <= set(listed(tab))
    assert not tab.older.isVisible()


def test_a_changed_and_a_missing_line_of_a_laptop_are_found_and_named(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme
) -> None:
    looked(scene)
    tab = log_tab(qtbot, office)
    tab.check.click()
    qtbot.waitUntil(lambda: "Alle loggene er hele" in said(tab))
    with scene.team.storage.write() as transaction:
        transaction._db.run("UPDATE access_log SET patient_id = 'p9' WHERE sequence = 2")
    tab.check.click()
    qtbot.waitUntil(lambda: "1 av loggene er brutt" in said(tab))
    assert "en linje er endret, ved linje 2" in tab.chain_rows[0].detail
    with scene.team.storage.write() as transaction:
        transaction._db.run("DELETE FROM access_log WHERE sequence = 2")
    tab.check.click()
    qtbot.waitUntil(lambda: "linjer mangler" in tab.chain_rows[0].detail)
    found = {look: problems_in(tab.window(), theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


def test_the_patients_print_names_who_when_what_why_and_from_where_and_is_logged(
    qtbot: QtBot, office: Office, scene: Scene, ward: Ward, tmp_path: Path
) -> None:
    looked(scene)
    with scene.team.storage.write() as transaction:
        transaction.set_meta("organisation", "Øvre Skardlia kommune")
    with ward.session.database.transaction():
        state.remember_rules(
            ward.session.database,
            replace(state.rules(ward.session.database), folder_export_allowed=True),
        )
    tab = log_tab(qtbot, office, Role.RECORD_RESPONSIBLE)
    tab.folder.click()  # nobody is chosen yet
    assert "velg pasienten først" in said(tab)
    tab.words.setText("balto")
    tab.find_button.click()
    qtbot.waitUntil(lambda: tab.patient.count() == 2)
    qtbot.waitUntil(tab.is_quiet)
    tab._choose_folder = lambda: None  # type: ignore[method-assign]
    tab._fetch_print(to_folder=True)
    qtbot.waitUntil(tab.is_quiet)
    html = tab.html()
    for words in (
        *("Balto", "Nils", "saksansvarlig", "22.11.2026 09:00", "åpnet pasienten"),
        *("annen tungtveiende grunn", "Øvre Skardlia kommune"),
    ):
        assert words in html
    assert "Åse" not in html
    assert office_log(scene.team)[0].act == "log_print"
    assert office_log(scene.team)[0].patient_id == "p2"
    file = tab.save_in(tmp_path)
    assert file is not None
    assert file.read_bytes().startswith(b"%PDF")
    assert "balto" not in file.name.lower()
    newest = audit.lines(ward.session.database, limit=1)[0]
    assert (newest.action, newest.kind, newest.patient_id) == ("export", "access_log", "p2")


def wrong_tab(qtbot: QtBot, office: Office) -> WrongTab:
    page, _ = office(Role.RECORD_RESPONSIBLE, "wrong")
    tab = page.tab
    assert isinstance(tab, WrongTab)
    qtbot.waitUntil(lambda: tab.is_quiet() and tab.rows.isVisible())
    return tab


def test_a_wrong_entry_is_deleted_only_with_words_and_after_a_second_question(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme
) -> None:
    marked(scene)
    tab = wrong_tab(qtbot, office)
    words = said(tab)
    for part in (WORDS, "Gjelder Máret", "Balto, Máret", "Nils"):
        assert part in words
    found = {look: problems_in(tab.window(), theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    tab.delete.click()
    assert "Skriv en begrunnelse" in said(tab)
    assert scene.body("note", "n1") is not None
    tab.words.setPlainText("Bekreftet av forfatteren")
    tab.delete.click()
    (dialog,) = tab.window().findChildren(ConfirmDialog)
    assert scene.body("note", "n1") is not None
    dialog.confirm_button.click()
    qtbot.waitUntil(lambda: "Slettet på serveren" in said(tab))
    assert scene.body("note", "n1") is None
    newest = next(line for line in office_log(scene.team) if line.act == "decide_entry")
    assert (newest.patient_id, newest.reason) == ("p1", "Bekreftet av forfatteren")
    assert newest.subject == "note/n1/delete"
    qtbot.waitUntil(lambda: "Ingenting venter" in said(tab))
    assert WORDS not in said(tab)


def test_a_refusal_needs_words_and_leaves_the_entry(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    marked(scene)
    tab = wrong_tab(qtbot, office)
    tab.words.setPlainText("Riktig pasient etter samtale")
    tab.refuse.click()
    qtbot.waitUntil(lambda: "Ikke slettet" in said(tab))
    assert scene.body("note", "n1") is not None
    with scene.team.storage.read() as transaction:
        (decision,) = transaction.records.of_kind("deletion")
    assert decision.body["words"] == "Riktig pasient etter samtale"


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.ADMINISTRATOR, Role.TEAM_LEADER])
def test_nobody_else_has_these_parts(office: Office, role: Role) -> None:
    page, _ = office(role)
    assert not {"log", "wrong"} & set(page.names)
