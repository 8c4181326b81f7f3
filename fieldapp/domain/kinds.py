"""The kinds of record that travel, and what each does when two sides disagree.

This is the one table that the store, the sync client and the server share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.domain.notes import Note
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.domain.patients import Assignment, Contact, Flag, Patient, Practitioner
from fieldapp.domain.visits import Appointment, Encounter


class Policy(StrEnum):
    """What happens to a record that exists on both sides."""

    EVENT = "event"
    """Immutable, union, unique by id; the same id with another body is refused and parked."""
    EDITED = "edited"
    """Merged by field against the base version; the same field changed twice waits for a person."""
    SERVER = "server"
    """The server's alone; a laptop cannot push it."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    value_type: type
    policy: Policy

    def check(self, record_id: str, patient_id: str | None, body: Mapping[str, Any]) -> None:
        """Raise BodyError when the body cannot be read as this kind, or is another's record."""
        from_body(self.value_type, body)
        if body.get("id") != record_id:
            raise BodyError("id", "another record")
        owner = record_id if self.name == "patient" else body.get("patient_id")
        if owner != patient_id:
            raise BodyError("patient_id", "another patient")


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("practitioner", Practitioner, Policy.SERVER),
        Kind("patient", Patient, Policy.EDITED),
        Kind("assignment", Assignment, Policy.SERVER),
        Kind("flag", Flag, Policy.EDITED),
        Kind("contact", Contact, Policy.EDITED),
        Kind("medication_request", MedicationRequest, Policy.SERVER),
        Kind("appointment", Appointment, Policy.EDITED),
        Kind("encounter", Encounter, Policy.EDITED),
        Kind("medication_administration", MedicationAdministration, Policy.EVENT),
        Kind("note", Note, Policy.EVENT),
        Kind("screening_response", ScreeningResponse, Policy.EVENT),
        Kind("rapid_test", RapidTest, Policy.EVENT),
    )
}
"""In the order in which dependants come after what they point to."""

_NAMES = {kind.value_type: kind.name for kind in KINDS.values()}


def name_of(value: object) -> str:
    """Return the kind name of a domain value; KeyError for a value that does not travel."""
    return _NAMES[type(value)]


def kind_of(value_type: type) -> str:
    """Return the kind name of a domain class; KeyError for a class that does not travel."""
    return _NAMES[value_type]


def policy_of(kind: str) -> Policy:
    """Unknown kinds come from a newer version; they are treated as events and kept verbatim."""
    known = KINDS.get(kind)
    return known.policy if known else Policy.EVENT
