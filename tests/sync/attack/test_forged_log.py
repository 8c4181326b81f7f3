"""A changed laptop that writes its own log: in a colleague's name, from the future, without end."""

from __future__ import annotations

import pytest

from fieldapp.domain.access_log import START
from fieldapp.domain.patients import Role
from sync.protocol.control import LogEntry, LogPrintRequest, LogRequest
from sync.protocol.messages import LogLine, LogPart
from sync.server.storage.storage import Storage
from tests.sync.server.desk import desk, exchange
from tests.sync.server.team import Laptop, Team, change, patient


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()))
    return laptop


def line(actor_id: str, sequence: int = 1) -> LogLine:
    return LogLine(
        sequence=sequence,
        at="2026-11-23T07:00:00.000Z",
        actor_id=actor_id,
        action="open",
        kind="patient",
        record_id="p1",
        patient_id="p1",
        reason="TREAT",
    )


def seen(team: Team, laptop: Laptop, *lines: LogLine) -> list[LogEntry]:
    exchange(team, laptop, log=LogPart(after=START, lines=list(lines)))
    auditor = desk(team, Role.AUDITOR, "revisor")
    request = LogRequest(device_id=laptop.enrolled.device_id)
    printed = auditor.log_print(LogPrintRequest(patient_id="p1")).entries
    page = auditor.access_log(request).entries
    assert [one.laptop_of for one in page] == [
        one.laptop_of for one in printed if one.device_id == laptop.enrolled.device_id
    ]
    return page


def test_a_line_in_a_colleagues_name_says_whose_laptop_wrote_it(team: Team, kari: Laptop) -> None:
    """Otherwise a changed laptop makes it look as if a colleague had read the record."""
    ola = team.add_user("ola")
    (entry,) = seen(team, kari, line(ola))
    assert (entry.actor_name, entry.laptop_of) == ("Ola", "Kari")


def test_a_line_in_ones_own_name_says_nothing_of_it(team: Team, kari: Laptop) -> None:
    (entry,) = seen(team, kari, line(str(kari.enrolled.practitioner["id"])))
    assert (entry.actor_name, entry.laptop_of) == ("Kari", "")
