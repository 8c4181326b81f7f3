"""The medicine round as values: what is planned, what stands, and how each dose is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.medication import (
    CoSignature,
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    Slot,
    SlotKey,
)
from fieldapp.domain.readiness import Light
from fieldapp.domain.reference import HandoutReference
from fieldapp.services.medication import HandoutView, RoundPatient, RoundSlot
from fieldapp.services.witness import Standing
from ui.flags import flag_icon
from ui.handout.light import LightView, short_words
from ui.widgets import Row, RowTag
from ui.widgets.basics import Tone
from ui.words import (
    NO_BREAK,
    amount,
    clock_text,
    day_text,
    dose_text,
    long_day,
    near_day,
    word,
)

translate = QCoreApplication.translate


class SlotState(StrEnum):
    """How a slot stands today, as the list shows it."""

    OPEN = "open"
    GIVEN = "given"
    NOT_GIVEN = "not_given"


# --- how a slot stands


def given_event(slot: RoundSlot) -> MedicationAdministration | None:
    """The event by which the dose was given, if it was."""
    return next((e for e in slot.standing if e.status is HandoutStatus.GIVEN), None)


def slot_state(slot: RoundSlot) -> SlotState:
    """A given dose closes the slot; anything else that stands leaves it to be given later."""
    if given_event(slot) is not None:
        return SlotState.GIVEN
    return SlotState.NOT_GIVEN if slot.standing else SlotState.OPEN


def first_to_do(patient: RoundPatient) -> RoundSlot | None:
    """The first open dose of a patient."""
    return next((slot for slot in patient.slots if slot_state(slot) is SlotState.OPEN), None)


def next_beside(patient: RoundPatient, done: SlotKey) -> RoundSlot | None:
    """The next open dose of the same part of the day: the evening is never offered at breakfast.

    Of the same day too: after midnight the night's dose is not offered once more for the next.
    """
    when = (done.day, done.part)
    open_slots = (slot for slot in patient.slots if slot_state(slot) is SlotState.OPEN)
    return next(
        (slot for slot in open_slots if (slot.slot.key.day, slot.slot.key.part) == when), None
    )


def first_not_given(patient: RoundPatient) -> RoundSlot | None:
    """A dose that was not given and can still be given."""
    return next((slot for slot in patient.slots if slot_state(slot) is SlotState.NOT_GIVEN), None)


def next_patient(patients: Sequence[RoundPatient], after: str | None) -> str | None:
    """Id of the next patient with an open dose, in list order from `after`, round the corner."""
    ids = [row.patient.id for row in patients]
    start = ids.index(after) + 1 if after in ids else 0
    for row in [*patients[start:], *patients[:start]]:
        if row.patient.id != after and first_to_do(row) is not None:
            return row.patient.id
    return None


# --- the list at the left


def round_row(patient: RoundPatient, *, short: bool = False) -> Row:
    """One patient: name, where the doses stand in words, and a mark of severe information.

    `short` leaves the mark's words to the screen reader, where large text needs the room.
    """
    states = [slot_state(slot) for slot in patient.slots]
    done = len(states) - states.count(SlotState.OPEN)
    light = open_light(patient)
    icon: str = "circle-dashed"
    tone: Tone = "neutral"
    if light is not None:
        icon, _, tone = short_words(light)
        icon = "circle" if light is Light.GREEN else icon  # the tick is for what is done
    elif states.count(SlotState.GIVEN) == len(states):
        icon, tone = "circle-check", "ok"
    elif done == len(states):
        icon, tone = "circle-slash", "warn"
    return Row(
        id=patient.patient.id,
        title=patient.patient.name,
        detail=_progress_words(patient, done, light, short=short),
        icon=icon,
        icon_tone=tone,
        tags=_severe_tag(patient, short=short),
    )


def open_light(patient: RoundPatient) -> Light | None:
    """The gravest light among the doses that are still to do; None when nothing is, or unknown."""
    found = {
        slot.verdict.light
        for slot in patient.slots
        if slot.verdict is not None and slot_state(slot) is SlotState.OPEN
    }
    return next((light for light in (Light.RED, Light.AMBER, Light.GREEN) if light in found), None)


def round_summary(patients: Sequence[RoundPatient], day: date, today: date) -> str:
    """ "5 av 8 doser ført", with the day where midnight has passed."""
    states = [slot_state(slot) for patient in patients for slot in patient.slots]
    done = len(states) - states.count(SlotState.OPEN)
    said = translate("handout", "{done} av {total} doser ført").format(done=done, total=len(states))
    if day == today:
        return said
    return translate("handout", "{said} · dosene for {day}").format(said=said, day=long_day(day))


def _progress_words(patient: RoundPatient, done: int, light: Light | None, *, short: bool) -> str:
    total = len(patient.slots)
    said = "" if light is None else short_words(light)[1]
    if total > 1:
        progress = translate("handout", "{done} av {total} ført").format(done=done, total=total)
        return f"{progress} · {said}" if said else progress
    slot = patient.slots[0]
    part = dose_name(slot.slot)
    event = given_event(slot) or (slot.standing[-1] if slot.standing else None)
    if event is None and said:
        return said if short else f"{part} · {said}"
    if event is None:
        return translate("handout", "{part} · ikke ført").format(part=part)
    return f"{word(event.status)} {clock_text(event.given_at)}"


def dose_name(slot: Slot) -> str:
    """The part of the day, or the injection."""
    if slot.occurrence is not None:
        return translate("handout", "Injeksjon")
    return word(slot.key.part)


def _severe_tag(patient: RoundPatient, *, short: bool) -> tuple[RowTag, ...]:
    categories = list(dict.fromkeys(flag.category for flag in patient.flags_severe))
    if not categories:
        return ()
    spoken = ", ".join(word(category) for category in categories)
    if len(categories) == 1:
        text, icon = spoken, flag_icon(categories[0])
    else:
        text = translate("handout", "{count} varsler").format(count=len(categories))
        icon = "shield-alert"
    return (RowTag("" if short else text, "danger", icon, spoken),)


# --- one dose as a card


@dataclass(frozen=True, slots=True)
class EventLine:
    """One thing recorded in a slot. `struck` was taken back; `note` says by whom and why.

    `own`: this giver made it, and alone may take it back.
    """

    event_id: str
    text: str
    icon: str
    tone: Tone
    struck: bool = False
    note: str = ""
    own: bool = False
    given: bool = False


@dataclass(frozen=True, slots=True)
class SlotView:
    """A dose as its card shows it.

    `warning` speaks of a possible double dose: two that stand as given in the slot, or one that
    was given today under another order, so that this slot looks open.
    """

    key: SlotKey
    state: SlotState
    title: str
    part: str
    dose: str
    order: str
    last_given: str
    warning: str
    events: tuple[EventLine, ...]
    light: LightView | None = None


def slot_view(
    slot: RoundSlot,
    history: Sequence[HandoutView],
    names: Mapping[str, str],
    light: LightView | None,
    today: date,
    synced: str,
    user_id: str,
) -> SlotView:
    """Put together one card. `history` holds the patient's newest events, reversed ones too."""
    request = slot.slot.request
    events = [view for view in history if view.event.slot == slot.slot.key]
    events.sort(key=lambda view: (view.event.recorded_at, view.event.id))
    last = last_given_text(slot.last_given, slot.last_given_order, names, today)
    other_today = _given_today_under_another_order(slot)
    return SlotView(
        key=slot.slot.key,
        state=slot_state(slot),
        title=product_text(request),
        part=dose_name(slot.slot),
        dose=full_dose(slot.slot),
        order=order_text(request, synced),
        last_given="" if other_today else last,
        warning=_given_twice_words(slot) or (last if other_today else ""),
        events=tuple(event_line(view, names, user_id) for view in events),
        light=_calm(light) if slot_state(slot) is SlotState.GIVEN else light,
    )


