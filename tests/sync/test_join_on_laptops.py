"""A join at the office, seen from the laptops: real stores, real server, both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fieldapp.domain.patients import Flag, FlagCategory, FlagState
from fieldapp.ids import new_id
from fieldapp.store import records
from sync.server.join import join_patients
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Laptop, LaptopFactory, Office

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Two:
    """Kari follows the patient who stays, Ola the one who goes. Both have synced."""

    def __init__(self, storage: Storage, folder: Path, stack: ExitStack) -> None:
        self.office = Office(storage)
        factory = LaptopFactory(folder)
        kari, ola = self.office.new_user(), self.office.new_user()
        self.stays = self.office.add_patient(kari)
        self.goes = self.office.add_patient(ola)
        self.kari: Laptop = stack.enter_context(closing(factory.laptop(self.office, kari)))
        self.ola: Laptop = stack.enter_context(closing(factory.laptop(self.office, ola)))
        self.old_note = self.ola.sign_note(self.goes.id, "Før sammenslåingen")
        self.flag = Flag(
            new_id(),
            self.goes.id,
            FlagCategory.ALLERGY,
            FlagState.PRESENT,
            "Penicillin",
            DAY,
            ola.user_id,
        )
        self.ola.save(self.flag)
        self.sync()

    def sync(self) -> None:
        for laptop in (self.kari, self.ola):
            assert laptop.sync().complete

    def join(self) -> None:
        with self.office.storage.write() as transaction:
            join_patients(transaction, self.stays.id, self.goes.id, "office", NOW)

    def owners(self, laptop: Laptop, kind: str) -> dict[str, str]:
        rows = laptop.database.connection.execute(f"SELECT id, patient_id FROM {kind}")
        return {str(row["id"]): str(row["patient_id"]) for row in rows}


@pytest.fixture
def two(storage: Storage, tmp_path: Path) -> Iterator[Two]:
    with ExitStack() as stack:
        yield Two(storage, tmp_path, stack)


def test_both_laptops_show_everything_under_the_one_who_stays(two: Two) -> None:
    own = two.kari.sign_note(two.stays.id, "Karis")
    two.join()
    two.sync()
    two.sync()
    for laptop in (two.kari, two.ola):
        assert two.owners(laptop, "note") == {
            two.old_note: two.stays.id,
            own: two.stays.id,
        }
        assert two.owners(laptop, "flag") == {two.flag.id: two.stays.id}
    signpost = two.ola.patient(two.goes.id)
    assert (signpost.active, signpost.replaced_by) == (False, two.stays.id)


def test_work_done_offline_on_the_one_who_goes_ends_up_under_the_one_who_stays_everywhere(
    two: Two,
) -> None:
    late = two.ola.sign_note(two.goes.id, "Skrevet uten dekning")
    two.ola.hand_out(two.goes.id, DAY)
    two.ola.save(replace(two.flag, text="Penicillin og sulfa"))
    two.join()
    two.ola.sync()
    two.sync()
    two.sync()
    for laptop in (two.kari, two.ola):
        assert two.owners(laptop, "note") == dict.fromkeys((two.old_note, late), two.stays.id)
        assert set(two.owners(laptop, "medication_administration").values()) == {two.stays.id}
        assert two.owners(laptop, "flag") == {two.flag.id: two.stays.id}
        flag = records.get(laptop.database, Flag, two.flag.id)
        assert flag is not None
        assert flag.text == "Penicillin og sulfa"
        assert not laptop.unsent()


def test_an_edit_after_the_join_of_a_record_whose_text_names_the_one_who_went_is_kept(
    two: Two,
) -> None:
    two.join()
    two.sync()
    held = records.get(two.kari.database, Flag, two.flag.id)
    assert held is not None
    two.kari.save(replace(held, text="Avkreftet av lege"))
    two.sync()
    two.sync()
    for laptop in (two.kari, two.ola):
        assert two.owners(laptop, "flag") == {two.flag.id: two.stays.id}
        flag = records.get(laptop.database, Flag, two.flag.id)
        assert flag is not None
        assert flag.text == "Avkreftet av lege"


def test_a_chain_of_joins_ends_under_the_last_on_every_laptop(two: Two) -> None:
    last = two.office.add_patient(two.kari.who)
    two.sync()
    two.join()
    late = two.ola.sign_note(two.goes.id, "Ennå under det første navnet")
    with two.office.storage.write() as transaction:
        join_patients(transaction, last.id, two.stays.id, "office", NOW)
    two.sync()
    two.sync()
    for laptop in (two.kari, two.ola):
        assert two.owners(laptop, "note") == dict.fromkeys((two.old_note, late), last.id)
