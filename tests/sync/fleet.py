"""The model: three laptops, one office, and everything that can go wrong between them.

Real cipher stores, the real engine, the real service and storage. The acts are what people do and
what lines, machines and administrators do; the checks are what may never happen:

- every event is on the server exactly once in the end, with the text it was signed with;
- nothing unsent disappears, and what is unsent is what the screen shows;
- every edit reached the server, unless its own author replaced it or gave it up;
- two doses in one slot are both kept, and one safety item tells of them;
- drafts are on the server word for word, and no colleague's laptop ever holds them;
- a laptop that the office ends has handed over everything before it is destroyed, and one that is
  reported lost changes no record any more;
- after quiet syncs each laptop holds exactly what the server holds of its user's patients.

A server that is set back to a backup, or a laptop set back to an old copy of its disk, loses what
nobody holds any more; that, and only that, is taken off the books at that moment.

`tests.sync.convergence` lets hypothesis choose the acts, `tests.torture.sync` lets dice.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from fieldapp.domain.corrections import EntryCorrection
from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.notes import Draft, Note
from fieldapp.domain.patients import Role
from fieldapp.domain.visits import Appointment
from fieldapp.ids import new_id
from fieldapp.store import drafts, outbox, records
from fieldapp.store.db import IntegrityError
from sync.server import corrections
from sync.server.identity import Identity, Standing
from sync.server.keys import key_pairs
from sync.server.storage.storage import Storage, Transaction
from tests.helpers import server_backup
from tests.helpers.stores import START
from tests.helpers.sync_world import Body, Fault, Laptop, LaptopFactory, Office
from tests.sync import endings

LAPTOPS: Final = 3
"""The third one belongs to the user of the first."""

PATIENTS: Final = 3
FIELDS: Final = ("phone", "city")
DAYS: Final = 3
MOST_COMMITS: Final = 14
"""A power cut comes before one of so many commits of a sync."""

JUMPS: Final = (-86_400, -3_600, -1, 1, 3_600, 40 * 86_400)
"""Seconds by which a laptop's clock jumps."""

ROLES: Final = (Role.CASE_MANAGER, Role.PEER, Role.SECRETARY, Role.ADMINISTRATOR)
"""All rights of the day's work, fewer, none to write what is clinical, none to read a patient."""


class ServerDiedError(Exception):
    """The server's process ended in the middle of its work; what was not committed is gone."""


class _MortalStorage(Storage):
    """The storage of a server that can be made to die just before its next commit."""

    dies = False

    @contextlib.contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Transaction]:
        with super().write(lasting=lasting) as transaction:
            yield transaction
            if self.dies:
                self.dies = False
                raise ServerDiedError


