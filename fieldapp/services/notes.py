"""Drafts that survive everything, notes that never change, and addenda that show both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.lease import Area
from fieldapp.domain.notes import Draft, Note, check_signable
from fieldapp.domain.patients import Patient
from fieldapp.domain.rights import Right
from fieldapp.errors import UserError
from fieldapp.services import corrections, lease, people
from fieldapp.services.corrections import MarkView, Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session, UnitOfWork
from fieldapp.store import drafts as store_drafts
from fieldapp.store import notes as store
from fieldapp.store import patients as store_patients
from fieldapp.store import records

NOTE_FORM = "note"


class DraftGoneError(UserError):
    """This draft was signed or discarded meanwhile."""

    code = "draft_gone"


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft and whom it is about."""

    draft: Draft
    patient: Patient


@dataclass(frozen=True, slots=True)
class NoteView:
    """A signed note with the addenda to it, oldest first.

    `mark` says how a note stands that was marked as one on the wrong patient; the text of a
    `hidden` one is not told.
    """

    note: Note
    author_name: str
    addenda: tuple[NoteView, ...]
    mark: MarkView | None = None
    hidden: bool = False

    @property
    def blocked(self) -> bool:
        """True while the note waits for the record-responsible."""
        return self.mark is not None and self.mark.blocked


# --- drafts


@needs(Right.RECORD_CARE)
def new_draft(
    session: Session,
    patient_id: str,
    form: str,
    encounter_id: str | None,
    body: Mapping[str, object],
) -> Draft:
    """Store a new draft; a note's body is {"template", "text", "addendum_to"}."""
    with session.write() as unit:
        draft = Draft(
            id=session.new_id(),
            patient_id=patient_id,
            form=form,
            body=dict(body),
            saved_at=unit.now,
            encounter_id=encounter_id,
        )
        store_drafts.add(session.database, draft)
    return draft


def save_draft(session: Session, draft: Draft) -> Draft:
    """Store what is in the form now; once this returns, a power cut cannot take it.

    Raises DraftGoneError when the draft was signed or discarded meanwhile.
    """
    with session.write() as unit:
        saved = replace(draft, saved_at=unit.now, open=True)
        if not store_drafts.save(session.database, saved):
            raise DraftGoneError(draft.id)
    return saved


def close_draft(session: Session, draft_id: str) -> None:
    """Note that the form was left in order, so that the draft is no sign of a crash."""
    with session.write():
        store_drafts.close(session.database, draft_id)


def discard_draft(session: Session, draft_id: str) -> ChangeSet:
    """Delete a draft because the person said so; that it was done is logged."""
    with session.write() as unit:
        draft = store_drafts.get(session.database, draft_id)
        if draft is not None:
            store_drafts.delete(session.database, draft_id)
            unit.audit("discard", "draft", draft_id, draft.patient_id)
            unit.note_change("draft", draft_id, draft.patient_id)
    return unit.changes()


def draft(session: Session, draft_id: str) -> Draft | None:
    """One draft, or None."""
    return store_drafts.get(session.database, draft_id)


@needs(Right.READ_PATIENTS)
def interrupted_drafts(session: Session) -> list[DraftRow]:
    """Drafts whose form was on screen when the program ended; asked for once, at start."""
    return _with_patients(session, store_drafts.left_open(session.database))


@needs(Right.READ_PATIENTS)
def drafts(session: Session, patient_id: str | None = None) -> list[DraftRow]:
    """Unsigned work, newest first; of one patient where given."""
    if patient_id is None:
        return _with_patients(session, store_drafts.everything(session.database))
    return _with_patients(session, store_drafts.of_patient(session.database, patient_id))


def take_draft(unit: UnitOfWork, draft_id: str, form: str) -> Draft:
    """Take a draft out of the store because it becomes a record in this very transaction.

    Raises DraftGoneError.
    """
    found = store_drafts.get(unit.database, draft_id)
    if found is None or found.form != form:
        raise DraftGoneError(draft_id)
    store_drafts.delete(unit.database, draft_id)
    unit.note_change("draft", draft_id, found.patient_id)
    return found


# --- notes


