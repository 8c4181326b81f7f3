"""What the timeline tells of an event around a handout, as codes and figures."""

from __future__ import annotations

from typing import Any, Final

from fieldapp.domain.handout_events import (
    AdverseEvent,
    Communication,
    DoseIncident,
    MedicationDispense,
    PharmacyReport,
    SlotReopening,
)

EVENTS: Final = (
    AdverseEvent,
    Communication,
    DoseIncident,
    MedicationDispense,
    PharmacyReport,
    SlotReopening,
)


def author_of(value: Any) -> str:
    """Return who wrote it; of a slot that was opened again, who decided that."""
    return str(value.decided_by if isinstance(value, SlotReopening) else value.author_id)


def title_code(value: Any) -> str:
    """Return the kind's own code. Raises TypeError for what is none of `EVENTS`."""
    match value:
        case DoseIncident():
            return value.type.value
        case Communication():
            return value.topic.value
        case PharmacyReport():
            return "collected" if value.collected else "not_collected"
        case MedicationDispense():
            return value.product
        case AdverseEvent() | SlotReopening():
            return ""
        case _:
            raise TypeError(type(value).__name__)


def status(value: Any) -> str:
    """Return "open" or "closed" of an overdose, "not_reached" of a contact; "" otherwise."""
    match value:
        case AdverseEvent():
            return "closed" if value.closed else "open"
        case Communication() if not value.reached:
            return "not_reached"
        case _:
            return ""


def detail(value: Any) -> dict[str, Any]:
    """Return what is told beside the title; {} for what is none of `EVENTS`."""
    match value:
        case DoseIncident():
            return {
                "doses": len(value.administration_ids),
                "minutes": value.minutes_after_dose,
                "witnessed": value.witnessed,
                "contact": value.prescriber_contact,
                "text": value.text,
            }
        case PharmacyReport():
            return {"day": value.day, "told_by": value.told_by, "text": value.note}
        case Communication():
            return {"contacted": value.contacted, "text": value.text}
        case MedicationDispense():
            return {"kits": value.kits, "training": value.training_given}
        case AdverseEvent():
            return {
                "text": value.description,
                "done": tuple(step.value for step in value.done),
                "responsible": value.responsible,
                "due_on": value.due_on,
            }
        case SlotReopening():
            return {"doses": len(value.administration_ids), "text": value.reason}
        case _:
            return {}
