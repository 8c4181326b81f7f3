"""The medicine of the played day: days reserved, a bag packed, a round, an emergency, a count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from fieldapp.domain.medication import MedicationAdministration
from fieldapp.domain.readiness import Light
from fieldapp.domain.supply import COUNTED_IN, SupplyMovement, SupplyType, item_of, plain
from fieldapp.services import (
    claims,
    depots,
    issues,
    medication,
    register_view,
    sync_status,
    trip_claims,
)
from fieldapp.services.medication import RoundSlot
from fieldapp.services.register import use_of
from ui import shots
from ui.demo.colleagues import is_ordinary
from ui.demo.hand import fill, find, is_there, press, type_into, wait_until
from ui.demo.player import Player
from ui.demo.stage import PASSPHRASE, DemoError
from ui.handout.force_dialog import ForceDialog
from ui.handout.page import HandoutPage
from ui.register.dialogs import CountDialog, PackDialog
from ui.register.page import RegisterPage
from ui.sync.claims_state import preset_units
from ui.sync.issue_dialog import IssueDialog
from ui.widgets import RowList

HOME_DAYS = 3
_ANSWER = "Er innesnødd på hytta, har ikke gitt noe i dag og gir ikke"
_SETTLE_MILLISECONDS = 100

Amounts = dict[tuple[str, str, str], Decimal]
"""How much of each product, by the key of its `Item`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Whose dose becomes what. Chosen by what the orders ask for, never by names."""

    given: tuple[RoundSlot, RoundSlot]
    withheld: RoundSlot
    not_met: RoundSlot
    take_home: RoundSlot
    depot: RoundSlot
    red: RoundSlot

    @property
    def bag(self) -> tuple[tuple[RoundSlot, int], ...]:
        """The doses to pack for, each with the number of days that it is for."""
        once = (*self.given, self.withheld, self.not_met, self.depot, self.red)
        return (*((slot, 1) for slot in once), (self.take_home, 1 + HOME_DAYS))

    @property
    def handed_out(self) -> tuple[tuple[RoundSlot, int], ...]:
        left = (self.withheld, self.not_met)
        return tuple(one for one in self.bag if one[0] not in left)


@dataclass
class Counted:
    """What is known only while the day is lived."""

    claims: list[tuple[str, str]] = field(default_factory=list)
    ticked: int = 0
    packed: Amounts = field(default_factory=dict)


class Medicine:
    """One day's medicine. The methods are called in the order in which they stand."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._plan: Plan | None = None
        self.counted = Counted()

    # --- the morning

    def reserve_days(self) -> None:
        """Klar for tur: everything that is ticked is asked for; one day is somebody else's."""
        player = self._player
        player.say("Reserving the round …")
        player.go("sync")
        player.quiet()
        summary = find(QLabel, "claimSummary")
        player.shoot_at("days-to-reserve", summary)
        self.counted.ticked = len(preset_units(trip_claims.rows(player.session, 1)))
        press("claimReserve")
        wait_until(
            lambda: bool(claims.held(player.session)) and not player.coordinator.running,
            "the days of the round",
        )
        self.counted.claims = [("claim", claim.id) for claim in claims.held(player.session)]
        player.shoot_at("days-reserved", summary)
        self._plan = _plan(self._slots())

    def _open_register(self) -> None:
        """Go to the register and wait for its figures, which are worked out beside the window."""
        self._player.go("register")
        self._wait_for_register()

    def _wait_for_register(self) -> None:
        page = self._player.page(RegisterPage)
        wait_until(lambda: not page.is_reading, "the figures of the register")

    def pack_bag(self) -> None:
        """Out of the cupboard into a bag, counted there."""
        player = self._player
        player.say("Packing the bag …")
        self._open_register()
        player.shoot("register")
        press("registerPack")
        dialog = player.dialog(PackDialog)
        wanted = _amounts(self.plan.bag)
        for balance, taken, counted in dialog.rows:
            units = wanted.get(balance.item.key)
            if units is not None:
                fill(taken, _typed(units))
                fill(counted.editor, _typed(units))
        self.counted.packed = wanted
        player.shoot("bag-out", dialog)
        press("dialogConfirm")
        player.gone(PackDialog)
        self._wait_for_register()
        player.shoot("bag-packed")
        # The lines are sent before the coverage goes; what is unsent later is the trip's own.
        press_sync(player)

    # --- the round

    def round(self) -> None:
        """Two given, one withheld, one not met, one with days to take home, and a depot."""
        player = self._player
        player.say("The medicine round …")
        player.go("handout")
        for number, slot in enumerate(self.plan.given, start=1):
            self._show(slot)
            self._say_what_is_seen()
            if number == 1:
                player.shoot("round")
            self._give(slot)
            player.shoot(f"given-{number}")
        self._show(self.plan.withheld)
        press("stateIntoxicated")
        press("withheld")
        player.shoot("withheld-why")
        self._choose_reason("reason_intoxicated")
        self._show(self.plan.not_met)
        press("notMet")
        player.shoot("not-met-why")
        self._choose_reason("reason_not_home")
        self._take_home()
        self._depot()

    def emergency(self) -> None:
        """The day that somebody else holds: rung, answered, and given all the same."""
        player = self._player
        player.say("An emergency handout …")
        self._show(self.plan.red)
        player.shoot("red")
        self._say_what_is_seen()
        press("forceAsk")
        dialog = player.dialog(ForceDialog)
        player.shoot("emergency", dialog)
        press("holderCalled_True")
        press("holderAnswered_True")
        type_into("holderAnswer", _ANSWER)
        press("forceReason_agreed_with_holder")
        type_into("forcePrescriber", "Eva Solberg, i dag")
        player.shoot("emergency-whom-to-ring", dialog)
        press("dialogConfirm")
        shots.settle()
        type_into("forcePassphrase", PASSPHRASE)
        player.shoot("emergency-passphrase", dialog)
        press("dialogConfirm")
        player.gone(ForceDialog)
        wait_until(lambda: bool(self._forced()), "the emergency handout")
        player.shoot("emergency-given")

    # --- the evening

    def count_in(self) -> None:
        """Everything that is left is counted, and goes back to the cupboard."""
        player = self._player
        player.say("Counting the bag in …")
        self._open_register()
        player.shoot("register-after-round")
        press("register_back")
        dialog = player.dialog(CountDialog)
        left = dict(self.counted.packed)
        for key, units in _amounts(self.plan.handed_out).items():
            left[key] -= units
        for row in dialog.rows:
            fill(row.editor, _typed(left[row.item.key]))
        player.shoot("bag-in", dialog)
        press("dialogConfirm")
        player.gone(CountDialog)
        self._wait_for_register()
        player.shoot("bag-counted-in")

    def safety_item(self) -> None:
        """What the server made of the emergency handout stands on the page of the line."""
        player = self._player
        player.go("sync")
        player.quiet()
        rows = find(RowList, "issueList")
        player.shoot("safety-item")
        rows.setFocus()
        rows.select_id(issues.open_items(player.session)[0].issue.id)
        rows.activated_id.emit(rows.current_id or "")
        dialog = player.dialog(IssueDialog)
        player.shoot("safety-item-open", dialog)
        dialog.reject()
        player.gone(IssueDialog)

    # --- figures, each counted from the store or asked of the server

    def figures(self) -> dict[str, int]:
        """The report's integers about the medicine."""
        player = self._player
        connection = player.window.connection
        assert connection is not None
        forced = [("medication_administration", event.id) for event in self._forced()]
        return {
            "claims": connection.confirmed(self.counted.claims),
            "forced": connection.confirmed(forced),
            "safety_items": issues.count_open(player.session),
            "ledger_difference": self._difference(),
        }

    def mismatches(self) -> list[str]:
        """What is otherwise than this day was meant."""
        wrong = []
        held = len(self.counted.claims)
        if held != self.counted.ticked:
            wrong.append(f"claims: {held} of {self.counted.ticked} that were ticked")
        counts = [line for line in self._counts() if line.reason == COUNTED_IN]
        if len(counts) != len(self.counted.packed):
            wrong.append(f"{len(counts)} of {len(self.counted.packed)} products were counted in")
        return wrong

    # --- within

    @property
    def plan(self) -> Plan:
        assert self._plan is not None
        return self._plan

    def _slots(self) -> list[RoundSlot]:
        session = self._player.session
        day = medication.service_day(session)
        return [slot for row in medication.round_for(session, day) for slot in row.slots]

    def _show(self, slot: RoundSlot) -> None:
        """Choose a patient in the list."""
        rows = find(RowList, "roundList")
        rows.select_id(slot.slot.key.patient_id)
        rows.setFocus()
        # The page takes no outcome within a double click of the last one.
        QTest.qWait(QApplication.doubleClickInterval() + _SETTLE_MILLISECONDS)

    def _say_what_is_seen(self) -> None:
        for name in ("identityKnown", "stateUnaffected", "otherNo", "witnessedYes"):
            if is_there(name):
                press(name)
        if is_there("dissolveMinutes"):
            type_into("dissolveMinutes", "6")
            press("mouthYes")

    def _give(self, slot: RoundSlot) -> None:
        before = len(self._written(slot))
        press("given")
        wait_until(lambda: len(self._written(slot)) > before, "the dose in the store")

    def _take_home(self) -> None:
        player = self._player
        self._show(self.plan.take_home)
        self._say_what_is_seen()
        press(f"home_{HOME_DAYS}")
        type_into("bottles", str(HOME_DAYS))
        type_into("empties", str(HOME_DAYS))
        player.shoot("take-home")
        self._give(self.plan.take_home)
        player.shoot("take-home-given")
        player.shoot_at("medicine-days", player.page(HandoutPage).calendar)

    def _depot(self) -> None:
        player = self._player
        self._show(self.plan.depot)
        player.shoot("depot")
        self._say_what_is_seen()
        site, side = self._rested_site()
        press(f"site_{site}")
        press(f"side_{side}")
        type_into("depotLot", "B4711")
        type_into("depotExpiry", "12.2028")
        if is_there("depotObserved"):
            type_into("depotObserved", "15")
        player.shoot("depot-said")
        self._give(self.plan.depot)
        player.shoot("depot-given")

    def _rested_site(self) -> tuple[str, str]:
        """A place that its rule does not let rest now, as a nurse finds it on the screen."""
        patient_id = self.plan.depot.slot.key.patient_id
        due = depots.depot_due(self._player.session, patient_id)[0]
        codes = due.depot.sites.codes if due.depot is not None else ("thigh",)
        sides = ("left", "right")
        found = [(site, side) for site in codes for side in sides]
        return next((one for one in found if one not in due.resting_sites), found[0])

    def _choose_reason(self, name: str) -> None:
        press(name)
        if is_there("confirmReason"):
            press("confirmReason")

    def _written(self, slot: RoundSlot) -> list[MedicationAdministration]:
        """What this laptop's user wrote today about a patient's doses."""
        session = self._player.session
        day = medication.service_day(session)
        return [
            view.event
            for view in medication.history(session, slot.slot.key.patient_id, 20)
            if view.event.day >= day and view.event.author_id == session.user.id
        ]

    def _forced(self) -> list[MedicationAdministration]:
        found = {
            event.id: event
            for slot, _ in self.plan.bag
            for event in self._written(slot)
            if event.forced is not None
        }
        return list(found.values())

    def _counts(self) -> list[SupplyMovement]:
        """Every count of this laptop's bags and cupboards this month, once."""
        day = self._player.today
        found = {
            line.line.id: line.line
            for ledger in register_view.month(self._player.session, day.year, day.month)
            for line in ledger.lines
            if line.line.type is SupplyType.COUNT
        }
        return list(found.values())

    def _difference(self) -> int:
        """How far the counts were from the lines, without sign; half a tablet is no nought."""
        off = sum(
            (abs(line.units - (line.expected or 0)) for line in self._counts()), start=Decimal(0)
        )
        return int(off.to_integral_value(ROUND_UP))


