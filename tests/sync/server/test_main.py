"""The server's command line, as an administrator types it."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from fieldapp.security.escrow import new_private_key
from sync.protocol.version import PROTOCOL_HEADER
from sync.server import __main__ as command_line
from sync.server import auth
from sync.server.auth import PasswordHasher
from sync.server.keys import key_pairs
from sync.server.service import ServerSyncService
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.sync.server.team import CHEAP, PASSWORD, Team, enrol_request

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "server"


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in process with cheap passwords; gives what it printed."""
    monkeypatch.delenv("FIELDAPP_SERVER_KEY", raising=False)
    cheap = CHEAP
    monkeypatch.setattr(auth, "PasswordHasher", lambda: cheap)

    def run_command(*words: str, code: int = 0, typed: str = "") -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert command_line.main([*words, "--data", str(folder)]) == code
        told = capsys.readouterr()
        return told.out + told.err

    return run_command


def test_from_an_empty_folder_to_an_enrolment_code(run: Run, folder: Path) -> None:
    assert "First password" in run("--init", "--admin", "sjef", "--admin-name", "Sjefen")
    assert "First password" in run("user", "add", "kari", "--name", "Kari", "--role", "peer")
    run("user", "role", "kari", "--role", "case_manager")
    run("user", "password", "kari", "--password-stdin", typed="lang setning\n")
    told = json.loads(run("enrol-code", "kari", "--json"))
    assert (told["event"], told["username"], len(told["code"])) == ("enrol_code", "kari", 19)
    assert run("user", "list").splitlines() == [
        "kari\tKari\tcase_manager\t0",
        "sjef\tSjefen\tadministrator\t0",
    ]
    assert (folder / "server.key").stat().st_mode & 0o777 == 0o600


def test_the_organisations_escrow_key_is_given_by_an_administrator_and_told_to_laptops(
    run: Run, folder: Path
) -> None:
    run("--init", "--admin", "sjef", "--admin-name", "Sjefen")
    assert "no escrow key" in run("escrow")
    for nonsense in ("", "zz", "00" * 31, "00" * 32):
        assert "64 hexadecimal digits" in run("escrow", "--public", nonsense, code=1)
    assert "no escrow key" in run("escrow")
    _, public = new_private_key()
    assert public.fingerprint in run("escrow", "--public", public.hex)
    assert public.fingerprint in run("escrow")
    storage = Storage(sqlite.open_existing(folder, None))
    try:
        with storage.write() as transaction:
            assert key_pairs(transaction).public.escrow == public.hex
    finally:
        storage.close()


def test_the_phone_of_a_new_colleague_is_the_one_to_ring(run: Run, folder: Path) -> None:
    run("--init")
    words = ("--name", "Kari", "--role", "case_manager", "--phone", " 400 00 000 ")
    run("user", "add", "kari", *words)
    storage = Storage(sqlite.open_existing(folder, None))
    try:
        with storage.read() as transaction:
            user = transaction.accounts.user_named("kari")
            assert user is not None
            record = transaction.records.get("practitioner", user.id)
    finally:
        storage.close()
    assert record is not None
    assert record.body["phone"] == "400 00 000"


