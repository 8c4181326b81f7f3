"""Doses that the register does not hold whole are listed, whoever gave them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from fieldapp.domain.handout_events import WitnessStatement
from fieldapp.domain.medication import CoSignature
from fieldapp.domain.patients import Patient, Practitioner, Role
from fieldapp.domain.supply import item_of
from fieldapp.services import medication, register, register_acts
from fieldapp.services.register_acts import Taken
from fieldapp.services.register_gaps import dose_gaps
from fieldapp.services.session import Session
from fieldapp.store import state
from tests.helpers.builders import (
    COLLEAGUE,
    TODAY,
    assignment,
    entry,
    event,
    new_session,
    patient,
    receive,
    request,
)
from tests.helpers.claims import grant


def _gaps(session: Session) -> list[tuple[bool, bool]]:
    return [(gap.without_line, gap.waits_for_witness) for gap in dose_gaps(session, TODAY)]


def test_a_controlled_dose_without_a_line_is_listed_until_it_is_taken_back(
    session: Session, kari: Patient
) -> None:
    order = request(kari)
    other = request(kari, atc="N05BA01", product="Diazepam", concentration_mg_per_ml=None)
    receive(session, order, other)
    grant(session, order)
    grant(session, other)
    given = entry(order)
    medication.record(session, given)
    medication.record(session, entry(other))
    (gap,) = dose_gaps(session, TODAY)
    assert (gap.event.id, gap.patient, gap.product) == (given.id, kari.name, order.product)
    medication.reverse(session, given.id, "Skjedde ikke")
    assert _gaps(session) == []


def test_a_dose_out_of_a_bag_is_not_listed(session: Session, kari: Patient) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    from_item = item_of(order)
    register_acts.receive(session, "store:Skap", from_item, Decimal(500))
    taken = [Taken(from_item, Decimal(100), Decimal(100))]
    bag = register_acts.pack(session, "store:Skap", taken).ledger
    medication.record(session, entry(order, supply=register.use_of(order, Decimal(60), bag)))
    assert _gaps(session) == []


@pytest.mark.parametrize(
    ("named", "waits"),
    [
        (None, True),
        (CoSignature(name="Vikar Olsen"), True),
        (CoSignature(COLLEAGUE.id, COLLEAGUE.name), True),
        (CoSignature(COLLEAGUE.id, COLLEAGUE.name, by_code=True), False),
    ],
)
def test_where_a_second_person_is_required_only_a_code_or_a_late_signature_is_one(
    session: Session, kari: Patient, named: CoSignature | None, waits: bool
) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    said = entry(order, witness=named)
    medication.record(session, said)
    assert _gaps(session) == [(True, False)]
    state.remember_rules(session.database, state.Rules(witness_required=True))
    assert _gaps(session) == [(True, waits)]
    if named is not None and named.practitioner_id is not None and waits:
        (gap,) = dose_gaps(session, TODAY)
        now = gap.event.given_at
        receive(
            session,
            WitnessStatement(
                "w1", kari.id, "medication_administration", said.id, now, now, COLLEAGUE.id, "d2", 1
            ),
        )
        assert _gaps(session) == [(True, False)]


def test_a_colleagues_dose_is_listed_for_whoever_may_see_the_register(tmp_path: Path) -> None:
    for role, seen in ((Role.TEAM_LEADER, 1), (Role.CASE_MANAGER, 0)):
        person = Practitioner(f"u-{role.value}", role.value, "Ulf Vik", role)
        session = new_session(tmp_path / role.value, user=person)
        kari = patient("Ås", "Kari")
        order = request(kari)
        receive(session, person, kari, assignment(kari, person), order, event(order))
        assert len(dose_gaps(session, TODAY)) == seen
