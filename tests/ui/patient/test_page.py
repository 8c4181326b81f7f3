from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.patients import FlagCategory, FlagState, Relation
from fieldapp.services import notes, patients
from fieldapp.store import inbox
from tests.helpers.builders import assignment, flag
from tests.helpers.claims import give_up
from tests.helpers.ward import AASE, ODD, Ward, receive
from tests.helpers.windows import LOOKS, problems_in
from ui.patient.addendum_dialog import AddendumDialog
from ui.patient.contact_dialog import ContactDialog
from ui.patient.critical_dialog import CriticalDialog
from ui.patient.page import PatientPage
from ui.patient.tab import Tab
from ui.shots import settle
from ui.theme import Theme
from ui.widgets import CriticalBand, Text
from ui.workspace import Workspace

CTRL = Qt.KeyboardModifier.ControlModifier


def _open(workspace: Workspace, patient_id: str = AASE, tab: str = "overview") -> PatientPage:
    workspace.navigate("patient", patient_id=patient_id, tab=tab)
    assert isinstance(workspace.page, PatientPage)
    return workspace.page


def _words(page: PatientPage) -> str:
    """All words on screen."""
    settle()
    return "\n".join(text.text() for text in page.findChildren(Text) if text.isVisible())


def _button(page: PatientPage, name: str) -> QPushButton:
    found = [b for b in page.findChildren(QPushButton, name) if b.isVisible()]
    return found[0]


def test_the_header_stays_when_the_tab_is_scrolled_to_its_end(workspace: Workspace) -> None:
    page = _open(workspace)
    tab = next(tab for tab in page.findChildren(Tab) if tab.isVisible())
    settle()
    before = page.header.geometry()
    bar = tab.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    band = page.header.findChild(CriticalBand)
    assert band is not None
    assert band.isVisible()
    assert not band.visibleRegion().isEmpty()
    assert page.header.geometry() == before


def test_the_header_tells_three_answers_apart(workspace: Workspace) -> None:
    words = _words(_open(workspace))
    assert "Penicillin, anafylaksi 2019" in words
    assert "Ikke spurt om: gå to sammen." in words
    assert "Ingen kjent: voldsrisiko." in words


def test_the_national_number_is_hidden_until_it_is_asked_for(
    qtbot: QtBot, workspace: Workspace
) -> None:
    page = _open(workspace)
    button = _button(page, "nationalId")
    assert "•" in button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "•" not in button.text()
    workspace.navigate("today")
    workspace.navigate("patient", patient_id=AASE)
    assert "•" in button.text()


def test_ctrl_and_a_digit_opens_a_tab(qtbot: QtBot, workspace: Workspace) -> None:
    page = _open(workspace)
    qtbot.keyClick(workspace, Qt.Key.Key_4, CTRL)
    assert page.tabs.currentIndex() == 3


def test_orders_show_dose_in_mg_and_ml_with_source_and_age(workspace: Workspace) -> None:
    words = _words(_open(workspace, tab="medication"))
    assert "Morgen 85\u00a0mg = 42,5\u00a0mL · hver dag · hjemme" in words
    assert "LAR-ordinasjon mottatt 02.11.2026" in words
    assert "(240 dager siden)" in words


def test_a_reversed_handout_stays_and_says_why(workspace: Workspace) -> None:
    words = _words(_open(workspace, tab="medication"))
    assert "feilført: Ført på feil pasient" in words


def test_an_addendum_stands_beside_the_note_it_corrects(workspace: Workspace) -> None:
    words = _words(_open(workspace, tab="notes"))
    assert "Rydder mer enn før" in words
    assert "Rettelse: neste besøk er flyttet til kl. 11." in words
    assert "Tillegg · Berit Åsheim" in words


