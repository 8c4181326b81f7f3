"""The form under the active dose: who it is, how he is, and what was done.

One instance moves from card to card, so that there is always just one of each control.
"""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fieldapp.domain.medication import HandoutStatus, IdentityCheck, ObservedState
from fieldapp.domain.reference import HandoutReference
from ui import theme
from ui.handout.state import Ask, HandoutForm, needs_text
from ui.typed import parse_clock
from ui.widgets import (
    Banner,
    ChoiceRow,
    FlowLayout,
    FormField,
    PrimaryButton,
    SecondaryButton,
    Text,
)
from ui.words import word

LABEL_BESIDE_PIXELS = 560
"""Least width, at 100 % text, at which a label stands beside its choices."""

IDENTITY_KEYS = {
    "K": IdentityCheck.KNOWN,
    "L": IdentityCheck.DOCUMENT,
    "B": IdentityCheck.PHOTO,
}
STATE_KEYS = {
    "U": ObservedState.UNAFFECTED,
    "M": ObservedState.POSSIBLY_AFFECTED,
    "R": ObservedState.INTOXICATED,
    "S": ObservedState.SEDATED,
}
WITNESS_KEYS = {"J": True, "E": False}
OUTCOME_KEYS = {
    "G": HandoutStatus.GIVEN,
    "H": HandoutStatus.WITHHELD,
    "N": HandoutStatus.REFUSED,
    "I": HandoutStatus.NOT_MET,
}
_STATE_NAMES = {
    ObservedState.UNAFFECTED: "stateUnaffected",
    ObservedState.POSSIBLY_AFFECTED: "statePossiblyAffected",
    ObservedState.INTOXICATED: "stateIntoxicated",
    ObservedState.SEDATED: "stateSedated",
}
_OUTCOME_NAMES = {
    HandoutStatus.GIVEN: "given",
    HandoutStatus.WITHHELD: "withheld",
    HandoutStatus.REFUSED: "refused",
    HandoutStatus.NOT_MET: "notMet",
}


