"""The machine tells that it is about to sleep, on a bus of the test's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from pytestqt.qtbot import QtBot

from ui.lock.sleep import SleepWatch

SERVICE, PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
INTERFACE = "org.freedesktop.login1.Manager"


@pytest.fixture
def bus_address() -> Iterator[str]:
    if sys.platform != "linux" or shutil.which("dbus-daemon") is None:
        pytest.skip("a message bus of the test's own is of Linux")
    command = ["dbus-daemon", "--session", "--nofork", "--nosyslog", "--print-address"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


def _say(bus: QDBusConnection, begins: bool) -> None:
    signal = QDBusMessage.createSignal(PATH, INTERFACE, "PrepareForSleep")
    signal.setArguments([begins])
    assert bus.send(signal)


def test_what_logind_says_before_sleep_is_heard_and_not_what_it_says_after(
    qtbot: QtBot, bus_address: str
) -> None:
    logind = QDBusConnection.connectToBus(bus_address, "logind")
    assert logind.registerService(SERVICE)
    ours = QDBusConnection.connectToBus(bus_address, "ours")
    watch = SleepWatch(bus=ours)
    with qtbot.waitSignal(watch.about_to_sleep):
        _say(logind, begins=True)
    with qtbot.assertNotEmitted(watch.about_to_sleep, wait=50):
        _say(logind, begins=False)
    with qtbot.waitSignal(watch.about_to_sleep):
        _say(logind, begins=True)
    watch.deleteLater()
    QDBusConnection.disconnectFromBus("ours")
    QDBusConnection.disconnectFromBus("logind")


def test_without_a_bus_there_is_no_watch_and_no_fault(qtbot: QtBot) -> None:
    del qtbot
    watch = SleepWatch(bus=QDBusConnection("nowhere"))
    watch.deleteLater()
