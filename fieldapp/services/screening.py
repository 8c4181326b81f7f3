"""Questionnaires: drafts that lose no answer, completed responses that never change, trends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.lease import Area
from fieldapp.domain.notes import Draft
from fieldapp.domain.observations import ScreeningResponse
from fieldapp.domain.patients import Patient, Sex
from fieldapp.domain.rights import Right
from fieldapp.domain.screening.flow import effective_answers
from fieldapp.domain.screening.instruments import (
    Instrument,
    apply_text_pack,
    load_text_pack,
)
from fieldapp.domain.screening.scoring import Score, score
from fieldapp.errors import UserError
from fieldapp.services import lease, notes, reference
from fieldapp.services.corrections import Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import notes as store
from fieldapp.store import records, state

SCREENING_FORM = "screening"
_PACK = "text_pack."


class ScreeningError(UserError):
    """A questionnaire cannot be completed (code no_answers)."""

    code = "no_answers"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One completed response. ``total`` is None when items were missing; then the range holds."""

    response_id: str
    at: datetime
    total: int | None
    lowest: int
    highest: int
    band: str | None


@dataclass(frozen=True, slots=True)
class TrendBand:
    """A band behind the points: from ``at_least`` up to the next one's."""

    code: str
    label: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The responses to one instrument, oldest first, before the bands that fit this patient."""

    instrument: Instrument
    points: tuple[TrendPoint, ...]
    bands: tuple[TrendBand, ...]


# --- definitions


def instruments(session: Session) -> list[Instrument]:
    """The questionnaires, with the organisation's licensed wording where it is installed."""
    packs = state.settings(session.database, _PACK)
    return [
        _worded(instrument, packs.get(_PACK + instrument.id))
        for instrument in reference.instruments()
    ]


def instrument(session: Session, instrument_id: str) -> Instrument:
    """One questionnaire. Raises NotFoundError for one that this version does not have."""
    for found in instruments(session):
        if found.id == instrument_id:
            return found
    raise NotFoundError(instrument_id)


def install_text_pack(session: Session, text: str) -> Instrument:
    """Keep a licensed text pack in the encrypted store; return the instrument with its wording.

    Raises DefinitionError when the pack does not fit, and NotFoundError when it is for a
    questionnaire that this version does not have; nothing is installed then.
    """
    pack = load_text_pack(text)
    found = next((entry for entry in reference.instruments() if entry.id == pack.instrument), None)
    if found is None:
        raise NotFoundError(pack.instrument)
    worded = apply_text_pack(found, pack)
    with session.write() as unit:
        state.put_setting(session.database, _PACK + found.id, text)
        unit.audit("install", "text_pack", found.id)
    return worded


def _worded(instrument: Instrument, pack: str | None) -> Instrument:
    if pack is None:
        return instrument
    loaded = load_text_pack(pack)
    if loaded.instrument_version != instrument.version:
        # Installed for an older version of the definition: our own short labels are still right.
        return instrument
    return apply_text_pack(instrument, loaded)


# --- answering


@needs(Right.RECORD_CARE)
def start_draft(
    session: Session, patient_id: str, instrument_id: str, encounter_id: str | None = None
) -> Draft:
    """Begin a questionnaire as a draft.

    The norm set is taken from the registered sex where that is known; it can be chosen anew.
    Raises NotFoundError.
    """
    patient = records.get(session.database, Patient, patient_id)
    if patient is None:
        raise NotFoundError(patient_id)
    norm_set = None if patient.sex is Sex.UNKNOWN else patient.sex.value
    chosen = instrument(session, instrument_id)
    body: dict[str, object] = {
        "instrument": chosen.id,
        "instrument_version": chosen.version,
        "answers": {},
        "accepted": [],
        "declined": [],
        "norm_set": norm_set,
        "state": None,
    }
    return notes.new_draft(session, patient_id, SCREENING_FORM, encounter_id, body)


