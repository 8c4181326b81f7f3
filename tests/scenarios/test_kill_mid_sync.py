"""kill -9 of a laptop's sync at random moments; afterwards everything is there exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from fieldapp.store import outbox
from sync.client.http import HttpSyncService
from sync.client.line import Line
from tests.helpers.server_process import ROOT, ServerProcess
from tests.helpers.sync_world import Laptop, LaptopFactory

KILLS = 6
NOTES_PER_RUN = 12
PATIENTS = 24


@pytest.mark.parametrize("dice", [1, 2])
def test_a_sync_killed_again_and_again_loses_nothing_and_doubles_nothing(
    server: ServerProcess, factory: LaptopFactory, dice: int
) -> None:
    chance = random.Random(dice)
    who = server.new_user("kari")
    patients = [server.office.add_patient(who).id for _ in range(PATIENTS)]
    laptop = server.enrolled_laptop("kari", factory.path())
    laptop.sync()
    store, device = laptop.database.path, laptop.login
    assert device is not None
    assert device.token is not None
    keys = (device.token, device.key.private_bytes_raw().hex())
    signed: list[str] = []
    killed = 0
    for _ in range(KILLS):
        for number in range(NOTES_PER_RUN):
            signed.append(laptop.sign_note(chance.choice(patients), f"besøk {number}"))
        for _ in range(7):
            patients.append(server.office.add_patient(who).id)
        laptop.edit_patient(patients[0], phone=str(len(signed)))
        laptop.close()
        killed += _sync_and_kill(store, server.url, keys, after_lines=chance.randrange(1, 18))
        service = HttpSyncService(server.url, device, Line())
        laptop = Laptop(store, service, laptop.who)

    assert killed >= KILLS // 2  # the dice must not all fall behind the end
    assert laptop.sync().complete
    assert outbox.counts(laptop.database) == outbox.OutboxCounts(0, 0)
    assert laptop.ids("note") == set(signed)
    assert laptop.ids("patient") == set(patients)
    assert laptop.database.damage_report() == []
    for note in signed:
        assert len(server.office.past_bodies("note", note)) == 1
    phones = [body["phone"] for body in server.office.past_bodies("patient", patients[0])]
    assert phones == sorted(set(phones), key=phones.index)  # no edit was applied twice
    assert phones[-1] == str(len(signed))
    for (kind, record_id), (version, body) in laptop.contents().items():
        assert server.office.body(kind, record_id) == body
        assert server.office.version(kind, record_id) == version
    laptop.close()


def _sync_and_kill(store: Path, url: str, keys: tuple[str, str], *, after_lines: int) -> bool:
    """Run a sync in a process and kill it after so many lines; True when it had not ended."""
    command = [sys.executable, "-m", "tests.helpers.sync_child", str(store), url, *keys]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(after_lines):
            if not child.stdout.readline():
                return False
        child.kill()
        return child.wait() != 0
