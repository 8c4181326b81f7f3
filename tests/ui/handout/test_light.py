"""Every light is told by icon and words, with the reason, what to do, and its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fieldapp.domain.claims import Claim, ClaimState, claim_id
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.medication import Slot, slots
from fieldapp.domain.readiness import Code, Finding, Light, Verdict, Window
from fieldapp.services import reference
from fieldapp.services.claims import Wish
from tests.helpers.builders import TODAY, event, patient, request
from tests.helpers.ward import BERIT, NILS
from ui.handout.light import Knowledge, denial_words, light_view, short_words

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 9, 0, tzinfo=UTC)
PERSON = patient()
ORDER = request(PERSON)


def a_slot() -> Slot:
    return slots([ORDER], TODAY)[0]


def known(**changes: object) -> Knowledge:
    values: dict[str, object] = {
        "group": reference.substances().group("opioid"),
        "people": {BERIT.id: BERIT, NILS.id: NILS},
        "me": NILS.id,
        "today": TODAY,
        "synced": "08:12",
        "online": True,
        "may_force": True,
        "until": NOW + timedelta(days=1),
    }
    return Knowledge(**{**values, **changes})  # type: ignore[arg-type]


def held(**changes: object) -> Claim:
    values: dict[str, object] = {
        "id": claim_id(PERSON.id, "opioid", TODAY.isoformat()),
        "patient_id": PERSON.id,
        "group": "opioid",
        "unit": TODAY.isoformat(),
        "state": ClaimState.HELD,
        "grant": 7,
        "held_since": 7,
        "holder_device_id": "d-2",
        "holder_id": BERIT.id,
    }
    return Claim(**{**values, **changes})  # type: ignore[arg-type]


def verdict(*findings: Finding) -> Verdict:
    lights = [finding.code.light for finding in findings]
    return Verdict(Light.RED if Light.RED in lights else Light.AMBER, findings)


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("online", [True, False])
def test_every_reason_has_a_sentence_with_something_to_do(code: Code, online: bool) -> None:
    view = light_view(verdict(Finding(code)), a_slot(), known(online=online))
    assert view.sentence.endswith(".")
    assert len(view.sentence) > 30
    assert view.title.startswith(("Gult:", "Rødt:"))
    assert view.icon
    assert view.source.startswith("Kilde:")
    assert view.may_reserve or view.may_force


def test_the_three_lights_differ_in_icon_and_words() -> None:
    shown = [short_words(light) for light in Light]
    assert len({icon for icon, _, _ in shown}) == 3
    assert len({words for _, words, _ in shown}) == 3


def test_green_says_for_whom_and_until_when() -> None:
    view = light_view(Verdict(Light.GREEN), a_slot(), known())
    assert view.title == "Grønt: kan gis"
    assert "reservert for deg" in view.sentence
    assert "i morgen kl." in view.sentence
    assert not view.may_force


def test_another_holder_is_named_with_phone() -> None:
    view = light_view(verdict(Finding(Code.HELD_BY_OTHER, claim=held())), a_slot(), known())
    assert "Berit Åsheim (tlf.\u00a0900\u00a033\u00a0444)" in view.sentence
    assert view.may_force
    assert not view.may_reserve


def test_ones_own_claim_on_another_machine_is_told_as_ones_own() -> None:
    claim = held(holder_id=NILS.id)
    view = light_view(verdict(Finding(Code.HELD_BY_OTHER, claim=claim)), a_slot(), known())
    assert "du selv på en annen maskin" in view.sentence


def test_amber_offers_to_reserve_with_a_line_and_the_emergency_without() -> None:
    amber = verdict(Finding(Code.NOT_CLAIMED))
    with_line = light_view(amber, a_slot(), known())
    without = light_view(amber, a_slot(), known(online=False))
    assert (with_line.may_reserve, with_line.may_force) == (True, False)
    assert (without.may_reserve, without.may_force) == (False, True)
    assert "Trykk «Reserver nå»" in with_line.sentence
    assert "Ingen dekning nå" in without.sentence


def test_what_no_claim_can_put_right_is_not_offered_to_reserve() -> None:
    found = verdict(Finding(Code.POSSIBLE_DUPLICATE), Finding(Code.NOT_CLAIMED))
    assert not light_view(found, a_slot(), known()).may_reserve


def test_who_may_not_force_is_told_whom_to_ring() -> None:
    view = light_view(verdict(Finding(Code.STOPPED)), a_slot(), known(may_force=False))
    assert not view.may_force
    assert "Ring teamleder" in view.force_refused


def test_a_least_interval_names_the_dose_the_end_and_the_source_of_the_figure() -> None:
    dose = event(ORDER)
    finding = Finding(Code.INTERVAL, event_id=dose.id, until=NOW + timedelta(hours=2))
    view = light_view(verdict(finding), a_slot(), known(doses={dose.id: dose}))
    assert "vent til kl." in view.sentence
    assert "Minst 12 timer" in view.sentence
    assert "ikke kontrollert, sett på 22.11.2026" in view.source
    assert "eier medisinsk ansvarlig lege" in view.source


def test_between_the_parts_of_a_day_the_shorter_interval_is_named() -> None:
    dose, group = event(ORDER), reference.substances().group("opioid")
    until = NOW + timedelta(hours=2)
    finding = Finding(Code.INTERVAL, event_id=dose.id, until=until, interval=group.between_parts)
    view = light_view(verdict(finding), a_slot(), known(doses={dose.id: dose}))
    assert group.between_parts.text in view.sentence
    assert "12 timer" not in view.sentence


def test_missed_days_name_the_prescriber_and_the_rule() -> None:
    view = light_view(verdict(Finding(Code.MISSED_TOO_LONG, days=6)), a_slot(), known())
    assert view.sentence.startswith("6 dager uten kjent dose.")
    assert ORDER.prescriber in view.sentence
    assert "punkt 13.3" in view.source


def test_a_warning_about_missed_days_stands_beside_green() -> None:
    view = light_view(Verdict(Light.GREEN, warn_missed=3), a_slot(), known())
    assert view.asks_contact
    assert "Alminnelig internasjonal praksis" in view.source
    assert not light_view(Verdict(Light.GREEN), a_slot(), known()).asks_contact
    assert any("3 dager uten kjent dose" in line for line in view.also)


def test_the_pharmacys_word_is_told_with_who_said_so() -> None:
    report = PharmacyReport(
        "r", PERSON.id, "opioid", TODAY, True, "farmasøyt Lie", NOW, "u", "d", 1
    )
    found = verdict(Finding(Code.GIVEN, event_id="r"))
    view = light_view(found, a_slot(), known(reports={"r": report}))
    assert "farmasøyt Lie" in view.sentence


def test_a_depot_says_when_its_window_opens_or_that_it_has_closed() -> None:
    early = known(window=Window(TODAY + timedelta(days=2), TODAY + timedelta(days=6)))
    late = replace(early, window=Window(TODAY - timedelta(days=9), TODAY - timedelta(days=5)))
    found = verdict(Finding(Code.OUTSIDE_WINDOW))
    assert "vinduet åpner" in light_view(found, a_slot(), early).sentence
    assert "vinduet lukket" in light_view(found, a_slot(), late).sentence


def test_a_denied_wish_names_the_holder_and_the_phone() -> None:
    wish = Wish(PERSON.id, "opioid", TODAY.isoformat(), NOW, "held", BERIT.id, BERIT.name, "90033")
    assert denial_words(wish, known()) == (
        "Ikke reservert: Berit Åsheim (tlf.\u00a090033) har dagen."
    )
