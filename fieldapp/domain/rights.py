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
    """What somebody may be allowed to do."""

    # --- with the patients whom one follows
    READ_PATIENTS = "read_patients"
    """Read what is written of patients whom one follows."""
    REGISTER_PATIENTS = "register_patients"
    """Register a patient, keep address, telephone and contacts current, and plan visits."""
    RECORD_CARE = "record_care"
    """Write notes, visits, screenings, samples, critical information and events."""
    HAND_OUT = "hand_out"
    """Give a dose whose light is green."""
    FORCE_HANDOUT = "force_handout"
    """Give a dose although the light is not green."""
    WITNESS = "witness"
    """Confirm with one's own code what a colleague gave, took or counted."""
    CARRY_BAG = "carry_bag"
    """Take medicine from a store into a bag of one's own, and account for it."""

    # --- with others
    ACCESS_OTHERS = "access_others"
    """Open a patient whom one does not follow, with a reason (ETREAT, BTG)."""

    # --- orders and safety
    ENTER_ORDERS = "enter_orders"
    """Enter, change and stop orders from the prescriber's paper."""
    CONFIRM_ORDERS = "confirm_orders"
    """Be the second person for an order that somebody else entered."""
    REOPEN_SLOTS = "reopen_slots"
    """Open a day again whose medicine came back, was lost, or was never given."""
    ANSWER_ISSUES = "answer_issues"
    """See the safety items of all patients, and answer those that one was not involved in."""
    SEE_REGISTER = "see_register"
    """The narcotics register of all places."""

    # --- the office
    SEE_OVERVIEW = "see_overview"
    """The sync overview: who has synced when, and what waits where. Ids and counts."""
    TAKE_OVER = "take_over"
    """See what a laptop could not deliver, correct it and store it."""
    ASSIGN = "assign"
    JOIN_PATIENTS = "join_patients"
    DECIDE_PROPOSALS = "decide_proposals"
    RECEIVE_COURIER = "receive_courier"
    SET_RULES = "set_rules"
    """What the organisation has decided: drafts that travel, courier files, trip limits, lease."""

    # --- laptops and people
    ENROL = "enrol"
    REVOKE = "revoke"
    """Order a laptop to end (Avsluttet) or declare it lost (Tapt), and close accounts."""
    MANAGE_PEOPLE = "manage_people"
    """Add staff, change roles, teams and languages, set first passwords."""
    OPEN_ESCROW = "open_escrow"
    """Be one of the two who open the employer's escrow of a laptop's key."""
    SEND_FOR_OTHERS = "send_for_others"
    """Send what lies sealed on a colleague's store, without reading it."""
    READ_DRAFTS_OF_OTHERS = "read_drafts_of_others"
    """Recovery of a lost laptop's unsigned text; always with a reason, always logged."""

    # --- who did what
    READ_ACCESS_LOG = "read_access_log"
    """The access logs of all laptops and of the office, for control and for a patient's print."""
    REVIEW_ACCESS = "review_access"
    """Judge the openings outside one's own patients."""
    DECIDE_DELETION = "decide_deletion"
    """Delete an entry on the wrong patient at the server, or refuse to (hpl paragraphs 42-43)."""


# --- the table. Why a role has, or lacks, what the others have:
#
# Case managers, LAR staff and specialists (psychologist, psychiatrist) meet patients alone, also at
# night: they give, force, witness and open somebody else's patient in an emergency. Only LAR staff
# among them copy orders from paper. A psychiatrist who prescribes has the role of prescriber.
# Peer specialists write notes and sign as a witness, and handle no medicine (health personnel do,
# legemiddelhaandteringsforskriften), nor do they open patients whom they do not follow.
# A witness signs with a code on the giver's laptop, and needs to read nothing for it.
# Prescribers decide orders and answer for safety; they carry no bag of the team's.
# The team leader has the work of the team and of its office, and judges openings outside the list,
# never one's own. Not the rules of the organisation, nor the logs: who leads is also controlled.
# Secretaries have the office and write nothing clinical; they keep names and addresses current.
# Auditors and the record-responsible read who did what. Neither reads a note: the control of
# reading needs no reading. Only the record-responsible deletes (hpl paragraph 43).
# Administrators have laptops, people and rules, and see no patient at all.
# Recovery officers open what is sealed, two together, and send it on; the patients are not theirs.

_CARE: Final = frozenset(
    {
        Right.READ_PATIENTS,
        Right.REGISTER_PATIENTS,
        Right.RECORD_CARE,
        Right.HAND_OUT,
        Right.FORCE_HANDOUT,
        Right.WITNESS,
        Right.CARRY_BAG,
        Right.ACCESS_OTHERS,
        Right.CONFIRM_ORDERS,
    }
)