def _calm(light: LightView | None) -> LightView | None:
    """A dose that was given is as it should be: red by its words, not by its colour."""
    if light is None:
        return None
    title = translate("handout", "Rødt: gitt. Ikke gi en gang til")
    return replace(light, icon="circle-slash", tone="neutral", title=title, also=(), source="")


def _given_today_under_another_order(slot: RoundSlot) -> bool:
    last = slot.last_given
    return last is not None and slot.last_given_order is not None and last.day == slot.slot.key.day


def _given_twice_words(slot: RoundSlot) -> str:
    """Two laptops without coverage, or a dose that had happened elsewhere as well."""
    count = sum(event.status is HandoutStatus.GIVEN for event in slot.standing)
    if count < 2:
        return ""
    return translate(
        "handout",
        "Dosen er ført som gitt {count} ganger. Avklar med rekvirenten om pasienten har fått alle.",
    ).format(count=count)


def product_text(request: MedicationRequest) -> str:
    """Product, form and strength without saying anything twice."""
    parts = [request.product]
    for part in (request.form, request.strength):
        if part and part.casefold() not in request.product.casefold():
            parts.append(part)
    return " · ".join(parts)


def full_dose(slot: Slot) -> str:
    """ "90 mg = 18 mL (5 mg/mL)", or "16 mg" for a solid form."""
    dose = dose_text(slot.dose_mg, slot.dose_ml)
    concentration = slot.request.concentration_mg_per_ml
    if concentration is None or slot.dose_ml is None:
        return dose
    return f"{dose} ({amount(concentration)}{NO_BREAK}mg/{_millilitre(dose)})"