def test_a_new_addendum_is_signed_and_shown_at_once(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    page = _open(workspace, tab="notes")
    qtbot.mouseClick(_button(page, "addAddendum"), Qt.MouseButton.LeftButton)
    dialog = page.findChild(AddendumDialog)
    assert dialog is not None
    dialog.text.setPlainText("Moren var også til stede.")
    dialog.confirm_button.click()
    assert "Moren var også til stede." in _words(page)
    newest = notes.for_patient(ward.session, AASE)[0]
    assert [view.note.text for view in newest.addenda] == ["Moren var også til stede."]


def test_an_empty_addendum_is_refused_in_words(workspace: Workspace) -> None:
    page = _open(workspace, tab="notes")
    dialog = AddendumDialog(workspace.context, "n-new", page)
    dialog.open()
    dialog.confirm_button.click()
    assert dialog.isVisible()
    assert "tomt" in dialog.problem.text.text()
    dialog.reject()


def test_scores_show_their_band_and_the_trend_as_words_too(workspace: Workspace) -> None:
    page = _open(workspace, tab="screening")
    words = _words(page)
    assert "11 poeng" in words
    assert "24.09.2026 · 14 poeng · Sone II" in words


def test_answering_a_category_moves_it_into_the_header(
    qtbot: QtBot, workspace: Workspace, ward: Ward
) -> None:
    page = _open(workspace, ODD)
    qtbot.mouseClick(_button(page, "editCritical"), Qt.MouseButton.LeftButton)
    dialog = page.findChild(CriticalDialog)
    assert dialog is not None
    answer = dialog.answers[FlagCategory.ALLERGY, None]
    answer.choice.press(1)
    dialog.confirm_button.click()
    assert dialog.isVisible(), "an empty yes must be refused"
    answer.text.setText("Latex")
    dialog.confirm_button.click()
    assert "Latex" in _words(page)
    (flag,) = patients.page(ward.session, ODD).flags
    assert (flag.state, flag.text) == (FlagState.PRESENT, "Latex")


def test_only_changed_answers_are_written(workspace: Workspace, ward: Ward) -> None:
    page = _open(workspace)
    before = patients.page(ward.session, AASE).flags
    dialog = CriticalDialog(workspace.context, patients.page(ward.session, AASE), page)
    dialog.open()
    dialog.confirm_button.click()
    assert patients.page(ward.session, AASE).flags == before


def test_a_contact_is_written_down_and_shown(workspace: Workspace, ward: Ward) -> None:
    page = _open(workspace, ODD, tab="contacts")
    dialog = ContactDialog(workspace.context, ODD, None, page)
    dialog.open()
    dialog.confirm_button.click()
    assert dialog.isVisible(), "a contact without a name must be refused"
    dialog.name.setText("Kari Brekke")
    dialog.relation.choose(Relation.SIBLING)
    dialog.confirm_button.click()
    assert "Kari Brekke · søsken" in _words(page)
    (contact,) = patients.page(ward.session, ODD).contacts
    assert contact.may_be_informed is None


def test_a_patient_who_left_the_laptop_is_told_and_nothing_of_them_stays_on_screen(
    workspace: Workspace, ward: Ward
) -> None:
    page = _open(workspace)
    give_up(ward.session)
    changes = inbox.apply_page(
        ward.session.database,
        [],
        cursor="9999.0",
        complete=True,
        now=ward.clock.now(),
        ended_patients=[AASE],
    )
    workspace.context.changes.announce(changes)
    assert not page.header.isVisible()
    assert "Penicillin" not in _words(page)
    assert "ikke på denne maskinen" in _words(page)


def test_a_very_long_name_and_four_dangers_are_shown_whole_at_every_text_size(
    workspace: Workspace, ward: Ward, theme: Theme
) -> None:
    someone = replace(
        patients.page(ward.session, AASE).patient,
        id="p-long",
        given_name="Marie-Antoinette Wilhelmina",
        family_name="von Hannover-Schwarzenberg Thorvaldsdatter",
        address="Gamle Kongsvegen gjennom Nordre Vestfossdalen 1234B, H0402, oppgang C",
    )
    texts = {
        FlagCategory.ALLERGY: "Penicillin (anafylaksi), klorheksidin, lateks og jordnøtter",
        FlagCategory.VIOLENCE_RISK: "Avtal møtested ute, kom aldri uanmeldt, parker med fronten ut",
        FlagCategory.SUICIDE_RISK: "To forsøk siste år",
        FlagCategory.TWO_TOGETHER: "Alltid",
    }
    flags = [flag(someone, category, text=text) for category, text in texts.items()]
    receive(ward.session, [someone, assignment(someone, ward.session.user), *flags])
    page = _open(workspace, someone.id)
    for scheme, scale in LOOKS:
        assert problems_in(workspace, theme, scheme, scale) == []
        said = _words(page)
        assert all(text in said for text in texts.values())
