"""What every form about an event around a handout is: a dialog whose contents outlive a lock.

What was filled in is kept as a draft until it is written or thrown away. Closing the dialog keeps
it too: the next time the same form is opened for the same thing, it goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from PySide6.QtCore import QCoreApplication, QDate, Qt, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDateEdit,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from fieldapp.clock import OSLO
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.event_checks import EventError
from fieldapp.domain.event_reference import Advice
from fieldapp.domain.notes import Draft
from fieldapp.errors import FieldAppError
from fieldapp.services import notes, patients
from ui import theme
from ui.context import AppContext
from ui.errors import sentence_for
from ui.events.words import problem_text
from ui.typed import parse_clock
from ui.visit.autosave import Autosave
from ui.widgets import Banner, ChoiceRow, Dialog, FormField, SecondaryButton, Text
from ui.words import day_text, near_day

translate = QCoreApplication.translate

Values = dict[str, object]
Editor = QLineEdit | QPlainTextEdit | ChoiceRow | QDateEdit | QCheckBox

SUBJECT = "subject"
"""Key of a draft's body: the id of what the form is about, "" for the patient as a whole."""


class EventDialog(Dialog):
    """One form. A subclass names its `FORM`, builds its fields with `add`, and says in `write` what
    is to be recorded.

    Attributes: `autosave`, which tests fire instead of waiting.
    """

    FORM: ClassVar[str] = ""
    WIDTH = 640

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        title: str,
        confirm: str,
        parent: QWidget | None = None,
        *,
        subject: str = "",
    ) -> None:
        super().__init__(title, confirm, parent, cancel=translate("events", "Lukk"))
        self.setObjectName(f"{self.FORM}Dialog")
        self.context = context
        self.patient_id = patient_id
        self.subject = subject
        self._new_id = context.session.new_id()
        self._draft: Draft | None = None
        self._editors: dict[str, Editor] = {}
        self._fields: dict[str, FormField] = {}
        self._at_first: Values = {}
        self._filling = False
        self._written = False
        self.autosave = Autosave(self)
        self.autosave.due.connect(self._store)
        self.cancel_button.setAccessibleName(translate("events", "Lukk. Det du har skrevet, blir"))
        self._resumed = Banner("", "accent", self)
        self._resumed.setObjectName("resumedDraft")
        afresh = SecondaryButton(translate("events", "Begynn på nytt"), self._resumed)
        afresh.setObjectName("beginAfresh")
        afresh.clicked.connect(self._begin_afresh)
        self._resumed.add_button(afresh)
        self.body.addWidget(self._resumed)
        page = patients.page(context.session, patient_id)
        self.body.addWidget(Text(page.patient.name, "strong", self))
        self.finished.connect(self._on_finished)

    # --- for the forms

    @property
    def event_id(self) -> str:
        """The id that the event gets: the draft's, so that writing it takes the draft away."""
        return self._draft.id if self._draft is not None else self._new_id

    def add(self, name: str, label: str, editor: Editor, help_text: str = "") -> FormField:
        """Put a field into the form; its value is kept under `name`."""
        if not editor.objectName():
            editor.setObjectName(f"event_{name}")
        field = FormField(label, editor, help_text, parent=self)
        self._editors[name] = editor
        self._fields[name] = field
        self._watch(editor)
        self.body.addWidget(field)
        return field

    def keep(self, name: str, editor: Editor) -> None:
        """Keep the value of an editor that the form has placed itself."""
        self._editors[name] = editor
        self._watch(editor)

    def open_for_work(self) -> None:
        """Called by a form when all its fields are there: go on with the draft, if there is one."""
        self.body.addStretch(1)
        self._at_first = self.values()
        draft = self._own_draft()
        if draft is not None:
            self._go_on(draft)
        self.changed()

    def values(self) -> Values:
        """What stands in the fields."""
        return {name: _value_of(editor) for name, editor in self._editors.items()}

    def text(self, name: str) -> str:
        return str(_value_of(self._editors[name]))

    def changed(self) -> None:
        """Something was filled in: show what follows from it. Overridden by forms."""

    def write(self) -> ChangeSet:
        """Record what the form says. Raises EventError, FieldAppError."""
        raise NotImplementedError

    def wrong(self, name: str, words: str) -> str:
        """Say at a field what is wrong with it; put the focus there."""
        self._fields[name].say_problem(words)
        self._editors[name].setFocus()
        return words

    # --- the dialog's own

    def check(self) -> str:
        if self._written:
            return ""
        for field in self._fields.values():
            field.say_problem("")
        missing = self.missing()
        if missing:
            return missing
        self.autosave.flush()
        try:
            changes = self.write()
        except EventError as error:
            return problem_text(error.code)
        except FieldAppError as error:
            return sentence_for(error)
        self._written = True
        self.autosave.forget()
        self._drop_draft()
        self.context.changes.announce(changes)
        return ""

    def missing(self) -> str:
        """Name the first thing that is missing, as a sentence, or "". Overridden by forms."""
        return ""

    def leave(self) -> None:
        """The window locks, or the dialog closes: keep what was filled in."""
        self.autosave.flush()
        draft = self._draft
        if draft is not None and not self._written and not self.autosave.pending:
            self._try(lambda: notes.close_draft(self.context.session, draft.id))

    def holds_unsaved(self) -> bool:
        return self.autosave.pending

    def stored_draft(self) -> str | None:
        """The id of the draft that this form is, once it is stored."""
        self.autosave.flush()
        return self._draft.id if self._draft is not None and not self._written else None

    def half_typed(self) -> list[tuple[str, str]]:
        """All that was filled in, while the store does not take it; otherwise it is a draft."""
        if not self.autosave.pending:
            return []
        named = [(name, str(value)) for name, value in self.values().items() if value]
        return [(self._label(name), value) for name, value in named]

    def _label(self, name: str) -> str:
        return self._fields[name].label.text() if name in self._fields else name

    # --- inside

    def _watch(self, editor: Editor) -> None:
        if isinstance(editor, ChoiceRow):
            editor.chosen.connect(self._touched)
        elif isinstance(editor, QDateEdit):
            editor.dateChanged.connect(self._touched)
        elif isinstance(editor, QCheckBox):
            editor.toggled.connect(self._touched)
        else:
            editor.textChanged.connect(self._touched)

    @Slot()
    def _touched(self) -> None:
        if self._filling or not self._at_first:
            return
        self.autosave.touched()
        self.changed()
        if self.isVisible():
            self._fit_soon()

    def _store(self) -> None:
        values = self.values()
        if self._draft is None and values == self._at_first:
            self.autosave.forget()
            return
        session = self.context.session
        body = {**values, SUBJECT: self.subject}

        def store() -> None:
            if self._draft is None:
                made = notes.new_draft(session, self.patient_id, self.FORM, None, body)
                self._draft = made
            else:
                self._draft = notes.save_draft(session, replace(self._draft, body=dict(body)))
            self.autosave.saved()

        if not self._try(store):
            self.autosave.failed()

    def _own_draft(self) -> Draft | None:
        rows = notes.drafts(self.context.session, self.patient_id)
        return next(
            (
                row.draft
                for row in rows
                if row.draft.form == self.FORM and row.draft.body.get(SUBJECT, "") == self.subject
            ),
            None,
        )

    def _go_on(self, draft: Draft) -> None:
        self._draft = draft
        self._fill(draft.body)
        saved = draft.saved_at.astimezone(OSLO)
        day = near_day(saved.date(), self.context.session.today())
        when = f"{day} {saved:%H:%M}"
        said = translate("events", "Du går videre på det du begynte på {when}.")
        self._resumed.say(said.format(when=when), "accent")

    def _fill(self, body: Mapping[str, object]) -> None:
        self._filling = True
        try:
            for name, editor in self._editors.items():
                if name in body:
                    _put(editor, body[name])
        finally:
            self._filling = False

    @Slot()
    def _begin_afresh(self) -> None:
        self._drop_draft()
        self.autosave.forget()
        self._draft = None
        self._new_id = self.context.session.new_id()
        self._fill(self._at_first)
        self._resumed.say("", "accent")
        self.changed()
        self._fit_soon()

    def _drop_draft(self) -> None:
        """Take the draft away, where the record has not done so itself."""
        draft, session = self._draft, self.context.session
        if draft is None or notes.draft(session, draft.id) is None:
            return
        self._try(lambda: notes.discard_draft(session, draft.id))

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except FieldAppError as error:
            self.problem.say(sentence_for(error), "danger")
            return False
        return True

    @Slot()
    def _on_finished(self) -> None:
        self.leave()


