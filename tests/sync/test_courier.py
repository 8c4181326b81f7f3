"""The whole way of a courier file: a real store, a real server on both databases, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.clock import FixedClock
from fieldapp.domain.codec import from_body
from fieldapp.domain.notes import Draft
from fieldapp.domain.patients import Flag, Patient, Practitioner
from fieldapp.ids import new_id
from fieldapp.store import audit, drafts, outbox, records, state
from fieldapp.store.state import CourierKeys, Enrolment
from sync.client import courier as laptop_courier
from sync.client.engine import Engine
from sync.protocol import courier
from sync.protocol.messages import LoginRequest, Outcome, PushRequest
from sync.protocol.proofs import make_assertion
from sync.server import courier as office_courier
from sync.server.identity import Identity
from sync.server.keys import key_pairs
from sync.server.rules import set_rules
from sync.server.service import ServerSyncService
from sync.server.storage.storage import Storage
from tests.helpers.stores import open_store
from tests.sync.server.conftest import embedded
from tests.sync.server.team import (
    NOW,
    PASSWORD,
    Team,
    authenticate,
    change,
    enrol_request,
    flag,
    note,
    patient,
)

__all__ = ["embedded"]

OFFICE = Identity("secretary", "office-laptop", "secretary")


class Field:
    """A laptop without network, the stick, and the office."""

    def __init__(self, storage: Storage, folder: Path, *, username: str = "kari") -> None:
        self.team = Team(storage)
        self.storage = storage
        self.clock = FixedClock(NOW)
        self.stick = folder / "stick"
        self.stick.mkdir()
        self.team.add_user(username)
        self.key = Ed25519PrivateKey.generate()
        code, _ = self.team.admin.enrol_code(username)
        public_key = self.key.public_key().public_bytes_raw().hex()
        request = enrol_request(username, code).model_copy(update={"device_key": public_key})
        self.answer = ServerSyncService(self.team.world).enrol(request, public_key)
        assert self.answer.server_keys is not None
        self.service = ServerSyncService(
            self.team.world, authenticate(self.team.world, self.answer.token, self.key)
        )
        self.database = open_store(folder)
        self.enrolment = Enrolment(
            server_url="https://nowhere",
            server_id=self.answer.server_id,
            device_id=self.answer.device_id,
            device_secret=self.answer.device_secret,
            user=from_body(Practitioner, self.answer.practitioner),
            token=self.answer.token,
            token_expires_at=self.answer.expires_at,
            courier=CourierKeys(
                signing_key=self.key.private_bytes_raw().hex(),
                server_courier=self.answer.server_keys.courier,
                server_receipt=self.answer.server_keys.receipt,
            ),
        )
        state.remember_enrolment(self.database, self.enrolment)
        self.allow(server=True, laptop=True)

    def allow(self, *, server: bool, laptop: bool) -> None:
        with self.storage.write() as transaction:
            set_rules(transaction, drafts_travel=True, courier_allowed=server)
        state.remember_rules(self.database, state.Rules("m", True, laptop))

    def save(self, value: Any) -> None:
        with self.database.transaction():
            records.save_local(self.database, value, now=self.clock.now(), change_id=new_id())

    def a_days_work(self) -> None:
        self.save(patient())
        self.save(flag())
        for number in range(5):
            self.save(note(f"n{number}"))
        with self.database.transaction():
            drafts.add(self.database, Draft("d1", "p1", "note", {"text": "begun"}, NOW))

    def write(self) -> laptop_courier.Written:
        return laptop_courier.write_files(
            self.database, self.stick, actor_id=self.enrolment.user.id, now=self.clock.now()
        )

    def file(self) -> bytes:
        (path,) = self.write().paths
        return path.read_bytes()

    def give_in(self, data: bytes) -> bytes:
        return office_courier.receive(self.team.world, data, OFFICE)

    def read(self, receipt: bytes) -> laptop_courier.Settled:
        return laptop_courier.read_receipt(
            self.database, receipt, actor_id=self.enrolment.user.id, now=self.clock.now()
        )

    def sync(self) -> None:
        engine = Engine(self.service, self.database.clone, self.clock, new_id)
        report = engine.run(lambda _: None, lambda: False)
        assert report.complete, report

    def unsent(self) -> list[outbox.OutboxItem]:
        return outbox.items(self.database)

    def at_server(self) -> dict[tuple[str, str], tuple[int, dict[str, Any]]]:
        with self.storage.read() as transaction:
            found = transaction.records.of_patient("p1")
        return {
            (one.kind, one.id): (one.seq, one.body) for one in found if one.kind != "assignment"
        }

    def version(self, kind: str, record_id: str) -> int:
        return outbox.version_of(self.database.connection, kind, record_id)

    def nothing_stored(self) -> bool:
        with self.storage.read() as transaction:
            return not transaction.records.of_patient("p1") and not transaction.parked.count_open()


@pytest.fixture
def field(storage: Storage, tmp_path: Path) -> Iterator[Field]:
    made = Field(storage, tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def office(embedded: Storage, tmp_path: Path) -> Iterator[Field]:
    """As `field`, where the database makes no difference."""
    made = Field(embedded, tmp_path)
    yield made
    made.database.close()


def test_a_day_goes_by_stick_and_the_receipt_settles_exactly_that(field: Field) -> None:
    field.a_days_work()
    written = field.write()
    assert (written.changes, written.drafts) == (7, 1)
    assert len(field.unsent()) == 7  # until the receipt is back
    field.save(note("later"))
    receipt = field.give_in(written.paths[0].read_bytes())
    settled = field.read(receipt)
    assert (settled.stored, settled.parked, settled.drafts, settled.review) == (7, 0, 1, False)
    assert [item.record_id for item in field.unsent()] == ["later"]
    assert drafts.count_unsent(field.database) == 0
    assert set(field.at_server()) == {
        ("patient", "p1"),
        ("flag", "f1"),
        *(("note", f"n{number}") for number in range(5)),
    }
    field.sync()
    assert not field.unsent()
    assert len(field.at_server()) == 8


def test_given_in_twice_nothing_is_doubled_and_either_receipt_will_do(field: Field) -> None:
    field.a_days_work()
    data = field.file()
    first = field.give_in(data)
    before = field.at_server()
    second = field.give_in(data)
    assert field.at_server() == before
    key = bytes.fromhex(field.enrolment.courier.server_receipt)  # type: ignore[union-attr]
    one, two = courier.read_receipt(first, key), courier.read_receipt(second, key)
    assert [(r.kind, r.id, r.outcome.stored) for r in one.results] == [
        (r.kind, r.id, r.outcome.stored) for r in two.results
    ]
    assert one.drafts_held == two.drafts_held
    assert field.read(second).stored == 7
    assert field.read(first).stored == 0
    assert not field.unsent()


def test_a_sync_in_between_and_the_stick_afterwards_lose_and_double_nothing(field: Field) -> None:
    field.a_days_work()
    data = field.file()
    field.sync()
    before = field.at_server()
    field.read(field.give_in(data))
    assert field.at_server() == before
    field.sync()
    assert field.at_server() == before


def test_an_edit_made_after_the_file_was_written_is_not_taken_for_the_one_in_it(
    field: Field,
) -> None:
    field.a_days_work()
    data = field.file()
    field.save(flag(text="Penicillin og sulfa"))
    field.read(field.give_in(data))
    assert field.at_server()["flag", "f1"][1]["text"] == "Penicillin"
    assert [item.record_id for item in field.unsent()] == ["f1"]
    field.sync()
    assert field.at_server()["flag", "f1"][1]["text"] == "Penicillin og sulfa"


def test_a_draft_saved_again_after_the_file_stays_unsent(office: Field) -> None:
    office.a_days_work()
    data = office.file()
    with office.database.transaction():
        drafts.save(office.database, Draft("d1", "p1", "note", {"text": "begun, longer"}, NOW))
    office.read(office.give_in(data))
    assert drafts.count_unsent(office.database) == 1


def test_a_draft_that_was_thrown_away_does_not_come_back_with_an_old_file(office: Field) -> None:
    office.a_days_work()
    data = office.file()
    office.give_in(data)
    with office.database.transaction():
        drafts.delete(office.database, "d1")
    office.sync()
    office.give_in(data)
    with office.storage.read() as transaction:
        assert transaction.drafts.saved_at("d1", office.enrolment.device_id) is None


def test_an_edit_joined_with_a_colleagues_comes_back_whole_with_the_next_sync(
    field: Field,
) -> None:
    """The receipt holds nobody's text, so the joined record comes over the line."""
    field.a_days_work()
    field.sync()
    mine = records.get(field.database, Patient, "p1")
    assert mine is not None
    field.save(replace(mine, phone="90000000"))
    data = field.file()
    theirs = patient(city="Bodø")
    (result,) = field.service.push(
        PushRequest(records=[change(theirs, base=field.at_server()["patient", "p1"][0])])
    ).results
    assert result.outcome.stored
    receipt = field.give_in(data)
    assert b"Bod" not in receipt
    base = field.version("patient", "p1")
    assert field.read(receipt).stored == 1
    # Had it the joined version's number with its own text, nothing would be fetched.
    assert field.version("patient", "p1") == base
    field.sync()
    joined = records.get(field.database, Patient, "p1")
    assert joined is not None
    assert (joined.phone, joined.city) == ("90000000", "Bodø")
    assert field.at_server()["patient", "p1"][1]["phone"] == "90000000"


