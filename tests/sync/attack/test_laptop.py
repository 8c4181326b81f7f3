"""What a faulty or ill-willed server may answer, and clocks that are wrong: no laptop breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from fieldapp.domain.patients import Patient
from fieldapp.store import drafts, inbox, outbox, records
from sync.protocol import codec
from sync.protocol.messages import ExchangeRequest, Message, Outcome
from sync.protocol.service import Exchange
from sync.server.service import Identity, ServerSyncService
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault, Laptop, LaptopFactory, Office

Change = Callable[[dict[str, Any]], None]
A = TypeVar("A", bound=Message)


class OddServer(ServerSyncService):
    """The real service; `pulled` and `pushed` change each record or result of its answers.

    The answers go through the text of the protocol, as those of a real line do.
    """

    pulled: Change = staticmethod(lambda record: None)
    pushed: Change = staticmethod(lambda result: None)

    def exchange(self, request: ExchangeRequest) -> Exchange:
        answer = super().exchange(request)
        receipt = _changed(answer.receipt, "results", self.pushed)
        return Exchange(receipt, (_changed(page, "records", self.pulled) for page in answer.pages))


def _changed(answer: A, part: str, change: Change) -> A:
    plain = json.loads(answer.model_dump_json())
    for item in plain[part]:
        change(item)
    return codec.decode(type(answer), json.dumps(plain).encode(), None)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    yield Office(storage)
    storage.close()


@pytest.fixture
def kari(office: Office) -> Identity:
    return office.new_user()


@pytest.fixture
def server(office: Office, kari: Identity) -> OddServer:
    return OddServer(office.world, kari)


@pytest.fixture
def laptop(tmp_path: Path, server: OddServer, kari: Identity) -> Iterator[Laptop]:
    made = Laptop(LaptopFactory(tmp_path).path(), server, kari)
    yield made
    made.close()


@pytest.fixture
def patient(office: Office, kari: Identity, laptop: Laptop) -> Patient:
    """A patient of Kari's who is on the laptop already."""
    added = office.add_patient(kari)
    assert laptop.sync().complete
    return added


def once(fields: dict[str, Any]) -> Change:
    """Change the first record only."""
    left = [fields]
    return lambda record: record.update(left.pop()) if left else None


def shown(laptop: Laptop) -> list[Patient]:
    return records.select(laptop.database, Patient)


# --- a server that answers nonsense


@pytest.mark.parametrize(
    "field", [{"version": 2**70}, {"version": 0}, {"body": {"x": float("nan")}}]
)
def test_a_pulled_record_that_cannot_be_stored_ends_the_sync_by_name(
    laptop: Laptop, office: Office, server: OddServer, patient: Patient, field: dict[str, Any]
) -> None:
    office.put(patient, "patient", patient.id)
    server.pulled = lambda record: record.update(field)
    assert laptop.sync().error_code == "protocol"
    assert shown(laptop) == [patient]


def test_a_record_under_the_wrong_name_is_kept_apart(
    laptop: Laptop, office: Office, server: OddServer, patient: Patient
) -> None:
    office.put(patient, "patient", patient.id)
    server.pulled = once({"id": "someone-else"})
    laptop.may_heal = True
    assert laptop.sync().complete
    assert shown(laptop) == [patient]


@pytest.mark.parametrize(
    "kind", ["sqlite_master", "outbox", "patient; DROP TABLE patient", "x'\"--"]
)
def test_a_kind_named_like_a_table_is_only_an_unknown_kind(
    laptop: Laptop, office: Office, server: OddServer, patient: Patient, kind: str
) -> None:
    office.put(patient, "patient", patient.id)
    server.pulled = once({"kind": kind})
    laptop.may_heal = True
    assert laptop.sync().complete
    assert shown(laptop) == [patient]


def test_a_server_that_goes_on_lying_is_never_called_synced(
    laptop: Laptop, office: Office, server: OddServer, patient: Patient
) -> None:
    last = inbox.state(laptop.database).last_complete
    office.put(patient, "patient", patient.id)
    server.pulled = lambda record: record.update(version=record["version"] + 7)
    laptop.may_heal = True
    laptop.clock.advance(timedelta(hours=1))
    assert laptop.sync().error_code == "still_different"
    assert inbox.state(laptop.database).last_complete == last
    assert shown(laptop) == [patient]


