"""The left card of the visit page: form of contact, who comes along, begin, end, nobody there."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.visits import VisitKind
from ui.typed import parse_clock
from ui.visit.state import Phase, VisitState, clock_line, plan_text, summary, two_together
from ui.widgets import (
    Banner,
    Card,
    ChoiceRow,
    FlowLayout,
    FormField,
    PrimaryButton,
    QuietButton,
    SecondaryButton,
    Tag,
    Text,
    Tone,
    clear,
    column_of,
    row_of,
)
from ui.words import clock_text, word

translate = QCoreApplication.translate

MOST_MINUTES = 600
"""Longest travel that can be written; more is a slip of the finger."""


class VisitCard(Card):
    """Shows a VisitState and says what the user asks for.

    Signals:
        kind_chosen(object): a VisitKind.
        colleague_chosen(str, bool): a practitioner comes along or not.
        start_asked(), no_show_given(str): begin the visit, or nobody was met and why.
        travel_set(object): minutes, or None.
        finish_asked(object): None for now, or (hour, minute).
    """

    kind_chosen = Signal(object)
    colleague_chosen = Signal(str, bool)
    start_asked = Signal()
    no_show_given = Signal(str)
    travel_set = Signal(object)
    finish_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.setText(self.tr("Besøket"))
        self.heading.show()
        self._tag = Tag("", parent=self)
        self.head.addWidget(self._tag)
        self._staff_shown: tuple[str, ...] = ()
        self._colleagues: dict[str, QPushButton] = {}
        self._state: VisitState | None = None
        self._now: datetime | None = None

        self._plan = Text(parent=self, role="muted")
        self._clock = Text(parent=self, role="strong")
        self._summary = Text(parent=self)
        self._alone = Banner("", "danger", self)
        self._kind = self._kind_row()
        self._kind_field = self._labelled(self.tr("Kontaktform"), self._kind)
        self._along = self._along_field()
        self._travel_field = self._travel()
        self._problem = Text(parent=self, role="error")
        self._ready = self._ready_row()
        self._running = self._running_row()
        self._nobody = self._nobody_panel()
        # The act stands above the details: begin first, say who and how at leisure.
        for widget in (
            self._plan,
            self._clock,
            self._summary,
            self._alone,
            self._problem,
            self._ready,
            self._running,
            self._nobody,
            self._kind_field,
            self._along,
            self._travel_field,
        ):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def show_state(self, state: VisitState, now: datetime) -> None:
        """Render a state. Fields that the user is in keep what he has typed."""
        same_visit = self._state is not None and self._state.patient.id == state.patient.id
        if not same_visit:
            self._nobody.hide()
            self._end.hide()
            self._no_show_reason.clear()
            self._reasons.choose(None)
            self._show_colleagues.setChecked(False)
        self._state = state
        phase = state.phase
        editable = phase in (Phase.READY, Phase.RUNNING)
        self._tag.say(*_phase_words(phase))
        self._plan.setText(plan_text(state, now.astimezone(OSLO).date()))
        self._plan.setVisible(bool(self._plan.text()) and phase is Phase.READY)
        self._summary.setText("\n".join(summary(state)))
        self._summary.setVisible(not editable)
        self._alone.say(two_together(state), "danger")
        self._kind.choose(state.kind)
        self._kind_field.setVisible(editable)
        self._show_along(state)
        self._along.setVisible(editable)
        self._show_travel(state)
        self._problem.setText(state.problem)
        self._problem.setVisible(bool(state.problem))
        asking = not self._nobody.isHidden() and phase is Phase.READY
        self._nobody.setVisible(asking)
        self._ready.setVisible(phase is Phase.READY and not asking)
        self._no_show.setVisible(state.appointment is not None)
        self._running.setVisible(phase is Phase.RUNNING)
        self.tick(now)

    def tick(self, now: datetime) -> None:
        """Let the clock go on; called by the page once a minute."""
        self._now = now
        state = self._state
        running = state is not None and state.phase is Phase.RUNNING
        self._clock.setVisible(running)
        if state is not None and state.encounter is not None and running:
            self._clock.setText(clock_line(state.encounter, now))

    def focus_start(self) -> None:
        """Put the focus where work begins."""
        target: QWidget = self._start if self._ready.isVisibleTo(self) else self._finish
        target.setFocus()

    @property
    def running(self) -> bool:
        return self._state is not None and self._state.phase is Phase.RUNNING

    # --- parts

    def _kind_row(self) -> ChoiceRow:
        options = [(kind, word(kind)) for kind in VisitKind]
        row = ChoiceRow(self.tr("Kontaktform"), options, self, name="visitKind")
        row.setObjectName("visitKind")
        row.chosen.connect(self.kind_chosen)
        return row

    def _labelled(self, label: str, widget: QWidget) -> QWidget:
        holder = QWidget(self)
        column = column_of(Text(label, "label", holder), widget, spacing=4)
        holder.setLayout(column)
        return holder

    def _along_field(self) -> QWidget:
        holder = QWidget(self)
        self._who = Text(parent=holder)
        self._show_colleagues = QPushButton(self.tr("Legg til kollega"), holder)
        self._show_colleagues.setObjectName("visitColleagues")
        self._show_colleagues.setProperty("tone", "quiet")
        self._show_colleagues.setCheckable(True)
        self._show_colleagues.setAutoDefault(False)
        self._show_colleagues.toggled.connect(self._on_show_colleagues)
        self._colleague_box = QWidget(holder)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._colleague_box.setSizePolicy(policy)
        self._colleague_flow = FlowLayout(self._colleague_box, 8)
        self._colleague_box.hide()
        head = row_of(Text(self.tr("Med på besøket"), "label", holder), None, self._show_colleagues)
        column = column_of(spacing=4)
        column.addLayout(head)
        column.addWidget(self._who)
        column.addWidget(self._colleague_box)
        holder.setLayout(column)
        return holder

    def _show_along(self, state: VisitState) -> None:
        ids = tuple(person.id for person in state.others)
        if ids != self._staff_shown:
            self._staff_shown = ids
            clear(self._colleague_flow)
            self._colleagues = {}
            for person in state.others:
                button = QPushButton(person.name, self._colleague_box)
                button.setCheckable(True)
                button.setAutoDefault(False)
                button.setProperty("tone", "choice")
                button.setObjectName(f"visitColleague_{person.id}")
                button.setAccessibleName(self.tr("Kollega: {name}").format(name=person.name))
                button.toggled.connect(
                    lambda along, key=person.id: self.colleague_chosen.emit(key, along)
                )
                self._colleague_flow.addWidget(button)
                self._colleagues[person.id] = button
        for key, button in self._colleagues.items():
            blocker = QSignalBlocker(button)
            button.setChecked(key in state.colleagues)
            blocker.unblock()
        own = self.tr("{name} (deg)").format(name=state.me.name)
        with_me = [state.names.get(key, "") for key in state.colleagues]
        self._who.setText(", ".join([own, *with_me]))
        self._show_colleagues.setVisible(bool(ids))
        if two_together(state) and not self._show_colleagues.isChecked():
            self._show_colleagues.setChecked(True)

    def _on_show_colleagues(self, shown: bool) -> None:
        self._colleague_box.setVisible(shown)
        self._show_colleagues.setText(
            self.tr("Skjul kollegaer") if shown else self.tr("Legg til kollega")
        )

    def _travel(self) -> QWidget:
        self._minutes = QLineEdit(self)
        self._minutes.setObjectName("visitTravel")
        self._minutes.setValidator(QIntValidator(0, MOST_MINUTES, self))
        self._minutes.setPlaceholderText(self.tr("minutter"))
        self._minutes.editingFinished.connect(self._on_travel)
        return FormField(self.tr("Reisetid i minutter"), self._minutes, parent=self)

    def _show_travel(self, state: VisitState) -> None:
        self._travel_field.setVisible(state.phase is Phase.RUNNING)
        known = state.encounter.travel_minutes if state.encounter else None
        if not self._minutes.hasFocus():
            self._minutes.setText("" if known is None else str(known))

    def _on_travel(self) -> None:
        text = self._minutes.text()
        self.travel_set.emit(int(text) if text.isdecimal() else None)

    def _ready_row(self) -> QWidget:
        holder = QWidget(self)
        self._start = PrimaryButton(self.tr("Start besøk"), holder, icon="play", name="visitStart")
        self._start.clicked.connect(self.start_asked)
        self._no_show = SecondaryButton(self.tr("Ikke møtt"), holder, name="visitNoShow")
        self._no_show.clicked.connect(self._on_no_show)
        flow = FlowLayout(holder, 8)
        flow.addWidget(self._start)
        flow.addWidget(self._no_show)
        _grow_with_width(holder)
        return holder

    def _running_row(self) -> QWidget:
        holder = QWidget(self)
        self._finish = SecondaryButton(
            self.tr("Avslutt besøk"), holder, icon="check", name="visitFinish"
        )
        self._finish.clicked.connect(self._on_finish)
        self._other_end = QuietButton(self.tr("Annen sluttid"), holder, name="visitOtherEnd")
        self._other_end.clicked.connect(self._on_other_end)
        self._end = QLineEdit(holder)
        self._end.setObjectName("visitEnd")
        self._end.setAccessibleName(self.tr("Sluttid"))
        self._end.returnPressed.connect(self._on_finish)
        self._end.hide()
        flow = FlowLayout(holder, 8)
        for widget in (self._finish, self._end, self._other_end):
            flow.addWidget(widget)
        _grow_with_width(holder)
        return holder

    def _on_other_end(self) -> None:
        if self._end.isHidden():
            if self._now is not None:
                self._end.setText(clock_text(self._now))
            self._end.show()
            self._end.selectAll()
            self._end.setFocus()
            self._other_end.setText(self.tr("Slutt nå i stedet"))
        else:
            self._end.hide()
            self._other_end.setText(self.tr("Annen sluttid"))

    def _on_finish(self) -> None:
        # A number that is still being typed is part of what is ended.
        self._on_travel()
        if self._end.isHidden():
            self.finish_asked.emit(None)
            return
        clock = parse_clock(self._end.text())
        if clock is None:
            self._problem.setText(self.tr("Skriv sluttiden som 10:45. Ingenting er endret."))
            self._problem.show()
            self._end.setFocus()
            return
        self.finish_asked.emit(clock)

    def _nobody_panel(self) -> QWidget:
        holder = QWidget(self)
        reasons = (
            self.tr("Ikke hjemme"),
            self.tr("Åpnet ikke"),
            self.tr("Kom ikke"),
            self.tr("Meldt avbud"),
            self.tr("Innlagt"),
        )
        self._reasons = ChoiceRow(
            self.tr("Årsak"), [(text, text) for text in reasons], holder, name="noShow"
        )
        self._reasons.chosen.connect(self._on_reason)
        self._no_show_reason = QLineEdit(holder)
        self._no_show_reason.setObjectName("visitNoShowReason")
        self._no_show_reason.returnPressed.connect(self._on_nobody)
        confirm = PrimaryButton(self.tr("Før ikke møtt"), holder, name="visitNoShowConfirm")
        confirm.clicked.connect(self._on_nobody)
        cancel = SecondaryButton(self.tr("Avbryt"), holder, name="visitNoShowCancel")
        cancel.clicked.connect(self._on_nobody_cancelled)
        column = column_of(
            Text(self.tr("Hvorfor ble ingen møtt?"), "label", holder), self._reasons, spacing=8
        )
        column.addWidget(FormField(self.tr("Med egne ord"), self._no_show_reason, parent=holder))
        column.addLayout(row_of(confirm, cancel, None))
        holder.setLayout(column)
        holder.hide()
        return holder

    def _on_no_show(self) -> None:
        self._ready.hide()
        self._nobody.show()
        self._no_show_reason.setFocus()

    def _on_nobody_cancelled(self) -> None:
        self._nobody.hide()
        self._ready.show()
        self._start.setFocus()

    def _on_reason(self, text: object) -> None:
        self._no_show_reason.setText(str(text))

    def _on_nobody(self) -> None:
        self.no_show_given.emit(self._no_show_reason.text())


def _grow_with_width(widget: QWidget) -> None:
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)


def _phase_words(phase: Phase) -> tuple[str, Tone]:
    words: dict[Phase, tuple[str, Tone]] = {
        Phase.READY: (translate("visit", "Ikke startet"), "neutral"),
        Phase.RUNNING: (translate("visit", "Pågår"), "accent"),
        Phase.FINISHED: (translate("visit", "Avsluttet"), "ok"),
        Phase.NO_SHOW: (translate("visit", "Ikke møtt"), "warn"),
    }
    return words[phase]
