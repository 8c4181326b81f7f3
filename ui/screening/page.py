"""The screening page: choose a questionnaire, answer it, complete it, see what it says."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.errors import FieldAppError
from fieldapp.services import screening
from ui.context import AppContext
from ui.errors import sentence_for
from ui.opened import opened
from ui.page import Page
from ui.patient.header_state import header
from ui.patient.strip import PatientStrip
from ui.screening.choose import ChooseView
from ui.screening.presenter import Phase, ScreeningPresenter
from ui.screening.question import QuestionCard, grow_with_width
from ui.screening.result import ResultPanel
from ui.screening.summary import SummaryView
from ui.screening.words import level_lines, response_view, saved_text
from ui.sync.newer import NewerLine
from ui.widgets import (
    Banner,
    ConfirmDialog,
    FlowLayout,
    PrimaryButton,
    QuietButton,
    ScrollColumn,
    SecondaryButton,
)


class ScreeningPage(Page):
    """`show_for(patient_id, instrument=None, draft_id=None)`. `draft_id` opens that draft at once;
    `instrument` only puts the focus there. Attributes: `presenter`."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.presenter = ScreeningPresenter(context.session, self)
        self.presenter.changed.connect(self._show)
        self.presenter.wrote.connect(context.changes.announce)
        self._shown: tuple[Phase, int] | None = None
        self._facing_patient = False
        self._build()
        self._connect()
        context.theme.changed.connect(self._show_strip)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            # A key held down must not pass through the summary unseen.
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(self._on_complete_keys)

    def show_for(self, **args: object) -> None:
        draft_id, instrument = args.get("draft_id"), args.get("instrument")
        self._shown = None
        self._facing_patient = False
        self._result.show_picture()
        try:
            self.presenter.load(str(args["patient_id"]), str(draft_id) if draft_id else None)
        except FieldAppError as error:
            self._problem.say(sentence_for(error), "danger")
            return
        if self.presenter.patient is not None:
            self._newer.watch(self.presenter.patient.id)
            opened(self.context, self.presenter.patient.id, "screening")
        if self.presenter.phase is Phase.CHOOSE:
            self._choose.focus_start(str(instrument) if instrument else None)

    def refresh(self, change_set: ChangeSet) -> None:
        self.presenter.refresh(change_set)

    def here(self) -> dict[str, object]:
        form = self.presenter.form
        return {"draft_id": form.draft.id} if form is not None and form.answers else {}

    def leave(self) -> None:
        self._newer.stop()
        self.presenter.leave()

    # --- building

    def _build(self) -> None:
        self._strip = PatientStrip(self)
        self._turn = QuietButton("", self, icon="eye-off", name="screeningTurn")
        self._away = QuietButton(
            self.tr("Legg bort"), self, icon="arrow-left", name="screeningAway"
        )
        self._strip.buttons.addWidget(self._turn)
        self._strip.buttons.addWidget(self._away)
        self._problem = Banner("", "danger", self)
        self._problem.text.setObjectName("screeningProblem")
        self._choose = ChooseView(self)
        self._question = QuestionCard(self)
        self._summary = SummaryView(self)
        self._result = ResultPanel(self)
        self._stack = QStackedWidget(self)
        self._scrolls = {
            Phase.CHOOSE: self._scrolling(self.tr("Velg skjema"), self._choose),
            Phase.ASK: self._scrolling(self.tr("Spørsmål"), self._question),
            Phase.SUMMARY: self._scrolling(self.tr("Oppsummering"), self._summary),
            Phase.RESULT: self._scrolling(self.tr("Resultat"), self._result),
        }
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._strip)
        problem = QVBoxLayout()
        problem.setContentsMargins(24, 0, 24, 0)
        problem.addWidget(self._problem)
        self._newer = NewerLine(self.context, ("patient", "flag"), self)
        problem.addWidget(self._newer)
        outer.addLayout(problem)
        outer.addWidget(self._stack, 1)
        outer.addWidget(self._foot_bar())

    def _scrolling(self, name: str, widget: QWidget) -> ScrollColumn:
        area = ScrollColumn(name, self._stack)
        area.body.setContentsMargins(24, 8, 24, 16)
        area.body.addWidget(widget)
        area.body.addStretch(1)
        self._stack.addWidget(area)
        return area

    def _foot_bar(self) -> QWidget:
        self._foot = QFrame(self)
        self._foot.setObjectName("topbar")
        flow = FlowLayout(self._foot, 10)
        flow.setContentsMargins(24, 10, 24, 10)
        self._back = SecondaryButton(
            self.tr("Tilbake · ←"), self._foot, icon="chevron-left", name="screeningBack"
        )
        self._next = SecondaryButton(
            self.tr("Neste · →"), self._foot, icon="chevron-right", name="screeningNext"
        )
        self._to_summary = SecondaryButton(
            self.tr("Til oppsummering"), self._foot, icon="list", name="screeningSummary"
        )
        self._complete = PrimaryButton(
            self.tr("Fullfør · Ctrl+Enter"), self._foot, icon="check", name="screeningComplete"
        )
        self._patient = PrimaryButton(
            self.tr("Til pasienten"), self._foot, icon="user", name="screeningPatient"
        )
        self._again = SecondaryButton(
            self.tr("Alle skjemaer"), self._foot, icon="clipboard-list", name="screeningAgain"
        )
        for widget in (
            self._back,
            self._next,
            self._to_summary,
            self._complete,
            self._patient,
            self._again,
        ):
            flow.addWidget(widget)
        grow_with_width(self._foot)
        return self._foot

    def _connect(self) -> None:
        presenter = self.presenter
        self._turn.clicked.connect(self._on_turn)
        self._choose.begin_asked.connect(presenter.begin)
        self._choose.resume_asked.connect(presenter.resume)
        self._choose.discard_asked.connect(self._ask_discard)
        self._choose.result_chosen.connect(presenter.open_result)
        self._question.answered.connect(presenter.answer)
        self._question.back_asked.connect(presenter.back)
        self._question.forward_asked.connect(presenter.forward)
        self._question.skip_taken.connect(presenter.take_skip)
        self._question.skip_declined.connect(presenter.decline_skip)
        self._summary.item_chosen.connect(presenter.go_to)
        self._summary.norm_set_chosen.connect(presenter.choose_norm_set)
        self._summary.state_chosen.connect(presenter.choose_state)
        self._summary.skip_taken.connect(presenter.take_skip)
        self._result.result_chosen.connect(presenter.open_result)
        self._away.clicked.connect(presenter.put_away)
        self._again.clicked.connect(presenter.put_away)
        self._back.clicked.connect(presenter.back)
        self._next.clicked.connect(presenter.forward)
        self._to_summary.clicked.connect(presenter.to_summary)
        self._complete.clicked.connect(self._on_complete)
        self._patient.clicked.connect(self._on_patient)

    # --- showing

    def _show(self) -> None:
        presenter = self.presenter
        if presenter.patient is None:
            return
        phase = presenter.phase
        self._problem.say(presenter.problem, "danger")
        self._show_strip()
        self._show_foot(phase)
        {
            Phase.CHOOSE: self._show_choose,
            Phase.ASK: self._show_question,
            Phase.SUMMARY: self._show_summary,
            Phase.RESULT: self._show_result,
        }[phase]()
        area = self._scrolls[phase]
        self._stack.setCurrentWidget(area)
        place = (phase, presenter.form.position if presenter.form is not None else 0)
        if place != self._shown:
            self._shown = place
            area.verticalScrollBar().setValue(0)
            self._focus(phase)

    def _show_strip(self) -> None:
        patient, flags = self.presenter.patient, self.presenter.flags
        if patient is None:
            return
        form, response = self.presenter.form, self.presenter.response
        what = self.tr("Kartlegging")
        if form is not None:
            what = form.instrument.title
        elif response is not None:
            what = self.tr("Resultat")
        asking = self.presenter.phase is Phase.ASK
        hidden = asking and self._facing_patient
        self._strip.show_view(header(patient, flags, self.context.session.today()), what)
        self._strip.hide_person(hidden)
        self._turn.setVisible(asking)
        self._turn.say(self.tr("Vis pasienthodet") if hidden else self.tr("Skjul pasienthodet"))

    def _show_foot(self, phase: Phase) -> None:
        form = self.presenter.form
        self._foot.setVisible(phase is not Phase.CHOOSE)
        asking, summing = phase is Phase.ASK, phase is Phase.SUMMARY
        self._back.setVisible(asking or summing)
        self._back.setEnabled(form is not None and form.position > 0)
        self._next.setVisible(asking)
        self._to_summary.setVisible(asking)
        self._complete.setVisible(summing)
        self._complete.setEnabled(form is not None and bool(form.effective))
        incomplete = form is not None and bool(form.missing)
        self._complete.say(
            self.tr("Fullfør ufullstendig · Ctrl+Enter")
            if incomplete
            else self.tr("Fullfør · Ctrl+Enter")
        )
        self._away.setVisible(asking or summing)
        self._patient.setVisible(phase is Phase.RESULT)
        self._again.setVisible(phase is Phase.RESULT)

    def _show_choose(self) -> None:
        presenter = self.presenter
        self._choose.show_all(
            presenter.instruments,
            presenter.unfinished,
            presenter.history,
            self.context.session.today(),
        )

    def _show_question(self) -> None:
        if self.presenter.form is not None:
            self._question.show_form(self.presenter.form, self._saved_words())

    def _saved_words(self) -> str:
        if self.presenter.problem:
            return self.tr("ikke lagret")
        saved_at = self.presenter.saved_at
        return saved_text(saved_at) if saved_at is not None else ""

    def _show_summary(self) -> None:
        presenter = self.presenter
        if presenter.form and presenter.patient and presenter.preview:
            self._summary.show_form(presenter.form, presenter.patient, presenter.preview)

    def _show_result(self) -> None:
        presenter = self.presenter
        response, patient, trend = presenter.response, presenter.patient, presenter.trend
        if response is None or patient is None or trend is None:
            return
        instrument = screening.instrument(self.context.session, response.instrument)
        view = response_view(response, instrument, patient, presenter.author)
        age = patient.age_on(self.context.session.today())
        levels = level_lines(instrument, response.norm_set, age)
        self._result.show_result(view, instrument, levels)
        self._result.show_trend(trend)

    def _focus(self, phase: Phase) -> None:
        if phase is Phase.ASK:
            self._question.focus_question()
        elif phase is Phase.SUMMARY:
            self._summary.focus_start()
        elif phase is Phase.RESULT:
            self._patient.setFocus()
        else:
            self._choose.focus_start(None)

    # --- what the user does

    def _on_complete_keys(self) -> None:
        """Ctrl+Enter leads to the summary first, where what is missing is said."""
        if self.presenter.phase is Phase.ASK:
            self.presenter.to_summary()
        elif self._complete.isVisible() and self._complete.isEnabled():
            self._on_complete()

    def _on_complete(self) -> None:
        self._result.show_picture()
        self.presenter.complete()

    def _on_turn(self) -> None:
        self._facing_patient = not self._facing_patient
        self._show_strip()
        self._question.focus_question()

    def _on_patient(self) -> None:
        if self.presenter.patient is not None:
            self.context.navigate("patient", patient_id=self.presenter.patient.id, tab="screening")

    def _ask_discard(self, draft_id: str) -> None:
        dialog = ConfirmDialog(
            self.tr("Forkaste skjemaet?"),
            self.tr("Svarene som er gitt, slettes for godt."),
            self.tr("Forkast svarene"),
            self,
            dangerous=True,
        )
        dialog.accepted.connect(lambda: self.presenter.discard(draft_id))
        dialog.open()