_OFFICE: Final = frozenset(
    {
        Right.READ_PATIENTS,
        Right.REGISTER_PATIENTS,
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
        Role.CASE_MANAGER: _CARE,
        Role.LAR_STAFF: _CARE | {Right.ENTER_ORDERS},
        Role.SPECIALIST: _CARE,
        Role.PEER: frozenset(
            {
                Right.READ_PATIENTS,
                Right.REGISTER_PATIENTS,
                Right.RECORD_CARE,
                Right.WITNESS,
            }
        ),
        Role.WITNESS: frozenset({Right.WITNESS}),
        Role.PRESCRIBER: frozenset(
            {
                Right.READ_PATIENTS,
                Right.REGISTER_PATIENTS,
                Right.RECORD_CARE,
                Right.HAND_OUT,
                Right.FORCE_HANDOUT,
                Right.WITNESS,
                Right.ACCESS_OTHERS,
                Right.DECIDE_PROPOSALS,
                Right.ENTER_ORDERS,
                Right.CONFIRM_ORDERS,
                Right.REOPEN_SLOTS,
                Right.ANSWER_ISSUES,
            }
        ),
        Role.TEAM_LEADER: _CARE
        | _OFFICE
        | {
            Right.DECIDE_PROPOSALS,
            Right.REOPEN_SLOTS,
            Right.ANSWER_ISSUES,
            Right.REVIEW_ACCESS,
            Right.MANAGE_PEOPLE,
        },
        Role.SECRETARY: _OFFICE,
        Role.AUDITOR: frozenset({Right.READ_ACCESS_LOG, Right.REVIEW_ACCESS}),
        Role.ADMINISTRATOR: frozenset(
            {
                Right.SEE_OVERVIEW,
                Right.ENROL,
                Right.REVOKE,
                Right.SET_RULES,
                Right.MANAGE_PEOPLE,
            }
        ),
        Role.RECOVERY_OFFICER: frozenset(
            {
                Right.SEE_OVERVIEW,
                Right.READ_DRAFTS_OF_OTHERS,
                Right.RECEIVE_COURIER,
                Right.OPEN_ESCROW,
                Right.SEND_FOR_OTHERS,
            }
        ),
        Role.RECORD_RESPONSIBLE: frozenset(
            {Right.READ_ACCESS_LOG, Right.REVIEW_ACCESS, Right.DECIDE_DELETION}
        ),
    }
)
"""A role that the server knows and this table does not has no rights."""


def may(role: Role | str, right: Right) -> bool:
    """True when a role holds a right; an unknown role holds none."""
    try:
        return right in RIGHTS.get(Role(role), frozenset())
    except ValueError:
        return False


OFFICE_RIGHTS: Final = frozenset(
    {
        Right.ENTER_ORDERS,
        Right.REOPEN_SLOTS,
        Right.ANSWER_ISSUES,
        Right.SEE_REGISTER,
        Right.SEE_OVERVIEW,
        Right.TAKE_OVER,
        Right.ASSIGN,
        Right.JOIN_PATIENTS,
        Right.DECIDE_PROPOSALS,
        Right.RECEIVE_COURIER,
        Right.SET_RULES,
        Right.ENROL,
        Right.REVOKE,
        Right.MANAGE_PEOPLE,
        Right.READ_DRAFTS_OF_OTHERS,
        Right.READ_ACCESS_LOG,
        Right.REVIEW_ACCESS,
        Right.DECIDE_DELETION,
    }
)
"""Rights that are used in the page Kontor; who has none of them has no such page. CONFIRM_ORDERS
brings there those who otherwise have nothing to do with it."""


def has_office(role: Role | str) -> bool:
    """True for a role with something to do in the page Kontor."""
    return any(may(role, right) for right in OFFICE_RIGHTS | {Right.CONFIRM_ORDERS})


# --- what a laptop delivers

_OF_KIND: Final[Mapping[str, tuple[Right, ...]]] = MappingProxyType(
    {
        "patient": (Right.REGISTER_PATIENTS,),
        "contact": (Right.REGISTER_PATIENTS,),
        "appointment": (Right.REGISTER_PATIENTS,),
        "flag": (Right.RECORD_CARE,),
        "proposal": (Right.RECORD_CARE,),
        "encounter": (Right.RECORD_CARE,),
        "detected_issue": (Right.RECORD_CARE, Right.ANSWER_ISSUES),
        "note": (Right.RECORD_CARE,),
        "screening_response": (Right.RECORD_CARE,),
        "rapid_test": (Right.RECORD_CARE,),
        "pharmacy_report": (Right.RECORD_CARE,),
        "dose_incident": (Right.RECORD_CARE,),
        "communication": (Right.RECORD_CARE,),
        "medication_dispense": (Right.RECORD_CARE,),
        "adverse_event": (Right.RECORD_CARE,),
        "entry_correction": (Right.RECORD_CARE,),
        "witness_statement": (Right.WITNESS,),
        "paper_sheet": (Right.HAND_OUT, Right.RECORD_CARE),
        "supply_movement": (Right.CARRY_BAG, Right.SEE_REGISTER),
    }
)
"""Either right is enough. Kinds that the server alone writes are not here, nor those of a newer
program, which are kept word for word."""


def rights_for(kind: str, body: Mapping[str, object]) -> tuple[Right, ...]:
    """Return the rights of which the author of a record needs one; none for an unknown kind.

    A handout that is recorded afterwards, or that takes an entry back, tells of what happened.
    """
    if kind != "medication_administration":
        return _OF_KIND.get(kind, ())
    if body.get("forced") is not None:
        return (Right.FORCE_HANDOUT,)
    past = bool(body.get("retrospective")) or body.get("reverses") is not None
    return (Right.RECORD_CARE,) if past else (Right.HAND_OUT,)


def may_write(role: Role | str, kind: str, body: Mapping[str, object]) -> bool:
    """True when a role may be the author of this record."""
    wanted = rights_for(kind, body)
    return not wanted or any(may(role, right) for right in wanted)
