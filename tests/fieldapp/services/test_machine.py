"""What the computer tells of battery and disk is read as it stands, and nothing is guessed."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.services import machine, trip
from fieldapp.services.machine import Battery, battery_from_pmset
from fieldapp.services.session import Session
from fieldapp.store import inbox
from tests.helpers.stores import START

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads the files of Linux")


def _supply(system_files: Path, name: str, **values: str) -> None:
    folder = system_files / "class" / "power_supply" / name
    folder.mkdir(parents=True)
    for key, value in values.items():
        (folder / key).write_text(f"{value}\n", encoding="ascii")


def _disk(system_files: Path, of: Path) -> Path:
    device = os.stat(of).st_dev
    folder = system_files / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
    folder.mkdir(parents=True)
    return folder


@linux_only
def test_the_battery_of_the_computer_is_read_and_that_of_a_mouse_is_not(tmp_path: Path) -> None:
    _supply(tmp_path, "AC", type="Mains")
    _supply(tmp_path, "ABC-mouse", type="Battery", scope="Device", capacity="3", status="Full")
    _supply(tmp_path, "BAT0", type="Battery", capacity="74", status="Discharging")
    assert machine.battery(tmp_path) == Battery(74, charging=False)


@linux_only
def test_a_computer_without_a_battery_says_nothing_of_it(tmp_path: Path) -> None:
    assert machine.battery(tmp_path) is None


@linux_only
def test_a_disk_on_an_encrypted_layer_is_encrypted_and_a_plain_one_is_not(tmp_path: Path) -> None:
    disk = _disk(tmp_path, tmp_path)
    assert machine.disk_encrypted(tmp_path, tmp_path) is False
    layer = disk / "slaves" / "dm-0" / "dm"
    layer.mkdir(parents=True)
    (layer / "uuid").write_text("CRYPT-LUKS2-1234\n", encoding="ascii")
    assert machine.disk_encrypted(tmp_path, tmp_path) is True


@linux_only
def test_a_file_system_without_a_disk_tells_nothing(tmp_path: Path) -> None:
    assert machine.disk_encrypted(tmp_path, tmp_path / "nothing") is None


def test_what_macos_says_of_the_battery_is_understood() -> None:
    said = (
        "Now drawing from 'Battery Power'\n"
        " -InternalBattery-0 (id=1)\t83%; discharging; 4:12 remaining present: true\n"
    )
    assert battery_from_pmset(said) == Battery(83, charging=False)
    assert battery_from_pmset("Now drawing from 'AC Power'\n") is None
    assert battery_from_pmset(None) is None


@linux_only
def test_a_low_battery_holds_back_and_a_plain_disk_is_advice(
    session: Session, tmp_path: Path
) -> None:
    inbox.finish(session.database, START)
    trip.note_passphrase_verified(session)
    folder = session.database.path.parent
    _disk(tmp_path / "sys", folder)
    _supply(tmp_path / "sys", "BAT0", type="Battery", capacity="31", status="Discharging")
    checks = {check.code: check for check in trip.checklist(session, tmp_path / "sys")}
    assert (checks["battery"].ok, checks["battery"].needed) == (False, True)
    assert (checks["disk_encrypted"].ok, checks["disk_encrypted"].needed) == (False, False)
    assert not trip.ready(list(checks.values()))
    assert trip.ready([check for check in checks.values() if check.code != "battery"])


def test_the_proof_of_a_passphrase_counts_for_a_week(
    session: Session, clock: FixedClock, tmp_path: Path
) -> None:
    def proved() -> bool:
        return next(c.ok for c in trip.checklist(session, tmp_path) if c.code == "passphrase")

    assert not proved()
    trip.note_passphrase_verified(session)
    clock.advance(timedelta(days=6))
    assert proved()
    clock.advance(timedelta(days=2))
    assert not proved()
