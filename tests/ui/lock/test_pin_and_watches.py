"""The PIN on the screen, and what locks the window without anybody asking for it."""

from __future__ import annotations

import ctypes
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from fieldapp.services import settings
from fieldapp.store import state
from tests.helpers.stores import PASSPHRASE
from tests.helpers.ward import AASE
from tests.helpers.windows import LOOKS, problems_in
from tests.ui.lock.conftest import Laptop
from ui.idle import IdleWatch
from ui.lock import settings as lock_settings
from ui.lock.pin_dialog import PinDialog
from ui.lock.sleep import _Message, is_suspend
from ui.shots import settle
from ui.theme import Scheme, Theme
from ui.unlock.state import FORGOTTEN
from ui.widgets import Text

PIN = "480317"
SECOND = timedelta(seconds=1)


def _button(window: QWidget, name: str) -> QPushButton:
    found = window.findChild(QPushButton, name)
    assert found is not None
    return found


def _dialog(laptop: Laptop) -> PinDialog:
    (found,) = [d for d in laptop.window.findChildren(PinDialog) if not d.isHidden()]
    return found


def _set_pin(laptop: Laptop, pin: str = PIN) -> None:
    """As a person does it, in the settings."""
    laptop.workspace.navigate("settings")
    _button(laptop.workspace, "setPin").click()
    dialog = _dialog(laptop)
    QTest.keyClicks(dialog.pin, pin)
    QTest.keyClick(dialog.pin, Qt.Key.Key_Return)
    QTest.keyClicks(dialog.again, pin)
    with laptop.qtbot.waitSignal(dialog.accepted):
        QTest.keyClick(dialog.again, Qt.Key.Key_Return)
    settle()


def _wait_idle(watch: IdleWatch, laptop: Laptop, length: timedelta) -> None:
    """Time goes by and nobody touches anything."""
    for _ in range(int(length / SECOND)):
        laptop.clock.advance(SECOND)
        watch.glance.timeout.emit()


# --- the PIN


def test_with_a_pin_the_unlock_page_asks_for_it_and_opens_with_it(laptop: Laptop) -> None:
    _set_pin(laptop)
    laptop.window.lock()
    assert laptop.field.accessibleName() == "PIN-kode"
    assert laptop.window.focusWidget() is laptop.field
    laptop.unlock(PIN)
    assert laptop.workspace.place_name == "settings"


def test_a_wrong_pin_says_how_many_tries_are_left_and_the_fifth_asks_for_the_passphrase(
    laptop: Laptop,
) -> None:
    _set_pin(laptop)
    laptop.window.lock()
    for left in (4, 3, 2, 1):
        assert f"Du har {left} forsøk igjen" in laptop.refused("999888")
        assert laptop.field.text() == ""
    said = laptop.refused("999888")
    assert "gjelder ikke lenger" in said
    assert "Ingenting er slettet" in said
    assert laptop.field.accessibleName() == "Passfrase"
    assert _button(laptop.window, "unlockOtherWay").isHidden()
    laptop.unlock(PASSPHRASE)


def test_the_passphrase_opens_a_window_with_a_pin_too(laptop: Laptop) -> None:
    _set_pin(laptop)
    laptop.window.lock()
    way = _button(laptop.window, "unlockOtherWay")
    assert way.text() == "Bruk passfrase"
    way.click()
    assert laptop.field.accessibleName() == "Passfrase"
    assert laptop.window.focusWidget() is laptop.field
    laptop.unlock(PASSPHRASE)
    laptop.window.lock()
    assert laptop.field.accessibleName() == "PIN-kode"  # the PIN still stands


def test_without_a_pin_nothing_speaks_of_one(laptop: Laptop) -> None:
    laptop.window.lock()
    assert _button(laptop.window, "unlockOtherWay").isHidden()
    assert laptop.field.accessibleName() == "Passfrase"


