"""One question per card: digits answer and advance, Backspace goes back, nothing is lost."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ui.screening.answers import AnswerList
from ui.screening.state import Form
from ui.screening.words import progress_text, question_text
from ui.sources import SourceList
from ui.widgets import Card, Columns, FlowLayout, PrimaryButton, ProgressLine, SecondaryButton, Text

BACK_KEYS = (Qt.Key.Key_Backspace, Qt.Key.Key_Left)


class QuestionCard(Card):
    """Signals:
    answered(int): the value of the answer chosen.
    back_asked(), forward_asked(): the question before or after.
    skip_taken(), skip_declined(): the answer to what may be left out.
    """

    answered = Signal(int)
    back_asked = Signal()
    forward_asked = Signal()
    skip_taken = Signal()
    skip_declined = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._progress = ProgressLine(self)
        self._progress.setObjectName("screeningProgress")
        self._question = Text("", "title", self)
        self._question.setObjectName("screeningQuestion")
        self._help = Text("", "small", self)
        self.answers = AnswerList(self)
        self.answers.chosen.connect(self.answered)
        self._offer = self._offer_panel()
        for widget in (self._progress, self._offer, self._question, self.answers, self._help):
            self.body.addWidget(widget)

    def show_form(self, form: Form, saved: str) -> None:
        """Show the question where the form stands; `saved` says how safe the answers are."""
        item = form.item
        where = " · ".join(filter(None, (question_text(form), progress_text(form), saved)))
        self._progress.say(form.answered, len(form.instrument.items), where)
        self._question.setText(item.text)
        self._help.setText(
            self.tr("{period}. Tast tallet for å svare, ← for å gå tilbake.").format(
                period=form.instrument.look_back
            )
        )
        self.setAccessibleName(f"{question_text(form)}: {item.text}")
        self.answers.show_item(item, form.chosen)
        self._show_offer(form)

    def focus_question(self) -> None:
        """Digits work at once; no answer looks chosen beforehand."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if not plain or not self._act(key, repeated=event.isAutoRepeat()):
            super().keyPressEvent(event)

    def _act(self, key: int, *, repeated: bool) -> bool:
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.answers.move_focus(1 if key == Qt.Key.Key_Down else -1)
            return True
        if key in BACK_KEYS or key == Qt.Key.Key_Right:
            if not repeated:
                (self.back_asked if key in BACK_KEYS else self.forward_asked).emit()
            return True
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            # A key held down must not answer the questions that follow.
            return repeated or self.answers.press(key - Qt.Key.Key_0)
        return False

    def _offer_panel(self) -> QWidget:
        panel = QFrame(self)
        panel.setObjectName("sunken")
        column = QVBoxLayout(panel)
        column.setContentsMargins(14, 8, 14, 10)
        column.setSpacing(8)
        words = QWidget(panel)
        said = QVBoxLayout(words)
        said.setContentsMargins(0, 0, 0, 0)
        said.setSpacing(4)
        self._offer_text = Text("", "strong", words)
        self._offer_source = SourceList(words)
        said.addWidget(self._offer_text)
        said.addWidget(self._offer_source)
        take = PrimaryButton(self.tr("Hopp over"), panel, icon="arrow-right", name="skipTake")
        take.clicked.connect(self.skip_taken)
        decline = SecondaryButton(self.tr("Still dem likevel"), panel, name="skipDecline")
        decline.clicked.connect(self.skip_declined)
        buttons = QWidget(panel)
        flow = FlowLayout(buttons, 8)
        flow.addWidget(take)
        flow.addWidget(decline)
        grow_with_width(buttons)
        split = Columns(panel, shares=(1, 1), narrowest=700)
        split.left.addWidget(words)
        split.right.addWidget(buttons)
        column.addWidget(split)
        return panel

    def _show_offer(self, form: Form) -> None:
        offer = form.offer
        self._offer.setVisible(offer is not None)
        if offer is not None:
            self._offer_text.setText(f"{offer.label}.")
            self._offer_source.show_sources([offer.source])


def grow_with_width(widget: QWidget) -> None:
    """Let a holder of a FlowLayout be as high as its width makes it."""
    policy = widget.sizePolicy()
    policy.setHeightForWidth(True)
    policy.setVerticalPolicy(policy.Policy.Minimum)
    widget.setSizePolicy(policy)
