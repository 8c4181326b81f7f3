"""Reads ``reference/events.json``: vomiting times, naloxone kits, kinds of deviation."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.domain.reference import CodedText
from fieldapp.domain.strict_json import JsonObject, Source, no_repeats, parse_object


@dataclass(frozen=True, slots=True)
class VomitingBand:
    """What is said of a dose that came up. `until_minutes` is excluded; None: without an end."""

    from_minutes: int
    until_minutes: int | None
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence that informs, with where it comes from. The prescriber decides."""

    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Vomiting:
    """The times hold for a witnessed vomiting; `unwitnessed` for any other."""

    groups: tuple[str, ...]
    """Substance groups that it is told for."""
    bands: tuple[VomitingBand, ...]
    unwitnessed: Advice
    decides: Advice

    def advice(self, minutes: int | None, witnessed: bool | None) -> Advice:
        """Return what is known of a vomiting so many minutes after the dose."""
        if witnessed is not True:
            return self.unwitnessed
        for band in self.bands:
            if minutes is None or minutes < band.from_minutes:
                continue
            if band.until_minutes is None or minutes < band.until_minutes:
                return Advice(band.text, band.source)
        return self.decides


@dataclass(frozen=True, slots=True)
class NaloxoneProduct:
    code: str
    name: str
    ages: str
    source: Source


@dataclass(frozen=True, slots=True)
class EventReference:
    version: str
    vomiting: Vomiting
    lost: Advice
    naloxone_products: tuple[NaloxoneProduct, ...]
    naloxone_use: tuple[Advice, ...]
    deviation_types: tuple[CodedText, ...]


def event_reference(text: str) -> EventReference:
    """Read ``reference/events.json``. Raises DefinitionError."""
    top = parse_object(text)
    top.one_of("format", {"fieldapp-events-1"})
    naloxone = top.child("naloxone")
    found = EventReference(
        version=top.text("version"),
        vomiting=_vomiting(top.child("vomiting")),
        lost=_advice(top.child("lost")),
        naloxone_products=tuple(_product(entry) for entry in naloxone.children("products")),
        naloxone_use=tuple(_advice(entry) for entry in naloxone.children("use")),
        deviation_types=tuple(_type(entry) for entry in top.children("deviation_types")),
    )
    naloxone.done()
    top.done()
    no_repeats([product.code for product in found.naloxone_products], "naloxone.products")
    no_repeats([kind.code for kind in found.deviation_types], "deviation_types")
    return found


def _vomiting(entry: JsonObject) -> Vomiting:
    found = Vomiting(
        groups=entry.texts("groups"),
        bands=tuple(_band(band) for band in entry.children("bands")),
        unwitnessed=_advice(entry.child("unwitnessed")),
        decides=_advice(entry.child("decides")),
    )
    entry.done()
    expected: int | None = 0
    for band in found.bands:
        if band.from_minutes != expected:
            raise entry.fail("the bands must follow each other from 0 without a gap")
        expected = band.until_minutes
    if expected is not None:
        raise entry.fail("the last band must have no end")
    return found


def _band(entry: JsonObject) -> VomitingBand:
    found = VomitingBand(
        entry.integer("from_minutes"),
        entry.optional_integer("until_minutes"),
        entry.text("text"),
        entry.source(),
    )
    entry.done()
    if found.until_minutes is not None and found.until_minutes <= found.from_minutes:
        raise entry.fail("a band must end after it begins")
    return found


def _advice(entry: JsonObject) -> Advice:
    found = Advice(entry.text("text"), entry.source())
    entry.done()
    return found


def _product(entry: JsonObject) -> NaloxoneProduct:
    found = NaloxoneProduct(
        entry.text("code"), entry.text("name"), entry.text("ages"), entry.source()
    )
    entry.done()
    return found


def _type(entry: JsonObject) -> CodedText:
    found = CodedText(entry.text("code"), entry.text("text"), entry.boolean("needs_text", False))
    entry.done()
    return found