def test_a_team_is_imported_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    run("--init")
    team = tmp_path / "team.csv"
    team.write_text(
        "username;name;role\nåse;Åse Lie;secretary\nola;Ola Moen;case_manager\n", encoding="utf-8"
    )
    printed = run("import-team", str(team)).splitlines()
    assert [line.split("\t")[0] for line in printed] == ["åse", "ola"]
    team.write_text("ny;Ny Person;peer\nola;Ola Moen;peer\n", encoding="utf-8")
    assert "Already there or named twice: ola." in run("import-team", str(team), code=1)
    team.write_text("ny;Ny Person;peer\nfeil;Feil Rolle;konge\n", encoding="utf-8")
    assert "Line 2 is not" in run("import-team", str(team), code=1)
    team.write_text("ny;Ny Person;peer\nuten;;peer\n", encoding="utf-8")
    assert "Line 2 is not" in run("import-team", str(team), code=1)
    assert "ny\t" not in run("user", "list")
    assert "no-such" in run("import-team", str(tmp_path / "no-such.csv"), code=1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "add", "kari", "--name", "K", "--role", "peer"), "already"),
        (("user", "close", "ukjent"), "no user named ukjent"),
        (("enrol-code", "ukjent"), "no user named ukjent"),
        (("assign", "kari", "ukjent"), "No single patient"),
        (("device", "revoke", "ukjent"), "no such laptop"),
        (("seed",), "say --demo"),
        (("--init",), "Nothing was changed"),
        (("run", "--host", "0.0.0.0"), "TLS proxy"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    run("--init")
    run("user", "add", "kari", "--name", "Kari", "--role", "peer")
    assert sentence in run(*words, code=1)


def test_no_command_but_init_and_seed_ever_makes_a_database(run: Run, folder: Path) -> None:
    for words in (("run",), ("user", "list"), ("enrol-code", "kari")):
        assert "Set up a server with --init" in run(*words, code=1)
    assert not folder.exists()


def test_seeding_shows_progress_and_ends_with_the_counts(run: Run) -> None:
    told = [
        json.loads(line)
        for line in run(
            *("seed", "--demo", "--json", "--today", "2026-11-22", "--password-stdin"),
            typed="demo demo demo\n",
        ).splitlines()
    ]
    assert [line["event"] for line in told] == ["progress"] * (len(told) - 1) + ["seeded"]
    assert told[-2]["done"] == told[-2]["total"] == sum(told[-1]["counts"].values())
    assert told[-1]["username"] == "ingrid.saether"
    assert told[-1]["secretary"] == "aase.lie"
    assert "password" not in told[-1]
    listed = run("user", "list")
    assert "ingrid.saether\tIngrid Sæther\tcase_manager\t25" in listed
    assert "aase.lie\tÅse Lie\tsecretary\t150" in listed
    assert "already" in run("seed", "--demo", code=1)


def test_the_server_says_when_it_listens_and_ends_cleanly_on_a_signal(
    run: Run, folder: Path
) -> None:
    run("--init")
    process = subprocess.Popen(
        [sys.executable, "-m", "sync.server", "run", "--port", "0", "--data", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["event"] == "listening"
        answer = httpx2.get(
            f"{ready['url']}/v1/hello", headers={PROTOCOL_HEADER: "1"}, trust_env=False, timeout=20
        )
        assert answer.json()["server_id"] == ready["server_id"]
        # The commands work beside the running server.
        run("user", "add", "ola", "--name", "Ola", "--role", "peer")
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert ("GET", "/v1/hello", 200) in [
        (line.get("method"), line.get("route"), line.get("status")) for line in lines
    ]
    assert "HTTP/1.1" not in log
    assert "Traceback" not in log
    assert not (folder / "server.db-wal").exists()


def test_a_server_that_was_told_so_ends_when_its_input_closes(run: Run, folder: Path) -> None:
    run("--init")
    command = [sys.executable, "-m", "sync.server", "--data", str(folder)]
    with subprocess.Popen(
        [*command, "run", "--port", "0", "--until-stdin-closes"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "listening"
        _, log = process.communicate(timeout=30)  # closes the input
    assert process.returncode == 0
    assert "Traceback" not in log
    assert not (folder / "server.db-wal").exists()


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    run("--init")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert "in use" in run("run", "--port", port, code=1)


def test_the_shipped_password_cost_is_not_the_tests(run: Run) -> None:
    assert PasswordHasher() != CHEAP


def test_an_operator_says_that_the_server_was_restored(run: Run, folder: Path) -> None:
    run("--init", "--admin", "sjef", "--admin-name", "Sjefen")
    run("user", "add", "kari", "--name", "Kari", "--role", "case_manager")
    storage = Storage(sqlite.open_existing(folder, None))
    try:
        team = Team(storage)
        code, _ = team.admin.enrol_code("kari")
        run("user", "password", "kari", "--password-stdin", typed=f"{PASSWORD}\n")
        device_id = ServerSyncService(team.world).enrol(enrol_request("kari", code)).device_id
        assert "Awaited: 0" in run("restored", "--list")
        told = run("restored")
        assert "A new epoch has begun" in told
        assert "Awaited: 1" in told
        assert device_id in told
        assert "Awaited: 1" in run("restored", "--list")
        assert "no laptop" in run("restored", "--gone", "no-such", code=1)
        assert "Awaited: 0" in run("restored", "--gone", device_id)
        with storage.read() as transaction:
            device = transaction.accounts.device(device_id)
            assert transaction.records.state().epoch == 1
        assert device is not None
        assert device.revoked
    finally:
        storage.close()


def test_to_restore_a_copy_begins_an_epoch_so_that_no_day_is_given_out_twice(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    run("--init", "--admin", "sjef", "--admin-name", "Sjefen")
    run("backup", str(tmp_path / "copy"), "--with-key")
    for file in folder.glob("server.db*"):
        file.unlink()
    assert "No day is given out" in run("restore", str(tmp_path / "copy"))
    storage = Storage(sqlite.open_existing(folder, None))
    try:
        with storage.read() as transaction:
            assert transaction.records.state().epoch == 1
    finally:
        storage.close()
