"""What the window offers each role: a first page that is not empty, and no page that refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.patients import Role
from fieldapp.services.session import Session
from tests.helpers.ward import AASE, SOLVEIG, Ward
from tests.helpers.windows import show_workspace
from ui.pages import PAGES
from ui.rights import may_open
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.workspace import Workspace

FIRST: Final = {
    Role.WITNESS: "witness",
    Role.AUDITOR: "office",
    Role.ADMINISTRATOR: "office",
    Role.RECOVERY_OFFICER: "office",
    Role.RECORD_RESPONSIBLE: "office",
}
"""Everybody else begins with the day."""

DAILY: Final = {"today", "patients", "handout", "register", "sync"}
RAIL: Final[dict[Role, set[str]]] = {
    Role.CASE_MANAGER: DAILY | {"office"},
    Role.LAR_STAFF: DAILY | {"office"},
    Role.SPECIALIST: DAILY | {"office"},
    Role.TEAM_LEADER: DAILY | {"office"},
    Role.PRESCRIBER: {"today", "patients", "handout", "sync", "office"},
    Role.SECRETARY: {"today", "patients", "register", "sync", "office"},
    Role.PEER: {"today", "patients", "sync"},
    Role.WITNESS: {"witness", "sync"},
    Role.AUDITOR: {"sync", "office"},
    Role.ADMINISTRATOR: {"sync", "office"},
    Role.RECOVERY_OFFICER: {"sync", "office"},
    Role.RECORD_RESPONSIBLE: {"sync", "office"},
}


def window_for(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, role: Role) -> Workspace:
    session = replace(ward.session, user=replace(SOLVEIG, role=role))
    return show_workspace(qtbot, replace(ward, session=session), tasks, theme)


@pytest.mark.parametrize("role", Role)
def test_the_rail_and_the_first_page_are_those_of_the_role(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, role: Role
) -> None:
    window = window_for(qtbot, ward, tasks, theme, role)
    assert {page for page in PAGES if window._rail.has(page)} - {"settings"} == RAIL[role]
    window.navigate(window.first_page)
    assert window.first_page == FIRST.get(role, "today")
    assert window.page is window._built[window.first_page]
    for page in ("sync", "settings"):
        window.navigate(page)
        assert window.page is window._built[page]


@pytest.mark.parametrize("role", FIRST)
def test_a_page_of_patients_is_not_shown_to_who_reads_none(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, role: Role
) -> None:
    window = window_for(qtbot, ward, tasks, theme, role)
    window.navigate("patient", patient_id=AASE)
    assert set(window._built) == {window.first_page}
    window.top_bar.focus_search()
    offered = {hit.target for hit in window.top_bar.search.hits}
    assert not {page for page in offered if page in PAGES and not may_open(_of(window), page)}


def _of(window: Workspace) -> Session:
    return window.context.session


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (Role.SECRETARY, {"newVisit", "editCritical", "openHandout"}),
        (Role.PEER, {"openHandout"}),
        (Role.CASE_MANAGER, set()),
    ],
)
def test_the_patients_page_offers_what_the_role_may_do(
    qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme, role: Role, hidden: set[str]
) -> None:
    window = window_for(qtbot, ward, tasks, theme, role)
    window.navigate("patient", patient_id=AASE, tab="medication")
    names = ("newVisit", "editCritical", "openHandout")
    buttons = {name: window.page.findChild(QPushButton, name) for name in names}  # type: ignore[union-attr]
    assert all(buttons.values())
    assert {name for name, one in buttons.items() if one and one.isHidden()} == hidden
