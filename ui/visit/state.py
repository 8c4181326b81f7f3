"""What the visit page shows, as plain values, and every sentence made from them.

The text in the editor is not here: it belongs to the editor and to the draft, and nothing that
renders this state ever writes into the editor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.notes import Draft
from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Patient, Practitioner
from fieldapp.domain.reference import NoteTemplate
from fieldapp.domain.visits import Appointment, Encounter, EncounterStatus, VisitKind
from fieldapp.services.notes import NoteView
from ui.widgets.basics import Tone
from ui.words import clock_text, day_text, near_day, word

translate = QCoreApplication.translate

FACE_TO_FACE = frozenset({VisitKind.HOME, VisitKind.OUTDOORS, VisitKind.OFFICE})
"""Forms of contact in which somebody could be alone with the patient."""


class Phase(Enum):
    """Where the visit stands."""

    READY = auto()
    RUNNING = auto()
    FINISHED = auto()
    NO_SHOW = auto()


_PHASES = {
    EncounterStatus.IN_PROGRESS: Phase.RUNNING,
    EncounterStatus.FINISHED: Phase.FINISHED,
    EncounterStatus.NO_SHOW: Phase.NO_SHOW,
}


@dataclass(frozen=True, slots=True)
class VisitState:
    """One patient's visit. `colleagues` are the ids of those who come along, oneself not among
    them; `names` knows former staff too."""

    patient: Patient
    flags: tuple[Flag, ...]
    me: Practitioner
    staff: tuple[Practitioner, ...]
    names: dict[str, str]
    appointment: Appointment | None = None
    encounter: Encounter | None = None
    kind: VisitKind = VisitKind.HOME
    colleagues: tuple[str, ...] = ()
    problem: str = ""

    @property
    def phase(self) -> Phase:
        return Phase.READY if self.encounter is None else _PHASES[self.encounter.status]

    @property
    def participants(self) -> tuple[str, ...]:
        return (self.me.id, *self.colleagues)

    @property
    def others(self) -> tuple[Practitioner, ...]:
        """Who could come along."""
        return tuple(person for person in self.staff if person.id != self.me.id)


@dataclass(frozen=True, slots=True)
class NoteState:
    """The note beside the visit.

    `draft` is the stored draft of the text in the editor, None before the first letter.
    `unsaved` is true from a key press until the store has answered. `interrupted` are drafts that
    a crash left open; `others` are drafts left in order.
    """

    template: str = ""
    addendum_to: NoteView | None = None
    draft: Draft | None = None
    unsaved: bool = False
    error: str = ""
    confirming: bool = False
    interrupted: tuple[Draft, ...] = ()
    others: tuple[Draft, ...] = ()
    signed: tuple[NoteView, ...] = ()
    writing: bool = True
    """False while signed notes are shown and no new one was begun."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words in a tone, with an icon of resources/icons."""

    text: str
    tone: Tone
    icon: str


# --- the visit


def two_together(state: VisitState) -> str:
    """The warning that somebody must come along, or the empty text."""
    alone = not state.colleagues and state.phase in (Phase.READY, Phase.RUNNING)
    if not alone or state.kind not in FACE_TO_FACE:
        return ""
    said = [
        flag.text.strip()
        for flag in state.flags
        if flag.active
        and flag.category is FlagCategory.TWO_TOGETHER
        and flag.state is FlagState.PRESENT
    ]
    if not said:
        return ""
    why = "; ".join(text for text in said if text)
    start = translate("visit", "Gå to sammen.")
    alone_text = translate("visit", "Du er ført alene. Legg til en kollega.")
    return f"{start} {why}. {alone_text}" if why else f"{start} {alone_text}"


def plan_text(state: VisitState, today: date) -> str:
    """What was planned: "Planlagt i dag 10:00 · Hjemmebesøk · samtale"; empty without a plan."""
    plan = state.appointment
    if plan is None:
        return ""
    day = near_day(plan.day, today)
    when = f"{day} {plan.time}" if plan.time else day
    words = [translate("visit", "Planlagt {when}").format(when=when), word(plan.kind)]
    if plan.purpose.strip():
        words.append(plan.purpose.strip())
    return " · ".join(words)


def clock_line(encounter: Encounter, now: datetime) -> str:
    """ "Pågår siden 10:12 · 23 min"."""
    started = encounter.started_at
    day = started.astimezone(OSLO).date()
    since = clock_text(started)
    if day != now.astimezone(OSLO).date():
        since = f"{day_text(day)} {since}"
    return translate("visit", "Pågår siden {since} · {length}").format(
        since=since, length=length_text(now - started)
    )


