"""What every part of the office is: a scrolling column that asks the server and says it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.reasons import needs_login, not_done_text
from ui.widgets import Banner, Columns, ScrollColumn, SecondaryButton, Text

T = TypeVar("T")


class OfficeTab(ScrollColumn):
    """Built on its first visit; `load` is called at each visit and after each act.

    Only the newest answer to a question is shown. What was typed stays when an act fails.

    Signals:
        counted(str, int): a part of the office, and how many things wait there for a person.
        opened(str, str): another part of the office is asked for, with the id to show there.
    """

    counted = Signal(str, int)
    opened = Signal(str, str)

    def __init__(
        self, name: str, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, parent)
        self.context = context
        self._desk = desk
        self._rounds: dict[str, int] = {}
        self._acting = False
        self._open_questions = 0
        self._problems_said = 0
        self.problem = Banner("", "warn", self)
        self.problem.setObjectName("officeProblem")
        self.again = SecondaryButton(
            self.tr("Prøv igjen"), self.problem, icon="refresh-cw", name="officeAgain"
        )
        self.again.clicked.connect(self.load)
        self.login = SecondaryButton(
            self.tr("Logg inn"), self.problem, icon="log-in", name="officeLogin"
        )
        self.login.clicked.connect(lambda: self.context.navigate("sync"))
        self.problem.add_button(self.again)
        self.problem.add_button(self.login)
        self.done = Banner("", "ok", self)
        self.done.setObjectName("officeDone")
        self._waiting = Text(self.tr("Henter fra serveren …"), "muted", self)
        self.body.addWidget(self.problem)
        self.body.addWidget(self.done)
        self.body.addWidget(self._waiting)
        self._waiting.hide()

    # --- for the parts

    def add_columns(
        self, left: Sequence[QWidget], right: QWidget, shares: tuple[int, int] = (2, 3)
    ) -> None:
        """Put a list and what belongs to it at the left, the chosen one's card at the right."""
        columns = Columns(self, shares=shares)
        for column, cards in ((columns.left, left), (columns.right, (right,))):
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
        self.body.addWidget(columns)
        self.body.addStretch(1)

    def load(self) -> None:
        """Ask for what is shown here."""
        raise NotImplementedError

    def focus_first(self) -> None:
        """Put the focus where work begins."""
        raise NotImplementedError

    def show_id(self, wanted: str) -> None:
        """Show this one when it is there; the part of the page was opened for it."""

    def read(self, call: Callable[..., T], on_done: Callable[[T], None], what: str = "") -> None:
        """Ask a question; an answer that another question of the same name overtook is dropped."""
        number = self._rounds[what] = self._rounds.get(what, 0) + 1
        said_before = self._problems_said
        self._waiting.show()

        def done(answer: T) -> None:
            if self._rounds[what] == number:
                self._waiting.hide()
                if self._problems_said == said_before:
                    # What an act has met since the question was asked, still stands.
                    self.problem.say("")
                on_done(answer)

        def failed(error: BaseException) -> None:
            if self._rounds[what] == number:
                self._waiting.hide()
                self.say_problem(error)

        self._ask(call, done, failed)

    def act(self, call: Callable[..., T], on_done: Callable[[T], None]) -> None:
        """Let the server do something, once."""
        if self._acting:
            return
        self._acting = True
        self.done.say("", "ok")

        def done(answer: T) -> None:
            self._acting = False
            self.problem.say("")
            on_done(answer)

        def failed(error: BaseException) -> None:
            self._acting = False
            self.say_problem(error)

        self._ask(call, done, failed)

    def say_done(self, words: str) -> None:
        """Say what was done."""
        self.done.say(words, "ok")
        self.ensureVisible(0, 0)

    def say_problem(self, error: BaseException) -> None:
        """Say why it was not done; nothing on the page is taken away."""
        self.done.say("", "ok")
        self._problems_said += 1
        self.problem.say(not_done_text(error), "warn")
        self.login.setVisible(needs_login(error))
        self.ensureVisible(0, 0)

    def say_wrong(self, words: str) -> None:
        """Say what is missing before the server is asked at all."""
        self.done.say("", "ok")
        self._problems_said += 1
        self.problem.say(words, "warn")
        self.login.hide()
        self.ensureVisible(0, 0)

    def is_quiet(self) -> bool:
        """True when no answer is awaited."""
        return self._open_questions == 0

    def _ask(
        self,
        call: Callable[..., T],
        on_done: Callable[[T], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._open_questions += 1

        def done(answer: T) -> None:
            self._open_questions -= 1
            on_done(answer)

        def failed(error: BaseException) -> None:
            self._open_questions -= 1
            on_error(error)

        self._desk.ask(call, done, failed)
