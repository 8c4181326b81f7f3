"""Sikkerhetssaker: all patients' items in one list, answered by keyboard by who was not involved;
and a day that is opened again with words.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldapp.clock import to_iso
from fieldapp.domain.claims import Claim, ClaimState, claim_id
from fieldapp.domain.codec import to_body
from fieldapp.domain.handout_events import DoseIncident, IncidentType
from fieldapp.domain.medication import (
    Force,
    HandoutStatus,
    MedicationAdministration,
    Part,
)
from fieldapp.domain.patients import Role
from fieldapp.domain.proposals import Proposal
from sync.server.storage.values import NewVersion
from tests.helpers.ward import NOW
from tests.helpers.windows import LOOKS, problems_in
from tests.sync.server.desk import exchange
from tests.sync.server.orders import order_body
from tests.sync.server.team import Laptop, change
from tests.ui.office.conftest import Office, Scene
from ui.office.page import OfficePage
from ui.office.proposals_tab import ProposalsTab
from ui.office.safety_tab import SafetyTab
from ui.shots import settle
from ui.theme import Theme

FORCED = Force(
    "holder_unreachable",
    ("held_by_other",),
    reason_text="Ingen dekning på Kunes",
    holder_called=True,
    holder_answered=False,
    prescriber="Hanne Rud",
)


def _dose(scene: Scene, laptop: Laptop, name: str, dose_id: str) -> MedicationAdministration:
    return MedicationAdministration(
        id=dose_id,
        patient_id="p1",
        request_id="o1",
        request_revision=1,
        day=NOW.date(),
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOW,
        recorded_at=NOW,
        author_id=scene.number(name),
        device_id=laptop.enrolled.device_id,
        sequence=1,
        group="opioid",
    )


def _danger(scene: Scene) -> None:
    """Nils forces a dose on a day that Kari holds."""
    unit = NOW.date().isoformat()
    kari, device = scene.number("kari"), scene.kari.enrolled.device_id
    claim = Claim(
        *(claim_id("p1", "opioid", unit), "p1", "opioid", unit, ClaimState.HELD, 1, 1),
        *(device, kari, NOW),
    )
    with scene.team.storage.write() as transaction:
        for kind, body in (
            ("medication_request", order_body("o1", "p1")),
            ("claim", to_body(claim)),
        ):
            at = to_iso(NOW - timedelta(days=9))
            transaction.records.put(
                NewVersion(kind, str(body["id"]), "p1", body, False, None, None, at)
            )
    forced = replace(FORCED, holder_id=kari)
    dose = replace(_dose(scene, scene.nils, "nils", "m1"), forced=forced)
    exchange(scene.team, scene.nils, change(dose))


def _tab(qtbot: QtBot, office: Office, role: Role) -> tuple[OfficePage, SafetyTab]:
    page, _ = office(role, "safety")
    tab = page.tab
    assert isinstance(tab, SafetyTab)
    qtbot.waitUntil(tab.is_quiet)
    settle()
    return page, tab


def _is_listed(tab: SafetyTab) -> bool:
    return tab.rows.current_id is not None


def test_a_prescriber_reads_why_it_was_forced_and_who_to_ring_and_answers_by_keyboard(
    qtbot: QtBot, scene: Scene, office: Office
) -> None:
    _danger(scene)
    page, tab = _tab(qtbot, office, Role.PRESCRIBER)
    assert "Sikkerhetssaker (1)" in [
        page.tabs.tabText(number) for number in range(page.tabs.count())
    ]
    (shown,) = tab.evidence.rows
    assert "nødutdeling" in shown.title
    spoken = "\n".join(label.text() for label in tab.facts.findChildren(type(tab._what)))
    for words in ("Ingen dekning på Kunes", "en annen hadde dagen", "svarte ikke", "Hanne Rud"):
        assert words in spoken
    assert "Kari" in spoken, "who holds the day is named"
    tab.rows.setFocus()
    qtbot.keyClick(tab.rows, Qt.Key.Key_Return)
    assert tab.words.hasFocus()
    qtbot.keyClicks(tab.words, "Ringte Kari. Hun ga ikke.")
    qtbot.keyClick(tab.words, Qt.Key.Key_Tab)
    assert tab.answer.hasFocus()
    qtbot.keyClick(tab.answer, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: tab.is_quiet() and tab.done.isVisible())
    assert not _is_listed(tab)
    tab.answered.setChecked(True)
    qtbot.waitUntil(lambda: tab.is_quiet() and tab.rows.current_id is not None)
    assert not tab.answer.isVisible()


def test_an_empty_answer_is_refused_and_a_filter_finds_by_name_and_kind(
    qtbot: QtBot, scene: Scene, office: Office
) -> None:
    _danger(scene)
    _, tab = _tab(qtbot, office, Role.TEAM_LEADER)
    tab.answer.click()
    assert "Skriv" in tab.words_field.problem
    tab.search.setText("nils")
    assert _is_listed(tab)
    tab.search.setText("balto")
    assert not _is_listed(tab)
    tab.search.clear()
    tab.code.setCurrentIndex(tab.code.findData("interval"))
    assert not _is_listed(tab)
    tab.code.setCurrentIndex(tab.code.findData("forced"))
    assert _is_listed(tab)


def test_what_is_being_typed_stays_when_the_list_is_fetched_anew(
    qtbot: QtBot, scene: Scene, office: Office
) -> None:
    _danger(scene)
    _, tab = _tab(qtbot, office, Role.TEAM_LEADER)
    tab.words.setPlainText("Ringte")
    tab.load()
    qtbot.waitUntil(tab.is_quiet)
    assert tab.words.toPlainText() == "Ringte"


def test_a_secretary_has_no_such_part(office: Office) -> None:
    page, _ = office(Role.SECRETARY)
    assert "safety" not in page.names


def test_a_day_is_opened_again_only_with_words(qtbot: QtBot, scene: Scene, office: Office) -> None:
    _danger(scene)
    who, device = scene.number("nils"), scene.nils.enrolled.device_id
    incident = DoseIncident(
        *("i1", "p1", IncidentType.RETURNED, ("m1",), NOW, NOW, who, device, 5),
        text="Flasken kom tilbake uåpnet",
    )
    wish = Proposal(
        "w1", "p1", "dose_incident", "i1", who, NOW, "Flasken kom tilbake", {"reopen": True}
    )
    exchange(scene.team, scene.nils, change(incident), change(wish))
    page, _ = office(Role.TEAM_LEADER, "proposals")
    tab = page.tab
    assert isinstance(tab, ProposalsTab)
    qtbot.waitUntil(tab.is_quiet)
    settle()
    words = "\n".join(label.text() for label in tab.sides.findChildren(type(tab._who)))
    assert "Levert tilbake" in words
    assert "Flasken kom tilbake uåpnet" in words
    tab.accept.click()
    assert "Skriv hvorfor" in tab.words_field.problem
    tab.words.setText("Sett flasken, den er hel")
    tab.accept.click()
    qtbot.waitUntil(lambda: tab.is_quiet() and tab.done.isVisible())
    with scene.team.storage.read() as transaction:
        (opened,) = transaction.records.of_kind("slot_reopening")
    assert opened.body["administration_ids"] == ["m1"]


def test_nothing_is_cut_off_in_any_look(
    qtbot: QtBot, scene: Scene, office: Office, theme: Theme
) -> None:
    _danger(scene)
    page, _ = _tab(qtbot, office, Role.PRESCRIBER)
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
