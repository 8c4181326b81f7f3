"""Leads from one person's unlock page to another's, to a first start, and to sending for one."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from fieldapp import paths
from fieldapp.clock import Clock
from ui.main_window import Door, MainWindow
from ui.people.chooser import ChooserPage, SendChooserPage
from ui.people.state import Known
from ui.tasks import TaskRunner

if TYPE_CHECKING:
    # The first page is painted before the cipher driver and the network library are loaded.
    from ui.people.send_page import Deliver, SendDoor, SendPage


CHOOSE = "FIELDAPP_CHOOSE"
"""Set in the environment of a fresh process that is to begin with the question who is there."""


class People(QObject):
    """Lives as long as the window. Every page of it stands where the unlock page does: locked.

    After somebody has worked in this process another person gets a fresh one: text that was on the
    screen cannot be wiped from the memory of this one.

    `make_door` makes the door of a user name, `stand_before` the one that the window is given, and
    `first_start` shows the page of a first start for somebody who has no store here.
    """

    def __init__(
        self,
        window: MainWindow,
        folder: Path,
        make_door: Callable[[str], SendDoor],
        stand_before: Callable[[str], Door],
        first_start: Callable[[], None],
        tasks: TaskRunner,
        clock: Clock,
        *,
        send: Deliver | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._folder = folder
        self._make_door = make_door
        self._stand_before = stand_before
        self._first_start = first_start
        self._tasks = tasks
        self._clock = clock
        self._send = send
        self._sending: SendPage | None = None
        self._doors: dict[str, Door] = {}
        """Kept, since what a full disk did not take of somebody's words is with their door."""
        self._was_open = False
        self._is_choosing = False
        window.unlocked.connect(self._on_unlocked)
        window.end_wanted.connect(self._on_end)
        window.other_user_wanted.connect(self.other_user)

    def known(self) -> list[Known]:
        """Those with a folder of their own; whoever worked here last comes first."""
        known = [
            Known(name, paths.last_used(self._folder, name))
            for name in paths.usernames(self._folder)
        ]
        never = datetime.min.replace(tzinfo=UTC)
        return sorted(known, key=lambda one: one.last_used or never, reverse=True)

    @Slot()
    def other_user(self) -> None:
        """Somebody else sits here: hvem er du?, in a fresh process where one is needed and may be.

        It may not be while a sync still holds the store, or words would be lost with this one.
        """
        if self._was_open:
            self._is_choosing = True
            self._window.end()
            self._is_choosing = False
        self.choose()

    @Slot()
    def choose(self) -> None:
        """Hvem er du?"""
        self.shut()
        page = ChooserPage(self.known(), self._clock.now())
        page.chosen.connect(self._open)
        page.add_wanted.connect(self._first_start)
        page.send_wanted.connect(self._choose_sending)
        self._window.stand(page)
        page.focus_field()

    @Slot()
    def shut(self) -> None:
        """Close a colleague's store that was opened to send from it."""
        if self._sending is not None:
            self._sending.shut()
            self._sending = None

    @Slot(str)
    def _open(self, username: str) -> None:
        self.shut()
        self._window.use(self.door(username))

    def door(self, username: str) -> Door:
        """The door of a person; the same one as long as the process lives."""
        if username not in self._doors:
            self._doors[username] = self._stand_before(username)
        return self._doors[username]

    @Slot()
    def _on_unlocked(self) -> None:
        self._was_open = True

    @Slot()
    def _on_end(self) -> None:
        if self._is_choosing:
            os.environ[CHOOSE] = "1"

    @Slot()
    def _choose_sending(self) -> None:
        self.shut()
        page = SendChooserPage(self.known(), self._clock.now())
        page.chosen.connect(self._send_for)
        page.back_wanted.connect(self.choose)
        self._window.stand(page)
        page.focus_field()

    @Slot(str)
    def _send_for(self, username: str) -> None:
        from ui.people.send_page import SendPage, over_http

        door = self._make_door(username)
        page = SendPage(username, door, self._tasks, send=self._send or over_http)
        page.closed.connect(self.choose)
        # An order to another store on this machine takes the page's place without asking it.
        page.destroyed.connect(lambda: door.lock())
        self._sending = page
        self._window.stand(page)
        page.focus_field()
