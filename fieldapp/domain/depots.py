"""Depot injections: when the next one is due, its window, where it may be given, and what applies
when it is late.

The figures are reference data (`resources/reference/depots.json`), one row per product. A day
between two bands of a label belongs to neither: then both texts are shown, and nobody chooses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fieldapp.domain.claims import service_day
from fieldapp.domain.medication import (
    MedicationAdministration,
    MedicationRequest,
    Slot,
    SlotKey,
    closing,
)
from fieldapp.domain.readiness import Window
from fieldapp.domain.strict_json import (
    DefinitionError,
    JsonObject,
    Source,
    no_repeats,
    parse_object,
)


@dataclass(frozen=True, slots=True)
class Site:
    """A place on the body: the code that is stored and the word that is shown."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class GivingWindow:
    """Days before and after the due day on which an injection may be given.

    `earliest_since_last` and `latest_since_last` narrow it where a label counts days from the last
    injection instead.
    """

    early_days: int
    late_days: int
    text: str
    source: Source
    earliest_since_last: int | None = None
    latest_since_last: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """What a label says from one day to another after the last injection, both included.

    `to_days` is None for "and later".
    """

    from_days: int
    to_days: int | None
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Late:
    """A label's bands for those to whom they apply ("2. og 3. dose"), in order of days."""

    applies: str
    bands: tuple[Band, ...]

    def at(self, days: int) -> tuple[Band, ...]:
        """Return the band of a day; both neighbours of a day that lies between two; or none."""
        inside = [
            band
            for band in self.bands
            if band.from_days <= days and (band.to_days is None or days <= band.to_days)
        ]
        if inside or not self.bands or days < self.bands[0].from_days:
            return tuple(inside)
        before = [band for band in self.bands if band.from_days < days]
        after = [band for band in self.bands if band.from_days > days]
        return tuple(before[-1:] + after[:1])


@dataclass(frozen=True, slots=True)
class Sites:
    """Where it may be given. A site is not used again within `rest_days`, where that is known."""

    codes: tuple[str, ...]
    text: str
    source: Source
    rest_days: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """How long the patient is watched afterwards, at least."""

    minutes: int
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class HomeWarning:
    """Why this injection is normally not given at home."""

    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Interval:
    """The usual days from one injection to the next; the order says which."""

    shortest_days: int
    longest_days: int
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Depot:
    """One product. `scheduled` is False for a short-acting one that is never a standing order."""

    code: str
    name: str
    product: str
    atc: str
    strengths: tuple[str, ...]
    interval: Interval
    window: GivingWindow
    late: tuple[Late, ...]
    sites: Sites
    observation: Observation | None
    home_warning: HomeWarning | None
    scheduled: bool
    note: str


@dataclass(frozen=True, slots=True)
class Depots:
    """All products. `other` is the window of an order whose product the table does not know."""

    version: str
    sites: tuple[Site, ...]
    depots: tuple[Depot, ...]
    other: GivingWindow

    def depot(self, code: str | None) -> Depot | None:
        """Return a product by its code, None for one that the table does not know."""
        return next((depot for depot in self.depots if depot.code == code), None)

    def giving_window(self, code: str | None) -> GivingWindow:
        found = self.depot(code)
        return self.other if found is None else found.window


# --- when the next one is due


def injections(
    events: Iterable[MedicationAdministration], reopened: Collection[str] = ()
) -> list[MedicationAdministration]:
    """Return the injections that stand, oldest first."""
    return [dose for dose in closing(events, reopened) if dose.injection is not None]


def given_on(dose: MedicationAdministration) -> date:
    """Return the service day on which an injection was given."""
    return service_day(dose.given_at)


def next_slot(order: MedicationRequest, given: Sequence[MedicationAdministration]) -> Slot | None:
    """Return the next injection of an order; `given` are those of its group that stand.

    It is due one interval after the last, or from the order's first day. When the prescriber has
    looked at a late one again (`reassessed_on`), it is due from that day. None for an order without
    a dose.
    """
    if order.interval_days is None or not order.doses:
        return None
    numbers = [dose.injection.occurrence for dose in given if dose.injection is not None]
    due = order.valid_from
    if given:
        last = max(map(given_on, given))
        due = max(due, last + timedelta(days=order.interval_days))
    if order.reassessed_on is not None and order.reassessed_on > due:
        due = order.reassessed_on
    dose = order.doses[0]
    return Slot(
        SlotKey(order.patient_id, order.id, due, dose.part),
        order,
        dose.dose_mg,
        occurrence=max(numbers, default=0) + 1,
    )


def window_of(
    giving: GivingWindow, slot: Slot, given: Sequence[MedicationAdministration]
) -> Window:
    """Return the first and the last day on which an injection may be given.

    One that the prescriber has looked at again may be given although the label's days are over.
    """
    due = slot.key.day
    opens = due - timedelta(days=giving.early_days)
    closes = due + timedelta(days=giving.late_days)
    if given:
        last = max(map(given_on, given))
        if giving.earliest_since_last is not None:
            opens = max(opens, last + timedelta(days=giving.earliest_since_last))
        if giving.latest_since_last is not None and slot.request.reassessed_on != due:
            closes = min(closes, last + timedelta(days=giving.latest_since_last))
    return Window(max(opens, slot.request.valid_from), closes)


def resting_sites(
    sites: Sites, given: Iterable[MedicationAdministration], today: date
) -> dict[tuple[str, str], date]:
    """Return the sites (code, side) that are not to be used yet, and until when."""
    if sites.rest_days is None:
        return {}
    found: dict[tuple[str, str], date] = {}
    for dose in given:
        if dose.injection is None:
            continue
        until = given_on(dose) + timedelta(days=sites.rest_days)
        key = (dose.injection.site, dose.injection.side)
        if until > today:
            found[key] = max(until, found.get(key, until))
    return found


def late_bands(depot: Depot, days_since_last: int) -> tuple[tuple[str, Band], ...]:
    """Return what the label says so many days after the last injection, with whom it is for."""
    return tuple((late.applies, band) for late in depot.late for band in late.at(days_since_last))


# --- reading the file


def read_depots(text: str) -> Depots:
    """Read ``reference/depots.json``. Raises DefinitionError."""
    top = parse_object(text)
    top.one_of("format", {"fieldapp-depots-1"})
    found = Depots(
        version=top.text("version"),
        sites=tuple(map(_site, top.children("sites"))),
        depots=tuple(map(_depot, top.children("depots"))),
        other=_window(top.child("other")),
    )
    top.done()
    no_repeats([depot.code for depot in found.depots], "depots")
    no_repeats([site.code for site in found.sites], "sites")
    known = {site.code for site in found.sites}
    for depot in found.depots:
        if not set(depot.sites.codes) <= known:
            raise DefinitionError("depots", f"{depot.code} names an unknown site")
    return found


def _site(entry: JsonObject) -> Site:
    found = Site(entry.text("code"), entry.text("text"))
    entry.done()
    return found


def _depot(entry: JsonObject) -> Depot:
    found = Depot(
        code=entry.text("code"),
        name=entry.text("name"),
        product=entry.text("product"),
        atc=entry.text("atc"),
        strengths=entry.texts("strengths"),
        interval=_interval(entry.child("interval")),
        window=_window(entry.child("window")),
        late=tuple(map(_late, entry.children("late"))),
        sites=_sites(entry.child("sites")),
        observation=_observation(entry.child("observation")) if entry.has("observation") else None,
        home_warning=_home(entry.child("home_warning")) if entry.has("home_warning") else None,
        scheduled=entry.boolean("scheduled", True),
        note=entry.text("note", ""),
    )
    entry.done()
    return found


def _interval(entry: JsonObject) -> Interval:
    found = Interval(
        entry.integer("shortest_days"),
        entry.integer("longest_days"),
        entry.text("text"),
        entry.source(),
    )
    entry.done()
    if not 0 < found.shortest_days <= found.longest_days:
        raise entry.fail("the longest interval must not be shorter than the shortest")
    return found


def _window(entry: JsonObject) -> GivingWindow:
    found = GivingWindow(
        entry.integer("early_days"),
        entry.integer("late_days"),
        entry.text("text"),
        entry.source(),
        entry.optional_integer("earliest_since_last"),
        entry.optional_integer("latest_since_last"),
    )
    entry.done()
    if found.early_days < 0 or found.late_days < 0:
        raise entry.fail("days must not be negative")
    return found


def _late(entry: JsonObject) -> Late:
    found = Late(entry.text("applies", ""), tuple(map(_band, entry.children("bands"))))
    entry.done()
    for before, after in zip(found.bands, found.bands[1:], strict=False):
        if before.to_days is None or before.to_days >= after.from_days:
            raise entry.fail("bands must follow each other and not overlap")
    if not found.bands:
        raise entry.fail("has no bands")
    return found


def _band(entry: JsonObject) -> Band:
    found = Band(
        entry.integer("from_days"),
        entry.optional_integer("to_days"),
        entry.text("text"),
        entry.source(),
    )
    entry.done()
    if found.to_days is not None and found.to_days < found.from_days:
        raise entry.fail("to_days must not come before from_days")
    return found


def _sites(entry: JsonObject) -> Sites:
    found = Sites(
        entry.texts("codes"),
        entry.text("text"),
        entry.source(),
        entry.optional_integer("rest_days"),
    )
    entry.done()
    if not found.codes:
        raise entry.fail("has no sites")
    return found


def _observation(entry: JsonObject) -> Observation:
    found = Observation(entry.integer("minutes"), entry.text("text"), entry.source())
    entry.done()
    if found.minutes <= 0:
        raise entry.fail("minutes must be more than 0")
    return found


def _home(entry: JsonObject) -> HomeWarning:
    found = HomeWarning(entry.text("text"), entry.source())
    entry.done()
    return found
