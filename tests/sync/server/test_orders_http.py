"""An order over the real line: entered on one laptop, confirmed on another, fetched by a third."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fieldapp.domain.codec import to_body
from fieldapp.domain.patients import Role
from sync.client.office import HttpOfficeService
from sync.protocol.errors import BadRequestError
from sync.protocol.orders import (
    ActOnOrderRequest,
    EnterOrderRequest,
    OrderAction,
    OrdersRequest,
    SettleOrderRequest,
)
from sync.server.storage.storage import Storage
from tests.sync.server.desk import REASON, exchange
from tests.sync.server.running import Running
from tests.sync.server.team import change, patient
from tests.sync.server.test_orders import METHADONE


@pytest.fixture
def running(storage: Storage) -> Iterator[Running]:
    server = Running(storage)
    yield server
    server.stop()


def test_an_order_travels_from_the_form_to_the_second_person_to_the_laptop(
    running: Running,
) -> None:
    team = running.team
    kari = team.laptop("kari")
    exchange(team, kari, change(patient()))
    tokens = {}
    for role in (Role.SECRETARY, Role.TEAM_LEADER):
        team.add_user(role.value, role)
        tokens[role] = team.enrol(role.value).token
    request = EnterOrderRequest(
        id="e1",
        order_id="o1",
        patient_id="p1",
        base_revision=0,
        body=to_body(METHADONE),
    )
    with running.service(tokens[Role.SECRETARY]) as line:
        office = HttpOfficeService(line)
        assert office.enter_order(request).entry is not None
        assert office.enter_order(request).entry is not None  # the answer was lost on the line
    assert kari.pull_ids() == {"p1"}
    with running.service(tokens[Role.TEAM_LEADER]) as line:
        office = HttpOfficeService(line)
        (waiting,) = office.orders(OrdersRequest()).waiting
        assert office.settle_order(SettleOrderRequest(id=waiting.id, accept=True)).entry is not None
    assert kari.pull_ids() == {"o1"}
    with running.service(tokens[Role.SECRETARY]) as line:
        office = HttpOfficeService(line)
        stop = ActOnOrderRequest(
            id="a1", order_id="o1", base_revision=1, action=OrderAction.STOP, reason=REASON
        )
        assert office.act_on_order(stop).entry is not None
        with pytest.raises(BadRequestError, match="already"):
            office.act_on_order(stop.model_copy(update={"id": "a2"}))
    assert kari.pull_ids() == {"o1"}
