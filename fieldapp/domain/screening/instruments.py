"""What a questionnaire consists of, read from a definition file and checked strictly.

The files hold short labels in our own words, the scales and the scoring. The official wording
comes from a text pack that an organisation installs under its own licence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from fieldapp.domain.strict_json import (
    DefinitionError,
    JsonObject,
    Source,
    no_repeats,
    parse_object,
)

NORM_SETS = ("female", "male")

DEFINITION_FORMAT = "fieldapp-instrument-1"
TEXT_PACK_FORMAT = "fieldapp-text-pack-1"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer. ``value`` is its score and, within the item, its identity."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question: a short label for reports, and the text shown when asking."""

    id: str
    label: str
    text: str
    options: tuple[Option, ...]

    @property
    def lowest(self) -> int:
        return min(option.value for option in self.options)

    @property
    def highest(self) -> int:
        return max(option.value for option in self.options)

    def option(self, value: int) -> Option | None:
        """Return the answer with this score, or None."""
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A total from which a criterion is reached, for everybody or for one group.

    Ages are whole years, both ends included. None means that the limit does not apply.
    """

    at_least: int
    norm_set: str | None
    minimum_age: int | None
    maximum_age: int | None
    preliminary: bool
    source: Source

    def may_apply(self, norm_set: str | None, age: int | None) -> bool:
        """True unless something known about the person rules this threshold out."""
        if self.norm_set is not None and norm_set is not None and self.norm_set != norm_set:
            return False
        if age is None:
            return True
        return (self.minimum_age is None or age >= self.minimum_age) and (
            self.maximum_age is None or age <= self.maximum_age
        )


@dataclass(frozen=True, slots=True)
class Criterion:
    """A band or a cut-off: what it is called, what is offered, and from which total."""

    code: str
    label: str
    advice: str
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """True when any of ``items`` was answered with ``at_least`` points."""

    items: tuple[str, ...]
    at_least: int


@dataclass(frozen=True, slots=True)
class FindingRule:
    """Something single answers say, whatever the total. Any one condition is enough.

    ``raises_level``: offer what belongs to the next higher band.
    """

    code: str
    label: str
    conditions: tuple[Condition, ...]
    raises_level: bool
    source: Source


@dataclass(frozen=True, slots=True)
class SkipRule:
    """When every item of ``when_zero`` is answered 0, ``skips`` may be left out and count 0."""

    code: str
    label: str
    when_zero: tuple[str, ...]
    skips: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire of one version in one language.

    ``scoring_hash`` covers what a score depends on and no text, so that a text pack leaves it
    alone; ``content_hash`` covers the whole definition file.
    """

    id: str
    version: str
    language: str
    title: str
    introduction: str
    look_back: str
    licence: str
    source: Source
    official_text: bool
    text_source: str
    items: tuple[Item, ...]
    bands: tuple[Criterion, ...]
    cutoffs: tuple[Criterion, ...]
    findings: tuple[FindingRule, ...]
    skips: tuple[SkipRule, ...]
    scoring_hash: str
    content_hash: str

    @property
    def highest(self) -> int:
        """The highest possible total."""
        return sum(item.highest for item in self.items)

    def item(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)

    def band(self, code: str) -> Criterion | None:
        return next((band for band in self.bands if band.code == code), None)

    def finding(self, code: str) -> FindingRule | None:
        return next((finding for finding in self.findings if finding.code == code), None)


@dataclass(frozen=True, slots=True)
class TextPack:
    """Licensed wording for one instrument: item id -> (text, option value -> text)."""

    instrument: str
    instrument_version: str
    language: str
    licensee: str
    source: str
    title: str
    introduction: str
    items: Mapping[str, tuple[str, Mapping[int, str]]]


