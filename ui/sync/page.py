"""The sync page: how it stands, what is unsent by name, and what is checked before a trip."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from fieldapp.domain.changes import ChangeSet
from fieldapp.services import sync_status, trip
from fieldapp.services.sync_status import UnsentItem
from ui import errors
from ui.context import AppContext
from ui.page import Page
from ui.sync.reasons import differences, reason_text
from ui.sync.state import NEEDS_LOGIN, headline, step_text
from ui.sync.unsent import trip_row, unsent_row
from ui.widgets import (
    Banner,
    Card,
    Columns,
    EmptyState,
    IconLabel,
    PageHeader,
    PrimaryButton,
    ProgressLine,
    Row,
    RowList,
    ScrollColumn,
    SecondaryButton,
    Statements,
    Text,
)


class SyncPage(Page):
    """Reads everything from the coordinator's state and the store; holds no state of its own."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self._items: dict[str, UnsentItem] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = ScrollColumn(self.tr("Synk"), self)
        outer.addWidget(scroll)
        column = scroll.body
        column.addWidget(self._head())
        column.addWidget(self._status_card())
        columns = Columns(self)
        columns.left.addWidget(self._unsent_card())
        columns.left.addStretch(1)
        columns.right.addWidget(self._trip_card())
        columns.right.addStretch(1)
        column.addWidget(columns)
        column.addStretch(1)
        QShortcut(QKeySequence("Ctrl+R"), self).activated.connect(self.context.sync.sync_now)
        self.context.sync.status_changed.connect(self._show_status)

    def show_for(self, **args: object) -> None:
        del args
        self._show_status()
        self._show_unsent()
        self._show_trip()
        self._sync_button.setFocus()

    def refresh(self, change_set: ChangeSet) -> None:
        del change_set
        self._show_unsent()
        self._show_trip()

    # --- the parts of the page

    def _head(self) -> QWidget:
        head = PageHeader(self.tr("Synk"), parent=self)
        self._sync_button = PrimaryButton(
            self.tr("Synk nå · Ctrl+R"), self, icon="refresh-cw", name="syncNow"
        )
        self._sync_button.clicked.connect(self.context.sync.sync_now)
        self._cancel_button = SecondaryButton(self.tr("Stopp"), self, icon="x", name="syncCancel")
        self._cancel_button.clicked.connect(self.context.sync.cancel)
        head.buttons.addWidget(self._cancel_button)
        head.buttons.addWidget(self._sync_button)
        return head

    def _status_card(self) -> QWidget:
        card = Card(parent=self)
        row = QHBoxLayout()
        row.setSpacing(14)
        self._icon = IconLabel("refresh-cw", "accent", 30, card)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        self._title = Text("", "heading", card)
        self._title.setObjectName("syncTitle")
        self._detail = Text("", "muted", card)
        words.addWidget(self._title)
        words.addWidget(self._detail)
        row.addLayout(words, 1)
        card.body.addLayout(row)
        self._progress = ProgressLine(card)
        card.body.addWidget(self._progress)
        self._problem = Banner("", "danger", card)
        card.body.addWidget(self._problem)
        card.body.addWidget(self._login_row(card))
        return card

    def _login_row(self, parent: QWidget) -> QWidget:
        self._login = QWidget(parent)
        row = QHBoxLayout(self._login)
        row.setContentsMargins(0, 0, 0, 0)
        self._password = QLineEdit(self._login)
        self._password.setObjectName("syncPassword")
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._password.setPlaceholderText(self.tr("Passord på serveren"))
        self._password.setAccessibleName(self.tr("Passord på serveren"))
        self._password.returnPressed.connect(self._log_in)
        button = PrimaryButton(self.tr("Logg inn og send"), self._login, icon="log-in")
        button.clicked.connect(self._log_in)
        row.addWidget(self._password, 1)
        row.addWidget(button)
        return self._login

    def _unsent_card(self) -> QWidget:
        card = Card(self.tr("Usendt"), self)
        self._unsent = RowList(self.tr("Usendte endringer"), card)
        self._unsent.setObjectName("unsentList")
        self._unsent.activated_id.connect(self._open_item)
        self._unsent.current_id_changed.connect(self._show_choice)
        card.body.addWidget(self._unsent)
        self._none = EmptyState(
            "circle-check", self.tr("Ingenting venter"), self.tr("Alt fra maskinen er sendt."), card
        )
        card.body.addWidget(self._none)
        card.body.addWidget(self._choice_panel(card))
        return card

    def _choice_panel(self, parent: QWidget) -> QWidget:
        self._choice = QFrame(parent)
        self._choice.setObjectName("sunken")
        column = QVBoxLayout(self._choice)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        self._reason = Text("", "", self._choice)
        column.addWidget(self._reason)
        buttons = QHBoxLayout()
        self._retry = SecondaryButton(self.tr("Prøv igjen"), self._choice, name="unsentRetry")
        self._mine = SecondaryButton(self.tr("Behold min"), self._choice, name="unsentMine")
        self._theirs = SecondaryButton(self.tr("Bruk serverens"), self._choice, name="unsentTheirs")
        self._retry.clicked.connect(lambda: self._settle(sync_status.retry))
        self._mine.clicked.connect(lambda: self._settle(sync_status.keep_mine))
        self._theirs.clicked.connect(lambda: self._settle(sync_status.take_servers))
        for button in (self._retry, self._mine, self._theirs):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self._choice.hide()
        return self._choice

    def _trip_card(self) -> QWidget:
        card = Card(self.tr("Klar for tur"), self)
        self._ready = Banner("", "ok", card)
        self._ready.setObjectName("tripReady")
        card.body.addWidget(self._ready)
        self._checks = Statements(self.tr("Sjekkliste før tur"), card)
        self._checks.setObjectName("tripChecks")
        card.body.addWidget(self._checks)
        return card

    # --- what is shown

    @Slot()
    def _show_status(self) -> None:
        state = self.context.sync.state
        now = self.context.session.clock.now()
        lines = headline(state, now)
        self._icon.show_icon(lines.icon, "accent" if lines.tone == "neutral" else lines.tone)
        self._title.setText(lines.title)
        self._detail.setText(lines.detail)
        self._progress.setVisible(state.running)
        if state.running:
            self._progress.say(state.done, state.total, step_text(state))
        needs_login = state.error_code in NEEDS_LOGIN
        self._login.setVisible(needs_login and state.online)
        sentence = errors.sentence(state.error_code) if state.error_code else ""
        self._problem.say(sentence, "warn" if needs_login else "danger")
        self._cancel_button.setVisible(state.running)
        self._sync_button.setEnabled(not state.running)
        self._show_unsent()

    def _show_unsent(self) -> None:
        items = sync_status.unsent(self.context.session)
        now = self.context.session.clock.now()
        self._items = {item.change_id: item for item in items}
        self._unsent.set_rows([unsent_row(item, now) for item in items])
        self._unsent.setVisible(bool(items))
        self._unsent.fit_height()
        self._none.setVisible(not items)
        if self._unsent.current_id is None:
            # What is stopped needs a person; its reason is shown without a search for it.
            stopped = next((item for item in items if item.state == "parked"), None)
            if stopped is not None:
                self._unsent.select_id(stopped.change_id)
        self._show_choice(self._unsent.current_id or "")

    def _show_trip(self) -> None:
        checks = trip.checklist(self.context.session)
        rows: list[Row] = [trip_row(check) for check in checks]
        self._checks.set_rows(rows)
        if trip.ready(checks):
            self._ready.say(self.tr("Klar. Alt som trengs for dagen, er på maskinen."), "ok")
        else:
            self._ready.say(self.tr("Ikke klar ennå. Se punktene som mangler."), "warn")

    @Slot(str)
    def _show_choice(self, change_id: str) -> None:
        item = self._items.get(change_id)
        parked = item is not None and item.state == "parked"
        self._choice.setVisible(parked)
        if item is None or not parked:
            return
        self._reason.setText("\n".join([reason_text(item), *differences(item)]))
        self._mine.setVisible(item.decidable)
        self._theirs.setVisible(item.decidable)

    # --- what the user does

    @Slot(str)
    def _open_item(self, change_id: str) -> None:
        item = self._items.get(change_id)
        if item is not None and item.patient_id is not None and item.state != "parked":
            self.context.navigate("patient", patient_id=item.patient_id)

    def _settle(self, act: object) -> None:
        change_id = self._unsent.current_id
        if change_id is not None and callable(act):
            self.context.changes.announce(act(self.context.session, change_id))

    @Slot()
    def _log_in(self) -> None:
        password = self._password.text()
        self._password.clear()
        if password:
            self.context.sync.login(password, self._on_login)

    def _on_login(self, error_code: str | None) -> None:
        if error_code is not None:
            self._problem.say(errors.sentence(error_code), "danger")
            self._password.setFocus()
