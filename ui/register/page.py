"""Narkotikaregnskap: what is in each bag and cupboard, what was counted, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.services import own_log, register_view
from fieldapp.services.register_view import Overview
from ui.context import AppContext
from ui.errors import sentence_for
from ui.page import Page
from ui.register import state
from ui.register.dialogs import (
    ActDialog,
    AmountDialog,
    CountDialog,
    ExplainDialog,
    PackDialog,
    ReceiveDialog,
    ReverseDialog,
)
from ui.register.documents_dialog import DocumentsDialog
from ui.register.state import LedgerView
from ui.register.words import difference_text, item_text
from ui.widgets import (
    Banner,
    Button,
    Card,
    Columns,
    EmptyState,
    FlowLayout,
    PageHeader,
    PrimaryButton,
    QuietButton,
    ScrollColumn,
    SecondaryButton,
    Statements,
    Text,
    clear,
)

_KINDS = frozenset({"supply_movement", "witness_statement", "medication_request", "practitioner",
                    "medication_administration"})  # fmt: skip
_GAPS_SHOWN = 20


class RegisterPage(Page):
    """Worked out anew each time it is shown, off the window's thread: years of lines take seconds.

    Until then the last figures stand there, and nothing can be done by them the first time.

    Signals:
        shown(): what the lines add up to is on screen.
    """

    shown = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self._view: Overview | None = None
        self._asked = self._answered = 0
        self._focus_when_shown = False
        self._header = PageHeader(self.tr("Narkotikaregnskap"), parent=self)
        self.pack = PrimaryButton(self.tr("Pakk veske"), self, icon="package", name="registerPack")
        self.receive = SecondaryButton(
            self.tr("Mottatt fra apotek"), self, icon="plus", name="registerReceive"
        )
        self.papers = SecondaryButton(
            self.tr("Lister og etiketter"), self, icon="printer", name="registerPapers"
        )
        self.pack.clicked.connect(self._open_pack)
        self.receive.clicked.connect(self._open_receive)
        self.papers.clicked.connect(self._open_papers)
        acts = QWidget(self)
        flow = FlowLayout(acts, 8)
        for button in (self.pack, self.receive, self.papers):
            button.setEnabled(False)
            flow.addWidget(button)
        self.reverse = QuietButton(
            self.tr("Rett en linje"), self, icon="undo-2", name="registerReverse"
        )
        self.reverse.clicked.connect(self._open_reverse)
        self.reverse.setEnabled(False)
        flow.addWidget(self.reverse)
        self.said = Banner("", "ok", self)
        self.trouble = Banner("", "danger", self)
        self._notices = QVBoxLayout()
        self._notices.setSpacing(10)
        self._differences = Card(self.tr("Differanser som ikke er forklart"), self)
        self._difference_rows = QVBoxLayout()
        self._differences.body.addLayout(self._difference_rows)
        self._differences.hide()
        self._gaps = Card(self.tr("Doser som regnskapet mangler noe om"), self)
        self._gaps_told = Text("", "muted", self._gaps)
        self._gap_rows = Statements(self.tr("Doser som regnskapet mangler noe om"), self._gaps)
        self._gap_rows.setObjectName("registerGaps")
        self._gaps.body.addWidget(self._gaps_told)
        self._gaps.body.addWidget(self._gap_rows)
        self._gaps.hide()
        self._columns = Columns(self, shares=(1, 1))
        self._bags, self._stores = QVBoxLayout(), QVBoxLayout()
        for column, target in (
            (self._bags, self._columns.left),
            (self._stores, self._columns.right),
        ):
            column.setSpacing(14)
            target.addLayout(column)
            target.addStretch(1)
        area = ScrollColumn(self.tr("Narkotikaregnskap"), self)
        area.body.addWidget(self._header)
        area.body.addWidget(acts)
        area.body.addWidget(self.said)
        area.body.addWidget(self.trouble)
        area.body.addLayout(self._notices)
        area.body.addWidget(self._differences)
        area.body.addWidget(self._columns)
        area.body.addWidget(self._gaps)
        area.body.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    @property
    def is_reading(self) -> bool:
        """True until what was asked for last has come."""
        return self._answered < self._asked

    def show_for(self, **args: object) -> None:
        self.said.say("")
        self._focus_when_shown = True
        own_log.note_read(self.context.session, "register")
        self._load()

    def refresh(self, change_set: ChangeSet) -> None:
        if change_set.touches(kinds=_KINDS):
            self._load()

    # --- showing

    def _load(self) -> None:
        self._asked += 1
        asked, session = self._asked, self.context.session
        if self._view is None:
            self._header.say(self.tr("Narkotikaregnskap"), self.tr("Regner ut …"))

        def work() -> Overview:
            with session.beside() as beside:
                return register_view.overview(beside)

        def on_done(view: Overview) -> None:
            # What was asked for last counts; it has the newest lines.
            if asked == self._asked:
                self._answered = asked
                self._show(view)

        def on_trouble(error: BaseException) -> None:
            if asked == self._asked:
                self._answered = asked
                self.trouble.say(sentence_for(error), "danger")

        self.context.tasks.run(work, on_done, on_trouble)

    def _show(self, view: Overview) -> None:
        self._view = view
        session = self.context.session
        own = (session.device_id, session.user.id)
        self.trouble.say("")
        self._header.say(
            self.tr("Narkotikaregnskap"),
            self.tr("Regnes ut av linjene hver gang. Ingen linje kan endres eller slettes."),
        )
        self.pack.setEnabled(bool(view.stores))
        for button in (self.receive, self.papers, self.reverse):
            button.setEnabled(True)
        self._show_notices(state.notices(view))
        self._show_differences(state.differences(view, session.user.id))
        self._show_gaps(view)
        bags, stores = state.bags(view, own), state.stores(view)
        clear(self._bags)
        clear(self._stores)
        if not bags:
            self._bags.addWidget(self._no_bag())
        for card in bags:
            self._bags.addWidget(self._ledger_card(card))
        if not stores:
            self._stores.addWidget(self._no_store())
        for card in stores:
            self._stores.addWidget(self._ledger_card(card))
        if self._focus_when_shown:
            self._focus_when_shown = False
            (self.pack if self.pack.isEnabled() else self.receive).setFocus()
        self.shown.emit()

    def _show_notices(self, found: Sequence[state.Notice]) -> None:
        clear(self._notices)
        for notice in found:
            self._notices.addWidget(Banner(notice.text, notice.tone, self))

    def _show_differences(self, found: Sequence[state.DifferenceView]) -> None:
        clear(self._difference_rows)
        self._differences.setVisible(bool(found))
        for one in found:
            line = Statements(one.row.spoken, self)
            line.set_rows([one.row])
            self._difference_rows.addWidget(line)
            if one.may_explain:
                button = SecondaryButton(
                    self.tr("Forklar"), self, icon="pencil", name="registerExplain"
                )
                button.setAccessibleName(f"{self.tr('Forklar')}: {one.row.spoken}")
                button.clicked.connect(self._explainer(one.count_id))
                self._difference_rows.addWidget(_left(button, self))
            else:
                self._difference_rows.addWidget(
                    Text(self.tr("Forklares av en annen enn den som talte."), "muted", self)
                )

    def _show_gaps(self, view: Overview) -> None:
        """The newest of them; the month's register on paper has them all."""
        self._gaps.setVisible(bool(view.gaps))
        told = self.tr("{count} doser siden forrige måned begynte.").format(count=len(view.gaps))
        if len(view.gaps) > _GAPS_SHOWN:
            told = self.tr("{told} De {shown} nyeste vises.").format(told=told, shown=_GAPS_SHOWN)
        self._gaps_told.setText(told)
        self._gap_rows.set_rows([state.gap_row(gap) for gap in view.gaps[:_GAPS_SHOWN]])

    def _ledger_card(self, ledger: LedgerView) -> Card:
        card = Card(ledger.title, self)
        if ledger.detail:
            card.body.addWidget(Text(ledger.detail, "muted", card))
        rows = Statements(ledger.title, card)
        rows.set_rows(ledger.rows)
        card.body.addWidget(rows)
        buttons = QWidget(card)
        flow = FlowLayout(buttons, 8)
        is_bag = state.is_bag(ledger.ledger)
        acts: list[tuple[str, str, str]] = [("count", self.tr("Tell"), "scale")]
        if is_bag:
            acts.insert(0, ("back", self.tr("Tell inn"), "clipboard-check"))
        if ledger.own_bag:
            acts.append(("fill", self.tr("Fyll på"), "plus"))
        acts.append(("return", self.tr("Levert tilbake"), "rotate-ccw"))
        acts.append(("waste", self.tr("Kassert"), "circle-slash"))
        for act, text, icon in acts:
            button = SecondaryButton(text, buttons, icon=icon, name=f"register_{act}")
            button.setAccessibleName(f"{text}: {ledger.title}")
            button.clicked.connect(self._opener(act, ledger))
            flow.addWidget(button)
        card.body.addWidget(buttons)
        return card

    def _no_bag(self) -> Card:
        card = Card("", self)
        card.body.addWidget(
            EmptyState(
                "package",
                self.tr("Ingen veske er pakket"),
                self.tr("Pakk det turen trenger, og tell det i vesken."),
                card,
            )
        )
        return card

    def _no_store(self) -> Card:
        card = Card("", self)
        card.body.addWidget(
            EmptyState(
                "table",
                self.tr("Ingen skap har fått medisin ennå"),
                self.tr("Før inn det som kommer fra apoteket."),
                card,
            )
        )
        return card

    # --- acting

    def _known(self) -> Overview:
        """What is on screen; the buttons work from the first showing on."""
        assert self._view is not None
        return self._view

    @Slot()
    def _open_pack(self) -> None:
        self._open(PackDialog(self.context, self._known(), parent=self))

    @Slot()
    def _open_receive(self) -> None:
        self._open(ReceiveDialog(self.context, self._known(), self))

    @Slot()
    def _open_reverse(self) -> None:
        self._open(ReverseDialog(self.context, self._known(), self))

    @Slot()
    def _open_papers(self) -> None:
        DocumentsDialog(self.context, self).open()

    def _opener(self, act: str, ledger: LedgerView) -> Callable[[], None]:
        def open_act() -> None:
            context, view = self.context, self._known()
            match act:
                case "back" | "count":
                    back = act == "back"
                    self._open(CountDialog(context, view, ledger, back=back, parent=self))
                case "fill":
                    self._open(PackDialog(context, view, ledger, self))
                case _:
                    waste = act == "waste"
                    self._open(AmountDialog(context, view, ledger, waste=waste, parent=self))

        return open_act

    def _explainer(self, count_id: str) -> Callable[[], None]:
        def open_it() -> None:
            view = self._known()
            found = next((one for _, one in view.differences if one.count.id == count_id), None)
            if found is not None:
                self._open(ExplainDialog(self.context, view, found, self))

        return open_it

    def _open(self, dialog: ActDialog) -> None:
        dialog.accepted.connect(lambda: self._say(dialog))
        dialog.open()

    def _say(self, dialog: ActDialog) -> None:
        """What was counted, and the difference by name, stays on the page."""
        done = dialog.done_act
        if done is None:
            return
        off = [told for told in done.told if told.difference]
        if not off:
            text = self.tr("Lagret. Tellingen stemmer.") if done.told else self.tr("Lagret.")
            self.said.say(text, "ok")
            return
        parts = [
            f"{item_text(told.item)}: {difference_text(told.difference, told.item.unit)}"
            for told in off
        ]
        text = self.tr("Lagret med differanse. {parts}. Tell en gang til, eller forklar den.")
        self.said.say(text.format(parts=", ".join(parts)), "warn")


def _left(button: Button, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    FlowLayout(holder, 8).addWidget(button)
    return holder
