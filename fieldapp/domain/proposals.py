"""Wishes from the field about records that the server owns: orders, assignments, roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ProposalStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that a laptop wished for and that the office decides on.

    `values` are the fields as the author wanted them; the record itself stays as the server has it.
    """

    id: str
    patient_id: str
    target_kind: str
    target_id: str
    author_id: str
    proposed_at: datetime
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    status: ProposalStatus = ProposalStatus.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: str = ""
