"""The patient header: who it is and what one must know before the door opens.

It stands above the tabs and outside their scrolling, so that it never goes away.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QHideEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.flags import flag_icon
from ui.patient.header_state import Answer, CriticalItem, HeaderView
from ui.widgets import (
    Avatar,
    Card,
    Chip,
    CriticalBand,
    CriticalEntry,
    Fitted,
    FlowLayout,
    IconLabel,
    PrimaryButton,
    QuietButton,
    SecondaryButton,
    Text,
    clear,
    set_role,
)

COMPACT_FROM = 160
"""Text size in per cent from which the calm facts fold away behind a button."""
LEAST_HEADER = 120
"""Height at 100 % text that the header keeps however low the window is."""

LONG_NAME = 26
"""Letters from which a name is written smaller where the header is compact."""


class Fact(Chip):
    """A calm fact that wraps instead of being cut."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, "neutral", parent)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        """As wide as the words on one line; the flow narrows it where that is too much."""
        self.ensurePolished()
        room = self.fontMetrics().horizontalAdvance(self.text()) + theme.current().pixels(32)
        return QSize(room, self.heightForWidth(room))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().pixels(60), super().minimumSizeHint().height())


class OneLine(Text):
    """Words on one line where there is room, on more where there is not."""

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        room = self.fontMetrics().horizontalAdvance(self.text()) + 4
        return QSize(room, self.heightForWidth(room))


class PatientHeader(Card):
    """Signals:
    visit_asked(): begin or go on with a visit.
    edit_asked(): change the critical information.
    """

    visit_asked = Signal()
    edit_asked = Signal()

    def __init__(self, parent: QWidget | None = None, *, compact: bool = False) -> None:
        super().__init__("", parent)
        self._offered = True
        self._compact = compact
        self._view: HeaderView | None = None
        self._id_shown = False
        self._folded = True
        # Never "Maximum": Qt takes that from the size hint, which knows nothing of words that wrap
        # at this width, and critical information would be cut off without a sign.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._build()
        theme.current().changed.connect(self._fold)

    def show_view(self, view: HeaderView, *, visit_open: bool, planned_today: bool = False) -> None:
        """Show a patient; the number is hidden again whenever another patient comes."""
        if self._view is None or self._view.id_full != view.id_full:
            self._id_shown = False
        self._view = view
        self._avatar.say(view.initials)
        self._name.setText(view.name)
        self._age.setText(view.age_and_sex)
        self._address.setText(view.address)
        self._address_part.setVisible(bool(view.address))
        self._phone.setText(view.phone)
        self._phone_part.setVisible(bool(view.phone))
        begin = self.tr("Start besøk") if planned_today else self.tr("Nytt besøk")
        self._visit.say(self.tr("Fortsett besøk") if visit_open else begin)
        self._show_id()
        self._band.show_entries([_entry(item) for item in view.present])
        self._rest.setText(self._rest_words(view))
        self._show_facts(view)
        self._fold()

    def offer_acts(self, *, offered: bool) -> None:
        """Show the two buttons, or hide them from who may only read."""
        self._offered = offered
        self._visit.setVisible(offered)
        self._edit.setVisible(offered)

    def _build(self) -> None:
        self._avatar = Avatar("", self)
        self._name = OneLine("", "title", self)
        self._age = Text("", "muted", self, wrap=False)
        self._age.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._visit = PrimaryButton(self.tr("Nytt besøk"), self, icon="square-pen", name="newVisit")
        self._visit.clicked.connect(self.visit_asked)
        self._edit = SecondaryButton(
            self.tr("Kritisk info"), self, icon="pencil", name="editCritical"
        )
        self._edit.setAccessibleName(self.tr("Endre kritisk informasjon"))
        self._edit.clicked.connect(self.edit_asked)
        self._id = QuietButton("", self, icon="id-card", name="nationalId")
        self._id.clicked.connect(self._toggle_id)
        self._address = OneLine("", "", self)
        self._address_part = _with_icon("map-pin", self._address, self)
        self._phone = Text("", "", self, wrap=False)
        self._phone_part = _with_icon("phone", self._phone, self)
        self._contact_holder = QWidget(self)
        contacts = FlowLayout(self._contact_holder, 16, lines=0)
        for part in (self._id, self._address_part, self._phone_part):
            contacts.addWidget(part)

        first = QHBoxLayout()
        first.setSpacing(14)
        first.addWidget(self._avatar, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        # A long name takes the whole width, and the age goes on under it.
        names = QWidget(self)
        flow = FlowLayout(names, 16, lines=0)
        flow.addWidget(self._name)
        flow.addWidget(self._age)
        words.addWidget(names)
        words.addWidget(self._contact_holder)
        first.addLayout(words, 1)
        first.addWidget(self._edit, 0, Qt.AlignmentFlag.AlignTop)
        first.addWidget(self._visit, 0, Qt.AlignmentFlag.AlignTop)

        self._band = CriticalBand(self)
        self._rest = Text("", "muted", self)
        self._more = QuietButton("", self, icon="list", name="moreFacts")
        self._more.clicked.connect(self._toggle_fold)
        rest = QHBoxLayout()
        rest.setSpacing(8)
        rest.addWidget(self._rest, 1)
        rest.addWidget(self._more)
        self._facts_holder = QWidget(self)
        self._facts = FlowLayout(self._facts_holder, 8)
        self.body.setSpacing(6)
        self.body.addLayout(first)
        self.body.addWidget(self._band)
        self.body.addLayout(rest)
        self.body.addWidget(self._facts_holder)

    def _rest_words(self, view: HeaderView) -> str:
        """What was asked and is not there, and what nobody has asked: never mixed up."""
        parts = []
        if view.not_asked:
            names = ", ".join(item.title.lower() for item in view.not_asked)
            parts.append(self.tr("Ikke spurt om: {names}.").format(names=names))
        if view.none_known:
            names = ", ".join(item.title.lower() for item in view.none_known)
            parts.append(self.tr("Ingen kjent: {names}.").format(names=names))
        if view.confirmed:
            parts.append(f"{view.confirmed[:1].upper()}{view.confirmed[1:]}.")
        return " ".join(parts)

    def _show_facts(self, view: HeaderView) -> None:
        clear(self._facts)
        for text in (*(item.sentence for item in view.calm), *view.practical):
            self._facts.addWidget(Fact(text, self._facts_holder))

    @Slot()
    def _toggle_id(self) -> None:
        self._id_shown = not self._id_shown
        self._show_id()

    def _show_id(self) -> None:
        if self._view is None:
            return
        shown = self._id_shown and self._view.id_full
        self._id.say(self._view.id_full if shown else self._view.id_masked)
        self._id.setEnabled(bool(self._view.id_full))
        said = self.tr("Fødselsnummer: {number}").format(number=self._id.text().strip())
        self._id.setAccessibleName(said)
        self._id.setToolTip(self.tr("Skjul nummeret") if shown else self.tr("Vis hele nummeret"))

    def hideEvent(self, event: QHideEvent) -> None:
        """The number does not stay open on a page that nobody looks at."""
        self._id_shown = False
        self._show_id()
        super().hideEvent(event)

    @Slot()
    def _toggle_fold(self) -> None:
        self._folded = not self._folded
        self._fold()

    @Slot()
    def _fold(self) -> None:
        """At large text the calm facts fold, so that the tab below keeps room; severe ones stay."""
        compact = self._compact or theme.current().scale >= COMPACT_FROM
        # A name of many lines would take the room of what is dangerous.
        long = compact and len(self._name.text()) > LONG_NAME
        set_role(self._name, "role", "heading" if long else "title")
        # As high as a line of the name, so that both stand on one height.
        self._age.setMinimumHeight(QFontMetrics(self._name.font()).height())
        self._more.setVisible(compact)
        self._more.say(self.tr("Mer") if self._folded else self.tr("Mindre"))
        shown = not compact or not self._folded
        self._facts_holder.setVisible(shown)
        self._contact_holder.setVisible(shown)
        self._avatar.setVisible(not compact)
        if not self._compact:
            self._edit.setVisible(shown and self._offered)


class HeaderArea(QScrollArea):
    """As high as the header needs; where the window has less, a scroll bar says that there is more.

    Qt itself would squeeze the header and cut critical information off without a sign.
    """

    def __init__(self, header: PatientHeader, below: int, parent: QWidget) -> None:
        """`below` is the height, at 100 % text, that the rest of the page keeps in any case."""
        super().__init__(parent)
        self._below, self._page = below, parent
        self._beside: list[QWidget] = []
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Pasienten"))
        self._content = Fitted(self)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(header)
        self.setWidget(self._content)
        self._content.installEventFilter(self)
        parent.installEventFilter(self)

    def keep_room_for(self, part: QWidget) -> None:
        """Leave the height of `part` free as well while it is shown."""
        self._beside.append(part)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.Show):
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        needed = self._content.heightForWidth(self.viewport().width())
        # The size hint of words that wrap is that of a narrower line, and higher than they stand.
        width = self.width()
        beside = sum(
            part.heightForWidth(width) if part.hasHeightForWidth() else part.sizeHint().height()
            for part in self._beside
            if part.isVisible()
        )
        room = self._page.height() - theme.current().pixels(self._below) - beside
        least = theme.current().pixels(LEAST_HEADER)
        self.setFixedHeight(min(needed, max(room, least)))


def _entry(item: CriticalItem) -> CriticalEntry:
    assert item.answer is Answer.PRESENT
    return CriticalEntry(
        flag_icon(item.category), item.title, "; ".join(text for text in item.texts if text)
    )


def _with_icon(icon: str, text: Text, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    holder.setMinimumHeight(44)  # in line with the number's button beside it
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(IconLabel(icon, "muted", 17, holder))
    row.addWidget(text)
    return holder
