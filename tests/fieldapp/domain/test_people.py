"""Nobody gives, takes or puts a password on a role with rights that they lack themselves."""

from __future__ import annotations

import pytest

from fieldapp.domain.patients import Role
from fieldapp.domain.people import may_give


@pytest.mark.parametrize("role", list(Role))
def test_the_administrator_gives_every_role(role: Role) -> None:
    assert may_give(Role.ADMINISTRATOR, role)


def test_a_team_leader_gives_the_roles_of_the_clinic_and_no_role_of_control() -> None:
    given = {role for role in Role if may_give(Role.TEAM_LEADER, role)}
    assert given == {
        Role.CASE_MANAGER,
        Role.LAR_STAFF,
        Role.SPECIALIST,
        Role.PEER,
        Role.WITNESS,
        Role.PRESCRIBER,
        Role.SECRETARY,
        Role.TEAM_LEADER,
    }


@pytest.mark.parametrize("own", [role for role in Role if role.value != "administrator"])
def test_nobody_else_can_make_an_administrator_or_a_recovery_officer(own: Role) -> None:
    assert not may_give(own, Role.ADMINISTRATOR)
    assert not may_give(own, Role.RECOVERY_OFFICER)


@pytest.mark.parametrize("own", ["secretary", "case_manager", "auditor", "of_a_newer_program", ""])
def test_who_does_not_manage_people_gives_nothing(own: str) -> None:
    assert not any(may_give(own, role) for role in Role)


def test_a_role_of_a_newer_program_is_given_by_nobody_but_the_administrator() -> None:
    assert not may_give(Role.TEAM_LEADER, "of_a_newer_program")
    assert may_give(Role.ADMINISTRATOR, "of_a_newer_program")
