"""Many simulated laptops in one process: `_rush_side PLAN URL NUMBER OF`.

They have log-ins, devices with keys, cursors and a queue of their own, and speak the real protocol
over real connections, with a proof for every request; they have no stores. PLAN is a pickled
`Plan`; this process plays the laptops whose place in it leaves NUMBER when divided by
OF. Reads one word a line and answers with JSON:

    prepare   every laptop fetches what is new for it
    arrive LAPTOPS SECONDS   the first so many of them come back with a day's work each, evenly over
                             so many seconds; their tokens have run out during the day
    build     their next day's work is packed, not counted
    go AT_ONCE   they come back all together, so many at a time
"""

from __future__ import annotations

import contextlib
import http.client
import json
import pickle
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import SystemClock
from sync.client.device_login import DeviceLogin
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.errors import SyncError
from sync.protocol.messages import ExchangeRequest, LaptopReport, PullPart, PushRecord
from sync.protocol.service import Exchange
from sync.protocol.version import MAX_PAGE_RECORDS
from tests.bench._country import Country
from tests.bench._office import Login, peak_mib

_WAITING = 256
"""Laptops that may be under way at once; more would only wait in this process."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The country and a log-in for each of its laptops, in the same order."""

    country: Country
    logins: list[Login]


@dataclass(slots=True)
class _Laptop:
    number: int
    login: DeviceLogin
    cursor: str | None = None
    sequence: int = 1
    versions: dict[str, int] = field(default_factory=dict)


class Side:
    """The laptops of this process."""

    def __init__(self, plan: Plan, url: str, mine: range) -> None:
        self._country = plan.country
        self._url = url
        self._laptops = [_Laptop(number, _login(plan.logins[number])) for number in mine]
        self._built: list[bytes] = []

    def prepare(self) -> dict[str, Any]:
        """Bring every laptop to the state in which it left."""
        with ThreadPoolExecutor(4) as few:
            list(few.map(lambda laptop: self._sync(laptop, []), self._laptops))
        return {"laptops": len(self._laptops)}

    def arrive(self, laptops: int, seconds: float) -> dict[str, Any]:
        """Come back one after the other. A laptop's time runs from the moment when it has a line,
        however long it then waits for anything here or there."""
        coming = self._laptops[:laptops]
        days = {laptop.number: self._day(laptop) for laptop in coming}
        for laptop in coming:
            laptop.login = _run_out(laptop.login)
        start = time.perf_counter()
        gap = seconds / len(coming)

        def come(place: int) -> float | None:
            laptop = coming[place]
            due = start + place * gap
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                self._sync(laptop, days[laptop.number])
            except SyncError as error:
                print(f"laptop {laptop.number}: {error.code}", file=sys.stderr, flush=True)
                return None
            return time.perf_counter() - due

        with ThreadPoolExecutor(_WAITING) as waiting:
            times = list(waiting.map(come, range(len(coming))))
        done = [one for one in times if one is not None]
        return {"seconds": done, "failed": len(times) - len(done), "peak_mib": peak_mib("self")}

    def build(self) -> dict[str, Any]:
        """Pack the next day's work of every laptop."""
        self._built = [
            _recorded(laptop.login, self._request(laptop, self._day(laptop)))
            for laptop in self._laptops
        ]
        return {"bytes": sum(map(len, self._built))}

    def go(self, at_once: int) -> dict[str, Any]:
        """Send what was built, each laptop on a connection of its own."""
        place = urlsplit(self._url)
        assert place.hostname is not None
        address = (place.hostname, place.port or 80)
        began = time.monotonic()
        with ThreadPoolExecutor(at_once) as few:
            good = list(few.map(lambda request: _sent(address, request), self._built))
        return {"began": began, "ended": time.monotonic(), "failed": good.count(False)}

    def _day(self, laptop: _Laptop) -> list[PushRecord]:
        day = self._country.day(laptop.number, laptop.versions, first_sequence=laptop.sequence)
        laptop.sequence += len(day)
        return day

    def _request(self, laptop: _Laptop, day: list[PushRecord]) -> ExchangeRequest:
        return ExchangeRequest(
            report=LaptopReport(
                now=SystemClock().now(),
                app_version="0.1.0",
                waiting=len(day),
                parked=0,
                conflicts=0,
                drafts_unsent=0,
            ),
            records=day,
            pull=PullPart(cursor=laptop.cursor, page_records=MAX_PAGE_RECORDS),
        )

    def _sync(self, laptop: _Laptop, day: list[PushRecord]) -> None:
        """One whole sync; raises SyncError, also when anything was not stored as it came."""
        with HttpSyncService(self._url, laptop.login, Line()) as service:
            answer = service.exchange(self._request(laptop, day))
            self._take(laptop, day, answer)

    def _take(self, laptop: _Laptop, day: list[PushRecord], answer: Exchange) -> None:
        stored = {result.change_id for result in answer.receipt.results if result.outcome.stored}
        ids = {change.change_id: change.id for change in day}
        for result in answer.receipt.results:
            laptop.versions[ids[result.change_id]] = result.version
        complete = False
        for page in answer.pages:
            laptop.cursor, complete = page.cursor, page.complete
            laptop.versions.update(
                {record.id: record.version for record in page.records if record.kind == "patient"}
            )
        if stored != ids.keys() or not complete:
            raise _NotDoneError(len(ids) - len(stored), complete)


class _NotDoneError(SyncError):
    """Not everything was stored, or the last page did not come."""

    code = "not_done"


def _login(login: Login) -> DeviceLogin:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(login.signing_key))
    return DeviceLogin(key, SystemClock(), token=login.token)


def _run_out(login: DeviceLogin) -> DeviceLogin:
    """The same log-in, whose short token is not good any more as far as the laptop knows."""
    now = SystemClock().now()
    return DeviceLogin(login.key, SystemClock(), token=login.token, expires_at=now)


def _recorded(login: DeviceLogin, request: ExchangeRequest) -> bytes:
    """The whole HTTP request as the client writes it, caught at a socket that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        caught: list[bytes] = []
        catcher = threading.Thread(target=_catch, args=(listener, caught))
        catcher.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            HttpSyncService(url, login, Line()) as service,
            contextlib.suppress(SyncError),
        ):
            service.exchange(request)
        catcher.join()
    return caught[0]


def _catch(listener: socket.socket, caught: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        lengths = [
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        while len(body) < lengths[0]:
            more = connection.recv(65536)
            received, body = received + more, body + more
        caught.append(received)


def _sent(address: tuple[str, int], request: bytes) -> bool:
    """Send a request and read its whole answer. True when it is a success."""
    with socket.create_connection(address) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        try:
            answer.begin()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        return answer.status == http.HTTPStatus.OK


def main() -> None:
    file, url, number, sides = sys.argv[1:]
    plan: Plan = pickle.loads(Path(file).read_bytes())  # noqa: S301 (our own file)
    side = Side(plan, url, range(int(number), len(plan.logins), int(sides)))
    words: dict[str, Callable[..., dict[str, Any]]] = {
        "prepare": side.prepare,
        "arrive": lambda laptops, seconds: side.arrive(int(laptops), float(seconds)),
        "build": side.build,
        "go": lambda at_once: side.go(int(at_once)),
    }
    for line in sys.stdin:
        word, *arguments = line.split()
        print(json.dumps(words[word](*arguments)), flush=True)


if __name__ == "__main__":
    main()