def _millilitre(dose: str) -> str:
    """The unit as ui.words writes it, so that one card never shows two spellings."""
    return dose.rpartition(NO_BREAK)[2]


def order_text(request: MedicationRequest, synced: str) -> str:
    """Who ordered it, from where, since when, in which revision; and how old the list is."""
    parts = [translate("handout", "Forordnet av {name}").format(name=request.prescriber)]
    if request.source:
        parts.append(request.source)
    parts.append(translate("handout", "gjelder fra {day}").format(day=day_text(request.valid_from)))
    if request.revision > 1:
        parts.append(translate("handout", "endring nr.\u00a0{n}").format(n=request.revision - 1))
    if request.recorded_at is not None:
        entered = day_text(request.recorded_at.astimezone(OSLO).date())
        parts.append(translate("handout", "ført {day}").format(day=entered))
    if synced:
        parts.append(translate("handout", "hentet {when}").format(when=synced))
    return " · ".join(parts)


def last_given_text(
    event: MedicationAdministration | None,
    order: MedicationRequest | None,
    names: Mapping[str, str],
    today: date,
) -> str:
    """When the dose before this one was given, by whom, and of what where `order` is another."""
    if event is None:
        return translate("handout", "Sist gitt: ingen dose kjent på denne maskinen")
    day = near_day(event.given_at.astimezone(OSLO).date(), today)
    text = translate("handout", "Sist gitt {day} kl. {clock} av {name}").format(
        day=day, clock=clock_text(event.given_at), name=_name(names, event.author_id)
    )
    if event.dose_mg is not None:
        text = f"{text}, {dose_text(event.dose_mg, event.dose_ml)}"
    if order is not None:
        text = translate("handout", "{text}, etter en annen forordning: {product}").format(
            text=text, product=product_text(order)
        )
    return text


def event_line(view: HandoutView, names: Mapping[str, str], user_id: str) -> EventLine:
    """One event in words: "Gitt 08:55 av Kari Berg, 90 mg (18 mL), inntak sett"."""
    event, undone = view.event, view.reversed_by
    given = event.status is HandoutStatus.GIVEN
    icon = "circle-check" if given else "circle-slash"
    tone: Tone = "ok" if given else "warn"
    note = ""
    if undone is not None:
        icon, tone = "undo-2", "neutral"
        note = translate("handout", "Feilført {clock} av {name}: {reason}").format(
            clock=clock_text(undone.recorded_at),
            name=_name(names, undone.author_id),
            reason=undone.reason_text,
        )
    elif event.retrospective:
        note = translate("handout", "Ført i etterkant {clock}: {reason}").format(
            clock=clock_text(event.recorded_at), reason=event.reason_text
        )
    return EventLine(
        event_id=event.id,
        text=_event_words(view),
        icon=icon,
        tone=tone,
        struck=undone is not None,
        note=note,
        own=event.author_id == user_id,
        given=given,
    )


