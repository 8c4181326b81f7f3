"""The line of a session's laptop: its log-in as the store holds it, renewed in the store."""

from __future__ import annotations

from datetime import datetime

from fieldapp.services import setup
from fieldapp.services.session import Session
from sync.client.device_login import DeviceLogin


def device_login(session: Session) -> DeviceLogin:
    """The log-in of the session's enrolment, as it stands in the store now.

    A token that is renewed on the way is stored at once, by whichever thread renewed it. Raises
    NotEnrolledError.
    """
    enrolment = setup.load_enrolment(session.database)
    if enrolment is None:
        raise setup.NotEnrolledError

    def store(token: str, expires_at: datetime) -> None:
        database = session.database.clone()
        try:
            setup.renew_token(database, token, expires_at)
        finally:
            database.close()

    return DeviceLogin.of(
        enrolment,
        session.clock,
        offset_ms=setup.clock_offset_ms(session.database),
        on_renewed=store,
    )
