"""Ordinasjoner: what waits for a second person, every order, and who holds claims of it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.rights import Right, may
from fieldapp.services import visits
from sync.client.office_messages import (
    ORDERS_PAGE,
    OrderAction,
    OrderAnswer,
    OrderEntryRow,
    OrderHistoryAnswer,
    OrderHistoryRequest,
    OrderRow,
    OrdersAnswer,
    OrdersRequest,
    ProposalRow,
    ProposalsAnswer,
    SettleOrderRequest,
)
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.order_act_dialog import OrderActDialog
from ui.office.order_form import OrderFormDialog
from ui.office.order_import_dialog import OrderImportDialog
from ui.office.order_words import (
    action_word,
    claims_text,
    entry_row,
    freshness,
    history_row,
    order_facts,
    order_row,
    orders_text,
    problem_text,
    read_body,
    status_tag,
    warning_lines,
)
from ui.office.parts import Comparison, Facts
from ui.office.state import page_text
from ui.office.tab import OfficeTab
from ui.office.values import Difference, differences
from ui.sync.state import when
from ui.widgets import (
    Banner,
    Button,
    Card,
    DangerButton,
    EmptyState,
    FlowLayout,
    FormField,
    PrimaryButton,
    RowList,
    SearchField,
    SecondaryButton,
    Statements,
    Tag,
    Text,
    row_of,
)

WISH = "wish:"
"""Before the id of a wish that the form is to be opened for (`show_id`)."""


class OrdersTab(OfficeTab):
    """At the left the queue and the list, at the right whichever of them was chosen last."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Ordinasjoner"))
        self._may_enter = may(context.session.user.role, Right.ENTER_ORDERS)
        self._orders: dict[str, OrderRow] = {}
        self._entries: dict[str, OrderEntryRow] = {}
        self._page = 0
        self._chosen = ""
        self._from_queue = False
        self._wanted = ""
        self._asked_wish = ""
        self.fresh = Text("", "muted", self)
        self.fresh.setObjectName("ordersFresh")
        self.body.addWidget(self.fresh)
        self.new = PrimaryButton(
            self.tr("Ny ordinasjon · Ctrl+N"), self, icon="plus", name="orderNew"
        )
        self.new.clicked.connect(self._open_new)
        self.load_file = SecondaryButton(
            self.tr("Les inn CSV …"), self, icon="upload", name="orderImport"
        )
        self.load_file.clicked.connect(self._open_import)
        for button in (self.new, self.load_file):
            button.setVisible(self._may_enter)
        self.body.addLayout(row_of(self.new, self.load_file, None))
        self.claims = Banner("", "warn", self)
        self.claims.setObjectName("orderClaimsDone")
        self.body.addWidget(self.claims)
        left = [self._queue_card(), self._list_card()]
        self.add_columns(left, self._side(), shares=(1, 1))
        if self._may_enter:
            QShortcut(QKeySequence("Ctrl+N"), self).activated.connect(self._open_new)
        QShortcut(QKeySequence("Ctrl+F"), self).activated.connect(self._go_to_search)

    def load(self) -> None:
        request = OrdersRequest(
            query=self.search.text().strip(),
            page=self._page,
            also_ended=self.also_ended.isChecked(),
        )
        self.read(lambda service: service.orders(request), self._show)

    def focus_first(self) -> None:
        (self.queue if self.queue.isVisibleTo(self) else self.search).setFocus()

    def show_id(self, wanted: str) -> None:
        """Show an order or an entry; "wish:<id>" opens the form filled in from a wish."""
        if wanted.startswith(WISH):
            self._asked_wish = wanted.removeprefix(WISH)
            self.read(lambda service: service.proposals(), self._open_wish, "wish")
        else:
            self._wanted = wanted

    # --- the parts of the page

    def _queue_card(self) -> QWidget:
        card = Card(self.tr("Venter på godkjenning"), self)
        self.queue = RowList(self.tr("Venter på godkjenning"), card)
        self.queue.setObjectName("orderQueue")
        self.queue.current_id_changed.connect(self._choose_entry)
        self.queue.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.queue)
        self._none_waits = Text(self.tr("Ingenting venter."), "muted", card)
        card.body.addWidget(self._none_waits)
        return card

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Ordinasjoner"), self)
        self.search = SearchField(self.tr("Søk etter pasient eller legemiddel"), card)
        self.search.searched.connect(self._search_anew)
        self.search.down_pressed.connect(self._go_to_list)
        card.body.addWidget(self.search)
        self.also_ended = QCheckBox(self.tr("Også stansede og avsluttede"), card)
        self.also_ended.setObjectName("ordersEnded")
        self.also_ended.toggled.connect(self._search_anew)
        card.body.addWidget(self.also_ended)
        self.rows = RowList(self.tr("Ordinasjoner"), card)
        self.rows.setObjectName("orderList")
        self.rows.current_id_changed.connect(self._choose_order)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState("search", self.tr("Ingen ordinasjoner passer"), "", card)
        self._none.hide()
        card.body.addWidget(self._none)
        self._count = Text("", "small", card, wrap=False)
        self.before = SecondaryButton(self.tr("Forrige"), card, name="ordersBefore")
        self.before.setAccessibleName(self.tr("Forrige side"))
        self.after = SecondaryButton(self.tr("Neste"), card, name="ordersAfter")
        self.after.setAccessibleName(self.tr("Neste side"))
        self.before.clicked.connect(lambda: self._turn(-1))
        self.after.clicked.connect(lambda: self._turn(1))
        card.body.addLayout(row_of(self._count, None, self.before, self.after))
        return card

    def _side(self) -> QWidget:
        self._card = card = Card("-", self)
        self._status = Tag("", "neutral", card)
        card.body.addLayout(row_of(self._status, None))
        self._who = Text("", "muted", card)
        card.body.addWidget(self._who)
        self.holders = Banner("", "warn", card)
        self.holders.setObjectName("orderHolders")
        card.body.addWidget(self.holders)
        self.warnings = Banner("", "warn", card)
        self.warnings.setObjectName("orderWarnings")
        card.body.addWidget(self.warnings)
        self.sides = Comparison(self.tr("Det nye mot det som gjelder"), card)
        card.body.addWidget(self.sides)
        self.facts = Facts(self.tr("Ordinasjonen"), card)
        card.body.addWidget(self.facts)
        self._add_second_person(card)
        self._add_acts(card)
        self._history_label = Text(self.tr("Det som er gjort"), "label", card)
        card.body.addWidget(self._history_label)
        self.history = Statements(self.tr("Det som er gjort"), card)
        self.history.setObjectName("orderHistory")
        card.body.addWidget(self.history)
        card.hide()
        return card

    def _add_second_person(self, card: Card) -> None:
        self._other = Banner("", "neutral", card)
        card.body.addWidget(self._other)
        self.words = QLineEdit(card)
        self.words.setObjectName("orderWords")
        self.words.setPlaceholderText(self.tr("Må fylles ut når den ikke godkjennes"))
        self.words_field = FormField(self.tr("Svar til den som førte"), self.words, parent=card)
        card.body.addWidget(self.words_field)
        self.confirm = PrimaryButton(self.tr("Godkjenn"), card, icon="check", name="orderConfirm")
        self.confirm.setAccessibleName(self.tr("Godkjenn ordinasjonen"))
        self.decline = SecondaryButton(self.tr("Godkjenn ikke"), card, icon="x", name="orderNo")
        self.confirm.clicked.connect(lambda: self._settle(accept=True))
        self.decline.clicked.connect(lambda: self._settle(accept=False))
        acts = FlowLayout(None, 8)
        acts.addWidget(self.confirm)
        acts.addWidget(self.decline)
        card.body.addLayout(acts)

    def _add_acts(self, card: Card) -> None:
        self.change = SecondaryButton(self.tr("Endre"), card, icon="pencil", name="orderChange")
        self.change.clicked.connect(self._open_change)
        self.acts: dict[OrderAction, Button] = {
            OrderAction.PLACE: SecondaryButton(
                self.tr("Endre sted"), card, icon="map-pin", name="orderActPlace"
            ),
            OrderAction.REASSESS: SecondaryButton(
                self.tr("Vurdert på nytt"), card, icon="clipboard-check", name="orderActReassess"
            ),
            OrderAction.HOLD: SecondaryButton(
                self.tr("Sett på vent"), card, icon="pause", name="orderActHold"
            ),
            OrderAction.RESUME: SecondaryButton(
                self.tr("Ta av vent"), card, icon="play", name="orderActResume"
            ),
            OrderAction.STOP: DangerButton(
                self.tr("Stans"), card, icon="circle-slash", name="orderActStop"
            ),
        }
        row = FlowLayout(None, 8)
        row.addWidget(self.change)
        for action, button in self.acts.items():
            button.clicked.connect(lambda _=False, action=action: self._open_act(action))
            row.addWidget(button)
        card.body.addLayout(row)

    # --- what is shown

    def _show(self, answer: OrdersAnswer) -> None:
        now, today = self.context.session.clock.now(), self.context.session.today()
        self._orders = {row.id: row for row in answer.orders}
        self._entries = {row.id: row for row in answer.waiting}
        self.fresh.setText(freshness(answer, now))
        wanted, from_queue = self._wanted or self._chosen, self._from_queue
        self._wanted = ""
        self.queue.set_rows([entry_row(row, now) for row in answer.waiting])
        self.queue.setVisible(bool(answer.waiting))
        self.queue.fit_height(6)
        self._none_waits.setVisible(not answer.waiting)
        self.rows.set_rows([order_row(row, today) for row in answer.orders])
        self.rows.setVisible(bool(answer.orders))
        self.rows.fit_height(9)
        self._none.setVisible(not answer.orders)
        self._count.setText(page_text(answer.page, ORDERS_PAGE, len(answer.orders), answer.total))
        self.before.setEnabled(answer.page > 0)
        self.after.setEnabled((answer.page + 1) * ORDERS_PAGE < answer.total)
        self.counted.emit("orders", sum(row.can_confirm for row in answer.waiting))
        self._choose_after_load(wanted, from_queue=from_queue)

    def _choose_after_load(self, wanted: str, *, from_queue: bool) -> None:
        if wanted in self._entries:
            self.queue.select_id(wanted)
            self._choose_entry()
        elif wanted in self._orders:
            self.rows.select_id(wanted)
            self._choose_order()
        elif self._entries and (from_queue or not wanted):
            self.queue.select_id(next(iter(self._entries)))
            self._choose_entry()
        elif self._orders and not wanted:
            self.rows.select_id(next(iter(self._orders)))
            self._choose_order()
        else:
            self._chosen = ""
            self._card.hide()

    @Slot()
    def _choose_entry(self) -> None:
        row = self._entries.get(self.queue.current_id or "")
        if row is None:
            return
        fresh = self._chosen != row.id
        self._chosen, self._from_queue = row.id, True
        self.rows.setCurrentIndex(QModelIndex())  # one is chosen at a time
        now, today = self.context.session.clock.now(), self.context.session.today()
        self._card.show()
        self._card.heading.setText(f"{action_word(row.action)} · {row.patient_name}")
        self._status.say(self.tr("Venter på godkjenning"), "accent")
        who = self.tr("Ført av {0}, {1}").format(row.entered_by_name, when(row.entered_at, now))
        self._who.setText(f"{who}. {row.reason}" if row.reason else who)
        self.holders.say(claims_text(row.live_claims, today), "warn")
        self.warnings.say(warning_lines(row.problems), "warn")
        order = read_body(row.body)
        self.facts.set_facts(order_facts(order) if order is not None else ())
        names = {one.id: one.name for one in visits.staff(self.context.session)}
        self.sides.show_sides(
            self.tr("Nytt"), self.tr("Gjelder nå"), _changed(row, names), two=True
        )
        self.sides.setVisible(row.before is not None)
        other = self.tr("Du har ført den selv. En annen må godkjenne, men du kan trekke den.")
        if not row.own:
            other = self.tr("Godkjennes av en med rett til det.")
        self._other.say("" if row.can_confirm else other, "neutral")
        self.confirm.setVisible(row.can_confirm)
        self.decline.say(self.tr("Trekk tilbake") if row.own else self.tr("Godkjenn ikke"))
        for part in (self.decline, self.words_field):
            part.setVisible(row.can_confirm or row.own)
        if fresh:
            self.words.clear()
            self.words_field.say_problem("")
        self._show_acts(None)
        self._show_history(None)

    @Slot()
    def _choose_order(self) -> None:
        row = self._orders.get(self.rows.current_id or "")
        if row is None:
            return
        self._chosen, self._from_queue = row.id, False
        self.queue.setCurrentIndex(QModelIndex())
        today = self.context.session.today()
        order = read_body(row.body)
        self._card.show()
        self._card.heading.setText(row.patient_name)
        tag = status_tag(order, today) if order is not None else None
        self._status.say(tag.text if tag is not None else "", tag.tone if tag else "neutral")
        self._who.setText(
            self.tr("Endring nr. {0}").format(row.revision - 1) if row.revision > 1 else ""
        )
        self._who.setVisible(row.revision > 1)
        self.holders.say(claims_text(row.live_claims, today), "warn")
        self.warnings.say("")
        if row.waiting is not None:
            self.warnings.say(self.tr("En endring av den venter på godkjenning."), "neutral")
        names = (row.entered_by_name, row.confirmed_by_name)
        self.facts.set_facts(order_facts(order, names) if order is not None else ())
        self.sides.hide()
        self._other.say("")
        for part in (self.confirm, self.decline, self.words_field):
            part.hide()
        self._show_acts(order if self._may_enter and row.running else None)
        self._show_history(None)
        request = OrderHistoryRequest(order_id=row.id)
        self.read(lambda service: service.order_history(request), self._show_history, "history")

    def _show_acts(self, order: MedicationRequest | None) -> None:
        self.change.setVisible(order is not None)
        for action, button in self.acts.items():
            fits = order is not None
            if order is not None and action is OrderAction.HOLD:
                fits = not order.on_hold
            elif order is not None and action is OrderAction.RESUME:
                fits = order.on_hold
            button.setVisible(fits)

    def _show_history(self, answer: OrderHistoryAnswer | None) -> None:
        if answer is not None and (answer.order is None or answer.order.id != self._chosen):
            return
        now = self.context.session.clock.now()
        entries = answer.entries if answer is not None else []
        self.history.set_rows([history_row(one, now) for one in entries])
        self.history.setVisible(bool(entries))
        self._history_label.setVisible(bool(entries))

    # --- what the person does

    @Slot()
    def _go_to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    @Slot()
    def _go_to_list(self) -> None:
        self.rows.setFocus()

    @Slot()
    def _go_into_card(self) -> None:
        for part in (self.confirm, self.words, self.change):
            if part.isVisibleTo(self):
                part.setFocus()
                self.ensureWidgetVisible(part)
                return

    @Slot()
    def _search_anew(self) -> None:
        self._page = 0
        self.load()

    def _turn(self, pages: int) -> None:
        self._page = max(0, self._page + pages)
        self.load()

    def _settle(self, *, accept: bool) -> None:
        row = self._entries.get(self._chosen)
        if row is None:
            return
        words = self.words.text().strip()
        if not accept and not words:
            self.words_field.say_problem(self.tr("Skriv hvorfor den ikke godkjennes."))
            self.words.setFocus()
            return
        self.words_field.say_problem("")
        request = SettleOrderRequest(id=row.id, accept=accept, words=words)
        told = self.tr("Ikke godkjent. Ingenting er endret i ordinasjonen.")
        if accept:
            told = self.tr("Godkjent. Ordinasjonen gjelder fra nå hos serveren.")

        def done(answer: OrderAnswer) -> None:
            if answer.entry is None:
                lines = [problem_text(one) for one in answer.problems if not one.warning]
                head = self.tr("Ordinasjonen har feil og kan ikke godkjennes slik.")
                self.say_wrong("\n".join((head, *lines)))
                return
            self._after(answer, told)

        self.act(lambda service: service.settle_order(request), done)

    def _after(self, answer: OrderAnswer, told: str) -> None:
        """Say what was done, and at once who must be rung."""
        warned = warning_lines(answer.problems)
        self.say_done("\n".join(filter(None, (told, warned))))
        today = self.context.session.today()
        self.claims.say(claims_text(answer.live_claims, today, changed=True), "warn")
        if answer.entry is not None and answer.entry.action is not OrderAction.ENTER:
            waits = answer.entry.state.value == "waiting"
            self._wanted = answer.entry.id if waits else answer.entry.order_id
        self.load()

    @Slot()
    def _open_new(self) -> None:
        self._open_form(OrderFormDialog(self.context, self._desk, self.window()))

    @Slot()
    def _open_change(self) -> None:
        row = self._orders.get(self._chosen)
        order = read_body(row.body) if row is not None else None
        if row is None or order is None:
            return
        self._open_form(
            OrderFormDialog(
                self.context,
                self._desk,
                self.window(),
                order=order,
                patient_name=row.patient_name,
            )
        )

    def _open_wish(self, answer: ProposalsAnswer) -> None:
        row: ProposalRow | None = next(
            (one for one in answer.proposals if one.id == self._asked_wish), None
        )
        order = read_body(row.server_body or {}) if row is not None else None
        if row is None or order is None:
            self.say_wrong(self.tr("Ønsket er borte eller avgjort. Hent på nytt."))
            return
        self._open_form(
            OrderFormDialog(
                self.context,
                self._desk,
                self.window(),
                order=order,
                patient_name=row.patient_name,
                wished=row.values,
                proposal_id=row.id,
            )
        )

    def _open_form(self, dialog: OrderFormDialog) -> None:
        told = self.tr("Ført. Venter på at en annen godkjenner.")
        dialog.entered.connect(lambda answer: self._after(answer, told))
        dialog.open()

    def _open_act(self, action: OrderAction) -> None:
        row = self._orders.get(self._chosen)
        order = read_body(row.body) if row is not None else None
        if row is None or order is None:
            return
        dialog = OrderActDialog(
            *(self.context, self._desk, action, order, row.patient_name, row.live_claims),
            self.window(),
        )
        told = self.tr("Gjort. Det gjelder fra nå hos serveren.")
        if action in (OrderAction.RESUME, OrderAction.REASSESS):
            told = self.tr("Ført. Venter på at en annen godkjenner.")
        dialog.acted.connect(lambda answer: self._after(answer, told))
        dialog.open()

    @Slot()
    def _open_import(self) -> None:
        dialog = OrderImportDialog(self.context, self._desk, self.window())
        dialog.stored.connect(self._on_imported)
        dialog.open()

    @Slot(int)
    def _on_imported(self, count: int) -> None:
        words = self.tr("{0} er lest inn og venter på godkjenning.").format(orders_text(count))
        self.say_done(words)
        self.load()


_NOT_OF_THE_ORDER = frozenset({"recorded_at", "confirmed_at", "entered_by", "confirmed_by"})


def _changed(row: OrderEntryRow, names: dict[str, str]) -> list[Difference]:
    """The fields of the order that differ from what holds now."""
    found = differences(row.body, row.before, (), names)
    return [one for one in found if one.field not in _NOT_OF_THE_ORDER]
