""" "Sent" is said only when it is true; what is not sent is listed by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.patients import Patient
from fieldapp.services import conflicts, medication, notes, patients, sync_status, trip
from fieldapp.services.session import Session
from fieldapp.store import audit, inbox, outbox, records
from fieldapp.store.outbox import NotDecidableError
from tests.helpers.builders import (
    TODAY,
    appointment,
    entry,
    new_session,
    patient,
    receive,
    request,
    settle_outbox,
)
from tests.helpers.claims import grant
from tests.helpers.stores import START


def test_a_new_store_is_not_called_synced(tmp_path: Path) -> None:
    session = new_session(tmp_path, enough=False)
    status = sync_status.read(session)
    assert not status.all_sent
    assert (status.pull_complete, status.last_complete) == (False, None)
    session.database.close()


def test_all_sent_needs_an_empty_outbox_nothing_parked_and_a_whole_pull(
    session: Session, kari: Patient
) -> None:
    assert sync_status.read(session).all_sent
    patients.update(session, replace(kari, phone="1"))
    assert not sync_status.read(session).all_sent
    (item,) = outbox.items(session.database)
    outbox.park(session.database, item.change_id, "conflict")
    status = sync_status.read(session)
    assert (status.waiting, status.parked, status.all_sent) == (0, 1, False)
    sync_status.retry(session, item.change_id)
    settle_outbox(session)
    assert sync_status.read(session).all_sent
    receive(session, patient(), complete=False)
    assert not sync_status.read(session).all_sent


def test_what_is_in_the_air_is_not_sent_yet(session: Session, kari: Patient) -> None:
    patients.update(session, replace(kari, phone="1"))
    outbox.take_batch(session.database, 10, 10_000)
    assert sync_status.read(session).waiting == 1


def test_unsent_work_is_listed_by_name(session: Session, kari: Patient) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    medication.record(session, entry(order))
    draft = notes.new_draft(session, kari.id, "note", None, {"template": "visit", "text": "Ro."})
    notes.sign(session, draft.id)
    given, note = sync_status.unsent(session)
    assert (given.patient_name, given.kind, given.title_code) == (
        "Ås, Kari",
        "medication_administration",
        "given",
    )
    assert (note.kind, note.title_code, note.state) == ("note", "visit", "waiting")
    assert note.created_at == START


def _conflict(session: Session, kari: Patient) -> str:
    patients.update(session, replace(kari, phone="mine"))
    (item,) = outbox.items(session.database)
    servers = {**to_body(kari), "phone": "theirs"}
    outbox.park(session.database, item.change_id, "conflict", "phone", servers, 99)
    return item.change_id


def test_a_conflict_is_settled_with_mine(session: Session, kari: Patient) -> None:
    change_id = _conflict(session, kari)
    (item,) = sync_status.unsent(session)
    assert item.decidable
    assert item.servers is not None
    assert (item.mine["phone"], item.servers["phone"]) == ("mine", "theirs")
    changes = conflicts.settle(session, change_id, frozenset({"phone"}))
    assert changes.touches(patient_id=kari.id)
    kept = records.get(session.database, Patient, kari.id)
    assert kept is not None
    assert kept.phone == "mine"
    assert sync_status.read(session).waiting == 1


def test_a_conflict_is_settled_with_the_servers(session: Session, kari: Patient) -> None:
    conflicts.settle(session, _conflict(session, kari), frozenset())
    taken = records.get(session.database, Patient, kari.id)
    assert taken is not None
    assert taken.phone == "theirs"
    assert sync_status.read(session).all_sent
    assert audit.lines(session.database)[0].action == "settle"


def test_a_clinical_event_is_never_given_up(session: Session, kari: Patient) -> None:
    order = request(kari)
    receive(session, order)
    grant(session, order)
    medication.record(session, entry(order))
    (item,) = outbox.items(session.database)
    outbox.park(session.database, item.change_id, "conflict", None, {"id": "x"}, 9)
    assert conflicts.settle(session, item.change_id, frozenset()).changes == ()
    with pytest.raises(NotDecidableError):
        outbox.settle_fields(session.database, item.change_id, frozenset(), session.new_id)
    assert len(outbox.items(session.database)) == 1


def test_deciding_twice_is_harmless(session: Session, kari: Patient) -> None:
    change_id = _conflict(session, kari)
    conflicts.settle(session, change_id, frozenset({"phone"}))
    assert conflicts.settle(session, change_id, frozenset({"phone"})).changes == ()
    assert sync_status.retry(session, "no-such-change").changes == ()


# --- ready for trip


NO_HARDWARE = Path("no such folder")
"""In place of the system's files: this computer tells nothing of itself."""


def _bad(session: Session) -> set[str]:
    """What is not in order on a laptop whose passphrase was just tried."""
    trip.note_passphrase_verified(session)
    return {check.code for check in trip.checklist(session, NO_HARDWARE) if not check.ok}


def test_after_a_whole_sync_the_laptop_is_ready_for_the_trip(
    session: Session, kari: Patient
) -> None:
    order = request(kari)
    receive(session, appointment(kari), order)
    grant(session, order)
    inbox.finish(session.database, START)
    assert not trip.ready(trip.checklist(session, NO_HARDWARE)), "the passphrase was never tried"
    trip.note_passphrase_verified(session)
    checks = trip.checklist(session, NO_HARDWARE)
    assert trip.ready(checks)
    details = {check.code: check.detail for check in checks}
    assert (details["patients_present"], details["doses_present"]) == ("1/1", "1")


def test_an_old_sync_and_unsent_work_are_named(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    inbox.finish(session.database, START)
    clock.advance(timedelta(hours=13))
    patients.update(session, replace(kari, phone="1"))
    assert _bad(session) == {"synced_recently", "nothing_unsent"}


def test_an_unfinished_pull_and_a_missing_patient_are_named(
    session: Session, kari: Patient
) -> None:
    inbox.finish(session.database, START)
    receive(session, appointment(patient()), appointment(kari), complete=False)
    assert _bad(session) == {"pull_complete", "doses_present", "patients_present"}


def test_a_clock_that_stands_behind_is_named(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    inbox.finish(session.database, START)
    patients.opened(session, kari.id)
    clock.advance(timedelta(minutes=-4))
    assert _bad(session) == set()
    clock.advance(timedelta(hours=-2))
    assert _bad(session) == {"clock"}


def test_a_full_disk_is_named(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.finish(session.database, START)
    monkeypatch.setattr(trip, "FREE_BYTES", 10**18)
    assert _bad(session) == {"disk_space"}
    assert session.today() == TODAY
