"""What is stored although rights or an order changed meanwhile is shown to the office."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.clock import to_iso
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration, Part
from fieldapp.domain.patients import Role
from sync.protocol.errors import NotAllowedError
from sync.protocol.messages import Outcome
from sync.protocol.office import MAX_FLAGGED, NOT_ASSIGNED, ORDER_CHANGED, FlaggedRow
from sync.server.office import ServerOfficeService
from sync.server.storage.flagged import Flagged
from sync.server.storage.records import RecordRepository
from sync.server.storage.storage import Storage
from sync.server.storage.values import NewVersion
from tests.sync.server.desk import desk, office_log
from tests.sync.server.orders import order_body
from tests.sync.server.team import NOW, Laptop, Team, change, note, patient

TODAY = date(2026, 11, 23)
GIVEN = MedicationAdministration(
    id="h1",
    patient_id="p1",
    request_id="o1",
    request_revision=1,
    day=TODAY,
    part=Part.MORNING,
    status=HandoutStatus.GIVEN,
    given_at=NOW,
    recorded_at=NOW,
    author_id="u1",
    device_id="d1",
    sequence=1,
    dose_mg=Decimal(80),
)


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """A laptop whose user registered p1, who has a running order."""
    laptop = team.laptop("kari")
    laptop.push(change(patient()))
    order(team)
    return laptop


@pytest.fixture
def office(team: Team) -> ServerOfficeService:
    return desk(team)


def order(team: Team, **fields: Any) -> None:
    """Let the prescriber write the order as it is now."""
    body = {**order_body("o1", "p1"), **fields}
    with team.storage.write() as transaction:
        transaction.records.put(
            NewVersion("medication_request", "o1", "p1", body, False, None, None, to_iso(NOW))
        )


def told(office: ServerOfficeService) -> list[tuple[str, str]]:
    return [(row.id, row.reason) for row in office.flagged().flagged]


def test_a_handout_of_the_standing_order_is_not_flagged(
    kari: Laptop, office: ServerOfficeService
) -> None:
    assert kari.push_one(change(GIVEN)).outcome is Outcome.ACCEPTED
    assert told(office) == []


@pytest.mark.parametrize(
    ("now", "handout"),
    [
        ({"revision": 2}, {}),
        ({"stopped_on": "2026-11-23"}, {}),
        ({"stopped_on": "2026-11-20"}, {}),
        ({}, {"request_id": "unknown"}),
    ],
)
def test_a_handout_of_an_order_that_changed_is_stored_and_shown(
    team: Team,
    kari: Laptop,
    office: ServerOfficeService,
    now: dict[str, Any],
    handout: dict[str, Any],
) -> None:
    if now:
        order(team, **now)
    assert kari.push_one(change(replace(GIVEN, **handout))).outcome is Outcome.ACCEPTED
    (row,) = office.flagged().flagged
    assert row == FlaggedRow(
        kind="medication_administration",
        id="h1",
        reason=ORDER_CHANGED,
        at=NOW,
        user_id=row.user_id,
        user_name="Kari",
        device_name="Feltbærbar 3",
        patient_id="p1",
        patient_name="Bråten, Åse",
    )


def test_a_handout_before_the_stop_and_a_counter_entry_are_not_flagged(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    order(team, stopped_on="2026-11-24")
    assert kari.push_one(change(GIVEN)).outcome is Outcome.ACCEPTED
    order(team, revision=2)
    taken_back = replace(
        GIVEN,
        id="h2",
        status=HandoutStatus.ENTERED_IN_ERROR,
        dose_mg=None,
        reason_text="Feil pasient",
        reverses="h1",
        sequence=2,
    )
    back = change(taken_back).model_copy(update={"sequence": 2})
    assert kari.push_one(back).outcome is Outcome.ACCEPTED
    assert told(office) == []


def test_what_came_after_an_assignment_ended_or_without_one_is_shown(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    assert team.laptop("ola").push_one(change(note("n-ola"))).outcome is Outcome.ACCEPTED
    team.admin.unassign("kari", "p1")
    assert kari.push_one(change(GIVEN)).outcome is Outcome.ACCEPTED
    assert sorted(told(office)) == [("h1", NOT_ASSIGNED), ("n-ola", NOT_ASSIGNED)]


def test_both_reasons_of_one_handout_are_shown_once_however_often_it_is_sent(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    team.admin.unassign("kari", "p1")
    order(team, revision=2)
    for change_id in ("c1", "c1", "c2"):
        assert kari.push_one(change(GIVEN, change_id=change_id)).outcome.stored
    assert told(office) == [("h1", NOT_ASSIGNED), ("h1", ORDER_CHANGED)]


def test_the_newest_stands_first_and_the_list_ends_at_its_limit(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    for number in range(3):
        team.clock.advance(timedelta(minutes=1))
        kari.push(change(replace(GIVEN, id=f"h{number}", request_revision=9, sequence=number)))
    assert [row_id for row_id, _ in told(office)] == ["h2", "h1", "h0"]
    many = [
        Flagged("note", f"n{number}", NOT_ASSIGNED, to_iso(NOW), None, None)
        for number in range(MAX_FLAGGED)
    ]
    kari.push(*[change(note(one.id)) for one in many])
    with team.storage.write() as transaction:
        transaction.flagged.add(many)
    answer = office.flagged()
    assert (len(answer.flagged), answer.more) == (MAX_FLAGGED, True)


def test_the_list_is_for_those_who_may_take_over_and_each_look_is_logged(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    kari.push(change(replace(GIVEN, request_id="unknown")))
    office.flagged()
    with pytest.raises(NotAllowedError):
        desk(team, Role.ADMINISTRATOR).flagged()
    refused, seen = [line for line in office_log(team) if line.act == "flagged"]
    assert (seen.allowed, seen.count, refused.allowed) == (True, 1, False)


def test_orders_are_read_once_for_many_handouts_and_never_without_one(
    team: Team, kari: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[tuple[str, str]]] = []
    read = RecordRepository.get_many

    def counting(self: RecordRepository, names: Any) -> Any:
        wanted = list(names)
        if any(kind == "medication_request" for kind, _ in wanted):
            asked.append(wanted)
        return read(self, wanted)

    monkeypatch.setattr(RecordRepository, "get_many", counting)
    kari.push(change(note("n1")))
    assert asked == []
    kari.push(*[change(replace(GIVEN, id=f"h{n}", day=date(2026, 11, n + 1))) for n in range(9)])
    assert len(asked) == 1
