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
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.domain.rights import Right
from fieldapp.services import conflicts, issues, rights, sync_status, trip
from fieldapp.services.issues import IssueView
from fieldapp.services.sync_status import UnsentItem
from ui import errors
from ui.context import AppContext
from ui.page import Page
from ui.rights import offer
from ui.sheets.card import PaperCard
from ui.sync.claims_card import ClaimsCard
from ui.sync.conflict_dialog import ConflictDialog
from ui.sync.courier_card import CourierCard
from ui.sync.issue_dialog import IssueDialog, issue_row
from ui.sync.passphrase_dialog import PassphraseDialog
from ui.sync.reasons import differences, reason_text
from ui.sync.receipt_card import ReceiptCard
from ui.sync.state import NEEDS_LOGIN, headline, step_text
from ui.sync.unsent import place_of, trip_row, unsent_row, waits_text
from ui.widgets import (
    Banner,
    Card,
    Columns,
    EmptyState,
    FlowLayout,
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
        self._open_issues: dict[str, IssueView] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = ScrollColumn(self.tr("Synk"), self)
        outer.addWidget(scroll)
        column = scroll.body
        column.addWidget(self._head())
        column.addWidget(self._status_card())
        column.addWidget(self._issues_card())
        columns = Columns(self)
        columns.left.addWidget(self._unsent_card())
        self._reads = rights.has(context.session, Right.READ_PATIENTS)
        self._receipt = ReceiptCard(context, self)
        columns.left.addWidget(self._receipt)
        self.courier = CourierCard(context, self)
        columns.left.addWidget(self.courier)
        columns.left.addStretch(1)
        trip_card = self._trip_card()
        columns.right.addWidget(trip_card)
        columns.right.addStretch(1)
        column.addWidget(columns)
        self.claims = ClaimsCard(context, self)
        column.addWidget(self.claims)
        self.paper = PaperCard(context, self)
        column.addWidget(self.paper)
        # What is about patients is not there for who reads none; what is unsent always is.
        for card in (trip_card, self._receipt):
            offer(card, context.session, Right.READ_PATIENTS)
        for card in (self.claims, self.paper):
            offer(card, context.session, Right.HAND_OUT)
        column.addStretch(1)
        QShortcut(QKeySequence("Ctrl+R"), self).activated.connect(self.context.sync.sync_now)
        self.context.sync.status_changed.connect(self._show_status)

    def show_for(self, **args: object) -> None:
        del args
        self._show_status()
        self._show_trip()
        self._focus_work()

    def refresh(self, change_set: ChangeSet) -> None:
        del change_set
        self._show_issues()
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

    def _issues_card(self) -> QWidget:
        self._issues_card_widget = card = Card(self.tr("Sikkerhetssaker"), self)
        self._issues = RowList(self.tr("Sikkerhetssaker"), card)
        self._issues.setObjectName("issueList")
        self._issues.activated_id.connect(self._open_issue)
        card.body.addWidget(self._issues)
        return card

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
        buttons = QWidget(self._choice)
        flow = FlowLayout(buttons, 8, lines=0)
        self._decide = PrimaryButton(self.tr("Velg hva som gjelder"), buttons, name="unsentDecide")
        self._correct = SecondaryButton(self.tr("Rett"), buttons, name="unsentCorrect")
        self._retry = SecondaryButton(self.tr("Prøv igjen"), buttons, name="unsentRetry")
        self._hand_over = SecondaryButton(
            self.tr("Overlat til kontoret"), buttons, name="unsentHandOver"
        )
        self._decide.clicked.connect(self._decide_current)
        self._correct.clicked.connect(self._correct_current)
        self._retry.clicked.connect(lambda: self._settle(sync_status.retry))
        self._hand_over.clicked.connect(lambda: self._settle(sync_status.hand_over))
        for button in (self._decide, self._correct, self._retry, self._hand_over):
            flow.addWidget(button)
        column.addWidget(buttons)
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
        self._try = SecondaryButton(
            self.tr("Prøv passfrasen …"), card, icon="key-round", name="tripTryPassphrase"
        )
        self._try.clicked.connect(self._try_passphrase)
        card.body.addWidget(self._try, 0, Qt.AlignmentFlag.AlignLeft)
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
        self._show_issues()
        self._show_unsent()

    def _show_issues(self) -> None:
        found = issues.open_items(self.context.session) if self._reads else []
        self._open_issues = {view.issue.id: view for view in found}
        now = self.context.session.clock.now()
        self._issues.set_rows([issue_row(view, now) for view in found])
        self._issues.fit_height()
        self._issues_card_widget.setVisible(bool(found))

    def _focus_work(self) -> None:
        """Where a person is needed, the list of it has the keys; else the button."""
        if self._open_issues:
            self._issues.setFocus()
            if self._issues.current_id is None:
                self._issues.select_id(next(iter(self._open_issues)))
        elif any(item.state == "parked" for item in self._items.values()):
            self._unsent.setFocus()
        else:
            self._sync_button.setFocus()

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
        self._try.setVisible(self.context.verify_passphrase is not None)
        self.courier.show_state()
        if self._reads:
            self._receipt.show_day()
        if rights.has(self.context.session, Right.HAND_OUT):
            self.claims.show_claims()
            self.paper.show_sheets()
        if trip.ready(checks):
            self._ready.say(self.tr("Klar. Alt som trengs for dagen, er på maskinen."), "ok")
        else:
            self._ready.say(self.tr("Ikke klar ennå. Se punktene som mangler."), "warn")

    @Slot(str)
    def _show_choice(self, change_id: str) -> None:
        item = self._items.get(change_id)
        blocker = self._items.get(item.waits_for or "") if item is not None else None
        parked = item is not None and item.state == "parked"
        self._choice.setVisible(parked or blocker is not None)
        if item is None:
            return
        now = self.context.session.clock.now()
        if blocker is not None:
            self._reason.setText(waits_text(item, blocker, now))
        elif parked:
            self._reason.setText("\n".join([reason_text(item), *self._more(item)]))
        editable = policy_of(item.kind) is Policy.EDITED
        self._correct.say(self.tr("Rett") if editable else self.tr("Åpne"))
        self._decide.setVisible(item.decidable)
        self._correct.setVisible(parked and not item.decidable and item.patient_id is not None)
        self._retry.setVisible(parked and not item.decidable)
        self._hand_over.setVisible(parked and not item.handed_over)

    def _more(self, item: UnsentItem) -> list[str]:
        """The two sides of a conflict, and whether the office was asked."""
        lines = differences(item)
        if item.handed_over:
            lines.append(
                self.tr("Overlatt til kontoret. Den telles her til kontoret har gjort det opp.")
            )
        return lines

    # --- what the user does

    @Slot(str)
    def _open_issue(self, issue_id: str) -> None:
        view = self._open_issues.get(issue_id)
        if view is not None:
            IssueDialog(self.context, view, self.window()).open()

    @Slot(str)
    def _open_item(self, change_id: str) -> None:
        """Enter or a click on a row: what waits is opened, what is stopped shows its choices."""
        item = self._items.get(change_id)
        if item is None:
            return
        if item.decidable:
            self._decide_current()
        elif item.state == "parked":
            self._correct.setFocus()
        elif item.patient_id is not None:
            page, where = place_of(item)
            self.context.navigate(page, **where)

    @Slot()
    def _decide_current(self) -> None:
        conflict = conflicts.read(self.context.session, self._unsent.current_id or "")
        if conflict is not None:
            ConflictDialog(self.context, conflict, self.window()).open()

    @Slot()
    def _correct_current(self) -> None:
        item = self._items.get(self._unsent.current_id or "")
        if item is not None:
            page, where = place_of(item)
            self.context.navigate(page, **where)

    def _settle(self, act: object) -> None:
        change_id = self._unsent.current_id
        if change_id is not None and callable(act):
            self.context.changes.announce(act(self.context.session, change_id))

    @Slot()
    def _try_passphrase(self) -> None:
        PassphraseDialog(self.context, self._show_trip, self.window()).open()

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
