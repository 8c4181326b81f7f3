"""Medisiner: the orders with their source and age, the days with and without medicine, and every
handout that was recorded.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.rights import Right
from fieldapp.services import lease, medication, proposals, sync_status
from fieldapp.services.patients import PatientPage
from ui.calendar import MedicineCalendar
from ui.context import AppContext
from ui.events.card import EventsCard
from ui.patient.medication_state import (
    HandoutLine,
    OrderView,
    WishLine,
    handout,
    is_current,
    list_age,
    order,
    wish,
)
from ui.patient.tab import Tab
from ui.patient.wish_dialog import WishDialog
from ui.rights import offer
from ui.widgets import (
    Card,
    Divider,
    EmptyState,
    QuietButton,
    SecondaryButton,
    Tag,
    Text,
    clear,
)

PAGE_SIZE = 30


class MedicationTab(Tab):
    """The server owns the orders; here they are read, and doses are handed out."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", context, parent)
        self.setAccessibleName(self.tr("Medisiner"))
        self._facts: PatientPage | None = None
        self._limit = PAGE_SIZE
        self._orders = Card(self.tr("Forordninger"), self)
        give = SecondaryButton(self.tr("Del ut"), self, icon="pill", name="openHandout")
        give.clicked.connect(self._open_handout)
        offer(give, context.session, Right.HAND_OUT)
        self._orders.head.addWidget(give)
        self.age = Text("", "small", self._orders)
        self.age.setObjectName("ordersAge")
        self._orders.body.addWidget(self.age)
        self._order_rows = QVBoxLayout()
        self._order_rows.setSpacing(10)
        self._orders.body.addLayout(self._order_rows)
        self._wishes = Card(self.tr("Ønsker om endring"), self)
        self._wish_rows = QVBoxLayout()
        self._wish_rows.setSpacing(8)
        self._wishes.body.addLayout(self._wish_rows)
        self._history = Card(self.tr("Utleveringer"), self)
        self._history_rows = QVBoxLayout()
        self._history_rows.setSpacing(8)
        self._history.body.addLayout(self._history_rows)
        self._older = SecondaryButton(self.tr("Vis eldre"), self, icon="chevron-down")
        self._older.clicked.connect(self._show_older)
        self._history.body.addWidget(self._older)
        days = Card(self.tr("Medisindager"), self)
        self.calendar = MedicineCalendar(context, days)
        days.body.addWidget(self.calendar)
        self.events = EventsCard(context, self)
        self.body.addWidget(self._orders)
        self.body.addWidget(self.events)
        self.body.addWidget(days)
        self.body.addWidget(self._wishes)
        self.body.addWidget(self._history)
        self.body.addStretch(1)

    def show_patient(self, found: PatientPage) -> None:
        if self._facts is None or self._facts.patient.id != found.patient.id:
            self._limit = PAGE_SIZE
            self.verticalScrollBar().setValue(0)
        self._facts = found
        today = self.context.session.today()
        session = self.context.session
        fetched = sync_status.read(session).last_complete
        self.age.setText(list_age(found.requests, fetched, session.clock.now()))
        clear(self._order_rows)
        in_force = [request for request in found.requests if is_current(request, today)]
        rest = [request for request in found.requests if not is_current(request, today)]
        for number, request in enumerate((*in_force, *rest)):
            if number:
                self._order_rows.addWidget(Divider(self))
            row = _OrderRow(order(request, today), self)
            row.wish.setVisible(is_current(request, today))
            row.wish.clicked.connect(lambda _=False, request=request: self._wish(request))
            self._order_rows.addWidget(row)
        if not found.requests:
            nothing = self.tr("Ingen forordninger er hentet for denne pasienten.")
            self._order_rows.addWidget(Text(nothing, "muted", self))
        self.calendar.show_patient(found.patient.id)
        self.events.show_patient(found.patient.id)
        self._show_wishes()
        self._show_history()

    def _show_wishes(self) -> None:
        if self._facts is None:
            return
        session = self.context.session
        patient_id = self._facts.patient.id
        wishes = lease.unless_closed(lambda: proposals.for_patient(session, patient_id)) or []
        clear(self._wish_rows)
        for number, view in enumerate(wishes):
            if number:
                self._wish_rows.addWidget(Divider(self))
            self._wish_rows.addWidget(_WishRow(wish(view, session.today()), self))
        self._wishes.setVisible(bool(wishes))

    def _show_history(self) -> None:
        if self._facts is None:
            return
        session = self.context.session
        events = medication.history(session, self._facts.patient.id, self._limit + 1)
        clear(self._history_rows)
        for number, view in enumerate(events[: self._limit]):
            if number:
                self._history_rows.addWidget(Divider(self))
            self._history_rows.addWidget(_HandoutRow(handout(view, session.today()), self))
        if not events:
            self._history_rows.addWidget(EmptyState("pill", self.tr("Ingen utleveringer er ført")))
        self._older.setVisible(len(events) > self._limit)

    @Slot()
    def _show_older(self) -> None:
        self._limit += PAGE_SIZE
        self._show_history()

    def _wish(self, request: MedicationRequest) -> None:
        WishDialog(self.context, request, self.window()).open()

    @Slot()
    def _open_handout(self) -> None:
        if self._facts is not None:
            self.context.navigate("handout", patient_id=self._facts.patient.id)


class _OrderRow(QWidget):
    def __init__(self, view: OrderView, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(view.product, "strong", self))
        words.addWidget(Text(f"{view.doses} · {view.schedule}", "", self))
        words.addWidget(Text(view.origin, "small", self))
        row.addLayout(words, 1)
        side = QVBoxLayout()
        side.setSpacing(2)
        side.addWidget(Tag(view.status, view.tone, self), 0, Qt.AlignmentFlag.AlignRight)
        self.wish = QuietButton(self.tr("Foreslå endring"), self, name="wishChange")
        self.wish.setAccessibleName(
            self.tr("Foreslå endring: {product}").format(product=view.product)
        )
        side.addWidget(self.wish, 0, Qt.AlignmentFlag.AlignRight)
        side.addStretch(1)
        row.addLayout(side)


class _WishRow(QWidget):
    def __init__(self, line: WishLine, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(line.title, "strong", self))
        words.addWidget(Text(line.detail, "muted", self))
        row.addLayout(words, 1)
        row.addWidget(Tag(line.status, line.tone, self), 0, Qt.AlignmentFlag.AlignTop)


class _HandoutRow(QWidget):
    def __init__(self, line: HandoutLine, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(2)
        title = Text(line.title, "strong", self)
        if line.struck:
            font = title.font()
            font.setStrikeOut(True)
            title.setFont(font)
        words.addWidget(title)
        words.addWidget(Text(line.detail, "muted", self))
        row.addLayout(words, 1)
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(Tag(line.status, line.tone, self), 0, Qt.AlignmentFlag.AlignRight)
        when = Text(line.when, "small", self, wrap=False)
        side.addWidget(when, 0, Qt.AlignmentFlag.AlignRight)
        side.addStretch(1)
        row.addLayout(side)
