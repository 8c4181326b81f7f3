"""Why a call to the server did not succeed, sorted by who must act.

    SyncError
    ├── OfflineError           no line: the line is switched off or nothing is reachable
    │   ├── NameLookupError    the server's name has no address here
    │   ├── RefusedError       the address answers, the server does not run
    │   └── LineBrokenError    the line was cut before the whole answer had come
    ├── TimeoutError_          no answer in time
    │   └── ConnectTimeoutError  not even a connection in time
    ├── NotOurServerError      somebody else answered
    │   ├── CaptivePortalError   a web page where our answer should be (guest network log-in)
    │   ├── ProxyRefusedError    a proxy or fire wall forbids the call
    │   └── InterceptedError     the certificate is not our server's
    ├── LoginExpiredError, WrongPasswordError, RevokedError, EnrolCodeError    a person must act
    │   ├── TokenExpiredError    the short token alone has run out; the program renews it
    │   ├── ProofTimeError       the laptop's clock is off; the argument is the server's time
    │   └── ProofRefusedError    what was shown does not fit this laptop's key, or was used before
    ├── TooManyTriesError      wait; the argument is the number of seconds
    ├── NotAllowedError        the role has no right to this
    ├── NotFoundError_         the thing that is asked for is not there
    ├── BadRequestError        it cannot be done so; a person must change something
    ├── ServerTroubleError     the server answered that it cannot
    │   └── ServerFullError      its disk is full
    ├── TooLargeError          send or ask for less at a time
    └── ProtocolError_         the two sides misunderstand each other
        ├── InsecureAddressError  no TLS to a server that is not on this machine
        └── UpgradeNeededError   this program is too old for the server

`code` is the stable name; `family` is the code of the nearest class directly under SyncError, so
that a screen has a sentence for a code it does not know. No error here means success, and none of
them touches what waits to be sent.
"""

from __future__ import annotations

from typing import ClassVar

from fieldapp.errors import RetryError


class SyncError(RetryError):
    """A call to the server did not succeed."""

    code = "sync"
    family: ClassVar[str] = "sync"
    status: ClassVar[int] = 500
    """HTTP status with which the server sends this error."""


class OfflineError(SyncError):
    """There is no line to the server."""

    code = "offline"
    family = "offline"


class NameLookupError(OfflineError):
    """The name of the server has no address on this network."""

    code = "name_lookup"


class RefusedError(OfflineError):
    """The server's address refuses connections."""

    code = "connection_refused"


class LineBrokenError(OfflineError):
    """The line was cut before the whole answer had come."""

    code = "line_broken"


class TimeoutError_(SyncError):
    """The server did not answer in time."""

    code = "timeout"
    family = "timeout"


class ConnectTimeoutError(TimeoutError_):
    """No connection to the server in time."""

    code = "connect_timeout"


class NotOurServerError(SyncError):
    """Something other than our server answered."""

    code = "not_our_server"
    family = "not_our_server"


class CaptivePortalError(NotOurServerError):
    """A web page came instead of the server's answer."""

    code = "captive_portal"


class ProxyRefusedError(NotOurServerError):
    """A proxy or fire wall refused the call."""

    code = "proxy_refused"


class InterceptedError(NotOurServerError):
    """The certificate on the line is not our server's."""

    code = "intercepted"


class LoginExpiredError(SyncError):
    """The log-in has expired; a person logs in again."""

    code = "login_expired"
    family = "login_expired"
    status = 401


class TokenExpiredError(LoginExpiredError):
    """The short token has run out while the log-in still stands; no person has to act."""

    code = "token_expired"


class ProofTimeError(LoginExpiredError):
    """The proof was made at another time than the server's; the argument is the server's time."""

    code = "proof_time"


class ProofRefusedError(LoginExpiredError):
    """The token or its proof is not of this laptop's key, or was used before."""

    code = "proof_refused"


class TooManyTriesError(SyncError):
    """There were too many tries lately; the argument says after how many seconds to try again."""

    code = "too_many_tries"
    family = "too_many_tries"
    status = 429


class WrongPasswordError(SyncError):
    """User name or password is wrong."""

    code = "wrong_password"
    family = "wrong_password"
    status = 401


class RevokedError(SyncError):
    """This laptop or this user may no longer sync."""

    code = "revoked"
    family = "revoked"
    status = 403


class EnrolCodeError(SyncError):
    """The enrolment code is wrong, used or too old."""

    code = "enrol_code"
    family = "enrol_code"
    status = 403


class CodeWithoutPinError(EnrolCodeError):
    """The code does not say whom to believe: its second part, after the point, is missing."""

    code = "enrol_code_pin"


class NotAllowedError(SyncError):
    """This person's role has no right to that; the argument names the right."""

    code = "not_allowed"
    family = "not_allowed"
    status = 403


class NotFoundError_(SyncError):
    """What was asked for is not there; the argument names what kind of thing."""

    code = "not_found"
    family = "not_found"
    status = 404


class BadRequestError(SyncError):
    """It cannot be done in this way; the argument is a code that says what must be changed."""

    code = "bad_request"
    family = "bad_request"
    status = 422


class ServerTroubleError(SyncError):
    """The server answered that it cannot serve now; the argument is the HTTP status."""

    code = "server_trouble"
    family = "server_trouble"
    status = 503


class ServerFullError(ServerTroubleError):
    """The server's disk is full; it stores nothing until somebody makes room."""

    code = "server_full"
    status = 507


class TooLargeError(SyncError):
    """The message is larger than the server or the line allows."""

    code = "too_large"
    family = "too_large"
    status = 413


class ProtocolError_(SyncError):
    """The two sides do not understand each other; the argument names the place."""

    code = "protocol"
    family = "protocol"
    status = 400


class InsecureAddressError(ProtocolError_):
    """The address asks for a line without TLS to a server that is not on this machine."""

    code = "insecure_address"


class UpgradeNeededError(ProtocolError_):
    """This program is too old for the server."""

    code = "upgrade_needed"
    status = 426


SENT_BY_SERVER: dict[str, type[SyncError]] = {
    error.code: error
    for error in (
        LoginExpiredError,
        TokenExpiredError,
        ProofTimeError,
        ProofRefusedError,
        TooManyTriesError,
        WrongPasswordError,
        RevokedError,
        EnrolCodeError,
        NotAllowedError,
        NotFoundError_,
        BadRequestError,
        ServerTroubleError,
        ServerFullError,
        TooLargeError,
        ProtocolError_,
        UpgradeNeededError,
    )
}
"""The errors that travel, as `{"code": …, "detail": …}` with the class's HTTP status."""
