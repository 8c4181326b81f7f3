"""A patient who was given to somebody else is in no page of the store any more, free ones included.

Every page of every file is decrypted with the store's own key and searched for the patient's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp.domain.changes import HERE_ALONE
from fieldapp.store import drafts, inbox, migrate
from sync.protocol.messages import Outcome
from sync.server.storage.storage import Storage
from tests.helpers.pages_of_store import everything_in
from tests.helpers.sync_world import Laptop, LaptopFactory, Office
from tests.sync.server.conftest import embedded

__all__ = ["embedded"]

KEY = bytes.fromhex("5a" * 32)
"""As in `tests.helpers.sync_world.laptop_key`."""

MARKERS = ("Kvistadmoen", "rømmekolle", "skjærgårdsvise")
"""Of the patient's name, a signed note and a draft. No word of ours, no piece of another's."""


class Field:
    """One laptop and the office."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.office = Office(storage)
        self.folder = folder
        folder.mkdir()
        factory = LaptopFactory(folder)
        self.who = self.office.new_user()
        self.patient = self.office.add_patient(self.who, city=MARKERS[0])
        self.other = self.office.add_patient(self.who, city="Vardø")
        self.laptop: Laptop = factory.laptop(self.office, self.who)
        assert self.laptop.sync().complete
        self.laptop.sign_note(self.patient.id, f"Spiste {MARKERS[1]} til frokost")
        assert self.laptop.sync().complete

    def draft(self) -> None:
        draft_id = self.laptop.open_draft(self.patient.id)
        known = drafts.get(self.laptop.database, draft_id)
        assert known is not None
        body: dict[str, object] = {"text": f"Sang en {MARKERS[2]}"}
        with self.laptop.database.transaction():
            drafts.save(self.laptop.database, replace(known, body=body, open=True))
            drafts.close(self.laptop.database, draft_id)

    def found(self) -> set[str]:
        """Which of the markers stand anywhere in the store's files."""
        self.laptop.database.checkpoint()
        clear = everything_in(self.folder, KEY).lower()
        return {word for word in MARKERS if word.lower().encode() in clear}

    def found_as_it_lies(self) -> set[str]:
        """The same without moving anything: what stands in the write-ahead log counts too."""
        clear = everything_in(self.folder, KEY).lower()
        return {word for word in MARKERS if word.lower().encode() in clear}

    def end(self) -> None:
        self.office.unassign(self.who, self.patient.id)
        for _ in range(2):
            assert self.laptop.sync().complete


@pytest.fixture
def field(embedded: Storage, tmp_path: Path) -> Iterator[Field]:
    made = Field(embedded, tmp_path / "laptop")
    yield made
    made.laptop.close()


def test_the_search_finds_what_is_there(field: Field) -> None:
    field.draft()
    assert field.found() == set(MARKERS)
    assert b"vard\xc3\xb8" in everything_in(field.folder, KEY).lower()


def test_a_patient_who_left_is_in_no_page_row_index_or_draft(field: Field) -> None:
    field.draft()
    assert field.laptop.sync().complete
    field.end()
    assert field.laptop.ids("patient") == {field.other.id}
    assert field.found() == set()


def test_the_write_ahead_log_holds_no_word_of_a_patient_who_left_either(field: Field) -> None:
    field.draft()
    assert field.found_as_it_lies() == set(MARKERS)  # in the log, for the most part
    assert field.laptop.sync().complete
    field.end()
    assert field.found_as_it_lies() == set()


def test_there_are_no_attachments_that_a_purge_could_forget(field: Field) -> None:
    """A record is rows of one database: no file lies beside it, and no table holds one."""
    files = {path.name for path in field.folder.rglob("*") if path.is_file()}
    assert all(".db" in name for name in files), files
    rows = field.laptop.database.connection.execute(
        "SELECT t.name || '.' || c.name AS place FROM sqlite_schema AS t,"
        " pragma_table_info(t.name) AS c WHERE t.type = 'table' AND upper(c.type) = 'BLOB'"
        " AND t.sql NOT LIKE '%fts5%' AND t.name NOT GLOB '*_data' AND t.name NOT GLOB '*_docsize'"
    ).fetchall()
    assert {row["place"] for row in rows} == set()


def test_neither_is_one_in_a_copy_made_before_a_migration(field: Field) -> None:
    copies = field.folder / migrate.COPIES_NAME
    copies.mkdir()
    field.laptop.database.copy_to(copies / "journal-20261122T081500Z-v0003.db")
    assert field.found() == set(MARKERS[:2])
    field.end()
    assert field.found() == set()
    assert list(copies.iterdir()) == []


def test_what_the_server_refuses_lies_at_the_office_before_the_patient_is_purged(
    field: Field,
) -> None:
    laptop, office = field.laptop, field.office
    laptop.edit_patient(field.patient.id, city="Fra laptopen")
    office.put_body(
        {**(office.body("patient", field.patient.id) or {}), "city": "Fra kontoret"},
        "patient",
        field.patient.id,
    )
    office.unassign(field.who, field.patient.id)
    assert laptop.sync().complete
    assert laptop.sync().complete
    with office.storage.read() as transaction:
        waiting = transaction.parked.open(10)
        flagged = [one for one, _ in transaction.flagged.newest(10)]
    assert waiting or flagged
    for change in waiting:
        assert change.outcome in {outcome.value for outcome in Outcome}
    assert laptop.unsent() == []
    assert laptop.ids("patient") == {field.other.id}
    assert field.found() == set()


@pytest.mark.parametrize("reason", sorted(HERE_ALONE))
def test_what_the_server_does_not_have_holds_the_purge_up(field: Field, reason: str) -> None:
    database = field.laptop.database
    field.laptop.sign_note(field.patient.id, "Usendt")
    inbox.end_patients(database, [field.patient.id])
    assert field.patient.id in field.laptop.ids("patient")
    with database.transaction() as connection:
        connection.execute("UPDATE outbox SET state = 'parked', reason_code = ?", (reason,))
    inbox.end_patients(database, [field.patient.id])
    assert field.patient.id in field.laptop.ids("patient")  # it is nowhere else


def test_a_draft_that_only_the_laptop_has_or_that_is_on_the_screen_holds_it_up(
    field: Field,
) -> None:
    database = field.laptop.database
    field.draft()
    inbox.end_patients(database, [field.patient.id])
    assert field.patient.id in field.laptop.ids("patient")


def test_the_server_keeps_the_draft_of_a_patient_who_was_purged(field: Field) -> None:
    field.draft()
    assert field.laptop.sync().complete
    field.end()
    with field.office.storage.read() as transaction:
        (kept,) = transaction.drafts.of_user(field.who.user_id)
    assert MARKERS[2] in str(kept.body)
