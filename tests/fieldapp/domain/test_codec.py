"""Bodies carry values exactly, name what is wrong, and tolerate what a newer program added."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.kinds import KINDS, Policy, name_of, policy_of
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from tests.fieldapp.domain.test_medication import GIVEN, METHADONE


def test_a_value_survives_the_way_through_json_exactly() -> None:
    event = replace(GIVEN, dose_mg=Decimal("12.50"))
    for value in (METHADONE, event):
        body = json.loads(json.dumps(to_body(value)))
        assert from_body(type(value), body) == value


def test_fields_of_a_newer_program_are_ignored_when_reading() -> None:
    body = to_body(METHADONE) | {"colour": "blue"}
    assert from_body(MedicationRequest, body) == METHADONE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dose_mg", "NaN"),
        ("dose_mg", "much"),
        ("dose_mg", 5),
        ("day", "23.11.2026"),
        ("status", "perhaps"),
        ("witnessed", 1),
        ("sequence", True),
        ("given_at", "yesterday"),
        ("patient_id", None),
    ],
)
def test_a_value_of_the_wrong_form_is_named_by_its_field_without_its_content(
    field: str, value: object
) -> None:
    body = to_body(GIVEN) | {field: value}
    with pytest.raises(BodyError) as caught:
        from_body(MedicationAdministration, body)
    assert caught.value.field == field
    assert str(value) not in caught.value.problem


def test_a_missing_required_field_is_named() -> None:
    body = to_body(GIVEN)
    del body["author_id"]
    with pytest.raises(BodyError, match="author_id: missing"):
        from_body(MedicationAdministration, body)


def test_every_kind_is_found_by_its_value_and_unknown_kinds_are_kept_as_events() -> None:
    assert name_of(GIVEN) == "medication_administration"
    assert policy_of("medication_administration") is Policy.EVENT
    assert policy_of("kind_of_next_year") is Policy.EVENT
    assert all(kind.name == name for name, kind in KINDS.items())
