"""Carries out what is asked on the rapid test page and keeps its state. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldapp.clock import to_iso
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.notes import Draft
from fieldapp.domain.observations import AnalyteReading, RapidTest
from fieldapp.domain.patients import Flag, Patient
from fieldapp.domain.reference import RapidTestReference
from fieldapp.domain.toxicology import Panel, RapidTestError
from fieldapp.errors import FieldAppError
from fieldapp.services import lease, notes, patients, people, rapid_tests, reference, visits
from fieldapp.services.session import Session
from ui.errors import sentence_for
from ui.rapid_test import state
from ui.rapid_test.state import RapidForm
from ui.visit.autosave import Autosave

RAPID_TEST_FORM = "rapid_test"
KNOWN_ERRORS = (FieldAppError, RapidTestError)


class RapidTestPresenter(QObject):
    """One patient's rapid tests. What is filled in is kept as a draft until it is saved.

    Attributes:
        patient, flags: whom it is about; None before the first `load`.
        form: what is filled in.
        test: the recorded test on the page, or None while the form is.
        problem: what went wrong last, as a sentence, or "".
        asked: what a refused save named as missing, as (field, words).
        autosave: when what is typed is stored.
    Signals:
        changed(): show everything again.
        wrote(ChangeSet): something was stored that other pages may show.
    """

    changed = Signal()
    wrote = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.patient: Patient | None = None
        self.flags: tuple[Flag, ...] = ()
        self.form = RapidForm()
        self.test: RapidTest | None = None
        self.problem = ""
        self.asked: list[tuple[str, str]] = []
        self._draft: Draft | None = None
        self._blank: tuple[AnalyteReading, ...] = ()
        self.autosave = Autosave(self)
        self.autosave.due.connect(self._save_draft)

    # --- what is shown

    @property
    def known(self) -> RapidTestReference:
        """Devices, reasons, limits and the statement."""
        return reference.rapid_tests()

    @property
    def panel(self) -> Panel | None:
        """The device chosen."""
        return self.known.panel(self.form.panel) if self.form.panel is not None else None

    @property
    def expected(self) -> frozenset[str]:
        """The analytes of the device for which a prescribed medicine explains a positive."""
        return frozenset(line.analyte for line in self._blank if line.expected)

    @property
    def doubts(self) -> list[str]:
        return state.form_doubts(self.form, self._session.today())

    @property
    def draft_id(self) -> str | None:
        return self._draft.id if self._draft is not None else None

    @property
    def history(self) -> list[RapidTest]:
        """The patient's tests, newest first."""
        patient_id = self._known_patient().id
        return lease.unless_closed(lambda: rapid_tests.history(self._session, patient_id)) or []

    @property
    def unfinished(self) -> list[Draft]:
        """Forms that were begun and not saved, other than the one on the page."""
        rows = notes.drafts(self._session, self._known_patient().id)
        drafts = [row.draft for row in rows if row.draft.form == RAPID_TEST_FORM]
        return [draft for draft in drafts if draft.id != self.draft_id]

    def author(self, test: RapidTest) -> str:
        return people.names(self._session).get(test.author_id, "")

    # --- opening and leaving

    def load(self, patient_id: str, draft_id: str | None = None) -> None:
        """Show a patient. Raises NotFoundError. A form left for another page is open again."""
        page = patients.page(self._session, patient_id)
        same = self.patient is not None and self.patient.id == patient_id
        if not same:
            self.leave()
            self._begin()
        self.patient, self.flags = page.patient, page.flags_shown
        self.test, self.problem, self.asked = None, "", []
        if same and self._draft is not None:
            if notes.draft(self._session, self._draft.id) is None:
                self._begin()
            else:
                self._save_draft()
        self._read_device()
        if draft_id is not None and draft_id != self.draft_id:
            self._open(draft_id)
        self.changed.emit()

    def leave(self) -> None:
        """Store what is typed; the form was left in order."""
        self.autosave.flush()
        draft = self._draft
        if draft is None:
            return
        self._try(lambda: notes.close_draft(self._session, draft.id))

    def stored_draft(self) -> str | None:
        """The id of the form's draft, once it is stored."""
        self.autosave.flush()
        return self.draft_id

    def keep(self) -> dict[str, object]:
        """The form that the store did not take."""
        if self.patient is None or not self.autosave.pending:
            return {}
        draft = self._draft
        return {
            "patient_id": self.patient.id,
            "draft_id": self.draft_id,
            "saved_at": to_iso(draft.saved_at) if draft is not None else None,
            "form": state.to_draft(self.form),
        }

    def take_back(self, kept: dict[str, Any]) -> str:
        """Put such a form back; otherwise its words, for the person to read.

        It has no place when the patient has left this laptop, or its draft was saved as a test,
        discarded or written on meanwhile.
        """
        body = kept["form"]
        words = ", ".join(str(value) for value in body.values() if value)
        try:
            self.load(str(kept["patient_id"]))
            stored = notes.draft(self._session, str(kept["draft_id"])) if kept["draft_id"] else None
        except KNOWN_ERRORS:
            return words
        if kept["draft_id"]:
            if stored is None or to_iso(stored.saved_at) != kept["saved_at"]:
                return words
            self._open(stored.id)
            self._draft = self._draft or stored  # a full disk refuses to mark it as open
        elif not self.form.empty:
            return words
        self.form = state.from_draft(body, self.known)
        self._read_device()
        self.autosave.touched()
        self._save_draft()
        self.changed.emit()
        return ""

    def refresh(self, change_set: ChangeSet) -> None:
        """Take in what others changed: header, list, and what is prescribed. Never the form."""
        patient = self.patient
        if patient is None or not change_set.touches(patient_id=patient.id):
            return
        page = patients.page(self._session, patient.id)
        self.patient, self.flags = page.patient, page.flags_shown
        self._read_device()
        self.changed.emit()

    def resume(self, draft_id: str) -> None:
        self.leave()
        self._open(draft_id)
        self.changed.emit()

    def discard(self, draft_id: str) -> None:
        """Delete an unfinished form because the person said so."""
        self._try(lambda: self.wrote.emit(notes.discard_draft(self._session, draft_id)))
        self.changed.emit()

    # --- filling in

    def choose_panel(self, panel_id: str) -> None:
        panel = self.known.panel(panel_id)
        if panel is not None:
            self._change(state.with_panel(self.form, panel))

    def choose_specimen(self, specimen: str) -> None:
        self._change(state.with_specimen(self.form, specimen, self.panel))

    def choose_supervised(self, supervised: bool) -> None:
        self._change(replace(self.form, supervised=supervised))

    def choose_temperature(self, code: str) -> None:
        self._change(replace(self.form, temperature=code))

    def choose_reason(self, code: str) -> None:
        self._change(replace(self.form, reason=code))

    def read(self, analyte: str, value: str) -> None:
        self._change(state.with_reading(self.form, analyte, value))

    def type_text(self, field: str, text: str) -> None:
        """Something was typed in "lot", "expiry", "reason_text" or "comment"."""
        self.form = state.with_text(self.form, field, text)
        self.autosave.touched()
        self._ask_again()
        self.changed.emit()

    # --- saving

    def save(self) -> None:
        """Make the record, or name what is missing. A second call finds nothing to save."""
        if self.test is not None:
            return
        self.asked = state.missing(self.form, self.known)
        if self.asked:
            self.changed.emit()
            return
        self.autosave.flush()
        patient = self._known_patient()

        def act() -> None:
            visit = visits.open_encounter(self._session, patient.id)
            entry = state.entry_of(
                self.form,
                self.draft_id or self._session.new_id(),
                patient.id,
                self._blank,
                visit.id if visit else None,
            )
            change_set = rapid_tests.record(self._session, entry)
            self._begin()
            self._show(entry.id)
            self.wrote.emit(change_set)

        self._try(act)
        self.changed.emit()

    def open_test(self, test_id: str) -> None:
        """Show a recorded test; the form is kept."""
        self._show(test_id)
        self.changed.emit()

    def back_to_form(self) -> None:
        self.test = None
        self._read_device()
        self.changed.emit()

    # --- inside

    def _known_patient(self) -> Patient:
        if self.patient is None:
            raise RuntimeError("no patient is shown")
        return self.patient

    def _begin(self) -> None:
        self.autosave.forget()
        self.form, self._draft, self._blank, self.asked = RapidForm(), None, (), []

    def _show(self, test_id: str) -> None:
        self.test = next((test for test in self.history if test.id == test_id), None)

    def _open(self, draft_id: str) -> None:
        def open_it() -> None:
            draft = notes.draft(self._session, draft_id)
            if draft is None or draft.patient_id != self._known_patient().id:
                raise notes.DraftGoneError(draft_id)
            self._begin()
            self._draft = notes.save_draft(self._session, draft)
            self.form = state.from_draft(draft.body, self.known)
            self._read_device()

        self._try(open_it)

    def _change(self, form: RapidForm) -> None:
        """Keep a choice and store it at once."""
        other_device = form.panel != self.form.panel
        self.form = form
        if other_device:
            self._read_device()
        self._ask_again()
        self._save_draft()
        self.changed.emit()

    def _ask_again(self) -> None:
        """Once a save was refused, the list of what is missing shrinks while it is filled in."""
        if self.asked:
            self.asked = state.missing(self.form, self.known)

    def _read_device(self) -> None:
        panel, patient = self.panel, self.patient
        if panel is None or patient is None:
            self._blank = ()
        else:
            self._blank = rapid_tests.blank(self._session, patient.id, panel.id)

    def _save_draft(self) -> None:
        if self.form.empty and self._draft is None:
            self.autosave.forget()
            return
        body = state.to_draft(self.form)

        def store() -> None:
            if self._draft is None:
                patient = self._known_patient()
                visit = visits.open_encounter(self._session, patient.id)
                self._draft = notes.new_draft(
                    self._session, patient.id, RAPID_TEST_FORM, visit.id if visit else None, body
                )
            else:
                draft = replace(self._draft, body=body)
                self._draft = notes.save_draft(self._session, draft)
            self.autosave.saved()

        if not self._try(store):
            self.autosave.failed()

    def _try(self, act: Callable[[], object]) -> bool:
        self.problem = ""
        try:
            act()
        except KNOWN_ERRORS as error:
            self.problem = sentence_for(error)
            return False
        return True
