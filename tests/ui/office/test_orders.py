"""Ordinasjoner by keyboard on a real server: two persons, acts, files, and who to ring."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldapp.clock import to_iso
from fieldapp.domain.claims import Claim, ClaimState, claim_id
from fieldapp.domain.codec import to_body
from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.order_text import read
from fieldapp.domain.orders import OrderCode, OrderProblem
from fieldapp.domain.patients import Place, Practitioner, Role
from fieldapp.domain.proposals import Proposal
from fieldapp.services import reference
from sync.client.office_messages import (
    EnterOrderRequest,
    OrdersRequest,
    SettleOrderRequest,
)
from sync.protocol.errors import OfflineError
from sync.server.office import ServerOfficeService
from sync.server.storage.values import NewVersion
from tests.helpers.ward import NOW
from tests.helpers.windows import LOOKS, problems_in
from tests.sync.server.desk import desk, exchange
from tests.sync.server.team import change, patient
from tests.ui.office.conftest import Office, Scene
from tests.ui.office.test_page import open_dialog, part, press, said, tab_to, wait_for, write
from ui.office.order_act_dialog import OrderActDialog
from ui.office.order_form import OrderFormDialog
from ui.office.order_import_dialog import OrderImportDialog
from ui.office.order_words import problem_text
from ui.office.orders_tab import OrdersTab
from ui.office.page import OfficePage
from ui.theme import Theme

TODAY = NOW.date()

METHADONE = MedicationRequest(
    id="o1",
    patient_id="p1",
    product="Metadon mikstur",
    atc="N07BC02",
    form="mikstur",
    strength="2 mg/ml",
    doses=(PlannedDose(Part.MORNING, Decimal(80)), PlannedDose(Part.EVENING, Decimal(20))),
    weekdays=(1, 2, 3, 4, 5, 6, 7),
    take_home_weekdays=(6, 7),
    max_take_home_days=2,
    place=Place.HOME,
    valid_from=TODAY,
    prescriber="Overlege Hanne Vik",
    concentration_mg_per_ml=Decimal(2),
    source="Ordinasjon på papir 21.11.2026",
)


def enter(
    service: ServerOfficeService, order: MedicationRequest = METHADONE, entry_id: str = "e1"
) -> None:
    answer = service.enter_order(
        EnterOrderRequest(
            id=entry_id,
            order_id=order.id,
            patient_id=order.patient_id,
            base_revision=order.revision - 1,
            body=to_body(order),
        )
    )
    assert answer.entry is not None


def in_force(scene: Scene, *orders: MedicationRequest) -> ServerOfficeService:
    """Let orders have been entered and confirmed by two others; return the one who entered."""
    first = desk(scene.team, Role.SECRETARY, "sigrid")
    second = desk(scene.team, Role.TEAM_LEADER, "lars")
    for number, order in enumerate(orders or (METHADONE,)):
        enter(first, order, f"in-force-{number}")
        second.settle_order(SettleOrderRequest(id=f"in-force-{number}", accept=True))
    return first


def hold_claim(scene: Scene) -> None:
    kari = scene.number("kari")
    unit = TODAY.isoformat()
    claim = Claim(
        claim_id("p1", "opioid", unit),
        *("p1", "opioid", unit, ClaimState.HELD, 1, 1),
        holder_device_id=scene.kari.enrolled.device_id,
        holder_id=kari,
        granted_at=NOW,
    )
    person = Practitioner(kari, "kari", "Kari Moe", Role.CASE_MANAGER, "900 11 222")
    with scene.team.storage.write() as transaction:
        for kind, value, owner in (("claim", claim, "p1"), ("practitioner", person, None)):
            transaction.records.put(
                NewVersion(kind, value.id, owner, to_body(value), False, None, None, to_iso(NOW))
            )


def orders_tab(page: OfficePage) -> OrdersTab:
    tab = part(page, OrdersTab)
    assert isinstance(tab, OrdersTab)
    return tab


def form() -> OrderFormDialog:
    dialog = open_dialog(OrderFormDialog)
    assert isinstance(dialog, OrderFormDialog)
    return dialog


def act_dialog() -> OrderActDialog:
    dialog = open_dialog(OrderActDialog)
    assert isinstance(dialog, OrderActDialog)
    return dialog


def fill(dialog: OrderFormDialog, **texts: str) -> None:
    """Type into fields, by keys."""
    for name, text in texts.items():
        line = dialog._lines[name]
        tab_to(line)
        line.selectAll()
        write(text)


# --- words


def test_every_problem_of_an_order_has_a_sentence_of_its_own() -> None:
    said = {code: problem_text(OrderProblem(code, "product", "x")) for code in OrderCode}
    assert [code for code, text in said.items() if text == code.value] == []
    assert all(text.endswith((".", "?")) for text in said.values())
    assert len(set(said.values())) == len(said)


# --- every look


@pytest.mark.parametrize("what", ["queue", "order"])
def test_the_tab_is_named_and_nothing_is_cut_off_in_any_look(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme, what: str
) -> None:
    first = in_force(scene)
    hold_claim(scene)
    less = replace(METHADONE, revision=2, doses=METHADONE.doses[:1])
    if what == "queue":
        enter(first, less, "e2")
    page, _ = office(Role.TEAM_LEADER, "orders")
    wait_for(qtbot, page, "Kari Moe, tlf. 900 11 222")
    found = {look: problems_in(page, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}


@pytest.mark.parametrize("kind", ["form", "depot", "act", "file"])
def test_the_dialogs_are_named_and_nothing_is_cut_off_in_any_look(
    qtbot: QtBot, office: Office, scene: Scene, theme: Theme, kind: str, tmp_path: Path
) -> None:
    in_force(scene)
    hold_claim(scene)
    page, _ = office(Role.TEAM_LEADER, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Kari Moe")
    if kind in ("form", "depot"):
        press("Ctrl+N")
        form().depot_box.setChecked(kind == "depot")
        form().try_accept()
        dialog: object = form()
    elif kind == "act":
        tab.acts[next(iter(tab.acts))].click()
        act_dialog().try_accept()
        dialog = act_dialog()
    else:
        tab.load_file.click()
        dialog = open_dialog(OrderImportDialog)
        assert isinstance(dialog, OrderImportDialog)
        file = tmp_path / "lar.csv"
        file.write_text(FILE.format(dose="80 ml"), encoding="utf-8")
        dialog.open_file(file)
        wait_for(qtbot, dialog, "1 rad med feil")
    assert isinstance(dialog, (OrderFormDialog, OrderActDialog, OrderImportDialog))
    found = {look: problems_in(dialog, theme, *look) for look in LOOKS}
    assert found == {look: [] for look in LOOKS}
    dialog.reject()


# --- entering and confirming


def test_an_order_is_entered_with_the_keyboard_alone_and_waits(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, _ = office(Role.SECRETARY, "orders")
    wait_for(qtbot, page, "Ingenting venter.")
    press("Ctrl+N")
    dialog = form()
    assert dialog.search.hasFocus()
    write("Åse")
    qtbot.waitUntil(lambda: dialog.patient.currentData() == "p1")
    fill(dialog, product="Metadon", atc="n07bc02")
    tab_to(dialog.form)
    write("mik")
    fill(dialog, strength="2 mg/ml", morning="80")
    for box in dialog.weekdays.boxes:
        tab_to(box)
        press("Space")
    fill(dialog, valid_from="23.11.2026")
    tab_to(dialog.place)
    write("Hj")
    fill(dialog, prescriber="Hanne Vik")
    press("Ctrl+Return")
    wait_for(qtbot, page, "Ført. Venter på at en annen godkjenner.")
    tab = orders_tab(page)
    qtbot.waitUntil(lambda: "Ny ordinasjon" in said(tab))
    assert "Du har ført den selv" in said(tab)
    assert not tab.confirm.isVisible()
    assert scene.body("medication_request", tab.queue.current_id or "") is None


def test_what_is_wrong_is_said_at_its_field_nothing_is_sent_and_nothing_typed_is_lost(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    page, road = office(Role.SECRETARY, "orders")
    wait_for(qtbot, page, "Ingenting venter.")
    press("Ctrl+N")
    dialog = form()
    fill(dialog, product="Metadon", atc="N07BC02", strength="2 mg/ml", morning="80 ml")
    calls = road.calls
    press("Ctrl+Return")
    words = said(dialog)
    assert "Ordinasjonen er ikke lagret. Rett det som er merket." in words
    assert "Feil enhet: «80 ml»" in words
    assert "Legemiddelformen er ikke kjent" in words
    assert "Velg minst én ukedag." in words
    assert "Skriv hvem som har forskrevet." in words
    assert "ingen dose" not in words  # it is there, in another unit
    assert "Skriv datoen som dd.mm.åååå." in words
    assert "Velg pasienten." in words
    assert road.calls == calls
    assert dialog._lines["product"].text() == "Metadon"
    dialog.reject()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"morning": ""}, "Ordinasjonen har ingen dose."),
        ({"morning": "0"}, "Dosen må være over null. Det står 0."),
        ({"morning": "-80"}, "Dosen må være over null. Det står -80."),
        ({"morning": "80 ml"}, "Feil enhet: «80 ml»"),
        ({"morning": "80 g"}, "Feil enhet: «80 g»"),
        ({"strength": "20 mg", "morning": "75"}, "75 mg går ikke opp i denne styrken."),
        ({"strength": "20 mg/ml"}, "Feil enhet: «20 mg/ml»"),
        ({"strength": "20 mikrogram"}, "Feil enhet: «20 mikrogram»"),
    ],
)
def test_a_bad_order_is_one_clear_sentence_nothing_saved_and_nothing_lost(
    qtbot: QtBot, office: Office, scene: Scene, wrong: dict[str, str], sentence: str
) -> None:
    page, _ = office(Role.SECRETARY, "orders")
    wait_for(qtbot, page, "Ingenting venter.")
    press("Ctrl+N")
    dialog = form()
    write("Åse")
    qtbot.waitUntil(lambda: dialog.patient.currentData() == "p1")
    right = {"product": "Metadon", "atc": "N07BC02", "strength": "20 mg", "morning": "80"}
    fill(dialog, **{**right, **wrong}, prescriber="Hanne Vik", valid_from="23.11.2026")
    dialog.form.setCurrentIndex(dialog.form.findData("tablett"))
    dialog.place.setCurrentIndex(dialog.place.findData("home"))
    for box in dialog.weekdays.boxes:
        box.setChecked(True)
    press("Ctrl+Return")
    qtbot.waitUntil(lambda: sentence in said(dialog))
    assert "Ordinasjonen er ikke lagret. Rett det som er merket." in said(dialog)
    with scene.team.storage.read() as transaction:
        assert transaction.orders.waiting(10) == []
        assert transaction.records.of_kind("medication_request") == []
    for name, text in {**right, **wrong}.items():
        assert dialog._lines[name].text() == text
    fill(dialog, **right)
    press("Ctrl+Return")
    wait_for(qtbot, page, "Ført. Venter på at en annen godkjenner.")


def test_a_lost_line_leaves_the_form_open_and_the_second_try_enters_it_once(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    in_force(scene)
    page, road = office(Role.SECRETARY, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Metadon mikstur")
    tab.rows.setFocus()
    press("Return")
    assert tab.change.hasFocus()
    press("Space")
    dialog = form()
    fill(dialog, morning="70")
    road.trouble = OfflineError()
    press("Ctrl+Return")
    wait_for(qtbot, dialog, "Ingenting er endret")
    assert dialog._lines["morning"].text() == "70"
    road.trouble = None
    press("Ctrl+Return")
    wait_for(qtbot, tab, "Ført. Venter")
    assert len(road.service.orders(OrdersRequest()).waiting) == 1


def test_the_second_person_sees_both_versions_and_confirms_by_keyboard(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    first = in_force(scene)
    changed = (PlannedDose(Part.MORNING, Decimal(70)), METHADONE.doses[1])
    enter(first, replace(METHADONE, revision=2, doses=changed), "e2")
    page, _ = office(Role.TEAM_LEADER, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Ført av Sigrid")
    words = said(tab)
    assert "Nytt" in words
    assert "70 mg" in words
    assert "80 mg" in words
    tab.queue.setFocus()
    press("Return")
    assert tab.confirm.hasFocus()
    press("Space")
    wait_for(qtbot, tab, "Godkjent. Ordinasjonen gjelder fra nå")
    body = scene.body("medication_request", "o1")
    assert body is not None
    assert body["revision"] == 2


def test_a_part_of_the_day_that_goes_home_is_entered_and_seen_by_the_second_person(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    first = in_force(scene)
    home = tuple(replace(dose, take_home=dose.part is Part.EVENING) for dose in METHADONE.doses)
    enter(first, replace(METHADONE, revision=2, doses=home), "e2")
    page, _ = office(Role.TEAM_LEADER, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Ført av Sigrid")
    assert "(med hjem)" in said(tab)
    press("Ctrl+N")
    dialog = form()
    fill(dialog, morning="80", evening="20", take_home_parts="kveld")
    read_back = read(dialog.sheet(), "o", "p", reference.order_forms()).draft
    assert [(dose.part, dose.take_home) for dose in read_back.doses] == [
        (Part.MORNING, False),
        (Part.EVENING, True),
    ]
    dialog.weekdays.set_text("1,2,3,4,5,6,7")
    fill(dialog, take_home_parts="morgen")
    press("Ctrl+Return")
    assert "Dagens første dose tas under observasjon." in said(dialog)
    dialog.reject()


def test_declining_needs_words(qtbot: QtBot, office: Office, scene: Scene) -> None:
    enter(desk(scene.team, Role.SECRETARY, "sigrid"))
    page, road = office(Role.TEAM_LEADER, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Ført av Sigrid")
    tab_to(tab.decline)
    press("Space")
    assert "Skriv hvorfor den ikke godkjennes." in said(tab)
    write("Papiret sier 60")
    tab_to(tab.decline)
    press("Space")
    wait_for(qtbot, tab, "Ikke godkjent.")
    assert road.service.orders(OrdersRequest()).waiting == []
    assert scene.body("medication_request", "o1") is None


def test_a_warning_stands_before_the_second_person(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    first = in_force(scene)
    enter(first, replace(METHADONE, id="o2", valid_from=TODAY + timedelta(days=1)), "e2")
    page, _ = office(Role.TEAM_LEADER, "orders")
    wait_for(qtbot, page, "Skal begge gis?")


def test_a_case_manager_sees_the_queue_of_their_patients_and_enters_nothing(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    in_force(scene)
    page, _ = office(Role.CASE_MANAGER, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Ingen ordinasjoner passer")
    assert page.names == ("orders",)
    assert not tab.new.isVisible()


# --- acts and claims


def test_stopping_under_a_live_claim_says_at_once_who_to_ring(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    in_force(scene)
    hold_claim(scene)
    page, _ = office(Role.SECRETARY, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Kari Moe, tlf. 900 11 222")
    tab_to(tab.acts[next(reversed(tab.acts))])
    press("Space")
    dialog = act_dialog()
    assert "Kari Moe, tlf. 900 11 222" in said(dialog)
    press("Ctrl+Return")
    assert "Skriv hvorfor." in said(dialog)
    assert dialog.reason.hasFocus()
    write("Hanne Vik ringte")
    press("Ctrl+Return")
    wait_for(qtbot, tab, "Gjort. Det gjelder fra nå hos serveren.")
    assert tab.claims.isVisible()
    assert "Kari Moe, tlf. 900 11 222 · Feltbærbar 3 · i dag" in tab.claims.text.text()
    body = scene.body("medication_request", "o1")
    assert body is not None
    assert body["stopped_on"] == TODAY.isoformat()


def test_a_change_of_place_asks_who_was_told(qtbot: QtBot, office: Office, scene: Scene) -> None:
    in_force(scene)
    page, _ = office(Role.SECRETARY, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Metadon mikstur")
    tab_to(tab.acts[next(iter(tab.acts))])
    press("Space")
    dialog = act_dialog()
    dialog.place.choose("pharmacy")
    tab_to(dialog.reason)
    write("Bor i byen nå")
    press("Ctrl+Return")
    assert "Skriv hvem som er varslet." in said(dialog)
    tab_to(dialog.told)
    write("Apoteket ved Ida")
    press("Ctrl+Return")
    wait_for(qtbot, tab, "varslet: Apoteket ved Ida")
    body = scene.body("medication_request", "o1")
    assert body is not None
    assert body["place"] == "pharmacy"


def test_the_age_and_source_of_the_list_are_always_on_screen(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    in_force(scene)
    page, _ = office(Role.SECRETARY, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Sist ført")
    words = tab.fresh.text()
    assert "sist godkjent" in words
    assert "hentet" in words
    assert "nyeste kilde: Ordinasjon på papir 21.11.2026" in words


# --- wishes


def test_accepting_a_wish_opens_the_form_filled_in_and_writes_nothing_by_itself(
    qtbot: QtBot, office: Office, scene: Scene
) -> None:
    in_force(scene)
    page, road = office(Role.PRESCRIBER)
    scene.team.admin.assign(f"kontor{Role.PRESCRIBER.value}", "p1", primary=False)
    wish_for_less(scene)
    press("F5")
    wait_for(qtbot, page, "Foreslått av Nils")
    tab = page.tab
    assert tab is not None
    tab.rows.setFocus()  # type: ignore[attr-defined]
    press("Return")
    tab_to(tab.accept)  # type: ignore[attr-defined]
    press("Space")
    qtbot.waitUntil(lambda: isinstance(page.tab, OrdersTab))
    qtbot.waitUntil(lambda: any(one.isVisible() for one in _forms()))
    dialog = form()
    assert dialog._lines["morning"].text() == "60"
    assert "Feltene er fylt ut etter ønsket" in said(dialog)
    press("Ctrl+Return")
    wait_for(qtbot, page, "Ført. Venter")
    (waiting,) = road.service.orders(OrdersRequest()).waiting
    assert waiting.proposal_id is not None
    body = scene.body("medication_request", "o1")
    assert body is not None
    assert body["revision"] == 1


def _forms() -> list[OrderFormDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, OrderFormDialog)]


def wish_for_less(scene: Scene) -> None:
    less = replace(METHADONE, doses=(PlannedDose(Part.MORNING, Decimal(60)), METHADONE.doses[1]))
    wished = Proposal(
        *("w1", "p1", "medication_request", "o1", scene.number("nils"), NOW),
        values={"doses": to_body(less)["doses"]},
    )
    exchange(scene.team, scene.nils, change(wished))


# --- files

FILE = (
    "Fødselsnummer;Legemiddel;ATC;Form;Styrke;Morgen;Ukedager;Sted;Gjelder fra;Forskriver\n"
    "01010199999;Metadon;N07BC02;mikstur;2 mg/ml;{dose};daglig;hjemme;23.11.2026;Hanne Vik\n"
)


def test_a_file_shows_its_mistakes_by_row_and_column_and_then_waits_as_a_whole(
    qtbot: QtBot, office: Office, scene: Scene, tmp_path: Path
) -> None:
    scene.nils.push(change(patient("p3", national_id="01010199999")))
    page, road = office(Role.SECRETARY, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Ingenting venter.")
    tab.load_file.click()
    dialog = open_dialog(OrderImportDialog)
    assert isinstance(dialog, OrderImportDialog)
    file = tmp_path / "lar.csv"
    file.write_text(FILE.format(dose="0"), encoding="utf-8")
    dialog.open_file(file)
    wait_for(qtbot, dialog, "1 rad med feil")
    assert "Rad 2, Morgen: Dosen må være over null. Det står 0." in [
        dialog.problems.model().data(dialog.problems.model().index(number, 0))
        for number in range(dialog.problems.model().rowCount())
    ]
    assert not dialog.confirm_button.isEnabled()
    file.write_text(FILE.format(dose="80"), encoding="utf-8")
    dialog.open_file(file)
    wait_for(qtbot, dialog, "1 ordinasjon kan legges til godkjenning")
    press("Ctrl+Return")
    wait_for(qtbot, tab, "1 ordinasjon er lest inn og venter på godkjenning.")
    assert len(road.service.orders(OrdersRequest()).waiting) == 1


def test_a_file_without_the_needed_columns_names_them(
    qtbot: QtBot, office: Office, scene: Scene, tmp_path: Path
) -> None:
    page, _ = office(Role.SECRETARY, "orders")
    tab = orders_tab(page)
    wait_for(qtbot, tab, "Ingenting venter.")
    tab.load_file.click()
    dialog = open_dialog(OrderImportDialog)
    assert isinstance(dialog, OrderImportDialog)
    file = tmp_path / "lar.csv"
    file.write_text("Legemiddel;ATC\nMetadon;N07BC02\n", encoding="utf-8")
    dialog.open_file(file)
    wait_for(qtbot, dialog, "Filen mangler kolonner: Fødselsnummer, Form, Styrke")
    dialog.reject()
