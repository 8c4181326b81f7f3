"""Drafts from one's other laptop: each in a line of its own, to take over or to leave."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.errors import FieldAppError
from fieldapp.services import foreign_drafts, lease
from fieldapp.services.foreign_drafts import OtherDraft
from ui.context import AppContext
from ui.errors import sentence_for
from ui.sync.state import when
from ui.widgets import Banner, SecondaryButton, clear
from ui.words import kind_word

_PAGES = {"note": "visit", "screening": "screening", "rapid_test": "rapid_test"}


class ForeignDrafts(QWidget):
    """Takes no room without any. Taking over opens a new draft; nothing is joined."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._shown: tuple[object, ...] = ()
        self.hide()

    def show_patient(self, patient_id: str) -> None:
        """Show what lies on the other laptops about a patient."""
        session = self._context.session
        found = lease.unless_closed(lambda: foreign_drafts.of_patient(session, patient_id)) or []
        self._show(patient_id, [(one, "") for one in found])

    def show_everyone(self) -> bool:
        """Show what lies there about anybody, each with the name; False when that is nothing."""
        found = foreign_drafts.everything(self._context.session)
        self._show("", [(one, patient.name) for one, patient in found])
        return bool(found)

    def _show(self, whose: str, found: Sequence[tuple[OtherDraft, str]]) -> None:
        shown = (whose, tuple((one.draft.id, one.draft.saved_at) for one, _ in found))
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._column)
        for one, name in found:
            self._column.addWidget(self._line(one, name))
        self.setVisible(bool(found))

    def _line(self, one: OtherDraft, name: str) -> Banner:
        now, patient_id = self._context.session.clock.now(), one.draft.patient_id
        said = self.tr("Utkast fra din andre maskin ({machine}): {form}, {time}").format(
            machine=one.device_name or self.tr("uten navn"),
            form=kind_word(one.draft.form).lower(),
            time=when(one.draft.saved_at, now),
        )
        if name:
            said = f"{name} · {said}"
        line = Banner(said, "neutral", self)
        button = SecondaryButton(self.tr("Ta over"), line, name="takeOverDraft")
        button.setAccessibleName(self.tr("Ta over som nytt utkast: {what}").format(what=said))
        button.clicked.connect(lambda: self._take(patient_id, one.draft.id, line))
        line.add_button(button)
        return line

    def _take(self, patient_id: str, draft_id: str, line: Banner) -> None:
        try:
            made = foreign_drafts.take_over(self._context.session, patient_id, draft_id)
        except FieldAppError as error:
            line.say(sentence_for(error), "warn")
            return
        self._context.changes.announce(ChangeSet((Change("draft", made.id, patient_id),)))
        page = _PAGES.get(made.form, "visit")
        if self._shown[:1] == (patient_id,):
            self.show_patient(patient_id)
        else:
            self.show_everyone()
        self._context.navigate(page, patient_id=patient_id, draft_id=made.id)
