"""The search field and the list of hits that hangs under it while one types."""

from __future__ import annotations

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.rights import Right
from fieldapp.services import patients, rights
from fieldapp.services.patients import PatientRow
from ui import icons, theme
from ui.context import AppContext
from ui.rights import may_open
from ui.search.state import Hit, find
from ui.widgets import SearchField

HIT_ROLE = Qt.ItemDataRole.UserRole + 1
_PATIENT_KINDS = frozenset({"patient", "flag", "appointment", "assignment", "medication_request"})
_SHOWN_AT_ONCE = 9


class HitDelegate(QStyledItemDelegate):
    """Paints a hit: icon, title, and to the right its detail or its shortcut."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, theme.current().pixels(44))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look = theme.current()
        hit: Hit = index.data(HIT_ROLE)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, look.color("accent_soft"))
        edge, mark = look.pixels(14), look.pixels(18)
        top = area.y() + (area.height() - mark) // 2
        painter.drawPixmap(area.x() + edge, top, icons.pixmap(hit.icon, "muted", 18))
        text = area.adjusted(2 * edge + mark, 0, -edge, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(look.font(15, QFont.Weight.DemiBold))
        painter.setPen(look.color("ink"))
        title_width = painter.fontMetrics().horizontalAdvance(hit.title)
        painter.drawText(text, flags, hit.title)
        rest = text.adjusted(title_width + edge, 0, 0, 0)
        painter.setFont(look.font(13))
        painter.setPen(look.color("muted"))
        detail = painter.fontMetrics().elidedText(
            hit.detail, Qt.TextElideMode.ElideRight, max(0, rest.width())
        )
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, detail)
        painter.restore()


class TopSearch(SearchField):
    """Type a part of a name, number or address; Enter opens what is marked, first of all the top.

    Signals:
        patient_chosen(str): a patient id.
        chosen(str): a page name or a command.
    """

    patient_chosen = Signal(str)
    chosen = Signal(str)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._reads = rights.has(context.session, Right.READ_PATIENTS)
        if self._reads:
            self.setPlaceholderText(self.tr("Søk pasient (Ctrl+K)"))
            self.setAccessibleName(self.tr("Søk pasient eller side"))
        else:
            self.setPlaceholderText(self.tr("Søk side (Ctrl+K)"))
            self.setAccessibleName(self.tr("Søk side"))
        self._context = context
        self._rows: list[PatientRow] | None = None
        self._model = QStandardItemModel(self)
        # Moves to the window when it is first shown: a popup of its own would take the focus.
        self._list = QListView(self)
        self._list.setObjectName("searchHits")
        self._list.setModel(self._model)
        self._list.setItemDelegate(HitDelegate(self._list))
        self._list.setAccessibleName(self.tr("Treff"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setUniformItemSizes(True)
        self._list.hide()
        self._list.clicked.connect(self._on_clicked)
        self.searched.connect(self._search)
        self.returnPressed.connect(self._on_enter)
        context.changes.changed.connect(self._on_changed)

    @property
    def hits(self) -> list[Hit]:
        """What is listed now, top first."""
        return [self._model.item(row).data(HIT_ROLE) for row in range(self._model.rowCount())]

    def begin(self) -> None:
        """Put the caret here, ready to type over what was searched last."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()
        self._search()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._model.rowCount():
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._mark((self._list.currentIndex().row() + step) % self._model.rowCount())
        elif event.key() == Qt.Key.Key_Escape:
            self._dismiss()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.ActiveWindowFocusReason:
            self._list.hide()

    @Slot()
    def _search(self) -> None:
        if not self.hasFocus():
            return
        if self._rows is None:
            self._rows = patients.rows(self._context.session) if self._reads else []
        self._model.clear()
        session = self._context.session
        for hit in find(
            self._rows, self.text(), session.today(), lambda page: may_open(session, page)
        ):
            item = QStandardItem(f"{hit.title} {hit.detail}")
            item.setData(hit, HIT_ROLE)
            item.setEditable(False)
            self._model.appendRow(item)
        if self._model.rowCount():
            self._mark(0)
        self._place_list()

    @Slot()
    def _on_enter(self) -> None:
        hits = self.hits
        number = self._list.currentIndex().row()
        if 0 <= number < len(hits):
            self._choose(hits[number])

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self._choose(index.data(HIT_ROLE))

    @Slot(object)
    def _on_changed(self, change_set: ChangeSet) -> None:
        if change_set.touches(kinds=_PATIENT_KINDS):
            self._rows = None

    def _choose(self, hit: Hit) -> None:
        self._dismiss()
        if hit.patient_id is not None:
            self.patient_chosen.emit(hit.patient_id)
        else:
            self.chosen.emit(hit.target)

    def _dismiss(self) -> None:
        self.clear()
        self.debounce.stop()
        self._model.clear()
        self._list.hide()

    def _mark(self, row: int) -> None:
        self._list.setCurrentIndex(self._model.index(row, 0))

    def _place_list(self) -> None:
        count = min(self._model.rowCount(), _SHOWN_AT_ONCE)
        if not count:
            self._list.hide()
            return
        window = self.window()
        if self._list.parent() is not window:
            self._list.setParent(window)
        corner = self.mapTo(window, QPoint(0, self.height() + 4))
        height = count * theme.current().pixels(44) + 6
        self._list.setGeometry(corner.x(), corner.y(), self.width(), height)
        self._list.show()
        self._list.raise_()
