"""The dialog on a real server in this process: found, opened with a reason, told until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.patients import Role
from sync.client.access import (
    FindPatientRequest,
    FoundAnswer,
    FoundPatient,
    OpenedAnswer,
    OpenPatientRequest,
)
from sync.protocol.errors import OfflineError
from sync.server.access import find_patient, open_patient
from sync.server.identity import Identity
from tests.helpers.pages import make_context
from tests.helpers.ward import SOLVEIG, Ward
from tests.sync.server.team import Team, change, patient
from tests.ui.office.conftest import Scene, scene
from ui.access.desk import AccessDesk
from ui.access.dialog import OpenOthersDialog
from ui.patients.page import PatientsPage
from ui.tasks import TaskRunner
from ui.theme import Theme

__all__ = ["scene"]

NUMBER = "13097248022"
T = TypeVar("T")


class Server:
    """Attributes: `trouble` is raised instead of an answer."""

    def __init__(self, team: Team, who: Identity) -> None:
        self.team, self.who = team, who
        self.trouble: Exception | None = None

    def prepare(self) -> AccessDesk:
        return AccessDesk(
            lambda request: self._checked(lambda: find_patient(self.team.world, self.who, request)),
            lambda request: self._checked(lambda: open_patient(self.team.world, self.who, request)),
        )

    def _checked(self, call: Callable[[], T]) -> T:
        if self.trouble is not None:
            raise self.trouble
        return call()


@pytest.fixture
def server(scene: Scene) -> Server:
    person = patient("p9", national_id=NUMBER, birth_date=date(1972, 9, 13))
    scene.nils.push(change(person))
    enrolled = scene.kari.enrolled
    return Server(
        scene.team, Identity(scene.number("kari"), enrolled.device_id, Role.CASE_MANAGER.value)
    )


@pytest.fixture
def dialog(
    qtbot: QtBot, ward: Ward, server: Server, tasks: TaskRunner, theme: Theme
) -> Iterator[OpenOthersDialog]:
    context = make_context(ward.session, tasks, theme)
    parent = QWidget()
    parent.resize(1366, 768)
    qtbot.addWidget(parent)
    parent.show()
    shown = OpenOthersDialog(context, parent, prepare=server.prepare)
    shown.open()
    yield shown
    shown.close()
    parent.close()


def press(qtbot: QtBot, dialog: OpenOthersDialog) -> None:
    qtbot.mouseClick(dialog.confirm_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog._asking)


def find(qtbot: QtBot, dialog: OpenOthersDialog, number: str = NUMBER) -> None:
    qtbot.keyClicks(dialog.national_id, number)
    press(qtbot, dialog)


def test_the_dialog_says_first_what_is_logged(dialog: OpenOthersDialog) -> None:
    assert "logges" in dialog._about.text.text()
    assert not dialog.reason.isVisible()
    assert dialog.confirm_button.text().strip() == "Søk"


def test_a_patient_is_found_and_opened_with_a_reason_and_words(
    qtbot: QtBot, dialog: OpenOthersDialog, server: Server
) -> None:
    find(qtbot, dialog)
    assert dialog.reason.isVisible()
    press(qtbot, dialog)
    assert "Velg hvorfor" in dialog.problem.text.text()
    dialog.reason.choose(AccessReason.BTG)
    press(qtbot, dialog)
    assert "Skriv hvorfor" in dialog.words_field.problem
    with server.team.storage.read() as transaction:
        assert transaction.access.listed(5) == []
    qtbot.keyClicks(dialog.words, "Kona ringte")
    press(qtbot, dialog)
    with server.team.storage.read() as transaction:
        (opening,) = transaction.access.listed(5)
    assert (opening.patient_id, opening.reason, opening.words) == ("p9", "BTG", "Kona ringte")
    assert "ligger på listen din til 23.11. 17:40" in dialog._done.text.text()
    assert not dialog.confirm_button.isVisible()


def test_what_was_typed_stays_without_a_line_and_one_opening_is_one(
    qtbot: QtBot, dialog: OpenOthersDialog, server: Server
) -> None:
    find(qtbot, dialog)
    dialog.reason.choose(AccessReason.ETREAT)
    qtbot.keyClicks(dialog.words, "Ikke kontakt")
    server.trouble = OfflineError()
    press(qtbot, dialog)
    assert dialog.problem.text.text()
    assert dialog.words.toPlainText() == "Ikke kontakt"
    server.trouble = None
    press(qtbot, dialog)
    with server.team.storage.read() as transaction:
        assert len(transaction.access.listed(5)) == 1


def test_each_patient_whose_opening_got_no_answer_has_an_opening_of_their_own(
    qtbot: QtBot, dialog: OpenOthersDialog
) -> None:
    asked: list[OpenPatientRequest] = []

    def find_two(request: FindPatientRequest) -> FoundAnswer:
        return FoundAnswer(
            patients=[
                FoundPatient(patient_id=one, name=one, birth_year=1972, followed=False)
                for one in ("p8", "p9")
            ],
            more=False,
        )

    def no_answer(request: OpenPatientRequest) -> OpenedAnswer:
        asked.append(request)
        raise OfflineError

    dialog._prepare = lambda: AccessDesk(find_two, no_answer)
    find(qtbot, dialog)
    dialog.reason.choose(AccessReason.ETREAT)
    for patient_id in ("p8", "p9", "p9"):
        dialog.found.select_id(patient_id)
        press(qtbot, dialog)
    assert [one.patient_id for one in asked] == ["p8", "p9", "p9"]
    assert asked[0].id != asked[1].id == asked[2].id


def test_nobody_found_and_half_a_number_are_said_in_words(
    qtbot: QtBot, dialog: OpenOthersDialog
) -> None:
    find(qtbot, dialog, "13097248")
    assert "elleve siffer" in dialog.problem.text.text()
    qtbot.keyClicks(dialog.national_id, "023")
    press(qtbot, dialog)
    assert "Ingen funnet" in dialog._nobody.text()
    qtbot.keyClick(dialog.national_id, Qt.Key.Key_Backspace)
    assert dialog._nobody.text() == ""


def test_one_goes_back_to_what_was_searched_for(qtbot: QtBot, dialog: OpenOthersDialog) -> None:
    find(qtbot, dialog)
    assert not dialog.national_id.isVisible()
    qtbot.mouseClick(dialog.again, Qt.MouseButton.LeftButton)
    assert not dialog.found.isVisible()
    assert dialog.national_id.text() == NUMBER
    assert dialog.confirm_button.text().strip() == "Søk"


@pytest.mark.parametrize(
    ("role", "offered"),
    [(Role.CASE_MANAGER, True), (Role.PEER, False), (Role.SECRETARY, False)],
)
def test_the_list_offers_it_to_those_who_may_and_only_with_a_line(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, role: Role, offered: bool
) -> None:
    session = replace(ward.session, user=replace(SOLVEIG, role=role))
    context = make_context(session, tasks, theme)
    page = PatientsPage(context)
    qtbot.addWidget(page)
    page.show()
    assert page.others.isVisible() == offered
    if offered:
        assert page.others.isEnabled()
        context.sync.turn(False)  # type: ignore[attr-defined]
        assert not page.others.isEnabled()


def test_the_server_is_asked_as_the_dialog_asks(server: Server) -> None:
    found = server.prepare().find(FindPatientRequest(national_id=NUMBER))
    assert [one.patient_id for one in found.patients] == ["p9"]
