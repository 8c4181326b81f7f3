"""Forslag: wishes from the field about orders and assignments, accepted or declined with words."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.handout_events import IncidentType
from fieldapp.services import visits
from sync.client.office_messages import (
    DecideProposalRequest,
    Done,
    ProposalRow,
    ProposalsAnswer,
)
from ui.context import AppContext
from ui.events.words import incident_word
from ui.office.desk import OfficeDesk
from ui.office.parts import Comparison
from ui.office.state import proposal_row
from ui.office.tab import OfficeTab
from ui.office.values import differences
from ui.sync.state import when
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    FlowLayout,
    FormField,
    PrimaryButton,
    Prose,
    RowList,
    SecondaryButton,
    Text,
)
from ui.words import kind_word

_ORDER = "medication_request"


_OPENING = frozenset({"medication_administration", "dose_incident"})
"""Wishes to open a day again."""

_OPENING_FIELDS = (
    *("incident", "doses", "happened_at", "given_at", "day", "part", "dose_mg", "dose_ml"),
    *("text", "prescriber_contact"),
)


def _incident_text(code: object) -> str:
    try:
        return incident_word(IncidentType(str(code)))
    except ValueError:
        return str(code)


class ProposalsTab(OfficeTab):
    """Accepting writes the wished fields; declining needs words that the author will read."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Forslag"))
        self._rows: dict[str, ProposalRow] = {}
        self._shown: ProposalRow | None = None
        self.add_columns([self._list_card()], self._detail_card())

    def load(self) -> None:
        self.read(lambda service: service.proposals(), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Forslag"), self)
        self.rows = RowList(self.tr("Forslag"), card)
        self.rows.setObjectName("proposalList")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState(
            "circle-check",
            self.tr("Ingen forslag venter"),
            self.tr("Ønsker om å endre forordninger og tildelinger vises her."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        self._more = Text(self.tr("Det er flere. De kommer når disse er avgjort."), "small", card)
        self._more.hide()
        card.body.addWidget(self._more)
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card("-", self)
        self._who = Text("", "muted", card)
        card.body.addWidget(self._who)
        self._why = Prose("", card)
        card.body.addWidget(self._why)
        self.sides = Comparison(self.tr("Forslaget mot det som gjelder"), card)
        card.body.addWidget(self.sides)
        self._opens = Banner("", "warn", card)
        card.body.addWidget(self._opens)
        self._not_here = Banner("", "neutral", card)
        card.body.addWidget(self._not_here)
        self.words = QLineEdit(card)
        self.words.setObjectName("proposalWords")
        self.words.setPlaceholderText(self.tr("Må fylles ut når forslaget avslås"))
        self.words_field = FormField(self.tr("Svar til den som foreslo"), self.words, parent=card)
        card.body.addWidget(self.words_field)
        self.accept = PrimaryButton(self.tr("Godta"), card, icon="check", name="proposalAccept")
        self.accept.setAccessibleName(self.tr("Godta forslaget"))
        self.decline = SecondaryButton(self.tr("Avslå"), card, icon="x", name="proposalDecline")
        self.decline.setAccessibleName(self.tr("Avslå forslaget"))
        self.accept.clicked.connect(lambda: self._decide(accept=True))
        self.decline.clicked.connect(lambda: self._decide(accept=False))
        acts = FlowLayout(None, 8)
        acts.addWidget(self.accept)
        acts.addWidget(self.decline)
        card.body.addLayout(acts)
        card.hide()
        return card

    # --- what is shown

    def _show(self, answer: ProposalsAnswer) -> None:
        now = self.context.session.clock.now()
        self._rows = {row.id: row for row in answer.proposals}
        self.rows.set_rows([proposal_row(row, now) for row in answer.proposals], select_first=True)
        self.rows.setVisible(bool(answer.proposals))
        self.rows.fit_height(9)
        self._none.setVisible(not answer.proposals)
        self._more.setVisible(answer.more)
        self.counted.emit("proposals", len(answer.proposals))
        self._show_chosen()

    @Slot()
    def _show_chosen(self) -> None:
        row = self._rows.get(self.rows.current_id or "")
        self._card.setVisible(row is not None)
        if row is None:
            self._shown = None
            return
        if self._shown is not None and self._shown == row:
            return  # what is being typed about it stays
        self._shown = row
        self.words.clear()
        self.words_field.say_problem("")
        now = self.context.session.clock.now()
        self._card.heading.setText(f"{kind_word(row.target_kind)} · {row.patient_name}")
        self._who.setText(
            self.tr("Foreslått av {0}, {1}").format(row.author_name, when(row.proposed_at, now))
        )
        self._why.setText(row.reason)
        self._why.setVisible(bool(row.reason))
        names = {one.id: one.name for one in visits.staff(self.context.session)}
        opens = row.target_kind in _OPENING
        if opens:
            self._show_what_opens(row)
        else:
            self.sides.show_sides(
                self.tr("Forslaget"),
                self.tr("Gjelder nå"),
                differences(row.values, row.server_body, (), names),
                two=row.server_body is not None,
            )
        self._opens.say(self._opens_text() if opens else "", "warn")
        others = self.tr("Forordninger avgjøres av lege. Forslaget vises så det ikke blir glemt.")
        self._not_here.say("" if row.can_decide else others, "neutral")
        order = row.target_kind == _ORDER
        self.accept.say(
            self.tr("Godta · før ordinasjonen …")
            if order
            else self.tr("Åpne dagen igjen")
            if opens
            else self.tr("Godta")
        )
        for part in (self.words_field, self.accept, self.decline):
            part.setVisible(row.can_decide)

    def _show_what_opens(self, row: ProposalRow) -> None:
        """The dose that was never given, or what became of the bottles."""
        body = dict(row.server_body or {})
        if row.target_kind == "dose_incident":
            doses = body.get("administration_ids")
            count = len(doses) if isinstance(doses, list) else 0
            body = {
                "incident": _incident_text(body.get("type")),
                "doses": str(count),
                "happened_at": body.get("happened_at"),
                "text": body.get("text"),
                "prescriber_contact": body.get("prescriber_contact"),
            }
        self.sides.show_sides(
            self.tr("Det gjelder"), "", differences(body, None, tuple(_OPENING_FIELDS)), two=False
        )

    def _opens_text(self) -> str:
        return self.tr(
            "Godtar du, blir dagene ledige igjen, og en annen kan reservere dem og gi. Snakk med "
            "den som førte dosen først. Skriv hva dere ble enige om."
        )

    @Slot()
    def _go_into_card(self) -> None:
        self.words.setFocus()
        self.ensureWidgetVisible(self.words)

    # --- what the person does

    def _decide(self, *, accept: bool) -> None:
        row = self._shown
        if row is None:
            return
        if accept and row.target_kind == _ORDER:
            # A click is no order: the form opens filled in, and a second person confirms.
            self.opened.emit("orders", f"wish:{row.id}")
            return
        words = self.words.text().strip()
        opens = accept and row.target_kind in _OPENING
        if not words and (opens or not accept):
            why = self.tr("Skriv hvorfor forslaget avslås.")
            self.words_field.say_problem(self.tr("Skriv hvorfor dagen åpnes.") if opens else why)
            self.words.setFocus()
            return
        self.words_field.say_problem("")
        request = DecideProposalRequest(id=row.id, accept=accept, words=words)
        told = self.tr("Avslått. {0} får vite det ved neste synk.")
        if accept:
            told = self.tr("Godtatt. Endringen gjelder fra nå, og {0} får vite det.")

        def done(answer: Done) -> None:
            del answer
            self._shown = None
            self.say_done(told.format(row.author_name))
            self.rows.setFocus()
            self.load()

        self.act(lambda service: service.decide_proposal(request), done)
