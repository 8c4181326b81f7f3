from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.observations import RapidTest
from fieldapp.services import notes, rapid_tests
from tests.helpers import a11y
from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import AASE, ODD, Ward
from ui import shots
from ui.rapid_test.page import RapidTestPage
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme

ANALYTES = (
    "amphetamine",
    "methamphetamine",
    "cocaine",
    "cannabis",
    "benzodiazepines",
    "opiates",
    "methadone",
    "buprenorphine",
)


def _press(page: RapidTestPage, *names: str) -> None:
    for name in names:
        shots.settle(1)  # what was just added to a layout is shown with the next event
        button = page.findChild(QPushButton, name)
        assert button is not None, name
        assert button.isVisible(), name
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _write(page: RapidTestPage, name: str, text: str) -> None:
    editor = page.findChild(QLineEdit, name)
    assert editor is not None, name
    editor.setFocus()
    QTest.keyClicks(editor, text)


def _said(page: RapidTestPage) -> str:
    shots.settle(1)
    labels = page.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def _made(ward: Ward, patient_id: str = AASE) -> list[RapidTest]:
    """Those made here; Åse has an older one."""
    today = ward.session.today()
    found = rapid_tests.history(ward.session, patient_id)
    return [test for test in found if test.taken_at.date() == today]


def _fill(page: RapidTestPage) -> None:
    _press(page, "panel_urine-8", "supervised_yes", "temperature_ok", "reason_agreed_in_plan")
    _press(page, *(f"reading_{code}_preliminary_negative" for code in ANALYTES))
    _press(page, "reading_methadone_preliminary_positive")


def test_the_statement_that_it_is_preliminary_never_goes_away(page: RapidTestPage) -> None:
    statement = "Foreløpig resultat. Et positivt utslag må bekreftes"
    assert statement in _said(page)
    _fill(page)
    assert statement in _said(page)
    _press(page, "rapidTestSave")
    assert statement in _said(page)


def test_a_whole_test_is_recorded_with_where_it_came_from(page: RapidTestPage, ward: Ward) -> None:
    _fill(page)
    _write(page, "rapidTestLot", "LOT-77")
    _write(page, "rapidTestExpiry", "03.2027")
    _press(page, "rapidTestSave")
    (test,) = _made(ward)
    assert (test.panel, test.specimen, test.supervised) == ("urine-8", "urine", True)
    assert (test.reason, test.lot, test.expiry) == (
        "agreed_in_plan",
        "LOT-77",
        date(2027, 3, 31),
    )
    assert test.temperature_ok is True
    assert {reading.analyte for reading in test.readings} == set(ANALYTES)
    assert notes.drafts(ward.session) == []


def test_a_positive_is_explained_by_the_methadone_order(page: RapidTestPage, ward: Ward) -> None:
    _press(page, "panel_urine-8")
    assert "Forventet pga. forordnet legemiddel" in _said(page)
    _fill(page)
    _press(page, "rapidTestSave")
    (test,) = _made(ward)
    assert [reading.analyte for reading in test.readings if reading.expected] == ["methadone"]
    said = _said(page)
    assert "Metadon: foreløpig positiv, forventet av forordnet legemiddel" in said
    assert "Ingen foreløpige funn" in said


def test_a_missing_expected_positive_and_an_unexplained_one_are_findings(
    page: RapidTestPage,
) -> None:
    _fill(page)
    _press(page, "reading_methadone_preliminary_negative")
    _press(page, "reading_cocaine_preliminary_positive", "rapidTestSave")
    said = _said(page)
    assert "2 foreløpige funn å snakke om" in said
    assert "Metadon: foreløpig negativ, men forordnet legemiddel skulle gitt utslag" in said
    assert "Kokain: foreløpig positiv, ikke forklart av forordnet legemiddel" in said


def test_without_an_order_nothing_is_called_expected(page: RapidTestPage) -> None:
    page.show_for(patient_id=ODD)
    _press(page, "panel_urine-8")
    assert "Forventet pga." not in _said(page)


def test_what_is_missing_is_named_and_nothing_is_recorded(page: RapidTestPage, ward: Ward) -> None:
    _press(page, "rapidTestSave")
    missing = page.findChild(QLabel, "rapidTestMissing")
    assert missing is not None
    assert missing.text() == (
        "Mangler: hvilken test som er brukt, om prøvetakingen ble observert, hvorfor testen tas."
    )
    _press(page, "panel_urine-8", "supervised_yes", "reason_other")
    assert missing.text() == "Mangler: årsaken med egne ord, avlesning av minst én linje."
    _write(page, "rapidTestReasonText", "Uro")
    assert missing.text() == "Mangler: avlesning av minst én linje."
    _press(page, "rapidTestSave")
    assert _made(ward) == []


def test_lines_without_an_answer_are_recorded_as_not_read(page: RapidTestPage, ward: Ward) -> None:
    _press(page, "panel_urine-8", "supervised_yes", "reason_patient_wish")
    _press(page, "reading_cocaine_invalid")
    assert "Ikke avlest: Amfetamin, Metamfetamin" in _said(page)
    _press(page, "rapidTestSave")
    (test,) = _made(ward)
    results = {reading.analyte: reading.result for reading in test.readings}
    assert (results["cocaine"], results["methadone"]) == ("invalid", "not_read")
    assert "Metadon: ikke avlest" in _said(page)


