from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.domain.observations import ScreeningResponse
from fieldapp.services import notes, screening
from fieldapp.services.session import Session
from tests.helpers import a11y
from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import AASE, MARET, ODD, Ward
from ui import shots
from ui.screening.page import ScreeningPage
from ui.screening.presenter import Phase
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme


def _press(page: ScreeningPage, name: str) -> None:
    shots.settle(1)  # what was just added to a layout is shown with the next event
    button = page.findChild(QPushButton, name)
    assert button is not None, name
    assert button.isVisible(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _type(page: ScreeningPage, keys: str) -> None:
    for key in keys:
        focused = page.focusWidget()
        assert focused is not None
        QTest.keyClicks(focused, key)


def _said(page: ScreeningPage) -> str:
    shots.settle(1)
    labels = page.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def _responses(session: Session, patient_id: str = AASE) -> list[ScreeningResponse]:
    """Those made here; Åse has older ones."""
    today = session.today()
    found = screening.history(session, patient_id)
    return [response for response in found if response.authored_at.date() == today]


def _all(page: ScreeningPage, *values: int) -> None:
    for value in values:
        _press(page, f"option_{value}")


def test_the_choice_says_that_the_texts_are_our_own(page: ScreeningPage) -> None:
    said = _said(page)
    assert "Egne korttekster" in said
    assert "Ikke offisiell ordlyd" in said
    assert "Kilde: WHO AUDIT" in said
    assert "Rettigheter: Verdens helseorganisasjon" in said


def test_a_whole_audit_is_answered_by_digits_alone(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    _type(page, "3213121231")
    assert "Før du fullfører" in _said(page)
    focused = page.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    (response,) = _responses(ward.session)
    # The last two questions have three answers, worth 0, 2 and 4.
    given = {"1": 2, "2": 1, "3": 0, "4": 2, "5": 0, "6": 1, "7": 0, "8": 1, "9": 4, "10": 0}
    assert response.answers == given
    assert (response.total, response.band, response.norm_set) == (11, "zone_2", "female")
    assert page.presenter.phase is Phase.RESULT
    assert "Tilbudt" not in _said(page)
    assert "Svarene tilsier å tilby tiltaket for Sone III" in _said(page)


def test_a_digit_too_many_chooses_nothing_at_the_summary(page: ScreeningPage) -> None:
    _press(page, "startInstrument_audit")
    _type(page, "32131212311111")
    assert page.presenter.form is not None
    assert page.presenter.form.state is None


def test_a_key_held_down_answers_one_question(page: ScreeningPage) -> None:
    _press(page, "startInstrument_audit")
    _type(page, "3")
    held = page.focusWidget()
    assert held is not None
    for _ in range(5):
        repeated = QKeyEvent(
            QEvent.Type.KeyPress, Qt.Key.Key_3, Qt.KeyboardModifier.NoModifier, "3", True
        )
        QApplication.sendEvent(held, repeated)
    assert page.presenter.form is not None
    assert page.presenter.form.answered == 1


def test_a_double_click_answers_one_question(page: ScreeningPage) -> None:
    _press(page, "startInstrument_audit")
    button = page.findChild(QPushButton, "option_2")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)  # the second press alone
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert page.presenter.form is not None
    assert page.presenter.form.answers == {"1": 2}


def test_backspace_goes_back_and_loses_nothing(page: ScreeningPage) -> None:
    _press(page, "startInstrument_audit")
    _type(page, "31")
    focused = page.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_Backspace)
    QTest.keyClick(focused, Qt.Key.Key_Left)
    chosen = page.findChild(QPushButton, "option_2")
    assert chosen is not None
    assert chosen.isChecked()
    assert page.presenter.form is not None
    assert page.presenter.form.answered == 2
    assert "Spørsmål 1 av 10 · 2 av 10 besvart" in _said(page)


def test_arrow_down_moves_between_the_answers_without_choosing(page: ScreeningPage) -> None:
    _press(page, "startInstrument_audit")
    focused = page.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_Down)
    QTest.keyClick(page.focusWidget(), Qt.Key.Key_Down)
    assert page.presenter.form is not None
    assert page.presenter.form.answered == 0
    QTest.keyClick(page.focusWidget(), Qt.Key.Key_Space)
    assert page.presenter.form.answers == {"1": 1}


