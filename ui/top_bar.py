"""The bar over every page: search at the left, how sync stands at the right."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ui import theme
from ui.context import AppContext
from ui.search.view import TopSearch
from ui.sync.state import pill, when
from ui.widgets import Pill, Text

MINUTE_MILLISECONDS = 60_000


class TopBar(QFrame):
    """Signals:
    chosen(str): a page name or a command.
    patient_chosen(str): a patient id.
    """

    chosen = Signal(str)
    patient_chosen = Signal(str)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("topbar")
        self._search = TopSearch(context, self)
        self._pill = Pill("refresh-cw", "", parent=self)
        self._pill.setToolTip(self.tr("Åpne synk (Alt+4)"))
        self._last = Text("", "small", self, wrap=False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 10, 24, 10)
        layout.setSpacing(12)
        layout.addWidget(self._search, 2)
        layout.addStretch(1)
        layout.addWidget(self._last)
        layout.addWidget(self._pill)
        self._search.chosen.connect(self.chosen)
        self._search.patient_chosen.connect(self.patient_chosen)
        self._pill.clicked.connect(self._open_sync)
        context.sync.status_changed.connect(self._show_status)
        theme.current().changed.connect(self._show_status)
        # "Sist synket i går" must become true without anything else happening.
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MILLISECONDS)
        self._minute.timeout.connect(self._show_status)
        self._minute.start()
        self._show_status()

    @property
    def search(self) -> TopSearch:
        return self._search

    @property
    def status_text(self) -> str:
        """What the pill says."""
        return self._pill.text()

    def focus_search(self) -> None:
        """Put the caret in the search field (Ctrl+K)."""
        self._search.begin()

    @Slot()
    def _open_sync(self) -> None:
        self.chosen.emit("sync")

    @Slot()
    def _show_status(self) -> None:
        state = self._context.sync.state
        now = self._context.session.clock.now()
        view = pill(state, now)
        self._pill.say(view.icon, view.text, view.tone)
        last = when(state.status.last_complete, now)
        self._last.setText(self.tr("Sist fullført synk {when}").format(when=last))
        look = theme.current()
        # At large text the search field needs the room; the pill's page tells the time too.
        self._last.setVisible(look.scale <= 150 and view.tone != "ok")  # or it is said twice
        self._search.setMaximumWidth(look.pixels(520))
