"""Judges the doses on the screen, puts their lights into words, and says what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain import claims as claim_days
from fieldapp.domain.handout_events import Communication, CommunicationTopic
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration, Slot, TakeHome
from fieldapp.domain.patients import Patient, Practitioner
from fieldapp.domain.readiness import Code, Light, Situation, Verdict, judge, units_of
from fieldapp.domain.reference import HandoutReference
from fieldapp.domain.rights import Right, may
from fieldapp.services import claims, communications, people, reference, rules, situations
from fieldapp.services.depots import DepotDue
from fieldapp.services.medication import RoundSlot
from fieldapp.services.session import Session
from fieldapp.services.situations import Situations
from ui.handout.bags import bag_choices
from ui.handout.force_state import ForceFacts, holder_of
from ui.handout.form_state import Needs, dissolve_minutes, home_days, home_parts, short_day
from ui.handout.light import CLAIMS_ANEW, Knowledge, LightView, denial_words, light_view
from ui.handout.state import full_dose
from ui.words import clock_text, near_day, word

translate = QCoreApplication.translate


class LightReader:
    """`read` first: one reading of the store serves all doses of a patient."""

    def __init__(self, session: Session, is_online: Callable[[], bool]) -> None:
        self._session = session
        self._is_online = is_online
        self._read: Situations | None = None
        self._people: dict[str, Practitioner] = {}

    def read(self, patient_id: str) -> None:
        """Read what is known of a patient's medicine now."""
        self._read = situations.situations(self._session, [patient_id])
        self._people = people.everyone(self._session)

    @property
    def may_force(self) -> bool:
        """True when this person's role may give a dose in an emergency."""
        return may(self._session.user.role, Right.FORCE_HANDOUT)

    @property
    def today(self) -> date:
        """The present day, by the clock that counts."""
        return situations.moment(self._session).astimezone(OSLO).date()

    def verdict(self, slot: Slot, handed_out_on: date | None = None) -> Verdict:
        """Judge one dose, given now; one to take home with the day that it is handed out on."""
        found = situations.for_slot(self._situation(slot), slot)
        return judge(found, slot, handed_out_on=handed_out_on)

    def _situation(self, slot: Slot) -> Situation:
        assert self._read is not None, "nothing was read"
        return self._read.of(slot.key.patient_id, situations.group_of(slot.request))

    def view(
        self, slot: RoundSlot, home: Sequence[Slot], due: DepotDue | None, synced: str
    ) -> LightView:
        """The light of a handing-over: the judged dose, and no greener than its doses to take home.

        `synced` is when the list was fetched, in words.
        """
        assert slot.verdict is not None
        known = self._knowledge(slot, due, synced)
        view = light_view(slot.verdict, slot.slot, known)
        view = replace(view, also=(*view.also, *self._denials(slot, known)))
        for ahead_slot, verdict in self._home_verdicts(slot, home):
            if verdict.light is Light.GREEN:
                continue
            ahead = light_view(verdict, slot.slot, known)
            said = translate("handout", "Med hjem {day}: {why}").format(
                day=_home_name(ahead_slot, slot.slot),
                why=_too_near_words(verdict, ahead_slot, slot.slot, known) or ahead.sentence,
            )
            if view.light is Light.GREEN:
                # What stands in the way is a day to take home; the dose of today may be given.
                view = replace(ahead, sentence=said, also=(), may_force=False, force_refused="")
            else:
                view = replace(view, also=(*view.also, said))
        return view

    def to_wish(self, slot: RoundSlot, home: Sequence[Slot]) -> list[claims.Unit]:
        """What needs a new claim; for the rest fetching the list is enough."""
        given_on = situations.service_day(self._session)
        units: list[str] = []
        if slot.verdict is not None and _needs_claim(slot.verdict):
            units += units_of(slot.slot, given_on)
        units += [
            claim_days.day_unit(ahead.key.day)
            for ahead, verdict in self._home_verdicts(slot, home)
            if _needs_claim(verdict)
        ]
        patient_id, group = slot.slot.key.patient_id, situations.group_of(slot.slot.request)
        return [(patient_id, group, unit) for unit in dict.fromkeys(units)]

    def _home_verdicts(self, slot: RoundSlot, home: Sequence[Slot]) -> list[tuple[Slot, Verdict]]:
        """Judge each as if this dose, and those before it, were given already."""
        known = self._situation(slot.slot)
        given = [_as_given(slot.slot, slot.slot, known)]
        found = []
        for ahead in home:
            there = replace(known, events=[*known.events, *given])
            found.append((ahead, judge(there, ahead, handed_out_on=slot.slot.key.day)))
            given.append(_as_given(ahead, slot.slot, known))
        return found

    def _knowledge(self, slot: RoundSlot, due: DepotDue | None, synced: str) -> Knowledge:
        session, key = self._session, slot.slot.key
        decided = rules.decided(session)
        known = self._situation(slot.slot)
        day = key.day if slot.slot.occurrence is None else situations.service_day(session)
        return Knowledge(
            group=known.group,
            people=self._people,
            me=session.user.id,
            today=self.today,
            synced=synced,
            online=self._is_online(),
            may_force=self.may_force,
            doses={event.id: event for event in known.events},
            reports={report.id: report for report in known.reports},
            window=due.window if due is not None else None,
            pull_limit_hours=decided.pull_max_age_hours,
            until=claim_days.ends(day, decided.day_begins),
            contact=self._contact_words(slot),
        )

    def _contact_words(self, slot: RoundSlot) -> str:
        """The newest contact with the prescriber since the days without a dose began."""
        missed = slot.verdict.warn_missed if slot.verdict is not None else None
        if missed is None:
            return ""
        since = self.today - timedelta(days=missed)
        for view in communications.for_patient(self._session, slot.slot.key.patient_id):
            one = view.communication
            day = one.happened_at.astimezone(OSLO).date()
            if one.topic is CommunicationTopic.MISSED_DAYS and day >= since:
                return _told(one, day, self.today)
        return ""

    def _denials(self, slot: RoundSlot, known: Knowledge) -> tuple[str, ...]:
        """What the server answered when this dose's days were asked for."""
        key, group = slot.slot.key, situations.group_of(slot.slot.request)
        units = units_of(slot.slot, situations.service_day(self._session))
        return tuple(
            denial_words(wish, known)
            for wish in claims.wishes(self._session)
            if (wish.patient_id, wish.group) == (key.patient_id, group)
            and wish.unit in units
            and wish.denied
        )