def test_a_weak_pin_and_one_typed_differently_are_refused_in_words(laptop: Laptop) -> None:
    laptop.workspace.navigate("settings")
    _button(laptop.workspace, "setPin").click()
    dialog = _dialog(laptop)
    QTest.keyClicks(dialog.pin, PIN)
    QTest.keyClicks(dialog.again, "480318")
    dialog.confirm_button.click()
    assert "ikke like" in dialog._second.problem
    dialog.pin.setText("123456")
    dialog.again.setText("123456")
    dialog.confirm_button.click()
    laptop.qtbot.waitUntil(lambda: "minst tre ulike" in dialog._first.problem)
    assert not laptop.door.has_pin
    dialog.cancel_button.click()


def test_who_uses_a_pin_is_offered_one_after_the_next_start_and_may_do_without(
    laptop: Laptop,
) -> None:
    _set_pin(laptop)
    laptop.window.lock()
    laptop.door.drop_pin()  # as in a new process
    laptop.window.show_unlock()
    laptop.unlock(PASSPHRASE)
    _dialog(laptop).cancel_button.click()
    assert not laptop.door.has_pin
    laptop.workspace.navigate("settings")
    _button(laptop.workspace, "dropPin").click()
    laptop.window.lock()
    laptop.unlock(PASSPHRASE)
    assert [d for d in laptop.window.findChildren(PinDialog) if not d.isHidden()] == []


def test_a_pin_of_one_door_does_not_outlive_the_change_to_another(laptop: Laptop) -> None:
    _set_pin(laptop)
    laptop.window.lock()
    from tests.helpers.laptop import make_door

    other = make_door(laptop.door.vault.folder.parent, laptop.clock)
    laptop.window.use(other)
    assert not laptop.door.has_pin


def test_help_and_another_user_are_one_press_away(laptop: Laptop) -> None:
    laptop.window.lock()
    with laptop.qtbot.waitSignal(laptop.window.help_wanted) as asked:
        _button(laptop.window, "unlockHelp").click()
    assert asked.args == [FORGOTTEN]
    with laptop.qtbot.waitSignal(laptop.window.other_user_wanted):
        _button(laptop.window, "unlockOtherUser").click()


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_the_page_and_the_dialog_of_the_pin_are_named_and_nothing_is_cut_off(
    laptop: Laptop, theme: Theme, scheme: Scheme, scale: int
) -> None:
    laptop.workspace.navigate("settings")
    _button(laptop.workspace, "setPin").click()
    dialog = _dialog(laptop)
    assert problems_in(laptop.window, theme, scheme, scale) == []
    assert problems_in(dialog, theme, scheme, scale) == []
    dialog.reject()
    _set_pin(laptop)
    assert problems_in(laptop.window, theme, scheme, scale) == []
    laptop.window.lock()
    laptop.refused("999888")
    assert problems_in(laptop.window, theme, scheme, scale) == []


# --- nobody there


def test_three_minutes_without_a_touch_lock_the_window(laptop: Laptop) -> None:
    idle = laptop.watches.idle
    laptop.workspace.navigate("patient", patient_id=AASE)
    _wait_idle(idle, laptop, timedelta(seconds=179))
    assert laptop.window.workspace is not None
    _wait_idle(idle, laptop, SECOND)
    assert laptop.window.workspace is None


def test_where_doses_are_handed_out_it_is_two_and_elsewhere_three_again(laptop: Laptop) -> None:
    idle = laptop.watches.idle
    laptop.workspace.navigate("handout", patient_id=AASE)
    assert idle.timer.interval() == 120_000
    laptop.workspace.navigate("today")
    assert idle.timer.interval() == 180_000
    laptop.workspace.navigate("handout")
    _wait_idle(idle, laptop, timedelta(seconds=120))
    assert laptop.window.workspace is None