class Fleet:
    """The world of one run. `storage` is emptied of what earlier runs have left in it."""

    def __init__(self, storage: Storage) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.storage = _MortalStorage(storage._database)
        self.office = Office(self.storage, page_limit=3)
        self.factory = LaptopFactory(Path(self._folder.name))
        first, second = self.office.new_user(), self.office.new_user()
        third = replace(first, device_id=new_id())
        self.office.add_device(third)
        self.owners: list[Identity] = [first, second, third]
        self.laptops = [self._laptop(who) for who in self.owners]
        self.patients: list[str] = []
        self.events: dict[str, tuple[str, str]] = {}
        """Kind and text of everything signed or given."""
        self.edits: dict[tuple[int, str, str], list[str]] = {}
        """Values that a laptop gave to a patient's field."""
        self.planned: set[str] = set()
        self._perhaps_planned: set[str] = set()
        """Visits that the server has lost; a laptop may offer them again."""
        self.deleted: set[str] = set()
        """Records that were ever decided to be deleted; a restore may bring back such a decision's
        entry where nobody had heard of it yet."""
        self.given_up: set[str] = set()
        self.drafts: dict[str, tuple[int, str]] = {}
        """Laptop and text of every draft."""
        self._left_behind: dict[str, str] = {}
        """User of drafts that a laptop or the server has forgotten to have ended."""
        self.done: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._copies: dict[int, Path] = {}
        self._backup: server_backup.Backup | None = None
        self._values = 0
        self._restores = 0
        self._set_back = 0
        self._ended: list[str] = []
        """Laptops that are no more."""

    def begin(self) -> None:
        """Register the patients and bring every laptop up to date."""
        with self.storage.write() as transaction:
            key_pairs(transaction)  # as the first enrolment makes them
        for number in range(PATIENTS):
            # The first patient is everybody's, the others are one person's each.
            owners = self.owners[:2] if number == 0 else [self.owners[number - 1]]
            self.patients.append(self.office.add_patient(*owners).id)
        for laptop in self.laptops:
            assert laptop.sync().complete

    # --- what people do

    def edit_patient(self, which: int, number: int, field: str) -> None:
        laptop, patient_id = self.laptops[which], self.patients[number]
        if patient_id in laptop.ids("patient"):
            value = self._next_value()
            laptop.edit_patient(patient_id, **{field: value})
            self.edits.setdefault((which, patient_id, field), []).append(value)
            self.done["edit"] += 1

    def sign_note(self, which: int, number: int) -> None:
        laptop, patient_id = self.laptops[which], self.patients[number]
        if patient_id in laptop.ids("patient"):
            text = self._next_value()
            self.events[laptop.sign_note(patient_id, text)] = ("note", text)
            self.done["note"] += 1

    def write_addendum(self, which: int) -> None:
        laptop = self.laptops[which]
        notes = sorted(key for key in laptop.contents() if key[0] == "note")
        if notes:
            _, body = laptop.contents()[notes[-1]]
            text = self._next_value()
            addendum = laptop.sign_note(body["patient_id"], text, addendum_to=body["id"])
            self.events[addendum] = ("note", text)
            self.done["addendum"] += 1

    def mark_wrong(self, which: int, number: int) -> None:
        """Say of one of the notes on a laptop that it stands on the wrong patient."""
        laptop = self.laptops[which]
        notes = sorted(key for key in laptop.contents() if key[0] == "note")
        if notes:
            _, body = laptop.contents()[notes[number % len(notes)]]
            row = laptop.database.connection.execute(
                "SELECT patient_id FROM note WHERE id = ?", (body["id"],)
            ).fetchone()
            assert row is not None
            mark = EntryCorrection(
                id=new_id(),
                patient_id=str(row["patient_id"]),
                target_kind="note",
                target_id=body["id"],
                author_id=laptop.who.user_id,
                marked_at=laptop.clock.now(),
                reason="of somebody else",
                device_id=laptop.who.device_id,
                sequence=1,
            )
            laptop.save(mark)
            self.done["mark"] += 1

    def hand_out(self, which: int, number: int, day: int) -> None:
        laptop, patient_id = self.laptops[which], self.patients[number]
        if patient_id in laptop.ids("patient"):
            date = (START + timedelta(days=day)).date()
            try:
                event = laptop.hand_out(patient_id, date)
            except IntegrityError:
                return  # this laptop knows that the slot is given
            self.events[event] = ("medication_administration", date.isoformat())
            self.done["handout"] += 1

    def begin_draft(self, which: int, number: int) -> None:
        laptop, patient_id = self.laptops[which], self.patients[number]
        if patient_id in laptop.ids("patient"):
            text = self._next_value()
            draft = Draft(new_id(), patient_id, "note", {"text": text}, laptop.clock.now())
            with laptop.database.transaction():
                drafts.add(laptop.database, draft)
            self.drafts[draft.id] = (which, text)
            self.done["draft"] += 1

    def write_on(self, which: int) -> None:
        """Go on with the newest draft of a laptop."""
        laptop = self.laptops[which]
        for draft in drafts.everything(laptop.database)[:1]:
            text = self._next_value()
            laptop.clock.advance(timedelta(seconds=1))  # a state of a draft is told by its time
            changed = replace(draft, body={"text": text}, saved_at=laptop.clock.now())
            with laptop.database.transaction():
                drafts.save(laptop.database, changed)
            self.drafts[draft.id] = (which, text)

    def finish_draft(self, which: int, signed: bool) -> None:
        """Sign or discard the newest draft of a laptop."""
        laptop = self.laptops[which]
        for draft in drafts.everything(laptop.database)[:1]:
            text = str(draft.body["text"])
            with laptop.database.transaction():
                if signed:
                    note = _note(laptop, draft, text)
                    now = laptop.clock.now()
                    records.save_local(laptop.database, note, now=now, change_id=new_id())
                drafts.delete(laptop.database, draft.id)
            if signed:
                self.events[draft.id] = ("note", text)
            else:
                # A server that is set back to before this moment will hold it again.
                self._left_behind[draft.id] = laptop.who.user_id
            del self.drafts[draft.id]
            self.done["signed draft" if signed else "discarded draft"] += 1

    def settle_conflict(self, which: int, mine: bool) -> None:
        for item in self.laptops[which].unsent():
            if item.state == "parked" and item.server_body is not None:
                self._settle(which, item, mine)
                return

    # --- what the office does

    def reassign(self, which: int, number: int) -> None:
        who, patient_id = self.owners[which], self.patients[number]
        if (who.user_id, patient_id) in self._followed():
            self.office.unassign(who, patient_id)
        else:
            self.office.assign(who, patient_id)
        self.done["re-assignment"] += 1

    def change_role(self, which: int, role: Role) -> None:
        """Change what a user may do; their laptops hear of it at the next sync."""
        with self.storage.write() as transaction:
            transaction.accounts.set_role(self.owners[which].user_id, role)
        self._know_the_roles()
        self.done["role changed"] += 1

    def end_laptop(self, which: int, lost_answers: int) -> None:
        """The office ends a laptop (Avsluttet); it hands over what it has and is destroyed."""
        laptop = self.laptops[which]
        endings.order(self.office, laptop, DeviceOrderKind.ENDED)
        handed = endings.hand_over(self.office, laptop, lost_answers=lost_answers)
        assert handed.complete, "something is left on a laptop that has handed over everything"
        held = self._drafts_on_the_server(laptop.who)
        for draft in drafts.everything(laptop.database):
            text = held.get((draft.id, laptop.who.device_id))
            assert text == draft.body["text"], "a draft was not handed over"
        self._replace(which)
        self.faults["laptop ended"] += 1

    def lose_laptop(self, which: int) -> None:
        """A laptop is reported lost (Tapt). Whoever has it tries to sync once."""
        laptop = self.laptops[which]
        endings.order(self.office, laptop, DeviceOrderKind.LOST)
        lost = replace(self._identity(laptop), standing=Standing.LOST)
        laptop.line.real = self.office.service(lost)
        before, had = self._newest_version(), laptop.contents()
        report = laptop.sync()
        assert not report.complete, "a lost laptop was served"
        assert self._newest_version() == before, "a lost laptop changed a record"
        assert laptop.contents() == had, "a lost laptop was told something"
        self._replace(which)
        self.faults["laptop lost"] += 1

    def correct_address(self, number: int) -> None:
        patient_id = self.patients[number]
        body = self.office.body("patient", patient_id)
        assert body is not None
        body["address"] = self._next_value()
        self.office.put_body(body, "patient", patient_id)

    def plan_visit(self, number: int) -> None:
        patient_id = self.patients[number]
        visit = Appointment(new_id(), patient_id, self.owners[0].user_id, START.date())
        self.office.put(visit, "appointment", patient_id)
        self.planned.add(visit.id)

    def decide_on_marks(self, delete: bool) -> None:
        """The record-responsible answers the mark that has waited longest."""
        with self.storage.write() as transaction:
            for one in corrections.waiting(transaction)[:1]:
                gone = corrections.related(transaction, one) if delete else []
                corrections.decide(
                    transaction,
                    one.target,
                    delete=delete,
                    words="it is right",
                    by="responsible",
                    now=self.office.clock.now(),
                )
                self.deleted |= {record_id for _, record_id in gone}
                self.done["deletion" if delete else "refused deletion"] += 1
        for record_id in self.deleted:
            self.events.pop(record_id, None)

    # --- what lines and machines do

    def sync(self, which: int, faults: list[Fault]) -> None:
        self._count_faults(faults)
        with contextlib.suppress(ServerDiedError):
            self.laptops[which].sync(*faults)
        self.done["sync"] += 1

    def sync_while_working(
        self, which: int, during: str, number: int, field: str, faults: list[Fault]
    ) -> None:
        """A change is made while the receipt ("push") or the first page ("pull") is on its way."""
        laptop = self.laptops[which]

        def work() -> None:
            self.edit_patient(which, number, field)
            self.unsent_is_what_the_screen_shows()

        laptop.line.in_the_air[during] = work
        self.sync(which, faults)

    def sync_until_power_cut(self, which: int, commit: int, number: int) -> None:
        """The laptop stops before one of its commits."""
        self.plan_visit(number)  # so that there is something to lose
        self.laptops[which].sync_until_power_cut(commit)
        self.faults["laptop stopped"] += 1

    def sync_while_the_server_dies(self, which: int) -> None:
        """The server stops before it commits what this laptop sends."""
        self.storage.dies = True
        self.sync(which, [])
        self.storage.dies = False
        self.faults["server stopped"] += 1

    def jump_clock(self, which: int, seconds: float) -> None:
        laptop = self.laptops[which]
        laptop.clock.advance(timedelta(seconds=seconds))
        self.faults["clock jumped"] += 1

    def back_up_server(self) -> None:
        self._backup = server_backup.take(self.storage)

    def restore_server(self) -> None:
        """Set the server back to its last backup; nobody tells the laptops."""
        if self._backup is None:
            return
        followed = self._followed()
        server_backup.restore(self.storage, self._backup)
        self._restores += 1
        self.faults["server restored"] += 1
        self._know_the_laptops()
        self._know_the_roles()
        for laptop in self.laptops:
            laptop.may_heal = True
        self._strike_what_nobody_holds(followed)

    def copy_laptop(self, which: int) -> None:
        """Make an image of a laptop's disk."""
        self._copies[which] = self.factory.copy_of(self.laptops[which])

    def set_laptop_back(self, which: int) -> None:
        """Start a laptop from the image: the same identity, an older memory."""
        image = self._copies.pop(which, None)
        if image is None:
            return
        old = self.laptops[which]
        self.laptops[which] = self._laptop(self.owners[which], image)
        self._know_the_roles()
        self.laptops[which].clock.advance(old.clock.now() - START)
        self.laptops[which].may_heal = True
        old.close()
        self._set_back += 1
        self.faults["laptop set back"] += 1
        here = {draft.id for draft in drafts.everything(self.laptops[which].database)}
        for draft_id, (owner, _) in list(self.drafts.items()):
            if owner == which and draft_id not in here:
                # The server may hold it still: its author sees it on their other laptop.
                self._left_behind[draft_id] = self.owners[which].user_id
                del self.drafts[draft_id]
        for draft in drafts.everything(self.laptops[which].database):
            if draft.id in self.events or draft.id in self.deleted:
                # Signed after the image was made: the server says so at the next sync.
                with self.laptops[which].database.transaction():
                    drafts.delete(self.laptops[which].database, draft.id)
            else:
                self.drafts[draft.id] = (which, str(draft.body["text"]))
        self._strike_what_nobody_holds(self._followed())

    # --- what may never happen

    def unsent_is_what_the_screen_shows(self) -> None:
        for laptop in self.laptops:
            shown = laptop.contents()
            newest = {(item.kind, item.record_id): item.body for item in laptop.unsent()}
            for key, body in newest.items():
                assert key in shown, "an unsent record is gone from the laptop"
                assert shown[key][1] == body, "an unsent text is not what the laptop shows"

    def no_event_is_lost(self) -> None:
        held = self._events_held()
        for event_id in self.events:
            assert event_id in held, "an event is neither on the server nor on any laptop"

    def end(self) -> None:
        """Become quiet and compare everything; then close."""
        try:
            if self.patients:
                self._become_quiet()
                self._check_events()
                self._check_edits()
                self._check_doses()
                self._check_drafts()
                self._check_laptops()
                self._check_deleted()
        finally:
            for laptop in self.laptops:
                laptop.close()
            self._folder.cleanup()

    # --- the end of the day

    def _become_quiet(self) -> None:
        # Everybody follows everybody, so that every conflict can be shown to its author.
        for which, who in enumerate(self.owners[:2]):
            self.change_role(which, Role.CASE_MANAGER)
            followed = self._followed()
            for patient_id in self.patients:
                if (who.user_id, patient_id) not in followed:
                    self.office.assign(who, patient_id)
        for _ in range(8):
            if not self._everybody_syncs():
                break
        for laptop in self.laptops:
            report = laptop.sync()
            assert report.complete, report.error_code
            assert not report.healed, "laptop and server go on differing"
            assert laptop.unsent() == [], "something stays unsent for ever"

    def _everybody_syncs(self) -> bool:
        """Sync each laptop and decide what waits for a person; False when there was nothing new."""
        news = False
        for which, laptop in enumerate(self.laptops):
            report = laptop.sync()
            assert report.complete, report.error_code
            news = news or bool(report.pushed or report.pulled or report.healed)
            # Of these only so many ride along with one request.
            news = news or bool(drafts.dropped(laptop.database) or drafts.unsent(laptop.database))
            for item in laptop.unsent():
                news = True
                if item.state == "parked" and item.server_body is not None:
                    self._settle(which, item, True)
                elif item.state == "parked":
                    outbox.retry(laptop.database, item.change_id)
        return news

    def _check_events(self) -> None:
        for event_id, (kind, text) in self.events.items():
            bodies = self.office.past_bodies(kind, event_id)
            assert len(bodies) == 1, "an event is not on the server exactly once"
            assert text in (bodies[0].get("text"), bodies[0].get("day"))

    def _check_edits(self) -> None:
        for (_, patient_id, field), values in self.edits.items():
            past = {body[field] for body in self.office.past_bodies("patient", patient_id)}
            past |= {str(body.get(field)) for body in self._left_at_the_office()}
            # An author's later edit of the same field may have replaced the earlier ones unsent.
            assert values[-1] in past | self.given_up, "an edit was silently dropped"

    def _check_doses(self) -> None:
        slots: dict[tuple[str, str], set[str]] = {}
        for event_id, (kind, day) in self.events.items():
            body = self.office.body(kind, event_id)
            if kind == "medication_administration" and body is not None:
                slots.setdefault((body["patient_id"], day), set()).add(event_id)
        issues = [
            body
            for (kind, _), (_, body) in self.laptops[0].contents().items()
            if kind == "detected_issue"
        ]
        told = Counter(event for issue in issues for event in issue["evidence"])
        for events in slots.values():
            if len(events) > 1:
                assert all(told[event] == 1 for event in events), "a double dose is not told of"

    def _check_drafts(self) -> None:
        for draft_id, (which, text) in self.drafts.items():
            who = self.owners[which]
            held = self._drafts_on_the_server(who)
            assert held.get((draft_id, who.device_id)) == text, "a draft is not on the server"
        for laptop in self.laptops:
            foreign = {entry.draft.id for entry in drafts.foreign(laptop.database)}
            own = {
                draft_id
                for draft_id, (which, _) in self.drafts.items()
                if self.owners[which].user_id == laptop.who.user_id
            }
            own |= {
                draft_id
                for draft_id, user_id in self._left_behind.items()
                if user_id == laptop.who.user_id
                and (self._restores or self._set_back or self._ended)
            }
            assert foreign <= own, "a colleague's draft is on a laptop, or one that is gone"

    def _check_laptops(self) -> None:
        notes = {event for event, (kind, _) in self.events.items() if kind == "note"}
        for laptop in self.laptops:
            for (kind, record_id), (version, body) in laptop.contents().items():
                assert body == self.office.body(kind, record_id), "laptop and server differ"
                assert version == self.office.version(kind, record_id)
            assert laptop.ids("patient") == set(self.patients)
            assert laptop.ids("note") >= notes, "a record never reached a laptop"
            visits = laptop.ids("appointment")
            assert visits >= self.planned, "a record never reached a laptop"
            assert visits <= self.planned | self._perhaps_planned, "a record came from nowhere"
        contents = [laptop.contents() for laptop in self.laptops]
        assert contents[0] == contents[1] == contents[2], "two laptops differ"
        self._check_nothing_stands_twice(notes)

    def _check_deleted(self) -> None:
        """What a standing decision has deleted is nowhere, not even in an older version."""
        with self.storage.read() as transaction:
            decisions = [one.body for one in transaction.records.of_kind("deletion")]
        for decision in decisions:
            for name in decision["removed"]:
                kind, record_id = name["kind"], name["id"]
                assert self.office.past_bodies(kind, record_id) == [], "it is on the server"
                for laptop in self.laptops:
                    assert record_id not in laptop.ids(kind), "it is on a laptop"
                    assert drafts.get(laptop.database, record_id) is None

    def _check_nothing_stands_twice(self, notes: set[str]) -> None:
        texts = Counter(
            body["text"]
            for (kind, _), (_, body) in self.laptops[0].contents().items()
            if kind == "note"
        )
        wanted = Counter(text for kind, text in self.events.values() if kind == "note")
        for text, times in texts.items():
            assert times <= max(1, wanted[text]), "an event stands twice on the server"

    # --- what was lost with a disk

    def _strike_what_nobody_holds(self, followed: set[tuple[str, str]]) -> None:
        held = self._events_held()
        self.events = {event: value for event, value in self.events.items() if event in held}
        on_the_server = self._ids_on_the_server("appointment")
        self._perhaps_planned |= self.planned - on_the_server
        self.planned &= on_the_server
        remaining = self._values_held(followed)
        self.edits = {key: values for key, values in self.edits.items() if values[-1] in remaining}

    def _events_held(self) -> set[str]:
        held = set()
        for laptop in self.laptops:
            held |= {record_id for _, record_id in laptop.contents()}
            held |= {item.record_id for item in laptop.unsent()}
        with self.storage.read() as transaction:
            rows = transaction._db.rows("SELECT id FROM record")
        return held | {str(row[0]) for row in rows}

    def _values_held(self, followed: set[tuple[str, str]]) -> set[str]:
        """Values of edits that stand where nothing but a newer edit can push them aside.

        A laptop that no longer follows the patient was told no version of what it delivered last,
        and its rows are about to leave: they are nobody's word against the server's.
        """
        held: set[str] = set()
        for patient_id in self.patients:
            for body in self.office.past_bodies("patient", patient_id):
                held |= {str(body[field]) for field in FIELDS}
        for laptop in self.laptops:
            for item in laptop.unsent():
                if item.kind == "patient":
                    held |= {str(item.body[field]) for field in FIELDS}
            for (kind, patient_id), (_, body) in laptop.contents().items():
                if kind == "patient" and (laptop.who.user_id, patient_id) in followed:
                    held |= {str(body[field]) for field in FIELDS}
        for body in self._left_at_the_office():
            held |= {str(body.get(field)) for field in FIELDS}
        return held

    def _left_at_the_office(self) -> list[Body]:
        """Texts that a person at the office decides on: what laptops that are no more have brought,
        and what was refused or in conflict when the patient left the laptop.
        """
        with self.storage.read() as transaction:
            rows = transaction._db.rows("SELECT body FROM parked_change WHERE body IS NOT NULL")
        return [json.loads(body) for (body,) in rows]

    def _ids_on_the_server(self, kind: str) -> set[str]:
        with self.storage.read() as transaction:
            rows = transaction._db.rows("SELECT id FROM record WHERE kind = ?", (kind,))
        return {str(row[0]) for row in rows}

    def _drafts_on_the_server(self, who: Identity) -> dict[tuple[str, str], str]:
        with self.storage.read() as transaction:
            rows = transaction._db.rows(
                "SELECT id, device_id, body FROM draft WHERE user_id = ?", (who.user_id,)
            )
        return {(str(row[0]), str(row[1])): json.loads(row[2])["text"] for row in rows}

    # --- inner parts

    def _followed(self) -> set[tuple[str, str]]:
        """(user id, patient id), as the server has it."""
        with self.storage.read() as transaction:
            return {
                (who.user_id, patient_id)
                for who in self.owners
                for patient_id in transaction.scope.standing(who.user_id)
            }

    def _identity(self, laptop: Laptop) -> Identity:
        """Who somebody is, with the role that they have now."""
        with self.storage.read() as transaction:
            user = transaction.accounts.user(laptop.who.user_id)
        assert user is not None
        return replace(laptop.who, role=user.role)

    def _know_the_roles(self) -> None:
        """Let the server take everybody as what they are now, as it does at each request."""
        for laptop in self.laptops:
            laptop.line.real = self.office.service(self._identity(laptop))

    def _know_the_laptops(self) -> None:
        """Enrol again who was enrolled after the backup that the server was set back to."""
        for who in self.owners:
            with self.storage.read() as transaction:
                known = transaction.accounts.device(who.device_id)
            if known is None:
                self.office.add_device(who)

    def _newest_version(self) -> int:
        with self.storage.read() as transaction:
            ((newest,),) = transaction._db.rows("SELECT max(seq) FROM record")
        return int(newest)

    def _replace(self, which: int) -> None:
        """Destroy a laptop and give its user a new one."""
        old = self.laptops[which]
        self._ended.append(old.who.device_id)
        self._copies.pop(which, None)
        self.owners[which] = replace(old.who, device_id=new_id())
        self.office.add_device(self.owners[which])
        self.laptops[which] = self._laptop(self.owners[which])
        self.laptops[which].clock.advance(old.clock.now() - START)
        self.laptops[which].may_heal = old.may_heal
        self._know_the_roles()
        old.close()
        for draft_id, (owner, _) in list(self.drafts.items()):
            if owner == which:
                # Its author finds it on the server.
                self._left_behind[draft_id] = old.who.user_id
                del self.drafts[draft_id]
        self._strike_what_nobody_holds(self._followed())

    def _laptop(self, who: Identity, path: Path | None = None) -> Laptop:
        return self.factory.laptop(
            self.office, who, batch_records=3, checked_each_time=PATIENTS, path=path
        )

    def _settle(self, which: int, item: outbox.OutboxItem, mine: bool) -> None:
        database = self.laptops[which].database
        if policy_of(item.kind) is not Policy.EDITED:
            return
        if mine:
            outbox.keep_mine(database, item.change_id, new_id)
        else:
            self.given_up |= {str(item.body.get(field)) for field in FIELDS}
            outbox.discard_in_favour_of_server(database, item.change_id)
        self.done["conflict settled"] += 1

    def _count_faults(self, faults: list[Fault]) -> None:
        self.faults.update(fault.value for fault in faults if fault is not Fault.NONE)

    def _next_value(self) -> str:
        self._values += 1
        return f"value {self._values}"


def _note(laptop: Laptop, draft: Draft, text: str) -> Note:
    """The note that a draft becomes; it keeps the draft's id."""
    now = laptop.clock.now()
    return Note(
        id=draft.id,
        patient_id=draft.patient_id,
        author_id=laptop.who.user_id,
        template="free",
        text=text,
        signed_at=now,
        recorded_at=now,
        device_id=laptop.who.device_id,
        sequence=0,
    )
