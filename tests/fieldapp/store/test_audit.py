"""The log of who did what: append-only, and any change behind its back shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.services.session import Session
from fieldapp.store import audit
from fieldapp.store.db import IntegrityError
from tests.helpers.builders import new_session
from tests.helpers.stores import START


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = new_session(tmp_path)
    with opened.database.transaction():
        for number in range(5):
            audit.append(
                opened.database,
                now=START,
                actor_id="u-me",
                action="open",
                kind="patient",
                record_id=f"p-{number}",
                patient_id=f"p-{number}",
            )
    yield opened
    opened.database.close()


def test_lines_are_read_newest_first_and_by_patient(session: Session) -> None:
    assert [line.record_id for line in audit.lines(session.database)] == [
        f"p-{number}" for number in (4, 3, 2, 1, 0)
    ]
    (line,) = audit.lines(session.database, "p-2")
    assert (line.actor_id, line.action, line.at) == ("u-me", "open", "2026-11-22T08:15:00.000Z")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor_id = 'u-other' WHERE sequence = 3",
        "DELETE FROM audit WHERE sequence = 5",
        "DELETE FROM audit",
        "REPLACE INTO audit SELECT * FROM audit WHERE sequence = 5",
        "INSERT INTO audit (at, actor_id, action, previous_hash, hash)"
        " VALUES ('2026', 'u', 'open', 'made up', 'made up')",
        "INSERT INTO audit (sequence, at, actor_id, action, previous_hash, hash)"
        " SELECT 2, '2026', 'u', 'open', hash, 'x' FROM audit WHERE sequence = 5",
    ],
)
def test_no_line_is_changed_removed_or_slipped_in(session: Session, statement: str) -> None:
    with pytest.raises(IntegrityError, match="audit_is_append_only"):
        session.database.connection.execute(statement)
    assert audit.first_broken(session.database) is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET actor_id = 'u-other' WHERE sequence = 3", 3),
        ("UPDATE audit SET record_id = NULL WHERE sequence = 2", 2),
        ("UPDATE audit SET previous_hash = 'x' WHERE sequence = 4", 4),
        ("DELETE FROM audit WHERE sequence = 2", 3),
    ],
)
def test_a_change_behind_the_schemas_back_is_found(
    session: Session, statement: str, broken: int
) -> None:
    connection = session.database.connection
    for trigger in ("audit_is_not_changed", "audit_is_not_deleted"):
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(statement)
    assert audit.first_broken(session.database) == broken
