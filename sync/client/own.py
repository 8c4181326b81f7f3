"""What a user asks the server for themselves, over the connection of an enrolled laptop."""

from __future__ import annotations

from sync.client.http import HttpSyncService
from sync.protocol.own import OWN_PATH, SetWitnessCodeRequest, WitnessCodeAnswer


def set_witness_code(connection: HttpSyncService, verifier: str) -> WitnessCodeAnswer:
    """Let one's witness code count from now on. Raises SyncError."""
    request = SetWitnessCodeRequest(verifier=verifier)
    return connection.ask_office(WitnessCodeAnswer, f"{OWN_PATH}/witness_code", request)
