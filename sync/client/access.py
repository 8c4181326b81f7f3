"""Opening a patient outside one's list, over the connection of an enrolled laptop."""

from __future__ import annotations

from sync.client.http import HttpSyncService
from sync.protocol.access import (
    ACCESS_PATH,
    MOST_FOUND,
    FindPatientRequest,
    FoundAnswer,
    FoundPatient,
    OpenedAnswer,
    OpenPatientRequest,
)

__all__ = [
    "MOST_FOUND",
    "FindPatientRequest",
    "FoundAnswer",
    "FoundPatient",
    "OpenPatientRequest",
    "OpenedAnswer",
    "find_patient",
    "open_patient",
]


def find_patient(connection: HttpSyncService, request: FindPatientRequest) -> FoundAnswer:
    """Find by an exact number, or by name and birth date. Raises SyncError."""
    return connection.ask_office(FoundAnswer, f"{ACCESS_PATH}/find", request)


def open_patient(connection: HttpSyncService, request: OpenPatientRequest) -> OpenedAnswer:
    """Put a patient on one's list for some hours; safe to repeat. Raises SyncError."""
    return connection.ask_office(OpenedAnswer, f"{ACCESS_PATH}/open", request)
