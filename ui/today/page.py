"""I dag: what is to be done, what is late, what was left unfinished, and how sync stands."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.rights import Right
from fieldapp.services import notes, rights, today
from ui.context import AppContext
from ui.events import FORMS
from ui.page import Page
from ui.rights import offer
from ui.sync.foreign_drafts import ForeignDrafts
from ui.sync.state import headline, parked_text, unsent_text
from ui.today.plan_dialog import PlanVisitDialog
from ui.today.rows import DoseLine, LateLine, RowColumn, UnfinishedLine, VisitLine
from ui.today.state import DayView, LateRow, UnfinishedRow, VisitRow, day_view
from ui.widgets import (
    Card,
    Columns,
    ConfirmDialog,
    EmptyState,
    IconLabel,
    PageHeader,
    PrimaryButton,
    QuietButton,
    ScrollColumn,
    SecondaryButton,
    Text,
    clear,
)
from ui.witness.waiting_card import KINDS as WAITING_KINDS
from ui.witness.waiting_card import WaitingCard

_KINDS = frozenset(
    {
        "appointment",
        "encounter",
        "medication_administration",
        "medication_request",
        "patient",
        "flag",
        "assignment",
        "draft",
        "note",
    }
)
MINUTE_MILLISECONDS = 60_000


class TodayPage(Page):
    """The day of the person who is logged in."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self._view: DayView | None = None
        self._build()
        context.sync.status_changed.connect(self._show_sync)
        # A dose becomes late, and the day ends, without anybody doing anything.
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MILLISECONDS)
        self._minute.timeout.connect(self._show_again)
        self._minute.start()
        context.theme.changed.connect(self._show_again)

    @property
    def view(self) -> DayView | None:
        """What is shown now."""
        return self._view

    def show_for(self, **args: object) -> None:
        self._load()
        if self._visits.rows:
            self._visits.rows[0].setFocus()

    def refresh(self, change_set: ChangeSet) -> None:
        if change_set.touches(kinds=_KINDS | WAITING_KINDS):
            self._load()

    # --- building

    def _build(self) -> None:
        self._header = PageHeader(parent=self)
        plan = SecondaryButton(
            self.tr("Planlegg besøk"), self, icon="calendar-plus", name="planVisit"
        )
        plan.clicked.connect(self._plan)
        self._header.buttons.addWidget(plan)
        self._unfinished = Card("", self)
        self._unfinished_rows = QVBoxLayout()
        self._unfinished.body.addLayout(self._unfinished_rows)
        self._foreign = ForeignDrafts(self.context, self)
        self._unfinished.body.addWidget(self._foreign)

        self._visit_card = Card(self.tr("Besøk"), self)
        self._visits = RowColumn(self)
        self._no_visits = EmptyState(
            "calendar-days",
            self.tr("Ingen besøk i dag"),
            self.tr("Ingen har lagt noe i planen."),
            self,
        )
        begin = PrimaryButton(self.tr("Planlegg et besøk"), self, icon="plus")
        begin.clicked.connect(self._plan)
        self._no_visits.add_button(begin)
        self._visit_card.body.addWidget(self._visits)
        self._visit_card.body.addWidget(self._no_visits)
        self._visit_card.body.addStretch(1)

        self._late_card = Card(self.tr("Forsinket"), self)
        self._late = RowColumn(self)
        self._late_card.body.addWidget(self._late)
        self._dose_card = Card(self.tr("Doser i dag"), self)
        round_button = QuietButton(self.tr("Til medisinrunden"), self, icon="arrow-right")
        round_button.clicked.connect(self._open_round)
        offer(round_button, self.context.session, Right.HAND_OUT)
        self._dose_card.head.addWidget(round_button)
        self._doses = RowColumn(self)
        self._no_doses = Text(self.tr("Ingen doser å dele ut i dag."), "muted", self)
        self._dose_card.body.addWidget(self._doses)
        self._dose_card.body.addWidget(self._no_doses)
        self._sync_card = self._make_sync_card()

        columns = Columns(self)
        columns.left.addWidget(self._visit_card)
        columns.left.addStretch(1)
        for card in (self._late_card, self._dose_card, self._sync_card):
            columns.right.addWidget(card)
        columns.right.addStretch(1)
        area = ScrollColumn(self.tr("I dag"), self)
        area.body.addWidget(self._header)
        self._waiting = WaitingCard(self.context, self)
        area.body.addWidget(self._unfinished)
        area.body.addWidget(self._waiting)
        area.body.addWidget(columns)
        area.body.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _make_sync_card(self) -> Card:
        card = Card(self.tr("Synk"), self)
        row = QHBoxLayout()
        row.setSpacing(12)
        self._sync_icon = IconLabel("cloud", "muted", 22, self)
        words = QVBoxLayout()
        words.setSpacing(2)
        self._sync_title = Text("", "strong", self)
        self._sync_detail = Text("", "muted", self)
        words.addWidget(self._sync_title)
        words.addWidget(self._sync_detail)
        row.addWidget(self._sync_icon)
        row.addLayout(words, 1)
        card.body.addLayout(row)
        self._unsent = SecondaryButton("", self, icon="list", name="unsentList")
        self._unsent.clicked.connect(self._open_sync)
        card.body.addWidget(self._unsent)
        return card

    # --- showing

    def _load(self) -> None:
        session = self.context.session
        view = day_view(today.load(session, session.today()))
        self._view = view
        self._header.say(view.title, view.summary)
        self._show_unfinished(view.unfinished)
        self._waiting.show_waiting()
        self._visits.show_rows([self._visit_line(visit) for visit in view.visits])
        self._visits.setVisible(bool(view.visits))
        self._no_visits.setVisible(not view.visits)
        self._late.show_rows([self._late_line(late) for late in view.late])
        self._late_card.setVisible(bool(view.late))
        doses = []
        for number, dose in enumerate(view.doses):
            line = DoseLine(dose, self)
            if rights.has(session, Right.HAND_OUT):
                line.clicked.connect(lambda patient_id=dose.patient_id: self._open_dose(patient_id))
            doses.append((f"{dose.patient_id} {number}", line))
        self._doses.show_rows(doses)
        self._no_doses.setVisible(not view.doses)
        self._show_sync()

    def _visit_line(self, visit: VisitRow) -> tuple[str, VisitLine]:
        line = VisitLine(visit, self)
        line.clicked.connect(lambda: self.context.navigate("patient", patient_id=visit.patient_id))
        line.start_asked.connect(lambda: self._start(visit))
        for name in ("startVisit", "continueVisit"):
            for button in line.findChildren(QWidget, name):
                offer(button, self.context.session, Right.RECORD_CARE)
        return visit.appointment_id or visit.patient_id, line

    def _late_line(self, late: LateRow) -> tuple[str, LateLine]:
        line = LateLine(late, self)
        line.clicked.connect(lambda: self._open_late(late))
        return f"{late.kind} {late.ref_id}", line

    def _show_unfinished(self, rows: tuple[UnfinishedRow, ...]) -> None:
        clear(self._unfinished_rows)
        crashed = any(row.interrupted for row in rows)
        text = self.tr("Avbrutt sist – ingenting er borte") if crashed else self.tr("Påbegynt")
        self._unfinished.heading.setText(text)
        self._unfinished.heading.setVisible(True)
        for row in rows:
            line = UnfinishedLine(row, self)
            line.resumed.connect(lambda row=row: self._resume(row))
            line.discarded.connect(lambda row=row: self._ask_discard(row))
            self._unfinished_rows.addWidget(line)
        elsewhere = self._foreign.show_everyone()
        self._unfinished.setVisible(bool(rows) or elsewhere)

    @Slot()
    def _show_sync(self) -> None:
        state = self.context.sync.state
        lines = headline(state, self.context.session.clock.now())
        self._sync_icon.show_icon(lines.icon, "ink" if lines.tone == "neutral" else lines.tone)
        self._sync_title.setText(lines.title)
        self._sync_detail.setText(lines.detail)
        status = state.status
        said = [parked_text(status.parked)] if status.parked else []
        said += [unsent_text(status.waiting)] if status.waiting else []
        self._unsent.say(self.tr("Vis {what}").format(what=" · ".join(said)))
        self._unsent.setVisible(bool(said))

    @Slot()
    def _show_again(self) -> None:
        if self.isVisible():
            self._load()

    # --- acting

    @Slot()
    def _plan(self) -> None:
        PlanVisitDialog(self.context, self).open()

    def _start(self, visit: VisitRow) -> None:
        self.context.navigate(
            "visit", patient_id=visit.patient_id, appointment_id=visit.appointment_id
        )

    def _open_late(self, late: LateRow) -> None:
        match late.kind:
            case "dose":
                self.context.navigate("handout", patient_id=late.patient_id)
            case "visit":
                self.context.navigate(
                    "visit", patient_id=late.patient_id, appointment_id=late.ref_id
                )
            case "draft":
                self.context.navigate("patient", patient_id=late.patient_id, tab="notes")
            case _:
                self.context.navigate("patient", patient_id=late.patient_id)

    def _open_dose(self, patient_id: str) -> None:
        self.context.navigate("handout", patient_id=patient_id)

    @Slot()
    def _open_round(self) -> None:
        self.context.navigate("handout")

    @Slot()
    def _open_sync(self) -> None:
        self.context.navigate("sync")

    def _resume(self, work: UnfinishedRow) -> None:
        match work.form:
            case "screening":
                self.context.navigate(
                    "screening",
                    patient_id=work.patient_id,
                    instrument=work.body.get("instrument"),
                    draft_id=work.draft_id,
                )
            case "rapid_test":
                self.context.navigate(
                    "rapid_test", patient_id=work.patient_id, draft_id=work.draft_id
                )
            case "handout":
                self.context.navigate("handout", patient_id=work.patient_id)
            case form if form in FORMS:
                self.context.navigate("patient", patient_id=work.patient_id, draft_id=work.draft_id)
            case _:
                self.context.navigate("visit", patient_id=work.patient_id, draft_id=work.draft_id)

    def _ask_discard(self, work: UnfinishedRow) -> None:
        dialog = ConfirmDialog(
            self.tr("Forkaste utkastet?"),
            self.tr("{name}: {what}. Det som er skrevet der, slettes for godt.").format(
                name=work.name, what=work.text
            ),
            self.tr("Forkast utkastet"),
            self,
            dangerous=True,
        )
        dialog.accepted.connect(lambda: self._discard(work.draft_id))
        dialog.open()

    def _discard(self, draft_id: str) -> None:
        self.context.changes.announce(notes.discard_draft(self.context.session, draft_id))
