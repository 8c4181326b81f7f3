"""An ended laptop sends what it has; stands over the workspace until the server has all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.context import AppContext
from ui.errors import sentence_for
from ui.office.state import counted
from ui.widgets import Dialog, Text

if TYPE_CHECKING:
    from fieldapp.bootstrap import OrdersFile
    from sync.client.leaving import Handed


class LeavingDialog(Dialog):
    """Closing it deletes nothing; it comes again at the next unlocking.

    Signals:
        handed_over(): the server's receipts cover everything that was here.
    """

    handed_over = Signal()

    def __init__(
        self,
        context: AppContext,
        known: OrdersFile,
        parent: QWidget | None = None,
        *,
        holds_loose_text: Callable[[], bool] = lambda: False,
    ) -> None:
        """`holds_loose_text` stores what is being written, and says whether some of it could not
        become a draft: that text is sent by nobody."""
        super().__init__("", "", parent)
        title = self.tr("Laptopen er avsluttet av kontoret")
        self.setWindowTitle(title)
        self.title.setText(title)
        self._context = context
        self._known = known
        self._holds_loose_text = holds_loose_text
        self._running = False
        self.body.addWidget(
            Text(
                self.tr(
                    "Alt som ikke er sendt, sendes nå. Journalen slettes fra laptopen først når "
                    "serveren har kvittert for alt. Passord trengs ikke."
                ),
                "",
                self,
            )
        )
        self.state = Text("", "strong", self)
        self.state.setWordWrap(True)
        self.body.addWidget(self.state)
        self.body.addStretch(1)
        self.confirm_button.say(self.tr("Prøv igjen"))
        self.cancel_button.setText(self.tr("Til journalen"))

    def begin(self) -> None:
        """Send, beside the screen."""
        if self._running:
            return
        self._running = True
        self.problem.say("")
        self.confirm_button.setEnabled(False)
        self.state.setText(self.tr("Sender …"))
        self._context.tasks.run(self._hand_over, self._on_handed, self._on_failed)

    def try_accept(self) -> None:
        """Try once more; nothing is accepted here but the server's receipts."""
        self.begin()

    def _hand_over(self) -> Handed:
        """Runs on a worker."""
        from sync.client import leaving

        session = self._context.session
        with session.beside() as beside:
            return leaving.hand_over(beside.database, self._known, session.clock, session.user.id)

    def _on_handed(self, handed: Handed) -> None:
        from sync.client import leaving

        self._stop()
        if not self.isVisible():
            return  # the person went back and may be writing; it is asked again later
        if self._holds_loose_text():
            self.state.setText(
                self.tr(
                    "Det står tekst på laptopen som ikke er lagret. Gå til journalen, og lagre "
                    "eller forkast den. Ingenting er slettet."
                )
            )
            return
        if handed.complete and leaving.holds_more(self._context.session.database, handed):
            self.begin()  # a form has stored something meanwhile
        elif handed.complete:
            self.state.setText(self.tr("Alt er sendt, og serveren har kvittert."))
            self.handed_over.emit()
        elif handed.drafts_left:
            drafts = counted(handed.drafts_left, self.tr("utkast"), self.tr("utkast"))
            self.state.setText(
                self.tr(
                    "{0} kan ikke sendes uten signatur. Signer eller forkast dem, og prøv igjen. "
                    "Ingenting er slettet."
                ).format(drafts)
            )
        else:
            self.state.setText(self.tr("Serveren har ikke kvittert for alt ennå. Prøv igjen."))

    def _on_failed(self, error: BaseException) -> None:
        self._stop()
        self.state.setText(self.tr("Ikke alt er sendt. Ingenting er slettet."))
        self.problem.say(sentence_for(error), "warn")

    def _stop(self) -> None:
        self._running = False
        self.confirm_button.setEnabled(True)
