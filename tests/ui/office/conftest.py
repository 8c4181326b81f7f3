"""The office's page on a real server in this process, with laptops that have really synced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fieldapp.clock import FixedClock, to_iso
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration, Part
from fieldapp.domain.patients import Role
from sync.client.office_messages import OfficeService, Outcome
from sync.protocol.messages import PushRecord
from sync.server.storage import sqlite
from sync.server.storage.storage import Storage
from sync.server.storage.values import NewVersion
from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import NOW, SOLVEIG, Ward
from tests.sync.server.desk import desk, exchange
from tests.sync.server.orders import order_body
from tests.sync.server.team import Laptop, Team, change, note, patient
from ui.office.desk import OfficeDesk
from ui.office.page import OfficePage
from ui.tasks import TaskRunner
from ui.theme import Theme


class Road:
    """The way to the server. Attributes: `trouble` is raised instead of an answer; `calls`."""

    def __init__(self, service: OfficeService) -> None:
        self.service = service
        self.trouble: Exception | None = None
        self.calls = 0

    def prepare(self) -> Callable[[], AbstractContextManager[OfficeService]]:
        def opened() -> AbstractContextManager[OfficeService]:
            self.calls += 1
            if self.trouble is not None:
                raise self.trouble
            return nullcontext(self.service)

        return opened


@dataclass
class Scene:
    """A server with two case managers, one of whom wrote what the server did not take."""

    team: Team
    nils: Laptop
    kari: Laptop

    def number(self, username: str) -> str:
        with self.team.storage.read() as transaction:
            user = transaction.accounts.user_named(username)
        assert user is not None
        return user.id

    def open_parked(self) -> int:
        with self.team.storage.read() as transaction:
            return transaction.parked.count_open()

    def body(self, kind: str, record_id: str) -> dict[str, object] | None:
        with self.team.storage.read() as transaction:
            record = transaction.records.get(kind, record_id)
        return None if record is None else dict(record.body)

    def followers(self, patient_id: str) -> set[str]:
        with self.team.storage.read() as transaction:
            users = transaction.accounts.users()
            return {
                user.username for user in users if patient_id in transaction.scope.standing(user.id)
            }


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    storage = Storage(sqlite.create(tmp_path / "server"))
    storage.initialise("server-1")
    team = Team(storage)
    team.clock = FixedClock(NOW)
    team.world = replace(team.world, clock=team.clock)
    made = Scene(team, team.laptop("nils"), team.laptop("kari"))
    made.nils.push(change(patient("p1", address="Storgata 1", phone="900 11 222")))
    made.kari.push(change(replace(patient("p2"), family_name="Balto", given_name="Máret")))
    yield made
    storage.close()


def stop_something(scene: Scene) -> None:
    """Let a conflict about an address and a note with a used number be stopped at the server."""
    made = scene.body("patient", "p1")
    assert made is not None
    with scene.team.storage.read() as transaction:
        record = transaction.records.get("patient", "p1")
    assert record is not None
    base = record.seq
    colleague = patient("p1", address="Lia 4", phone="900 11 222")
    scene.nils.push(change(colleague, base=base))
    mine = patient("p1", address="Fjellveien 8", phone="900 11 222")
    exchange(scene.team, scene.nils, change(mine, base=base, change_id="c-address"), pull=True)
    exchange(scene.team, scene.nils, change(note("n1", text="Den første"), change_id="c-n1"))
    exchange(
        scene.team,
        scene.nils,
        change(note("n1", text="Den andre"), change_id="c-n2").model_copy(update={"sequence": 3}),
    )


def propose(scene: Scene) -> None:
    """Let a laptop wish for other doses than the prescriber's, and for another follower."""
    order = order_body("o1", "p1")
    with scene.team.storage.write() as transaction:
        seq = transaction.records.put(
            NewVersion("medication_request", "o1", "p1", order, False, None, None, to_iso(NOW))
        )
    wished = {**order, "place": "pharmacy"}
    (result,) = scene.nils.push(
        PushRecord(
            change_id="c-order",
            kind="medication_request",
            id="o1",
            patient_id="p1",
            base_version=seq,
            sequence=9,
            body=wished,
        )
    )
    assert result.outcome is Outcome.MERGED


def hand_out_twice(scene: Scene) -> None:
    """Let two laptops have given the same dose."""
    for number, (username, laptop) in enumerate((("nils", scene.nils), ("kari", scene.kari))):
        event = MedicationAdministration(
            id=f"h{number}",
            patient_id="p1",
            request_id="o1",
            request_revision=1,
            day=NOW.date(),
            part=Part.MORNING,
            status=HandoutStatus.GIVEN,
            given_at=NOW,
            recorded_at=NOW,
            author_id=scene.number(username),
            device_id="d",
            sequence=1,
        )
        exchange(scene.team, laptop, change(event))


def deliver_after_changes(scene: Scene) -> None:
    """Let a note come from somebody who does not follow, then a handout of no known order."""
    exchange(scene.team, scene.kari, change(note("n-late")))
    event = MedicationAdministration(
        id="h-late",
        patient_id="p1",
        request_id="o-unknown",
        request_revision=1,
        day=NOW.date(),
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOW,
        recorded_at=NOW,
        author_id=scene.number("nils"),
        device_id="d",
        sequence=40,
    )
    exchange(scene.team, scene.nils, change(event).model_copy(update={"sequence": 40}))


Office = Callable[..., tuple[OfficePage, Road]]


@pytest.fixture
def office(qtbot: QtBot, ward: Ward, scene: Scene, tasks: TaskRunner, theme: Theme) -> Office:
    """Show the page for somebody with a role, on the server of the scene."""

    def show(
        role: Role = Role.SECRETARY, tab: str = "", team: Team = scene.team
    ) -> tuple[OfficePage, Road]:
        session = replace(ward.session, user=replace(SOLVEIG, role=role))
        road = Road(desk(team, role, f"kontor{role.value}"))
        context = make_context(session, tasks, theme)
        page = OfficePage(context, desk=OfficeDesk(road.prepare, tasks))
        show_page(qtbot, page, tab=tab)
        return page, road

    return show
