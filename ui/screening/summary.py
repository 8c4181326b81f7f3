"""Before completing: every answer, the state of the person, the norm set, and what it comes to."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.medication import ObservedState
from fieldapp.domain.patients import Patient
from fieldapp.domain.screening.scoring import Score
from ui.screening.question import grow_with_width
from ui.screening.state import NOT_CHOSEN, Form
from ui.screening.words import (
    answer_rows,
    incomplete_text,
    missing_text,
    norm_set_hint,
    norm_set_word,
    score_view,
)
from ui.sources import SourceList
from ui.widgets import (
    Banner,
    Card,
    ChoiceRow,
    Clickable,
    Columns,
    Divider,
    FlowLayout,
    SecondaryButton,
    Text,
    clear,
)
from ui.words import word


class SummaryView(Columns):
    """Signals:
    item_chosen(str): go to this question.
    norm_set_chosen(object): "female", "male" or None.
    state_chosen(str): an ObservedState's value.
    skip_taken(): leave out what may be left out.
    """

    item_chosen = Signal(str)
    norm_set_chosen = Signal(object)
    state_chosen = Signal(str)
    skip_taken = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, shares=(1, 1))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Oppsummering"))
        self.left.addWidget(self._facts_card())
        self.left.addStretch(1)
        self.right.addWidget(self._answers_card())
        self.right.addStretch(1)

    def show_form(self, form: Form, patient: Patient, result: Score) -> None:
        missing = len(form.missing)
        self._missing.say(missing_text(missing) if missing else "", "warn")
        self._show_offer(form)
        self._state.choose(form.state)
        self._norm.choose(form.norm_set or NOT_CHOSEN)
        self._norm_hint.setText(norm_set_hint(patient))
        view = score_view(result, form.instrument, "", form.state)
        figure = f"{view.figure} {view.scale}"
        self._preview.setText(
            incomplete_text(result) if missing else f"{figure} · {view.level}".strip()
        )
        self._show_answers(form)

    def focus_start(self) -> None:
        """Put the focus on nothing that a digit too many could choose or press."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _facts_card(self) -> Card:
        card = Card(self.tr("Før du fullfører"), self)
        self._missing = Banner("", "warn", card)
        card.body.addWidget(self._missing)
        card.body.addWidget(self._offer_panel(card))
        self._state = ChoiceRow(
            self.tr("Tilstand ved utfylling"),
            [(state.value, word(state).capitalize()) for state in ObservedState],
            card,
            name="stateAtCompletion",
        )
        self._state.chosen.connect(lambda code: self.state_chosen.emit(str(code)))
        card.body.addWidget(Text(self.tr("Tilstand ved utfylling"), "label", card))
        card.body.addWidget(self._state)
        self._norm = ChoiceRow(
            self.tr("Normsett"),
            [(code or NOT_CHOSEN, norm_set_word(code)) for code in ("female", "male", None)],
            card,
            name="normSet",
        )
        self._norm.chosen.connect(self._on_norm_set)
        self._norm_hint = Text("", "small", card)
        card.body.addSpacing(4)
        card.body.addWidget(Text(self.tr("Normsett for grensene"), "label", card))
        card.body.addWidget(self._norm)
        card.body.addWidget(self._norm_hint)
        card.body.addSpacing(4)
        card.body.addWidget(Divider(card))
        card.body.addWidget(Text(self.tr("Resultat så langt"), "label", card))
        self._preview = Text("", "heading", card)
        self._preview.setObjectName("screeningPreview")
        card.body.addWidget(self._preview)
        return card

    def _offer_panel(self, parent: QWidget) -> QWidget:
        self._offer = QFrame(parent)
        self._offer.setObjectName("sunken")
        column = QVBoxLayout(self._offer)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        self._offer_text = Text("", "", self._offer)
        self._offer_source = SourceList(self._offer)
        take = SecondaryButton(self.tr("Hopp over dem"), self._offer, name="summarySkip")
        take.clicked.connect(self.skip_taken)
        holder = QWidget(self._offer)
        FlowLayout(holder, 8).addWidget(take)
        grow_with_width(holder)
        for widget in (self._offer_text, self._offer_source, holder):
            column.addWidget(widget)
        return self._offer

    def _show_offer(self, form: Form) -> None:
        offer = form.offer
        self._offer.setVisible(offer is not None)
        if offer is not None:
            self._offer_text.setText(f"{offer.label}.")
            self._offer_source.show_sources([offer.source])

    def _answers_card(self) -> Card:
        card = Card(self.tr("Svarene"), self)
        card.body.addWidget(Text(self.tr("Velg et spørsmål for å endre svaret."), "small", card))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        card.body.addLayout(self._rows)
        return card

    def _show_answers(self, form: Form) -> None:
        clear(self._rows)
        for item_id, label, said, missing in answer_rows(form):
            row = _AnswerRow(label, said, missing, self)
            row.setObjectName(f"answer_{item_id}")
            row.clicked.connect(lambda chosen=item_id: self.item_chosen.emit(chosen))
            self._rows.addWidget(row)

    def _on_norm_set(self, code: object) -> None:
        self.norm_set_chosen.emit(None if code == NOT_CHOSEN else code)


class _AnswerRow(Clickable):
    def __init__(self, label: str, said: str, missing: bool, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 9, 8, 9)
        row.setSpacing(12)
        row.addWidget(Text(label, "", self), 1)
        answer = Text(said, "warn" if missing else "strong", self)
        answer.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(answer, 1)
        self.setAccessibleName(f"{label}: {said}")
