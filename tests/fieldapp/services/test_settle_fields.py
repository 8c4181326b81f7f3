"""A conflict is settled field by field: what only one side changed is kept from that side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldapp.domain.changes import Change
from fieldapp.domain.codec import to_body
from fieldapp.domain.patients import Flag, Patient
from fieldapp.services import patients
from fieldapp.services.session import Session
from fieldapp.store import outbox, records
from fieldapp.store.outbox import NotDecidableError
from tests.helpers.builders import flag, receive


def _conflict(session: Session, kari: Patient, **servers: object) -> str:
    """Telephone and street changed here; the server holds `servers` in version 99."""
    patients.update(session, replace(kari, phone="mine", address="Lia 1"))
    (item,) = outbox.items(session.database)
    held = {**to_body(kari), **servers}
    outbox.park(session.database, item.change_id, "conflict", "phone", held, 99)
    return item.change_id


def _settle(session: Session, change_id: str, *mine: str) -> Change:
    return outbox.settle_fields(session.database, change_id, frozenset(mine), session.new_id)


def test_a_person_chooses_only_between_fields_that_both_sides_changed(
    session: Session, kari: Patient
) -> None:
    change_id = _conflict(session, kari, phone="theirs", city="Dal")
    assert outbox.clashes(session.database, change_id) == ("phone",)


@pytest.mark.parametrize(("mine", "phone"), [(("phone",), "mine"), ((), "theirs")])
def test_the_chosen_value_stands_beside_what_each_side_changed_alone(
    session: Session, kari: Patient, mine: tuple[str, ...], phone: str
) -> None:
    change_id = _conflict(session, kari, phone="theirs", city="Dal")
    _settle(session, change_id, *mine)
    now = records.get(session.database, Patient, kari.id)
    assert now is not None
    assert (now.phone, now.address, now.city) == (phone, "Lia 1", "Dal")
    (item,) = outbox.items(session.database)
    assert item.state == "waiting"
    assert item.change_id != change_id
    assert (item.body["phone"], item.body["city"]) == (phone, "Dal")


def test_the_servers_record_word_for_word_is_not_sent_back(session: Session, kari: Patient) -> None:
    change_id = _conflict(session, kari, phone="theirs", address="Lia 1")
    _settle(session, change_id)
    assert outbox.items(session.database) == []
    body = records.body_of(session.database, "patient", kari.id)
    assert body is not None
    assert body["phone"] == "theirs"


def test_every_differing_field_of_critical_information_waits_for_a_person(
    session: Session, kari: Patient
) -> None:
    allergy = flag(kari)
    receive(session, allergy)
    patients.set_flag(
        session, allergy.category, allergy.state, "Penicillin og latex", kari.id, allergy.id
    )
    (item,) = outbox.items(session.database)
    held = {**to_body(allergy), "active": False}
    outbox.park(session.database, item.change_id, "conflict", "active", held, 99)
    clashing = outbox.clashes(session.database, item.change_id)
    assert {"active", "text"} <= set(clashing)
    _settle(session, item.change_id, "active", "text")
    now = records.get(session.database, Flag, allergy.id)
    assert now is not None
    assert (now.active, now.text) == (True, "Penicillin og latex")


def test_what_was_written_after_the_conflict_counts_as_this_side(
    session: Session, kari: Patient
) -> None:
    change_id = _conflict(session, kari, phone="theirs")
    patients.update(session, replace(kari, phone="newest", address="Lia 1"))
    _settle(session, change_id, "phone")
    (item,) = outbox.items(session.database)
    assert item.body["phone"] == "newest"


def test_an_event_can_never_be_settled_away(session: Session, kari: Patient) -> None:
    change_id = _conflict(session, kari, phone="theirs")
    outbox.retry(session.database, change_id)
    with pytest.raises(outbox.NotParkedError):
        _settle(session, change_id, "phone")
    outbox.park(session.database, change_id, "refused", "bad_body")
    with session.database.transaction() as connection:
        connection.execute("UPDATE outbox SET base_body = NULL")
    with pytest.raises(NotDecidableError):
        _settle(session, change_id, "phone")
