"""Take-home, tablets under the tongue, the second person, the bag, and the screen that closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.domain.handout_events import WitnessCode
from fieldapp.domain.medication import (
    CoSignature,
    HandoutStatus,
    Intake,
    MedicationAdministration,
    OtherDose,
    Part,
)
from fieldapp.domain.supply import SupplyMovement, SupplyType, item_of
from fieldapp.security import codes
from fieldapp.security.kdf import FAST
from fieldapp.services import register_acts, register_gaps
from fieldapp.services.register_acts import Taken
from fieldapp.store import records, state
from tests.helpers.claims import grant
from tests.helpers.ward import AASE, BERIT, MARET, NOW, TODAY, Ward, receive
from tests.ui.handout.conftest import OpenPage
from tests.ui.handout.hand import (
    button,
    events,
    offered,
    orders_of,
    press,
    said,
    wait_out_double_click,
)
from ui.events.communication_dialog import CommunicationDialog
from ui.events.incident_dialog import IncidentDialog
from ui.handout.page import HandoutPage
from ui.handout.witness_dialog import WitnessDialog
from ui.shots import settle

PER = "p-per"


def field(page: QWidget, name: str) -> QLineEdit:
    settle()
    found = page.findChild(QLineEdit, name)
    assert isinstance(found, QLineEdit)
    assert found.isVisible()
    return found


def type_in(page: QWidget, name: str, text: str) -> None:
    editor = field(page, name)
    editor.setFocus()
    editor.clear()
    QTest.keyClicks(editor, text)


def all_events(ward: Ward) -> list[MedicationAdministration]:
    found = records.select(
        ward.session.database,
        MedicationAdministration,
        "patient_id = ? AND day >= ?",
        (PER, TODAY.isoformat()),
    )
    return sorted(found, key=lambda event: event.sequence)


# --- to take home


def with_take_home(ward: Ward, claimed: int = 4) -> None:
    order = replace(
        orders_of(ward, "r-per"), revision=2, take_home_weekdays=(2, 3, 4), max_take_home_days=3
    )
    receive(ward.session, [order])
    grant(ward.session, order, *[TODAY + timedelta(days=offset) for offset in range(claimed)])


def test_three_days_to_take_home_are_one_handing_over_with_bottles_and_empties(
    open_page: OpenPage, ward: Ward
) -> None:
    with_take_home(ward)
    page = open_page(PER)
    press(page, "KUG")
    assert "Mangler: hvor mange dager som tas med hjem." in said(page)
    target = button(page, "home_3")
    assert "(planlagt)" in target.text()
    assert target.height() >= 44
    QTest.mouseClick(target, Qt.MouseButton.LeftButton)
    button(page, "given").click()
    assert "antall flasker eller esker" in said(page)
    type_in(page, "bottles", "3")
    type_in(page, "empties", "2")
    button(page, "given").click()
    first, *home = all_events(ward)
    assert first.witnessed
    assert first.take_home is None
    assert [event.day for event in home] == [TODAY + timedelta(days=n) for n in (1, 2, 3)]
    assert all(event.take_home is not None for event in home)
    assert home[0].take_home is not None
    assert (home[0].take_home.bottles, home[0].take_home.empties_returned) == (3, 2)
    wait_out_double_click(page)
    press(page, "Z")
    assert len([e for e in all_events(ward) if e.status is HandoutStatus.ENTERED_IN_ERROR]) == 4


def test_the_evening_of_a_split_dose_goes_home_with_the_morning_by_one_word(
    open_page: OpenPage, ward: Ward
) -> None:
    order = orders_of(ward, "r-per")
    part = order.doses[0].part
    evening = replace(order.doses[0], part=Part.EVENING, take_home=True)
    receive(ward.session, [replace(order, revision=2, doses=(order.doses[0], evening))])
    grant(ward.session, order)
    page = open_page(PER)
    press(page, "KUG")
    assert "Mangler: om resten av dagens dose tas med hjem." in said(page)
    target = button(page, "homeTodayYes")
    assert target.text() == "Kveld i dag med hjem (planlagt)"
    assert target.height() >= 44
    QTest.mouseClick(target, Qt.MouseButton.LeftButton)
    assert "kveld i dag med hjem" in said(page)
    type_in(page, "bottles", "1")
    type_in(page, "empties", "0")
    button(page, "given").click()
    first, home = all_events(ward)
    assert (first.part, first.take_home, home.part, home.day) == (part, None, Part.EVENING, TODAY)
    assert home.take_home is not None
    assert (home.take_home.supply_id, home.take_home.bottles) == (first.id, 1)


def test_the_evening_dose_is_not_taken_home_too_soon_after_a_late_morning(
    open_page: OpenPage, ward: Ward
) -> None:
    order = orders_of(ward, "r-per")
    evening = replace(order.doses[0], part=Part.EVENING, take_home=True)
    receive(ward.session, [replace(order, revision=2, doses=(order.doses[0], evening))])
    ward.clock.advance(timedelta(hours=7))
    grant(ward.session, order)
    page = open_page(PER)
    press(page, "KU")
    assert offered(page, "given")
    button(page, "homeTodayYes").click()
    assert not offered(page, "given")
    assert "Med hjem kveld: for kort tid etter dosen som gis nå. Minst 4 timer" in said(page)
    button(page, "homeTodayNo").click()
    assert offered(page, "given")


def test_the_evening_of_a_split_dose_may_stay_to_be_given_in_the_evening(
    open_page: OpenPage, ward: Ward
) -> None:
    order = orders_of(ward, "r-per")
    evening = replace(order.doses[0], part=Part.EVENING, take_home=True)
    receive(ward.session, [replace(order, revision=2, doses=(order.doses[0], evening))])
    grant(ward.session, order)
    page = open_page(PER)
    press(page, "KU")
    button(page, "homeTodayNo").click()
    button(page, "given").click()
    (first,) = all_events(ward)
    assert first.take_home is None


def test_days_that_are_not_claimed_make_the_handing_over_amber(
    open_page: OpenPage, ward: Ward
) -> None:
    with_take_home(ward, claimed=2)
    page = open_page(PER)
    press(page, "KU")
    button(page, "home_3").click()
    words = said(page)
    assert "Gult: ikke gi ennå" in words
    assert "Med hjem" in words
    assert not offered(page, "given")
    assert offered(page, "reserveNow")
    button(page, "home_1").click()
    assert offered(page, "given")


def test_no_more_days_are_offered_than_the_order_allows(open_page: OpenPage, ward: Ward) -> None:
    with_take_home(ward)
    page = open_page(PER)
    assert offered(page, "home_3")
    assert not offered(page, "home_4")


# --- a tablet under the tongue


def test_a_tablet_is_timed_and_the_mouth_checked_by_one_key_each(
    open_page: OpenPage, ward: Ward
) -> None:
    page = open_page(MARET)
    assert "minst 5 minutter" in said(page)
    press(page, "KUG")
    assert "hvor mange minutter tabletten løste seg opp og om munnen ble sjekket" in said(page)
    press(page, "D")
    ward.clock.advance(timedelta(minutes=7, seconds=20))
    page._seconds.timeout.emit()
    assert "7:20" in said(page)
    press(page, "DYG")
    (event,) = events(ward)
    assert event.intake == Intake(dissolve_minutes=7, mouth_checked=True)


def test_the_screen_may_close_while_the_tablet_dissolves_and_nothing_said_is_lost(
    open_page: OpenPage, ward: Ward
) -> None:
    page = open_page(MARET)
    press(page, "KUD")
    page.presenter.put_aside()
    assert page.presenter.state.patient is None
    ward.clock.advance(timedelta(minutes=6))
    page.show_for(patient_id=MARET)
    press(page, "DYG")
    (event,) = events(ward)
    assert event.intake == Intake(dissolve_minutes=6, mouth_checked=True)


# --- another dose in the last day and night


def test_another_dose_is_asked_about_and_its_words_are_kept(page: HandoutPage, ward: Ward) -> None:
    assert "Annen dose siste døgn?" in said(page)
    assert "sier nei til annen dose siste døgn" in said(page)
    press(page, "KUJ")
    assert "ring rekvirenten før du gir noe" in said(page)
    button(page, "given").click()
    assert "Mangler: hva den andre dosen var." in said(page)
    type_in(page, "otherText", "20 mg metadon på legevakten")
    QTest.keyClick(field(page, "otherText"), Qt.Key.Key_Return)
    press(page, "G")
    (event,) = events(ward)
    assert (event.other_dose, event.other_dose_text) == (
        OtherDose.YES,
        "20 mg metadon på legevakten",
    )


def test_the_answer_no_is_kept_as_an_answer(page: HandoutPage, ward: Ward) -> None:
    press(page, "KUG")
    assert events(ward)[0].other_dose is OtherDose.NO


# --- not given


def test_of_somebody_intoxicated_it_is_kept_what_was_seen_and_who_was_told(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "H")
    type_in(page, "prescriberContact", "Overlege Vik: vent til i morgen")
    button(page, "reason_intoxicated").click()
    assert events(ward) == []
    assert "Hva så du?" in said(page)
    type_in(page, "reasonText", "Snøvlet og ustø")
    button(page, "confirmReason").click()
    (event,) = events(ward)
    assert (event.reason, event.reason_text) == ("intoxicated", "Snøvlet og ustø")
    assert event.prescriber_contact == "Overlege Vik: vent til i morgen"


def test_a_state_that_was_chosen_says_what_was_seen_so_two_keys_are_enough(
    page: HandoutPage, ward: Ward
) -> None:
    press(page, "R")
    press(page, "H1")
    (event,) = events(ward)
    assert (event.status, event.reason) == (HandoutStatus.WITHHELD, "intoxicated")


def test_no_stock_and_stopped_are_two_keys_each(page: HandoutPage, ward: Ward) -> None:
    press(page, "H9")
    wait_out_double_click(page)
    button(page, "chooseSlot").click()
    press(page, "H5")
    assert [event.reason for event in events(ward)] == [
        "medicine_unavailable",
        "prescriber_decision",
    ]


# --- what has already happened


def test_a_dose_of_yesterday_is_recorded_on_its_day_with_its_amount_and_marked(
    page: HandoutPage, ward: Ward
) -> None:
    button(page, "past").click()
    type_in(page, "pastClock", "2130")
    type_in(page, "pastDay", "19.11")
    type_in(page, "pastDose", "10 mL")
    type_in(page, "reasonText", "Legevakten, meldt på telefon i dag")
    button(page, "confirmReason").click()
    assert "Skriv dosen i milligram" in said(page)
    type_in(page, "pastDose", "0")
    button(page, "confirmReason").click()
    assert "mer enn 0 mg" in said(page)
    assert field(page, "reasonText").text() == "Legevakten, meldt på telefon i dag"
    type_in(page, "pastDose", "40")
    button(page, "confirmReason").click()
    found = records.select(
        ward.session.database, MedicationAdministration, "day = ?", ("2026-11-19",)
    )
    (event,) = [one for one in found if one.device_id == "d-1"]
    assert (event.dose_mg, event.retrospective) == (Decimal(40), True)


def test_the_fields_of_a_past_dose_are_reached_from_top_to_bottom(page: HandoutPage) -> None:
    button(page, "past").click()
    settle()
    names = []
    for _ in range(4):
        focus = QApplication.focusWidget()
        assert focus is not None
        names.append(focus.objectName())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert names == ["pastClock", "pastDay", "pastDose", "reasonText"]
    tops = [field(page, name).mapTo(page, QPoint(0, 0)).y() for name in names]
    assert tops == sorted(tops)


def test_a_dose_of_the_past_without_reason_is_refused_and_nothing_typed_is_lost(
    page: HandoutPage, ward: Ward
) -> None:
    button(page, "past").click()
    type_in(page, "pastClock", "0830")
    button(page, "confirmReason").click()
    assert "Mangler: hvem som ga dosen, hvor, og hvorfor det føres nå." in said(page)
    assert field(page, "pastClock").text() == "0830"
    assert events(ward) == []


# --- the second person


def witness_dialog(page: HandoutPage) -> WitnessDialog:
    button(page, "witnessAsk").click()
    settle()
    (dialog,) = page.findChildren(WitnessDialog)
    return dialog


def come_back(page: HandoutPage, qtbot: QtBot) -> None:
    """A dialog has closed: the window is in front again, with the focus where it was."""
    settle()
    with qtbot.waitActive(page):
        page.activateWindow()
    page.form.focus_first()


def test_a_witness_signs_with_an_own_code(page: HandoutPage, ward: Ward, qtbot: QtBot) -> None:
    code = WitnessCode(BERIT.id, codes.make_verifier("fjell 47", BERIT.id, FAST), NOW)
    receive(ward.session, [code])
    dialog = witness_dialog(page)
    button(dialog, "witnessHow_code").click()
    button(dialog, f"witnessPerson_{BERIT.id}").click()
    dialog.code.setText("feil 4711")
    button(dialog, "dialogConfirm").click()
    qtbot.waitUntil(lambda: "Koden stemmer ikke" in said(dialog))
    dialog.code.setText("fjell 47")
    with qtbot.waitSignal(dialog.chosen):
        QTest.keyClick(dialog.code, Qt.Key.Key_Return)  # a witness types the code and Enter
    assert "Bevitnet med kode av Berit Åsheim" in said(page)
    come_back(page, qtbot)
    press(page, "KUG")
    witness = events(ward)[0].witness
    assert witness is not None
    assert (witness.practitioner_id, witness.by_code) == (BERIT.id, True)


def test_where_nobody_has_a_code_nothing_is_asked_for(page: HandoutPage) -> None:
    dialog = witness_dialog(page)
    button(dialog, "witnessHow_code").click()
    assert "Ingen kollega har en vitnekode" in said(dialog)
    assert not dialog.code.isVisible()
    assert "Hvem?" not in said(dialog)


def test_a_colleague_may_confirm_later_and_a_typed_name_is_shown_as_not_witnessed(
    page: HandoutPage, ward: Ward, qtbot: QtBot
) -> None:
    dialog = witness_dialog(page)
    button(dialog, "witnessHow_later").click()
    button(dialog, f"witnessPerson_{BERIT.id}").click()
    button(dialog, "dialogConfirm").click()
    assert "Berit Åsheim bekrefter senere (ikke bevitnet ennå)" in said(page)
    dialog = witness_dialog(page)
    button(dialog, "witnessHow_name").click()
    dialog.name.setText("Vikar Olsen")
    button(dialog, "dialogConfirm").click()
    assert "Vikar Olsen: bare et navn, teller som ikke bevitnet" in said(page)
    come_back(page, qtbot)
    press(page, "KUG")
    witness = events(ward)[0].witness
    assert witness is not None
    assert (witness.practitioner_id, witness.name, witness.by_code) == (None, "Vikar Olsen", False)
    assert "ikke bevitnet (navn: Vikar Olsen)" in said(page)


# --- the bag


def pack(ward: Ward, units: str) -> str:
    item = item_of(orders_of(ward, "r-aase"))
    store = register_acts.store_ledger("Base")
    register_acts.receive(ward.session, store, item, Decimal(1000))
    taken = [Taken(item, Decimal(units), Decimal(units))]
    return register_acts.pack(ward.session, store, taken).ledger


def out_of_bags(ward: Ward) -> list[SupplyMovement]:
    lines = records.select(ward.session.database, SupplyMovement)
    return [line for line in lines if line.type is SupplyType.HANDED_OUT]


def test_the_only_bag_is_named_above_the_button_and_the_dose_is_taken_out_of_it(
    open_page: OpenPage, ward: Ward
) -> None:
    bag = pack(ward, "200")
    page = open_page(AASE)
    assert "fra vesken 23.11.2026 09:40" in said(page)
    press(page, "KUG")
    (line,) = out_of_bags(ward)
    assert (line.source, line.units) == (bag, Decimal("42.5"))


def test_of_two_bags_one_is_chosen(open_page: OpenPage, ward: Ward) -> None:
    pack(ward, "200")
    ward.clock.advance(timedelta(minutes=5))
    second = pack(ward, "100")
    page = open_page(AASE)
    press(page, "KUG")
    assert "Mangler: hvilken veske dosen tas fra." in said(page)
    button(page, f"ledger_{second}").click()
    press(page, "G")
    (line,) = out_of_bags(ward)
    assert line.source == second


def test_without_a_bag_the_dose_is_given_and_said_to_stand_outside_the_register(
    open_page: OpenPage, ward: Ward
) -> None:
    page = open_page(AASE)
    assert "Ikke ført i narkotikaregnskapet" in said(page)
    press(page, "KUG")
    (given,) = events(ward)
    assert (given.status, given.supply) == (HandoutStatus.GIVEN, None)
    first = TODAY.replace(day=1)
    assert [gap.event.id for gap in register_gaps.dose_gaps(ward.session, TODAY)] == [given.id]
    listed = register_gaps.of_month(ward.session, first.year, first.month)
    assert given.id in {gap.event.id for gap in listed}


def test_what_has_already_happened_can_be_taken_out_of_a_bag(
    open_page: OpenPage, ward: Ward
) -> None:
    bag = pack(ward, "200")
    page = open_page(AASE)
    button(page, "past").click()
    button(page, f"pastLedger_{bag}").click()
    press(page, "0700")
    page.presenter.type("past_dose", "80")
    page.presenter.type("reason_text", "Vakthavende ga den")
    button(page, "confirmReason").click()
    (line,) = out_of_bags(ward)
    assert (line.source, line.units) == (bag, Decimal(40))
    assert register_gaps.dose_gaps(ward.session, TODAY) == ()


def test_what_has_already_happened_comes_from_no_bag_unless_it_is_said(
    open_page: OpenPage, ward: Ward
) -> None:
    pack(ward, "200")
    page = open_page(AASE)
    button(page, "past").click()
    press(page, "0700")
    page.presenter.type("reason_text", "Vakthavende ga den")
    button(page, "confirmReason").click()
    assert out_of_bags(ward) == []
    (gap,) = register_gaps.dose_gaps(ward.session, TODAY)
    assert (gap.without_line, gap.waits_for_witness) == (True, False)


def test_where_a_second_person_is_required_a_dose_without_one_is_given_marked_and_listed(
    open_page: OpenPage, ward: Ward
) -> None:
    state.remember_rules(ward.session.database, state.Rules(witness_required=True))
    pack(ward, "200")
    page = open_page(AASE)
    assert "Skal bekreftes av en annen person med kode" in said(page)
    page.presenter.set_witness(CoSignature(name="Vikar Olsen"))
    press(page, "KUG")
    (given,) = events(ward)
    assert "venter på vitne" in said(page)
    (gap,) = register_gaps.dose_gaps(ward.session, TODAY)
    assert (gap.event.id, gap.without_line, gap.waits_for_witness) == (given.id, False, True)


# --- what is written down beside it


def test_what_became_of_a_dose_and_the_prescribers_word_are_written_from_the_card(
    page: HandoutPage, ward: Ward, qtbot: QtBot
) -> None:
    button(page, "contactPrescriber").click()
    settle()
    (dialog,) = page.findChildren(CommunicationDialog)
    dialog.reject()
    come_back(page, qtbot)
    press(page, "KUG")
    wait_out_double_click(page)
    button(page, "doseIncident").click()
    settle()
    (incident,) = page.findChildren(IncidentDialog)
    assert len(events(ward)) == 1
    incident.type.press(3)
    incident.words.setPlainText("Halve dosen ble sølt på bordet")
    incident.confirm_button.click()
    assert "Hendelsen er ført. Dagen er fortsatt lukket." in said(page)


def test_every_target_of_the_form_is_large_enough_for_a_thumb(
    open_page: OpenPage, qapp: QApplication
) -> None:
    page = open_page(MARET)
    settle()
    small = [
        target.objectName() or target.accessibleName()
        for target in page.form.findChildren(QWidget)
        if target.isVisible()
        and target.metaObject().className() in ("ChoiceButton", "PrimaryButton", "SecondaryButton",
                                                "QLineEdit", "QuietButton", "DangerButton")
        and target.height() < 44
    ]  # fmt: skip
    assert small == []
