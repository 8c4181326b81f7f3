"""An organisation installs its licensed wording; a file that does not fit changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from fieldapp.domain.screening.instruments import Instrument
from fieldapp.services import screening
from tests.helpers.ward import Ward, make_ward
from ui.settings.instruments import InstrumentsCard
from ui.theme import Theme


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "store")
    yield made
    made.vault.lock()


@pytest.fixture
def card(qtbot: QtBot, theme: Theme, ward: Ward) -> InstrumentsCard:
    made = InstrumentsCard(ward.session)
    qtbot.addWidget(made)
    return made


def pack(instrument: Instrument, **changes: object) -> str:
    items = {
        item.id: {
            "text": f"Lisensiert {item.id}",
            "options": {str(option.value): f"Svar {option.value}" for option in item.options},
        }
        for item in instrument.items
    }
    top = {
        "format": "fieldapp-text-pack-1",
        "instrument": instrument.id,
        "instrument_version": instrument.version,
        "language": "nb",
        "licensee": "Testkommunen",
        "source": "En lisens",
        "title": "AUDIT, lisensiert",
        "introduction": "Innledning",
        "items": items,
    }
    return json.dumps(top | changes)


def test_an_installed_pack_is_shown_and_asked_from_then_on(
    qtbot: QtBot, ward: Ward, card: InstrumentsCard, tmp_path: Path
) -> None:
    file = tmp_path / "pack.json"
    file.write_text(pack(screening.instrument(ward.session, "audit")), encoding="utf-8")
    with qtbot.waitSignal(card.installed):
        card.install(file)
    asked = screening.instrument(ward.session, "audit")
    assert asked.items[0].text == "Lisensiert 1"
    shown = next(row for row in card._rows.rows if row.id == "audit")
    assert shown.tags[0].text == "Lisensiert ordlyd"


@pytest.mark.parametrize("text", ["", "{}", "ikke json", "wrong version"])
def test_a_file_that_does_not_fit_is_told_and_changes_nothing(
    ward: Ward, card: InstrumentsCard, tmp_path: Path, text: str
) -> None:
    before = screening.instrument(ward.session, "audit")
    file = tmp_path / "pack.json"
    if text == "wrong version":
        text = pack(before, instrument_version="0")
    file.write_text(text, encoding="utf-8")
    card.install(file)
    assert "Ingenting er endret" in card._banner.text.text()
    assert screening.instrument(ward.session, "audit") == before


def test_a_file_that_is_not_there_is_told(card: InstrumentsCard, tmp_path: Path) -> None:
    card.install(tmp_path / "missing.json")
    assert "kan ikke leses" in card._banner.text.text()
