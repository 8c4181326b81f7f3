"""What an operator does to a running server, and laptops that never lose by it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fieldapp.store import outbox
from sync.client.http import HttpSyncService
from sync.server import backup
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.postgres import postgres_server, postgres_url
from tests.helpers.server_process import RunningServer, ServerProcess
from tests.helpers.small_disk import fill, mounted
from tests.helpers.sync_world import Laptop, LaptopFactory

__all__ = ["postgres_server", "postgres_url"]

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def speak_to(laptop: Laptop, server: RunningServer) -> HttpSyncService:
    """Let a laptop's line lead to another process of the same server."""
    assert laptop.login is not None
    service = HttpSyncService(server.url, laptop.login, laptop.coverage)
    laptop.line.real = service
    return service


# --- several processes on one PostgreSQL


@pytest.fixture
def pair(tmp_path: Path, postgres_url: str) -> Iterator[tuple[ServerProcess, RunningServer]]:
    """Two processes on one PostgreSQL."""
    first = ServerProcess(tmp_path / "unused", postgres_url)
    second = RunningServer(first.where)
    first.start()
    second.start()
    yield first, second
    second.kill()
    first.close()


def test_a_laptop_that_meets_now_one_process_and_now_the_other_loses_and_doubles_nothing(
    pair: tuple[ServerProcess, RunningServer], factory: LaptopFactory
) -> None:
    first, second = pair
    who = [first.new_user("kari"), first.new_user("ola")]
    patient = first.office.add_patient(*who)
    kari = first.enrolled_laptop("kari", factory.path())
    ola = first.enrolled_laptop("ola", factory.path())
    with closing(kari), closing(ola):
        made = set()
        for turn in range(6):
            made.add(kari.sign_note(patient.id, f"Kari {turn}"))
            made.add(ola.sign_note(patient.id, f"Ola {turn}"))
            with (
                speak_to(kari, (first, second)[turn % 2]),
                speak_to(ola, (second, first)[turn % 2]),
            ):
                assert kari.sync().complete
                assert ola.sync().complete
        with speak_to(kari, second):
            assert kari.sync().complete
        assert kari.ids("note") == ola.ids("note") == made
        assert kari.contents() == ola.contents()
        assert not kari.unsent()


def test_a_process_that_dies_in_the_middle_is_replaced_by_the_other(
    pair: tuple[ServerProcess, RunningServer], factory: LaptopFactory
) -> None:
    first, second = pair
    patient = first.office.add_patient(first.new_user("kari"))
    with closing(first.enrolled_laptop("kari", factory.path())) as kari:
        assert kari.sync().complete
        note = kari.sign_note(patient.id, "Før strømbruddet")
        with speak_to(kari, second):
            second.kill()
            assert not kari.sync().complete
        assert len(kari.unsent()) == 1
        with speak_to(kari, first):
            assert kari.sync().complete
        assert first.office.version("note", note)


# --- a copy is put in place


def test_a_server_that_came_back_from_its_copy_is_offered_again_what_it_lost(
    server: ServerProcess, factory: LaptopFactory, tmp_path: Path
) -> None:
    """The laptop's cursor shows the server that it was set back: nobody has to tell it."""
    patient = server.office.add_patient(server.new_user("kari"), server.new_user("ola"))
    kari = server.enrolled_laptop("kari", factory.path())
    ola = server.enrolled_laptop("ola", factory.path())
    folder = tmp_path / "server"
    with closing(kari), closing(ola):
        kept = kari.sign_note(patient.id, "Før kopien")
        assert kari.sync().complete
        backup.back_up(folder, None, tmp_path / "copy", NOW, with_key=True)
        lost = [kari.sign_note(patient.id, f"Etter kopien {number}") for number in range(3)]
        kari.hand_out(patient.id, DAY)
        assert kari.sync().complete
        assert ola.sync().complete
        server.close()
        shutil.rmtree(folder)
        backup.restore(folder, None, tmp_path / "copy")
        back = RunningServer(server.where)
        back.start()
        try:
            kari.may_heal = ola.may_heal = True
            with speak_to(kari, back), speak_to(ola, back):
                # Something new first: the numbers that were given out twice must not deceive.
                newest = ola.sign_note(patient.id, "Ny, etter gjenopprettingen")
                assert ola.sync().complete
                assert kari.sync().complete
                assert ola.sync().complete
            assert kari.ids("note") == ola.ids("note") == {kept, *lost, newest}
            assert kari.contents() == ola.contents()
            assert not kari.unsent()
            assert not ola.unsent()
        finally:
            back.kill()
        with (
            closing(Storage(sqlite.open_existing(folder))) as storage,
            storage.read() as transaction,
        ):
            found = {one.id for one in transaction.records.of_patient(patient.id, "note")}
            assert found == {kept, *lost, newest}
            assert transaction.records.count("medication_administration") == 1
            assert transaction.facts.kept_digest() == transaction.facts.worked_out_digest()
            assert transaction.records.state().epoch == 1


# --- the disk is full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MiB of its own."""
    with mounted(tmp_path / "small", 6 * 1024 * 1024) as place:
        yield place


def test_a_full_server_disk_stores_nothing_half_and_the_laptop_keeps_everything(
    small_disk: Path, factory: LaptopFactory
) -> None:
    server = ServerProcess(small_disk / "server")
    server.start()
    try:
        patient = server.office.add_patient(server.new_user("kari"))
        with closing(server.enrolled_laptop("kari", factory.path())) as kari:
            assert kari.sync().complete
            ballast = fill(small_disk, "ballast")
            os.truncate(ballast, ballast.stat().st_size - 64 * 1024)
            notes = {kari.sign_note(patient.id, f"{number} " * 4000) for number in range(60)}
            before = outbox.counts(kari.database).waiting
            report = kari.sync()
            assert (report.complete, report.error_code) == (False, "server_full")
            assert outbox.counts(kari.database).waiting == before
            with server.office.storage.read() as transaction:
                assert not transaction.records.of_patient(patient.id, "note")
                assert transaction.facts.kept_digest() == transaction.facts.worked_out_digest()
            ballast.write_bytes(b"")
            # The disk itself is too small for all of it; a few fit once there is room.
            report = kari.sync()
            assert report.complete, report
            with server.office.storage.read() as transaction:
                found = transaction.records.of_patient(patient.id, "note")
            assert {one.id for one in found} == notes
            assert not kari.unsent()
    finally:
        server.close()
