"""Nødutdeling: a dose that is given although the light is not green.

Two deliberate steps. First what stands in the way, whom to ring, and why; then what follows, and
the passphrase. No button is the default one, and no key confirms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from fieldapp.errors import FieldAppError
from fieldapp.services import reauthentication
from fieldapp.services.reauthentication import Confirmation
from ui.context import AppContext
from ui.errors import sentence, sentence_for
from ui.handout.force_state import ForceFacts, ForceSaid, force, missing, missing_words
from ui.handout.parts import LabelledRow
from ui.widgets import (
    Banner,
    Card,
    ChoiceRow,
    Dialog,
    FormField,
    IconLabel,
    Text,
    row_of,
)
from ui.words import NO_BREAK


class ForceDialog(Dialog):
    """Signals:
    confirmed(object): both steps are done; the `Force` of the event.
    """

    confirmed = Signal(object)
    WIDTH = 720

    def __init__(
        self,
        context: AppContext,
        facts: ForceFacts,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent, dangerous=True)
        self._context, self._facts = context, facts
        self.said = ForceSaid()
        self._second = self._busy = False
        title = self.tr("Nødutdeling")
        self.setWindowTitle(title)
        self.title.setText(self.tr("Nødutdeling: {act}").format(act=facts.act))
        for shortcut in self.findChildren(QShortcut):
            shortcut.setEnabled(False)  # Ctrl+Enter confirms other dialogs; never this one
        self._first_step = self._build_first()
        self._second_step = self._build_second()
        self._second_step.hide()
        self.body.addWidget(self._first_step)
        self.body.addWidget(self._second_step)
        self.body.addStretch(1)
        self.confirm_button.say(self.tr("Gå videre"))
        self.cancel_button.setFocus()

    def try_accept(self) -> None:
        """The first time: on to the second step. The second time: ask for the passphrase."""
        if self._busy:
            return
        if not self._second:
            lacking = missing(self._facts, self.said)
            self.problem.say(missing_words(lacking), "danger")
            if lacking:
                self._focus_missing(lacking[0])
                self._reveal_soon()
            else:
                self._go_on()
            self._fit_soon()
            return
        if not self.passphrase.text():
            self._passphrase_field.say_problem(self.tr("Skriv passfrasen. Ingenting er ført."))
            self.passphrase.setFocus()
            self._fit_soon()
            return
        self._busy = True
        self.confirm_button.setEnabled(False)
        passphrase = self.passphrase.text()
        session, verify = self._context.session, self._context.verify_passphrase
        if verify is None:  # without a vault nobody can prove who sits here
            self._refuse(sentence("wrong_secret"))
            return
        self._context.tasks.run(
            lambda: reauthentication.confirm_passphrase(session, verify, passphrase),
            self._on_proved,
            self._on_refused,
        )

    # --- the first step

    def _build_first(self) -> QWidget:
        facts = self._facts
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for obstacle in facts.obstacles:
            column.addWidget(Banner(obstacle, "danger", holder))
        if facts.has_holder:
            column.addWidget(self._holder_card(holder))
        self._reason = ChoiceRow(
            self.tr("Begrunnelse"),
            [(reason.code, reason.text) for reason in facts.reasons],
            holder,
            name="forceReason",
        )
        self._reason.chosen.connect(lambda code: self._say(reason=str(code)))
        column.addWidget(Text(self.tr("Hvorfor gis dosen nå?"), "label", holder))
        column.addWidget(self._reason)
        self.reason_text = self._editor("forceReasonText", "reason_text")
        self._reason_field = FormField(self.tr("Med egne ord"), self.reason_text, parent=holder)
        column.addWidget(self._reason_field)
        self.prescriber = self._editor("forcePrescriber", "prescriber")
        self.prescriber.setPlaceholderText(
            self.tr("ordinert av {name}").format(name=facts.prescriber)
        )
        field = FormField(
            self.tr("Hvem av rekvirentene sa det, og når? (må fylles ut her)")
            if facts.needs_prescriber
            else self.tr("Rekvirent som er spurt (om noen)"),
            self.prescriber,
            parent=holder,
        )
        column.addWidget(field)
        return holder

    def _holder_card(self, parent: QWidget) -> QWidget:
        facts = self._facts
        card = Card(self.tr("Ring først"), parent)
        name = Text(facts.holder_name, "strong", card)
        phone = Text(
            facts.holder_phone.replace(" ", NO_BREAK) or self.tr("telefonnummer mangler"),
            "title",
            card,
        )
        phone.setObjectName("holderPhone")
        card.body.addWidget(name)
        line = row_of(IconLabel("phone", "ink", 22, card), phone)
        line.setStretch(1, 1)
        card.body.addLayout(line)
        self._called = ChoiceRow(
            self.tr("Ringt?"),
            [(True, self.tr("Ja, ringt")), (False, self.tr("Nei, fikk ikke ringt"))],
            card,
            name="holderCalled",
        )
        self._called.chosen.connect(lambda value: self._say(called=bool(value)))
        card.body.addWidget(LabelledRow(self.tr("Ringt?"), self._called, card))
        self._answered = ChoiceRow(
            self.tr("Svar?"),
            [(True, self.tr("Ja, svarte")), (False, self.tr("Ingen svar"))],
            card,
            name="holderAnswered",
        )
        self._answered.chosen.connect(lambda value: self._say(answered=bool(value)))
        self._answered_row = LabelledRow(self.tr("Svar?"), self._answered, card)
        self._answered_row.hide()
        card.body.addWidget(self._answered_row)
        self.answer = self._editor("holderAnswer", "answer")
        self._answer_field = FormField(self.tr("Hva ble svart?"), self.answer, parent=card)
        self._answer_field.hide()
        card.body.addWidget(self._answer_field)
        return card

    def _editor(self, name: str, field: str) -> QLineEdit:
        editor = QLineEdit(self)
        editor.setObjectName(name)
        editor.textChanged.connect(lambda text: self._type(field, text))
        return editor

    def _type(self, field: str, text: str) -> None:
        said: Any = {field: text}
        self.said = replace(self.said, **said)

    def _say(self, **answers: Any) -> None:
        self.said = replace(self.said, **answers)
        if self._facts.has_holder:
            self._answered_row.setVisible(self.said.called is True)
            self._answer_field.setVisible(self.said.called is True and self.said.answered is True)
        self._fit_soon()

    def _focus_missing(self, code: str) -> None:
        places: dict[str, QWidget] = {
            "reason": self._reason.buttons()[0],
            "reason_text": self.reason_text,
            "prescriber": self.prescriber,
        }
        if self._facts.has_holder:
            places |= {
                "called": self._called.buttons()[0],
                "answered": self._answered.buttons()[0],
                "answer": self.answer,
            }
        places[code].setFocus()

    # --- the second step

    def _build_second(self) -> QWidget:
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._follows = Banner("", "danger", holder)
        column.addWidget(self._follows)
        self._summary = Text(parent=holder)
        column.addWidget(self._summary)
        self.passphrase = QLineEdit(holder)
        self.passphrase.setObjectName("forcePassphrase")
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self._passphrase_field = FormField(
            self.tr("Passfrasen din, en gang til"), self.passphrase, parent=holder
        )
        column.addWidget(self._passphrase_field)
        return holder

    def _go_on(self) -> None:
        self._second = True
        self._first_step.hide()
        self._second_step.show()
        self._follows.say(
            self.tr(
                "Du gir {act} selv om lyset ikke er grønt. Det lages en sikkerhetssak som en annen "
                "enn du må svare på."
            ).format(act=self._facts.act),
            "danger",
        )
        self._summary.setText(self._told())
        self.confirm_button.say(self.tr("Gi som nødutdeling"))
        self.passphrase.setFocus()

    def _told(self) -> str:
        said = self.said
        chosen = next((r.text for r in self._facts.reasons if r.code == said.reason), "")
        lines = [self.tr("Begrunnelse: {text}").format(text=chosen)]
        if said.reason_text.strip():
            lines.append(said.reason_text.strip())
        if self._facts.has_holder:
            lines.append(self._call_words())
        if said.prescriber.strip():
            lines.append(self.tr("Rekvirent: {name}").format(name=said.prescriber.strip()))
        return "\n".join(lines)

    def _call_words(self) -> str:
        name, said = self._facts.holder_name, self.said
        if not said.called:
            return self.tr("{name} er ikke ringt").format(name=name)
        if not said.answered:
            return self.tr("{name} er ringt, ingen svar").format(name=name)
        return self.tr("{name} er ringt og svarte: {answer}").format(
            name=name, answer=said.answer.strip()
        )

    def _on_proved(self, confirmation: Confirmation) -> None:
        self._busy = False
        reauthentication.note_confirmed(self._context.session)
        if reauthentication.stands(self._context.session, confirmation):
            self.confirmed.emit(force(self._facts, self.said))
        self.accept()

    def _on_refused(self, error: BaseException) -> None:
        if isinstance(error, FieldAppError):
            reauthentication.note_refused(self._context.session, error)
        self._refuse(sentence_for(error))

    def _refuse(self, words: str) -> None:
        self._busy = False
        self.confirm_button.setEnabled(True)
        self.passphrase.clear()
        self._passphrase_field.say_problem(words)
        self.passphrase.setFocus()
        self._fit_soon()
