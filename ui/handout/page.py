"""Medisinrunde: today's patients at the left, the chosen one's doses at the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.handout_events import CommunicationTopic
from fieldapp.domain.medication import HandoutStatus, SlotKey
from fieldapp.domain.readiness import Light
from fieldapp.errors import FieldAppError
from fieldapp.services.medication import HandoutView
from ui import events, theme
from ui.calendar import MedicineCalendar
from ui.context import AppContext
from ui.errors import sentence_for
from ui.handout.force_dialog import ForceDialog
from ui.handout.form_panel import (
    DISSOLVE_KEY,
    IDENTITY_KEYS,
    MOUTH_KEYS,
    OTHER_KEYS,
    OUTCOME_KEYS,
    SEEN_KEYS,
    STATE_KEYS,
    FormPanel,
)
from ui.handout.form_state import Ask
from ui.handout.patient_head import PatientHead
from ui.handout.presenter import ROUND_KINDS, HandoutPresenter
from ui.handout.slot_card import SlotCard
from ui.handout.state import SlotState, SlotView, round_row, round_summary
from ui.handout.witness_dialog import WitnessDialog
from ui.opened import opened
from ui.page import Page
from ui.patient.header_state import header
from ui.sync.newer import NewerLine
from ui.sync.notices import PatientNotices
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    Fitted,
    RowList,
    SecondaryButton,
    Snackbar,
    Text,
    clear,
)
from ui.widgets.fitted import settle_layouts

LIST_PIXELS = 308
"""So that all that is said of a patient's state stands on one line of a small screen."""
SHORT_FROM = 150
"""Text size in per cent from which the list's marks are icons alone."""
LIST_SHARE = 0.32
"""The list takes its pixels, but never more than this share of the page."""


_LIGHTS_MILLISECONDS = 30_000
"""How often the lights are judged anew: a least interval runs out, a day ends."""
_SECOND = 1_000


