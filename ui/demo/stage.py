"""Sets the stage of the demo: server process, synthetic team, this laptop enrolled and synced.

Everything lies in one folder, the server's part apart from the laptop's. Starting again goes on
where it stood; a folder made anew holds nothing of the old one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from PySide6.QtCore import QLockFile

from fieldapp import paths
from fieldapp.bootstrap import ORIGIN_DEMO, Door, door_for
from fieldapp.clock import Clock
from fieldapp.domain.claims import service_day
from fieldapp.services import setup
from sync.client.engine import Progress, SyncReport
from sync.client.enrol import enrol, login
from sync.client.line import Line
from ui.sync.connection import HttpConnection

DEVICE_NAME = "Demo-laptop"
PASSPHRASE = "fjellvettregel kaffe dalen tur"  # noqa: S105 (a demo's, printed on the screen)
_MARK = "demo.json"

Say = Callable[[str], None]


class DemoError(Exception):
    """The stage cannot be set; the text says why, for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the demo must remember between two starts. All of it is made up."""

    username: str
    server_password: str
    day: str
    port: int


@dataclass(frozen=True, slots=True)
class Stage:
    """The set stage. `server_url` answers while the server process lives."""

    folder: Path
    facts: Facts
    server_url: str
    line: Line
    door: Door


def default_folder() -> Path:
    """Where the demo lives unless it is told otherwise; apart from any real store."""
    return paths.data_dir() / "demo"


def forget(folder: Path) -> None:
    """Delete a demo's folder. Refuses a folder that no demo made."""
    if not folder.exists():
        return
    if not (folder / _MARK).is_file() and any(folder.iterdir()):
        raise DemoError(f"{folder.name} was not made by the demo; it is left alone.")
    shutil.rmtree(folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a demo's folder; the mark lies beside it, so that it outlives a folder made anew.

    Raises DemoError when another demo holds it, or when nothing can be written there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = QLockFile(str(folder.with_name(folder.name + ".lock")))
    # Only the end of its process makes a mark stale, never its age.
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        if lock.error() is QLockFile.LockError.LockFailedError:
            raise DemoError("The demo is open already. Close it first, or name another --data.")
        raise DemoError(f"Nothing can be written in {folder.parent}.")
    try:
        yield
    finally:
        lock.unlock()


@contextmanager
def set_stage(folder: Path, clock: Clock, say: Say) -> Iterator[Stage]:
    """Seed, start and enrol what is not there yet; the server stops when the block is left."""
    facts = _facts(folder, clock)
    server_folder, laptop_folder = folder / "server", folder / "laptop"
    if not (folder / "seeded").exists():
        # A seeding that was stopped half-way begins anew; nobody has written anything there yet.
        shutil.rmtree(server_folder, ignore_errors=True)
        facts = _seed(folder, server_folder, facts, say)
    with _server(server_folder, facts.port, say) as url:
        if _port(url) != facts.port:
            facts = Facts(facts.username, facts.server_password, facts.day, _port(url))
            _remember(folder, facts)
        door = door_for(facts.username, laptop_folder, origin=ORIGIN_DEMO, clock=clock)
        _enrol(door, server_folder, url, facts, say)
        yield Stage(folder, facts, url, Line(), door)


def first_sync(stage: Stage, say: Say) -> SyncReport | None:
    """Fetch everything when the pull was never complete. Leaves the store locked."""
    stage.door.unlock(PASSPHRASE)
    try:
        session = stage.door.session()
        connection = HttpConnection(session, stage.line)
        try:
            if not connection.logged_in:
                connection.login(stage.facts.server_password)
            if connection.pull_complete:
                return None
            report = connection.run(_progress_line(say), lambda: False)
        finally:
            connection.close()
    finally:
        stage.door.lock()
    if not report.complete:
        raise DemoError(f"The first sync did not end: {report.error_code}.")
    say(f"  {report.pulled} records fetched")
    return report


# --- facts


def _facts(folder: Path, clock: Clock) -> Facts:
    mark = folder / _MARK
    if mark.is_file():
        try:
            return Facts(**json.loads(mark.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise DemoError(f"{mark} is damaged; --fresh begins anew.") from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # In the small hours it is still yesterday's round, which the history must not have given.
    day = service_day(clock.now()).isoformat()
    facts = Facts("", secrets.token_urlsafe(12), day, 0)
    _remember(folder, facts)
    return facts


def _remember(folder: Path, facts: Facts) -> None:
    mark = folder / _MARK
    fresh = mark.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(facts), indent=1) + "\n", encoding="utf-8")
    if os.name == "posix":
        fresh.chmod(0o600)
    fresh.replace(mark)


# --- the server


def server_command(server_folder: Path, *words: str) -> list[str]:
    """The command line of the server's own program on a demo's server."""
    return [sys.executable, "-m", "sync.server", "--data", str(server_folder), *words]


def _seed(folder: Path, server_folder: Path, facts: Facts, say: Say) -> Facts:
    say("Filling the server with a synthetic team …")
    command = server_command(
        server_folder, "seed", "--demo", "--today", facts.day, "--password-stdin", "--json"
    )
    username, shown = "", 0.0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(facts.server_password + "\n")
        process.stdin.close()
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "seeded":
                username = event["username"]
            elif time.monotonic() - shown > 1:
                shown = time.monotonic()
                total = f" of {event['total']}" if event["total"] else ""
                say(f"  {event['step']} {event['done']}{total}")
    if process.returncode != 0 or not username:
        raise DemoError("The server could not be filled; see the lines above.")
    seeded = Facts(username, facts.server_password, facts.day, facts.port)
    _remember(folder, seeded)
    (folder / "seeded").touch()
    return seeded


@contextmanager
def _server(server_folder: Path, port: int, say: Say) -> Iterator[str]:
    """Run the server as its own process; take another port when the old one is taken."""
    say("Starting the server …")
    log = (server_folder / "server.log").open("ab")
    process = _start_server(server_folder, port, log)
    url = _ready_url(process)
    if url is None and port:
        with process:  # it has ended; this closes its pipes
            pass
        process = _start_server(server_folder, 0, log)
        url = _ready_url(process)
    try:
        if url is None:
            raise DemoError("The server did not start; see server.log in the demo's folder.")
        yield url
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _start_server(server_folder: Path, port: int, log: IO[bytes]) -> subprocess.Popen[str]:
    # The pipe at its input closes with the demo, so that a killed demo leaves no server behind.
    command = server_command(server_folder, "run", "--port", str(port), "--until-stdin-closes")
    # Its own group: Ctrl+C at the terminal is for the demo, which then stops the server in order.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
        start_new_session=os.name == "posix",
    )