class FormPanel(QWidget):
    """Shows a HandoutForm and says what the giver chooses.

    Signals:
        identity_chosen(object), observed_chosen(object), witnessed_chosen(object)
        pressed(object): one of the four outcomes, a HandoutStatus.
        reason_chosen(str): a reason's code.
        text_changed(str), clock_changed(object): free words; (hour, minute) or None.
        confirmed(), cancelled(): the answer to the open question.
    """

    identity_chosen = Signal(object)
    observed_chosen = Signal(object)
    witnessed_chosen = Signal(object)
    pressed = Signal(object)
    reason_chosen = Signal(str)
    text_changed = Signal(str)
    clock_changed = Signal(object)
    confirmed = Signal()
    cancelled = Signal()

    def __init__(self, reference: HandoutReference, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reference = reference
        self._shown: tuple[str, Ask | None, HandoutStatus | None] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(10)
        self._act = self._act_part()
        self._question = self._question_part()
        column.addWidget(self._act)
        column.addWidget(self._question)
        # Beside the buttons in both parts, so that what is missing is read where one pressed.
        self.problem_line = Text(parent=self, role="error")
        self.problem_line.setObjectName("handoutProblem")
        column.addWidget(self.problem_line)

    def show_form(self, form: HandoutForm, *, can_give: bool) -> None:
        """Render a form. Words being typed are left alone."""
        asking = form.ask is not None
        self._act.setVisible(not asking)
        self._question.setVisible(asking)
        self._identity.choose(form.identity)
        self._observed.choose(form.observed)
        self._witnessed.choose(form.witnessed)
        self._show_advice(form)
        for status, button in self._outcomes.items():
            button.setVisible(can_give or status is not HandoutStatus.GIVEN)
        shown = (form.id, form.ask, form.status)
        if shown != self._shown:
            self._shown = shown
            self._begin_question(form)
        if form.ask is Ask.REASON:
            self._reasons.choose(form.reason)
        worded = form.ask in (Ask.REVERSAL, Ask.PAST) or needs_text(form, self._reference)
        if worded and self._words_field.isHidden():
            self._words_field.show()
            first = self._clock if form.ask is Ask.PAST else self._words
            first.setFocus()
        self._words_field.setVisible(worded)
        self._confirm.setVisible(worded)
        self.problem_line.setText(form.problem)
        self.problem_line.setVisible(bool(form.problem))

    def focus_first(self) -> None:
        """Put the focus on the first thing to say."""
        self._identity.buttons()[0].setFocus()

    def focus_missing(self, form: HandoutForm) -> None:
        """Put the focus on the first thing that is still missing."""
        rows = (
            (form.identity, self._identity),
            (form.observed, self._observed),
            (form.witnessed, self._witnessed),
        )
        for value, row in rows:
            if value is None:
                row.buttons()[0].setFocus()
                return

    # --- the act

    def _act_part(self) -> QWidget:
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._identity = self._choices(
            self.tr("Identitet"),
            [
                (IdentityCheck.KNOWN, "K", self.tr("Kjent fra før"), "identityKnown"),
                (IdentityCheck.DOCUMENT, "L", self.tr("Legitimasjon"), "identityDocument"),
                (IdentityCheck.PHOTO, "B", self.tr("Bilde"), "identityPhoto"),
            ],
        )
        self._identity.chosen.connect(self.identity_chosen)
        keys = {state: key for key, state in STATE_KEYS.items()}
        self._observed = self._choices(
            self.tr("Tilstand"),
            [
                (advice.state, keys[advice.state], advice.text, _STATE_NAMES[advice.state])
                for advice in self._reference.states
            ],
        )
        self._observed.chosen.connect(self.observed_chosen)
        self._witnessed = self._choices(
            self.tr("Inntak sett?"),
            [
                (True, "J", self.tr("Ja, jeg så det"), "witnessedYes"),
                (False, "E", self.tr("Nei, ikke sett"), "witnessedNo"),
            ],
        )
        self._witnessed.chosen.connect(self.witnessed_chosen)
        self._advice = Banner("", "warn", holder)
        for label, row in (
            (self.tr("Identitet"), self._identity),
            (self.tr("Tilstand"), self._observed),
        ):
            column.addWidget(LabelledRow(label, row, holder))
        column.addWidget(self._advice)
        column.addWidget(LabelledRow(self.tr("Inntak sett?"), self._witnessed, holder))
        column.addWidget(self._outcome_row(holder))
        return holder

    def _choices(self, label: str, options: list[tuple[object, str, str, str]]) -> ChoiceRow:
        """A row whose buttons show their key and are named for those who drive the window."""
        row = ChoiceRow(label, [(value, words) for value, _, words, _ in options], self)
        for button, (_, key, words, name) in zip(row.buttons(), options, strict=True):
            button.setText(f"{words}  {key}")
            button.setObjectName(name)
        return row

    def _outcome_row(self, parent: QWidget) -> QWidget:
        holder = QWidget(parent)
        self._outcomes: dict[HandoutStatus, QPushButton] = {}
        flow = FlowLayout(holder, 8)
        flow.setContentsMargins(0, 6, 0, 0)
        for key, status in OUTCOME_KEYS.items():
            given = status is HandoutStatus.GIVEN
            kind = PrimaryButton if given else SecondaryButton
            button = kind(
                f"{word(status)}  {key}",
                holder,
                icon="check" if given else "",
                name=_OUTCOME_NAMES[status],
            )
            button.setAccessibleName(word(status))
            button.clicked.connect(lambda _=False, status=status: self.pressed.emit(status))
            flow.addWidget(button)
            self._outcomes[status] = button
        grow_with_width(holder)
        return holder

    def _show_advice(self, form: HandoutForm) -> None:
        advice = next(
            (entry for entry in self._reference.states if entry.state is form.observed), None
        )
        speaks = advice is not None and advice.state is not ObservedState.UNAFFECTED
        tone = "danger" if advice is not None and advice.advises_against else "warn"
        self._advice.say(
            f"{advice.advice}." if advice is not None and speaks else "",
            "danger" if tone == "danger" else "warn",
        )

    # --- the open question

    def _question_part(self) -> QWidget:
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._title = Text(parent=holder, role="label")
        column.addWidget(self._title)
        self._reasons = ChoiceRow(self.tr("Årsak"), parent=holder, name="reason", numbered=True)
        self._reasons.chosen.connect(lambda code: self.reason_chosen.emit(str(code)))
        column.addWidget(self._reasons)
        self._clock = QLineEdit(holder)
        self._clock.setObjectName("pastClock")
        self._clock.setPlaceholderText(self.tr("for eksempel 08:30"))
        self._clock.textChanged.connect(lambda text: self.clock_changed.emit(parse_clock(text)))
        self._clock_field = FormField(self.tr("Når ble dosen gitt?"), self._clock, parent=holder)
        column.addWidget(self._clock_field)
        self._words = QLineEdit(holder)
        self._words.setObjectName("reasonText")
        self._words.textChanged.connect(self.text_changed)
        self._words.returnPressed.connect(self.confirmed)
        self._words_field = FormField(self.tr("Med egne ord"), self._words, parent=holder)
        self._words_field.hide()
        column.addWidget(self._words_field)
        buttons = QWidget(holder)
        flow = FlowLayout(buttons, 8)
        self._confirm = PrimaryButton("", buttons, name="confirmReason")
        self._confirm.clicked.connect(self.confirmed)
        cancel = SecondaryButton(self.tr("Avbryt · Esc"), buttons, name="cancelReason")
        cancel.clicked.connect(self.cancelled)
        flow.addWidget(self._confirm)
        flow.addWidget(cancel)
        grow_with_width(buttons)
        column.addWidget(buttons)
        return holder

    def _begin_question(self, form: HandoutForm) -> None:
        """Another question is asked: its words, its reasons, empty fields."""
        for editor in (self._words, self._clock):
            blocker = QSignalBlocker(editor)
            editor.clear()
            blocker.unblock()
        self._words_field.hide()
        self._clock_field.setVisible(form.ask is Ask.PAST)
        self._reasons.setVisible(form.ask is Ask.REASON)
        if form.ask is Ask.REASON and form.status is not None:
            self._offer_reasons(form.status)
            self._title.setText(
                self.tr("{what}: hvorfor? Trykk tallet.").format(what=word(form.status))
            )
            self._say_confirm(self.tr("Før {what}").format(what=word(form.status).lower()))
            self._words_field.label.setText(self.tr("Årsaken med egne ord"))
        elif form.ask is Ask.REVERSAL:
            self._title.setText(
                self.tr("Ta tilbake. Det som ble ført, blir stående med merket «feilført».")
            )
            self._words_field.label.setText(self.tr("Hva ble ført feil?"))
            self._say_confirm(self.tr("Før som feilført"))
        elif form.ask is Ask.PAST:
            self._title.setText(self.tr("Registrer en dose som allerede er gitt."))
            self._words_field.label.setText(self.tr("Hvem ga den, hvor, og hvorfor føres det nå?"))
            self._say_confirm(self.tr("Registrer som gitt"))
        self._words.setAccessibleName(self._words_field.label.text())
        if form.ask is Ask.REASON:
            self._reasons.buttons()[0].setFocus()

    def _offer_reasons(self, status: HandoutStatus) -> None:
        reasons = self._reference.reasons[status]
        self._reasons.set_options([(reason.code, reason.text) for reason in reasons])
        for number, button in enumerate(self._reasons.buttons(), start=1):
            if number == 10:
                button.setText(f"0  {reasons[9].text}")

    def _say_confirm(self, words: str) -> None:
        self._confirm.say(words)


class LabelledRow(QWidget):
    """A label beside its choices, or above them where large text leaves no room."""

    def __init__(self, label: str, row: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = Text(label, "label", self, wrap=False)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4)
        self._box.addWidget(self._label)
        self._box.addWidget(row, 1)
        theme.current().changed.connect(self._turn)
        self._turn()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._turn()
        super().resizeEvent(event)

    def _turn(self) -> None:
        look = theme.current()
        beside = self.width() >= look.pixels(LABEL_BESIDE_PIXELS)
        self._label.setMinimumWidth(look.pixels(104) if beside else 0)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._box.direction() != direction:
            self._box.setDirection(direction)


def grow_with_width(widget: QWidget) -> None:
    """Let a widget with a flow of buttons take the height that its width asks for."""
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)
