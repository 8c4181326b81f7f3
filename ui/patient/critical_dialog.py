"""Answer every category of critical information: there is something, none known, or not asked."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from fieldapp.domain.patients import Flag, FlagCategory, FlagState
from fieldapp.errors import FieldAppError
from fieldapp.services import patients
from fieldapp.services.patients import PatientPage
from ui.context import AppContext
from ui.errors import sentence, sentence_for
from ui.sync.newer import NewerLine
from ui.widgets import ChoiceRow, Dialog, Divider, Text
from ui.words import day_text, word


class CriticalDialog(Dialog):
    """Only what was changed is written; each answer is confirmed by the user today."""

    def __init__(
        self, context: AppContext, facts: PatientPage, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Kritisk informasjon"))
        self.title.setText(self.tr("Kritisk informasjon"))
        self.confirm_button.say(self.tr("Bekreft og lagre"))
        self._context = context
        self._patient_id = facts.patient.id
        self.newer = NewerLine(context, ("flag",), self)
        self._outer.insertWidget(1, self.newer)
        self.newer.watch(facts.patient.id)
        self.answers: dict[tuple[FlagCategory, str | None], CategoryAnswer] = {}
        for number, category in enumerate(FlagCategory):
            if number:
                self.body.addWidget(Divider(self))
            own: list[Flag | None] = [
                flag for flag in facts.flags if flag.active and flag.category is category
            ]
            for flag in own or [None]:
                answer = CategoryAnswer(category, flag, self)
                self.answers[category, flag.id if flag else None] = answer
                self.body.addWidget(answer)
        self.body.addStretch(1)
        next(iter(self.answers.values())).choice.buttons()[0].setFocus()

    def check(self) -> str:
        """Write the changed answers. An emptied text under "yes" is refused, never guessed."""
        changed = [answer for answer in self.answers.values() if answer.is_changed]
        for answer in changed:
            if answer.needs_text:
                answer.text.setFocus()
                return self.tr("Skriv hva det gjelder under «{title}».").format(
                    title=word(answer.category)
                )
        try:
            for answer in changed:
                self._write(answer)
                answer.written()
        except patients.ChangedMeanwhileError as error:
            return self._changed_meanwhile(error.present)
        except FieldAppError as error:
            return sentence_for(error)
        return ""

    def _write(self, answer: CategoryAnswer) -> None:
        session = self._context.session
        if answer.state is None:
            assert answer.flag is not None
            changes = patients.end_flag(session, answer.flag.id, answer.flag)
        else:
            changes = patients.set_flag(
                session,
                answer.category,
                answer.state,
                answer.said,
                self._patient_id,
                answer.flag.id if answer.flag else None,
                answer.flag,
            )
        self._context.changes.announce(changes)

    def _changed_meanwhile(self, present: object) -> str:
        """Say what a colleague wrote; who saves again after that has seen it."""
        assert isinstance(present, Flag)
        for answer in self.answers.values():
            if answer.flag is not None and answer.flag.id == present.id:
                answer.flag = present
        stands = ", ".join(filter(None, (word(present.state), present.text)))
        if not present.active:
            stands = self.tr("tatt bort")
        return f"{sentence('changed_meanwhile')} {word(present.category)}: {stands}."


class CategoryAnswer(QWidget):
    """One category: three answers, and the words for "yes"."""

    def __init__(self, category: FlagCategory, flag: Flag | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.category = category
        self.flag = flag
        self._written: tuple[FlagState | None, str] | None = None
        title = word(category)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(Text(title, "label", self))
        if flag is not None:
            confirmed = self.tr("Bekreftet {day}").format(day=day_text(flag.confirmed_on))
            column.addWidget(Text(confirmed, "small", self))
        options = (
            (FlagState.PRESENT, self.tr("Ja")),
            (FlagState.NONE_KNOWN, self.tr("Ingen kjent")),
            ("not_asked", self.tr("Ikke spurt")),
        )
        self.choice = ChoiceRow(title, options, self, name=f"flag_{category.value}")
        self.choice.choose(flag.state if flag else "not_asked")
        self.text = QLineEdit(flag.text if flag else "", self)
        self.text.setAccessibleName(self.tr("{title}: hva gjelder det?").format(title=title))
        self.text.setPlaceholderText(self.tr("Hva gjelder det?"))
        column.addWidget(self.choice)
        column.addWidget(self.text)
        self.choice.chosen.connect(self._show_text)
        self._show_text()

    def written(self) -> None:
        """What is shown has been stored: it is no change any more if the rest is tried again."""
        self._written = (self.state, self.said)
        if self.flag is not None and self.state is not None:
            self.flag = replace(self.flag, state=self.state, text=self.said)

    @property
    def state(self) -> FlagState | None:
        """The answer chosen; None for "not asked"."""
        value = self.choice.value
        return value if isinstance(value, FlagState) else None

    @property
    def said(self) -> str:
        return self.text.text().strip() if self.state is FlagState.PRESENT else ""

    @property
    def needs_text(self) -> bool:
        """ "Go two together" says it all; every other category needs words."""
        return (
            self.state is FlagState.PRESENT
            and self.category is not FlagCategory.TWO_TOGETHER
            and not self.said
        )

    @property
    def is_changed(self) -> bool:
        if self._written is not None:
            return (self.state, self.said) != self._written
        before = (self.flag.state, self.flag.text) if self.flag else (None, "")
        return (self.state, self.said) != before

    def _show_text(self) -> None:
        self.text.setVisible(self.state is FlagState.PRESENT)
