"""Depots on this laptop: what is due, how late it is, where it may be given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from fieldapp.domain import depots as domain
from fieldapp.domain.depots import Band, Depot
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import MedicationAdministration, Slot
from fieldapp.domain.readiness import Situation, Verdict, Window, judge
from fieldapp.domain.rights import Right
from fieldapp.services import lease, reference, situations
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import medication as store


@dataclass(frozen=True, slots=True)
class DepotDue:
    """The next injection of a depot order and all that is shown with it.

    `depot` is the product's row, None for one that the table does not know. `days_since_last` is
    None before the first injection. `late` are the label's texts for today, each with whom it is
    for; two of them where the day lies between two bands. `resting_sites` are (site, side) that are
    not to be used yet and until when. `next_due_if_given` is the day after this one, were it given
    today.
    """

    slot: Slot
    depot: Depot | None
    last: MedicationAdministration | None
    window: Window
    window_text: str
    days_since_last: int | None
    late: tuple[tuple[str, Band], ...]
    resting_sites: dict[tuple[str, str], date]
    next_due_if_given: date
    verdict: Verdict

    @property
    def due(self) -> date:
        return self.slot.key.day

    def is_due_on(self, day: date) -> bool:
        """True from the first day of the window on, for as long as it was not given."""
        return self.window.opens <= day


@needs(Right.READ_PATIENTS)
@lease.reads(Area.ORDERS)
def depot_due(session: Session, patient_id: str) -> list[DepotDue]:
    """Return the next injection of each of a patient's depot orders that is not over."""
    return all_due(session, [patient_id])


@needs(Right.READ_PATIENTS)
def all_due(session: Session, patient_ids: list[str]) -> list[DepotDue]:
    """Return the same of several patients, in the order of the due days."""
    today = situations.service_day(session)
    patient_ids = lease.narrowed(session, Area.ORDERS, patient_ids, lambda name: name)
    orders = [
        order
        for order in store.requests_of(session.database, patient_ids)
        if order.is_depot
        and (order.valid_to is None or today <= order.valid_to)
        and (order.stopped_on is None or today < order.stopped_on)
    ]
    if not orders:
        return []
    read = situations.situations(session, {order.patient_id for order in orders})
    found = []
    for order in orders:
        situation = read.of(order.patient_id, situations.group_of(order))
        given = domain.injections(situation.events, situation.reopened)
        slot = domain.next_slot(order, given)
        if slot is not None:
            found.append(_due(situation, slot, given, today))
    return sorted(found, key=lambda due: (due.due, due.slot.key))


def _due(
    situation: Situation, slot: Slot, given: list[MedicationAdministration], today: date
) -> DepotDue:
    depot = reference.depots().depot(slot.request.depot)
    windowed = situations.for_slot(situation, slot)
    assert windowed.window is not None
    last = given[-1] if given else None
    days = None if last is None else (today - domain.given_on(last)).days
    return DepotDue(
        slot=slot,
        depot=depot,
        last=last,
        window=windowed.window,
        window_text=reference.depots().giving_window(slot.request.depot).text,
        days_since_last=days,
        late=domain.late_bands(depot, days) if depot is not None and days is not None else (),
        resting_sites={} if depot is None else domain.resting_sites(depot.sites, given, today),
        next_due_if_given=today + timedelta(days=slot.request.interval_days or 0),
        verdict=judge(windowed, slot),
    )
