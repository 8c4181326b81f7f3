"""A session on a real encrypted store with two colleagues and one patient."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.patients import Patient
from fieldapp.services.session import Session
from tests.helpers.builders import assignment, new_session, patient, receive
from tests.helpers.stores import START


@pytest.fixture
def clock() -> FixedClock:
    """Sunday 22 November 2026, 09:15 in Oslo."""
    return FixedClock(START)


@pytest.fixture
def session(tmp_path: Path, clock: FixedClock) -> Iterator[Session]:
    opened = new_session(tmp_path, clock=clock)
    yield opened
    opened.database.close()


@pytest.fixture
def kari(session: Session) -> Patient:
    """A patient assigned to the person of the session."""
    person = patient("Ås", "Kari")
    receive(session, person, assignment(person))
    return person
