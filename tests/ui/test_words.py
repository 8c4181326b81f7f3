from __future__ import annotations

from enum import Enum

import pytest

from fieldapp.domain.kinds import KINDS
from fieldapp.domain.medication import HandoutStatus, IdentityCheck, ObservedState, Part
from fieldapp.domain.patients import (
    FlagCategory,
    FlagState,
    Level,
    Place,
    Relation,
    Role,
    Sex,
)
from fieldapp.domain.visits import AppointmentStatus, EncounterStatus, VisitKind
from ui.words import kind_word, masked_id, word

SHOWN: tuple[type[Enum], ...] = (
    Sex,
    Level,
    Place,
    FlagCategory,
    FlagState,
    Relation,
    Role,
    VisitKind,
    AppointmentStatus,
    EncounterStatus,
    Part,
    HandoutStatus,
    IdentityCheck,
    ObservedState,
)


@pytest.mark.parametrize("code", [code for codes in SHOWN for code in codes])
def test_every_code_that_is_shown_has_a_word(code: Enum) -> None:
    assert word(code)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_record_has_a_word(kind: str) -> None:
    assert kind_word(kind) != kind


def test_equal_values_of_two_types_keep_their_own_words() -> None:
    assert word(Place.HOME) != word(VisitKind.HOME)


def test_a_national_number_is_masked_after_the_birth_date() -> None:
    assert masked_id("12834112345") == "128341 •••••"
