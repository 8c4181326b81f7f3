"""Who may do what, as one table. Services ask it, and the server asks it again.

A clinical event that has happened is never refused for lack of a right: it is stored and marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fieldapp.domain.patients import Role


class Right(StrEnum):
    """What somebody may be allowed to do beyond the daily work."""

    SEE_OVERVIEW = "see_overview"
    """The sync overview: who has synced when, and what waits where. Ids and counts."""
    TAKE_OVER = "take_over"
    """See what a laptop could not deliver, correct it and store it."""
    ENROL = "enrol"
    REVOKE = "revoke"
    ASSIGN = "assign"
    JOIN_PATIENTS = "join_patients"
    DECIDE_PROPOSALS = "decide_proposals"
    RECEIVE_COURIER = "receive_courier"
    READ_DRAFTS_OF_OTHERS = "read_drafts_of_others"
    """Recovery of a lost laptop's unsigned text; always with a reason, always logged."""
    ENTER_ORDERS = "enter_orders"
    """Enter, change and stop orders from the prescriber's paper."""
    CONFIRM_ORDERS = "confirm_orders"
    """Be the second person for an order that somebody else entered."""
    REOPEN_SLOTS = "reopen_slots"
    """Open a day again whose medicine came back, was lost, or was never given."""
    ANSWER_ISSUES = "answer_issues"
    """See the safety items of all patients, and answer those that one was not involved in."""
    FORCE_HANDOUT = "force_handout"
    """Give a dose although the light is not green."""
    SEE_REGISTER = "see_register"
    """The narcotics register of all places."""
    CARRY_BAG = "carry_bag"
    """Take medicine from a store into a bag of one's own, and account for it."""
    SET_RULES = "set_rules"
    """What the organisation has decided: drafts that travel, courier files, trip limits."""


_OFFICE: Final = frozenset(
    {
        Right.SEE_OVERVIEW,
        Right.TAKE_OVER,
        Right.ENROL,
        Right.REVOKE,
        Right.ASSIGN,
        Right.JOIN_PATIENTS,
        Right.RECEIVE_COURIER,
        Right.ENTER_ORDERS,
        Right.SEE_REGISTER,
    }
)

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.SECRETARY: _OFFICE,
        Role.TEAM_LEADER: _OFFICE
        | {
            Right.DECIDE_PROPOSALS,
            Right.CONFIRM_ORDERS,
            Right.REOPEN_SLOTS,
            Right.ANSWER_ISSUES,
            Right.FORCE_HANDOUT,
            Right.CARRY_BAG,
        },
        Role.LAR_STAFF: frozenset(
            {Right.ENTER_ORDERS, Right.CONFIRM_ORDERS, Right.FORCE_HANDOUT, Right.CARRY_BAG}
        ),
        Role.CASE_MANAGER: frozenset({Right.CONFIRM_ORDERS, Right.FORCE_HANDOUT, Right.CARRY_BAG}),
        Role.SPECIALIST: frozenset({Right.CONFIRM_ORDERS, Right.FORCE_HANDOUT, Right.CARRY_BAG}),
        Role.ADMINISTRATOR: frozenset(
            {Right.SEE_OVERVIEW, Right.ENROL, Right.REVOKE, Right.SET_RULES}
        ),
        Role.PRESCRIBER: frozenset(
            {
                Right.DECIDE_PROPOSALS,
                Right.ENTER_ORDERS,
                Right.CONFIRM_ORDERS,
                Right.REOPEN_SLOTS,
                Right.ANSWER_ISSUES,
                Right.FORCE_HANDOUT,
            }
        ),
        Role.RECOVERY_OFFICER: frozenset(
            {Right.SEE_OVERVIEW, Right.READ_DRAFTS_OF_OTHERS, Right.RECEIVE_COURIER}
        ),
    }
)
"""Roles that are not named have none of these rights."""


def may(role: Role | str, right: Right) -> bool:
    """True when a role holds a right; an unknown role holds none."""
    try:
        return right in RIGHTS.get(Role(role), frozenset())
    except ValueError:
        return False
