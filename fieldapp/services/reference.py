"""The clinical reference data that comes with the program, read once.

The files never change while the program runs, so their values are kept after the first reading.
"""

from __future__ import annotations

from functools import cache

from fieldapp.domain import event_reference, reference
from fieldapp.domain.depots import Depots, read_depots
from fieldapp.domain.event_reference import EventReference
from fieldapp.domain.orders import OrderForms
from fieldapp.domain.reference import (
    HandoutReference,
    NoteTemplate,
    NoteTemplates,
    RapidTestReference,
)
from fieldapp.domain.screening.instruments import Instrument, load_instrument
from fieldapp.domain.substances import Substances
from fieldapp.domain.supply_reference import RegisterReference, register_reference
from fieldapp.paths import resources_dir


@cache
def handout() -> HandoutReference:
    """Reasons, observed states and the ends of the parts of the day."""
    return reference.handout_reference(_text("handout.json"))


@cache
def substances() -> Substances:
    """The substance groups with their intervals, missed-day limits and times."""
    return reference.substances(_text("substances.json"))


@cache
def events() -> EventReference:
    """Vomiting times, naloxone kits and the kinds of deviation."""
    return event_reference.event_reference(_text("events.json"))


@cache
def order_forms() -> OrderForms:
    """The forms that an order can be written for: which may be halved, which are measured in mL."""
    return reference.order_forms(_text("order_forms.json"))


@cache
def register() -> RegisterReference:
    """How finely controlled medicine is counted, and what the adviser's list spans."""
    return register_reference(_text("register.json"))


@cache
def depots() -> Depots:
    """The depots with their windows, bands, sites and warnings."""
    return read_depots(_text("depots.json"))


@cache
def note_templates() -> NoteTemplates:
    """The templates a note can start from."""
    return reference.note_templates(_text("note_templates.json"))


def note_template(code: str) -> NoteTemplate | None:
    """One template, or None for a code that this version does not have."""
    return note_templates().template(code)


@cache
def rapid_tests() -> RapidTestReference:
    """Devices, reasons and limits for rapid tests."""
    return reference.rapid_test_reference(_text("rapid_tests.json"))


@cache
def instruments() -> tuple[Instrument, ...]:
    """The questionnaires that come with the program, with their short labels, by id."""
    files = sorted((resources_dir() / "instruments").glob("*.json"))
    return tuple(load_instrument(path.read_text(encoding="utf-8")) for path in files)


def _text(name: str) -> str:
    return (resources_dir() / "reference" / name).read_text(encoding="utf-8")
