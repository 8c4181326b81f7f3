"""Doses of controlled medicine that the register does not hold whole.

Nothing stops a record of what was given; what it lacks is listed here until somebody has seen to
it, so that a month of the register never lacks a dose in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from fieldapp.domain.collation import sort_key
from fieldapp.domain.handout_events import WitnessStatement
from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    effective,
)
from fieldapp.domain.rights import Right, may
from fieldapp.domain.supply import SupplyType
from fieldapp.domain.supply_balance import standing
from fieldapp.services import people, reference, rules, witness
from fieldapp.services.session import Session
from fieldapp.services.witness import Standing
from fieldapp.store import medication, patients
from fieldapp.store import supply as store

_SIGNED = frozenset({Standing.BY_CODE, Standing.LATE})


@dataclass(frozen=True, slots=True)
class DoseGap:
    """A dose that was given, and what it lacks: its line, or its second person's code."""

    event: MedicationAdministration
    patient: str
    product: str
    author: str
    without_line: bool
    waits_for_witness: bool


def is_controlled(event: MedicationAdministration, order: MedicationRequest | None) -> bool:
    """True for a dose of a group whose stock is accounted for."""
    groups = reference.substances()
    code = event.group or (groups.group_code(order) if order is not None else "")
    return groups.group(code).controlled


def waits_for_witness(
    session: Session,
    event: MedicationAdministration,
    order: MedicationRequest | None,
    how: Standing,
) -> bool:
    """True for an act that the organisation wants a second person for, and that has none.

    A typed name is none. What is told afterwards has no witness to wait for.
    """
    return (
        rules.decided(session).witness_required
        and event.status is HandoutStatus.GIVEN
        and not event.retrospective
        and how not in _SIGNED
        and is_controlled(event, order)
    )


def dose_gaps(session: Session, since: date) -> tuple[DoseGap, ...]:
    """Return the doses given in slots from `since` on that lack something, the newest first.

    One's own, and everybody's of the patients on this laptop for whoever may see the register.
    """
    database = session.database
    known = {person.id: person for person in patients.active(database)}
    everything = may(session.user.role, Right.SEE_REGISTER)
    doses = [
        event
        for event in effective(medication.events_since(database, list(known), since))
        if event.status is HandoutStatus.GIVEN
        and (everything or event.author_id == session.user.id)
    ]
    orders = {one.id: one for one in medication.requests_of(database, list(known))}
    with_line = {
        line.administration_id
        for line in standing(store.all_lines(database))
        if line.type is SupplyType.HANDED_OUT
    }
    signed = witness.statements(session, [dose.id for dose in doses])
    names = people.names(session)
    found = []
    for dose in doses:
        order = orders.get(dose.request_id)
        without_line = dose.id not in with_line and is_controlled(dose, order)
        waits = waits_for_witness(session, dose, order, _standing(dose, signed))
        if without_line or waits:
            product = order.product if order is not None else ""
            author = names.get(dose.author_id, "")
            name = known[dose.patient_id].name
            found.append(DoseGap(dose, name, product, author, without_line, waits))
    found.sort(key=lambda gap: (gap.event.day, gap.event.given_at), reverse=True)
    return tuple(found)


def of_month(session: Session, year: int, number: int) -> tuple[DoseGap, ...]:
    """Return the doses of a month without a line, by day and name, for the month's register."""
    first = date(year, number, 1)
    after = (first + timedelta(days=32)).replace(day=1)
    found = [
        gap
        for gap in dose_gaps(session, first)
        if gap.without_line and first <= gap.event.day < after
    ]
    return tuple(sorted(found, key=lambda gap: (gap.event.day, sort_key(gap.patient))))


def _standing(dose: MedicationAdministration, signed: list[WitnessStatement]) -> Standing:
    return witness.standing_of(dose, signed)
