"""The right card of the visit page: the note being written, and the notes already signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from fieldapp.domain.notes import Draft
from fieldapp.domain.reference import NoteTemplate
from fieldapp.services.notes import NoteView
from ui import theme
from ui.visit.state import (
    NoteState,
    VisitState,
    addendum_line,
    draft_line,
    saved_line,
    sign_question,
    signed_line,
)
from ui.widgets import (
    Banner,
    Card,
    DangerButton,
    FlowLayout,
    IconLabel,
    PrimaryButton,
    Prose,
    QuietButton,
    SecondaryButton,
    Text,
    clear,
    row_of,
    set_role,
)
from ui.widgets.basics import TOKEN_OF_TONE

EDITOR_PIXELS = 17


class NoteCard(Card):
    """Shows a NoteState. Only `show_text` ever writes into the editor.

    Signals:
        text_changed(str): something was typed.
        template_chosen(str): a template's code.
        sign_asked(), sign_confirmed(), sign_cancelled(): the three steps of signing.
        retry_asked(): store again after a refusal.
        draft_opened(str), draft_discarded(str): recover or discard a draft.
        addendum_asked(str), new_note_asked(): begin to write beside what is signed.
    """

    text_changed = Signal(str)
    template_chosen = Signal(str)
    sign_asked = Signal()
    sign_confirmed = Signal()
    sign_cancelled = Signal()
    retry_asked = Signal()
    draft_opened = Signal(str)
    draft_discarded = Signal(str)
    addendum_asked = Signal(str)
    new_note_asked = Signal()

    def __init__(self, templates: Sequence[NoteTemplate], parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.setText(self.tr("Notat"))
        self.heading.show()
        self._listed: tuple[object, ...] = ()
        self._template = self._template_box(templates)
        self.head.addWidget(self._template)

        self._drafts = QVBoxLayout()
        self._drafts.setSpacing(8)
        self.body.addLayout(self._drafts)
        self._signed = QVBoxLayout()
        self._signed.setSpacing(10)
        self.body.addLayout(self._signed)
        self._addendum = Banner("", "accent", self)
        self.body.addWidget(self._addendum)
        self.editor = QPlainTextEdit(self)
        self.editor.setObjectName("noteEditor")
        self.editor.setAccessibleName(self.tr("Notat"))
        self.editor.setTabChangesFocus(True)
        self.editor.setPlaceholderText(self.tr("Skriv her, eller velg en mal."))
        self.editor.textChanged.connect(self._on_text)
        self.body.addWidget(self.editor, 1)
        self._new: QWidget | None = None
        self.recover_button: QWidget | None = None
        self.foot = self._foot_row()
        self.body.addWidget(self.foot)
        self.confirm_panel = self._confirm_panel()
        self.body.addWidget(self.confirm_panel)
        theme.current().changed.connect(self._fit)
        self._fit()

    # --- what the page tells

    def show_text(self, text: str) -> None:
        """Other work begins in the editor; the caret goes to its end."""
        blocker = QSignalBlocker(self.editor)
        self.editor.setPlainText(text)
        blocker.unblock()
        self.editor.moveCursor(QTextCursor.MoveOperation.End)

    def show_note(self, note: NoteState, visit: VisitState, now: datetime, today: date) -> None:
        """Render everything but the text."""
        listed = (note.interrupted, note.others, note.signed, note.writing, today)
        if listed != self._listed:
            self._listed = listed
            self._show_drafts(note, today)
            self._show_signed(note)
        self.editor.setVisible(note.writing)
        self._template.setVisible(note.writing and note.addendum_to is None)
        self._show_template(note.template)
        self._addendum.say(_addendum_words(note), "accent")
        self._sign.say(
            self.tr("Signer tillegg · Ctrl+Enter")
            if note.addendum_to
            else self.tr("Signer og lås · Ctrl+Enter")
        )
        self.editor.setReadOnly(note.confirming)
        self.foot.setVisible(note.writing and not note.confirming)
        self.confirm_panel.setVisible(note.writing and note.confirming)
        if note.confirming:
            self._question.setText(sign_question(visit, now))
            self._confirm_button.setFocus()
        self.show_line(note)

    def show_line(self, note: NoteState) -> None:
        """Render the line under the editor alone; called at every key."""
        line = saved_line(note)
        self._line_icon.show_icon(line.icon, TOKEN_OF_TONE[line.tone])
        if self._line.text() != line.text:
            self._line.setText(line.text)
        role = {"danger": "error", "ok": "ok"}.get(line.tone, "muted")
        if self._line.property("role") != role:
            set_role(self._line, "role", role)
        self._retry.setVisible(bool(note.error) and note.unsaved)

    def insert_template(self, text: str) -> None:
        """Put the text made from a template into the editor, so that Ctrl+Z takes it back."""
        if text == self.editor.toPlainText():
            return
        cursor = self.editor.textCursor()
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.endEditBlock()
        first = text.find(":\n")
        cursor.setPosition(len(text) if first < 0 else first + 2)
        self.editor.setTextCursor(cursor)
        self.editor.setFocus()

    def focus_editor(self) -> None:
        self.editor.setFocus()

    def focus_recover(self) -> None:
        if self.recover_button is not None:
            self.recover_button.setFocus()

    def focus_after_signing(self) -> None:
        if self._new is not None:
            self._new.setFocus()

    # --- parts

    def _template_box(self, templates: Sequence[NoteTemplate]) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName("noteTemplate")
        box.setAccessibleName(self.tr("Mal for notatet"))
        box.addItem(self.tr("Velg mal …"), "")
        for template in templates:
            box.addItem(template.title, template.code)
        box.activated.connect(self._on_template)
        return box

    def _show_template(self, code: str) -> None:
        number = max(0, self._template.findData(code))
        if self._template.currentIndex() != number:
            self._template.setCurrentIndex(number)

    def _foot_row(self) -> QWidget:
        holder = QWidget(self)
        self._line_icon = IconLabel("save", parent=holder)
        self._line = Text(parent=holder, role="muted")
        self._line.setObjectName("noteLine")
        self._retry = SecondaryButton(self.tr("Prøv igjen"), holder, name="noteRetry")
        self._retry.clicked.connect(self.retry_asked)
        self._sign = PrimaryButton("", holder, icon="lock", name="noteSign")
        self._sign.clicked.connect(self.sign_asked)
        row = row_of(self._line_icon, self._line, self._retry, self._sign)
        row.setStretch(1, 1)
        holder.setLayout(row)
        return holder

    def _confirm_panel(self) -> QWidget:
        panel = QFrame(self)
        panel.setObjectName("banner")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        set_role(panel, "tone", "accent")
        column = QVBoxLayout(panel)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        self._question = Text(parent=panel, role="strong")
        column.addWidget(self._question)
        after = self.tr("Etterpå kan ingen endre teksten. En rettelse skrives som et tillegg.")
        column.addWidget(Text(after, parent=panel))
        self._confirm_button = PrimaryButton(
            self.tr("Signer og lås"), panel, icon="lock", name="noteSignConfirm"
        )
        self._confirm_button.clicked.connect(self.sign_confirmed)
        cancel = SecondaryButton(self.tr("Skriv videre · Esc"), panel, name="noteSignCancel")
        cancel.clicked.connect(self.sign_cancelled)
        buttons = QWidget(panel)
        flow = FlowLayout(buttons, 8)
        flow.addWidget(self._confirm_button)
        flow.addWidget(cancel)
        column.addWidget(buttons)
        panel.hide()
        return panel

    def _show_drafts(self, note: NoteState, today: date) -> None:
        clear(self._drafts)
        self.recover_button = None
        for draft in note.interrupted:
            said = self.tr("Programmet stanset mens dette ble skrevet – {line}").format(
                line=draft_line(draft, today)
            )
            self._drafts.addWidget(self._draft_row(draft, said, recover=True))
        for draft in note.others:
            said = self.tr("Usignert utkast – {line}").format(line=draft_line(draft, today))
            self._drafts.addWidget(self._draft_row(draft, said, recover=False))

    def _draft_row(self, draft: Draft, said: str, *, recover: bool) -> QWidget:
        row = Banner(said, "warn" if recover else "neutral", self)
        words = self.tr("Gjenopprett") if recover else self.tr("Åpne")
        open_name = "draftRecover" if recover else "draftOpen"
        go_on = SecondaryButton(words, row, name=open_name)
        go_on.clicked.connect(lambda: self.draft_opened.emit(draft.id))
        away = DangerButton(self.tr("Forkast"), row, name="draftDiscard")
        away.clicked.connect(lambda: self.draft_discarded.emit(draft.id))
        if recover and self.recover_button is None:
            self.recover_button = go_on
        row.add_button(go_on)
        row.add_button(away)
        return row

    def _show_signed(self, note: NoteState) -> None:
        clear(self._signed)
        for view in note.signed:
            self._signed.addWidget(self._signed_note(view))
        if note.signed and not note.writing:
            new = QuietButton(
                self.tr("Skriv et nytt notat"), self, icon="file-plus", name="noteNew"
            )
            new.clicked.connect(self.new_note_asked)
            self._new = new
            self._signed.addLayout(row_of(new, None))
            self._signed.addStretch(1)

    def _signed_note(self, view: NoteView) -> SignedNote:
        note = SignedNote(view, self)
        note.addendum_asked.connect(self.addendum_asked)
        return note

    def _fit(self) -> None:
        look = theme.current()
        self.editor.setFont(look.font(EDITOR_PIXELS))
        self.editor.setMinimumHeight(look.pixels(190))

    def _on_text(self) -> None:
        self.text_changed.emit(self.editor.toPlainText())

    def _on_template(self, number: int) -> None:
        code = str(self._template.itemData(number))
        if code:
            self.template_chosen.emit(code)


class SignedNote(QFrame):
    """A locked note: its text, who signed it and when, and the addenda under it.

    Signals:
        addendum_asked(str): the user wants to add to the note with this id.
    """

    addendum_asked = Signal(str)

    def __init__(self, view: NoteView, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sunken")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(self._head(view))
        column.addWidget(self._words(view.note.text))
        for addendum in view.addenda:
            column.addSpacing(8)
            line = Text(addendum_line(addendum), "strong", self)
            row = row_of(IconLabel("lock", "muted", 16, self), line)
            row.setStretch(1, 1)
            column.addLayout(row)
            column.addWidget(self._words(addendum.note.text))

    def _head(self, view: NoteView) -> QHBoxLayout:
        line = Text(signed_line(view), "ok", self)
        line.setObjectName("noteSigned")
        write = SecondaryButton(self.tr("Skriv tillegg"), self, icon="pencil", name="noteAddendum")
        write.clicked.connect(lambda: self.addendum_asked.emit(view.note.id))
        row = row_of(IconLabel("lock", "ok", 18, self), line, write)
        row.setStretch(1, 1)
        return row

    def _words(self, text: str) -> Prose:
        label = Prose(text.rstrip(), self)
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        label.setAccessibleName(self.tr("Signert tekst"))
        return label


def _addendum_words(note: NoteState) -> str:
    if note.addendum_to is None:
        return ""
    said = signed_line(note.addendum_to)
    return QCoreApplication.translate(
        "visit", "Tillegg til notatet som er {line}. Det opprinnelige står som det er."
    ).format(line=said[:1].lower() + said[1:])
