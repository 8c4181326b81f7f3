"""The server over HTTP in a thread of its own: a real uvicorn on a real socket."""

from __future__ import annotations

import threading

import httpx2
import uvicorn

from fieldapp.ids import new_id
from sync.client.device_login import DeviceLogin
from sync.client.http import HttpSyncService
from sync.client.line import Line
from sync.protocol.codec import decode, encode
from sync.protocol.messages import EnrolAnswer
from sync.protocol.proofs import PROOF_HEADER, make_proof
from sync.protocol.version import PROTOCOL_HEADER
from sync.server.app import create_app
from sync.server.listen import open_listener
from sync.server.settings import Settings
from sync.server.storage.storage import Storage
from tests.sync.server.team import CHEAP, KEY, PUBLIC_KEY, Team, enrol_request


class Running:
    """Attributes: `client` speaks JSON to it; `port`; `team`; `app`."""

    def __init__(self, storage: Storage, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.team = Team(storage, settings)
        self.app = create_app(storage, self.team.clock, new_id, hasher=CHEAP, settings=settings)
        config = uvicorn.Config(
            self.app,
            log_config=None,
            lifespan="off",
            access_log=False,
            server_header=False,
            date_header=False,
        )
        self._server = uvicorn.Server(config)
        self._socket = open_listener("127.0.0.1", 0)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()
        self.port = self._socket.getsockname()[1]
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={PROTOCOL_HEADER: "1"},
            trust_env=False,
            timeout=20,
            event_hooks={"request": [self._show]},
        )

    def stop(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()

    def token(self, username: str = "kari") -> str:
        """A new user on a new laptop, enrolled over the line."""
        self.team.add_user(username)
        code, _ = self.team.admin.enrol_code(username)
        request = enrol_request(username, code).model_copy(update={"device_key": PUBLIC_KEY})
        content, _ = encode(request, compress=False)
        headers = {PROOF_HEADER: self.proof("POST", "/v1/enrol")}
        answer = self.client.post("/v1/enrol", content=content, headers=headers)
        assert answer.status_code == 200
        return decode(EnrolAnswer, answer.content, None).token

    def service(self, token: str) -> HttpSyncService:
        """The laptop's side, as a laptop uses it."""
        return HttpSyncService(
            f"http://127.0.0.1:{self.port}",
            DeviceLogin(KEY, self.team.clock, token=token),
            Line(),
            server_id="server-1",
        )

    def proof(self, method: str, path: str, token: str | None = None) -> str:
        """What a laptop of the team shows beside one request."""
        now = self.team.clock.now()
        return make_proof(KEY, method, f"http://127.0.0.1:{self.port}{path}", now, token)

    def heads(self, method: str, path: str, token: str) -> str:
        """The lines of a head that show who asks, for a test that writes its own."""
        proof = self.proof(method, path, token)
        return f"Authorization: DPoP {token}\r\n{PROOF_HEADER}: {proof}\r\n"

    def _show(self, request: httpx2.Request) -> None:
        """Show the proof beside a token that a test puts on its request ("Bearer …")."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer" and token:
            request.headers["Authorization"] = f"DPoP {token}"
            proof = self.proof(request.method, request.url.path, token)
            request.headers[PROOF_HEADER] = proof