def test_doubts_warn_and_never_stop_anything(page: RapidTestPage, ward: Ward) -> None:
    _fill(page)
    _press(page, "supervised_no", "temperature_outside")
    _write(page, "rapidTestExpiry", "01.2026")
    doubts = page.findChild(QLabel, "rapidTestDoubts")
    assert doubts is not None
    assert "gått ut på dato" in doubts.text()
    _press(page, "rapidTestSave")
    (test,) = _made(ward)
    assert (test.supervised, test.temperature_ok) == (False, False)
    said = _said(page)
    assert "Testen er gått ut på dato" in said
    assert "Temperaturen er utenfor det vanlige" in said


def test_digits_read_one_line_after_the_other(page: RapidTestPage) -> None:
    _press(page, "panel_urine-8")
    first = page.findChild(QPushButton, "reading_amphetamine_preliminary_positive")
    assert first is not None
    first.setFocus()
    for digit in "22312222":
        focused = page.focusWidget()
        assert focused is not None
        QTest.keyClicks(focused, digit)
    readings = page.presenter.form.readings
    assert len(readings) == 8
    assert readings["cocaine"] == "invalid"
    assert readings["cannabis"] == "preliminary_positive"


def test_a_saliva_device_asks_for_no_temperature(page: RapidTestPage) -> None:
    _press(page, "panel_saliva-6")
    assert "Temperatur" not in _said(page)
    specimen = page.findChild(QPushButton, "specimen_saliva")
    assert specimen is not None
    assert specimen.isChecked()


def test_two_saves_make_one_record(page: RapidTestPage, ward: Ward) -> None:
    _fill(page)
    save = page.findChild(QPushButton, "rapidTestSave")
    assert save is not None
    save.click()
    save.click()
    assert len(_made(ward)) == 1


def test_control_enter_saves(page: RapidTestPage, ward: Ward) -> None:
    _fill(page)
    focused = page.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(_made(ward)) == 1


def test_a_form_left_for_another_page_is_there_again(page: RapidTestPage, ward: Ward) -> None:
    _press(page, "panel_urine-8", "reading_cocaine_invalid")
    _write(page, "rapidTestLot", "LOT-7")
    page.leave()
    assert notes.interrupted_drafts(ward.session) == []
    (row,) = notes.drafts(ward.session, AASE)
    assert row.draft.body["lot"] == "LOT-7"
    page.show_for(patient_id=AASE)
    assert page.presenter.form.readings == {"cocaine": "invalid"}
    assert page.presenter.form.lot == "LOT-7"


def test_an_interrupted_form_is_offered_and_goes_on(
    qtbot: QtBot, page: RapidTestPage, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    _press(page, "panel_urine-8", "reading_cocaine_invalid")
    # A new page after a crash knows nothing of the old one.
    again = RapidTestPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, again, patient_id=AASE)
    assert again.presenter.form.readings == {}
    assert "En hurtigtest er påbegynt, sist lagret i dag kl. 09:40." in _said(again)
    _press(again, "rapidTestResume")
    assert again.presenter.form.readings == {"cocaine": "invalid"}
    assert "er påbegynt" not in _said(again)
    _press(again, "supervised_yes", "reason_patient_wish", "rapidTestSave")
    assert len(_made(ward)) == 1
    assert notes.drafts(ward.session) == []


def test_the_form_of_one_patient_is_never_shown_for_another(
    page: RapidTestPage, ward: Ward
) -> None:
    _press(page, "panel_urine-8", "reading_cocaine_invalid")
    page.leave()
    page.show_for(patient_id=ODD)
    assert page.presenter.form.empty
    assert len(notes.drafts(ward.session, AASE)) == 1
    assert notes.drafts(ward.session, ODD) == []


def test_looking_at_the_empty_form_leaves_nothing_behind(page: RapidTestPage, ward: Ward) -> None:
    page.leave()
    assert notes.drafts(ward.session) == []


def test_an_earlier_test_can_be_read_again_and_the_form_is_kept(page: RapidTestPage) -> None:
    _press(page, "panel_urine-8", "reading_cocaine_invalid")
    page.presenter.open_test("t-1")
    said = _said(page)
    assert "Benzodiazepiner: foreløpig positiv, ikke forklart av forordnet legemiddel" in said
    _press(page, "rapidTestAgain")
    assert page.presenter.form.readings == {"cocaine": "invalid"}


@pytest.mark.parametrize("scale", [100, 200])
def test_every_state_has_names_and_no_text_cut_off(
    page: RapidTestPage, theme: Theme, qapp: QApplication, scale: int
) -> None:
    theme.apply(qapp, Scheme.LIGHT, scale)
    page.resize(1260, 700)

    def problems() -> list[str]:
        shots.settle()
        return a11y.audit(page) + a11y.clipped(page)

    assert problems() == []
    _press(page, "rapidTestSave")
    assert problems() == []
    _press(page, "panel_urine-14", "supervised_no", "temperature_outside", "reason_patient_wish")
    _press(page, "reading_methadone_preliminary_negative")
    assert problems() == []
    _press(page, "rapidTestSave")
    assert problems() == []