class AdviceLine(Banner):
    """A sentence that informs, with where it comes from and whether that was checked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "warn", parent)

    def show_advice(self, advice: Advice | None) -> None:
        if advice is None:
            self.say("", "warn")
            return
        source = advice.source
        checked = (
            translate("events", "kontrollert")
            if source.verified
            else translate("events", "ikke kontrollert")
        )
        words = translate("events", "{text} Kilde: {source} ({checked}, sist sett på {day}).")
        self.say(
            words.format(
                text=advice.text,
                source=source.text,
                checked=checked,
                day=day_text(source.reviewed_on),
            ),
            "warn",
        )


class When(QWidget):
    """A day and a time of the day, both set to now. Attributes: `day`, `clock`, the editors."""

    def __init__(self, now: datetime, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        local = now.astimezone(OSLO)
        self.day = QDateEdit(self)
        self.day.setObjectName(f"event_{name}_day")
        self.day.setAccessibleName(translate("events", "Dag"))
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("dd.MM.yyyy")
        self.day.setDate(QDate(local.year, local.month, local.day))
        self.day.setMaximumDate(QDate(local.year, local.month, local.day))
        self.clock = QLineEdit(f"{local:%H:%M}", self)
        self.clock.setObjectName(f"event_{name}_clock")
        self.clock.setAccessibleName(translate("events", "Klokkeslett"))
        self.clock.setPlaceholderText(translate("events", "TT:MM"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.day, 1)
        row.addWidget(self.clock, 1)
        self.setFocusProxy(self.day)
        self._now = now
        self._shown = (self.day.date(), self.clock.text())

    def moment(self) -> datetime | None:
        """The instant, None for a time that is none. Untouched, it is the instant of opening."""
        if (self.day.date(), self.clock.text()) == self._shown:
            return self._now
        clock = parse_clock(self.clock.text())
        if clock is None:
            return None
        day = self.day.date()
        found = datetime(day.year(), day.month(), day.day(), *clock, tzinfo=OSLO)
        return found.astimezone(UTC)


class Checks(QWidget):
    """Several of a list may be ticked. Attributes: `boxes`, by the id of what each is about."""

    def __init__(self, name: str, options: list[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.boxes: dict[str, QCheckBox] = {}
        for value, words in options:
            box = QCheckBox(self)
            box.setObjectName(f"check_{value}")
            box.setAccessibleName(f"{name}: {words}")
            box.setMinimumHeight(44)
            row = QHBoxLayout()
            row.addWidget(box)
            row.addWidget(_CheckWords(words, box, self), 1)
            column.addLayout(row)
            self.boxes[value] = box
        first = next(iter(self.boxes.values()), None)
        if first is not None:
            self.setFocusProxy(first)

    def chosen(self) -> tuple[str, ...]:
        return tuple(value for value, box in self.boxes.items() if box.isChecked())


class _CheckWords(Text):
    """The words beside a box: they wrap, and a press on them ticks it."""

    def __init__(self, words: str, box: QCheckBox, parent: QWidget) -> None:
        super().__init__(words, "", parent)
        self._box = box

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._box.click()
        super().mouseReleaseEvent(event)


def long_text(parent: QWidget, lines: int = 3) -> QPlainTextEdit:
    """A field for sentences; Tab leaves it."""
    editor = QPlainTextEdit(parent)
    editor.setTabChangesFocus(True)
    editor.setFixedHeight(theme.current().pixels(22 * lines + 20))
    return editor


def _value_of(editor: Editor) -> object:
    if isinstance(editor, ChoiceRow):
        return "" if editor.value is None else str(editor.value)
    if isinstance(editor, QDateEdit):
        return editor.date().toString("yyyy-MM-dd")
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if isinstance(editor, QPlainTextEdit):
        return editor.toPlainText()
    return editor.text()


def _put(editor: Editor, value: object) -> None:
    if isinstance(editor, ChoiceRow):
        editor.choose(str(value) if value else None)
    elif isinstance(editor, QDateEdit):
        editor.setDate(QDate.fromString(str(value), "yyyy-MM-dd"))
    elif isinstance(editor, QCheckBox):
        editor.setChecked(value is True)
    elif isinstance(editor, QPlainTextEdit):
        editor.setPlainText(str(value))
    else:
        editor.setText(str(value))