def load_instrument(text: str) -> Instrument:
    """Read a definition file. Raises DefinitionError with the path of the first mistake."""
    top = parse_object(text)
    top.one_of("format", {DEFINITION_FORMAT})
    scales = _scales(top.child("scales"))
    items = tuple(_item(entry, scales) for entry in top.children("items"))
    if not items:
        raise DefinitionError("items", "is empty")
    no_repeats([item.id for item in items], "items")
    bands = tuple(_criterion(entry) for entry in top.children("bands"))
    cutoffs = tuple(_criterion(entry) for entry in top.children("cutoffs"))
    findings = tuple(_finding(entry) for entry in top.children("findings"))
    skips = tuple(_skip(entry) for entry in top.children("skips"))
    language = top.text("language")
    official = top.boolean("official_text")
    instrument = Instrument(
        id=top.text("id"),
        version=top.text("version"),
        language=language,
        title=top.text("title"),
        introduction=top.text("introduction"),
        look_back=top.text("look_back"),
        licence=top.text("licence"),
        source=top.source(),
        official_text=official,
        text_source=top.text("text_source"),
        items=items,
        bands=bands,
        cutoffs=cutoffs,
        findings=findings,
        skips=skips,
        scoring_hash="",
        content_hash=_digest(json.loads(text)),
    )
    top.done()
    _check(instrument)
    return replace(instrument, scoring_hash=_scoring_hash(instrument))


def load_text_pack(text: str) -> TextPack:
    """Read a text pack file. Raises DefinitionError; that it fits is for apply_text_pack to say."""
    top = parse_object(text)
    top.one_of("format", {TEXT_PACK_FORMAT})
    pack = TextPack(
        instrument=top.text("instrument"),
        instrument_version=top.text("instrument_version"),
        language=top.text("language"),
        licensee=top.text("licensee"),
        source=top.text("source"),
        title=top.text("title"),
        introduction=top.text("introduction"),
        items=_pack_items(top.child("items")),
    )
    top.done()
    return pack


def apply_text_pack(instrument: Instrument, pack: TextPack) -> Instrument:
    """Return the instrument with the pack's wording; scoring, ids and short labels stay.

    Raises DefinitionError unless the pack is for this instrument and version and has a text for
    exactly the items and answers that exist.
    """
    if (pack.instrument, pack.instrument_version) != (instrument.id, instrument.version):
        raise DefinitionError("instrument", "the text pack is for another instrument or version")
    if set(pack.items) != {item.id for item in instrument.items}:
        raise DefinitionError("items", "the text pack has other items than the instrument")
    return replace(
        instrument,
        language=pack.language,
        title=pack.title,
        introduction=pack.introduction,
        official_text=True,
        text_source=f"{pack.source} ({pack.licensee})",
        items=tuple(_reworded(item, *pack.items[item.id]) for item in instrument.items),
    )


def _reworded(item: Item, text: str, options: Mapping[int, str]) -> Item:
    if set(options) != {option.value for option in item.options}:
        raise DefinitionError(f"items.{item.id}.options", "other answers than the instrument has")
    return replace(
        item,
        text=text,
        options=tuple(replace(option, label=options[option.value]) for option in item.options),
    )


def _pack_items(entries: JsonObject) -> dict[str, tuple[str, Mapping[int, str]]]:
    found: dict[str, tuple[str, Mapping[int, str]]] = {}
    for item_id in entries.names():
        entry = entries.child(item_id)
        options = entry.child("options")
        texts = {_option_value(name, options): options.text(name) for name in options.names()}
        found[item_id] = (entry.text("text"), texts)
        entry.done()
    return found


def _option_value(name: str, options: JsonObject) -> int:
    try:
        return int(name)
    except ValueError:
        raise options.fail("an answer must be named by its whole-number value") from None


def _scales(entries: JsonObject) -> dict[str, tuple[Option, ...]]:
    return {name: _scale(entries.children(name), name) for name in entries.names()}


def _scale(entries: tuple[JsonObject, ...], name: str) -> tuple[Option, ...]:
    options = []
    for entry in entries:
        options.append(Option(value=entry.integer("value"), label=entry.text("label")))
        entry.done()
    values = [option.value for option in options]
    if len(values) < 2 or any(earlier >= later for earlier, later in pairwise(values)):
        raise DefinitionError(f"scales.{name}", "needs two answers or more with rising values")
    return tuple(options)


def _item(entry: JsonObject, scales: Mapping[str, tuple[Option, ...]]) -> Item:
    label = entry.text("label")
    item = Item(
        id=entry.text("id"),
        label=label,
        text=label,
        options=scales[entry.one_of("scale", scales)],
    )
    entry.done()
    return item


def _criterion(entry: JsonObject) -> Criterion:
    criterion = Criterion(
        code=entry.text("code"),
        label=entry.text("label"),
        advice=entry.text("advice"),
        thresholds=tuple(_threshold(child) for child in entry.children("thresholds")),
    )
    if not criterion.thresholds:
        raise entry.fail("has no thresholds")
    entry.done()
    return criterion