@pytest.mark.parametrize(
    ("rule", "stored", "minutes"),
    [
        (3, "1", 1),
        (3, "5", 3),
        (3, "0", 3),
        (3, "60", 3),
        (3, "", 3),
        (5, "5", 5),
        (5, "", 5),
        (5, "4", 4),
        (1, "2", 1),
        (1, "", 1),
    ],
)
def test_a_person_chooses_a_shorter_time_than_the_organisation_and_never_a_longer(
    laptop: Laptop, rule: int, stored: str, minutes: int
) -> None:
    session = laptop.workspace.context.session
    state.remember_rules(session.database, state.Rules("m", lock_minutes=rule))
    settings.put(session, lock_settings.LOCK_MINUTES, stored)
    laptop.workspace.navigate("patients")
    assert laptop.watches.idle.timer.interval() == minutes * 60_000
    laptop.workspace.navigate("handout")
    assert laptop.watches.idle.timer.interval() == min(2, minutes) * 60_000


def test_the_settings_offer_no_longer_time_than_the_organisation_has_decided(
    laptop: Laptop,
) -> None:
    session = laptop.workspace.context.session
    state.remember_rules(session.database, state.Rules("m", lock_minutes=2))
    laptop.workspace.navigate("settings")
    settle()
    offered = [
        minutes
        for minutes in lock_settings.CHOICES
        if _button(laptop.workspace, f"lockMinutes_{minutes}").isVisible()
    ]
    assert offered == [1, 2]
    assert "høyst 2 minutter" in "\n".join(
        text.text() for text in laptop.workspace.findChildren(Text) if text.isVisible()
    )


def test_another_choice_holds_at_once_and_after_the_next_unlocking(laptop: Laptop) -> None:
    laptop.workspace.navigate("settings")
    _button(laptop.workspace, "lockMinutes_1").click()
    assert laptop.watches.idle.timer.interval() == 60_000
    laptop.window.lock()
    laptop.unlock()
    assert laptop.watches.idle.timer.interval() == 60_000


def test_the_machines_sleep_locks_however_short_it_was(laptop: Laptop) -> None:
    laptop.clock.advance(timedelta(seconds=30))
    laptop.watches.idle.glance.timeout.emit()
    assert laptop.window.workspace is None


# --- the long lock


def test_half_an_hour_after_the_lock_the_process_is_to_end(laptop: Laptop) -> None:
    laptop.window.lock()
    glance = laptop.watches.long_lock.glance
    laptop.clock.advance(timedelta(minutes=29))
    with laptop.qtbot.assertNotEmitted(laptop.window.end_wanted):
        glance.timeout.emit()
    QTest.keyClicks(laptop.field, "a")  # whoever types does not put it off
    laptop.clock.advance(timedelta(minutes=1))
    with laptop.qtbot.waitSignal(laptop.window.end_wanted):
        glance.timeout.emit()


def test_a_page_that_helps_somebody_in_is_not_taken_away_while_it_is_used(laptop: Laptop) -> None:
    laptop.window.lock()
    page = QWidget()
    page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    laptop.window.stand(page)
    glance = laptop.watches.long_lock.glance
    laptop.clock.advance(timedelta(minutes=29))
    QTest.keyClick(page, Qt.Key.Key_A)
    laptop.clock.advance(timedelta(minutes=2))
    with laptop.qtbot.assertNotEmitted(laptop.window.end_wanted):
        glance.timeout.emit()
    laptop.clock.advance(timedelta(minutes=28))
    with laptop.qtbot.waitSignal(laptop.window.end_wanted):
        glance.timeout.emit()


def test_an_open_window_is_never_ended_by_the_long_lock(laptop: Laptop) -> None:
    laptop.window.lock()
    laptop.unlock()
    assert not laptop.watches.long_lock.glance.isActive()


def test_lock_and_close_locks_and_ends_the_process(laptop: Laptop) -> None:
    laptop.workspace.navigate("settings")
    with laptop.qtbot.waitSignal(laptop.window.end_wanted):
        _button(laptop.workspace, "lockAndEnd").click()
    assert laptop.window.workspace is None
    assert laptop.door.vault.store is None


# --- Windows' word for sleep


def test_of_windows_messages_only_the_one_about_sleep_counts() -> None:
    for message, word, expected in ((0x0218, 4, True), (0x0218, 7, False), (0x0100, 4, False)):
        made = _Message(None, message, word, 0)
        assert is_suspend(ctypes.addressof(made)) is expected