def length_text(length: timedelta) -> str:
    """ "0 min", "1 t 05 min"; a clock that was turned back counts as nothing."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 60:
        return translate("visit", "{minutes} min").format(minutes=minutes)
    return translate("visit", "{hours} t {minutes} min").format(
        hours=minutes // 60, minutes=f"{minutes % 60:02}"
    )


def summary(state: VisitState) -> tuple[str, ...]:
    """The lines about a visit that is over."""
    encounter = state.encounter
    if encounter is None:
        return ()
    start = encounter.started_at
    day = day_text(start.astimezone(OSLO).date())
    if encounter.status is EncounterStatus.NO_SHOW:
        return (
            translate("visit", "{day} kl. {clock}").format(day=day, clock=clock_text(start)),
            translate("visit", "Årsak: {reason}").format(reason=encounter.reason),
        )
    lines = [f"{word(encounter.kind)} · {day}"]
    if encounter.ended_at is not None:
        lines.append(
            translate("visit", "{start}–{end} ({length})").format(
                start=clock_text(start),
                end=clock_text(encounter.ended_at),
                length=length_text(encounter.ended_at - start),
            )
        )
    unknown = translate("visit", "ukjent ansatt")
    lines.append(", ".join(state.names.get(key, unknown) for key in encounter.participants))
    if encounter.travel_minutes is not None:
        lines.append(
            translate("visit", "Reisetid {minutes} min").format(minutes=encounter.travel_minutes)
        )
    return tuple(lines)


def end_time(started_at: datetime, hour: int, minute: int) -> datetime:
    """The instant at which a local clock next showed this time after the visit began."""
    local = started_at.astimezone(OSLO)
    ended = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if ended < local.replace(second=0, microsecond=0):
        ended += timedelta(days=1)
    # A visit that ends in the minute in which it began does not end before it began.
    return max(ended, local)


# --- the note


def saved_line(note: NoteState) -> Line:
    """The line under the editor. It says "lagret" only of what the store has answered for."""
    if note.error:
        return Line(note.error, "danger", "circle-alert")
    if note.draft is None:
        if note.unsaved:
            return Line(translate("visit", "Lagrer …"), "neutral", "save")
        return Line(translate("visit", "Alt du skriver, lagres av seg selv."), "neutral", "save")
    clock = f"{note.draft.saved_at.astimezone(OSLO):%H:%M:%S}"
    if note.unsaved:
        return Line(
            translate("visit", "Skriver … sist lagret kl. {clock}").format(clock=clock),
            "neutral",
            "save",
        )
    return Line(
        translate("visit", "Utkast lagret kl. {clock}").format(clock=clock), "ok", "circle-check"
    )


def sign_question(state: VisitState, now: datetime) -> str:
    """Who signs what about whom, and when."""
    return translate("visit", "{author} signerer notatet om {patient}, {day} kl. {clock}.").format(
        author=state.me.name,
        patient=state.patient.name,
        day=day_text(now.astimezone(OSLO).date()),
        clock=clock_text(now),
    )


def signed_line(view: NoteView) -> str:
    """ "Signert av Kari Berg 22.11.2026 kl. 10:45"."""
    moment = view.note.signed_at
    return translate("visit", "Signert av {author} {day} kl. {clock}").format(
        author=view.author_name or translate("visit", "ukjent ansatt"),
        day=day_text(moment.astimezone(OSLO).date()),
        clock=clock_text(moment),
    )


def addendum_line(view: NoteView) -> str:
    """ "Tillegg av Kari Berg 22.11.2026 kl. 11:02"."""
    moment = view.note.signed_at
    return translate("visit", "Tillegg av {author} {day} kl. {clock}").format(
        author=view.author_name or translate("visit", "ukjent ansatt"),
        day=day_text(moment.astimezone(OSLO).date()),
        clock=clock_text(moment),
    )


def draft_line(draft: Draft, today: date) -> str:
    """When a draft was last saved, and how it begins."""
    moment = draft.saved_at
    day = near_day(moment.astimezone(OSLO).date(), today)
    said = translate("visit", "sist lagret {day} kl. {clock}").format(
        day=day, clock=f"{moment.astimezone(OSLO):%H:%M:%S}"
    )
    start = first_words(draft_text(draft))
    return f"{said}: «{start}»" if start else said


def draft_text(draft: Draft) -> str:
    return str(draft.body.get("text", ""))


def first_words(text: str, most: int = 60) -> str:
    """The beginning of what was written, headings left out."""
    lines = [line.strip() for line in text.splitlines()]
    said = " ".join(line for line in lines if line and not line.endswith(":"))
    return said if len(said) <= most else f"{said[:most].rstrip()} …"


def with_template(text: str, template: NoteTemplate, untouched: frozenset[str]) -> str:
    """The text after a template was chosen: nothing that somebody wrote is ever taken away.

    `untouched` are the texts of all templates: one of them, unchanged, gives way to another.
    """
    if not text.strip() or text in untouched:
        return template.text
    present = {line.strip() for line in text.splitlines()}
    missing = [f"{heading}:" for heading in template.headings if f"{heading}:" not in present]
    if not missing:
        return text
    return text.rstrip() + "\n\n" + "".join(f"{heading}\n\n" for heading in missing)


def same_work(
    draft: Draft, encounter: Encounter | None, appointment: Appointment | None, today: date
) -> bool:
    """True for a draft that is opened at once; others are listed and opened by hand.

    Tuesday's text must never be signed into Thursday's visit by habit.
    """
    if encounter is not None and draft.encounter_id == encounter.id:
        return True
    from_today = draft.saved_at.astimezone(OSLO).date() == today
    if encounter is None and appointment is None:
        return from_today
    return from_today and draft.encounter_id is None


def started(state: VisitState, encounter: Encounter) -> VisitState:
    """The state once the store knows the visit."""
    return replace(
        state,
        encounter=encounter,
        kind=encounter.kind,
        colleagues=tuple(key for key in encounter.participants if key != state.me.id),
        problem="",
    )
