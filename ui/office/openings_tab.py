"""Tilganger: patients opened by people who do not follow them, judged by somebody else."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from sync.client.office_messages import (
    Done,
    OpeningRow,
    OpeningsAnswer,
    ReviewOpeningRequest,
    Verdict,
)
from ui import theme
from ui.access.state import reason_word
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.parts import Facts
from ui.office.state import Fact, role_word
from ui.office.tab import OfficeTab
from ui.sync.state import when
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    FormField,
    PrimaryButton,
    Row,
    RowList,
    RowTag,
    SecondaryButton,
    row_of,
)


class OpeningsTab(OfficeTab):
    """What waits stands first. What is typed about an opening stays while the list is renewed."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Tilganger"))
        self._openings: dict[str, OpeningRow] = {}
        self._shown: OpeningRow | None = None
        self.add_columns([self._list_card()], self._detail_card())
        # The list is as tall as its rows, which grow with the text.
        context.theme.changed.connect(self._fill)

    def load(self) -> None:
        self.read(lambda service: service.openings(), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Åpnet utenfor egen liste"), self)
        self.rows = RowList(self.tr("Åpnet utenfor egen liste"), card)
        self.rows.setObjectName("openingList")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState(
            "circle-check",
            self.tr("Ingen åpninger"),
            self.tr("Når noen åpner en pasient de ikke følger, står det her med begrunnelsen."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card(self.tr("Var det i orden?"), self)
        self.facts = Facts(self.tr("Åpningen"), card)
        card.body.addWidget(self.facts)
        self._own = Banner("", "neutral", card)
        self._own.setObjectName("openingOwn")
        card.body.addWidget(self._own)
        self.words = QPlainTextEdit(card)
        self.words.setObjectName("openingWords")
        self.words.setTabChangesFocus(True)
        self.words.setMinimumHeight(theme.current().pixels(84))
        self.words_field = FormField(
            self.tr("Merknad (må fylles ut når det følges opp)"), self.words, parent=card
        )
        card.body.addWidget(self.words_field)
        self.in_order = PrimaryButton(
            self.tr("I orden"), card, icon="circle-check", name="openingInOrder"
        )
        self.follow_up = SecondaryButton(
            self.tr("Følges opp"), card, icon="circle-alert", name="openingFollowUp"
        )
        self.in_order.clicked.connect(lambda: self._judge(Verdict.IN_ORDER))
        self.follow_up.clicked.connect(lambda: self._judge(Verdict.FOLLOW_UP))
        card.body.addLayout(row_of(self.in_order, self.follow_up, None))
        card.hide()
        return card

    # --- what is shown

    def _show(self, answer: OpeningsAnswer) -> None:
        self._openings = {one.id: one for one in answer.openings}
        self._fill()
        self._none.setVisible(not answer.openings)
        waiting = sum(one.verdict is None and not one.own for one in answer.openings)
        self.counted.emit("openings", waiting)
        self._show_chosen()

    @Slot()
    def _fill(self) -> None:
        """Show the rows again, at the height that they need."""
        self.rows.set_rows([self._row(one) for one in self._openings.values()], select_first=True)
        self.rows.setVisible(bool(self._openings))
        self.rows.fit_height(9)

    def _row(self, one: OpeningRow) -> Row:
        now = self.context.session.clock.now()
        tag = RowTag(self.tr("Venter"), "warn", "clock")
        if one.verdict is Verdict.FOLLOW_UP:
            tag = RowTag(self.tr("Følges opp"), "danger", "circle-alert")
        elif one.verdict is Verdict.IN_ORDER:
            tag = RowTag(self.tr("I orden"), "ok", "circle-check")
        return Row(
            id=one.id,
            title=f"{one.user_name} → {one.patient_name}",
            detail=f"{reason_word(one.reason)} · {when(one.at, now)}",
            icon="eye",
            tags=(tag,),
        )

    @Slot()
    def _show_chosen(self) -> None:
        one = self._openings.get(self.rows.current_id or "")
        self._card.setVisible(one is not None)
        if one is None:
            self._shown = None
            return
        if self._shown == one:
            return  # what is being typed about it stays
        if self._shown is None or self._shown.id != one.id:
            self.words.clear()
            self.words_field.say_problem("")
        self._shown = one
        self.facts.set_facts(self._facts_of(one))
        self._own.say(
            self.tr("Dette åpnet du selv. En annen må se gjennom det.") if one.own else "",
            "neutral",
        )
        open_ = one.verdict is not Verdict.IN_ORDER and not one.own
        for widget in (self.words_field, self.in_order, self.follow_up):
            widget.setVisible(open_)

    def _facts_of(self, one: OpeningRow) -> list[Fact]:
        now = self.context.session.clock.now()
        role = role_word(one.role)
        facts = [
            Fact(self.tr("Hvem"), f"{one.user_name}, {role}" if role else one.user_name),
            Fact(self.tr("Pasient"), one.patient_name),
            Fact(self.tr("Når"), f"{when(one.at, now)} · {one.device_name}"),
            Fact(self.tr("Grunn"), reason_word(one.reason)),
            Fact(self.tr("Med egne ord"), one.words or self.tr("Ikke skrevet")),
            Fact(self.tr("På listen til"), when(one.until, now)),
        ]
        if one.verdict is not None:
            said = self.tr("I orden") if one.verdict is Verdict.IN_ORDER else self.tr("Følges opp")
            facts.append(Fact(self.tr("Vurdert"), f"{said} · {one.reviewed_by}"))
        if one.review_words:
            facts.append(Fact(self.tr("Merknad"), one.review_words))
        return facts

    @Slot()
    def _go_into_card(self) -> None:
        self.words.setFocus()
        self.ensureWidgetVisible(self.words)

    # --- what the person does

    def _judge(self, verdict: Verdict) -> None:
        one, words = self._shown, self.words.toPlainText().strip()
        if one is None:
            return
        if verdict is Verdict.FOLLOW_UP and not words:
            self.words_field.say_problem(self.tr("Skriv hva som skal følges opp."))
            self.words.setFocus()
            return
        self.words_field.say_problem("")
        request = ReviewOpeningRequest(id=one.id, verdict=verdict, words=words)

        def done(answer: Done) -> None:
            del answer
            self._shown = None
            self.words.clear()
            self.say_done(self.tr("Vurderingen er lagret."))
            self.rows.setFocus()
            self.load()

        self.act(lambda service: service.review_opening(request), done)
