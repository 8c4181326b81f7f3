"""What must be said of a handout before it is written. Whether it may be given is for `readiness`.

An act is checked in full. What has already happened (`retrospective`) needs a dose and a reason and
nothing more: a record is never stopped for what nobody can know any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from fieldapp.clock import OSLO
from fieldapp.domain.medication import (
    PART_ORDER,
    CoSignature,
    Force,
    HandoutError,
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    OtherDose,
    Part,
    Slot,
    SlotKey,
    slots,
    takes_back,
)
from fieldapp.domain.readiness import NEEDS_PRESCRIBER, Code, Light, Verdict
from fieldapp.domain.substances import SubstanceGroup

_HOLDER_IS_CALLED: Final = frozenset({Code.HELD_BY_OTHER, Code.UNKNOWN_DAY})


def check_handout(
    new: MedicationAdministration,
    slot: Slot,
    group: SubstanceGroup,
    now: datetime,
    *,
    same_moment: timedelta,
) -> None:
    """Raise HandoutError unless everything was said that this handout needs.

    `slot` is the planned dose, `now` the time that counts. What is longer ago than `same_moment`
    (`reference.HandoutReference`) is no act any more, and is told as what has happened.
    Counter-entries: `check_reversal`.
    """
    if new.given_at > now:
        raise HandoutError("given_in_future")
    _check_witness(new.witness, new.author_id)
    if new.status is not HandoutStatus.GIVEN:
        _check_not_given(new)
        return
    _check_dose(new)
    if slot.request.is_depot and new.injection is None:
        raise HandoutError("injection_missing")
    if new.injection is not None and not slot.request.is_depot:
        raise HandoutError("not_planned")
    if new.retrospective:
        _check_has_reason(new)
        return
    if new.given_at < now - same_moment:
        raise HandoutError("back_dated")
    _check_act(new, slot, group, now)


def check_light(verdicts: Sequence[Verdict], force: Force | None, *, may_force: bool) -> None:
    """Raise HandoutError unless the light allows the doses, or a complete `force` stands for it."""
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    if force is None:
        if any(verdict.light is not Light.GREEN for verdict in verdicts):
            raise HandoutError(findings[0].code.value, findings[0].event_id)
        return
    if not findings:
        raise HandoutError("nothing_to_force")
    if not may_force:
        raise HandoutError("force_not_allowed")
    codes = {finding.code for finding in findings}
    if not {code.value for code in codes} <= set(force.findings):
        # The giver has decided about less than what stands in the way now.
        raise HandoutError("findings_changed")
    if not force.reason.strip():
        raise HandoutError("force_reason_missing")
    if codes & NEEDS_PRESCRIBER and not force.prescriber.strip():
        raise HandoutError("prescriber_missing")
    if codes & _HOLDER_IS_CALLED:
        _check_call(force)


def check_take_home(
    order: MedicationRequest, first: date, days: Sequence[date], *, witnessed: bool
) -> None:
    """Raise HandoutError unless an order lets these days be taken home with the dose of `first`."""
    if not days:
        return
    check_days(order, first, days)
    if (days[-1] - first).days > order.max_take_home_days:
        raise HandoutError("too_many_take_home_days")
    pattern = order.take_home_weekdays
    if pattern and any(day.isoweekday() not in pattern for day in days):
        raise HandoutError("not_a_take_home_day")
    if not witnessed:
        raise HandoutError("first_dose_not_witnessed")


def check_take_home_parts(
    order: MedicationRequest, slot: SlotKey, parts: Sequence[Part], *, witnessed: bool
) -> None:
    """Raise HandoutError unless an order has these later parts of the day go home with `slot`."""
    if not parts:
        return
    later = {one.key.part for one in slots([order], slot.day) if one.take_home} - {slot.part}
    if len(set(parts)) != len(parts) or not later.issuperset(parts):
        raise HandoutError("not_a_take_home_part")
    if any(PART_ORDER[part] < PART_ORDER[slot.part] for part in parts):
        raise HandoutError("not_a_take_home_part")
    if not witnessed:
        raise HandoutError("first_dose_not_witnessed")


def check_days(order: MedicationRequest, first: date, days: Sequence[date]) -> None:
    """Raise HandoutError unless these are different days after the first, in order.

    All that is asked of what has already happened.
    """
    if days and (order.is_depot or list(days) != sorted(set(days)) or days[0] <= first):
        raise HandoutError("take_home_days_wrong")


def check_bottles(bottles: int | None, empties_returned: int | None) -> None:
    """Raise HandoutError unless both were counted. Both may be left out of what is told later."""
    if bottles is None:
        raise HandoutError("bottles_missing")
    if empties_returned is None:
        raise HandoutError("empties_missing")
    if bottles <= 0 or empties_returned < 0:
        raise HandoutError("bottles_wrong")


def needs_watching(group: SubstanceGroup, order: MedicationRequest) -> bool:
    """True for a tablet under the tongue: it is watched until it has dissolved."""
    return not order.is_depot and order.atc.startswith(group.dissolve_atc or ("-",))


def check_reversal(
    new: MedicationAdministration,
    target: MedicationAdministration | None,
    events: Iterable[MedicationAdministration],
) -> None:
    """Raise HandoutError unless a counter-entry may be written. `events` are those of its slot."""
    _check_has_reason(new)
    if target is None or target.status is HandoutStatus.ENTERED_IN_ERROR:
        raise HandoutError("nothing_to_reverse")
    if any(takes_back(event, target) for event in events):
        raise HandoutError("already_reversed", target.id)
    if target.author_id != new.author_id:
        # A colleague cannot know that it did not happen; taking it back would open the slot.
        raise HandoutError("not_own_handout", target.id)


# --- parts of it


def _check_act(
    new: MedicationAdministration, slot: Slot, group: SubstanceGroup, now: datetime
) -> None:
    if new.identity_check is None:
        raise HandoutError("identity_missing")
    if new.observed_state is None:
        raise HandoutError("state_missing")
    if new.other_dose is None:
        raise HandoutError("other_dose_missing")
    if new.other_dose is OtherDose.YES and not new.other_dose_text.strip():
        raise HandoutError("other_dose_text_missing")
    if new.request_revision != slot.request.revision:
        # The giver has seen, and perhaps measured out, the dose of another revision.
        raise HandoutError("order_changed")
    if new.dose_mg is not None and new.dose_mg > slot.dose_mg:
        raise HandoutError("dose_above_order")
    if new.witnessed and needs_watching(group, slot.request):
        _check_intake(new)
    if new.injection is not None:
        _check_injection(new, slot, now)


def _check_intake(new: MedicationAdministration) -> None:
    intake = new.intake
    if intake is None or intake.dissolve_minutes is None or intake.mouth_checked is None:
        raise HandoutError("intake_missing")
    if intake.dissolve_minutes <= 0:
        raise HandoutError("dissolve_not_positive")


def _check_injection(new: MedicationAdministration, slot: Slot, now: datetime) -> None:
    injection = new.injection
    assert injection is not None
    if injection.occurrence != slot.occurrence:
        raise HandoutError("not_planned")
    if not injection.site.strip() or not injection.side.strip():
        raise HandoutError("site_missing")
    if not injection.lot.strip():
        raise HandoutError("lot_missing")
    if injection.expiry < now.astimezone(OSLO).date():
        raise HandoutError("lot_expired")
    if injection.observed_minutes is not None and injection.observed_minutes < 0:
        raise HandoutError("observation_wrong")


def _check_witness(witness: CoSignature | None, author_id: str) -> None:
    if witness is None or not witness.by_code:
        return  # a typed name counts as not witnessed, and proves nothing
    if not witness.practitioner_id:
        raise HandoutError("witness_unknown")
    if witness.practitioner_id == author_id:
        raise HandoutError("witness_is_giver")


def _check_call(force: Force) -> None:
    if force.holder_called is None:
        raise HandoutError("holder_call_missing")
    if force.holder_called and force.holder_answered is None:
        raise HandoutError("holder_call_missing")


def _check_not_given(new: MedicationAdministration) -> None:
    if not new.reason:
        raise HandoutError("reason_missing")
    if new.dose_mg is not None or new.supply is not None or new.take_home is not None:
        raise HandoutError("dose_on_not_given")


def _check_has_reason(new: MedicationAdministration) -> None:
    if not new.reason_text.strip():
        raise HandoutError("reason_missing")


def _check_dose(new: MedicationAdministration) -> None:
    if new.dose_mg is None:
        raise HandoutError("dose_missing")
    if new.dose_mg <= 0 or (new.dose_ml is not None and new.dose_ml <= 0):
        raise HandoutError("dose_not_positive")
    if new.supply is not None and new.supply.units <= 0:
        raise HandoutError("dose_not_positive")
