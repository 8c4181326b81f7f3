"""What monitoring may know: whether the server can work, and counts in Prometheus's text format.

Counts of requests are this process's own and begin at 0 with it; with several processes the
monitoring adds them up. Nothing here holds contents or anybody's id.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from fieldapp.clock import to_iso
from sync.protocol.messages import PushResult
from sync.server import auth
from sync.server.deps import TheWorld
from sync.server.service import World

log = logging.getLogger("fieldapp.server")

BOUNDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Upper bounds of the histogram, in seconds."""

SILENT: Final = timedelta(hours=24)
"""A laptop that has had no complete sync for so long is counted as silent."""

MIN_FREE_BYTES: Final = 256 * 1024 * 1024
"""With less room on its disk the server is not ready: a day's work of many must still fit."""

_SEVERAL: Final = 4

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts of one process. May be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._within: Counter[float] = Counter()
        self._seconds = 0.0
        self._count = 0
        self._at_work = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count an exchange that is being worked on, not one that waits for its line."""
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1

    def hurried(self) -> bool:
        """True while several exchanges are being worked on at once."""
        return self._at_work >= _SEVERAL

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one request by the route's own name, never by what was typed."""
        with self._lock:
            self._requests[route, status] += 1
            self._seconds += seconds
            self._count += 1
            for bound in BOUNDS:
                if seconds <= bound:
                    self._within[bound] += 1

    def pushed(self, results: Iterable[PushResult]) -> None:
        """Count the outcomes of changes."""
        with self._lock:
            self._outcomes.update(result.outcome.value for result in results)

    def lines(self) -> Iterator[str]:
        """Return the lines of the text format."""
        with self._lock:
            requests, outcomes = dict(self._requests), dict(self._outcomes)
            within, seconds, count = dict(self._within), self._seconds, self._count
        yield from _head("fieldapp_requests_total", "counter", "Requests by route and status.")
        for (route, status), number in sorted(requests.items()):
            yield f'fieldapp_requests_total{{route="{route}",status="{status}"}} {number}'
        yield from _head("fieldapp_changes_total", "counter", "Changes pushed, by outcome.")
        for outcome, number in sorted(outcomes.items()):
            yield f'fieldapp_changes_total{{outcome="{outcome}"}} {number}'
        yield from _head("fieldapp_request_seconds", "histogram", "Time to answer.")
        for bound in BOUNDS:
            yield f'fieldapp_request_seconds_bucket{{le="{bound:g}"}} {within.get(bound, 0)}'
        yield f'fieldapp_request_seconds_bucket{{le="+Inf"}} {count}'
        yield f"fieldapp_request_seconds_sum {seconds:.3f}"
        yield f"fieldapp_request_seconds_count {count}"


async def metrics_of(request: Request) -> Metrics:
    """The counts of this process, made by `create_app`."""
    counted: Metrics = request.app.state.metrics
    return counted


TheMetrics = Annotated[Metrics, Depends(metrics_of)]


def stored_lines(world: World) -> Iterator[str]:
    """Return the lines about what is stored; the same from every process."""
    silent_since = to_iso(world.clock.now() - SILENT)
    with world.storage.read() as transaction:
        facts = transaction.facts.facts(silent_since)
    gauges = (
        ("fieldapp_records", facts.records, "Records in their newest version."),
        ("fieldapp_parked_open", facts.parked_open, "Changes that wait for the office."),
        ("fieldapp_laptops", facts.devices, "Laptops that may sync."),
        ("fieldapp_laptops_silent", facts.silent_devices, "No complete sync for 24 hours."),
        ("fieldapp_laptops_forked", facts.forked_devices, "Laptops with a double."),
        ("fieldapp_newest_number", facts.newest_seq, "Number of the newest version."),
    )
    for name, value, text in gauges:
        yield from _head(name, "gauge", text)
        yield f"{name} {value}"
    free = world.storage.free_bytes()
    if free is not None:
        yield from _head("fieldapp_disk_free_bytes", "gauge", "Room on the database's disk.")
        yield f"fieldapp_disk_free_bytes {free}"


def reasons_not_ready(world: World) -> list[str]:
    """Return codes of what keeps the server from working: schema, disk. Empty: it is ready."""
    reasons = []
    if not world.storage.schema_is_current():
        reasons.append("schema")
    free = world.storage.free_bytes()
    if free is not None and free < MIN_FREE_BYTES:
        reasons.append("disk")
    return reasons


# --- routes

monitoring = APIRouter()


@monitoring.get("/readyz")
def readyz(world: TheWorld, response: Response) -> dict[str, object]:
    """Say whether laptops may be sent here: the database answers, its schema fits, disk is left."""
    try:
        reasons = reasons_not_ready(world)
    except Exception as error:
        # Whatever a driver raises: a database that cannot be asked is a database that is not there.
        log.warning("the database cannot be asked: %s", type(error).__name__)
        reasons = ["database"]
    response.status_code = 503 if reasons else 200
    return {"status": "not ready" if reasons else "ready", "reasons": reasons}


def may_read(request: Request, world: TheWorld) -> bool:
    """True for this very machine, not through a proxy, and for whoever has the token."""
    expected = world.settings.monitor_token_hash
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if expected is not None and scheme.lower() == "bearer":
        return auth.same(auth.token_hash(token), expected)
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "via"))
    host = request.client.host if request.client is not None else ""
    try:
        return ipaddress.ip_address(host).is_loopback and not forwarded
    except ValueError:
        return False


@monitoring.get("/metrics")
def metrics(
    world: TheWorld, counted: TheMetrics, allowed: Annotated[bool, Depends(may_read)]
) -> Response:
    """Counts for monitoring. A stranger is told that there is no such path."""
    if not allowed:
        raise HTTPException(404)
    lines = [*counted.lines(), *stored_lines(world)]
    return Response("\n".join(lines) + "\n", media_type=_TEXT)


def _head(name: str, sort: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {sort}"
