"""The chains of the laptops' logs, and the pages of both logs, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fieldapp.domain.access_log import START
from fieldapp.domain.patients import Role
from sync.protocol.control import ChainFault, LogRequest, LogSource
from sync.protocol.errors import BadRequestError
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


def lines(count: int, action: str = "open", patient_id: str = "p1") -> list[LogLine]:
    return [
        LogLine(
            sequence=number,
            at=f"2026-11-23T07:{number // 60:02}:{number % 60:02}.000Z",
            actor_id="u1",
            action=action,
            kind="patient",
            record_id=patient_id,
            patient_id=patient_id,
            reason="TREAT",
        )
        for number in range(1, count + 1)
    ]


def send(team: Team, laptop: Laptop, some: list[LogLine], after: str = START) -> str:
    return exchange(team, laptop, log=LogPart(after=after, lines=some)).log_head.hash


def faults(team: Team) -> dict[str, ChainFault | None]:
    auditor = desk(team, Role.AUDITOR, f"revisor{team.clock.now().timestamp()}")
    return {row.device_id: row.fault for row in auditor.log_chains().chains}


def run(team: Team, text: str, *values: object) -> None:
    with team.storage.write() as transaction:
        transaction._db.run(text, values)


def test_a_whole_log_has_no_fault(team: Team, kari: Laptop) -> None:
    send(team, kari, lines(4))
    assert faults(team)[kari.enrolled.device_id] is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("UPDATE access_log SET reason = 'ETREAT' WHERE sequence = 2", ChainFault.BROKEN),
        ("UPDATE access_log SET patient_id = NULL WHERE sequence = 1", ChainFault.BROKEN),
        ("UPDATE access_log SET at = '2026' WHERE sequence = 4", ChainFault.BROKEN),
        ("DELETE FROM access_log WHERE sequence = 2", ChainFault.MISSING),
        ("DELETE FROM access_log WHERE sequence = 4", ChainFault.MISSING),
        ("DELETE FROM access_log", ChainFault.MISSING),
    ],
)
def test_whatever_is_done_to_a_line_at_the_server_shows(
    team: Team, kari: Laptop, text: str, fault: ChainFault
) -> None:
    send(team, kari, lines(4))
    run(team, text)
    assert faults(team)[kari.enrolled.device_id] is fault


def test_a_log_that_was_written_anew_shows_as_one_with_two_ends(team: Team, kari: Laptop) -> None:
    send(team, kari, lines(3))
    send(team, kari, lines(3, action="sign"))
    assert faults(team)[kari.enrolled.device_id] is ChainFault.FORKED


def test_a_laptop_that_sends_changes_and_keeps_its_lines_back_shows(
    team: Team, kari: Laptop
) -> None:
    assert faults(team)[kari.enrolled.device_id] is None
    team.clock.advance(timedelta(days=2))
    assert faults(team)[kari.enrolled.device_id] is ChainFault.SILENT
    fresh = desk(team, Role.AUDITOR, "revisor")
    send(team, team.laptop("kari"), lines(1))  # her other laptop says nothing of this one
    found = {row.device_id: row.fault for row in fresh.log_chains().chains}
    assert found[kari.enrolled.device_id] is ChainFault.SILENT


def test_both_logs_come_as_one_page_by_page_without_a_gap_or_a_repetition(
    team: Team, kari: Laptop
) -> None:
    send(team, kari, lines(230))
    auditor = desk(team, Role.AUDITOR, "revisor")
    seen = []
    request = LogRequest(patient_id="p1")
    while True:
        answer = auditor.access_log(request)
        seen += [entry for entry in answer.entries if entry.source is LogSource.LAPTOP]
        if not answer.next:
            break
        request = request.model_copy(update={"after": answer.next})
    moments = [entry.at for entry in seen]
    assert len(moments) == len(set(moments)) == 230
    assert moments == sorted(moments, reverse=True)
    assert {entry.reason for entry in seen} == {"TREAT"}
    # Every question stood in the log by the time of the next one.
    answer = auditor.access_log(LogRequest(action="access_log"))
    assert {entry.source for entry in answer.entries} == {LogSource.OFFICE}
    assert all(entry.patient_id == "p1" for entry in answer.entries)


@pytest.mark.parametrize("after", ["x", "a|b", "a|b|c|d", "a|b\x00|c"])
def test_a_made_up_place_is_refused(team: Team, after: str) -> None:
    with pytest.raises(BadRequestError):
        desk(team, Role.AUDITOR).access_log(LogRequest(after=after))