def save_answers(
    session: Session,
    draft: Draft,
    answers: Mapping[str, int],
    *,
    accepted: Collection[str] = (),
    declined: Collection[str] = (),
    norm_set: str | None = None,
    state_at_completion: str | None = None,
) -> Draft:
    """Store the answers so far; ``accepted`` and ``declined`` are codes of skip rules.

    Raises DraftGoneError.
    """
    body = {
        **draft.body,
        "answers": dict(answers),
        "accepted": sorted(accepted),
        "declined": sorted(declined),
        "norm_set": norm_set,
        "state": state_at_completion,
    }
    return notes.save_draft(session, replace(draft, body=body))


@needs(Right.RECORD_CARE)
def complete(session: Session, draft_id: str) -> ChangeSet:
    """Turn a draft into a response that nobody can change any more; its id stays.

    Missing answers are allowed and leave a range instead of a total. Completing twice is one
    response. Raises ScreeningError without any answer, AnswerError, DraftGoneError.
    """
    with session.write() as unit:
        if records.exists(session.database, ScreeningResponse, draft_id):
            return unit.changes(draft_id)
        draft = notes.take_draft(unit, draft_id, SCREENING_FORM)
        patient = records.get(session.database, Patient, draft.patient_id)
        if patient is None:
            raise NotFoundError(draft.patient_id)
        result = _score(session, patient, draft)
        answers = _answers(session, draft)
        if not answers:
            raise ScreeningError(draft_id)
        response = ScreeningResponse(
            id=draft.id,
            patient_id=draft.patient_id,
            author_id=session.user.id,
            instrument=result.instrument,
            instrument_version=result.instrument_version,
            language=result.language,
            scoring_hash=result.scoring_hash,
            answers=answers,
            authored_at=unit.now,
            recorded_at=unit.now,
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            total=result.total,
            lowest=result.lowest,
            highest=result.highest,
            band=result.band,
            findings=result.findings,
            norm_set=result.norm_set,
            state_at_completion=_text_or_none(draft.body.get("state")),
            encounter_id=draft.encounter_id,
        )
        unit.save(response, "complete")
    session.settle()
    return unit.changes(response.id)


def _score(session: Session, patient: Patient, draft: Draft) -> Score:
    return score(
        instrument(session, str(draft.body["instrument"])),
        _answers(session, draft),
        norm_set=_text_or_none(draft.body.get("norm_set")),
        age=patient.age_on(session.today()),
        state_at_completion=_text_or_none(draft.body.get("state")),
    )


def _answers(session: Session, draft: Draft) -> dict[str, int]:
    """The draft's answers with 0 for what accepted skip rules leave out."""
    chosen = instrument(session, str(draft.body["instrument"]))
    given: Any = draft.body.get("answers") or {}
    accepted: Any = draft.body.get("accepted") or ()
    return effective_answers(chosen, given, accepted)


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


# --- looking back


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def history(
    session: Session, patient_id: str, instrument_id: str | None = None
) -> list[ScreeningResponse]:
    """The completed responses of a patient, newest first; to one instrument where given."""
    found = store.screenings(session.database, patient_id, instrument_id)
    return Veil(session, patient_id).open_ones(found)


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def trend(session: Session, patient_id: str, instrument_id: str) -> Trend:
    """The course of one instrument. Raises NotFoundError.

    The bands drawn are those of the present definition for this patient's sex and age; every
    point keeps the band that it was given.
    """
    patient = records.get(session.database, Patient, patient_id)
    if patient is None:
        raise NotFoundError(patient_id)
    chosen = instrument(session, instrument_id)
    norm_set = None if patient.sex is Sex.UNKNOWN else patient.sex.value
    age = patient.age_on(session.today())
    bands = []
    for band in chosen.bands:
        applying = [limit.at_least for limit in band.thresholds if limit.may_apply(norm_set, age)]
        if applying:
            bands.append(TrendBand(band.code, band.label, min(applying)))
    points = [
        TrendPoint(
            response_id=response.id,
            at=response.authored_at,
            total=response.total,
            lowest=response.lowest,
            highest=response.highest,
            band=response.band,
        )
        for response in reversed(history(session, patient_id, instrument_id))
    ]
    return Trend(chosen, tuple(points), tuple(bands))
