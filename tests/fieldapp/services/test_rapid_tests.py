"""A rapid test stands with its panel, reason and provenance, and is always preliminary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldapp.domain.patients import Patient
from fieldapp.domain.toxicology import RapidTestError, Reading
from fieldapp.ids import new_id
from fieldapp.services import patients, rapid_tests, reference
from fieldapp.services.rapid_tests import RapidTestEntry
from fieldapp.services.session import Session
from tests.helpers.builders import outbox_rows, receive, request


def _entry(session: Session, kari: Patient) -> RapidTestEntry:
    panel = rapid_tests.panels()[0]
    first, *others = rapid_tests.blank(session, kari.id, panel.id)
    reason = next(reason for reason in reference.rapid_tests().reasons if not reason.needs_text)
    return RapidTestEntry(
        id=new_id(),
        patient_id=kari.id,
        panel=panel.id,
        supervised=True,
        reason=reason.code,
        readings=(replace(first, result=Reading.PRELIMINARY_POSITIVE.value), *others),
        lot="A-17",
    )


def test_a_test_is_recorded_once_with_its_panel(session: Session, kari: Patient) -> None:
    entry = _entry(session, kari)
    rapid_tests.record(session, entry)
    rapid_tests.record(session, entry)
    (test,) = rapid_tests.history(session, kari.id)
    panel = rapid_tests.panels()[0]
    assert (test.panel, test.panel_version, test.specimen) == (
        panel.id,
        panel.version,
        panel.specimen.value,
    )
    assert (test.lot, test.taken_at) == ("A-17", session.clock.now())
    assert outbox_rows(session.database) == [("rapid_test", entry.id)]
    (line,) = patients.timeline(session, kari.id)
    assert line.status == "preliminary"
    assert line.detail["positive"] == [test.readings[0].analyte]


def test_a_test_needs_a_reason(session: Session, kari: Patient) -> None:
    with pytest.raises(RapidTestError, match="reason_missing"):
        rapid_tests.record(session, replace(_entry(session, kari), reason=""))
    assert rapid_tests.history(session, kari.id) == []


def test_a_test_without_any_reading_is_refused(session: Session, kari: Patient) -> None:
    blank = rapid_tests.blank(session, kari.id, rapid_tests.panels()[0].id)
    with pytest.raises(RapidTestError, match="readings_missing"):
        rapid_tests.record(session, replace(_entry(session, kari), readings=blank))


def test_a_device_that_is_not_ours_is_refused(session: Session, kari: Patient) -> None:
    with pytest.raises(RapidTestError, match="panel_mismatch"):
        rapid_tests.record(session, replace(_entry(session, kari), panel="none"))


def test_what_is_prescribed_is_expected(session: Session, kari: Patient) -> None:
    medicines = {
        (panel.id, analyte.code): analyte.expected_with[0].atc
        for panel in rapid_tests.panels()
        for analyte in panel.analytes
        if analyte.expected_with
    }
    (panel_id, analyte), atc = next(iter(medicines.items()))
    receive(session, request(kari, atc=atc))
    expected = {
        line.analyte for line in rapid_tests.blank(session, kari.id, panel_id) if line.expected
    }
    assert analyte in expected
