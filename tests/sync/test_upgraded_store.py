"""A store of the first release, with work unsent in it, goes on syncing after the upgrade."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock, to_iso
from fieldapp.domain.codec import to_body
from fieldapp.domain.notes import Note
from fieldapp.ids import new_id
from fieldapp.store import drafts
from fieldapp.store.db import Database
from fieldapp.store.migrate import MIGRATIONS, migrate
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.stores import START
from tests.helpers.sync_world import LaptopFactory, Office, laptop_key


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    yield Office(storage)
    storage.close()


def first_release(tmp_path: Path) -> Database:
    """An empty store as the first release made it."""
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    shutil.copy(MIGRATIONS / "0001_create_records.sql", migrations)
    store = Database.create(tmp_path / "old.db", laptop_key, "store-1")
    migrate(store, FixedClock(START), migrations)
    return store


def test_what_an_older_program_left_unsent_arrives_after_the_upgrade(
    tmp_path: Path, office: Office
) -> None:
    kari = office.new_user()
    patient = office.add_patient(kari)
    body = office.body("patient", patient.id) or {}
    edited = {**body, "phone": "1"}
    note = Note(new_id(), patient.id, kari.user_id, "free", "gammelt", START, START, "d-1", 1)
    store = first_release(tmp_path)
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO patient (id, patient_id, version, received, body) VALUES (?, ?, ?, 1, ?)",
            (patient.id, patient.id, office.version("patient", patient.id), json.dumps(edited)),
        )
        connection.execute(
            "INSERT INTO note (id, patient_id, body) VALUES (?, ?, ?)",
            (note.id, patient.id, json.dumps(to_body(note))),
        )
        for kind, record_id, new, base, state in (
            ("patient", patient.id, edited, json.dumps(body), "waiting"),
            ("note", note.id, to_body(note), None, "in_flight"),
        ):
            connection.execute(
                "INSERT INTO outbox (change_id, kind, record_id, patient_id, body, base_body,"
                " state, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    new_id(),
                    kind,
                    record_id,
                    patient.id,
                    json.dumps(new),
                    base,
                    state,
                    to_iso(START),
                ),
            )
        connection.execute("INSERT INTO store_state VALUES ('pull_cursor', '2.2')")
        connection.execute(
            "INSERT INTO draft (id, patient_id, form, body, saved_at, open)"
            " VALUES ('draft-1', ?, 'note', '{}', ?, 0)",
            (patient.id, to_iso(START)),
        )
    migrate(store, FixedClock(START))
    store.close()
    laptop = LaptopFactory(tmp_path).laptop(office, kari, path=tmp_path / "old.db")
    try:
        laptop.may_heal = True
        assert drafts.count_unsent(laptop.database) == 1
        assert laptop.sync().complete
        assert laptop.unsent() == []
        assert (office.body("patient", patient.id) or {})["phone"] == "1"
        assert len(office.past_bodies("note", note.id)) == 1
        assert laptop.patient(patient.id) == replace(patient, phone="1")
        assert drafts.count_unsent(laptop.database) == 0
    finally:
        laptop.close()
