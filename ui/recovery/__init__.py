"""What stands in the way of opening a store, in words, and the ways that work from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ui.tasks import TaskRunner

if TYPE_CHECKING:
    from ui.main_window import MainWindow
    from ui.recovery.help_page import HelpDoor


def open_help(window: MainWindow, door: object, tasks: TaskRunner, code: str) -> None:
    """Let the help page for this refusal stand in the window. `door` has a `rescue`."""
    from ui.recovery.help_page import HelpPage

    if door is None:
        return
    page = HelpPage(cast("HelpDoor", door), tasks, code, window)

    def back() -> None:
        said = page.tr("Passfrasen er byttet. Lås opp med den nye.") if page.is_recovered else ""
        window.show_unlock()
        if window.unlock_page is not None:
            window.unlock_page.say(said, "ok")

    page.done.connect(back)
    window.stand(page)
    page.focus_first()
