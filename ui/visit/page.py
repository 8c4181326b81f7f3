"""The visit page: the patient's header, the visit at the left and its note at the right."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.kinds import KINDS
from fieldapp.errors import FieldAppError
from fieldapp.services import reference
from ui import theme
from ui.context import AppContext
from ui.errors import sentence_for
from ui.opened import opened
from ui.page import Page
from ui.patient.header import HeaderArea, PatientHeader
from ui.patient.header_state import header
from ui.sync.foreign_drafts import ForeignDrafts
from ui.sync.newer import NewerLine
from ui.sync.notices import PatientNotices
from ui.visit.note_card import NoteCard
from ui.visit.presenter import VisitPresenter
from ui.visit.state import Phase
from ui.visit.visit_card import VisitCard
from ui.widgets import Banner, ConfirmDialog, Fitted, Snackbar
from ui.widgets.fitted import settle_layouts

TICK_MILLISECONDS = 15_000
SIDE_BY_SIDE_PIXELS = 900
"""Least width, at 100 % text, at which the two cards stand beside each other."""
BELOW_HEADER = 110
"""Height at 100 % text that the visit and the note keep."""


class VisitPage(Page):
    """`show_for(patient_id, appointment_id=None)`. Autosaves; a sync never touches its forms."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.presenter = VisitPresenter(context.session, self)
        self._header = PatientHeader(self, compact=True)
        for name in ("newVisit", "editCritical"):
            # What this page is about already, and what is done on the patient's own page.
            for button in self._header.findChildren(QPushButton, name):
                button.hide()
        self._newer = NewerLine(context, KINDS, self)
        self._missing = Banner("", "danger", self)
        self.visit_card = VisitCard(self)
        self.note_card = NoteCard(reference.note_templates().templates, self)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        # Under the visit, so that it hides nothing and never moves the note's buttons.
        self._snackbar = Snackbar(self, docked=True)
        self._lay_out()
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MILLISECONDS)
        self._clock.timeout.connect(self._on_tick)
        self._connect()
        self._add_shortcuts()

    def show_for(self, **args: object) -> None:
        """Open the visit of `patient_id`; raises nothing: what is missing is said on the page."""
        appointment_id = args.get("appointment_id")
        try:
            self.presenter.load(
                str(args["patient_id"]), str(appointment_id) if appointment_id else None
            )
        except FieldAppError as error:
            self._missing.say(sentence_for(error), "danger")
            return
        self._missing.say("")
        if self.presenter.visit is not None:
            self._newer.watch(self.presenter.visit.patient.id)
            opened(self.context, self.presenter.visit.patient.id, "visit")
        self._clock.start()
        if args.get("draft_id"):
            # The user said "recover" where this draft was offered; asking again would be a riddle.
            self.presenter.open_draft(str(args["draft_id"]))
        self._focus_work()

    def refresh(self, change_set: ChangeSet) -> None:
        self.presenter.refresh(change_set)

    def leave(self) -> None:
        self._newer.stop()
        self._clock.stop()
        self.presenter.leave()

    def holds_unsaved(self) -> bool:
        return self.presenter.autosave.pending

    def here(self) -> dict[str, object]:
        draft_id = self.presenter.draft_id()
        return {"draft_id": draft_id} if draft_id is not None else {}

    def keep(self) -> dict[str, object]:
        return self.presenter.keep()

    def take_back(self, kept: dict[str, object]) -> list[tuple[str, str]]:
        text = str(kept.get("text", ""))
        if self.presenter.take_back(kept):
            return []
        return [(self.tr("Notat"), text)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._turn()
        super().resizeEvent(event)

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(22, 16, 22, 16)
        outer.setSpacing(12)
        header = HeaderArea(self._header, BELOW_HEADER, self)
        self._notices = PatientNotices(self.context, self)
        header.keep_room_for(self._notices)
        self._foreign = ForeignDrafts(self.context, self)
        for widget in (header, self._notices, self._missing, self._newer, self._foreign):
            outer.addWidget(widget)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(14)
        content = Fitted(self)
        content.setLayout(self._columns)
        self._aside = _scroll_area(self)
        aside_content = Fitted(self._aside)
        # It takes what height the window has and asks for none of its own.
        self._aside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._aside_place = QVBoxLayout(aside_content)
        self._aside_place.setContentsMargins(0, 0, 0, 0)
        self._aside_place.addWidget(self.visit_card)
        self._beside = QVBoxLayout()
        self._beside.setSpacing(10)
        self._beside.addWidget(self._aside, 1)
        self._beside.addWidget(self._snackbar)
        self._columns.addLayout(self._beside, 2)
        self._columns.addWidget(self.note_card, 4)
        self._aside.setWidget(aside_content)
        self._scroll = _scroll_area(self)
        self._scroll.setWidget(content)
        outer.addWidget(self._scroll, 1)
        self._outer = outer
        theme.current().changed.connect(self._turn)

    def _turn(self) -> None:
        """Side by side, the visit scrolls by itself and the note keeps the height of the window;
        one above the other, the page scrolls as a whole."""
        wide = self.width() >= theme.current().pixels(SIDE_BY_SIDE_PIXELS)
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._columns.direction() == direction:
            return
        self._columns.setDirection(direction)
        (self._beside if wide else self._outer).addWidget(self._snackbar)
        if wide:
            self._aside_place.addWidget(self.visit_card)
        else:
            self._columns.insertWidget(0, self.visit_card)
        self._aside.setVisible(wide)

    def _connect(self) -> None:
        presenter, visit, note = self.presenter, self.visit_card, self.note_card
        presenter.visit_changed.connect(self._show_visit)
        presenter.note_changed.connect(self._show_note)
        presenter.line_changed.connect(self._show_line)
        presenter.text_replaced.connect(note.show_text)
        presenter.wrote.connect(self.context.changes.announce)
        presenter.said.connect(self._snackbar.say)
        visit.kind_chosen.connect(presenter.choose_kind)
        visit.colleague_chosen.connect(presenter.choose_colleague)
        visit.start_asked.connect(self._on_start)
        visit.no_show_given.connect(presenter.no_show)
        visit.travel_set.connect(presenter.set_travel)
        visit.finish_asked.connect(presenter.finish)
        note.text_changed.connect(presenter.text_changed)
        note.template_chosen.connect(self._on_template)
        note.sign_asked.connect(presenter.ask_sign)
        note.sign_confirmed.connect(self._sign)
        note.sign_cancelled.connect(self._on_sign_cancelled)
        note.retry_asked.connect(presenter.retry)
        note.draft_opened.connect(self._on_draft_opened)
        note.draft_discarded.connect(self._on_discard)
        note.addendum_asked.connect(self._on_addendum)
        note.new_note_asked.connect(self._on_new_note)

    def _add_shortcuts(self) -> None:
        for keys, act in (
            ("Ctrl+Return", self._on_sign_keys),
            ("Ctrl+Enter", self._on_sign_keys),
            ("Esc", self._on_sign_cancelled),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            # A key held down must not ask and confirm in one go.
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(act)

    # --- rendering

    def _show_visit(self) -> None:
        state = self.presenter.visit
        if state is None:
            return
        view = header(state.patient, state.flags, self.context.session.today())
        self._header.show_view(view, visit_open=True)
        self._notices.show_patient(state.patient.id)
        self._foreign.show_patient(state.patient.id)
        self.visit_card.show_state(state, self.presenter.now)

    def _show_note(self) -> None:
        state = self.presenter.visit
        if state is not None:
            session = self.context.session
            self.note_card.show_note(
                self.presenter.note, state, self.presenter.now, session.today()
            )
            if self.presenter.note.confirming:
                QTimer.singleShot(0, self, self._show_question)

    def _show_line(self) -> None:
        self.note_card.show_line(self.presenter.note)

    def _focus_work(self) -> None:
        state = self.presenter.visit
        self._scroll.verticalScrollBar().setValue(0)
        if self.presenter.note.interrupted:
            self.note_card.focus_recover()
            QTimer.singleShot(0, self, self._show_recovery)
        elif state is not None and state.phase is Phase.READY and self.presenter.note.draft is None:
            self.visit_card.focus_start()
        else:
            self._focus_editor()

    def _focus_editor(self) -> None:
        self.note_card.focus_editor()
        QTimer.singleShot(0, self, self._show_editor)

    @Slot()
    def _show_recovery(self) -> None:
        settle_layouts()
        focus = self.note_card.recover_button
        if focus is not None:
            self._scroll.ensureWidgetVisible(focus, 0, theme.current().pixels(60))

    @Slot()
    def _show_editor(self) -> None:
        settle_layouts()
        self._scroll.ensureWidgetVisible(self.note_card.editor, 0, 0)
        self._scroll.ensureWidgetVisible(self.note_card.foot, 0, 24)

    @Slot()
    def _show_question(self) -> None:
        settle_layouts()
        self._scroll.ensureWidgetVisible(self.note_card.confirm_panel, 0, 12)

    def _sign(self) -> None:
        self.presenter.sign()
        if self.presenter.note.writing:
            return
        if self.visit_card.running:
            self.visit_card.focus_start()
        else:
            self.note_card.focus_after_signing()

    # --- what the user does

    def _on_tick(self) -> None:
        self.visit_card.tick(self.presenter.now)

    def _on_start(self) -> None:
        self.presenter.start()
        if self.presenter.visit is not None and self.presenter.visit.phase is Phase.RUNNING:
            self._focus_editor()

    def _on_template(self, code: str) -> None:
        self.note_card.insert_template(self.presenter.choose_template(code))

    def _on_sign_keys(self) -> None:
        if self.presenter.note.confirming:
            self._sign()
        else:
            self.presenter.ask_sign()

    def _on_sign_cancelled(self) -> None:
        if self.presenter.note.confirming:
            self.presenter.cancel_sign()
            self._focus_editor()

    def _on_draft_opened(self, draft_id: str) -> None:
        self.presenter.open_draft(draft_id)
        self._focus_editor()

    def _on_discard(self, draft_id: str) -> None:
        """Ask first: what is thrown away here is nowhere else."""
        dialog = ConfirmDialog(
            self.tr("Forkaste utkastet?"),
            self.tr("Teksten blir borte for godt. Den er ikke sendt til noen."),
            self.tr("Forkast utkastet"),
            self,
            dangerous=True,
        )
        dialog.accepted.connect(partial(self.presenter.discard, draft_id))
        dialog.open()

    def _on_addendum(self, note_id: str) -> None:
        self.presenter.write_addendum(note_id)
        self._focus_editor()

    def _on_new_note(self) -> None:
        self.presenter.write_new()
        self._focus_editor()


def _scroll_area(parent: QWidget) -> QScrollArea:
    scroll = QScrollArea(parent)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll
