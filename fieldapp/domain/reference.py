"""Typed readers for the files of ``resources/reference``: a file's text in, a frozen value out.

Reading the files themselves is for the callers; nothing here touches a disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation

from fieldapp.domain.medication import HandoutStatus, ObservedState, Part
from fieldapp.domain.orders import LongestTakeHome, Measured, OrderForm, OrderForms
from fieldapp.domain.strict_json import (
    DefinitionError,
    JsonObject,
    Source,
    no_repeats,
    parse_object,
)
from fieldapp.domain.substances import (
    CountedAt,
    Interval,
    MissedLimit,
    SubstanceGroup,
    Substances,
    TakeHomeCounted,
)
from fieldapp.domain.toxicology import (
    ExpectedWith,
    Panel,
    PanelAnalyte,
    Specimen,
    SpecimenLimits,
)


@dataclass(frozen=True, slots=True)
class CodedText:
    """A code that is stored and the words it is shown with."""

    code: str
    text: str
    needs_text: bool
    """True when a sentence of one's own must go with it."""


@dataclass(frozen=True, slots=True)
class PartEnd:
    """When a part of the day has passed, so that an unanswered dose in it is late."""

    part: Part
    ends_at: time
    source: Source


@dataclass(frozen=True, slots=True)
class StateAdvice:
    """What is advised when the giver sees this state. It informs; the giver decides."""

    state: ObservedState
    text: str
    advice: str
    advises_against: bool
    source: Source


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A length of time from which something else applies."""

    length: timedelta
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class HandoutReference:
    """Reasons and times for the handout."""

    version: str
    reasons: dict[HandoutStatus, tuple[CodedText, ...]]
    states: tuple[StateAdvice, ...]
    part_ends: tuple[PartEnd, ...]
    force_reasons: tuple[CodedText, ...]
    """Why a dose is given although the light is not green."""
    same_moment: TimeLimit
    """How long ago a dose may have been given and still count as an act, not as told afterwards."""
    list_is_old: TimeLimit
    """Age of the last complete sync from which a colleague's dose may well be unknown here."""
    trip_sync_is_old: TimeLimit
    """The same before a trip."""

    def reason(self, status: HandoutStatus, code: str) -> CodedText | None:
        found = self.reasons.get(status, ())
        return next((reason for reason in found if reason.code == code), None)

    def ends_at(self, part: Part) -> time:
        """Return the local time at which this part of the day has passed."""
        return next(entry.ends_at for entry in self.part_ends if entry.part is part)


@dataclass(frozen=True, slots=True)
class NoteTemplate:
    """Headings for a note; the words are the author's."""

    code: str
    title: str
    headings: tuple[str, ...]

    @property
    def text(self) -> str:
        """The note to start from. Headings end with a colon, which a signable note goes beyond."""
        return "".join(f"{heading}:\n\n" for heading in self.headings)


@dataclass(frozen=True, slots=True)
class NoteTemplates:
    version: str
    templates: tuple[NoteTemplate, ...]

    def template(self, code: str) -> NoteTemplate | None:
        return next((entry for entry in self.templates if entry.code == code), None)


@dataclass(frozen=True, slots=True)
class RapidTestReference:
    """Devices, reasons and limits for rapid tests, and the statement shown with every result."""

    version: str
    statement: str
    statement_source: Source
    panels: tuple[Panel, ...]
    reasons: tuple[CodedText, ...]
    not_taken_reasons: tuple[CodedText, ...]
    limits: SpecimenLimits

    def panel(self, panel_id: str) -> Panel | None:
        return next((panel for panel in self.panels if panel.id == panel_id), None)


def handout_reference(text: str) -> HandoutReference:
    """Read ``reference/handout.json``. Raises DefinitionError."""
    top = _start(text, "fieldapp-handout-1")
    limits = top.child("limits")
    found = HandoutReference(
        version=top.text("version"),
        reasons=_reasons(top.child("reasons")),
        states=tuple(_state(entry) for entry in top.children("observed_states")),
        part_ends=tuple(_part_end(entry) for entry in top.children("part_ends")),
        force_reasons=_coded(top.children("force_reasons")),
        same_moment=_time_limit(limits.child("same_moment")),
        list_is_old=_time_limit(limits.child("list_is_old")),
        trip_sync_is_old=_time_limit(limits.child("trip_sync_is_old")),
    )
    limits.done()
    top.done()
    if [entry.part for entry in found.part_ends] != list(Part):
        raise DefinitionError("part_ends", "needs every part of the day, in order")
    if [entry.state for entry in found.states] != list(ObservedState):
        raise DefinitionError("observed_states", "needs every state, in order")
    return found


def note_templates(text: str) -> NoteTemplates:
    """Read ``reference/note_templates.json``. Raises DefinitionError."""
    top = _start(text, "fieldapp-note-templates-1")
    found = NoteTemplates(
        version=top.text("version"),
        templates=tuple(_template(entry) for entry in top.children("templates")),
    )
    top.done()
    no_repeats([template.code for template in found.templates], "templates")
    if not found.templates:
        raise DefinitionError("templates", "is empty")
    return found


def rapid_test_reference(text: str) -> RapidTestReference:
    """Read ``reference/rapid_tests.json``. Raises DefinitionError."""
    top = _start(text, "fieldapp-rapid-tests-1")
    statement = top.child("statement")
    found = RapidTestReference(
        version=top.text("version"),
        statement=statement.text("text"),
        statement_source=statement.source(),
        panels=tuple(_panel(entry) for entry in top.children("panels")),
        reasons=_coded(top.children("reasons")),
        not_taken_reasons=_coded(top.children("not_taken_reasons")),
        limits=_limits(top.child("urine_limits")),
    )
    statement.done()
    top.done()
    no_repeats([panel.id for panel in found.panels], "panels")
    if not found.panels:
        raise DefinitionError("panels", "is empty")
    return found


def substances(text: str) -> Substances:
    """Read ``reference/substances.json``. Raises DefinitionError."""
    top = _start(text, "fieldapp-substances-1")
    found = Substances(
        version=top.text("version"),
        groups=tuple(_group(entry) for entry in top.children("groups")),
        other=_group(top.child("other")),
    )
    top.done()
    no_repeats([group.code for group in found.groups], "groups")
    no_repeats([start for group in found.groups for start in group.atc], "groups")
    return found


def order_forms(text: str) -> OrderForms:
    """Read ``reference/order_forms.json``. Raises DefinitionError."""
    top = _start(text, "fieldapp-order-forms-1")
    longest = top.child("longest_take_home")
    found = OrderForms(
        version=top.text("version"),
        forms=tuple(_order_form(entry) for entry in top.children("forms")),
        longest_take_home=LongestTakeHome(
            longest.integer("days"), longest.text("text"), longest.source()
        ),
    )
    longest.done()
    top.done()
    no_repeats([form.code for form in found.forms], "forms")
    no_repeats([name.casefold() for form in found.forms for name in form.names], "forms")
    if not found.forms:
        raise DefinitionError("forms", "is empty")
    return found


def _order_form(entry: JsonObject) -> OrderForm:
    found = OrderForm(
        code=entry.text("code"),
        names=entry.texts("names"),
        measured=Measured(entry.one_of("measured", list(Measured))),
        parts=entry.integer("parts"),
        source=entry.source(),
    )
    entry.done()
    if not found.names:
        raise entry.fail("names is empty")
    if found.parts not in (1, 2):
        raise entry.fail("parts must be 1 or 2")
    return found


def _group(entry: JsonObject) -> SubstanceGroup:
    dissolve = entry.child("dissolve") if entry.has("dissolve") else None
    found = SubstanceGroup(
        code=entry.text("code"),
        name=entry.text("name"),
        atc=entry.texts("atc"),
        between_days=_interval(entry.child("between_days")),
        between_parts=_interval(entry.child("between_parts")),
        missed_warn=_limit(entry.child("missed_warn")) if entry.has("missed_warn") else None,
        missed_stop=_limit(entry.child("missed_stop")) if entry.has("missed_stop") else None,
        take_home_counted=_taken_home(entry.child("take_home_counted")),
        pharmacy_counted=_counted_at(entry.child("pharmacy_counted")),
        dissolve_minutes=dissolve.integer("minutes") if dissolve is not None else None,
        dissolve_source=dissolve.source() if dissolve is not None else None,
        dissolve_atc=dissolve.texts("atc") if dissolve is not None else (),
        controlled=entry.boolean("controlled"),
    )
    if dissolve is not None:
        dissolve.done()
    entry.done()
    warn, stop = found.missed_warn, found.missed_stop
    if (warn is None) != (stop is None) or (warn and stop and not 0 < warn.days <= stop.days):
        raise entry.fail("missed_warn and missed_stop go together, and stop not before warn")
    return found


def _interval(entry: JsonObject) -> Interval:
    hours = entry.integer("hours")
    if hours <= 0:
        raise entry.fail("hours must be more than 0")
    found = Interval(timedelta(hours=hours), entry.text("text"), entry.source())
    entry.done()
    return found


def _time_limit(entry: JsonObject) -> TimeLimit:
    minutes = entry.integer("minutes")
    if minutes <= 0:
        raise entry.fail("minutes must be more than 0")
    found = TimeLimit(timedelta(minutes=minutes), entry.text("text"), entry.source())
    entry.done()
    return found


def _limit(entry: JsonObject) -> MissedLimit:
    found = MissedLimit(entry.integer("days"), entry.text("text"), entry.source())
    entry.done()
    return found


def _counted_at(entry: JsonObject) -> CountedAt:
    found = CountedAt(_clock(entry, "at"), entry.source())
    entry.done()
    return found


def _taken_home(entry: JsonObject) -> TakeHomeCounted:
    parts = {part: _clock(entry, part.value) for part in Part}
    found = TakeHomeCounted(parts, entry.source())
    entry.done()
    if list(parts.values()) != sorted(set(parts.values())):
        raise entry.fail("the parts of a day must follow each other")
    return found


def _clock(entry: JsonObject, key: str) -> time:
    try:
        return time.fromisoformat(entry.text(key))
    except ValueError:
        raise entry.fail(f"{key} must be a time hh:mm") from None


_REASONED = (HandoutStatus.WITHHELD, HandoutStatus.REFUSED, HandoutStatus.NOT_MET)


def _start(text: str, file_format: str) -> JsonObject:
    top = parse_object(text)
    top.one_of("format", {file_format})
    return top


def _coded(entries: Iterable[JsonObject]) -> tuple[CodedText, ...]:
    found = []
    for entry in entries:
        found.append(
            CodedText(entry.text("code"), entry.text("text"), entry.boolean("needs_text", False))
        )
        entry.done()
        no_repeats([reason.code for reason in found], entry.path)
    return tuple(found)


def _reasons(entries: JsonObject) -> dict[HandoutStatus, tuple[CodedText, ...]]:
    found = {status: _coded(entries.children(status.value)) for status in _REASONED}
    entries.done()
    for status, reasons in found.items():
        if not reasons:
            raise entries.fail(f"has no reasons for {status.value}")
    return found


def _state(entry: JsonObject) -> StateAdvice:
    found = StateAdvice(
        state=ObservedState(entry.one_of("code", list(ObservedState))),
        text=entry.text("text"),
        advice=entry.text("advice"),
        advises_against=entry.boolean("advises_against"),
        source=entry.source(),
    )
    entry.done()
    return found


def _part_end(entry: JsonObject) -> PartEnd:
    try:
        ends_at = time.fromisoformat(entry.text("ends_at"))
    except ValueError:
        raise entry.fail("ends_at must be a time hh:mm") from None
    found = PartEnd(Part(entry.one_of("part", list(Part))), ends_at, entry.source())
    entry.done()
    return found


def _template(entry: JsonObject) -> NoteTemplate:
    found = NoteTemplate(entry.text("code"), entry.text("title"), entry.texts("headings"))
    entry.done()
    if any(heading.rstrip().endswith(":") for heading in found.headings):
        raise entry.fail("a heading must not end with a colon; it is added")
    return found


def _panel(entry: JsonObject) -> Panel:
    found = Panel(
        id=entry.text("id"),
        version=entry.text("version"),
        name=entry.text("name"),
        specimen=Specimen(entry.one_of("specimen", list(Specimen))),
        example=entry.boolean("example"),
        analytes=tuple(_analyte(child) for child in entry.children("analytes")),
    )
    entry.done()
    no_repeats([analyte.code for analyte in found.analytes], entry.path)
    if not found.analytes:
        raise entry.fail("has no analytes")
    return found


def _analyte(entry: JsonObject) -> PanelAnalyte:
    found = PanelAnalyte(
        code=entry.text("code"),
        label=entry.text("label"),
        cutoff=str(_decimal(entry, "cutoff")),
        unit=entry.text("unit"),
        window=entry.text("window"),
        expected_with=tuple(_expected_with(child) for child in entry.children("expected_with")),
        source=entry.source(),
    )
    entry.done()
    return found


def _expected_with(entry: JsonObject) -> ExpectedWith:
    found = ExpectedWith(entry.text("atc"), entry.source())
    entry.done()
    return found


def _limits(entry: JsonObject) -> SpecimenLimits:
    creatinine = entry.child("creatinine")
    temperature = entry.child("temperature")
    found = SpecimenLimits(
        minimum_creatinine_mmol_per_l=_decimal(creatinine, "minimum_mmol_per_l"),
        creatinine_source=creatinine.source(),
        minimum_temperature_c=_decimal(temperature, "minimum_c"),
        maximum_temperature_c=_decimal(temperature, "maximum_c"),
        measure_within=timedelta(minutes=temperature.integer("within_minutes")),
        temperature_source=temperature.source(),
    )
    for part in (creatinine, temperature, entry):
        part.done()
    if found.minimum_temperature_c >= found.maximum_temperature_c:
        raise temperature.fail("the minimum must lie below the maximum")
    return found


def _decimal(entry: JsonObject, key: str) -> Decimal:
    """Return a positive number that the file writes as text, so that no figure is rounded."""
    try:
        number = Decimal(entry.text(key))
    except InvalidOperation:
        number = Decimal(0)
    if not (number.is_finite() and number > 0):
        raise entry.fail(f"{key} must be a positive number written as text")
    return number