def test_unanswered_is_not_zero(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 2, 1, 0)
    _press(page, "screeningSummary")
    said = _said(page)
    assert "7 spørsmål er ikke besvart. De teller ikke som 0" in said
    assert "Ufullstendig: sum så langt 3, mulig 3–31" in said
    _press(page, "screeningComplete")
    (response,) = _responses(ward.session)
    assert (response.total, response.lowest, response.highest) == (None, 3, 31)
    assert (response.band, set(response.answers)) == (None, {"1", "2", "3"})
    assert "Ufullstendig: sum så langt 3, mulig 3–31" in _said(page)


def test_nothing_is_completed_without_an_answer(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    _press(page, "screeningSummary")
    complete = page.findChild(QPushButton, "screeningComplete")
    assert complete is not None
    assert not complete.isEnabled()
    QTest.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert _responses(ward.session) == []


def test_a_skip_is_offered_with_its_source_and_can_be_taken(
    page: ScreeningPage, ward: Ward
) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 0)
    assert "spørsmål 2–8 kan hoppes over og teller 0" in _said(page)
    assert "Kilde: Right Mix" in _said(page)
    _press(page, "skipTake")
    _all(page, 0, 0)
    assert "Hoppet over, teller 0" in _said(page)
    _press(page, "screeningComplete")
    (response,) = _responses(ward.session)
    assert (response.total, len(response.answers)) == (0, 10)


def test_an_offered_skip_forces_nobody(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 0)
    _press(page, "skipDecline")
    assert "kan hoppes over" not in _said(page)
    _all(page, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    _press(page, "screeningComplete")
    (response,) = _responses(ward.session)
    assert response.answers["2"] == 1


def test_both_cut_offs_are_shown_when_no_norm_set_is_chosen(
    page: ScreeningPage, ward: Ward
) -> None:
    page.show_for(patient_id=ODD)
    _press(page, "startInstrument_dudit")
    _all(page, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    assert "Forslag fra registrert kjønn: mann" in _said(page)
    _press(page, "normSet_none")
    _press(page, "screeningComplete")
    said = _said(page)
    assert "fra 2 poeng (kvinner fra 26 år) – nådd" in said
    assert "fra 6 poeng (menn fra 26 år) – ikke nådd" in said
    (response,) = _responses(ward.session, ODD)
    assert (response.norm_set, response.band, response.total) == (None, None, 2)


def test_the_state_of_the_person_is_recorded_and_marks_the_result(
    page: ScreeningPage, ward: Ward
) -> None:
    _press(page, "startInstrument_dudit")
    _all(page, *[0] * 11)
    _press(page, "stateAtCompletion_possibly_affected")
    _press(page, "screeningComplete")
    (response,) = _responses(ward.session)
    assert response.state_at_completion == "possibly_affected"
    assert "mulig påvirket. Svarene er mindre pålitelige" in _said(page)


def test_every_answer_is_in_the_store_at_once(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 3)
    (row,) = notes.interrupted_drafts(ward.session)
    assert row.draft.body["answers"] == {"1": 3}
    assert "Utkast lagret 09:40:00" in _said(page)


def test_a_form_left_for_another_page_goes_on_where_it_was(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 3, 2)
    _press(page, "screeningBack")
    page.leave()
    assert notes.interrupted_drafts(ward.session) == []
    page.show_for(patient_id=AASE)
    assert "Spørsmål 2 av 10 · 2 av 10 besvart" in _said(page)
    assert len(notes.interrupted_drafts(ward.session)) == 1


def test_an_interrupted_form_is_offered_and_goes_on_or_is_discarded(
    qtbot: QtBot, page: ScreeningPage, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 3, 2)
    # A new page after a crash knows nothing of the old one.
    again = ScreeningPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, again, patient_id=AASE)
    assert again.presenter.phase is Phase.CHOOSE
    assert "AUDIT er påbegynt, sist lagret i dag kl. 09:40 · 2 av 10 besvart" in _said(again)
    _press(again, "screeningResume")
    assert "Spørsmål 3 av 10" in _said(again)
    _press(again, "screeningAway")
    _press(again, "screeningDiscard")
    confirm = again.findChild(QPushButton, "dialogConfirm")
    assert confirm is not None
    confirm.click()
    assert notes.drafts(ward.session, AASE) == []
    assert "er påbegynt" not in _said(again)


def test_today_opens_the_very_draft_it_names(
    qtbot: QtBot, page: ScreeningPage, ward: Ward, tasks: TaskRunner, theme: Theme
) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 3)
    (row,) = notes.drafts(ward.session, AASE)
    again = ScreeningPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, again, patient_id=AASE, draft_id=row.draft.id)
    assert "Spørsmål 2 av 10" in _said(again)


