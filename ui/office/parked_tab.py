"""Stoppede endringer: what laptops could not deliver, seen, corrected and taken over."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.services import visits
from sync.client.office_messages import (
    FlaggedAnswer,
    ParkedAnswer,
    ParkedRow,
    TakeOverAction,
    TakeOverAnswer,
    TakeOverRequest,
)
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.parts import Comparison
from ui.office.reasons import stopped_text
from ui.office.state import flagged_row, parked_key, parked_row, side_text
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
    RowList,
    SecondaryButton,
    Text,
)
from ui.words import kind_word


class ParkedTab(OfficeTab):
    """Holds the last answer. What is typed about a change stays when the list comes anew."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Stoppede endringer"))
        self._rows: dict[str, ParkedRow] = {}
        self._shown: ParkedRow | None = None
        self._wanted_device = ""
        self._names: dict[str, str] = {}
        self.add_columns([self._list_card(), self._flagged_card()], self._detail_card())

    def load(self) -> None:
        self._names = {one.id: one.name for one in visits.staff(self.context.session)}
        self.read(lambda service: service.parked(), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    def show_id(self, wanted: str) -> None:
        """Show the first change of this laptop, when the answer is there."""
        self._wanted_device = wanted

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Stoppede endringer"), self)
        self.rows = RowList(self.tr("Stoppede endringer"), card)
        self.rows.setObjectName("parkedList")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState(
            "circle-check",
            self.tr("Ingenting er stoppet"),
            self.tr("Det laptopene ikke får levert, vises her."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        self._more = Text(self.tr("Det er flere. De kommer når disse er avgjort."), "small", card)
        self._more.hide()
        card.body.addWidget(self._more)
        return card

    def _flagged_card(self) -> QWidget:
        self._flagged = card = Card(self.tr("Levert på tross av endringer"), self)
        about = self.tr("Dette er lagret, og ingenting må gjøres. Se om noen bør få vite om det.")
        card.body.addWidget(Text(about, "muted", card))
        self.flagged = RowList(self.tr("Levert på tross av endringer"), card)
        self.flagged.setObjectName("flaggedList")
        card.body.addWidget(self.flagged)
        self._more_flagged = Text(self.tr("Bare de nyeste vises."), "small", card)
        card.body.addWidget(self._more_flagged)
        card.hide()
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card("-", self)
        self._who = Text("", "muted", card)
        card.body.addWidget(self._who)
        self._reason = Banner("", "warn", card)
        self._reason.setObjectName("parkedReason")
        card.body.addWidget(self._reason)
        self.sides = Comparison(self.tr("Det som er ulikt"), card)
        card.body.addWidget(self.sides)
        self.reason = QLineEdit(card)
        self.reason.setObjectName("parkedWhy")
        self.reason.setPlaceholderText(self.tr("For eksempel: avklart med Nils på telefon"))
        self.reason_field = FormField(self.tr("Begrunnelse"), self.reason, parent=card)
        card.body.addWidget(self.reason_field)
        self.store = PrimaryButton(
            self.tr("Lagre som den er"), card, icon="check", name="parkedStore"
        )
        self.edit = SecondaryButton(self.tr("Rett …"), card, icon="pencil", name="parkedEdit")
        self.keep = SecondaryButton(
            self.tr("Behold serverens"), card, icon="undo-2", name="parkedKeep"
        )
        self.store.clicked.connect(self._store)
        self.edit.clicked.connect(self._edit)
        self.keep.clicked.connect(self._keep)
        acts = FlowLayout(None, 8)
        for button in (self.store, self.edit, self.keep):
            acts.addWidget(button)
        card.body.addLayout(acts)
        card.hide()
        return card

    # --- what is shown

    def _show(self, answer: ParkedAnswer) -> None:
        now = self.context.session.clock.now()
        self._rows = {parked_key(row): row for row in answer.parked}
        self.rows.set_rows([parked_row(row, now) for row in answer.parked], select_first=True)
        self.rows.setVisible(bool(answer.parked))
        self.rows.fit_height(9)
        self._none.setVisible(not answer.parked)
        self._more.setVisible(answer.more)
        self.counted.emit("parked", len(answer.parked))
        wanted, self._wanted_device = self._wanted_device, ""
        for row in answer.parked:
            if wanted and row.device_id == wanted:
                self.rows.select_id(parked_key(row))
                break
        self._show_chosen()
        self.read(lambda service: service.flagged(), self._show_flagged, "flagged")

    def _show_flagged(self, answer: FlaggedAnswer) -> None:
        now = self.context.session.clock.now()
        self.flagged.set_rows([flagged_row(row, now) for row in answer.flagged])
        self.flagged.fit_height(6)
        self._more_flagged.setVisible(answer.more)
        self._flagged.setVisible(bool(answer.flagged))

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
        self.reason.clear()
        self.reason_field.say_problem("")
        now = self.context.session.clock.now()
        patient = row.patient_name or self.tr("Hele teamet")
        self._card.heading.setText(f"{kind_word(row.kind)} · {patient}")
        who = self.tr("{0} på {1}, {2}").format(row.user_name, row.device_name, when(row.at, now))
        if row.wants_help:
            who += "\n" + self.tr("{0} har bedt kontoret om å gjøre det opp.").format(row.user_name)
        self._who.setText(who)
        self._reason.say(stopped_text(row.reason, row.detail), "warn")
        self.sides.show_sides(
            side_text(self.tr("Fra laptopen"), row.user_name, row.at, row.device_name, now),
            side_text(
                self.tr("På serveren nå"),
                row.server_author_name,
                row.server_received_at,
                row.server_device_name,
                now,
            ),
            differences(row.mine, row.server_body, row.fields, self._names),
            two=row.server_body is not None,
        )
        self.edit.say(self.tr("Rett …"))
        self.edit.setVisible(self.sides.can_edit)
        self.store.say(self.tr("Lagre som den er"))
        self.keep.setVisible(row.can_keep_server)

    @Slot()
    def _go_into_card(self) -> None:
        self.reason.setFocus()
        self.ensureWidgetVisible(self.reason)

    # --- what the person does

    @Slot()
    def _edit(self) -> None:
        if self.sides.editing:
            self.sides.stop_editing()
            self.edit.say(self.tr("Rett …"))
            self.store.say(self.tr("Lagre som den er"))
            return
        self.sides.edit()
        self.edit.say(self.tr("Angre rettingen"))
        self.store.say(self.tr("Lagre rettet"))

    @Slot()
    def _store(self) -> None:
        row = self._shown
        if row is None:
            return
        body = None
        if self.sides.editing:
            try:
                changes = self.sides.changes()
            except ValueError as error:
                self.say_wrong(str(error))
                return
            # Only what was corrected; the rest is stored as its author wrote it.
            body = changes or None
        self._settle(TakeOverAction.STORE, body)

    @Slot()
    def _keep(self) -> None:
        self._settle(TakeOverAction.KEEP_SERVER, None)

    def _settle(self, action: TakeOverAction, body: dict[str, object] | None) -> None:
        row = self._shown
        if row is None:
            return
        reason = self.reason.text().strip()
        if not reason:
            self.reason_field.say_problem(self.tr("Skriv hvorfor. Det står i kontorets logg."))
            self.reason.setFocus()
            return
        self.reason_field.say_problem("")
        request = TakeOverRequest(
            change_id=row.change_id,
            device_id=row.device_id,
            action=action,
            body=body,
            reason=reason,
        )

        def done(answer: TakeOverAnswer) -> None:
            del answer
            self._shown = None
            self.say_done(
                self.tr("Avgjort. {0} får vite det ved neste synk.").format(row.user_name)
            )
            self.rows.setFocus()
            self.load()

        self.act(lambda service: service.take_over(request), done)
