"""What happens around a handout besides the dose itself. All are events unless it says otherwise.

`author_id`, `device_id` and `sequence` say who wrote an event, on which laptop and as its n-th;
`recorded_at` is when it was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PharmacyReport:
    """ "Melding fra apotek": was a day's medicine collected, and who said so."""

    id: str
    patient_id: str
    group: str
    day: date
    collected: bool
    told_by: str
    recorded_at: datetime
    author_id: str
    device_id: str
    sequence: int
    note: str = ""


class IncidentType(StrEnum):
    """What became of a dose after it was handed out. None of them opens a slot."""

    LOST = "lost"
    VOMITED = "vomited"
    SPILT = "spilt"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class DoseIncident:
    """A dose that was lost, vomited, spilt or brought back.

    `administration_ids` are the doses it is about. A new dose is another handout, and a forced one.
    """

    id: str
    patient_id: str
    type: IncidentType
    administration_ids: tuple[str, ...]
    happened_at: datetime
    recorded_at: datetime
    author_id: str
    device_id: str
    sequence: int
    minutes_after_dose: int | None = None
    witnessed: bool | None = None
    prescriber_contact: str = ""
    """Who among the prescribers was told and what was said."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SlotReopening:
    """The office's word that doses no longer close their slots: brought back, lost, or never given.

    The server owns it; `administration_ids` are those doses, `basis_id` the incident or the wish
    that it was decided on.
    """

    id: str
    patient_id: str
    administration_ids: tuple[str, ...]
    decided_by: str
    decided_at: datetime
    reason: str
    basis_id: str | None = None


@dataclass(frozen=True, slots=True)
class WitnessStatement:
    """A second person's signature: on a handout or on a line of the register.

    `late` when it came after the act, in the witness's own log-in.
    """

    id: str
    patient_id: str | None
    target_kind: str
    target_id: str
    witnessed_at: datetime
    recorded_at: datetime
    author_id: str
    """The witness."""
    device_id: str
    sequence: int
    late: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class WitnessCode:
    """How a witness's own code is recognised without a line. The server owns it.

    `id` is the practitioner's id; `verifier` an Argon2id verifier that is good for nothing else.
    """

    id: str
    verifier: str
    changed_at: datetime
    active: bool = True


class CommunicationTopic(StrEnum):
    MISSED_DAYS = "missed_days"
    DOSE = "dose"
    ORDER = "order"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Communication:
    """Contact with a prescriber about a patient's medicine (FHIR Communication)."""

    id: str
    patient_id: str
    topic: CommunicationTopic
    contacted: str
    """Who, in words: name and role."""
    happened_at: datetime
    recorded_at: datetime
    author_id: str
    device_id: str
    sequence: int
    reached: bool = True
    text: str = ""
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class MedicationDispense:
    """Something handed over to keep: naloxone kits (FHIR MedicationDispense)."""

    id: str
    patient_id: str
    product: str
    kits: int
    handed_over_at: datetime
    recorded_at: datetime
    author_id: str
    device_id: str
    sequence: int
    training_given: bool = False
    receiver: str = ""
    lot: str = ""
    expiry: date | None = None
    replaces_used: bool = False


class FollowUp(StrEnum):
    """What was done after an overdose."""

    CALLED_113 = "called_113"
    NALOXONE_GIVEN = "naloxone_given"
    HOSPITAL = "hospital"
    PRESCRIBER_TOLD = "prescriber_told"
    NEW_KIT = "new_kit"
    CONVERSATION = "conversation"
    CRISIS_PLAN = "crisis_plan"


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """An overdose and its follow-up (FHIR AdverseEvent). Edited while it is followed up."""

    id: str
    patient_id: str
    happened_at: datetime
    recorded_at: datetime
    author_id: str
    description: str = ""
    substances: str = ""
    done: tuple[FollowUp, ...] = ()
    responsible: str = ""
    due_on: date | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One planned dose of a paper sheet; whoever enters it writes the event `administration_id`."""

    code: str
    administration_id: str
    patient_id: str
    request_id: str
    day: date
    part: str
    dose_mg: Decimal | None = None


class SheetStatus(StrEnum):
    PRINTED = "printed"
    ENTERED = "entered"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class PaperSheet:
    """A printed round, for when the laptop fails. Its claims stay with their store until it is
    entered or declared void. Edited; it names patients only by id.
    """

    id: str
    printed_at: datetime
    printed_by: str
    device_id: str
    lines: tuple[SheetLine, ...] = field(default_factory=tuple)
    claim_ids: tuple[str, ...] = ()
    status: SheetStatus = SheetStatus.PRINTED
    settled_at: datetime | None = None
    settled_by: str | None = None
    reason: str = ""
