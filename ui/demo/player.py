"""Plays parts of a day in the open window: goes to a page, presses, takes a picture."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QApplication, QDialog, QWidget

from fieldapp.services.session import Session
from ui import shots
from ui.demo.hand import bring_up, wait_until
from ui.demo.stage import DemoError, Say, Stage
from ui.demo.window import DemoWindow
from ui.page import Page
from ui.sync.coordinator import SyncCoordinator

P = TypeVar("P", bound=Page)
D = TypeVar("D", bound=QDialog)


class Player:
    """The window with what is said and drawn of it; every part of the day is handed the same one.

    Attributes: `pictures`, the files taken so far.
    """

    def __init__(self, stage: Stage, window: DemoWindow, out: Path, say: Say) -> None:
        self.stage = stage
        self.window = window
        self.say = say
        self.pictures: list[str] = []
        self._out = out

    @property
    def session(self) -> Session:
        assert self.window.workspace is not None
        return self.window.workspace.context.session

    @property
    def coordinator(self) -> SyncCoordinator:
        assert self.window.coordinator is not None
        return self.window.coordinator

    @property
    def today(self) -> date:
        return self.session.today()

    def go(self, page: str, **args: object) -> None:
        assert self.window.workspace is not None
        self.window.workspace.navigate(page, **args)
        shots.settle()

    def page(self, kind: type[P]) -> P:
        """The page on screen. Raises DemoError when it is another one."""
        assert self.window.workspace is not None
        shown = self.window.workspace.page
        if not isinstance(shown, kind):
            raise DemoError(f"{kind.__name__} is not on screen.")
        return shown

    def dialog(self, kind: type[D]) -> D:
        """The open dialog of a kind, waiting for it."""
        wait_until(lambda: bool(_open(kind)), kind.__name__)
        shots.settle()
        return _open(kind)[0]

    def gone(self, kind: type[D]) -> None:
        """Wait until the dialog has closed: what was said in it is stored."""
        wait_until(lambda: not _open(kind), f"the end of {kind.__name__}")
        self.window.activateWindow()
        shots.settle()

    def quiet(self) -> None:
        """Wait until no sync runs."""
        wait_until(lambda: not self.coordinator.running, "a quiet line")

    def shoot(self, name: str, widget: QWidget | None = None) -> None:
        """Take a picture of the window, or of a dialog over it."""
        file = self._out / f"{len(self.pictures) + 1:02}-{name}.png"
        shots.shoot(widget or self.window, file, quickly=True)
        self.pictures.append(str(file))

    def shoot_at(self, name: str, widget: QWidget) -> None:
        """Scroll a part of the page to the top, and take a picture of the window."""
        bring_up(widget)
        self.shoot(name)


def _open(kind: type[D]) -> list[D]:
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, kind) and widget.isVisible()
    ]
