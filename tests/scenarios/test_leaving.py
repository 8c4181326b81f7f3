"""A laptop that leaves or is lost, with a real server process and real stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp.bootstrap import finish_destroying, is_genuine
from fieldapp.clock import SystemClock
from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from fieldapp.security import destroy
from fieldapp.services import notes
from fieldapp.services import patients as patient_service
from fieldapp.store import audit, outbox, records
from sync.client import leaving, standing
from sync.client.enrol import login
from sync.protocol.errors import BadRequestError, OfflineError, RevokedError
from sync.server.identity import Identity
from sync.server.rules import set_rules
from tests.helpers.leaving import Desk, Machine
from tests.helpers.server_process import PASSWORD, ServerProcess
from tests.helpers.stores import folder_contents


@pytest.fixture
def patient(server: ServerProcess) -> Patient:
    kari = server.new_user("kari")
    return server.office.add_patient(kari)


@pytest.fixture
def machine(server: ServerProcess, patient: Patient, tmp_path: Path) -> Iterator[Machine]:
    made = Machine(server, tmp_path / "data")
    assert made.sync().complete
    yield made
    made.close()


@pytest.fixture
def desk(server: ServerProcess) -> Desk:
    return Desk(server)


def test_an_ended_laptop_sends_everything_without_a_password_and_then_destroys_itself(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    note_id = machine.sign(patient.id, "Siste besøk")
    draft = notes.new_draft(machine.session, patient.id, "note", None, {"text": "halvferdig"})
    desk.order(machine, DeviceOrderKind.ENDED)
    assert machine.sync().error_code == "revoked"
    assert outbox.counts(machine.session.database).waiting == 1

    order = machine.ask()
    assert order is not None
    assert order.kind is DeviceOrderKind.ENDED
    handed = machine.hand_over()

    assert handed.complete
    assert (handed.stored, handed.parked, handed.drafts) == (1, 0, 1)
    assert server.office.body("note", note_id) is not None
    with server.office.storage.read() as transaction:
        assert [row.id for row in transaction.drafts.of_user(machine.session.user.id)] == [draft.id]
    machine.door.destroy_keys(order, machine.known)
    machine.door.lock()
    assert machine.door.destroy_files()
    assert not machine.folder.exists()
    assert machine.keyring.entries == {}


def test_an_ended_laptop_hands_over_drafts_that_a_restored_server_has_lost(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    draft = notes.new_draft(machine.session, patient.id, "note", None, {"text": "halvferdig"})
    assert machine.sync().complete
    with server.office.storage.write() as transaction:
        assert transaction.drafts.forget_all() == 1  # as after a backup from before
    desk.order(machine, DeviceOrderKind.ENDED)
    assert machine.hand_over().complete
    with server.office.storage.read() as transaction:
        assert [row.id for row in transaction.drafts.of_user(machine.session.user.id)] == [draft.id]


def test_a_lost_laptop_is_told_so_and_what_it_sent_waits_for_a_person(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    note_id = machine.sign(patient.id, "Skrevet etter at den ble meldt tapt")
    desk.order(machine, DeviceOrderKind.LOST)

    assert machine.sync().error_code == "revoked"

    assert server.office.body("note", note_id) is None
    (row,) = desk.service.parked().parked
    assert (row.id, row.reason) == (note_id, "lost_laptop")
    with pytest.raises(RevokedError):
        machine.service.digests()
    with pytest.raises(RevokedError):
        login(machine.enrolment, PASSWORD)
    order = machine.ask()
    assert order is not None
    assert order.kind is DeviceOrderKind.LOST


def test_a_lost_laptop_destroys_itself_at_the_lock_page(
    server: ServerProcess, machine: Machine, desk: Desk
) -> None:
    machine.door.lock()
    desk.order(machine, DeviceOrderKind.LOST)
    locked = machine.new_door()  # another start of the program: it has only the file beside the key
    known = locked.orders()
    assert known == machine.known
    order = standing.ask(known)
    assert order is not None
    locked.destroy_keys(order, known)
    assert locked.destroy_files()
    standing.tell_obeyed(known, order.id)
    assert not machine.folder.exists()
    (given,) = desk.report(machine).orders
    assert given.asked_at is not None
    assert given.obeyed_at is not None


def test_a_destruction_that_was_cut_off_is_finished_and_told_at_the_next_start(
    machine: Machine, desk: Desk
) -> None:
    desk.order(machine, DeviceOrderKind.LOST)
    order = machine.ask()
    assert order is not None
    machine.door.destroy_keys(order, machine.known)
    machine.door.lock()  # and here the battery is empty
    assert finish_destroying(machine.data) == [(machine.known, order.id)]
    assert not machine.folder.exists()
    standing.tell_obeyed(machine.known, order.id)
    (given,) = desk.report(machine).orders
    assert given.obeyed_at is not None
    assert finish_destroying(machine.data) == []


def test_what_a_lost_laptop_delivers_on_its_signature_waits_for_a_person_too(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    note_id = machine.sign(patient.id, "Levert av den som fant den")
    desk.order(machine, DeviceOrderKind.LOST)
    handed = machine.hand_over()
    assert (handed.stored, handed.parked) == (0, 1)
    assert server.office.body("note", note_id) is None
    assert [row.reason for row in desk.service.parked().parked] == ["lost_laptop"]


def test_an_order_is_for_one_laptop_alone_and_an_unknown_one_has_none(
    server: ServerProcess, machine: Machine, desk: Desk, tmp_path: Path
) -> None:
    server.new_user("ola")
    other = Machine(server, tmp_path / "other", "ola")
    try:
        desk.order(other, DeviceOrderKind.LOST)
        assert machine.ask() is None
        assert standing.ask(replace(machine.known, device_id=new_id())) is None
        order = other.ask()
        assert order is not None
        before = folder_contents(machine.folder)
        with pytest.raises(destroy.NotOursError):
            machine.door.destroy_keys(order, machine.known)
        with pytest.raises(destroy.NotOursError):
            machine.door.destroy_keys(
                replace(order, device_id=machine.known.device_id), machine.known
            )
        assert folder_contents(machine.folder) == before
        assert machine.sync().complete
    finally:
        other.close()


def test_an_order_under_another_key_is_not_heard(
    server: ServerProcess, machine: Machine, desk: Desk
) -> None:
    desk.order(machine, DeviceOrderKind.LOST)
    order = machine.ask()
    assert order is not None
    assert is_genuine(order, machine.known.device_id, machine.known.public_key)
    assert not is_genuine(order, machine.known.device_id, bytes(32))
    assert not is_genuine(order, new_id(), machine.known.public_key)


def test_an_order_of_an_earlier_enrolment_does_nothing_to_the_next(
    server: ServerProcess, machine: Machine, desk: Desk, tmp_path: Path
) -> None:
    desk.order(machine, DeviceOrderKind.LOST)
    order = machine.ask()
    assert order is not None
    machine.door.destroy_keys(order, machine.known)
    machine.door.lock()
    machine.door.destroy_files()
    again = Machine(server, machine.data)
    try:
        with pytest.raises(destroy.NotOursError):
            again.door.destroy_keys(order, again.known)
        assert again.ask() is None
        assert again.sync().complete
    finally:
        again.close()


def test_a_laptop_in_use_delivers_with_its_login_alone(machine: Machine, patient: Patient) -> None:
    machine.sign(patient.id, "Vanlig dag")
    with pytest.raises(BadRequestError) as refused:
        machine.hand_over()
    assert refused.value.args == ("courier_no_order",)
    assert outbox.counts(machine.session.database).waiting == 1


def test_without_coverage_an_ended_laptop_keeps_everything(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    machine.sign(patient.id, "Siste besøk")
    desk.order(machine, DeviceOrderKind.ENDED)
    machine.line.on = False
    with pytest.raises(OfflineError):
        machine.hand_over()
    assert outbox.counts(machine.session.database).waiting == 1
    machine.line.on = True
    assert machine.hand_over().complete


def test_everything_counts_as_delivered_only_when_nothing_is_left(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    """Several changes of one record, hundreds of lines of the log, and what the server refuses."""
    for number in range(230):
        machine.sign(patient.id, f"Notat {number}")
    for city in ("Vadsø", "Tana", "Nesseby"):
        known = records.get(machine.session.database, Patient, patient.id)
        assert known is not None
        patient_service.update(machine.session, replace(known, city=city))
    stranger = Patient(new_id(), "Fremmed", "Frode")
    with machine.session.database.transaction():
        records.save_local(
            machine.session.database,
            replace(stranger, given_name="Endret"),
            now=machine.session.clock.now(),
            change_id=new_id(),
        )
    last_line = audit.last_sequence(machine.session.database)
    desk.order(machine, DeviceOrderKind.ENDED)
    handed = machine.hand_over()
    assert handed.complete, handed
    body = server.office.body("patient", patient.id)
    assert body is not None
    assert body["city"] == "Nesseby"
    with server.office.storage.read() as transaction:
        head = transaction.device_orders.log_head(machine.known.device_id)
    assert head.sequence >= last_line


def _cannot_be_kept(machine: Machine, record_id: str) -> None:
    """Make an unsent change one of which no server keeps a copy."""
    nested = "[" * 80 + "]" * 80
    with machine.session.database.transaction() as connection:
        connection.execute(
            "UPDATE outbox SET body = json_set(body, '$.more', json(?)) WHERE record_id = ?",
            (nested, record_id),
        )


def test_what_the_server_can_keep_no_copy_of_is_not_delivered(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    note_id = machine.sign(patient.id, "Det står bare her")
    _cannot_be_kept(machine, note_id)
    desk.order(machine, DeviceOrderKind.ENDED)
    handed = machine.hand_over()
    assert (handed.complete, handed.changes_left) == (False, 1)
    with server.office.storage.read() as transaction:
        (parked,) = transaction.parked.open(10)
    assert (parked.reason, parked.body) == ("bad_body:json", None)


def test_what_is_corrected_while_the_laptop_is_emptied_is_no_part_of_the_receipt(
    server: ServerProcess, machine: Machine, desk: Desk
) -> None:
    stranger = server.office.add_patient()
    _edit(machine, stranger, "Vadsø")
    desk.order(machine, DeviceOrderKind.ENDED)
    handed = machine.hand_over()
    database = machine.session.database
    (refused,) = outbox.items(database)
    assert handed.complete
    assert not leaving.holds_more(database, handed)
    _edit(machine, stranger, "Tana")
    outbox.retry(database, refused.change_id)
    assert len(outbox.items(database)) == 1  # as many as before, and another one
    assert leaving.holds_more(database, handed)


def _edit(machine: Machine, patient: Patient, city: str) -> None:
    with machine.session.database.transaction():
        records.save_local(
            machine.session.database,
            replace(patient, city=city),
            now=machine.session.clock.now(),
            change_id=new_id(),
        )


def test_drafts_that_may_not_travel_hold_the_destruction_up(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    with server.office.storage.write() as transaction:
        set_rules(transaction, drafts_travel=False)
    assert machine.sync().complete
    draft = notes.new_draft(machine.session, patient.id, "note", None, {"text": "halvferdig"})
    desk.order(machine, DeviceOrderKind.ENDED)
    handed = machine.hand_over()
    assert not handed.complete
    assert handed.drafts_left == 1
    notes.discard_draft(machine.session, draft.id)
    assert machine.hand_over().complete


def test_a_laptop_that_is_lost_is_never_only_ended(desk: Desk, machine: Machine) -> None:
    desk.order(machine, DeviceOrderKind.ENDED)
    desk.order(machine, DeviceOrderKind.LOST)
    with pytest.raises(BadRequestError):
        desk.order(machine, DeviceOrderKind.ENDED)
    order = machine.ask()
    assert order is not None
    assert order.kind is DeviceOrderKind.LOST


def test_the_breach_report_names_who_was_on_the_laptop_and_how_many_records(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    machine.sign(patient.id, "Et notat")
    assert machine.sync().complete
    assert machine.sync().complete  # its report of the first one
    never = server.office.add_patient()
    desk.order(machine, DeviceOrderKind.LOST)
    report = desk.report(machine)
    assert [row.id for row in report.patients] == [patient.id]
    assert {kind.kind: kind.count for kind in report.kinds}["note"] == 1
    assert report.patients[0].records == sum(kind.count for kind in report.kinds)
    assert never.id not in {row.id for row in report.patients}
    assert report.last_complete is not None
    assert report.unsent == 0


def test_a_patient_who_left_before_the_last_whole_sync_is_not_in_the_report(
    server: ServerProcess, machine: Machine, desk: Desk, patient: Patient
) -> None:
    who = Identity(machine.session.user.id, "", "")
    server.office.clock.advance(SystemClock().now() - server.office.clock.now())
    server.office.unassign(who, patient.id)
    report = desk.report(machine)
    assert [row.id for row in report.patients] == [patient.id]
    assert report.patients[0].ended_at is not None
    assert machine.sync().complete
    assert machine.sync().complete
    report = desk.report(machine)
    assert report.patients == []
    assert report.former == 1
