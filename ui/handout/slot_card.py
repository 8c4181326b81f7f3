"""One planned dose as a card: what, how much, who ordered it, what stands recorded."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui import theme
from ui.handout.light_panel import LightPanel
from ui.handout.parts import grow_with_width
from ui.handout.state import EventLine, SlotState, SlotView
from ui.widgets import (
    Banner,
    Card,
    DangerButton,
    FlowLayout,
    IconLabel,
    PrimaryButton,
    QuietButton,
    SecondaryButton,
    Tag,
    Text,
    clear,
    row_of,
    set_role,
)
from ui.widgets.basics import TOKEN_OF_TONE


class SlotCard(Card):
    """Shows a SlotView; the form is put into `place` while this dose is the active one.

    Signals:
        chosen(object): make this dose (its SlotKey) the active one.
        reverse_asked(str): take back the event with this id.
        proposal_asked(str): ask the team leader to take back the event with this id.
        incident_asked(str): what became of the dose of this event afterwards.
        past_asked(object): record for this SlotKey what has already happened.
        contact_asked(object): write down a contact with the prescriber, about this SlotKey.
        missed_asked(object): the same, about the days without a dose before this SlotKey.
        reserve_asked(object), force_asked(object): the light's ways out, for this SlotKey.
    """

    chosen = Signal(object)
    reverse_asked = Signal(str)
    proposal_asked = Signal(str)
    incident_asked = Signal(str)
    past_asked = Signal(object)
    contact_asked = Signal(object)
    missed_asked = Signal(object)
    reserve_asked = Signal(object)
    force_asked = Signal(object)

    def __init__(self, view: SlotView, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.show()
        self._shown: tuple[SlotView, bool, bool, bool] | None = None
        self._key = view.key
        self._part = Tag("", "accent", self)
        self._state = Tag("", parent=self)
        self.head.addWidget(self._part)
        self.head.addWidget(self._state)
        self.body.setSpacing(6)
        self._dose = Text(parent=self)
        self._order = Text(parent=self, role="muted")
        self._last = Text(parent=self, role="muted")
        self._warning = Banner("", "danger", self)
        self.light = LightPanel(self)
        self.light.reserve_asked.connect(lambda: self.reserve_asked.emit(self._key))
        self.light.force_asked.connect(lambda: self.force_asked.emit(self._key))
        self.light.contact_asked.connect(lambda: self.missed_asked.emit(self._key))
        for widget in (self._dose, self.light, self._last, self._warning):
            self.body.addWidget(widget)
        self._events = QVBoxLayout()
        self._events.setSpacing(6)
        self.body.addLayout(self._events)
        self.place = QVBoxLayout()
        self.body.addLayout(self.place)
        # Below the form: on a small screen the buttons come first.
        self.body.addWidget(self._order)
        self._actions = QWidget(self)
        self._flow = FlowLayout(self._actions, 8)
        grow_with_width(self._actions)
        self.body.addWidget(self._actions)
        theme.current().changed.connect(self._fit)
        self._fit()

    def show_view(self, view: SlotView, *, active: bool, asking: bool, reserving: bool) -> None:
        """Render, unless just this is shown already. `asking`: a question stands open in it;
        `reserving`: the server was asked for the day."""
        if self._shown == (view, active, asking, reserving):
            return
        self._shown = (view, active, asking, reserving)
        self._key = view.key
        set_role(self, "active", active)
        self.heading.setText(view.title)
        self._part.say(view.part, "accent")
        self._say_state(view.state)
        self._dose.setText(view.dose)
        self._order.setText(view.order)
        self._last.setVisible(bool(view.last_given))
        self._last.setText(view.last_given)
        self._warning.say(view.warning, "danger")
        self.light.show_view(view.light, reserving=reserving, acting=active and not asking)
        clear(self._events)
        for line in view.events:
            self._events.addLayout(self._event(line))
        self._show_actions(view, active)
        self._actions.setVisible(not asking)
        self.setAccessibleName(f"{view.title}, {view.part}, {view.dose}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self._key)
        super().mouseReleaseEvent(event)

    def _say_state(self, state: SlotState) -> None:
        if state is SlotState.GIVEN:
            self._state.say(self.tr("Gitt"), "ok")
        elif state is SlotState.NOT_GIVEN:
            self._state.say(self.tr("Ikke gitt"), "warn")
        else:
            self._state.say(self.tr("Ikke ført"), "neutral")

    def _event(self, line: EventLine) -> QVBoxLayout:
        text = Text(line.text, "" if line.struck else "strong", self)
        text.setObjectName("handoutEvent")
        if line.struck:
            set_role(text, "struck", True)
            # A screen reader does not hear a line through the words.
            text.setAccessibleName(self.tr("Feilført: {text}").format(text=line.text))
        icon = IconLabel(line.icon, TOKEN_OF_TONE[line.tone], 18, self)
        row = row_of(icon, text)
        row.setStretch(1, 1)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addLayout(row)
        if line.struck:
            row.addWidget(Tag(self.tr("feilført"), "warn", self))
        if line.note:
            column.addWidget(Text(line.note, "small", self))
        return column

    def _show_actions(self, view: SlotView, active: bool) -> None:
        clear(self._flow)
        if view.state is not SlotState.GIVEN and not active:
            words = self.tr("Gi likevel") if view.events else self.tr("Før denne dosen")
            kind = SecondaryButton if view.state is SlotState.NOT_GIVEN else PrimaryButton
            begin = kind(words, self._actions, name="chooseSlot")
            begin.clicked.connect(lambda: self.chosen.emit(self._key))
            self._flow.addWidget(begin)
        standing = [line for line in view.events if not line.struck]
        for line in standing:
            self._add_event_actions(line, several=len(standing) > 1)
        if view.state is SlotState.GIVEN and view.light is not None and view.light.may_force:
            again = QuietButton(
                self.tr("Nødutdeling …"), self._actions, icon="siren", name="forceAgain"
            )
            again.clicked.connect(lambda: self.force_asked.emit(self._key))
            self._flow.addWidget(again)
        past = QuietButton(
            self.tr("Etterregistrer dose"), self._actions, icon="history", name="past"
        )
        past.clicked.connect(lambda: self.past_asked.emit(self._key))
        self._flow.addWidget(past)
        contact = QuietButton(
            self.tr("Rekvirent kontaktet …"), self._actions, icon="phone", name="contactPrescriber"
        )
        contact.clicked.connect(lambda: self.contact_asked.emit(self._key))
        self._flow.addWidget(contact)

    def _add_event_actions(self, line: EventLine, *, several: bool) -> None:
        """What can be done about one event: take it back, ask for that, say what became of it."""
        if line.own:
            back = DangerButton(
                self.tr("Aldri skjedd  Z"), self._actions, icon="undo-2", name="reverse"
            )
            back.clicked.connect(lambda: self.reverse_asked.emit(line.event_id))
        else:
            back = DangerButton(
                self.tr("Meld som feilført …"), self._actions, icon="undo-2", name="proposeReversal"
            )
            back.clicked.connect(lambda: self.proposal_asked.emit(line.event_id))
        if several:
            back.setAccessibleName(f"{back.text()}: {line.text}")
        self._flow.addWidget(back)
        if line.given:
            lost = QuietButton(
                self.tr("Mistet, kastet opp, sølt …"), self._actions, name="doseIncident"
            )
            lost.clicked.connect(lambda: self.incident_asked.emit(line.event_id))
            self._flow.addWidget(lost)

    def _fit(self) -> None:
        look = theme.current()
        self._dose.setFont(look.font(23, look.font().Weight.Bold))
