"""The rapid test page: the form, or a recorded test, under a statement that never goes away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.notes import Draft
from fieldapp.errors import FieldAppError
from ui.context import AppContext
from ui.errors import sentence_for
from ui.opened import opened
from ui.page import Page
from ui.patient.header_state import header
from ui.patient.strip import PatientStrip
from ui.rapid_test.form import RapidTestFormView
from ui.rapid_test.presenter import RapidTestPresenter
from ui.rapid_test.result import EarlierTests, TestResultView
from ui.rapid_test.state import unread
from ui.screening.question import grow_with_width
from ui.sync.newer import NewerLine
from ui.widgets import (
    Banner,
    ConfirmDialog,
    FlowLayout,
    PrimaryButton,
    ScrollColumn,
    SecondaryButton,
    Text,
    clear,
)
from ui.words import clock_text, near_day

SHORT_FROM = 150
"""Text size in per cent from which the first words of the statement stay and the rest scrolls."""


class RapidTestPage(Page):
    """`show_for(patient_id, draft_id=None)`. Attributes: `presenter`."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.presenter = RapidTestPresenter(context.session, self)
        self.presenter.changed.connect(self._show)
        self.presenter.wrote.connect(context.changes.announce)
        self._drafts_shown: tuple[str, ...] = ()
        self._build()
        self._connect()
        context.theme.changed.connect(self._show_fixed)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(self._on_save)

    def show_for(self, **args: object) -> None:
        draft_id = args.get("draft_id")
        try:
            self.presenter.load(str(args["patient_id"]), str(draft_id) if draft_id else None)
        except FieldAppError as error:
            self._problem.say(sentence_for(error), "danger")
            return
        if self.presenter.patient is not None:
            self._newer.watch(self.presenter.patient.id)
            opened(self.context, self.presenter.patient.id, "rapid_test")
        self._form_area.verticalScrollBar().setValue(0)
        self._form.setFocus()

    def refresh(self, change_set: ChangeSet) -> None:
        self.presenter.refresh(change_set)

    def leave(self) -> None:
        self._newer.stop()
        self.presenter.leave()

    def holds_unsaved(self) -> bool:
        return self.presenter.autosave.pending

    def here(self) -> dict[str, object]:
        return {"draft_id": self.presenter.stored_draft()}

    def keep(self) -> dict[str, object]:
        return self.presenter.keep()

    def take_back(self, kept: dict[str, object]) -> list[tuple[str, str]]:
        left = self.presenter.take_back(kept)
        return [(self.tr("Hurtigtest"), left)] if left else []

    # --- building

    def _build(self) -> None:
        known = self.presenter.known
        self._strip = PatientStrip(self)
        self._statement = Banner("", "accent", self)
        self._statement.text.setObjectName("rapidTestStatement")
        self._problem = Banner("", "danger", self)
        self._problem.text.setObjectName("rapidTestProblem")
        self._form = RapidTestFormView(known, self)
        self._earlier = EarlierTests(known, self)
        self._result = TestResultView(known, self)
        self._drafts = QVBoxLayout()
        self._drafts.setSpacing(8)
        self._full_statements = (Banner("", "accent", self), Banner("", "accent", self))
        self._stack = QStackedWidget(self)
        self._form_area = self._area(self.tr("Hurtigtest"))
        self._form_area.body.addWidget(self._full_statements[0])
        self._form_area.body.addLayout(self._drafts)
        self._form_area.body.addWidget(self._form)
        self._form_area.body.addWidget(self._earlier)
        self._form_area.body.addStretch(1)
        self._result_area = self._area(self.tr("Resultat"))
        self._result_area.body.addWidget(self._result)
        self._result_area.body.addWidget(self._full_statements[1])
        self._result_area.body.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._strip)
        fixed = QVBoxLayout()
        fixed.setContentsMargins(24, 2, 24, 4)
        fixed.setSpacing(8)
        fixed.addWidget(self._statement)
        fixed.addWidget(self._problem)
        self._newer = NewerLine(self.context, ("patient", "flag"), self)
        fixed.addWidget(self._newer)
        outer.addLayout(fixed)
        outer.addWidget(self._stack, 1)
        outer.addWidget(self._foot_bar())

    def _area(self, name: str) -> ScrollColumn:
        area = ScrollColumn(name, self._stack)
        area.body.setContentsMargins(24, 8, 24, 16)
        self._stack.addWidget(area)
        return area

    def _foot_bar(self) -> QWidget:
        foot = QFrame(self)
        foot.setObjectName("topbar")
        column = QVBoxLayout(foot)
        column.setContentsMargins(24, 10, 24, 10)
        column.setSpacing(6)
        self._asked = Text("", "error", foot)
        self._asked.setObjectName("rapidTestMissing")
        self._unread = Text("", "muted", foot)
        column.addWidget(self._asked)
        column.addWidget(self._unread)
        holder = QWidget(foot)
        flow = FlowLayout(holder, 10)
        self._save = PrimaryButton(
            self.tr("Lagre · Ctrl+Enter"), holder, icon="check", name="rapidTestSave"
        )
        self._patient = PrimaryButton(
            self.tr("Til pasienten"), holder, icon="user", name="rapidTestPatient"
        )
        self._again = SecondaryButton(
            self.tr("Til skjemaet"), holder, icon="arrow-left", name="rapidTestAgain"
        )
        for button in (self._save, self._patient, self._again):
            flow.addWidget(button)
        grow_with_width(holder)
        column.addWidget(holder)
        return foot

    def _connect(self) -> None:
        presenter, form = self.presenter, self._form
        form.panel_chosen.connect(presenter.choose_panel)
        form.specimen_chosen.connect(presenter.choose_specimen)
        form.supervised_chosen.connect(presenter.choose_supervised)
        form.temperature_chosen.connect(presenter.choose_temperature)
        form.reason_chosen.connect(presenter.choose_reason)
        form.typed.connect(presenter.type_text)
        form.read.connect(presenter.read)
        form.focus_moved.connect(self._follow_focus)
        self._earlier.chosen.connect(presenter.open_test)
        self._save.clicked.connect(self._on_save)
        self._again.clicked.connect(presenter.back_to_form)
        self._patient.clicked.connect(self._on_patient)

    # --- showing

    def _show(self) -> None:
        presenter = self.presenter
        if presenter.patient is None:
            return
        self._show_fixed()
        test = presenter.test
        self._problem.say(presenter.problem, "danger")
        self._patient.setVisible(test is not None)
        self._again.setVisible(test is not None)
        self._save.setVisible(test is None)
        self._show_asked()
        if test is not None:
            self._result.show_test(test, presenter.author(test))
            arriving = self._stack.currentWidget() is not self._result_area
            self._stack.setCurrentWidget(self._result_area)
            if arriving:
                self._result_area.verticalScrollBar().setValue(0)
                self._patient.setFocus()
            return
        self._stack.setCurrentWidget(self._form_area)
        self._show_drafts()
        self._earlier.show_tests(presenter.history)
        self._form.show_form(
            presenter.form,
            presenter.panel,
            presenter.expected,
            presenter.doubts,
            [name for name, _ in presenter.asked],
        )

    def _show_fixed(self) -> None:
        presenter = self.presenter
        if presenter.patient is None:
            return
        view = header(presenter.patient, presenter.flags, self.context.session.today())
        statement = presenter.known.statement
        large = self.context.theme.scale >= SHORT_FROM
        first, _, _ = statement.partition(". ")
        what = self.tr("Hurtigtest")
        self._strip.show_view(view, f"{what} · {first}" if large else what)
        self._statement.say("" if large else statement, "accent")
        for full in self._full_statements:
            full.say(statement if large else "", "accent")

    def _show_asked(self) -> None:
        presenter = self.presenter
        words = ", ".join(said for _, said in presenter.asked)
        shown = bool(words) and presenter.test is None
        self._asked.setText(self.tr("Mangler: {what}.").format(what=words))
        self._asked.setVisible(shown)
        panel = presenter.panel
        left = unread(presenter.form, panel) if panel is not None else []
        some = bool(left) and bool(presenter.form.readings) and presenter.test is None
        self._unread.setText(self.tr("Ikke avlest: {what}.").format(what=", ".join(left)))
        self._unread.setVisible(some and not shown)

    def _show_drafts(self) -> None:
        drafts = self.presenter.unfinished
        shown = tuple(draft.id for draft in drafts)
        if shown == self._drafts_shown:
            return
        self._drafts_shown = shown
        clear(self._drafts)
        for draft in drafts:
            self._drafts.addWidget(self._draft_banner(draft))

    def _draft_banner(self, draft: Draft) -> Banner:
        today = self.context.session.today()
        when = near_day(draft.saved_at.astimezone(OSLO).date(), today)
        said = self.tr("En hurtigtest er påbegynt, sist lagret {when} kl. {time}.").format(
            when=when, time=clock_text(draft.saved_at)
        )
        banner = Banner(said, "warn", self)
        resume = PrimaryButton(self.tr("Fortsett"), banner, name="rapidTestResume")
        resume.clicked.connect(lambda: self.presenter.resume(draft.id))
        discard = SecondaryButton(self.tr("Forkast"), banner, name="rapidTestDiscard")
        discard.clicked.connect(lambda: self._ask_discard(draft.id))
        banner.add_button(resume)
        banner.add_button(discard)
        return banner

    # --- what the user does

    def _on_save(self) -> None:
        self.presenter.save()
        if self.presenter.asked and self.presenter.test is None:
            self._form.focus_field(self.presenter.asked[0][0])

    def _follow_focus(self) -> None:
        focused = self.focusWidget()
        if focused is not None and self._form_area.isAncestorOf(focused):
            self._form_area.ensureWidgetVisible(focused, 0, 80)

    def _on_patient(self) -> None:
        if self.presenter.patient is not None:
            self.context.navigate("patient", patient_id=self.presenter.patient.id, tab="screening")

    def _ask_discard(self, draft_id: str) -> None:
        dialog = ConfirmDialog(
            self.tr("Forkaste hurtigtesten?"),
            self.tr("Det som er fylt ut, slettes for godt."),
            self.tr("Forkast skjemaet"),
            self,
            dangerous=True,
        )
        dialog.accepted.connect(lambda: self.presenter.discard(draft_id))
        dialog.open()
