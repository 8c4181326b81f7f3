"""Who may do what with a record. Pure; the service asks, nobody else decides."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.merge import rule_of

_HAPPENED = frozenset({"encounter"})
"""Edited kinds that tell, like events, of something that took place."""


_TOLD: Final = _HAPPENED | {"adverse_event", "paper_sheet"}
"""The same, for the rights of a role."""


def has_happened(kind: str) -> bool:
    """True for what tells of something that took place: it is stored whoever sends it."""
    return policy_of(kind) is Policy.EVENT or kind in _TOLD


class Reach(StrEnum):
    """What ties a user to a record's patient."""

    ASSIGNED = "assigned"
    FORMERLY = "formerly"
    """Was assigned; the work may have been done before the laptop heard of the end."""
    NEVER = "never"
    TEAM = "team"
    """The record belongs to no patient: it goes to every laptop."""


NEVER_WISHED: Final = frozenset({"claim", "slot_reopening", "witness_code", "deletion"})
"""What the server alone decides on: it is not even kept as a wish. A claim is asked for by its own
call, a slot is opened by a person at the office, a witness code is set by the witness, and an entry
is deleted by the record-responsible."""


class Admission(StrEnum):
    """Whether a pushed change may go on to be decided."""

    WELCOME = "welcome"
    FLAGGED = "flagged"
    """Stored, and marked as outside the user's patients."""
    NOT_ASSIGNED = "not_assigned"
    SERVER_OWNED = "server_owned"


def admit(kind: str, reach: Reach, *, new_patient: bool) -> Admission:
    """Say whether a user with this reach may push a record of this kind.

    What has happened is never refused because rights changed meanwhile: it is stored and marked.
    `new_patient` is true for the registration of a patient whom the server does not have.
    """
    policy = policy_of(kind)
    if policy is Policy.SERVER:
        return Admission.SERVER_OWNED
    if reach is Reach.TEAM:
        return Admission.WELCOME if rule_of(kind).team else Admission.SERVER_OWNED
    if reach is Reach.ASSIGNED or new_patient:
        return Admission.WELCOME
    if policy is Policy.EVENT or kind in _HAPPENED or reach is Reach.FORMERLY:
        return Admission.FLAGGED
    return Admission.NOT_ASSIGNED
