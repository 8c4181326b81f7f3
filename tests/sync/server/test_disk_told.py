"""The office knows from the first minute whether a laptop's disk is encrypted."""

from __future__ import annotations

import pytest

from sync.client.enrol import enrol
from sync.server.storage.storage import Storage
from tests.sync.server.desk import desk
from tests.sync.server.running import Running
from tests.sync.server.team import PASSWORD


@pytest.mark.parametrize("told", [True, False, None])
def test_a_laptop_says_when_it_is_made_known_whether_its_disk_is_encrypted(
    embedded: Storage, told: bool | None
) -> None:
    server = Running(embedded)
    try:
        server.team.add_user("kari")
        enrol(
            f"http://127.0.0.1:{server.port}",
            server.team.admin.enrol_code("kari")[0],
            username="kari",
            password=PASSWORD,
            device_name="laptop",
            clock=server.team.clock,
            disk_encrypted=told,
        )
        # Before any sync: nothing but the enrolment has told it.
        (row,) = [row for row in desk(server.team).overview().rows if row.username == "kari"]
        assert row.disk_encrypted is told
    finally:
        server.stop()
