"""Avslutt, Meld tapt and the breach report, on a real server in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtPrintSupport import QPrinter
from pytestqt.qtbot import QtBot

from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.patients import Role
from fieldapp.store import audit, state
from sync.protocol.lost import BreachReport
from tests.helpers.ward import Ward
from tests.helpers.windows import LOOKS, problems_in
from tests.sync.server.desk import exchange
from tests.ui.office.conftest import Office, Scene
from tests.ui.office.test_page import (
    open_dialog,
    part,
    press,
    said,
    tab_to,
    wait_for,
    write,
)
from ui.office import breach_text
from ui.office.breach_dialog import BreachDialog
from ui.office.closing_dialog import ClosingDialog
from ui.office.overview_tab import OverviewTab
from ui.office.page import OfficePage
from ui.office.rules_tab import RulesTab
from ui.theme import Theme


def chosen(page: OfficePage, scene: Scene) -> OverviewTab:
    tab = part(page, OverviewTab)
    assert isinstance(tab, OverviewTab)
    tab.rows.select_id(f"{scene.number('nils')}/{scene.nils.enrolled.device_id}")
    return tab


def standing(scene: Scene) -> DeviceOrderKind | None:
    with scene.team.storage.read() as transaction:
        given = transaction.device_orders.standing(scene.nils.enrolled.device_id)
    return None if given is None else given.order.kind


def give(qtbot: QtBot, page: OfficePage, tab: OverviewTab, kind: DeviceOrderKind) -> None:
    (tab.end if kind is DeviceOrderKind.ENDED else tab.revoke).click()
    dialog = open_dialog(ClosingDialog)
    qtbot.waitUntil(lambda: dialog.confirm_button.isEnabled())
    write("Slutter 1. desember")
    press("Ctrl+Return")
    write("Feltbærbar 3")
    press("Ctrl+Return")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (DeviceOrderKind.ENDED, "Laptopen er avsluttet"),
        (DeviceOrderKind.LOST, "Laptopen er meldt tapt"),
    ],
)
def test_the_office_gives_the_order_after_a_reason_and_the_typed_name(
    qtbot: QtBot, office: Office, scene: Scene, kind: DeviceOrderKind, words: str
) -> None:
    exchange(scene.team, scene.nils, waiting=0)
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    give(qtbot, page, chosen(page, scene), kind)
    wait_for(qtbot, page, words)
    assert standing(scene) is kind


def test_a_laptop_that_is_ended_can_still_be_reported_lost_and_not_the_other_way(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    exchange(scene.team, scene.nils, waiting=0)
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    tab = chosen(page, scene)
    give(qtbot, page, tab, DeviceOrderKind.ENDED)
    wait_for(qtbot, page, "har ikke vært på nett siden")
    assert not tab.end.isVisible()
    assert tab.revoke.isVisible()
    give(qtbot, page, tab, DeviceOrderKind.LOST)
    wait_for(qtbot, page, "Meldt tapt. Laptopen har ikke vært på nett siden")
    assert not tab.revoke.isVisible()
    assert not tab.end.isVisible()


def test_the_report_names_the_patients_only_after_a_reason_and_goes_on_paper(
    qtbot: QtBot, office: Office, scene: Scene, ward: Ward, theme: Theme, tmp_path: Path
) -> None:
    exchange(scene.team, scene.nils, pull=True)
    exchange(scene.team, scene.nils, pull=True)
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    tab = chosen(page, scene)
    tab_to(tab.report)
    press("Space")
    dialog = open_dialog(BreachDialog)
    assert isinstance(dialog, BreachDialog)
    press("Ctrl+Return")
    assert "Skriv hvorfor" in said(dialog)
    write("Melding om brudd")
    press("Ctrl+Return")
    wait_for(qtbot, dialog, "Bråten, Åse")
    words = said(dialog)
    assert "72 timer" in words
    assert "Laptopen har ikke fått noen ordre." in words
    assert {look: problems_in(dialog, theme, *look) for look in LOOKS} == {
        look: [] for look in LOOKS
    }
    assert isinstance(dialog.answer, BreachReport)
    paper = breach_text.html(dialog.answer)
    assert "Bråten, Åse" in paper
    assert dialog.save_in(tmp_path) is None  # the organisation does not allow files
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "skriver.pdf"))
    printed = len(audit.lines(ward.session.database))
    dialog.print_on(printer)
    assert len(audit.lines(ward.session.database)) == printed + 1
    assert audit.lines(ward.session.database)[0].kind == "breach_report"
    with scene.team.storage.read() as transaction:
        lines = [line for line in transaction.office.lines() if line.act == "breach_report"]
    assert [line.reason for line in lines] == ["Melding om brudd"]


def test_the_report_is_saved_as_a_file_where_the_organisation_allows_it(
    qtbot: QtBot, office: Office, scene: Scene, ward: Ward, tmp_path: Path
) -> None:
    state.remember_rules(ward.session.database, state.Rules("m", folder_export_allowed=True))
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    tab = chosen(page, scene)
    tab_to(tab.report)
    press("Space")
    dialog = open_dialog(BreachDialog)
    assert isinstance(dialog, BreachDialog)
    write("Melding om brudd")
    press("Ctrl+Return")
    wait_for(qtbot, dialog, "72 timer")
    file = dialog.save_in(tmp_path)
    assert file is not None
    assert file.read_bytes().startswith(b"%PDF")
    assert "Åse" not in file.name
    newest = audit.lines(ward.session.database)[0]
    assert (newest.action, newest.kind, newest.record_id) == (
        "export",
        "breach_report",
        dialog._device_id,
    )


def test_how_long_a_login_lasts_is_a_rule(qtbot: QtBot, office: Office, scene: Scene) -> None:
    del scene
    page, _ = office(Role.ADMINISTRATOR)
    page.show_for(tab="rules")
    tab = part(page, RulesTab)
    wait_for(qtbot, tab, "Innlogging varer uten nett i")


@pytest.mark.parametrize("both", [True, False])
def test_whoever_has_a_store_on_the_lost_laptop_is_named_and_may_be_left_out(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme, both: bool
) -> None:
    nils, kari = scene.nils.enrolled.device_id, scene.kari.enrolled.device_id
    with scene.team.storage.write() as transaction:
        for device_id in (nils, kari):
            transaction.accounts.set_machine(device_id, "m" * 32)
    page, _ = office()
    wait_for(qtbot, page, "3 laptoper")
    tab = chosen(page, scene)
    assert "På samme maskin" in said(page)
    tab.revoke.click()
    dialog = open_dialog(ClosingDialog)
    assert isinstance(dialog, ClosingDialog)
    qtbot.waitUntil(lambda: dialog.confirm_button.isEnabled())
    (box,) = dialog.others.values()
    assert box.isChecked()
    found = {look: problems_in(dialog, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    box.setChecked(both)
    dialog.reason.setFocus()
    write("Mistet på toget")
    press("Ctrl+Return")
    write("Feltbærbar 3")
    press("Ctrl+Return")
    wait_for(qtbot, page, "meldt tapt")
    with scene.team.storage.read() as transaction:
        given = [transaction.device_orders.standing(one) for one in (nils, kari)]
    assert [one is not None for one in given] == [True, both]
    if both:
        BreachDialog(tab.context, tab._desk, nils, "Feltbærbar 3", tab).open()
        report = open_dialog(BreachDialog)
        assert isinstance(report, BreachDialog)
        write("Melding om brudd")
        press("Ctrl+Return")
        wait_for(qtbot, report, "På samme maskin")
        assert isinstance(report.answer, BreachReport)
        assert "På samme maskin" in breach_text.html(report.answer)
        report.reject()
