"""Tilganger on a real server: what waits first, judged with words, never one's own."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.patients import Role
from sync.protocol.access import OpenPatientRequest
from sync.server.access import open_patient
from sync.server.identity import Identity
from tests.ui.office.conftest import Office, Scene
from ui.office.openings_tab import OpeningsTab

WORDS = "Naboen ringte, hun svarte ikke på døra"


def open_one(scene: Scene, username: str = "kari", number: str = "o1") -> None:
    enrolled = scene.kari.enrolled
    who = Identity(scene.number(username), enrolled.device_id, Role.TEAM_LEADER.value)
    request = OpenPatientRequest(id=number, patient_id="p1", reason=AccessReason.BTG, words=WORDS)
    open_patient(scene.team.world, who, request)


def shown(qtbot: QtBot, office: Office, role: Role = Role.AUDITOR) -> OpeningsTab:
    page, _ = office(role, "openings")
    tab = page.tab
    assert isinstance(tab, OpeningsTab)
    qtbot.waitUntil(tab.is_quiet)
    return tab


def click(qtbot: QtBot, tab: OpeningsTab, name: str) -> None:
    qtbot.mouseClick(getattr(tab, name), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(tab.is_quiet)


def test_the_auditors_office_begins_with_something_to_do(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, _ = office(Role.AUDITOR)
    assert page.names
    assert "openings" in page.names


def test_an_opening_is_followed_up_with_words_and_then_in_order(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    open_one(scene)
    tab = shown(qtbot, office)
    click(qtbot, tab, "follow_up")
    assert "følges opp" in tab.words_field.problem
    qtbot.keyClicks(tab.words, "Spør Kari i morgen")
    click(qtbot, tab, "follow_up")
    qtbot.waitUntil(lambda: "lagret" in tab.done.text.text())
    click(qtbot, tab, "in_order")
    qtbot.waitUntil(lambda: not tab.in_order.isVisible())
    with scene.team.storage.read() as transaction:
        (opening,) = transaction.access.listed(5)
    assert (opening.verdict, opening.review_words) == ("in_order", "Spør Kari i morgen")


def test_ones_own_opening_is_for_somebody_else_to_judge(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, road = office(Role.TEAM_LEADER, "openings")
    open_one(scene, "kontorteam_leader")
    tab = page.tab
    assert isinstance(tab, OpeningsTab)
    tab.load()
    qtbot.waitUntil(tab.is_quiet)
    assert "selv" in tab._own.text.text()
    assert not tab.in_order.isVisible()
    assert road.calls
