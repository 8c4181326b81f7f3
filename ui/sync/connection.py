"""The real line of one session: the engine over HTTP, with the token kept in the store."""

from __future__ import annotations

from collections.abc import Callable

from fieldapp import paths
from fieldapp.clock import Clock
from fieldapp.ids import IdMaker
from fieldapp.services import machine, setup, sync_status
from fieldapp.services.session import Session
from sync.client.confirm import held_by_server
from sync.client.engine import Engine, Progress, SyncReport
from sync.client.enrol import login
from sync.client.http import SILENCE_SECONDS, HttpSyncService
from sync.client.line import Line
from ui.sync.device_line import device_login


class HttpConnection:
    """Implements `ui.sync.coordinator.Connection`. `line` is the demo's coverage switch."""

    def __init__(
        self,
        session: Session,
        line: Line | None = None,
        *,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        enrolment = setup.load_enrolment(session.database)
        if enrolment is None:
            raise setup.NotEnrolledError
        self._enrolment = enrolment
        self._session = session
        self._clock: Clock = session.clock
        self._ids: IdMaker = session.new_id
        self.line = line or Line()
        # The server alone says when a log-in has run out: by a laptop's clock that is a day ahead
        # no token would ever be good, however often one logs in.
        self._login = device_login(session)
        self._service = HttpSyncService(
            enrolment.server_url,
            self._login,
            self.line,
            server_id=enrolment.server_id,
            silence_seconds=silence_seconds,
        )
        folder = session.database.path.parent
        self._engine = Engine(
            self._service,
            session.database.clone,
            self._clock,
            self._ids,
            disk_encrypted=lambda: machine.disk_encrypted(folder),
        )

    @property
    def logged_in(self) -> bool:
        """True while the log-in stands by this laptop's clock; never asks the server."""
        known = self._enrolment
        return (known.login_expires_at or known.token_expires_at) > self._clock.now()

    @property
    def pull_complete(self) -> bool:
        """True when the last pull reached its end."""
        return sync_status.read(self._session).pull_complete

    def probe(self) -> bool:
        """True when our server answers. Raises SyncError, which says what came instead."""
        self._service.hello()
        return True

    def run(
        self, progress: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> SyncReport:
        return self._engine.run(progress, should_stop)

    def login(self, password: str) -> None:
        """Get a new token and store it. Raises SyncError."""
        # This runs beside the window, whose own connection is not to be touched here.
        database = self._session.database.clone()
        try:
            renewed = login(
                self._enrolment,
                password,
                line=self.line,
                clock=self._clock,
                offset_ms=setup.clock_offset_ms(database),
                machine_id=paths.machine_id(database.path.parent.parent),
            )
            setup.renew_token(
                database,
                renewed.token,
                renewed.token_expires_at,
                renewed.user,
                renewed.courier,
                renewed.logged_in_at,
                renewed.login_expires_at,
                renewed.authorities,
            )
        finally:
            database.close()
        self._enrolment = renewed
        self._login.begin(renewed)

    def confirmed(self, names: list[tuple[str, str]]) -> int:
        """Return how many of these (kind, id) the server says it holds. Raises SyncError."""
        return len(held_by_server(self._service, names))

    def close(self) -> None:
        """Close its connections to the server."""
        self._service.close()
