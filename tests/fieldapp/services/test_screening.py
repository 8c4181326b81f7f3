"""Answers are safe at once; a completed response never changes; the trend keeps old bands."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.observations import ScreeningResponse
from fieldapp.domain.patients import Patient, Sex
from fieldapp.domain.strict_json import DefinitionError
from fieldapp.services import notes, screening
from fieldapp.services.screening import ScreeningError
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records
from tests.helpers.builders import outbox_rows, patient, receive


def _answers(session: Session, instrument_id: str, points: int) -> dict[str, int]:
    """Every item answered with `points`, or the nearest answer below that it has."""
    return {
        item.id: max(option.value for option in item.options if option.value <= points)
        for item in screening.instrument(session, instrument_id).items
    }


def _completed(session: Session, person: Patient, points: int) -> str:
    draft = screening.start_draft(session, person.id, "audit")
    draft = screening.save_answers(
        session, draft, _answers(session, "audit", points), norm_set=person.sex.value
    )
    screening.complete(session, draft.id)
    return draft.id


def test_audit_and_dudit_come_with_the_program(session: Session) -> None:
    assert {instrument.id for instrument in screening.instruments(session)} >= {"audit", "dudit"}
    with pytest.raises(NotFoundError):
        screening.instrument(session, "no-such")


def test_answers_are_stored_as_they_are_given(session: Session, kari: Patient) -> None:
    draft = screening.start_draft(session, kari.id, "audit", "e-1")
    assert draft.body["norm_set"] == "female"
    screening.save_answers(session, draft, {"1": 2}, norm_set="female")
    (row,) = notes.interrupted_drafts(session)
    assert row.draft.body["answers"] == {"1": 2}
    assert outbox_rows(session.database) == []


def test_a_completed_response_keeps_its_score_and_definition(
    session: Session, kari: Patient
) -> None:
    response_id = _completed(session, kari, 4)
    (response,) = screening.history(session, kari.id, "audit")
    instrument = screening.instrument(session, "audit")
    assert response.id == response_id
    assert (response.total, response.band) == (40, instrument.bands[-1].code)
    assert response.scoring_hash == instrument.scoring_hash
    assert notes.drafts(session) == []
    assert outbox_rows(session.database) == [("screening_response", response_id)]


def test_missing_answers_leave_a_range_and_no_band(session: Session, kari: Patient) -> None:
    draft = screening.start_draft(session, kari.id, "audit")
    draft = screening.save_answers(session, draft, {"1": 4, "2": 4})
    screening.complete(session, draft.id)
    (response,) = screening.history(session, kari.id)
    assert (response.total, response.band) == (None, None)
    assert (response.lowest, response.highest) == (8, 40)


def test_a_questionnaire_without_any_answer_is_not_completed(
    session: Session, kari: Patient
) -> None:
    draft = screening.start_draft(session, kari.id, "audit")
    with pytest.raises(ScreeningError):
        screening.complete(session, draft.id)
    assert notes.draft(session, draft.id) == draft


def test_an_accepted_skip_counts_as_no(session: Session, kari: Patient) -> None:
    instrument = screening.instrument(session, "audit")
    rule = instrument.skips[0]
    answers = {item.id: 0 for item in instrument.items if item.id not in rule.skips}
    draft = screening.start_draft(session, kari.id, "audit")
    draft = screening.save_answers(session, draft, answers, accepted=[rule.code])
    screening.complete(session, draft.id)
    (response,) = screening.history(session, kari.id)
    assert response.total == 0
    assert set(response.answers) == {item.id for item in instrument.items}


def test_completing_twice_is_one_response(session: Session, kari: Patient) -> None:
    response_id = _completed(session, kari, 2)
    assert screening.complete(session, response_id).changes == ()
    assert len(records.select(session.database, ScreeningResponse)) == 1


def test_an_unknown_sex_chooses_no_norm_set(session: Session) -> None:
    person = patient(sex=Sex.UNKNOWN)
    receive(session, person)
    draft = screening.start_draft(session, person.id, "dudit")
    assert draft.body["norm_set"] is None


def test_the_trend_runs_from_the_oldest_over_the_patients_bands(
    session: Session, kari: Patient, clock: FixedClock
) -> None:
    for points in (4, 2, 0):
        _completed(session, kari, points)
        clock.advance(timedelta(days=90))
    trend = screening.trend(session, kari.id, "audit")
    assert [point.total for point in trend.points] == [40, 20, 0]
    assert [band.at_least for band in trend.bands] == sorted(band.at_least for band in trend.bands)
    assert trend.bands[0].at_least == 0


def _pack(session: Session, **changes: Any) -> str:
    instrument = screening.instrument(session, "audit")
    return json.dumps(
        {
            "format": "fieldapp-text-pack-1",
            "instrument": "audit",
            "instrument_version": instrument.version,
            "language": "nb",
            "licensee": "Testkommunen",
            "source": "En lisens",
            "title": "AUDIT med ordlyd",
            "introduction": "Innledning",
            "items": {
                item.id: {
                    "text": f"Spørsmål {item.id}",
                    "options": {
                        str(option.value): f"Svar {option.value}" for option in item.options
                    },
                }
                for item in instrument.items
            },
            **changes,
        }
    )


def test_a_licensed_text_pack_gives_the_wording_and_leaves_the_score(
    session: Session, kari: Patient
) -> None:
    before = screening.instrument(session, "audit")
    screening.install_text_pack(session, _pack(session))
    after = screening.instrument(session, "audit")
    assert (after.title, after.items[0].text) == ("AUDIT med ordlyd", "Spørsmål 1")
    assert after.scoring_hash == before.scoring_hash


def test_a_text_pack_that_does_not_fit_is_not_installed(session: Session) -> None:
    with pytest.raises(DefinitionError):
        screening.install_text_pack(session, _pack(session, instrument_version="0"))
    with pytest.raises(NotFoundError):
        screening.install_text_pack(session, _pack(session, instrument="other"))
    assert screening.instrument(session, "audit").title != "AUDIT med ordlyd"