def _threshold(entry: JsonObject) -> Threshold:
    norm_set = entry.text("norm_set", default="any")
    if norm_set not in (*NORM_SETS, "any"):
        raise entry.fail("norm_set must be female or male, or left out")
    threshold = Threshold(
        at_least=entry.integer("at_least"),
        norm_set=None if norm_set == "any" else norm_set,
        minimum_age=entry.optional_integer("minimum_age"),
        maximum_age=entry.optional_integer("maximum_age"),
        preliminary=entry.boolean("preliminary", default=False),
        source=entry.source(),
    )
    entry.done()
    return threshold


def _finding(entry: JsonObject) -> FindingRule:
    conditions = []
    for child in entry.children("any_of"):
        conditions.append(Condition(child.texts("items"), child.integer("at_least")))
        child.done()
    if not conditions:
        raise entry.fail("has no conditions")
    finding = FindingRule(
        code=entry.text("code"),
        label=entry.text("label"),
        conditions=tuple(conditions),
        raises_level=entry.boolean("raises_level", default=False),
        source=entry.source(),
    )
    entry.done()
    return finding


def _skip(entry: JsonObject) -> SkipRule:
    skip = SkipRule(
        code=entry.text("code"),
        label=entry.text("label"),
        when_zero=entry.texts("when_zero"),
        skips=entry.texts("skips"),
        source=entry.source(),
    )
    if not skip.when_zero or not skip.skips:
        raise entry.fail("needs items in when_zero and in skips")
    entry.done()
    return skip


def _check(instrument: Instrument) -> None:
    """Raise for anything that each part allows but the whole does not."""
    for path, rules in (
        ("bands", instrument.bands),
        ("cutoffs", instrument.cutoffs),
        ("findings", instrument.findings),
        ("skips", instrument.skips),
    ):
        no_repeats([rule.code for rule in rules], path)
    _check_thresholds(instrument)
    _check_items_exist(instrument)
    for skip in instrument.skips:
        for item_id in skip.skips:
            item = instrument.item(item_id)
            if item is not None and item.option(0) is None:
                raise DefinitionError("skips", f"item {item_id} has no answer worth 0")


def _check_thresholds(instrument: Instrument) -> None:
    for criterion in (*instrument.bands, *instrument.cutoffs):
        for threshold in criterion.thresholds:
            if not 0 <= threshold.at_least <= instrument.highest:
                raise DefinitionError(criterion.code, "a threshold lies outside the range")
    if not instrument.bands:
        return
    if any(threshold.at_least != 0 for threshold in instrument.bands[0].thresholds):
        raise DefinitionError("bands", "the first band must start at 0")
    for lower, upper in pairwise(instrument.bands):
        highest_below = max(threshold.at_least for threshold in lower.thresholds)
        if any(threshold.at_least <= highest_below for threshold in upper.thresholds):
            raise DefinitionError("bands", f"{upper.code} must start above {lower.code}")


def _check_items_exist(instrument: Instrument) -> None:
    known = {item.id for item in instrument.items}
    used: set[str] = set()
    for finding in instrument.findings:
        for condition in finding.conditions:
            used.update(condition.items)
    for skip in instrument.skips:
        used.update(skip.when_zero, skip.skips)
    if unknown := sorted(used - known):
        raise DefinitionError("items", f"a rule names item {unknown[0]}, which does not exist")


def _scoring_hash(instrument: Instrument) -> str:
    def criteria(rules: tuple[Criterion, ...]) -> list[Any]:
        return [
            [
                rule.code,
                [
                    [limit.at_least, limit.norm_set, limit.minimum_age, limit.maximum_age]
                    for limit in rule.thresholds
                ],
            ]
            for rule in rules
        ]

    return _digest(
        {
            "id": instrument.id,
            "items": [
                [item.id, [option.value for option in item.options]] for item in instrument.items
            ],
            "bands": criteria(instrument.bands),
            "cutoffs": criteria(instrument.cutoffs),
            "findings": [
                [
                    rule.code,
                    rule.raises_level,
                    [[list(condition.items), condition.at_least] for condition in rule.conditions],
                ]
                for rule in instrument.findings
            ],
            "skips": [
                [rule.code, list(rule.when_zero), list(rule.skips)] for rule in instrument.skips
            ],
        }
    )


def _digest(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
