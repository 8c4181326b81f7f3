"""Two columns of what two people wrote; a person chooses field by field, or lets it wait.

Keys: ↑ ↓ move between the fields, M takes what was written here, T what the other wrote, Enter
saves when every field has an answer, Esc lets it wait.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.errors import FieldAppError
from fieldapp.services import conflicts, people
from fieldapp.services.conflicts import Conflict
from ui.context import AppContext
from ui.errors import sentence_for
from ui.sync.conflict_state import FieldView, view
from ui.widgets import Dialog, Divider, QuietButton, Text
from ui.widgets.choices import ChoiceButton

_HANDLED_ABOVE = frozenset(
    {
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
    }
)


class ConflictDialog(Dialog):
    """Attributes: `rows`, one for each field. Announces the change set when it is settled."""

    WIDTH = 860

    def __init__(
        self, context: AppContext, conflict: Conflict, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Velg hva som gjelder"))
        self.title.setText(self.tr("Velg hva som gjelder"))
        self.confirm_button.say(self.tr("Lagre valget · Enter"))
        self.cancel_button.say(self.tr("La det vente"))
        self.confirm_button.setAutoDefault(False)
        self.cancel_button.setAutoDefault(False)
        self._context = context
        self._change_id = conflict.change_id
        session = context.session
        shown = view(conflict, people.names(session), session.clock.now())
        self.body.addWidget(Text(shown.subject, "strong", self))
        self.body.addWidget(self._heads(shown.mine_head, shown.servers_head))
        self.rows: list[FieldRow] = []
        for field in shown.fields:
            self.body.addWidget(Divider(self))
            row = FieldRow(field, self)
            row.moved.connect(self._move)
            row.answered.connect(self._on_answered)
            row.entered.connect(self.confirm_button.click)
            self.rows.append(row)
            self.body.addWidget(row)
        self.body.addWidget(Text(self._help(), "small", self))
        self.body.addStretch(1)
        if self.rows:
            self.rows[0].take_focus()

    @property
    def mine(self) -> frozenset[str]:
        """The fields for which what was written here is to stand."""
        return frozenset(row.field for row in self.rows if row.answer == MINE)

    def check(self) -> str:
        """Settle it; refused while a field has no answer, so that nothing is lost by a slip."""
        missing = next((row for row in self.rows if not row.answer), None)
        if missing is not None:
            missing.take_focus()
            return self.tr("Velg én av sidene for «{field}» først.").format(field=missing.title)
        try:
            changes = conflicts.settle(self._context.session, self._change_id, self.mine)
        except FieldAppError as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""

    def choose_all(self, side: str) -> None:
        """Answer every field with one side."""
        for row in self.rows:
            row.choose(side)
        self.confirm_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.confirm_button.click()
            return
        super().keyPressEvent(event)

    def _heads(self, mine: str, servers: str) -> QWidget:
        holder = QWidget(self)
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        for column, (title, said, side, name) in enumerate(
            (
                (self.tr("Skrevet her"), mine, MINE, "conflictAllMine"),
                (self.tr("På serveren"), servers, THEIRS, "conflictAllTheirs"),
            )
        ):
            grid.setColumnStretch(column, 1)
            grid.addWidget(Text(title, "label", holder), 0, column)
            grid.addWidget(Text(said, "muted", holder), 1, column, Qt.AlignmentFlag.AlignTop)
            every = QuietButton(
                self.tr("Bruk alt herfra") if side == MINE else self.tr("Bruk alt fra serveren"),
                holder,
                name=name,
            )
            every.setAutoDefault(False)
            every.clicked.connect(lambda _=False, side=side: self.choose_all(side))
            grid.addWidget(every, 2, column, Qt.AlignmentFlag.AlignLeft)
        return holder

    def _help(self) -> str:
        return self.tr(
            "↑ og ↓ går mellom feltene. M tar det som er skrevet her, T det fra serveren. "
            "Enter lagrer. Esc lar det vente; begge sider beholdes."
        )

    def _move(self, steps: int) -> None:
        at = next((n for n, row in enumerate(self.rows) if row.has_focus), 0)
        self.rows[min(max(at + steps, 0), len(self.rows) - 1)].take_focus()

    def _on_answered(self) -> None:
        """Go on to the first field that has no answer yet."""
        following = next((row for row in self.rows if not row.answer), None)
        if following is not None:
            following.take_focus()


MINE, THEIRS = "mine", "theirs"


class FieldRow(QWidget):
    """One field with its two values side by side.

    Signals:
        moved(int): an arrow asked for the next (+1) or the previous (-1) field.
        answered(): a side was chosen.
        entered(): Enter was pressed.
    """

    moved = Signal(int)
    answered = Signal()
    entered = Signal()

    def __init__(self, shown: FieldView, parent: QWidget) -> None:
        super().__init__(parent)
        self.field, self.title = shown.field, shown.title
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(Text(shown.title, "label", self))
        sides = QHBoxLayout()
        sides.setSpacing(12)
        column.addLayout(sides)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _SideButton] = {}
        for side, text, said in (
            (MINE, shown.mine, self.tr("{field}, skrevet her: {value}")),
            (THEIRS, shown.servers, self.tr("{field}, på serveren: {value}")),
        ):
            button = _SideButton(text, self)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setProperty("tone", "choice")
            button.setObjectName(f"conflict_{shown.field}_{side}")
            button.setAccessibleName(said.format(field=shown.title, value=text))
            button.clicked.connect(self.answered)
            self._group.addButton(button)
            self._buttons[side] = button
            sides.addWidget(button, 1)

    @property
    def answer(self) -> str:
        """The side chosen; empty while none is."""
        return next((side for side, button in self._buttons.items() if button.isChecked()), "")

    @property
    def has_focus(self) -> bool:
        return any(button.hasFocus() for button in self._buttons.values())

    def take_focus(self) -> None:
        self._buttons[self.answer or MINE].setFocus(Qt.FocusReason.OtherFocusReason)

    def choose(self, side: str) -> None:
        self._buttons[side].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Up:
                self.moved.emit(-1)
            case Qt.Key.Key_Down:
                self.moved.emit(1)
            case Qt.Key.Key_Left:
                self._buttons[MINE].setFocus(Qt.FocusReason.OtherFocusReason)
            case Qt.Key.Key_Right:
                self._buttons[THEIRS].setFocus(Qt.FocusReason.OtherFocusReason)
            case Qt.Key.Key_M | Qt.Key.Key_T:
                self.choose(MINE if event.key() == Qt.Key.Key_M else THEIRS)
                self.take_focus()
                self.answered.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.entered.emit()
            case _:
                super().keyPressEvent(event)


class _SideButton(ChoiceButton):
    """Leaves arrows and Enter to its row; Space chooses."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _HANDLED_ABOVE:
            event.ignore()
        else:
            super().keyPressEvent(event)
