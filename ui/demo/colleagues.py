"""More laptops on the demo's stage: the office's own, and a second one that has met trouble.

Used for the pictures of the office; everything is made by the real programs on the real server.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fieldapp.bootstrap import ORIGIN_DEMO, Door, door_for
from fieldapp.clock import SystemClock
from fieldapp.domain.patients import Role
from fieldapp.services import patients
from fieldapp.services.session import Session
from sync.client.enrol import enrol
from ui.demo.stage import PASSPHRASE, DemoError, Stage, enrolment_code, server_command
from ui.sync.connection import HttpConnection

OFFICE_USER = "kontor"


def office_door(stage: Stage) -> Door:
    """Give the office an account and a laptop; the door to its store is locked."""
    done = subprocess.run(
        server_command(
            stage.folder / "server",
            *("user", "add", OFFICE_USER, "--name", "Solveig Lund"),
            *("--role", Role.TEAM_LEADER.value, "--password-stdin"),
        ),
        input=stage.facts.server_password + "\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise DemoError("The office got no account.")
    door = _enrolled(stage, OFFICE_USER, "Kontor-laptop", "office")
    with _open(door) as session:
        _sync(stage, session)
    return door


def meet_trouble(stage: Stage) -> None:
    """Let the case manager change one patient on two laptops, and register a number twice."""
    second = _enrolled(stage, stage.facts.username, "Feltlaptop 2", "second")
    with _open(second) as session:
        _sync(stage, session)
    with _open(stage.door) as session:
        first, other, *_ = [row.patient for row in patients.rows(session)]
        patients.update(session, replace(first, phone="400 00 111", address="Fjellveien 8"))
        _sync(stage, session)
    with _open(second) as session:
        first = next(row.patient for row in patients.rows(session) if row.patient.id == first.id)
        other = next(row.patient for row in patients.rows(session) if row.patient.id == other.id)
        patients.update(session, replace(first, phone="400 00 222", address="Storgata 14"))
        patients.update(session, replace(other, national_id=first.national_id))
        _sync(stage, session)
        # Told at its next sync, and so reported there.
        _sync(stage, session)


def _enrolled(stage: Stage, username: str, device: str, folder: str) -> Door:
    door = door_for(username, stage.folder / folder, origin=ORIGIN_DEMO, clock=SystemClock())
    door.create(PASSPHRASE)
    door.enrol(
        enrol(
            stage.server_url,
            enrolment_code(stage.folder / "server", username),
            username=username,
            password=stage.facts.server_password,
            device_name=device,
        )
    )
    door.lock()
    return door


@contextmanager
def _open(door: Door) -> Iterator[Session]:
    door.unlock(PASSPHRASE)
    try:
        yield door.session()
    finally:
        door.lock()


def _sync(stage: Stage, session: Session) -> None:
    connection = HttpConnection(session, stage.line)
    try:
        connection.run(lambda _: None, lambda: False)
    finally:
        connection.close()
