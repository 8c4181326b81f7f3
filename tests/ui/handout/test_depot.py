"""A depot injection: window, both texts at a gap, rotation, lot and expiry, the warning at home."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QLineEdit

from fieldapp.domain import depots
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    Injection,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    OtherDose,
    Part,
    PlannedDose,
)
from fieldapp.domain.patients import Place
from fieldapp.services import reference
from fieldapp.store import records
from tests.helpers.claims import grant_depot
from tests.helpers.ward import BERIT, TODAY, Ward, at, receive
from tests.ui.handout.conftest import OpenPage
from tests.ui.handout.hand import button, offered, orders_of, press, said
from ui.handout.page import HandoutPage
from ui.shots import settle

ELIN = "p-elin"


def a_depot(ward: Ward, **changes: Any) -> MedicationRequest:
    """A weekly injection for Elin, due today, and claimed."""
    values: dict[str, Any] = {
        "id": "r-depot",
        "patient_id": ELIN,
        "product": "Buvidal",
        "atc": "N07BC01",
        "form": "depotinjeksjon",
        "strength": "24 mg",
        "doses": (PlannedDose(Part.MORNING, Decimal(24)),),
        "concentration_mg_per_ml": None,
        "interval_days": 7,
        "depot": "buvidal_weekly",
        "valid_from": TODAY,
        "reassessed_on": None,
        "revision": 1,
    }
    order: MedicationRequest = replace(orders_of(ward, "r-per"), **{**values, **changes})
    receive(ward.session, [order])
    return order


def given_before(order: MedicationRequest, days: int, **injection: Any) -> MedicationAdministration:
    day = TODAY - timedelta(days=days)
    values = {"occurrence": 1, "site": "thigh", "side": "left", "lot": "A1"}
    return MedicationAdministration(
        id="h-injection",
        patient_id=ELIN,
        request_id=order.id,
        request_revision=1,
        day=day,
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=at(day, 9),
        recorded_at=at(day, 9),
        author_id=BERIT.id,
        device_id="d-2",
        sequence=901,
        dose_mg=order.doses[0].dose_mg,
        identity_check=IdentityCheck.KNOWN,
        observed_state=ObservedState.UNAFFECTED,
        other_dose=OtherDose.NO,
        group="opioid",
        injection=Injection(expiry=TODAY, **{**values, **injection}),
    )


def fill(page: HandoutPage, name: str, text: str) -> None:
    settle()
    editor = page.findChild(QLineEdit, name)
    assert isinstance(editor, QLineEdit)
    editor.setText(text)
    editor.textEdited.emit(text)


def test_an_injection_is_recorded_with_site_side_lot_expiry_and_next_date(
    open_page: OpenPage, ward: Ward
) -> None:
    order = a_depot(ward)
    grant_depot(ward.session, order)
    page = open_page(ELIN)
    words = said(page)
    assert "Forfall i dag" in words
    assert "neste injeksjon mandag 30. november" in words
    press(page, "KUG")
    assert "Mangler: injeksjonssted, side, batchnummer og utløpsdato" in said(page)
    button(page, "site_thigh").click()
    button(page, "side_right").click()
    fill(page, "depotLot", "B42")
    fill(page, "depotExpiry", "08.2027")
    button(page, "given").click()
    (event,) = records.select(
        ward.session.database, MedicationAdministration, "patient_id = ?", (ELIN,)
    )
    injection = event.injection
    assert injection is not None
    assert (injection.occurrence, injection.site, injection.side) == (1, "thigh", "right")
    assert (injection.lot, injection.expiry.isoformat()) == ("B42", "2027-08-31")
    assert injection.next_due == TODAY + timedelta(days=7)
    assert "LOT B42" in said(page)


def test_a_pack_past_its_date_is_refused_in_words_and_nothing_typed_is_lost(
    open_page: OpenPage, ward: Ward
) -> None:
    grant_depot(ward.session, a_depot(ward))
    page = open_page(ELIN)
    press(page, "KU")
    button(page, "site_thigh").click()
    button(page, "side_left").click()
    fill(page, "depotLot", "B42")
    fill(page, "depotExpiry", "10.2026")
    button(page, "given").click()
    assert "gått ut på dato" in said(page)
    lot = page.findChild(QLineEdit, "depotLot")
    assert isinstance(lot, QLineEdit)
    assert lot.text() == "B42"
    assert records.select(
        ward.session.database, MedicationAdministration, "patient_id = ?", (ELIN,)
    ) == []  # fmt: skip


def test_a_site_that_rests_is_warned_of_with_the_rule_and_the_last_one_is_named(
    open_page: OpenPage, ward: Ward
) -> None:
    order = a_depot(ward, valid_from=TODAY - timedelta(days=60))
    receive(ward.session, [given_before(order, 7)])
    grant_depot(ward.session, order, 2)
    page = open_page(ELIN)
    assert "Sist: lår, venstre, for 7 dager siden. Bytt sted." in said(page)
    button(page, "site_thigh").click()
    button(page, "side_left").click()
    assert "Dette stedet hviler til" in said(page)
    button(page, "side_right").click()
    assert "Dette stedet hviler til" not in said(page)


def test_a_late_injection_is_red_and_a_day_between_two_bands_shows_both_texts(
    open_page: OpenPage, ward: Ward
) -> None:
    order = a_depot(
        ward,
        product="Abilify Maintena",
        atc="N05AX12",
        strength="400 mg",
        doses=(PlannedDose(Part.MORNING, Decimal(400)),),
        interval_days=30,
        depot="aripiprazole_monthly",
        valid_from=TODAY - timedelta(days=90),
    )
    receive(ward.session, [replace(given_before(order, 42), group="aripiprazole")])
    grant_depot(ward.session, order, 2)
    page = open_page(ELIN)
    words = said(page)
    assert "Rødt: ikke gi" in words
    assert "Ring rekvirenten" in words
    assert not offered(page, "given")
    assert "For sent." in words
    assert "Preparatomtalen har flere svar for i dag" in words
    table = reference.depots().depot("aripiprazole_monthly")
    assert table is not None
    both = [band.text for _, band in depots.late_bands(table, 42)]
    assert len(both) > 1
    assert all(text in words for text in both)


def test_the_drug_that_is_watched_for_hours_is_warned_about_at_home(
    open_page: OpenPage, ward: Ward
) -> None:
    order = a_depot(
        ward,
        product="Zypadhera",
        atc="N05AH03",
        strength="300 mg",
        doses=(PlannedDose(Part.MORNING, Decimal(300)),),
        interval_days=14,
        depot="olanzapine",
        place=Place.HOME,
    )
    grant_depot(ward.session, order)
    page = open_page(ELIN)
    words = said(page)
    assert "hjemme" in words
    assert "Kilde" in words
    assert "til kl.\u00a012:40" in words


def test_an_injection_told_afterwards_is_timed_today_and_not_on_the_day_it_was_due(
    open_page: OpenPage, ward: Ward
) -> None:
    order = a_depot(ward, valid_from=TODAY - timedelta(days=2))
    grant_depot(ward.session, order)
    page = open_page(ELIN)
    button(page, "past").click()
    button(page, "site_thigh").click()
    button(page, "side_right").click()
    fill(page, "depotLot", "B42")
    fill(page, "depotExpiry", "08.2027")
    fill(page, "pastClock", "0830")
    fill(page, "reasonText", "Gitt på sykehuset i dag")
    button(page, "confirmReason").click()
    (event,) = records.select(
        ward.session.database, MedicationAdministration, "patient_id = ?", (ELIN,)
    )
    assert event.retrospective
    assert event.given_at == at(TODAY, 8, 30)
    assert event.injection is not None
    assert event.injection.next_due == TODAY + timedelta(days=7)
