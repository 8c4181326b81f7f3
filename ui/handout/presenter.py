"""Carries out what is asked on the handout page and keeps its state. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.medication import (
    OPIOID_SUBSTITUTES,
    HandoutError,
    HandoutStatus,
    IdentityCheck,
    ObservedState,
    SlotKey,
)
from fieldapp.domain.patients import Flag, Patient
from fieldapp.domain.reference import HandoutReference
from fieldapp.errors import FieldAppError
from fieldapp.services import medication, patients, people, reference, sync_status, visits
from fieldapp.services.medication import HandoutView, MissedDays, RoundPatient, RoundSlot
from fieldapp.services.session import Session
from ui.errors import sentence, sentence_for
from ui.handout.state import (
    Ask,
    HandoutForm,
    SlotState,
    SlotView,
    already_given_words,
    entry,
    first_not_given,
    first_to_do,
    missing_to_confirm,
    missing_to_give,
    missing_words,
    needs_text,
    next_beside,
    next_patient,
    past_moment,
    reason_words,
    slot_state,
    slot_view,
    staleness,
    synced_text,
    with_reasons,
)
from ui.words import dose_text, word

KNOWN_ERRORS = (FieldAppError, HandoutError)
HISTORY_LIMIT = 200
"""Events of a patient looked through for those of today; far more than one day can hold."""
ROUND_KINDS = frozenset({"patient", "flag", "assignment", "medication_request",
                         "medication_administration", "detected_issue"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoundState:
    """The round as it stands.

    `patient` is None while nobody is chosen; `chosen` has no doses of today for him then.
    `form` belongs to the active dose, if one is active. `day` is the day whose doses are shown.
    """

    day: date | None = None
    rows: tuple[RoundPatient, ...] = ()
    patient: Patient | None = None
    flags: tuple[Flag, ...] = ()
    chosen: RoundPatient | None = None
    history: tuple[HandoutView, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    missed: dict[str, MissedDays] = field(default_factory=dict)
    form: HandoutForm | None = None
    stale: str = ""
    synced: str = ""


class HandoutPresenter(QObject):
    """The round of today.

    Attributes:
        state: the state to show.
        reference: reasons and observed states.
    Signals:
        changed(): `state` is new.
        patient_chosen(): another patient is shown; put the focus where work begins.
        advanced(): a dose was recorded and the next open one became active, or none is left.
        wrote(ChangeSet): something was stored that other pages may show.
        said(str): what was just done, for the snackbar.
    """

    changed = Signal()
    patient_chosen = Signal()
    advanced = Signal()
    wrote = Signal(object)
    said = Signal(str)

    def __init__(
        self, session: Session, is_online: Callable[[], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._is_online = is_online
        self._writing_own = False
        self.reference: HandoutReference = reference.handout()
        self.state = RoundState()

    # --- choosing whom and which

    def load(self, patient_id: str | None = None) -> None:
        """Read the round; show `patient_id`, else whoever was shown, else the first to do."""
        self._read_round(patient_id)
        rows = self.state.rows
        shown = self.state.patient.id if self.state.patient else None
        if patient_id is None and shown not in {row.patient.id for row in rows}:
            shown = next_patient(rows, None) or (rows[0].patient.id if rows else None)
        wanted = patient_id or shown
        if wanted is None:
            self.state = replace(self.state, patient=None, chosen=None, form=None)
            self.changed.emit()
            return
        self.choose_patient(wanted)

    def choose_patient(self, patient_id: str) -> None:
        """Show a patient with an empty form on the first dose that is still to do."""
        page = patients.page(self._session, patient_id)
        self.state = replace(
            self.state, patient=page.patient, flags=page.flags_shown, chosen=None, form=None
        )
        self._read_patient()
        chosen = self.state.chosen
        if chosen is not None:
            slot = first_to_do(chosen) or first_not_given(chosen)
            if slot is not None:
                self._begin(slot)
        self.changed.emit()
        self.patient_chosen.emit()

    def choose_slot(self, key: SlotKey) -> None:
        """Make another dose of the patient the active one, with an empty form."""
        slot = self._slot(key)
        form = self.state.form
        if slot is None or (form is not None and form.slot.key == key and form.ask is None):
            return
        if slot_state(slot) is SlotState.GIVEN:
            return
        self._begin(slot)
        self.changed.emit()

    def next_patient(self) -> None:
        """Go to the next patient who has an open dose."""
        shown = self.state.patient.id if self.state.patient else None
        found = next_patient(self.state.rows, shown)
        if found is None:
            self.said.emit(self.tr("Ingen flere har åpne doser i dag"))
            return
        self.choose_patient(found)

    def refresh(self, change_set: ChangeSet) -> None:
        """Show what others did. What the giver has said so far in the form stays."""
        if self._writing_own or not change_set.touches(kinds=ROUND_KINDS):
            return
        shown = self.state.patient
        self._read_round(shown.id if shown else None)
        if shown is not None:
            page = patients.page(self._session, shown.id)
            self.state = replace(self.state, patient=page.patient, flags=page.flags_shown)
            self._read_patient()
            self._follow_order()
        self.changed.emit()

    def update_staleness(self) -> None:
        """Say anew how old the data is; coverage or a sync changed."""
        status = sync_status.read(self._session)
        now = self._session.clock.now()
        self.state = replace(
            self.state,
            stale=staleness(status.last_complete, self._is_online(), now),
            synced=synced_text(status.last_complete, now),
        )

    def views(self) -> list[SlotView]:
        """The cards of the patient shown."""
        state = self.state
        if state.chosen is None:
            return []
        return [self._view(slot) for slot in state.chosen.slots]

    def can_give(self, key: SlotKey) -> bool:
        """False as soon as a given dose stands in the slot; a second one is not offered."""
        slot = self._slot(key)
        return slot is not None and slot_state(slot) is not SlotState.GIVEN

    # --- what the giver says

    def set_identity(self, value: IdentityCheck) -> None:
        self._set(identity=value)

    def set_observed(self, value: ObservedState) -> None:
        self._set(observed=value)

    def set_witnessed(self, value: bool) -> None:
        self._set(witnessed=value)

    def set_reason_text(self, text: str) -> None:
        """Typing changes the form alone; nothing is rendered, so that the caret stays."""
        if self.state.form is not None:
            self.state = replace(self.state, form=replace(self.state.form, reason_text=text))

    def set_past_clock(self, clock: tuple[int, int] | None) -> None:
        if self.state.form is not None:
            form = replace(self.state.form, past_clock=clock)
            self.state = replace(self.state, form=form)

    def press(self, status: HandoutStatus) -> None:
        """One of the four outcomes was pressed."""
        form = self.state.form
        if form is None:
            return
        if status is not HandoutStatus.GIVEN:
            self._set(ask=Ask.REASON, status=status, reason=None, reason_text="", problem="")
            return
        if not self.can_give(form.slot.key):
            self._set(problem=already_given_words(self._given_view(form.slot.key)))
            return
        missing = missing_to_give(form)
        if missing:
            self._set(ask=None, status=status, problem=missing_words(missing))
            return
        self._record(replace(form, ask=None), HandoutStatus.GIVEN)

    def choose_reason(self, code: str) -> None:
        """A reason that says enough is recorded at once; another one waits for its words."""
        form = self.state.form
        if form is None or form.ask is not Ask.REASON or form.status is None:
            return
        status = form.status
        form = replace(form, reason=code, problem="")
        if needs_text(form, self.reference):
            self.state = replace(self.state, form=form)
            self.changed.emit()
            return
        self._record(replace(form, reason_text=""), status)

    def press_reason(self, number: int) -> None:
        """The digit of a reason: 1 to 9, and 0 for the tenth."""
        form = self.state.form
        if form is None or form.ask is not Ask.REASON or form.status is None:
            return
        reasons = self.reference.reasons.get(form.status, ())
        place = (number or 10) - 1
        if place < len(reasons):
            self.choose_reason(reasons[place].code)

    def ask_reversal(self, event_id: str) -> None:
        """Ask what was wrong with an event before it is taken back."""
        view = next((view for view in self.state.history if view.event.id == event_id), None)
        slot = self._slot(view.event.slot) if view else None
        if slot is None:
            return
        self._begin(slot)
        self._set(ask=Ask.REVERSAL, reverses=event_id)

    def ask_past(self, key: SlotKey) -> None:
        """Ask about a dose that was already given, elsewhere or earlier."""
        slot = self._slot(key)
        if slot is None:
            return
        self._begin(slot)
        self._set(ask=Ask.PAST, status=HandoutStatus.GIVEN)

    def confirm(self) -> None:
        """Answer the open question."""
        form = self.state.form
        if form is None or form.ask is None:
            return
        missing = missing_to_confirm(form, self.reference)
        if missing:
            self._set(problem=missing_words(missing))
            return
        if form.ask is Ask.REVERSAL:
            self._reverse(form)
        elif form.status is not None:
            self._record(form, form.status)

    def cancel(self) -> None:
        """Put the open question away; what was said about the dose stays said."""
        form = self.state.form
        if form is None or form.ask is None:
            return
        kept = replace(form, ask=None, status=None, reason=None, reason_text="", problem="",
                       reverses=None, past_clock=None)  # fmt: skip
        self.state = replace(self.state, form=kept if self.can_give(form.slot.key) else None)
        self.changed.emit()

    # --- within

    def _record(self, form: HandoutForm, status: HandoutStatus) -> None:
        given_at = None
        if form.ask is Ask.PAST and form.past_clock is not None:
            given_at = past_moment(form.slot.key.day, form.past_clock)
        said = entry(form, status, given_at)
        encounter = visits.open_encounter(self._session, form.slot.key.patient_id)
        if encounter is not None:
            said = replace(said, encounter_id=encounter.id)
        try:
            changes = medication.record(self._session, said)
        except HandoutError as error:
            self._refused(form, error)
            return
        except KNOWN_ERRORS as error:
            self._set(problem=sentence_for(error))
            return
        self._done(form, changes, self._done_words(form, status))

    def _reverse(self, form: HandoutForm) -> None:
        try:
            changes = medication.reverse(self._session, form.reverses or "", form.reason_text)
        except KNOWN_ERRORS as error:
            self._set(problem=sentence_for(error))
            return
        words = self.tr("Tatt tilbake som feilført. Dosen er åpen igjen.")
        self._done(form, changes, words, stay=True)

    def _refused(self, form: HandoutForm, error: HandoutError) -> None:
        """Nothing was written; show at once what stands in the way."""
        self._read_round(form.slot.key.patient_id)
        self._read_patient()
        if error.code == "slot_already_given":
            problem = already_given_words(self._given_view(form.slot.key))
        else:
            problem = sentence_for(error)
        self.state = replace(self.state, form=replace(form, ask=None, problem=problem))
        self._follow_order()
        if self.state.form is None:
            self.said.emit(problem)  # its card is gone, and the form with it
        self.changed.emit()

    def _follow_order(self) -> None:
        """Let the open form belong to the dose that its card shows.

        What was seen and said was about the former dose: it is to be said again.
        """
        form = self.state.form
        if form is None:
            return
        now = self._slot(form.slot.key)
        if now is None:
            self.state = replace(self.state, form=None)
        elif now.slot.request.revision != form.slot.request.revision:
            form = replace(form, slot=now.slot, identity=None, observed=None, witnessed=None,
                           problem=sentence("order_changed"))  # fmt: skip
            self.state = replace(self.state, form=form)

    def _done(
        self, form: HandoutForm, changes: ChangeSet, words: str, *, stay: bool = False
    ) -> None:
        self._read_round(form.slot.key.patient_id)
        self._read_patient()
        chosen = self.state.chosen
        following: RoundSlot | None = None
        if chosen is not None:
            following = self._slot(form.slot.key) if stay else next_beside(chosen, form.slot.key)
        self.state = replace(self.state, form=None)
        if following is not None:
            self._begin(following)
        self.changed.emit()
        self._announce(changes)
        self.said.emit(words)
        self.advanced.emit()

    def _done_words(self, form: HandoutForm, status: HandoutStatus) -> str:
        patient = self.state.patient
        name = patient.name if patient else ""
        if status is not HandoutStatus.GIVEN:
            return f"{word(status)} · {name}"
        return f"{word(status)}: {dose_text(form.slot.dose_mg)} · {name}"

    def _announce(self, changes: ChangeSet) -> None:
        self._writing_own = True
        try:
            self.wrote.emit(changes)
        finally:
            self._writing_own = False

    def _begin(self, slot: RoundSlot) -> None:
        self.state = replace(self.state, form=HandoutForm(self._session.new_id(), slot.slot))

    def _set(self, **said: Any) -> None:
        form = self.state.form
        if form is None:
            return
        if "problem" not in said:
            said["problem"] = ""
        self.state = replace(self.state, form=replace(form, **said))
        self.changed.emit()

    def _read_round(self, patient_id: str | None) -> None:
        """One's own round; somebody else who is asked for by name is added to it."""
        session = self._session
        day = medication.service_day(session)
        rows = medication.round_for(session, day)
        if patient_id is not None and all(row.patient.id != patient_id for row in rows):
            everyone = medication.round_for(session, day, only_mine=False)
            rows += [row for row in everyone if row.patient.id == patient_id]
        self.state = replace(self.state, day=day, rows=tuple(rows), names=people.names(session))
        self.update_staleness()

    def _read_patient(self) -> None:
        session, patient = self._session, self.state.patient
        if patient is None:
            return
        chosen = next((row for row in self.state.rows if row.patient.id == patient.id), None)
        missed: dict[str, MissedDays] = {}
        for slot in chosen.slots if chosen else ():
            key = slot.slot.key
            if not slot.slot.request.atc.startswith(OPIOID_SUBSTITUTES):
                continue  # the thresholds are about lost tolerance to opioids
            missed[key.request_id] = medication.missed_days(
                session, patient.id, key.request_id, key.day
            )
        self.state = replace(
            self.state,
            chosen=chosen,
            history=tuple(medication.history(session, patient.id, HISTORY_LIMIT)),
            missed=missed,
        )

    def _view(self, slot: RoundSlot) -> SlotView:
        state = self.state
        missed = state.missed.get(slot.slot.key.request_id)
        today = self._session.today()
        user_id = self._session.user.id
        view = slot_view(slot, state.history, state.names, missed, today, state.synced, user_id)
        by_id = {entry.event.id: entry.event for entry in state.history}
        lines = tuple(
            with_reasons(
                line, by_id[line.event_id], reason_words(self.reference, by_id[line.event_id])
            )
            for line in view.events
        )
        return replace(view, events=lines)

    def _slot(self, key: SlotKey) -> RoundSlot | None:
        chosen = self.state.chosen
        if chosen is None:
            return None
        return next((slot for slot in chosen.slots if slot.slot.key == key), None)

    def _given_view(self, key: SlotKey) -> HandoutView | None:
        """The first standing given event of a slot."""
        found = [
            view
            for view in self.state.history
            if view.event.slot == key
            and view.event.status is HandoutStatus.GIVEN
            and view.reversed_by is None
        ]
        return min(found, key=lambda view: view.event.given_at, default=None)
