"""Who may do what, in plain words: written down once more, so that a slip in the table is seen."""

from __future__ import annotations

from fieldapp.domain.patients import Role
from fieldapp.domain.rights import RIGHTS, Right, has_office, may

LEADER, SECRETARY, ADMIN = Role.TEAM_LEADER, Role.SECRETARY, Role.ADMINISTRATOR
CARERS = {Role.CASE_MANAGER, Role.LAR_STAFF, Role.SPECIALIST, LEADER}
GIVERS = CARERS | {Role.PRESCRIBER}
WRITERS = GIVERS | {Role.PEER}
CONTROL = {Role.AUDITOR, Role.RECORD_RESPONSIBLE}
OFFICE = {LEADER, SECRETARY}

HOLDERS: dict[Right, set[Role]] = {
    # patients
    Right.READ_PATIENTS: WRITERS | {SECRETARY},
    Right.REGISTER_PATIENTS: WRITERS | {SECRETARY},
    Right.RECORD_CARE: WRITERS,
    Right.ACCESS_OTHERS: GIVERS,
    # medicine
    Right.HAND_OUT: GIVERS,
    Right.FORCE_HANDOUT: GIVERS,
    Right.WITNESS: WRITERS | {Role.WITNESS},
    Right.CARRY_BAG: CARERS,
    Right.SEE_REGISTER: OFFICE,
    Right.ENTER_ORDERS: OFFICE | {Role.LAR_STAFF, Role.PRESCRIBER},
    Right.CONFIRM_ORDERS: GIVERS,
    Right.REOPEN_SLOTS: {LEADER, Role.PRESCRIBER},
    Right.ANSWER_ISSUES: {LEADER, Role.PRESCRIBER},
    Right.DECIDE_PROPOSALS: {LEADER, Role.PRESCRIBER},
    # the office
    Right.SEE_OVERVIEW: OFFICE | {ADMIN, Role.RECOVERY_OFFICER},
    Right.TAKE_OVER: OFFICE,
    Right.ASSIGN: OFFICE,
    Right.JOIN_PATIENTS: OFFICE,
    Right.RECEIVE_COURIER: OFFICE | {Role.RECOVERY_OFFICER},
    Right.SET_RULES: {ADMIN},
    # laptops and people
    Right.ENROL: OFFICE | {ADMIN},
    Right.REVOKE: OFFICE | {ADMIN},
    Right.MANAGE_PEOPLE: {LEADER, ADMIN},
    Right.OPEN_ESCROW: {Role.RECOVERY_OFFICER},
    Right.SEND_FOR_OTHERS: {Role.RECOVERY_OFFICER},
    Right.READ_DRAFTS_OF_OTHERS: {Role.RECOVERY_OFFICER},
    # control
    Right.READ_ACCESS_LOG: CONTROL,
    Right.REVIEW_ACCESS: CONTROL | {LEADER},
    Right.DECIDE_DELETION: {Role.RECORD_RESPONSIBLE},
}


def test_every_right_is_held_by_exactly_these_roles() -> None:
    found = {right: {role for role in Role if may(role, right)} for right in Right}
    assert found == HOLDERS


def test_every_role_of_the_team_has_a_row_with_something_in_it() -> None:
    assert set(RIGHTS) == set(Role)
    assert all(RIGHTS.values())


def test_a_role_that_nobody_knows_has_no_right_at_all() -> None:
    assert not any(may("superuser", right) for right in Right)
    assert not has_office("superuser")


def test_nobody_controls_the_reading_that_they_could_have_done_themselves_alone() -> None:
    """Only the leader both opens and reviews; there the server bars one's own openings."""
    both = {role for role in Role if may(role, Right.ACCESS_OTHERS)} & HOLDERS[Right.REVIEW_ACCESS]
    assert both == {LEADER}
    assert not any(may(role, Right.READ_PATIENTS) for role in CONTROL)


def test_whoever_opens_what_is_sealed_reads_no_patients() -> None:
    for role in HOLDERS[Right.OPEN_ESCROW] | HOLDERS[Right.SEND_FOR_OTHERS]:
        assert not may(role, Right.READ_PATIENTS)


def test_whoever_runs_the_machines_reads_no_patients_and_no_logs() -> None:
    assert not may(ADMIN, Right.READ_PATIENTS)
    assert not may(ADMIN, Right.READ_ACCESS_LOG)


def test_whoever_writes_care_can_keep_the_address_and_read_what_is_written() -> None:
    for role in HOLDERS[Right.RECORD_CARE]:
        assert may(role, Right.READ_PATIENTS)
        assert may(role, Right.REGISTER_PATIENTS)


def test_whoever_gives_medicine_can_record_it_and_force_it_and_nobody_else_can() -> None:
    assert HOLDERS[Right.FORCE_HANDOUT] == HOLDERS[Right.HAND_OUT] <= HOLDERS[Right.RECORD_CARE]
