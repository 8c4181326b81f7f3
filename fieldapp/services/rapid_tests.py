"""Rapid drug tests: the devices, the record with its provenance, and what it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.lease import Area
from fieldapp.domain.observations import AnalyteReading, RapidTest
from fieldapp.domain.rights import Right
from fieldapp.domain.toxicology import (
    Panel,
    RapidTestError,
    blank_readings,
    check_rapid_test,
)
from fieldapp.services import lease, reference
from fieldapp.services.corrections import Veil
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import drafts, medication, records
from fieldapp.store import notes as store


@dataclass(frozen=True, slots=True)
class RapidTestEntry:
    """What the form says. ``id`` becomes the record's id; ``taken_at`` is None for "now"."""

    id: str
    patient_id: str
    panel: str
    supervised: bool
    reason: str
    readings: tuple[AnalyteReading, ...]
    reason_text: str = ""
    taken_at: datetime | None = None
    lot: str = ""
    expiry: date | None = None
    temperature_ok: bool | None = None
    comment: str = ""
    encounter_id: str | None = None


def panels() -> tuple[Panel, ...]:
    """The devices that the organisation uses."""
    return reference.rapid_tests().panels


@needs(Right.RECORD_CARE)
def blank(session: Session, patient_id: str, panel_id: str) -> tuple[AnalyteReading, ...]:
    """An unread line per analyte of a device; those that the patient's medicines explain are so
    marked. Raises RapidTestError("panel_mismatch")."""
    today = session.today()
    atc_codes = [
        atc
        for owner, atc in medication.current_products(session.database, today)
        if owner == patient_id
    ]
    return blank_readings(_panel(panel_id), atc_codes)


@needs(Right.RECORD_CARE)
def record(session: Session, entry: RapidTestEntry) -> ChangeSet:
    """Record a test; all its readings are preliminary. The same entry sent twice is one record.

    Raises RapidTestError; nothing is written then.
    """
    known = reference.rapid_tests()
    panel = _panel(entry.panel)
    with session.write() as unit:
        if records.exists(session.database, RapidTest, entry.id):
            return unit.changes(entry.id)
        test = RapidTest(
            id=entry.id,
            patient_id=entry.patient_id,
            author_id=session.user.id,
            panel=panel.id,
            panel_version=panel.version,
            specimen=panel.specimen.value,
            supervised=entry.supervised,
            reason=entry.reason,
            reason_text=entry.reason_text.strip(),
            readings=entry.readings,
            taken_at=entry.taken_at or unit.now,
            recorded_at=unit.now,
            device_id=session.device_id,
            sequence=unit.next_sequence(),
            lot=entry.lot.strip(),
            expiry=entry.expiry,
            temperature_ok=entry.temperature_ok,
            comment=entry.comment.strip(),
            encounter_id=entry.encounter_id,
        )
        check_rapid_test(
            test,
            panel,
            reasons={reason.code for reason in known.reasons},
            reasons_needing_text={reason.code for reason in known.reasons if reason.needs_text},
        )
        unit.save(test, "record")
        drafts.delete(session.database, entry.id)
    session.settle()
    return unit.changes(entry.id)


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def history(session: Session, patient_id: str) -> list[RapidTest]:
    """The tests of a patient, newest first; not those that are said to be somebody else's."""
    return Veil(session, patient_id).open_ones(store.rapid_tests(session.database, patient_id))


def _panel(panel_id: str) -> Panel:
    panel = reference.rapid_tests().panel(panel_id)
    if panel is None:
        raise RapidTestError("panel_mismatch")
    return panel
