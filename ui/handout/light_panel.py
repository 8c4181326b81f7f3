"""Shows the light of a dose: icon, words, the reason with what to do, and the ways out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.handout.light import LightView
from ui.handout.parts import grow_with_width
from ui.widgets import (
    FlowLayout,
    IconLabel,
    PrimaryButton,
    SecondaryButton,
    Text,
    clear,
    set_role,
)
from ui.widgets.basics import TOKEN_OF_TONE


class LightPanel(QFrame):
    """Shows a LightView; hidden without one.

    Signals:
        reserve_asked(), force_asked(), contact_asked(): the button for it was pressed.
    """

    reserve_asked = Signal()
    force_asked = Signal()
    contact_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("handoutLight")
        self.setProperty("surface", "banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 10)
        row.setSpacing(12)
        self._icon = IconLabel("circle", "muted", 26, self)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        row.addLayout(column, 1)
        self._title = Text(parent=self, role="strong")
        self._title.setObjectName("lightTitle")
        self._sentence = Text(parent=self)
        self._sentence.setObjectName("lightSentence")
        column.addWidget(self._title)
        column.addWidget(self._sentence)
        self._also = QVBoxLayout()
        self._also.setSpacing(2)
        column.addLayout(self._also)
        self._source = Text(parent=self, role="small")
        column.addWidget(self._source)
        self._buttons = QWidget(self)
        flow = FlowLayout(self._buttons, 8)
        flow.setContentsMargins(0, 4, 0, 0)
        grow_with_width(self._buttons)
        self.reserve = PrimaryButton(
            self.tr("Reserver nå"), self._buttons, icon="cloud-download", name="reserveNow"
        )
        self.force = SecondaryButton(
            self.tr("Nødutdeling …"), self._buttons, icon="siren", name="forceAsk"
        )
        self.contact = SecondaryButton(
            self.tr("Rekvirent kontaktet …"), self._buttons, icon="phone", name="contactMissed"
        )
        self.contact.setAccessibleName(self.tr("Rekvirent kontaktet om dagene uten dose"))
        self.contact.clicked.connect(self.contact_asked)
        self._refused = Text(parent=self, role="muted")
        flow.addWidget(self.reserve)
        flow.addWidget(self.force)
        flow.addWidget(self.contact)
        column.addWidget(self._buttons)
        column.addWidget(self._refused)
        self.reserve.clicked.connect(self.reserve_asked)
        self.force.clicked.connect(self.force_asked)
        self._shown: tuple[LightView | None, bool, bool] | None = None

    def show_view(self, view: LightView | None, *, reserving: bool, acting: bool) -> None:
        """Render. `acting`: this dose is the active one, so that its ways out are offered;
        `reserving`: the server has been asked and has not answered yet."""
        if self._shown == (view, reserving, acting):
            return
        self._shown = (view, reserving, acting)
        self.setVisible(view is not None)
        if view is None:
            return
        set_role(self, "tone", view.tone)
        self._icon.show_icon(view.icon, TOKEN_OF_TONE[view.tone])
        self._title.setText(view.title)
        self._sentence.setText(view.sentence)
        self._sentence.setVisible(bool(view.sentence))
        clear(self._also)
        for sentence in view.also:
            self._also.addWidget(Text(self.tr("Også: {what}").format(what=sentence), "", self))
        self._source.setText(view.source)
        self._source.setVisible(bool(view.source))
        self.reserve.setVisible(view.may_reserve and acting)
        self.reserve.setEnabled(not reserving)
        self.reserve.say(self.tr("Reserverer …") if reserving else self.tr("Reserver nå"))
        self.force.setVisible(view.may_force and acting)
        self._refused.setText(view.force_refused)
        self._refused.setVisible(bool(view.force_refused) and acting)
        self.contact.setVisible(view.asks_contact and acting)
        offers = view.may_reserve or view.may_force or view.asks_contact
        self._buttons.setVisible(acting and offers)
        self.setAccessibleName(view.spoken)