class HandoutPage(Page):
    """`show_for(patient_id=None)`. Driven by single keys while no text is being written."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.presenter = HandoutPresenter(context.session, lambda: context.sync.online, self)
        self._cards: dict[SlotKey, SlotCard] = {}
        self._cards_of: str | None = None
        self._opened: str | None = None
        """The patient whose opening here was logged last."""
        self._days_shown: tuple[HandoutView, ...] | None = None
        self.form = FormPanel(self.presenter.reference, self)
        self.form.hide()
        self._lights = QTimer(self)
        self._lights.setInterval(_LIGHTS_MILLISECONDS)
        self._seconds = QTimer(self)
        self._seconds.setInterval(_SECOND)
        self._left = self._left_side()
        outer = QHBoxLayout(self)
        outer.setContentsMargins(22, 16, 22, 16)
        outer.setSpacing(16)
        outer.addWidget(self._left)
        right = QWidget(self)
        right.setLayout(self._right_side())
        outer.addWidget(right, 1)
        # The second press of a double click must not reach what has come up under the finger.
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._connect()
        self._add_shortcuts()
        theme.current().changed.connect(self._fit)
        self._fit()

    def show_for(self, **args: object) -> None:
        """Open the round, at `patient_id` where one is named."""
        patient_id = args.get("patient_id")
        try:
            self.presenter.load(str(patient_id) if patient_id else None)
        except FieldAppError as error:
            self._trouble.say(sentence_for(error), "danger")
            return
        self._trouble.say("")
        if self.presenter.state.patient is None:
            self._newer.stop()
        self._focus_work()

    def refresh(self, change_set: ChangeSet) -> None:
        self.presenter.refresh(change_set)

    def here(self) -> dict[str, object]:
        patient = self.presenter.state.patient
        return {"patient_id": patient.id} if patient is not None else {}

    def keep(self) -> dict[str, object]:
        return self.presenter.keep()

    def take_back(self, kept: dict[str, object]) -> list[tuple[str, str]]:
        self.presenter.take_back(kept)
        return []

    def showEvent(self, event: QShowEvent) -> None:
        self._lights.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        for timer in (self._lights, self._seconds):
            timer.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    # --- parts

    def _left_side(self) -> QWidget:
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(Text(self.tr("Medisinrunde"), "title", holder))
        self._summary = Text(parent=holder, role="muted")
        column.addWidget(self._summary)
        self.list = RowList(self.tr("Pasienter med doser i dag"), holder)
        self.list.setObjectName("roundList")
        column.addWidget(self.list, 1)
        self._visit = SecondaryButton(
            self.tr("Besøk og notat"), holder, icon="file-text", name="handoutVisit"
        )
        column.addWidget(self._visit)
        self._next = SecondaryButton(
            self.tr("Neste pasient  N"), holder, icon="arrow-right", name="nextPatient"
        )
        self._next.setAccessibleName(self.tr("Neste pasient"))
        column.addWidget(self._next)
        column.addStretch(0)
        return holder

    def _right_side(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._head = PatientHead(self)
        self._trouble = Banner("", "danger", self)
        self._stale = Banner("", "warn", self)
        self._notices = PatientNotices(self.context, self)
        self._newer = NewerLine(self.context, ROUND_KINDS, self)
        for widget in (self._head, self._notices, self._trouble, self._newer):
            column.addWidget(widget)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = Fitted(self._scroll)
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 4, 0)
        inside.setSpacing(10)
        inside.addWidget(self._stale)
        self._place = QVBoxLayout()
        self._place.setSpacing(12)
        inside.addLayout(self._place)
        self._days = Card(self.tr("Medisindager"), content)
        self.calendar = MedicineCalendar(self.context, self._days)
        self._days.body.addWidget(self.calendar)
        inside.addWidget(self._days)
        inside.addStretch(1)
        self._scroll.setWidget(content)
        column.addWidget(self._scroll, 1)
        # Under the doses, never over the button that is pressed next.
        self._snackbar = Snackbar(self, docked=True)
        column.addWidget(self._snackbar)
        return column

    def _connect(self) -> None:
        presenter, form = self.presenter, self.form
        presenter.changed.connect(self._render)
        presenter.patient_chosen.connect(self._on_patient_chosen)
        presenter.advanced.connect(self._on_advanced)
        presenter.wrote.connect(self.context.changes.announce)
        presenter.said.connect(self._snackbar.say)
        self.list.current_id_changed.connect(self._on_patient)
        self.list.activated_id.connect(self._on_activated)
        presenter.sync_asked.connect(self.context.sync.sync_now)
        presenter.lacking.connect(form.focus_missing)
        form.said.connect(presenter.say)
        form.typed.connect(presenter.type)
        form.dissolve_pressed.connect(presenter.press_dissolve)
        form.witness_asked.connect(self._on_witness)
        form.pressed.connect(self._on_pressed)
        question = form.question
        question.reason_chosen.connect(self._guarded(presenter.choose_reason))
        question.typed.connect(presenter.type)
        question.clock_changed.connect(presenter.set_past_clock)
        question.confirmed.connect(self._guarded(presenter.confirm))
        question.cancelled.connect(self._on_cancel)
        self._next.clicked.connect(self._on_next)
        self._visit.clicked.connect(self._on_visit)
        self.context.sync.status_changed.connect(self._on_sync)
        self.context.sync.finished.connect(self._on_synced)
        self._lights.timeout.connect(presenter.read_lights)
        self._seconds.timeout.connect(self._on_second)
        self._snackbar.undo_asked.connect(presenter.undo)

    def _add_shortcuts(self) -> None:
        say, presenter = self._say, self.presenter
        rows: tuple[tuple[str, dict[str, object]], ...] = (
            ("identity", {**IDENTITY_KEYS}),
            ("observed", {**STATE_KEYS}),
            ("other_dose", {**OTHER_KEYS}),
            ("seen", {**SEEN_KEYS}),
            ("mouth_checked", {**MOUTH_KEYS}),
        )
        for name, keys in rows:
            for key, value in keys.items():
                self._letter(key, partial(say, partial(presenter.say, name), value))
        self._letter(DISSOLVE_KEY, presenter.press_dissolve)
        self._letter("N", self._on_next)
        self._letter("Z", presenter.undo)
        for key, status in OUTCOME_KEYS.items():
            self._letter(key, partial(say, self._on_pressed, status))
        for digit in range(10):
            self._letter(str(digit), partial(self._on_digit, digit))
        self._shortcut("Ctrl+Down", self._on_next)
        self._letter("Ctrl+Z", presenter.undo)
        self._shortcut("Esc", self._on_cancel)

    def _letter(self, key: str, act: Callable[[], None]) -> None:
        """A single key, which acts only while no text is being written."""

        def guarded() -> None:
            if not isinstance(
                QApplication.focusWidget(), QLineEdit | QPlainTextEdit | QAbstractSpinBox
            ):
                act()

        self._shortcut(key, guarded)

    def _shortcut(self, keys: str, act: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(act)

    # --- rendering

    @Slot()
    def _render(self) -> None:
        state = self.presenter.state
        today = self.context.session.today()
        self._summary.setText(round_summary(state.rows, state.day or today, today))
        blocked = self.list.blockSignals(True)
        short = theme.current().scale >= SHORT_FROM
        self.list.set_rows([round_row(row, short=short) for row in state.rows])
        if state.patient is not None:
            self.list.select_id(state.patient.id)
        self.list.blockSignals(blocked)
        for widget in (self._summary, self.list, self._next):
            widget.setVisible(bool(state.rows))  # an empty list says nothing but "broken"
        self._head.setVisible(state.patient is not None)
        self._notices.show_patient(state.patient.id if state.patient else None)
        if state.patient is not None:
            self._head.show_header(header(state.patient, state.flags, today))
        # A day that is reserved here is given by nobody else: its light says how old the list is.
        views = self.presenter.views()
        settled = bool(views) and all(_is_settled(view) for view in views)
        self._stale.say("" if settled else state.stale, "warn")
        self._visit.setVisible(state.patient is not None)
        self._days.setVisible(state.patient is not None)
        if state.patient is not None and state.history is not self._days_shown:
            # It reads the store: not at every key, and the dose is on screen first.
            self._days_shown = state.history
            QTimer.singleShot(0, self, self._show_days)
        self._show_cards()
        self._show_form()

    @Slot()
    def _show_days(self) -> None:
        patient = self.presenter.state.patient
        if patient is not None and self.isVisible():
            if patient.id != self._opened:
                # Here and not before: the dose is on screen first.
                self._opened = patient.id
                opened(self.context, patient.id, "handout")
            self.calendar.show_patient(patient.id)

    def _show_cards(self) -> None:
        state = self.presenter.state
        views = self.presenter.views()
        keys = [view.key for view in views]
        shown = state.patient.id if state.patient else None
        if shown != self._cards_of or keys != list(self._cards) or not keys:
            self._build_cards()
        for view in views:
            active = state.form is not None and state.form.slot.key == view.key
            asking = active and state.form is not None and state.form.ask is not None
            self._cards[view.key].show_view(
                view, active=active, asking=asking, reserving=state.reserving == view.key
            )

    def _build_cards(self) -> None:
        state = self.presenter.state
        self.form.hide()
        self.form.setParent(self)
        clear(self._place)
        self._cards = {}
        self._cards_of = state.patient.id if state.patient else None
        for view in self.presenter.views():
            card = SlotCard(view, self)
            card.chosen.connect(self._on_slot)
            card.reverse_asked.connect(self._guarded(self.presenter.never_happened))
            card.proposal_asked.connect(self.presenter.ask_proposal)
            card.incident_asked.connect(self._on_incident)
            card.past_asked.connect(self.presenter.ask_past)
            card.contact_asked.connect(self._on_contact)
            card.missed_asked.connect(self._on_missed)
            card.reserve_asked.connect(self.presenter.reserve)
            card.force_asked.connect(self._guarded(self._on_force))
            self._cards[view.key] = card
            self._place.addWidget(card)
        if not self._cards:
            self._place.addWidget(self._empty())

    def _empty(self) -> EmptyState:
        patient = self.presenter.state.patient
        if patient is None:
            return EmptyState(
                "pill",
                self.tr("Ingen doser i dag"),
                self.tr("Ingen av pasientene dine har en dose som teamet deler ut i dag."),
                self,
            )
        return EmptyState(
            "pill",
            self.tr("Ingen doser i dag"),
            self.tr("{name} har ingen dose som teamet deler ut i dag.").format(name=patient.name),
            self,
        )

    def _show_form(self) -> None:
        form = self.presenter.state.form
        if form is None or form.slot.key not in self._cards:
            self.form.hide()
            return
        place = self._cards[form.slot.key].place
        if place.indexOf(self.form) < 0:
            place.addWidget(self.form)
        presenter = self.presenter
        self.form.show_form(
            form,
            can_give=presenter.can_give(form.slot.key),
            depot=presenter.depot(),
            witness=presenter.witness_words(),
            elapsed=presenter.elapsed(),
        )
        self.form.say_dissolve_source(presenter.dissolve_note())
        running = form.dissolve_began is not None and not form.dissolve_text
        if running != self._seconds.isActive():
            self._seconds.start() if running else self._seconds.stop()
        self.form.show()
        if form.ask is not None or form.problem:
            if form.ask is not None:
                self._snackbar.hide()  # it would lie over the question's buttons
            QTimer.singleShot(0, self, self._reveal_form)

    def _fit(self) -> None:
        wanted = theme.current().pixels(LIST_PIXELS)
        self._left.setFixedWidth(min(wanted, round(self.width() * LIST_SHARE)))

    # --- what the user does

    def _focus_work(self) -> None:
        if self.presenter.state.form is not None:
            self.form.focus_first()
        else:
            self.list.setFocus()

    @Slot()
    def _on_patient_chosen(self) -> None:
        # Choosing somebody is an act of its own: what follows is no second half of a double click.
        self._settling.stop()
        self._watch()
        self._scroll.verticalScrollBar().setValue(0)

    def _watch(self) -> None:
        """From now on, what a sync brings about the patient chosen is told in one quiet line."""
        patient = self.presenter.state.patient
        if patient is None:
            self._newer.stop()
        else:
            self._newer.watch(patient.id)

    def _on_patient(self, patient_id: str) -> None:
        shown = self.presenter.state.patient
        if shown is None or shown.id != patient_id:
            self.presenter.choose_patient(patient_id)

    def _on_activated(self, patient_id: str) -> None:
        self._on_patient(patient_id)
        self._focus_work()

    @Slot()
    def _on_next(self) -> None:
        """The next patient, with the focus on the first thing to say."""
        before = self.presenter.state.patient
        self.presenter.next_patient()
        if self.presenter.state.patient is not before:
            self._focus_work()

    def _on_slot(self, key: SlotKey) -> None:
        form = self.presenter.state.form
        if self._settling.isActive() or (form is not None and form.slot.key == key):
            return
        self.presenter.choose_slot(key)
        self._focus_work()

    def _say(self, act: Callable[..., None], value: object) -> None:
        """A key about the form; nothing while a question stands open or no dose is active."""
        form = self.presenter.state.form
        if form is not None and form.ask in (None, Ask.REASON):
            act(value)

    def _on_pressed(self, status: HandoutStatus) -> None:
        if self._settling.isActive():
            return
        self.presenter.press(status)

    def _on_digit(self, digit: int) -> None:
        form = self.presenter.state.form
        if form is not None and form.ask is Ask.REASON:
            self._guarded(self.presenter.press_reason)(digit)

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        def guarded(*values: object) -> None:
            if not self._settling.isActive():
                act(*values)

        return guarded

    def _on_cancel(self) -> None:
        self.presenter.cancel()
        self._focus_work()

    @Slot()
    def _on_advanced(self) -> None:
        self._settling.start(QApplication.doubleClickInterval())
        if self.presenter.state.form is not None:
            self.form.focus_first()
        else:
            self._next.setFocus()
        QTimer.singleShot(0, self, self._show_active)

    @Slot()
    def _reveal_form(self) -> None:
        """Bring the open question, or what is missing, under the eyes at any text size."""
        settle_layouts()
        focus = QApplication.focusWidget()
        if self.form.height() <= self._scroll.viewport().height():
            self._scroll.ensureWidgetVisible(self.form, 0, 12)
        elif self.form.problem_line.isVisible():
            self._scroll.ensureWidgetVisible(self.form.problem_line, 0, 40)
        elif focus is not None and self.form.isAncestorOf(focus):
            self._scroll.ensureWidgetVisible(focus, 0, theme.current().pixels(60))

    @Slot()
    def _show_active(self) -> None:
        form = self.presenter.state.form
        settle_layouts()
        card = self._cards.get(form.slot.key) if form is not None else None
        if card is not None and card.height() > self._scroll.viewport().height():
            self._scroll.verticalScrollBar().setValue(card.y())
        elif card is not None:
            self._scroll.ensureWidgetVisible(card, 0, 12)
        elif form is None:  # what was just recorded, and the way to take it back
            self._scroll.verticalScrollBar().setValue(0)

    def _on_visit(self) -> None:
        patient = self.presenter.state.patient
        if patient is not None:
            self.context.navigate("visit", patient_id=patient.id)

    @Slot(str)
    def _on_incident(self, event_id: str) -> None:
        try:
            dialog = events.open_incident(self.context, self, event_id)
        except FieldAppError as error:
            self._trouble.say(sentence_for(error), "danger")
            return
        dialog.accepted.connect(self._on_incident_written)

    @Slot()
    def _on_incident_written(self) -> None:
        self._snackbar.say(self.tr("Hendelsen er ført. Dagen er fortsatt lukket."))

    def _on_contact(self, key: SlotKey) -> None:
        events.open_prescriber_contact(
            self.context, self, key.patient_id, request_id=key.request_id
        )

    def _on_missed(self, key: SlotKey) -> None:
        events.open_prescriber_contact(
            self.context,
            self,
            key.patient_id,
            topic=CommunicationTopic.MISSED_DAYS,
            request_id=key.request_id,
        )

    def _on_force(self, key: SlotKey) -> None:
        facts = self.presenter.force_facts(key)
        if facts is None:
            return
        dialog = ForceDialog(self.context, facts, self)
        dialog.confirmed.connect(self.presenter.give_forced)
        dialog.open()

    @Slot()
    def _on_witness(self) -> None:
        form = self.presenter.state.form
        if form is None:
            return
        dialog = WitnessDialog(self.context, self)
        dialog.chosen.connect(self.presenter.set_witness)
        dialog.open()

    @Slot()
    def _on_second(self) -> None:
        self.form.show_elapsed(self.presenter.elapsed())

    @Slot(object)
    def _on_sync(self, status: object) -> None:
        del status
        if self.isVisible():
            self.presenter.line_changed()

    @Slot(object)
    def _on_synced(self, outcome: object) -> None:
        del outcome
        if self.isVisible():
            self.presenter.synced()


def _is_settled(view: SlotView) -> bool:
    """True when nobody else can have given this dose unseen: it stands given, or is reserved."""
    green = view.light is not None and view.light.light is Light.GREEN
    return green or view.state is SlotState.GIVEN
