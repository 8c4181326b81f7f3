"""Carries out what is asked on the visit page and keeps its state. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from fieldapp.clock import to_iso
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.notes import Draft, NoteError
from fieldapp.domain.visits import Appointment, Encounter, VisitError, VisitKind
from fieldapp.errors import FieldAppError
from fieldapp.services import lease, notes, patients, people, reference, visits
from fieldapp.services.notes import NOTE_FORM, NoteView
from fieldapp.services.session import Session
from ui.errors import sentence, sentence_for
from ui.visit.autosave import Autosave
from ui.visit.state import (
    NoteState,
    Phase,
    VisitState,
    draft_text,
    end_time,
    first_words,
    same_work,
    started,
    with_template,
)

KNOWN_ERRORS = (FieldAppError, VisitError, NoteError)


class VisitPresenter(QObject):
    """One visit and its note.

    Attributes:
        visit: the visit's state; None before the first `load`.
        note: the note's state.
        autosave: when the text is stored.
    Signals:
        visit_changed(): `visit` is new.
        note_changed(): `note` is new in more than its saved line.
        line_changed(): only the line under the editor is new.
        text_replaced(str): the editor is to show this text; only when other work begins in it.
        wrote(ChangeSet): something was stored that other pages may show.
        said(str): what was just done, for the snackbar.
    """

    visit_changed = Signal()
    note_changed = Signal()
    line_changed = Signal()
    text_replaced = Signal(str)
    wrote = Signal(object)
    said = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.visit: VisitState | None = None
        self.note = NoteState()
        self._text = ""
        self._writing_own = False
        self.autosave = Autosave(self)
        self.autosave.due.connect(self.save)

    # --- opening and leaving

    def load(self, patient_id: str, appointment_id: str | None) -> None:
        """Show a patient's visit. Raises NotFoundError. Work already open here stays open."""
        session = self._session
        page = patients.page(session, patient_id)
        same = self.visit is not None and self.visit.patient.id == patient_id
        if not same:
            self.leave()
            if self.autosave.pending:
                return  # what could not be stored stays on the screen, whoever was asked for
            self.note = NoteState()
        appointment = self._appointment(patient_id, appointment_id, page.next_appointment)
        encounter = visits.open_encounter(session, patient_id)
        if appointment is not None and encounter is None:
            encounter = visits.of_appointment(session, appointment.id)
        state = VisitState(
            patient=page.patient,
            flags=page.flags_shown,
            me=session.user,
            staff=tuple(visits.staff(session)),
            names=people.names(session),
            appointment=appointment,
            kind=appointment.kind if appointment else VisitKind.HOME,
        )
        self.visit = started(state, encounter) if encounter else state
        if self.note.draft is None and not self._text.strip():
            self._begin_note()
        self._look_for_drafts()
        if self.note.draft is None:
            self._open_own_draft()
        self._show_signed()
        self.visit_changed.emit()
        self.note_changed.emit()

    def leave(self) -> None:
        """Store the text and note that its form was left in order.

        What could not be stored stays on the screen, with its red line.
        """
        if self._put_away() and self.note.draft is not None:
            self._begin_note()
            self.note_changed.emit()

    def draft_id(self) -> str | None:
        """The draft of the text on the page, once it is stored; None while there is none."""
        self.autosave.flush()
        return self.note.draft.id if self.note.draft is not None else None

    def keep(self) -> dict[str, object]:
        """The text that the store did not take, and what it belongs to."""
        state, draft, addendum_to = self.visit, self.note.draft, self.note.addendum_to
        if state is None or not self.autosave.pending:
            return {}
        return {
            "addendum_to_id": addendum_to.note.id if addendum_to else None,
            "patient_id": state.patient.id,
            "appointment_id": state.appointment.id if state.appointment else None,
            "draft_id": draft.id if draft else None,
            "saved_at": to_iso(draft.saved_at) if draft else None,
            "template": self.note.template,
            "text": self._text,
        }

    def take_back(self, kept: dict[str, object]) -> bool:
        """Put such a text back into the editor, to be stored when the store takes it.

        False when it has no place: the patient or the note that it adds to has left this laptop,
        or its draft was signed, discarded or written on meanwhile.
        """
        patient_id, draft_id = str(kept["patient_id"]), kept["draft_id"]
        appointment_id = kept["appointment_id"]
        try:
            self.load(patient_id, str(appointment_id) if appointment_id else None)
            draft = notes.draft(self._session, str(draft_id)) if draft_id else None
        except KNOWN_ERRORS:
            return False
        if draft_id is not None:
            if draft is None or to_iso(draft.saved_at) != kept["saved_at"]:
                return False
            self.open_draft(draft.id)
        elif self.note.draft is not None or self._text.strip():
            return False
        elif kept["addendum_to_id"] is not None:
            self.write_addendum(str(kept["addendum_to_id"]))
            if self.note.addendum_to is None:
                return False
        self.note = replace(self.note, template=str(kept["template"]))
        self._text = str(kept["text"])
        self.text_replaced.emit(self._text)
        self.autosave.touched()
        self.save()
        self.note_changed.emit()
        return True

    def refresh(self, change_set: ChangeSet) -> None:
        """Take in what others changed: the header, never the form."""
        state = self.visit
        if state is None or self._writing_own:
            return
        if not change_set.touches(patient_id=state.patient.id):
            return
        page = patients.page(self._session, state.patient.id)
        self.visit = replace(
            state,
            patient=page.patient,
            flags=page.flags_shown,
        )
        self.visit_changed.emit()

    @property
    def now(self) -> datetime:
        return self._session.clock.now()

    # --- the visit

    def choose_kind(self, kind: VisitKind) -> None:
        state = self._state()
        if state.phase is Phase.RUNNING and state.encounter is not None:
            self._update_visit(lambda key: visits.update(self._session, key, kind=kind))
            return
        self._set_visit(replace(state, kind=kind, problem=""))

    def choose_colleague(self, practitioner_id: str, along: bool) -> None:
        state = self._state()
        chosen = [key for key in state.colleagues if key != practitioner_id]
        if along:
            chosen.append(practitioner_id)
        if state.phase is Phase.RUNNING:
            everyone = (state.me.id, *chosen)
            self._update_visit(lambda key: visits.update(self._session, key, participants=everyone))
            return
        self._set_visit(replace(state, colleagues=tuple(chosen), problem=""))

    def start(self) -> None:
        """Begin the visit. Text that is already being written becomes its note."""
        state = self._state()
        if state.phase is not Phase.READY:
            return
        appointment_id = state.appointment.id if state.appointment else None

        def begin() -> ChangeSet:
            return visits.start(
                self._session, state.patient.id, state.kind, state.participants, appointment_id
            )

        if self._visit_act(begin):
            self._attach_draft()
            self.said.emit(self.tr("Besøket er startet"))

    def set_travel(self, minutes: int | None) -> None:
        state = self._state()
        known = state.encounter.travel_minutes if state.encounter else None
        if minutes is None or minutes == known:
            return
        self._update_visit(lambda key: visits.update(self._session, key, travel_minutes=minutes))

    def finish(self, end: tuple[int, int] | None = None) -> None:
        """End the visit now, or at a local (hour, minute)."""
        state = self._state()
        encounter = state.encounter
        if encounter is None or state.phase is not Phase.RUNNING:
            return
        ended_at = end_time(encounter.started_at, *end) if end else None
        if ended_at is not None and ended_at > self.now:
            said = self.tr("Sluttiden er frem i tid. Ingenting er skrevet. Rett klokkeslettet.")
            self._set_visit(replace(state, problem=said))
            return
        if self._update_visit(lambda key: visits.finish(self._session, key, ended_at)):
            self.said.emit(self.tr("Besøket er avsluttet"))

    def no_show(self, reason: str) -> None:
        state = self._state()
        if state.appointment is None or state.phase is not Phase.READY:
            return
        appointment_id = state.appointment.id
        if self._visit_act(lambda: visits.no_show(self._session, appointment_id, reason)):
            self._attach_draft()
            self.said.emit(self.tr("Ikke møtt er ført"))

    # --- the note

    def text_changed(self, text: str) -> None:
        """Something was typed."""
        if text == self._text:
            return
        self._text = text
        if self.note.draft is None and not text.strip():
            self.autosave.forget()
            self._set_note(unsaved=False, error="")
            return
        self.autosave.touched()
        self._set_note(unsaved=True, error="")

    def choose_template(self, code: str) -> str:
        """Return the editor's text after a template was chosen."""
        template = reference.note_template(code)
        if template is None:
            return self._text
        self.note = replace(self.note, template=code)
        untouched = frozenset(entry.text for entry in reference.note_templates().templates)
        text = with_template(self._text, template, untouched)
        if text == self._text and self.note.draft is not None:
            self.autosave.touched()
        self.note_changed.emit()
        return text

    def save(self) -> None:
        """Store the text. It is called saved only after the store has answered."""
        state = self.visit
        if state is None:
            return
        body = {
            "template": self.note.template,
            "text": self._text,
            "addendum_to": self.note.addendum_to.note.id if self.note.addendum_to else None,
        }
        encounter_id = state.encounter.id if state.encounter else None
        draft = self.note.draft
        try:
            if draft is None:
                saved = notes.new_draft(
                    self._session, state.patient.id, NOTE_FORM, encounter_id, body
                )
            else:
                kept = draft.encounter_id or encounter_id
                saved = notes.save_draft(
                    self._session, replace(draft, body=dict(body), encounter_id=kept)
                )
        except Exception as error:  # whatever happens, the text stays and the user is told
            self.autosave.failed()
            self._set_note(error=sentence_for(error))
            return
        self.autosave.saved()
        self._set_note(draft=saved, unsaved=False, error="")

    def retry(self) -> None:
        self.autosave.pending = True
        self.save()

    def ask_sign(self) -> None:
        """Show what would be signed; the second Ctrl+Enter signs."""
        if not self.note.writing:
            return
        self.autosave.flush()
        if self.autosave.pending:
            return
        if self.note.draft is None or not self._text.strip():
            self._set_note(error=sentence("empty"))
            return
        self.note = replace(self.note, confirming=True)
        self.note_changed.emit()

    def cancel_sign(self) -> None:
        self.note = replace(self.note, confirming=False)
        self.note_changed.emit()

    def sign(self) -> None:
        """Turn the draft into a signed note; when it is refused, the draft stays as it is."""
        self.autosave.flush()
        draft = self.note.draft
        if draft is None or self.autosave.pending:
            return
        try:
            changes = notes.sign(self._session, draft.id)
        except KNOWN_ERRORS as error:
            self.note = replace(self.note, confirming=False, error=sentence_for(error))
            self.note_changed.emit()
            return
        self.autosave.forget()
        addendum = self.note.addendum_to is not None
        self._begin_note(writing=False)
        self._look_for_drafts()
        self._show_signed(newly=changes.created_id)
        self.note_changed.emit()
        self._announce(changes)
        self.said.emit(
            self.tr("Tillegget er signert og låst")
            if addendum
            else self.tr("Notatet er signert og låst")
        )

    def write_addendum(self, note_id: str) -> None:
        """Begin a dated addition to a signed note."""
        view = next((view for view in self.note.signed if view.note.id == note_id), None)
        if view is None:
            return
        if not self._put_away():
            return
        self._begin_note(addendum_to=view, template=view.note.template)
        self._look_for_drafts()
        self.note_changed.emit()

    def write_new(self) -> None:
        """Begin another note beside the signed ones."""
        if not self._put_away():
            return
        self._begin_note()
        self._look_for_drafts()
        self.note_changed.emit()

    def open_draft(self, draft_id: str) -> None:
        """Go on with a draft: one that a crash left open (recover), or one left in order."""
        if not self._put_away():
            return
        draft = notes.draft(self._session, draft_id)
        if draft is not None:
            self._take_up(draft)
        self._look_for_drafts()
        self._show_signed()
        self.visit_changed.emit()
        self.note_changed.emit()

    def discard(self, draft_id: str) -> None:
        """Delete a draft because the user said so."""
        try:
            changes = notes.discard_draft(self._session, draft_id)
        except KNOWN_ERRORS as error:
            self._set_note(error=sentence_for(error))
            return
        self._look_for_drafts()
        self.note_changed.emit()
        self._announce(changes)
        self.said.emit(self.tr("Utkastet er forkastet"))

    # --- within

    def _state(self) -> VisitState:
        assert self.visit is not None
        return self.visit

    def _set_visit(self, state: VisitState) -> None:
        self.visit = state
        self.visit_changed.emit()

    def _set_note(
        self,
        *,
        draft: Draft | None = None,
        unsaved: bool | None = None,
        error: str | None = None,
    ) -> None:
        note = self.note
        self.note = replace(
            note,
            draft=draft or note.draft,
            unsaved=note.unsaved if unsaved is None else unsaved,
            error=note.error if error is None else error,
        )
        self.line_changed.emit()

    def _announce(self, changes: ChangeSet) -> None:
        """Tell other screens; this one knows already."""
        self._writing_own = True
        try:
            self.wrote.emit(changes)
        finally:
            self._writing_own = False

    def _visit_act(self, act: Callable[[], ChangeSet]) -> bool:
        """Do something to the visit; a refusal is said beside its buttons."""
        state = self._state()
        try:
            changes = act()
            key = changes.created_id or (state.encounter.id if state.encounter else "")
            encounter = visits.encounter(self._session, key)
        except KNOWN_ERRORS as error:
            self._set_visit(replace(state, problem=sentence_for(error)))
            return False
        if encounter is not None:
            self._set_visit(started(state, encounter))
        self._announce(changes)
        return True

    def _update_visit(self, act: Callable[[str], ChangeSet]) -> bool:
        encounter = self._state().encounter
        return encounter is not None and self._visit_act(lambda: act(encounter.id))

    def _attach_draft(self) -> None:
        """Text written before the visit began belongs to the visit."""
        if self.note.draft is not None and self.note.draft.encounter_id is None:
            self.autosave.pending = True
            self.save()
        self.note_changed.emit()

    def _appointment(
        self, patient_id: str, appointment_id: str | None, planned: Appointment | None
    ) -> Appointment | None:
        """The plan this visit answers: the one asked for, else one's own of today not yet done."""
        session = self._session
        if appointment_id is not None:
            return visits.appointment(session, appointment_id)
        mine = (
            planned is not None
            and planned.patient_id == patient_id
            and planned.day == session.today()
            and planned.practitioner_id == session.user.id
        )
        if not mine or planned is None or visits.of_appointment(session, planned.id) is not None:
            return None
        return planned

    def _begin_note(
        self, *, template: str = "", addendum_to: NoteView | None = None, writing: bool = True
    ) -> None:
        """An empty editor; nothing is stored before the first letter."""
        self.autosave.forget()
        self._text = ""
        self.note = NoteState(
            template=template,
            addendum_to=addendum_to,
            writing=writing,
            signed=self.note.signed,
        )
        self.text_replaced.emit("")

    def _put_away(self) -> bool:
        """Store and close what is being written, because other work takes its place."""
        self.autosave.flush()
        if self.autosave.pending:
            return False
        draft = self.note.draft
        if draft is None:
            return True
        try:
            if first_words(self._text):
                notes.close_draft(self._session, draft.id)
            else:
                # Nothing but headings: no unsigned work that somebody would have to look after.
                notes.discard_draft(self._session, draft.id)
        except KNOWN_ERRORS as error:
            self._set_note(error=sentence_for(error))
            return False
        return True

    def _take_up(self, draft: Draft) -> None:
        addendum_to = draft.body.get("addendum_to")
        view = self._signed_view(str(addendum_to)) if addendum_to else None
        self._begin_note(template=str(draft.body.get("template", "")), addendum_to=view)
        state = self._state()
        if state.encounter is None and draft.encounter_id is not None:
            encounter: Encounter | None = visits.encounter(self._session, draft.encounter_id)
            if encounter is not None:
                self.visit = started(state, encounter)
        self._text = draft_text(draft)
        self.note = replace(self.note, draft=draft)
        try:
            # Open again from now on: a crash from here is one while this text was on screen.
            self.note = replace(self.note, draft=notes.save_draft(self._session, draft))
        except KNOWN_ERRORS as error:
            self.note = replace(self.note, error=sentence_for(error))
        self.text_replaced.emit(self._text)

    def _look_for_drafts(self) -> None:
        patient_id = self._state().patient.id
        own = self.note.draft.id if self.note.draft else None
        found = [
            row.draft
            for row in notes.drafts(self._session, patient_id)
            if row.draft.form == NOTE_FORM and row.draft.id != own
        ]
        self.note = replace(
            self.note,
            interrupted=tuple(draft for draft in found if draft.open),
            others=tuple(draft for draft in found if not draft.open),
        )

    def _open_own_draft(self) -> None:
        state = self._state()
        today = self._session.today()
        for draft in self.note.others:
            if same_work(draft, state.encounter, state.appointment, today):
                self._take_up(draft)
                self._look_for_drafts()
                return

    def _show_signed(self, newly: str | None = None) -> None:
        """Show the visit's signed notes, and what was signed on this page without a visit."""
        state = self._state()
        kept = {view.note.id for view in self.note.signed} | {newly}
        found = tuple(
            view
            for view in self._notes_of(state.patient.id)
            if _belongs(view, state.encounter, kept)
        )
        writing = self.note.writing and (not found or self.note.draft is not None)
        self.note = replace(self.note, signed=found, writing=writing or not found)

    def _notes_of(self, patient_id: str) -> list[NoteView]:
        return lease.unless_closed(lambda: notes.for_patient(self._session, patient_id)) or []

    def _signed_view(self, note_id: str) -> NoteView | None:
        found: Iterable[NoteView] = self._notes_of(self._state().patient.id)
        return next((view for view in found if view.note.id == note_id), None)


def _belongs(view: NoteView, encounter: Encounter | None, kept: set[str | None]) -> bool:
    if view.note.id in kept or any(addendum.note.id in kept for addendum in view.addenda):
        return True
    return encounter is not None and view.note.encounter_id == encounter.id
