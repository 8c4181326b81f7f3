"""Notater: signed notes as they were signed, each with its dated additions."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.notes import Draft
from fieldapp.domain.rights import Right
from fieldapp.services import corrections, notes
from fieldapp.services.notes import NoteView
from fieldapp.services.patients import PatientPage
from ui.context import AppContext
from ui.events import FORMS
from ui.patient.addendum_dialog import AddendumDialog
from ui.patient.tab import Tab
from ui.patient.timeline_state import (
    blocked_text,
    refused_text,
    short_moment,
    template_title,
)
from ui.patient.wrong_patient_dialog import EntryChoice, WrongPatientDialog
from ui.rights import offer
from ui.sync.foreign_drafts import ForeignDrafts
from ui.widgets import (
    Card,
    EmptyState,
    IconLabel,
    PrimaryButton,
    Prose,
    QuietButton,
    SecondaryButton,
    Tag,
    Text,
    clear,
)
from ui.words import kind_word


class NotesTab(Tab):
    """Nothing here can be edited: a correction is an addition that stands beside the note."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", context, parent)
        self.setAccessibleName(self.tr("Notater"))
        self._facts: PatientPage | None = None
        self._foreign = ForeignDrafts(context, self)
        self.body.addWidget(self._foreign)
        self._list = QVBoxLayout()
        self._list.setSpacing(14)
        self.body.addLayout(self._list)
        self.body.addStretch(1)

    def show_patient(self, found: PatientPage) -> None:
        if self._facts is None or self._facts.patient.id != found.patient.id:
            self.verticalScrollBar().setValue(0)
        self._facts = found
        self._foreign.show_patient(found.patient.id)
        clear(self._list)
        session = self.context.session
        for row in notes.drafts(session, found.patient.id):
            self._list.addWidget(self._draft_card(row.draft))
        views = notes.for_patient(session, found.patient.id)
        for view in views:
            when = short_moment(view.note.signed_at, session.today())
            card = NoteCard(view, when, self)
            for addition in view.addenda:
                card.add_addendum(addition, short_moment(addition.note.signed_at, session.today()))
            offer(card.addendum, self.context.session, Right.RECORD_CARE)
            if view.blocked:
                card.addendum.hide()
            card.wrong.setVisible(not view.blocked and corrections.can_mark(session, "note"))
            card.wrong.clicked.connect(lambda _=False, view=view, when=when: self._mark(view, when))
            card.addendum.clicked.connect(lambda _=False, note_id=view.note.id: self._ask(note_id))
            self._list.addWidget(card)
        if not views:
            empty = EmptyState(
                "file-text",
                self.tr("Ingen signerte notater"),
                self.tr("Notatet skrives i et besøk og kommer hit når det er signert."),
                self,
            )
            begin = PrimaryButton(self.tr("Nytt besøk"), self, icon="square-pen")
            begin.clicked.connect(self._open_visit)
            offer(begin, self.context.session, Right.RECORD_CARE)
            empty.add_button(begin)
            self._list.addWidget(empty)

    def _draft_card(self, draft: Draft) -> Card:
        card = Card("", self)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(IconLabel("square-pen", "warn", 20, card))
        words = self.tr("Utkast, ikke signert: {form}, lagret {when}").format(
            form=kind_word(draft.form).lower(),
            when=short_moment(draft.saved_at, self.context.session.today()),
        )
        row.addWidget(Text(words, "strong", card), 1)
        resume = SecondaryButton(self.tr("Fortsett"), card, name="resumeDraft")
        resume.setAccessibleName(self.tr("Fortsett på utkastet"))
        resume.clicked.connect(lambda: self._resume(draft))
        row.addWidget(resume)
        offer(resume, self.context.session, Right.RECORD_CARE)
        card.body.addLayout(row)
        return card

    def _resume(self, draft: Draft) -> None:
        if draft.form in FORMS:
            self.context.navigate("patient", patient_id=draft.patient_id, draft_id=draft.id)
            return
        page = draft.form if draft.form in ("screening", "rapid_test", "handout") else "visit"
        self.context.navigate(page, patient_id=draft.patient_id, draft_id=draft.id)

    def _ask(self, note_id: str) -> None:
        AddendumDialog(self.context, note_id, self).open()

    def _mark(self, view: NoteView, when: str) -> None:
        words = f"{template_title(view.note.template)} · {when}"
        entries = [EntryChoice("note", view.note.id, words)]
        WrongPatientDialog(self.context, view.note.patient_id, entries, self.window()).open()

    @Slot()
    def _open_visit(self) -> None:
        if self._facts is not None:
            self.context.navigate("visit", patient_id=self._facts.patient.id)


class NoteCard(Card):
    """One signed note; additions stand under it and both stay readable."""

    def __init__(self, view: NoteView, when: str, parent: QWidget | None = None) -> None:
        super().__init__(template_title(view.note.template), parent)
        if view.blocked:
            self.head.addWidget(Tag(self.tr("Sperret, meldt feilført"), "neutral", self))
        else:
            self.head.addWidget(Tag(self.tr("Signert"), "ok", self))
        self.wrong = QuietButton(
            self.tr("Feilført …"), self, icon="circle-slash", name="markWrongPatient"
        )
        self.wrong.setAccessibleName(
            self.tr("Feilført på feil pasient: notatet fra {when}").format(when=when)
        )
        self.head.addWidget(self.wrong)
        self.addendum = SecondaryButton(
            self.tr("Nytt tillegg"), self, icon="plus", name="addAddendum"
        )
        self.addendum.setAccessibleName(
            self.tr("Nytt tillegg til notatet fra {when}").format(when=when)
        )
        self.head.addWidget(self.addendum)
        self.body.addWidget(Text(f"{view.author_name} · {when}", "small", self))
        if view.mark is not None:
            said = blocked_text(view.mark) if view.blocked else refused_text(view.mark)
            self.body.addWidget(Text(said[:1].upper() + said[1:], "warn", self))
        self.body.addWidget(self._words(view))

    def add_addendum(self, view: NoteView, when: str) -> None:
        box = QFrame(self)
        box.setObjectName("sunken")
        column = QVBoxLayout(box)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(4)
        head = self.tr("Tillegg · {name} · {when}").format(name=view.author_name, when=when)
        column.addWidget(Text(head, "label", box))
        column.addWidget(self._words(view))
        self.body.addWidget(box)

    def _words(self, view: NoteView) -> QWidget:
        if view.hidden:
            hidden = self.tr("Innholdet er sperret. Bare forfatteren kan lese det.")
            return Text(hidden, "muted", self)
        return Prose(view.note.text, self)
