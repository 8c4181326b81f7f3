"""Carries out what is asked on the screening page and keeps its state. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto

from PySide6.QtCore import QObject, Signal

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.notes import Draft
from fieldapp.domain.observations import ScreeningResponse
from fieldapp.domain.patients import Flag, Patient
from fieldapp.domain.screening.flow import AnswerError
from fieldapp.domain.screening.instruments import Instrument
from fieldapp.domain.screening.scoring import Score
from fieldapp.errors import FieldAppError
from fieldapp.services import lease, notes, patients, people, screening, visits
from fieldapp.services.screening import SCREENING_FORM, Trend
from fieldapp.services.session import Session
from ui.errors import sentence_for
from ui.screening import state
from ui.screening.state import Form
from ui.screening.words import form_score

KNOWN_ERRORS = (FieldAppError, AnswerError)


class Phase(Enum):
    """What is on the page."""

    CHOOSE = auto()
    ASK = auto()
    SUMMARY = auto()
    RESULT = auto()


class ScreeningPresenter(QObject):
    """One patient's questionnaires. Every answer is in the store before it is shown as given.

    Attributes:
        patient, flags: whom it is about; None before the first `load`.
        form: the questionnaire being answered, or None.
        response: the result on the page, or None.
        saved_at: when the form was stored last.
        problem: what went wrong last, as a sentence, or "".
    Signals:
        changed(): show everything again.
        wrote(ChangeSet): something was stored that other pages may show.
        said(str): what was just done.
    """

    changed = Signal()
    wrote = Signal(object)
    said = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.patient: Patient | None = None
        self.flags: tuple[Flag, ...] = ()
        self.form: Form | None = None
        self.response: ScreeningResponse | None = None
        self.saved_at: datetime | None = None
        self.problem = ""

    # --- what is shown

    @property
    def phase(self) -> Phase:
        if self.form is not None:
            return Phase.SUMMARY if self.form.at_summary else Phase.ASK
        return Phase.CHOOSE if self.response is None else Phase.RESULT

    @property
    def instruments(self) -> list[Instrument]:
        return screening.instruments(self._session)

    @property
    def history(self) -> list[ScreeningResponse]:
        """The patient's results, newest first."""
        patient_id = self._known().id
        return lease.unless_closed(lambda: screening.history(self._session, patient_id)) or []

    @property
    def trend(self) -> Trend | None:
        """The course of the instrument of the result on the page."""
        if self.response is None:
            return None
        patient_id, instrument = self._known().id, self.response.instrument
        return lease.unless_closed(lambda: screening.trend(self._session, patient_id, instrument))

    @property
    def author(self) -> str:
        """Who wrote the result on the page."""
        if self.response is None:
            return ""
        return people.names(self._session).get(self.response.author_id, "")

    @property
    def unfinished(self) -> list[Draft]:
        """The patient's questionnaires that were begun and not completed, newest first."""
        rows = notes.drafts(self._session, self._known().id)
        return [row.draft for row in rows if row.draft.form == SCREENING_FORM]

    @property
    def preview(self) -> Score | None:
        """What the answers so far amount to."""
        if self.form is None:
            return None
        return form_score(self.form, self._known(), self._session.today())

    # --- opening and leaving

    def load(self, patient_id: str, draft_id: str | None = None) -> None:
        """Show a patient. Raises NotFoundError. A form left for another page is open again."""
        page = patients.page(self._session, patient_id)
        same = self.patient is not None and self.patient.id == patient_id
        if not same:
            self.leave()
            self.form = None
        self.patient, self.flags = page.patient, page.flags_shown
        self.response, self.problem = None, ""
        if self.form is not None and draft_id in (None, self.form.draft.id):
            self._reopen(self.form)
        elif draft_id is not None:
            self.leave()
            self._open_stored(draft_id)
        self.changed.emit()

    def leave(self) -> None:
        """The form was left in order. One without any answer leaves nothing behind."""
        form = self.form
        if form is None:
            return
        if not form.answers:
            self.form = None
            self._try(lambda: self.wrote.emit(notes.discard_draft(self._session, form.draft.id)))
            return
        self._try(lambda: notes.close_draft(self._session, form.draft.id))

    def refresh(self, change_set: ChangeSet) -> None:
        """Take in what others changed: the header and the lists, never an open form."""
        patient = self.patient
        if patient is None or not change_set.touches(patient_id=patient.id):
            return
        page = patients.page(self._session, patient.id)
        self.patient, self.flags = page.patient, page.flags_shown
        if self.form is None:
            self.changed.emit()

    # --- beginning

    def begin(self, instrument_id: str) -> None:
        """Start a questionnaire; within an open visit it belongs to that visit."""
        patient = self._known()

        def start() -> None:
            visit = visits.open_encounter(self._session, patient.id)
            draft = screening.start_draft(
                self._session, patient.id, instrument_id, visit.id if visit else None
            )
            self._show_form(draft)

        self._try(start)
        self.changed.emit()

    def resume(self, draft_id: str) -> None:
        """Go on with a questionnaire at its first unanswered question."""
        self._open_stored(draft_id)
        self.changed.emit()

    def discard(self, draft_id: str) -> None:
        """Delete an unfinished questionnaire because the person said so."""
        self._try(lambda: self.wrote.emit(notes.discard_draft(self._session, draft_id)))
        if self.form is not None and self.form.draft.id == draft_id:
            self.form = None
        self.changed.emit()

    def put_away(self) -> None:
        """Go back to the choice; the answers stay as a draft."""
        self.leave()
        self.form, self.response, self.problem = None, None, ""
        self.changed.emit()

    # --- answering

    def answer(self, value: int) -> None:
        """Answer the question on the card and go on; it is stored before the next one shows."""
        self._store(state.with_answer(self._form(), value))

    def back(self) -> None:
        self._move(state.back)

    def forward(self) -> None:
        """Go on without answering: what is not answered stays unanswered."""
        self._move(state.forward)

    def go_to(self, item_id: str) -> None:
        self._move(lambda form: state.at_item(form, item_id))

    def to_summary(self) -> None:
        self._move(state.at_summary)

    def take_skip(self) -> None:
        self._store(state.with_skip(self._form()))

    def decline_skip(self) -> None:
        self._store(state.without_skip(self._form()))

    def choose_norm_set(self, norm_set: str | None) -> None:
        self._store(replace(self._form(), norm_set=norm_set))

    def choose_state(self, code: str) -> None:
        self._store(replace(self._form(), state=code))

    # --- completing

    def complete(self) -> None:
        """Make the record that nobody can change. Nothing happens when there is no form."""
        form = self.form
        if form is None:
            return

        def act() -> None:
            change_set = screening.complete(self._session, form.draft.id)
            self.form = None
            self._show_response(form.draft.id)
            self.wrote.emit(change_set)

        self._try(act)
        self.changed.emit()

    def open_result(self, response_id: str) -> None:
        """Show an earlier result; one of a questionnaire that this version lacks is refused."""
        self._try(lambda: self._show_response(response_id))
        self.changed.emit()

    # --- inside

    def _known(self) -> Patient:
        if self.patient is None:
            raise RuntimeError("no patient is shown")
        return self.patient

    def _form(self) -> Form:
        if self.form is None:
            raise RuntimeError("no form is open")
        return self.form

    def _show_form(self, draft: Draft) -> None:
        chosen = screening.instrument(self._session, str(draft.body["instrument"]))
        self.form = state.form_of(chosen, draft)
        self.saved_at = draft.saved_at
        self.response = None

    def _show_response(self, response_id: str) -> None:
        found = next((one for one in self.history if one.id == response_id), None)
        if found is not None:
            screening.instrument(self._session, found.instrument)
        self.response = found

    def _open_stored(self, draft_id: str) -> None:
        def open_it() -> None:
            draft = notes.draft(self._session, draft_id)
            if draft is None or draft.patient_id != self._known().id:
                raise notes.DraftGoneError(draft_id)
            self._show_form(notes.save_draft(self._session, draft))

        self._try(open_it)

    def _reopen(self, form: Form) -> None:
        """Open the form again as it was left, unless its draft is gone meanwhile."""
        if notes.draft(self._session, form.draft.id) is None:
            self.form = None
        else:
            self._store(form, announce=False)

    def _move(self, step: Callable[[Form], Form]) -> None:
        self.form = step(self._form())
        self.changed.emit()

    def _store(self, form: Form, *, announce: bool = True) -> None:
        """Keep `form` on the page whatever happens; say so when it could not be stored."""
        self.form = form

        def save() -> None:
            draft = screening.save_answers(
                self._session,
                form.draft,
                form.answers,
                accepted=form.accepted,
                declined=form.declined,
                norm_set=form.norm_set,
                state_at_completion=form.state,
            )
            self.form = replace(form, draft=draft)
            self.saved_at = draft.saved_at

        self._try(save)
        if announce:
            self.changed.emit()

    def _try(self, act: Callable[[], object]) -> None:
        self.problem = ""
        try:
            act()
        except KNOWN_ERRORS as error:
            self.problem = sentence_for(error)
