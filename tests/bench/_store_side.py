"""One side of the store's benchmark, in a process of its own: `_store_side cipher|plain FOLDER`.

The application's own code runs on both sides. On the plain side two functions of
`fieldapp.store.db` are replaced: the one that opens a connection leaves the cipher out, and the
one that refuses an unencrypted file lets it pass. Two processes, because wiping freed memory
cannot be turned off again once a cipher store was open.

Reads the name of an action per line, does it once and answers with its milliseconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fieldapp.clock import FixedClock
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    Intake,
    ObservedState,
    OtherDose,
)
from fieldapp.domain.notes import Note
from fieldapp.ids import new_id
from fieldapp.services import medication, notes, patients, today
from fieldapp.services.medication import HandoutEntry
from fieldapp.services.session import Session
from fieldapp.store import db, inbox, records
from fieldapp.store.migrate import migrate
from tests.bench._team import DAY, NOW, laptop_records
from tests.helpers.claims import grant

_PAGE = 200
_TEXT = "Hjemmebesøk. Stemningsleie nøytralt, spiser og sover bedre enn sist uke. " * 8


def _key() -> bytearray:
    return bytearray(b"x'" + b"5a" * 32 + b"a5" * 16 + b"'")


def _leave_out_the_cipher() -> None:
    def connect(path: Path, key_source: object, page_size: int) -> Any:
        del key_source
        connection = db.sqlite.connect(
            str(path),
            timeout=db.BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA page_size = {page_size}")
        before = (name for name in db._SETTINGS_BEFORE_FIRST_READ if "cipher" not in name)
        for setting in (*before, "journal_mode = WAL", *db._SETTINGS_AFTER_FIRST_READ):
            connection.execute(f"PRAGMA {setting}")
        connection.create_collation("norwegian", db._compare_norwegian)
        connection.row_factory = db.sqlite.Row
        connection.set_authorizer(db._guard)
        return connection

    db._connect = connect
    db.check_header = lambda path: None


class Side:
    """A filled store, and everything that is measured on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._clock = FixedClock(NOW)
        database = db.Database.create(path, _key, "bench")
        migrate(database, self._clock)
        self._user, incoming = laptop_records()
        for start in range(0, len(incoming), _PAGE):
            inbox.apply_page(
                database, incoming[start : start + _PAGE], cursor="1.1", complete=True, now=NOW
            )
        database.checkpoint()
        self._session = self._session_on(database)
        busiest = max(
            (row.patient.id for row in patients.rows(self._session)),
            key=lambda patient_id: len(patients.timeline(self._session, patient_id, 5000)),
        )
        self._patient_id = busiest
        self._draft = notes.new_draft(
            self._session, busiest, "note", None, {"template": "free", "text": ""}
        )
        self._saves = 0

    def _session_on(self, database: db.Database) -> Session:
        return Session(database, self._user, "bench-device", self._clock, new_id)

    def close(self) -> None:
        """Close the store."""
        self._session.database.close()

    def actions(self) -> dict[str, Callable[[], float]]:
        """Each does its work once and returns the milliseconds."""
        session, patient_id = self._session, self._patient_id
        return {
            "open": self._open,
            "today": _timed(lambda: today.load(session, DAY)),
            "patient": _timed(lambda: patients.page(session, patient_id)),
            "timeline": _timed(lambda: patients.timeline(session, patient_id)),
            "patients": _timed(lambda: patients.rows(session)),
            "search": _timed(lambda: patients.filter_rows(patients.rows(session), "han")),
            "scan": _timed(
                lambda: records.select(
                    session.database, Note, "body ->> '$.text' LIKE ?", ("%finnes ikke%",)
                )
            ),
            "draft": self._save_draft,
            "handout": self._hand_out,
        }

    def _open(self) -> float:
        start = time.perf_counter()
        database = db.Database.open(self._path, _key)
        today.load(self._session_on(database), DAY)
        spent = _since(start)
        database.close()
        return spent

    def _save_draft(self) -> float:
        self._saves += 1
        text = f"{self._saves} {_TEXT}"
        draft = replace(self._draft, body={**self._draft.body, "text": text})
        start = time.perf_counter()
        notes.save_draft(self._session, draft)
        return _since(start)

    def _hand_out(self) -> float:
        # A new day for every dose, because a slot takes only one.
        self._clock.advance(timedelta(days=1))
        planned = medication.day_slots(self._session, self._session.today())[0][1].slot
        entry = HandoutEntry(
            id=new_id(),
            slot=planned.key,
            status=HandoutStatus.GIVEN,
            dose_mg=planned.dose_mg,
            witnessed=True,
            identity_check=IdentityCheck.KNOWN,
            observed_state=ObservedState.UNAFFECTED,
            other_dose=OtherDose.NO,
            intake=Intake(6, True),
        )
        grant(self._session, planned.request, planned.key.day)
        start = time.perf_counter()
        medication.record(self._session, entry)
        return _since(start)


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    def measured() -> float:
        start = time.perf_counter()
        call()
        return _since(start)

    return measured


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000


def main() -> None:
    kind, folder = sys.argv[1:]
    if kind == "plain":
        _leave_out_the_cipher()
    side = Side(Path(folder) / "store.db")
    actions = side.actions()
    print("ready", flush=True)
    for line in sys.stdin:
        print(actions[line.strip()](), flush=True)
    side.close()


if __name__ == "__main__":
    main()
