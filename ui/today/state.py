"""What the day page shows: plain rows made from what the service found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.domain.medication import HandoutStatus, MedicationAdministration
from fieldapp.domain.patients import Flag, FlagCategory
from fieldapp.domain.visits import AppointmentStatus, EncounterStatus
from fieldapp.services.today import (
    LateItem,
    OpenVisit,
    Today,
    TodayDose,
    TodayVisit,
    UnfinishedItem,
)
from ui.words import address_text, clock_text, dose_text, kind_word, long_day, near_day, word

translate = QCoreApplication.translate


class VisitState(Enum):
    """Where a visit of the day stands."""

    PLANNED = auto()
    IN_PROGRESS = auto()
    DONE = auto()
    NO_SHOW = auto()
    CANCELLED = auto()


_STATE_OF_ENCOUNTER = {
    EncounterStatus.IN_PROGRESS: VisitState.IN_PROGRESS,
    EncounterStatus.FINISHED: VisitState.DONE,
    EncounterStatus.NO_SHOW: VisitState.NO_SHOW,
}


@dataclass(frozen=True, slots=True)
class VisitRow:
    patient_id: str
    appointment_id: str | None
    time: str
    name: str
    address: str
    purpose: str
    severe: tuple[FlagCategory, ...]
    state: VisitState


@dataclass(frozen=True, slots=True)
class DoseRow:
    patient_id: str
    part: str
    name: str
    dose: str
    place: str
    status: HandoutStatus | None
    """None while nothing is recorded in the slot."""

    @property
    def answered(self) -> bool:
        return self.status is not None

    @property
    def given(self) -> bool:
        return self.status is HandoutStatus.GIVEN


@dataclass(frozen=True, slots=True)
class LateRow:
    kind: str
    patient_id: str
    ref_id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class UnfinishedRow:
    """Unsigned work. `interrupted` is true for a form that a crash left open."""

    draft_id: str
    patient_id: str
    form: str
    name: str
    text: str
    interrupted: bool
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DayView:
    title: str
    summary: str
    visits: tuple[VisitRow, ...]
    doses: tuple[DoseRow, ...]
    late: tuple[LateRow, ...]
    unfinished: tuple[UnfinishedRow, ...]


def day_view(today: Today) -> DayView:
    """Make the rows of the day: planned visits first, then those begun without a plan."""
    planned = [_visit(visit) for visit in today.visits]
    known = {visit.appointment_id for visit in planned}
    begun = [
        _begun(visit) for visit in today.open_visits if visit.encounter.appointment_id not in known
    ]
    visits = (*planned, *begun)
    doses = tuple(_dose(dose) for dose in today.doses)
    late = tuple(_late(item, today.day) for item in today.late)
    return DayView(
        title=_title(today.day),
        summary=_summary(visits, doses, late),
        visits=visits,
        doses=doses,
        late=late,
        unfinished=tuple(_unfinished(item) for item in today.unfinished),
    )


def _title(day: date) -> str:
    text = long_day(day)
    return text[:1].upper() + text[1:]


def _summary(
    visits: tuple[VisitRow, ...], doses: tuple[DoseRow, ...], late: tuple[LateRow, ...]
) -> str:
    done = sum(visit.state is VisitState.DONE for visit in visits)
    answered = sum(dose.answered for dose in doses)
    parts = [
        translate("today", "{done} av {all} besøk utført").format(done=done, all=len(visits))
        if visits
        else translate("today", "Ingen besøk"),
        translate("today", "{done} av {all} doser ført").format(done=answered, all=len(doses))
        if doses
        else translate("today", "ingen doser"),
    ]
    if late:
        parts.append(translate("today", "{count} forsinket").format(count=len(late)))
    return " · ".join(parts)


def _visit(visit: TodayVisit) -> VisitRow:
    appointment, patient = visit.appointment, visit.patient
    purpose = appointment.purpose.strip()
    kind = word(appointment.kind)
    return VisitRow(
        patient_id=patient.id,
        appointment_id=appointment.id,
        time=appointment.time or "",
        name=patient.name,
        address=address_text(patient),
        purpose=f"{kind} · {purpose}" if purpose else kind,
        severe=_categories(visit.flags_severe),
        state=_state(visit),
    )


def _categories(flags: tuple[Flag, ...]) -> tuple[FlagCategory, ...]:
    return tuple(dict.fromkeys(flag.category for flag in flags))


def _begun(visit: OpenVisit) -> VisitRow:
    encounter, patient = visit.encounter, visit.patient
    return VisitRow(
        patient_id=patient.id,
        appointment_id=encounter.appointment_id,
        time=clock_text(encounter.started_at),
        name=patient.name,
        address=address_text(patient),
        purpose=word(encounter.kind),
        severe=_categories(visit.flags_severe),
        state=_STATE_OF_ENCOUNTER[encounter.status],
    )


def _state(visit: TodayVisit) -> VisitState:
    if visit.encounter is not None:
        return _STATE_OF_ENCOUNTER[visit.encounter.status]
    if visit.appointment.status is AppointmentStatus.CANCELLED:
        return VisitState.CANCELLED
    return VisitState.PLANNED


def _dose(dose: TodayDose) -> DoseRow:
    slot = dose.slot
    standing = _deciding(dose.standing)
    return DoseRow(
        patient_id=dose.patient.id,
        part=word(slot.key.part),
        name=dose.patient.name,
        dose=f"{slot.request.product} · {dose_text(slot.dose_mg, slot.dose_ml)}",
        place=word(slot.request.place),
        status=standing.status if standing else None,
    )


def _deciding(events: tuple[MedicationAdministration, ...]) -> MedicationAdministration | None:
    """A given dose decides the slot; else the last thing that was recorded in it."""
    given = [event for event in events if event.status is HandoutStatus.GIVEN]
    standing = given or list(events)
    return standing[-1] if standing else None


_LATE_TEXTS: dict[str, object] = {
    "dose": QT_TRANSLATE_NOOP("today", "Dose ikke ført"),
    "visit": QT_TRANSLATE_NOOP("today", "Besøk ikke utført"),
    "draft": QT_TRANSLATE_NOOP("today", "Usignert utkast"),
    "case_review": QT_TRANSLATE_NOOP("today", "Gjennomgang er over tiden"),
}


def _late(item: LateItem, today: date) -> LateRow:
    text = translate("today", str(_LATE_TEXTS[item.kind]))
    since = near_day(item.day, today)
    return LateRow(item.kind, item.patient.id, item.ref_id, item.patient.name, f"{text} · {since}")


def _unfinished(item: UnfinishedItem) -> UnfinishedRow:
    draft = item.draft
    saved = translate("today", "{form}, sist lagret {clock}").format(
        form=kind_word(draft.form), clock=clock_text(draft.saved_at)
    )
    return UnfinishedRow(
        draft.id, draft.patient_id, draft.form, item.patient.name, saved, draft.open, draft.body
    )