def press_sync(player: Player) -> None:
    """Send what waits, from the page of the line."""
    player.go("sync")
    player.quiet()
    if not sync_status.read(player.session).all_sent:
        press("syncNow")
    wait_until(
        lambda: sync_status.read(player.session).all_sent and not player.coordinator.running,
        "everything sent",
    )


def _plan(slots: list[RoundSlot]) -> Plan:
    """Say which dose becomes what. Raises DemoError when the round lacks one of them."""
    still = [slot for slot in slots if not slot.standing and slot.verdict is not None]
    red = [slot for slot in still if slot.verdict and slot.verdict.light is Light.RED]
    green = [slot for slot in still if slot.verdict and slot.verdict.light is Light.GREEN]
    ordinary = [slot for slot in green if is_ordinary(slot.slot)]
    home = [slot for slot in green if slot.slot.request.take_home_weekdays]
    depots = [slot for slot in green if slot.slot.request.is_depot]
    if len(ordinary) < 4 or not red or not home or not depots:
        found = f"{len(ordinary)} ordinary, {len(red)} red, {len(home)} home, {len(depots)} depots"
        raise DemoError(f"The round has not the doses of the played day: {found}.")
    first, second, third, fourth, *_ = ordinary
    return Plan((first, second), third, fourth, home[0], depots[0], red[0])


def _amounts(doses: Iterable[tuple[RoundSlot, int]]) -> Amounts:
    """What doses take out of a bag."""
    found: Amounts = {}
    for slot, days in doses:
        request = slot.slot.request
        key = item_of(request).key
        taken = use_of(request, slot.slot.dose_mg, "").units
        found[key] = found.get(key, Decimal(0)) + days * taken
    return found


def _typed(units: Decimal) -> str:
    """A figure as a Norwegian types it."""
    return str(plain(units)).replace(".", ",")
