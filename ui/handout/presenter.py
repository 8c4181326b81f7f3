"""Carries out what is asked on the handout page and keeps its state. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldapp.clock import OSLO
from fieldapp.domain import claims as claim_days
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.medication import (
    CoSignature,
    Force,
    HandoutError,
    HandoutStatus,
    Injection,
    MedicationAdministration,
    Slot,
    SlotKey,
    SupplyUse,
)
from fieldapp.domain.patients import Flag, Patient
from fieldapp.domain.readiness import Light
from fieldapp.domain.reference import HandoutReference
from fieldapp.domain.supply import SupplyError
from fieldapp.errors import FieldAppError
from fieldapp.services import (
    claims,
    depots,
    medication,
    patients,
    people,
    reference,
    register_gaps,
    rules,
    situations,
    sync_status,
    visits,
)
from fieldapp.services.depots import DepotDue
from fieldapp.services.medication import HandoutView, RoundPatient, RoundSlot
from fieldapp.services.session import Session
from ui.errors import sentence, sentence_for
from ui.handout import tablet
from ui.handout.bags import supply_use
from ui.handout.depot_state import DepotView, depot_view
from ui.handout.force_state import ForceFacts
from ui.handout.form_state import (
    Ask,
    HandoutForm,
    Needs,
    dose_of,
    dose_problem,
    empty_again,
    entry,
    home_parts_words,
    home_words,
    missing_to_confirm,
    missing_to_give,
    missing_words,
    needs_text,
    parse_day,
    parse_expiry,
    past_slot,
    short_day,
    whole,
)
from ui.handout.light import LightView, source_words
from ui.handout.light_reader import LightReader, force_facts, needs_of
from ui.handout.state import (
    EventLine,
    SlotState,
    SlotView,
    already_given_words,
    first_not_given,
    first_to_do,
    next_beside,
    next_patient,
    reason_words,
    slot_state,
    slot_view,
    staleness,
    synced_text,
    with_reasons,
)
from ui.words import dose_text, word

KNOWN_ERRORS = (FieldAppError, HandoutError, SupplyError)
HISTORY_LIMIT = 200
"""Events of a patient looked through for those of today; far more than one day can hold."""
ROUND_KINDS = frozenset({"patient", "flag", "assignment", "medication_request",
                         "medication_administration", "detected_issue", "claim",
                         "slot_reopening", "pharmacy_report", "dose_incident",
                         "supply_movement", "witness_statement", "communication"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoundState:
    """The round as it stands.

    `patient` is None while nobody is chosen; `chosen` has no doses of today for him then.
    `form` belongs to the active dose, if one is active. `day` is the day whose doses are shown.
    `lights` are those of the patient's doses; `reserving` the dose that the server was asked for.
    """

    day: date | None = None
    rows: tuple[RoundPatient, ...] = ()
    patient: Patient | None = None
    flags: tuple[Flag, ...] = ()
    chosen: RoundPatient | None = None
    history: tuple[HandoutView, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    lights: dict[SlotKey, LightView] = field(default_factory=dict)
    depots: dict[SlotKey, DepotDue] = field(default_factory=dict)
    form: HandoutForm | None = None
    reserving: SlotKey | None = None
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
        sync_asked(): a claim waits to be asked for, or the list is to be fetched.
        lacking(str): code of the first thing that is missing, for the focus.
    """

    changed = Signal()
    patient_chosen = Signal()
    advanced = Signal()
    wrote = Signal(object)
    said = Signal(str)
    sync_asked = Signal()
    lacking = Signal(str)

    def __init__(
        self, session: Session, is_online: Callable[[], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._is_online = is_online
        self._writing_own = False
        self._lights = LightReader(session, is_online)
        self._aside: dict[str, HandoutForm] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        """The same of before a lock, by patient."""
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
        """Show a patient with an empty form on the first dose that is still to do.

        A tablet that was laid under the tongue before the screen closed is still there.
        """
        page = patients.page(self._session, patient_id)
        self.state = replace(
            self.state, patient=page.patient, flags=page.flags_shown, chosen=None, form=None
        )
        self._read_patient()
        chosen = self.state.chosen
        if chosen is not None:
            aside = self._aside.pop(patient_id, None)
            waiting = self._slot(aside.slot.key) if aside is not None else None
            slot = first_to_do(chosen) or first_not_given(chosen)
            if aside is not None and waiting is not None and self._can_go_on(aside, waiting):
                self.state = replace(self.state, form=aside)
            elif not self._go_on_with_tablet(patient_id) and slot is not None:
                self._begin(slot)
        self._read_lights()
        self.changed.emit()
        self.patient_chosen.emit()

    def put_aside(self) -> None:
        """Take the patient off the screen. What was said is said anew later, except of a tablet
        that lies under the tongue: nobody touches the keys meanwhile."""
        form, patient = self.state.form, self.state.patient
        if form is not None and patient is not None and form.dissolve_began is not None:
            self._aside[patient.id] = replace(form, ask=None, problem="")
        self.state = RoundState()
        self.changed.emit()

    def keep(self) -> dict[str, object]:
        """What was said of tablets that lie under a tongue, by patient, for after a lock."""
        form, patient = self.state.form, self.state.patient
        forms = dict(self._aside)
        if form is not None and patient is not None:
            forms[patient.id] = form
        said = {key: tablet.to_kept(form) for key, form in forms.items()}
        waiting = {key: kept for key, kept in self._kept.items() if key not in said}
        return {**waiting, **{key: kept for key, kept in said.items() if kept}}

    def take_back(self, kept: dict[str, Any]) -> None:
        """What `keep` gave; it is used when that patient's same dose is shown again."""
        self._kept = {key: value for key, value in kept.items() if isinstance(value, dict)}

    def _go_on_with_tablet(self, patient_id: str) -> bool:
        """Begin the dose whose tablet lay under the tongue at a lock; False when there is none."""
        kept, chosen = self._kept.pop(patient_id, None), self.state.chosen
        if kept is None or chosen is None:
            return False
        for slot in chosen.slots:
            if slot_state(slot) is SlotState.GIVEN:
                continue
            self._begin(slot)
            form = self.state.form
            if form is not None and tablet.is_about(kept, form):
                self.state = replace(self.state, form=tablet.with_kept(form, kept))
                return True
        self.state = replace(self.state, form=None)
        return False

    def choose_slot(self, key: SlotKey) -> None:
        """Make another dose of the patient the active one, with an empty form."""
        slot = self._slot(key)
        form = self.state.form
        if slot is None or (form is not None and form.slot.key == key and form.ask is None):
            return
        if slot_state(slot) is SlotState.GIVEN:
            return
        self._begin(slot)
        self._read_lights()
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
        self._read_again()
        self.changed.emit()

    def read_lights(self) -> None:
        """Judge anew: time has passed."""
        if self.state.patient is None:
            return
        before = self.state.lights
        self._read_lights()
        if self.state.lights != before:
            self.changed.emit()

    def update_staleness(self) -> None:
        """Say anew how old the data is; coverage or a sync changed."""
        status = sync_status.read(self._session)
        now = self._session.clock.now()
        self.state = replace(
            self.state,
            stale=staleness(
                status.last_complete, self._is_online(), now, self.reference.list_is_old.length
            ),
            synced=synced_text(status.last_complete, now),
        )

    def line_changed(self) -> None:
        """Coverage came or went: other ways out are offered."""
        self.update_staleness()
        self._read_lights()
        self.changed.emit()

    def synced(self) -> None:
        """A sync has ended: what was reserved is green now, or it is said who has it."""
        asked = self.state.reserving
        self.state = replace(self.state, reserving=None)
        if self.state.patient is None:
            return
        self._read_again()
        light = self.state.lights.get(asked) if asked is not None else None
        if light is not None and light.light is Light.GREEN:
            self.said.emit(self.tr("Reservert for deg. Dosen kan gis."))
        self.changed.emit()

    def views(self) -> list[SlotView]:
        """The cards of the patient shown."""
        state = self.state
        if state.chosen is None:
            return []
        return [self._view(slot) for slot in state.chosen.slots]

    def can_give(self, key: SlotKey) -> bool:
        """Only while the light is green, for the dose and for every day to take home."""
        slot, light = self._slot(key), self.state.lights.get(key)
        if slot is None or slot_state(slot) is SlotState.GIVEN:
            return False
        return light is not None and light.light is Light.GREEN

    def depot(self) -> DepotView | None:
        """The depot's part of the form; None for other doses."""
        form = self.state.form
        due = self.state.depots.get(form.slot.key) if form is not None else None
        if due is None or form is None:
            return None
        table = reference.depots()
        words = {site.code: site.text for site in table.sites}
        now = situations.moment(self._session)
        return depot_view(due, form.injection, words, self._lights.today, now)

    def ledgers(self) -> tuple[tuple[str, str], ...]:
        """The bags that the active dose may come from, as (id, words)."""
        form = self.state.form
        return form.needs.ledgers if form is not None else ()

    def dissolve_note(self) -> str:
        """How long the tablet is watched at least, with the figure's source."""
        form = self.state.form
        if form is None or form.needs.dissolves is None:
            return ""
        group = reference.substances().group_of(form.slot.request)
        source = group.dissolve_source
        said = self.tr("Se på til tabletten er løst opp, minst {n} minutter.").format(
            n=form.needs.dissolves
        )
        return said if source is None else f"{said} {source_words(source)}."

    def elapsed(self) -> str:
        """How long the tablet has lain: "3:10"; empty while none lies there."""
        form = self.state.form
        if form is None or form.dissolve_began is None or form.dissolve_text:
            return ""
        seconds = max(0, round((self._session.clock.now() - form.dissolve_began).total_seconds()))
        return f"{seconds // 60}:{seconds % 60:02}"

    # --- what the giver says

    def say(self, name: str, value: object) -> None:
        """Put something said into the form and show it. `injection.x` is a part's field."""
        form = self.state.form
        if form is None:
            return
        if name.startswith("injection."):
            said: Any = {name.removeprefix("injection."): value}
            self._set(injection=replace(form.injection, **said))
        else:
            self._set(**{name: value})
        if name in ("home_count", "home_today"):
            self._read_lights()
            self.changed.emit()

    def type(self, name: str, text: str) -> None:
        """Typing changes the form alone; nothing is rendered, so that the caret stays."""
        form = self.state.form
        if form is None:
            return
        said: Any
        if name.startswith("injection."):
            said = {name.removeprefix("injection."): text}
            form = replace(form, injection=replace(form.injection, **said))
        else:
            said = {name: text}
            form = replace(form, **said)
        self.state = replace(self.state, form=form)

    def set_past_clock(self, clock: tuple[int, int] | None) -> None:
        if self.state.form is not None:
            form = replace(self.state.form, past_clock=clock)
            self.state = replace(self.state, form=form)

    def press_dissolve(self) -> None:
        """The tablet was laid under the tongue; or, the second time, it has dissolved."""
        form = self.state.form
        if form is None or form.needs.dissolves is None:
            return
        now = self._session.clock.now()
        if form.dissolve_began is None or form.dissolve_text:
            self._set(dissolve_began=now, dissolve_text="")
            return
        minutes = max(1, int((now - form.dissolve_began) / timedelta(minutes=1)))
        self._set(dissolve_text=str(minutes))

    def set_witness(self, witness: CoSignature | None) -> None:
        self._set(witness=witness)

    def witness_words(self) -> str:
        """The second person, and what the signature counts for."""
        form = self.state.form
        witness = form.witness if form is not None else None
        if witness is None:
            return ""
        if witness.by_code:
            return self.tr("Bevitnet med kode av {name}").format(name=witness.name)
        if witness.practitioner_id is not None:
            return self.tr("{name} bekrefter senere (ikke bevitnet ennå)").format(name=witness.name)
        return self.tr("{name}: bare et navn, teller som ikke bevitnet").format(name=witness.name)

    def press(self, status: HandoutStatus) -> None:
        """One of the four outcomes was pressed."""
        form = self.state.form
        if form is None:
            return
        if status is not HandoutStatus.GIVEN:
            self._set(ask=Ask.REASON, status=status, reason=None, reason_text="", contact="",
                      problem="")  # fmt: skip
            return
        self._read_lights()
        if not self.can_give(form.slot.key):
            self._refuse(form)
            return
        lacking = missing_to_give(form)
        if lacking:
            self._lack(lacking)
            return
        self._record(replace(form, ask=None), HandoutStatus.GIVEN)

    def choose_reason(self, code: str) -> None:
        """A reason that says enough is recorded at once; another one waits for its words."""
        form = self.state.form
        if form is None or form.ask is not Ask.REASON or form.status is None:
            return
        status = form.status
        form = replace(form, reason=code, problem="")
        if needs_text(form, self.reference) and not form.reason_text.strip():
            self.state = replace(self.state, form=form)
            self.changed.emit()
            return
        self._record(form, status)

    def press_reason(self, number: int) -> None:
        """The digit of a reason: 1 to 9, and 0 for the tenth."""
        form = self.state.form
        if form is None or form.ask is not Ask.REASON or form.status is None:
            return
        reasons = self.reference.reasons.get(form.status, ())
        place = (number or 10) - 1
        if place < len(reasons):
            self.choose_reason(reasons[place].code)

    def ask_past(self, key: SlotKey) -> None:
        """Ask about a dose that was already given, elsewhere or earlier."""
        slot = self._slot(key)
        if slot is None:
            return
        if self._form_of(key) is None:
            self._begin(slot)
        # Nobody knows beforehand whether it came out of the bag.
        self._set(ask=Ask.PAST, status=HandoutStatus.GIVEN, ledger_id=None)

    def confirm(self) -> None:
        """Answer the open question."""
        form = self.state.form
        if form is None or form.ask is None:
            return
        lacking = missing_to_confirm(form, self.reference)
        problem = missing_words(lacking)
        if form.ask is Ask.PAST and not problem:
            problem = dose_problem(form.past_dose)
            form, day_problem = self._with_past_day(form)
            problem = problem or day_problem
        if problem:
            self._set(problem=problem)
            return
        if form.ask is Ask.PROPOSAL:
            self._propose(form)
        elif form.status is not None:
            self._record(form, form.status)

    def cancel(self) -> None:
        """Put the open question away; what was said about the dose stays said."""
        form = self.state.form
        if form is None or form.ask is None:
            return
        kept = replace(form, ask=None, status=None, reason=None, reason_text="", problem="",
                       contact="", reverses=None, past_clock=None, past_day=None, past_day_text="",
                       past_dose="", ledger_id=_only_bag(form.needs))  # fmt: skip
        slot = self._slot(form.slot.key)
        given = slot is None or slot_state(slot) is SlotState.GIVEN
        self.state = replace(self.state, form=None if given else kept)
        self.changed.emit()

    # --- taking back

    def undo(self) -> None:
        """Take back the newest thing that this giver recorded for the patient on screen."""
        own = [
            view.event
            for view in self.state.history
            if view.reversed_by is None
            and (view.event.author_id, view.event.device_id)
            == (self._session.user.id, self._session.device_id)
            and view.event.status is not HandoutStatus.ENTERED_IN_ERROR
        ]
        today = self._session.today()
        fresh = [event for event in own if event.recorded_at.astimezone(OSLO).date() == today]
        newest = max(fresh, key=lambda event: (event.recorded_at, event.sequence), default=None)
        if newest is None:
            self.said.emit(self.tr("Her er ingenting du har ført i dag, å ta tilbake"))
            return
        self.never_happened(newest.id)

    def never_happened(self, event_id: str) -> None:
        """Write "never happened" at once; where that is too late, ask the team leader instead."""
        reason = self.tr("Aldri skjedd: tatt tilbake av den som førte det")
        event = self._event(event_id)
        try:
            changes = medication.reverse_handing_over(self._session, event_id, reason)
        except HandoutError as error:
            if error.code in _TEAM_LEADER_DECIDES:
                self.ask_proposal(event_id)
            else:
                self._say_problem(sentence_for(error))
            return
        except KNOWN_ERRORS as error:
            self._say_problem(sentence_for(error))
            return
        self._read_again()
        slot = self._slot(event.slot) if event is not None else None
        if slot is not None:
            self._begin(slot)
        self._read_lights()
        self.changed.emit()
        self._announce(changes)
        self.said.emit(self.tr("Ført som aldri skjedd. Dagen er åpen igjen."))
        self.advanced.emit()

    def ask_proposal(self, event_id: str) -> None:
        """Ask for the team leader's word about an event that this giver cannot take back."""
        event = self._event(event_id)
        slot = self._slot(event.slot) if event is not None else None
        if slot is None:
            self._say_problem(sentence("too_late_to_reverse"))
            return
        self._begin(slot)
        self._set(ask=Ask.PROPOSAL, reverses=event_id)

    def _propose(self, form: HandoutForm) -> None:
        try:
            changes = medication.propose_reversal(
                self._session, form.reverses or "", form.reason_text
            )
        except KNOWN_ERRORS as error:
            self._set(problem=sentence_for(error))
            return
        self.state = replace(self.state, form=None)
        self._read_again()
        self.changed.emit()
        self._announce(changes)
        self.said.emit(self.tr("Sendt til teamleder. Dagen er lukket til det er svart."))

    def _event(self, event_id: str) -> MedicationAdministration | None:
        return next((v.event for v in self.state.history if v.event.id == event_id), None)

    # --- reserving

    def reserve(self, key: SlotKey) -> None:
        """Wish for the days of a dose and have them asked for."""
        slot = self._slot(key)
        if slot is None or self.state.reserving is not None:
            return
        try:
            changes = self._wish(slot)
        except KNOWN_ERRORS as error:
            self._say_problem(sentence_for(error))
            return
        self.state = replace(self.state, reserving=key)
        self.changed.emit()
        if changes is not None:
            self._announce(changes)
        self.sync_asked.emit()

    def _wish(self, slot: RoundSlot) -> ChangeSet | None:
        """Wish for what needs a new claim; for the rest fetching the list is enough."""
        wanted = self._lights.to_wish(slot, self._home_of(slot))
        return claims.wish(self._session, wanted) if wanted else None

    # --- the emergency handout

    def force_facts(self, key: SlotKey) -> ForceFacts | None:
        """What the dialog tells; None while something is missing or this person may not."""
        slot = self._slot(key)
        if slot is None or not self._lights.may_force or slot.verdict is None:
            return None
        if slot_state(slot) is SlotState.GIVEN and self._form_of(key) is None:
            self._begin(slot)
            self._read_lights()
            self._set(problem=self.tr("Nødutdeling: si identitet, tilstand og annen dose først."))
            return None
        form = self._form_of(key)
        if form is None:
            self._begin(slot)
            form = self.state.form
        if form is None:
            return None
        if form.home_slots:
            self._set(
                problem=self.tr("Nødutdeling gjelder bare dagens dose. Velg «Ingen» med hjem.")
            )
            return None
        only_today = {"home_count", "home_today"}
        lacking = [code for code in missing_to_give(form) if code not in only_today]
        if form.other_dose is None:
            lacking.insert(sum(code in ("identity", "state") for code in lacking), "other")
        if lacking:
            self._lack(tuple(lacking))
            return None
        return force_facts(
            self._session, slot, self.state.lights[key], self.state.patient, self.reference
        )

    def give_forced(self, force: Force) -> None:
        """Record the emergency handout of the active dose."""
        form = self.state.form
        if form is not None:
            alone = replace(form, ask=None, home_count=0, home_today=False)
            self._record(alone, HandoutStatus.GIVEN, forced=force)

    def _home_of(self, slot: RoundSlot) -> tuple[Slot, ...]:
        form = self._form_of(slot.slot.key)
        return form.home_slots if form is not None else ()

    def _form_of(self, key: SlotKey) -> HandoutForm | None:
        form = self.state.form
        return form if form is not None and form.slot.key == key else None

    # --- within

    def _record(
        self, form: HandoutForm, status: HandoutStatus, *, forced: Force | None = None
    ) -> None:
        given_at = None
        if form.ask is Ask.PAST and form.past_clock is not None:
            given_at = self._past_moment(form, time(*form.past_clock))
        act = status is HandoutStatus.GIVEN and form.ask is not Ask.PAST
        try:
            said = entry(
                form,
                status,
                given_at=given_at,
                forced=forced,
                injection=self._injection(form) if status is HandoutStatus.GIVEN else None,
                supply=self._supply(form) if act or form.ask is Ask.PAST else None,
            )
            encounter = visits.open_encounter(self._session, form.slot.key.patient_id)
            if encounter is not None:
                said = replace(said, encounter_id=encounter.id)
            changes = medication.record(self._session, said)
        except HandoutError as error:
            self._refused(form, error)
            return
        except KNOWN_ERRORS as error:
            self._set(problem=sentence_for(error))
            return
        self._done(form, changes, self._done_words(form, status, forced=forced is not None))

    def _injection(self, form: HandoutForm) -> Injection | None:
        due = self.state.depots.get(form.slot.key)
        said, expiry = form.injection, parse_expiry(form.injection.expiry)
        if due is None or form.slot.occurrence is None or expiry is None:
            return None
        return Injection(
            occurrence=form.slot.occurrence,
            site=said.site or "",
            side=said.side or "",
            lot=said.lot.strip(),
            expiry=expiry,
            needle=said.needle.strip(),
            observed_minutes=whole(said.observed),
            legal_basis=said.legal_basis or "",
        )

    def _supply(self, form: HandoutForm) -> SupplyUse | None:
        if form.ledger_id is None:
            return None
        return supply_use(form.slot.request, dose_of(form), form.ledger_id)

    def _past_moment(self, form: HandoutForm, clock: time) -> datetime:
        """When it was. An injection's slot bears the day it was due: it is told by its own day."""
        session, day = self._session, past_slot(form).day
        if form.needs.injection and form.past_day is None:
            day = medication.service_day(session)
        begins = rules.decided(session).day_begins
        return claim_days.moment_on(day, clock, situations.moment(session), begins)

    def _with_past_day(self, form: HandoutForm) -> tuple[HandoutForm, str]:
        """The form with the day that was typed, and what is wrong with it."""
        text = form.past_day_text.strip()
        own_day = "" if form.needs.injection else short_day(form.slot.key.day)
        if text.casefold() in ("", self.tr("i dag"), own_day):
            return replace(form, past_day=None), ""
        day = parse_day(text, self._lights.today)
        if day is None:
            return form, self.tr("Dagen skrives som 21.11 eller 21.11.2026. Ingenting er skrevet.")
        return replace(form, past_day=day), ""

    def _lack(self, codes: tuple[str, ...]) -> None:
        self._set(ask=None, status=HandoutStatus.GIVEN, problem=missing_words(codes))
        self.lacking.emit(codes[0])

    def _refuse(self, form: HandoutForm) -> None:
        """G did nothing: say why, and show how things stand now."""
        light = self.state.lights.get(form.slot.key)
        words = ""
        if light is not None:
            words = self.tr("{title}. {why} Ingenting er skrevet.").format(
                title=light.title, why=light.sentence
            )
        self._read_again()
        slot = self._slot(form.slot.key)
        if slot is not None and slot_state(slot) is SlotState.GIVEN:
            words = already_given_words(self._given_view(form.slot.key))
        now = self.state.form
        if now is None:
            self.said.emit(words)  # its card is gone, and the form with it
        elif not now.problem:
            self.state = replace(self.state, form=replace(now, ask=None, problem=words))
        self.changed.emit()

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
        self._read_lights()
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
            needs = needs_of(self._session, now, self.state.depots.get(now.slot.key))
            form = replace(empty_again(form, now.slot, needs), problem=sentence("order_changed"))
            self.state = replace(self.state, form=form)

    def _done(self, form: HandoutForm, changes: ChangeSet, words: str) -> None:
        self._read_round(form.slot.key.patient_id)
        self._read_patient()
        chosen = self.state.chosen
        following = next_beside(chosen, form.slot.key) if chosen is not None else None
        self.state = replace(self.state, form=None)
        if following is not None:
            self._begin(following)
        self._read_lights()
        self.changed.emit()
        self._announce(changes)
        self.said.emit(words)
        self.advanced.emit()

    def _done_words(self, form: HandoutForm, status: HandoutStatus, *, forced: bool) -> str:
        patient = self.state.patient
        name = patient.name if patient else ""
        if status is not HandoutStatus.GIVEN:
            return f"{word(status)} · {name}"
        parts = [f"{word(status)}: {dose_text(form.slot.dose_mg)}"]
        if form.home_parts and form.ask is not Ask.PAST:
            parts.append(home_parts_words(form.home_parts))
        if form.home_days and form.ask is not Ask.PAST:
            parts.append(home_words(form.home_days))
        said = " · ".join((*parts, name))
        return self.tr("Nødutdeling. {said}").format(said=said) if forced else said

    def _announce(self, changes: ChangeSet) -> None:
        self._writing_own = True
        try:
            self.wrote.emit(changes)
        finally:
            self._writing_own = False

    def _say_problem(self, words: str) -> None:
        if self.state.form is not None:
            self._set(problem=words)
        else:
            self.said.emit(words)

    def _begin(self, slot: RoundSlot) -> None:
        needs = needs_of(self._session, slot, self.state.depots.get(slot.slot.key))
        form = HandoutForm(self._session.new_id(), slot.slot, needs, ledger_id=_only_bag(needs))
        self.state = replace(self.state, form=form)

    def _set(self, **said: Any) -> None:
        form = self.state.form
        if form is None:
            return
        if "problem" not in said:
            said["problem"] = ""
        self.state = replace(self.state, form=replace(form, **said))
        self.changed.emit()

    def _can_go_on(self, form: HandoutForm, slot: RoundSlot) -> bool:
        same = slot.slot.request.revision == form.slot.request.revision
        return same and slot_state(slot) is not SlotState.GIVEN

    # --- reading

    def _read_again(self) -> None:
        shown = self.state.patient
        self._read_round(shown.id if shown else None)
        if shown is not None:
            page = patients.page(self._session, shown.id)
            self.state = replace(self.state, patient=page.patient, flags=page.flags_shown)
            self._read_patient()
            self._follow_order()
            self._read_lights()

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
        due = {found.slot.key: found for found in depots.depot_due(session, patient.id)}
        self.state = replace(
            self.state,
            chosen=chosen,
            depots=due,
            history=tuple(medication.history(session, patient.id, HISTORY_LIMIT)),
        )

    def _read_lights(self) -> None:
        """Judge every dose of the patient anew, with the days to take home where they are said."""
        chosen = self.state.chosen
        if chosen is None:
            self.state = replace(self.state, lights={})
            return
        judged = []
        lights = {}
        self._lights.read(chosen.patient.id)
        for slot in chosen.slots:
            slot = replace(slot, verdict=self._lights.verdict(slot.slot))
            judged.append(slot)
            lights[slot.slot.key] = self._lights.view(
                slot, self._home_of(slot), self.state.depots.get(slot.slot.key), self.state.synced
            )
        chosen = replace(chosen, slots=tuple(judged))
        self.state = replace(self.state, lights=lights, chosen=chosen)

    def _view(self, slot: RoundSlot) -> SlotView:
        state = self.state
        today = self._session.today()
        user_id = self._session.user.id
        light = state.lights.get(slot.slot.key)
        view = slot_view(slot, state.history, state.names, light, today, state.synced, user_id)
        by_id = {entry.event.id: entry.event for entry in state.history}
        lines = tuple(
            with_reasons(
                line, by_id[line.event_id], reason_words(self.reference, by_id[line.event_id])
            )
            for line in view.events
        )
        return replace(view, events=tuple(self._with_witness(line) for line in lines))

    def _with_witness(self, line: EventLine) -> EventLine:
        """Mark an act that still waits for the second person whom the organisation wants."""
        view = next(view for view in self.state.history if view.event.id == line.event_id)
        waits = register_gaps.waits_for_witness(
            self._session, view.event, view.request, view.witness
        )
        if line.struck or not waits:
            return line
        return replace(line, text=self.tr("{said}, venter på vitne").format(said=line.text))

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


def _only_bag(needs: Needs) -> str | None:
    """The bag where there is just one; the line above the button names it."""
    return needs.ledgers[0][0] if len(needs.ledgers) == 1 else None


_TEAM_LEADER_DECIDES = frozenset({"too_late_to_reverse", "not_own_handout"})
