"""The messages of control for the screens, which do not know the protocol itself."""

from __future__ import annotations

from sync.protocol.control import (
    ChainFault,
    ChainRow,
    ChainsAnswer,
    DecideEntryRequest,
    LogAnswer,
    LogEntry,
    LogPatient,
    LogPatientsAnswer,
    LogPatientsRequest,
    LogPerson,
    LogPrintAnswer,
    LogPrintRequest,
    LogRequest,
    LogSource,
    MarkRow,
    WrongEntriesAnswer,
    WrongEntryRow,
)

__all__ = [
    "ChainFault",
    "ChainRow",
    "ChainsAnswer",
    "DecideEntryRequest",
    "LogAnswer",
    "LogEntry",
    "LogPatient",
    "LogPatientsAnswer",
    "LogPatientsRequest",
    "LogPerson",
    "LogPrintAnswer",
    "LogPrintRequest",
    "LogRequest",
    "LogSource",
    "MarkRow",
    "WrongEntriesAnswer",
    "WrongEntryRow",
]
