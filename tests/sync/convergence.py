"""The model that `test_model.py` runs: two laptops, one office, and everything that can go wrong.

Real cipher stores, the real engine and the real server's service and storage. The rules are what
people do and what lines do; the checks are what may never happen:

- every event is on the server exactly once in the end, with the text it was signed with;
- nothing unsent disappears, and what is unsent is what the screen shows;
- every edit reached the server, unless its own author replaced it or gave it up;
- after quiet syncs each laptop holds exactly what the server holds of its user's patients.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.visits import Appointment
from fieldapp.ids import new_id
from fieldapp.store import outbox
from fieldapp.store.db import IntegrityError
from sync.server.storage.storage import Storage
from tests.helpers.stores import START
from tests.helpers.sync_world import Fault, LaptopFactory, Office

PATIENTS = 3
FIELDS = ("phone", "city")

laptops = st.integers(0, 1)
patients = st.integers(0, PATIENTS - 1)
fields = st.sampled_from(FIELDS)
commits = st.sampled_from([3, 2, 5, 4, 1, 0])
"""Which commit of a sync the power cut comes before; the first is the likeliest to be drawn."""
faults = st.lists(st.sampled_from(list(Fault)), max_size=5)


class Convergence(RuleBasedStateMachine):
    """Set `storage` on a subclass; it may be used by many runs one after the other."""

    storage: Storage

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.office = Office(self.storage, page_limit=2)
        self.factory = LaptopFactory(Path(self._folder.name))
        self.users = [self.office.new_user(), self.office.new_user()]
        self.laptops = [
            self.factory.laptop(self.office, who, batch_records=3) for who in self.users
        ]
        self.patients: list[str] = []
        self.followed: set[tuple[int, str]] = set()
        self.events: dict[str, tuple[str, str]] = {}
        self.edits: dict[tuple[int, str, str], list[str]] = {}
        self.planned: set[str] = set()
        self.given_up: set[str] = set()
        self._values = 0

    @initialize()
    def begin(self) -> None:
        for number in range(PATIENTS):
            # The first patient is everybody's, the others are one person's each.
            owners = [0, 1] if number == 0 else [number - 1]
            patient = self.office.add_patient(*(self.users[owner] for owner in owners))
            self.patients.append(patient.id)
            self.followed |= {(owner, patient.id) for owner in owners}
        for laptop in self.laptops:
            laptop.sync()

    # --- what people do

    @rule(which=laptops, number=patients, field=fields)
    def edit_patient(self, which: int, number: int, field: str) -> None:
        self._edit(which, self.patients[number], field)

    @rule(which=laptops, number=patients)
    def sign_note(self, which: int, number: int) -> None:
        laptop, patient_id = self.laptops[which], self.patients[number]
        if patient_id in laptop.ids("patient"):
            text = self._next_value()
            self.events[laptop.sign_note(patient_id, text)] = ("note", text)

    @rule(which=laptops)
    def write_addendum(self, which: int) -> None:
        laptop = self.laptops[which]
        notes = sorted(key for key in laptop.contents() if key[0] == "note")
        if notes:
            _, body = laptop.contents()[notes[-1]]
            text = self._next_value()
            addendum = laptop.sign_note(body["patient_id"], text, addendum_to=body["id"])
            self.events[addendum] = ("note", text)

    @rule(which=laptops, number=patients, day=st.integers(0, 2))
    def hand_out(self, which: int, number: int, day: int) -> None:
        laptop, patient_id = self.laptops[which], self.patients[number]
        if patient_id in laptop.ids("patient"):
            date = (START + timedelta(days=day)).date()
            try:
                event = laptop.hand_out(patient_id, date)
            except IntegrityError:
                return  # this laptop knows that the slot is given
            self.events[event] = ("medication_administration", date.isoformat())

    @rule(which=laptops, mine=st.booleans())
    def settle_conflict(self, which: int, mine: bool) -> None:
        laptop = self.laptops[which]
        for item in laptop.unsent():
            if item.state == "parked" and item.server_body is not None:
                self._settle(which, item, mine)
                return

    # --- what the office does

    @rule(which=laptops, number=patients)
    def reassign(self, which: int, number: int) -> None:
        patient_id = self.patients[number]
        if (which, patient_id) in self.followed:
            self.office.unassign(self.users[which], patient_id)
            self.followed.remove((which, patient_id))
        else:
            self.office.assign(self.users[which], patient_id)
            self.followed.add((which, patient_id))

    @rule(number=patients)
    def correct_address(self, number: int) -> None:
        patient_id = self.patients[number]
        body = self.office.body("patient", patient_id)
        assert body is not None
        body["address"] = self._next_value()
        self.office.put_body(body, "patient", patient_id)

    @rule(number=patients)
    def plan_a_visit(self, number: int) -> None:
        self.plan_visit(number)

    def plan_visit(self, number: int) -> None:
        patient_id = self.patients[number]
        visit = Appointment(new_id(), patient_id, self.users[0].user_id, START.date())
        self.office.put(visit, "appointment", patient_id)
        self.planned.add(visit.id)

    # --- what lines and machines do

    @rule(which=laptops, plan=faults)
    def sync(self, which: int, plan: list[Fault]) -> None:
        self.laptops[which].sync(*plan)

    @rule(
        which=laptops,
        during=st.sampled_from(["push", "pull"]),
        number=patients,
        field=fields,
        plan=faults,
    )
    def sync_while_working(
        self, which: int, during: str, number: int, field: str, plan: list[Fault]
    ) -> None:
        laptop = self.laptops[which]

        def work() -> None:
            self._edit(which, self.patients[number], field)
            self.unsent_is_what_the_screen_shows()

        laptop.line.in_the_air[during] = work
        laptop.sync(*plan)

    @rule(which=laptops, commit=commits, number=patients)
    def sync_until_power_cut(self, which: int, commit: int, number: int) -> None:
        self.plan_visit(number)  # so that there is something to lose
        self.laptops[which].sync_until_power_cut(commit)

    # --- what may never happen

    @invariant()
    def unsent_is_what_the_screen_shows(self) -> None:
        for laptop in self.laptops:
            shown = laptop.contents()
            newest = {(item.kind, item.record_id): item.body for item in laptop.unsent()}
            for key, body in newest.items():
                assert key in shown, "an unsent record is gone from the laptop"
                assert shown[key][1] == body, "an unsent text is not what the laptop shows"

    @invariant()
    def no_event_is_lost(self) -> None:
        waiting = {item.record_id for laptop in self.laptops for item in laptop.unsent()}
        for event_id, (kind, _) in self.events.items():
            if event_id not in waiting:
                assert self.office.body(kind, event_id) is not None, "an unsent event is gone"

    def teardown(self) -> None:
        try:
            if self.patients:
                self._become_quiet()
                self._check_events()
                self._check_edits()
                self._check_laptops()
        finally:
            for laptop in self.laptops:
                laptop.close()
            self._folder.cleanup()

    # --- the end of the day

    def _become_quiet(self) -> None:
        # Everybody follows everybody, so that every conflict can be shown to its author.
        for which, who in enumerate(self.users):
            for patient_id in self.patients:
                if (which, patient_id) not in self.followed:
                    self.office.assign(who, patient_id)
        for _ in range(8):
            for which, laptop in enumerate(self.laptops):
                report = laptop.sync()
                assert report.complete, report.error_code
                for item in laptop.unsent():
                    if item.state == "parked" and item.server_body is not None:
                        self._settle(which, item, True)
                    elif item.state == "parked":
                        outbox.retry(laptop.database, item.change_id)
        for laptop in self.laptops:
            laptop.sync()
            assert laptop.unsent() == [], "something stays unsent for ever"

    def _check_events(self) -> None:
        for event_id, (kind, text) in self.events.items():
            bodies = self.office.past_bodies(kind, event_id)
            assert len(bodies) == 1, "an event is not on the server exactly once"
            assert text in (bodies[0].get("text"), bodies[0].get("day"))

    def _check_edits(self) -> None:
        for (_, patient_id, field), values in self.edits.items():
            past = {body[field] for body in self.office.past_bodies("patient", patient_id)}
            # An author's later edit of the same field may have replaced the earlier ones unsent.
            assert values[-1] in past | self.given_up, "an edit was silently dropped"

    def _check_laptops(self) -> None:
        for laptop in self.laptops:
            for (kind, record_id), (version, body) in laptop.contents().items():
                assert body == self.office.body(kind, record_id), "laptop and server differ"
                assert version == self.office.version(kind, record_id)
            assert laptop.ids("patient") == set(self.patients)
            expected = {event for event, (kind, _) in self.events.items() if kind == "note"}
            assert laptop.ids("note") == expected, "a record never reached a laptop"
            assert laptop.ids("appointment") == self.planned, "a record never reached a laptop"
        assert self.laptops[0].contents() == self.laptops[1].contents()

    # --- inner parts

    def _edit(self, which: int, patient_id: str, field: str) -> None:
        laptop = self.laptops[which]
        if patient_id in laptop.ids("patient"):
            value = self._next_value()
            laptop.edit_patient(patient_id, **{field: value})
            self.edits.setdefault((which, patient_id, field), []).append(value)

    def _settle(self, which: int, item: outbox.OutboxItem, mine: bool) -> None:
        database = self.laptops[which].database
        if policy_of(item.kind) is not Policy.EDITED:
            return
        if mine:
            outbox.keep_mine(database, item.change_id, new_id)
        else:
            self.given_up |= {str(item.body[field]) for field in FIELDS}
            outbox.discard_in_favour_of_server(database, item.change_id)

    def _next_value(self) -> str:
        self._values += 1
        return f"value {self._values}"
