"""The second person at a handout: by own code, later in own log-in, or only a name."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.medication import CoSignature
from fieldapp.services import people, witness
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import Banner, ChoiceRow, Dialog, FormField, Text


class How(StrEnum):
    """How the second person confirms."""

    CODE = "code"
    LATER = "later"
    NAME = "name"


class WitnessDialog(Dialog):
    """Signals:
    chosen(object): the `CoSignature`.
    """

    chosen = Signal(object)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self._context = context
        title = self.tr("Annen person")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Bruk"))
        session = context.session
        self._colleagues = {
            person.id: person.name
            for person in people.staff(session)
            if person.id != session.user.id
        }
        self._how = ChoiceRow(
            self.tr("Hvordan"),
            [
                (How.CODE, self.tr("Vitnekode nå")),
                (How.LATER, self.tr("Bekreftes senere")),
                (How.NAME, self.tr("Bare navn")),
            ],
            self,
            name="witnessHow",
        )
        self._how.chosen.connect(self._turn)
        self.body.addWidget(self._how)
        self._note = Banner("", "neutral", self)
        self.body.addWidget(self._note)
        self._person_label = Text(self.tr("Hvem?"), "label", self)
        self._person = ChoiceRow(self.tr("Hvem"), parent=self, name="witnessPerson")
        self.body.addWidget(self._person_label)
        self.body.addWidget(self._person)
        self.code = QLineEdit(self)
        self.code.setObjectName("witnessCode")
        self.code.setEchoMode(QLineEdit.EchoMode.Password)
        self.code.returnPressed.connect(self.try_accept)
        self._code_field = FormField(
            self.tr("Vitnets egen kode, tastet av vitnet"), self.code, parent=self
        )
        self.body.addWidget(self._code_field)
        self.name = QLineEdit(self)
        self.name.setObjectName("witnessName")
        self._name_field = FormField(self.tr("Navn"), self.name, parent=self)
        self.body.addWidget(self._name_field)
        self.body.addStretch(1)
        self._busy = False
        self._turn(None)
        self._how.buttons()[0].setFocus()

    def try_accept(self) -> None:
        """Check what was chosen; a code is proved before anything is told."""
        how, person = self._how.value, self._person.value
        if how is None:
            self._tell(self.tr("Velg hvordan."))
        elif how is How.NAME:
            name = self.name.text().strip()
            if name:
                self._finish(CoSignature(name=name))
            else:
                self._tell(self.tr("Skriv navnet."))
        elif person is None:
            self._tell(self.tr("Velg hvem."))
        elif how is How.LATER:
            self._finish(CoSignature(str(person), self._colleagues[str(person)]))
        else:
            self._prove(str(person))

    def _prove(self, person_id: str) -> None:
        code = self.code.text()
        if not code:
            self._tell(self.tr("Vitnet må taste koden sin."))
            self.code.setFocus()
            return
        if self._busy:
            return
        self._busy = True
        session = self._context.session

        def prove() -> bool:
            with session.beside() as beside:
                return witness.verify(beside, person_id, code)

        self._context.tasks.run(
            prove, lambda right: self._on_proved(person_id, right=right), self._on_refused
        )

    def _on_proved(self, person_id: str, *, right: bool) -> None:
        self._busy = False
        if right:
            self._finish(CoSignature(person_id, self._colleagues[person_id], by_code=True))
            return
        self.code.clear()
        self.code.setFocus()
        self._tell(self.tr("Koden stemmer ikke. Vitnet kan prøve en gang til."))

    def _on_refused(self, error: BaseException) -> None:
        self._busy = False
        self.code.clear()
        self._tell(sentence_for(error))

    def _finish(self, witness: CoSignature) -> None:
        self.chosen.emit(witness)
        self.accept()

    def _tell(self, words: str) -> None:
        self.problem.say(words, "danger")
        self._fit_soon()

    def _offer(self, ids: list[str]) -> None:
        chosen = self._person.value
        self._person.set_options([(key, self._colleagues[key]) for key in ids])
        if chosen in ids:
            self._person.choose(chosen)

    def _turn(self, how: object) -> None:
        notes = {
            How.CODE: self.tr("Vitnet ser på dosen og taster sin egen kode. Teller som bevitnet."),
            How.LATER: self.tr(
                "Teller som ikke bevitnet til kollegaen har bekreftet i egen innlogging, og merkes "
                "som sen."
            ),
            How.NAME: self.tr("Et navn alene beviser ingenting, og teller som ikke bevitnet."),
        }
        self._note.say(notes[how] if isinstance(how, How) else "", "neutral")
        with_person = how in (How.CODE, How.LATER)
        if with_person:
            codes = {person.id for person in witness.with_code(self._context.session)}
            self._offer([key for key in self._colleagues if how is How.LATER or key in codes])
        nobody = how is How.CODE and not self._person.buttons()
        if nobody:
            self._note.say(
                self.tr("Ingen kollega har en vitnekode på denne maskinen. Velg en annen måte."),
                "warn",
            )
        self._person_label.setVisible(with_person and not nobody)
        self._person.setVisible(with_person and not nobody)
        self._code_field.setVisible(how is How.CODE and not nobody)
        self._name_field.setVisible(how is How.NAME)
        self._fit_soon()
