"""A courier file for a server that was set back to a backup since the laptop last heard of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp.domain.patients import Contact, Relation
from fieldapp.store import records
from sync.server.storage.storage import Storage
from tests.helpers import server_backup
from tests.sync.server.team import contact, note, patient
from tests.sync.test_courier import Field


@pytest.fixture
def field(storage: Storage, tmp_path: Path) -> Iterator[Field]:
    made = Field(storage, tmp_path)
    yield made
    made.database.close()


def test_a_stick_is_taken_in_by_a_server_that_has_lost_what_the_laptop_knows(
    field: Field,
) -> None:
    """A laptop without a network has no other road; it must not be turned away for ever."""
    field.save(patient())
    field.save(contact())
    field.sync()
    backup = server_backup.take(field.storage)
    field.save(note("n-lost"))
    field.save(replace(contact(), phone="1"))
    field.sync()
    server_backup.restore(field.storage, backup)
    field.save(note("n-new"))
    field.save(Contact("k2", "p1", "Far", Relation.PARENT))
    field.save(replace(contact(), phone="1", note="ring to ganger"))
    settled = field.read(field.give_in(field.file()))
    at_server = field.at_server()
    assert ("note", "n-new") in at_server
    assert ("contact", "k2") in at_server
    # An edit on a version that the server has lost is never written over what it has.
    assert at_server["contact", "k1"][1]["phone"] == ""
    assert (settled.stored, settled.parked) == (2, 1)
    assert [item.record_id for item in field.unsent()] == ["k1"]
    with field.storage.read() as transaction:
        assert transaction.parked.count_open() == 1
        assert transaction.records.state().epoch == 1
    assert field.read(field.give_in(field.file())).parked == 1
    field.sync()
    assert {("note", "n-lost"), ("note", "n-new")} <= set(field.at_server())
    shown = records.get(field.database, Contact, "k1")
    assert shown is not None
    assert shown.note == "ring to ganger"