def test_a_form_without_an_answer_leaves_nothing_behind(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    page.leave()
    assert notes.drafts(ward.session) == []


def test_the_form_of_one_patient_is_never_shown_for_another(
    page: ScreeningPage, ward: Ward
) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 3)
    page.leave()
    page.show_for(patient_id=MARET)
    assert page.presenter.phase is Phase.CHOOSE
    assert "er påbegynt" not in _said(page)
    assert len(notes.drafts(ward.session, AASE)) == 1


def test_two_clicks_on_complete_make_one_record(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_dudit")
    _all(page, *[0] * 11)
    complete = page.findChild(QPushButton, "screeningComplete")
    assert complete is not None
    complete.click()
    complete.click()
    assert len(_responses(ward.session)) == 1


def test_a_draft_gone_meanwhile_is_said_and_the_answers_stay_on_the_page(
    page: ScreeningPage, ward: Ward
) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 3)
    (row,) = notes.drafts(ward.session, AASE)
    notes.discard_draft(ward.session, row.draft.id)
    _all(page, 1)
    problem = page.findChild(QLabel, "screeningProblem")
    assert problem is not None
    assert "allerede signert, fullført eller forkastet" in problem.text()
    assert "ikke lagret" in _said(page)
    assert page.presenter.form is not None
    assert page.presenter.form.answers == {"1": 3, "2": 1}


def test_the_course_is_shown_as_picture_and_as_table(page: ScreeningPage) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 2, 1, 0, 2, 0, 1, 0, 1, 4, 0)
    _press(page, "screeningComplete")
    chart, table = page.findChild(QWidget, "trendChart"), page.findChild(QWidget, "trendRows")
    assert chart is not None
    assert table is not None
    assert (
        chart.accessibleName()
        == "AUDIT over tid: siste 11 den 23.11.2026, uendret siden 14.11.2026"
    )
    assert (chart.isVisible(), table.isVisible()) == (True, False)
    _press(page, "trendTable")
    assert (chart.isVisible(), table.isVisible()) == (False, True)


def test_an_earlier_result_can_be_read_again(page: ScreeningPage) -> None:
    page.presenter.open_result("s-audit-1")
    said = _said(page)
    assert "Sone III" in said
    assert "Skåret med en annen utgave av skjemaet" in said


def test_the_patient_can_be_hidden_while_the_screen_is_turned(page: ScreeningPage) -> None:
    _press(page, "startInstrument_audit")
    _press(page, "screeningTurn")
    assert "Ødegård" not in _said(page)
    assert "Selvmordsrisiko" not in _said(page)
    _press(page, "screeningTurn")
    assert "Ødegård" in _said(page)


def test_a_sync_does_not_disturb_an_open_form(page: ScreeningPage, ward: Ward) -> None:
    _press(page, "startInstrument_audit")
    _all(page, 3)
    before = page.focusWidget()
    page.refresh(notes.discard_draft(ward.session, "no-such"))
    assert page.presenter.phase is Phase.ASK
    assert page.focusWidget() is before


@pytest.mark.parametrize("scale", [100, 200])
def test_every_state_has_names_and_no_text_cut_off(
    page: ScreeningPage, theme: Theme, qapp: QApplication, scale: int
) -> None:
    theme.apply(qapp, Scheme.LIGHT, scale)
    page.resize(1260, 700)

    def problems() -> list[str]:
        shots.settle()
        return a11y.audit(page) + a11y.clipped(page)

    assert problems() == []
    _press(page, "startInstrument_audit")
    assert problems() == []
    _all(page, 0)
    assert problems() == []
    _all(page, 2)
    _press(page, "screeningSummary")
    assert problems() == []
    _press(page, "screeningComplete")
    assert problems() == []
    _press(page, "trendTable")
    assert problems() == []
