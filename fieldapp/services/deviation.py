"""A deviation report as text for the organisation's own system. Nothing of it is stored here.

The facts name nobody: neither patient nor staff. What else the person adds stands in their words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from fieldapp.domain.medication import MedicationAdministration, MedicationRequest, Part
from fieldapp.domain.reference import CodedText
from fieldapp.domain.rights import Right
from fieldapp.services import corrections, reference
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records


@dataclass(frozen=True, slots=True)
class DeviationFacts:
    """What is known of a handout without saying whose it was. All None for a report by itself."""

    product: str = ""
    strength: str = ""
    dose_mg: Decimal | None = None
    day: date | None = None
    part: Part | None = None
    given_at: datetime | None = None
    forced: bool = False
    retrospective: bool = False


def types() -> tuple[CodedText, ...]:
    """The kinds of deviation."""
    return reference.events().deviation_types


@needs(Right.READ_PATIENTS)
def facts(session: Session, administration_id: str | None = None) -> DeviationFacts:
    """The facts that a report may start from.

    Raises NotFoundError; CorrectionError("correction_blocked") for a dose said to be somebody
    else's.
    """
    if administration_id is None:
        return DeviationFacts()
    event = records.get(session.database, MedicationAdministration, administration_id)
    if event is None:
        raise NotFoundError(administration_id)
    corrections.require_open(session, "medication_administration", event.id)
    order = records.get(session.database, MedicationRequest, event.request_id)
    return DeviationFacts(
        product=order.product if order is not None else "",
        strength=order.strength if order is not None else "",
        dose_mg=event.dose_mg,
        day=event.day,
        part=event.part,
        given_at=event.given_at,
        forced=event.forced is not None,
        retrospective=event.retrospective,
    )


@needs(Right.RECORD_CARE)
def note_copied(session: Session, patient_id: str, administration_id: str | None) -> None:
    """Write down that a report was taken out of the program; the text itself is not kept."""
    with session.write() as unit:
        kind = "medication_administration" if administration_id is not None else None
        unit.audit("deviation_report", kind, administration_id, patient_id)
