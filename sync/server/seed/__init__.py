"""A synthetic team with two years of history, for the demo and for tests.

Everything is invented and follows from the seed and the day alone: no clock, no network.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.patients import Assignment, Level, Place, Role
from fieldapp.domain.reference import rapid_test_reference
from fieldapp.domain.screening.instruments import load_instrument
from fieldapp.paths import resources_dir
from sync.server.seed.history import History, Reference, SeedRecord
from sync.server.seed.names import STAFF
from sync.server.seed.orders import Special, as_special, make_orders
from sync.server.seed.people import (
    Followed,
    IdSource,
    StaffMember,
    make_contacts,
    make_flags,
    make_patients,
    make_staff,
    midday,
)

__all__ = ["DEMO_USERNAME", "SECRETARY_USERNAME", "SeedRecord", "demo_team"]

DEMO_USERNAME = STAFF[0][0]
"""The case manager whose laptop the demo shows; follows `patients / case managers` patients."""

SECRETARY_USERNAME = STAFF[7][0]
"""The secretary of a team of twelve, who shows the office's pages; the password is the demo's."""

_DAYS_PER_YEAR = 365


def demo_team(
    today: date,
    *,
    seed: int = 1,
    staff: int = 12,
    patients: int = 150,
    act_share: float = 0.2,
    lar: int = 40,
    lar_at_point: int = 22,
    years: int = 2,
) -> Iterator[SeedRecord]:
    """Yield the team's records, what others point to first and assignments last.

    The history ends the day before `today`; plans reach a week ahead. The first case manager
    follows their own patients only.
    """
    start = today - timedelta(years * _DAYS_PER_YEAR)
    ids = IdSource(_dice(seed, "ids"))
    team = make_staff(_dice(seed, "staff"), ids, start, staff)
    followed = make_patients(
        _dice(seed, "patients"),
        ids,
        team,
        count=patients,
        act_share=act_share,
        lar=lar,
        lar_at_point=lar_at_point,
        start=start,
        today=today,
    )
    for member in team:
        yield SeedRecord(member.practitioner, None, None, midday(start, 8))
    orders: dict[str, MedicationRequest] = {}
    known = _dice(seed, "known")
    special = _special_orders(followed, team[0])
    for one in followed:
        likely = 0.6 if one.manager is team[0] else 0.3
        yield from _standing_facts(known, ids, one, today, orders, likely, special.get(one.id))
    history = History(
        _dice(seed, "history"), ids, team, followed, orders, _reference(), start, today
    )
    yield from history.records()
    yield from history.plans()
    for assignment in _assignments(_dice(seed, "assignments"), ids, team, followed, start):
        yield SeedRecord(assignment, None, None, midday(start, 9))


def _dice(seed: int, part: str) -> random.Random:
    # Each part rolls its own, so that a change in one leaves the others as they were.
    return random.Random(f"{seed}:{part}")  # noqa: S311


def _special_orders(followed: list[Followed], manager: StaffMember) -> dict[str, Special]:
    """Say who of a case manager's patients at home takes doses home, and who has a depot."""
    at_home = [one.id for one in followed if one.manager is manager and one.lar is Place.HOME]
    return dict(zip(at_home[1:], Special, strict=False))


def _standing_facts(
    dice: random.Random,
    ids: IdSource,
    followed: Followed,
    today: date,
    orders: dict[str, MedicationRequest],
    likely: float,
    special: Special | None,
) -> Iterator[SeedRecord]:
    by = followed.manager
    moment = midday(followed.since)
    yield SeedRecord(followed.patient, by.id, by.device_id, moment)
    for flag in make_flags(dice, ids, followed, today):
        yield SeedRecord(flag, by.id, by.device_id, midday(flag.confirmed_on))
    for contact in make_contacts(dice, ids, followed):
        yield SeedRecord(contact, by.id, by.device_id, moment)
    for order in make_orders(dice, ids, followed, today, likely=likely):
        if special is not None:
            order = as_special(order, special, today)
        orders[followed.id] = order
        yield SeedRecord(order, None, None, midday(order.valid_from))


def _assignments(
    dice: random.Random,
    ids: IdSource,
    team: list[StaffMember],
    followed: list[Followed],
    start: date,
) -> Iterator[Assignment]:
    managers = [member for member in team if member.role is Role.CASE_MANAGER]
    for one in followed:
        yield Assignment(ids.at(midday(one.since)), one.id, one.manager.id, primary=True)
        for member in team:
            if _also_follows(member, one):
                yield Assignment(ids.at(midday(one.since)), one.id, member.id)
        # The day's second case manager, never the demo's: that list stays as long as promised.
        others = [member for member in managers[1:] if member is not one.manager]
        if others and (one.patient.level is Level.ACT or dice.random() < 0.1):
            yield Assignment(ids.at(midday(start)), one.id, dice.choice(others).id)


def _also_follows(member: StaffMember, followed: Followed) -> bool:
    """Say whom the staff without patients of their own follow."""
    if member.role in (Role.TEAM_LEADER, Role.SECRETARY):
        return True
    if member.role is Role.LAR_STAFF:
        return followed.lar is not None
    if member.role is Role.PRESCRIBER:
        return followed.lar is not None or followed.is_act
    return member.role is Role.SPECIALIST and followed.is_act


def _reference() -> Reference:
    folder = resources_dir()
    instruments = {
        name: load_instrument((folder / "instruments" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("audit", "dudit")
    }
    text = (folder / "reference" / "rapid_tests.json").read_text(encoding="utf-8")
    return Reference(instruments, rapid_test_reference(text).panels[0])