def test_a_refused_and_a_conflicting_change_are_parked_with_their_reason(field: Field) -> None:
    field.a_days_work()
    field.sync()
    mine = records.get(field.database, Flag, "f1")
    assert mine is not None
    field.save(replace(mine, text="Min tekst"))
    field.save(note("good"))
    data = field.file()
    field.service.push(
        PushRequest(records=[change(flag(text="Deres"), base=field.at_server()["flag", "f1"][0])])
    )
    settled = field.read(field.give_in(data))
    assert (settled.stored, settled.parked) == (1, 1)
    (item,) = field.unsent()
    assert (item.record_id, item.state, item.reason_code) == ("f1", "parked", "conflict")
    assert field.at_server()["flag", "f1"][1]["text"] == "Deres"


# --- from a laptop that was shut out


def test_from_a_laptop_that_was_shut_out_everything_waits_for_a_person(field: Field) -> None:
    field.save(patient())
    field.sync()
    field.save(note("sent"))
    field.sync()
    field.save(note("unsent"))
    field.save(flag())
    data = field.file()
    field.team.admin.revoke_device(field.enrolment.device_id)
    before = field.at_server()
    receipt = field.give_in(data)
    field.give_in(data)
    assert field.at_server() == before
    with field.storage.read() as transaction:
        waiting = transaction.parked.open(10)
    assert {(one.kind, one.id, one.reason) for one in waiting} == {
        ("note", "unsent", "review"),
        ("flag", "f1", "review"),
    }
    assert {one.user_id for one in waiting} == {field.enrolment.user.id}
    settled = field.read(receipt)
    assert (settled.stored, settled.parked, settled.review) == (0, 2, True)
    assert len(field.unsent()) == 2


