"""The office settles what a laptop could not deliver while that laptop goes on: real stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fieldapp.domain.notes import Note
from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Patient, Role
from fieldapp.ids import new_id
from fieldapp.store import outbox
from sync.protocol.office import TakeOverAction, TakeOverRequest
from sync.server.identity import Identity
from sync.server.office import ServerOfficeService
from sync.server.storage.storage import Storage
from tests.helpers.stores import START
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

DAY = date(2026, 11, 22)


@pytest.fixture
def office(storage: Storage) -> Office:
    return Office(storage, page_limit=4)


@pytest.fixture
def factory(tmp_path: Path) -> LaptopFactory:
    return LaptopFactory(tmp_path)


@pytest.fixture
def laptop(factory: LaptopFactory, office: Office) -> Iterator[Laptop]:
    made = factory.laptop(office, office.new_user())
    made.may_heal = True
    yield made
    made.close()


@pytest.fixture
def twin(
    laptop: Laptop, patient: Patient, factory: LaptopFactory, office: Office
) -> Iterator[Laptop]:
    """A clone of the laptop, from a disk image."""
    made = factory.laptop(office, laptop.who, path=factory.copy_of(laptop))
    made.may_heal = True
    yield made
    made.close()


@pytest.fixture
def patient(office: Office, laptop: Laptop) -> Patient:
    added = office.add_patient(laptop.who)
    assert laptop.sync().complete
    return added


def note(patient: Patient, who: Identity, note_id: str, text: str) -> Note:
    return Note(note_id, patient.id, who.user_id, "free", text, START, START, who.device_id, 1)


def settle(office: Office, laptop: Laptop, change_id: str, action: TakeOverAction) -> None:
    secretary = Identity("secretary", laptop.who.device_id, Role.SECRETARY)
    request = TakeOverRequest(
        change_id=change_id,
        device_id=laptop.who.device_id,
        action=action,
        body=None,
        reason="Ringte",
    )
    ServerOfficeService(office.world, secretary).take_over(request)


def texts(laptop: Laptop) -> set[str]:
    return {
        str(body["text"]) for (kind, _), (_, body) in laptop.contents().items() if kind == "note"
    }


@pytest.mark.parametrize("retried", [False, True])
@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOST_REPLY, Fault.REPEATED])
def test_one_draft_signed_on_two_clones_is_two_notes_once_the_office_has_stored_both(
    laptop: Laptop, twin: Laptop, patient: Patient, office: Office, fault: Fault, retried: bool
) -> None:
    note_id = new_id()
    laptop.save(note(patient, laptop.who, note_id, "Hjemme"))
    twin.save(note(patient, laptop.who, note_id, "Ikke hjemme"))
    laptop.sync()
    twin.sync()
    (item,) = twin.unsent()
    assert item.reason_code == "conflict"
    settle(office, twin, item.change_id, TakeOverAction.STORE)
    if retried:
        outbox.retry(twin.database, item.change_id)
    twin.sync(fault)
    for one in (twin, laptop, twin):
        assert one.sync().complete, one.unsent()
    assert twin.unsent() == laptop.unsent() == []
    assert texts(laptop) == texts(twin) == {"Hjemme", "Ikke hjemme"}


@pytest.mark.parametrize("action", list(TakeOverAction))
@pytest.mark.parametrize("own", ["waits", "retries", "keeps mine", "edits on"])
@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOST_REPLY])
def test_the_office_and_the_laptop_settle_one_conflict_at_once(
    laptop: Laptop,
    patient: Patient,
    office: Office,
    action: TakeOverAction,
    own: str,
    fault: Fault,
) -> None:
    present = (FlagCategory.ALLERGY, FlagState.PRESENT, "penicillin")
    flag = Flag(new_id(), patient.id, *present, DAY, laptop.who.user_id)
    laptop.save(flag)
    assert laptop.sync().complete
    office.put(replace(flag, text="sulfa"), "flag", patient.id)
    laptop.save(replace(flag, text="jod"))
    laptop.sync()
    (item,) = laptop.unsent()
    settle(office, laptop, item.change_id, action)
    if own == "retries":
        outbox.retry(laptop.database, item.change_id)
    if own == "keeps mine":
        outbox.keep_mine(laptop.database, item.change_id, new_id)
    if own == "edits on":
        laptop.save(replace(flag, text="jod", active=False))
    laptop.sync(fault)
    report = laptop.sync()
    assert report.complete
    assert not report.forked
    decided = "jod" if action is TakeOverAction.STORE else "sulfa"
    server = office.body("flag", flag.id) or {}
    for waits in laptop.unsent():
        assert (own, waits.reason_code) == (own, "conflict")
        assert own in ("keeps mine", "edits on")
    if own in ("waits", "retries"):
        assert laptop.unsent() == []
        assert server["text"] == decided
    shown = laptop.contents()["flag", flag.id][1]
    if not laptop.unsent():
        assert shown == server