@pytest.mark.parametrize("field", [{"level": "of tomorrow"}, {"id": "someone-else"}])
@pytest.mark.parametrize("outcome", [Outcome.MERGED, Outcome.CONFLICT])
def test_an_answer_that_this_version_cannot_read_spoils_no_record(
    laptop: Laptop,
    office: Office,
    server: OddServer,
    patient: Patient,
    outcome: Outcome,
    field: dict[str, Any],
) -> None:
    """One such record would make the whole list of patients unreadable."""
    body = {**(office.body("patient", patient.id) or {}), **field}
    server.pushed = lambda result: result.update(
        outcome=outcome.value, server_body=body, server_version=99
    )
    laptop.may_heal = True  # of a lie that holds for one answer
    laptop.edit_patient(patient.id, phone="900 00 001")
    laptop.sync()
    for item in laptop.unsent():
        outbox.discard_in_favour_of_server(laptop.database, item.change_id)
    assert [value.id for value in shown(laptop)] == [patient.id]


# --- what an older program kept


def test_a_record_kept_by_an_older_program_appears_once_this_one_can_read_it(
    laptop: Laptop, office: Office, server: OddServer, kari: Identity
) -> None:
    """The cursor has passed it: the server would never send it again."""
    added = office.add_patient(kari)
    laptop.sync()
    with laptop.database.transaction() as connection:
        connection.execute(
            "INSERT INTO unknown_record (kind, id, patient_id, version, body)"
            " SELECT 'patient', id, patient_id, version, body FROM patient"
        )
        connection.execute("DELETE FROM patient")
    report = laptop.sync()
    assert shown(laptop) == [added]
    assert [change.id for change in report.changes.changes] == [added.id]
    assert laptop.ids("unknown_record") == set()


# --- one id, one text


def test_a_corrected_text_is_not_sent_under_the_id_of_the_parked_one(
    laptop: Laptop, patient: Patient, office: Office
) -> None:
    """The first text may have arrived after all; its id would then hide the correction."""
    laptop.edit_patient(patient.id, phone="1")
    laptop.sync(Fault.LOST_REPLY)
    (sent,) = laptop.unsent()
    outbox.park(laptop.database, sent.change_id, "too_large")
    laptop.edit_patient(patient.id, city="Rognan")
    outbox.retry(laptop.database, sent.change_id)
    assert laptop.sync().complete
    assert (office.body("patient", patient.id) or {})["city"] == "Rognan"
    assert laptop.patient(patient.id).city == "Rognan"


# --- clocks


@pytest.mark.parametrize("days", [-4000, -1, 1, 4000])
def test_a_laptop_whose_clock_is_wrong_syncs_all_the_same(
    laptop: Laptop, office: Office, patient: Patient, days: int
) -> None:
    laptop.clock.advance(timedelta(days=days))
    note = laptop.sign_note(patient.id, "Skrevet med feil klokke")
    laptop.edit_patient(patient.id, phone="900 00 002")
    assert laptop.sync().complete
    assert office.version("note", note)
    laptop.clock.advance(timedelta(days=-days))
    office.put(patient, "patient", patient.id)
    assert laptop.sync().complete
    assert laptop.patient(patient.id).phone == patient.phone


# --- patients who left


def test_what_is_written_about_a_patient_who_has_just_left_arrives_and_leaves_too(
    laptop: Laptop, office: Office, kari: Identity, patient: Patient
) -> None:
    """A form may be open while the sync takes the patient away; nothing of it may stay behind."""
    office.unassign(kari, patient.id)
    laptop.sync()
    note = laptop.sign_note(patient.id, "Skjemaet sto åpent")
    draft = laptop.open_draft(patient.id)
    assert laptop.sync().complete
    assert office.version("note", note)
    assert laptop.ids("note") == {note}  # the draft may point to it
    with laptop.database.transaction():
        drafts.delete(laptop.database, draft)
    assert laptop.sync().complete
    assert laptop.ids("note") == set()


def test_a_patient_who_left_and_came_back_is_not_taken_away_again(
    laptop: Laptop, office: Office, kari: Identity, patient: Patient
) -> None:
    office.unassign(kari, patient.id)
    laptop.sync()
    office.assign(kari, patient.id)
    laptop.sync()
    laptop.sync()
    assert shown(laptop) == [patient]
