"""What a faulty or ill-willed laptop may send, on both databases: nothing breaks, nothing leaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fieldapp.domain.medication import HandoutStatus, MedicationAdministration, Part
from fieldapp.ids import new_id
from sync.protocol.errors import ProtocolError_
from sync.protocol.messages import (
    Outcome,
    PullRequest,
    PushRecord,
)
from sync.protocol.version import MAX_BODY_BYTES
from sync.server.storage.storage import Storage
from tests.sync.server.running import Running
from tests.sync.server.team import NOW, Laptop, Team, change, contact, flag, note, patient


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """Kari on a laptop; she follows patient p1."""
    laptop = team.laptop("kari")
    laptop.push_one(change(patient()))
    return laptop


def unknown(record_id: str, patient_id: str | None, body: dict[str, Any]) -> PushRecord:
    return PushRecord(
        change_id=new_id(),
        kind="kind-of-tomorrow",
        id=record_id,
        patient_id=patient_id,
        base_version=0,
        sequence=1,
        body=body,
    )


# --- one bad record never touches the others


def test_an_instant_before_the_calendar_is_refused_alone(kari: Laptop) -> None:
    bad = change(note("n-bad"), signed_at="0001-01-01T00:00:00+14:00")
    results = kari.push(bad, change(note("n-good")))
    assert [result.outcome for result in results] == [Outcome.REFUSED, Outcome.ACCEPTED]
    assert results[0].reason == "bad_body:signed_at"


def test_a_record_that_would_fill_a_page_by_itself_is_refused_alone(kari: Laptop) -> None:
    """No laptop could ever read the page that holds it, and its pull would stand still."""
    bad = change(note("n-bad", text="a" * MAX_BODY_BYTES))
    results = kari.push(bad, change(note("n-good")))
    assert [result.outcome for result in results] == [Outcome.REFUSED, Outcome.ACCEPTED]
    assert results[0].reason == "too_large"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/login", {"device_id": "d", "device_secret": "s", "username": "\0", "password": "p"}),
        ("/v1/login", {"device_id": "\0", "device_secret": "s", "username": "u", "password": "p"}),
        ("/v1/confirm", {"records": [{"kind": "note", "id": "\0"}]}),
    ],
)
def test_a_character_that_a_database_cannot_hold_is_no_trouble_at_the_server(
    storage: Storage, path: str, message: dict[str, Any]
) -> None:
    """PostgreSQL holds no NUL: the laptop must not come back with the same for ever."""
    running = Running(storage)
    try:
        token = {"Authorization": f"Bearer {running.token()}"}
        assert running.client.post(path, json=message, headers=token).status_code < 500
    finally:
        running.stop()


def test_a_record_nested_deeper_than_a_laptop_can_read_is_refused_alone(
    team: Team, kari: Laptop
) -> None:
    """Where one program stops reading another goes on; the pull of every colleague would end."""
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    wide = [{"a": [number]} for number in range(300)]
    results = kari.push(
        change(note("n-deep"), extra=deep), change(note("n-wide"), extra=wide), change(note())
    )
    assert [result.reason for result in results] == ["bad_body:json", None, None]


# --- whose records


def test_a_laptop_cannot_put_a_record_before_the_whole_team(team: Team, kari: Laptop) -> None:
    result = kari.push_one(unknown("x1", None, {"id": "x1"}))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "server_owned")
    assert "x1" not in team.laptop("ola").pull_ids()


def test_a_repeated_change_under_another_patients_name_shows_nothing(
    team: Team, kari: Laptop
) -> None:
    """Who once followed a patient may not go on reading the record through an old change."""
    kari.push_one(change(patient("p2")))
    mine = change(flag())
    version = kari.push_one(mine).version
    team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    team.admin.unassign("kari", "p1")
    ola = team.laptop("ola")
    ola.push_one(change(flag(text="Hemmelig"), base=version))
    stolen = mine.model_copy(update={"patient_id": "p2", "body": {**mine.body, "patient_id": "p2"}})
    assert kari.push_one(stolen).server_body is None


def test_a_merge_that_may_not_be_shown_does_not_let_the_next_edit_undo_a_colleagues(
    team: Team, kari: Laptop, storage: Storage
) -> None:
    """The laptop is not told the joined record, so it may not take its version for a base."""
    version = kari.push_one(change(contact())).version
    team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    team.admin.unassign("kari", "p1")
    team.laptop("ola").push_one(change(replace(contact(), active=False), base=version))
    first = kari.push_one(change(contact(name="Mor og far"), base=version))
    assert first.outcome is Outcome.MERGED
    assert first.server_body is None
    second = change(contact(name="Mor, far og bror"), base=first.version)
    kari.push_one(second)
    with storage.read() as transaction:
        stored = transaction.records.get("contact", "k1")
    assert stored is not None
    assert stored.body["active"] is False


def test_a_lost_answer_to_such_a_merge_is_no_other_road_to_that_loss(
    team: Team, kari: Laptop
) -> None:
    version = kari.push_one(change(contact())).version
    team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    team.admin.unassign("kari", "p1")
    team.laptop("ola").push_one(change(replace(contact(), active=False), base=version))
    sent = change(contact(name="Mor og far"), base=version)
    kari.push_one(sent)
    again = kari.push_one(sent)
    assert (again.outcome, again.version) == (Outcome.REPEATED, version)


def test_an_event_with_another_text_is_a_conflict_even_under_the_same_change(
    kari: Laptop,
) -> None:
    """Otherwise the laptop would show for ever what the server never held."""
    kari.push_one(change(note(text="Den ene"), change_id="c1"))
    result = kari.push_one(change(note(text="Den andre"), change_id="c1"))
    assert (result.outcome, result.reason) == (Outcome.CONFLICT, "event_differs")
    assert result.server_body is not None


# --- the cursor


def test_a_cursor_from_the_future_is_refused_and_never_called_complete(kari: Laptop) -> None:
    """The server was set back to a backup: its new records would stand behind the cursor."""
    with pytest.raises(ProtocolError_, match="cursor"):
        kari.service.pull(PullRequest(cursor="999999.1", limit=10))


# --- figures


@pytest.mark.parametrize("figure", ["1e999999", "1e-999999", "0e999999999"])
def test_a_figure_that_would_not_fit_on_a_screen_is_refused(kari: Laptop, figure: str) -> None:
    """Written out, it would fill the memory of every laptop that shows it."""
    event = MedicationAdministration(
        id="m1",
        patient_id="p1",
        request_id="r1",
        request_revision=1,
        day=NOW.date(),
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOW,
        recorded_at=NOW,
        author_id="u1",
        device_id="d1",
        sequence=1,
    )
    result = kari.push_one(change(event, dose_mg=figure))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "bad_body:dose_mg")
