"""The writer that gets killed: `_writer FOLDER SEED` saves without end, on the real services.

Prints a line of JSON before every act ("begin") and after it ("done"); what stands in a "done"
line was acknowledged to the user.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fieldapp.clock import FixedClock
from fieldapp.domain.medication import HandoutStatus, IdentityCheck, ObservedState
from fieldapp.ids import new_id
from fieldapp.services import medication, notes
from fieldapp.services.medication import HandoutEntry, RoundSlot
from fieldapp.services.session import Session
from fieldapp.store import state
from tests.torture._ward import FIRST_MOMENT, PATIENTS, open_ward

_SENTENCES = ("Sover bedre.", "Avtale på torsdag.", "Ønsker samtale.", "Åpnet ikke døren. ")


class Ids:
    """Makes ids, and lets one be known before the act that uses it."""

    def __init__(self) -> None:
        self._next: str | None = None

    def announce(self) -> str:
        """The id that will be made next."""
        self._next = new_id()
        return self._next

    def __call__(self) -> str:
        made, self._next = self._next or new_id(), None
        return made


class Writer:
    """Does one act after the other. `drafts` are those that stand, by id."""

    def __init__(
        self,
        session: Session,
        clock: FixedClock,
        ids: Ids,
        dice: random.Random,
        tell: Callable[..., None] | None = None,
    ) -> None:
        """`tell` hears of each act before and after it; the parent process unless given."""
        self._tell = tell or _tell
        self._session = session
        self._clock = clock
        self._ids = ids
        self._dice = dice
        self._drafts = {row.draft.id: row.draft for row in notes.drafts(session)}
        self._skip_days_that_have_doses()

    def step(self) -> None:
        """Do one act at random."""
        draft_id = self._dice.choice(sorted(self._drafts)) if self._drafts else None
        if draft_id is None or self._dice.random() < 0.12:
            self._begin_draft()
        else:
            act = self._dice.choices(
                (self._save_draft, self._sign, self._discard), (0.75, 0.2, 0.05)
            )[0]
            act(draft_id)
        if self._dice.random() < 0.3:
            self._hand_out()

    def _begin_draft(self) -> None:
        text, draft_id = self._text(), self._ids.announce()
        body = {"template": "free", "text": text, "addendum_to": None}
        self._tell("begin", act="draft", id=draft_id, text=text)
        draft = notes.new_draft(self._session, self._dice.choice(PATIENTS), "note", None, body)
        self._drafts[draft.id] = draft
        self._tell("done", act="draft", id=draft_id, text=text)

    def _save_draft(self, draft_id: str) -> None:
        text, old = self._text(), self._drafts[draft_id]
        draft = replace(old, body={**old.body, "text": text})
        self._tell("begin", act="draft", id=draft_id, text=text)
        self._drafts[draft_id] = notes.save_draft(self._session, draft)
        self._tell("done", act="draft", id=draft_id, text=text)

    def _sign(self, draft_id: str) -> None:
        text = self._drafts.pop(draft_id).body["text"]
        self._tell("begin", act="note", id=draft_id, text=text)
        notes.sign(self._session, draft_id)
        self._tell("done", act="note", id=draft_id, text=text)

    def _discard(self, draft_id: str) -> None:
        del self._drafts[draft_id]
        self._tell("begin", act="discard", id=draft_id)
        notes.discard_draft(self._session, draft_id)
        self._tell("done", act="discard", id=draft_id)

    def _hand_out(self) -> None:
        # Every dose on a day of its own, because a slot takes only one.
        self._clock.advance(timedelta(days=1))
        self._log_in()
        slots = medication.day_slots(self._session, self._session.today())
        _, planned = self._dice.choice(slots)
        entry = self._entry(planned, given=self._dice.random() < 0.8)
        facts = {"id": entry.id, "day": entry.slot.day.isoformat(), "status": entry.status.value}
        self._tell("begin", act="handout", **facts)
        medication.record(self._session, entry)
        self._tell("done", act="handout", **facts)

    def _log_in(self) -> None:
        """Weeks go by in a writer's life; its lease is not what is asked about here."""
        with self._session.database.transaction():
            state.note_login(self._session.database, self._clock.now())

    def _entry(self, planned: RoundSlot, *, given: bool) -> HandoutEntry:
        slot = planned.slot
        if not given:
            return HandoutEntry(new_id(), slot.key, HandoutStatus.NOT_MET, reason="other")
        return HandoutEntry(
            new_id(),
            slot.key,
            HandoutStatus.GIVEN,
            dose_mg=slot.dose_mg,
            witnessed=True,
            identity_check=IdentityCheck.KNOWN,
            observed_state=ObservedState.UNAFFECTED,
            # Told afterwards: what a power cut leaves of it is asked here, not whether it may be.
            retrospective=True,
            reason_text="Ført i ettertid",
        )

    def _skip_days_that_have_doses(self) -> None:
        newest = [
            view.event.day
            for patient_id in PATIENTS
            for view in medication.history(self._session, patient_id, 1)
        ]
        if newest:
            behind = max(newest) - self._session.today()
            self._clock.advance(max(behind, timedelta(0)))
            self._log_in()

    def _text(self) -> str:
        words = "".join(self._dice.choices(_SENTENCES, k=self._dice.randint(1, 60)))
        return f"{self._dice.randrange(10**9)} {words}"


def _tell(stage: str, **facts: Any) -> None:
    print(json.dumps({"stage": stage, **facts}), flush=True)


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    clock, ids = FixedClock(FIRST_MOMENT), Ids()
    door, session = open_ward(folder, clock, ids)
    assert door.database is not None
    writer = Writer(session, clock, ids, random.Random(seed))
    print(json.dumps({"stage": "ready"}), flush=True)
    while True:
        writer.step()


if __name__ == "__main__":
    main()