def test_from_a_closed_account_everything_waits_for_a_person(office: Field) -> None:
    office.a_days_work()
    data = office.file()
    office.team.admin.set_active("kari", False)
    office.give_in(data)
    assert not office.at_server()
    with office.storage.read() as transaction:
        assert transaction.parked.count_open() == 7


# --- what is not taken


def test_couriers_are_off_until_the_organisation_allows_them(office: Field) -> None:
    office.a_days_work()
    data = office.file()
    office.allow(server=False, laptop=True)
    with pytest.raises(courier.CourierOffError):
        office.give_in(data)
    assert office.nothing_stored()
    office.allow(server=True, laptop=False)
    assert not laptop_courier.allowed(office.database)
    with pytest.raises(courier.CourierOffError):
        office.write()
    assert len(list(office.stick.iterdir())) == 1


def test_a_file_that_is_not_right_is_named_and_nothing_of_it_is_stored(
    office: Field, tmp_path: Path
) -> None:
    office.a_days_work()
    data = office.file()
    flipped = bytearray(data)
    flipped[-200] ^= 1
    content = courier.CourierContent(requests=[])
    keys = office.enrolment.courier
    assert keys is not None

    def sealed(**other: Any) -> bytes:
        made: dict[str, Any] = {
            "server_id": office.enrolment.server_id,
            "device_id": office.enrolment.device_id,
            "sequence": 1,
            "written_at": NOW,
            "server_key": bytes.fromhex(keys.server_courier),
            "device_key": office.key,
        }
        return courier.seal(content, **{**made, **other})

    for wrong, error in (
        (data[:-1], courier.CourierTruncatedError),
        (bytes(flipped), courier.CourierSignatureError),
        (b"%PDF-1.7 not ours", courier.CourierDamagedError),
        (b"", courier.CourierTruncatedError),
        (bytes(courier.MAX_COURIER_BYTES + 1), courier.CourierTooLargeError),
        (sealed(server_id="another"), courier.CourierWrongServerError),
        (sealed(device_id="unknown"), courier.CourierUnknownLaptopError),
        (sealed(device_key=Ed25519PrivateKey.generate()), courier.CourierSignatureError),
        (
            sealed(server_key=bytes.fromhex("09" + "00" * 31)),
            courier.CourierKeyError,
        ),
    ):
        with pytest.raises(error):
            office.give_in(wrong)
        assert office.nothing_stored()


