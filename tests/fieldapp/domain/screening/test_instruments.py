"""Definition files are read strictly, and a text pack changes words only."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.screening.instruments import (
    Instrument,
    apply_text_pack,
    load_instrument,
    load_text_pack,
)
from fieldapp.domain.strict_json import DefinitionError

INSTRUMENTS = Path(__file__).parents[4] / "resources" / "instruments"


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((INSTRUMENTS / f"{name}.json").read_text("utf-8"))
    return found


def load(values: dict[str, Any]) -> Instrument:
    return load_instrument(json.dumps(values))


def pack_for(instrument: Instrument) -> dict[str, Any]:
    return {
        "format": "fieldapp-text-pack-1",
        "instrument": instrument.id,
        "instrument_version": instrument.version,
        "language": "nn",
        "licensee": "Prøvekommunen",
        "source": "Oppdikta ordlyd for prøve",
        "title": "Prøve",
        "introduction": "Innleiing",
        "items": {
            item.id: {
                "text": f"Langt spørsmål {item.id}",
                "options": {str(option.value): f"svar {option.value}" for option in item.options},
            }
            for item in instrument.items
        },
    }


@pytest.mark.parametrize(("name", "items", "highest"), [("audit", 10, 40), ("dudit", 11, 44)])
def test_a_shipped_instrument_has_its_items_and_range(name: str, items: int, highest: int) -> None:
    instrument = load(definition(name))
    assert (len(instrument.items), instrument.highest) == (items, highest)
    assert not instrument.official_text
    assert instrument.licence


@pytest.mark.parametrize(
    ("name", "three_answers"), [("audit", {"9", "10"}), ("dudit", {"10", "11"})]
)
def test_the_last_two_items_have_three_answers_worth_nought_two_and_four(
    name: str, three_answers: set[str]
) -> None:
    for item in load(definition(name)).items:
        values = [option.value for option in item.options]
        assert values == ([0, 2, 4] if item.id in three_answers else [0, 1, 2, 3, 4])


@pytest.mark.parametrize("name", ["audit", "dudit"])
def test_every_threshold_carries_its_source(name: str) -> None:
    instrument = load(definition(name))
    for criterion in (*instrument.bands, *instrument.cutoffs):
        for threshold in criterion.thresholds:
            assert threshold.source.text
            assert threshold.source.reviewed_on.year >= 2026


def test_a_rule_of_general_knowledge_is_marked_as_not_verified() -> None:
    skips = {rule.code: rule.source.verified for rule in load(definition("audit")).skips}
    assert skips == {"never_drinks": True, "low_consumption": False}


def test_a_changed_label_leaves_the_scoring_hash_and_a_changed_threshold_does_not() -> None:
    original = load(definition("audit"))
    relabelled, rescored = definition("audit"), definition("audit")
    relabelled["items"][0]["label"] = "Annet stikkord"
    rescored["bands"][1]["thresholds"][0]["at_least"] = 9
    assert load(relabelled).scoring_hash == original.scoring_hash
    assert load(relabelled).content_hash != original.content_hash
    assert load(rescored).scoring_hash != original.scoring_hash


def broken(path: list[str | int], value: object) -> dict[str, Any]:
    values = copy.deepcopy(definition("audit"))
    target: Any = values
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return values


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (["format"], "fieldapp-instrument-2", "format"),
        (["items"], [], "items"),
        (["items", 1, "id"], "1", "items"),
        (["items", 2, "scale"], "missing", "items[2].scale"),
        (["items", 2, "label"], " ", "items[2].label"),
        (["scales", "harm", 1, "value"], 4, "scales.harm"),
        (["scales", "harm", 1, "value"], 2.0, "scales.harm[1].value"),
        (["bands", 0, "thresholds", 0, "at_least"], 1, "bands"),
        (["bands", 2, "thresholds", 0, "at_least"], 8, "bands"),
        (["bands", 3, "thresholds", 0, "at_least"], 41, "zone_4"),
        (["bands", 3, "thresholds", 0, "at_least"], True, "bands[3].thresholds[0].at_least"),
        (["bands", 3, "thresholds", 0, "atleast"], 20, "bands[3].thresholds[0]"),
        (["bands", 3, "thresholds", 0, "verified"], "yes", "bands[3].thresholds[0].verified"),
        (["cutoffs", 0, "thresholds", 0, "norm_set"], "men", "cutoffs[0].thresholds[0]"),
        (["findings", 0, "any_of", 0, "items"], ["12"], "items"),
        (["findings", 0, "code"], "harm", "findings"),
        (["skips", 0, "skips"], [], "skips[0]"),
        (["reviewed_on"], "21.11.2026", "reviewed_on"),
    ],
)
def test_a_mistake_in_a_definition_is_named_with_its_place(
    path: list[str | int], value: object, place: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(broken(path, value))
    assert caught.value.path == place


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', '{"a": 1, "a": 2}'])
def test_a_file_that_is_no_definition_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        load_instrument(text)


def test_a_text_pack_replaces_the_words_and_nothing_else() -> None:
    instrument = load(definition("dudit"))
    worded = apply_text_pack(instrument, load_text_pack(json.dumps(pack_for(instrument))))
    assert worded.official_text
    assert worded.language == "nn"
    assert worded.items[2].text == "Langt spørsmål 3"
    assert worded.items[9].options[1].label == "svar 2"
    assert [item.label for item in worded.items] == [item.label for item in instrument.items]
    assert worded.scoring_hash == instrument.scoring_hash
    assert "Prøvekommunen" in worded.text_source


def test_a_text_pack_for_another_version_is_refused() -> None:
    instrument = load(definition("dudit"))
    values = pack_for(instrument) | {"instrument_version": "2"}
    with pytest.raises(DefinitionError):
        apply_text_pack(instrument, load_text_pack(json.dumps(values)))


def test_a_text_pack_that_leaves_out_an_item_or_an_answer_is_refused() -> None:
    instrument = load(definition("dudit"))
    without_item, without_answer = pack_for(instrument), pack_for(instrument)
    del without_item["items"]["11"]
    del without_answer["items"]["11"]["options"]["2"]
    for values in (without_item, without_answer):
        with pytest.raises(DefinitionError):
            apply_text_pack(instrument, load_text_pack(json.dumps(values)))