def _ready_url(process: subprocess.Popen[str]) -> str | None:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event.get("event") == "listening":
            return str(event["url"])
    return None


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


# --- the laptop


def _enrol(door: Door, server_folder: Path, url: str, facts: Facts, say: Say) -> None:
    if door.exists():
        door.unlock(PASSPHRASE)
    else:
        say("Making the laptop's encrypted store …")
        door.create(PASSPHRASE)
    try:
        assert door.database is not None
        known = setup.load_enrolment(door.database)
        if known is None:
            say("Enrolling this laptop with a one-time code …")
            code = enrolment_code(server_folder, facts.username)
            known = enrol(
                url,
                code,
                username=facts.username,
                password=facts.server_password,
                device_name=DEVICE_NAME,
            )
            door.enrol(known)
        elif known.server_url != url:
            # The port was taken by another program, so the same server answers elsewhere now.
            moved = setup.at_address(known, url)
            door.enrol(login(moved, facts.server_password))
    finally:
        door.lock()


def enrolment_code(server_folder: Path, username: str) -> str:
    """A one-time code for a new laptop. Raises DemoError."""
    done = subprocess.run(
        server_command(server_folder, "enrol-code", username, "--json"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise DemoError("The server gave no enrolment code.")
    return str(json.loads(done.stdout)["code"])


def _progress_line(say: Say) -> Callable[[Progress], None]:
    shown = 0.0

    def show(progress: Progress) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown > 0.7 or progress.done == progress.total:
            shown = now
            say(f"  {progress.step} {progress.done} of {progress.total}")

    return show
