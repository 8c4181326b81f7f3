"""The machine tells that it is about to sleep, on a bus of the test's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Q_ARG, QMetaObject
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from pytestqt.qtbot import QtBot

from ui.lock.sleep import SleepWatch

SERVICE, PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
INTERFACE = "org.freedesktop.login1.Manager"


Says = Callable[[bool], object]


@pytest.fixture
def logind() -> Iterator[tuple[SleepWatch, Says]]:
    """A watch, and what logind says to it.

    On a bus of the test's own; on a machine that has none, straight to the slot that is named to
    the bus: a machine without D-Bus has no logind to hear either.
    """
    if sys.platform != "linux" or shutil.which("dbus-daemon") is None:
        watch = SleepWatch(bus=QDBusConnection("nowhere"))
        slot = "prepare_for_sleep"
        yield watch, lambda begins: QMetaObject.invokeMethod(watch, slot, Q_ARG(bool, begins))
        watch.deleteLater()
        return
    command = ["dbus-daemon", "--session", "--nofork", "--nosyslog", "--print-address"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        bus = QDBusConnection.connectToBus(address, "logind")
        assert bus.registerService(SERVICE)
        watch = SleepWatch(bus=QDBusConnection.connectToBus(address, "ours"))
        yield watch, lambda begins: _say(bus, begins)
        watch.deleteLater()
        QDBusConnection.disconnectFromBus("ours")
        QDBusConnection.disconnectFromBus("logind")
        daemon.terminate()


def _say(bus: QDBusConnection, begins: bool) -> None:
    signal = QDBusMessage.createSignal(PATH, INTERFACE, "PrepareForSleep")
    signal.setArguments([begins])
    assert bus.send(signal)


def test_what_logind_says_before_sleep_is_heard_and_not_what_it_says_after(
    qtbot: QtBot, logind: tuple[SleepWatch, Says]
) -> None:
    watch, say = logind
    with qtbot.waitSignal(watch.about_to_sleep):
        say(True)
    with qtbot.assertNotEmitted(watch.about_to_sleep, wait=50):
        say(False)
    with qtbot.waitSignal(watch.about_to_sleep):
        say(True)


def test_without_a_bus_there_is_no_watch_and_no_fault(qtbot: QtBot) -> None:
    del qtbot
    watch = SleepWatch(bus=QDBusConnection("nowhere"))
    watch.deleteLater()
