"""The kinds of record that travel: their names, their values and how a body is checked.

What each kind does when two sides disagree stands in `fieldapp.domain.merge.RULES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldapp.domain.claims import Claim
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.corrections import Deletion, EntryCorrection
from fieldapp.domain.handout_events import (
    AdverseEvent,
    Communication,
    DoseIncident,
    MedicationDispense,
    PaperSheet,
    PharmacyReport,
    SlotReopening,
    WitnessCode,
    WitnessStatement,
)
from fieldapp.domain.issues import DetectedIssue
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.domain.merge import RULES, Policy, Rule, policy_of
from fieldapp.domain.notes import Note
from fieldapp.domain.observations import RapidTest, ScreeningResponse
from fieldapp.domain.patients import Assignment, Contact, Flag, Patient, Practitioner
from fieldapp.domain.proposals import Proposal
from fieldapp.domain.supply import SupplyMovement
from fieldapp.domain.visits import Appointment, Encounter

__all__ = ["KINDS", "Kind", "Policy", "kind_of", "name_of", "policy_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    value_type: type

    @property
    def rule(self) -> Rule:
        return RULES[self.name]

    @property
    def policy(self) -> Policy:
        return RULES[self.name].policy

    def check(
        self,
        record_id: str,
        patient_id: str | None,
        body: Mapping[str, Any],
        *,
        from_server: bool = False,
    ) -> None:
        """Raise BodyError when the body cannot be read as this kind, or is another's record.

        A body that came from the server may name another patient than its envelope: two patients
        were joined there, and what was signed of one stands under the other word for word.
        """
        from_body(self.value_type, body)
        if body.get("id") != record_id:
            raise BodyError("id", "another record")
        owner = record_id if self.name == "patient" else body.get("patient_id")
        joined = from_server and self.name != "patient" and None not in (owner, patient_id)
        if owner != patient_id and not joined:
            raise BodyError("patient_id", "another patient")


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("practitioner", Practitioner),
        Kind("patient", Patient),
        Kind("assignment", Assignment),
        Kind("flag", Flag),
        Kind("contact", Contact),
        Kind("medication_request", MedicationRequest),
        Kind("proposal", Proposal),
        Kind("appointment", Appointment),
        Kind("encounter", Encounter),
        Kind("medication_administration", MedicationAdministration),
        Kind("detected_issue", DetectedIssue),
        Kind("note", Note),
        Kind("screening_response", ScreeningResponse),
        Kind("rapid_test", RapidTest),
        Kind("claim", Claim),
        Kind("slot_reopening", SlotReopening),
        Kind("witness_code", WitnessCode),
        Kind("pharmacy_report", PharmacyReport),
        Kind("dose_incident", DoseIncident),
        Kind("witness_statement", WitnessStatement),
        Kind("communication", Communication),
        Kind("medication_dispense", MedicationDispense),
        Kind("adverse_event", AdverseEvent),
        Kind("paper_sheet", PaperSheet),
        Kind("supply_movement", SupplyMovement),
        Kind("entry_correction", EntryCorrection),
        Kind("deletion", Deletion),
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