_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
"""Without a trusted time no interval is judged; the clock stands in the way by itself."""
_NOT_GIVEN_YET = "together:"
"""Begins the ids of doses that are only thought of as given."""


def _as_given(slot: Slot, first: Slot, known: Situation) -> MedicationAdministration:
    """A dose as it would stand if the handing-over were recorded now; it is never stored."""
    key, now = slot.key, known.now or _LONG_AGO
    return MedicationAdministration(
        id=f"{_NOT_GIVEN_YET}{key.day}:{key.part}",
        patient_id=key.patient_id,
        request_id=key.request_id,
        request_revision=slot.request.revision,
        day=key.day,
        part=key.part,
        status=HandoutStatus.GIVEN,
        given_at=now,
        recorded_at=now,
        author_id=known.me.practitioner_id,
        device_id=known.me.device_id,
        sequence=0,
        dose_mg=slot.dose_mg,
        take_home=None if slot is first else TakeHome(_NOT_GIVEN_YET),
    )


def _too_near_words(verdict: Verdict, ahead: Slot, slot: Slot, known: Knowledge) -> str:
    """Said of a dose to take home that would be taken too soon after the one given now."""
    gravest = verdict.findings[0]
    if gravest.code is not Code.INTERVAL or not (gravest.event_id or "").startswith(_NOT_GIVEN_YET):
        return ""
    same_day = ahead.key.day == slot.key.day
    rule = known.group.between_parts if same_day else known.group.between_days
    return translate("handout", "for kort tid etter dosen som gis nå. {rule}.").format(
        rule=rule.text
    )


def _told(one: Communication, day: date, today: date) -> str:
    said = (
        translate("handout", "Rekvirent kontaktet {when}: {who}.")
        if one.reached
        else translate("handout", "Rekvirent forsøkt kontaktet {when}, uten svar: {who}.")
    )
    when = f"{near_day(day, today)} {clock_text(one.happened_at)}"
    return said.format(when=when, who=one.contacted)


def _home_name(ahead: Slot, slot: Slot) -> str:
    """The day of a dose to take home; of a part of the same day, the part."""
    if ahead.key.day == slot.key.day:
        return word(ahead.key.part).lower()
    return short_day(ahead.key.day)


def _needs_claim(verdict: Verdict) -> bool:
    return any(finding.code in CLAIMS_ANEW for finding in verdict.findings)


def needs_of(session: Session, slot: RoundSlot, due: DepotDue | None) -> Needs:
    """What a dose asks for beyond identity and state."""
    request = slot.slot.request
    days, planned = home_days(slot.slot)
    controlled = reference.substances().group_of(request).controlled
    observation = due.depot.observation if due is not None and due.depot is not None else None
    return Needs(
        dissolves=dissolve_minutes(slot.slot, reference.substances().group_of(request)),
        home_days=days,
        home_planned=planned,
        home_parts=home_parts(slot.slot),
        witness=controlled and rules.decided(session).witness_required,
        accounted=controlled,
        ledgers=bag_choices(session, request),
        injection=slot.slot.occurrence is not None,
        observe_minutes=observation.minutes if observation is not None else None,
    )


def force_facts(
    session: Session,
    slot: RoundSlot,
    light: LightView,
    patient: Patient | None,
    table: HandoutReference,
) -> ForceFacts:
    """What the emergency dialog tells of a judged dose."""
    assert slot.verdict is not None
    holder_id = holder_of(slot.verdict)
    holder = people.everyone(session).get(holder_id)
    return ForceFacts(
        act=translate("handout", "{dose} til {name}").format(
            dose=full_dose(slot.slot), name=patient.name if patient is not None else ""
        ),
        obstacles=(light.sentence, *light.also),
        codes=slot.verdict.codes,
        reasons=table.force_reasons,
        prescriber=slot.slot.request.prescriber,
        holder_id=holder_id,
        holder_name=holder.name if holder is not None else translate("handout", "ukjent ansatt"),
        holder_phone=holder.phone if holder is not None else "",
    )
