"""The messages of the list of safety items for the screens, which do not know the protocol."""

from __future__ import annotations

from sync.protocol.safety import (
    AnswerIssueRequest,
    EvidenceRow,
    ForceFacts,
    HolderRow,
    SafetyAnswer,
    SafetyRequest,
    SafetyRow,
)

__all__ = [
    "AnswerIssueRequest",
    "EvidenceRow",
    "ForceFacts",
    "HolderRow",
    "SafetyAnswer",
    "SafetyRequest",
    "SafetyRow",
]
