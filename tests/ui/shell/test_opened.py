"""A store that takes no line of the log closes no page; the line is written when it can be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fieldapp.services.session import Session
from fieldapp.store import audit
from fieldapp.store.audit import AuditLine
from tests.helpers.ward import AASE, MARET, Ward
from ui.handout.page import HandoutPage
from ui.opened import OpenedLines
from ui.patient.page import PatientPage
from ui.rapid_test.page import RapidTestPage
from ui.screening.page import ScreeningPage
from ui.shots import settle
from ui.visit.page import VisitPage
from ui.widgets import Banner
from ui.workspace import Workspace


def _writable(session: Session, yes: bool) -> None:
    """What a folder without the right to write does to the store."""
    session.database.connection.execute(f"PRAGMA query_only = {'OFF' if yes else 'ON'}")


def _opened(ward: Ward, patient_id: str) -> list[AuditLine]:
    return [
        line for line in audit.lines(ward.session.database, patient_id) if line.action == "open"
    ]


def _banner(workspace: Workspace) -> Banner:
    settle()
    banner = workspace.findChild(Banner, "openedUnwritten")
    assert banner is not None
    return banner


def _lines(workspace: Workspace) -> OpenedLines:
    lines = workspace.context.opened
    assert lines is not None
    return lines


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("patient", PatientPage),
        ("visit", VisitPage),
        ("screening", ScreeningPage),
        ("rapid_test", RapidTestPage),
        ("handout", HandoutPage),
    ],
)
def test_every_patients_page_opens_in_a_store_that_cannot_be_written(
    workspace: Workspace, ward: Ward, page: str, kind: type
) -> None:
    _writable(ward.session, False)

    workspace.navigate(page, patient_id=AASE)

    settle()
    assert isinstance(workspace.page, kind)
    banner = _banner(workspace)
    assert banner.isVisible()
    assert "arbeide videre" in banner.text.text()
    assert not _opened(ward, AASE)
    _writable(ward.session, True)
    _lines(workspace).timer.timeout.emit()
    assert [line.kind for line in _opened(ward, AASE)] == [page]
    assert not _banner(workspace).isVisible()
    assert not _lines(workspace).timer.isActive()


def test_a_line_that_waited_says_when_the_patient_was_opened(
    workspace: Workspace, ward: Ward
) -> None:
    clock = ward.clock
    _writable(ward.session, False)
    opened_at = clock.now()
    workspace.navigate("visit", patient_id=MARET)
    clock.advance(timedelta(minutes=20))
    _writable(ward.session, True)

    workspace.navigate("visit", patient_id=AASE)

    (line,) = _opened(ward, MARET)
    (later,) = _opened(ward, AASE)
    assert line.at < later.at
    assert line.at.startswith(f"{opened_at:%Y-%m-%dT%H:%M}")
    assert line.sequence < later.sequence
    assert audit.first_broken(ward.session.database) is None


def test_a_line_that_was_never_taken_is_written_after_the_next_unlocking(
    workspace: Workspace, ward: Ward
) -> None:
    _writable(ward.session, False)
    workspace.navigate("patient", patient_id=AASE)
    stand = workspace.stand()
    assert stand is not None
    assert [line.patient_id for line in stand.unwritten] == [AASE]
    _lines(workspace).waiting = ()
    _writable(ward.session, True)

    assert workspace.return_to(stand)

    assert len(_opened(ward, AASE)) == 1