def _event_words(view: HandoutView) -> str:
    event = view.event
    name = view.author_name or translate("handout", "ukjent ansatt")
    parts = [
        translate("handout", "{what} {clock} av {name}").format(
            what=word(event.status), clock=clock_text(event.given_at), name=name
        )
    ]
    if event.dose_mg is not None:
        parts.append(_dose_in_brackets(event.dose_mg, event.dose_ml))
    if event.status is HandoutStatus.GIVEN and not event.retrospective:
        parts += _given_words(event)
        parts += _witness_words(event.witness, view.witness)
    elif event.prescriber_contact:
        parts.append(
            translate("handout", "rekvirent kontaktet: {who}").format(who=event.prescriber_contact)
        )
    return ", ".join(parts)


def _given_words(event: MedicationAdministration) -> list[str]:
    """How it was given: seen, or injected, and whether as an emergency."""
    parts = []
    if event.injection is None:
        seen = translate("handout", "inntak sett")
        parts.append(seen if event.witnessed else translate("handout", "inntak ikke sett"))
    else:
        parts.append(translate("handout", "injeksjon, LOT {lot}").format(lot=event.injection.lot))
    if event.forced is not None:
        parts.append(translate("handout", "nødutdeling"))
    return parts


def _witness_words(witness: CoSignature | None, standing: Standing) -> list[str]:
    """Who else was there, and whether they have signed."""
    match standing:
        case Standing.NONE:
            return []
        case Standing.BY_CODE:
            words = translate("handout", "bekreftet av {name}")
        case Standing.LATE:
            words = translate("handout", "bekreftet i ettertid av {name}")
        case Standing.WAITING:
            words = translate("handout", "{name} har ikke bekreftet ennå")
        case Standing.NAME_ONLY:
            words = translate("handout", "ikke bevitnet (navn: {name})")
    return [words.format(name="" if witness is None else witness.name)]


def with_reasons(line: EventLine, event: MedicationAdministration, words: str) -> EventLine:
    """Add why a dose was not given, in the words of the reference file."""
    said = [words] if words else []
    if event.reason_text.strip() and not event.retrospective:
        said.append(event.reason_text.strip())
    if not said:
        return line
    return replace(line, text=f"{line.text}: {', '.join(said)}")


def reason_words(reference: HandoutReference, event: MedicationAdministration) -> str:
    """The words for an event's reason; a code that this version does not know is shown as it is."""
    if not event.reason:
        return ""
    found = reference.reason(event.status, event.reason)
    return found.text if found is not None else event.reason


def _dose_in_brackets(dose_mg: Decimal, dose_ml: Decimal | None) -> str:
    milligrams, _, millilitres = dose_text(dose_mg, dose_ml).partition(" = ")
    return f"{milligrams} ({millilitres})" if millilitres else milligrams


def _name(names: Mapping[str, str], practitioner_id: str) -> str:
    return names.get(practitioner_id) or translate("handout", "ukjent ansatt")


# --- what is said when something stands in the way


def already_given_words(view: HandoutView | None) -> str:
    """Why a second dose was stopped, naming the first one's time and giver."""
    if view is None:
        return translate(
            "handout",
            "Denne dosen er allerede gitt. Ikke gi den en gang til. Ingenting er skrevet.",
        )
    return translate(
        "handout",
        "Denne dosen ble gitt kl. {clock} av {name}. Ikke gi den en gang til. "
        "Ingenting nytt er skrevet.",
    ).format(
        clock=clock_text(view.event.given_at),
        name=view.author_name or translate("handout", "ukjent ansatt"),
    )


def staleness(last_complete: datetime | None, online: bool, now: datetime, limit: timedelta) -> str:
    """The line saying that others may have given a dose since; empty while data is fresh.

    With a line it is fresh for `limit`.
    """
    if last_complete is None:
        return translate(
            "handout", "Listen er aldri hentet helt. Andre kan ha gitt dosen. Ring om du er i tvil."
        )
    if online and now - last_complete <= limit:
        return ""
    return translate(
        "handout", "Listen ble sist hentet {when}. Andre kan ha gitt dosen siden."
    ).format(when=synced_text(last_complete, now))


def synced_text(last_complete: datetime | None, now: datetime) -> str:
    """When the list was last fetched whole: "08:12", "i går 15:40"; empty for never."""
    if last_complete is None:
        return ""
    day, today = (moment.astimezone(OSLO).date() for moment in (last_complete, now))
    clock = clock_text(last_complete)
    return clock if day == today else f"{near_day(day, today)} {clock}"
