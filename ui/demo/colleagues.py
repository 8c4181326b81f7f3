"""More laptops on the demo's stage; everything is made by the real programs on the real server.

The locum who was up first, for every demo; the office's own laptop and a second one that has met
trouble, for the pictures of the office.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

from fieldapp.bootstrap import ORIGIN_DEMO, Door, door_for
from fieldapp.clock import SystemClock
from fieldapp.domain.claims import day_unit
from fieldapp.domain.medication import Slot
from fieldapp.domain.patients import Role
from fieldapp.domain.readiness import Code
from fieldapp.domain.supply import STORE, Item, Unit
from fieldapp.services import (
    claims,
    medication,
    patients,
    reference,
    register_acts,
    register_view,
    setup,
)
from fieldapp.services.session import Session
from sync.client.enrol import enrol
from ui.demo.stage import PASSPHRASE, DemoError, Say, Stage, enrolment_code, server_command
from ui.sync.connection import HttpConnection

OFFICE_USER = "kontor"
LOCUM = "astrid.nygaard"
LOCUM_NAME = "Astrid Nygård"
LOCUM_PHONE = "012 93 417"  # no Norwegian subscriber's number begins with 0
CUPBOARD = "Medisinskap, basen"
_DELIVERED = {Unit.ML: Decimal(1000), Unit.TABLET: Decimal(200), Unit.PIECE: Decimal(5)}
_MARK = "locum.txt"


def locum_was_here(stage: Stage, say: Say) -> None:
    """Once a day: a locum has one patient's day on her laptop, and has filled the cupboard.

    So the case manager's round meets a day that somebody else holds. Begins anew where an earlier
    start was interrupted. The case manager's laptop must be filled and locked.
    """
    with _open(stage.door) as session:
        day = medication.service_day(session)
        mark = stage.folder / _MARK
        if mark.is_file() and mark.read_text(encoding="utf-8") == day.isoformat():
            return
        say("A colleague reserves a patient's day and fills the cupboard …")
        wanted, items = _day_for_locum(session, day), register_view.overview(session).items
    with _open(_locum_door(stage)) as session:
        if wanted is not None:
            _follow(stage, wanted[0])
        _sync(stage, session)
        cupboards = {store.ledger for store in register_view.overview(session).stores}
        if STORE + CUPBOARD not in cupboards:
            for item in items:
                _receive(session, item)
        if wanted is not None:
            claims.wish(session, [wanted])
        _sync(stage, session)
    mark.write_text(day.isoformat(), encoding="utf-8")


def _day_for_locum(session: Session, day: date) -> claims.Unit | None:
    """The day of the round's last patient with an ordinary dose that nobody has asked for yet."""
    found = [
        (row.patient.id, medication.group_of(slot.slot.request), day_unit(day))
        for row in medication.round_for(session, day)
        for slot in row.slots
        if is_ordinary(slot.slot) and not slot.standing and slot.verdict is not None
        if Code.NOT_CLAIMED in slot.verdict.codes
    ]
    return found[-1] if found else None


def is_ordinary(slot: Slot) -> bool:
    """True for a controlled dose under observation, without a depot and without days at home."""
    order = slot.request
    controlled = reference.substances().group_of(order).controlled
    return controlled and not order.is_depot and not order.take_home_weekdays


def _receive(session: Session, item: Item) -> None:
    units = _DELIVERED[Unit(item.unit)]
    register_acts.receive(session, STORE + CUPBOARD, item, units, voucher="Demo 1")


def _follow(stage: Stage, patient_id: str) -> None:
    command = server_command(stage.folder / "server", "assign", LOCUM, patient_id)
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        raise DemoError("The colleague could not be given a patient.")


def _locum_door(stage: Stage) -> Door:
    """The locum's own account and laptop, made the first time; the door is locked."""
    door = door_for(LOCUM, stage.folder / "locum", origin=ORIGIN_DEMO, clock=SystemClock())
    if door.exists():
        door.unlock(PASSPHRASE)
        try:
            assert door.database is not None
            if setup.load_enrolment(door.database) is not None:
                return door
        finally:
            door.lock()
        # An earlier start was interrupted before the server knew this laptop.
        shutil.rmtree(stage.folder / "locum")
    else:
        with suppress(DemoError):  # an earlier start may have made it before it was interrupted
            _add_account(stage, LOCUM, LOCUM_NAME, Role.LAR_STAFF, "--phone", LOCUM_PHONE)
    return _enrolled(stage, LOCUM, "LAR-laptop", "locum")


def office_door(stage: Stage) -> Door:
    """Give the office an account and a laptop; the door to its store is locked."""
    _add_account(stage, OFFICE_USER, "Solveig Lund", Role.TEAM_LEADER)
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


def _add_account(stage: Stage, username: str, name: str, role: Role, *more: str) -> None:
    words = ("user", "add", username, "--name", name, "--role", role.value, *more)
    done = subprocess.run(
        server_command(stage.folder / "server", *words, "--password-stdin"),
        input=stage.facts.server_password + "\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise DemoError(f"There is no account for {username}.")


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
