"""What the giver has typed, read and judged before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from fieldapp.domain.medication import CoSignature, HandoutStatus, OtherDose, Slot, slots
from fieldapp.services import reference
from tests.helpers.builders import TODAY, patient, request
from ui.handout.form_state import (
    Ask,
    HandoutForm,
    InjectionSaid,
    Needs,
    as_recorded,
    dissolve_minutes,
    dose_problem,
    entry,
    home_days,
    missing_to_give,
    not_accounted_words,
    parse_day,
    parse_expiry,
    witness_wanted_words,
)

DAYS = tuple(TODAY + timedelta(days=offset) for offset in (1, 2, 3))


def a_slot(**changes: object) -> Slot:
    return slots([request(patient(), **changes)], TODAY)[0]


def test_days_to_take_home_are_at_most_the_orders_and_end_at_the_next_supervised_one() -> None:
    week = (1, 2, 3, 4, 5, 6, 7)
    planned = tuple(day.isoweekday() for day in DAYS[:2])
    slot = a_slot(weekdays=week, take_home_weekdays=planned, max_take_home_days=6)
    assert home_days(slot) == (DAYS[:2], 2)
    assert home_days(a_slot(weekdays=week, max_take_home_days=1)) == (DAYS[:1], 0)
    assert home_days(a_slot(weekdays=week)) == ((), 0)


def test_only_a_tablet_under_the_tongue_is_watched_until_it_has_dissolved() -> None:
    group = reference.substances().group("opioid")
    assert dissolve_minutes(a_slot(atc="N07BC51"), group) == group.dissolve_minutes
    assert dissolve_minutes(a_slot(atc="N07BC02"), group) is None
    assert dissolve_minutes(a_slot(atc="N07BC51"), reference.substances().other) is None


def test_each_further_need_is_missing_until_it_is_said() -> None:
    needs = Needs(
        dissolves=5,
        home_days=DAYS,
        home_planned=3,
        witness=True,
        ledgers=(("bag:1", "x"), ("bag:2", "y")),
        injection=True,
        observe_minutes=180,
    )
    form = HandoutForm("id", a_slot(), needs, home_count=2, other_dose=OtherDose.YES)
    assert missing_to_give(form) == (
        "identity",
        "state",
        "other_text",
        "dissolve",
        "mouth",
        "bottles",
        "empties",
        "site",
        "side",
        "lot",
        "expiry",
        "observation",
        "ledger",
    )
    said = replace(
        form,
        injection=InjectionSaid("thigh", "left", "A1", "08.2027", observed="180"),
        bottles_text="2",
        empties_text="0",
        dissolve_text="6",
        mouth_checked=False,
        other_text="10 mg metadon i natt",
        ledger_id="bag:1",
    )
    # The second person whom the organisation wants is asked for, and never stops the record.
    assert missing_to_give(said) == ("identity", "state")


def test_a_missing_second_person_and_a_missing_bag_are_said_before_giving() -> None:
    form = HandoutForm("id", a_slot(), Needs(witness=True, accounted=True))
    assert "venter på vitne" in witness_wanted_words(form)
    typed = replace(form, witness=CoSignature(name="Vikar Olsen"))
    assert "bare et navn teller ikke" in witness_wanted_words(typed)
    signed = replace(form, witness=CoSignature("u-2", "Berit", by_code=True))
    assert witness_wanted_words(signed) == ""
    assert not_accounted_words(form).startswith("Ikke ført i narkotikaregnskapet")
    assert not_accounted_words(replace(form, ledger_id="bag:1")) == ""
    assert not_accounted_words(HandoutForm("id", a_slot())) == ""


def test_the_first_dose_of_several_days_must_be_seen() -> None:
    form = HandoutForm("id", a_slot(), Needs(home_days=DAYS), home_count=1, seen=False)
    assert "seen_first" in missing_to_give(form)


def test_the_line_above_the_button_says_all_that_it_will_record() -> None:
    form = HandoutForm("id", a_slot(), Needs(home_days=DAYS), home_count=2)
    words = as_recorded(form)
    assert "inntak sett" in words
    assert "sier nei til annen dose siste døgn" in words
    assert "2 dager" in words
    other = as_recorded(replace(form, seen=False, other_dose=OtherDose.YES, home_count=0))
    assert "inntak ikke sett" in other
    assert "har fått annen dose" in other
    assert "med hjem" not in other


def test_what_is_recorded_is_what_the_line_says() -> None:
    said = entry(HandoutForm("id", a_slot()), HandoutStatus.GIVEN)
    assert (said.witnessed, said.other_dose, said.take_home_days) == (True, OtherDose.NO, ())
    not_given = entry(
        HandoutForm("id", a_slot(), reason="x", contact=" Vik "), HandoutStatus.REFUSED
    )
    assert (not_given.dose_mg, not_given.other_dose) == (None, None)
    assert not_given.prescriber_contact == "Vik"


def test_a_dose_of_the_past_may_be_of_another_day_and_amount() -> None:
    form = HandoutForm("id", a_slot(), ask=Ask.PAST, past_day=TODAY - timedelta(days=1))
    said = entry(replace(form, past_dose="40,5 mg"), HandoutStatus.GIVEN)
    assert said.slot.day == TODAY - timedelta(days=1)
    assert said.dose_mg == Decimal("40.5")
    assert said.retrospective
    assert said.other_dose is None


@pytest.mark.parametrize("text", ["10 mL", "to tabletter", "1 2", "mg"])
def test_a_wrong_unit_or_no_figure_is_a_clear_sentence(text: str) -> None:
    assert "milligram" in dose_problem(text)


@pytest.mark.parametrize("text", ["0", "-5", "0,0 mg"])
def test_no_dose_and_a_negative_one_are_a_clear_sentence(text: str) -> None:
    assert "mer enn 0" in dose_problem(text)


@pytest.mark.parametrize(
    ("text", "expiry"),
    [
        ("31.08.2027", date(2027, 8, 31)),
        ("02.2028", date(2028, 2, 29)),
        ("12/27", date(2027, 12, 31)),
        ("13.2027", None),
        ("snart", None),
        ("", None),
    ],
)
def test_an_expiry_is_read_as_packs_show_it(text: str, expiry: date | None) -> None:
    assert parse_expiry(text) == expiry


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("21.11", date(2026, 11, 21)),
        ("24.12.", date(2025, 12, 24)),
        ("21.11.26", date(2026, 11, 21)),
        ("i går", None),
        ("31.02", None),
    ],
)
def test_a_day_is_read_as_people_type_it(text: str, day: date | None) -> None:
    assert parse_day(text, date(2026, 11, 23)) == day