def test_a_receipt_of_another_file_or_of_somebody_else_changes_nothing(
    office: Field, tmp_path: Path
) -> None:
    office.a_days_work()
    data = office.file()
    receipt = office.give_in(data)
    keys = office.enrolment.courier
    assert keys is not None
    told = courier.read_receipt(receipt, bytes.fromhex(keys.server_receipt))
    forged = courier.write_receipt(told, Ed25519PrivateKey.generate())
    with pytest.raises(courier.CourierSignatureError):
        office.read(forged)
    with office.storage.write() as transaction:
        server = key_pairs(transaction).receipt
    for other in (
        {"file_sha256": "0" * 64},
        {"device_id": "another"},
        {"server_id": "another"},
    ):
        with pytest.raises(courier.OtherFileError):
            office.read(courier.write_receipt(told.model_copy(update=other), server))
    with pytest.raises(courier.CourierTruncatedError):
        office.read(receipt[:-1])
    assert len(office.unsent()) == 7
    assert office.read(receipt).stored == 7


def test_a_receipt_settles_only_changes_that_lay_in_its_own_file(office: Field) -> None:
    office.save(patient())
    data = office.file()
    office.save(note("later"))
    receipt = office.give_in(data)
    keys = office.enrolment.courier
    assert keys is not None
    told = courier.read_receipt(receipt, bytes.fromhex(keys.server_receipt))
    (later,) = [item for item in office.unsent() if item.record_id == "later"]
    extra = courier.CourierResult(
        change_id=later.change_id, kind="note", id="later", outcome=Outcome.ACCEPTED, version=9
    )
    with office.storage.write() as transaction:
        server = key_pairs(transaction).receipt
    office.read(
        courier.write_receipt(told.model_copy(update={"results": [*told.results, extra]}), server)
    )
    assert [item.record_id for item in office.unsent()] == ["later"]


# --- the rest


def test_nothing_unsent_makes_no_file(office: Field) -> None:
    written = office.write()
    assert (written.paths, written.changes) == ((), 0)
    assert not list(office.stick.iterdir())


def test_more_than_fits_in_one_file_goes_in_several(office: Field) -> None:
    office.save(patient())
    office.sync()
    for number in range(5):
        office.save(note(f"long{number}", text=f"{number}" * 900_000))
    written = office.write()
    assert len(written.paths) == 3
    assert all(path.stat().st_size < courier.MAX_COURIER_BYTES for path in written.paths)
    for path in written.paths:
        office.read(office.give_in(path.read_bytes()))
    assert not office.unsent()
    assert len([name for kind, name in office.at_server() if kind == "note"]) == 5


def test_both_logs_tell_of_the_file_and_neither_holds_contents(office: Field) -> None:
    office.a_days_work()
    data = office.file()
    office.read(office.give_in(data))
    acts = {line.action: line.record_id for line in audit.lines(office.database)}
    assert acts["courier_written"] == acts["courier_receipt_read"] == courier.sha256(data)
    with office.storage.read() as transaction:
        row = transaction.couriers.get(courier.sha256(data))
    assert row is not None
    assert (row.received_by, row.changes, row.review) == ("secretary", 7, False)


def test_the_private_key_is_shown_by_no_repr_and_stands_in_no_file(office: Field) -> None:
    keys = office.enrolment.courier
    assert keys is not None
    assert keys.signing_key not in repr(office.enrolment)
    assert keys.signing_key not in repr(keys)
    office.a_days_work()
    assert bytes.fromhex(keys.signing_key) not in office.file()


def test_a_laptop_enrolled_before_there_were_keys_gets_them_with_its_next_log_in(
    office: Field,
) -> None:
    with office.storage.write() as transaction:
        transaction._db.run("UPDATE device SET public_key = NULL")
    state.remember_enrolment(office.database, replace(office.enrolment, courier=None))
    with pytest.raises(courier.CourierNoKeysError):
        office.write()
    public_key = office.key.public_key().public_bytes_raw().hex()
    request = LoginRequest(
        device_id=office.enrolment.device_id,
        device_secret=office.enrolment.device_secret,
        username="kari",
        password=PASSWORD,
        device_key=public_key,
        assertion=make_assertion(
            office.key, office.enrolment.device_id, "server-1", office.team.clock.now()
        ),
    )
    answer = ServerSyncService(office.team.world).login(request, public_key)
    assert answer.server_keys == office.answer.server_keys
    state.renew_token(
        office.database,
        answer.token,
        answer.expires_at,
        courier=office.enrolment.courier,
    )
    office.a_days_work()
    assert office.read(office.give_in(office.file())).stored == 7


def test_a_file_that_lay_for_days_does_not_change_the_clock_offset_that_is_known(
    office: Field,
) -> None:
    office.sync()
    with office.storage.read() as transaction:
        before = transaction.reports.get(office.enrolment.device_id)
    office.a_days_work()
    data = office.file()
    office.team.clock.advance(timedelta(days=3))
    office.give_in(data)
    with office.storage.read() as transaction:
        after = transaction.reports.get(office.enrolment.device_id)
    assert before is not None
    assert after is not None
    assert after.offset_ms == before.offset_ms
