"""This person's drafts on another laptop: shown apart, never joined with one here by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.clock import to_iso
from fieldapp.domain.lease import Area
from fieldapp.domain.notes import Draft
from fieldapp.domain.patients import Patient
from fieldapp.domain.rights import Right
from fieldapp.domain.visits import Encounter
from fieldapp.services import lease, notes
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import drafts, records, state
from fieldapp.store import patients as store_patients

_TAKEN = "taken_draft."
"""Key of the store's memory, followed by the draft's id; its value is the state taken over."""


@dataclass(frozen=True, slots=True)
class OtherDraft:
    """A draft as it stands on another laptop of the same person."""

    draft: Draft
    device_id: str
    device_name: str


@needs(Right.READ_PATIENTS)
def everything(session: Session) -> list[tuple[OtherDraft, Patient]]:
    """Drafts on this person's other laptops about patients who are here, newest first."""
    found = lease.narrowed(
        session, Area.OLDER_NOTES, _found(session, None), lambda one: one.draft.patient_id
    )
    patients = store_patients.by_ids(session.database, {one.draft.patient_id for one in found})
    return [
        (one, patients[one.draft.patient_id]) for one in found if one.draft.patient_id in patients
    ]


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def of_patient(session: Session, patient_id: str) -> list[OtherDraft]:
    """Drafts about a patient on this person's other laptops, newest first.

    One that was taken over is left out until it is changed over there.
    """
    return _found(session, patient_id)


def _found(session: Session, patient_id: str | None) -> list[OtherDraft]:
    return [
        OtherDraft(found.draft, found.device_id, found.device_name)
        for found in drafts.foreign(session.database, patient_id)
        if state.read(session.database, _TAKEN + found.draft.id) != to_iso(found.draft.saved_at)
    ]


@needs(Right.RECORD_CARE)
def take_over(session: Session, patient_id: str, draft_id: str) -> Draft:
    """Begin a draft here with the text of the one over there, which stays as it is.

    Returns the new draft, which has an id of its own. Raises NotFoundError.
    """
    found = next((one for one in of_patient(session, patient_id) if one.draft.id == draft_id), None)
    if found is None:
        raise NotFoundError(draft_id)
    theirs = found.draft
    visit = theirs.encounter_id
    if visit is not None and not records.exists(session.database, Encounter, visit):
        visit = None  # begun over there and not sent yet; the text is what matters
    made = notes.new_draft(session, patient_id, theirs.form, visit, theirs.body)
    state.write(session.database, _TAKEN + theirs.id, to_iso(theirs.saved_at))
    return made
