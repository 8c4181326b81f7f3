"""The model of `tests.sync.fleet` as a state machine: hypothesis chooses what happens."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fieldapp.domain.patients import Role
from sync.server.storage.storage import Storage
from tests.helpers.sync_world import Fault
from tests.sync.fleet import (
    DAYS,
    FIELDS,
    JUMPS,
    LAPTOPS,
    MOST_COMMITS,
    PATIENTS,
    ROLES,
    Fleet,
)

MODEL = settings(
    max_examples=16,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,  # the same walks each time; `run.py torture sync` takes new ones
    database=None,  # a failure is found again from its seed, not from a file
    suppress_health_check=list(HealthCheck),
)

PARTS = 3
"""The steps are taken in parts: 16 × 40 in each, on both databases of the server, close to four
thousand together."""

laptops = st.integers(0, LAPTOPS - 1)
patients = st.integers(0, PATIENTS - 1)
fields = st.sampled_from(FIELDS)
commits = st.integers(0, MOST_COMMITS - 1)
"""Which commit of a sync the power cut comes before."""
faults = st.lists(st.sampled_from(list(Fault)), max_size=5)


class Convergence(RuleBasedStateMachine):
    """Set `storage` on a subclass; it may be used by many runs one after the other."""

    storage: Storage

    def __init__(self) -> None:
        super().__init__()
        self.fleet = Fleet(self.storage)

    @initialize()
    def begin(self) -> None:
        self.fleet.begin()

    # --- what people do

    @rule(which=laptops, number=patients, field=fields)
    def edit_patient(self, which: int, number: int, field: str) -> None:
        self.fleet.edit_patient(which, number, field)

    @rule(which=laptops, number=patients)
    def sign_note(self, which: int, number: int) -> None:
        self.fleet.sign_note(which, number)

    @rule(which=laptops)
    def write_addendum(self, which: int) -> None:
        self.fleet.write_addendum(which)

    @rule(which=laptops, number=patients, day=st.integers(0, DAYS - 1))
    def hand_out(self, which: int, number: int, day: int) -> None:
        self.fleet.hand_out(which, number, day)

    @rule(which=laptops, number=patients)
    def mark_wrong(self, which: int, number: int) -> None:
        self.fleet.mark_wrong(which, number)

    @rule(delete=st.booleans())
    def decide_on_marks(self, delete: bool) -> None:
        self.fleet.decide_on_marks(delete)

    @rule(which=laptops, number=patients)
    def begin_draft(self, which: int, number: int) -> None:
        self.fleet.begin_draft(which, number)

    @rule(which=laptops)
    def write_on(self, which: int) -> None:
        self.fleet.write_on(which)

    @rule(which=laptops, signed=st.booleans())
    def finish_draft(self, which: int, signed: bool) -> None:
        self.fleet.finish_draft(which, signed)

    @rule(which=laptops, mine=st.booleans())
    def settle_conflict(self, which: int, mine: bool) -> None:
        self.fleet.settle_conflict(which, mine)

    # --- what the office does

    @rule(which=laptops, number=patients)
    def reassign(self, which: int, number: int) -> None:
        self.fleet.reassign(which, number)

    @rule(which=laptops, role=st.sampled_from(ROLES))
    def change_role(self, which: int, role: Role) -> None:
        self.fleet.change_role(which, role)

    @rule(which=laptops, lost_answers=st.integers(0, 2))
    def end_laptop(self, which: int, lost_answers: int) -> None:
        self.fleet.end_laptop(which, lost_answers)

    @rule(which=laptops)
    def lose_laptop(self, which: int) -> None:
        self.fleet.lose_laptop(which)

    @rule(number=patients)
    def correct_address(self, number: int) -> None:
        self.fleet.correct_address(number)

    @rule(number=patients)
    def plan_a_visit(self, number: int) -> None:
        self.fleet.plan_visit(number)

    # --- what lines and machines do

    @rule(which=laptops, plan=faults)
    def sync(self, which: int, plan: list[Fault]) -> None:
        self.fleet.sync(which, plan)

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
        self.fleet.sync_while_working(which, during, number, field, plan)

    @rule(which=laptops, commit=commits, number=patients)
    def sync_until_power_cut(self, which: int, commit: int, number: int) -> None:
        self.fleet.sync_until_power_cut(which, commit, number)

    @rule(which=laptops)
    def sync_while_the_server_dies(self, which: int) -> None:
        self.fleet.sync_while_the_server_dies(which)

    @rule(which=laptops, seconds=st.sampled_from(JUMPS))
    def jump_clock(self, which: int, seconds: float) -> None:
        self.fleet.jump_clock(which, seconds)

    @rule()
    def back_up_server(self) -> None:
        self.fleet.back_up_server()

    @rule()
    def restore_server(self) -> None:
        self.fleet.restore_server()

    @rule(which=laptops)
    def copy_laptop(self, which: int) -> None:
        self.fleet.copy_laptop(which)

    @rule(which=laptops)
    def set_laptop_back(self, which: int) -> None:
        self.fleet.set_laptop_back(which)

    # --- what may never happen

    @invariant()
    def unsent_is_what_the_screen_shows(self) -> None:
        self.fleet.unsent_is_what_the_screen_shows()

    @invariant()
    def no_event_is_lost(self) -> None:
        self.fleet.no_event_is_lost()

    def teardown(self) -> None:
        self.fleet.end()
