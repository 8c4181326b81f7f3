"""Hears that the machine is about to sleep, while there is still time to take the pages away.

Linux: systemd-logind tells it on the system bus, and waits a moment for whoever has asked it to.
Windows: a message to every window, as its maker describes it. Where neither tells anything, the
idle watch sees afterwards that the machine has slept.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from typing import Any

from PySide6.QtCore import (
    SLOT,
    QAbstractNativeEventFilter,
    QByteArray,
    QCoreApplication,
    QObject,
    Signal,
    Slot,
)

log = logging.getLogger(__name__)

_LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_WM_POWERBROADCAST = 0x0218
_PBT_APMSUSPEND = 0x0004


class SleepWatch(QObject):
    """Listens from its making on.

    Signals:
        about_to_sleep(): the machine goes to sleep as soon as what is connected has returned.
    """

    about_to_sleep = Signal()

    def __init__(self, parent: QObject | None = None, bus: object | None = None) -> None:
        """`bus` is the QDBusConnection to logind; the system's own unless given."""
        super().__init__(parent)
        self._bus = bus
        self._delay: object | None = None
        self._filter: _WindowsMessages | None = None
        if sys.platform == "win32":
            self._filter = _WindowsMessages(self)
            application = QCoreApplication.instance()
            assert application is not None
            application.installNativeEventFilter(self._filter)
        elif sys.platform == "linux":
            self._listen_to_logind()

    def _listen_to_logind(self) -> None:
        try:
            from PySide6.QtDBus import QDBusConnection
        except ImportError:
            log.info("no bus to hear of sleep from")
            return
        bus = self._bus if isinstance(self._bus, QDBusConnection) else QDBusConnection.systemBus()
        self._bus = bus
        if not bus.isConnected():
            log.info("no bus to hear of sleep from")
            return
        service, path, interface = _LOGIND
        # WORKAROUND PySide 6.11 asks for bytes in its hints and takes only a str.
        slot: Any = SLOT("prepare_for_sleep(bool)")
        bus.connect(service, path, interface, "PrepareForSleep", self, slot)
        self._ask_for_delay()

    def _ask_for_delay(self) -> None:
        """Ask to be waited for; logind gives a file that is held open for as long as it takes."""
        from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage, QDBusUnixFileDescriptor

        assert isinstance(self._bus, QDBusConnection)
        call = QDBusMessage.createMethodCall(*_LOGIND, "Inhibit")
        call.setArguments(["sleep", "fieldapp", "Lock before sleep", "delay"])
        # A second is long for a daemon on this machine; without an answer it goes on without.
        answer = self._bus.call(call, QDBus.CallMode.Block, 1000)
        found = answer.arguments()
        if found and isinstance(found[0], QDBusUnixFileDescriptor):
            self._delay = found[0]
        else:
            log.info("the system does not wait before it sleeps")

    @Slot(bool)
    def prepare_for_sleep(self, begins: bool) -> None:
        """What logind says: it begins, or it is over."""
        if begins:
            self.about_to_sleep.emit()
            self._delay = None  # from here on it may sleep
        else:
            self._ask_for_delay()


class _WindowsMessages(QAbstractNativeEventFilter):
    def __init__(self, watch: SleepWatch) -> None:
        super().__init__()
        self._watch = watch

    def nativeEventFilter(
        self, event_type: QByteArray | bytes | bytearray | memoryview, message: int
    ) -> object:
        if _is_message(event_type) and is_suspend(int(message)):
            self._watch.about_to_sleep.emit()
        return False, 0


def _is_message(kind: QByteArray | bytes | bytearray | memoryview) -> bool:
    named = kind.data() if isinstance(kind, QByteArray) else kind
    return bytes(named) == b"windows_generic_MSG"


class _Message(ctypes.Structure):
    """The beginning of Windows' MSG."""

    _fields_ = (
        ("window", ctypes.c_void_p),
        ("message", ctypes.c_uint),
        ("word", ctypes.c_size_t),
        ("long", ctypes.c_ssize_t),
    )


def is_suspend(address: int) -> bool:
    """True when the MSG at this address says that the machine is about to sleep."""
    message = _Message.from_address(address)
    return (int(message.message), int(message.word)) == (_WM_POWERBROADCAST, _PBT_APMSUSPEND)
