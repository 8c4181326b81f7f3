"""The closing receipt after a day: counted here, confirmed by the server, to print."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QTextDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QWidget

from fieldapp.services import receipt, register_view
from ui import errors
from ui.context import AppContext
from ui.paper import choose_printer, makes_file
from ui.sync.receipt_state import Confirmation, confirmation_text, paper, summary
from ui.widgets import Banner, Card, FlowLayout, SecondaryButton, Text


class ReceiptCard(Card):
    """Shows the present day. The confirmation belongs to what was counted when it was asked."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._context = context
        self._confirmation: Confirmation | None = None
        self._names: tuple[tuple[str, str], ...] = ()
        self.body.addWidget(Text(self.tr("Etter dagen"), "heading", self))
        self._summary = Text("", "strong", self)
        self._summary.setObjectName("receiptSummary")
        self._confirmed = Text("", "muted", self)
        self._confirmed.setObjectName("receiptConfirmed")
        self._problem = Banner("", "warn", self)
        for widget in (self._summary, self._confirmed, self._problem):
            self.body.addWidget(widget)
        buttons = QWidget(self)
        flow = FlowLayout(buttons, 8)
        self._ask = SecondaryButton(
            self.tr("Bekreft med serveren"), buttons, icon="circle-check", name="receiptConfirm"
        )
        self._ask.clicked.connect(self._confirm)
        self._print = SecondaryButton(
            self.tr("Skriv ut …"), buttons, icon="printer", name="receiptPrint"
        )
        self._print.clicked.connect(self._choose_printer)
        flow.addWidget(self._ask)
        flow.addWidget(self._print)
        self.body.addWidget(buttons)

    def show_day(self) -> None:
        """Count again. What came after the server's answer takes the answer away."""
        today = self._context.session.today()
        self._receipt = receipt.of_day(self._context.session, today)
        if self._receipt.names != self._names:
            self._names = self._receipt.names
            self._confirmation = None
        self._summary.setText(summary(self._receipt))
        self._confirmed.setText(confirmation_text(self._confirmation))

    def print_on(self, printer: QPrinter) -> None:
        """Print the receipt; the log says so first."""
        session = self._context.session
        receipt.printed(session, self._receipt.day, to_folder=makes_file(printer))
        document = QTextDocument()
        document.setHtml(
            paper(self._receipt, session.user.name, self._confirmation, session.clock.now())
        )
        document.print_(printer)

    @Slot()
    def _confirm(self) -> None:
        asked = self._names
        self._ask.setEnabled(False)

        def on_done(held: int | None, code: str | None) -> None:
            self._ask.setEnabled(True)
            self._problem.say(errors.sentence(code) if code else "", "warn")
            if held is not None and asked == self._names:
                now = self._context.session.clock.now()
                self._confirmation = Confirmation(held, len(asked), now)
            self.show_day()

        self._context.sync.confirm(asked, on_done)

    @Slot()
    def _choose_printer(self) -> None:
        choose_printer(
            self.window(),
            self.tr("Skriv ut kvitteringen"),
            self.tr("Kvittering for dagen"),
            self.print_on,
            files=register_view.folder_allowed(self._context.session),
        )
