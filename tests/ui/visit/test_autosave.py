"""When the text is stored."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from ui.visit.autosave import Autosave


def test_the_text_is_stored_within_the_promised_times(qtbot: QtBot) -> None:
    autosave = Autosave()
    assert autosave.quiet.interval() < 800
    assert autosave.ceiling.interval() < 1000


def test_every_key_puts_off_the_quiet_timer_but_never_the_ceiling(qtbot: QtBot) -> None:
    autosave = Autosave()
    autosave.touched()
    quiet, ceiling = autosave.quiet.timerId(), autosave.ceiling.timerId()
    autosave.touched()
    assert autosave.quiet.timerId() != quiet
    assert autosave.ceiling.timerId() == ceiling


def test_the_timers_run_by_themselves(qtbot: QtBot) -> None:
    autosave = Autosave()
    with qtbot.waitSignal(autosave.due, timeout=2000):
        autosave.touched()


def test_nothing_is_stored_when_nothing_was_typed(qtbot: QtBot) -> None:
    autosave = Autosave()
    with qtbot.assertNotEmitted(autosave.due):
        autosave.flush()
        autosave.ceiling.timeout.emit()


def test_a_refusal_is_tried_again_until_the_store_answers(qtbot: QtBot) -> None:
    autosave = Autosave()
    autosave.touched()
    autosave.failed()
    assert (autosave.pending, autosave.retry.isActive()) == (True, True)
    with qtbot.waitSignal(autosave.due):
        autosave.retry.timeout.emit()
    autosave.saved()
    assert (autosave.pending, autosave.retry.isActive()) == (False, False)
