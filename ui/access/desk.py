"""How the dialog asks the server, a line for each question; made for each, run in a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fieldapp.services import setup
from fieldapp.services.session import Session
from sync.client import access
from sync.client.access import FindPatientRequest, FoundAnswer, OpenedAnswer, OpenPatientRequest
from sync.client.http import HttpSyncService
from sync.client.line import Line
from ui.sync.device_line import device_login


@dataclass(frozen=True, slots=True)
class AccessDesk:
    """Two questions to the server; both raise SyncError."""

    find: Callable[[FindPatientRequest], FoundAnswer]
    open: Callable[[OpenPatientRequest], OpenedAnswer]


def over_http(session: Session, line: Line | None = None) -> Callable[[], AccessDesk]:
    """The server of the session's enrolment. Raises NotEnrolledError when asked without one."""

    def prepare() -> AccessDesk:
        enrolment = setup.load_enrolment(session.database)
        if enrolment is None:
            raise setup.NotEnrolledError
        url, server_id, device = enrolment.server_url, enrolment.server_id, device_login(session)

        def connection() -> HttpSyncService:
            return HttpSyncService(url, device, line or Line(), server_id=server_id)

        def find(request: FindPatientRequest) -> FoundAnswer:
            with connection() as http:
                return access.find_patient(http, request)

        def open_(request: OpenPatientRequest) -> OpenedAnswer:
            with connection() as http:
                return access.open_patient(http, request)

        return AccessDesk(find, open_)

    return prepare
