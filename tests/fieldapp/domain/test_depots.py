"""Depots: when the next is due, its window, both texts between two bands, rotation of sites."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fieldapp.domain.depots import (
    Depot,
    injections,
    late_bands,
    next_slot,
    read_depots,
    resting_sites,
    window_of,
)
from fieldapp.domain.medication import Injection, MedicationAdministration, MedicationRequest
from fieldapp.domain.readiness import Window
from fieldapp.domain.strict_json import DefinitionError
from fieldapp.paths import resources_dir
from fieldapp.services import reference
from tests.fieldapp.domain.test_medication import GIVEN, METHADONE

TEXT = (resources_dir() / "reference" / "depots.json").read_text(encoding="utf-8")
TABLE = reference.depots()
FIRST = date(2026, 11, 2)


def depot(code: str) -> Depot:
    found = TABLE.depot(code)
    assert found is not None
    return found


def order(code: str | None, interval: int, **changes: Any) -> MedicationRequest:
    values: dict[str, Any] = {"valid_from": FIRST, "interval_days": interval, "depot": code}
    return replace(METHADONE, **{**values, **changes})


def injected(day: date, number: int, site: str = "thigh", side: str = "left") -> Any:
    injection = Injection(number, site, side, "A1", date(2027, 6, 1))
    moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return replace(GIVEN, id=f"i{number}", day=day, given_at=moment, injection=injection)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def window(made: MedicationRequest, *given: MedicationAdministration) -> Window:
    slot = next_slot(made, given)
    assert slot is not None
    return window_of(TABLE.giving_window(made.depot), slot, given)


# --- what is due


def test_the_first_is_due_on_the_orders_first_day_and_the_next_an_interval_after_the_last() -> None:
    weekly = order("buvidal_weekly", 7)
    first = next_slot(weekly, [])
    assert first is not None
    assert (first.key.day, first.occurrence) == (FIRST, 1)
    late = injected(FIRST + days(2), 1)
    second = next_slot(weekly, [late])
    assert second is not None
    assert (second.key.day, second.occurrence) == (FIRST + days(9), 2)


def test_injections_are_numbered_through_all_orders_of_the_group() -> None:
    monthly = order("buvidal_monthly", 28, id="r2", valid_from=FIRST + days(20))
    given = [injected(FIRST, 1), injected(FIRST + days(7), 2)]
    found = next_slot(monthly, given)
    assert found is not None
    assert (found.occurrence, found.key.day) == (3, FIRST + days(7 + 28))


def test_the_prescriber_sets_a_new_day_for_one_that_came_too_late() -> None:
    looked_at = FIRST + days(40)
    late = order("aripiprazole_monthly", 28, reassessed_on=looked_at)
    given = injected(FIRST, 1)
    slot = next_slot(late, [given])
    assert slot is not None
    assert slot.key.day == looked_at
    assert window(late, given).closes == looked_at + days(7)
    assert window(replace(late, reassessed_on=None), given).closes == FIRST + days(34)


def test_an_order_without_a_dose_plans_no_injection() -> None:
    assert next_slot(order("olanzapine", 14, doses=()), []) is None
    assert next_slot(METHADONE, []) is None


def test_an_injection_that_was_taken_back_later_still_counts_until_the_office_has_opened_it() -> (
    None
):
    given = injected(FIRST, 1)
    assert injections([given]) == [given]
    assert injections([given], {"i1"}) == []


# --- windows


@pytest.mark.parametrize(
    ("code", "interval", "opens", "closes"),
    [
        ("buvidal_weekly", 7, 5, 9),
        ("buvidal_monthly", 28, 21, 35),
        ("paliperidone_monthly", 30, 23, 37),
        ("paliperidone_3_monthly", 90, 76, 104),
        ("paliperidone_6_monthly", 180, 166, 201),
        ("aripiprazole_monthly", 28, 26, 34),
        ("aripiprazole_monthly", 30, 26, 34),
        ("olanzapine", 14, 14, 21),
        ("risperidone_2_weekly", 14, 12, 17),
        ("risperidone_monthly", 28, 25, 31),
        ("zuclopenthixol", 14, 7, 21),
        ("flupentixol", 21, 14, 28),
        ("haloperidol", 28, 21, 35),
        ("perphenazine", 28, 21, 35),
        (None, 28, 28, 31),
        ("not in the table", 28, 28, 31),
    ],
)
def test_every_depot_has_its_window_in_days_after_the_last(
    code: str | None, interval: int, opens: int, closes: int
) -> None:
    found = window(order(code, interval), injected(FIRST, 1))
    assert found == Window(FIRST + days(opens), FIRST + days(closes))


def test_a_window_does_not_open_before_the_order_holds() -> None:
    assert window(order("buvidal_monthly", 28)).opens == FIRST


# --- late


@pytest.mark.parametrize(
    ("code", "day", "texts"),
    [
        ("paliperidone_monthly", 35, []),
        ("paliperidone_monthly", 41, ["4–6 uker"]),
        ("paliperidone_monthly", 42, ["4–6 uker", "Mer enn 6 uker"]),
        ("paliperidone_monthly", 43, ["Mer enn 6 uker"]),
        ("paliperidone_monthly", 183, ["Mer enn 6 uker", "Mer enn 6 måneder"]),
        ("paliperidone_monthly", 900, ["Mer enn 6 måneder"]),
        ("aripiprazole_monthly", 35, ["Mer enn 4 og", "Mer enn 5", "Mer enn 4 og"]),
        ("aripiprazole_monthly", 42, ["Mer enn 5", "Mer enn 4 og", "Mer enn 6"]),
        ("aripiprazole_2_monthly", 98, ["Mer enn 8", "Mer enn 14"]),
        ("paliperidone_3_monthly", 121, ["Mer enn 3,5", "4–9 måneder"]),
        ("buvidal_weekly", 60, []),
    ],
)
def test_a_day_between_two_bands_shows_both_texts(code: str, day: int, texts: list[str]) -> None:
    found = [band.text for _, band in late_bands(depot(code), day)]
    assert len(found) == len(texts), found
    assert all(text.startswith(start) for text, start in zip(found, texts, strict=True))


# --- sites, observation, home


def test_a_weekly_site_rests_for_eight_weeks() -> None:
    given = [injected(FIRST, 1), injected(FIRST + days(7), 2, "abdomen", "right")]
    sites = depot("buvidal_weekly").sites
    assert resting_sites(sites, given, FIRST + days(55)) == {
        ("thigh", "left"): FIRST + days(56),
        ("abdomen", "right"): FIRST + days(63),
    }
    assert ("thigh", "left") not in resting_sites(sites, given, FIRST + days(56))
    assert resting_sites(depot("olanzapine").sites, given, FIRST) == {}


def test_the_drug_that_needs_three_hours_of_observation_is_warned_about_at_home() -> None:
    warned = [one.code for one in TABLE.depots if one.home_warning is not None]
    assert warned == ["olanzapine"]
    observation = depot("olanzapine").observation
    assert observation is not None
    assert (observation.minutes, observation.source.verified) == (180, True)


def test_the_table_names_every_depot_of_the_clinic_with_an_owner_for_every_figure() -> None:
    assert len(TABLE.depots) == 15
    assert [one.code for one in TABLE.depots if not one.scheduled] == ["zuclopenthixol_acute"]
    groups = reference.substances()
    for one in TABLE.depots:
        sources = [one.interval.source, one.window.source, one.sites.source]
        sources += [band.source for late in one.late for band in late.bands]
        assert all(source.owner and source.text for source in sources), one.code
        assert groups.group_code(replace(METHADONE, atc=one.atc)) in {
            group.code for group in groups.groups
        }, one.code
    assert {site.code: site.text for site in TABLE.sites}["thigh"] == "Lår"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["depots", 0, "window", "early_days"], -1),
        (["depots", 0, "sites", "codes"], ["nose"]),
        (["depots", 0, "sites", "codes"], []),
        (["depots", 0, "interval", "longest_days"], 1),
        (["depots", 2, "late", 0, "bands", 0, "to_days"], 50),
        (["depots", 2, "late", 0, "bands", 0, "to_days"], 3),
        (["depots", 2, "late", 0, "bands"], []),
        (["depots", 7, "observation", "minutes"], 0),
        (["depots", 1, "code"], "buvidal_weekly"),
        (["other", "source"], ""),
    ],
)
def test_a_wrong_figure_in_the_file_is_found_when_it_is_read(path: list[Any], value: Any) -> None:
    values = json.loads(TEXT)
    at = values
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(DefinitionError):
        read_depots(json.dumps(values))