@needs(Right.RECORD_CARE)
def sign(session: Session, draft_id: str) -> ChangeSet:
    """Turn a draft into a note that nobody can change any more; its id stays.

    Signing twice is one note. Raises NoteError("empty") and DraftGoneError; the draft then stays
    as it is.
    """
    with session.write() as unit:
        if records.exists(session.database, Note, draft_id):
            return unit.changes(draft_id)
        taken = take_draft(unit, draft_id, NOTE_FORM)
        text = str(taken.body.get("text", ""))
        check_signable(text)
        addendum_to = taken.body.get("addendum_to")
        note = _new_note(
            unit,
            taken.id,
            taken.patient_id,
            text,
            template=str(taken.body.get("template", "")),
            encounter_id=taken.encounter_id,
            addendum_to=None if addendum_to is None else _first_note(unit, str(addendum_to)).id,
        )
        unit.save(note, "sign")
    session.settle()
    return unit.changes(note.id)


@needs(Right.RECORD_CARE)
def addendum(session: Session, note_id: str, text: str) -> ChangeSet:
    """Correct or complete a signed note by a dated addition; the note itself stays as it was.

    An addendum to an addendum is one to the note itself. Raises NotFoundError, NoteError("empty"),
    CorrectionError("correction_blocked").
    """
    check_signable(text)
    with session.write() as unit:
        first = _first_note(unit, note_id)
        corrections.require_open(session, "note", first.id)
        note = _new_note(
            unit,
            session.new_id(),
            first.patient_id,
            text,
            template=first.template,
            encounter_id=first.encounter_id,
            addendum_to=first.id,
        )
        unit.save(note, "sign")
    session.settle()
    return unit.changes(note.id)


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def for_patient(session: Session, patient_id: str) -> list[NoteView]:
    """The notes of a patient, newest first, each with its addenda.

    An addendum whose note is not on this laptop stands by itself.
    """
    names = people.names(session)
    veil = Veil(session, patient_id)
    found = store.of_patient(session.database, patient_id)
    known = {note.id for note in found}
    addenda: dict[str, list[NoteView]] = {}
    for note in reversed(found):
        if note.addendum_to in known and note.addendum_to is not None:
            view = _view(note, names, veil)
            addenda.setdefault(note.addendum_to, []).append(view)
    return [
        replace(_view(note, names, veil), addenda=tuple(addenda.get(note.id, ())))
        for note in found
        if note.addendum_to not in known
    ]


def _view(note: Note, names: Mapping[str, str], veil: Veil) -> NoteView:
    """Return a note as this person may read it. An addition is blocked with its note."""
    blocking = [one for one in (note.id, note.addendum_to) if one and veil.is_blocked("note", one)]
    hidden = any(veil.hides("note", one, note.author_id) for one in blocking)
    mark = veil.view("note", (blocking or [note.id])[0], note.author_id)
    shown = replace(note, text="") if hidden else note
    return NoteView(shown, names.get(note.author_id, ""), (), mark, hidden)


def _new_note(
    unit: UnitOfWork,
    note_id: str,
    patient_id: str,
    text: str,
    *,
    template: str,
    encounter_id: str | None,
    addendum_to: str | None,
) -> Note:
    return Note(
        id=note_id,
        patient_id=patient_id,
        author_id=unit.session.user.id,
        template=template,
        text=text,
        signed_at=unit.now,
        recorded_at=unit.now,
        device_id=unit.session.device_id,
        sequence=unit.next_sequence(),
        encounter_id=encounter_id,
        addendum_to=addendum_to,
    )


def _first_note(unit: UnitOfWork, note_id: str) -> Note:
    note = records.get(unit.database, Note, note_id)
    if note is None:
        raise NotFoundError(note_id)
    if note.addendum_to is None:
        return note
    return records.get(unit.database, Note, note.addendum_to) or note


def _with_patients(session: Session, found: list[Draft]) -> list[DraftRow]:
    patients = store_patients.by_ids(session.database, [entry.patient_id for entry in found])
    return [
        DraftRow(entry, patients[entry.patient_id])
        for entry in found
        if entry.patient_id in patients
    ]
