"""The shipped reference files load, name their sources, and mistakes in them are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.medication import HandoutStatus, ObservedState, Part
from fieldapp.domain.notes import NoteError, check_signable
from fieldapp.domain.reference import (
    handout_reference,
    note_templates,
    order_forms,
    rapid_test_reference,
    substances,
)
from fieldapp.domain.strict_json import DefinitionError

REFERENCE = Path(__file__).parents[3] / "resources" / "reference"


def values_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / f"{name}.json").read_text("utf-8"))
    return found


def objects_in(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for child in value.values() for found in objects_in(child))]
    if isinstance(value, list):
        return [found for child in value for found in objects_in(child)]
    return []


def test_every_outcome_but_given_has_reasons_with_words() -> None:
    handout = handout_reference(json.dumps(values_of("handout")))
    for status in (HandoutStatus.WITHHELD, HandoutStatus.REFUSED, HandoutStatus.NOT_MET):
        other = handout.reason(status, "other")
        assert other is not None
        assert other.needs_text
        assert len(handout.reasons[status]) > 3
    assert handout.reason(HandoutStatus.GIVEN, "other") is None


def test_the_prescriber_is_contacted_at_three_days_and_more_than_four_stop_the_usual_dose() -> None:
    opioid = substances(json.dumps(values_of("substances"))).group("opioid")
    assert opioid.missed_warn is not None
    assert opioid.missed_stop is not None
    assert (opioid.missed_warn.days, opioid.missed_warn.source.verified) == (3, False)
    assert (opioid.missed_stop.days, opioid.missed_stop.source.verified) == (5, True)


@pytest.mark.parametrize(
    ("atc", "group"),
    [
        ("N07BC01", "opioid"),  # buprenorphine
        ("N07BC02", "opioid"),  # methadone
        ("N07BC05", "opioid"),  # levomethadone
        ("N07BC51", "opioid"),  # buprenorphine with naloxone
        ("N02AA01", "opioid"),  # morphine
        ("N02AA05", "opioid"),  # oxycodone
        ("N02AB03", "opioid"),  # fentanyl
        ("N02AE01", "opioid"),  # buprenorphine against pain
        ("N02AJ06", "opioid"),  # codeine with paracetamol
        ("N02AX02", "opioid"),  # tramadol
        ("N02BE01", "atc:N02BE01"),  # paracetamol
        ("N07BB04", "atc:N07BB04"),  # naltrexone takes opioids away
        ("N05AX13", "paliperidone"),
    ],
)
def test_all_opioid_agonists_are_one_group(atc: str, group: str) -> None:
    known = substances(json.dumps(values_of("substances")))
    assert known.group_of_atc(atc) == group


def test_handing_out_is_advised_against_when_the_person_is_intoxicated_or_sedated() -> None:
    handout = handout_reference(json.dumps(values_of("handout")))
    against = {state.state for state in handout.states if state.advises_against}
    assert against == {ObservedState.INTOXICATED, ObservedState.SEDATED}


def test_how_long_ago_still_counts_as_now_is_data_with_its_source() -> None:
    found = handout_reference((REFERENCE / "handout.json").read_text("utf-8"))
    assert found.same_moment.length == timedelta(minutes=15)
    for limit in (found.same_moment, found.list_is_old, found.trip_sync_is_old):
        assert limit.text
        assert limit.source.owner


def test_a_dose_taken_home_is_counted_by_the_part_of_its_day() -> None:
    counted = (
        substances((REFERENCE / "substances.json").read_text("utf-8"))
        .group("opioid")
        .take_home_counted
    )
    assert list(counted.parts) == list(Part)
    assert list(counted.parts.values()) == sorted(counted.parts.values())
    assert not counted.source.verified


def test_every_part_of_the_day_ends_at_some_time() -> None:
    handout = handout_reference(json.dumps(values_of("handout")))
    ends = [handout.ends_at(part) for part in Part]
    assert ends == sorted(ends)
    assert ends[0] == time(11, 0)


def test_every_template_starts_with_headings_only_and_cannot_be_signed_as_it_is() -> None:
    templates = note_templates(json.dumps(values_of("note_templates")))
    assert {entry.code for entry in templates.templates} == {
        "home_visit",
        "phone",
        "crisis",
        "lar_handout",
        "generic",
    }
    for template in templates.templates:
        with pytest.raises(NoteError):
            check_signable(template.text)
        check_signable(template.text + "Alt vel.")


def test_every_panel_has_a_cut_off_of_its_own_and_is_marked_as_an_example() -> None:
    rapid = rapid_test_reference(json.dumps(values_of("rapid_tests")))
    assert all(panel.example for panel in rapid.panels)
    small, large = rapid.panel("urine-8"), rapid.panel("urine-14")
    assert small is not None
    assert large is not None
    cutoffs = {
        analyte.cutoff
        for panel in (small, large)
        for analyte in panel.analytes
        if analyte.code == "amphetamine"
    }
    assert cutoffs == {"500", "1000"}
    assert "Foreløpig" in rapid.statement


@pytest.mark.parametrize(
    "name", ["handout", "rapid_tests", "substances", "depots", "events", "order_forms"]
)
def test_every_clinical_value_has_a_source_a_check_a_review_and_an_owner(name: str) -> None:
    sourced = [entry for entry in objects_in(values_of(name)) if "source" in entry]
    assert len(sourced) >= 8
    for entry in sourced:
        assert {"verified", "reviewed_on", "owner"} <= set(entry)
        assert entry["source"].strip()
        assert entry["owner"].strip()


READERS: dict[str, Callable[[str], object]] = {
    "handout": handout_reference,
    "note_templates": note_templates,
    "rapid_tests": rapid_test_reference,
    "substances": substances,
}


@pytest.mark.parametrize(
    ("name", "path", "value", "place"),
    [
        ("handout", ["format"], "fieldapp-handout-9", "format"),
        ("handout", ["reasons", "refused"], [], "reasons"),
        ("handout", ["reasons", "given"], [], "reasons"),
        ("substances", ["groups", 0, "missed_stop", "days"], 2, "groups[0]"),
        ("substances", ["groups", 0, "missed_stop", "days"], "5", "groups[0].missed_stop.days"),
        ("substances", ["groups", 0, "between_days", "hours"], 0, "groups[0].between_days"),
        ("substances", ["groups", 1, "atc"], ["N07BC"], "groups"),
        ("handout", ["part_ends", 0, "part"], "noon", "part_ends"),
        ("handout", ["part_ends", 0, "ends_at"], "kl 11", "part_ends[0]"),
        ("handout", ["observed_states", 1, "code"], "unaffected", "observed_states"),
        ("note_templates", ["templates"], [], "templates"),
        ("note_templates", ["templates", 1, "code"], "home_visit", "templates"),
        ("note_templates", ["templates", 0, "headings"], ["Samtale:"], "templates[0]"),
        ("rapid_tests", ["panels", 1, "id"], "urine-8", "panels"),
        ("rapid_tests", ["panels", 0, "specimen"], "blood", "panels[0].specimen"),
        ("rapid_tests", ["panels", 0, "analytes", 0, "cutoff"], "0", "panels[0].analytes[0]"),
        ("rapid_tests", ["panels", 0, "analytes", 0, "cutoff"], "NaN", "panels[0].analytes[0]"),
        ("rapid_tests", ["panels", 0, "analytes", 1, "code"], "amphetamine", "panels[0]"),
        (
            "rapid_tests",
            ["urine_limits", "temperature", "minimum_c"],
            "39",
            "urine_limits.temperature",
        ),
    ],
)
def test_a_mistake_in_a_reference_file_is_named_with_its_place(
    name: str, path: list[str | int], value: object, place: str
) -> None:
    values = values_of(name)
    target: Any = values
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(DefinitionError) as caught:
        READERS[name](json.dumps(values))
    assert caught.value.path == place


def test_the_forms_of_orders_are_read_whole_and_a_form_that_is_cut_in_three_is_refused() -> None:
    text = (REFERENCE / "order_forms.json").read_text(encoding="utf-8")
    forms = order_forms(text)
    tablet = forms.form("  Tablett ")
    assert tablet is not None
    assert (tablet.code, tablet.parts) == ("tablet", 2)
    assert forms.form("pulver") is None
    with pytest.raises(DefinitionError, match="parts must be 1 or 2"):
        order_forms(text.replace('"parts": 2', '"parts": 3'))
