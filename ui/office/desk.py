"""How the office's pages ask the server: off the window's thread, a line for each question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from fieldapp.errors import FieldAppError
from fieldapp.services import setup
from fieldapp.services.session import Session
from sync.client.device_login import DeviceLogin
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.client.office import HttpOfficeService
from sync.client.office_messages import OfficeService
from ui.sync.device_line import device_login
from ui.tasks import TaskRunner

T = TypeVar("T")

Opened = AbstractContextManager[OfficeService]


class OfficeDesk:
    """Asks the server. `prepare` is called in the window's thread and returns what opens a line in
    the worker's."""

    def __init__(self, prepare: Callable[[], Callable[[], Opened]], tasks: TaskRunner) -> None:
        self._prepare = prepare
        self._tasks = tasks

    def ask(
        self,
        call: Callable[[OfficeService], T],
        on_done: Callable[[T], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        """Call `call` with the service; one of the two answers comes in the window's thread.

        At once, where the store says that there is nobody to ask.
        """
        try:
            open_line = self._prepare()
        except FieldAppError as error:
            on_error(error)
            return

        def work() -> T:
            with open_line() as service:
                return call(service)

        self._tasks.run(work, on_done, on_error)


def over_http(session: Session, line: Line | None = None) -> Callable[[], Callable[[], Opened]]:
    """The server of the session's enrolment. Raises NotEnrolledError when asked without one."""

    def prepare() -> Callable[[], Opened]:
        # Read for each question: a log-in on the sync page renews the token meanwhile.
        enrolment = setup.load_enrolment(session.database)
        if enrolment is None:
            raise setup.NotEnrolledError
        url, server_id, device = enrolment.server_url, enrolment.server_id, device_login(session)
        return lambda: _open(url, device, server_id, line or Line())

    return prepare


@contextmanager
def _open(url: str, device: DeviceLogin, server_id: str, line: Line) -> Iterator[OfficeService]:
    with HttpSyncService(url, device, line, server_id=server_id) as connection:
        yield HttpOfficeService(connection)
